//! The options by which studies are selected; the same for every command that selects.

use std::collections::BTreeSet;

use clap::Args;
use serde::Deserialize;

use neurocart_evidence::codes::{codes, of_code};
use neurocart_evidence::selection::platforms;
use neurocart_evidence::vocabulary::{Vocabulary, is_target};
use neurocart_evidence::{Evidence, Selection};
use neurocart_library::nearest;

use crate::exit::Exit;

/// Options that studies and registered trials share. Each may be repeated or hold several values with
/// commas: any of them will do, and all options must hold.
#[derive(Args, Clone, Default)]
pub struct Common {
    /// Disease, by its code: `MG`, `NMOSD,MOGAD`; a basket fits by any of its diseases.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    disease: Vec<String>,
    /// Field: neuroimmune, rheumatology, other_autoimmune, oncology, none.
    #[arg(long, value_delimiter = ',', value_name = "FIELD")]
    area: Vec<String>,
    /// Whole target: `CD19` is CD19 alone, `CD19+BCMA` both at once, `CD19 then BCMA` one after the other.
    #[arg(long, value_delimiter = ',', value_name = "TARGET")]
    target: Vec<String>,
    /// Part of the name of the product, in any case.
    #[arg(long, value_delimiter = ',', value_name = "TEXT")]
    product: Vec<String>,
    /// Platform: `autologous-lentiviral`; `autologous`, `allogeneic` and `in-vivo` mean all of their kind.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    platform: Vec<String>,
    /// Year of the report, or in which a registered trial starts: `2024`, `2023..2026`, `2024..`.
    #[arg(long, value_name = "YEARS")]
    year: Option<String>,
    /// Also what was written down from memory and not seen in a text.
    #[arg(long)]
    include_recalled: bool,
}

/// Options that select studies.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Which studies")]
pub struct Filters {
    #[command(flatten)]
    common: Common,
    /// Lymphodepletion: given, none, not_reported, not_applicable.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    lymphodepletion: Vec<String>,
    /// Kind of treatment: `car_t`, `stem_cell_transplantation`, `antibody`.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    modality: Vec<String>,
    /// Design: `single_arm_trial`, `case_report`, `preclinical`.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    design: Vec<String>,
    /// Outcome that is reported, by its code: `crs_any`.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    outcome: Vec<String>,
}

impl Common {
    /// What is asked for, or which value is not known.
    pub fn selection(&self, evidence: &Evidence) -> Result<Selection, Exit> {
        let vocabulary = &evidence.vocabulary;
        let diseases: Vec<&str> = vocabulary
            .disease_order
            .iter()
            .map(|d| d.as_str())
            .collect();
        let treatments = || {
            evidence
                .studies
                .values()
                .filter_map(|s| s.treatment.as_ref())
        };
        let targets: BTreeSet<&str> = treatments()
            .map(|t| t.target.as_str())
            .chain(evidence.registry.iter().map(|t| t.target.as_str()))
            .collect();
        let products: BTreeSet<&str> = treatments()
            .map(|t| t.product.as_str())
            .chain(evidence.registry.iter().map(|t| t.product.as_str()))
            .collect();
        let targets: Vec<&str> = targets.into_iter().collect();
        for part in &self.product {
            let lower = part.to_lowercase();
            if part.trim().is_empty() || !products.iter().any(|p| p.to_lowercase().contains(&lower))
            {
                return Err(unknown("product", part, &nearest_word(part, &products)));
            }
        }
        Ok(Selection {
            diseases: each("disease", &self.disease, |d| {
                known(d, &diseases, "library/evidence/diseases.csv")
                    .map_err(|hint| named(d, vocabulary).unwrap_or(hint))
            })?,
            areas: each("area", &self.area, listed)?,
            targets: each("target", &self.target, |target| {
                let same = |known: &&&str| antigens(known) == antigens(target);
                match targets.iter().find(same) {
                    Some(found) => Ok((*found).to_owned()),
                    None if is_target(target) => Ok(target.to_owned()),
                    None => known(target, &targets, "`neurocart evidence list`"),
                }
            })?,
            products: self.product.clone(),
            platforms: each("platform", &self.platform, |word| match platforms(word) {
                found if found.is_empty() => listed(word).map(|p| vec![p]),
                found => Ok(found),
            })?
            .concat(),
            years: self.year.as_deref().map(years).transpose()?,
            include_recalled: self.include_recalled,
            ..Selection::default()
        })
    }
}

impl Filters {
    /// What is asked for, or which value is not known.
    pub fn selection(&self, evidence: &Evidence) -> Result<Selection, Exit> {
        let outcomes = &evidence.vocabulary.outcome_order;
        let outcomes: Vec<&str> = outcomes.iter().map(|o| o.as_str()).collect();
        Ok(Selection {
            lymphodepletion: each("lymphodepletion", &self.lymphodepletion, listed)?,
            modalities: each("modality", &self.modality, listed)?,
            designs: each("design", &self.design, listed)?,
            outcomes: each("outcome", &self.outcome, |o| {
                known(o, &outcomes, "library/evidence/outcomes.csv")
            })?,
            ..self.common.selection(evidence)?
        })
    }
}

/// Reads every value of an option, or says which one is not known.
pub fn each<T>(
    option: &str,
    values: &[String],
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Exit> {
    let of = |value: &String| read(value.trim()).map_err(|hint| unknown(option, value, &hint));
    values.iter().map(of).collect()
}

/// The antigens of a target that are bound at once, in one order and case: `BCMA+CD19` is `CD19+BCMA`.
fn antigens(target: &str) -> Vec<String> {
    let mut antigens: Vec<String> = target.split('+').map(str::to_lowercase).collect();
    antigens.sort_unstable();
    antigens
}

/// The code of the disease that has this name, as a hint.
fn named(value: &str, vocabulary: &Vocabulary) -> Option<String> {
    let spelt = |name: &String| name.eq_ignore_ascii_case(value);
    let found = vocabulary
        .diseases
        .values()
        .find(|d| spelt(&d.label) || d.synonyms.iter().any(spelt))?;
    Some(format!("did you mean `{}`?", found.code))
}

/// The known value that is spelt so in any case, or the nearest as a hint; `place` is where all stand.
pub fn known(value: &str, all: &[&str], place: &str) -> Result<String, String> {
    match all.iter().find(|k| k.eq_ignore_ascii_case(value)) {
        Some(found) => Ok((*found).to_owned()),
        None => Err(hint(value, all, place)),
    }
}

/// The value of a closed list with this code, or the nearest code as a hint.
pub fn listed<T: for<'de> Deserialize<'de>>(value: &str) -> Result<T, String> {
    let spelt = value.to_lowercase();
    of_code(&spelt).ok_or_else(|| hint(value, codes::<T>(), "the help"))
}

/// More known values than this are not listed in a message.
const LISTED_AT_MOST: usize = 30;

/// What may have been meant: what begins so, what is spelt nearly so, or all there is.
fn hint(value: &str, all: &[&str], place: &str) -> String {
    let spelt = value.to_lowercase();
    let begin: Vec<&str> = all
        .iter()
        .copied()
        .filter(|k| !spelt.is_empty() && k.to_lowercase().starts_with(&spelt))
        .collect();
    // Of a single letter or digit everything short would be the nearest.
    let near = nearest(value, all.iter().copied()).filter(|_| value.chars().count() > 1);
    match near {
        _ if !begin.is_empty() && begin.len() <= LISTED_AT_MOST => {
            format!("did you mean `{}`?", begin.join("` or `"))
        }
        Some(near) => format!("did you mean `{near}`?"),
        None if all.len() <= LISTED_AT_MOST => format!("known: {}", all.join(", ")),
        None => format!("known ones stand in {place}"),
    }
}

/// A product is known by any of its words.
fn nearest_word(part: &str, products: &BTreeSet<&str>) -> String {
    let words = products
        .iter()
        .flat_map(|p| p.split([' ', '(', ')', ',', '/', '-']));
    match nearest(part, words.filter(|word| word.len() > 2)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "no product has this in its name; `neurocart evidence list` shows the names".into(),
    }
}

/// The end of a command where the value of an option is not known.
pub fn unknown(option: &str, value: &str, hint: &str) -> Exit {
    Exit::invalid(format!("unknown {option} `{value}`\n     = hint: {hint}"))
}

/// `2024`, `2023..2026`, `2023..` or `..2026`, ends included.
fn years(text: &str) -> Result<(u16, u16), Exit> {
    let wrong = || {
        Exit::invalid(format!(
            "`--year {text}` is neither a year nor a range of years\n     = hint: write `2024`, `2023..2026`, `2023..` or `..2026`; both ends count"
        ))
    };
    let year = |part: &str, open: u16| match part.trim() {
        "" => Ok(open),
        part if part.len() == 4 => part.parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    let (first, last) = match text.split_once("..") {
        Some(("", "")) => return Err(wrong()),
        Some((first, last)) => (year(first, 0)?, year(last, u16::MAX)?),
        None if text.trim().is_empty() => return Err(wrong()),
        None => (year(text, 0)?, year(text, 0)?),
    };
    match first <= last {
        true => Ok((first, last)),
        false => Err(wrong()),
    }
}
