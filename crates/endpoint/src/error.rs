//! What is refused, and what cannot be evaluated.

/// A value that a definition cannot take.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InputError {
    /// A number that is infinite or not a number.
    #[error("{what} is {value}, and must be a finite number")]
    NotFinite {
        /// What it should have been.
        what: &'static str,
        /// The value.
        value: f64,
    },
    /// A value outside its range.
    #[error("{what} is {value}, and must lie between {minimum} and {maximum}")]
    OutOfRange {
        /// What it should have been.
        what: &'static str,
        /// The value.
        value: f64,
        /// Smallest value allowed.
        minimum: f64,
        /// Largest value allowed.
        maximum: f64,
    },
    /// A value between the steps of its scale.
    #[error("{scale} is {value}, which is not a step of the scale ({step})")]
    OffStep {
        /// The scale.
        scale: &'static str,
        /// The value.
        value: f64,
        /// Distance between neighbouring values.
        step: f64,
    },
    /// Times that do not increase.
    #[error("{what} on day {later} follows day {earlier}; times must increase")]
    OutOfOrder {
        /// What the times belong to.
        what: &'static str,
        /// Time of the entry before.
        earlier: f64,
        /// Time of the entry that should be later.
        later: f64,
    },
}

/// Why an endpoint has no value for a subject.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NotEvaluable {
    /// No reading at the planned visit.
    #[error("there is no reading at the visit")]
    MissingVisit,
    /// A component of a composite is unknown and none is positive.
    #[error("{component} is unknown, and no other component is positive")]
    MissingComponent {
        /// Which.
        component: &'static str,
    },
    /// The percentage of a baseline of zero.
    #[error("the baseline is zero, so a change in percent is not defined")]
    ZeroBaseline,
    /// The ICE score of a subject who is awake is missing.
    #[error("the ICE score is missing although the subject can be roused")]
    MissingIce,
    /// An intercurrent event came first, and its strategy sets aside what follows.
    #[error("{event} came first, and the strategy sets aside what follows")]
    SetAside {
        /// Which event.
        event: crate::estimand::IntercurrentEvent,
    },
    /// The subject died before the visit.
    #[error("the subject died before the visit, and no value exists after death")]
    Death,
    /// The composite strategy on a value without a value for failure.
    #[error("the composite strategy needs a value for failure, and there is none")]
    NoFailureValue,
    /// The composite strategy on a number of events.
    #[error("the composite strategy is not defined for a number of events")]
    CompositeCount,
    /// Membership in the principal stratum is not known.
    #[error("whether the subject belongs to the principal stratum is not known")]
    UnknownStratum,
    /// The subject is outside the principal stratum.
    #[error("the subject is outside the principal stratum")]
    OutsideStratum,
    /// The input was refused.
    #[error(transparent)]
    Input(#[from] InputError),
}

/// Refuses what is infinite or not a number.
pub(crate) fn finite(what: &'static str, value: f64) -> Result<f64, InputError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(InputError::NotFinite { what, value })
    }
}

/// Refuses what is outside a range.
pub(crate) fn within(
    what: &'static str,
    value: f64,
    (minimum, maximum): (f64, f64),
) -> Result<f64, InputError> {
    finite(what, value)?;
    if (minimum..=maximum).contains(&value) {
        Ok(value)
    } else {
        Err(InputError::OutOfRange {
            what,
            value,
            minimum,
            maximum,
        })
    }
}

/// Refuses times that are not finite or do not increase; equal times pass if `ties` is true.
pub(crate) fn increasing(
    what: &'static str,
    times: impl IntoIterator<Item = f64>,
    ties: bool,
) -> Result<(), InputError> {
    let mut earlier = f64::NEG_INFINITY;
    for later in times {
        finite(what, later)?;
        if later < earlier || (later == earlier && !ties) {
            return Err(InputError::OutOfOrder {
                what,
                earlier,
                later,
            });
        }
        earlier = later;
    }
    Ok(())
}
