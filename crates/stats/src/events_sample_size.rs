//! Events and subjects for a trial that compares two arms by the log-rank test.
//!
//! With hazard ratio theta, share p = r / (1 + r) on treatment and z the normal quantiles, events are
//!
//! * Schoenfeld 1981, doi:10.1093/biomet/68.1.316: (z_a + z_b)^2 / [p (1 - p) (ln theta)^2];
//! * Freedman 1982, doi:10.1002/sim.4780010204: (z_a + z_b)^2 (1 + theta r)^2 / [r (1 - theta)^2].
//!
//! Subjects are events over the average probability of an observed event. Entry is uniform over the
//! accrual time A, follow-up goes on for F after its end, event and dropout have constant hazards
//! lambda and eta, and with k = lambda + eta
//! P(event) = lambda / k {1 - [exp(-k F) - exp(-k (A + F))] / (k A)}
//! (Lachin and Foulkes 1986, doi:10.2307/2531201), as `getSampleSizeSurvival` of R's package rpact.
//!
//! Both formulas assume proportional hazards. Where benefit comes late or harm early the power is
//! another one: simulate the trial.

use crate::InputError;
use crate::normal::{normal_cdf, normal_quantile};

/// Which formula gives the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventsFormula {
    /// Schoenfeld: the default.
    #[default]
    Schoenfeld,
    /// Freedman; with more on treatment than on control it asks for fewer events.
    Freedman,
}

/// What the number of events depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventsDesign {
    /// Hazard on treatment over hazard on control, not 1.
    pub hazard_ratio: f64,
    /// One-sided significance level.
    pub alpha_one_sided: f64,
    /// Probability of rejecting if the hazard ratio holds.
    pub power: f64,
    /// Subjects on treatment per subject on control.
    pub allocation: f64,
    /// The formula.
    pub formula: EventsFormula,
}

/// A trial in calendar time. All times and hazards share one unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalDesign {
    /// What the events depend on.
    pub events: EventsDesign,
    /// Hazard of the event on control.
    pub control_hazard: f64,
    /// Hazard of dropping out on control and on treatment; zero for none.
    pub dropout_hazard: [f64; 2],
    /// Time over which subjects enter, uniformly.
    pub accrual: f64,
    /// Time from the last entry to the analysis.
    pub follow_up: f64,
}

/// Size of a trial with a survival endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalSampleSize {
    /// Events, before rounding up.
    pub events: f64,
    /// Subjects, before rounding up.
    pub subjects: f64,
    /// Subjects on control and on treatment, each rounded up.
    pub subjects_per_arm: [u64; 2],
    /// Probability that a subject on control, on treatment has an observed event.
    pub event_probability: [f64; 2],
    /// Subjects entering per unit of time.
    pub accrual_rate: f64,
    /// Time from the first entry to the analysis.
    pub study_duration: f64,
}

/// Sizes beyond this are refused: no trial comes near, and counts stay whole numbers.
const LARGEST_SIZE: f64 = 1e12;

/// Events that the design needs, before rounding up.
pub fn required_events(design: &EventsDesign) -> Result<f64, InputError> {
    check_design(design)?;
    let z = -normal_quantile(design.alpha_one_sided) + normal_quantile(design.power);
    let events = z * z / information_per_event(design);
    if events <= LARGEST_SIZE {
        Ok(events)
    } else {
        Err(InputError::Range {
            name: "hazard_ratio",
            value: design.hazard_ratio,
            expected: "further from 1: the trial would need more than 1e12 events",
        })
    }
}

/// Power with this many events under the design's hazard ratio; `design.power` has no effect.
pub fn power_of_events(design: &EventsDesign, events: f64) -> Result<f64, InputError> {
    check_design(design)?;
    in_range("events", events, 0.0..=LARGEST_SIZE, "between 0 and 1e12")?;
    let drift = (events * information_per_event(design)).sqrt();
    Ok(normal_cdf(drift + normal_quantile(design.alpha_one_sided)))
}

/// The squared standardised effect that one event brings.
fn information_per_event(design: &EventsDesign) -> f64 {
    let (theta, r) = (design.hazard_ratio, design.allocation);
    match design.formula {
        EventsFormula::Schoenfeld => {
            let (p, log) = (r / (1.0 + r), libm::log(theta));
            p * (1.0 - p) * log * log
        }
        EventsFormula::Freedman => {
            let share = (1.0 - theta) / (1.0 + theta * r);
            r * share * share
        }
    }
}

/// Events and subjects of a trial.
pub fn survival_sample_size(design: &SurvivalDesign) -> Result<SurvivalSampleSize, InputError> {
    let events = required_events(&design.events)?;
    let event_probability = event_probabilities(design, design.accrual + design.follow_up)?;
    let share = design.events.allocation / (1.0 + design.events.allocation);
    let average = (1.0 - share) * event_probability[0] + share * event_probability[1];
    let subjects = events / average;
    // Written so that NaN fails too.
    let possible = subjects <= LARGEST_SIZE;
    if !possible {
        return Err(InputError::Range {
            name: "control_hazard",
            value: design.control_hazard,
            expected: "larger, or the follow-up longer: hardly anybody would have an event",
        });
    }
    // A product such as 0.5 * 100.00000000000001 must not add a subject.
    let whole = |x: f64| (x * (1.0 - 1e-12)).ceil() as u64;
    Ok(SurvivalSampleSize {
        events,
        subjects,
        subjects_per_arm: [whole(subjects * (1.0 - share)), whole(subjects * share)],
        event_probability,
        accrual_rate: subjects / design.accrual,
        study_duration: design.accrual + design.follow_up,
    })
}

/// Events expected on control and on treatment at calendar time `time` from the first entry, if
/// `subjects` enter over the accrual time.
pub fn expected_events(
    design: &SurvivalDesign,
    subjects: f64,
    time: f64,
) -> Result<[f64; 2], InputError> {
    in_range(
        "subjects",
        subjects,
        0.0..=LARGEST_SIZE,
        "between 0 and 1e12",
    )?;
    let probability = event_probabilities(design, time)?;
    let share = design.events.allocation / (1.0 + design.events.allocation);
    Ok([
        subjects * (1.0 - share) * probability[0],
        subjects * share * probability[1],
    ])
}

/// Probability for a subject on control and on treatment to have entered and had an observed event
/// by calendar time `time`.
fn event_probabilities(design: &SurvivalDesign, time: f64) -> Result<[f64; 2], InputError> {
    check_design(&design.events)?;
    const TIME: std::ops::RangeInclusive<f64> = 0.0..=1e9;
    in_range("time", time, TIME, "between 0 and 1e9")?;
    in_range(
        "accrual",
        design.accrual,
        1e-9..=1e9,
        "between 1e-9 and 1e9",
    )?;
    in_range("follow_up", design.follow_up, TIME, "between 0 and 1e9")?;
    for eta in design.dropout_hazard {
        in_range("dropout_hazard", eta, 0.0..=1e9, "between 0 and 1e9")?;
    }
    let lambda = design.control_hazard;
    in_range(
        "control_hazard",
        lambda,
        1e-12..=1e9,
        "between 1e-12 and 1e9",
    )?;
    let entered = time.min(design.accrual);
    let probability = |hazard: f64, dropout: f64| {
        let k = hazard + dropout;
        // Mean over entry of 1 - exp(-k (time - entry)): 1 - exp(-k rest) (1 - exp(-k A)) / (k A).
        let x = k * entered;
        let within = if x > 0.0 { -libm::expm1(-x) / x } else { 1.0 };
        let rest = k * (time - entered);
        // 1 - exp(-rest) within, without cancellation.
        let ended = -libm::expm1(-rest) + libm::exp(-rest) * lost_mean(x, within);
        entered / design.accrual * hazard / k * ended
    };
    Ok([
        probability(lambda, design.dropout_hazard[0]),
        probability(
            lambda * design.events.hazard_ratio,
            design.dropout_hazard[1],
        ),
    ])
}

/// 1 - (1 - exp(-x)) / x, with the series x/2 - x^2/6 + x^3/24 where the difference cancels.
fn lost_mean(x: f64, within: f64) -> f64 {
    if x < 1e-3 {
        x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x / 120.0)))
    } else {
        1.0 - within
    }
}

/// The constant hazard with this median.
pub fn hazard_from_median(median: f64) -> Result<f64, InputError> {
    in_range("median", median, 1e-9..=1e12, "between 1e-9 and 1e12")?;
    Ok(std::f64::consts::LN_2 / median)
}

/// The constant hazard with this survival at `time`.
pub fn hazard_from_survival(survival: f64, time: f64) -> Result<f64, InputError> {
    in_range("time", time, 1e-9..=1e9, "between 1e-9 and 1e9")?;
    if survival > 0.0 && survival < 1.0 {
        Ok(-libm::log(survival) / time)
    } else {
        Err(InputError::Range {
            name: "survival",
            value: survival,
            expected: "between 0 and 1",
        })
    }
}

fn check_design(design: &EventsDesign) -> Result<(), InputError> {
    in_range(
        "hazard_ratio",
        design.hazard_ratio,
        1e-6..=1e6,
        "between 1e-6 and 1e6, and not 1",
    )?;
    if design.hazard_ratio == 1.0 {
        return Err(InputError::Range {
            name: "hazard_ratio",
            value: 1.0,
            expected: "different from 1: without an effect no trial has power",
        });
    }
    in_range(
        "alpha_one_sided",
        design.alpha_one_sided,
        1e-12..=0.5,
        "above 0 and at most 0.5",
    )?;
    in_range(
        "power",
        design.power,
        design.alpha_one_sided..=1.0 - 1e-12,
        "between the significance level and 1",
    )?;
    in_range(
        "allocation",
        design.allocation,
        1e-3..=1e3,
        "between 0.001 and 1000",
    )
}

fn in_range(
    name: &'static str,
    value: f64,
    range: std::ops::RangeInclusive<f64>,
    expected: &'static str,
) -> Result<(), InputError> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(InputError::Range {
            name,
            value,
            expected,
        })
    }
}
