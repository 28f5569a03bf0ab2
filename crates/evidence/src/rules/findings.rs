//! Findings in words, in animals and cells, and parameters of published models.

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use super::source::{grade_against_tier, is_address};

pub(super) fn check_findings(file: StudyFile, problems: &mut Vec<Problem>) {
    for (index, finding) in file.study.findings.iter().enumerate() {
        let mut add = |key, message: String, hint: &str| {
            problems.push(file.problem(at("finding", index, key), message, hint))
        };
        if finding.value.is_none() && finding.text.is_empty() {
            add(
                "outcome",
                format!("`{}` has neither a number nor a text", finding.outcome),
                "say what was found",
            );
        }
        if finding.value.is_some_and(|v| !v.is_finite()) {
            add(
                "value",
                format!("`{}` is not a finite number", finding.outcome),
                "leave out what is not known",
            );
        }
        if finding.value.is_some() && finding.unit.is_empty() {
            add(
                "unit",
                format!("`{}` has no unit", finding.outcome),
                "give the unit of the number",
            );
        }
        if finding.locator.trim().is_empty() {
            add(
                "locator",
                format!("`{}` does not say where it stands", finding.outcome),
                "write `abstract`, a table, a figure",
            );
        }
        if finding.cite.as_deref().is_some_and(is_address) {
            add(
                "cite",
                "an address is not a citation".into(),
                "cite the paper or abstract",
            );
        }
        if let Some(message) = grade_against_tier(finding.grade, finding.tier) {
            add(
                "tier",
                message,
                "tier R is for what was recalled, and only for that",
            );
        }
    }
    for (index, parameter) in file.study.model_parameters.iter().enumerate() {
        let mut add = |message: String, hint: &str| {
            problems.push(file.problem(at("model_parameter", index, "symbol"), message, hint))
        };
        let outside = |v: f64| {
            parameter.lower.is_some_and(|l| v < l) || parameter.upper.is_some_and(|u| v > u)
        };
        if parameter
            .value
            .is_some_and(|v| !v.is_finite() || outside(v) != parameter.outside_range_as_printed)
        {
            add(
                format!("`{}`: the range misses the value", parameter.symbol),
                "correct one of them, or say `outside_range_as_printed = true` where the source prints it so",
            );
        }
        if parameter.locator.trim().is_empty() {
            add(
                format!("`{}` does not say where it stands", parameter.symbol),
                "name the table",
            );
        }
    }
}
