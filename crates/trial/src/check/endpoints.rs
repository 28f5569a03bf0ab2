//! Endpoints.

use std::collections::BTreeMap;

use super::Meaning;
use super::Step::{Item, Key};
use crate::disease::Disease;
use crate::specification::{ConfirmationWeeks, Measure, OutcomeKind, Score, Strategy};

impl Meaning<'_> {
    pub(super) fn endpoints(&mut self, diseases: &[Disease]) {
        let visits = self.specification.visit_days();
        let weeks: Vec<f64> = visits.iter().map(|day| day / 7.0).collect();
        let end = self.specification.follow_up.duration_weeks;
        let mut names = BTreeMap::new();
        for (index, endpoint) in self.specification.endpoints.iter().enumerate() {
            let path = |field| [Key("endpoint"), Item(index), Key("measure"), Key(field)];
            if let Some(first) = names.insert(&endpoint.name, index) {
                self.error(
                    &[Key("endpoint"), Item(index), Key("name")],
                    format!("two endpoints are called `{}`", endpoint.name),
                    format!("rename endpoint {} or endpoint {}", first + 1, index + 1),
                );
            }
            if let Some(score) = endpoint.measure.score() {
                self.score_exists(score, diseases, &path("score"));
            }
            if let Some(week) = endpoint.measure.week() {
                if week > end || week <= 0.0 {
                    self.error(
                        &path("week"),
                        format!(
                            "week {week} of `{}` is outside the follow-up of {end} weeks",
                            endpoint.name
                        ),
                        format!("give a week above 0 and up to {end}"),
                    );
                } else if !weeks.iter().any(|&w| (w - week).abs() < 1e-9) {
                    let near = weeks[1..]
                        .iter()
                        .copied()
                        .min_by(|a, b| (a - week).abs().total_cmp(&(b - week).abs()));
                    let hint = match near {
                        Some(near) => format!(
                            "the nearest visit is at week {near}; use it, or add week {week} to `visits`"
                        ),
                        None => format!("add week {week} to `visits`"),
                    };
                    self.error(
                        &path("week"),
                        format!(
                            "`{}` is read at week {week}, but there is no visit then",
                            endpoint.name
                        ),
                        hint,
                    );
                }
            }
            match &endpoint.measure {
                Measure::TimeToAttack {} | Measure::AttackCount {} => {
                    self.attacks_exist(diseases, &path("kind"))
                }
                Measure::ConfirmedProgression {
                    confirmation_weeks, ..
                } => {
                    self.score_exists(Score::Edss, diseases, &path("kind"));
                    self.confirmation(index, *confirmation_weeks, end);
                }
                Measure::CompositeProgression {
                    confirmation_weeks, ..
                } => {
                    self.score_exists(Score::Edss, diseases, &path("kind"));
                    self.score_exists(Score::T25fw, diseases, &path("kind"));
                    self.confirmation(index, *confirmation_weeks, end);
                }
                Measure::NewLesions {
                    mri_weeks,
                    reference_week,
                } => {
                    self.lesions_exist(diseases, &path("kind"));
                    self.scans(index, mri_weeks, Some(*reference_week), end);
                }
                Measure::EnhancingLesions { mri_weeks } => {
                    self.lesions_exist(diseases, &path("kind"));
                    self.scans(index, mri_weeks, None, end);
                }
                Measure::Neda3 {
                    week,
                    confirmation_weeks,
                    mri_weeks,
                    reference_week,
                    ..
                } => {
                    self.lesions_exist(diseases, &path("kind"));
                    self.score_exists(Score::Edss, diseases, &path("kind"));
                    if *week > end || *week <= 0.0 {
                        self.error(
                            &path("week"),
                            format!("week {week} is outside the follow-up of {end} weeks"),
                            format!("give a week above 0 and up to {end}"),
                        );
                    } else {
                        self.confirmation(index, *confirmation_weeks, *week);
                        self.scans(index, mri_weeks, Some(*reference_week), *week);
                    }
                }
                Measure::PercentResponder {
                    reduction_percent, ..
                } => {
                    if !(*reduction_percent > 0.0 && *reduction_percent <= 100.0) {
                        self.error(
                            &path("reduction_percent"),
                            format!("a fall by {reduction_percent} % is no response"),
                            "give a number above 0 and up to 100, usually 20",
                        );
                    }
                }
                Measure::Responder {
                    score,
                    reduction_points,
                    ..
                } => {
                    if *reduction_points <= 0.0 || *reduction_points > score.maximum() {
                        self.error(
                            &path("reduction_points"),
                            format!(
                                "a fall by {reduction_points}{} is no response on the {}",
                                score.unit(),
                                score.label()
                            ),
                            format!("give a number above 0 and up to {}", score.maximum()),
                        );
                    }
                }
                Measure::ScoreAtMost { score, value, .. } => {
                    if !(0.0..=score.maximum()).contains(value) {
                        self.error(
                            &path("value"),
                            format!("{value} is not on the {}", score.label()),
                            format!("give a number from 0 to {}", score.maximum()),
                        );
                    }
                }
                Measure::AdverseEvent {
                    by_week: Some(week),
                    ..
                } if *week <= 0.0 || *week > end => {
                    self.error(
                        &path("by_week"),
                        format!("week {week} is outside the follow-up of {end} weeks"),
                        format!("give a week above 0 and up to {end}"),
                    );
                }
                Measure::AdverseEvent { .. }
                | Measure::ScoreChange { .. }
                | Measure::PercentChange { .. } => {}
            }
            self.strategy(index);
        }
    }

    /// Refuses a confirmation that cannot end within so many weeks.
    fn confirmation(&mut self, index: usize, weeks: ConfirmationWeeks, end: f64) {
        let confirmation = f64::from(u32::from(weeks));
        if confirmation >= end {
            self.error(
                &[
                    Key("endpoint"),
                    Item(index),
                    Key("measure"),
                    Key("confirmation_weeks"),
                ],
                format!(
                    "nothing can be confirmed over {confirmation} weeks in a follow-up of {end}"
                ),
                "lengthen the follow-up or confirm at 12 weeks",
            );
        }
    }

    /// Refuses scans out of order, outside the follow-up, or without one after the reference.
    fn scans(&mut self, index: usize, weeks: &[f64], reference: Option<f64>, end: f64) {
        let path = |field| [Key("endpoint"), Item(index), Key("measure"), Key(field)];
        let inside = weeks.iter().all(|week| (0.0..=end).contains(week));
        if weeks.is_empty() || !inside || !weeks.is_sorted_by(|a, b| a < b) {
            self.error(
                &path("mri_weeks"),
                "the weeks of the scans are not in order within the time that counts",
                format!("give increasing weeks from 0 to {end}"),
            );
            return;
        }
        let Some(reference) = reference else {
            return;
        };
        if !weeks.contains(&reference) {
            self.error(
                &path("reference_week"),
                format!("there is no scan at week {reference} to count lesions from"),
                format!("add {reference} to `mri_weeks`, or name one of its weeks"),
            );
        } else if weeks.last().is_none_or(|&last| last <= reference) {
            self.error(
                &path("mri_weeks"),
                "there is no scan after the reference scan",
                "add a later week, or take an earlier reference",
            );
        }
    }

    pub(super) fn strategy(&mut self, index: usize) {
        let endpoint = &self.specification.endpoints[index];
        let path = [Key("endpoint"), Item(index), Key("rescue_strategy")];
        let kind = endpoint.measure.outcome();
        if endpoint.rescue_strategy.is_some() && self.specification.rescue.is_none() {
            self.warn(
                &path,
                format!(
                    "`{}` has a strategy for rescue, but the trial has no `[rescue]`",
                    endpoint.name
                ),
                "add the rule that starts rescue, or remove the strategy",
            );
        }
        let no_composite = matches!(kind, OutcomeKind::Continuous | OutcomeKind::Count)
            || matches!(endpoint.measure, Measure::AdverseEvent { .. });
        if no_composite
            && endpoint
                .immunosuppression_restart
                .as_ref()
                .is_some_and(|restart| restart.strategy == Strategy::Composite)
        {
            self.error(
                &[
                    Key("endpoint"),
                    Item(index),
                    Key("immunosuppression_restart"),
                    Key("strategy"),
                ],
                format!("a restart of immunosuppression cannot be a part of `{}`", endpoint.name),
                "`composite` fits responses and times to an event; use `treatment_policy`, `hypothetical` or `while_on_treatment`",
            );
        }
        if endpoint.rescue_strategy == Some(Strategy::Composite) && no_composite {
            self.error(&path, format!("rescue cannot be a part of `{}`", endpoint.name), "`composite` fits responses and times to an event; use `treatment_policy`, `hypothetical` or `while_on_treatment`");
        }
        if self.specification.rescue.is_some()
            && endpoint.strategy() == Strategy::TreatmentPolicy
            && endpoint.measure.score().is_some()
        {
            self.warn(&path, format!("`{}` uses the values after rescue as if rescue had no effect", endpoint.name), "the model holds no rescue treatment; `hypothetical` or `while_on_treatment` sets those values aside");
        }
    }
}
