//! The closed lists behind the codes of a study file: outcomes and diseases as tables of the library,
//! antigens and dose units here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use neurocart_library::{Error, Library, Problem, nearest};

/// The outcome table of the library.
pub const OUTCOMES: &str = "evidence/outcomes.csv";
/// The disease table of the library.
pub const DISEASES: &str = "evidence/diseases.csv";

/// Unit of a rate that is pooled from events and patient-years.
pub const PER_PATIENT_YEAR: &str = "per patient-year";

/// Units in which a dose may stand.
pub const DOSE_UNITS: [&str; 7] = [
    "CAR+ cells/kg",
    "CAR+ cells",
    "CAR+ cells/kg per infusion",
    "mg mRNA per infusion",
    "mg",
    "mg/kg",
    "g/kg",
];

/// Antigens that a `target` may name, alone, joined by `+` or in sequence (` then `, ` or `).
pub const ANTIGENS: [&str; 18] = [
    "CD19", "BCMA", "CD20", "CD22", "CD7", "CD70", "CD6", "BAFF-R", "CD38", "CD49d", "CD52",
    "IL-6R", "C5", "FcRn", "MuSK", "MOG", "NMDAR", "AQP4",
];
/// Targets that are no antigen.
pub const OTHER_TARGETS: [&str; 4] = ["none", "mixed", "undisclosed", "other"];

/// An outcome that studies report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeCode {
    /// Code.
    pub code: String,
    /// Name for tables and figures.
    pub label: String,
    /// Heading under which it is listed.
    pub domain: Domain,
    /// What kind of number it is.
    pub kind: OutcomeKind,
    /// Units in which it may be given.
    #[serde(with = "units")]
    pub units: Vec<String>,
    /// Which way is better for the patient.
    pub better: Better,
    /// Smallest possible value.
    pub lowest: Option<f64>,
    /// Largest possible value.
    pub highest: Option<f64>,
    /// Definition.
    pub meaning: String,
}

mod units {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(units: &[String], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&units.join("|"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
        let text = String::deserialize(d)?;
        Ok(text.split('|').map(|unit| unit.trim().to_owned()).collect())
    }
}

/// Heading of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Harm.
    Safety,
    /// The cells in blood and spinal fluid.
    Kinetics,
    /// B cells and plasma cells.
    BCells,
    /// Autoantibodies and immunoglobulins.
    Antibodies,
    /// Relapses and attacks.
    Relapse,
    /// Disability, strength, scores.
    Clinical,
    /// Magnetic resonance imaging.
    Imaging,
    /// Fluid markers.
    Biomarkers,
    /// Other treatment, stopped or needed.
    Treatment,
    /// Who was studied.
    Baseline,
    /// How the study went.
    Conduct,
}

/// What kind of number an outcome is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Patients with an event, of patients.
    Proportion,
    /// Change from baseline.
    Change,
    /// Level at a time.
    Level,
    /// A time.
    Time,
    /// Events over exposure.
    Rate,
    /// A comparison of arms.
    Effect,
    /// In words, or a property of a single patient.
    Description,
}

/// Which way is better for the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither.
    Neither,
}

/// A disease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disease {
    /// Code.
    pub code: String,
    /// Name.
    pub label: String,
    /// Field of medicine to which its trials belong.
    pub area: Area,
    /// Words of registries and papers that mean it, separated by `|`; used by `evidence import`.
    #[serde(with = "units")]
    pub synonyms: Vec<String>,
}

/// Field of medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Autoimmune disease of brain, nerve, synapse or muscle, treated by neurologists.
    Neuroimmune,
    /// Rheumatology.
    Rheumatology,
    /// Other autoimmune disease.
    OtherAutoimmune,
    /// Cancer.
    Oncology,
    /// No disease.
    None,
}

/// The lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    /// Outcomes by code.
    pub outcomes: BTreeMap<String, OutcomeCode>,
    /// Codes of the outcomes in the order of the table, in which they are shown.
    pub outcome_order: Vec<String>,
    /// Diseases by code.
    pub diseases: BTreeMap<String, Disease>,
    /// Codes of the diseases in the order of the table.
    pub disease_order: Vec<String>,
}

impl Vocabulary {
    /// Reads the lists of a library.
    pub fn of(library: &Library) -> Result<Vocabulary, Error> {
        let outcomes: Vec<OutcomeCode> = table(library, OUTCOMES)?;
        let diseases: Vec<Disease> = table(library, DISEASES)?;
        let outcome_order: Vec<String> = outcomes.iter().map(|o| o.code.clone()).collect();
        let disease_order: Vec<String> = diseases.iter().map(|d| d.code.clone()).collect();
        unique(library, OUTCOMES, &outcome_order)?;
        unique(library, DISEASES, &disease_order)?;
        Ok(Vocabulary {
            outcomes: outcomes.into_iter().map(|o| (o.code.clone(), o)).collect(),
            outcome_order,
            diseases: diseases.into_iter().map(|d| (d.code.clone(), d)).collect(),
            disease_order,
        })
    }

    /// The outcome with this code, or the nearest code as a hint.
    pub fn outcome(&self, code: &str) -> Result<&OutcomeCode, String> {
        self.outcomes
            .get(code)
            .ok_or_else(|| hint(code, self.outcomes.keys(), OUTCOMES))
    }

    /// The disease with this code, or the nearest code as a hint.
    pub fn disease(&self, code: &str) -> Result<&Disease, String> {
        self.diseases
            .get(code)
            .ok_or_else(|| hint(code, self.diseases.keys(), DISEASES))
    }

    /// Label of an outcome; the code itself where it has none.
    pub fn outcome_label<'a>(&'a self, code: &'a str) -> &'a str {
        self.outcomes.get(code).map_or(code, |o| &o.label)
    }
}

fn hint<'a>(code: &str, codes: impl Iterator<Item = &'a String>, table: &str) -> String {
    match nearest(code, codes.map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? The codes stand in library/{table}"),
        None => format!("the codes stand in library/{table}; add a row there for a new one"),
    }
}

/// True if `target` is made of known antigens.
pub fn is_target(target: &str) -> bool {
    OTHER_TARGETS.contains(&target)
        || target
            .split(" then ")
            .flat_map(|part| part.split(" or "))
            .flat_map(|part| part.split('+'))
            .all(|antigen| ANTIGENS.contains(&antigen))
}

/// Rows of a table of the library; a problem names the line.
pub fn table<T: for<'de> Deserialize<'de>>(library: &Library, path: &str) -> Result<Vec<T>, Error> {
    let file = library.file(path)?;
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for row in reader.deserialize::<T>() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => {
                let line = error.position().map_or(1, |p| p.line() as usize);
                let message = match error.kind() {
                    csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
                    _ => error.to_string(),
                };
                let problem = Problem::new(file.name, message).on_line(file.text, line);
                problems.push(problem.hint("the first line of the table names the columns; put text that contains a comma in double quotes"));
            }
        }
    }
    if problems.is_empty() {
        Ok(rows)
    } else {
        Err(Error::Inputs(problems))
    }
}

fn unique(library: &Library, path: &str, codes: &[String]) -> Result<(), Error> {
    let file = library.file(path)?;
    for (index, code) in codes.iter().enumerate() {
        if codes[..index].contains(code) {
            return Err(Problem::new(file.name, format!("`{code}` stands twice"))
                .hint("keep one of the rows")
                .into());
        }
    }
    Ok(())
}
