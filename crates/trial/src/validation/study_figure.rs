//! A study of the evidence base as the trial behind a comparison, and its outcome as the figure.

use neurocart_evidence::Evidence;
use neurocart_evidence::evidence::STUDIES;
use neurocart_evidence::study::{
    Arm, ArmRole, Grade as EvidenceGrade, IntervalKind, Outcome, Statistic, Study,
};
use neurocart_library::{Problem, nearest};

use super::comparison::FILE;
use super::published::{Grade, Published};
use super::reference::OutcomeReference;
use crate::error::Error;

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

impl TrialFacts {
    /// What the study with this id says.
    pub(super) fn of(evidence: &Evidence, id: &str) -> Result<TrialFacts, Error> {
        let study = study(evidence, id)?;
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
}

/// The study with this id.
fn study<'a>(evidence: &'a Evidence, id: &str) -> Result<&'a Study, Error> {
    let studies = &evidence.studies;
    studies.get(id).ok_or_else(|| {
        let hint = match nearest(id, studies.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the studies are the files of library/{STUDIES}"),
        };
        reference_problem(format!("unknown study `{id}`"), hint)
    })
}

/// The outcome of the evidence base that a reference names.
pub(super) fn find<'a>(
    evidence: &'a Evidence,
    wanted: &OutcomeReference,
) -> Result<(&'a Study, &'a Outcome), Error> {
    let study = study(evidence, &wanted.study)?;
    let fits = |row: &&Outcome| {
        let same =
            |wanted: &Option<String>, given: &Option<String>| wanted.is_none() || wanted == given;
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

/// An outcome as the published figure of a comparison.
pub(super) fn published(study: &Study, row: &Outcome, wanted: &OutcomeReference) -> Published {
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
        .filter(|&(_, total)| row.statistic == Statistic::Count && total > 0)
        .map(|(events, total)| match wanted.complement {
            true => (total - events, total),
            false => (events, total),
        });
    let value = match counted {
        Some((events, total)) => Some(100.0 * events as f64 / total as f64),
        None => row.value.map(convert),
    };
    let seen = row.grade == EvidenceGrade::Seen;
    let address = match &row.address {
        Some(address) => address.clone(),
        None => study.source.addresses.join(" ; "),
    };
    Published {
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

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::super::published::PublishedFigures;
    use super::super::reference::Reference;
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
            outcome = "relapse_hazard_ratio""#), @r"
        2 outcomes of study `n-momentum` fit `relapse_hazard_ratio` of arm `inebilizumab_with_extension`, expected 1
          --> library/validation.toml
             = hint: tell them apart by `contrast`, `time_weeks`, `statistic` or `definition`: `inebilizumab_with_extension` against `historical_placebo` at week 208; `inebilizumab_with_extension` against `historical_aza_ist` at week 208
        ");
        insta::assert_snapshot!(problem(r#"study = "hermes"
            arm = "placebo"
            outcome = "relapse"
            time_weeks = 25"#), @r"
        0 outcomes of study `hermes` fit `relapse` of arm `placebo`, expected 1
          --> library/validation.toml
             = hint: the study has: `rituximab` at week 24; `placebo` at week 24; `rituximab` at week 48; `placebo` at week 48
        ");
        insta::assert_snapshot!(problem(r#"study = "hermes"
            arm = "placebo"
            outcome = "relapses""#), @r"
        0 outcomes of study `hermes` fit `relapses` of arm `placebo`, expected 1
          --> library/validation.toml
             = hint: did you mean `relapse`?
        ");
        insta::assert_snapshot!(problem(r#"study = "herme"
            arm = "placebo"
            outcome = "relapse""#), @r"
        unknown study `herme`
          --> library/validation.toml
             = hint: did you mean `hermes`?
        ");
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
}
