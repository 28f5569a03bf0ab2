//! A disease: which parameters of the immune model it sets and which clinical layers it has.
//!
//! A disease file names things; every number stands in the parameter table.

use serde::Deserialize;

use neurocart_library::{Library, toml_file};

use crate::error::Error;

/// A file of `library/diseases/`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disease {
    /// Name of the file without `.toml`.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Name for a table or a figure.
    pub short_name: String,
    /// The disease in a sentence or two: what drives it, what is measured.
    pub summary: String,
    /// Scope of the parameter table that is laid over `core`.
    pub parameter_scope: String,
    /// Target of the pathogenic autoantibody, for axes and tables; absent where there is none.
    #[serde(default)]
    pub autoantibody: Option<String>,
    /// Relapses or attacks, drawn from the hazard of the model.
    #[serde(default)]
    pub attacks: Option<AttackLayer>,
    /// Disability on the Expanded Disability Status Scale; the heading `[disability]` asks for it.
    #[serde(default)]
    pub disability: Option<DisabilityLayer>,
    /// MG-ADL, QMG and MGC; the heading `[myasthenia]` asks for them.
    #[serde(default)]
    pub myasthenia: Option<MyastheniaLayer>,
    /// The timed 25-foot walk.
    #[serde(default)]
    pub walking: Option<WalkingLayer>,
    /// The INCAT disability score; the heading `[incat]` asks for it.
    #[serde(default)]
    pub incat: Option<IncatLayer>,
    /// MRI lesions, which follow the hazard of the attacks; the heading `[lesions]` asks for them.
    #[serde(default)]
    pub lesions: Option<LesionLayer>,
}

/// Relapses or attacks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttackLayer {
    /// What an event is called: `relapse` or `attack`.
    pub event_name: String,
    /// Symbol of the yearly hazard at baseline; the gamma variability of its row is the frailty.
    pub hazard: String,
}

/// Disability on the Expanded Disability Status Scale. Its numbers are rows of the scope
/// `stochastic`, or of the disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisabilityLayer {}

/// Scores of myasthenia gravis: MG-ADL, QMG and MGC. Their numbers are rows of the scope `stochastic`,
/// or of the disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MyastheniaLayer {}

/// The timed 25-foot walk. Its numbers are rows of the scope `stochastic`, or of the disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkingLayer {
    /// What the walk follows.
    pub follows: WalkingDriver,
}

/// What the timed walk follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalkingDriver {
    /// The latent EDSS.
    Disability,
    /// The function of the antibody's target.
    Target,
}

/// The INCAT disability score. Its numbers are rows of the scope `stochastic`, or of the disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncatLayer {}

/// MRI lesions. Their numbers are rows of the scope `stochastic`, or of the disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LesionLayer {}

impl Disease {
    /// The disease `id` of a library.
    pub fn load(library: &Library, id: &str) -> Result<Disease, Error> {
        let file = library.item("diseases", "disease", id)?;
        let disease: Disease = toml_file::parse(file.text, file.name)?;
        toml_file::check_id(&disease.id, id, file.name, file.text)?;
        Ok(disease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_disease_loads() {
        let library = Library::embedded();
        assert!(library.disease_ids().len() >= 7);
        for id in library.disease_ids() {
            Disease::load(&library, id).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    #[test]
    fn an_unknown_disease_and_a_wrong_id_are_explained() {
        let library = Library::embedded();
        insta::assert_snapshot!(Disease::load(&library, "mg-acrh").unwrap_err(), @r"
        unknown disease `mg-acrh`
          --> library/diseases
             = hint: did you mean `mg-achr`?
        ");
        let text = library.text("diseases/mogad.toml").unwrap().to_owned();
        let library = library.with_file("diseases/mine.toml", &text);
        insta::assert_snapshot!(Disease::load(&library, "mine").unwrap_err(), @r#"
        `id` is `mogad` but the file is named `mine`
          --> diseases/mine.toml:1:7
           1 | id = "mogad"
             |       ^
             = hint: write `id = "mine"` or rename the file
        "#);
    }
}
