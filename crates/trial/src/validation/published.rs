//! Published figures: outcomes of the evidence base, facts of physiology, rows of the parameter table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use neurocart_evidence::Evidence;
use neurocart_evidence::study::{self, Arm, ArmRole, IntervalKind, Outcome, Study};
use neurocart_library::{Library, PARAMETERS, Problem, nearest};

use super::comparison::FILE;
use super::reference::{OutcomeReference, ParameterRow, Reference, Requirement, Row};
use crate::error::Error;

/// Single facts of physiology, one per row.
pub const PHYSIOLOGY: &str = "evidence/physiology.csv";

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Read in the named text.
    Seen,
    /// Written from memory: shown, never judged.
    Recalled,
    /// A requirement of the model, not a measurement.
    Requirement,
}

/// A published figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// The figure, in the unit of the comparison; `None` where only an interval is given.
    pub value: Option<f64>,
    /// Lower limit of its interval.
    pub lower: Option<f64>,
    /// Upper limit of its interval.
    pub upper: Option<f64>,
    /// What the interval is: `95 % confidence interval`, `required range`.
    pub interval: String,
    /// Patients with the event, where the figure is a percentage of counted patients.
    pub events: Option<u64>,
    /// Patients.
    pub total: Option<u64>,
    /// How well the number is known.
    pub grade: Grade,
    /// `A` to `C` or `R`, as in the evidence base; empty for a requirement and a row of parameters.
    pub tier: String,
    /// Citation, with DOI, PMC or trial number where there is one.
    pub source: String,
    /// Web address at which the number was read; may be empty.
    pub address: String,
    /// Who is meant, which variant of the outcome, and remarks of the study or table.
    pub remark: String,
}

impl Published {
    /// True if the interval says where the true value may lie (a confidence or credible interval
    /// or a requirement); the range of single patients does not.
    pub fn has_interval(&self) -> bool {
        self.lower.is_some() || self.upper.is_some()
    }
}

/// What references point to.
#[derive(Clone, Debug)]
pub struct PublishedFigures {
    evidence: Evidence,
    physiology: Table,
    parameters: Table,
}

#[derive(Clone, Debug)]
struct Table {
    file: String,
    rows: Vec<BTreeMap<String, String>>,
}

/// Entry limits and sizes of a published trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialFacts {
    /// Arms, with their numbers of patients where known; a part of an arm without a number of its own
    /// has that of the arm.
    pub arms: Vec<(String, Option<u64>)>,
    /// Smallest EDSS at entry.
    pub edss_min: Option<f64>,
    /// Largest EDSS at entry.
    pub edss_max: Option<f64>,
    /// Smallest MG-ADL at entry.
    pub mg_adl_min: Option<f64>,
}

/// Columns that a comparison with a row of the table of physiology reads.
const PHYSIOLOGY_COLUMNS: [&str; 11] = [
    "parameter",
    "value",
    "lo",
    "hi",
    "statistic",
    "source",
    "doi_or_id",
    "locator",
    "grade",
    "source_tier",
    "address",
];
/// Columns that a comparison with a row of the parameter table reads.
const PARAMETER_COLUMNS: [&str; 7] = [
    "symbol", "scope", "value", "grade", "source", "locator", "address",
];

impl PublishedFigures {
    /// Reads the evidence base and the tables of a library.
    pub fn of(library: &Library) -> Result<PublishedFigures, Error> {
        Ok(PublishedFigures {
            evidence: Evidence::of(library)?,
            physiology: Table::read(library, PHYSIOLOGY, &PHYSIOLOGY_COLUMNS)?,
            parameters: Table::read(library, PARAMETERS, &PARAMETER_COLUMNS)?,
        })
    }

    /// What a study says about its arms and its entry criteria.
    pub fn trial(&self, id: &str) -> Result<TrialFacts, Error> {
        let study = self.study(id)?;
        let entry = study.population.entry.as_ref();
        Ok(TrialFacts {
            arms: study
                .arms
                .iter()
                .map(|arm| (arm.name.clone(), size(study, arm)))
                .collect(),
            edss_min: entry.and_then(|e| e.edss_min),
            edss_max: entry.and_then(|e| e.edss_max),
            mg_adl_min: entry.and_then(|e| e.mg_adl_min),
        })
    }

    fn study(&self, id: &str) -> Result<&Study, Error> {
        let studies = &self.evidence.studies;
        studies.get(id).ok_or_else(|| {
            let hint = match nearest(id, studies.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the studies are the files of library/{}",
                    neurocart_evidence::evidence::STUDIES
                ),
            };
            reference_problem(format!("unknown study `{id}`"), hint)
        })
    }

    /// The figure that a reference points to, and the names of its arm and contrast.
    pub fn resolve(&self, reference: &Reference) -> Result<(Published, [String; 2]), Error> {
        match reference {
            Reference::Outcome(wanted) => self.outcome(wanted),
            Reference::Physiology(row) => Ok((self.physiology.published(row)?, Default::default())),
            Reference::ParameterRow(row) => Ok((self.parameter_row(row)?, Default::default())),
            Reference::Requirement(r) => Ok((r.published(), Default::default())),
        }
    }

    /// The outcome of the evidence base that a reference names.
    pub fn find<'a>(
        &'a self,
        wanted: &OutcomeReference,
    ) -> Result<(&'a Study, &'a Outcome), Error> {
        let study = self.study(&wanted.study)?;
        let fits = |row: &&Outcome| {
            let same = |wanted: &Option<String>, given: &Option<String>| {
                wanted.is_none() || wanted == given
            };
            row.outcome == wanted.outcome
                && row.arm == wanted.arm
                && same(&wanted.contrast, &row.contrast)
                && same(&wanted.definition, &row.definition)
                && (wanted.time_weeks.is_none() || wanted.time_weeks == row.time_weeks)
                && wanted.statistic.is_none_or(|s| s == row.statistic)
        };
        let found: Vec<&Outcome> = study.outcomes.iter().filter(fits).collect();
        if let [row] = found[..] {
            return Ok((study, row));
        }
        let several = !found.is_empty();
        let message = format!(
            "{} outcomes of study `{}` fit `{}` of arm `{}`, expected 1",
            found.len(),
            wanted.study,
            wanted.outcome,
            wanted.arm
        );
        let candidates: Vec<String> = study
            .outcomes
            .iter()
            .filter(|row| {
                if several {
                    fits(row)
                } else {
                    row.outcome == wanted.outcome
                }
            })
            .map(in_words)
            .collect();
        let hint = if several {
            format!(
                "tell them apart by `contrast`, `time_weeks`, `statistic` or `definition`: {}",
                candidates.join("; ")
            )
        } else if candidates.is_empty() {
            let codes = study.outcomes.iter().map(|row| row.outcome.as_str());
            match nearest(&wanted.outcome, codes) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the study does not report it".to_owned(),
            }
        } else {
            format!("the study has: {}", candidates.join("; "))
        };
        Err(reference_problem(message, hint))
    }

    fn outcome(&self, wanted: &OutcomeReference) -> Result<(Published, [String; 2]), Error> {
        let (study, row) = self.find(wanted)?;
        let convert = |x: f64| {
            let x = x * wanted.scale;
            if wanted.complement { 100.0 - x } else { x }
        };
        let interval = row.interval.and_then(interval_name);
        let limits = interval
            .and(row.lower.zip(row.upper))
            .map(|(lower, upper)| {
                let (lower, upper) = (convert(lower), convert(upper));
                (lower.min(upper), lower.max(upper))
            });
        // A Kaplan-Meier or adjusted percentage is not the quotient of the counts.
        let counted = row
            .events
            .zip(row.total)
            .filter(|_| row.statistic == study::Statistic::Count)
            .map(|(events, total)| match wanted.complement {
                true => (total - events, total),
                false => (events, total),
            });
        let value = match counted {
            Some((events, total)) => Some(100.0 * events as f64 / total as f64),
            None => row.value.map(convert),
        };
        let seen = row.grade == study::Grade::Seen;
        let address = match &row.address {
            Some(address) => address.clone(),
            None => study.source.addresses.join(" ; "),
        };
        let published = Published {
            value,
            lower: limits.map(|l| l.0),
            upper: limits.map(|l| l.1),
            interval: limits.and(interval).unwrap_or_default().to_owned(),
            events: counted.map(|c| c.0),
            total: row.total,
            grade: if seen { Grade::Seen } else { Grade::Recalled },
            tier: format!("{:?}", row.tier),
            source: citation(study, row),
            // In words, where the text that was read has no page of its own.
            address: if seen && address.contains("://") {
                address
            } else {
                String::new()
            },
            remark: remark(study, row),
        };
        let contrast = row.contrast.clone().unwrap_or_default();
        Ok((published, [row.arm.clone(), contrast]))
    }

    fn parameter_row(&self, wanted: &ParameterRow) -> Result<Published, Error> {
        let columns = BTreeMap::from([
            ("symbol".to_owned(), wanted.symbol.clone()),
            ("scope".to_owned(), "validation".to_owned()),
        ]);
        let row = self.parameters.find(&columns)?;
        let parts: Vec<&str> = row["value"].split('/').collect();
        let no_number = |part: usize| -> Error {
            let message = format!("`{}` has no number as part {part}", wanted.symbol);
            let hint = "parts are counted from 0 and separated by `/`";
            Problem::new(&self.parameters.file, message)
                .hint(hint)
                .into()
        };
        let mut sum = 0.0;
        for &part in &wanted.parts {
            let number = parts.get(part).and_then(|text| leading_number(text));
            sum += number.ok_or_else(|| no_number(part))?;
        }
        let events = wanted.total.map(|_| sum as u64);
        let value = match wanted.total {
            Some(total) => 100.0 * sum / total as f64,
            None => sum * wanted.scale,
        };
        Ok(Published {
            value: Some(value),
            lower: None,
            upper: None,
            interval: String::new(),
            events,
            total: wanted.total,
            grade: grade(&row["grade"]),
            tier: String::new(),
            source: [row["source"].as_str(), row["locator"].as_str()].join(", "),
            address: row["address"].clone(),
            remark: String::new(),
        })
    }
}

fn reference_problem(message: String, hint: String) -> Error {
    Problem::new(format!("library/{FILE}"), message)
        .hint(hint)
        .into()
}

/// Patients of an arm, or of the arm of which it is a part.
fn size(study: &Study, arm: &Arm) -> Option<u64> {
    let is_main = |arm: &Arm| matches!(arm.role, ArmRole::Treated | ArmRole::Control);
    let recalled = study
        .source
        .recalled_fields
        .iter()
        .any(|field| field == "arm.patients");
    let own = |arm: &Arm| match is_main(arm) && recalled {
        // Where only the total was read, the arms are taken as equal.
        true => {
            let arms = study.arms.iter().filter(|arm| is_main(arm)).count() as u64;
            study.design.patients.map(|patients| patients / arms)
        }
        false => arm.patients,
    };
    let whole = study
        .arms
        .iter()
        .find(|a| arm.part_of.as_ref() == Some(&a.name));
    own(arm).or(whole.and_then(own))
}

/// An outcome by what tells it from others of its study.
fn in_words(row: &Outcome) -> String {
    let mut words = format!("`{}`", row.arm);
    if let Some(contrast) = &row.contrast {
        words += &format!(" against `{contrast}`");
    }
    if let Some(weeks) = row.time_weeks {
        words += &format!(" at week {weeks}");
    } else if let Some(months) = row.time_months {
        words += &format!(" at month {months}");
    }
    if let Some(definition) = &row.definition {
        words += &format!(" ({definition})");
    }
    words
}

/// Name of an interval that says where the true value may lie; the spread of patients does not.
fn interval_name(interval: IntervalKind) -> Option<&'static str> {
    match interval {
        IntervalKind::CI90 => Some("90 % confidence interval"),
        IntervalKind::CI95 => Some("95 % confidence interval"),
        IntervalKind::CI97_5 => Some("97.5 % confidence interval"),
        IntervalKind::CrI95 => Some("95 % credible interval"),
        IntervalKind::IQR | IntervalKind::Range => None,
    }
}

/// Place and identifier of an outcome.
fn citation(study: &Study, row: &Outcome) -> String {
    let source = &study.source;
    let own = [
        source.doi.as_ref().map(|doi| format!("doi:{doi}")),
        source.pmid.as_ref().map(|pmid| format!("PMID:{pmid}")),
        source.pmcid.clone(),
        source.trials.first().cloned(),
        source.reference.clone(),
    ];
    let cite = row.cite.clone().or(own.into_iter().flatten().next());
    match cite {
        Some(cite) if !row.locator.contains(&cite) => format!("{}, {cite}", row.locator),
        _ => row.locator.clone(),
    }
}

/// What a reader must know beside the number: who is meant, which variant, and the note.
fn remark(study: &Study, row: &Outcome) -> String {
    let arm = study.arms.iter().find(|arm| arm.name == row.arm);
    let part = arm.filter(|arm| !matches!(arm.role, ArmRole::Treated | ArmRole::Control));
    let error = row.standard_error.map(|e| format!("standard error {e}"));
    let parts = [
        part.map(|arm| arm.description.as_str()),
        row.definition.as_deref(),
        error.as_deref(),
        Some(row.note.as_str()),
    ];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|p| !p.is_empty())
        .collect();
    parts.join("; ")
}

impl Requirement {
    fn published(&self) -> Published {
        let counted = self.events.zip(self.total);
        let percent = counted.map(|(events, total)| 100.0 * events as f64 / total as f64);
        let has_range = self.lower.is_some() || self.upper.is_some();
        Published {
            value: self.value.or(percent),
            lower: self.lower,
            upper: self.upper,
            interval: if has_range {
                "required range".to_owned()
            } else {
                String::new()
            },
            events: self.events,
            total: self.total,
            grade: Grade::Requirement,
            tier: String::new(),
            source: self.source.clone(),
            address: String::new(),
            remark: String::new(),
        }
    }
}

impl Table {
    fn read(library: &Library, path: &str, columns: &[&str]) -> Result<Table, Error> {
        let file = library.file(path)?;
        let mut reader = csv::Reader::from_reader(file.text.as_bytes());
        let bad =
            |e: csv::Error| Error::from(Problem::new(file.name, format!("not a CSV table: {e}")));
        let headers = reader.headers().map_err(bad)?.clone();
        if let Some(missing) = columns.iter().find(|&c| !headers.iter().any(|h| h == *c)) {
            let problem = Problem::new(file.name, format!("there is no column `{missing}`"));
            return Err(problem
                .on_line(file.text, 1)
                .hint("the first line names the columns, as in the table of the program")
                .into());
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(bad)?;
            let cell = |(name, value): (&str, &str)| (name.to_owned(), value.trim().to_owned());
            rows.push(headers.iter().zip(&record).map(cell).collect());
        }
        Ok(Table {
            file: file.name.to_owned(),
            rows,
        })
    }

    /// The one row with these values in these columns.
    fn find(&self, columns: &BTreeMap<String, String>) -> Result<&BTreeMap<String, String>, Error> {
        let matches = |row: &&BTreeMap<String, String>| {
            columns
                .iter()
                .all(|(column, value)| row.get(column) == Some(value))
        };
        let found: Vec<_> = self.rows.iter().filter(matches).collect();
        if let [row] = found[..] {
            return Ok(row);
        }
        let wanted: Vec<String> = columns
            .iter()
            .map(|(c, v)| format!("{c} = `{v}`"))
            .collect();
        let message = format!(
            "{} rows with {}, expected 1",
            found.len(),
            wanted.join(", ")
        );
        let hint =
            "correct the `where` of the comparison; `population` and `context` tell rows apart";
        Err(Problem::new(&self.file, message).hint(hint).into())
    }

    fn published(&self, wanted: &Row) -> Result<Published, Error> {
        let row = self.find(&wanted.columns)?;
        let text = |column: &str| row.get(column).cloned().unwrap_or_default();
        let number = |column: &str| text(column).parse::<f64>().ok().map(|x| x * wanted.scale);
        let (mut value, mut lower, mut upper) = (number("value"), None, None);
        let interval = match text("statistic").as_str() {
            "estimate_CI95" => "95 % confidence interval",
            "range" | "reference_interval" => "published range",
            "upper_bound" => "published upper bound",
            _ => "",
        };
        if interval == "published upper bound" {
            (lower, upper) = (Some(0.0), value.take());
        } else if !interval.is_empty() {
            (lower, upper) = (number("lo"), number("hi"));
        }
        let id = text("doi_or_id");
        let source = [text("source"), text("locator"), id];
        let source: Vec<String> = source
            .into_iter()
            .filter(|s| !s.is_empty() && s != "url_only" && s != "none")
            .collect();
        Ok(Published {
            value,
            lower,
            upper,
            interval: if lower.is_some() || upper.is_some() {
                interval.to_owned()
            } else {
                String::new()
            },
            events: None,
            total: None,
            grade: grade(&text("grade")),
            tier: text("source_tier"),
            source: source.join(", "),
            address: text("address"),
            remark: text("note").trim_matches(&[';', ' ', '.'][..]).to_owned(),
        })
    }
}

fn grade(text: &str) -> Grade {
    if text == "seen" {
        Grade::Seen
    } else {
        Grade::Recalled
    }
}

/// The number at the start of `112 (SD 47)` or `100% grade 1-2`.
fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(i, c)| !(c.is_ascii_digit() || c == '.' || (i == 0 && c == '-')))
        .map_or(text.len(), |(i, _)| i);
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> PublishedFigures {
        PublishedFigures::of(&Library::embedded()).unwrap()
    }

    fn reference(text: &str) -> OutcomeReference {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn counts_give_the_percentage_and_memory_is_marked() {
        let figures = figures();
        let seen = reference(
            r#"study = "n-momentum"
            arm = "placebo"
            outcome = "relapse""#,
        );
        let (seen, _) = figures.resolve(&Reference::Outcome(seen)).unwrap();
        assert_eq!((seen.events, seen.total), (Some(22), Some(56)));
        assert_eq!(seen.value, Some(100.0 * 22.0 / 56.0));
        let recalled = reference(
            r#"study = "opera-i"
            arm = "ocrelizumab"
            outcome = "annualised_relapse_rate_ratio""#,
        );
        let (recalled, arms) = figures.resolve(&Reference::Outcome(recalled)).unwrap();
        assert_eq!(recalled.grade, Grade::Recalled);
        assert_eq!((recalled.lower, recalled.upper), (Some(0.4), Some(0.72)));
        assert_eq!(arms, ["ocrelizumab", "ifn_b1a_sc"]);
    }

    #[test]
    fn a_complement_turns_value_and_limits_round() {
        let free = reference(
            r#"study = "prevent"
            arm = "eculizumab_with_extension"
            outcome = "relapse_free"
            complement = true"#,
        );
        let (relapsed, _) = figures().resolve(&Reference::Outcome(free)).unwrap();
        assert_eq!(relapsed.value, Some(100.0 - 94.4));
        assert_eq!(relapsed.lower, Some(100.0 - 97.3));
        assert_eq!(relapsed.upper, Some(100.0 - 88.6));
        assert_eq!(relapsed.interval, "95 % confidence interval");
    }

    #[test]
    fn a_reference_that_fits_none_or_several_gets_the_candidates() {
        let figures = figures();
        let problem = |text: &str| figures.find(&reference(text)).unwrap_err().to_string();
        insta::assert_snapshot!(problem(r#"study = "n-momentum"
            arm = "inebilizumab_with_extension"
            outcome = "relapse_hazard_ratio""#), @"");
        insta::assert_snapshot!(problem(r#"study = "hermes"
            arm = "placebo"
            outcome = "relapse"
            time_weeks = 25"#), @"");
        insta::assert_snapshot!(problem(r#"study = "hermes"
            arm = "placebo"
            outcome = "relapses""#), @"");
        insta::assert_snapshot!(problem(r#"study = "herme"
            arm = "placebo"
            outcome = "relapse""#), @"");
    }

    #[test]
    fn a_trial_has_its_arms_and_entry_limits() {
        let figures = figures();
        let facts = figures.trial("oratorio").unwrap();
        assert_eq!(facts.arms[1], ("placebo".to_owned(), Some(244)));
        assert_eq!((facts.edss_min, facts.edss_max), (Some(3.0), Some(6.5)));
        // The sizes of the arms of SAkuraSky are from memory: half of 83 each, and so for their parts.
        let facts = figures.trial("sakura-sky").unwrap();
        let size = |name: &str| facts.arms.iter().find(|(arm, _)| arm == name).unwrap().1;
        assert_eq!(size("satralizumab"), Some(41));
        assert_eq!(size("satralizumab_aqp4_positive"), Some(41));
    }

    #[test]
    fn numbers_are_read_from_the_start_of_a_cell() {
        assert_eq!(leading_number("112 (SD 47)"), Some(112.0));
        assert_eq!(leading_number("-55.9"), Some(-55.9));
        assert_eq!(leading_number("100% grade 1-2"), Some(100.0));
        assert_eq!(leading_number("none"), None);
    }
}
