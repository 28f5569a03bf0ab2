//! Assurance: the probability of a successful trial, power averaged over what is believed.
//!
//! Normal effect estimate with standard error se, one-sided level alpha, prior N(m, tau^2), z the
//! upper alpha quantile: mean power = Phi((m - z se) / sqrt(se^2 + tau^2)). O'Hagan, Stevens and Campbell
//! 2005, doi:10.1002/pst.175. Binary endpoints: the responders are beta-binomial, summed over the
//! outcomes that reject. However many subjects, assurance stays below
//! Pr(effect > 0) + alpha Pr(effect <= 0): a larger trial cannot make a treatment work.
//!
//! From simulations: with power estimated at draws of the parameters, assurance is its mean; the
//! spread of power between draws is parameter uncertainty, once the sampling error of each draw's
//! power is taken out.

use super::beta_mixture::{BetaMixture, beta_binomial_pmf};
use crate::distribution::{binomial_pmf, binomial_sf, normal_cdf, normal_quantile, normal_sf};
use crate::error::check_count;
use crate::monte_carlo::{MonteCarloEstimate, monte_carlo_mean};
use crate::single_arm::{check_probability, check_trial_size};
use crate::two_by_two::{TwoByTwo, fisher_exact};
use crate::{Estimate, InputError, NotEstimable};

/// Subjects per arm for which all tables are tested.
const MOST_SUBJECTS: u64 = 300;

/// The chance of success, at one value and over the prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assurance {
    /// Power if the prior mean were true.
    pub power_at_prior_mean: f64,
    /// Power averaged over the prior.
    pub assurance: f64,
}

/// Assurance of a normal test, and its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalAssurance {
    /// Power at the prior mean and over the prior.
    pub chance: Assurance,
    /// Pr(effect > 0) + alpha Pr(effect <= 0): no number of subjects gives more.
    pub upper_bound: f64,
}

/// Assurance of a one-sided test at level `alpha` on an effect with a normal prior; positive effects
/// are good.
///
/// `standard_error` of the estimate: s sqrt(1/n1 + 1/n0) for a difference of means; for a log hazard
/// ratio with d events in two equal arms 2 / sqrt(d), with the sign of `prior_mean` turned.
pub fn assurance_normal(
    prior_mean: f64,
    prior_sd: f64,
    standard_error: f64,
    alpha: f64,
) -> Estimate<NormalAssurance> {
    check_probability("alpha", alpha)?;
    let range = |name, value: f64, fits: bool, expected| {
        if fits {
            Ok(())
        } else {
            Err(InputError::Range {
                name,
                value,
                expected,
            })
        }
    };
    // Up to 1e100 the squares stay finite.
    range(
        "prior_mean",
        prior_mean,
        prior_mean.abs() <= 1e100,
        "a finite number",
    )?;
    let scale = 1e-100..=1e100;
    range(
        "prior_sd",
        prior_sd,
        prior_sd == 0.0 || scale.contains(&prior_sd),
        "zero, or a positive finite number",
    )?;
    range(
        "standard_error",
        standard_error,
        scale.contains(&standard_error),
        "a positive finite number",
    )?;
    let z = -normal_quantile(alpha);
    let above_zero = if prior_sd > 0.0 {
        normal_sf(-prior_mean / prior_sd)
    } else if prior_mean > 0.0 {
        1.0
    } else {
        0.0
    };
    Ok(NormalAssurance {
        chance: Assurance {
            power_at_prior_mean: normal_cdf(prior_mean / standard_error - z),
            assurance: normal_cdf(
                (prior_mean - z * standard_error) / libm::hypot(standard_error, prior_sd),
            ),
        },
        upper_bound: above_zero + alpha * (1.0 - above_zero),
    })
}

/// Assurance of a single arm of `subjects` that succeeds with more than `r` responders.
pub fn assurance_single_arm(prior: &BetaMixture, subjects: u64, r: u64) -> Estimate<Assurance> {
    check_trial_size("subjects", subjects)?;
    check_count("r", r, subjects)?;
    let assurance: f64 = prior
        .components()
        .iter()
        .map(|c| {
            let wins: f64 = (r + 1..=subjects)
                .map(|x| beta_binomial_pmf(x, subjects, c.beta))
                .sum();
            c.weight * wins
        })
        .sum();
    Ok(Assurance {
        power_at_prior_mean: binomial_sf(r, subjects, prior.mean()),
        assurance: assurance.min(1.0),
    })
}

/// Assurance of two arms that succeed with a higher proportion on treatment and Fisher's two-sided
/// p below `alpha`.
///
/// Errors: an arm without subjects or with more than 300.
pub fn assurance_fisher(
    treatment_prior: &BetaMixture,
    control_prior: &BetaMixture,
    treated_subjects: u64,
    control_subjects: u64,
    alpha: f64,
) -> Estimate<Assurance> {
    check_probability("alpha", alpha)?;
    for (name, subjects) in [
        ("treated_subjects", treated_subjects),
        ("control_subjects", control_subjects),
    ] {
        if !(1..=MOST_SUBJECTS).contains(&subjects) {
            return Err(InputError::Range {
                name,
                value: subjects as f64,
                expected: "from 1 to 300 for an exact enumeration",
            }
            .into());
        }
    }
    // Chance of each count over the prior and at its mean.
    let chances = |prior: &BetaMixture, n: u64| -> Estimate<Vec<(f64, f64)>> {
        (0..=n)
            .map(|x| Ok((prior.predictive(x, n)?, binomial_pmf(x, n, prior.mean()))))
            .collect()
    };
    let treated = chances(treatment_prior, treated_subjects)?;
    let control = chances(control_prior, control_subjects)?;
    let (mut assurance, mut power) = (0.0, 0.0);
    for (x, t) in (0..).zip(&treated) {
        for (y, c) in (0..).zip(&control) {
            if x * control_subjects <= y * treated_subjects {
                continue;
            }
            let table = TwoByTwo {
                treated_events: x,
                treated_total: treated_subjects,
                control_events: y,
                control_total: control_subjects,
            };
            if fisher_exact(&table)?.p_two_sided < alpha {
                assurance += t.0 * c.0;
                power += t.1 * c.1;
            }
        }
    }
    Ok(Assurance {
        power_at_prior_mean: power,
        assurance,
    })
}

/// Assurance from simulated trials at draws of the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedAssurance {
    /// Mean power over the draws, with Monte Carlo error.
    pub assurance: MonteCarloEstimate,
    /// Standard deviation of the true power between draws: what is not known about the parameters.
    pub power_sd_between_draws: f64,
    /// Standard deviation that the sampling of replicates adds to a draw's power.
    pub power_sd_within_draw: f64,
}

/// Assurance from the `successes` among `replicates` simulated trials at each draw of the parameters.
///
/// Errors: fewer than two draws or two replicates, or more successes than replicates.
pub fn assurance_from_draws(successes: &[u64], replicates: u64) -> Estimate<SimulatedAssurance> {
    if replicates < 2 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: replicates as usize,
            needed: 2,
        });
    }
    for &count in successes {
        check_count("successes", count, replicates)?;
    }
    let r = replicates as f64;
    let power: Vec<f64> = successes.iter().map(|&s| s as f64 / r).collect();
    let assurance = monte_carlo_mean(&power)?;
    let draws = power.len() as f64;
    let total = assurance.standard_error * assurance.standard_error * draws;
    // Unbiased for p (1 - p) / R at each draw.
    let within = power.iter().map(|p| p * (1.0 - p) / (r - 1.0)).sum::<f64>() / draws;
    Ok(SimulatedAssurance {
        assurance,
        power_sd_between_draws: (total - within).max(0.0).sqrt(),
        power_sd_within_draw: within.sqrt(),
    })
}
