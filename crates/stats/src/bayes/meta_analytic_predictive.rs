//! Meta-analytic-predictive (MAP) prior for a binary control response, by deterministic quadrature.
//!
//! r_i of n_i responded in historical study i: logit theta_i ~ N(mu, tau^2), mu ~ N(m, s^2),
//! tau ~ half-normal. The prior for the next study is its theta, averaged over the posterior of mu
//! and tau. Neuenschwander et al. 2010, doi:10.1177/1740774509356002; Schmidli et al. 2014,
//! doi:10.1111/biom.12242.
//!
//! Three nested sums, each with equal steps, which for smooth functions that die out converges
//! faster than any power of the step:
//! * theta_i is integrated out around the mode of its log-concave integrand;
//! * mu around the mode of its conditional posterior, again log-concave;
//! * tau from 0, in whose sign the posterior is even, on a grid that is narrowed to where its
//!   marginal posterior is.
//!
//! The result is then a mixture of normals on the logit scale, one per pair of mu and tau.
//! [`super::map_mixture`] approximates it by a beta mixture.

use std::f64::consts::PI;

use super::beta_mixture::expit;
use crate::distribution::normal_cdf;
use crate::error::check_count;
use crate::{Estimate, InputError, NotEstimable};

/// Studies accepted; the work grows with their number.
const MOST_STUDIES: usize = 500;
/// Terms this far below the largest are left out, as logarithms: 1e-13 of it.
const NEGLIGIBLE: f64 = 30.0;
/// Points of the grid for tau.
const TAU_POINTS: usize = 129;
/// The grid for tau ends where its posterior density is e^-20, 2e-9, of its largest value.
const TAU_NEGLIGIBLE: f64 = 20.0;
/// Steps for mu, as parts of the usual one, where tau is so small that the usual one shows.
const FINEST_STEP: f64 = 1.0 / 32.0;

/// One historical study's control arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoricalControl {
    /// Responders.
    pub responders: u64,
    /// Subjects.
    pub subjects: u64,
}

/// Priors of the mean and the heterogeneity on the logit scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapPriors {
    /// Mean of the normal prior of mu.
    pub mu_mean: f64,
    /// Standard deviation of the normal prior of mu.
    pub mu_sd: f64,
    /// Scale of the half-normal prior of tau: the standard deviation of the normal that is folded.
    pub tau_scale: f64,
}

impl Default for MapPriors {
    /// N(0, 2^2) and half-normal(1); half-normal(0.5) is the usual sensitivity analysis.
    fn default() -> MapPriors {
        MapPriors {
            mu_mean: 0.0,
            mu_sd: 2.0,
            tau_scale: 1.0,
        }
    }
}

/// The predictive distribution of the next study's response probability.
#[derive(Debug, Clone, PartialEq)]
pub struct MapPrior {
    /// Pairs of mu and tau with posterior weights that add up to one.
    nodes: Vec<Node>,
    /// Posterior mean of the between-study standard deviation tau.
    pub tau_mean: f64,
    /// The posterior of tau on its grid.
    tau_grid: Vec<TauPoint>,
    /// Mean response probability.
    pub mean: f64,
    /// Its standard deviation.
    pub standard_deviation: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    mu: f64,
    sd: f64,
    weight: f64,
}

/// Posterior density and distribution function of tau at one value.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TauPoint {
    tau: f64,
    density: f64,
    cdf: f64,
}

/// The MAP prior from `studies`.
///
/// Errors: no study or more than 500, a study without subjects, a prior scale out of range.
pub fn map_prior(studies: &[HistoricalControl], priors: &MapPriors) -> Estimate<MapPrior> {
    check(studies, priors)?;
    let (taus, step) = tau_grid(studies, priors);
    let largest = taus
        .iter()
        .map(|t| t.ln_marginal)
        .fold(f64::NEG_INFINITY, f64::max);
    let density: Vec<f64> = taus
        .iter()
        .map(|t| libm::exp(t.ln_marginal - largest))
        .collect();
    let mut nodes = Vec::new();
    for (index, (at, density)) in taus.iter().zip(&density).enumerate() {
        // The ends of the grid count half: 0 by symmetry, the others are negligible.
        let end = if index == 0 || index + 1 == taus.len() {
            0.5
        } else {
            1.0
        };
        nodes.extend(at.mus.iter().map(|&(mu, share)| Node {
            mu,
            sd: at.sd,
            weight: end * density * share,
        }));
    }
    let total: f64 = nodes.iter().map(|n| n.weight).sum();
    for node in &mut nodes {
        node.weight /= total;
    }
    let area: f64 = density.iter().sum::<f64>() - 0.5 * (density[0] + density[density.len() - 1]);
    // The last term is Euler and Maclaurin's: tau times its density rises from 0 at the lower end.
    let tau_mean = taus
        .iter()
        .zip(&density)
        .map(|(t, d)| t.tau * d)
        .sum::<f64>()
        / area
        + step / 12.0 * density[0] / area;
    nodes.retain(|n| n.weight > 1e-13);
    let (mut first, mut second) = (0.0, 0.0);
    for node in &nodes {
        let (mean, square) = logistic_normal_moments(node.mu, node.sd);
        first += node.weight * mean;
        second += node.weight * square;
    }
    Ok(MapPrior {
        nodes,
        tau_mean,
        tau_grid: tau_distribution(&taus, &density, step),
        mean: first,
        standard_deviation: (second - first * first).max(0.0).sqrt(),
    })
}

fn check(studies: &[HistoricalControl], priors: &MapPriors) -> Result<(), NotEstimable> {
    if studies.is_empty() {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    if studies.len() > MOST_STUDIES {
        return Err(InputError::Range {
            name: "studies",
            value: studies.len() as f64,
            expected: "at most 500 studies",
        }
        .into());
    }
    for (index, study) in studies.iter().enumerate() {
        check_count("responders", study.responders, study.subjects)?;
        if study.subjects == 0 {
            return Err(InputError::Value {
                name: "subjects",
                index,
                value: 0.0,
                expected: "at least 1",
            }
            .into());
        }
    }
    for (name, value, range) in [
        ("mu_mean", priors.mu_mean, -10.0..=10.0),
        ("mu_sd", priors.mu_sd, 0.01..=10.0),
        ("tau_scale", priors.tau_scale, 0.01..=5.0),
    ] {
        if !range.contains(&value) {
            return Err(InputError::Range {
                name,
                value,
                expected: "mu_mean from -10 to 10, mu_sd from 0.01 to 10, tau_scale from 0.01 to 5, on the logit scale",
            }
            .into());
        }
    }
    Ok(())
}

/// The conditional posterior of mu at one tau.
struct AtTau {
    tau: f64,
    /// Logarithm of the marginal posterior density of tau, up to a constant.
    ln_marginal: f64,
    /// Values of mu with their shares, which add up to one.
    mus: Vec<(f64, f64)>,
    /// Standard deviation of the next theta about each mu: tau, but at least the step between them,
    /// so that their sum is smooth. The steps are then so small that this adds 6e-5 to the variance
    /// of mu at most, for the least values of tau.
    sd: f64,
}

/// The grid for tau and its step.
fn tau_grid(studies: &[HistoricalControl], priors: &MapPriors) -> (Vec<AtTau>, f64) {
    // Nine scales leave 2e-19 of the half-normal prior.
    let (mut low, mut high) = (0.0, 9.0 * priors.tau_scale);
    loop {
        let step = (high - low) / (TAU_POINTS - 1) as f64;
        let grid: Vec<AtTau> = (0..TAU_POINTS)
            .map(|i| at_tau(studies, priors, low + step * i as f64))
            .collect();
        let largest = grid
            .iter()
            .map(|t| t.ln_marginal)
            .fold(f64::NEG_INFINITY, f64::max);
        let counts = |t: &AtTau| t.ln_marginal > largest - TAU_NEGLIGIBLE;
        let first = grid.iter().position(counts).unwrap_or(0);
        let last = grid.iter().rposition(counts).unwrap_or(TAU_POINTS - 1);
        // Narrow until most of the points count.
        if last - first >= TAU_POINTS / 2 || step < 1e-9 {
            return (grid, step);
        }
        (low, high) = (
            low + step * first.saturating_sub(1) as f64,
            low + step * (last + 1).min(TAU_POINTS - 1) as f64,
        );
    }
}

/// Trapezoids with the first term of the Euler-Maclaurin correction, -step^2 / 12 times the
/// difference of the slopes at the ends, by central differences; at the lower end the slope is zero.
fn tau_distribution(taus: &[AtTau], density: &[f64], step: f64) -> Vec<TauPoint> {
    let mut sum = 0.0;
    let mut points: Vec<TauPoint> = (0..taus.len())
        .map(|i| {
            if i > 0 {
                sum += 0.5 * step * (density[i - 1] + density[i]);
            }
            let inside = i > 0 && i + 1 < taus.len();
            let rise = if inside {
                density[i + 1] - density[i - 1]
            } else {
                0.0
            };
            TauPoint {
                tau: taus[i].tau,
                density: density[i],
                cdf: sum - step / 24.0 * rise,
            }
        })
        .collect();
    for point in &mut points {
        point.density /= sum;
        point.cdf /= sum;
    }
    points
}

fn at_tau(studies: &[HistoricalControl], priors: &MapPriors, tau: f64) -> AtTau {
    let ln_posterior = |mu: f64| -> f64 {
        let z = (mu - priors.mu_mean) / priors.mu_sd;
        studies
            .iter()
            .map(|s| ln_likelihood(s, mu, tau))
            .sum::<f64>()
            - 0.5 * z * z
    };
    // Where and how wide the posterior of mu is, by normal approximations of each study.
    let (mut information, mut weighted) = (
        1.0 / (priors.mu_sd * priors.mu_sd),
        priors.mu_mean / (priors.mu_sd * priors.mu_sd),
    );
    for study in studies {
        let (r, n) = (study.responders as f64 + 0.5, study.subjects as f64 + 1.0);
        let weight = 1.0 / (1.0 / r + 1.0 / (n - r) + tau * tau);
        information += weight;
        weighted += weight * libm::log(r / (n - r));
    }
    let usual = 0.5 / information.sqrt();
    let step = tau.clamp(FINEST_STEP * usual, usual);
    let centre = climb(weighted / information, step, &ln_posterior);
    let terms = around(centre, step, &ln_posterior);
    let largest = terms.iter().map(|t| t.1).fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<(f64, f64)> = terms
        .iter()
        .map(|&(mu, ln)| (mu, libm::exp(ln - largest)))
        .collect();
    let sum: f64 = shares.iter().map(|s| s.1).sum();
    let z = tau / priors.tau_scale;
    AtTau {
        tau,
        ln_marginal: largest + libm::log(sum * step) - 0.5 * z * z,
        sd: tau.max(FINEST_STEP * usual),
        mus: shares
            .into_iter()
            .map(|(mu, share)| (mu, share / sum))
            .collect(),
    }
}

/// ln of the integral over theta of the binomial likelihood times N(theta; mu, tau^2), up to a
/// constant of the study.
fn ln_likelihood(study: &HistoricalControl, mu: f64, tau: f64) -> f64 {
    let (r, n) = (study.responders as f64, study.subjects as f64);
    let binomial = |theta: f64| {
        // r ln p + (n - r) ln (1 - p), without overflow on either side.
        let softplus = libm::log1p(libm::exp(-theta.abs()));
        if theta > 0.0 {
            -(n - r) * theta - n * softplus
        } else {
            r * theta - n * softplus
        }
    };
    if tau == 0.0 {
        return binomial(mu);
    }
    let precision = 1.0 / (tau * tau);
    let ln_integrand = |theta: f64| binomial(theta) - 0.5 * precision * (theta - mu) * (theta - mu);
    // Newton's method on a concave function, from between study and mean, with halved steps.
    let mut mode = mu;
    let mut value = ln_integrand(mode);
    let mut curvature = precision;
    for _ in 0..100 {
        let (p, q) = expit(mode);
        curvature = n * p * q + precision;
        let gradient = r * q - (n - r) * p - precision * (mode - mu);
        let mut change = gradient / curvature;
        let mut next = ln_integrand(mode + change);
        while next < value && change.abs() > 1e-12 {
            change *= 0.5;
            next = ln_integrand(mode + change);
        }
        if next < value || change.abs() < 1e-6 / curvature.sqrt() {
            break;
        }
        mode += change;
        value = next;
    }
    // The logistic function limits the step where the integrand is not normal, as at 0 of n.
    let step = (0.7 / curvature.sqrt()).min(0.4);
    let terms = around(mode, step, &ln_integrand);
    let largest = terms.iter().map(|t| t.1).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|t| libm::exp(t.1 - largest)).sum();
    largest + libm::log(sum * step / (tau * (2.0 * PI).sqrt()))
}

/// The best of the points `from`, `from` + `step`, ... in the direction in which `ln` rises.
pub(crate) fn climb(from: f64, step: f64, ln: &impl Fn(f64) -> f64) -> f64 {
    let (mut at, mut value) = (from, ln(from));
    for direction in [step, -step] {
        // Data far from the prior need some steps, never this many.
        for _ in 0..10_000 {
            let next = ln(at + direction);
            if next <= value {
                break;
            }
            (at, value) = (at + direction, next);
        }
    }
    at
}

/// Points in equal steps about the mode of a log-concave function, to where it is negligible.
pub(crate) fn around(mode: f64, step: f64, ln: &impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let at_mode = ln(mode);
    let mut points = vec![(mode, at_mode)];
    for sign in [-1.0, 1.0] {
        for k in 1..10_000 {
            let at = mode + sign * step * f64::from(k);
            let value = ln(at);
            if value < at_mode - NEGLIGIBLE {
                break;
            }
            points.push((at, value));
        }
    }
    points
}

/// Mean and mean square of 1 / (1 + e^-theta) for theta ~ N(mu, sd^2).
fn logistic_normal_moments(mu: f64, sd: f64) -> (f64, f64) {
    // In steps of the normal deviate that are small beside the logistic function's width too.
    let step = 0.4 / sd.max(1.0);
    let points = (9.0 / step).ceil() as i32;
    let (mut all, mut mean, mut square) = (0.0, 0.0, 0.0);
    for k in -points..=points {
        let z = step * f64::from(k);
        let weight = libm::exp(-0.5 * z * z);
        let (p, _) = expit(mu + sd * z);
        all += weight;
        mean += weight * p;
        square += weight * p * p;
    }
    (mean / all, square / all)
}

impl MapPrior {
    /// P(theta <= `p`) for the next study.
    pub fn cdf(&self, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return 1.0;
        }
        self.logit_cdf(libm::log(p) - libm::log1p(-p))
    }

    /// P(logit theta <= `u`).
    pub(crate) fn logit_cdf(&self, u: f64) -> f64 {
        let sum: f64 = self
            .nodes
            .iter()
            .map(|n| n.weight * normal_cdf((u - n.mu) / n.sd))
            .sum();
        sum.min(1.0)
    }

    /// The response probability with P(theta <= value) = `probability`, between 0 and 1.
    pub fn quantile(&self, probability: f64) -> Result<f64, InputError> {
        crate::single_arm::check_probability("probability", probability)?;
        let (mut low, mut high) = (-745.0, 745.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.logit_cdf(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(expit(0.5 * (low + high)).0)
    }

    /// The quantile of tau's posterior.
    pub fn tau_quantile(&self, probability: f64) -> Result<f64, InputError> {
        crate::single_arm::check_probability("probability", probability)?;
        let grid = &self.tau_grid;
        let after = grid
            .partition_point(|point| point.cdf < probability)
            .clamp(1, grid.len() - 1);
        let (from, to) = (grid[after - 1], grid[after]);
        // The cubic that has both values and both slopes.
        let width = to.tau - from.tau;
        let cdf = |s: f64| {
            let r = 1.0 - s;
            from.cdf * (1.0 + 2.0 * s) * r * r
                + to.cdf * (3.0 - 2.0 * s) * s * s
                + width * s * r * (from.density * r - to.density * s)
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if cdf(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(from.tau + 0.5 * (low + high) * width)
    }

    /// Effective sample size by moments: m (1 - m) / v - 1.
    pub fn effective_sample_size_moment(&self) -> f64 {
        let variance = self.standard_deviation * self.standard_deviation;
        self.mean * (1.0 - self.mean) / variance - 1.0
    }
}
