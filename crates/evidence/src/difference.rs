//! What changed between two versions of the evidence base, and which pooled answers moved.
//!
//! Blocks of a study file are told apart by what they are about (an outcome by its code, arm, time and
//! statistic), not by their place in the file, so that a row put in between changes nothing else.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::answer::{Answer, GroupAnswer};
use crate::codes::code;
use crate::evidence::Evidence;
use crate::pooling::{Estimate, Role};
use crate::registry::RegisteredTrial;
use crate::study::{Outcome, Study};

/// What changed between two versions of the evidence base.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Studies, by id.
    pub studies: Vec<Changed>,
    /// Registered trials, by number.
    pub registry: Vec<Changed>,
    /// Pooled answers that moved.
    pub answers: Vec<MovedAnswer>,
}

/// Something that was added, removed or changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What happened to it.
    pub kind: Kind,
    /// Field by field, for what was changed.
    pub fields: Vec<Field>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Only in the new version.
    Added,
    /// Only in the old version.
    Removed,
    /// In both, not the same.
    Changed,
}

/// A field with its old and new value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Where: `design.patients`, `outcome crs_any of all, count: events`.
    pub field: String,
    /// Old value; none if the field is new.
    pub old: Option<Value>,
    /// New value; none if the field is gone.
    pub new: Option<Value>,
}

/// A pooled answer before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovedAnswer {
    /// Id of the question.
    pub question: String,
    /// Outcome and group.
    pub group: String,
    /// Before; none if the question or group is new.
    pub old: Option<PooledAnswer>,
    /// After; none if the question or group is gone.
    pub new: Option<PooledAnswer>,
}

/// A pooled answer in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PooledAnswer {
    /// Studies that enter.
    pub studies: usize,
    /// Their patients.
    pub patients: u64,
    /// Patients with the event, for proportions.
    pub events: Option<u64>,
    /// The primary estimate, in the unit of the outcome, or the first that there is.
    pub estimate: Option<Estimate>,
    /// Why nothing is pooled.
    pub withheld: Option<String>,
}

impl Difference {
    /// True if nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Difference::default()
    }
}

/// Compares two versions; answers are those of each version's own questions.
pub fn difference(old: (&Evidence, &[Answer]), new: (&Evidence, &[Answer])) -> Difference {
    let blocks = |evidence: &Evidence| -> BTreeMap<String, (String, Blocks)> {
        let studies = evidence.studies.values();
        studies
            .map(|study| {
                (
                    study.id.clone(),
                    (study.title.clone(), blocks_of_study(study)),
                )
            })
            .collect()
    };
    let rows = |evidence: &Evidence| -> BTreeMap<String, (String, Blocks)> {
        let mut rows = BTreeMap::new();
        for trial in &evidence.registry {
            let name = unused_name(&rows, trial.name());
            rows.insert(name, (title_of_trial(trial), blocks_of_trial(trial)));
        }
        rows
    };
    Difference {
        studies: changed(blocks(old.0), blocks(new.0)),
        registry: changed(rows(old.0), rows(new.0)),
        answers: moved(old.1, new.1),
    }
}

/// Fields by block, each block under the words that tell what it is about.
type Blocks = BTreeMap<String, BTreeMap<String, Value>>;

fn changed(
    old: BTreeMap<String, (String, Blocks)>,
    new: BTreeMap<String, (String, Blocks)>,
) -> Vec<Changed> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let mut all = Vec::new();
    for name in names {
        let (title, kind, fields) = match (old.get(name), new.get(name)) {
            (Some((title, _)), None) => (title, Kind::Removed, Vec::new()),
            (None, Some((title, _))) => (title, Kind::Added, Vec::new()),
            (Some((_, old)), Some((title, new))) => (title, Kind::Changed, fields(old, new)),
            (None, None) => continue,
        };
        if kind != Kind::Changed || !fields.is_empty() {
            all.push(Changed {
                name: name.clone(),
                title: title.clone(),
                kind,
                fields,
            });
        }
    }
    all
}

fn fields(old: &Blocks, new: &Blocks) -> Vec<Field> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let whole = |block: &BTreeMap<String, Value>| {
        Value::Object(block.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    };
    let mut all = Vec::new();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => {
                let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
                keys.sort();
                keys.dedup();
                for key in keys {
                    let (old, new) = (old.get(key), new.get(key));
                    if old != new {
                        let field = match (name.is_empty(), name.contains(' ')) {
                            (true, _) => key.clone(),
                            (false, false) => format!("{name}.{key}"),
                            (false, true) => format!("{name}: {key}"),
                        };
                        let (old, new) = (old.cloned(), new.cloned());
                        all.push(Field { field, old, new });
                    }
                }
            }
            (old, new) => all.push(Field {
                field: name.clone(),
                old: old.map(whole),
                new: new.map(whole),
            }),
        }
    }
    all
}

fn blocks_of_study(study: &Study) -> Blocks {
    let mut blocks = Blocks::new();
    let mut head = study.clone();
    add(&mut blocks, "source", &study.source);
    add(&mut blocks, "design", &study.design);
    add(&mut blocks, "population", &study.population);
    if let Some(treatment) = head.treatment.take() {
        add(&mut blocks, "treatment", &treatment);
    }
    for overlap in std::mem::take(&mut head.overlaps) {
        add(
            &mut blocks,
            &format!("overlap with {}", overlap.study),
            &overlap,
        );
    }
    for arm in std::mem::take(&mut head.arms) {
        add(&mut blocks, &format!("arm {}", arm.name), &arm);
    }
    for outcome in std::mem::take(&mut head.outcomes) {
        add(&mut blocks, &name_of_outcome(&outcome), &outcome);
    }
    for patient in std::mem::take(&mut head.patients) {
        for observation in &patient.observations {
            let day = observation
                .day
                .map_or(String::new(), |day| format!(" on day {day}"));
            let name = format!("patient {}, {}{day}", patient.id, observation.variable);
            add(&mut blocks, &name, observation);
        }
    }
    for finding in std::mem::take(&mut head.findings) {
        add(
            &mut blocks,
            &format!("finding {} in {}", finding.outcome, finding.model),
            &finding,
        );
    }
    for parameter in std::mem::take(&mut head.model_parameters) {
        add(
            &mut blocks,
            &format!("model parameter {}", parameter.symbol),
            &parameter,
        );
    }
    if let Some(appraisal) = head.appraisal.take() {
        add(&mut blocks, "appraisal", &appraisal);
    }
    // What is left stands at the top of the file.
    if let Ok(Value::Object(rest)) = serde_json::to_value(&head) {
        let top = rest
            .into_iter()
            .filter(|(key, value)| !value.is_object() && !value.is_array() && key != "id");
        blocks.insert(String::new(), top.collect());
    }
    blocks
}

fn name_of_outcome(outcome: &Outcome) -> String {
    let mut name = format!("outcome {} of {}", outcome.outcome, outcome.arm);
    if let Some(contrast) = &outcome.contrast {
        name += &format!(" against {contrast}");
    }
    match (outcome.time_weeks, outcome.time_months) {
        (Some(weeks), _) => name += &format!(" at week {weeks}"),
        (None, Some(months)) => name += &format!(" at month {months}"),
        (None, None) => {}
    }
    if let Some(definition) = &outcome.definition {
        name += &format!(" ({definition})");
    }
    name + ", " + &code(&outcome.statistic)
}

fn title_of_trial(trial: &RegisteredTrial) -> String {
    let product = if trial.product.is_empty() {
        &trial.title
    } else {
        &trial.product
    };
    format!("{product} in {}", trial.diseases.join("/"))
}

fn blocks_of_trial(trial: &RegisteredTrial) -> Blocks {
    let mut blocks = Blocks::new();
    add(&mut blocks, "", trial);
    blocks
}

/// Adds a block; a second one of the same name gets a number.
fn add(blocks: &mut Blocks, name: &str, value: &impl Serialize) {
    if let Ok(Value::Object(fields)) = serde_json::to_value(value) {
        let name = unused_name(blocks, name);
        blocks.insert(name, fields.into_iter().collect());
    }
}

fn unused_name<T>(taken: &BTreeMap<String, T>, name: &str) -> String {
    let mut unused = name.to_owned();
    let mut number = 1;
    while taken.contains_key(&unused) {
        number += 1;
        unused = format!("{name}, no. {number}");
    }
    unused
}

fn moved(old: &[Answer], new: &[Answer]) -> Vec<MovedAnswer> {
    let by_name = |answers: &[Answer]| {
        let mut all = BTreeMap::new();
        for answer in answers {
            for group in &answer.groups {
                all.insert(
                    (answer.question.id.clone(), name_of_group(group)),
                    short(group),
                );
            }
        }
        all
    };
    let (old, new) = (by_name(old), by_name(new));
    let mut names: Vec<&(String, String)> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| MovedAnswer {
            question: name.0.clone(),
            group: name.1.clone(),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}

fn name_of_group(group: &GroupAnswer) -> String {
    let without = match group.without.is_empty() {
        true => String::new(),
        false => format!(", without {}", group.without.join(", ")),
    };
    format!("{}, {}{without}", group.outcome_label, group.label)
}

fn short(group: &GroupAnswer) -> PooledAnswer {
    let pooled = &group.pooled;
    let primary = pooled.estimates.iter().find(|e| e.role == Role::Primary);
    PooledAnswer {
        studies: pooled.studies,
        patients: pooled.patients,
        events: pooled.events,
        estimate: primary.or(pooled.estimates.first()).cloned(),
        withheld: pooled.withheld.clone(),
    }
}

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::*;
    use crate::answer::answers;
    use crate::evidence::STUDIES;

    const STUDY: &str = "qin2023-nmosd-ct103a";

    fn against_shipped(change: impl Fn(&mut Study)) -> Difference {
        let library = Library::embedded();
        let old = Evidence::of(&library).unwrap();
        let mut study = old.studies[STUDY].clone();
        change(&mut study);
        let path = format!("{STUDIES}/{STUDY}.toml");
        let text = crate::study_file::render(&study);
        let changed = Library::embedded().with_file(&path, &text);
        let new = Evidence::of(&changed).unwrap();
        let old_answers = answers(&library, &old).unwrap();
        let new_answers = answers(&changed, &new).unwrap();
        difference((&old, &old_answers), (&new, &new_answers))
    }

    #[test]
    fn a_version_does_not_differ_from_itself() {
        assert!(against_shipped(|_| {}).is_empty());
    }

    #[test]
    fn a_changed_count_is_one_field_and_moves_the_answers_that_use_it() {
        let difference = against_shipped(|study| {
            let crs = study
                .outcomes
                .iter_mut()
                .find(|o| o.outcome == "infection_any")
                .unwrap();
            crs.events = Some(6);
            crs.value = Some(50.0);
        });
        let [study] = difference.studies.as_slice() else {
            panic!("{difference:?}");
        };
        let fields: Vec<String> = study
            .fields
            .iter()
            .map(|f| format!("{} {:?} {:?}", f.field, f.old, f.new))
            .collect();
        assert_eq!(
            fields,
            [
                "outcome infection_any of all, count: events Some(Number(7)) Some(Number(6))",
                "outcome infection_any of all, count: value Some(Number(58.0)) Some(Number(50.0))",
            ]
        );
        assert!(difference.registry.is_empty());
        assert!(!difference.answers.is_empty());
        for answer in &difference.answers {
            assert!(
                answer.group.to_lowercase().contains("infection"),
                "{answer:?}"
            );
            let events = |a: &Option<PooledAnswer>| a.as_ref().unwrap().events.unwrap();
            assert_eq!(events(&answer.old), events(&answer.new) + 1);
        }
    }

    #[test]
    fn a_row_put_in_between_changes_no_other_row() {
        let difference = against_shipped(|study| {
            let mut row = study.outcomes[0].clone();
            row.time_months = Some(1.0);
            study.outcomes.insert(0, row);
        });
        assert_eq!(difference.studies.len(), 1);
        assert_eq!(difference.studies[0].fields.len(), 1);
        assert_eq!(difference.studies[0].fields[0].old, None);
    }

    #[test]
    fn added_and_removed_studies_and_trials_are_told() {
        let library = Library::embedded();
        let all = Evidence::of(&library).unwrap();
        let mut fewer = all.clone();
        fewer.studies.remove(STUDY);
        let trial = fewer.registry.remove(0);
        let added = difference((&fewer, &[]), (&all, &[]));
        assert_eq!(added.studies[0].kind, Kind::Added);
        assert_eq!(added.registry[0].name, trial.name());
        let removed = difference((&all, &[]), (&fewer, &[]));
        assert_eq!(removed.studies[0].name, STUDY);
        assert_eq!(removed.studies[0].kind, Kind::Removed);
        assert_eq!(removed.registry[0].kind, Kind::Removed);
    }
}
