//! Test of proportional hazards for a Cox model.
//!
//! The score test of a term x_j g(t) added to the fitted model: whether the log hazard ratio of
//! covariate j drifts with g(t) = 1 - S(t-), S the Kaplan-Meier curve of all subjects, centred over
//! the events. With V(t) the covariance of the covariates in the risk set at each event,
//! the information of (b, c) has the blocks sum V, sum g V, sum g^2 V, and the score of c is
//! sum g (x - mean). One covariate at a time, and all together. This is the test of R's `cox.zph`
//! since survival 3.0; its older approximation took V constant in time.
//! Grambsch and Therneau 1994, doi:10.1093/biomet/81.3.515.

use super::maximum::maximise;
use super::prepared::prepare;
use super::risk_set::width;
use super::{CoxOptions, Ties};
use crate::cholesky::{Cholesky, quadratic_form};
use crate::{ChiSquareTest, Estimate, InputError, NotEstimable};

/// Tests of proportional hazards.
#[derive(Debug, Clone, PartialEq)]
pub struct CoxProportionality {
    /// Test of each covariate, in their order.
    pub covariates: Vec<ChiSquareTest>,
    /// Test of all covariates together.
    pub global: ChiSquareTest,
}

/// Fits a Cox model and tests whether its hazard ratios change with time. Efron or Breslow ties.
pub fn cox_proportionality(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    options: &CoxOptions,
) -> Estimate<CoxProportionality> {
    if options.ties == Ties::Exact {
        return Err(InputError::Unsupported {
            problem: "the test of proportional hazards is not defined for exact ties",
            fix: "use Efron or Breslow ties",
        }
        .into());
    }
    if options.weights.is_some() {
        return Err(InputError::Unsupported {
            problem: "the test of proportional hazards does not take weights",
            fix: "leave `weights` out",
        }
        .into());
    }
    let prepared = prepare(time, event, covariates, options)?;
    let (subjects, p) = (&prepared.subjects, covariates.len());
    let maximum = maximise(subjects, options.ties, vec![0.0; p], None)?;
    let transform = TimeTransform::new(time, event, options.start);

    // Blocks of the information and the score, with g in the outer place.
    let q = 2 * p;
    let mut information = vec![0.0; q * q];
    let mut score = vec![0.0; p];
    let mut means = vec![0.0; p];
    let zero = || vec![0.0; width(p)];
    subjects.walk(p, zero, &maximum.likelihood.risk, |run, all, dying| {
        let g = transform.at(run.time);
        let d = run.events;
        for k in 0..d {
            let share = match options.ties {
                Ties::Efron => k as f64 / d as f64,
                _ => 0.0,
            };
            let sums = all.plus(-share, dying, vec![0.0; width(p)]);
            for (i, mean) in means.iter_mut().enumerate() {
                *mean = sums.s1(i) / sums.s0();
            }
            for i in 0..p {
                score[i] -= g * means[i];
                for j in 0..=i {
                    let v = sums.s2(p, i, j) / sums.s0() - means[i] * means[j];
                    for (a, b) in [(i, j), (j, i)].into_iter().take(1 + usize::from(i != j)) {
                        information[a * q + b] += v;
                        information[a * q + p + b] += g * v;
                        information[(p + a) * q + b] += g * v;
                        information[(p + a) * q + p + b] += g * g * v;
                    }
                }
            }
        }
        for row in (run.start..run.end).filter(|&row| subjects.event[row]) {
            for (score, x) in score.iter_mut().zip(&subjects.x[row * p..]) {
                *score += g * x;
            }
        }
    });

    let test = |added: &[usize]| -> Estimate<ChiSquareTest> {
        let kept: Vec<usize> = (0..p).chain(added.iter().map(|j| p + j)).collect();
        let m = kept.len();
        let matrix: Vec<f64> = kept
            .iter()
            .flat_map(|&i| kept.iter().map(move |&j| (i, j)))
            .map(|(i, j)| information[i * q + j])
            .collect();
        let mut u = vec![0.0; m];
        for (k, &j) in added.iter().enumerate() {
            u[p + k] = score[j];
        }
        // Few distinct event times: x_j g(t) is then x_j, or a combination of the others.
        let inverse = Cholesky::new(&matrix, m, 1e-10)
            .map_err(|_| NotEstimable::NoVariation)?
            .inverse();
        Ok(ChiSquareTest::new(
            quadratic_form(&u, &inverse, &u),
            added.len(),
        ))
    };
    let all: Vec<usize> = (0..p).collect();
    Ok(CoxProportionality {
        covariates: all.iter().map(|&j| test(&[j])).collect::<Estimate<_>>()?,
        global: test(&all)?,
    })
}

/// g(t) at the event times.
struct TimeTransform {
    /// Event times in order, with g.
    steps: Vec<(f64, f64)>,
}

impl TimeTransform {
    fn new(time: &[f64], event: &[bool], start: Option<&[f64]>) -> TimeTransform {
        let mut observed: Vec<(f64, bool)> =
            time.iter().copied().zip(event.iter().copied()).collect();
        observed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut start = start.map_or(Vec::new(), <[f64]>::to_vec);
        start.sort_unstable_by(f64::total_cmp);
        let delayed = !start.is_empty();
        let (mut ended, mut survival, mut sum, mut events) = (0, 1.0, 0.0, 0.0);
        let mut steps = Vec::new();
        for tied in observed.chunk_by(|a, b| a.0 == b.0) {
            let t = tied[0].0;
            let deaths = tied.iter().filter(|o| o.1).count();
            if deaths > 0 {
                let begun = if delayed {
                    start.partition_point(|&s| s < t)
                } else {
                    observed.len()
                };
                let (d, n) = (deaths as f64, (begun - ended) as f64);
                steps.push((t, 1.0 - survival));
                sum += d * (1.0 - survival);
                events += d;
                survival *= (n - d) / n;
            }
            ended += tied.len();
        }
        let mean = sum / events;
        steps.iter_mut().for_each(|s| s.1 -= mean);
        TimeTransform { steps }
    }

    fn at(&self, time: f64) -> f64 {
        let place = self.steps.partition_point(|s| s.0 < time);
        self.steps.get(place).map_or(0.0, |s| s.1)
    }
}
