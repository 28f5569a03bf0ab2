//! Newton-Raphson on the deviance with the exact Hessian.
//!
//! Where the Hessian is not positive definite, far from the optimum, the expected Hessian stands
//! in for it (Fisher scoring; Jennrich and Schluchter 1986, doi:10.2307/2530695). Steps are halved
//! until the deviance falls. Convergence is measured by the decrement g' H^-1 g, twice the fall in
//! deviance that the step promises, which does not depend on the parametrisation; one more step
//! then squares what is left of the error.

use super::covariance_structure::{Covariance, CovarianceStructure};
use super::design_matrix::Design;
use super::likelihood::{Derivatives, Fitted};
use crate::cholesky::Cholesky;
use crate::{Estimate, NotEstimable};

const MOST_ITERATIONS: usize = 100;
const DECREMENT: f64 = 1e-10;
/// Largest change of a parameter in one step; scales are logarithms.
const LONGEST_STEP: f64 = 2.0;
/// A residual standard deviation, given the earlier visits, below e^-9 of the whole: it runs to 0.
const LEAST_LOG_SCALE: f64 = -9.0;
/// A correlation parameter that runs to infinity, where rho is 1 - 5e-9.
const LARGEST_PSI: f64 = 1e4;

/// The optimum with the derivatives there and the inverse of the Hessian of half the deviance:
/// the covariance of the parameters.
pub(super) struct Optimum {
    pub(super) fitted: Fitted,
    pub(super) derivatives: Derivatives,
    pub(super) parameter_covariance: Vec<f64>,
    pub(super) iterations: usize,
}

pub(super) fn optimum(
    design: &Design,
    structure: CovarianceStructure,
    reml: bool,
) -> Estimate<Optimum> {
    let m = design.visits.len();
    let n = structure.parameters(m);
    let at = |theta: &[f64]| Fitted::new(design, Covariance::new(structure, m, theta), reml);
    let (mut theta, mut fitted) = start(design, structure, &at)?;
    let mut polished = false;
    for iterations in 1..=MOST_ITERATIONS {
        let derivatives = fitted.derivatives(design);
        let exact = Cholesky::new(&derivatives.hessian, n, 1e-12);
        let convex = exact.is_ok();
        let expected = || ridged(&fitted.expected_hessian(design, &derivatives), n);
        let Some(factor) = exact.ok().or_else(expected) else {
            return Err(NotEstimable::NoConvergence { iterations });
        };
        if polished && convex {
            let parameter_covariance = factor.inverse().iter().map(|x| 2.0 * x).collect();
            return Ok(Optimum {
                fitted,
                derivatives,
                parameter_covariance,
                iterations,
            });
        }
        let mut step: Vec<f64> = derivatives.gradient.iter().map(|g| -g).collect();
        factor.solve(&mut step);
        let decrement: f64 = -step
            .iter()
            .zip(&derivatives.gradient)
            .map(|(s, g)| s * g)
            .sum::<f64>();
        if !decrement.is_finite() {
            return Err(NotEstimable::NoConvergence { iterations });
        }
        let longest = step.iter().fold(0.0_f64, |a, s| a.max(s.abs()));
        let mut fraction = (LONGEST_STEP / longest).min(1.0);
        polished = convex && decrement < DECREMENT;
        let mut moved = false;
        for _ in 0..40 {
            let next: Vec<f64> = theta
                .iter()
                .zip(&step)
                .map(|(t, s)| t + fraction * s)
                .collect();
            if let Some(better) = at(&next) {
                let fall = fitted.deviance - better.deviance;
                // Near the optimum the fall drowns in rounding and the Newton step is the judge.
                if polished || fall >= 1e-4 * fraction * decrement {
                    (theta, fitted, moved) = (next, better, true);
                    break;
                }
            }
            fraction *= 0.5;
        }
        let scales = structure.scales(m);
        let ran_away = theta[..scales].iter().any(|t| *t < LEAST_LOG_SCALE)
            || theta.iter().any(|t| t.abs() > LARGEST_PSI);
        // A point that is flat but not a minimum leads nowhere.
        let stuck = !moved || (!convex && decrement < 1e-3 * DECREMENT);
        if ran_away || stuck {
            return Err(NotEstimable::NoConvergence { iterations });
        }
    }
    Err(NotEstimable::NoConvergence {
        iterations: MOST_ITERATIONS,
    })
}

/// Factor of the matrix, with as much added to its diagonal as it needs.
fn ridged(matrix: &[f64], n: usize) -> Option<Cholesky> {
    let mut ridge = 1e-8;
    while ridge < 1e3 {
        let mut raised = matrix.to_vec();
        for i in 0..n {
            raised[i * n + i] = raised[i * n + i] * (1.0 + ridge) + ridge;
        }
        if let Ok(factor) = Cholesky::new(&raised, n, 1e-12) {
            return Some(factor);
        }
        ridge *= 10.0;
    }
    None
}

/// Moments of the least-squares residuals, drawn towards independence until they fit together.
fn start(
    design: &Design,
    structure: CovarianceStructure,
    at: &dyn Fn(&[f64]) -> Option<Fitted>,
) -> Estimate<(Vec<f64>, Fitted)> {
    let m = design.visits.len();
    let mut sums = vec![0.0; m * m];
    // Sums of squares over the subjects that have both visits, for the correlation of the pair.
    let mut squares = vec![0.0; m * m];
    let mut subjects = vec![0.0; m];
    for pattern in &design.patterns {
        let v = pattern.visits.len();
        for (i, &s) in pattern.visits.iter().enumerate() {
            subjects[s] += pattern.subjects as f64;
            for (j, &t) in pattern.visits.iter().enumerate() {
                sums[s * m + t] += pattern.yy[i * v + j];
                squares[s * m + t] += pattern.yy[i * v + i];
            }
        }
    }
    let deviations: Vec<f64> = (0..m)
        .map(|t| (sums[t * m + t] / subjects[t]).sqrt())
        .collect();
    let mut correlations = vec![0.0; m * m];
    for s in 0..m {
        for t in 0..m {
            let scale = (squares[s * m + t] * squares[t * m + s]).sqrt();
            if scale > 0.0 {
                correlations[s * m + t] = (sums[s * m + t] / scale).clamp(-0.99, 0.99);
            }
        }
    }
    for shrink in [0.98, 0.9, 0.7, 0.4, 0.1, 0.0] {
        let theta = structure.start(&deviations, &correlations, shrink);
        if let Some(fitted) = at(&theta) {
            return Ok((theta, fitted));
        }
    }
    Err(NotEstimable::NoConvergence { iterations: 0 })
}
