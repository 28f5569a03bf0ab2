//! Outcomes drawn from stated probabilities per dose.
//!
//! A patient has one uniform number for the DLT, one for its day (uniform over the DLT window), one for the
//! response and one each for the product, whatever the dose: who has a DLT at a dose would
//! have had one at every more toxic dose, and designs compared under one seed meet the same patients.

use neurocart_stats::InputError;

use crate::dose_finding_trial::{PatientOutcome, PatientRequest, TrialKey, purpose};

/// The truth of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedTruth {
    /// True DLT rate within the window, per dose.
    pub dlt_rates: Vec<f64>,
    /// True response rate per dose; empty where no design looks at responses.
    pub response_rates: Vec<f64>,
    /// Probability that the product cannot be made.
    pub manufacturing_failure: f64,
    /// Probability that a product that is made reaches the dose below only; not at the lowest dose.
    pub dose_shortfall: f64,
}

impl StatedTruth {
    /// DLT rates alone: every product is made at the assigned dose, nobody responds.
    pub fn of_dlt_rates(dlt_rates: &[f64]) -> Self {
        StatedTruth {
            dlt_rates: dlt_rates.to_vec(),
            response_rates: Vec::new(),
            manufacturing_failure: 0.0,
            dose_shortfall: 0.0,
        }
    }

    /// Refuses anything that is not a probability, and response rates for another number of doses.
    ///
    /// # Errors
    ///
    /// The first value that is wrong.
    pub fn check(&self, doses: usize) -> Result<(), InputError> {
        probabilities("dlt_rates", &self.dlt_rates)?;
        probabilities("response_rates", &self.response_rates)?;
        probabilities("manufacturing_failure", &[self.manufacturing_failure])?;
        probabilities("dose_shortfall", &[self.dose_shortfall])?;
        let length = |name, length| {
            if length == doses {
                Ok(())
            } else {
                Err(InputError::Length {
                    name,
                    length,
                    expected: doses,
                })
            }
        };
        length("dlt_rates", self.dlt_rates.len())?;
        if !self.response_rates.is_empty() {
            length("response_rates", self.response_rates.len())?;
        }
        Ok(())
    }

    /// The outcome of a patient under this truth.
    pub fn outcome(
        &self,
        key: TrialKey,
        request: PatientRequest,
        dlt_window_days: f64,
    ) -> PatientOutcome {
        let mut stream = key.stream(purpose::OUTCOME, request.patient_number);
        let [dlt, day, response, made, full] = std::array::from_fn(|_| stream.uniform());
        let level = match request.dose_level {
            _ if made < self.manufacturing_failure => None,
            0 => Some(0),
            level if full < self.dose_shortfall => Some(level - 1),
            level => Some(level),
        };
        let rate = |rates: &[f64]| {
            let rate = level.and_then(|level| rates.get(level));
            rate.copied().unwrap_or(0.0)
        };
        PatientOutcome {
            administered_level: level,
            dlt_day: (dlt < rate(&self.dlt_rates)).then_some(day * dlt_window_days),
            response: response < rate(&self.response_rates),
        }
    }
}

fn probabilities(name: &'static str, values: &[f64]) -> Result<(), InputError> {
    match values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        None => Ok(()),
        Some(index) => Err(InputError::Value {
            name,
            index,
            value: values[index],
            expected: "a probability",
        }),
    }
}
