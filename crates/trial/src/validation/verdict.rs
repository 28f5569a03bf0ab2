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
value lies in the 95 % prediction interval of a trial of that size whose truth is the simulation. (2) If the \
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
}

/// Judges one comparison; `not_judged` is the reason of the plan not to.
pub fn judge(published: &Published, simulated: &Simulated, not_judged: Option<&str>) -> Judgement {
    let without = |reason: String| Judgement {
        verdict: Verdict::NotJudged,
        reason,
        accepted: None,
    };
    if published.grade == Grade::Recalled {
        return without("the published figure is written from memory".to_owned());
    }
    if let Some(reason) = not_judged {
        return without(reason.to_owned());
    }
    let Some(value) = simulated.value else {
        let reason = "the simulated figure cannot be estimated".to_owned();
        return Judgement {
            verdict: Verdict::Fail,
            reason,
            accepted: None,
        };
    };
    let inside = |x: f64, (low, high): (f64, f64)| low <= x && x <= high;
    let pass = |yes: bool| if yes { Verdict::Pass } else { Verdict::Fail };
    let judged = |yes: bool, reason: &str, limits| Judgement {
        verdict: pass(yes),
        reason: reason.to_owned(),
        accepted: Some(limits),
    };
    let counted = published.events.is_some();
    if let (Some(limits), Some(figure)) = (simulated.prediction, published.value) {
        if counted || !published.has_interval() {
            // A printed count and the quantile of a count differ by rounding only.
            let slack = 1e-9 * figure.abs().max(1.0);
            let yes = inside(figure, (limits.0 - slack, limits.1 + slack));
            return judged(
                yes,
                "95 % prediction interval of a trial of the published size",
                limits,
            );
        }
    }
    if published.has_interval() {
        let low = published.lower.unwrap_or(f64::NEG_INFINITY);
        let high = published.upper.unwrap_or(f64::INFINITY);
        return judged(inside(value, (low, high)), &published.interval, (low, high));
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
        }
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
