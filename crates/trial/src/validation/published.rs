//! Published figures, read from the tables of the library so that no number stands twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use neurocart_library::{Library, PARAMETERS, Problem};

use crate::error::Error;

/// Where a published figure stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reference {
    /// The row of `landmarks/arm_outcomes.csv` with these values in these columns.
    ArmOutcome(Row),
    /// The row of `landmarks/timecourses.csv`.
    TimeCourse(Row),
    /// The row of `landmarks/physiology.csv`.
    Physiology(Row),
    /// A row of `parameters.csv` with scope `validation`.
    ParameterRow(ParameterRow),
    /// What the model must fulfil, where no table has it.
    Requirement(Requirement),
}

/// A row of a landmark table, by the values of some of its columns.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Column and value, enough to leave one row.
    #[serde(rename = "where")]
    pub columns: BTreeMap<String, String>,
    /// Factor from the unit of the table to that of the comparison.
    #[serde(default = "one")]
    pub scale: f64,
    /// The figure is 100 minus the published one (relapse-free to relapsed).
    #[serde(default)]
    pub complement: bool,
}

/// A row of scope `validation`, whose value may hold several figures separated by `/`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterRow {
    /// Column `symbol`.
    pub symbol: String,
    /// Which figures, from 0; counts are added up.
    #[serde(default = "first")]
    pub parts: Vec<usize>,
    /// The figures are counts out of this many patients.
    #[serde(default)]
    pub total: Option<u64>,
    /// Factor from the unit of the table to that of the comparison.
    #[serde(default = "one")]
    pub scale: f64,
}

/// A requirement with its source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Required value.
    #[serde(default)]
    pub value: Option<f64>,
    /// Smallest value that is accepted.
    #[serde(default)]
    pub lower: Option<f64>,
    /// Largest value that is accepted.
    #[serde(default)]
    pub upper: Option<f64>,
    /// Patients with the event, out of `total`.
    #[serde(default)]
    pub events: Option<u64>,
    /// Patients.
    #[serde(default)]
    pub total: Option<u64>,
    /// Who requires it and why.
    pub source: String,
}

fn one() -> f64 {
    1.0
}

fn first() -> Vec<usize> {
    vec![0]
}

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
    /// `A` to `C` or `R`, as explained in `landmarks/README.md`; empty for a requirement.
    pub tier: String,
    /// Citation, with DOI, PMC or trial number where there is one.
    pub source: String,
    /// Web address at which the number was read; may be empty.
    pub address: String,
    /// Remark of the table.
    pub remark: String,
}

impl Published {
    /// True if the interval says where the true value may lie (a confidence or credible interval
    /// or a requirement); the range of single patients does not.
    pub fn has_interval(&self) -> bool {
        self.lower.is_some() || self.upper.is_some()
    }
}

/// The tables that references point to.
#[derive(Clone, Debug)]
pub struct Landmarks {
    arm_outcomes: Table,
    time_courses: Table,
    physiology: Table,
    trials: Table,
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
    /// Arms, with their numbers of patients where known.
    pub arms: Vec<(String, Option<u64>)>,
    /// Smallest EDSS at entry.
    pub edss_min: Option<f64>,
    /// Largest EDSS at entry.
    pub edss_max: Option<f64>,
    /// Smallest MG-ADL at entry.
    pub mg_adl_min: Option<f64>,
}

/// Columns that [`Landmarks::trial`] reads.
const TRIAL_COLUMNS: [&str; 8] = [
    "trial_id",
    "arms",
    "n_per_arm",
    "n_total",
    "recalled_fields",
    "edss_min",
    "edss_max",
    "mg_adl_min",
];
/// Columns that a comparison with a row of the parameter table reads.
const PARAMETER_COLUMNS: [&str; 7] = [
    "symbol", "scope", "value", "grade", "source", "locator", "address",
];

impl Landmarks {
    /// Reads the tables of a library.
    pub fn of(library: &Library) -> Result<Landmarks, Error> {
        let table = |path, columns: &[&str]| Table::read(library, path, columns);
        let figures = ["value", "grade"];
        Ok(Landmarks {
            arm_outcomes: table("landmarks/arm_outcomes.csv", &figures)?,
            time_courses: table("landmarks/timecourses.csv", &figures)?,
            physiology: table("landmarks/physiology.csv", &figures)?,
            trials: table("landmarks/trials.csv", &TRIAL_COLUMNS)?,
            parameters: table(PARAMETERS, &PARAMETER_COLUMNS)?,
        })
    }

    /// What a trial says about its arms and its entry criteria.
    pub fn trial(&self, id: &str) -> Result<TrialFacts, Error> {
        let columns = BTreeMap::from([("trial_id".to_owned(), id.to_owned())]);
        let row = self.trials.find(&columns)?;
        let arms: Vec<&str> = row["arms"].split('|').collect();
        let sizes: Vec<Option<u64>> =
            match row["recalled_fields"].split('|').any(|f| f == "n_per_arm") {
                false => row["n_per_arm"]
                    .split('|')
                    .map(|n| n.parse().ok())
                    .collect(),
                // Where only the total was read, the arms are taken as equal.
                true => vec![
                    row["n_total"]
                        .parse::<u64>()
                        .ok()
                        .map(|n| n / arms.len() as u64);
                    arms.len()
                ],
            };
        let arms = arms.into_iter().enumerate();
        let arms = arms.map(|(i, arm)| (arm.to_owned(), sizes.get(i).copied().flatten()));
        let number = |column: &str| row[column].parse().ok();
        Ok(TrialFacts {
            arms: arms.collect(),
            edss_min: number("edss_min"),
            edss_max: number("edss_max"),
            mg_adl_min: number("mg_adl_min"),
        })
    }

    /// The figure that a reference points to, and the names of its arm and contrast.
    pub fn resolve(&self, reference: &Reference) -> Result<(Published, [String; 2]), Error> {
        match reference {
            Reference::ArmOutcome(row) => self.arm_outcomes.published(row),
            Reference::TimeCourse(row) => self.time_courses.published(row),
            Reference::Physiology(row) => self.physiology.published(row),
            Reference::ParameterRow(row) => self.parameter_row(row),
            Reference::Requirement(r) => Ok((r.published(), Default::default())),
        }
    }

    fn parameter_row(&self, wanted: &ParameterRow) -> Result<(Published, [String; 2]), Error> {
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
        let published = Published {
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
        };
        Ok((published, Default::default()))
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
        let hint = "correct the `where` of the comparison; `note` and `grade` tell rows apart";
        Err(Problem::new(&self.file, message).hint(hint).into())
    }

    fn published(&self, wanted: &Row) -> Result<(Published, [String; 2]), Error> {
        let row = self.find(&wanted.columns)?;
        let text = |column: &str| row.get(column).cloned().unwrap_or_default();
        let number = |column: &str| text(column).parse::<f64>().ok();
        let convert = |x: f64| {
            let x = x * wanted.scale;
            if wanted.complement { 100.0 - x } else { x }
        };
        let statistic = text("statistic");
        let (kind, lower, upper) = interval(&text("interval"), &statistic);
        let limit = |given: bool, column| number(column).filter(|_| given).map(convert);
        let (mut lower, mut upper) = (limit(lower, "lo"), limit(upper, "hi"));
        if wanted.complement || wanted.scale < 0.0 {
            std::mem::swap(&mut lower, &mut upper);
        }
        let mut value = number("value").map(convert);
        if statistic == "upper_bound" {
            (lower, upper) = (Some(0.0), value.take());
        }
        let count = |column| number(column).map(|n| n as u64);
        let total = count("n_total").or_else(|| count("n"));
        // A Kaplan-Meier or adjusted percentage is not the quotient of the counts.
        let counted = count("n_events").filter(|_| statistic == "pct");
        if let Some((events, total)) = counted.zip(total)
            && events > total
        {
            let message = format!("a row has {events} events in {total} patients");
            return Err(Problem::new(&self.file, message)
                .hint("correct `n_events`, or the total beside it")
                .into());
        }
        let events = counted
            .zip(total)
            .map(|(events, total)| match wanted.complement {
                true => total - events,
                false => events,
            });
        if let Some((events, total)) = events.zip(total) {
            value = Some(100.0 * events as f64 / total as f64);
        }
        let id = [text("source_id"), text("doi_or_id")].concat();
        let id = if id == "url_only" || id == "none" {
            String::new()
        } else {
            id
        };
        let locator =
            text("locator").replace("value from memory, not opened; primary report: ", "");
        let id = if locator.contains(&id) {
            String::new()
        } else {
            id
        };
        let source = [text("source"), locator, id];
        let source: Vec<String> = source.into_iter().filter(|s| !s.is_empty()).collect();
        let published = Published {
            value,
            lower,
            upper,
            interval: if lower.is_some() || upper.is_some() {
                kind.to_owned()
            } else {
                String::new()
            },
            events,
            total,
            grade: grade(&text("grade")),
            tier: text("source_tier"),
            source: source.join(", "),
            address: text("address"),
            remark: text("note").trim_matches(&[';', ' ', '.'][..]).to_owned(),
        };
        Ok((published, [text("arm"), text("contrast")]))
    }
}

/// What the limits of a row mean, and whether each of them bounds the true value.
fn interval(interval: &str, statistic: &str) -> (&'static str, bool, bool) {
    match (interval, statistic) {
        ("CI95", _) | (_, "estimate_CI95") => ("95 % confidence interval", true, true),
        ("CrI95", _) => ("95 % credible interval", true, true),
        ("", "range" | "reference_interval") => ("published range", true, true),
        ("", "upper_bound") => ("published upper bound", true, true),
        // Time courses give limits without a name only where they were made from standard errors.
        ("", "mean" | "km_pct") => ("95 % confidence interval", true, true),
        _ => ("", false, false),
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

    fn row(pairs: &[(&str, &str)]) -> Row {
        let columns = pairs
            .iter()
            .map(|(c, v)| (c.to_string(), v.to_string()))
            .collect();
        Row {
            columns,
            scale: 1.0,
            complement: false,
        }
    }

    #[test]
    fn counts_give_the_percentage_and_memory_is_marked() {
        let landmarks = Landmarks::of(&Library::embedded()).unwrap();
        let outcome = |pairs: &[(&str, &str)]| {
            landmarks
                .resolve(&Reference::ArmOutcome(row(pairs)))
                .map(|r| r.0)
        };
        let seen = outcome(&[
            ("trial_id", "N_MOMENTUM"),
            ("arm", "placebo"),
            ("outcome", "relapse_pct"),
            ("grade", "seen"),
        ]);
        let seen = seen.unwrap();
        assert_eq!((seen.events, seen.total), (Some(22), Some(56)));
        assert_eq!(seen.value, Some(100.0 * 22.0 / 56.0));
        let recalled = outcome(&[("trial_id", "OPERA_I"), ("outcome", "arr_ratio")]).unwrap();
        assert_eq!(recalled.grade, Grade::Recalled);
        assert_eq!((recalled.lower, recalled.upper), (Some(0.4), Some(0.72)));
        let two = outcome(&[("trial_id", "OPERA_I"), ("outcome", "arr")]).unwrap_err();
        assert!(two.to_string().starts_with("2 rows with"), "{two}");
    }

    #[test]
    fn a_trial_has_its_arms_and_entry_limits() {
        let facts = Landmarks::of(&Library::embedded())
            .unwrap()
            .trial("ORATORIO")
            .unwrap();
        assert_eq!(facts.arms[1], ("placebo".to_owned(), Some(244)));
        assert_eq!((facts.edss_min, facts.edss_max), (Some(3.0), Some(6.5)));
    }

    #[test]
    fn numbers_are_read_from_the_start_of_a_cell() {
        assert_eq!(leading_number("112 (SD 47)"), Some(112.0));
        assert_eq!(leading_number("-55.9"), Some(-55.9));
        assert_eq!(leading_number("100% grade 1-2"), Some(100.0));
        assert_eq!(leading_number("none"), None);
    }
}
