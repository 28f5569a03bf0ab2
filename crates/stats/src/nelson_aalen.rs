//! Nelson-Aalen estimate of the cumulative hazard.
//!
//! H(t) = sum over event times <= t of d/n, with variance sum d/n^2 (Aalen 1978,
//! doi:10.1214/aos/1176344247). Ties count as d events out of n at once, as in R's
//! `survfit(stype = 2, ctype = 1)`.

use crate::kaplan_meier::kaplan_meier;
use crate::{Estimate, NotEstimable};

/// The cumulative hazard just after one event time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CumulativeHazardStep {
    /// Event time.
    pub time: f64,
    /// Cumulative hazard.
    pub cumulative_hazard: f64,
    /// Its variance.
    pub variance: f64,
}

/// The Nelson-Aalen curve of one group: one step per distinct event time.
pub fn nelson_aalen(time: &[f64], event: &[bool]) -> Estimate<Vec<CumulativeHazardStep>> {
    let curve = kaplan_meier(time, event)?;
    if curve.events == 0 {
        return Err(NotEstimable::NoEvents);
    }
    let (mut cumulative_hazard, mut variance) = (0.0, 0.0);
    Ok(curve
        .steps
        .iter()
        .filter(|s| s.events > 0)
        .map(|s| {
            let (d, n) = (s.events as f64, s.at_risk as f64);
            cumulative_hazard += d / n;
            variance += d / (n * n);
            CumulativeHazardStep {
                time: s.time,
                cumulative_hazard,
                variance,
            }
        })
        .collect())
}
