//! Mixed model for repeated measures (MMRM).
//!
//! outcome ~ baseline + arm * visit (+ baseline * visit, covariates, strata), with correlated
//! residuals within a subject and no random effects. Subjects contribute the visits they have: the
//! estimates are those of the full data if values are missing at random. Estimation by REML
//! (default) or ML; the effect of treatment is the difference of least-squares means at a visit.
//! Mallinckrodt et al. 2008, doi:10.1177/009286150804200402; Laird and Ware 1982,
//! doi:10.2307/2529876. Compared with R's `mmrm` 0.3.18.
//!
//! The unstructured covariance is tried first. Where it cannot be fitted the structures named in
//! [`MmrmOptions::structures`] follow in their order, and the result says which one was used and
//! why those before it were not.

mod covariance_structure;
mod design_matrix;
mod kenward_roger;
mod least_squares_means;
mod likelihood;
mod optimiser;
mod sample_size;
mod satterthwaite;

pub use covariance_structure::CovarianceStructure;
pub use sample_size::{
    RepeatedMeasuresDesign, RepeatedMeasuresSampleSize, VarianceFactors, VisitCorrelation,
    repeated_measures_power, repeated_measures_sample_size, variance_factors,
};

use crate::error::check_level;
use crate::{Estimate, InputError, Interval, NotEstimable};
use design_matrix::Design;
use least_squares_means::Coefficients;
use optimiser::{Optimum, optimum};

/// Measurements in long form: one row for each value that was observed. A missing visit has no row.
/// Arm, baseline, covariates and strata are repeated in every row of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RepeatedMeasures<'a> {
    /// Label of the subject.
    pub subject: &'a [usize],
    /// Label of the visit, rising with time; at most 24 different ones.
    pub visit: &'a [usize],
    /// Label of the arm; the smallest is the reference.
    pub arm: &'a [usize],
    /// Baseline value.
    pub baseline: &'a [f64],
    /// Outcome, usually the change from baseline.
    pub outcome: &'a [f64],
    /// Further covariates, one slice each.
    pub covariates: &'a [&'a [f64]],
    /// Stratum, a factor.
    pub strata: Option<&'a [usize]>,
}

/// How the variances are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Likelihood {
    /// Restricted maximum likelihood: the default.
    #[default]
    Restricted,
    /// Maximum likelihood, for comparing mean models.
    Full,
}

/// Degrees of freedom and standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DegreesOfFreedom {
    /// Satterthwaite's, with unadjusted standard errors: the default.
    #[default]
    Satterthwaite,
    /// Kenward and Roger's with second derivatives, in the parameters of R's `mmrm`.
    KenwardRoger,
    /// Kenward and Roger's without second derivatives; for the unstructured covariance the
    /// adjustment of their paper and of SAS.
    KenwardRogerLinear,
}

/// Choices for the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmrmOptions<'a> {
    /// Covariance structures in the order they are tried.
    pub structures: &'a [CovarianceStructure],
    /// REML or ML.
    pub likelihood: Likelihood,
    /// Degrees of freedom and standard errors.
    pub degrees_of_freedom: DegreesOfFreedom,
    /// Whether the slope of the baseline differs between visits; one slope by default.
    pub baseline_by_visit: bool,
    /// Baseline at which the means are taken; the mean over all rows by default.
    pub at_baseline: Option<f64>,
    /// Confidence level, 0.95 by default.
    pub confidence_level: f64,
}

impl Default for MmrmOptions<'_> {
    fn default() -> Self {
        MmrmOptions {
            structures: &[
                CovarianceStructure::Unstructured,
                CovarianceStructure::ToeplitzHeterogeneous,
                CovarianceStructure::Ar1Heterogeneous,
                CovarianceStructure::CompoundSymmetryHeterogeneous,
            ],
            likelihood: Likelihood::Restricted,
            degrees_of_freedom: DegreesOfFreedom::Satterthwaite,
            baseline_by_visit: false,
            at_baseline: None,
            confidence_level: 0.95,
        }
    }
}

/// An estimate with its t interval and test against zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixedEstimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom.
    pub degrees_of_freedom: f64,
    /// Confidence interval.
    pub interval: Interval,
    /// Estimate over standard error.
    pub t: f64,
    /// Two-sided p value.
    pub p_value: f64,
}

/// Least-squares mean of one arm at one visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VisitMean {
    /// Label of the visit.
    pub visit: usize,
    /// Label of the arm.
    pub arm: usize,
    /// Subjects of the arm seen at the visit.
    pub subjects: usize,
    /// Its least-squares mean.
    pub mean: MixedEstimate,
}

/// One arm against the reference arm at one visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VisitDifference {
    /// Label of the visit.
    pub visit: usize,
    /// Label of the arm.
    pub arm: usize,
    /// Least-squares mean of the arm minus that of the reference arm.
    pub difference: MixedEstimate,
}

/// Weight of an arm's mean at a visit in a contrast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellWeight {
    /// Label of the visit.
    pub visit: usize,
    /// Label of the arm.
    pub arm: usize,
    /// The weight.
    pub weight: f64,
}

/// A structure that was tried before the one used, and why it was left.
#[derive(Debug, Clone, PartialEq)]
pub struct AbandonedStructure {
    /// The structure.
    pub structure: CovarianceStructure,
    /// Why it has no estimate.
    pub reason: NotEstimable,
}

/// A fitted mixed model for repeated measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Mmrm {
    /// The covariance structure used.
    pub structure: CovarianceStructure,
    /// Those tried before it.
    pub abandoned: Vec<AbandonedStructure>,
    /// Labels of the visits, in order.
    pub visits: Vec<usize>,
    /// Labels of the arms; the first is the reference.
    pub arms: Vec<usize>,
    /// Subjects with at least one value.
    pub subjects: usize,
    /// Values.
    pub observations: usize,
    /// Least-squares means, visit by visit.
    pub means: Vec<VisitMean>,
    /// Differences from the reference arm, visit by visit.
    pub differences: Vec<VisitDifference>,
    /// Change of the outcome per unit of baseline: one, or one for each visit.
    pub baseline_slopes: Vec<MixedEstimate>,
    /// The contrasts asked for, in their order.
    pub contrasts: Vec<MixedEstimate>,
    /// Residual covariance of the visits, row-major, in their order.
    pub covariance: Vec<f64>,
    /// Number of covariance parameters.
    pub covariance_parameters: usize,
    /// Maximum of the log-likelihood; the restricted one has -(n - p)/2 log 2 pi and
    /// -1/2 log|X' V^-1 X|.
    pub log_likelihood: f64,
    /// Akaike's criterion; under REML the covariance parameters alone are counted.
    pub aic: f64,
    /// Schwarz's criterion, with the number of subjects.
    pub bic: f64,
    /// Newton steps.
    pub iterations: usize,
}

impl Mmrm {
    /// The first non-reference arm against the reference at the last visit.
    pub fn last_difference(&self) -> &VisitDifference {
        &self.differences[(self.visits.len() - 1) * (self.arms.len() - 1)]
    }
}

/// Fits the model. In [`NotEstimable::Collinear`] covariate 0 is the baseline, then come the
/// covariates, then strata.
pub fn mmrm(data: &RepeatedMeasures, options: &MmrmOptions) -> Estimate<Mmrm> {
    mmrm_with_contrasts(data, options, &[])
}

/// Fits the model and estimates further contrasts of the means of arms at visits, for example the
/// average difference over several visits.
pub fn mmrm_with_contrasts(
    data: &RepeatedMeasures,
    options: &MmrmOptions,
    contrasts: &[&[CellWeight]],
) -> Estimate<Mmrm> {
    check_options(options)?;
    let design = Design::new(data, options.baseline_by_visit)?;
    let cells = cells_of(&design, contrasts)?;
    let mut abandoned = Vec::new();
    for &structure in options.structures {
        match fit(&design, structure, options, &cells) {
            Ok(mut mmrm) => {
                mmrm.abandoned = abandoned;
                return Ok(mmrm);
            }
            Err(reason) => abandoned.push(AbandonedStructure { structure, reason }),
        }
    }
    // The reason of the first choice tells most about the data.
    Err(abandoned.swap_remove(0).reason)
}

fn check_options(options: &MmrmOptions) -> Result<(), InputError> {
    check_level(options.confidence_level)?;
    if options.structures.is_empty() {
        return Err(InputError::Unsupported {
            problem: "no covariance structure was named",
            fix: "name at least one in `structures`",
        });
    }
    match options
        .at_baseline
        .filter(|v| v.is_nan() || v.abs() > 1e100)
    {
        None => Ok(()),
        Some(value) => Err(InputError::Range {
            name: "at_baseline",
            value,
            expected: "between -1e100 and 1e100",
        }),
    }
}

/// Contrasts by the positions of arm and visit.
type Cells = Vec<Vec<(usize, usize, f64)>>;

fn cells_of(design: &Design, contrasts: &[&[CellWeight]]) -> Result<Cells, InputError> {
    let find = |name, labels: &[usize], label: usize| {
        labels.binary_search(&label).map_err(|_| InputError::Range {
            name,
            value: label as f64,
            expected: "a label that occurs in the data",
        })
    };
    contrasts
        .iter()
        .map(|contrast| {
            contrast
                .iter()
                .map(|cell| {
                    if cell.weight.is_nan() || cell.weight.abs() > 1e100 {
                        return Err(InputError::Range {
                            name: "weight",
                            value: cell.weight,
                            expected: "between -1e100 and 1e100",
                        });
                    }
                    let arm = find("arm of a contrast", &design.arms, cell.arm)?;
                    let visit = find("visit of a contrast", &design.visits, cell.visit)?;
                    Ok((arm, visit, cell.weight))
                })
                .collect()
        })
        .collect()
}

fn fit(
    design: &Design,
    structure: CovarianceStructure,
    options: &MmrmOptions,
    contrasts: &Cells,
) -> Estimate<Mmrm> {
    check_identified(design, structure)?;
    let reml = options.likelihood == Likelihood::Restricted;
    let found: Optimum = optimum(design, structure, reml)?;
    let coefficients = Coefficients::new(design, &found, options);
    let (k, m, p) = (design.arms.len(), design.visits.len(), design.columns.len());
    let (centre, unit) = design.scaling[0];
    let shift = options.at_baseline.map_or(0.0, |b| (b - centre) / unit);
    let combination = |cells: &[(usize, usize, f64)]| {
        let mut c = vec![0.0; p];
        for &(arm, visit, weight) in cells {
            let mean = design.cell_mean(arm, visit, shift);
            c.iter_mut().zip(&mean).for_each(|(c, x)| *c += weight * x);
        }
        coefficients.contrast(&c)
    };
    let mut means = Vec::with_capacity(k * m);
    let mut differences = Vec::with_capacity((k - 1) * m);
    for visit in 0..m {
        for arm in 0..k {
            means.push(VisitMean {
                visit: design.visits[visit],
                arm: design.arms[arm],
                subjects: design.cells[visit * k + arm],
                mean: combination(&[(arm, visit, 1.0)])?,
            });
        }
        for arm in 1..k {
            differences.push(VisitDifference {
                visit: design.visits[visit],
                arm: design.arms[arm],
                difference: combination(&[(arm, visit, 1.0), (0, visit, -1.0)])?,
            });
        }
    }
    let slope = |j: usize| {
        let mut c = vec![0.0; p];
        c[j] = 1.0 / unit;
        coefficients.contrast(&c)
    };
    let baseline_slopes = (0..p)
        .filter(|&j| design.columns[j].component == k)
        .map(slope)
        .collect::<Estimate<Vec<_>>>()?;
    let contrasts = contrasts
        .iter()
        .map(|cells| combination(cells))
        .collect::<Estimate<Vec<_>>>()?;

    let covariance_parameters = structure.parameters(m);
    let log_likelihood = log_likelihood(design, &found, reml);
    let counted = covariance_parameters + if reml { 0 } else { p };
    let penalty = counted as f64;
    Ok(Mmrm {
        structure,
        abandoned: Vec::new(),
        visits: design.visits.clone(),
        arms: design.arms.clone(),
        subjects: design.subjects,
        observations: design.observations,
        means,
        differences,
        baseline_slopes,
        contrasts,
        covariance: {
            let variance = design.spread * design.spread;
            let matrix = &found.fitted.covariance.matrix;
            matrix.iter().map(|x| x * variance).collect()
        },
        covariance_parameters,
        log_likelihood,
        aic: 2.0 * penalty - 2.0 * log_likelihood,
        bic: penalty * libm::log(design.subjects as f64) - 2.0 * log_likelihood,
        iterations: found.iterations,
    })
}

/// What the data must hold for a structure to have an estimate at all.
fn check_identified(design: &Design, structure: CovarianceStructure) -> Estimate<()> {
    if structure != CovarianceStructure::Unstructured {
        return Ok(());
    }
    let m = design.visits.len();
    // The error contrasts between subjects must span the visits.
    let needed = design.components + m;
    if design.subjects < needed {
        return Err(NotEstimable::TooFewSubjects {
            subjects: design.subjects,
            needed,
        });
    }
    for second in 0..m {
        for first in 0..second {
            let both = |visits: &[usize]| visits.contains(&first) && visits.contains(&second);
            if !design.patterns.iter().any(|p| both(&p.visits)) {
                return Err(NotEstimable::VisitsNeverTogether {
                    first: design.visits[first],
                    second: design.visits[second],
                });
            }
        }
    }
    Ok(())
}

/// The log-likelihood in the units of the outcome and the covariates.
fn log_likelihood(design: &Design, optimum: &Optimum, reml: bool) -> f64 {
    let n = design.observations as f64;
    let mut counted = n;
    let mut log_units = 0.0;
    if reml {
        counted -= design.columns.len() as f64;
        for column in &design.columns {
            let slope = column.component.checked_sub(design.arms.len());
            if let Some((_, unit)) = slope.and_then(|j| design.scaling.get(j)) {
                log_units += libm::log(*unit);
            }
        }
    }
    -0.5 * optimum.fitted.deviance - counted * libm::log(design.spread) - log_units
}
