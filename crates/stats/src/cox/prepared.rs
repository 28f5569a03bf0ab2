//! The input of a Cox model, checked, centred, scaled and put in the order of risk sets.

use super::risk_set::{Entry, Run, Subjects};
use super::{CoxOptions, Ties};
use crate::error::{check_finite, check_length, check_level, check_start, check_times};
use crate::order::by_stratum_and_time_down;
use crate::standardise::centre_and_spread;
use crate::{Estimate, InputError, NotEstimable};

/// Bound on events times subjects at risk, summed over the tied event times: the steps of the
/// exact likelihood's recursion. One evaluation then takes seconds.
const LARGEST_EXACT_WORK: f64 = 1e9;

pub(super) struct Prepared {
    pub subjects: Subjects,
    /// Mean of each covariate.
    pub centre: Vec<f64>,
    /// Scaled covariate = (covariate - mean) / scale.
    pub scale: Vec<f64>,
    /// Position in the input of each subject of `subjects`.
    pub order: Vec<usize>,
}

pub(super) fn prepare(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    options: &CoxOptions,
) -> Estimate<Prepared> {
    let (n, p) = (time.len(), covariates.len());
    check_times(time)?;
    check_level(options.confidence_level)?;
    check_length("event", event.len(), n)?;
    for (name, labels) in [("strata", options.strata), ("cluster", options.cluster)] {
        if let Some(labels) = labels {
            check_length(name, labels.len(), n)?;
        }
    }
    if let Some(start) = options.start {
        check_start(start, time)?;
    }
    if let Some(weights) = options.weights {
        check_weights(weights, n)?;
        if options.ties == Ties::Exact {
            return Err(InputError::Unsupported {
                problem: "weights are not defined for exact ties",
                fix: "use Efron or Breslow ties with `weights`",
            }
            .into());
        }
    }
    if p == 0 {
        return Err(InputError::Range {
            name: "covariates",
            value: 0.0,
            expected: "at least one",
        }
        .into());
    }
    if options.cluster.is_some() && options.ties == Ties::Exact {
        return Err(InputError::Unsupported {
            problem: "the robust variance is not defined for exact ties",
            fix: "use Efron or Breslow ties with `cluster`",
        }
        .into());
    }
    if !event.contains(&true) {
        return Err(NotEstimable::NoEvents);
    }

    let order: Vec<usize> = by_stratum_and_time_down(options.strata, time)
        .into_iter()
        .map(|i| i as usize)
        .collect();
    let stratum = |i: usize| options.strata.map_or(0, |s| s[i]);
    let (mut centre, mut scale) = (Vec::with_capacity(p), Vec::with_capacity(p));
    let mut x = vec![0.0; n * p];
    for (j, covariate) in covariates.iter().enumerate() {
        let (mean, spread) = centre_and_spread("covariates", j, covariate, n)?;
        for (row, &i) in order.iter().enumerate() {
            x[row * p + j] = (covariate[i] - mean) / spread;
        }
        centre.push(mean);
        scale.push(spread);
    }

    let event: Vec<bool> = order.iter().map(|&i| event[i]).collect();
    let weight = options
        .weights
        .map(|weights| order.iter().map(|&i| weights[i]).collect::<Vec<f64>>());
    let mut runs: Vec<Run> = Vec::with_capacity(n);
    let mut start = 0;
    let key = |i: usize| (stratum(i), time[i]);
    for run in order.chunk_by(|&a, &b| key(a) == key(b)) {
        let end = start + run.len();
        let same_stratum = start > 0 && stratum(order[start - 1]) == stratum(run[0]);
        let events = event[start..end].iter().filter(|&&e| e).count();
        runs.push(Run {
            start,
            end,
            time: time[order[start]],
            events,
            event_weight: match &weight {
                Some(weight) if events > 0 => {
                    let members = (start..end).filter(|&row| event[row]);
                    members.map(|row| weight[row]).sum::<f64>() / events as f64
                }
                _ => 1.0,
            },
            stratum_start: match runs.last() {
                Some(last) if same_stratum => last.stratum_start,
                _ => start,
            },
        });
        start = end;
    }
    if options.ties == Ties::Exact {
        let work: f64 = runs
            .iter()
            .filter(|r| r.events > 1)
            .map(|r| r.events as f64 * (r.end - r.stratum_start) as f64)
            .sum();
        if work > LARGEST_EXACT_WORK {
            return Err(InputError::Unsupported {
                problem: "so many tied events in so large risk sets are beyond the exact likelihood",
                fix: "use Efron ties",
            }
            .into());
        }
    }
    let entry = options.start.map(|start| {
        let start: Vec<f64> = order.iter().map(|&i| start[i]).collect();
        let strata: Vec<usize> = order.iter().map(|&i| stratum(i)).collect();
        let order = by_stratum_and_time_down(Some(&strata), &start);
        Entry { start, order }
    });
    Ok(Prepared {
        subjects: Subjects {
            covariates: p,
            x,
            event,
            weight,
            runs,
            entry,
            lingering: None,
        },
        centre,
        scale,
        order,
    })
}

/// Weights above zero whose mean is near one. A common factor changes no estimate, but the limits of
/// the iteration are set for the information that as many subjects have.
fn check_weights(weights: &[f64], n: usize) -> Estimate<()> {
    check_length("weights", weights.len(), n)?;
    check_finite("weights", weights)?;
    if let Some(index) = weights.iter().position(|&w| w < 1e-100) {
        return Err(InputError::Value {
            name: "weights",
            index,
            value: weights[index],
            expected: "above zero (1e-100 at least)",
        }
        .into());
    }
    let mean = weights.iter().map(|w| w / n as f64).sum::<f64>();
    if n > 0 && !(1e-3..=1e3).contains(&mean) {
        return Err(InputError::Range {
            name: "mean of weights",
            value: mean,
            expected: "between 0.001 and 1000; divide the weights by their mean",
        }
        .into());
    }
    Ok(())
}
