//! What was given.

use serde::{Deserialize, Serialize};

/// What was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Treatment {
    /// What kind of treatment.
    pub modality: Modality,
    /// Name of the product.
    pub product: String,
    /// What it binds: `CD19`, `BCMA`, `CD19+BCMA` for both, `CD19 then BCMA` for one after the other.
    pub target: String,
    /// How it is made.
    pub platform: Platform,
    /// Costimulatory domain: `CD28` or `4-1BB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costimulation: Option<String>,
    /// Whether lymphodepletion was given.
    pub lymphodepletion: Lymphodepletion,
    /// Agents, doses and days, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lymphodepletion_regimen: Option<String>,
    /// Dose, as a number in `dose_unit`; the highest where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<f64>,
    /// Unit of the dose: one of [`crate::vocabulary::DOSE_UNITS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_unit: Option<String>,
    /// Dose levels and what is unsure about them, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_description: Option<String>,
    /// Number of infusions, in words where it varied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infusions: Option<String>,
}

/// Kind of treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// T cells with a chimeric antigen receptor, made outside or inside the body.
    CarT,
    /// T cells with another receptor (chimeric autoantibody receptor, regulatory cells).
    OtherEngineeredCells,
    /// Stem-cell transplantation.
    StemCellTransplantation,
    /// Antibody that binds T cells to their target.
    TCellEngager,
    /// Other antibodies and Fc fragments.
    Antibody,
    /// Anything else.
    Other,
    /// Nothing.
    None,
}

/// How a product is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// The patient's cells, lentiviral vector.
    AutologousLentiviral,
    /// The patient's cells, gammaretroviral vector.
    AutologousRetroviral,
    /// The patient's cells, viral vector not stated.
    AutologousViral,
    /// The patient's cells, method not stated.
    Autologous,
    /// The patient's cells, messenger RNA: the receptor is lost within days.
    AutologousMrna,
    /// A donor's cells, method not stated.
    Allogeneic,
    /// A donor's cells with edited genes.
    AllogeneicGeneEdited,
    /// A donor's natural killer cells.
    AllogeneicNkCells,
    /// Messenger RNA in lipid nanoparticles makes the cells in the body.
    InVivoMrna,
    /// A viral vector makes the cells in the body.
    InVivoViral,
    /// Made in the body, carrier not stated.
    InVivo,
    /// Several products.
    Mixed,
    /// Not known.
    NotReported,
    /// Not a cell product.
    NotApplicable,
}

/// Whether lymphodepletion was given before the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lymphodepletion {
    /// Given.
    Given,
    /// Not given.
    None,
    /// Not reported.
    NotReported,
    /// Does not apply.
    NotApplicable,
}
