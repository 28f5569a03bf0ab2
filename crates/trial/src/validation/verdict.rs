//! One rule for every comparison, set before any result was looked at.

use serde::{Deserialize, Serialize};

use super::estimate::Simulated;
use super::published::{Grade, Published};

/// Relative distance within which two figures without interval and size are called near.
pub const NEAR: f64 = 0.25;

/// The rule in words, for the documentation.
pub const RULE: &str = "One rule holds for all comparisons and was set before any result was \
looked at. (1) If counted patients stand behind the published percentage, or a value without an \
interval comes with the number of patients behind it, the comparison passes if the published \
value lies in the 95 % prediction interval of a trial of that size whose truth is the simulation (a \
printed percentage stands for the nearest count, and a Kaplan-Meier percentage is taken as printed, not \
from counts: two details added after a first run, which turned one verdict, that of the placebo arm \
of REGAIN). (2) If the \
published value comes with a confidence or credible interval, or if a range is required, it passes \
if the simulated value lies in it. (3) Otherwise it is near if the simulated value is within 25 % of \
the published one. In every other case it fails. Figures written from memory (grade recalled) and figures \
whose definition or follow-up is not published are shown without a verdict.";

/// Outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Agrees by rule 1 or 2.
    Pass,
    /// Within 25 %, where rules 1 and 2 do not apply.
    Near,
    /// Does not agree.
    Fail,
    /// Shown without a verdict.
    NotJudged,
}

impl Verdict {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Near => "near",
            Verdict::Fail => "fail",
            Verdict::NotJudged => "not judged",
        }
    }
}

/// A verdict with its grounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Which rule made it, in words.
    pub reason: String,
    /// Between which limits the simulated value would have passed, or, by rule 1, the published one.
    pub accepted: Option<(f64, f64)>,
    /// True if a limit is so close that the Monte Carlo error of the simulation may decide.
    pub close: bool,
}

/// Judges one comparison; `not_judged` is the reason of the plan not to.
pub fn judge(published: &Published, simulated: &Simulated, not_judged: Option<&str>) -> Judgement {
    let none = |verdict, reason| Judgement {
        verdict,
        reason,
        accepted: None,
        close: false,
    };
    let without = |reason: String| none(Verdict::NotJudged, reason);
    if published.grade == Grade::Recalled {
        return without("the published figure is written from memory".to_owned());
    }
    if let Some(reason) = not_judged {
        return without(reason.to_owned());
    }
    let Some(value) = simulated.value else {
        let reason = "the simulated figure cannot be estimated".to_owned();
        return none(Verdict::Fail, reason);
    };
    let error = simulated.monte_carlo_standard_error.unwrap_or(0.0);
    // No count lies below none or above all, whatever the seed.
    let none_and_all = (0.0, 100.0);
    let bounds = simulated
        .counted_of
        .map_or((f64::NEG_INFINITY, f64::INFINITY), |_| none_and_all);
    let close = |x: f64, (low, high): (f64, f64)| {
        (low > bounds.0 && (x - low).abs() < 2.0 * error)
            || (high < bounds.1 && (x - high).abs() < 2.0 * error)
    };
    let inside = |x: f64, (low, high): (f64, f64)| low <= x && x <= high;
    let pass = |yes: bool| if yes { Verdict::Pass } else { Verdict::Fail };
    let judged = |x: f64, yes: bool, reason: &str, limits| Judgement {
        verdict: pass(yes),
        reason: reason.to_owned(),
        accepted: Some(limits),
        close: close(x, limits),
    };
    let counted = published.events.is_some();
    if let (Some(limits), Some(figure)) = (simulated.prediction, published.value)
        && (counted || !published.has_interval())
    {
        let slack = 1e-9 * figure.abs().max(1.0);
        let figure = as_count(figure, simulated.counted_of);
        let yes = inside(figure, (limits.0 - slack, limits.1 + slack));
        let reason = "95 % prediction interval of a trial of the published size";
        return judged(figure, yes, reason, limits);
    }
    if published.has_interval() {
        let low = published.lower.unwrap_or(f64::NEG_INFINITY);
        let high = published.upper.unwrap_or(f64::INFINITY);
        let reason = match (published.lower, published.upper) {
            (None, Some(high)) => format!("{}, at most {high}", published.interval),
            (Some(low), None) => format!("{}, at least {low}", published.interval),
            _ => published.interval.clone(),
        };
        return judged(value, inside(value, (low, high)), &reason, (low, high));
    }
    let Some(figure) = published.value else {
        return without("neither a value nor an interval is published".to_owned());
    };
    let limits = [figure * (1.0 - NEAR), figure * (1.0 + NEAR)];
    let limits = (limits[0].min(limits[1]), limits[0].max(limits[1]));
    let near = inside(value, limits);
    Judgement {
        verdict: if near { Verdict::Near } else { Verdict::Fail },
        reason: "neither interval nor size published: within 25 % is near".to_owned(),
        accepted: Some(limits),
        close: close(value, limits),
    }
}

/// A printed percentage of so many patients stands for the nearest count.
fn as_count(figure: f64, patients: Option<u64>) -> f64 {
    match patients {
        Some(n) => 100.0 * (figure * n as f64 / 100.0).round() / n as f64,
        None => figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(
        value: Option<f64>,
        limits: Option<(f64, f64)>,
        counts: Option<(u64, u64)>,
    ) -> Published {
        Published {
            value,
            lower: limits.map(|l| l.0),
            upper: limits.map(|l| l.1),
            interval: "95 % confidence interval".to_owned(),
            events: counts.map(|c| c.0),
            total: counts.map(|c| c.1),
            grade: Grade::Seen,
            tier: "A".to_owned(),
            source: String::new(),
            address: String::new(),
            remark: String::new(),
        }
    }

    fn simulated(value: f64, prediction: Option<(f64, f64)>) -> Simulated {
        Simulated {
            value: Some(value),
            monte_carlo_standard_error: None,
            prediction,
            spread: None,
            subjects: 1,
            counted_of: None,
        }
    }

    #[test]
    fn a_printed_percentage_stands_for_the_nearest_count() {
        // 96 of 244 patients are printed as 39.3 %, below the limit of 96/244 = 39.344 %.
        let limit = 100.0 * 96.0 / 244.0;
        let figure = published(Some(39.3), None, None);
        let of = |counted_of| {
            let simulated = Simulated {
                counted_of,
                ..simulated(45.0, Some((limit, 52.0)))
            };
            judge(&figure, &simulated, None).verdict
        };
        assert_eq!((of(Some(244)), of(None)), (Verdict::Pass, Verdict::Fail));
    }

    #[test]
    fn counts_are_judged_by_the_prediction_interval_even_beside_a_confidence_interval() {
        let figure = published(Some(40.0), Some((25.0, 55.0)), Some((8, 20)));
        let of = |limits| judge(&figure, &simulated(80.0, Some(limits)), None).verdict;
        assert_eq!(of((35.0, 99.0)), Verdict::Pass);
        assert_eq!(of((41.0, 99.0)), Verdict::Fail);
    }

    #[test]
    fn an_interval_is_judged_by_the_simulated_value() {
        let figure = published(Some(0.3), Some((0.2, 0.4)), None);
        let of = |value| judge(&figure, &simulated(value, Some((0.0, 9.0))), None).verdict;
        assert_eq!((of(0.21), of(0.41)), (Verdict::Pass, Verdict::Fail));
        let from_above = Published {
            lower: None,
            ..figure
        };
        assert_eq!(
            judge(&from_above, &simulated(-5.0, None), None).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn without_interval_and_size_a_quarter_is_near() {
        let of = |value, figure| {
            judge(
                &published(Some(figure), None, None),
                &simulated(value, None),
                None,
            )
        };
        assert_eq!(of(-4.0, -5.0).verdict, Verdict::Near);
        assert_eq!(of(-3.7, -5.0).verdict, Verdict::Fail);
        assert_eq!(of(0.1, 0.0).verdict, Verdict::Fail);
    }

    #[test]
    fn a_limit_within_two_monte_carlo_errors_is_close() {
        let figure = published(Some(0.3), Some((0.2, 0.4)), None);
        let of = |value| {
            let simulated = Simulated {
                monte_carlo_standard_error: Some(0.01),
                ..simulated(value, None)
            };
            judge(&figure, &simulated, None).close
        };
        assert_eq!((of(0.38), of(0.385), of(0.415)), (false, true, true));
    }

    #[test]
    fn what_is_remembered_is_never_judged() {
        let figure = Published {
            grade: Grade::Recalled,
            ..published(Some(1.0), Some((0.0, 2.0)), Some((1, 2)))
        };
        assert_eq!(
            judge(&figure, &simulated(1.0, Some((0.0, 2.0))), None).verdict,
            Verdict::NotJudged
        );
    }
}
