//! Beta distributions and their mixtures as priors of a response probability.
//!
//! With x of n observed, component k of the prior sum w_k Beta(a_k, b_k) becomes Beta(a_k + x,
//! b_k + n - x), and its weight is multiplied by the probability it gave to the data (beta-binomial).
//! A robust prior gives weight to a vague component: if data and prior disagree, the weight moves
//! there. Schmidli et al. 2014, doi:10.1111/biom.12242.
//!
//! Effective sample size, two ways that agree, at a + b, for one component with a, b > 1:
//! * moment: m (1 - m) / v - 1, the beta distribution of the same mean and variance;
//! * ELIR, expected local information ratio: the mean over the prior of
//!   -(d^2/dt^2 ln f(t)) t (1 - t), prior information over that of one subject. Neuenschwander et
//!   al. 2020, doi:10.1111/biom.13252.
//!
//! ELIR after integrating -f'' t (1 - t) by parts is 2 - f(0) - f(1) + integral of
//! (f'/f)^2 t (1 - t) f dt, with f(0) and f(1) only where a component has a = 1 or b = 1. So a
//! uniform component adds nothing of its own. With a or b below 1 the integral diverges.

use super::quadrature::{logit_nodes, logit_range};
use crate::beta::{beta_factor, incomplete_beta_pair};
use crate::distribution::{binomial_pmf, incomplete_beta_inverse, ln_gamma};
use crate::error::check_count;
use crate::{Estimate, InputError, NotEstimable};

/// Below this parameter a beta distribution has mass nearer to 0 or 1 than the smallest number.
const SMALLEST_PARAMETER: f64 = 0.05;
/// Parameters count subjects; no prior comes near.
const LARGEST_PARAMETER: f64 = 1e9;
/// Components accepted.
const MOST_COMPONENTS: usize = 50;

/// A beta distribution, a prior worth a + b subjects with a responders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    /// First parameter: responders.
    pub a: f64,
    /// Second parameter: non-responders.
    pub b: f64,
}

impl Beta {
    /// The uniform distribution, Beta(1, 1).
    pub const UNIFORM: Beta = Beta { a: 1.0, b: 1.0 };

    /// Whether both parameters are from 0.05 to 1e9.
    pub fn check(&self) -> Result<(), InputError> {
        for (name, value) in [("a", self.a), ("b", self.b)] {
            if !(SMALLEST_PARAMETER..=LARGEST_PARAMETER).contains(&value) {
                return Err(InputError::Range {
                    name,
                    value,
                    expected: "a parameter of a beta distribution from 0.05 to 1e9",
                });
            }
        }
        Ok(())
    }

    /// The posterior after `responders` of `subjects`.
    pub fn after(&self, responders: u64, subjects: u64) -> Beta {
        Beta {
            a: self.a + responders as f64,
            b: self.b + (subjects.saturating_sub(responders)) as f64,
        }
    }

    /// a / (a + b).
    pub fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// sqrt(a b / (a + b + 1)) / (a + b).
    pub fn standard_deviation(&self) -> f64 {
        let n = self.a + self.b;
        (self.a / n * (self.b / n) / (n + 1.0)).sqrt()
    }

    pub(crate) fn logit_centre(&self) -> f64 {
        libm::log(self.a / self.b)
    }

    pub(crate) fn logit_spread(&self) -> f64 {
        (1.0 / self.a + 1.0 / self.b).sqrt()
    }
}

/// P(X = x) of `subjects` when their response probability has distribution `beta`.
pub fn beta_binomial_pmf(x: u64, subjects: u64, beta: Beta) -> f64 {
    if x > subjects {
        return 0.0;
    }
    let posterior = beta.after(x, subjects);
    // Bayes' theorem read backwards, P(x) = P(x | t) f(t) / f(t | x), at the posterior mean t.
    let (t, rest) = (posterior.mean(), posterior.b / (posterior.a + posterior.b));
    binomial_pmf(x, subjects, t) * beta_factor(beta.a, beta.b, t, rest)
        / beta_factor(posterior.a, posterior.b, t, rest)
}

/// A beta distribution with its weight in a mixture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedBeta {
    /// Weight; those of a mixture add up to one.
    pub weight: f64,
    /// The distribution.
    pub beta: Beta,
}

/// A mixture of beta distributions.
#[derive(Debug, Clone, PartialEq)]
pub struct BetaMixture {
    components: Vec<WeightedBeta>,
}

impl BetaMixture {
    /// A mixture of `components`; weights are scaled to add up to one.
    ///
    /// Errors: no component or more than 50, a weight that is not positive, a bad parameter.
    pub fn new(components: &[WeightedBeta]) -> Result<BetaMixture, InputError> {
        if components.is_empty() || components.len() > MOST_COMPONENTS {
            return Err(InputError::Range {
                name: "components",
                value: components.len() as f64,
                expected: "from 1 to 50 components",
            });
        }
        for (index, component) in components.iter().enumerate() {
            component.beta.check()?;
            if !(component.weight > 0.0 && component.weight <= 1e9) {
                return Err(InputError::Value {
                    name: "weight",
                    index,
                    value: component.weight,
                    expected: "above zero, such that the weights add up to one",
                });
            }
        }
        Ok(normalised(components.to_vec()))
    }

    /// A single component.
    pub fn single(beta: Beta) -> Result<BetaMixture, InputError> {
        BetaMixture::new(&[WeightedBeta { weight: 1.0, beta }])
    }

    /// The components, in the order given.
    pub fn components(&self) -> &[WeightedBeta] {
        &self.components
    }

    fn sum(&self, of: impl Fn(Beta) -> f64) -> f64 {
        self.components.iter().map(|c| c.weight * of(c.beta)).sum()
    }

    /// Its mean.
    pub fn mean(&self) -> f64 {
        self.sum(|beta| beta.mean())
    }

    /// Its standard deviation.
    pub fn standard_deviation(&self) -> f64 {
        let mean = self.mean();
        // Within plus between components, so that nothing cancels.
        let variance = self.sum(|beta| {
            let (within, shift) = (beta.standard_deviation(), beta.mean() - mean);
            within * within + shift * shift
        });
        variance.sqrt()
    }

    /// P(p <= `p`).
    pub fn cdf(&self, p: f64) -> f64 {
        self.sum(|beta| incomplete_beta_pair(beta.a, beta.b, p, 1.0 - p).0)
            .clamp(0.0, 1.0)
    }

    /// P(p > `p`).
    pub fn upper_tail(&self, p: f64) -> f64 {
        self.sum(|beta| incomplete_beta_pair(beta.a, beta.b, p, 1.0 - p).1)
            .clamp(0.0, 1.0)
    }

    /// The value with P(p <= value) = `probability`.
    pub fn quantile(&self, probability: f64) -> Result<f64, InputError> {
        crate::single_arm::check_closed_probability("probability", probability)?;
        let quantiles = |fold: fn(f64, f64) -> f64, start: f64| {
            self.components
                .iter()
                .map(|c| incomplete_beta_inverse(c.beta.a, c.beta.b, probability))
                .fold(start, fold)
        };
        // Between the smallest and the largest quantile of a component.
        let (mut low, mut high) = (quantiles(f64::min, 1.0), quantiles(f64::max, 0.0));
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.cdf(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(0.5 * (low + high))
    }

    /// P(`responders` of `subjects`) before the data.
    pub fn predictive(&self, responders: u64, subjects: u64) -> Result<f64, InputError> {
        check_count("responders", responders, subjects)?;
        Ok(self.sum(|beta| beta_binomial_pmf(responders, subjects, beta)))
    }

    /// The posterior after `responders` of `subjects`.
    pub fn posterior(&self, responders: u64, subjects: u64) -> Result<BetaMixture, InputError> {
        check_count("responders", responders, subjects)?;
        let mut components: Vec<WeightedBeta> = self
            .components
            .iter()
            .map(|c| WeightedBeta {
                weight: c.weight * beta_binomial_pmf(responders, subjects, c.beta),
                beta: c.beta.after(responders, subjects),
            })
            .collect();
        // Data that no component expected: the ratios of such probabilities through logarithms.
        if components.iter().map(|c| c.weight).sum::<f64>() < 1e-290 {
            let ln_weight: Vec<f64> = self
                .components
                .iter()
                .map(|c| {
                    let after = c.beta.after(responders, subjects);
                    libm::log(c.weight) + ln_beta(after.a, after.b) - ln_beta(c.beta.a, c.beta.b)
                })
                .collect();
            let largest = ln_weight.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for (component, ln) in components.iter_mut().zip(ln_weight) {
                component.weight = libm::exp(ln - largest);
            }
        }
        Ok(normalised(components))
    }

    /// The prior made robust: `weight` on `vague`, for example 0.2 on Beta(1, 1), as last component.
    pub fn robust(&self, weight: f64, vague: Beta) -> Result<BetaMixture, InputError> {
        crate::single_arm::check_probability("weight", weight)?;
        let mut components = self.components.clone();
        for component in &mut components {
            component.weight *= 1.0 - weight;
        }
        components.push(WeightedBeta {
            weight,
            beta: vague,
        });
        BetaMixture::new(&components)
    }

    /// Effective sample size by moments: m (1 - m) / v - 1.
    pub fn effective_sample_size_moment(&self) -> f64 {
        let (mean, deviation) = (self.mean(), self.standard_deviation());
        mean * self.sum(|beta| beta.b / (beta.a + beta.b)) / (deviation * deviation) - 1.0
    }

    /// Effective sample size by expected local information ratio.
    ///
    /// Not estimable if a component has a parameter below 1: its density is infinite at 0 or 1.
    pub fn effective_sample_size_elir(&self) -> Estimate<f64> {
        if self
            .components
            .iter()
            .any(|c| c.beta.a < 1.0 || c.beta.b < 1.0)
        {
            return Err(NotEstimable::UnboundedPrior);
        }
        let at_end = |one: fn(Beta) -> f64, other: fn(Beta) -> f64| {
            self.sum(|beta| if one(beta) == 1.0 { other(beta) } else { 0.0 })
        };
        let ends = at_end(|x| x.a, |x| x.b) + at_end(|x| x.b, |x| x.a);
        let betas: Vec<Beta> = self.components.iter().map(|c| c.beta).collect();
        // The score has a pole where two components cancel: pi i over the difference of their slopes
        // in u away from where they cross, a difference of at most that of the parameters.
        let slopes = |one: fn(Beta) -> f64| {
            let values = || betas.iter().map(|&beta| one(beta));
            values().fold(0.0, f64::max) - values().fold(f64::INFINITY, f64::min)
        };
        let widest = 2.0 * std::f64::consts::PI / slopes(|x| x.a).max(slopes(|x| x.b));
        let body: f64 = logit_nodes(&betas, widest)
            .into_iter()
            .map(|(u, weight)| weight * self.squared_score(u).0)
            .sum();
        // Beyond the nodes the integrand falls as e^(s |u|) with s the score there, a - 1 or 1 - b.
        let tail = |u: f64| {
            let (value, score) = self.squared_score(u);
            if value > 0.0 {
                value / score.abs()
            } else {
                0.0
            }
        };
        let (low, high) = logit_range(&betas);
        let integral = body + tail(low) + tail(high);
        Ok(2.0 - ends + integral)
    }

    /// (f'/f)^2 t (1 - t) times the density of u = logit t, and the score f'/f t (1 - t).
    fn squared_score(&self, u: f64) -> (f64, f64) {
        let (t, rest) = expit(u);
        let (mut density, mut slope) = (0.0, 0.0);
        for c in &self.components {
            let f = c.weight * beta_factor(c.beta.a, c.beta.b, t, rest);
            density += f;
            slope += f * ((c.beta.a - 1.0) * rest - (c.beta.b - 1.0) * t);
        }
        if density > 0.0 {
            let score = slope / density;
            (score * slope / t / rest, score)
        } else {
            (0.0, 0.0)
        }
    }
}

fn normalised(mut components: Vec<WeightedBeta>) -> BetaMixture {
    let sum: f64 = components.iter().map(|c| c.weight).sum();
    for component in &mut components {
        component.weight /= sum;
    }
    BetaMixture { components }
}

pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// 1 / (1 + e^-u) and its complement.
pub(crate) fn expit(u: f64) -> (f64, f64) {
    let e = libm::exp(-u.abs());
    let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
    if u < 0.0 {
        (small, large)
    } else {
        (large, small)
    }
}
