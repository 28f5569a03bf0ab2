//! Likelihood of a normal random intercept, integrated by adaptive Gauss-Hermite quadrature, and the
//! maximum of a smooth function of a few parameters.
//!
//! The integral over u ~ N(0, 1) of exp(l(mu + tau u)) is taken at Hermite nodes about the mode of its
//! log-concave integrand, scaled by the curvature there. One node is Laplace's approximation. With n
//! nodes it is exact for a normal times a polynomial of degree 2 n - 1. Pinheiro and Bates 1995,
//! doi:10.1080/10618600.1995.10474663.
//!
//! The maximum by Newton's method with central differences of fourth order. Their step is one
//! hundredth of a standard error: the truncation is then near 1e-8 of a standard error, and rounding
//! smaller still because likelihoods are taken relative to the saturated model.

use crate::cholesky::Cholesky;
use crate::gamma::deviance_term;
use crate::{Estimate, InputError, NotEstimable};

use super::transforms::inverse_logit;

/// Value, slope and curvature of a log-concave function.
#[derive(Clone, Copy)]
pub(super) struct LogDensity {
    pub value: f64,
    pub slope: f64,
    pub curvature: f64,
}

/// Beyond these linear predictors probabilities and rates leave the range of numbers.
const LARGEST_PREDICTOR: f64 = 600.0;

/// x ln(x / m) + m - x, also for no event.
fn shortfall(x: f64, m: f64) -> f64 {
    if x == 0.0 { m } else { deviance_term(x, m) }
}

/// Binomial log-likelihood of x of n at log odds `eta`, relative to its largest value.
pub(super) fn binomial(x: f64, n: f64, eta: f64) -> LogDensity {
    let eta = eta.clamp(-LARGEST_PREDICTOR, LARGEST_PREDICTOR);
    let (p, q) = (inverse_logit(eta), inverse_logit(-eta));
    LogDensity {
        value: -shortfall(x, n * p) - shortfall(n - x, n * q),
        slope: x * q - (n - x) * p,
        curvature: -n * p * q,
    }
}

/// Poisson log-likelihood of x events in exposure t at log rate `eta`, relative to its largest value.
pub(super) fn poisson(x: f64, t: f64, eta: f64) -> LogDensity {
    let mean = t * libm::exp(eta.clamp(-LARGEST_PREDICTOR, LARGEST_PREDICTOR));
    LogDensity {
        value: -shortfall(x, mean),
        slope: x - mean,
        curvature: -mean,
    }
}

/// Nodes of Gauss-Hermite quadrature, with the weight e^(x^2) taken into the weights.
pub(super) struct Rule(Vec<(f64, f64)>);

/// More nodes than this add nothing to a log-concave integrand about its mode.
const MOST_POINTS: usize = 101;

impl Rule {
    pub fn new(points: usize) -> Result<Rule, InputError> {
        if !(1..=MOST_POINTS).contains(&points) {
            return Err(InputError::Range {
                name: "quadrature_points",
                value: points as f64,
                expected: "between 1 and 101",
            });
        }
        // The roots of each Hermite polynomial lie between those of the one before.
        let mut roots: Vec<f64> = Vec::new();
        for degree in 1..=points {
            let end = (2.0 * degree as f64 + 1.0).sqrt();
            let mut fence = vec![-end];
            fence.extend(&roots);
            fence.push(end);
            let last = |x: f64| hermite_functions(x, degree)[degree];
            roots = fence
                .windows(2)
                .map(|pair| {
                    let (mut low, mut high) = (pair[0], pair[1]);
                    let rising = last(low) < 0.0;
                    for _ in 0..60 {
                        let middle = 0.5 * (low + high);
                        if (last(middle) < 0.0) == rising {
                            low = middle
                        } else {
                            high = middle
                        }
                    }
                    0.5 * (low + high)
                })
                .collect();
        }
        let weight = |x: f64| {
            let functions = hermite_functions(x, points);
            1.0 / functions[..points].iter().map(|h| h * h).sum::<f64>()
        };
        Ok(Rule(roots.into_iter().map(|x| (x, weight(x))).collect()))
    }

    /// ln of the integral over u ~ N(0, 1) of exp(density(mu + tau u)).
    pub fn log_integral(&self, mu: f64, tau: f64, density: impl Fn(f64) -> LogDensity) -> f64 {
        if tau == 0.0 {
            return density(mu).value;
        }
        let at = |u: f64| penalised(mu, tau, u, &density);
        let mode = mode(&at);
        let sd = 1.0 / (-at(mode).curvature).sqrt();
        let values: Vec<f64> = self
            .0
            .iter()
            .map(|(x, _)| at(mode + std::f64::consts::SQRT_2 * sd * x).value)
            .collect();
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = values
            .iter()
            .zip(&self.0)
            .map(|(value, (_, weight))| weight * libm::exp(value - largest))
            .sum();
        // sqrt 2 sd over sqrt(2 pi).
        largest + libm::log(sum * sd / std::f64::consts::PI.sqrt())
    }
}

/// The log integrand over u, without the constant of the normal density.
fn penalised(mu: f64, tau: f64, u: f64, density: &impl Fn(f64) -> LogDensity) -> LogDensity {
    let d = density(mu + tau * u);
    LogDensity {
        value: d.value - 0.5 * u * u,
        slope: tau * d.slope - u,
        curvature: tau * tau * d.curvature - 1.0,
    }
}

/// The log density alone at the mode of the integrand: that of the data given the most likely
/// random effect.
pub(super) fn at_conditional_mode(mu: f64, tau: f64, density: impl Fn(f64) -> LogDensity) -> f64 {
    let u = mode(&|u| penalised(mu, tau, u, &density));
    density(mu + tau * u).value
}

/// Orthonormal Hermite functions of degrees 0 to `degree`.
fn hermite_functions(x: f64, degree: usize) -> Vec<f64> {
    let mut h = vec![libm::exp(-0.5 * x * x) / std::f64::consts::PI.sqrt().sqrt()];
    let mut before = 0.0;
    for k in 0..degree {
        let k1 = k as f64 + 1.0;
        let next = x * (2.0 / k1).sqrt() * h[k] - (k as f64 / k1).sqrt() * before;
        before = h[k];
        h.push(next);
    }
    h
}

/// The mode of a function whose curvature is at most -1, from zero, by Newton's method with halving.
fn mode(at: &impl Fn(f64) -> LogDensity) -> f64 {
    let mut u = 0.0;
    let mut here = at(u);
    for _ in 0..200 {
        let mut step = -here.slope / here.curvature;
        let spread = 1.0 / (-here.curvature).sqrt();
        if step.abs() <= CERTAIN * spread {
            // So near, the rise drowns in rounding and the Newton step is right.
            u += step;
            if step.abs() <= SETTLED * spread {
                break;
            }
            here = at(u);
            continue;
        }
        let mut moved = false;
        for _ in 0..60 {
            let there = at(u + step);
            if there.value >= here.value {
                (u, here, moved) = (u + step, there, true);
                break;
            }
            step *= 0.5;
        }
        if !moved {
            break;
        }
    }
    u
}

/// Newton steps below this share of the integrand's width are taken without a look at the value.
pub(super) const CERTAIN: f64 = 1e-4;
/// Steps below this share are the last.
pub(super) const SETTLED: f64 = 1e-10;

/// Where a function is largest, and the inverse of minus its Hessian there.
#[derive(Clone)]
pub(super) struct Maximum {
    pub at: Vec<f64>,
    pub value: f64,
    pub covariance: Vec<f64>,
}

const MOST_ITERATIONS: usize = 200;
/// A parameter beyond this runs to infinity.
const LARGEST_PARAMETER: f64 = 200.0;

/// The maximum of `f` near `start`; `scale` is a first guess of the standard errors.
pub(super) fn maximum(
    start: &[f64],
    scale: &[f64],
    f: &dyn Fn(&[f64]) -> f64,
) -> Estimate<Maximum> {
    let n = start.len();
    let (mut x, mut scale) = (start.to_vec(), scale.to_vec());
    let mut value = f(&x);
    let mut polished = false;
    for iterations in 1..=MOST_ITERATIONS {
        let stuck = NotEstimable::NoConvergence { iterations };
        let (gradient, negative_hessian) = derivatives(&x, value, &scale, f);
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(stuck);
        }
        let convex = Cholesky::new(&negative_hessian, n, 1e-13);
        if polished && let Ok(factor) = &convex {
            return Ok(Maximum {
                at: x,
                value,
                covariance: factor.inverse(),
            });
        }
        let mut step = gradient.clone();
        let decrement = match &convex {
            Ok(factor) => {
                factor.solve(&mut step);
                let inverse = factor.inverse();
                for i in 0..n {
                    scale[i] = inverse[i * n + i].sqrt();
                }
                step.iter().zip(&gradient).map(|(s, g)| s * g).sum::<f64>()
            }
            // Uphill along each parameter by its own curvature, which becomes its scale.
            Err(_) => {
                for i in 0..n {
                    let least = 1e-4 / (scale[i] * scale[i]);
                    let own = negative_hessian[i * n + i].abs().max(least);
                    step[i] = gradient[i] / own;
                    scale[i] = 1.0 / own.sqrt();
                }
                f64::INFINITY
            }
        };
        polished = decrement < 1e-14;
        let longest = step.iter().fold(0.0_f64, |a, s| a.max(s.abs()));
        let mut fraction = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        let mut moved = false;
        for _ in 0..60 {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x + fraction * s).collect();
            let there = f(&next);
            // At the maximum the rise drowns in rounding and the step itself is the judge.
            if there > value || (polished && there.is_finite()) {
                (x, value, moved) = (next, there, true);
                break;
            }
            fraction *= 0.5;
        }
        if x.iter().any(|x| x.abs() > LARGEST_PARAMETER) {
            return Err(stuck);
        }
        if !moved {
            // No rise is left in the digits: the maximum, if the surface bends down here.
            if decrement > 1e-8 {
                return Err(stuck);
            }
            polished = true;
        }
    }
    Err(NotEstimable::NoConvergence {
        iterations: MOST_ITERATIONS,
    })
}

/// Gradient and minus the Hessian by differences.
fn derivatives(
    x: &[f64],
    value: f64,
    scale: &[f64],
    f: &dyn Fn(&[f64]) -> f64,
) -> (Vec<f64>, Vec<f64>) {
    let n = x.len();
    let h: Vec<f64> = scale.iter().map(|s| 0.01 * s).collect();
    let moved = |moves: &[(usize, f64)]| {
        let mut at = x.to_vec();
        for &(place, steps) in moves {
            at[place] += steps * h[place];
        }
        f(&at)
    };
    let mut gradient = vec![0.0; n];
    let mut negative_hessian = vec![0.0; n * n];
    for i in 0..n {
        let [far_down, down, up, far_up] = [-2.0, -1.0, 1.0, 2.0].map(|s| moved(&[(i, s)]));
        gradient[i] = (8.0 * (up - down) - (far_up - far_down)) / (12.0 * h[i]);
        negative_hessian[i * n + i] =
            (30.0 * value - 16.0 * (up + down) + far_up + far_down) / (12.0 * h[i] * h[i]);
        for j in 0..i {
            let cross = |s: f64| {
                let corner = |a: f64, b: f64| moved(&[(i, a * s), (j, b * s)]);
                (corner(1.0, 1.0) - corner(1.0, -1.0) - corner(-1.0, 1.0) + corner(-1.0, -1.0))
                    / (4.0 * s * s)
            };
            let mixed = -(4.0 * cross(1.0) - cross(2.0)) / (3.0 * h[i] * h[j]);
            negative_hessian[i * n + j] = mixed;
            negative_hessian[j * n + i] = mixed;
        }
    }
    (gradient, negative_hessian)
}

/// A maximum over parameters and the spread tau of a random effect, which may be zero.
pub(super) struct WithSpread {
    pub parameters: Vec<f64>,
    /// Of the first parameter.
    pub standard_error: f64,
    pub tau: f64,
    pub value: f64,
}

/// Maximises `f(parameters, tau)`, which is even in tau. Where no tau above zero is better than
/// none, tau is zero and the error that of the model without it.
pub(super) fn maximum_with_spread(
    start: &[f64],
    scale: &[f64],
    f: &dyn Fn(&[f64], f64) -> f64,
) -> Estimate<WithSpread> {
    let without = maximum(start, scale, &|b| f(b, 0.0))?;
    let n = start.len();
    // From a fifth of a log unit to far beyond what any series shows, each with its own best parameters.
    let mut first = (f64::NEG_INFINITY, without.clone(), 0.0);
    for tau in [0.2, 0.6, 2.0, 6.0] {
        if let Ok(best) = maximum(&without.at, scale, &|b| f(b, tau))
            && best.value > first.0
        {
            first = (best.value, best, tau);
        }
    }
    let mut from = first.1.at.clone();
    from.push(first.2);
    let mut scale: Vec<f64> = (0..n)
        .map(|i| first.1.covariance[i * n + i].sqrt())
        .collect();
    scale.push(0.1);
    let with = maximum(&from, &scale, &|b| f(&b[..n], b[n]));
    // Below this gain the spread found is zero within rounding.
    let gain = 1e-10 * (1.0 + without.value.abs());
    match with {
        Ok(with) if with.value > without.value + gain => Ok(WithSpread {
            standard_error: with.covariance[0].sqrt(),
            tau: with.at[n].abs(),
            value: with.value,
            parameters: with.at[..n].to_vec(),
        }),
        // A search that ran away from a better place has no maximum to report.
        Err(error) if first.0 > without.value + gain => Err(error),
        _ => Ok(WithSpread {
            standard_error: without.covariance[0].sqrt(),
            tau: 0.0,
            value: without.value,
            parameters: without.at,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_nodes_integrate_a_polynomial_of_degree_twelve_exactly() {
        // E u^12 = 11!! = 10395 for a standard normal u.
        let rule = Rule::new(7).unwrap();
        let moment: f64 = rule
            .0
            .iter()
            .map(|(x, w)| {
                let u2 = 2.0 * x * x;
                w * libm::exp(-x * x) * u2 * u2 * u2 * u2 * u2 * u2
            })
            .sum();
        let expected = 10395.0 * std::f64::consts::PI.sqrt();
        assert!((moment - expected).abs() < 1e-10 * expected);
    }

    #[test]
    fn the_integral_of_a_normal_likelihood_is_exact_at_any_number_of_nodes() {
        // y = 1.3 with variance 0.4 given u: marginally normal with variance 0.4 + tau^2.
        let density = |eta: f64| LogDensity {
            value: -0.5 * (1.3 - eta) * (1.3 - eta) / 0.4,
            slope: (1.3 - eta) / 0.4,
            curvature: -1.0 / 0.4,
        };
        let total: f64 = 0.4 + 0.7 * 0.7;
        let exact = -0.5 * (1.3 - 0.2) * (1.3 - 0.2) / total + 0.5 * libm::log(0.4 / total);
        for points in [1, 2, 7, 25] {
            let ours = Rule::new(points).unwrap().log_integral(0.2, 0.7, density);
            assert!((ours - exact).abs() < 1e-13, "{points}: {ours} {exact}");
        }
    }
}
