//! Published figures: outcomes of the evidence base, facts of physiology, rows of the parameter table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use neurocart_evidence::Evidence;
use neurocart_evidence::study::{Outcome, Study};
use neurocart_library::{Library, PARAMETERS, Problem};

use super::reference::{OutcomeReference, ParameterRow, Reference, Requirement, Row};
use super::study_figure::{self, TrialFacts};
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
        TrialFacts::of(&self.evidence, id)
    }

    /// The figure that a reference points to, and the names of its arm and contrast.
    pub fn resolve(&self, reference: &Reference) -> Result<(Published, [String; 2]), Error> {
        match reference {
            Reference::Outcome(wanted) => {
                let (study, row) = self.find(wanted)?;
                let contrast = row.contrast.clone().unwrap_or_default();
                let published = study_figure::published(study, row, wanted);
                Ok((published, [row.arm.clone(), contrast]))
            }
            Reference::Physiology(row) => Ok((self.physiology.published(row)?, Default::default())),
            Reference::ParameterRow(row) => Ok((self.parameter_row(row)?, Default::default())),
            Reference::Requirement(r) => Ok((r.published(), Default::default())),
        }
    }

    /// The outcome of the evidence base that a reference names.
    pub fn find(&self, wanted: &OutcomeReference) -> Result<(&Study, &Outcome), Error> {
        study_figure::find(&self.evidence, wanted)
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

    #[test]
    fn numbers_are_read_from_the_start_of_a_cell() {
        assert_eq!(leading_number("112 (SD 47)"), Some(112.0));
        assert_eq!(leading_number("-55.9"), Some(-55.9));
        assert_eq!(leading_number("100% grade 1-2"), Some(100.0));
        assert_eq!(leading_number("none"), None);
    }
}
