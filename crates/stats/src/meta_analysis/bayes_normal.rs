//! Bayesian mean of a few studies: normal effects, normal between studies, half-normal tau.
//!
//! y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau^2), mu ~ N(m, s^2), tau ~ half-normal(scale). Given tau
//! the posterior of mu is normal and the marginal likelihood of tau closed, so one integral over tau
//! is left (Röver 2020, doi:10.18637/jss.v093.i06). It is taken by Gauss-Legendre quadrature on
//! eighths of octaves from 2^-40 to 16 prior scales, with one panel to zero below; the posterior of
//! tau is far smoother than such a panel unless there are thousands of studies. Quantiles are roots of
//! the mixture's distribution function.
//!
//! With fewer than five studies the prior of tau decides much. On a log odds or log risk ratio the
//! default scale 0.5 has its median at 0.34; show scale 1 as sensitivity.

use crate::bayes::quadrature::{POINTS, gauss_legendre};
use crate::distribution::normal_cdf;
use crate::error::check_level;
use crate::{Estimate, InputError, Interval};

use super::{check_effects, check_studies};

/// Priors of the mean and of the standard deviation between studies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BayesNormalPriors {
    /// Prior mean of mu.
    pub mu_mean: f64,
    /// Prior standard deviation of mu.
    pub mu_sd: f64,
    /// Scale of the half-normal prior of tau.
    pub tau_scale: f64,
}

impl Default for BayesNormalPriors {
    /// N(0, 4^2), nearly flat for a log ratio, and half-normal(0.5).
    fn default() -> Self {
        BayesNormalPriors {
            mu_mean: 0.0,
            mu_sd: 4.0,
            tau_scale: 0.5,
        }
    }
}

/// Posterior of one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub standard_deviation: f64,
    /// Median.
    pub median: f64,
    /// Central credible interval.
    pub interval: Interval,
}

/// Posterior of the mean, of the spread and of the effect in a new study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BayesNormal {
    /// Mean effect mu.
    pub mu: Posterior,
    /// Standard deviation between studies tau.
    pub tau: Posterior,
    /// Effect in a new study.
    pub prediction: Posterior,
}

/// A panel of tau values.
struct Panel {
    low: f64,
    high: f64,
    /// Mass of the panel after normalisation.
    mass: f64,
}

/// The posterior of mu at one tau, with the mass of tau's node.
struct Node {
    mass: f64,
    tau: f64,
    mean: f64,
    variance: f64,
}

/// Half-normal beyond 16 scales has a density below e^-128 of its top.
const OCTAVES: i32 = 44;
const PANELS_PER_OCTAVE: i32 = 8;
const SCALES_ABOVE: f64 = 16.0;

/// Posterior for at least one study.
pub fn bayes_normal(
    effect: &[f64],
    variance: &[f64],
    priors: &BayesNormalPriors,
    confidence_level: f64,
) -> Estimate<BayesNormal> {
    check_level(confidence_level)?;
    check_effects(effect, variance)?;
    check_studies(effect.len(), 1)?;
    let sized = |x: f64| (1e-20..=1e20).contains(&x);
    for (name, value, sound) in [
        ("mu_mean", priors.mu_mean, priors.mu_mean.abs() <= 1e20),
        ("mu_sd", priors.mu_sd, sized(priors.mu_sd)),
        ("tau_scale", priors.tau_scale, sized(priors.tau_scale)),
    ] {
        if !sound {
            return Err(InputError::Range {
                name,
                value,
                expected: "of a size between 1e-20 and 1e20",
            }
            .into());
        }
    }
    let rule = gauss_legendre();
    let top = SCALES_ABOVE * priors.tau_scale;
    let mut ends = vec![0.0];
    let places = OCTAVES * PANELS_PER_OCTAVE;
    ends.extend(
        (0..=places)
            .rev()
            .map(|j| top * libm::exp2(-f64::from(j) / f64::from(PANELS_PER_OCTAVE))),
    );
    let nodes_of = |low: f64, high: f64| {
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        rule.map(|(x, weight)| (middle + half * x, half * weight))
    };
    let log_density = |tau: f64| at_tau(effect, variance, priors, tau);
    let mut nodes = Vec::with_capacity(ends.len() * POINTS);
    for pair in ends.windows(2) {
        for (tau, weight) in nodes_of(pair[0], pair[1]) {
            let at = log_density(tau);
            nodes.push((at.log_density, weight, tau, at.mean, at.variance));
        }
    }
    let largest = nodes.iter().map(|n| n.0).fold(f64::NEG_INFINITY, f64::max);
    let mut mixture: Vec<Node> = nodes
        .iter()
        .map(|&(log, weight, tau, mean, variance)| Node {
            mass: weight * libm::exp(log - largest),
            tau,
            mean,
            variance,
        })
        .collect();
    let all: f64 = mixture.iter().map(|n| n.mass).sum();
    mixture.iter_mut().for_each(|n| n.mass /= all);
    let panels: Vec<Panel> = ends
        .windows(2)
        .zip(mixture.chunks(POINTS))
        .map(|(pair, nodes)| Panel {
            low: pair[0],
            high: pair[1],
            mass: nodes.iter().map(|n| n.mass).sum(),
        })
        .collect();
    let tail = 0.5 * (1.0 - confidence_level);
    let probabilities = [0.5, tail, 1.0 - tail];

    let mass_between = |low: f64, high: f64| -> f64 {
        nodes_of(low, high)
            .iter()
            .map(|&(tau, weight)| weight * libm::exp(log_density(tau).log_density - largest) / all)
            .sum()
    };
    let tau_quantile = |probability: f64| {
        let mut below = 0.0;
        let inside = panels.iter().find(|panel| {
            below += panel.mass;
            below >= probability
        });
        let Some(panel) = inside.or(panels.last()) else {
            return 0.0;
        };
        let target = probability - (below - panel.mass);
        let (mut low, mut high) = (panel.low, panel.high);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if mass_between(panel.low, middle) < target {
                low = middle
            } else {
                high = middle
            }
        }
        0.5 * (low + high)
    };
    let tau_mean = mixture.iter().map(|n| n.mass * n.tau).sum::<f64>();
    let tau_variance = mixture
        .iter()
        .map(|n| n.mass * (n.tau - tau_mean) * (n.tau - tau_mean))
        .sum::<f64>();
    let [median, lower, upper] = probabilities.map(tau_quantile);
    mixture.retain(|n| n.mass > 1e-18);
    Ok(BayesNormal {
        mu: normal_mixture(&mixture, probabilities, |n| n.variance),
        tau: Posterior {
            mean: tau_mean,
            standard_deviation: tau_variance.sqrt(),
            median,
            interval: Interval { lower, upper },
        },
        prediction: normal_mixture(&mixture, probabilities, |n| n.variance + n.tau * n.tau),
    })
}

struct AtTau {
    log_density: f64,
    mean: f64,
    variance: f64,
}

/// Posterior of mu at tau and the log of tau's posterior density, up to a constant.
fn at_tau(effect: &[f64], variance: &[f64], priors: &BayesNormalPriors, tau: f64) -> AtTau {
    let prior = 1.0 / (priors.mu_sd * priors.mu_sd);
    let (mut precision, mut moment, mut log_density) = (prior, 0.0, 0.0);
    for (y, v) in effect.iter().zip(variance) {
        let w = 1.0 / (v + tau * tau);
        precision += w;
        moment += w * (y - priors.mu_mean);
        log_density += 0.5 * libm::log(w);
    }
    let mean = priors.mu_mean + moment / precision;
    // Squares about the posterior mean, which do not cancel.
    for (y, v) in effect.iter().zip(variance) {
        log_density -= 0.5 * (y - mean) * (y - mean) / (v + tau * tau);
    }
    let from_prior = mean - priors.mu_mean;
    let z = tau / priors.tau_scale;
    log_density -= 0.5 * (prior * from_prior * from_prior + libm::log(precision) + z * z);
    AtTau {
        log_density,
        mean,
        variance: 1.0 / precision,
    }
}

/// Moments and quantiles of a mixture of normals.
fn normal_mixture(
    nodes: &[Node],
    probabilities: [f64; 3],
    variance: impl Fn(&Node) -> f64,
) -> Posterior {
    let mean: f64 = nodes.iter().map(|n| n.mass * n.mean).sum();
    let total_variance: f64 = nodes
        .iter()
        .map(|n| n.mass * (variance(n) + (n.mean - mean) * (n.mean - mean)))
        .sum();
    let (mut bottom, mut top) = (f64::INFINITY, f64::NEG_INFINITY);
    for n in nodes {
        let reach = 40.0 * variance(n).sqrt();
        bottom = bottom.min(n.mean - reach);
        top = top.max(n.mean + reach);
    }
    let quantile = |probability: f64| {
        let (mut low, mut high) = (bottom, top);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            let cdf: f64 = nodes
                .iter()
                .map(|n| n.mass * normal_cdf((middle - n.mean) / variance(n).sqrt()))
                .sum();
            if cdf < probability {
                low = middle
            } else {
                high = middle
            }
        }
        0.5 * (low + high)
    };
    let [median, lower, upper] = probabilities.map(quantile);
    Posterior {
        mean,
        standard_deviation: total_variance.sqrt(),
        median,
        interval: Interval { lower, upper },
    }
}
