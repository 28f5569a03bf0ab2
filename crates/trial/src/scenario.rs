//! A disease under a therapy as one model: text, compiled program, doses and output times.
//!
//! The text imports the core of the library, makes one instance per drug, sets each effect input of
//! the core to the sum over the drugs, and gives every parameter its value from the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use neurocart_engine::{Action, CompileOptions, Dose, Program, Settings};
use neurocart_library::{Library, Problem, nearest};
use neurocart_model::{Model, Options};

use crate::disease::Disease;
use crate::error::Error;
use crate::parameters::{Override, Parameter, Parameters};
use crate::therapy::{FIRST_DAY, Route, Therapy};

/// The core model of the library.
const CORE_FILE: &str = "neuroimmune_cart.ant";
/// Name of the core in [`CORE_FILE`].
const CORE_MODEL: &str = "neuroimmune_cart";
/// Body weight, by which doses per kg are multiplied.
const WEIGHT: &str = "WT";
/// Proliferative fitness, which an infusion sets to 1.
const FITNESS: &str = "Z";
/// Exposure to lymphodepletion.
const LYMPHODEPLETION: &str = "XL";

/// What is reported of every solved patient, beside the concentration of each drug. The states of
/// CAR T stimulation start at 0 on day -10, as in the specification's golden values.
pub const OUTPUTS: [&str; 30] = [
    "CARb", "CC", "Bb", "BNb", "BMb", "PB", "PL", "AMt", "AL", "cG", "Ap", "Ac", "IL6", "IL6s",
    "NT", "ANC", "N", "F", "U", "R", "X", "Nf", "GF", "Alb", "LamR", "LamI", "nB", "H", "MGADL",
    "QMG",
];

/// Constants whose validity depends on the draw, and what a patient is like before treatment.
pub(crate) const START_OUTPUTS: [&str; 23] = [
    "kbtM", "iNM", "mP", "kcat0", "rA", "epsA", "dA", "amax", "WT", "krec", "kNf", "kGF", "hMS",
    "hNM", "cG", "Bb", "Ap", "MGADL", "QMG", "Nf", "GF", "R", "IL6",
];

/// States that fall by many orders of magnitude and grow back: their return depends on digits far
/// below the common tolerance.
const SMALL_STATES: [&str; 5] = ["AMt", "AMb", "BMb", "BC", "PB"];
/// Absolute tolerance of [`SMALL_STATES`].
const SMALL_TOLERANCE: f64 = 1e-12;

/// What a scenario is made of.
#[derive(Clone, Copy, Debug)]
pub struct Ingredients<'a> {
    /// Model text.
    pub library: &'a Library,
    /// Values.
    pub parameters: &'a Parameters,
    /// The disease.
    pub disease: &'a Disease,
    /// The therapy.
    pub therapy: &'a Therapy,
    /// The user's values, instead of the table's.
    pub overrides: &'a [Override],
    /// Last day of the simulation.
    pub end_days: f64,
    /// Days at which outputs are wanted, beside the usual grid.
    pub extra_days: &'a [f64],
}

/// A parameter that differs between patients.
#[derive(Clone, Debug, PartialEq)]
pub struct Varying {
    /// Name in the program.
    pub name: String,
    /// Name under which it is drawn: `symbol`, or `drug.symbol`; the same in every scenario.
    pub drawn_as: String,
    /// Its row.
    pub parameter: Parameter,
}

/// A parameter as the scenario uses it, for tables of assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// `symbol`, or `drug.symbol`.
    pub name: String,
    /// Its row, or rows laid over each other.
    pub parameter: Parameter,
}

/// A disease under a therapy, ready to solve.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The disease.
    pub disease: Disease,
    /// The therapy.
    pub therapy: Therapy,
    /// Text of the model.
    pub text: String,
    /// The model.
    pub model: Model,
    /// The compiled model.
    pub program: Program,
    /// Constants and baseline values only.
    pub(crate) start: Program,
    /// How to integrate.
    pub settings: Settings,
    /// Parameters that patients bring, in the order of the program.
    pub varying: Vec<Varying>,
    /// Every parameter of the model in use.
    pub used: Vec<Used>,
    /// Names of the drugs whose concentrations follow [`OUTPUTS`], in order.
    pub drugs: Vec<String>,
    weight: Weight,
    plan: Vec<Planned>,
}

#[derive(Clone, Copy, Debug)]
enum Weight {
    Fixed(f64),
    Varying(usize),
}

#[derive(Clone, Copy, Debug)]
struct Planned {
    day: f64,
    target: usize,
    amount: Amount,
    infusion_days: f64,
}

#[derive(Clone, Copy, Debug)]
enum Amount {
    Add(f64),
    PerKg { amount: f64, maximum: f64 },
    Set(f64),
}

/// Output times: every half day to day 30, daily to day 60, weekly to the end, and `extra`.
pub fn output_grid(end_days: f64, extra: &[f64]) -> Vec<f64> {
    let span = |from: f64, to: f64, step: f64| {
        let n = ((to - from) / step).ceil().max(0.0) as usize;
        (0..n).map(move |i| from + step * i as f64)
    };
    let mut days: Vec<f64> = span(FIRST_DAY, 30.0, 0.5)
        .chain(span(30.0, 60.0, 1.0))
        .chain(span(60.0, end_days, 7.0))
        .collect();
    days.extend(extra);
    days.push(end_days);
    days.retain(|&d| (FIRST_DAY..=end_days).contains(&d));
    days.sort_by(f64::total_cmp);
    days.dedup();
    days
}

impl Scenario {
    /// Puts the text together, reads and compiles it.
    pub fn build(ingredients: Ingredients) -> Result<Scenario, Error> {
        let Ingredients {
            library,
            parameters,
            disease,
            therapy,
            overrides,
            end_days,
            extra_days,
        } = ingredients;
        let used = used_parameters(parameters, disease, therapy, overrides)?;
        let text = model_text(library, therapy, &used)?;
        let resolve = |path: &str| {
            let file = library.text(&format!("model/{path}"));
            file.or_else(|_| library.text(&format!("model/drugs/{path}")))
                .ok()
                .map(str::to_owned)
        };
        let model = neurocart_model::load("scenario.ant", &text, &resolve, &Options::default())
            .map_err(|errors| Error::Model(rendered(errors, library)))?
            .model;

        let mut varying = Vec::new();
        for u in used.iter().filter(|u| u.parameter.varies()) {
            let name = program_name(&model, &u.name)?;
            varying.push(Varying {
                name,
                drawn_as: u.name.clone(),
                parameter: u.parameter.clone(),
            });
        }
        let names: Vec<String> = varying.iter().map(|v| v.name.clone()).collect();
        let weight = match varying.iter().position(|v| v.drawn_as == WEIGHT) {
            Some(i) => Weight::Varying(i),
            None => Weight::Fixed(
                used.iter()
                    .find(|u| u.name == WEIGHT)
                    .map_or(70.0, |u| u.parameter.value),
            ),
        };

        let (plan, targets) = dose_plan(therapy, end_days);
        let targets = targets
            .iter()
            .map(|t| program_name(&model, t))
            .collect::<Result<Vec<_>, _>>()?;
        let drugs: Vec<String> = therapy.drugs.iter().map(|d| d.name.clone()).collect();
        let mut outputs: Vec<String> = OUTPUTS.map(str::to_owned).to_vec();
        for drug in &drugs {
            outputs.push(program_name(&model, &format!("{drug}.concentration"))?);
        }
        let options = CompileOptions {
            fixed: Vec::new(),
            varying: names.clone(),
            outputs,
            targets,
        };
        let program = Program::compile(&model, options)?;
        let start_options = CompileOptions {
            fixed: Vec::new(),
            varying: names,
            outputs: START_OUTPUTS.map(str::to_owned).to_vec(),
            targets: Vec::new(),
        };
        let start = Program::compile(&model, start_options)?;
        let settings = Settings {
            start_days: FIRST_DAY,
            output_times_days: output_grid(end_days, extra_days),
            absolute_tolerance_of: SMALL_STATES
                .iter()
                .filter(|s| program.states().iter().any(|p| p == *s))
                .map(|s| (s.to_string(), SMALL_TOLERANCE))
                .collect(),
            ..Settings::default()
        };
        Ok(Scenario {
            disease: disease.clone(),
            therapy: therapy.clone(),
            text,
            model,
            program,
            start,
            settings,
            varying,
            used,
            drugs,
            weight,
            plan,
        })
    }

    /// Output times in days.
    pub fn times_days(&self) -> &[f64] {
        &self.settings.output_times_days
    }

    /// Number of outputs per time: [`OUTPUTS`], then the concentration of each drug.
    pub fn outputs(&self) -> usize {
        self.program.outputs().len()
    }

    /// Position of an output, by its name in [`OUTPUTS`] or `drug.concentration`.
    pub fn output(&self, name: &str) -> Option<usize> {
        let drug = name
            .strip_suffix(".concentration")
            .and_then(|d| self.drugs.iter().position(|x| x == d));
        drug.map(|i| OUTPUTS.len() + i)
            .or_else(|| OUTPUTS.iter().position(|o| *o == name))
    }

    /// Body weight of a patient with these parameters, kg.
    pub fn weight_kg(&self, values: &[f64]) -> f64 {
        match self.weight {
            Weight::Fixed(kg) => kg,
            Weight::Varying(i) => values[i],
        }
    }

    /// The patient's doses, in units of the model.
    pub fn doses(&self, values: &[f64]) -> Vec<Dose> {
        let weight_kg = self.weight_kg(values);
        let dose = |p: &Planned| {
            let amount = match p.amount {
                Amount::Set(value) => {
                    return Dose {
                        time_days: p.day,
                        target: p.target,
                        action: Action::Set(value),
                    };
                }
                Amount::Add(amount) => amount,
                Amount::PerKg { amount, maximum } => (amount * weight_kg).min(maximum),
            };
            let action = match p.infusion_days > 0.0 {
                true => Action::Infuse {
                    amount,
                    duration_days: p.infusion_days,
                },
                false => Action::Add(amount),
            };
            Dose {
                time_days: p.day,
                target: p.target,
                action,
            }
        };
        self.plan.iter().map(dose).collect()
    }
}

/// The errors of a model in words, with its modules called as the user knows their files.
fn rendered(mut errors: Vec<neurocart_model::Diagnostic>, library: &Library) -> String {
    for error in &mut errors {
        for place in std::iter::once(&mut error.place).chain(&mut error.related) {
            let file = |folder: &str| library.find(&format!("{folder}/{}", place.source));
            if let Some(file) = file("model").or_else(|| file("model/drugs")) {
                place.source = file.name.to_owned();
            }
        }
    }
    neurocart_model::render(&errors)
}

/// All parameters of the core and of the drugs, with the user's values.
pub(crate) fn used_parameters(
    table: &Parameters,
    disease: &Disease,
    therapy: &Therapy,
    overrides: &[Override],
) -> Result<Vec<Used>, Error> {
    let mut scopes = vec!["core", disease.parameter_scope.as_str()];
    scopes.extend(therapy.parameter_scope.as_deref());
    for scope in &scopes {
        if !table.has_scope(scope) {
            let message = format!("no row of the parameter table has scope `{scope}`");
            let near = nearest(scope, table.rows().iter().map(|r| r.scope.as_str()));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add a row, or correct `parameter_scope` in the disease or therapy file"
                    .to_owned(),
            };
            return Err(Problem::new("library/parameters.csv", message)
                .hint(hint)
                .into());
        }
    }
    let mut used = Vec::new();
    for row in table.rows().iter().filter(|r| r.scope == "core") {
        used.push(Used {
            name: row.symbol.clone(),
            parameter: table.get(&row.symbol, &scopes)?,
        });
    }
    for drug in &therapy.drugs {
        let module = format!("module:{}", drug.module);
        let own = drug.scope();
        for row in table.rows().iter().filter(|r| r.scope == module) {
            let parameter = table.get(&row.symbol, &[&module, &own])?;
            used.push(Used {
                name: format!("{}.{}", drug.name, row.symbol),
                parameter,
            });
        }
    }
    for change in overrides {
        if let Some(u) = used.iter_mut().find(|u| u.name == change.symbol) {
            u.parameter = table.overridden(&u.parameter, change)?;
        }
    }
    Ok(used)
}

/// Checks that every override names a parameter of one of the scenarios or of the layers.
pub fn check_overrides(
    table: &Parameters,
    scenarios: &[&Scenario],
    overrides: &[Override],
) -> Result<(), Error> {
    let layers = table
        .rows()
        .iter()
        .filter(|r| r.scope == "stochastic")
        .map(|r| r.symbol.as_str());
    let models = scenarios
        .iter()
        .flat_map(|s| s.used.iter().map(|u| u.name.as_str()));
    let known: Vec<&str> = layers.chain(models).collect();
    match overrides
        .iter()
        .find(|o| !known.contains(&o.symbol.as_str()))
    {
        Some(change) => Err(table.unknown_override(change, known)),
        None => Ok(()),
    }
}

fn model_text(library: &Library, therapy: &Therapy, used: &[Used]) -> Result<String, Error> {
    let mut modules: Vec<&str> = therapy.drugs.iter().map(|d| d.module.as_str()).collect();
    modules.sort_unstable();
    modules.dedup();
    let mut effects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for drug in &therapy.drugs {
        let path = format!("model/drugs/{}.ant", drug.module);
        for effect in effect_names(library.text(&path)?) {
            effects
                .entry(effect.to_owned())
                .or_default()
                .push(format!("{}.effect_on_{effect}", drug.name));
        }
    }
    let mut text = String::new();
    let _ = writeln!(text, "import \"{CORE_FILE}\"");
    for module in modules {
        let _ = writeln!(text, "import \"drugs/{module}.ant\"");
    }
    let _ = writeln!(text, "\nmodel scenario()\n  core: {CORE_MODEL}();");
    for drug in &therapy.drugs {
        let _ = writeln!(text, "  {}: {}();", drug.name, drug.module);
    }
    for (effect, terms) in &effects {
        let _ = writeln!(text, "  core.{effect} := {};", terms.join(" + "));
    }
    for u in used {
        // A parameter of the core lies in the submodel that its row names.
        let prefix = match u.parameter.module.as_str() {
            _ if u.name.contains('.') => String::new(),
            CORE_MODEL | "" => "core.".to_owned(),
            module => format!("core.{module}_."),
        };
        let _ = writeln!(text, "  {prefix}{} = {};", u.name, u.parameter.value);
    }
    text.push_str("end\n");
    Ok(text)
}

/// Names X of the quantities `effect_on_X` that a drug module assigns.
fn effect_names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (name, _) = line.trim().strip_prefix("effect_on_")?.split_once(":=")?;
        Some(name.trim())
    })
}

/// The name that the flat model gives to `symbol` or `drug.symbol`.
fn program_name(model: &Model, name: &str) -> Result<String, Error> {
    let plain = name.rsplit('.').next().unwrap_or(name);
    [name.to_owned(), format!("core.{name}"), plain.to_owned()]
        .into_iter()
        .find(|candidate| model.symbol(candidate).is_some())
        .ok_or_else(|| {
            let problem = Problem::new("library/model", format!("the model has no `{name}`"));
            match nearest(plain, model.symbols.iter().map(|s| s.name.as_str())) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")).into(),
                None => problem
                    .hint("a row of the parameter table or a field of the therapy file names it")
                    .into(),
            }
        })
}

/// What is given when, and the states it goes to.
fn dose_plan(therapy: &Therapy, end_days: f64) -> (Vec<Planned>, Vec<String>) {
    let mut targets: Vec<String> = Vec::new();
    let mut target = |name: String| {
        targets.iter().position(|t| *t == name).unwrap_or_else(|| {
            targets.push(name);
            targets.len() - 1
        })
    };
    let mut plan = Vec::new();
    if let Some(depletion) = therapy.lymphodepletion.as_ref().filter(|l| l.units > 0.0) {
        let target = target(LYMPHODEPLETION.to_owned());
        let amount = Amount::Add(depletion.units);
        plan.extend(depletion.days.iter().map(|&day| Planned {
            day,
            target,
            amount,
            infusion_days: 0.0,
        }));
    }
    // Cells in the model are counted in 1e9.
    let amount = match (therapy.dose_cells_per_kg, therapy.dose_cells) {
        (Some(per_kg), _) => Some(Amount::PerKg {
            amount: per_kg / 1e9,
            maximum: f64::INFINITY,
        }),
        (_, cells) => cells.map(|c| Amount::Add(c / 1e9)),
    };
    if let (Some(amount), Some(state)) = (amount, &therapy.infused_state) {
        let cells = target(state.clone());
        let fitness = target(FITNESS.to_owned());
        for &day in &therapy.infusion_days {
            plan.push(Planned {
                day,
                target: cells,
                amount,
                infusion_days: 0.0,
            });
            plan.push(Planned {
                day,
                target: fitness,
                amount: Amount::Set(1.0),
                infusion_days: 0.0,
            });
        }
    }
    for drug in &therapy.drugs {
        for dose in &drug.doses {
            let compartment = match dose.route {
                Route::Iv => "central",
                Route::Sc => "depot",
            };
            let target = target(format!("{}.{compartment}", drug.name));
            let amount = match (dose.dose_mg, dose.dose_mg_per_kg) {
                (_, Some(amount)) => Amount::PerKg {
                    amount,
                    maximum: dose.maximum_mg.unwrap_or(f64::INFINITY),
                },
                (mg, None) => Amount::Add(mg.unwrap_or(0.0)),
            };
            let infusion_days = dose.infusion_hours / 24.0;
            plan.extend(dose.days_until(end_days).into_iter().map(|day| Planned {
                day,
                target,
                amount,
                infusion_days,
            }));
        }
    }
    plan.retain(|p| p.day <= end_days);
    plan.sort_by(|a, b| a.day.total_cmp(&b.day));
    (plan, targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(disease: &str, therapy: &str, overrides: &[Override]) -> Result<Scenario, Error> {
        let library = Library::embedded();
        let parameters = Parameters::of(&library)?;
        let disease = Disease::load(&library, disease)?;
        let therapy = Therapy::load(&library, therapy, &[])?;
        Scenario::build(Ingredients {
            library: &library,
            parameters: &parameters,
            disease: &disease,
            therapy: &therapy,
            overrides,
            end_days: 365.0,
            extra_days: &[],
        })
    }

    #[test]
    fn every_therapy_builds_in_every_disease() {
        let library = Library::embedded();
        for (i, therapy) in library.therapy_ids().into_iter().enumerate() {
            // Each disease and each therapy once; the text of a pair has no other ingredients.
            let diseases = library.disease_ids();
            let disease = diseases[i % diseases.len()];
            let scenario =
                build(disease, therapy, &[]).unwrap_or_else(|e| panic!("{disease} {therapy}: {e}"));
            assert!(scenario.varying.len() > 50);
        }
    }

    #[test]
    fn doses_follow_the_body_weight() {
        let scenario = build("mg-achr", "cd19-cart", &[]).unwrap();
        let mut values: Vec<f64> = scenario.varying.iter().map(|v| v.parameter.value).collect();
        let Weight::Varying(weight) = scenario.weight else {
            panic!("the weight varies")
        };
        values[weight] = 100.0;
        let doses = scenario.doses(&values);
        let days: Vec<f64> = doses.iter().map(|d| d.time_days).collect();
        assert_eq!(days, [-5.0, -4.0, -3.0, 0.0, 0.0]);
        assert_eq!(doses[3].action, Action::Add(0.1));
        assert_eq!(doses[4].action, Action::Set(1.0));
    }

    #[test]
    fn an_unknown_override_gets_the_nearest_name() {
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        let change = Override::parse("tehta=0.2", "--set").unwrap();
        let scenario = build("mg-achr", "placebo", &[]).unwrap();
        insta::assert_snapshot!(check_overrides(&parameters, &[&scenario], &[change]).unwrap_err(), @r"
        unknown parameter `tehta`
          --> --set
             = hint: did you mean `theta`?
        ");
    }

    #[test]
    fn the_grid_is_dense_early_and_ends_at_the_end() {
        let grid = output_grid(100.0, &[84.0, 200.0]);
        assert_eq!((grid[0], grid[1]), (-10.0, -9.5));
        assert_eq!(grid.iter().filter(|&&d| d <= 30.0).count(), 81);
        assert!(grid.contains(&84.0) && grid.contains(&45.0) && !grid.contains(&200.0));
        assert_eq!(grid.last(), Some(&100.0));
    }
}
