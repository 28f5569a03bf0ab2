//! Why an analysis has no answer: a typed reason with a sentence for the reader of a report.

use thiserror::Error;

/// The result of an analysis: an answer, or the reason there is none.
///
/// An undefined quantity is never reported as a number, and never as NaN.
pub type Estimate<T> = Result<T, NotEstimable>;

/// Why a quantity cannot be estimated from these data.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NotEstimable {
    /// Fewer subjects than the method needs.
    #[error("not estimable: {subjects} subjects, at least {needed} are needed")]
    TooFewSubjects {
        /// Subjects given.
        subjects: usize,
        /// Subjects the method needs.
        needed: usize,
    },
    /// Nobody had the event.
    #[error("not estimable: no event was observed")]
    NoEvents,
    /// Everybody had the event.
    #[error("not estimable: every patient had the event")]
    OnlyEvents,
    /// Only one arm has subjects at risk when events happen.
    #[error("not estimable: fewer than two arms have subjects, or subjects at risk at an event")]
    EmptyArm,
    /// One level of a two-valued covariate, such as an arm, has no event at all, so its log rate
    /// is minus infinity.
    #[error(
        "not estimable: no event where covariate {covariate} equals {level}; \
         use the exact conditional rate ratio instead"
    )]
    NoEventsInArm {
        /// Position of the covariate, from 0.
        covariate: usize,
        /// Value of the covariate in the event-free level.
        level: f64,
    },
    /// The partial likelihood rises for ever in one direction: the hazard ratio is 0 or infinite.
    #[error(
        "not estimable: monotone likelihood, the estimate for covariate {covariate} is infinite \
         (for example, all events fell in one arm)"
    )]
    MonotoneLikelihood {
        /// Position of the covariate that runs away fastest, from 0.
        covariate: usize,
    },
    /// A regression coefficient runs to infinity because a covariate separates the outcomes.
    #[error("not estimable: covariate {covariate} separates the outcomes, its effect is infinite")]
    Separation {
        /// Position of the covariate, from 0.
        covariate: usize,
    },
    /// In every table an arm is empty, or nobody or everybody responded.
    #[error(
        "not estimable: in every table an arm is empty or all subjects have the same outcome, \
         so nothing is said on the odds ratio"
    )]
    NoInformativeTable,
    /// The odds ratio is zero or infinite.
    #[error(
        "not estimable: the odds ratio is {bound}, so it has no Wald interval; \
         use the exact conditional one instead"
    )]
    OddsRatioAtBound {
        /// Zero or infinity.
        bound: f64,
    },
    /// The risk ratio is zero or infinite.
    #[error("not estimable: the risk ratio is {bound}, so it has no interval on the log scale")]
    RiskRatioAtBound {
        /// Zero or infinity.
        bound: f64,
    },
    /// Fewer strata that say something than the method needs.
    #[error("not estimable: {strata} informative strata, at least {needed} are needed")]
    TooFewStrata {
        /// Strata in which the outcome varies and both arms have subjects.
        strata: usize,
        /// Strata the method needs.
        needed: usize,
    },
    /// Fewer studies than the method needs.
    #[error("not estimable: {studies} studies, at least {needed} are needed")]
    TooFewStudies {
        /// Studies given.
        studies: usize,
        /// Studies the method needs.
        needed: usize,
    },
    /// The target means are at or beyond the edge of what weights on the subjects can reach.
    #[error(
        "not estimable: no weights on these subjects have the target means \
         (they lie outside, or on the edge of, the subjects' range)"
    )]
    TargetOutOfReach,
    /// Nearly all weight lies on one subject, so nothing is left to estimate an error by.
    #[error("not estimable: subject {subject} carries {share} of the weight of its arm")]
    WeightOnOneSubject {
        /// Position of the subject, from 0.
        subject: usize,
        /// Its share of the weight.
        share: f64,
    },
    /// A covariate is constant or a combination of the others.
    #[error("not estimable: covariate {covariate} is constant or a combination of the others")]
    Collinear {
        /// Position of the column, from 0.
        covariate: usize,
    },
    /// The outcome does not vary where the method needs variation.
    #[error("not estimable: the data leave no variation to measure the error by")]
    NoVariation,
    /// The survival curve never falls to the level asked for.
    #[error("not reached: survival is still {lowest_survival} at the end of follow-up")]
    NotReached {
        /// Lowest value of the curve.
        lowest_survival: f64,
    },
    /// The time asked for lies beyond the last observation, where the curve is unknown.
    #[error("not estimable: time {time} is beyond the last observation at {last}")]
    BeyondFollowUp {
        /// Time asked for.
        time: f64,
        /// Last observed time.
        last: f64,
    },
    /// A prior density without bound, whose information is not defined.
    #[error(
        "not estimable: a beta component has a parameter below 1, so its density and information \
         are infinite at 0 or 1; use the effective sample size by moments"
    )]
    UnboundedPrior,
    /// An arm was never seen at a visit where another was.
    #[error("not estimable: arm {arm} has no value at visit {visit}; leave the visit out")]
    ArmWithoutVisit {
        /// Label of the arm.
        arm: usize,
        /// Label of the visit.
        visit: usize,
    },
    /// No subject has both visits, so their covariance is unknown.
    #[error(
        "not estimable: no subject was seen at both visit {first} and visit {second}, so their \
         covariance is unknown; choose a covariance structure with fewer parameters"
    )]
    VisitsNeverTogether {
        /// Label of the earlier visit.
        first: usize,
        /// Label of the later visit.
        second: usize,
    },
    /// The variance of an estimate, after adjustment for a small sample, is zero or less.
    #[error(
        "not estimable: with so few subjects no positive variance is left after the adjustment; \
         use Satterthwaite degrees of freedom"
    )]
    NoPositiveVariance,
    /// The iteration did not settle.
    #[error("not estimable: no convergence after {iterations} iterations")]
    NoConvergence {
        /// Iterations done.
        iterations: usize,
    },
    /// No effect of the treatment gives a design the power asked for.
    #[error(
        "not attainable: no effect gives this design the power asked for, \
         because it stops for futility too early or has no error left to spend"
    )]
    NotAttainable,
    /// The input itself is wrong: a fault of the caller, not of the data.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl NotEstimable {
    /// Whether the caller gave bad input, as opposed to data that hold no answer. A run counts
    /// the second kind and goes on; it stops at the first.
    pub fn is_bad_input(&self) -> bool {
        matches!(self, NotEstimable::Input(_))
    }
}

/// What is wrong with the input of an analysis.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InputError {
    /// Two slices that describe the same subjects differ in length.
    #[error("`{name}` has {length} values but there are {expected} subjects; give one per subject")]
    Length {
        /// The argument.
        name: &'static str,
        /// Its length.
        length: usize,
        /// The number of subjects.
        expected: usize,
    },
    /// A value is NaN or infinite.
    #[error(
        "`{name}` is {value} for subject {index}; give a finite number or leave the subject out"
    )]
    NotFinite {
        /// The argument.
        name: &'static str,
        /// Position of the value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A value of one subject is outside its range.
    #[error("`{name}` is {value} for subject {index}; it must be {expected}")]
    Value {
        /// The argument.
        name: &'static str,
        /// Position of the value, from 0.
        index: usize,
        /// The value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// An option or a single number is outside its range.
    #[error("`{name}` is {value}; it must be {expected}")]
    Range {
        /// The argument.
        name: &'static str,
        /// The value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// More events than subjects.
    #[error("{count} of {total}: the count in `{name}` is larger than its total")]
    CountAboveTotal {
        /// The argument.
        name: &'static str,
        /// The count.
        count: u64,
        /// Its total.
        total: u64,
    },
    /// Two options that exclude each other.
    #[error("{problem}; {fix}")]
    Unsupported {
        /// What was asked for.
        problem: &'static str,
        /// What to do instead.
        fix: &'static str,
    },
}

pub(crate) fn check_length(
    name: &'static str,
    length: usize,
    expected: usize,
) -> Result<(), InputError> {
    if length == expected {
        Ok(())
    } else {
        Err(InputError::Length {
            name,
            length,
            expected,
        })
    }
}

pub(crate) fn check_finite(name: &'static str, values: &[f64]) -> Result<(), InputError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(InputError::NotFinite {
            name,
            index,
            value: values[index],
        }),
    }
}

/// Times since randomisation or first treatment: finite and not negative.
pub(crate) fn check_times(time: &[f64]) -> Result<(), InputError> {
    check_finite("time", time)?;
    match time.iter().position(|&t| t < 0.0) {
        None => Ok(()),
        Some(index) => Err(InputError::Value {
            name: "time",
            index,
            value: time[index],
            expected: "zero or more",
        }),
    }
}

/// Times at which rows come under observation: finite, not negative, before the row's own time.
pub(crate) fn check_start(start: &[f64], time: &[f64]) -> Result<(), InputError> {
    check_length("start", start.len(), time.len())?;
    check_finite("start", start)?;
    match (0..time.len()).find(|&i| !(start[i] >= 0.0 && start[i] < time[i])) {
        None => Ok(()),
        Some(index) => Err(InputError::Value {
            name: "start",
            index,
            value: start[index],
            expected: "zero or more and below the row's time",
        }),
    }
}

pub(crate) fn check_level(level: f64) -> Result<(), InputError> {
    // Beyond these ends the tail probability or the interval vanishes in rounding.
    if (1e-6..=1.0 - 1e-12).contains(&level) {
        Ok(())
    } else {
        Err(InputError::Range {
            name: "confidence_level",
            value: level,
            expected: "between 0 and 1, for example 0.95",
        })
    }
}

/// Counts above this are refused: the exact methods take time that grows with the root of the
/// count, and no trial comes near.
pub(crate) const LARGEST_COUNT: u64 = 1_000_000_000;

pub(crate) fn check_count(name: &'static str, count: u64, total: u64) -> Result<(), InputError> {
    if total > LARGEST_COUNT {
        return Err(InputError::Range {
            name: "total",
            value: total as f64,
            expected: "at most 1e9",
        });
    }
    if count <= total {
        Ok(())
    } else {
        Err(InputError::CountAboveTotal { name, count, total })
    }
}
