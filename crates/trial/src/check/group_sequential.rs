//! Looks at the primary analysis.

use neurocart_stats::group_sequential::MOST_LOOKS;

use super::Meaning;
use super::Step::{Item, Key};
use crate::adaptive::group_sequential;
use crate::specification::{Alternative, OutcomeKind};

impl Meaning<'_> {
    pub(super) fn group_sequential(&mut self) {
        let Some(section) = &self.specification.group_sequential else {
            return;
        };
        let path = |field| [Key("group_sequential"), Key(field)];
        if self.specification.decides_while_enrolling() {
            self.error(
                &[Key("group_sequential")],
                "looks are for randomised trials",
                "remove the section, or `[dose_finding]` and `[single_arm]`",
            );
            return;
        }
        if self.specification.arms.len() != 2 {
            self.error(
                &[Key("group_sequential")],
                format!(
                    "looks compare two arms, and there are {}",
                    self.specification.arms.len()
                ),
                "keep one treated arm and the reference arm",
            );
        }
        if self.specification.follow_up.until_events.is_some() {
            self.error(
                &[Key("follow_up"), Key("until_events")],
                "the looks say when the data are cut",
                "remove `until_events` and `until_endpoint`; give `group_sequential.events`",
            );
        }
        let mut sound = true;
        let rises = section.information.windows(2).all(|pair| pair[0] < pair[1]);
        let ends = section.information.last() == Some(&1.0);
        if !rises || !ends || section.information.first().is_none_or(|&t| t <= 0.0) {
            self.error(
                &path("information"),
                "the information fractions do not rise from above 0 to 1",
                "for example [0.5, 0.75, 1.0]",
            );
            sound = false;
        }
        if section.information.len() > MOST_LOOKS {
            self.error(
                &path("information"),
                format!("{} looks are too many", section.information.len()),
                format!("give at most {MOST_LOOKS}"),
            );
            sound = false;
        }
        let Some(primary) = self.specification.primary_analysis() else {
            return;
        };
        let analysis = &self.specification.analyses[primary];
        if !analysis.method.is_comparison() {
            self.error(
                &[Key("analysis"), Item(primary), Key("method")],
                "looks need a comparison of two arms",
                "use a test against the reference arm as the primary analysis",
            );
            sound = false;
        }
        let size = self.specification.population.size;
        let endpoint = self.specification.endpoint_index(&analysis.endpoint);
        let kind = endpoint.map(|index| self.specification.endpoints[index].measure.outcome());
        match (kind, section.events) {
            (Some(OutcomeKind::TimeToEvent), None) => self.error(
                &path("information"),
                "the fractions are of a number of events that is not given",
                "add `events`, the planned maximum",
            ),
            (Some(OutcomeKind::TimeToEvent), Some(events)) if events > size => self.error(
                &path("events"),
                format!("{events} events cannot come from {size} subjects"),
                "give fewer events or more subjects",
            ),
            (Some(kind), Some(_)) if kind != OutcomeKind::TimeToEvent => self.error(
                &path("events"),
                "the primary endpoint is not a time to an event",
                "remove `events`: information is the number of subjects whose endpoint can be known",
            ),
            _ => {}
        }
        if let Some(rule) = &section.futility {
            let at = |field| [Key("group_sequential"), Key("futility"), Key(field)];
            match (&rule.z, &rule.spending) {
                (Some(_), Some(_)) => {
                    self.error(
                        &at("z"),
                        "`z` and `spending` are both given",
                        "keep one of them",
                    );
                    sound = false;
                }
                (None, None) => {
                    self.error(
                        &[Key("group_sequential"), Key("futility")],
                        "the futility rule says nothing",
                        "add `z = [0.0]` or `spending = { kind = \"obrien_fleming\" }`",
                    );
                    sound = false;
                }
                (Some(z), None) if z.len() + 1 != section.information.len() => {
                    self.error(
                        &at("z"),
                        format!("{} values for {} looks", z.len(), section.information.len()),
                        "give one z value for each look but the last",
                    );
                    sound = false;
                }
                _ => {}
            }
            if analysis.alternative == Alternative::TwoSided {
                self.error(
                    &[Key("group_sequential"), Key("futility")],
                    "a two-sided test has no futility rule here",
                    "set `alternative = \"better\"` and halve alpha in the primary analysis",
                );
                sound = false;
            }
        }
        if sound && let Err(error) = group_sequential::plan_of(section, analysis) {
            self.error(
                &[Key("group_sequential")],
                error.to_string(),
                "docs/concepts/trials.md describes the section",
            );
        }
    }
}
