//! What a study cites, and how well its facts are known.

use serde::{Deserialize, Serialize};

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

impl Source {
    /// What to cite, in a line: journal and page where there are, then the strongest identifier.
    pub fn citation(&self) -> String {
        let identifier = (self.doi.as_ref().map(|d| format!("doi:{d}")))
            .or(self.pmid.as_ref().map(|p| format!("PMID {p}")))
            .or(self.pmcid.clone());
        let parts = [
            self.reference.clone(),
            identifier.or(self.trials.first().cloned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
