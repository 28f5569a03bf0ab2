//! What must hold for any group sequential design: exact cases, published figures, simulation, and
//! invariants under random information.
//!
//! Where looks nearly coincide the density is interpolated by polynomials, whose error is about 1e-8
//! of it; two ways to the same number may differ by that. Elsewhere they agree to 1e-10.

use std::time::{Duration, Instant};

use neurocart_stats::distribution::{normal_quantile, normal_sf};
use neurocart_stats::group_sequential::{
    BoundaryType, Design, Futility, FutilityBoundary, Look, Plan, Sides, Spending, SpendingPoint,
    conditional_power, conditional_power_at_trend, conditional_stopping, cumulative_spending,
    efficacy_boundary, equal_information, final_inference, fixed_drift, look_boundary,
    observed_boundaries, plan, predictive_power, repeated_interval, required_drift, stopping,
    without_futility,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const SIDES: [Sides; 2] = [Sides::One, Sides::Two];

fn boundary_types() -> Vec<BoundaryType> {
    vec![
        BoundaryType::OBrienFleming,
        BoundaryType::Pocock,
        BoundaryType::WangTsiatis { delta: 0.25 },
        BoundaryType::Spending(Spending::OBrienFleming),
        BoundaryType::Spending(Spending::Pocock),
        BoundaryType::Spending(Spending::KimDeMets { rho: 2.0 }),
        BoundaryType::Spending(Spending::HwangShihDeCani { gamma: -4.0 }),
        BoundaryType::Spending(Spending::Given(vec![
            SpendingPoint {
                information: 0.4,
                fraction_spent: 0.3,
            },
            SpendingPoint {
                information: 1.0,
                fraction_spent: 1.0,
            },
        ])),
    ]
}

fn design(boundary: BoundaryType, sides: Sides, information: Vec<f64>) -> Design {
    Design {
        boundary,
        sides,
        alpha: 0.025 * if sides == Sides::Two { 2.0 } else { 1.0 },
        power: 0.9,
        information,
        futility: None,
    }
}

fn with_futility(boundary: Spending, beta: Spending, binding: bool, information: Vec<f64>) -> Plan {
    plan(&Design {
        futility: Some(Futility {
            boundary: FutilityBoundary::Spending(beta),
            binding,
        }),
        ..design(BoundaryType::Spending(boundary), Sides::One, information)
    })
    .unwrap()
}

fn near(a: f64, b: f64, allowed: f64) -> bool {
    a == b || (a - b).abs() <= allowed
}

#[test]
fn one_look_is_the_fixed_design() {
    for boundary in boundary_types() {
        for sides in SIDES {
            let ours = plan(&design(boundary.clone(), sides, vec![1.0])).unwrap();
            assert!(near(ours.looks[0].efficacy, normal_quantile(0.975), 1e-12));
            assert!(near(
                ours.drift,
                fixed_drift(sides, ours.design.alpha, 0.9),
                1e-9
            ));
            assert!(near(ours.inflation_factor, 1.0, 1e-9));
        }
    }
}

#[test]
fn spending_everything_at_the_end_is_the_fixed_design_whatever_the_looks() {
    let late = Spending::Given(vec![
        SpendingPoint {
            information: 0.9,
            fraction_spent: 0.0,
        },
        SpendingPoint {
            information: 1.0,
            fraction_spent: 1.0,
        },
    ]);
    for sides in SIDES {
        let information = vec![0.1, 0.5, 0.500_001, 0.9, 1.0];
        let ours = plan(&design(
            BoundaryType::Spending(late.clone()),
            sides,
            information,
        ))
        .unwrap();
        assert!(ours.looks[..4].iter().all(|l| l.efficacy == f64::INFINITY));
        assert!(near(ours.looks[4].efficacy, normal_quantile(0.975), 1e-10));
        assert!(near(ours.inflation_factor, 1.0, 1e-9));
    }
}

#[test]
fn five_equal_looks_have_the_published_constants() {
    // Jennison and Turnbull 2000, tables 2.1 to 2.4: two-sided 0.05, power 0.9.
    let of = plan(&design(
        BoundaryType::OBrienFleming,
        Sides::Two,
        equal_information(5),
    ))
    .unwrap();
    let published = [4.562, 3.226, 2.634, 2.281, 2.040];
    for (look, z) in of.looks.iter().zip(published) {
        assert!(near(look.efficacy, z, 5.1e-4), "{} {z}", look.efficacy);
    }
    assert!(near(of.inflation_factor, 1.026, 5e-4));
    let pocock = plan(&design(
        BoundaryType::Pocock,
        Sides::Two,
        equal_information(5),
    ))
    .unwrap();
    assert!(near(pocock.looks[0].efficacy, 2.413, 5e-4));
    assert!(near(pocock.inflation_factor, 1.207, 5e-4));
}

/// P(Z_1 < u_1, Z_2 >= u_2) at a drift, by Simpson's rule on a grid far finer than the kernel: no
/// code in common with the recursion.
fn crossing_at_second(t: [f64; 2], u: [f64; 2], drift: f64) -> f64 {
    let step = t[1] - t[0];
    let mean = drift * t[0].sqrt();
    let (from, to) = (mean - 12.0, u[0].min(mean + 12.0));
    if from >= to {
        return 0.0;
    }
    let intervals = 2 * (50_000.0_f64.max(20.0 * (t[0] / step).sqrt() * 12.0) as usize);
    let h = (to - from) / intervals as f64;
    let sum: f64 = (0..=intervals)
        .map(|i| {
            let z = from + h * i as f64;
            let weight = match i {
                0 => 1.0,
                i if i == intervals => 1.0,
                i if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let density = (-0.5 * (z - mean).powi(2)).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let needed = u[1] * t[1].sqrt() - z * t[0].sqrt() - drift * step;
            weight * density * normal_sf(needed / step.sqrt())
        })
        .sum();
    sum * h / 3.0
}

#[test]
fn two_looks_are_a_bivariate_normal_integral() {
    for (t, u, drift) in [
        ([0.5, 1.0], [2.8, 1.98], 0.0),
        ([0.5, 1.0], [2.8, 1.98], 3.24),
        ([1e-6, 1.0], [2.0, 1.98], 3.24),
        ([0.999_99, 1.0], [2.1, 2.0], 0.0),
        ([0.999_99, 1.0], [2.1, 2.1005], 2.0),
        ([0.3, 0.3003], [1.0, 1.2], -1.0),
        ([0.9, 1.0], [1.5, 6.0], 0.0),
    ] {
        let looks = [0, 1].map(|k| Look {
            information: t[k],
            efficacy: u[k],
            futility: f64::NEG_INFINITY,
        });
        let ours = stopping(Sides::One, &looks, drift).unwrap();
        assert!(near(
            ours.efficacy[0],
            normal_sf(u[0] - drift * t[0].sqrt()),
            1e-15
        ));
        let exact = crossing_at_second(t, u, drift);
        let off = (ours.efficacy[1] - exact).abs();
        assert!(
            off < 1e-10,
            "{t:?} {u:?} {drift}: {} {exact}",
            ours.efficacy[1]
        );
    }
}

/// Park and Miller's generator, enough for a test: 0 < u < 1.
struct Generator(u64);

impl Generator {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }
}

#[test]
fn every_boundary_rejects_at_its_level_in_simulated_trials() {
    const TRIALS: usize = 100_000;
    let information = [0.15, 0.4, 0.41, 0.8, 1.0];
    let mut designs = Vec::new();
    for boundary in boundary_types() {
        for sides in SIDES {
            designs.push(plan(&design(boundary.clone(), sides, information.to_vec())).unwrap());
        }
    }
    for binding in [false, true] {
        let spending = (Spending::OBrienFleming, Spending::Pocock);
        designs.push(with_futility(
            spending.0,
            spending.1,
            binding,
            information.to_vec(),
        ));
    }
    let mut generator = Generator(20_261_124);
    let mut rejected = vec![0_usize; designs.len()];
    for _ in 0..TRIALS {
        let (mut b, mut before) = (0.0, 0.0);
        let z = information.map(|t| {
            b += (t - before).sqrt() * normal_quantile(generator.uniform());
            before = t;
            b / t.sqrt()
        });
        for (plan, count) in designs.iter().zip(&mut rejected) {
            // A non-binding rule is ignored, because its level must hold then too.
            let binding = plan.design.futility.as_ref().is_some_and(|f| f.binding);
            for (look, z) in plan.looks.iter().zip(z) {
                let two = plan.design.sides == Sides::Two;
                if z >= look.efficacy || (two && z <= -look.efficacy) {
                    *count += 1;
                    break;
                }
                if binding && z <= look.futility {
                    break;
                }
            }
        }
    }
    for (plan, rejected) in designs.iter().zip(rejected) {
        let (rate, alpha) = (rejected as f64 / TRIALS as f64, plan.design.alpha);
        let error = (alpha * (1.0 - alpha) / TRIALS as f64).sqrt();
        assert!(
            (rate - alpha).abs() < 4.0 * error,
            "{rate} {:?}",
            plan.design
        );
    }
}

#[test]
fn intervals_cover_and_the_median_is_unbiased_in_simulated_trials() {
    const TRIALS: usize = 2_000;
    let ours = plan(&design(
        BoundaryType::Pocock,
        Sides::One,
        equal_information(4),
    ))
    .unwrap();
    let mut generator = Generator(7);
    for drift in [0.0, 3.0] {
        let (mut covered, mut below, mut repeated) = (0, 0, 0);
        for _ in 0..TRIALS {
            let mut b = 0.0;
            for (k, look) in ours.looks.iter().enumerate() {
                b += 0.25 * drift + 0.5 * normal_quantile(generator.uniform());
                let z = b / look.information.sqrt();
                if z >= look.efficacy || k == 3 {
                    let result = final_inference(Sides::One, &ours.looks[..=k], z, 0.95).unwrap();
                    covered += usize::from(result.interval.contains(drift));
                    below += usize::from(result.median_unbiased < drift);
                    let interval = repeated_interval(look, z).unwrap();
                    repeated += usize::from(interval.contains(drift));
                    break;
                }
            }
        }
        let share = |count: usize| count as f64 / TRIALS as f64;
        let error = |p: f64| 4.0 * (p * (1.0 - p) / TRIALS as f64).sqrt();
        assert!(
            (share(covered) - 0.95).abs() < error(0.95),
            "{drift} {}",
            share(covered)
        );
        assert!(
            (share(below) - 0.5).abs() < error(0.5),
            "{drift} {}",
            share(below)
        );
        assert!(
            share(repeated) > 0.95 - error(0.95),
            "{drift} {}",
            share(repeated)
        );
    }
}

#[test]
fn non_binding_futility_keeps_the_level_when_ignored_and_binding_when_kept() {
    for (alpha, beta) in [
        (Spending::OBrienFleming, Spending::OBrienFleming),
        (Spending::OBrienFleming, Spending::Pocock),
        (Spending::Pocock, Spending::HwangShihDeCani { gamma: -2.0 }),
    ] {
        let information = vec![0.3, 0.6, 0.85, 1.0];
        let loose = with_futility(alpha.clone(), beta.clone(), false, information.clone());
        let bound = with_futility(alpha, beta, true, information);
        let ignored = stopping(Sides::One, &without_futility(&loose.looks), 0.0).unwrap();
        assert!(near(ignored.power(), 0.025, 1e-10));
        assert!(stopping(Sides::One, &loose.looks, 0.0).unwrap().power() < 0.025);
        let kept = stopping(Sides::One, &bound.looks, 0.0).unwrap();
        assert!(near(kept.power(), 0.025, 1e-10));
        for plan in [&loose, &bound] {
            let at_drift = stopping(Sides::One, &plan.looks, plan.drift).unwrap();
            assert!(near(at_drift.power(), 0.9, 1e-9));
            assert!(near(at_drift.futility.iter().sum::<f64>(), 0.1, 1e-9));
        }
        assert!(bound.drift < loose.drift);
        assert!(bound.looks[3].efficacy < loose.looks[3].efficacy);
    }
}

#[test]
fn given_futility_bounds_are_kept_and_cost_power() {
    let base = design(
        BoundaryType::Spending(Spending::OBrienFleming),
        Sides::One,
        vec![0.5, 1.0],
    );
    let without = plan(&base).unwrap();
    let futility = |z: f64, binding| Design {
        futility: Some(Futility {
            boundary: FutilityBoundary::Given(vec![z]),
            binding,
        }),
        ..base.clone()
    };
    let loose = plan(&futility(0.0, false)).unwrap();
    assert_eq!(loose.looks[0].futility, 0.0);
    assert_eq!(loose.looks[1].efficacy, without.looks[1].efficacy);
    assert!(loose.drift > without.drift);
    let bound = plan(&futility(0.0, true)).unwrap();
    assert!(near(
        stopping(Sides::One, &bound.looks, 0.0).unwrap().power(),
        0.025,
        1e-10
    ));
    // Above the efficacy boundary there is nothing in between.
    assert!(plan(&futility(4.0, false)).unwrap_err().is_bad_input());
}

#[test]
fn p_values_at_the_boundary_are_the_alpha_spent() {
    for sides in SIDES {
        let information = vec![0.2, 0.5, 0.7, 1.0];
        let ours = plan(&design(BoundaryType::Pocock, sides, information)).unwrap();
        for k in 0..4 {
            let looks = &ours.looks[..=k];
            let z = looks[k].efficacy;
            let result = final_inference(sides, looks, z, 0.95).unwrap();
            let p = match sides {
                Sides::One => result.p_one_sided,
                Sides::Two => result.p_two_sided,
            };
            assert!(near(p, ours.alpha_spent[k], 1e-10));
            // The bias of an early stop is taken back.
            assert!(k == 0 || result.median_unbiased < result.naive);
        }
        // Significant exactly where the interval leaves out no effect.
        let last = ours.looks[3].efficacy;
        let limit = |z| {
            final_inference(sides, &ours.looks, z, 0.95)
                .unwrap()
                .interval
                .lower
        };
        assert!(limit(last + 1e-6) > 0.0 && limit(last - 1e-6) < 0.0);
    }
}

#[test]
fn inference_after_one_look_is_that_of_a_fixed_trial() {
    let look = Look {
        information: 0.25,
        efficacy: 2.0,
        futility: f64::NEG_INFINITY,
    };
    let result = final_inference(Sides::One, &[look], 1.3, 0.9).unwrap();
    let half = normal_quantile(0.95);
    assert!(near(result.p_one_sided, normal_sf(1.3), 1e-14));
    assert!(near(result.median_unbiased, 2.6, 1e-10));
    assert!(near(result.interval.lower, 2.0 * (1.3 - half), 1e-10));
    assert!(near(result.interval.upper, 2.0 * (1.3 + half), 1e-10));
}

#[test]
fn conditional_power_averages_to_the_power() {
    // Over the distribution of the first look's z, by Simpson's rule.
    let ours = plan(&design(
        BoundaryType::OBrienFleming,
        Sides::One,
        equal_information(3),
    ))
    .unwrap();
    let (first, remaining) = (ours.looks[0], &ours.looks[1..]);
    let mean = ours.drift * first.information.sqrt();
    let (from, intervals) = (mean - 10.0, 4000);
    let h = (first.efficacy - from) / f64::from(intervals);
    let mut later = 0.0;
    for i in 0..=intervals {
        let z = from + h * f64::from(i);
        let weight = match i {
            0 => 1.0,
            i if i == intervals => 1.0,
            i if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let density = (-0.5 * (z - mean).powi(2)).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let given = conditional_stopping(Sides::One, remaining, first.information, z, ours.drift);
        later += weight * density * given.unwrap().power() * h / 3.0;
    }
    let stop_now = normal_sf(first.efficacy - mean);
    assert!(near(stop_now + later, 0.9, 1e-9));
}

#[test]
fn with_one_look_left_conditional_stopping_is_conditional_power() {
    let end = Look {
        information: 1.0,
        efficacy: 1.97,
        futility: f64::NEG_INFINITY,
    };
    let exact = conditional_stopping(Sides::One, &[end], 0.6, 1.1, 2.5).unwrap();
    let formula = conditional_power(0.6, 1.1, 1.97, 2.5).unwrap();
    assert!(near(exact.power(), formula, 1e-14));
}

#[test]
fn a_design_of_five_looks_takes_less_than_ten_milliseconds() {
    for boundary in boundary_types() {
        let design = design(boundary, Sides::One, equal_information(5));
        // The least of ten: other work on the machine is not what this is about.
        let least = (0..10)
            .map(|_| {
                let start = Instant::now();
                plan(&design).unwrap();
                start.elapsed()
            })
            .min()
            .unwrap();
        assert!(
            least < Duration::from_millis(10),
            "{least:?} {:?}",
            design.boundary
        );
    }
}

/// Up to `most` information fractions that end at 1: near-equal, tiny and far apart.
fn information(most: usize) -> impl Strategy<Value = Vec<f64>> {
    let step = prop_oneof![-5.8..0.0_f64, -1.0..1.0_f64, Just(-5.9)];
    (-6.0..0.0_f64, prop::collection::vec(step, 0..most)).prop_map(|(first, steps)| {
        let mut t = vec![10.0_f64.powf(first)];
        for step in steps {
            t.push(t[t.len() - 1] * (1.0 + 10.0_f64.powf(step)));
        }
        let last = t[t.len() - 1];
        let mut t: Vec<f64> = t.iter().map(|x| (x / last).max(1e-9)).collect();
        t.dedup_by(|b, a| *b - *a < 1.1e-6 * *b);
        let looks = t.len();
        t[looks - 1] = 1.0;
        t
    })
}

fn spending() -> impl Strategy<Value = Spending> {
    prop_oneof![
        Just(Spending::OBrienFleming),
        Just(Spending::Pocock),
        (0.5..10.0_f64).prop_map(|rho| Spending::KimDeMets { rho }),
        (-20.0..20.0_f64).prop_map(|gamma| Spending::HwangShihDeCani { gamma }),
    ]
}

fn boundary() -> impl Strategy<Value = BoundaryType> {
    prop_oneof![
        Just(BoundaryType::OBrienFleming),
        Just(BoundaryType::Pocock),
        (-0.5..1.0_f64).prop_map(|delta| BoundaryType::WangTsiatis { delta }),
        spending().prop_map(BoundaryType::Spending),
    ]
}

fn sides() -> impl Strategy<Value = Sides> {
    prop_oneof![Just(Sides::One), Just(Sides::Two)]
}

/// 1e-6 to 0.4.
fn alpha() -> impl Strategy<Value = f64> {
    (-6.0..-0.398_f64).prop_map(|x| 10.0_f64.powf(x))
}

/// Any number at all.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            0.5,
            -1.0,
            1e-300,
            1e300,
            1e9,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
        ]),
        -3.0..3.0_f64,
    ]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/group_sequential_properties.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn crossing_probabilities_add_up_to_alpha(
        boundary in boundary(), sides in sides(), alpha in alpha(), information in information(20),
    ) {
        let z = efficacy_boundary(&boundary, sides, alpha, &information).unwrap();
        let looks: Vec<Look> = z.iter().zip(&information).map(|(&efficacy, &information)| Look {
            information, efficacy, futility: f64::NEG_INFINITY,
        }).collect();
        let null = stopping(sides, &looks, 0.0).unwrap();
        // Interpolation between looks that nearly coincide has the error stated at the head of this file.
        let coincide = information.windows(2).any(|t| t[1] - t[0] < 1e-3 * t[1]);
        let error = if coincide { 1e-8 } else { 1e-9 };
        prop_assert!(near(null.rejection(), alpha, error * alpha + 1e-15), "{} {alpha}", null.rejection());
        prop_assert!(z.iter().all(|z| *z >= 0.0));
        if let BoundaryType::Spending(spending) = &boundary {
            // What each look has spent is what the function says, and no look knows of later ones.
            let side = if sides == Sides::Two { 0.5 * alpha } else { alpha };
            let mut spent = 0.0;
            for (k, t) in information.iter().enumerate() {
                spent += null.efficacy[k];
                let target = cumulative_spending(spending, side, *t).unwrap();
                prop_assert!(near(spent, target, error * alpha + 2e-15), "{spent} {target}");
            }
        }
    }

    #[test]
    fn a_look_that_cannot_stop_changes_nothing(
        sides in sides(), information in information(20), drift in -6.0..6.0_f64, at in any::<prop::sample::Index>(),
        z in prop::collection::vec(0.5..4.0_f64, 20),
    ) {
        prop_assume!(information.len() > 1);
        let look = |k: usize, efficacy: f64| Look {
            information: information[k], efficacy, futility: f64::NEG_INFINITY,
        };
        let skipped = at.index(information.len() - 1);
        let every: Vec<Look> = (0..information.len())
            .map(|k| look(k, if k == skipped { f64::INFINITY } else { z[k] })).collect();
        let mut without = every.clone();
        without.remove(skipped);
        let mut a = stopping(sides, &every, drift).unwrap();
        let b = stopping(sides, &without, drift).unwrap();
        prop_assert_eq!(a.efficacy.remove(skipped), 0.0);
        a.opposite.remove(skipped);
        for (a, b) in a.efficacy.iter().zip(&b.efficacy).chain(a.opposite.iter().zip(&b.opposite)) {
            prop_assert!(near(*a, *b, 1e-8), "{a} {b}");
        }
    }

    #[test]
    fn the_mirrored_effect_swaps_the_sides(
        information in information(20), drift in -6.0..6.0_f64, z in prop::collection::vec(0.5..4.0_f64, 20),
    ) {
        let looks: Vec<Look> = information.iter().zip(&z).map(|(&information, &efficacy)| Look {
            information, efficacy, futility: f64::NEG_INFINITY,
        }).collect();
        let a = stopping(Sides::Two, &looks, drift).unwrap();
        let b = stopping(Sides::Two, &looks, -drift).unwrap();
        for (a, b) in a.efficacy.iter().zip(&b.opposite) {
            prop_assert!(near(*a, *b, 1e-8), "{a} {b}");
        }
        prop_assert!(near(a.expected_information, b.expected_information, 1e-8));
    }

    #[test]
    fn power_rises_with_the_effect_and_is_met_at_the_required_drift(
        boundary in boundary(), sides in sides(), alpha in alpha(), power in 0.5..0.999_f64,
        information in information(20),
    ) {
        let ours = plan(&Design { boundary, sides, alpha, power, information, futility: None }).unwrap();
        let at = |drift: f64| stopping(sides, &ours.looks, drift).unwrap();
        prop_assert!(near(at(ours.drift).power(), power, 1e-9));
        prop_assert!(at(0.9 * ours.drift).power() < power && power < at(1.1 * ours.drift).power());
        // The fixed design needs the least information of all.
        prop_assert!(ours.inflation_factor >= 1.0 - 1e-8, "{}", ours.inflation_factor);
        let expected = at(ours.drift).expected_information;
        prop_assert!(ours.looks[0].information * (1.0 - 1e-9) <= expected && expected <= 1.0 + 1e-12);
    }

    #[test]
    fn a_trial_that_keeps_to_its_plan_has_the_planned_boundaries(
        boundary in boundary(), sides in sides(), steps in 1..7_usize, futility in any::<bool>(),
    ) {
        let information = equal_information(steps);
        let futility = (futility && sides == Sides::One).then_some(Futility {
            boundary: FutilityBoundary::Spending(Spending::Pocock), binding: false,
        });
        let ours = plan(&Design {
            boundary, sides, alpha: 0.05, power: 0.8, information: information.clone(), futility,
        }).unwrap();
        for (observed, planned) in observed_boundaries(&ours, &information).unwrap().iter().zip(&ours.looks) {
            // An error far out is a difference of two spent so far, good to 1e-16 at best, and
            // what is below that is left to the next look: there only the probabilities agree.
            let (seen, meant) = (normal_sf(observed.efficacy), normal_sf(planned.efficacy));
            prop_assert!(near(seen, meant, 1e-12), "{observed:?} {planned:?}");
            prop_assert!(
                planned.efficacy > 6.0 || near(observed.efficacy, planned.efficacy, 1e-7),
                "{observed:?} {planned:?}"
            );
            prop_assert!(near(observed.futility, planned.futility, 1e-7), "{observed:?} {planned:?}");
        }
    }

    #[test]
    fn the_level_holds_at_whatever_information_the_looks_come(
        boundary in boundary(), sides in sides(), observed in information(20), reached in 0.3..1.5_f64,
    ) {
        let ours = plan(&design(boundary, sides, equal_information(3))).unwrap();
        let times: Vec<f64> = observed.iter().map(|t| (t * reached).max(1e-9)).collect();
        prop_assume!(times.windows(2).all(|w| w[1] - w[0] > 1e-6 * w[1]));
        let looks = observed_boundaries(&ours, &times).unwrap();
        let null = stopping(sides, &looks, 0.0).unwrap();
        let alpha = ours.design.alpha;
        prop_assert!(near(null.rejection(), alpha, 1e-9), "{} {alpha}", null.rejection());
    }

    #[test]
    fn stage_wise_inference_is_coherent(
        sides in sides(), information in information(6), z in -3.0..6.0_f64,
        efficacy in prop::collection::vec(1.5..4.0_f64, 20),
    ) {
        let looks: Vec<Look> = information.iter().zip(&efficacy).map(|(&information, &efficacy)| Look {
            information, efficacy, futility: f64::NEG_INFINITY,
        }).collect();
        let result = final_inference(sides, &looks, z, 0.95).unwrap();
        prop_assert!((0.0..=1.0 + 1e-12).contains(&result.p_two_sided));
        prop_assert!(result.interval.lower < result.median_unbiased);
        prop_assert!(result.median_unbiased < result.interval.upper);
        let more = final_inference(sides, &looks, z + 0.1, 0.95).unwrap();
        prop_assert!(more.p_one_sided <= result.p_one_sided);
        prop_assert!(more.median_unbiased >= result.median_unbiased - 1e-9);
        // The two one-sided p values of a continuous statistic add up to 1.
        let other = result.p_two_sided / 2.0;
        prop_assert!(
            near(other, result.p_one_sided, 1e-8) || near(other, 1.0 - result.p_one_sided, 1e-8)
        );
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn no_input_panics_or_gives_nan(
        a in wild(), b in wild(), c in wild(), d in wild(), e in wild(), sides in sides(),
        values in prop::collection::vec(wild(), 0..5), kind in 0..7_u8, binding in any::<bool>(),
    ) {
        let boundary = match kind {
            0 => BoundaryType::OBrienFleming,
            1 => BoundaryType::Pocock,
            2 => BoundaryType::WangTsiatis { delta: a },
            3 => BoundaryType::Spending(Spending::KimDeMets { rho: a }),
            4 => BoundaryType::Spending(Spending::HwangShihDeCani { gamma: a }),
            5 => BoundaryType::Spending(Spending::Given(
                values.iter().map(|&x| SpendingPoint { information: x, fraction_spent: b }).collect(),
            )),
            _ => BoundaryType::Spending(Spending::Pocock),
        };
        let futility = binding.then(|| Futility {
            boundary: FutilityBoundary::Given(vec![e]), binding,
        });
        let mut information = values.clone();
        information.push(1.0);
        let asked = Design { boundary, sides, alpha: c, power: d, information, futility };
        if let Ok(plan) = plan(&asked) {
            prop_assert!(plan.drift.is_finite() && plan.inflation_factor.is_finite());
            prop_assert!(plan.looks.iter().all(|l| !l.efficacy.is_nan() && !l.futility.is_nan()));
        }
        let looks: Vec<Look> = values.iter().map(|&x| Look { information: x, efficacy: a, futility: b }).collect();
        if let Ok(result) = stopping(sides, &looks, c) {
            prop_assert!(result.efficacy.iter().chain(&result.opposite).chain(&result.futility)
                .all(|p| (0.0..=1.0 + 1e-9).contains(p)), "{result:?} {looks:?} {c}");
            prop_assert!(result.expected_information.is_finite());
        }
        if let Ok(drift) = required_drift(sides, &looks, d) { prop_assert!(drift.is_finite()); }
        if let Ok(result) = final_inference(sides, &looks, d, 0.95) {
            prop_assert!(result.median_unbiased.is_finite(), "{result:?} {looks:?} {d}");
            prop_assert!(!result.interval.lower.is_nan() && !result.interval.upper.is_nan());
        }
        for p in [
            conditional_power(a, b, c, d), conditional_power_at_trend(a, b, c), predictive_power(a, b, c),
            conditional_stopping(sides, &looks, d, b, c).map(|s| s.power()),
            cumulative_spending(&Spending::Pocock, a, b), cumulative_spending(&Spending::OBrienFleming, a, b),
        ].into_iter().flatten() {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&p), "{p}");
        }
        let base = plan(&design(BoundaryType::Pocock, Sides::One, vec![1.0])).unwrap();
        if let Ok(look) = look_boundary(&base, &looks, d, binding) {
            prop_assert!(!look.efficacy.is_nan());
        }
    }

    #[test]
    fn spending_never_falls_and_ends_at_the_total(
        spending in spending(), total in alpha(), t in 0.0..1.0_f64, later in 0.0..1.0_f64,
    ) {
        let (a, b) = (t.min(later), t.max(later));
        let at = |t| cumulative_spending(&spending, total, t).unwrap();
        prop_assert!(at(a) <= at(b) && at(b) <= total);
        prop_assert_eq!(at(0.0), 0.0);
        prop_assert_eq!(at(1.0), total);
        prop_assert_eq!(at(3.0), total);
    }
}

#[test]
fn more_than_twenty_looks_are_refused_by_name() {
    let asked = design(BoundaryType::Pocock, Sides::One, equal_information(21));
    let error = plan(&asked).unwrap_err();
    assert!(error.is_bad_input());
    assert!(error.to_string().contains("number of looks"), "{error}");
    assert!(
        plan(&design(
            BoundaryType::Pocock,
            Sides::One,
            equal_information(20)
        ))
        .is_ok()
    );
    assert!(plan(&design(BoundaryType::Pocock, Sides::One, vec![])).is_err());
}
