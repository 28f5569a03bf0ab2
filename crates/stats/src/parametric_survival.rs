//! Parametric accelerated failure time regression: exponential, Weibull, log-normal, log-logistic.
//!
//! ln T = b0 + b x + sigma W, with W of the smallest extreme value (Weibull; exponential at
//! sigma = 1), normal or logistic distribution: the parametrisation of R's `survreg`. exp(b) is a
//! time ratio; a Weibull model also has the hazard ratio exp(-b / sigma).
//!
//! Newton-Raphson runs in a = b / sigma and tau = 1 / sigma, where z = tau ln t - a x and the
//! log-likelihood, sum over events of ln f(z) + ln tau - ln t and over censored of ln S(z), is
//! concave (Burridge 1981, J R Stat Soc B 43:41); so the maximum is the only one and
//! step halving finds it. Standard errors from the observed information in (b, ln sigma).
//! Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, chapter 3.

use crate::cholesky::Cholesky;
use crate::error::{check_length, check_level, check_times};
use crate::normal::{normal_critical, normal_quantile, normal_sf, normal_two_sided};
use crate::standardise::centre_and_spread;
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Distribution of the survival time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurvivalDistribution {
    /// Constant hazard; the scale is 1.
    Exponential,
    /// Hazard rising or falling as a power of time.
    Weibull,
    /// Normal on the log scale.
    LogNormal,
    /// Logistic on the log scale.
    LogLogistic,
}

/// One coefficient on the scale of log time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogTimeCoefficient {
    /// Change in log time per unit of the covariate; the log time at zero for the intercept.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Wald interval of the exponential of the estimate: the time ratio.
    pub time_ratio_interval: Interval,
    /// Two-sided Wald p value.
    pub p_value: f64,
}

/// A fitted parametric model.
#[derive(Debug, Clone, PartialEq)]
pub struct ParametricSurvival {
    /// The distribution.
    pub distribution: SurvivalDistribution,
    /// Log time with all covariates zero.
    pub intercept: LogTimeCoefficient,
    /// Effects in the order of the covariates.
    pub coefficients: Vec<LogTimeCoefficient>,
    /// sigma; 1 for the exponential distribution. The shape of a Weibull distribution is 1 / sigma.
    pub scale: f64,
    /// Covariance of intercept, coefficients and, unless exponential, ln sigma, row-major.
    pub covariance: Vec<f64>,
    /// Log-likelihood of the times (not of their logarithms).
    pub log_likelihood: f64,
    /// Newton steps.
    pub iterations: usize,
}

impl ParametricSurvival {
    /// Survival at `time` of a subject with these covariates.
    pub fn survival(&self, time: f64, covariates: &[f64]) -> Result<f64, InputError> {
        let location = self.location(covariates)?;
        if !(time >= 0.0 && time.is_finite()) {
            return Err(InputError::Range {
                name: "time",
                value: time,
                expected: "zero or more",
            });
        }
        if time == 0.0 {
            return Ok(1.0);
        }
        let z = (libm::log(time) - location) / self.scale;
        Ok(libm::exp(self.distribution.terms(z, false).value))
    }

    /// Median time of a subject with these covariates.
    pub fn median(&self, covariates: &[f64]) -> Result<f64, InputError> {
        let z = match self.distribution {
            SurvivalDistribution::Exponential | SurvivalDistribution::Weibull => {
                libm::log(std::f64::consts::LN_2)
            }
            SurvivalDistribution::LogNormal => normal_quantile(0.5),
            SurvivalDistribution::LogLogistic => 0.0,
        };
        Ok(libm::exp(self.location(covariates)? + self.scale * z))
    }

    fn location(&self, covariates: &[f64]) -> Result<f64, InputError> {
        check_length("covariates", covariates.len(), self.coefficients.len())?;
        let terms = self.coefficients.iter().zip(covariates);
        Ok(terms.fold(self.intercept.estimate, |sum, (c, x)| sum + c.estimate * x))
    }
}

/// Fits a parametric model. `time` is above zero; `covariates` holds one slice per covariate.
pub fn parametric_survival(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    distribution: SurvivalDistribution,
    confidence_level: f64,
) -> Estimate<ParametricSurvival> {
    let n = time.len();
    check_times(time)?;
    check_level(confidence_level)?;
    check_length("event", event.len(), n)?;
    if let Some(index) = time.iter().position(|&t| t == 0.0) {
        return Err(InputError::Value {
            name: "time",
            index,
            value: 0.0,
            expected: "above zero; half a day, say, for an event on the first day",
        }
        .into());
    }
    if !event.contains(&true) {
        return Err(NotEstimable::NoEvents);
    }
    let log_time: Vec<f64> = time.iter().map(|&t| libm::log(t)).collect();
    let centre = log_time.iter().sum::<f64>() / n as f64;
    let spread = log_time.iter().map(|y| (y - centre).abs()).sum::<f64>() / n as f64;
    let shape_free = distribution != SurvivalDistribution::Exponential;
    if shape_free && spread <= 1e-13 * (1.0 + centre.abs()) {
        return Err(NotEstimable::NoVariation);
    }

    // Row per subject: 1, covariates centred and scaled. Parameters a (and tau last).
    let width = 1 + covariates.len();
    let mut x = vec![1.0; n * width];
    let (mut means, mut scales) = (vec![0.0], vec![1.0]);
    for (j, covariate) in covariates.iter().enumerate() {
        let (mean, scale) = centre_and_spread("covariates", j, covariate, n)?;
        for (row, value) in x.chunks_exact_mut(width).zip(covariate.iter()) {
            row[1 + j] = (value - mean) / scale;
        }
        means.push(mean);
        scales.push(scale);
    }
    let data = Data {
        y: log_time.iter().map(|y| y - centre).collect(),
        x,
        event,
        width,
        distribution,
        shape_free,
    };
    let (parameters, point, iterations) = maximise(&data, spread)?;

    // To b = a sigma and ln sigma = -ln tau; the gradient is zero, so the information turns with
    // the Jacobian alone. Then to the covariates as given.
    let q = parameters.len();
    let tau = if shape_free { parameters[width] } else { 1.0 };
    let factor = Cholesky::new(&point.information, q, COLLINEAR)
        .map_err(|column| data.reason(column, iterations))?;
    let inverse = factor.inverse();
    let mut jacobian = vec![0.0; q * q];
    for j in 0..width {
        let at = |row: usize| row * q + j;
        jacobian[at(j)] = 1.0 / (tau * scales[j]);
        if j > 0 {
            jacobian[at(0)] = -means[j] / (tau * scales[j]);
        }
        if shape_free {
            let slope = -parameters[j] / (tau * tau * scales[j]);
            jacobian[j * q + width] += slope;
            if j > 0 {
                jacobian[width] -= slope * means[j];
            }
        }
    }
    if shape_free {
        jacobian[width * q + width] = -1.0 / tau;
    }
    let covariance = sandwiched(&jacobian, &inverse, q);
    let mut b: Vec<f64> = (0..width)
        .map(|j| parameters[j] / (tau * scales[j]))
        .collect();
    b[0] += centre - (1..width).map(|j| b[j] * means[j]).sum::<f64>();
    let critical = normal_critical(confidence_level);
    let coefficient = |j: usize| {
        let standard_error = covariance[j * q + j].sqrt();
        LogTimeCoefficient {
            estimate: b[j],
            standard_error,
            time_ratio_interval: Interval::around(b[j], critical * standard_error).exp(),
            p_value: normal_two_sided(b[j] / standard_error),
        }
    };
    let jacobian_of_log: f64 = (0..n).filter(|&i| event[i]).map(|i| log_time[i]).sum();
    Ok(ParametricSurvival {
        distribution,
        intercept: coefficient(0),
        coefficients: (1..width).map(coefficient).collect(),
        scale: 1.0 / tau,
        log_likelihood: point.value - jacobian_of_log,
        covariance,
        iterations,
    })
}

/// Relative to the diagonal: less than this left by the other covariates counts as none.
const COLLINEAR: f64 = 1e-10;
const MAX_ITERATIONS: usize = 200;
/// A fit this close to the events, relative to the spread of the log times, runs on for ever.
const LARGEST_SHAPE: f64 = 1e7;

struct Data<'a> {
    /// Log times, centred.
    y: Vec<f64>,
    x: Vec<f64>,
    event: &'a [bool],
    width: usize,
    distribution: SurvivalDistribution,
    shape_free: bool,
}

/// Log-likelihood with gradient and information.
struct Point {
    value: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
}

impl Data<'_> {
    fn evaluate(&self, parameters: &[f64]) -> Point {
        let (width, q) = (self.width, parameters.len());
        let tau = if self.shape_free {
            parameters[width]
        } else {
            1.0
        };
        let mut point = Point {
            value: f64::NEG_INFINITY,
            gradient: vec![0.0; q],
            information: vec![0.0; q * q],
        };
        if tau <= 0.0 {
            return point;
        }
        let log_tau = libm::log(tau);
        let mut value = 0.0;
        let mut slope = vec![0.0; q];
        for ((x, &y), &event) in self.x.chunks_exact(width).zip(&self.y).zip(self.event) {
            let predictor: f64 = x.iter().zip(parameters).map(|(x, a)| x * a).sum();
            let terms = self.distribution.terms(tau * y - predictor, event);
            value += terms.value;
            for (slope, x) in slope.iter_mut().zip(x) {
                *slope = -x;
            }
            if self.shape_free {
                slope[width] = y;
            }
            for i in 0..q {
                point.gradient[i] += terms.first * slope[i];
                let scaled = -terms.second * slope[i];
                for (j, slope) in slope[..=i].iter().enumerate() {
                    point.information[i * q + j] += scaled * slope;
                }
            }
            if event {
                value += log_tau;
                if self.shape_free {
                    point.gradient[width] += 1.0 / tau;
                    point.information[width * q + width] += 1.0 / (tau * tau);
                }
            }
        }
        for i in 0..q {
            for j in 0..i {
                point.information[j * q + i] = point.information[i * q + j];
            }
        }
        point.value = value;
        point
    }

    fn reason(&self, column: usize, iteration: usize) -> NotEstimable {
        match column.checked_sub(1) {
            Some(covariate) if column < self.width && iteration == 0 => {
                NotEstimable::Collinear { covariate }
            }
            Some(covariate) if column < self.width => NotEstimable::Separation { covariate },
            _ => NotEstimable::NoVariation,
        }
    }
}

/// The maximum, the likelihood there and the number of steps.
fn maximise(data: &Data, spread: f64) -> Estimate<(Vec<f64>, Point, usize)> {
    let mut parameters = vec![0.0; data.width];
    if data.shape_free {
        parameters.push(1.0 / spread);
    }
    let mut point = data.evaluate(&parameters);
    for iteration in 0..MAX_ITERATIONS {
        let q = parameters.len();
        let factor = Cholesky::new(&point.information, q, COLLINEAR)
            .map_err(|column| data.reason(column, iteration))?;
        let mut step = point.gradient.clone();
        factor.solve(&mut step);
        // Twice the gain in likelihood that the step promises.
        let promise: f64 = step.iter().zip(&point.gradient).map(|(s, g)| s * g).sum();
        if promise < 1e-20 {
            return Ok((parameters, point, iteration));
        }
        // Nothing to gain and yet a step that moves z: the coefficient runs to infinity.
        if promise < 1e-9 {
            let width = data.width;
            let moved = |j: usize| {
                let largest = data.x.chunks_exact(width).map(|x| (x[j] * step[j]).abs());
                largest.fold(0.0, f64::max)
            };
            let worst = (1..width).max_by(|&i, &j| moved(i).total_cmp(&moved(j)));
            if let Some(j) = worst.filter(|&j| moved(j) > 0.05) {
                return Err(NotEstimable::Separation { covariate: j - 1 });
            }
        }
        let allowance = 1e-12 * (1.0 + point.value.abs());
        let mut length = 1.0;
        let next = loop {
            let trial: Vec<f64> = parameters
                .iter()
                .zip(&step)
                .map(|(a, s)| a + length * s)
                .collect();
            let next = data.evaluate(&trial);
            if next.value >= point.value - allowance {
                parameters = trial;
                break next;
            }
            length *= 0.5;
            if length < 1e-12 {
                return Err(NotEstimable::NoConvergence {
                    iterations: iteration,
                });
            }
        };
        point = next;
        if data.shape_free && parameters[data.width] * spread > LARGEST_SHAPE {
            return Err(NotEstimable::NoVariation);
        }
        if promise < 1e-14 {
            return Ok((parameters, point, iteration + 1));
        }
    }
    Err(NotEstimable::NoConvergence {
        iterations: MAX_ITERATIONS,
    })
}

/// A term of the log-likelihood with its first two derivatives in z.
struct Terms {
    value: f64,
    first: f64,
    second: f64,
}

impl SurvivalDistribution {
    /// ln f(z) at an event, ln S(z) at a censored time.
    fn terms(self, z: f64, event: bool) -> Terms {
        match self {
            SurvivalDistribution::Exponential | SurvivalDistribution::Weibull => {
                let hazard = libm::exp(z);
                let own = if event { 1.0 } else { 0.0 };
                Terms {
                    value: own * z - hazard,
                    first: own - hazard,
                    second: -hazard,
                }
            }
            SurvivalDistribution::LogNormal if event => Terms {
                value: -0.5 * z * z - LN_SQRT_2_PI,
                first: -z,
                second: -1.0,
            },
            SurvivalDistribution::LogNormal => {
                let (log_tail, hazard) = normal_tail(z);
                Terms {
                    value: log_tail,
                    first: -hazard,
                    second: -(hazard * (hazard - z)).max(0.0),
                }
            }
            SurvivalDistribution::LogLogistic => {
                // ln(1 + e^z) without overflow.
                let soft = z.max(0.0) + libm::log1p(libm::exp(-z.abs()));
                let p = 1.0 / (1.0 + libm::exp(-z));
                let times = if event { 2.0 } else { 1.0 };
                let own = if event { 1.0 } else { 0.0 };
                Terms {
                    value: own * z - times * soft,
                    first: own - times * p,
                    second: -times * p * (1.0 - p),
                }
            }
        }
    }
}

/// ln sqrt(2 pi).
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;

/// ln P(Z > z) and the hazard of the normal distribution.
fn normal_tail(z: f64) -> (f64, f64) {
    let log_density = -0.5 * z * z - LN_SQRT_2_PI;
    // Beyond 30 the asymptotic series has full precision (Abramowitz and Stegun 26.2.12).
    if z > 30.0 {
        let w = 1.0 / (z * z);
        let mills = (1.0 - w * (1.0 - 3.0 * w * (1.0 - 5.0 * w * (1.0 - 7.0 * w)))) / z;
        return (log_density + libm::log(mills), 1.0 / mills);
    }
    let tail = normal_sf(z);
    (libm::log(tail), libm::exp(log_density) / tail)
}

/// J V J'.
fn sandwiched(jacobian: &[f64], v: &[f64], q: usize) -> Vec<f64> {
    let product = |a: &dyn Fn(usize, usize) -> f64, b: &dyn Fn(usize, usize) -> f64| {
        let mut out = vec![0.0; q * q];
        for i in 0..q {
            for j in 0..q {
                out[i * q + j] = (0..q).map(|k| a(i, k) * b(k, j)).sum();
            }
        }
        out
    };
    let half = product(&|i, k| jacobian[i * q + k], &|k, j| v[k * q + j]);
    product(&|i, k| half[i * q + k], &|k, j| jacobian[j * q + k])
}
