//! Who is enrolled and what the arms receive.

use std::collections::{BTreeMap, BTreeSet};

use neurocart_library::{Library, nearest};

use super::Step::{self, Item, Key};
use super::{Meaning, in_words, unknown_hint};
use crate::disease::Disease;
use crate::parameters::{Override, Parameters};
use crate::specification::{Eligibility, EligibilityVariable, Score};
use crate::therapy::Therapy;

/// Largest bank; it is held in memory.
const LARGEST_BANK: usize = 100_000;

impl Meaning<'_> {
    pub(super) fn name(&mut self) {
        let name = &self.specification.name;
        let good = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_' || c == '.'
        };
        if name.is_empty() || !name.chars().all(good) || name.starts_with(['.', '-']) {
            self.error(
                &[Key("name")],
                format!("`{name}` cannot name a run directory"),
                "use lower-case letters, digits and hyphens, for example `nmosd-bcma`",
            );
        }
    }

    pub(super) fn diseases(&mut self, library: &Library) -> Vec<Disease> {
        let ids = library.disease_ids();
        let mut diseases = Vec::new();
        let mut total = 0.0;
        for (index, entry) in self.specification.population.diseases.iter().enumerate() {
            let path = |field| [Key("population"), Key("disease"), Item(index), Key(field)];
            total += entry.share;
            if entry.share <= 0.0 {
                self.error(
                    &path("share"),
                    format!("the share of `{}` is {}", entry.name, entry.share),
                    "give a share above 0, or leave the disease out",
                );
            }
            if !ids.contains(&entry.name.as_str()) {
                self.error(
                    &path("name"),
                    format!("unknown disease `{}`", entry.name),
                    unknown_hint(&entry.name, &ids),
                );
                continue;
            }
            match Disease::load(library, &entry.name) {
                Ok(disease) => diseases.push(disease),
                Err(error) => self.error(
                    &path("name"),
                    format!("the disease `{}` cannot be read", entry.name),
                    error.to_string(),
                ),
            }
        }
        if (total - 1.0).abs() > 1e-9 {
            self.error(
                &[Key("population"), Key("disease")],
                format!("the shares of the diseases add up to {total}"),
                "make them add up to 1",
            );
        }
        diseases
    }

    pub(super) fn population(&mut self, diseases: &[Disease], library: &Library) {
        let population = &self.specification.population;
        let path = |field| [Key("population"), Key(field)];
        let adaptive = self.specification.decides_while_enrolling();
        if population.size == 0 && !adaptive {
            self.error(
                &path("size"),
                "the trial has zero patients",
                "give the number of subjects to randomise, at least 1",
            );
        }
        let parts: u64 = self
            .specification
            .arms
            .iter()
            .map(|arm| u64::from(arm.ratio))
            .sum();
        if population.size > 0
            && !adaptive
            && parts > 0
            && !(population.size as u64).is_multiple_of(parts)
        {
            let lower = population.size as u64 / parts * parts;
            self.error(
                &path("size"),
                format!(
                    "{} subjects cannot be allocated {}",
                    population.size,
                    self.ratio_in_words()
                ),
                format!(
                    "the size must be a multiple of {parts}: {} or {}",
                    lower.max(parts),
                    lower.max(parts) + if lower == 0 { 0 } else { parts }
                ),
            );
        }
        if !adaptive {
            self.bank(population.size);
        }
        let place = [Key("population")];
        self.eligibility(&population.eligibility, &place, diseases);
        let place = [Key("population"), Key("parameters")];
        self.parameters(&population.parameters, &place, diseases, library);
    }

    /// Whether the bank fits a trial of `size` subjects.
    pub(super) fn bank(&mut self, size: usize) {
        let population = &self.specification.population;
        let path = |field| [Key("population"), Key(field)];
        if population.bank > LARGEST_BANK {
            self.error(
                &path("bank"),
                format!(
                    "a bank of {} virtual patients does not fit into memory",
                    population.bank
                ),
                format!("give at most {LARGEST_BANK}; ten times the size of the trial is enough"),
            );
        } else if population.bank < size {
            self.error(
                &path("bank"),
                format!(
                    "the bank of {} virtual patients is smaller than the trial of {}",
                    population.bank, size
                ),
                "replicates draw subjects without replacement: give ten times the size or more",
            );
        } else if population.bank < size.saturating_mul(5) {
            self.warn(
                &path("bank"),
                format!(
                    "the bank of {} virtual patients is less than five times the trial of {}",
                    population.bank, size
                ),
                "replicates will share many patients; ten times the size or more is better",
            );
        }
    }

    /// Inclusion limits that stand below `place`.
    pub(super) fn eligibility(
        &mut self,
        rules: &[Eligibility],
        place: &[Step<'_>],
        diseases: &[Disease],
    ) {
        for (index, rule) in rules.iter().enumerate() {
            let path = |field| {
                let end = [Key("eligibility"), Item(index), Key(field)];
                [place, &end[..]].concat()
            };
            if rule.min.is_none() && rule.max.is_none() {
                self.error(
                    &path("variable"),
                    "the eligibility rule has no limit",
                    "add `min`, `max` or both",
                );
            }
            if let (Some(min), Some(max)) = (rule.min, rule.max)
                && min > max
            {
                self.error(
                    &path("min"),
                    format!("nobody is eligible: `min` is {min} and `max` is {max}"),
                    "exchange the two",
                );
            }
            let layer = match rule.variable {
                EligibilityVariable::Edss => Some(Score::Edss),
                EligibilityVariable::MgAdl => Some(Score::MgAdl),
                EligibilityVariable::Qmg => Some(Score::Qmg),
                EligibilityVariable::Mgc => Some(Score::Mgc),
                EligibilityVariable::T25fw => Some(Score::T25fw),
                EligibilityVariable::Incat => Some(Score::Incat),
                EligibilityVariable::AttacksPreviousYear => None,
            };
            match layer {
                Some(score) => self.score_exists(score, diseases, &path("variable")),
                None => self.attacks_exist(diseases, &path("variable")),
            }
            for (field, value) in [("min", rule.min), ("max", rule.max)] {
                let Some(value) = value else { continue };
                let highest = layer.map_or(f64::INFINITY, Score::maximum);
                if value < 0.0 || value > highest {
                    self.error(
                        &path(field),
                        format!("`{field}` is {value}, outside the scale"),
                        if highest.is_finite() {
                            format!("the scale goes from 0 to {highest}")
                        } else {
                            "give 0 or more".to_owned()
                        },
                    );
                }
            }
        }
    }

    /// Values of parameters that stand at `place`.
    pub(super) fn parameters(
        &mut self,
        changes: &BTreeMap<String, f64>,
        place: &[Step<'_>],
        diseases: &[Disease],
        library: &Library,
    ) {
        if changes.is_empty() {
            return;
        }
        let parameters = match Parameters::of(library) {
            Ok(parameters) => parameters,
            Err(error) => {
                self.error(
                    place,
                    "the parameter table cannot be read",
                    error.to_string(),
                );
                return;
            }
        };
        let symbols: BTreeSet<&str> = parameters
            .rows()
            .iter()
            .map(|row| row.symbol.as_str())
            .collect();
        for (symbol, &value) in changes {
            let path = [place, &[Key(symbol)]].concat();
            if !symbols.contains(symbol.as_str()) {
                let hint = match nearest(symbol, symbols.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "the parameters are the rows of library/parameters.csv".to_owned(),
                };
                self.error(&path, format!("unknown parameter `{symbol}`"), hint);
                continue;
            }
            for disease in diseases {
                let Ok(Some(row)) = parameters.find(symbol, &["core", &disease.parameter_scope])
                else {
                    continue;
                };
                let change = Override {
                    symbol: symbol.clone(),
                    value,
                    origin: String::new(),
                };
                if let Err(crate::Error::Input(problem)) = parameters.overridden(&row, &change) {
                    self.error(&path, problem.message, problem.hint.unwrap_or_default());
                    break;
                }
            }
        }
    }

    pub(super) fn ratio_in_words(&self) -> String {
        let parts: Vec<String> = self
            .specification
            .arms
            .iter()
            .map(|arm| arm.ratio.to_string())
            .collect();
        parts.join(" to ")
    }

    pub(super) fn arms(&mut self, library: &Library) {
        let ids = library.therapy_ids();
        let mut names = BTreeMap::new();
        for (index, arm) in self.specification.arms.iter().enumerate() {
            let path = |field| [Key("arm"), Item(index), Key(field)];
            if let Some(first) = names.insert(&arm.name, index) {
                self.error(
                    &path("name"),
                    format!("two arms are called `{}`", arm.name),
                    format!("rename arm {} or arm {}", first + 1, index + 1),
                );
            }
            if !ids.contains(&arm.therapy.as_str()) {
                self.error(
                    &path("therapy"),
                    format!("unknown therapy `{}`", arm.therapy),
                    unknown_hint(&arm.therapy, &ids),
                );
            }
            let changes = arm.field_overrides();
            let known = ids.contains(&arm.therapy.as_str());
            let whole = if known {
                Therapy::load(library, &arm.therapy, &changes)
            } else {
                continue;
            };
            let Err(error) = whole else { continue };
            // Each change by itself, so that every bad one is named at its place.
            let before = self.found.errors.len();
            for change in &changes {
                let Err(error) = Therapy::load(library, &arm.therapy, std::slice::from_ref(change))
                else {
                    continue;
                };
                let mut steps = vec![Key("arm"), Item(index), Key("override")];
                steps.extend(change.path.split('.').map(Key));
                let (message, hint) = in_words(error);
                self.error(&steps, message, hint);
            }
            if self.found.errors.len() == before {
                let (message, hint) = in_words(error);
                self.error(&path("therapy"), message, hint);
            }
        }
        let references = self
            .specification
            .arms
            .iter()
            .filter(|arm| arm.reference)
            .count();
        if references > 1 {
            self.error(
                &[Key("arm")],
                format!("{references} arms have `reference = true`"),
                "keep it for the one control arm",
            );
        }
        let compared = !self.specification.decides_while_enrolling();
        if references == 0 && self.specification.arms.len() > 1 && compared {
            self.error(
                &[Key("arm")],
                "no arm is the reference",
                "add `reference = true` to the control arm",
            );
        }
        if references == 1 && self.specification.arms.len() == 1 {
            self.error(
                &[Key("arm"), Item(0), Key("reference")],
                "the only arm cannot be the reference",
                "remove `reference`; compare with `historical_hazard`",
            );
        }
    }
}
