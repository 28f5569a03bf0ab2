//! Dose finding.

use neurocart_library::Library;

use super::Step::{Item, Key};
use super::{Meaning, unknown_hint};
use crate::adaptive::{dose_finding, group_sequential};
use crate::specification::DoseFindingMethod;
use crate::therapy::Therapy;

impl Meaning<'_> {
    /// `logistics`: accrual and manufacturing are sound, so that the whole trial can be checked.
    pub(super) fn dose_finding(&mut self, library: &Library, logistics: bool) {
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
        if section.confirm_with_six && section.design != DoseFindingMethod::ThreePlusThree {
            self.error(
                &path("confirm_with_six"),
                "only `three_plus_three` confirms a dose with six subjects",
                "remove it, or choose `three_plus_three`",
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
        self.dose_limiting_toxicity(&definition, &path("dose_limiting_toxicity"));
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
}
