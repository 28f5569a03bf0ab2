//! How a trial does over its replicates, each number with its Monte Carlo standard error.
//!
//! A proportion p over R replicates has the error sqrt(p(1 - p)/R) and a Wilson interval, a mean has
//! s/sqrt(R) (Morris et al. 2019, doi:10.1002/sim.8086). A replicate without a p value did not
//! reject; one without an estimate is left out of bias and coverage and counted with its reason.

use std::collections::BTreeMap;

use neurocart_stats::monte_carlo::monte_carlo_proportion;
use serde::{Deserialize, Serialize};

use crate::analysis::{AnalysisResult, EstimateScale, estimate_name, scale};
use crate::large_sample::LargeSample;
use crate::replicate::{AS_DESIGNED, Truth};
use crate::specification::Specification;

/// A simulated quantity with its Monte Carlo error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonteCarlo {
    /// The value.
    pub value: f64,
    /// Its Monte Carlo standard error.
    pub standard_error: f64,
    /// Lower end of its 95 % interval.
    pub lower: f64,
    /// Upper end of its 95 % interval.
    pub upper: f64,
    /// Replicates it rests on.
    pub replicates: u64,
}

/// Operating characteristics of one analysis for one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatingCharacteristic {
    /// `as_designed`, or the name of a null.
    pub truth: String,
    /// Number of the analysis in the trial file, from 0.
    pub analysis: usize,
    /// Name of the endpoint.
    pub endpoint: String,
    /// Method, as in the trial file.
    pub method: crate::specification::Method,
    /// Name of the arm; of a comparison, the treated one.
    pub arm: String,
    /// Whether this analysis decides the trial.
    pub primary: bool,
    /// What the estimate is called.
    pub estimate_name: String,
    /// Scale of `mean_estimate`, `bias` and the standard errors.
    pub scale: EstimateScale,
    /// Replicates simulated.
    pub replicates: u64,
    /// Share of replicates that reject; of the null this is the type I error.
    pub rejected: Option<MonteCarlo>,
    /// Share that reject with the treated arm doing better: the power of the trial as designed.
    pub rejected_in_favour: Option<MonteCarlo>,
    /// Mean of the estimates.
    pub mean_estimate: Option<MonteCarlo>,
    /// Standard deviation of the estimates over replicates.
    pub empirical_standard_error: Option<f64>,
    /// Mean of the standard errors that the analyses report.
    pub mean_standard_error: Option<f64>,
    /// The large-sample value, on `scale`.
    pub true_value: Option<f64>,
    /// Its own standard error.
    pub true_value_standard_error: Option<f64>,
    /// Mean of estimate minus true value.
    pub bias: Option<MonteCarlo>,
    /// Share of intervals that hold the true value.
    pub coverage: Option<MonteCarlo>,
    /// Nominal coverage.
    pub nominal_coverage: f64,
    /// Mean number of subjects of the arm in the analysis.
    pub mean_subjects: Option<MonteCarlo>,
    /// Mean number of events, responders or attacks of the arm.
    pub mean_events: Option<MonteCarlo>,
    /// Replicates without an estimate, interval or p value that the method should give.
    pub not_estimable: u64,
    /// Their reasons, numbers left out, with how often each occurred.
    pub reasons: BTreeMap<String, u64>,
}

/// Type I error of what decides the trial, under one null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeOneError {
    /// Name of the null.
    pub null: String,
    /// Name of the arm that is tested.
    pub arm: String,
    /// Share of replicates that reject.
    pub rejected: MonteCarlo,
    /// Whether it is the largest of all. The largest of several estimates is itself biased
    /// upwards by about their Monte Carlo error.
    pub worst: bool,
}

/// Marks the largest.
pub fn mark_worst(errors: &mut [TypeOneError]) {
    let value = |error: &TypeOneError| error.rejected.value;
    // The first of equal ones.
    let worst = errors.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
    if let Some(first) = errors.iter_mut().find(|error| value(error) == worst) {
        first.worst = true;
    }
}

/// Type I error of the primary analysis under each null.
pub fn type_one_errors(characteristics: &[OperatingCharacteristic]) -> Vec<TypeOneError> {
    let mut errors: Vec<TypeOneError> = characteristics
        .iter()
        .filter(|c| c.primary && c.is_null())
        .filter_map(|c| {
            Some(TypeOneError {
                null: c.truth.clone(),
                arm: c.arm.clone(),
                rejected: c.rejected?,
                worst: false,
            })
        })
        .collect();
    mark_worst(&mut errors);
    errors
}

/// Mean and spread, added up in the order of the replicates (Welford).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
    }

    fn standard_deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }

    pub(crate) fn monte_carlo(&self, shift: f64) -> Option<MonteCarlo> {
        let standard_error = self.standard_deviation()? / (self.count as f64).sqrt();
        let value = self.mean - shift;
        let half = NORMAL_975 * standard_error;
        Some(MonteCarlo {
            value,
            standard_error,
            lower: value - half,
            upper: value + half,
            replicates: self.count,
        })
    }
}

/// 97.5 % point of the normal distribution.
const NORMAL_975: f64 = 1.959_963_984_540_054;

#[derive(Clone, Debug, Default)]
struct Tally {
    replicates: u64,
    rejected: u64,
    rejected_in_favour: u64,
    covered: u64,
    with_interval: u64,
    estimates: Moments,
    standard_errors: Moments,
    subjects: Moments,
    events: Moments,
    not_estimable: u64,
    reasons: BTreeMap<String, u64>,
}

/// Adds up replicates; the order of the results decides the last bits of the means.
#[derive(Clone, Debug)]
pub struct Accumulator<'a> {
    specification: &'a Specification,
    large_sample: &'a [LargeSample],
    tallies: BTreeMap<(Truth, usize, usize), Tally>,
}

impl OperatingCharacteristic {
    /// Whether it is under a null.
    pub fn is_null(&self) -> bool {
        self.truth != AS_DESIGNED
    }
}

impl<'a> Accumulator<'a> {
    /// Nothing added yet.
    pub fn new(specification: &'a Specification, large_sample: &'a [LargeSample]) -> Self {
        Accumulator {
            specification,
            large_sample,
            tallies: BTreeMap::new(),
        }
    }

    fn truth(&self, analysis: usize, arm: usize) -> Option<&LargeSample> {
        self.large_sample
            .iter()
            .find(|t| t.analysis == analysis && t.arm == arm)
    }

    /// Adds one result of one replicate.
    pub fn add(&mut self, truth: Truth, result: &AnalysisResult) {
        let analysis = &self.specification.analyses[result.analysis];
        let scale = scale(analysis.method);
        let true_value = self
            .truth(result.analysis, result.arm)
            .and_then(|t| t.estimate);
        let tally = self
            .tallies
            .entry((truth, result.analysis, result.arm))
            .or_default();
        tally.replicates += 1;
        tally.subjects.add(f64::from(result.subjects));
        tally.events.add(f64::from(result.events));
        if result.rejected == Some(true) {
            tally.rejected += 1;
            tally.rejected_in_favour += u64::from(result.favours_treatment == Some(true));
        }
        if let Some(estimate) = result.estimate.and_then(|value| on_scale(value, scale)) {
            tally.estimates.add(estimate);
        }
        if let Some(error) = result.standard_error {
            tally.standard_errors.add(error);
        }
        if let (Some(lower), Some(upper), Some(value)) = (result.lower, result.upper, true_value) {
            tally.with_interval += 1;
            tally.covered += u64::from(lower <= value && value <= upper);
        }
        if let Some(reason) = &result.reason {
            tally.not_estimable += 1;
            *tally.reasons.entry(without_numbers(reason)).or_default() += 1;
        }
    }

    /// The largest type I error of the primary analysis over the nulls so far.
    pub fn running_worst(&self) -> Option<MonteCarlo> {
        (0..self.specification.nulls.len())
            .filter_map(|number| self.running(Truth::Null(number)))
            .max_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// Share of replicates that reject in the primary analysis so far.
    pub fn running(&self, truth: Truth) -> Option<MonteCarlo> {
        let primary = self.specification.primary_analysis()?;
        let key = self
            .tallies
            .keys()
            .find(|key| key.0 == truth && key.1 == primary)?;
        let tally = &self.tallies[key];
        let count = match truth {
            Truth::AsDesigned => tally.rejected_in_favour,
            Truth::Null(_) => tally.rejected,
        };
        proportion(count, tally.replicates)
    }

    /// The operating characteristics of everything added.
    pub fn finish(&self) -> Vec<OperatingCharacteristic> {
        self.tallies
            .iter()
            .map(|(&key, tally)| self.characteristic(key, tally))
            .collect()
    }

    fn characteristic(
        &self,
        (truth, index, arm): (Truth, usize, usize),
        tally: &Tally,
    ) -> OperatingCharacteristic {
        let analysis = &self.specification.analyses[index];
        let scale = scale(analysis.method);
        let large = self
            .truth(index, arm)
            .filter(|_| truth == Truth::AsDesigned);
        let true_value = large.and_then(|t| on_scale(t.estimate?, scale));
        let test = analysis.method.is_test();
        let one_sided = analysis.alternative == crate::specification::Alternative::Better;
        OperatingCharacteristic {
            truth: truth.name(self.specification).to_owned(),
            analysis: index,
            endpoint: analysis.endpoint.clone(),
            method: analysis.method,
            arm: self.specification.arms[arm].name.clone(),
            primary: analysis.primary,
            estimate_name: estimate_name(analysis.method).to_owned(),
            scale,
            replicates: tally.replicates,
            rejected: proportion(tally.rejected, tally.replicates).filter(|_| test),
            rejected_in_favour: proportion(tally.rejected_in_favour, tally.replicates)
                .filter(|_| test),
            mean_estimate: tally.estimates.monte_carlo(0.0),
            empirical_standard_error: tally.estimates.standard_deviation(),
            mean_standard_error: (tally.standard_errors.count > 0)
                .then_some(tally.standard_errors.mean),
            true_value,
            true_value_standard_error: large.and_then(|t| t.standard_error),
            bias: true_value.and_then(|value| tally.estimates.monte_carlo(value)),
            coverage: proportion(tally.covered, tally.with_interval)
                .filter(|_| true_value.is_some()),
            nominal_coverage: 1.0 - analysis.alpha * if one_sided { 2.0 } else { 1.0 },
            mean_subjects: tally.subjects.monte_carlo(0.0),
            mean_events: tally.events.monte_carlo(0.0),
            not_estimable: tally.not_estimable,
            reasons: tally.reasons.clone(),
        }
    }
}

pub(crate) fn proportion(count: u64, total: u64) -> Option<MonteCarlo> {
    let found = monte_carlo_proportion(count, total).ok()?;
    Some(MonteCarlo {
        value: found.estimate,
        standard_error: found.standard_error,
        lower: found.interval.lower,
        upper: found.interval.upper,
        replicates: total,
    })
}

pub(crate) fn on_scale(value: f64, scale: EstimateScale) -> Option<f64> {
    let value = match scale {
        EstimateScale::Plain => value,
        EstimateScale::Log => neurocart_numeric::elementary::ln1(value),
        EstimateScale::None => return None,
    };
    value.is_finite().then_some(value)
}

/// A reason with its numbers replaced, so that equal reasons are counted together.
fn without_numbers(reason: &str) -> String {
    let mut out = String::with_capacity(reason.len());
    let mut in_number = false;
    for c in reason.chars() {
        let digit = c.is_ascii_digit() || (in_number && c == '.');
        if digit && !in_number {
            out.push('#');
        }
        if !digit {
            out.push(c);
        }
        in_number = digit;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specification::Method;

    fn specification() -> Specification {
        let text = include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");
        toml::from_str(text).unwrap()
    }

    fn cox(estimate: Option<f64>, p_value: Option<f64>) -> AnalysisResult {
        AnalysisResult {
            analysis: 1,
            arm: 0,
            subjects: 60,
            events: 20,
            estimate,
            standard_error: estimate.map(|_| 0.3),
            lower: estimate.map(|e| e / 1.8),
            upper: estimate.map(|e| e * 1.8),
            p_value,
            rejected: p_value.map(|p| p <= 0.05),
            favours_treatment: estimate.map(|e| e < 1.0),
            reason: estimate
                .is_none()
                .then(|| "not estimable: 3 subjects".to_owned()),
        }
    }

    #[test]
    fn power_bias_and_coverage_are_what_four_replicates_say() {
        let specification = specification();
        assert_eq!(specification.analyses[1].method, Method::Cox);
        let truth = [LargeSample {
            analysis: 1,
            arm: 0,
            estimate: Some(0.5),
            standard_error: Some(0.02),
            subjects: 10_000,
            reason: None,
        }];
        let mut all = Accumulator::new(&specification, &truth);
        for result in [
            cox(Some(0.5), Some(0.01)),
            cox(Some(0.25), Some(0.001)),
            cox(Some(2.0), Some(0.04)),
            cox(None, None),
        ] {
            all.add(Truth::AsDesigned, &result);
        }
        let found = &all.finish()[0];
        let (power, any) = (found.rejected_in_favour.unwrap(), found.rejected.unwrap());
        assert_eq!((power.value, any.value), (0.5, 0.75));
        assert_eq!(power.standard_error, 0.25);
        // ln 0.5, ln 0.25 and ln 2 less ln 0.5: 0, -ln 2 and 2 ln 2.
        let bias = found.bias.unwrap();
        assert!((bias.value - std::f64::consts::LN_2 / 3.0).abs() < 1e-12);
        assert_eq!(bias.replicates, 3);
        let coverage = found.coverage.unwrap();
        assert_eq!((coverage.value, coverage.replicates), (1.0 / 3.0, 3));
        assert_eq!(found.not_estimable, 1);
        assert_eq!(found.reasons["not estimable: # subjects"], 1);
    }

    #[test]
    fn the_null_has_no_bias_and_no_coverage() {
        let specification = specification();
        let mut all = Accumulator::new(&specification, &[]);
        all.add(Truth::Null(0), &cox(Some(1.1), Some(0.6)));
        all.add(Truth::Null(0), &cox(Some(0.9), Some(0.01)));
        let found = &all.finish()[0];
        assert!(found.bias.is_none() && found.coverage.is_none());
        assert_eq!(found.rejected.unwrap().value, 0.5);
    }

    #[test]
    fn the_worst_of_several_nulls_is_named() {
        let mut specification = specification();
        specification.analyses[0].primary = false;
        specification.analyses[1].primary = true;
        for name in ["late", "early", "rare"] {
            specification.nulls.push(crate::specification::Null {
                name: name.to_owned(),
                ..Default::default()
            });
        }
        let mut all = Accumulator::new(&specification, &[]);
        // The shipped null never rejects, the others once, twice and once of two.
        let p_values = [[0.6, 0.7], [0.6, 0.01], [0.01, 0.02], [0.02, 0.9]];
        for (number, p_values) in p_values.iter().enumerate() {
            for &p in p_values {
                all.add(Truth::Null(number), &cox(Some(1.1), Some(p)));
            }
        }
        assert_eq!(all.running_worst().unwrap().value, 1.0);
        let errors = type_one_errors(&all.finish());
        let found: Vec<_> = errors
            .iter()
            .map(|e| (e.null.as_str(), e.rejected.value, e.worst))
            .collect();
        let expected = [
            ("anti-cd20-in-both-arms", 0.0, false),
            ("late", 0.5, false),
            ("early", 1.0, true),
            ("rare", 0.5, false),
        ];
        assert_eq!(found, expected);
    }
}
