//! Odds ratio of several sparse two-arm studies by mixed models, without a continuity correction.
//!
//! The log odds ratio of study i is theta + tau u_i, u_i ~ N(0, 1). Four likelihoods (Stijnen 2010,
//! doi:10.1002/sim.4040; Jackson 2018, doi:10.1002/sim.7588):
//!
//! * fixed study effects: both arms binomial, log odds s_i + (theta + tau u_i / 2) and s_i - tau u_i / 2,
//!   with s_i free, so that the arms vary alike;
//! * random study effects: s_i ~ N(mu, sigma^2), independent of u_i;
//! * conditional, approximate: a_i of a_i + c_i binomial with log odds theta + tau u_i + ln(n1 / n2),
//!   for rare events;
//! * conditional, exact: a_i noncentral hypergeometric given both margins. Use this one for sparse tables.
//!
//! u_i is integrated out by Laplace's approximation in the unconditional models, the random study
//! effects with both dimensions at once, and by adaptive quadrature in the conditional ones. A study
//! in which nobody, or everybody, had the event says nothing on the odds ratio and is left out.
//!
//! The error is from the curvature of the likelihood over theta and tau (and mu, sigma). That of the
//! conditional exact model has been seen to fail in other software, so the conditional models also
//! give the profile-likelihood interval, which uses no curvature; the two should be alike.
//!
//! Q is Wald's test over the studies whose own odds ratio is finite. With random study effects it is
//! not defined, because the studies' own estimates then depend on each other.

use super::check_studies;
use super::marginal_likelihood::{
    CERTAIN, LogDensity, Rule, SETTLED, at_conditional_mode, binomial, maximum, maximum_with_spread,
};
use super::two_by_two_pooling::varies;
use crate::conditional_odds_ratio::{LARGEST_SUPPORT, bounds, log_weights};
use crate::distribution::{binomial_pmf, normal_critical};
use crate::error::check_level;
use crate::two_by_two::{TwoByTwo, check};
use crate::{ChiSquareTest, Estimate, InputError, Interval, NotEstimable};

/// The likelihood of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MixedModel {
    /// Both arms binomial, a free effect per study.
    FixedStudyEffects,
    /// Both arms binomial, study effects normal.
    RandomStudyEffects,
    /// Treated events given all events, as a binomial: for rare events.
    ConditionalApproximate,
    /// Treated events given both margins, noncentral hypergeometric: the default.
    #[default]
    ConditionalExact,
}

/// The odds ratio under a mixed model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixedOddsRatio {
    /// Mean log odds ratio, treatment against control.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Wald interval of the log odds ratio.
    pub interval: Interval,
    /// Profile-likelihood interval, for the conditional models; a limit is infinite where the
    /// likelihood does not fall far enough.
    pub profile_interval: Option<Interval>,
    /// Variance of the log odds ratio between studies; zero on the boundary.
    pub tau_squared: f64,
    /// Wald's test that studies with a finite odds ratio have the same one.
    pub q: Option<ChiSquareTest>,
    /// Log-likelihood, all constants included.
    pub log_likelihood: f64,
    /// Log-likelihood given each study's most likely random effect, which metafor's `rma.glmm`
    /// reports for these models; none for the others.
    pub conditional_log_likelihood: Option<f64>,
    /// Studies that say something on the odds ratio.
    pub informative_studies: usize,
}

/// Quadrature points of the conditional models.
pub const QUADRATURE_POINTS: usize = 7;
/// The exact likelihood is not close to a polynomial times a normal where counts are small.
const EXACT_POINTS: usize = 31;
/// Where a profile likelihood is given up: an odds ratio of e^30.
const LARGEST_LOG_ODDS_RATIO: f64 = 30.0;

/// Pools at least two tables whose outcome varies.
pub fn mixed_odds_ratio(
    tables: &[TwoByTwo],
    model: MixedModel,
    confidence_level: f64,
) -> Estimate<MixedOddsRatio> {
    check_level(confidence_level)?;
    check_studies(tables.len(), 2)?;
    tables.iter().try_for_each(check)?;
    let tables: Vec<TwoByTwo> = tables.iter().copied().filter(varies).collect();
    if tables.is_empty() {
        return Err(NotEstimable::NoInformativeTable);
    }
    if tables.len() < 2 {
        return Err(NotEstimable::TooFewStrata {
            strata: tables.len(),
            needed: 2,
        });
    }
    check_inside(&tables, model)?;
    match model {
        MixedModel::FixedStudyEffects => fixed_study_effects(&tables, confidence_level),
        MixedModel::RandomStudyEffects => random_study_effects(&tables, confidence_level),
        MixedModel::ConditionalApproximate => conditional_approximate(&tables, confidence_level),
        MixedModel::ConditionalExact => conditional_exact(&tables, confidence_level),
    }
}

/// Refuses data whose odds ratio is zero or infinite.
fn check_inside(tables: &[TwoByTwo], model: MixedModel) -> Estimate<()> {
    let only_events = model == MixedModel::ConditionalApproximate;
    let all = |of: &dyn Fn(&TwoByTwo) -> bool| tables.iter().all(of);
    let lowest =
        all(&|t| t.treated_events == 0 || (!only_events && t.control_events == t.control_total));
    let highest =
        all(&|t| t.control_events == 0 || (!only_events && t.treated_events == t.treated_total));
    if lowest || highest {
        return Err(NotEstimable::OddsRatioAtBound {
            bound: if lowest { 0.0 } else { f64::INFINITY },
        });
    }
    Ok(())
}

/// A table as numbers.
#[derive(Clone, Copy)]
struct Arms {
    a: f64,
    n1: f64,
    c: f64,
    n2: f64,
}

fn arms(tables: &[TwoByTwo]) -> Vec<Arms> {
    tables
        .iter()
        .map(|t| Arms {
            a: t.treated_events as f64,
            n1: t.treated_total as f64,
            c: t.control_events as f64,
            n2: t.control_total as f64,
        })
        .collect()
}

/// A start for the log odds ratio and its error: crude, with one half in each cell.
fn start(arms: &[Arms]) -> (f64, f64) {
    let sum = |of: fn(&Arms) -> f64| 0.5 + arms.iter().map(of).sum::<f64>();
    let (a, b) = (sum(|t| t.a), sum(|t| t.n1 - t.a));
    let (c, d) = (sum(|t| t.c), sum(|t| t.n2 - t.c));
    let error = (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
    (libm::log(a / b) - libm::log(c / d), error)
}

fn log_pmf_saturated(x: u64, n: u64) -> f64 {
    libm::log(binomial_pmf(x, n, x as f64 / n as f64))
}

fn wald(estimate: f64, standard_error: f64, confidence_level: f64) -> Interval {
    Interval::around(estimate, normal_critical(confidence_level) * standard_error)
}

/// Wald's test of equal effects from independent estimates with their information.
fn wald_q(own: &[(f64, f64)]) -> Option<ChiSquareTest> {
    if own.len() < 2 {
        return None;
    }
    let weights: f64 = own.iter().map(|o| o.1).sum();
    let mean = own.iter().map(|o| o.0 * o.1).sum::<f64>() / weights;
    let q = own.iter().map(|o| o.1 * (o.0 - mean) * (o.0 - mean)).sum();
    Some(ChiSquareTest::new(q, own.len() - 1))
}

fn fixed_study_effects(tables: &[TwoByTwo], confidence_level: f64) -> Estimate<MixedOddsRatio> {
    let arms = arms(tables);
    let laplace = Rule::new(1)?;
    // Both arms at once as a function of theta + tau u, about the study's own effect.
    let both = |t: Arms, s: f64, theta: f64| {
        move |deviation: f64| {
            let treated = binomial(t.a, t.n1, s + theta + 0.5 * deviation);
            let control = binomial(t.c, t.n2, s - 0.5 * deviation);
            LogDensity {
                value: treated.value + control.value,
                slope: 0.5 * (treated.slope - control.slope),
                curvature: 0.25 * (treated.curvature + control.curvature),
            }
        }
    };
    // The study effects are maximised away study by study; the curvature of what is left gives the
    // same errors as the full matrix.
    let study = |t: Arms, theta: f64, tau: f64| {
        let odds = |x: f64, n: f64| libm::log((x + 0.5) / (n - x + 0.5));
        let from = 0.5 * (odds(t.a, t.n1) - theta + odds(t.c, t.n2));
        let scale = 1.0 / (t.a + t.c).min(t.n1 + t.n2 - t.a - t.c).sqrt();
        maximum(&[from], &[scale], &|s| {
            laplace.log_integral(0.0, tau, both(t, s[0], theta))
        })
    };
    let (theta, error) = start(&arms);
    let fit = maximum_with_spread(&[theta], &[error], &|b, tau| {
        arms.iter()
            .map(|&t| study(t, b[0], tau).map_or(f64::NEG_INFINITY, |m| m.value))
            .sum()
    })?;
    let theta = fit.parameters[0];
    let saturated: f64 = tables
        .iter()
        .map(|t| {
            log_pmf_saturated(t.treated_events, t.treated_total)
                + log_pmf_saturated(t.control_events, t.control_total)
        })
        .sum();
    let mut conditional = saturated;
    for &t in &arms {
        let own = study(t, theta, fit.tau)?.at[0];
        conditional += at_conditional_mode(0.0, fit.tau, both(t, own, theta));
    }
    let own: Vec<(f64, f64)> = arms
        .iter()
        .map(|t| [t.a, t.n1 - t.a, t.c, t.n2 - t.c])
        .filter(|cells| cells.iter().all(|x| *x > 0.0))
        .map(|[a, b, c, d]| {
            (
                libm::log(a / b) - libm::log(c / d),
                1.0 / (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d),
            )
        })
        .collect();
    Ok(MixedOddsRatio {
        estimate: theta,
        standard_error: fit.standard_error,
        interval: wald(theta, fit.standard_error, confidence_level),
        profile_interval: None,
        tau_squared: fit.tau * fit.tau,
        q: wald_q(&own),
        log_likelihood: saturated + fit.value,
        conditional_log_likelihood: Some(conditional),
        informative_studies: tables.len(),
    })
}

fn random_study_effects(tables: &[TwoByTwo], confidence_level: f64) -> Estimate<MixedOddsRatio> {
    let arms = arms(tables);
    let (theta, error) = start(&arms);
    let controls = arms.iter().fold((0.5, 1.0), |s, t| (s.0 + t.c, s.1 + t.n2));
    let level = libm::log(controls.0 / (controls.1 - controls.0));
    let fit = maximum_with_spread(&[theta, level, 0.5], &[error, error, 0.2], &|b, tau| {
        arms.iter()
            .map(|t| laplace_of_two(t, b[0], b[1], b[2], tau))
            .sum()
    })?;
    let theta = fit.parameters[0];
    let saturated: f64 = tables
        .iter()
        .map(|t| {
            log_pmf_saturated(t.treated_events, t.treated_total)
                + log_pmf_saturated(t.control_events, t.control_total)
        })
        .sum();
    Ok(MixedOddsRatio {
        estimate: theta,
        standard_error: fit.standard_error,
        interval: wald(theta, fit.standard_error, confidence_level),
        profile_interval: None,
        tau_squared: fit.tau * fit.tau,
        q: None,
        log_likelihood: saturated + fit.value,
        conditional_log_likelihood: None,
        informative_studies: tables.len(),
    })
}

/// ln of the Laplace approximation over the study's level and its odds ratio, both standard normal.
fn laplace_of_two(t: &Arms, theta: f64, mu: f64, sigma: f64, tau: f64) -> f64 {
    let half = 0.5 * tau;
    let arms_at = |u: [f64; 2]| {
        let level = mu + sigma * u[0];
        (
            binomial(t.a, t.n1, level + theta + half * u[1]),
            binomial(t.c, t.n2, level - half * u[1]),
        )
    };
    let value_at = |u: [f64; 2]| {
        let (treated, control) = arms_at(u);
        treated.value + control.value - 0.5 * (u[0] * u[0] + u[1] * u[1])
    };
    let mut u = [0.0, 0.0];
    let mut value = value_at(u);
    // Newton's method on a concave function, as in one dimension.
    for _ in 0..200 {
        let (treated, control) = arms_at(u);
        let [h00, h01, h11] = negative_hessian(&treated, &control, sigma, half);
        let gradient = [
            sigma * (treated.slope + control.slope) - u[0],
            half * (treated.slope - control.slope) - u[1],
        ];
        let determinant = h00 * h11 - h01 * h01;
        let step = [
            (h11 * gradient[0] - h01 * gradient[1]) / determinant,
            (h00 * gradient[1] - h01 * gradient[0]) / determinant,
        ];
        // The step in units of the integrand's width, as in one dimension.
        let length = (step[0] * gradient[0] + step[1] * gradient[1])
            .max(0.0)
            .sqrt();
        if length <= CERTAIN {
            u = [u[0] + step[0], u[1] + step[1]];
            if length <= SETTLED {
                break;
            }
            value = value_at(u);
            continue;
        }
        let mut fraction = 1.0;
        let mut moved = false;
        for _ in 0..60 {
            let next = [u[0] + fraction * step[0], u[1] + fraction * step[1]];
            let there = value_at(next);
            if there >= value {
                (u, value, moved) = (next, there, true);
                break;
            }
            fraction *= 0.5;
        }
        if !moved {
            break;
        }
    }
    let (treated, control) = arms_at(u);
    let [h00, h01, h11] = negative_hessian(&treated, &control, sigma, half);
    value_at(u) - 0.5 * libm::log(h00 * h11 - h01 * h01)
}

fn negative_hessian(treated: &LogDensity, control: &LogDensity, sigma: f64, half: f64) -> [f64; 3] {
    let (w1, w2) = (-treated.curvature, -control.curvature);
    [
        1.0 + sigma * sigma * (w1 + w2),
        sigma * half * (w1 - w2),
        1.0 + half * half * (w1 + w2),
    ]
}

fn conditional_approximate(tables: &[TwoByTwo], confidence_level: f64) -> Estimate<MixedOddsRatio> {
    // A study without any event says nothing here; `varies` has left it out.
    let arms = arms(tables);
    let rule = Rule::new(QUADRATURE_POINTS)?;
    let density = |t: Arms| {
        let offset = libm::log(t.n1 / t.n2);
        move |theta: f64| binomial(t.a, t.a + t.c, theta + offset)
    };
    let saturated: f64 = tables
        .iter()
        .map(|t| log_pmf_saturated(t.treated_events, t.treated_events + t.control_events))
        .sum();
    let own: Vec<(f64, f64)> = arms
        .iter()
        .filter(|t| t.a > 0.0 && t.c > 0.0)
        .map(|t| {
            (
                libm::log(t.a / t.c) - libm::log(t.n1 / t.n2),
                t.a * t.c / (t.a + t.c),
            )
        })
        .collect();
    let likelihood = |theta: f64, tau: f64| -> f64 {
        arms.iter()
            .map(|&t| rule.log_integral(theta, tau, density(t)))
            .sum()
    };
    let mut fit = conditional(&arms, &likelihood, confidence_level)?;
    let tau = fit.tau_squared.sqrt();
    let at_modes: f64 = arms
        .iter()
        .map(|&t| at_conditional_mode(fit.estimate, tau, density(t)))
        .sum();
    fit.conditional_log_likelihood = Some(saturated + at_modes);
    fit.log_likelihood += saturated;
    fit.q = wald_q(&own);
    Ok(fit)
}

/// The noncentral hypergeometric distribution of one table.
struct Hypergeometric {
    /// Log weights from the smallest count up, and the observed count less the smallest.
    log_weight: Vec<f64>,
    observed: usize,
}

impl Hypergeometric {
    /// Log probability of the observed count at log odds ratio `theta`, with derivatives.
    fn at(&self, theta: f64) -> LogDensity {
        let term = |x: usize| self.log_weight[x] + theta * (x as f64 - self.observed as f64);
        let largest = (0..self.log_weight.len())
            .map(term)
            .fold(f64::NEG_INFINITY, f64::max);
        let (mut all, mut first, mut second) = (0.0, 0.0, 0.0);
        for x in 0..self.log_weight.len() {
            // Moments about the observed count.
            let (weight, d) = (
                libm::exp(term(x) - largest),
                x as f64 - self.observed as f64,
            );
            all += weight;
            first += weight * d;
            second += weight * d * d;
        }
        let mean = first / all;
        LogDensity {
            value: self.log_weight[self.observed] - largest - libm::log(all),
            slope: -mean,
            curvature: -(second / all - mean * mean).max(0.0),
        }
    }
}

fn conditional_exact(tables: &[TwoByTwo], confidence_level: f64) -> Estimate<MixedOddsRatio> {
    let support: u64 = tables
        .iter()
        .map(bounds)
        .map(|(lowest, highest)| highest - lowest)
        .sum();
    if support > LARGEST_SUPPORT {
        return Err(InputError::Range {
            name: "tables",
            value: support as f64,
            expected: "at most 100000 possible counts over all tables; beyond, use \
                       FixedStudyEffects, which is as good with so many events",
        }
        .into());
    }
    let studies: Vec<Hypergeometric> = tables
        .iter()
        .map(|t| Hypergeometric {
            log_weight: log_weights(t),
            observed: (t.treated_events - bounds(t).0) as usize,
        })
        .collect();
    let rule = Rule::new(EXACT_POINTS)?;
    let likelihood = |theta: f64, tau: f64| -> f64 {
        studies
            .iter()
            .map(|s| rule.log_integral(theta, tau, |at| s.at(at)))
            .sum()
    };
    let mut fit = conditional(&arms(tables), &likelihood, confidence_level)?;
    let mut own = Vec::new();
    for study in &studies {
        let inside = study.observed > 0 && study.observed + 1 < study.log_weight.len();
        if inside {
            let best = maximum(&[fit.estimate], &[0.5], &|b| study.at(b[0]).value)?;
            own.push((best.at[0], 1.0 / best.covariance[0]));
        }
    }
    fit.q = wald_q(&own);
    Ok(fit)
}

/// The maximum over theta and tau with the profile interval of theta.
fn conditional(
    arms: &[Arms],
    likelihood: &dyn Fn(f64, f64) -> f64,
    confidence_level: f64,
) -> Estimate<MixedOddsRatio> {
    let (theta, error) = start(arms);
    let fit = maximum_with_spread(&[theta], &[error], &|b, tau| likelihood(b[0], tau))?;
    let (theta, error) = (fit.parameters[0], fit.standard_error);
    let z = normal_critical(confidence_level);
    let profile = |at: f64| {
        let none = likelihood(at, 0.0);
        let from = if fit.tau > 0.0 { fit.tau } else { 0.5 };
        let some = maximum(&[from], &[0.3], &|tau| likelihood(at, tau[0]));
        some.map_or(none, |m| m.value.max(none))
    };
    let inside = |at: f64| profile(at) >= fit.value - 0.5 * z * z;
    let limit = |sign: f64| {
        let (mut low, mut high) = (0.0, z * error);
        while inside(theta + sign * high) {
            low = high;
            high *= 1.5;
            if high > LARGEST_LOG_ODDS_RATIO {
                return sign * f64::INFINITY;
            }
        }
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if inside(theta + sign * middle) {
                low = middle
            } else {
                high = middle
            }
        }
        theta + sign * 0.5 * (low + high)
    };
    Ok(MixedOddsRatio {
        estimate: theta,
        standard_error: error,
        interval: wald(theta, error, confidence_level),
        profile_interval: Some(Interval {
            lower: limit(-1.0),
            upper: limit(1.0),
        }),
        tau_squared: fit.tau * fit.tau,
        q: None,
        log_likelihood: fit.value,
        conditional_log_likelihood: None,
        informative_studies: arms.len(),
    })
}
