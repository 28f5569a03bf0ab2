//! What all designs share that decide while the trial runs.

use neurocart_library::Library;

use super::Meaning;
use super::Step::{Item, Key};
use super::unknown_hint;
use crate::adaptive::single_arm;
use crate::specification::{DoseLimitingToxicity, OutcomeKind};

/// Longest time in the making of a product.
const LONGEST_DAYS: f64 = 3650.0;
/// Slowest enrolment: a candidate in two years.
const FEWEST_PER_WEEK: f64 = 0.01;
/// A product fails less often than this, or the trial would take for ever.
const MOST_FAILURES: f64 = 0.9;

impl Meaning<'_> {
    pub(super) fn adaptive(&mut self, library: &Library) {
        let before = self.found.errors.len();
        self.fixed_parts();
        self.manufacturing();
        let logistics = self.found.errors.len() == before;
        self.dose_finding(library, logistics);
        self.single_arm();
        self.group_sequential();
        self.bank_for_adaptive();
    }

    /// Sections that only one kind of trial has.
    fn fixed_parts(&mut self) {
        let s = self.specification;
        let adaptive = s.decides_while_enrolling();
        if !adaptive {
            if s.endpoints.is_empty() {
                let hint = "add `[[endpoint]]` with `name` and `measure`";
                self.error(&[Key("endpoint")], "the trial measures nothing", hint);
            }
            if s.accrual.per_week.is_some() {
                self.error(
                    &[Key("accrual"), Key("per_week")],
                    "`per_week` is for trials that decide while they enrol",
                    "give `duration_weeks`, or add `[dose_finding]` or `[single_arm]`",
                );
            }
            return;
        }
        if s.population.size > 0 {
            self.error(
                &[Key("population"), Key("size")],
                "the number of subjects is given twice",
                "remove `size`; `[dose_finding]` and `[single_arm]` say how many",
            );
        }
        if s.accrual.duration_weeks > 0.0 {
            self.error(
                &[Key("accrual"), Key("duration_weeks")],
                "how long enrolment takes is a result of this design",
                "give `per_week`, the eligible candidates per week",
            );
        }
        match s.accrual.per_week {
            Some(per_week) if per_week >= FEWEST_PER_WEEK => {}
            Some(per_week) => self.error(
                &[Key("accrual"), Key("per_week")],
                format!("{per_week:?} candidates per week never fill a trial"),
                format!("give a number of at least {FEWEST_PER_WEEK}, for example 0.5"),
            ),
            None => self.error(
                &[Key("accrual")],
                "the trial does not say how fast candidates come",
                "add `[accrual]` with `per_week = 0.5`",
            ),
        }
        if s.follow_up.until_events.is_some() {
            self.error(
                &[Key("follow_up"), Key("until_events")],
                "a trial that decides while it enrols is not ended by events",
                "remove `until_events` and `until_endpoint`",
            );
        }
        if let Some(reference) = s.arms.iter().position(|arm| arm.reference) {
            self.error(
                &[Key("arm"), Item(reference), Key("reference")],
                "this design has no control arm",
                "remove `reference`",
            );
        }
        if let Some(index) = s.analyses.iter().position(|analysis| analysis.primary) {
            let section = if s.single_arm.is_some() {
                "`[single_arm]`"
            } else {
                "`[dose_finding]`"
            };
            self.error(
                &[Key("analysis"), Item(index), Key("primary")],
                format!("{section} decides this trial, and so does this analysis"),
                "remove `primary`",
            );
        }
    }

    /// Number of a yes-or-no endpoint, or an error at `path`.
    pub(super) fn yes_or_no(&mut self, name: &str, path: &[super::Step<'_>]) -> Option<usize> {
        let endpoints = &self.specification.endpoints;
        let names: Vec<&str> = endpoints.iter().map(|e| e.name.as_str()).collect();
        let Some(index) = self.specification.endpoint_index(name) else {
            let hint = unknown_hint(name, &names);
            self.error(path, format!("unknown endpoint `{name}`"), hint);
            return None;
        };
        if endpoints[index].measure.outcome() != OutcomeKind::Binary {
            self.error(
                path,
                format!("`{name}` is not a yes-or-no endpoint"),
                "name one that is, such as a `responder`",
            );
            return None;
        }
        Some(index)
    }

    /// `place`: where the definition stands.
    pub(super) fn dose_limiting_toxicity(
        &mut self,
        definition: &DoseLimitingToxicity,
        place: &[super::Step<'_>],
    ) {
        let window = [place, &[Key("window_days")]].concat();
        let end = self.specification.follow_up_days();
        if definition.window_days <= 0.0 || definition.window_days > end {
            self.error(
                &window,
                format!(
                    "a window of {} days is outside the follow-up of {end} days",
                    definition.window_days
                ),
                format!("give a number above 0 and up to {end}; 28 is usual"),
            );
        }
        let nothing = definition.crs_grade.is_none()
            && definition.icans_grade.is_none()
            && definition.icaht_grade.is_none()
            && !definition.serious_infection;
        if nothing {
            self.error(
                place,
                "nothing is dose-limiting",
                "add `crs_grade = 3`, `icans_grade = 3` or `serious_infection = true`",
            );
        }
    }

    fn manufacturing(&mut self) {
        let Some(section) = self.specification.manufacturing else {
            return;
        };
        let path = |field| [Key("manufacturing"), Key(field)];
        if !self.specification.decides_while_enrolling() {
            self.error(
                &[Key("manufacturing")],
                "manufacturing is simulated in trials with `[dose_finding]` or `[single_arm]`",
                "remove the section",
            );
        }
        let [shortest, longest] = section.vein_to_vein_days;
        if !(shortest >= 0.0 && longest >= shortest && longest <= LONGEST_DAYS) {
            self.error(
                &path("vein_to_vein_days"),
                format!("{shortest} to {longest} days is no range"),
                format!("give the shortest and the longest time up to {LONGEST_DAYS} days, for example [21, 35]"),
            );
        }
        for (field, value) in [
            ("failure_probability", section.failure_probability),
            ("shortfall_probability", section.shortfall_probability),
        ] {
            if value >= MOST_FAILURES {
                self.error(
                    &path(field),
                    format!("`{field}` is {value}: hardly anybody would be treated as assigned"),
                    format!("give a probability below {MOST_FAILURES}"),
                );
            }
        }
    }

    /// The bank must hold the subjects that a trial of unknown size can enrol.
    fn bank_for_adaptive(&mut self) {
        let s = self.specification;
        if !s.decides_while_enrolling() {
            return;
        }
        let dose_finding = s.dose_finding.as_ref().map_or(0, |d| d.maximum_subjects);
        let single_arm = s
            .single_arm
            .as_ref()
            .and_then(|d| single_arm::design(d).ok());
        let largest = dose_finding.saturating_add(single_arm.map_or(0, |d| d.n as usize));
        self.bank(largest);
    }
}
