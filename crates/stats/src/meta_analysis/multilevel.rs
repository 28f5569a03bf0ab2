//! Mean of effects nested in clusters, such as several cohorts of one centre.
//!
//! y_ij = mu + a_i + b_ij + e_ij with a_i ~ N(0, sigma_1^2) between clusters, b_ij ~ N(0, sigma_2^2) within,
//! e_ij ~ N(0, v_ij) known: the three-level model, by REML (Konstantopoulos 2011, doi:10.1002/jrsm.35).
//! The covariance of a cluster is diagonal plus sigma_1^2 in every place, so its inverse and determinant
//! are closed: with w = 1 / (v + sigma_2^2) and S = sum w,
//! |V| = (1 + sigma_1^2 S) / prod w and 1'V^-1 y = sum w y / (1 + sigma_1^2 S).
//!
//! A component without support in the data is zero. Intervals are normal.

use crate::distribution::normal_critical;
use crate::error::{check_length, check_level};
use crate::{Estimate, Interval, NotEstimable};

use super::marginal_likelihood::maximum;
use super::{check_effects, check_studies};

/// A standard deviation below this, in units in which effects are near one, is zero.
const EDGE: f64 = 1e-7;

/// Three-level mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multilevel {
    /// The mean effect.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Normal interval.
    pub interval: Interval,
    /// Variance between clusters.
    pub between_clusters: f64,
    /// Variance between effects of one cluster.
    pub within_clusters: f64,
    /// Restricted log-likelihood.
    pub log_likelihood: f64,
}

/// Fits the three-level model; `cluster` labels the cluster of each effect. At least two clusters, and
/// one of them with two effects.
pub fn multilevel(
    effect: &[f64],
    variance: &[f64],
    cluster: &[usize],
    confidence_level: f64,
) -> Estimate<Multilevel> {
    check_level(confidence_level)?;
    check_effects(effect, variance)?;
    check_length("cluster", cluster.len(), effect.len())?;
    check_studies(effect.len(), 3)?;
    let mut labels = cluster.to_vec();
    labels.sort_unstable();
    labels.dedup();
    if labels.len() < 2 {
        return Err(NotEstimable::TooFewStudies {
            studies: labels.len(),
            needed: 2,
        });
    }
    if labels.len() == effect.len() {
        // One effect per cluster: the two components cannot be told apart.
        return Err(NotEstimable::NoVariation);
    }
    // In units in which effects and errors are near one, about the plain mean.
    let k = effect.len() as f64;
    let origin = effect.iter().map(|y| y / k).sum::<f64>();
    let unit = (effect.iter().zip(variance))
        .map(|(y, v)| ((y - origin) * (y - origin) + v) / k)
        .sum::<f64>()
        .sqrt();
    let clusters: Vec<Vec<(f64, f64)>> = labels
        .iter()
        .map(|label| {
            (0..effect.len())
                .filter(|&i| cluster[i] == *label)
                .map(|i| ((effect[i] - origin) / unit, variance[i] / unit / unit))
                .collect()
        })
        .collect();
    let likelihood = |between_sd: f64, within_sd: f64| {
        restricted(&clusters, between_sd * between_sd, within_sd * within_sd)
    };
    let at = |b: &[f64]| likelihood(b[0], b[1]).log_likelihood;
    let mut start = (f64::NEG_INFINITY, [0.0, 0.0]);
    for between in [0.1, 0.3, 1.0] {
        for within in [0.1, 0.3, 1.0] {
            let value = at(&[between, within]);
            if value > start.0 {
                start = (value, [between, within]);
            }
        }
    }
    // The likelihood is even in both standard deviations, so zero is a place like any other; the
    // edges are tried too because a flat edge can hold the search up.
    let [between, within] = start.1;
    let mut candidates = vec![[0.0, 0.0]];
    candidates.extend(
        maximum(&[between, within], &[0.1, 0.1], &at)
            .ok()
            .map(|m| [m.at[0], m.at[1]]),
    );
    candidates.extend(
        maximum(&[between], &[0.1], &|b| at(&[b[0], 0.0]))
            .ok()
            .map(|m| [m.at[0], 0.0]),
    );
    candidates.extend(
        maximum(&[within], &[0.1], &|b| at(&[0.0, b[0]]))
            .ok()
            .map(|m| [0.0, m.at[0]]),
    );
    let mut best = (f64::NEG_INFINITY, [0.0, 0.0]);
    for sds in candidates {
        // A search that ends at an edge stops a hair off it.
        let sds = sds.map(|sd: f64| if sd.abs() < EDGE { 0.0 } else { sd });
        let value = at(&sds);
        // A free component has to earn its place against rounding.
        if value > best.0 + 1e-10 {
            best = (value, sds);
        }
    }
    if best.0 < start.0 {
        return Err(NotEstimable::NoConvergence { iterations: 200 });
    }
    let [between, within] = best.1;
    let fit = likelihood(between, within);
    let standard_error = unit / fit.information.sqrt();
    let estimate = origin + unit * fit.mean;
    let half_width = normal_critical(confidence_level) * standard_error;
    Ok(Multilevel {
        estimate,
        standard_error,
        interval: Interval::around(estimate, half_width),
        between_clusters: between * between * unit * unit,
        within_clusters: within * within * unit * unit,
        log_likelihood: fit.log_likelihood - (k - 1.0) * libm::log(unit),
    })
}

struct Restricted {
    mean: f64,
    information: f64,
    log_likelihood: f64,
}

fn restricted(clusters: &[Vec<(f64, f64)>], between: f64, within: f64) -> Restricted {
    let (mut information, mut moment, mut squares, mut log_det) = (0.0, 0.0, 0.0, 0.0);
    let mut k = 0.0;
    for cluster in clusters {
        let (mut s, mut sy, mut syy) = (0.0, 0.0, 0.0);
        for (y, v) in cluster {
            let w = 1.0 / (v + within);
            s += w;
            sy += w * y;
            syy += w * y * y;
            log_det -= libm::log(w);
            k += 1.0;
        }
        let shrink = 1.0 + between * s;
        information += s / shrink;
        moment += sy / shrink;
        squares += syy - between * sy * sy / shrink;
        log_det += libm::log(shrink);
    }
    let mean = moment / information;
    let residual = squares - moment * mean;
    // log k is log |X'X| of the one column of ones.
    let constant = (k - 1.0) * libm::log(2.0 * std::f64::consts::PI) - libm::log(k);
    Restricted {
        mean,
        information,
        log_likelihood: -0.5 * (constant + log_det + libm::log(information) + residual),
    }
}
