//! Beta-binomial model of single-arm series: the proportion varies between studies as a beta.
//!
//! x_i of n_i with p_i ~ Beta(mu kappa, (1 - mu) kappa): mean mu, and concentration kappa, by which the
//! variance is mu (1 - mu) / (kappa + 1).
//!
//! Maximum likelihood, and a posterior under mu uniform and log kappa ~ N(log 10, 1.5^2), which stays
//! proper where nobody or everybody responds. The posterior is taken on a grid of log kappa in equal
//! steps, and for each on a grid of logit mu in equal steps about the mode, to where the integrand is
//! negligible: smooth functions that die out converge faster than any power of the step.

use crate::bayes::meta_analytic_predictive::{around, climb};
use crate::error::check_count;
use crate::gamma::ln_gamma;
use crate::{Estimate, InputError, Interval, NotEstimable};

use super::check_studies;
use super::marginal_likelihood::maximum;
use super::transforms::inverse_logit;

/// Responders of one single-arm study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// Patients with the event.
    pub events: u64,
    /// Patients.
    pub total: u64,
}

/// Counts in range, no empty study, and no more studies than the bound.
pub(super) fn check_series(series: &[Series], needed: usize) -> Estimate<()> {
    check_studies(series.len(), needed)?;
    for study in series {
        check_count("events", study.events, study.total)?;
        if study.total == 0 {
            return Err(NotEstimable::TooFewSubjects {
                subjects: 0,
                needed: 1,
            });
        }
    }
    Ok(())
}

/// Refuses series in which nobody, or everybody, had the event.
pub(super) fn check_varies(series: &[Series]) -> Estimate<()> {
    if series.iter().all(|s| s.events == 0) {
        return Err(NotEstimable::NoEvents);
    }
    if series.iter().all(|s| s.events == s.total) {
        return Err(NotEstimable::OnlyEvents);
    }
    Ok(())
}

/// ln of the binomial coefficient and of the beta function ratio of one study.
fn study_log_likelihood(study: &Series, mu: f64, nu: f64, kappa: f64) -> f64 {
    let (x, n) = (study.events as f64, study.total as f64);
    log_choose(x, n)
        + log_rising(mu * kappa, study.events)
        + log_rising(nu * kappa, study.total - study.events)
        - log_rising(kappa, study.total)
}

fn log_choose(x: f64, n: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(x + 1.0) - ln_gamma(n - x + 1.0)
}

/// ln(a (a + 1) ... (a + count - 1)); a sum where short, since log-gammas of a large `a` cancel.
fn log_rising(a: f64, count: u64) -> f64 {
    if count <= 64 {
        (0..count).map(|j| libm::log(a + j as f64)).sum()
    } else {
        ln_gamma(a + count as f64) - ln_gamma(a)
    }
}

/// Log-likelihood at mean `mu` between 0 and 1 and concentration `kappa` above 0.
pub fn beta_binomial_log_likelihood(series: &[Series], mu: f64, kappa: f64) -> Estimate<f64> {
    check_series(series, 1)?;
    let inside = mu > 0.0 && mu < 1.0 && kappa > 0.0 && kappa.is_finite();
    if !inside {
        return Err(InputError::Range {
            name: "mu",
            value: mu,
            expected: "between 0 and 1, with a finite kappa above 0",
        }
        .into());
    }
    Ok(log_likelihood(series, mu, 1.0 - mu, kappa))
}

fn log_likelihood(series: &[Series], mu: f64, nu: f64, kappa: f64) -> f64 {
    series
        .iter()
        .map(|s| study_log_likelihood(s, mu, nu, kappa))
        .sum()
}

/// Maximum likelihood of the beta-binomial model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomial {
    /// Mean proportion mu.
    pub proportion: f64,
    /// Concentration kappa; none where it is infinite, that is where the studies agree no worse than
    /// binomial counts do.
    pub concentration: Option<f64>,
    /// Log-likelihood.
    pub log_likelihood: f64,
}

/// Beyond this concentration the model is the binomial in all digits that matter.
const LARGEST_LOG_CONCENTRATION: f64 = 14.0;

/// Beta-binomial maximum likelihood, at least two studies.
pub fn beta_binomial(series: &[Series]) -> Estimate<BetaBinomial> {
    check_series(series, 2)?;
    check_varies(series)?;
    let (mut x, mut n) = (0.0, 0.0);
    for study in series {
        x += study.events as f64;
        n += study.total as f64;
    }
    let crude = x / n;
    let binomial: f64 = series
        .iter()
        .map(|s| {
            let (x, n) = (s.events as f64, s.total as f64);
            log_choose(x, n) + x * libm::log(crude) + (n - x) * libm::log1p(-crude)
        })
        .sum();
    let at = |b: &[f64]| {
        let kappa = libm::exp(b[1].clamp(-50.0, 50.0));
        log_likelihood(series, inverse_logit(b[0]), inverse_logit(-b[0]), kappa)
    };
    let logit = libm::log(crude) - libm::log1p(-crude);
    let start = (-4..=14)
        .map(|log_kappa| [logit, f64::from(log_kappa)])
        .map(|b| (at(&b), b))
        .fold((f64::NEG_INFINITY, [logit, 0.0]), |a, b| {
            if b.0 > a.0 { b } else { a }
        });
    if start.1[1] < LARGEST_LOG_CONCENTRATION {
        let best = maximum(&start.1, &[0.3, 0.5], &at);
        if let Ok(best) = &best
            && best.at[1] < LARGEST_LOG_CONCENTRATION
            && best.value > binomial + 1e-9
        {
            return Ok(BetaBinomial {
                proportion: inverse_logit(best.at[0]),
                concentration: Some(libm::exp(best.at[1])),
                log_likelihood: best.value,
            });
        }
        // The search ran away from a place better than the binomial.
        if start.0 > binomial + 1e-6 {
            best?;
        }
    }
    Ok(BetaBinomial {
        proportion: crude,
        concentration: None,
        log_likelihood: binomial,
    })
}

/// Prior of log kappa; mu is uniform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomialPrior {
    /// Mean of log kappa.
    pub log_concentration_mean: f64,
    /// Standard deviation of log kappa.
    pub log_concentration_sd: f64,
}

impl Default for BetaBinomialPrior {
    /// log kappa ~ N(log 10, 1.5^2): proportions that spread between studies by 0.15 about one half,
    /// within a factor of twenty on kappa either way.
    fn default() -> Self {
        BetaBinomialPrior {
            log_concentration_mean: std::f64::consts::LN_10,
            log_concentration_sd: 1.5,
        }
    }
}

/// Posterior of the mean proportion.
#[derive(Debug, Clone, PartialEq)]
pub struct BetaBinomialPosterior {
    /// Posterior mean of mu.
    pub mean: f64,
    /// Posterior median of mu.
    pub median: f64,
    /// Central credible interval of mu.
    pub interval: Interval,
}

/// The posterior of logit mu at one kappa.
struct Conditional {
    /// ln of its integral.
    log_mass: f64,
    step: f64,
    /// Value, density and distribution function, normalised to one.
    points: Vec<(f64, f64, f64)>,
    mean: f64,
}

/// How far out log kappa is followed, in prior standard deviations, and the number of steps to it.
const PRIOR_REACH: f64 = 9.0;
const STEPS: i32 = 90;
/// Parts of less than e^-45 of the largest are dropped.
const NEGLIGIBLE: f64 = 45.0;

/// Posterior of the mean proportion; one study is enough, and all 0 % or all 100 % is no obstacle.
pub fn beta_binomial_posterior(
    series: &[Series],
    prior: &BetaBinomialPrior,
    confidence_level: f64,
) -> Estimate<BetaBinomialPosterior> {
    crate::error::check_level(confidence_level)?;
    check_series(series, 1)?;
    let sound = prior.log_concentration_mean.abs() <= 10.0
        && (0.01..=3.0).contains(&prior.log_concentration_sd);
    if !sound {
        return Err(InputError::Range {
            name: "log_concentration_sd",
            value: prior.log_concentration_sd,
            expected: "between 0.01 and 3, about a mean between -10 and 10",
        }
        .into());
    }
    let mut conditionals: Vec<Conditional> = (-STEPS..=STEPS)
        .map(|j| {
            let z = PRIOR_REACH * f64::from(j) / f64::from(STEPS);
            let kappa = libm::exp(prior.log_concentration_mean + prior.log_concentration_sd * z);
            let mut conditional = conditional(series, kappa);
            conditional.log_mass -= 0.5 * z * z;
            conditional
        })
        .collect();
    let largest = conditionals
        .iter()
        .map(|c| c.log_mass)
        .fold(f64::NEG_INFINITY, f64::max);
    conditionals.retain(|c| c.log_mass > largest - NEGLIGIBLE);
    let weights: Vec<f64> = conditionals
        .iter()
        .map(|c| libm::exp(c.log_mass - largest))
        .collect();
    let all: f64 = weights.iter().sum();
    let average = |of: &dyn Fn(&Conditional) -> f64| {
        let sum: f64 = conditionals
            .iter()
            .zip(&weights)
            .map(|(c, w)| w * of(c))
            .sum();
        sum / all
    };
    let quantile = |probability: f64| {
        let (mut low, mut high) = (-745.0, 745.0);
        for _ in 0..70 {
            let middle = 0.5 * (low + high);
            if average(&|c| c.cdf(middle)) < probability {
                low = middle
            } else {
                high = middle
            }
        }
        inverse_logit(0.5 * (low + high))
    };
    let tail = 0.5 * (1.0 - confidence_level);
    Ok(BetaBinomialPosterior {
        mean: average(&|c| c.mean),
        median: quantile(0.5),
        interval: Interval {
            lower: quantile(tail),
            upper: quantile(1.0 - tail),
        },
    })
}

fn conditional(series: &[Series], kappa: f64) -> Conditional {
    // The uniform density of mu is mu (1 - mu) on the scale of the logit.
    let ln = |u: f64| {
        let (mu, nu) = (inverse_logit(u), inverse_logit(-u));
        log_likelihood(series, mu, nu, kappa) + libm::log(mu) + libm::log(nu)
    };
    // Variance of the logit from each study, as for a binomial of as many patients as it is worth.
    let (mut x, mut worth) = (0.0, 0.0);
    for study in series {
        let n = study.total as f64;
        let patients = n * (kappa + 1.0) / (kappa + n);
        worth += patients;
        x += patients * study.events as f64 / n;
    }
    let mean = (x + 1.0) / (worth + 2.0);
    let sd = 1.0 / ((worth + 2.0) * mean * (1.0 - mean)).sqrt();
    let step = 0.25 * sd.min(1.0);
    let centre = climb(libm::log(mean / (1.0 - mean)), step, &ln);
    let mut points = around(centre, step, &ln);
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let largest = points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let mut density: Vec<f64> = points.iter().map(|p| libm::exp(p.1 - largest)).collect();
    let sum: f64 = density.iter().sum::<f64>() * step;
    density.iter_mut().for_each(|d| *d /= sum);
    let mean = points
        .iter()
        .zip(&density)
        .map(|(p, d)| inverse_logit(p.0) * d * step)
        .sum();
    let mut below = 0.0;
    let rise = |i: usize| {
        let before = if i > 0 { density[i - 1] } else { 0.0 };
        density.get(i + 1).copied().unwrap_or(0.0) - before
    };
    let with_cdf = (0..points.len())
        .map(|i| {
            // Trapezoids with the end correction of Euler and Maclaurin.
            let cdf = below + 0.5 * step * density[i] - step / 24.0 * rise(i);
            below += step * density[i];
            (points[i].0, density[i], cdf)
        })
        .collect();
    Conditional {
        log_mass: largest + libm::log(sum),
        step,
        points: with_cdf,
        mean,
    }
}

impl Conditional {
    /// P(logit mu <= u): between points the cubic with both values and both slopes.
    fn cdf(&self, u: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 <= u);
        if after == 0 {
            return 0.0;
        }
        let Some(to) = self.points.get(after) else {
            return 1.0;
        };
        let from = self.points[after - 1];
        let s = (u - from.0) / self.step;
        let r = 1.0 - s;
        from.2 * (1.0 + 2.0 * s) * r * r
            + to.2 * (3.0 - 2.0 * s) * s * s
            + self.step * s * r * (from.1 * r - to.1 * s)
    }
}
