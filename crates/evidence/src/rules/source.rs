//! What a study cites, and how well that is known.

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use crate::study::{Grade, Tier};

/// True if `text` is an address and so cannot stand where a citation must.
pub(super) fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("www.")
}

/// True if `text` has the form of a trial number: NCT and eight digits, EudraCT or EU CT, ChiCTR and others.
pub fn is_trial_number(text: &str) -> bool {
    match text.strip_prefix("NCT") {
        Some(digits) => digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()),
        None => [
            "EudraCT ", "EU CT ", "ChiCTR", "JPRN-", "jRCT", "ISRCTN", "ACTRN", "CTRI/",
        ]
        .iter()
        .any(|start| text.len() > start.len() && text.starts_with(start)),
    }
}

pub(super) fn check_source(file: StudyFile, problems: &mut Vec<Problem>) {
    let source = &file.study.source;
    let mut add = |key, message: String, hint: &str| {
        problems.push(file.problem(at("source", 0, key), message, hint))
    };
    let identifiers = [&source.doi, &source.pmid, &source.pmcid, &source.reference];
    if identifiers.iter().all(|i| i.is_none()) && source.trials.is_empty() {
        add(
            "",
            "the study names nothing to cite".into(),
            "give a DOI, a PubMed number, a trial number, or journal and page as `reference`",
        );
    }
    if let Some(doi) = &source.doi
        && !(doi.starts_with("10.") && doi.contains('/') && !doi.contains(' '))
    {
        add(
            "doi",
            format!("`{doi}` is not a DOI"),
            "write it without `https://doi.org/`, as in `10.1038/s41392-022-01278-3`",
        );
    }
    if let Some(pmid) = &source.pmid
        && !(!pmid.is_empty() && pmid.len() <= 9 && pmid.bytes().all(|b| b.is_ascii_digit()))
    {
        add(
            "pmid",
            format!("`{pmid}` is not a PubMed number"),
            "write its digits alone",
        );
    }
    if let Some(pmcid) = &source.pmcid
        && !(pmcid
            .strip_prefix("PMC")
            .is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())))
    {
        add(
            "pmcid",
            format!("`{pmcid}` is not a PubMed Central number"),
            "write it as in `PMC10861907`",
        );
    }
    if let Some(reference) = &source.reference
        && is_address(reference)
    {
        add(
            "reference",
            "an address is not a citation".into(),
            "cite the paper, abstract or registry entry; put the address under `addresses`",
        );
    }
    for trial in &source.trials {
        if !is_trial_number(trial) {
            add(
                "trials",
                format!("`{trial}` is not a trial number"),
                "write NCT and eight digits, or the number with the name of its registry",
            );
        }
    }
    if source.grade == Grade::Seen && source.addresses.is_empty() {
        add(
            "grade",
            "the study is `seen` but names no text that was read".into(),
            "give the address under `addresses`, or write `grade = \"recalled\"`",
        );
    }
    if let Some(message) = grade_against_tier(source.grade, source.tier) {
        add(
            "tier",
            message,
            "tier R is for what was recalled, and only for that",
        );
    }
    if let Ok(table) = file.text.parse::<toml::Table>() {
        let whole = toml::Value::Table(table);
        for field in &source.recalled_fields {
            if !has_field(&whole, field) {
                add(
                    "recalled_fields",
                    format!("there is no field `{field}`"),
                    "name fields of this file by table and key, as in `treatment.dose`",
                );
            }
        }
    }
}

/// True if `value`, or a table of the list `value`, has the field at the end of `path`.
fn has_field(value: &toml::Value, path: &str) -> bool {
    let (key, rest) = path.split_once('.').unwrap_or((path, ""));
    match value {
        toml::Value::Table(table) => table
            .get(key)
            .is_some_and(|inner| rest.is_empty() || has_field(inner, rest)),
        toml::Value::Array(list) => list.iter().any(|inner| has_field(inner, path)),
        _ => false,
    }
}

pub(super) fn grade_against_tier(grade: Grade, tier: Tier) -> Option<String> {
    ((grade == Grade::Recalled) != (tier == Tier::R)).then(|| {
        format!(
            "grade `{}` does not go with tier {tier:?}",
            if grade == Grade::Seen {
                "seen"
            } else {
                "recalled"
            }
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn a_study_names_something_to_cite() {
        insta::assert_snapshot!(refused(r#"doi = "10.1000/example"
pmid = "12345678"
pmcid = "PMC1234567"
trials = ["NCT01234567"]
reference = "Journal 2026;1:1"
"#, ""), @r"
        the study names nothing to cite
          --> studies/example2026.toml:6:1
           6 | [source]
             | ^
             = hint: give a DOI, a PubMed number, a trial number, or journal and page as `reference`
        ");
    }

    #[test]
    fn a_doi_is_written_without_its_resolver() {
        insta::assert_snapshot!(refused("10.1000/example", "https://doi.org/10.1000/example"), @r#"
        `https://doi.org/10.1000/example` is not a DOI
          --> studies/example2026.toml:8:1
           8 | doi = "https://doi.org/10.1000/example"
             | ^
             = hint: write it without `https://doi.org/`, as in `10.1038/s41392-022-01278-3`
        "#);
    }

    #[test]
    fn a_pubmed_number_is_digits() {
        insta::assert_snapshot!(refused(r#"pmid = "12345678""#, r#"pmid = "PMID 12345678""#), @r#"
        `PMID 12345678` is not a PubMed number
          --> studies/example2026.toml:9:1
           9 | pmid = "PMID 12345678"
             | ^
             = hint: write its digits alone
        "#);
    }

    #[test]
    fn a_pubmed_central_number_has_its_prefix() {
        insta::assert_snapshot!(refused("PMC1234567", "1234567"), @r#"
        `1234567` is not a PubMed Central number
          --> studies/example2026.toml:10:1
          10 | pmcid = "1234567"
             | ^
             = hint: write it as in `PMC10861907`
        "#);
    }

    #[test]
    fn an_address_is_no_citation() {
        insta::assert_snapshot!(refused(r#"reference = "Journal 2026;1:1""#, r#"reference = "https://example.org/news""#), @r#"
        an address is not a citation
          --> studies/example2026.toml:12:1
          12 | reference = "https://example.org/news"
             | ^
             = hint: cite the paper, abstract or registry entry; put the address under `addresses`
        "#);
    }

    #[test]
    fn a_trial_number_has_the_form_of_its_registry() {
        insta::assert_snapshot!(refused("NCT01234567", "NCT123"), @r#"
        `NCT123` is not a trial number
          --> studies/example2026.toml:11:1
          11 | trials = ["NCT123"]
             | ^
             = hint: write NCT and eight digits, or the number with the name of its registry
        "#);
    }

    #[test]
    fn a_study_that_was_seen_names_the_text() {
        insta::assert_snapshot!(refused(r#"addresses = ["https://example.org/paper"]
"#, ""), @r#"
        the study is `seen` but names no text that was read
          --> studies/example2026.toml:13:1
          13 | grade = "seen"
             | ^
             = hint: give the address under `addresses`, or write `grade = "recalled"`
        "#);
    }

    #[test]
    fn what_is_recalled_has_tier_r() {
        insta::assert_snapshot!(refused(r#"grade = "seen"
tier = "A"
recalled_fields"#, r#"grade = "recalled"
tier = "A"
recalled_fields"#), @r#"
        grade `recalled` does not go with tier A
          --> studies/example2026.toml:14:1
          14 | tier = "A"
             | ^
             = hint: tier R is for what was recalled, and only for that
        "#);
    }

    #[test]
    fn a_recalled_field_stands_in_the_file() {
        insta::assert_snapshot!(refused(r#""treatment.dose""#, r#""treatment.doses""#), @r#"
        there is no field `treatment.doses`
          --> studies/example2026.toml:15:1
          15 | recalled_fields = ["treatment.doses", "arm.patients"]
             | ^
             = hint: name fields of this file by table and key, as in `treatment.dose`
        "#);
    }
}
