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

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn a_finding_says_what_was_found() {
        insta::assert_snapshot!(refused(r#"value = 2
unit = "points"
"#, ""), @r#"
        `clinical score` has neither a number nor a text
          --> studies/example2026.toml:111:1
         111 | outcome = "clinical score"
             | ^
             = hint: say what was found
        "#);
    }

    #[test]
    fn the_number_of_a_finding_is_finite() {
        insta::assert_snapshot!(refused("value = 2\n", "value = nan\n"), @r"
        `clinical score` is not a finite number
          --> studies/example2026.toml:115:1
         115 | value = nan
             | ^
             = hint: leave out what is not known
        ");
    }

    #[test]
    fn the_number_of_a_finding_has_a_unit() {
        insta::assert_snapshot!(refused(r#"value = 2
unit = "points""#, "value = 2"), @r"
        `clinical score` has no unit
          --> studies/example2026.toml:110:1
         110 | [[finding]]
             | ^
             = hint: give the unit of the number
        ");
    }

    #[test]
    fn a_finding_says_where_it_stands() {
        insta::assert_snapshot!(refused(r#"locator = "Figure 1""#, r#"locator = " ""#), @r#"
        `clinical score` does not say where it stands
          --> studies/example2026.toml:117:1
         117 | locator = " "
             | ^
             = hint: write `abstract`, a table, a figure
        "#);
    }

    #[test]
    fn an_address_is_no_citation_of_a_finding() {
        insta::assert_snapshot!(refused(r#"locator = "Figure 1""#, r#"cite = "http://example.org"
locator = "Figure 1""#), @r#"
        an address is not a citation
          --> studies/example2026.toml:117:1
         117 | cite = "http://example.org"
             | ^
             = hint: cite the paper or abstract
        "#);
    }

    #[test]
    fn a_recalled_finding_has_tier_r() {
        insta::assert_snapshot!(refused(r#"locator = "Figure 1"
grade = "seen""#, r#"locator = "Figure 1"
grade = "recalled""#), @r#"
        grade `recalled` does not go with tier A
          --> studies/example2026.toml:119:1
         119 | tier = "A"
             | ^
             = hint: tier R is for what was recalled, and only for that
        "#);
    }

    #[test]
    fn a_parameter_lies_in_its_range_unless_the_source_prints_it_so() {
        insta::assert_snapshot!(refused("value = 0.2", "value = 0.5"), @r#"
        `k`: the range misses the value
          --> studies/example2026.toml:122:1
         122 | symbol = "k"
             | ^
             = hint: correct one of them, or say `outside_range_as_printed = true` where the source prints it so
        "#);
        insta::assert_snapshot!(refused(r#"unit = "1/day""#, r#"outside_range_as_printed = true
unit = "1/day""#), @r#"
        `k`: the range misses the value
          --> studies/example2026.toml:122:1
         122 | symbol = "k"
             | ^
             = hint: correct one of them, or say `outside_range_as_printed = true` where the source prints it so
        "#);
    }

    #[test]
    fn a_parameter_says_where_it_stands() {
        insta::assert_snapshot!(refused(r#"unit = "1/day"
locator = "Table 1""#, r#"unit = "1/day"
locator = """#), @r#"
        `k` does not say where it stands
          --> studies/example2026.toml:122:1
         122 | symbol = "k"
             | ^
             = hint: name the table
        "#);
    }
}
