//! Designs that decide while the trial runs: dose finding, two stages, looks.

use super::Step::{Item, Key};
use super::{Meaning, unknown_hint};
use crate::adaptive::characteristics::two_stage;
use crate::adaptive::{dose_finding, group_sequential, single_arm};
use crate::library::Library;
use crate::specification::{Alternative, DoseFindingMethod, DoseLimitingToxicity, OutcomeKind};
use crate::therapy::Therapy;

/// Most looks; the boundaries are worked out for each trial.
const MOST_LOOKS: usize = neurocart_stats::group_sequential::MOST_LOOKS;

impl Meaning<'_> {
    pub(super) fn adaptive(&mut self, library: &Library) {
        self.fixed_parts();
        let before = self.found.errors.len();
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
            Some(per_week) if per_week > 0.0 => {}
            Some(per_week) => self.error(
                &[Key("accrual"), Key("per_week")],
                format!("{per_week} candidates per week never fill a trial"),
                "give a number above 0",
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

    /// `logistics`: the manufacturing is sound, so that the whole trial can be checked.
    fn dose_finding(&mut self, library: &Library, logistics: bool) {
        let Some(section) = &self.specification.dose_finding else {
            return;
        };
        let before = self.found.errors.len();
        let path = |field| [Key("dose_finding"), Key(field)];
        let arms: Vec<&str> = self
            .specification
            .arms
            .iter()
            .map(|a| a.name.as_str())
            .collect();
        if arms.len() < 2 {
            self.error(
                &[Key("arm")],
                "there is one dose only",
                "add an `[[arm]]` for each dose, lowest first",
            );
        }
        self.doses_rise(library);
        if !(section.target > 0.0 && section.target < 1.0) {
            self.error(
                &path("target"),
                format!("the target is {}", section.target),
                "give a DLT probability above 0 and below 1, usually 0.2 to 0.33",
            );
        }
        if let Some(name) = &section.start_dose
            && !arms.contains(&name.as_str())
        {
            self.error(
                &path("start_dose"),
                format!("unknown arm `{name}`"),
                unknown_hint(name, &arms),
            );
        }
        if section.cohort_size > section.maximum_subjects {
            self.error(
                &path("cohort_size"),
                format!(
                    "a cohort of {} is larger than the trial of {}",
                    section.cohort_size, section.maximum_subjects
                ),
                "give a smaller cohort or more subjects",
            );
        }
        if section.design == DoseFindingMethod::ThreePlusThree && section.cohort_size != 3 {
            self.error(
                &path("cohort_size"),
                format!("3+3 has cohorts of 3, not {}", section.cohort_size),
                "remove `cohort_size`, or choose another design",
            );
        }
        let is_crm = matches!(
            section.design,
            DoseFindingMethod::Crm | DoseFindingMethod::TiteCrm
        );
        match &section.skeleton {
            Some(_) if !is_crm => self.error(
                &path("skeleton"),
                "only `crm` and `tite_crm` have a skeleton",
                "remove it",
            ),
            Some(skeleton) if skeleton.len() != arms.len() => self.error(
                &path("skeleton"),
                format!(
                    "the skeleton has {} values for {} doses",
                    skeleton.len(),
                    arms.len()
                ),
                "give one prior DLT probability per arm, rising",
            ),
            _ => {}
        }
        self.response_of_dose_finding();
        let definition = section.dose_limiting_toxicity;
        self.dose_limiting_toxicity(&definition, "dose_finding", "dose_limiting_toxicity");
        if logistics
            && self.found.errors.len() == before
            && let Err(error) = dose_finding::rule(section, arms.len())
                .and_then(|rule| dose_finding::trial(self.specification, section, &rule).check())
        {
            self.error(
                &[Key("dose_finding")],
                error.to_string(),
                "docs/concepts/trials.md describes the section",
            );
        }
    }

    /// The cell doses of the arms rise.
    fn doses_rise(&mut self, library: &Library) {
        let dose = |arm: &crate::specification::Arm| {
            let therapy = Therapy::load(library, &arm.therapy, &arm.field_overrides()).ok()?;
            therapy.dose_cells_per_kg.or(therapy.dose_cells)
        };
        let doses: Vec<Option<f64>> = self.specification.arms.iter().map(dose).collect();
        for (index, pair) in doses.windows(2).enumerate() {
            if let [Some(low), Some(high)] = *pair
                && high <= low
            {
                self.error(
                    &[Key("arm"), Item(index + 1), Key("name")],
                    format!(
                        "the dose of `{}` is not above that of `{}`",
                        self.specification.arms[index + 1].name,
                        self.specification.arms[index].name
                    ),
                    "list the arms from the lowest dose to the highest",
                );
            }
        }
    }

    fn response_of_dose_finding(&mut self) {
        let Some(section) = &self.specification.dose_finding else {
            return;
        };
        let path = [Key("dose_finding"), Key("response")];
        match (&section.response, section.design) {
            (None, DoseFindingMethod::Boin12) => self.error(
                &[Key("dose_finding"), Key("design")],
                "`boin12` looks at responses, and none is named",
                "add `response` with the name of a yes-or-no endpoint",
            ),
            (Some(_), design) if design != DoseFindingMethod::Boin12 => self.error(
                &path,
                "only `boin12` looks at responses",
                "remove it, or choose `boin12`",
            ),
            (Some(name), _) => {
                let name = name.clone();
                let Some(index) = self.yes_or_no(&name, &path) else {
                    return;
                };
                let endpoint = &self.specification.endpoints[index];
                let known = group_sequential::known_after_days(self.specification, endpoint);
                let window = section.dose_limiting_toxicity.window_days;
                if known > window {
                    self.error(
                        &path,
                        format!(
                            "`{name}` is known on day {known}, after the DLT window of {window} days"
                        ),
                        "the design decides when the window is over: read the response earlier, or lengthen `window_days`",
                    );
                }
            }
            (None, _) => {}
        }
    }

    /// Number of a yes-or-no endpoint, or an error at `path`.
    fn yes_or_no(&mut self, name: &str, path: &[super::Step<'_>]) -> Option<usize> {
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

    fn dose_limiting_toxicity(
        &mut self,
        definition: &DoseLimitingToxicity,
        section: &'static str,
        field: &'static str,
    ) {
        let place = [Key(section), Key(field)];
        let window = [Key(section), Key(field), Key("window_days")];
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
                &place,
                "nothing is dose-limiting",
                "add `crs_grade = 3`, `icans_grade = 3` or `serious_infection = true`",
            );
        }
    }

    fn single_arm(&mut self) {
        let Some(section) = &self.specification.single_arm else {
            return;
        };
        let path = |field| [Key("single_arm"), Key(field)];
        if self.specification.dose_finding.is_none() {
            if self.specification.arms.len() > 1 {
                self.error(
                    &[Key("arm"), Item(1)],
                    format!("a single arm, and {} arms", self.specification.arms.len()),
                    "keep one, or let `[dose_finding]` choose among them",
                );
            }
            if section.include_dose_finding {
                self.error(
                    &path("include_dose_finding"),
                    "there is no dose finding to include",
                    "remove it, or add `[dose_finding]`",
                );
            }
        }
        let endpoint = section.endpoint.clone();
        self.yes_or_no(&endpoint, &path("endpoint"));
        let probability = |value: f64| value > 0.0 && value < 1.0;
        let mut sound = true;
        for (field, value) in [
            ("p0", Some(section.p0)),
            ("p1", section.p1),
            ("alpha", Some(section.alpha)),
            ("beta", section.beta),
        ] {
            if let Some(value) = value.filter(|&value| !probability(value)) {
                self.error(
                    &path(field),
                    format!("`{field}` is {value}"),
                    "give a probability above 0 and below 1",
                );
                sound = false;
            }
        }
        if let Some(p1) = section.p1.filter(|&p1| p1 <= section.p0) {
            self.error(
                &path("p1"),
                format!("`p1` is {p1} and `p0` is {}", section.p0),
                "`p1` is the probability worth finding, above `p0`",
            );
            sound = false;
        }
        let numbers = [
            ("n1", section.n1),
            ("r1", section.r1),
            ("n", section.n),
            ("r", section.r),
        ];
        let given = numbers
            .iter()
            .filter(|(_, number)| number.is_some())
            .count();
        if given > 0 && given < 4 {
            let missing: Vec<String> = numbers
                .iter()
                .filter(|(_, number)| number.is_none())
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            self.error(
                &[Key("single_arm")],
                format!("the two stages lack {}", missing.join(", ")),
                "give `n1`, `r1`, `n` and `r`, or none of them and let the design be found",
            );
            sound = false;
        }
        if given == 4 && section.optimality.is_some() {
            self.error(
                &path("optimality"),
                "the design is given, and is also to be found",
                "remove `optimality`, or the four numbers",
            );
        }
        if let (Some(n1), Some(n)) = (section.n1, section.n)
            && n1 >= n
        {
            self.error(
                &path("n1"),
                format!("the first stage of {n1} is not smaller than the trial of {n}"),
                "`n` counts the subjects of both stages",
            );
            sound = false;
        }
        if given == 0 && (section.p1.is_none() || section.beta.is_none()) {
            self.error(
                &[Key("single_arm")],
                "the single-arm design is not complete",
                "give `n1`, `r1`, `n` and `r`, or `p1`, `beta` and `optimality`",
            );
            sound = false;
        }
        if let Some(rule) = &section.toxicity {
            let path = |field| [Key("single_arm"), Key("toxicity"), Key(field)];
            for (field, value) in [("threshold", rule.threshold), ("cutoff", rule.cutoff)] {
                if !probability(value) {
                    self.error(
                        &path(field),
                        format!("`{field}` is {value}"),
                        "give a probability above 0 and below 1",
                    );
                }
            }
            if rule.prior.iter().any(|&a| !(a > 0.0 && a <= 1e6)) {
                self.error(
                    &path("prior"),
                    "a beta prior needs two numbers above 0",
                    "`prior = [1, 1]` is uniform",
                );
            }
            let event = rule.event;
            let before = self.found.errors.len();
            self.dose_limiting_toxicity(&event, "single_arm", "toxicity");
            if self.found.errors.len() > before {
                return;
            }
        }
        if !sound {
            return;
        }
        match two_stage(section) {
            Err(error) => self.error(
                &[Key("single_arm")],
                error.to_string(),
                "take `p0` and `p1` further apart, or allow larger error rates",
            ),
            Ok(design) if given == 4 && design.worst.promising > section.alpha => self.warn(
                &path("alpha"),
                format!(
                    "the type I error at `p0` is {:.4}, above alpha {}",
                    design.worst.promising, section.alpha
                ),
                "raise `r`, or state the level that the design has",
            ),
            Ok(_) => {}
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
        if !(shortest >= 0.0 && longest >= shortest && longest.is_finite()) {
            self.error(
                &path("vein_to_vein_days"),
                format!("{shortest} to {longest} days is no range"),
                "give the shortest and the longest time, for example [21, 35]",
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

    fn group_sequential(&mut self) {
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

/// A product fails less often than this, or the trial would take for ever.
const MOST_FAILURES: f64 = 0.9;
