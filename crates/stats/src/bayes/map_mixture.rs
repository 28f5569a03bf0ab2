//! A beta mixture in place of a meta-analytic-predictive prior, so that the posterior is closed.
//!
//! The distribution is cut into narrow cells on the logit scale, and the EM algorithm runs on the
//! cells' probabilities: it then minimises the Kullback-Leibler divergence from the distribution itself,
//! without the Monte Carlo error of a fit to draws. In each step a component's parameters solve
//! psi(a) - psi(a + b) = E[ln t], psi(b) - psi(a + b) = E[ln(1 - t)] under its share of the cells.
//! Dempster, Laird and Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x; use for MAP priors: Schmidli
//! et al. 2014, doi:10.1111/biom.12242.

use super::beta_mixture::{Beta, BetaMixture, WeightedBeta, expit, ln_beta};
use super::meta_analytic_predictive::MapPrior;
use crate::distribution::{digamma, trigamma};
use crate::{Estimate, InputError};

const CELLS: usize = 400;
/// The cells cover the distribution but for this much at either end.
const TAIL: f64 = 1e-7;
/// EM steps; it is slow near its end, where it no longer matters.
const MOST_STEPS: usize = 3_000;
/// Most components tried or accepted.
const MOST_COMPONENTS: usize = 4;
/// What one more component must gain in divergence: three parameters at a penalty of 6 each against
/// twice the log likelihood of 4 000 draws, R's `RBesT::automixfit` with its default sample.
const WORTH_A_COMPONENT: f64 = 3.0 * 6.0 / (2.0 * 4_000.0);

/// A beta mixture and how far it is from the distribution it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct MixtureFit {
    /// The mixture, largest weight first.
    pub mixture: BetaMixture,
    /// Kullback-Leibler divergence from the distribution to the mixture; 0 is perfect.
    pub divergence: f64,
}

/// The mixture of `components` beta distributions closest to `map`.
///
/// Errors: no component or more than 4.
pub fn beta_mixture_fit(map: &MapPrior, components: usize) -> Estimate<MixtureFit> {
    if !(1..=MOST_COMPONENTS).contains(&components) {
        return Err(InputError::Range {
            name: "components",
            value: components as f64,
            expected: "from 1 to 4",
        }
        .into());
    }
    fit(&cells(map)?, components)
}

/// The mixture with the fewest components to which one more would add little.
pub fn beta_mixture_approximation(map: &MapPrior) -> Estimate<MixtureFit> {
    let cells = cells(map)?;
    let mut best = fit(&cells, 1)?;
    for components in 2..=MOST_COMPONENTS {
        let next = fit(&cells, components)?;
        if best.divergence - next.divergence < WORTH_A_COMPONENT {
            break;
        }
        best = next;
    }
    Ok(best)
}

/// A piece of the distribution.
struct Cell {
    probability: f64,
    width: f64,
    /// ln t and ln (1 - t) at its middle.
    ln_t: f64,
    ln_rest: f64,
}

impl Cell {
    /// Probability of the cell under Beta(a, b): density on the logit scale times width.
    fn under(&self, beta: Beta, ln_beta: f64) -> f64 {
        libm::exp(beta.a * self.ln_t + beta.b * self.ln_rest - ln_beta) * self.width
    }
}

fn cells(map: &MapPrior) -> Estimate<Vec<Cell>> {
    let logit = |p: f64| libm::log(p) - libm::log1p(-p);
    // A quantile that rounds to 0 or 1 is cut where a double still tells it from them.
    let low = logit(map.quantile(TAIL)?.max(1e-15));
    let high = logit(map.quantile(1.0 - TAIL)?.min(1.0 - 1e-15));
    let width = (high - low) / CELLS as f64;
    let mut below = map.logit_cdf(low);
    let mut cells: Vec<Cell> = (0..CELLS)
        .map(|i| {
            let from = low + width * i as f64;
            let to = map.logit_cdf(from + width);
            let probability = to - below;
            below = to;
            let (t, rest) = expit(from + 0.5 * width);
            Cell {
                probability,
                width,
                ln_t: libm::log(t),
                ln_rest: libm::log(rest),
            }
        })
        .filter(|cell| cell.probability > 0.0)
        .collect();
    let sum: f64 = cells.iter().map(|c| c.probability).sum();
    for cell in &mut cells {
        cell.probability /= sum;
    }
    Ok(cells)
}

fn fit(cells: &[Cell], components: usize) -> Estimate<MixtureFit> {
    let mut mixture = start(cells, components);
    let mut divergence = f64::INFINITY;
    for _ in 0..MOST_STEPS {
        let ln_betas: Vec<f64> = mixture
            .iter()
            .map(|c| ln_beta(c.beta.a, c.beta.b))
            .collect();
        let mut sums = vec![Sums::default(); components];
        let mut now = 0.0;
        for cell in cells {
            let parts: Vec<f64> = mixture
                .iter()
                .zip(&ln_betas)
                .map(|(c, &ln)| c.weight * cell.under(c.beta, ln))
                .collect();
            let all: f64 = parts.iter().sum();
            if all <= 0.0 {
                continue;
            }
            now += cell.probability * libm::log(cell.probability / all);
            for (sum, part) in sums.iter_mut().zip(parts) {
                sum.add(cell, cell.probability * part / all);
            }
        }
        for (component, sum) in mixture.iter_mut().zip(&sums) {
            component.weight = sum.weight;
            component.beta = sum.beta(component.beta);
        }
        let settled = divergence - now < 1e-10;
        divergence = now;
        if settled {
            break;
        }
    }
    mixture.retain(|c| c.weight > 0.0);
    mixture.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    Ok(MixtureFit {
        mixture: BetaMixture::new(&mixture)?,
        // The divergence of the cells' probabilities can be a rounding error below zero.
        divergence: divergence.max(0.0),
    })
}

/// The single best fit, and for more components copies of it from narrow to wide, each worth a quarter
/// of the subjects of the one before, so that they do not start as one.
fn start(cells: &[Cell], components: usize) -> Vec<WeightedBeta> {
    let whole = cells.iter().fold(Sums::default(), |mut sum, cell| {
        sum.add(cell, cell.probability);
        sum
    });
    let one = whole.beta(Beta { a: 1.0, b: 1.0 });
    (0..components)
        .map(|k| {
            let factor = libm::exp2((components - 1) as f64 - 2.0 * k as f64);
            WeightedBeta {
                weight: 1.0 / components as f64,
                beta: within(one.a * factor, one.b * factor),
            }
        })
        .collect()
}

/// What a component needs to know of its share of the cells.
#[derive(Clone, Default)]
struct Sums {
    weight: f64,
    ln_t: f64,
    ln_rest: f64,
}

impl Sums {
    fn add(&mut self, cell: &Cell, weight: f64) {
        self.weight += weight;
        self.ln_t += weight * cell.ln_t;
        self.ln_rest += weight * cell.ln_rest;
    }

    /// The most likely beta distribution, by Newton's method from `from`.
    fn beta(&self, from: Beta) -> Beta {
        if self.weight <= 0.0 {
            return from;
        }
        let (mean_ln_t, mean_ln_rest) = (self.ln_t / self.weight, self.ln_rest / self.weight);
        let mut beta = from;
        for _ in 0..50 {
            let Beta { a, b } = beta;
            let both = digamma(a + b);
            let (g, h) = (
                digamma(a) - both - mean_ln_t,
                digamma(b) - both - mean_ln_rest,
            );
            let (shared, ta, tb) = (trigamma(a + b), trigamma(a), trigamma(b));
            let determinant = (ta - shared) * (tb - shared) - shared * shared;
            let da = ((tb - shared) * g + shared * h) / determinant;
            let db = ((ta - shared) * h + shared * g) / determinant;
            // At most halved or doubled in one step, so that both stay positive.
            let next = within(
                (a - da).clamp(0.5 * a, 2.0 * a),
                (b - db).clamp(0.5 * b, 2.0 * b),
            );
            let moved = (next.a - a).abs() / a + (next.b - b).abs() / b;
            if moved.is_nan() {
                break;
            }
            beta = next;
            if moved < 1e-12 {
                break;
            }
        }
        beta
    }
}

/// Parameters that a mixture accepts, up to a component much narrower than a cell.
fn within(a: f64, b: f64) -> Beta {
    Beta {
        a: a.clamp(0.05, 1e7),
        b: b.clamp(0.05, 1e7),
    }
}
