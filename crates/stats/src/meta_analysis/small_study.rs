//! Small-study effects: do small studies show other effects than large ones, and what if the missing
//! ones were there?
//!
//! * Regression of the effect on its standard error (Egger 1997, doi:10.1136/bmj.315.7109.629), by
//!   weighted least squares with a free dispersion, or as a random-effects regression. The intercept is
//!   the effect of an infinitely precise study.
//! * Regression on the size of the study: for odds ratios and proportions, whose standard error depends
//!   on the effect itself (Macaskill 2001, doi:10.1002/sim.698).
//! * Rank correlation of the standardised effect with the variance (Begg and Mazumdar 1994,
//!   doi:10.2307/2533446), exact without ties up to a hundred studies.
//! * Trim and fill with the estimator L0 (Duval and Tweedie 2000, doi:10.1111/j.0006-341X.2000.00455.x):
//!   a sensitivity, not a correction.
//!
//! None has power with few studies: below ten they are refused unless asked for by
//! [`FewStudies::Accept`].

use super::meta_regression::meta_regression;
use super::random_effects::{
    HeterogeneityMethod, MeanInterval, RandomEffects, RandomEffectsOptions, random_effects,
};
use super::{check_effects, check_studies};
use crate::distribution::normal_two_sided;
use crate::error::check_length;
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Fewer studies than this say nothing on small-study effects (Sterne 2011, doi:10.1136/bmj.d4002).
pub const FEWEST_STUDIES: usize = 10;

/// What is done with fewer than ten studies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FewStudies {
    /// Refuse: the default.
    #[default]
    Refuse,
    /// Compute what can be computed.
    Accept,
}

fn check_funnel(effect: &[f64], variance: &[f64], few: FewStudies, needed: usize) -> Estimate<()> {
    check_effects(effect, variance)?;
    let needed = match few {
        FewStudies::Refuse => FEWEST_STUDIES,
        FewStudies::Accept => needed,
    };
    check_studies(effect.len(), needed)
}

/// What stands for the size of a study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FunnelPredictor<'a> {
    /// The standard error of the effect.
    StandardError,
    /// Subjects, or another measure of size, one per study.
    Size(&'a [f64]),
}

/// The model of the regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FunnelModel {
    /// Weighted least squares with a free dispersion; t on k - 2.
    WeightedLeastSquares,
    /// Random-effects regression; normal.
    RandomEffects(HeterogeneityMethod),
}

/// A regression test for funnel asymmetry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FunnelRegression {
    /// Slope over its standard error.
    pub statistic: f64,
    /// Degrees of freedom of t; none where normal.
    pub degrees_of_freedom: Option<usize>,
    /// Two-sided p value of no slope.
    pub p_value: f64,
    /// Effect where the predictor is zero: with the standard error, of an infinitely precise study.
    pub intercept: f64,
    /// Its interval.
    pub intercept_interval: Interval,
}

/// Regression test for funnel asymmetry.
pub fn funnel_regression(
    effect: &[f64],
    variance: &[f64],
    predictor: FunnelPredictor,
    model: FunnelModel,
    few: FewStudies,
    confidence_level: f64,
) -> Estimate<FunnelRegression> {
    check_funnel(effect, variance, few, 3)?;
    let values: Vec<f64> = match predictor {
        FunnelPredictor::StandardError => variance.iter().map(|v| v.sqrt()).collect(),
        FunnelPredictor::Size(sizes) => {
            check_length("sizes", sizes.len(), effect.len())?;
            sizes.to_vec()
        }
    };
    // Least squares with a free dispersion is a regression without tau^2 whose error is scaled as
    // Knapp and Hartung do.
    let (method, interval) = match model {
        FunnelModel::WeightedLeastSquares => (
            HeterogeneityMethod::CommonEffect,
            MeanInterval::HartungKnapp,
        ),
        FunnelModel::RandomEffects(method) => (method, MeanInterval::Normal),
    };
    let options = RandomEffectsOptions {
        method,
        interval,
        confidence_level,
        ..Default::default()
    };
    let fit = meta_regression(effect, variance, &[&values], &options)?;
    let slope = fit.slopes[0];
    Ok(FunnelRegression {
        statistic: slope.statistic,
        degrees_of_freedom: fit.degrees_of_freedom,
        p_value: slope.p_value,
        intercept: fit.intercept.coefficient,
        intercept_interval: fit.intercept.interval,
    })
}

/// Begg and Mazumdar's rank correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankCorrelation {
    /// Kendall's tau-b.
    pub tau: f64,
    /// Two-sided p value.
    pub p_value: f64,
    /// Whether the p value is exact; with ties, or above a hundred studies, it is normal.
    pub exact: bool,
}

/// Largest number of studies whose permutations are counted.
const LARGEST_EXACT: usize = 100;

/// Rank correlation of the standardised effects with their variances.
pub fn rank_correlation(
    effect: &[f64],
    variance: &[f64],
    few: FewStudies,
) -> Estimate<RankCorrelation> {
    check_funnel(effect, variance, few, 3)?;
    let k = effect.len();
    let origin = effect[0];
    let weights: f64 = variance.iter().map(|v| 1.0 / v).sum();
    let mean = effect
        .iter()
        .zip(variance)
        .map(|(y, v)| (y - origin) / v)
        .sum::<f64>()
        / weights;
    let standardised: Vec<f64> = effect
        .iter()
        .zip(variance)
        .map(|(y, v)| (y - origin - mean) / (v - 1.0 / weights).sqrt())
        .collect();
    let (mut concordant, mut discordant, mut tied_effects, mut tied_variances) = (0, 0, 0, 0);
    for i in 0..k {
        for j in 0..i {
            let a = standardised[i].partial_cmp(&standardised[j]);
            let b = variance[i].partial_cmp(&variance[j]);
            let equal = Some(std::cmp::Ordering::Equal);
            tied_effects += usize::from(a == equal);
            tied_variances += usize::from(b == equal);
            if a != equal && b != equal {
                if a == b {
                    concordant += 1
                } else {
                    discordant += 1
                }
            }
        }
    }
    let pairs = k * (k - 1) / 2;
    if tied_effects == pairs || tied_variances == pairs {
        return Err(NotEstimable::NoVariation);
    }
    let s = concordant as f64 - discordant as f64;
    let scale = ((pairs - tied_effects) as f64 * (pairs - tied_variances) as f64).sqrt();
    let exact = tied_effects + tied_variances == 0 && k <= LARGEST_EXACT;
    let p_value = if exact {
        let lower: f64 = inversions(k)[..=concordant.min(discordant)].iter().sum();
        (2.0 * lower).min(1.0)
    } else {
        normal_two_sided(s / kendall_variance(&standardised, variance).sqrt())
    };
    Ok(RankCorrelation {
        tau: s / scale,
        p_value,
        exact,
    })
}

/// Probabilities of 0, 1, ... inversions in a random permutation of k.
fn inversions(k: usize) -> Vec<f64> {
    let mut probability = vec![1.0];
    for n in 2..=k {
        let mut next = vec![0.0; probability.len() + n - 1];
        for (place, p) in probability.iter().enumerate() {
            for value in &mut next[place..place + n] {
                *value += p / n as f64;
            }
        }
        probability = next;
    }
    probability
}

/// Variance of concordant minus discordant pairs under no association, with ties (Kendall 1970).
fn kendall_variance(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let ties = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let runs: Vec<f64> = sorted
            .chunk_by(|x, y| x == y)
            .map(|run| run.len() as f64)
            .collect();
        let sum = |of: fn(f64) -> f64| runs.iter().map(|&t| of(t)).sum::<f64>();
        (
            sum(|t| t * (t - 1.0)),
            sum(|t| t * (t - 1.0) * (t - 2.0)),
            sum(|t| t * (t - 1.0) * (2.0 * t + 5.0)),
        )
    };
    let ((a2, a3, a5), (b2, b3, b5)) = (ties(a), ties(b));
    (n * (n - 1.0) * (2.0 * n + 5.0) - a5 - b5) / 18.0
        + a2 * b2 / (2.0 * n * (n - 1.0))
        + a3 * b3 / (9.0 * n * (n - 1.0) * (n - 2.0))
}

/// The side of the funnel on which studies are taken to be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingSide {
    /// Studies with smaller effects.
    Left,
    /// Studies with larger effects.
    Right,
}

/// Trim and fill.
#[derive(Debug, Clone, PartialEq)]
pub struct TrimAndFill {
    /// Studies filled in.
    pub missing: usize,
    /// Their effects, each the mirror image of a study's.
    pub filled_effects: Vec<f64>,
    /// The mean with the filled studies.
    pub pooled: RandomEffects,
}

/// Trim and fill with L0; `options` is the model by which the centre is found and the result pooled.
pub fn trim_and_fill(
    effect: &[f64],
    variance: &[f64],
    side: MissingSide,
    options: &RandomEffectsOptions,
    few: FewStudies,
) -> Estimate<TrimAndFill> {
    check_funnel(effect, variance, few, 3)?;
    let k = effect.len();
    let sign = match side {
        MissingSide::Left => 1.0,
        MissingSide::Right => -1.0,
    };
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&i, &j| {
        (sign * effect[i])
            .total_cmp(&(sign * effect[j]))
            .then(variance[i].total_cmp(&variance[j]))
    });
    let y: Vec<f64> = order.iter().map(|&i| sign * effect[i]).collect();
    let v: Vec<f64> = order.iter().map(|&i| variance[i]).collect();
    let mut missing = 0;
    let mut centre;
    let mut rounds = 0;
    loop {
        centre = random_effects(&y[..k - missing], &v[..k - missing], options)?.estimate;
        let mut ranked: Vec<usize> = (0..k).collect();
        ranked.sort_by(|&i, &j| (y[i] - centre).abs().total_cmp(&(y[j] - centre).abs()));
        let above: usize = ranked
            .iter()
            .enumerate()
            .filter(|(_, i)| y[**i] > centre)
            .map(|(rank, _)| rank + 1)
            .sum();
        let (n, t) = (k as f64, above as f64);
        let l0 = (4.0 * t - n * (n + 1.0)) / (2.0 * n - 1.0);
        let next = l0.max(0.0).round_ties_even() as usize;
        if next == missing {
            break;
        }
        // At least two studies stay to find the centre from.
        if next + 2 > k {
            return Err(NotEstimable::NoConvergence { iterations: rounds });
        }
        missing = next;
        rounds += 1;
        if rounds > 100 {
            return Err(NotEstimable::NoConvergence { iterations: rounds });
        }
    }
    let filled_effects: Vec<f64> = y[k - missing..]
        .iter()
        .map(|y| sign * (2.0 * centre - y))
        .collect();
    let mut all = effect.to_vec();
    all.extend(&filled_effects);
    let mut variances = variance.to_vec();
    variances.extend(&v[k - missing..]);
    if all.len() > super::MOST_STUDIES {
        return Err(InputError::Range {
            name: "studies",
            value: all.len() as f64,
            expected: "at most 1000 with those filled in",
        }
        .into());
    }
    Ok(TrimAndFill {
        missing,
        filled_effects,
        pooled: random_effects(&all, &variances, options)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_of_four_are_counted_as_in_the_table() {
        let counts: Vec<f64> = inversions(4).iter().map(|p| (p * 24.0).round()).collect();
        assert_eq!(counts, [1.0, 3.0, 5.0, 6.0, 5.0, 3.0, 1.0]);
    }
}
