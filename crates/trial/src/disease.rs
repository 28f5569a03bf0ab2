//! A disease: which parameters of the immune model it sets and which clinical layers it has.
//!
//! A disease file names things; every number stands in the parameter table.

use serde::Deserialize;

use crate::error::Error;
use crate::library::Library;
use crate::toml_file;

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
    /// Relapses or attacks.
    #[serde(default)]
    pub attacks: Option<AttackLayer>,
    /// Expanded Disability Status Scale.
    #[serde(default)]
    pub disability: Option<DisabilityLayer>,
    /// Myasthenia scores, computed from the function of the antibody's target.
    #[serde(default)]
    pub myasthenia: Option<MyastheniaLayer>,
}

/// Relapses or attacks from the cumulative hazard of the model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttackLayer {
    /// What an event is called: `relapse` or `attack`.
    pub event_name: String,
    /// Symbol of the hazard at baseline; the gamma variability of its row is the frailty.
    pub hazard: String,
    /// Symbol of the EDSS jump's mean.
    pub jump_mean: String,
    /// Symbol of the EDSS jump's coefficient of variation.
    pub jump_cv: String,
    /// Symbol of the mean part of a jump that stays.
    pub residual_mean: String,
    /// Symbol of the rise in neurofilament per EDSS point.
    pub neurofilament_jump: String,
    /// Symbol of the rise in GFAP per EDSS point, where an attack destroys astrocytes.
    #[serde(default)]
    pub gfap_jump: Option<String>,
}

/// Disability on the Expanded Disability Status Scale.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisabilityLayer {
    /// Symbol of the mean at baseline.
    pub baseline_mean: String,
    /// Symbol of the standard deviation at baseline.
    pub baseline_sd: String,
}

/// Scores of myasthenia gravis: MG-ADL and QMG.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MyastheniaLayer {
    /// Symbol of the placebo response in MG-ADL points.
    pub placebo_response: String,
}

impl Disease {
    /// The disease `id` of a library.
    pub fn load(library: &Library, id: &str) -> Result<Disease, Error> {
        let file = library.item("diseases", "disease", id)?;
        let disease: Disease = toml_file::parse(file.text, file.name)?;
        toml_file::check_id(&disease.id, id, file.name, file.text)?;
        Ok(disease)
    }
}
