//! Virtual patients: what varies between people, drawn by name.
//!
//! Every draw has the address (seed, symbol, patient): a patient is the same under every regimen,
//! and neither a further parameter nor a further drug changes the others. Log-normal: value
//! exp(s z) with s^2 = ln(1 + cv^2), so that the value is the median; logit-normal: `cv` is the
//! standard deviation on the logit scale; normal: value (1 + cv z). Draws are not cut at the range
//! of the table, which is for typical values: cutting would move medians and spreads away from those
//! the model was calibrated with. Instead a candidate who cannot be a patient is left out, and
//! the next one takes the place (MODEL section 12.1); how many, and why, is reported.

use std::collections::BTreeMap;

use neurocart_numeric::elementary::{exp1, ln1, sqrt1};
use neurocart_numeric::{Key, Stream};

use crate::correlation::Correlations;
use crate::layers::Layers;
use crate::parameters::{Distribution, Parameter};
use crate::scenario::{START_OUTPUTS, Scenario};
use crate::{attack, disability, purpose};

/// Blood pools of B cells follow the patient's tissue pools.
const BLOOD_POOLS: [(&str, &str); 2] = [("BNb0", "BNt0"), ("BMb0", "BMt0")];

/// A virtual patient before treatment.
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualPatient {
    /// Number of the candidate, the address of the patient's draws.
    pub number: u64,
    /// Frailty of the attack hazard.
    pub attack_frailty: f64,
    /// Latent EDSS, where the disease has it.
    pub edss: Option<f64>,
    start: [f64; START_OUTPUTS.len()],
}

impl VirtualPatient {
    /// A constant of the patient or a value before treatment, by its symbol in the model.
    fn start(&self, symbol: &str) -> f64 {
        START_OUTPUTS
            .iter()
            .position(|s| *s == symbol)
            .map_or(f64::NAN, |i| self.start[i])
    }
    /// Body weight, kg.
    pub fn weight_kg(&self) -> f64 {
        self.start("WT")
    }
    /// MG-ADL without noise.
    pub fn mg_adl(&self) -> f64 {
        self.start("MGADL")
    }
    /// QMG without noise.
    pub fn qmg(&self) -> f64 {
        self.start("QMG")
    }
    /// Total IgG, g/L.
    pub fn igg_g_per_l(&self) -> f64 {
        self.start("cG")
    }
    /// Attacks per year before treatment, frailty included.
    pub fn attacks_per_year(&self) -> f64 {
        365.0 * (self.start("hMS") + self.start("hNM")) * self.attack_frailty
    }
    /// Loss rates of the passing part of an attack, of neurofilament and of GFAP, per day.
    pub(crate) fn decays_per_day(&self) -> [f64; 3] {
        ["krec", "kNf", "kGF"].map(|s| self.start(s))
    }
    /// Founding, growth and loss rate of the autoreactive clone, per day.
    pub(crate) fn clone_rates_per_day(&self) -> [f64; 3] {
        ["epsA", "rA", "dA"].map(|s| self.start(s))
    }
}

/// Why a candidate is no plausible patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Implausible {
    /// A rate that makes the untreated state an equilibrium would be negative.
    NoSteadyState(&'static str),
    /// IgG before treatment outside the plausible range.
    BaselineIgg,
    /// CAR T peak below the plausible range.
    PeakTooLow,
    /// CAR T peak above the plausible range.
    PeakTooHigh,
}

impl std::fmt::Display for Implausible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Implausible::NoSteadyState(symbol) => {
                write!(f, "no steady state: `{symbol}` out of bounds")
            }
            Implausible::BaselineIgg => f.write_str("baseline IgG outside the plausible range"),
            Implausible::PeakTooLow => f.write_str("CAR T peak below the plausible range"),
            Implausible::PeakTooHigh => f.write_str("CAR T peak above the plausible range"),
        }
    }
}

/// How many candidates were looked at, and how many of them were no patients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screening {
    /// Candidates.
    pub candidates: usize,
    /// Rejected candidates by reason.
    pub rejected: BTreeMap<Implausible, usize>,
}

impl Screening {
    /// Number of rejected candidates.
    pub fn rejections(&self) -> usize {
        self.rejected.values().sum()
    }
    /// Adds another screening.
    pub fn add(&mut self, other: &Screening) {
        self.candidates += other.candidates;
        for (reason, n) in &other.rejected {
            *self.rejected.entry(*reason).or_default() += n;
        }
    }
}

/// The values of a scenario's varying parameters in patient `number`.
pub fn parameter_values(
    scenario: &Scenario,
    layers: &Layers,
    correlations: &Correlations,
    seed: u64,
    number: u64,
) -> Vec<f64> {
    let z = |symbol: &str| correlations.normal(symbol, |s| normal(seed, s, number));
    let value = |symbol: &str, p: &Parameter, pool_cv: Option<f64>| match p.distribution() {
        Distribution::LogNormal => p.value * exp1(sigma(pool_cv.unwrap_or(p.cv())) * z(symbol)),
        Distribution::LogitNormal => {
            let logit = ln1(p.value / (1.0 - p.value)) + p.cv() * z(symbol);
            1.0 / (1.0 + exp1(-logit))
        }
        Distribution::Normal => p.value * (1.0 + p.cv() * z(symbol)),
        Distribution::Fixed | Distribution::Gamma => p.value,
    };
    let drawn = |v: &crate::scenario::Varying| {
        let Some((_, tissue)) = BLOOD_POOLS.iter().find(|(blood, _)| *blood == v.drawn_as) else {
            return value(&v.drawn_as, &v.parameter, None);
        };
        let scale = scenario.varying.iter().find(|t| t.drawn_as == *tissue);
        let scale = scale.map_or(1.0, |t| {
            value(&t.drawn_as, &t.parameter, None) / t.parameter.value
        });
        scale * value(&v.drawn_as, &v.parameter, Some(layers.blood_pool_cv))
    };
    scenario.varying.iter().map(drawn).collect()
}

/// The patient of candidate `number` with these parameters, or why there is none.
pub fn patient(
    scenario: &Scenario,
    layers: &Layers,
    seed: u64,
    number: u64,
    values: &[f64],
) -> Result<VirtualPatient, Implausible> {
    let mut start = [f64::NAN; START_OUTPUTS.len()];
    // A failure leaves NaN behind, which no rule below accepts.
    if let Ok(found) = scenario
        .start
        .outputs_at_start(values, scenario.settings.start_days)
    {
        start.copy_from_slice(&found);
    }
    let patient = VirtualPatient {
        number,
        attack_frailty: layers
            .attacks
            .map_or(1.0, |a| attack::frailty(a.frailty_cv, seed, number)),
        edss: layers
            .disability
            .map(|d| disability::baseline(&d, seed, number)),
        start,
    };
    // Spelt as a comparison that NaN fails.
    let above = |value: f64, bound: f64| value > bound;
    let positive = ["kbtM", "iNM", "mP", "kcat0", "rA"];
    if let Some(symbol) = positive.into_iter().find(|s| !above(patient.start(s), 0.0)) {
        return Err(Implausible::NoSteadyState(symbol));
    }
    if !above(patient.start("dA"), patient.start("epsA")) {
        return Err(Implausible::NoSteadyState("epsA"));
    }
    if !above(patient.start("amax"), 1.0) {
        return Err(Implausible::NoSteadyState("amax"));
    }
    let (low, high) = layers.plausible_igg;
    if !(low..=high).contains(&patient.igg_g_per_l()) {
        return Err(Implausible::BaselineIgg);
    }
    Ok(patient)
}

/// The standard normal draw of a symbol in a patient.
fn normal(seed: u64, symbol: &str, patient: u64) -> f64 {
    let key = Key {
        seed,
        purpose: purpose::PARAMETERS,
        scenario: address(symbol),
        replicate: 0,
        patient,
    };
    Stream::new(key).normal()
}

/// The address of a symbol: FNV-1a of its name (Fowler, Noll, Vo; RFC 9923).
fn address(symbol: &str) -> u32 {
    symbol.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Standard deviation on the log scale that gives a coefficient of variation.
fn sigma(cv: f64) -> f64 {
    sqrt1(ln1(1.0 + cv * cv))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disease::Disease;
    use crate::parameters::Parameters;
    use crate::scenario::Ingredients;
    use crate::therapy::Therapy;
    use neurocart_library::Library;

    fn setting(therapy: &str) -> (Scenario, Layers) {
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        let disease = Disease::load(&library, "mg-achr").unwrap();
        let scenario = Scenario::build(Ingredients {
            library: &library,
            parameters: &parameters,
            disease: &disease,
            therapy: &Therapy::load(&library, therapy, &[]).unwrap(),
            overrides: &[],
            end_days: 100.0,
            extra_days: &[],
        });
        (
            scenario.unwrap(),
            Layers::of(&parameters, &disease, &[]).unwrap(),
        )
    }

    #[test]
    fn no_two_symbols_share_an_address() {
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        let mut names: Vec<String> = parameters.rows().iter().map(|r| r.symbol.clone()).collect();
        for drug in [
            "rituximab",
            "ocrelizumab",
            "inebilizumab",
            "efgartigimod",
            "eculizumab",
            "natalizumab",
        ] {
            names.extend(
                parameters
                    .rows()
                    .iter()
                    .filter(|r| r.scope.starts_with("module:"))
                    .map(|r| format!("{drug}.{}", r.symbol)),
            );
        }
        names.sort();
        names.dedup();
        let addresses: std::collections::HashSet<u32> = names.iter().map(|n| address(n)).collect();
        assert_eq!(addresses.len(), names.len());
    }

    #[test]
    fn draws_have_the_median_and_spread_of_the_table() {
        let (scenario, layers) = setting("placebo");
        let n = 4000;
        let all: Vec<Vec<f64>> = (0..n)
            .map(|i| parameter_values(&scenario, &layers, &Correlations::default(), 7, i))
            .collect();
        for (j, v) in scenario.varying.iter().enumerate() {
            if BLOOD_POOLS.iter().any(|(b, _)| *b == v.drawn_as) {
                continue;
            }
            let logs: Vec<f64> = all
                .iter()
                .map(|p| match v.parameter.distribution() {
                    Distribution::LogitNormal => (p[j] / (1.0 - p[j])).ln(),
                    _ => p[j].ln(),
                })
                .collect();
            let (centre, spread) = match v.parameter.distribution() {
                Distribution::LogitNormal => (
                    (v.parameter.value / (1.0 - v.parameter.value)).ln(),
                    v.parameter.cv(),
                ),
                _ => (
                    v.parameter.value.ln(),
                    (1.0 + v.parameter.cv().powi(2)).ln().sqrt(),
                ),
            };
            let mean = logs.iter().sum::<f64>() / n as f64;
            let sd = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
            // 4.5 standard errors: about 120 parameters are looked at.
            assert!(
                (mean - centre).abs() < 4.5 * spread / (n as f64).sqrt(),
                "{}: {mean} {centre}",
                v.drawn_as
            );
            assert!(
                (sd / spread - 1.0).abs() < 4.5 / (2.0 * n as f64).sqrt(),
                "{}: {sd} {spread}",
                v.drawn_as
            );
        }
    }

    #[test]
    fn a_patient_is_the_same_under_every_regimen() {
        let (a, layers) = setting("placebo");
        let (b, _) = setting("rituximab");
        let none = Correlations::default();
        let (va, vb) = (
            parameter_values(&a, &layers, &none, 1, 5),
            parameter_values(&b, &layers, &none, 1, 5),
        );
        assert!(vb.len() > va.len());
        for (v, x) in a.varying.iter().zip(&va) {
            let j = b
                .varying
                .iter()
                .position(|w| w.drawn_as == v.drawn_as)
                .unwrap();
            assert_eq!(vb[j], *x, "{}", v.drawn_as);
        }
        assert_eq!(
            patient(&a, &layers, 1, 5, &va),
            patient(&b, &layers, 1, 5, &vb)
        );
    }

    #[test]
    fn implausible_candidates_are_rejected_for_their_reason() {
        let (scenario, layers) = setting("placebo");
        let mut values: Vec<f64> = scenario.varying.iter().map(|v| v.parameter.value).collect();
        let at = |name: &str| {
            scenario
                .varying
                .iter()
                .position(|v| v.drawn_as == name)
                .unwrap()
        };
        assert!(patient(&scenario, &layers, 1, 0, &values).is_ok());
        values[at("G0")] = 25.0;
        assert_eq!(
            patient(&scenario, &layers, 1, 0, &values),
            Err(Implausible::BaselineIgg)
        );
        // kbtM = ktbM BMt0 / BMb0 - dM.
        values[at("dM")] = 1.0;
        assert_eq!(
            patient(&scenario, &layers, 1, 0, &values),
            Err(Implausible::NoSteadyState("kbtM"))
        );
    }
}
