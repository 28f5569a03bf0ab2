//! A study as it stands in its file: who was treated with what, what came out, and where each
//! number was read.
//!
//! One file per study, `library/evidence/studies/ID.toml`. The names here are the names in the file.
//! What must hold between the fields stands in [`crate::rules`]; what a code means in
//! [`crate::vocabulary`].

use serde::{Deserialize, Serialize};

/// A study, report or other source of figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Name of the file without its ending.
    pub id: String,
    /// What it is about, in our words.
    pub title: String,
    /// Year of the report that is cited.
    pub year: u16,
    /// How far the record has come.
    pub state: State,
    /// What to cite.
    pub source: Source,
    /// How it was done.
    pub design: Design,
    /// In whom.
    pub population: Population,
    /// What was given; absent for natural history and physiology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Treatment>,
    /// What else a reader must know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Studies that may share patients with this one, and whether they do.
    #[serde(default, rename = "overlap", skip_serializing_if = "Vec::is_empty")]
    pub overlaps: Vec<Overlap>,
    /// Groups for which outcomes are reported.
    #[serde(default, rename = "arm", skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arm>,
    /// Reported figures.
    #[serde(default, rename = "outcome", skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<Outcome>,
    /// Patients reported one by one.
    #[serde(default, rename = "patient", skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<Patient>,
    /// Findings in animals or cells, and in words.
    #[serde(default, rename = "finding", skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Parameters of a published model.
    #[serde(
        default,
        rename = "model_parameter",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub model_parameters: Vec<ModelParameter>,
    /// Risk of bias, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appraisal: Option<Appraisal>,
}

/// How far a record has come (PRISMA 2020, doi:10.1136/bmj.n71).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Known to exist.
    Found,
    /// Title and abstract read.
    Screened,
    /// Fits the question; its numbers are still to be had.
    Included,
    /// Its numbers stand here.
    Extracted,
    /// Its risk of bias is judged as well.
    Appraised,
    /// A later report of the same patients replaces it (see `overlap`).
    Superseded,
}

/// What to cite for a study, and where its facts were read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Kind of publication.
    pub kind: SourceKind,
    /// Digital object identifier, without `https://doi.org/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
    /// PubMed number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pmid: Option<String>,
    /// PubMed Central number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pmcid: Option<String>,
    /// Numbers of trial registries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<String>,
    /// Journal and page, congress and abstract, where there is no identifier or beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `seen` if the record stood in a text that was read.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// Fields of this file that come from memory although the record was seen, by table and key: `year`,
    /// `treatment.dose`, `arm.patients`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled_fields: Vec<String>,
    /// Where it was read, in words where the text has no public page. Provenance, not a citation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
}

/// Kind of publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Peer-reviewed paper or letter.
    #[default]
    JournalArticle,
    /// Paper not yet reviewed.
    Preprint,
    /// Congress abstract or talk.
    ConferenceAbstract,
    /// Release or presentation of the maker.
    CompanyRelease,
    /// News of a hospital, university, society or paper.
    News,
    /// Entry of a trial registry.
    Registry,
    /// Label or review of a regulator.
    RegulatoryDocument,
    /// Model in a public repository.
    ModelRepository,
}

/// How well a fact is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// It stood in a text that was read.
    #[default]
    Seen,
    /// From memory: kept apart, pooled only when asked for.
    Recalled,
}

/// How good the text is in which a number was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// Paper, abstract, registry or label, a copy of one, or a table of a review that cites it.
    #[default]
    A,
    /// Release of a maker, news, digest of a society.
    B,
    /// Blog, note of an analyst, unsigned or machine-written summary.
    C,
    /// Memory.
    R,
}

/// How a study was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Class, by which studies are selected.
    pub kind: DesignKind,
    /// In words: phase, blinding, centres.
    pub description: String,
    /// With what it was compared; absent if with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparator: Option<String>,
    /// Patients treated, or randomised; absent where not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<u64>,
    /// Median follow-up, months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up_months: Option<f64>,
}

/// Class of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesignKind {
    /// Patients were allotted by chance.
    RandomisedTrial,
    /// Groups were compared that chance did not make.
    NonrandomisedComparison,
    /// A protocol, one group.
    SingleArmTrial,
    /// Several patients without a protocol, or named-patient use.
    CaseSeries,
    /// One or two patients.
    CaseReport,
    /// Patients of a centre or register, followed.
    Cohort,
    /// Several trials or uses reported as one.
    PooledReport,
    /// Review of other reports, with or without pooling. Never pooled here.
    Review,
    /// Reports to a safety data base: shares of reports, not of patients.
    Surveillance,
    /// Mathematical model fitted to data.
    Model,
    /// Animals or cells.
    Preclinical,
    /// Measurements that explain how something works.
    Mechanism,
}

/// In whom a study was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Codes of `evidence/diseases.csv`; several for a basket.
    pub diseases: Vec<String>,
    /// Who they were, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Animal, for preclinical work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub species: Option<String>,
    /// Limits of age and scores at entry, for trials that a virtual trial can imitate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

/// Entry criteria. Limits are inclusive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// Smallest age, years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_min_years: Option<f64>,
    /// Largest age, years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max_years: Option<f64>,
    /// Smallest EDSS, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edss_min: Option<f64>,
    /// Largest EDSS, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edss_max: Option<f64>,
    /// Smallest MG-ADL, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mg_adl_min: Option<f64>,
    /// Relapses before entry, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub relapses: String,
    /// Autoantibody, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub antibody: String,
    /// Anything else, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub other: String,
}

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

/// A group of patients for which outcomes are reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Name, used by `outcome.arm`.
    pub name: String,
    /// What the group is.
    pub role: ArmRole,
    /// The arm of which it is a part, for a subgroup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// Patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<u64>,
    /// Diseases of this group, where not those of the study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diseases: Vec<String>,
    /// What it got, where not the treatment of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub therapy: Option<String>,
    /// Who they were.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmRole {
    /// Patients who got the treatment of the study; arms of this role share nobody.
    Treated,
    /// Patients who got the comparator, or nothing in a cohort without treatment.
    Control,
    /// The patients of another arm that an analysis took: a stated set, the first to be treated, those who
    /// stayed. Stands for that arm where it has no figure of its own.
    AnalysisSet,
    /// A part of another arm: pooled only where its disease is asked for.
    Subgroup,
    /// A comparison of arms, or a group across or outside of the arms: all arms together, a historical
    /// control, an arm with those who joined it in an extension.
    Contrast,
}

/// A reported figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Code of `evidence/outcomes.csv`.
    pub outcome: String,
    /// Name of the arm.
    pub arm: String,
    /// Arm with which it is compared, for differences and ratios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<String>,
    /// Variant of the outcome, analysis set or window, where the report gives several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Months after the first infusion; neither months nor weeks: at any time, or not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_months: Option<f64>,
    /// Weeks after the first dose, where the report counts in weeks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_weeks: Option<f64>,
    /// What the number is.
    pub statistic: Statistic,
    /// Patients with the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Patients, or events where the unit says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The number as printed, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What was found, where it is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Standard deviation between patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_deviation: Option<f64>,
    /// Standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Lower end of `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// What the interval is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalKind>,
    /// Unit of the number: one of those that `evidence/outcomes.csv` allows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Scale by which a toxicity was graded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grading: Option<String>,
    /// What to cite for this number, where not the source of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
    /// Where in it: abstract, table, page.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// Where it was read, where not at the addresses of the study; in words where the text has no
    /// public page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What a reader must know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Patients with an event, of patients.
    Count,
    /// Percentage of patients, counts not printed or implied.
    Percentage,
    /// Kaplan-Meier percentage.
    KaplanMeier,
    /// Percentage from a model.
    ModelPercentage,
    /// Events over exposure.
    Rate,
    /// Arithmetic mean.
    Mean,
    /// Mean adjusted by a model.
    AdjustedMean,
    /// Geometric mean.
    GeometricMean,
    /// Median.
    Median,
    /// Largest, or at most.
    Maximum,
    /// Smallest, or at least.
    Minimum,
    /// Only the range is known.
    Range,
    /// A single value, or one whose statistic is not stated.
    Value,
    /// Arm minus contrast.
    Difference,
    /// Difference of mean ranks.
    RankDifference,
    /// Ratio to baseline or to the contrast.
    Ratio,
    /// Hazard ratio, arm over contrast.
    HazardRatio,
    /// Odds ratio, arm over contrast.
    OddsRatio,
    /// Rate or risk ratio, arm over contrast.
    RateRatio,
    /// Correlation coefficient.
    Correlation,
    /// P value.
    PValue,
    /// 0 or 1.
    Indicator,
    /// In words.
    Text,
}

/// What an interval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IntervalKind {
    /// 90 % confidence interval.
    CI90,
    /// 95 % confidence interval.
    CI95,
    /// 97.5 % confidence interval.
    #[serde(rename = "CI97.5")]
    CI97_5,
    /// 95 % credible interval.
    CrI95,
    /// Quartiles.
    IQR,
    /// Smallest and largest.
    #[serde(rename = "range")]
    Range,
}

/// Whether two studies share patients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// The other study.
    pub study: String,
    /// How they are related.
    pub relation: Relation,
    /// What is known about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// How two studies are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// All patients of the other are here.
    Contains,
    /// All patients of this one are there.
    Within,
    /// They share some, or may.
    Shares,
    /// They name the same trial but share nobody.
    Distinct,
}

/// A patient reported singly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patient {
    /// Name in the source.
    pub id: String,
    /// Disease, where not that of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    /// What was seen and when.
    pub observations: Vec<Observation>,
}

/// One observation of one patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Code of `evidence/outcomes.csv`.
    pub variable: String,
    /// Days after infusion, 0 is before it; absent where not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// The number; 0 or 1 for no and yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The finding, where it is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The number is only a bound: `below` or `above`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// Unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Where in the source.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// What a reader must know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// On which side of a printed number the true one lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The true value is smaller.
    Below,
    /// The true value is larger.
    Above,
}

/// A finding in animals or cells, or one that is told in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What was looked at.
    pub outcome: String,
    /// Model, for example `EAE, MOG 35-55`.
    pub model: String,
    /// What was given.
    pub intervention: String,
    /// What it binds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Which way it went.
    pub direction: Direction,
    /// Animals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub animals: Option<u64>,
    /// The number, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What was found, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What to cite, where not the source of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
    /// Where in the source.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// What a reader must know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Which way a finding went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Disease became better.
    Improves,
    /// Disease became worse.
    Worsens,
    /// What was looked at became less, without a judgement of the disease.
    Falls,
    /// No effect, or no result yet.
    None,
    /// No harm was seen.
    Safe,
}

/// A parameter of a published model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelParameter {
    /// Symbol in the source.
    pub symbol: String,
    /// What it means.
    pub meaning: String,
    /// Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower end of the printed range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of the printed range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// The value lies outside of the range, as printed in the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside_range_as_printed: bool,
    /// Unit.
    pub unit: String,
    /// Where in the source.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
}

/// Risk of bias, item by item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appraisal {
    /// The instrument.
    pub instrument: Instrument,
    /// What was read for it: `abstract`, `full text`, `press release`.
    pub read: String,
    /// Who judged.
    pub by: String,
    /// When, `2026-11-25`.
    pub on: String,
    /// Answers in the order of the instrument's items.
    #[serde(rename = "item")]
    pub items: Vec<AppraisalItem>,
    /// The judgement over all.
    pub overall: Risk,
}

/// An answer to one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppraisalItem {
    /// Code of the item.
    pub item: String,
    /// The answer.
    pub answer: Answer,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// An instrument for the risk of bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// JBI checklist for case series, ten items (doi:10.11124/JBISRIR-D-19-00099).
    JbiCaseSeries,
    /// JBI checklist for case reports, eight items.
    JbiCaseReport,
    /// ROBINS-I, seven domains (doi:10.1136/bmj.i4919).
    RobinsI,
    /// RoB 2, five domains (doi:10.1136/bmj.l4898).
    Rob2,
}

/// The answer to an item; the first four for checklists, the others for domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The text that was read does not say.
    Unclear,
    /// Does not apply.
    NotApplicable,
    /// Low risk.
    Low,
    /// Some concerns, or moderate risk.
    SomeConcerns,
    /// High or serious risk.
    High,
}

/// Judgement over all items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Low.
    Low,
    /// Some concerns.
    SomeConcerns,
    /// High.
    High,
    /// Too little was read to judge.
    Unclear,
}

impl Outcome {
    /// Months after the first dose, whichever unit the report counts in (30.4375 days per month).
    pub fn months(&self) -> Option<f64> {
        self.time_months
            .or(self.time_weeks.map(|weeks| weeks * 7.0 / 30.4375))
    }
}

impl DesignKind {
    /// False for what is never pooled: reviews, reports to a safety data base, models and animals.
    pub fn counts_patients(self) -> bool {
        !matches!(
            self,
            DesignKind::Review
                | DesignKind::Surveillance
                | DesignKind::Model
                | DesignKind::Preclinical
        )
    }
}
