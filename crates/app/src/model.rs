//! `neurocart model`: the scenario model as text, or its parts as a table.

use clap::{Args, Subcommand};
use serde::Serialize;

use neurocart_library::Library;
use neurocart_model::{Model, SymbolKind};
use neurocart_trial::disease::Disease;
use neurocart_trial::parameters::{Override, Parameters};
use neurocart_trial::scenario::{Ingredients, Scenario, check_overrides};
use neurocart_trial::therapy::{FieldOverride, Therapy};

use crate::exit::{Exit, print, print_json};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Table of states, rules and parameters with units and meanings.
    Show {
        #[command(flatten)]
        scenario: ScenarioArguments,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One self-contained Antimony text, all imports resolved.
    Export {
        #[command(flatten)]
        scenario: ScenarioArguments,
    },
}

/// A disease under a therapy, with the user's changes.
#[derive(Args, Clone, Debug)]
pub struct ScenarioArguments {
    /// Disease of the library, for example `mg-achr`.
    #[arg(long)]
    pub disease: String,
    /// Therapy of the library, for example `cd19-cart`.
    #[arg(long, default_value = "standard-of-care")]
    pub therapy: String,
    /// Field of the therapy to change: `dose_cells_per_kg=2e6`, `lymphodepletion.units=0`.
    #[arg(long = "change", value_name = "FIELD=VALUE")]
    pub changes: Vec<String>,
    /// Parameter to set, within its range: `theta=0.25`.
    #[arg(long = "set", value_name = "SYMBOL=VALUE")]
    pub sets: Vec<String>,
}

/// What a scenario needs, read and checked.
pub struct Loaded {
    pub parameters: Parameters,
    pub disease: Disease,
    pub therapy: Therapy,
    pub overrides: Vec<Override>,
}

impl ScenarioArguments {
    pub fn load(&self, library: &Library) -> Result<Loaded, Exit> {
        let changes: Vec<FieldOverride> = self
            .changes
            .iter()
            .map(|c| FieldOverride::parse(c, "--change"))
            .collect::<Result<_, _>>()?;
        let overrides: Vec<Override> = self
            .sets
            .iter()
            .map(|s| Override::parse(s, "--set"))
            .collect::<Result<_, _>>()?;
        Ok(Loaded {
            parameters: Parameters::of(library)?,
            disease: Disease::load(library, &self.disease)?,
            therapy: Therapy::load(library, &self.therapy, &changes)?,
            overrides,
        })
    }
}

impl Loaded {
    /// The scenario until `end_days`, with outputs at `extra_days` too. A changed parameter that
    /// nothing reads is refused: a typing error must not pass as a result.
    pub fn scenario(
        &self,
        library: &Library,
        end_days: f64,
        extra_days: &[f64],
    ) -> Result<Scenario, Exit> {
        let scenario = Scenario::build(Ingredients {
            library,
            parameters: &self.parameters,
            disease: &self.disease,
            therapy: &self.therapy,
            overrides: &self.overrides,
            end_days,
            extra_days,
        })?;
        check_overrides(&self.parameters, &[&scenario], &self.overrides)?;
        Ok(scenario)
    }
}

#[derive(Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    unit: String,
    meaning: String,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.action {
        Action::Export { scenario } => {
            let model = scenario.load(library)?.scenario(library, 365.0, &[])?.model;
            print(&neurocart_model::to_antimony(&model))
        }
        Action::Show { scenario, json } => {
            let model = scenario.load(library)?.scenario(library, 365.0, &[])?.model;
            let rows = rows(&model);
            if *json {
                return print_json(&rows);
            }
            let width = rows.iter().map(|r| r.name.len()).max().unwrap_or(0);
            let unit_width = rows
                .iter()
                .map(|r| r.unit.chars().count())
                .max()
                .unwrap_or(0);
            let mut text = String::new();
            for kind in ["state", "rule", "parameter", "compartment"] {
                let count = rows.iter().filter(|r| r.kind == kind).count();
                if count == 0 {
                    continue;
                }
                text += &format!("{count} {kind}s\n");
                for r in rows.iter().filter(|r| r.kind == kind) {
                    text += &format!(
                        "  {:width$}  {:unit_width$}  {}\n",
                        r.name, r.unit, r.meaning
                    );
                }
                text += "\n";
            }
            print(&text)
        }
    }
}

fn rows(model: &Model) -> Vec<Row> {
    model
        .symbols
        .iter()
        .map(|s| Row {
            name: s.name.clone(),
            kind: match s.kind {
                SymbolKind::State => "state",
                SymbolKind::Assigned => "rule",
                SymbolKind::Parameter => "parameter",
                SymbolKind::Compartment => "compartment",
            },
            unit: s.unit.clone(),
            meaning: s.meaning.clone(),
        })
        .collect()
}
