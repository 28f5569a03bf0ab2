//! A therapy: cells, lymphodepletion and drugs with their schedules.
//!
//! A therapy file says what is given and when, as a protocol would; what it does to the immune
//! system stands in the parameter table under the scope that the file names.

use serde::Deserialize;

use neurocart_library::{Library, Problem, toml_file};

use crate::error::Error;

/// Earliest day of a dose; patients are solved from here. Day 0 is the first treatment.
pub const FIRST_DAY: f64 = -10.0;

/// Shortest cycle of a schedule: one hour.
const CLOSEST_CYCLES_DAYS: f64 = 1.0 / 24.0;

/// A file of `library/therapies/`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Therapy {
    /// Name of the file without `.toml`.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Name for a table or a figure.
    pub short_name: String,
    /// The therapy in a sentence or two.
    pub summary: String,
    /// What kind of treatment it is.
    pub kind: Kind,
    /// Scope of the parameter table that is laid over the core and the disease.
    #[serde(default)]
    pub parameter_scope: Option<String>,
    /// True if trials of it are usually blinded; an arm of a trial may say otherwise. Blinded arms
    /// show the placebo response of the disease's scores.
    #[serde(default)]
    pub blinded: bool,
    /// CAR T cells per infusion and kg of body weight.
    #[serde(default)]
    pub dose_cells_per_kg: Option<f64>,
    /// CAR T cells per infusion, the same in every patient.
    #[serde(default)]
    pub dose_cells: Option<f64>,
    /// Days of the infusions; each one restores the cells' proliferative fitness.
    #[serde(default)]
    pub infusion_days: Vec<f64>,
    /// State of the model that the cells enter.
    #[serde(default)]
    pub infused_state: Option<String>,
    /// Conditioning, before the cells where there are any.
    #[serde(default)]
    pub lymphodepletion: Option<Lymphodepletion>,
    /// Drugs, each its own instance of a mechanism.
    #[serde(default, rename = "drug")]
    pub drugs: Vec<Drug>,
}

/// What kind of treatment a therapy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Engineered T cells: has cytokine release syndrome and neurotoxicity.
    CarT,
    /// Drugs only, lymphodepletion among them.
    Drug,
    /// Nothing that the model knows.
    None,
}

/// Fludarabine and cyclophosphamide, or a multiple of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lymphodepletion {
    /// Days on which it is given.
    pub days: Vec<f64>,
    /// Intensity of each day: the fludarabine exposure relative to 14.4 mg h/L over the course.
    pub units: f64,
}

/// One drug of a therapy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drug {
    /// Name of the instance in the model and in the tables.
    pub name: String,
    /// Mechanism: the file `model/drugs/MODULE.ant` of the library.
    pub module: String,
    /// Scope laid over `module:MODULE`; `drug:NAME` if absent.
    #[serde(default)]
    pub parameter_scope: Option<String>,
    /// What is given when.
    #[serde(rename = "dose")]
    pub doses: Vec<DrugDose>,
}

/// A dose and its schedule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrugDose {
    /// Amount.
    #[serde(default)]
    pub dose_mg: Option<f64>,
    /// Amount per kg of body weight.
    #[serde(default)]
    pub dose_mg_per_kg: Option<f64>,
    /// Upper limit of a dose per kg.
    #[serde(default)]
    pub maximum_mg: Option<f64>,
    /// How it is given.
    pub route: Route,
    /// Length of an intravenous infusion; 0 is a bolus.
    #[serde(default)]
    pub infusion_hours: f64,
    /// Days on which it is given.
    pub days: Vec<f64>,
    /// The whole list of days starts again after this many days.
    #[serde(default)]
    pub every_days: Option<f64>,
    /// No dose after this day.
    #[serde(default)]
    pub until_days: Option<f64>,
}

/// How a drug is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// Into a vein: the central compartment.
    Iv,
    /// Under the skin: the depot, from which the module's bioavailability takes its part.
    Sc,
}

impl Drug {
    /// Scope laid over `module:MODULE`.
    pub fn scope(&self) -> String {
        self.parameter_scope
            .clone()
            .unwrap_or_else(|| format!("drug:{}", self.name))
    }
}

impl DrugDose {
    /// Days of the doses up to and including `end_days`, increasing.
    pub fn days_until(&self, end_days: f64) -> Vec<f64> {
        let end = self
            .until_days
            .map_or(end_days, |until| until.min(end_days));
        let mut days = Vec::new();
        let mut shift = 0.0;
        loop {
            let cycle: Vec<f64> = self
                .days
                .iter()
                .map(|d| d + shift)
                .filter(|&d| d <= end)
                .collect();
            if cycle.is_empty() {
                break;
            }
            days.extend(cycle);
            match self.every_days {
                Some(every) => shift += every,
                None => break,
            }
        }
        days.sort_by(f64::total_cmp);
        days
    }
}

/// A field of a therapy changed by the user: `dose_cells_per_kg=2e6`, `lymphodepletion.units=0`,
/// `drug.0.dose.1.dose_mg=400`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldOverride {
    /// Dotted path; a number counts entries from 0.
    pub path: String,
    /// Value as TOML text.
    pub value: String,
    /// Where it was given, for messages.
    pub origin: String,
}

impl FieldOverride {
    /// Where it was given and what it says, for messages.
    fn shown(&self) -> String {
        format!("{} {}={}", self.origin, self.path, self.value)
    }

    /// Reads `path=value`.
    pub fn parse(text: &str, origin: &str) -> Result<FieldOverride, Error> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() && !value.trim().is_empty() => {
                Ok(FieldOverride {
                    path: path.trim().to_owned(),
                    value: value.trim().to_owned(),
                    origin: origin.to_owned(),
                })
            }
            _ => Err(
                Problem::new(origin, format!("`{text}` is not of the form field=value"))
                    .hint("for example `dose_cells_per_kg=2e6`")
                    .into(),
            ),
        }
    }
}

impl Therapy {
    /// The therapy `id` of a library, with the user's changes.
    pub fn load(library: &Library, id: &str, changes: &[FieldOverride]) -> Result<Therapy, Error> {
        let file = library.item("therapies", "therapy", id)?;
        let therapy: Therapy = toml_file::parse(file.text, file.name)?;
        toml_file::check_id(&therapy.id, id, file.name, file.text)?;
        therapy
            .check()
            .map_err(|c| c.in_file(file.name, file.text))?;
        if changes.is_empty() {
            return Ok(therapy);
        }
        let mut tree: toml::Value = toml_file::parse(file.text, file.name)?;
        let mut therapy = therapy;
        for change in changes {
            apply(&mut tree, change)?;
            therapy = tree.clone().try_into().map_err(|e: toml::de::Error| {
                Error::from(toml_file::problem(&e, "", &change.shown()))
            })?;
            therapy.check().map_err(|c| c.in_override(change))?;
        }
        Ok(therapy)
    }

    /// True if the therapy infuses or makes CAR T cells.
    pub fn is_car_t(&self) -> bool {
        self.kind == Kind::CarT
    }

    fn check(&self) -> Result<(), Complaint> {
        for (key, value) in [
            ("dose_cells_per_kg", self.dose_cells_per_kg),
            ("dose_cells", self.dose_cells),
        ] {
            positive(key, 0, value)?;
        }
        days("infusion_days", 0, &self.infusion_days)?;
        let doses = [self.dose_cells_per_kg, self.dose_cells]
            .iter()
            .flatten()
            .count();
        match self.kind {
            Kind::CarT => {
                if doses != 1 {
                    return Err(Complaint::new(
                        "kind",
                        0,
                        "a `car-t` therapy needs one dose",
                        "give either `dose_cells_per_kg` or `dose_cells`",
                    ));
                }
                if self.infusion_days.is_empty() || self.infused_state.is_none() {
                    return Err(Complaint::new(
                        "kind",
                        0,
                        "a `car-t` therapy needs infusions",
                        "give `infusion_days` and `infused_state`",
                    ));
                }
            }
            Kind::Drug
                if self.drugs.is_empty()
                    && self.parameter_scope.is_none()
                    && self.lymphodepletion.is_none() =>
            {
                return Err(Complaint::new(
                    "kind",
                    0,
                    "a `drug` therapy needs a drug",
                    "add a `[[drug]]` table",
                ));
            }
            Kind::Drug | Kind::None => {
                if doses > 0 || !self.infusion_days.is_empty() {
                    return Err(Complaint::new(
                        "kind",
                        0,
                        "only a `car-t` therapy has cells",
                        "write `kind = \"car-t\"` or leave the cells out",
                    ));
                }
            }
        }
        if let Some(depletion) = &self.lymphodepletion {
            if !(depletion.units.is_finite() && depletion.units >= 0.0) {
                let message = format!("`lymphodepletion.units` is {}", depletion.units);
                return Err(Complaint::new(
                    "units",
                    0,
                    message,
                    "give 0 for none, 1 for fludarabine 30 mg/m2 and cyclophosphamide 300 mg/m2",
                ));
            }
            // The infusions of the cells have their own key, so this is the first `days` of the file.
            days("days", 0, &depletion.days)?;
        }
        let mut before = usize::from(self.lymphodepletion.is_some());
        let (mut mg, mut mg_per_kg, mut routes) = (0, 0, 0);
        for (i, drug) in self.drugs.iter().enumerate() {
            if !is_name(&drug.name) {
                let message = format!("`{}` cannot name a drug", drug.name);
                return Err(Complaint::new(
                    "name",
                    i + 1,
                    message,
                    "use letters, digits and `_`, a letter first",
                ));
            }
            if self.drugs[..i].iter().any(|other| other.name == drug.name) {
                return Err(Complaint::new(
                    "name",
                    i + 1,
                    format!("two drugs are named `{}`", drug.name),
                    "rename one of them",
                ));
            }
            for dose in &drug.doses {
                positive("dose_mg", mg, dose.dose_mg)?;
                positive("dose_mg_per_kg", mg_per_kg, dose.dose_mg_per_kg)?;
                positive("maximum_mg", 0, dose.maximum_mg)?;
                positive("every_days", 0, dose.every_days)?;
                if let Some(every) = dose.every_days.filter(|&every| every < CLOSEST_CYCLES_DAYS) {
                    return Err(Complaint::new(
                        "every_days",
                        0,
                        format!("`every_days` is {every:?}, more often than hourly"),
                        "a constant infusion has `infusion_hours`; 1 day is the usual shortest cycle",
                    ));
                }
                days("days", before, &dose.days)?;
                if dose.dose_mg.is_some() == dose.dose_mg_per_kg.is_some() {
                    return Err(Complaint::new(
                        "route",
                        routes,
                        "a dose needs one amount",
                        "give either `dose_mg` or `dose_mg_per_kg`",
                    ));
                }
                if !(dose.infusion_hours.is_finite() && dose.infusion_hours >= 0.0) {
                    let message = format!("`infusion_hours` is {}", dose.infusion_hours);
                    return Err(Complaint::new(
                        "infusion_hours",
                        0,
                        message,
                        "give 0 for a bolus or the length of the infusion",
                    ));
                }
                mg += usize::from(dose.dose_mg.is_some());
                mg_per_kg += usize::from(dose.dose_mg_per_kg.is_some());
                routes += 1;
                before += 1;
            }
        }
        Ok(())
    }
}

/// What is wrong with a field, before it is known where the field came from.
struct Complaint {
    key: &'static str,
    nth: usize,
    message: String,
    hint: String,
}

impl Complaint {
    fn new(
        key: &'static str,
        nth: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Complaint {
        Complaint {
            key,
            nth,
            message: message.into(),
            hint: hint.into(),
        }
    }
    fn in_file(self, file: &str, text: &str) -> Error {
        let problem = Problem::new(file, self.message).hint(self.hint);
        match toml_file::value_offset(text, self.key, self.nth) {
            Some(offset) => problem.at(text, offset).into(),
            None => problem.into(),
        }
    }
    fn in_override(self, change: &FieldOverride) -> Error {
        Problem::new(change.shown(), self.message)
            .hint(self.hint)
            .into()
    }
}

fn positive(key: &'static str, nth: usize, value: Option<f64>) -> Result<(), Complaint> {
    match value {
        Some(v) if !(v.is_finite() && v > 0.0) => {
            let hint = if key.starts_with("dose") {
                "a dose is above 0; to give nothing, use the `placebo` therapy or leave the dose out"
            } else {
                "give a number above 0"
            };
            let word = if v < 0.0 { "negative" } else { "not above 0" };
            Err(Complaint::new(
                key,
                nth,
                format!("`{key}` is {word}: {v}"),
                hint,
            ))
        }
        _ => Ok(()),
    }
}

fn days(key: &'static str, nth: usize, days: &[f64]) -> Result<(), Complaint> {
    match days.iter().find(|d| !(d.is_finite() && **d >= FIRST_DAY)) {
        Some(bad) => Err(Complaint::new(
            key,
            nth,
            format!("`{key}` has day {bad}, before the simulation starts at day {FIRST_DAY}"),
            "day 0 is the first treatment; lymphodepletion is usually on days -5, -4 and -3",
        )),
        None => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Puts the value of `change` into `tree`; whether the field exists shows when the tree is read.
fn apply(tree: &mut toml::Value, change: &FieldOverride) -> Result<(), Error> {
    let value = match format!("v = {}", change.value).parse::<toml::Table>() {
        Ok(mut table) => table
            .remove("v")
            .unwrap_or(toml::Value::String(change.value.clone())),
        Err(_) => toml::Value::String(change.value.clone()),
    };
    let mut parts: Vec<&str> = change.path.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let no_such = |part: &str| -> Error {
        Problem::new(
            &change.origin,
            format!("`{}`: the therapy has no `{part}`", change.path),
        )
        .hint("fields are those of the therapy's file, joined by dots; `drug.0` is its first drug")
        .into()
    };
    let mut node = tree;
    for part in parts {
        node = match node {
            toml::Value::Table(table) => table.get_mut(part),
            toml::Value::Array(array) => part.parse::<usize>().ok().and_then(|i| array.get_mut(i)),
            _ => None,
        }
        .ok_or_else(|| no_such(part))?;
    }
    match node {
        toml::Value::Table(table) => {
            // The two ways to say a dose exclude each other: giving one replaces the other.
            for pair in [
                ["dose_cells_per_kg", "dose_cells"],
                ["dose_mg", "dose_mg_per_kg"],
            ] {
                if pair.contains(&last) {
                    pair.iter().for_each(|key| drop(table.remove(*key)));
                }
            }
            table.insert(last.to_owned(), value);
        }
        toml::Value::Array(array) => {
            match last.parse::<usize>().ok().and_then(|i| array.get_mut(i)) {
                Some(slot) => *slot = value,
                None => return Err(no_such(last)),
            }
        }
        _ => return Err(no_such(last)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_override(id: &str, text: &str) -> Result<Therapy, Error> {
        Therapy::load(
            &Library::embedded(),
            id,
            &[FieldOverride::parse(text, "--set")?],
        )
    }

    #[test]
    fn every_shipped_therapy_loads() {
        let library = Library::embedded();
        assert!(library.therapy_ids().len() >= 14);
        for id in library.therapy_ids() {
            Therapy::load(&library, id, &[]).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    #[test]
    fn a_negative_dose_is_shown_in_its_place() {
        let library = Library::embedded();
        let text = library
            .text("therapies/cd19-cart.toml")
            .unwrap()
            .replace("dose_cells_per_kg = 1.0e6", "dose_cells_per_kg = -1.0e6");
        let library = library.with_file("therapies/cd19-cart.toml", &text);
        insta::assert_snapshot!(Therapy::load(&library, "cd19-cart", &[]).unwrap_err(), @r"
        `dose_cells_per_kg` is negative: -1000000
          --> therapies/cd19-cart.toml:8:21
           8 | dose_cells_per_kg = -1.0e6
             |                     ^
             = hint: a dose is above 0; to give nothing, use the `placebo` therapy or leave the dose out
        ");
        insta::assert_snapshot!(with_override("cd19-cart", "dose_cells_per_kg=-2e6").unwrap_err(), @r"
        `dose_cells_per_kg` is negative: -2000000
          --> --set dose_cells_per_kg=-2e6
             = hint: a dose is above 0; to give nothing, use the `placebo` therapy or leave the dose out
        ");
    }

    #[test]
    fn an_unknown_field_gets_the_nearest_name() {
        let library = Library::embedded();
        let text = library
            .text("therapies/ocrelizumab.toml")
            .unwrap()
            .replacen("dose_mg", "dose_gm", 1);
        let library = library.with_file("therapies/ocrelizumab.toml", &text);
        insta::assert_snapshot!(Therapy::load(&library, "ocrelizumab", &[]).unwrap_err(), @r"
        unknown field `dose_gm`, expected one of `dose_mg`, `dose_mg_per_kg`, `maximum_mg`, `route`, `infusion_hours`, `days`, `every_days`, `until_days`
          --> therapies/ocrelizumab.toml:13:1
          13 | dose_gm = 300
             | ^
             = hint: did you mean `dose_mg`?
        ");
        insta::assert_snapshot!(with_override("cd19-cart", "lymphodepletion.unit=0").unwrap_err(), @r"
        unknown field `unit`, expected `days` or `units`
          --> --set lymphodepletion.unit=0
             = hint: did you mean `units`?
        ");
    }

    #[test]
    fn an_override_changes_one_field() {
        let library = Library::embedded();
        let plain = Therapy::load(&library, "cd19-cart", &[]).unwrap();
        let changed = with_override("cd19-cart", "lymphodepletion.units=0").unwrap();
        assert_eq!(changed.lymphodepletion.as_ref().unwrap().units, 0.0);
        assert_eq!(changed.dose_cells_per_kg, plain.dose_cells_per_kg);
        assert_eq!(
            with_override("cd19-cart", "dose_cells=1e8")
                .unwrap()
                .dose_cells_per_kg,
            None
        );
        assert_eq!(
            with_override("ocrelizumab", "drug.0.dose.1.dose_mg=1200")
                .unwrap()
                .drugs[0]
                .doses[1]
                .dose_mg,
            Some(1200.0)
        );
    }

    #[test]
    fn a_cycle_repeats_until_its_end() {
        let dose = DrugDose {
            dose_mg: Some(1.0),
            dose_mg_per_kg: None,
            maximum_mg: None,
            route: Route::Iv,
            infusion_hours: 0.0,
            days: vec![0.0, 7.0],
            every_days: Some(28.0),
            until_days: Some(60.0),
        };
        assert_eq!(dose.days_until(365.0), [0.0, 7.0, 28.0, 35.0, 56.0]);
        assert_eq!(dose.days_until(30.0), [0.0, 7.0, 28.0]);
        assert_eq!(
            DrugDose {
                every_days: None,
                ..dose
            }
            .days_until(365.0),
            [0.0, 7.0]
        );
    }

    proptest! {
        #[test]
        fn no_override_makes_the_reader_panic(text in "[a-z0-9_.=\\-\\[\\]\"]{0,40}") {
            let _ = with_override("ocrelizumab", &text);
        }
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ -~\n]{0,200}") {
            let library = Library::embedded().with_file("therapies/x.toml", &text);
            let _ = Therapy::load(&library, "x", &[]);
        }
    }
}
