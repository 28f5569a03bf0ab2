//! The parameter table (`library/parameters.csv`): the only place where a value stands.
//!
//! A row belongs to a scope: `core` for the immune model, `disease:ID` and `product:ID` for what
//! a disease or a CAR T product changes in it, `module:NAME` for a drug mechanism and
//! `drug:NAME` for what one drug changes in it, `stochastic` for the layers on top. Scopes are
//! laid over each other; a later one wins, and where it leaves the range, the unit, the
//! variability or the source blank those of the row below hold.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use neurocart_library::{Library, PARAMETERS, Problem, nearest};

/// Folder of the studies that the column `evidence` names.
const STUDIES: &str = "evidence/studies";

use crate::error::Error;

/// How a parameter varies between patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// The same in every patient.
    Fixed,
    /// Log-normal: the value is the median, `cv` the coefficient of variation.
    LogNormal,
    /// Normal on the logit scale: the value is the median, `cv` the standard deviation there.
    LogitNormal,
    /// Normal: the value is the mean, `cv` the standard deviation over the mean.
    Normal,
    /// The value holds in every patient; a gamma frailty of mean 1 and this `cv` multiplies the
    /// hazard it stands for, outside the differential equations.
    Gamma,
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Distribution::Fixed => "fixed",
            Distribution::LogNormal => "lognormal",
            Distribution::LogitNormal => "logit-normal",
            Distribution::Normal => "normal",
            Distribution::Gamma => "gamma",
        })
    }
}

/// One row of the table, or several laid over each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Symbol in the model or in a layer.
    pub symbol: String,
    /// Scope the value comes from; [`OVERRIDE`] where the user gave it.
    pub scope: String,
    /// Typical value: median, or mean of a normal distribution.
    pub value: f64,
    /// Smallest plausible value.
    pub low: Option<f64>,
    /// Largest plausible value.
    pub high: Option<f64>,
    /// Unit.
    pub unit: String,
    /// Variability between patients; see [`Distribution`] for its meaning. `None` if blank.
    pub cv: Option<f64>,
    /// Distribution between patients. `None` if blank.
    pub distribution: Option<Distribution>,
    /// Module of the model.
    pub module: String,
    /// What it means.
    pub meaning: String,
    /// Publication or reason.
    pub source: String,
    /// Where in the source.
    pub locator: String,
    /// How well it is known: seen, recalled, derived, assumed.
    pub grade: String,
    /// Web address of the source.
    pub address: String,
    /// Studies of the library (`evidence/studies/ID.toml`) in which the value, or what it was derived from,
    /// stands; empty for assumptions, conventions and common knowledge.
    pub evidence: Vec<String>,
    /// Line of the table.
    pub line: usize,
}

/// A row that only documents: a published value that no equation reads (scopes `reference`, `validation`
/// and `unused:`), whose value may be any text.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Name of the value.
    pub symbol: String,
    /// Scope.
    pub scope: String,
    /// The value as it stands in the table.
    pub value: String,
    /// Unit.
    pub unit: String,
    /// What it means.
    pub meaning: String,
    /// Publication or reason.
    pub source: String,
    /// Where in the source.
    pub locator: String,
    /// How well it is known: seen, recalled, derived, assumed.
    pub grade: String,
    /// Web address of the source.
    pub address: String,
    /// Studies of the library in which it stands.
    pub evidence: Vec<String>,
    /// Line of the table.
    pub line: usize,
}

impl Parameter {
    /// How other files of the library name the row: `symbol` in the scopes `core` and `stochastic`, else
    /// `scope/symbol`.
    pub fn key(&self) -> String {
        match self.scope.as_str() {
            "core" | "stochastic" => self.symbol.clone(),
            scope => format!("{scope}/{}", self.symbol),
        }
    }
    /// Variability between patients, 0 where the table says nothing.
    pub fn cv(&self) -> f64 {
        self.cv.unwrap_or(0.0)
    }
    /// Distribution between patients, fixed where the table says nothing or the variability is 0.
    pub fn distribution(&self) -> Distribution {
        match self.distribution {
            Some(d) if self.cv() > 0.0 => d,
            _ => Distribution::Fixed,
        }
    }
    /// True if patients differ in it inside the differential equations.
    ///
    /// A log-normal with median 0 is 0 in everyone.
    pub fn varies(&self) -> bool {
        match self.distribution() {
            Distribution::Fixed | Distribution::Gamma => false,
            Distribution::LogNormal => self.value != 0.0,
            Distribution::LogitNormal => self.value > 0.0 && self.value < 1.0,
            Distribution::Normal => true,
        }
    }
}

/// Scope of a parameter whose value the user gave.
pub const OVERRIDE: &str = "override";

/// `symbol = value` given by the user, on the command line or in a trial file.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Symbol; `drug.symbol` for a parameter of one drug.
    pub symbol: String,
    /// Value.
    pub value: f64,
    /// Where it was given, for messages.
    pub origin: String,
}

impl Override {
    /// Reads `symbol=value`.
    pub fn parse(text: &str, origin: &str) -> Result<Override, Error> {
        let shape = || {
            Problem::new(origin, format!("`{text}` is not of the form symbol=value"))
                .hint("for example `theta=0.25`")
        };
        let (symbol, value) = text.split_once('=').ok_or_else(shape)?;
        let (symbol, value) = (symbol.trim(), value.trim());
        if symbol.is_empty() {
            return Err(shape().into());
        }
        let value = number(value).ok_or_else(|| {
            Problem::new(origin, format!("`{value}` is not a number, in `{text}`"))
                .hint("use a decimal point, as in 0.25 or 2e6")
        })?;
        Ok(Override {
            symbol: symbol.to_owned(),
            value,
            origin: origin.to_owned(),
        })
    }
}

/// The parameter table.
#[derive(Clone, Debug)]
pub struct Parameters {
    file: String,
    rows: Vec<Parameter>,
    recorded: Vec<Recorded>,
    index: HashMap<(String, String), usize>,
}

impl Parameters {
    /// Reads the table of a library.
    pub fn of(library: &Library) -> Result<Parameters, Error> {
        let file = library.file(PARAMETERS)?;
        let table = Parameters::parse(file.text, file.name)?;
        let problems = table.check_evidence(file.text, &library.ids(STUDIES).into_iter().collect());
        if problems.is_empty() {
            Ok(table)
        } else {
            Err(Error::Inputs(problems))
        }
    }

    /// What is wrong in the column `evidence`, if `studies` are the ids that exist.
    fn check_evidence(&self, text: &str, studies: &BTreeSet<&str>) -> Vec<Problem> {
        let rows = self.rows.iter().map(|r| (&r.symbol, r.line, &r.evidence));
        let recorded = self
            .recorded
            .iter()
            .map(|r| (&r.symbol, r.line, &r.evidence));
        let mut all: Vec<_> = rows.chain(recorded).collect();
        all.sort_by_key(|(_, line, _)| *line);
        let mut problems = Vec::new();
        for (symbol, line, ids) in all {
            for id in ids.iter().filter(|id| !studies.contains(id.as_str())) {
                let message = format!("`{symbol}`, column `evidence`: there is no study `{id}`");
                let hint = match nearest(id, studies.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "several ids are joined by `;`; a new study is a file {STUDIES}/{id}.toml"
                    ),
                };
                problems.push(
                    Problem::new(&self.file, message)
                        .on_line(text, line)
                        .hint(hint),
                );
            }
        }
        problems
    }

    /// Reads a table; `file` is how messages call it. All problems are reported at once.
    pub fn parse(text: &str, file: &str) -> Result<Parameters, Error> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        let headers = reader
            .headers()
            .map_err(|e| Problem::new(file, format!("not a CSV table: {e}")))?
            .clone();
        let mut problems = Vec::new();
        let columns = Columns::find(&headers, file, &mut problems);
        let mut table = Parameters {
            file: file.to_owned(),
            rows: Vec::new(),
            recorded: Vec::new(),
            index: HashMap::new(),
        };
        let Some(columns) = columns else {
            return Err(Error::Inputs(problems));
        };
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => {
                    let line = e.position().map_or(1, |p| p.line() as usize);
                    problems.push(
                        Problem::new(file, format!("not a CSV row: {e}")).on_line(text, line),
                    );
                    break;
                }
            }
            let line = record.position().map_or(0, |p| p.line() as usize);
            if record.len() != headers.len() {
                let message = format!("{} columns, expected {}", record.len(), headers.len());
                problems.push(
                    Problem::new(file, message)
                        .on_line(text, line)
                        .hint("put text that contains a comma in double quotes"),
                );
                continue;
            }
            match columns.row(&record, line) {
                Ok(Row::Recorded(row)) => table.recorded.push(row),
                Ok(Row::Used(row)) => {
                    let key = (row.scope.clone(), row.symbol.clone());
                    if let Some(&first) = table.index.get(&key) {
                        let message = format!(
                            "`{}` has a second value in scope `{}`",
                            row.symbol, row.scope
                        );
                        let hint = format!(
                            "the first is on line {}; keep one of them",
                            table.rows[first].line
                        );
                        problems.push(Problem::new(file, message).on_line(text, line).hint(hint));
                        continue;
                    }
                    if let Err((message, hint)) = in_range(&row) {
                        problems.push(Problem::new(file, message).on_line(text, line).hint(hint));
                    }
                    table.index.insert(key, table.rows.len());
                    table.rows.push(row);
                }
                Err((message, hint)) => {
                    problems.push(Problem::new(file, message).on_line(text, line).hint(hint))
                }
            }
        }
        if problems.is_empty() {
            Ok(table)
        } else {
            Err(Error::Inputs(problems))
        }
    }

    /// All rows that hold a value, in the order of the table.
    pub fn rows(&self) -> &[Parameter] {
        &self.rows
    }

    /// All rows that only document, in the order of the table.
    pub fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }

    /// The row of one scope, if it is there.
    pub fn row(&self, scope: &str, symbol: &str) -> Option<&Parameter> {
        self.index
            .get(&(scope.to_owned(), symbol.to_owned()))
            .map(|&i| &self.rows[i])
    }

    /// The row with this [`Parameter::key`], or the nearest key as a hint.
    pub fn by_key(&self, key: &str) -> Result<&Parameter, String> {
        let keys: Vec<String> = self.rows.iter().map(Parameter::key).collect();
        match keys.iter().position(|k| k == key) {
            Some(at) => Ok(&self.rows[at]),
            None => Err(match nearest(key, keys.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "name a row of {}: `symbol` of the scopes core and stochastic, else `scope/symbol`",
                    self.file
                ),
            }),
        }
    }

    /// True if any row belongs to `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.rows.iter().any(|r| r.scope == scope)
    }

    /// `symbol` with `scopes` laid over each other, the last on top; `None` if none has it.
    pub fn find(&self, symbol: &str, scopes: &[&str]) -> Result<Option<Parameter>, Error> {
        let mut found: Option<Parameter> = None;
        for row in scopes.iter().filter_map(|scope| self.row(scope, symbol)) {
            let merged = match found {
                None => row.clone(),
                Some(below) => overlay(below, row),
            };
            if let Err((message, hint)) = in_range(&merged) {
                let mut problem = Problem::new(&self.file, message).hint(hint);
                problem.line = Some(row.line);
                return Err(problem.into());
            }
            found = Some(merged);
        }
        Ok(found)
    }

    /// As [`Parameters::find`], but the symbol must be there.
    pub fn get(&self, symbol: &str, scopes: &[&str]) -> Result<Parameter, Error> {
        self.find(symbol, scopes)?.ok_or_else(|| {
            let message = format!("no row for `{symbol}` in {}", in_words(scopes));
            Problem::new(&self.file, message)
                .hint(self.hint_for(symbol, scopes))
                .into()
        })
    }

    /// Every symbol of `scopes`, laid over each other, in the order of the table.
    pub fn all(&self, scopes: &[&str]) -> Result<Vec<Parameter>, Error> {
        let mut seen = std::collections::HashSet::new();
        let mut result = Vec::new();
        for row in self
            .rows
            .iter()
            .filter(|r| scopes.contains(&r.scope.as_str()))
        {
            if seen.insert(row.symbol.as_str()) {
                result.extend(self.find(&row.symbol, scopes)?);
            }
        }
        Ok(result)
    }

    /// `parameter` with the user's value in place of its own, if that lies in the range.
    ///
    /// The source of the table does not vouch for another value: what stands instead is who gave it.
    pub fn overridden(&self, parameter: &Parameter, change: &Override) -> Result<Parameter, Error> {
        let mut result = parameter.clone();
        result.value = change.value;
        result.scope = OVERRIDE.to_owned();
        result.grade = "assumed".to_owned();
        result.source = format!(
            "set by the user ({}); the table has {}",
            change.origin, parameter.value
        );
        result.locator = String::new();
        result.address = String::new();
        result.evidence = Vec::new();
        match in_range(&result) {
            Ok(()) => Ok(result),
            Err((message, hint)) => Err(Problem::new(&change.origin, message).hint(hint).into()),
        }
    }

    /// The error for an override whose symbol is none of `known`.
    pub fn unknown_override<'a>(
        &self,
        change: &Override,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Error {
        let problem = Problem::new(
            &change.origin,
            format!("unknown parameter `{}`", change.symbol),
        );
        match nearest(&change.symbol, known) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")).into(),
            None => problem
                .hint(format!("the parameters are the rows of {}", self.file))
                .into(),
        }
    }

    fn hint_for(&self, symbol: &str, scopes: &[&str]) -> String {
        let symbols = self
            .rows
            .iter()
            .filter(|r| scopes.contains(&r.scope.as_str()))
            .map(|r| r.symbol.as_str());
        match nearest(symbol, symbols) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add a row with symbol `{symbol}` and one of these scopes"),
        }
    }
}

fn in_words(scopes: &[&str]) -> String {
    let quoted: Vec<String> = scopes.iter().map(|s| format!("`{s}`")).collect();
    match quoted.as_slice() {
        [one] => format!("scope {one}"),
        many => format!("scopes {}", many.join(", ")),
    }
}

/// `above` on top of `below`; what `above` leaves blank is inherited.
fn overlay(below: Parameter, above: &Parameter) -> Parameter {
    let text = |a: &String, b: String| if a.is_empty() { b } else { a.clone() };
    Parameter {
        symbol: above.symbol.clone(),
        scope: above.scope.clone(),
        value: above.value,
        low: above.low.or(below.low),
        high: above.high.or(below.high),
        unit: text(&above.unit, below.unit),
        cv: above.cv.or(below.cv),
        distribution: above.distribution.or(below.distribution),
        module: text(&above.module, below.module),
        meaning: text(&above.meaning, below.meaning),
        // A value stands with its own source: an inherited one would cite the wrong paper.
        source: above.source.clone(),
        locator: above.locator.clone(),
        grade: above.grade.clone(),
        address: above.address.clone(),
        evidence: above.evidence.clone(),
        line: above.line,
    }
}

type Complaint = (String, String);

fn in_range(p: &Parameter) -> Result<(), Complaint> {
    let (low, high) = (
        p.low.unwrap_or(f64::NEG_INFINITY),
        p.high.unwrap_or(f64::INFINITY),
    );
    if low > high {
        return Err((
            format!("`{}` has low {low} above high {high}", p.symbol),
            "exchange `low` and `high`".to_owned(),
        ));
    }
    if p.value >= low && p.value <= high {
        return Ok(());
    }
    let unit = if p.unit.is_empty() || p.unit == "1" {
        String::new()
    } else {
        format!(" {}", p.unit)
    };
    let range = match (p.low, p.high) {
        (Some(low), Some(high)) => format!("[{low}, {high}]{unit}"),
        (Some(low), None) => format!("[{low}, infinity){unit}"),
        _ => format!("(-infinity, {high}]{unit}"),
    };
    Err((
        format!(
            "`{}` is {}{unit}, outside its range {range}",
            p.symbol, p.value
        ),
        format!("give a value in {range}, or widen the range in the parameter table and say why"),
    ))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|v| v.is_finite())
}

/// A row of the table.
enum Row {
    Used(Parameter),
    Recorded(Recorded),
}

/// Where the columns of the table are.
struct Columns {
    positions: [usize; 14],
    /// Column [`EVIDENCE`], which a user's table may lack.
    evidence: Option<usize>,
}

/// Name of the column of study ids.
const EVIDENCE: &str = "evidence";

const NAMES: [&str; 14] = [
    "symbol",
    "scope",
    "value",
    "low",
    "high",
    "unit",
    "cv",
    "distribution",
    "module",
    "meaning",
    "source",
    "locator",
    "grade",
    "address",
];

impl Columns {
    fn find(
        headers: &csv::StringRecord,
        file: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Columns> {
        let mut positions = [0; 14];
        for (position, name) in positions.iter_mut().zip(NAMES) {
            match headers.iter().position(|h| h.trim() == name) {
                Some(i) => *position = i,
                None => {
                    let problem = Problem::new(file, format!("no column `{name}`"));
                    problems.push(match nearest(name, headers.iter()) {
                        Some(near) if !NAMES.contains(&near) => {
                            problem.hint(format!("is `{near}` meant?"))
                        }
                        _ => problem.hint(format!("the columns are {}", NAMES.join(","))),
                    });
                }
            }
        }
        let evidence = headers.iter().position(|h| h.trim() == EVIDENCE);
        problems.is_empty().then_some(Columns {
            positions,
            evidence,
        })
    }

    fn row(&self, record: &csv::StringRecord, line: usize) -> Result<Row, Complaint> {
        let [
            symbol,
            scope,
            value,
            low,
            high,
            unit,
            cv,
            distribution,
            module,
            meaning,
            source,
            locator,
            grade,
            address,
        ] = self.positions.map(|i| record.get(i).unwrap_or("").trim());
        if scope.is_empty() || symbol.is_empty() {
            return Err((
                "`symbol` and `scope` may not be blank".to_owned(),
                "fill in both columns".to_owned(),
            ));
        }
        let evidence: Vec<String> = self
            .evidence
            .and_then(|i| record.get(i))
            .unwrap_or("")
            .split(';')
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
            .collect();
        if scope == "reference"
            || scope == "validation"
            || scope.split(':').next() == Some("unused")
        {
            return Ok(Row::Recorded(Recorded {
                symbol: symbol.to_owned(),
                scope: scope.to_owned(),
                value: value.to_owned(),
                unit: unit.to_owned(),
                meaning: meaning.to_owned(),
                source: source.to_owned(),
                locator: locator.to_owned(),
                grade: grade.to_owned(),
                address: address.to_owned(),
                evidence,
                line,
            }));
        }
        let required = |column: &str, text: &str| {
            number(text).ok_or_else(|| {
                (
                    format!("`{symbol}`, column `{column}`: `{text}` is not a number"),
                    "use a decimal point, as in 0.25 or 2e6".to_owned(),
                )
            })
        };
        let optional = |column: &str, text: &str| {
            if text.is_empty() {
                Ok(None)
            } else {
                required(column, text).map(Some)
            }
        };
        let cv = optional("cv", cv)?;
        if cv.is_some_and(|cv| cv < 0.0) {
            return Err((
                format!("`{symbol}`, column `cv`: {} is negative", cv.unwrap_or(0.0)),
                "a variability is 0 or more".to_owned(),
            ));
        }
        let distribution = match distribution {
            "" => None,
            "fixed" => Some(Distribution::Fixed),
            "lognormal" => Some(Distribution::LogNormal),
            "logit-normal" => Some(Distribution::LogitNormal),
            "normal" => Some(Distribution::Normal),
            "gamma" => Some(Distribution::Gamma),
            other => {
                let known = ["fixed", "lognormal", "logit-normal", "normal", "gamma"];
                let hint = match nearest(other, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the distributions are {}", known.join(", ")),
                };
                return Err((
                    format!("`{symbol}`, column `distribution`: unknown `{other}`"),
                    hint,
                ));
            }
        };
        let value = required("value", value)?;
        if distribution == Some(Distribution::LogNormal) && value < 0.0 {
            return Err((
                format!("`{symbol}`: {value} cannot be the median of a lognormal"),
                "give 0 or more, or another distribution".to_owned(),
            ));
        }
        if distribution == Some(Distribution::LogitNormal) && !(0.0..=1.0).contains(&value) {
            return Err((
                format!("`{symbol}`: {value} cannot be the median of a logit-normal"),
                "give a value from 0 to 1".to_owned(),
            ));
        }
        Ok(Row::Used(Parameter {
            symbol: symbol.to_owned(),
            scope: scope.to_owned(),
            value,
            low: optional("low", low)?,
            high: optional("high", high)?,
            unit: unit.to_owned(),
            cv,
            distribution,
            module: module.to_owned(),
            meaning: meaning.to_owned(),
            source: source.to_owned(),
            locator: locator.to_owned(),
            grade: grade.to_owned(),
            address: address.to_owned(),
            evidence,
            line,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "symbol,scope,value,low,high,unit,cv,distribution,module,meaning,source,locator,grade,address\n";

    fn table(rows: &str) -> Result<Parameters, Error> {
        Parameters::parse(&format!("{HEAD}{rows}"), "parameters.csv")
    }

    #[test]
    fn a_disease_wins_over_the_core_and_inherits_what_it_leaves_blank() {
        let p = table("fS,core,0.75,0.2,0.95,1,0.6,logit-normal,m,fraction,Paper A,,seen,\nfS,disease:x,0.35,,,,,,,,Paper B,,assumed,\n").unwrap();
        let merged = p.get("fS", &["core", "disease:x"]).unwrap();
        assert_eq!(
            (merged.value, merged.cv, merged.high),
            (0.35, Some(0.6), Some(0.95))
        );
        assert_eq!(
            (merged.distribution(), merged.source.as_str()),
            (Distribution::LogitNormal, "Paper B")
        );
        assert_eq!(p.get("fS", &["core", "disease:y"]).unwrap().value, 0.75);
    }

    #[test]
    fn a_value_outside_its_range_is_an_error_that_names_both() {
        let error =
            table("kup,core,0.5,0.16,0.4,1/d,0.2,lognormal,igg,IgG uptake,,,seen,\n").unwrap_err();
        insta::assert_snapshot!(error, @r"
        `kup` is 0.5 1/d, outside its range [0.16, 0.4] 1/d
          --> parameters.csv:2
           2 | kup,core,0.5,0.16,0.4,1/d,0.2,lognormal,igg,IgG uptake,,,seen,
             = hint: give a value in [0.16, 0.4] 1/d, or widen the range in the parameter table and say why
        ");
    }

    #[test]
    fn an_overlay_is_checked_against_the_range_below_it() {
        let p = table("wC,core,0.42,0,0.7,1,,fixed,m,,,,seen,\nwC,disease:x,0.9,,,,,,,,,,seen,\n")
            .unwrap();
        insta::assert_snapshot!(p.find("wC", &["core", "disease:x"]).unwrap_err(), @r"
        `wC` is 0.9, outside its range [0, 0.7]
          --> parameters.csv:3
             = hint: give a value in [0, 0.7], or widen the range in the parameter table and say why
        ");
    }

    #[test]
    fn every_bad_cell_is_reported_in_one_run() {
        let error = table("a,core,x,,,,,,,,,,,\nb,core,1,,,,-1,,,,,,,\nc,core,1,,,,1,lognromal,,,,,,\na,core,1,,,,,,,,,,,\na,core,2,,,,,,,,,,,\nd,core,1\n").unwrap_err();
        insta::assert_snapshot!(error, @r"
        `a`, column `value`: `x` is not a number
          --> parameters.csv:2
           2 | a,core,x,,,,,,,,,,,
             = hint: use a decimal point, as in 0.25 or 2e6

        `b`, column `cv`: -1 is negative
          --> parameters.csv:3
           3 | b,core,1,,,,-1,,,,,,,
             = hint: a variability is 0 or more

        `c`, column `distribution`: unknown `lognromal`
          --> parameters.csv:4
           4 | c,core,1,,,,1,lognromal,,,,,,
             = hint: did you mean `lognormal`?

        `a` has a second value in scope `core`
          --> parameters.csv:6
           6 | a,core,2,,,,,,,,,,,
             = hint: the first is on line 5; keep one of them

        3 columns, expected 14
          --> parameters.csv:7
           7 | d,core,1
             = hint: put text that contains a comma in double quotes
        ");
    }

    #[test]
    fn a_missing_symbol_gets_the_nearest_one() {
        let p = table("theta,core,0.05,0,0.5,1,0.4,lognormal,m,,,,seen,\n").unwrap();
        insta::assert_snapshot!(p.get("teta", &["core"]).unwrap_err(), @r"
        no row for `teta` in scope `core`
          --> parameters.csv
             = hint: did you mean `theta`?
        ");
    }

    #[test]
    fn an_override_is_checked_like_a_row() {
        let p = table("theta,core,0.05,0,0.5,1,0.4,lognormal,m,,,,seen,\n").unwrap();
        let theta = p.get("theta", &["core"]).unwrap();
        let good = p
            .overridden(&theta, &Override::parse("theta = 0.25", "--set").unwrap())
            .unwrap();
        assert_eq!(
            (good.value, good.cv(), good.scope.as_str()),
            (0.25, 0.4, "override")
        );
        insta::assert_snapshot!(p.overridden(&theta, &Override::parse("theta=0.8", "--set").unwrap()).unwrap_err(), @r"
        `theta` is 0.8, outside its range [0, 0.5]
          --> --set
             = hint: give a value in [0, 0.5], or widen the range in the parameter table and say why
        ");
        insta::assert_snapshot!(Override::parse("theta=much", "--set").unwrap_err(), @r"
        `much` is not a number, in `theta=much`
          --> --set
             = hint: use a decimal point, as in 0.25 or 2e6
        ");
    }

    #[test]
    fn a_documenting_row_may_hold_any_text() {
        let p =
            table("BAplasia,validation,112 (SD 47),,,d,,,,,,,seen,\nka,unused:x,1;2,,,,,,,,,,,\n")
                .unwrap();
        assert!(p.rows().is_empty());
        assert_eq!(p.recorded()[0].value, "112 (SD 47)");
    }

    #[test]
    fn a_study_that_does_not_exist_is_named_with_its_line_and_the_nearest_one() {
        let library = Library::embedded();
        let text = library.text(PARAMETERS).unwrap();
        let broken = text.replacen("hosseini2020-b-cell-qsp", "hoseini2020-b-cell-qsp", 1);
        let error = Parameters::of(&library.with_file(PARAMETERS, &broken)).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        `Vpl`, column `evidence`: there is no study `hoseini2020-b-cell-qsp`
          --> parameters.csv:3
           3 | Vpl,core,3.0,2.5,3.5,L,0.1,lognormal,neuroimmune_cart,plasma volume,"Hosseini 2020, 10.1038/s41540-020-00145-7",V_Plasma = 3.126 L (rounded to 3.0),seen,https://github.com/yuezheli/hosseini-2020/blob/3767c883fe5b3a2361ec4ecfd904411fe9576628/model/param.jl,hoseini2020-b-cell-qsp
             = hint: did you mean `hosseini2020-b-cell-qsp`?
        "#);
    }

    #[test]
    fn a_table_without_the_column_of_studies_is_still_read() {
        let p = table("theta,core,0.05,0,0.5,1,0.4,lognormal,m,,,,seen,\n").unwrap();
        assert!(p.rows()[0].evidence.is_empty());
    }

    /// True if the text cites a publication, so that a record can and must exist.
    fn cites(text: &str) -> bool {
        let word_with = |start: &str, rest: fn(char) -> bool| {
            text.split(|c: char| c.is_whitespace() || "(),;".contains(c))
                .any(|w| w.strip_prefix(start).is_some_and(|r| r.starts_with(rest)))
        };
        // Journal, year, volume and page, as in `Blood 2016;127(26):3431` or `Neurology 68:1390`.
        let volume = text.split_whitespace().any(|w| {
            w.split_once(':').is_some_and(|(volume, page)| {
                volume.ends_with(|c: char| c.is_ascii_digit() || c == ')')
                    && page
                        .trim_start_matches('A')
                        .starts_with(|c: char| c.is_ascii_digit())
            })
        });
        text.contains("10.") && word_with("10.", |c| c.is_ascii_digit())
            || text.contains("PMID ")
            || word_with("PMC", |c| c.is_ascii_digit())
            || word_with("NCT", |c| c.is_ascii_digit())
            || volume
    }

    #[test]
    fn every_row_whose_source_names_a_publication_has_its_record() {
        let table = Parameters::of(&Library::embedded()).unwrap();
        let rows = table
            .rows()
            .iter()
            .map(|r| (&r.scope, &r.symbol, &r.source, &r.evidence));
        let recorded = table.recorded().iter();
        let recorded = recorded.map(|r| (&r.scope, &r.symbol, &r.source, &r.evidence));
        let all: Vec<_> = rows.chain(recorded).collect();
        let citing: Vec<_> = all
            .iter()
            .filter(|(_, _, source, _)| cites(source))
            .collect();
        let without: Vec<_> = citing.iter().filter(|row| row.3.is_empty()).collect();
        assert!(without.is_empty(), "{without:?}");
        let linked = all.iter().filter(|row| !row.3.is_empty()).count();
        assert_eq!((all.len(), citing.len(), linked), (492, 137, 203));
    }

    #[test]
    fn an_assumption_rests_on_no_study() {
        let table = Parameters::of(&Library::embedded()).unwrap();
        for row in table
            .rows()
            .iter()
            .filter(|r| r.source == "assumption of the model authors")
        {
            assert!(row.evidence.is_empty(), "{} {}", row.scope, row.symbol);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ -~\n\"]{0,200}") {
            let _ = table(&text);
            let _ = Parameters::parse(&text, "x");
            let _ = Override::parse(&text, "x");
        }
    }
}
