//! The one-parameter dose-toxicity models of the CRM and their likelihood.
//!
//! Empiric: p_d = s_d^exp(b). Logistic: logit p_d = c + exp(b) x_d with x_d = logit s_d - c, so that
//! b = 0 gives the skeleton s_d in both; c = 3 by custom, and x_d < 0 keeps p_d falling in b.
//! A patient adds ln p after a DLT, ln(1 - p) after a full window without one, and ln(1 - w p)
//! while the part w of the window is over (Cheung and Chappell 2000).
//! O'Quigley, Pepe and Fisher 1990, doi:10.2307/2531628; Cheung and Chappell 2000,
//! doi:10.1111/j.0006-341X.2000.01177.x.

use super::{DoseTally, check_range, check_target};
use crate::InputError;

/// The curve of the DLT rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CrmModel {
    /// p = s^exp(b).
    Empiric,
    /// logit p = intercept + exp(b) x.
    Logistic {
        /// c; 3 by custom.
        intercept: f64,
    },
}

impl CrmModel {
    /// Refuses a skeleton that does not rise strictly between 0 and 1, or reaches the intercept.
    pub(crate) fn check_skeleton(self, skeleton: &[f64]) -> Result<(), InputError> {
        super::check_number_of_doses(skeleton.len())?;
        let mut below = 0.0;
        for (index, &value) in skeleton.iter().enumerate() {
            if !(value > below && (1e-6..=1.0 - 1e-6).contains(&value)) {
                return Err(InputError::Value {
                    name: "skeleton",
                    index,
                    value,
                    expected: "between 0 and 1 and above the value of the dose below",
                });
            }
            below = value;
        }
        if let CrmModel::Logistic { intercept } = self {
            check_range(
                "intercept",
                intercept,
                -20.0,
                20.0,
                "from -20 to 20; 3 is usual",
            )?;
            let last = skeleton.len() - 1;
            if logit(skeleton[last]) >= intercept {
                return Err(InputError::Value {
                    name: "skeleton",
                    index: last,
                    value: skeleton[last],
                    expected: "below the rate at the intercept (0.9526 for 3), \
                               so that the DLT rate falls in b",
                });
            }
        }
        Ok(())
    }

    /// The dose on the scale of the model: ln s or logit s - c, below 0.
    pub(crate) fn scaled_dose(self, skeleton: f64) -> f64 {
        match self {
            CrmModel::Empiric => libm::log(skeleton),
            CrmModel::Logistic { intercept } => logit(skeleton) - intercept,
        }
    }

    /// The DLT rate at a scaled dose for a value of b.
    pub(crate) fn rate(self, scaled_dose: f64, b: f64) -> f64 {
        let product = slope(b) * scaled_dose;
        match self {
            CrmModel::Empiric => libm::exp(product),
            CrmModel::Logistic { intercept } => expit(intercept + product),
        }
    }
}

/// exp(b), kept where its products with a dose stay finite.
fn slope(b: f64) -> f64 {
    libm::exp(b).clamp(1e-300, 1e300)
}

fn logit(p: f64) -> f64 {
    libm::log(p) - libm::log1p(-p)
}

fn expit(z: f64) -> f64 {
    if z < 0.0 {
        let e = libm::exp(z);
        e / (1.0 + e)
    } else {
        1.0 / (1.0 + libm::exp(-z))
    }
}

/// The data of the tried doses, ready for the likelihood.
pub(crate) struct CrmLikelihood {
    model: CrmModel,
    /// Scaled dose, DLT, complete patients without DLT, weights of pending patients.
    doses: Vec<(f64, f64, f64, Vec<f64>)>,
}

/// First and second derivative of the log-likelihood by b.
pub(crate) struct Derivatives {
    pub slope: f64,
    pub curvature: f64,
}

impl CrmLikelihood {
    /// `with_pending`: whether patients inside the window count by their weight or not at all.
    pub(crate) fn new(
        model: CrmModel,
        skeleton: &[f64],
        doses: &[DoseTally],
        with_pending: bool,
    ) -> Self {
        let doses = skeleton
            .iter()
            .zip(doses)
            .filter(|(_, tally)| tally.is_tried())
            .map(|(&skeleton, tally)| {
                let pending = if with_pending {
                    let weights = tally.pending_weights.iter();
                    weights.copied().filter(|&w| w > 0.0).collect()
                } else {
                    Vec::new()
                };
                (
                    model.scaled_dose(skeleton),
                    tally.dlt as f64,
                    (tally.treated - tally.dlt) as f64,
                    pending,
                )
            })
            .collect();
        CrmLikelihood { model, doses }
    }

    /// DLT and patients without a DLT so far.
    pub(crate) fn totals(&self) -> (f64, f64) {
        self.doses.iter().fold((0.0, 0.0), |(dlt, none), dose| {
            (dlt + dose.1, none + dose.2 + dose.3.len() as f64)
        })
    }

    /// Log-likelihood at b.
    pub(crate) fn value(&self, b: f64) -> f64 {
        let slope = slope(b);
        let mut sum = 0.0;
        for (dose, dlt, none, pending) in &self.doses {
            let (ln_p, ln_q) = self.ln_rate(slope * dose);
            if *dlt > 0.0 {
                sum += dlt * ln_p;
            }
            if *none > 0.0 {
                sum += none * ln_q;
            }
            if !pending.is_empty() {
                let p = libm::exp(ln_p);
                for w in pending {
                    sum += if *w < 1.0 { libm::log1p(-w * p) } else { ln_q };
                }
            }
        }
        sum.max(-1e300)
    }

    /// ln p and ln(1 - p) at the product of slope and scaled dose.
    fn ln_rate(&self, product: f64) -> (f64, f64) {
        match self.model {
            CrmModel::Empiric => (product, libm::log(-libm::expm1(product)).max(-1e300)),
            CrmModel::Logistic { intercept } => {
                let z = intercept + product;
                let ln_one_plus = libm::log1p(libm::exp(-z.abs()));
                (z.min(0.0) - ln_one_plus, (-z).min(0.0) - ln_one_plus)
            }
        }
    }

    /// Derivatives of the log-likelihood at b: with p' = dp/db, a DLT adds p'/p to the slope, a patient
    /// without one of weight w takes w p' / (1 - w p) from it.
    pub(crate) fn derivatives(&self, b: f64) -> Derivatives {
        let mut sum = Derivatives {
            slope: 0.0,
            curvature: 0.0,
        };
        let slope = slope(b);
        for (dose, dlt, none, pending) in &self.doses {
            let product = slope * dose;
            let (ln_p, ln_q) = self.ln_rate(product);
            let (p, q) = (libm::exp(ln_p), libm::exp(ln_q));
            // p'/p and p''/p.
            let (first, second) = match self.model {
                CrmModel::Empiric => (product, product * (1.0 + product)),
                CrmModel::Logistic { .. } => {
                    (q * product, q * product * (1.0 + (1.0 - 2.0 * p) * product))
                }
            };
            if *dlt > 0.0 {
                sum.slope += dlt * first;
                sum.curvature += dlt * (second - first * first);
            }
            let mut without = |patients: f64, w: f64, rest: f64| {
                if p > 0.0 && rest > 0.0 {
                    let odds = w * p / rest;
                    sum.slope -= patients * odds * first;
                    sum.curvature -= patients * (odds * second + (odds * first) * (odds * first));
                }
            };
            without(*none, 1.0, q);
            for &w in pending {
                without(1.0, w, if w < 1.0 { 1.0 - w * p } else { q });
            }
        }
        sum
    }
}

/// Refuses a target, skeleton or data that do not fit together.
pub(crate) fn check_model(
    model: CrmModel,
    skeleton: &[f64],
    target: f64,
    doses: usize,
) -> Result<(), InputError> {
    check_target(target)?;
    model.check_skeleton(skeleton)?;
    crate::error::check_length("skeleton", skeleton.len(), doses)
}
