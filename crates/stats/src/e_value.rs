//! E-value: how strong unmeasured confounding would have to be to explain a risk ratio away.
//!
//! The least risk ratio that an unmeasured confounder must have with both treatment and outcome:
//! E = RR + sqrt(RR (RR - 1)) for RR >= 1, with 1/RR below one. VanderWeele and Ding 2017,
//! doi:10.7326/M16-2607. For a hazard or odds ratio it holds where the outcome is rare; for a rate ratio
//! as it stands.

use crate::two_arm_size::check_between;
use crate::{InputError, Interval};

/// E-value of a risk ratio above zero; 1 for a ratio of 1.
pub fn e_value(risk_ratio: f64) -> Result<f64, InputError> {
    check_between(
        "risk_ratio",
        risk_ratio,
        1e-150,
        1e150,
        "above zero and finite",
    )?;
    let rr = risk_ratio.max(1.0 / risk_ratio);
    Ok(rr + (rr * (rr - 1.0)).sqrt())
}

/// E-value of the confidence limit nearer to one: 1 where the interval holds 1, because nothing needs
/// explaining then.
pub fn e_value_of_interval(interval: &Interval) -> Result<f64, InputError> {
    let Interval { lower, upper } = *interval;
    if !(lower >= 0.0 && lower <= upper) {
        return Err(InputError::Range {
            name: "interval",
            value: lower,
            expected: "a lower limit of zero or more, at most the upper one",
        });
    }
    if interval.contains(1.0) {
        Ok(1.0)
    } else if lower > 1.0 {
        e_value(lower)
    } else {
        e_value(upper)
    }
}
