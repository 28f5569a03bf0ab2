//! What must hold for any data of a dose-finding trial, huge and degenerate ones included.

use neurocart_stats::InputError;
use neurocart_stats::dose_finding::*;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn designs(doses: usize, target: f64) -> Vec<DoseFindingDesign> {
    let skeleton: Vec<f64> = (1..=doses)
        .map(|dose| 0.9 * dose as f64 / doses as f64)
        .collect();
    let crm = CrmSettings::empiric(skeleton, target);
    let logistic = CrmSettings {
        model: CrmModel::Logistic { intercept: 3.0 },
        overdose: None,
        ..crm.clone()
    };
    let interval = |rule| IntervalSettings {
        below: 0.5 * target,
        ..IntervalSettings::at_target(rule, target)
    };
    vec![
        DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::NoDeEscalation),
        DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::ConfirmWithSix),
        DoseFindingDesign::Boin(BoinSettings {
            extra_safe_offset: Some(0.05),
            ..BoinSettings::at_target(target)
        }),
        DoseFindingDesign::Interval(interval(IntervalRule::Keyboard)),
        DoseFindingDesign::Interval(interval(IntervalRule::Mtpi2)),
        DoseFindingDesign::Interval(interval(IntervalRule::Mtpi)),
        DoseFindingDesign::Crm(crm.clone()),
        DoseFindingDesign::Crm(logistic.clone()),
        DoseFindingDesign::TiteCrm(crm),
        DoseFindingDesign::TiteCrm(logistic),
        DoseFindingDesign::Boin12(Boin12Settings {
            highest_dlt_rate: target,
            ..Boin12Settings::default()
        }),
    ]
}

/// One dose: few patients as a rule, up to 1e9 at times, and some pending.
fn tally() -> impl Strategy<Value = DoseTally> {
    let treated = prop_oneof![6 => 0..13_u64, 1 => 0..=1_000_000_000_u64];
    let pending = prop::collection::vec(0.0..=1.0, 0..3);
    (treated, 0.0..=1.0, 0.0..=1.0, pending).prop_map(
        |(treated, dlt, response, pending_weights)| {
            let part = |share: f64| ((treated + 1) as f64 * share) as u64;
            DoseTally {
                treated,
                dlt: part(dlt).min(treated),
                responses: part(response).min(treated),
                pending_weights,
            }
        },
    )
}

fn trial() -> impl Strategy<Value = (Vec<DoseTally>, usize)> {
    prop::collection::vec(tally(), 1..7).prop_flat_map(|doses| {
        let current = 0..doses.len();
        (Just(doses), current)
    })
}

/// As a simulated trial meets them: moderate numbers.
fn small_tally() -> impl Strategy<Value = DoseTally> {
    (0..10_u64).prop_flat_map(|n| (Just(n), 0..=n).prop_map(|(n, y)| DoseTally::of(n, y)))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/dose_finding_invariants.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_decision_is_a_dose_nearby_or_a_stop((doses, current) in trial(), target in 0.05..0.6) {
        for design in designs(doses.len(), target) {
            let decision = design.next_dose(&doses, current).unwrap();
            match (decision.action, decision.next) {
                (DoseAction::Stop(_), next) => prop_assert_eq!(next, None),
                (DoseAction::Stay, next) => prop_assert_eq!(next, Some(current)),
                (DoseAction::Escalate, next) => {
                    prop_assert_eq!(next, Some(current + 1));
                    prop_assert!(current + 1 < doses.len());
                    prop_assert!(doses[current].is_tried(), "an untried dose was skipped");
                }
                (DoseAction::DeEscalate, next) => prop_assert!(next.unwrap() < current),
            }
            if let (Some(next), Some(eliminated)) = (decision.next, decision.eliminated_from) {
                prop_assert!(next < eliminated);
            }
            if let DoseSelection::Dose(dose) = design.select(&doses).unwrap() {
                prop_assert!(doses[dose].is_tried());
                prop_assert!(decision.eliminated_from.is_none_or(|e| dose < e));
            }
        }
    }

    #[test]
    fn one_more_dlt_never_leads_to_a_higher_dose(
        doses in prop::collection::vec(small_tally(), 1..6), target in 0.1..0.5
    ) {
        // Not BOIN12, which weighs responses against DLT; and without pending patients TITE-CRM is the CRM.
        for design in designs(doses.len(), target).into_iter().take(8) {
            for current in 0..doses.len() {
                if doses[current].dlt == doses[current].treated {
                    continue;
                }
                let mut worse = doses.clone();
                worse[current].dlt += 1;
                let next = |doses: &[DoseTally]| {
                    let decision = design.next_dose(doses, current).unwrap();
                    match decision.action {
                        // A dose found lies at or below the current one.
                        DoseAction::Stop(StopReason::DoseFound) => None,
                        DoseAction::Stop(_) => Some(-1),
                        _ => decision.next.map(|dose| dose as i64),
                    }
                };
                if let (Some(before), Some(after)) = (next(&doses), next(&worse)) {
                    prop_assert!(after <= before, "{:?} {:?} {}", design, doses, current);
                }
            }
        }
    }

    #[test]
    fn boundaries_and_decisions_say_the_same(
        n in 1..40_u64, target in 0.05..0.6, share in 0.0..=1.0_f64
    ) {
        let y = ((n + 1) as f64 * share).min(n as f64) as u64;
        let settings = BoinSettings::at_target(target);
        let row = boin_boundaries(&settings, n).unwrap()[n as usize - 1];
        let doses = [DoseTally::of(3, 0), DoseTally::of(n, y), DoseTally::default()];
        let decision = boin_next_dose(&doses, 1, &settings).unwrap();
        let expected = if y <= row.escalate_at_most {
            DoseAction::Escalate
        } else if y >= row.de_escalate_at_least {
            DoseAction::DeEscalate
        } else {
            DoseAction::Stay
        };
        prop_assert_eq!(decision.action, expected);
        let eliminated = row.eliminate_at_least.is_some_and(|e| y >= e);
        prop_assert_eq!(decision.eliminated_from, eliminated.then_some(1));
        // lambda_e < t < lambda_d.
        let rates = boin_rates(&settings).unwrap();
        prop_assert!(rates.escalate < target && target < rates.de_escalate);
    }

    #[test]
    fn isotonic_regression_rises_keeps_the_weighted_mean_and_rising_values(
        pairs in prop::collection::vec((-1e9..1e9, 1e-3..1e3), 0..30)
    ) {
        let (values, weights): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let fitted = pooled_adjacent_violators(&values, &weights).unwrap();
        prop_assert_eq!(fitted.len(), values.len());
        prop_assert!(fitted.windows(2).all(|pair| pair[0] <= pair[1]));
        let sum = |x: &[f64]| x.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
        let scale: f64 = values.iter().zip(&weights).map(|(x, w)| (x * w).abs()).sum();
        prop_assert!((sum(&fitted) - sum(&values)).abs() <= 1e-12 * (1.0 + scale));
        let mut rising = values.clone();
        rising.sort_by(f64::total_cmp);
        prop_assert_eq!(pooled_adjacent_violators(&rising, &weights).unwrap(), rising);
        // No better fit: moving a whole block up or down never helps, and within a block no split rises.
        for block in fitted.chunk_by(|a, b| a == b) {
            let from = (block.as_ptr() as usize - fitted.as_ptr() as usize) / size_of::<f64>();
            for cut in 1..block.len() {
                let mean = |range: std::ops::Range<usize>| {
                    let w: f64 = weights[range.clone()].iter().sum();
                    let x: f64 = range.map(|i| values[i] * weights[i]).sum();
                    x / w
                };
                let (left, right) = (mean(from..from + cut), mean(from + cut..from + block.len()));
                prop_assert!(left >= right - 1e-9 * (1.0 + left.abs()));
            }
        }
    }

    #[test]
    fn exact_three_plus_three_is_a_distribution(
        rates in prop::collection::vec(0.0..=1.0, 1..12), confirm in any::<bool>()
    ) {
        let variant = if confirm {
            ThreePlusThreeVariant::ConfirmWithSix
        } else {
            ThreePlusThreeVariant::NoDeEscalation
        };
        let exact = three_plus_three_exact(&rates, variant).unwrap();
        let total: f64 = exact.no_dose + exact.selected.iter().sum::<f64>();
        prop_assert!((total - 1.0).abs() < 1e-12);
        prop_assert!(exact.selected.iter().all(|p| (-1e-15..=1.0 + 1e-12).contains(p)));
        prop_assert!(exact.expected_treated.iter().all(|n| (0.0..=6.0 + 1e-12).contains(n)));
    }

    #[test]
    fn exact_three_plus_three_is_what_its_decisions_do(
        rates in prop::collection::vec(0.0..=1.0, 1..5), confirm in any::<bool>()
    ) {
        let variant = if confirm {
            ThreePlusThreeVariant::ConfirmWithSix
        } else {
            ThreePlusThreeVariant::NoDeEscalation
        };
        let exact = three_plus_three_exact(&rates, variant).unwrap();
        let doses = vec![DoseTally::default(); rates.len()];
        let mut enumerated = (0.0, vec![0.0; rates.len()]);
        enumerate(&rates, variant, doses, 0, 1.0, &mut enumerated);
        prop_assert!((enumerated.0 - exact.no_dose).abs() < 1e-12);
        for (ours, theirs) in enumerated.1.iter().zip(&exact.selected) {
            prop_assert!((ours - theirs).abs() < 1e-12);
        }
    }

    #[test]
    fn a_crm_skeleton_has_its_indifference_interval(
        target in 0.15..0.45, half_width in 0.02..0.1, mtd in 0..5_usize, logistic in any::<bool>()
    ) {
        let model = if logistic { CrmModel::Logistic { intercept: 3.0 } } else { CrmModel::Empiric };
        if let Ok(skeleton) = crm_skeleton(model, target, half_width, mtd, 5) {
            prop_assert!((skeleton[mtd] - target).abs() < 1e-12);
            for pair in skeleton.windows(2) {
                // At the b where the lower has t - d, the upper has t + d.
                let scaled = |p: f64| match model {
                    CrmModel::Empiric => p.ln(),
                    CrmModel::Logistic { intercept } => (p / (1.0 - p)).ln() - intercept,
                };
                let ratio = scaled(pair[1]) / scaled(pair[0]);
                let wanted = scaled(target + half_width) / scaled(target - half_width);
                prop_assert!((ratio / wanted - 1.0).abs() < 1e-6, "{:?}", skeleton);
            }
        }
    }

    #[test]
    fn a_full_weight_is_a_complete_patient(
        doses in prop::collection::vec(small_tally(), 1..6), extra in prop::collection::vec(0..4_usize, 5)
    ) {
        let skeleton: Vec<f64> = (1..=doses.len()).map(|d| 0.12 * d as f64).collect();
        let settings = CrmSettings::empiric(skeleton, 0.3);
        let (mut pending, mut complete) = (doses.clone(), doses.clone());
        for (dose, &extra) in extra.iter().enumerate().take(doses.len()) {
            pending[dose].pending_weights = vec![1.0; extra];
            complete[dose].treated += extra as u64;
        }
        let a = tite_crm(&pending, &settings, CrmMethod::Bayes, 0.9).unwrap();
        let b = crm(&complete, &settings, CrmMethod::Bayes, 0.9).unwrap();
        prop_assert!((a.b - b.b).abs() < 1e-9 && (a.variance - b.variance).abs() < 1e-9);
        // A patient who just entered tells nothing.
        for dose in &mut pending {
            dose.pending_weights = vec![0.0; 3];
        }
        let c = tite_crm(&pending, &settings, CrmMethod::Bayes, 0.9).unwrap();
        let d = crm(&doses, &settings, CrmMethod::Bayes, 0.9).unwrap();
        prop_assert_eq!(c, d);
    }

    #[test]
    fn any_crm_fit_is_finite_or_a_typed_reason((doses, _) in trial(), sd in 0.05..20.0, target in 0.05..0.6) {
        let skeleton: Vec<f64> = (1..=doses.len()).map(|d| 0.12 * d as f64).collect();
        for model in [CrmModel::Empiric, CrmModel::Logistic { intercept: 3.0 }] {
            let settings = CrmSettings { model, prior_sd: sd, ..CrmSettings::empiric(skeleton.clone(), target) };
            let fit = tite_crm(&doses, &settings, CrmMethod::Bayes, 0.9).unwrap();
            let fits = [Ok(fit), crm(&doses, &settings, CrmMethod::MaximumLikelihood, 0.9)];
            for fit in fits.into_iter().flatten() {
                prop_assert!(fit.b.is_finite() && fit.variance.is_finite() && fit.variance > 0.0);
                prop_assert!(fit.rates.iter().all(|p| (0.0..=1.0).contains(p)));
                prop_assert!(fit.rates.windows(2).all(|p| p[0] <= p[1]));
                for (rate, limits) in fit.rates.iter().zip(&fit.intervals) {
                    prop_assert!(limits.lower <= *rate && *rate <= limits.upper);
                }
            }
        }
    }

    #[test]
    fn boin12_prefers_responses_and_dislikes_dlt(n in 1..30_u64, a in 0.0..=1.0_f64, b in 0.0..=1.0_f64) {
        let settings = Boin12Settings::default();
        let part = |share: f64| (n as f64 * share) as u64;
        let value = |dlt, responses| boin12_desirability(n, dlt, responses, &settings).unwrap();
        let (dlt, responses) = (part(a).min(n - 1), part(b).min(n - 1));
        prop_assert!(value(dlt, responses + 1) > value(dlt, responses));
        prop_assert!(value(dlt + 1, responses) < value(dlt, responses));
    }
}

/// All paths of a 3+3 by its decisions: probability of naming none and each dose.
fn enumerate(
    rates: &[f64],
    variant: ThreePlusThreeVariant,
    doses: Vec<DoseTally>,
    dose: usize,
    probability: f64,
    sums: &mut (f64, Vec<f64>),
) {
    for dlt in 0..=3_u64 {
        let p = rates[dose];
        let ways = [1.0, 3.0, 3.0, 1.0][dlt as usize];
        let branch = probability * ways * p.powi(dlt as i32) * (1.0 - p).powi(3 - dlt as i32);
        if branch == 0.0 {
            continue;
        }
        let mut doses = doses.clone();
        doses[dose].treated += 3;
        doses[dose].dlt += dlt;
        match three_plus_three_next_dose(&doses, dose, variant)
            .unwrap()
            .next
        {
            Some(next) => enumerate(rates, variant, doses, next, branch, sums),
            None => match three_plus_three_select(&doses, variant).unwrap() {
                DoseSelection::Dose(mtd) => sums.1[mtd] += branch,
                DoseSelection::NoDose(_) => sums.0 += branch,
            },
        }
    }
}

#[test]
fn nobody_treated_stays_and_names_no_dose() {
    for design in designs(3, 0.3) {
        let doses = vec![DoseTally::default(); 3];
        let decision = design.next_dose(&doses, 1).unwrap();
        assert_eq!(
            (decision.action, decision.next),
            (DoseAction::Stay, Some(1))
        );
        let selection = design.select(&doses).unwrap();
        assert_eq!(
            selection,
            DoseSelection::NoDose(NoDoseReason::NobodyTreated)
        );
    }
}

#[test]
fn a_toxic_lowest_dose_stops_every_design() {
    for design in designs(3, 0.3) {
        // The model alone (no overdose rule) may go on at the lowest dose.
        if matches!(&design, DoseFindingDesign::Crm(s) | DoseFindingDesign::TiteCrm(s) if s.overdose.is_none())
        {
            continue;
        }
        let mut doses = vec![DoseTally::default(); 3];
        doses[0] = DoseTally::of(3, 3);
        let decision = design.next_dose(&doses, 0).unwrap();
        assert_eq!(
            decision.action,
            DoseAction::Stop(StopReason::LowestDoseTooToxic)
        );
        let selection = design.select(&doses).unwrap();
        assert_eq!(selection, DoseSelection::NoDose(NoDoseReason::AllTooToxic));
    }
}

#[test]
fn wrong_input_is_refused_by_every_design() {
    let fine = vec![DoseTally::of(3, 0); 3];
    for design in designs(3, 0.3) {
        assert!(design.next_dose(&fine, 3).is_err(), "dose beyond the last");
        assert!(design.next_dose(&[], 0).is_err(), "no dose");
        assert!(design.select(&[]).is_err(), "no dose");
        assert!(
            design
                .next_dose(&vec![DoseTally::default(); 101], 0)
                .is_err()
        );
        let wrong = [
            DoseTally::of(3, 4),
            DoseTally::of(u64::MAX, 0),
            DoseTally {
                responses: 4,
                ..DoseTally::of(3, 0)
            },
            DoseTally {
                pending_weights: vec![f64::NAN],
                ..DoseTally::default()
            },
            DoseTally {
                pending_weights: vec![1.5],
                ..DoseTally::default()
            },
        ];
        for wrong in wrong {
            let doses = [DoseTally::of(3, 0), wrong, DoseTally::default()];
            assert!(design.next_dose(&doses, 0).is_err());
            assert!(design.select(&doses).is_err());
        }
    }
    for target in [f64::NAN, f64::INFINITY, 0.0, 1.0, -0.3] {
        for design in designs(3, target) {
            if !matches!(design, DoseFindingDesign::ThreePlusThree(_)) {
                assert!(design.next_dose(&fine, 0).is_err(), "{target} {design:?}");
            }
        }
    }
    assert!(boin_boundaries(&BoinSettings::at_target(0.3), u64::MAX).is_err());
    let interval = IntervalSettings::at_target(IntervalRule::Keyboard, 0.3);
    assert!(interval_decision_table(&interval, u64::MAX).is_err());
    assert!(boin12_table(&Boin12Settings::default(), &[u64::MAX, 3]).is_err());
    assert!(crm_skeleton(CrmModel::Empiric, 0.3, 0.3, 0, 5).is_err());
    assert!(tite_weight(f64::NAN, 28.0).is_err() && tite_weight(3.0, 0.0).is_err());
    assert!(three_plus_three_exact(&[f64::NAN], ThreePlusThreeVariant::NoDeEscalation).is_err());
    let error: InputError = pooled_adjacent_violators(&[1.0], &[0.0]).unwrap_err();
    assert!(error.to_string().contains("above zero"));
}
