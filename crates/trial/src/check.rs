//! Checks a trial file and says everything that is wrong with it at once.
//!
//! Three steps: the text must be TOML; the document must have the shape of a
//! [`Specification`] ([`crate::shape`]); and what it says must make sense with the library: names
//! that exist, visits inside the follow-up, analyses that fit their endpoints.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::disease::Disease;
use crate::error::{Problem, nearest};
use crate::library::Library;
use crate::parameters::{Override, Parameters};
use crate::shape::Document;
use crate::specification::{
    EligibilityVariable, Measure, Method, OutcomeKind, Rescue, Score, Specification, Strategy,
    json_schema,
};
use crate::therapy::Therapy;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The trial; `None` where the text is not one. It may be run only if there are no errors.
    pub specification: Option<Specification>,
    /// What must be mended, in the order of the text.
    pub errors: Vec<Problem>,
    /// What the user should know, in the order of the text.
    pub warnings: Vec<Problem>,
}

/// Checks the trial file `text`; `file` is how messages call it.
pub fn check(text: &str, file: &str, library: &Library) -> Check {
    let mut found = Check::default();
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let problem = crate::toml_file::problem(error, text, file);
        found.errors.push(match problem.hint {
            Some(_) => problem,
            None => problem.hint(
                "a trial file is TOML: `name = value`, texts in quotes, sections in brackets",
            ),
        });
    }
    if !found.errors.is_empty() {
        return found;
    }
    Document { file, text }.check_table(
        document.get_ref(),
        0,
        &json_schema(),
        "",
        &mut found.errors,
    );
    if found.errors.is_empty() {
        match toml::from_str::<Specification>(text) {
            Ok(specification) => {
                let mut meaning = Meaning {
                    places: Places {
                        file,
                        text,
                        root: document.get_ref(),
                    },
                    specification: &specification,
                    found: &mut found,
                };
                meaning.check(library);
                found.specification = Some(specification);
            }
            Err(error) => found
                .errors
                .push(crate::toml_file::problem(&error, text, file)),
        }
    }
    let place = |p: &Problem| (p.line, p.column);
    found.errors.sort_by_key(place);
    found.warnings.sort_by_key(place);
    found
}

/// Where the values of the document stand in the text.
struct Places<'a> {
    file: &'a str,
    text: &'a str,
    root: &'a DeTable<'a>,
}

/// A step into the document.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

use Step::{Item, Key};

impl Places<'_> {
    /// Start of the value at `path`, or of the deepest part of the path that exists.
    fn offset(&self, path: &[Step<'_>]) -> usize {
        let Some((Key(first), rest)) = path.split_first() else {
            return 0;
        };
        let Some((_, mut value)) = self.root.iter().find(|(key, _)| key.get_ref() == first) else {
            return 0;
        };
        for step in rest {
            let next: Option<&Spanned<DeValue<'_>>> = match *step {
                Key(key) => value.get_ref().get(key),
                Item(index) => value.get_ref().get(index),
            };
            match next {
                Some(next) => value = next,
                None => break,
            }
        }
        value.span().start
    }

    fn problem(&self, path: &[Step<'_>], message: String, hint: impl Into<String>) -> Problem {
        Problem::new(self.file, message)
            .at(self.text, self.offset(path))
            .hint(hint)
    }
}

/// The checks of meaning.
struct Meaning<'a> {
    places: Places<'a>,
    specification: &'a Specification,
    found: &'a mut Check,
}

impl Meaning<'_> {
    fn error(&mut self, path: &[Step<'_>], message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.places.problem(path, message.into(), hint);
        self.found.errors.push(problem);
    }

    fn warn(&mut self, path: &[Step<'_>], message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.places.problem(path, message.into(), hint);
        self.found.warnings.push(problem);
    }

    fn check(&mut self, library: &Library) {
        self.name();
        let diseases = self.diseases(library);
        self.population(&diseases, library);
        self.arms(library);
        self.follow_up_and_visits();
        self.dropout_and_rescue(&diseases);
        self.endpoints(&diseases);
        self.analyses();
        self.simulation(library);
    }

    fn name(&mut self) {
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

    fn diseases(&mut self, library: &Library) -> Vec<Disease> {
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

    fn population(&mut self, diseases: &[Disease], library: &Library) {
        let population = &self.specification.population;
        let path = |field| [Key("population"), Key(field)];
        if population.size == 0 {
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
        if population.size > 0 && parts > 0 && (population.size as u64) % parts != 0 {
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
        if population.bank < population.size {
            self.error(
                &path("bank"),
                format!(
                    "the bank of {} virtual patients is smaller than the trial of {}",
                    population.bank, population.size
                ),
                "replicates draw subjects without replacement: give ten times the size or more",
            );
        } else if population.bank < 5 * population.size {
            self.warn(
                &path("bank"),
                format!(
                    "the bank of {} virtual patients is less than five times the trial of {}",
                    population.bank, population.size
                ),
                "replicates will share many patients; ten times the size or more is better",
            );
        }
        for (index, rule) in population.eligibility.iter().enumerate() {
            let path = |field| {
                [
                    Key("population"),
                    Key("eligibility"),
                    Item(index),
                    Key(field),
                ]
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
        self.parameters(diseases, library);
    }

    fn parameters(&mut self, diseases: &[Disease], library: &Library) {
        let changes = &self.specification.population.parameters;
        if changes.is_empty() {
            return;
        }
        let parameters = match Parameters::of(library) {
            Ok(parameters) => parameters,
            Err(error) => {
                self.error(
                    &[Key("population"), Key("parameters")],
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
            let path = [Key("population"), Key("parameters"), Key(symbol)];
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

    fn ratio_in_words(&self) -> String {
        let parts: Vec<String> = self
            .specification
            .arms
            .iter()
            .map(|arm| arm.ratio.to_string())
            .collect();
        parts.join(" to ")
    }

    fn arms(&mut self, library: &Library) {
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
        if references == 0 && self.specification.arms.len() > 1 {
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

    fn follow_up_and_visits(&mut self) {
        let end = self.specification.follow_up.duration_weeks;
        if end <= 0.0 {
            self.error(
                &[Key("follow_up"), Key("duration_weeks")],
                "the follow-up has no length",
                "give a number of weeks above 0",
            );
        }
        match (
            &self.specification.follow_up.until_events,
            &self.specification.follow_up.until_endpoint,
        ) {
            (Some(_), None) => self.error(
                &[Key("follow_up"), Key("until_events")],
                "`until_events` does not say which events",
                "add `until_endpoint` with the name of a time-to-event endpoint",
            ),
            (None, Some(_)) => self.error(
                &[Key("follow_up"), Key("until_endpoint")],
                "`until_endpoint` needs a number of events",
                "add `until_events`",
            ),
            (Some(events), Some(name)) => match self.specification.endpoint_index(name) {
                None => {
                    let names: Vec<&str> = self
                        .specification
                        .endpoints
                        .iter()
                        .map(|e| e.name.as_str())
                        .collect();
                    self.error(
                        &[Key("follow_up"), Key("until_endpoint")],
                        format!("unknown endpoint `{name}`"),
                        unknown_hint(name, &names),
                    );
                }
                Some(index)
                    if self.specification.endpoints[index].measure.outcome()
                        != OutcomeKind::TimeToEvent =>
                {
                    self.error(
                        &[Key("follow_up"), Key("until_endpoint")],
                        format!("`{name}` is not a time to an event"),
                        "name an endpoint of kind `time_to_attack` or `confirmed_progression`",
                    );
                }
                Some(_) if *events > self.specification.population.size => {
                    self.error(
                        &[Key("follow_up"), Key("until_events")],
                        format!(
                            "{events} events cannot come from {} subjects",
                            self.specification.population.size
                        ),
                        "give fewer events or more subjects",
                    );
                }
                Some(_) => {}
            },
            (None, None) => {}
        }
        let visits = &self.specification.visits;
        match (&visits.weeks, visits.every_weeks) {
            (None, None) => self.error(
                &[Key("visits")],
                "there are no visits",
                "add `weeks = [...]` or `every_weeks = 12`",
            ),
            (Some(_), Some(_)) => self.error(
                &[Key("visits")],
                "`weeks` and `every_weeks` are both given",
                "keep one of them",
            ),
            (None, Some(step)) if step <= 0.0 || step > end => self.error(
                &[Key("visits"), Key("every_weeks")],
                format!("a visit every {step} weeks does not fit a follow-up of {end} weeks"),
                format!("give a number above 0 and up to {end}"),
            ),
            (None, Some(_)) => {}
            (Some(weeks), None) => {
                for (index, &week) in weeks.iter().enumerate() {
                    let path = [Key("visits"), Key("weeks"), Item(index)];
                    if week < 0.0 {
                        self.error(
                            &path,
                            format!("the visit at week {week} is before the first treatment"),
                            "visits count from day 0, which is always a visit",
                        );
                    } else if week > end {
                        self.error(&path, format!("the visit at week {week} is after the end of follow-up at week {end}"), "lengthen `follow_up.duration_weeks` or remove the visit");
                    } else if index > 0 && week <= weeks[index - 1] {
                        self.error(
                            &path,
                            format!(
                                "the visit at week {week} does not come after the one at week {}",
                                weeks[index - 1]
                            ),
                            "list the weeks in increasing order, each once",
                        );
                    }
                }
            }
        }
    }

    fn dropout_and_rescue(&mut self, diseases: &[Disease]) {
        if let Some(dropout) = &self.specification.dropout {
            let names: Vec<&str> = self
                .specification
                .arms
                .iter()
                .map(|arm| arm.name.as_str())
                .collect();
            if dropout.annual_probability >= 1.0 {
                self.error(
                    &[Key("dropout"), Key("annual_probability")],
                    "everybody would be lost at once",
                    "give a probability below 1",
                );
            }
            for (name, &probability) in &dropout.arms {
                let path = [Key("dropout"), Key("arms"), Key(name)];
                if !names.contains(&name.as_str()) {
                    self.error(
                        &path,
                        format!("unknown arm `{name}`"),
                        unknown_hint(name, &names),
                    );
                }
                if !(0.0..1.0).contains(&probability) {
                    self.error(
                        &path,
                        format!("the annual dropout probability of `{name}` is {probability}"),
                        "give 0 or more and less than 1",
                    );
                }
            }
        }
        match self.specification.rescue {
            Some(Rescue::Attack {}) => {
                self.attacks_exist(diseases, &[Key("rescue"), Key("trigger")])
            }
            Some(Rescue::ScoreWorsening { score, points }) => {
                self.score_exists(score, diseases, &[Key("rescue"), Key("score")]);
                if points <= 0.0 || points > score.maximum() {
                    self.error(
                        &[Key("rescue"), Key("points")],
                        format!("a worsening by {points} points cannot start rescue"),
                        format!("give a number above 0 and up to {}", score.maximum()),
                    );
                }
            }
            None => {}
        }
    }

    fn endpoints(&mut self, diseases: &[Disease]) {
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
                    let confirmation = f64::from(u32::from(*confirmation_weeks));
                    if confirmation >= end {
                        self.error(&path("confirmation_weeks"), format!("nothing can be confirmed over {confirmation} weeks in a follow-up of {end}"), "lengthen the follow-up or confirm at 12 weeks");
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
                                "a fall by {reduction_points} points is no response on the {}",
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
                Measure::AdverseEvent { .. } | Measure::ScoreChange { .. } => {}
            }
            self.strategy(index);
        }
    }

    fn strategy(&mut self, index: usize) {
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
        if endpoint.rescue_strategy == Some(Strategy::Composite)
            && (matches!(kind, OutcomeKind::Continuous | OutcomeKind::Count)
                || matches!(endpoint.measure, Measure::AdverseEvent { .. }))
        {
            self.error(&path, format!("rescue cannot be a part of `{}`", endpoint.name), "`composite` fits responses and times to an event; use `treatment_policy`, `hypothetical` or `while_on_treatment`");
        }
        if self.specification.rescue.is_some()
            && endpoint.strategy() == Strategy::TreatmentPolicy
            && endpoint.measure.score().is_some()
        {
            self.warn(&path, format!("`{}` uses the values after rescue as if rescue had no effect", endpoint.name), "the model holds no rescue treatment; `hypothetical` or `while_on_treatment` sets those values aside");
        }
    }

    fn analyses(&mut self) {
        let endpoints = &self.specification.endpoints;
        let names: Vec<&str> = endpoints.iter().map(|e| e.name.as_str()).collect();
        let end = self.specification.follow_up.duration_weeks;
        for (index, analysis) in self.specification.analyses.iter().enumerate() {
            let path = |field| [Key("analysis"), Item(index), Key(field)];
            match self.specification.endpoint_index(&analysis.endpoint) {
                None => self.error(
                    &path("endpoint"),
                    format!("unknown endpoint `{}`", analysis.endpoint),
                    unknown_hint(&analysis.endpoint, &names),
                ),
                Some(found) => {
                    let kind = endpoints[found].measure.outcome();
                    if kind != analysis.method.outcome() {
                        self.error(
                            &path("method"),
                            format!(
                                "`{}` is {}, which this method cannot analyse",
                                analysis.endpoint,
                                kind_in_words(kind)
                            ),
                            format!("use {}", methods_for(kind)),
                        );
                    }
                }
            }
            if !(analysis.alpha > 0.0 && analysis.alpha < 0.5) {
                self.error(&path("alpha"), format!("alpha is {}", analysis.alpha), "give a number above 0 and below 0.5, usually 0.05 two-sided or 0.025 one-sided");
            }
            if analysis.method.is_comparison() && self.specification.reference_arm().is_none() {
                self.error(
                    &path("method"),
                    "the method compares with a reference arm, and there is none",
                    "add `reference = true` to the control arm, or use a one-sample method",
                );
            }
            if let Some(week) = analysis.week {
                if analysis.method != Method::KaplanMeier {
                    self.error(&path("week"), "only `kaplan_meier` has a week", "remove it");
                } else if week <= 0.0 || week > end {
                    self.error(
                        &path("week"),
                        format!("week {week} is outside the follow-up of {end} weeks"),
                        format!("give a week above 0 and up to {end}"),
                    );
                }
            }
            match (&analysis.historical, analysis.method) {
                (None, Method::HistoricalHazard) => self.error(
                    &path("method"),
                    "there is nothing historical to compare with",
                    "add `historical = { hazard_per_year = ..., source = \"...\" }`",
                ),
                (Some(historical), Method::HistoricalHazard) => {
                    if historical.hazard_per_year <= 0.0 {
                        self.error(
                            &[
                                Key("analysis"),
                                Item(index),
                                Key("historical"),
                                Key("hazard_per_year"),
                            ],
                            format!(
                                "the historical hazard is {} per year",
                                historical.hazard_per_year
                            ),
                            "give a number above 0",
                        );
                    }
                    if historical.source.trim().is_empty() {
                        self.error(
                            &[
                                Key("analysis"),
                                Item(index),
                                Key("historical"),
                                Key("source"),
                            ],
                            "the historical hazard has no source",
                            "say where it comes from",
                        );
                    }
                }
                (Some(_), _) => self.error(
                    &path("historical"),
                    "only `historical_hazard` has a historical comparator",
                    "remove it",
                ),
                (None, _) => {}
            }
        }
        let primaries: Vec<usize> = (0..self.specification.analyses.len())
            .filter(|&i| self.specification.analyses[i].primary)
            .collect();
        match primaries[..] {
            [one] if !self.specification.analyses[one].method.is_test() => self.error(
                &[Key("analysis"), Item(one), Key("method")],
                "the primary analysis gives no p value",
                "make a test the primary analysis",
            ),
            [_] => {}
            [] => self.error(
                &[Key("analysis")],
                "no analysis is the primary one",
                "add `primary = true` to the analysis that decides the trial",
            ),
            [_, second, ..] => self.error(
                &[Key("analysis"), Item(second), Key("primary")],
                format!("{} analyses are primary", primaries.len()),
                "keep `primary = true` for the one that decides the trial",
            ),
        }
    }

    fn simulation(&mut self, library: &Library) {
        let simulation = &self.specification.simulation;
        if simulation.replicates == 0 {
            self.error(
                &[Key("simulation"), Key("replicates")],
                "the simulation has zero replicates",
                "give at least 1; 1000 gives a power with a standard error near 0.013",
            );
        }
        if simulation.seed > i64::MAX as u64 {
            self.error(
                &[Key("simulation"), Key("seed")],
                "the seed is too large for a TOML file",
                "give a whole number below 2^63",
            );
        }
        let has_reference = self.specification.reference_arm().is_some();
        match &simulation.null_therapy {
            Some(_) if has_reference => self.error(
                &[Key("simulation"), Key("null_therapy")],
                "the null of a trial with a reference arm is that arm's therapy",
                "remove `null_therapy`",
            ),
            Some(name) => {
                let ids = library.therapy_ids();
                if !ids.contains(&name.as_str()) {
                    self.error(
                        &[Key("simulation"), Key("null_therapy")],
                        format!("unknown therapy `{name}`"),
                        unknown_hint(name, &ids),
                    );
                }
            }
            None if simulation.null && !has_reference => self.error(
                &[Key("simulation"), Key("null")],
                "a trial without a reference arm does not say what the null is",
                "add `null_therapy = \"placebo\"`, or `null = false`",
            ),
            None => {}
        }
    }

    fn score_exists(&mut self, score: Score, diseases: &[Disease], path: &[Step<'_>]) {
        for disease in diseases {
            let has = match score {
                Score::Edss => disease.disability.is_some(),
                Score::MgAdl | Score::Qmg => disease.myasthenia.is_some(),
            };
            if !has {
                self.error(
                    path,
                    format!("{} has no {} score", disease.short_name, score.label()),
                    format!("use {}", scores_of(disease)),
                );
                return;
            }
        }
    }

    fn attacks_exist(&mut self, diseases: &[Disease], path: &[Step<'_>]) {
        if let Some(disease) = diseases.iter().find(|d| d.attacks.is_none()) {
            let message = format!("{} has no relapses or attacks", disease.short_name);
            self.error(path, message, format!("use {}", scores_of(disease)));
        }
    }
}

/// Message and hint of an error, for a problem at another place.
fn in_words(error: crate::Error) -> (String, String) {
    match error {
        crate::Error::Input(problem) => (problem.message, problem.hint.unwrap_or_default()),
        other => (other.to_string(), String::new()),
    }
}

fn scores_of(disease: &Disease) -> String {
    let mut names = Vec::new();
    if disease.attacks.is_some() {
        names.push("attacks");
    }
    if disease.disability.is_some() {
        names.push("`edss`");
    }
    if disease.myasthenia.is_some() {
        names.push("`mg_adl` or `qmg`");
    }
    names.join(", ")
}

fn kind_in_words(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::TimeToEvent => "a time to an event",
        OutcomeKind::Count => "a count",
        OutcomeKind::Continuous => "a change of a score",
        OutcomeKind::Binary => "a yes-or-no endpoint",
    }
}

fn methods_for(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::TimeToEvent => "`kaplan_meier`, `log_rank`, `cox` or `historical_hazard`",
        OutcomeKind::Count => "`negative_binomial`",
        OutcomeKind::Continuous => "`ancova`",
        OutcomeKind::Binary => "`fisher` or `proportion`",
    }
}

fn unknown_hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    }
}
