//! CRM, the continual reassessment method, with one parameter.
//!
//! After the data the model (`crm_model.rs`) is refitted, and the dose whose DLT rate is nearest to
//! the target is recommended.
//! * Bayes: b ~ N(0, sd^2), sd^2 = 1.34 by custom; the posterior **mean of b is plugged in**, p_d(E[b]),
//!   which is not the mean of p_d. The limits are p_d at E[b] -+ z sd(b | data).
//! * Maximum likelihood: needs a DLT and a patient without; variance by the observed information.
//!
//! The posterior moments are integrated by the trapezoidal rule, which for a smooth integrand that
//! vanishes at both ends converges faster than any power of the step (Trefethen and Weideman 2014,
//! doi:10.1137/130932132): the step begins at half the width of the peak and is halved until mean
//! and variance stand still to 1e-12.
//!
//! As a design: Bayes; one dose up at most; stops and eliminates by the overdose rule if one
//! is set. O'Quigley, Pepe and Fisher 1990, doi:10.2307/2531628.

use super::crm_model::{CrmLikelihood, CrmModel, check_model};
use super::{
    DoseDecision, DoseSelection, DoseTally, NoDoseReason, OverdoseRule, check_current, check_doses,
    check_range,
};
use crate::error::check_level;
use crate::normal::normal_critical;
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Posterior density this far below its peak, in logarithms, does not change a double.
const NEGLIGIBLE: f64 = 42.0;
/// The normal prior has no mass to speak of beyond as many standard deviations.
const PRIOR_REACH: f64 = 9.5;
/// Nor has the likelihood a peak further out: the DLT rate of any dose is 0 or 1 there.
const LIKELIHOOD_REACH: f64 = 40.0;
/// Cells of the first search for the peak.
const SEARCH_CELLS: usize = 64;
/// Points of the quadrature before it gives up; some hundreds are usual.
const LARGEST_QUADRATURE: usize = 1 << 20;
/// Maximum likelihood looks for b within plus or minus this: rates of e^(-e^10) are out of sight.
const LARGEST_B: f64 = 10.0;

/// Settings of a CRM.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmSettings {
    /// The curve.
    pub model: CrmModel,
    /// Prior DLT rate per dose, rising.
    pub skeleton: Vec<f64>,
    /// Target DLT rate.
    pub target: f64,
    /// Prior standard deviation of b.
    pub prior_sd: f64,
    /// Elimination of doses by the data at the dose alone; none to trust the model.
    pub overdose: Option<OverdoseRule>,
}

impl CrmSettings {
    /// The empiric model with prior variance 1.34 and the usual elimination of toxic doses.
    pub fn empiric(skeleton: Vec<f64>, target: f64) -> Self {
        CrmSettings {
            model: CrmModel::Empiric,
            skeleton,
            target,
            prior_sd: 1.34_f64.sqrt(),
            overdose: Some(OverdoseRule::default()),
        }
    }

    fn check(&self, doses: &[DoseTally]) -> Result<(), InputError> {
        check_doses(doses)?;
        check_model(self.model, &self.skeleton, self.target, doses.len())?;
        if let Some(rule) = &self.overdose {
            rule.check()?;
        }
        check_range(
            "prior_sd",
            self.prior_sd,
            0.01,
            1000.0,
            "from 0.01 to 1000; the square root of 1.34 is usual",
        )
    }
}

/// How b is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrmMethod {
    /// The posterior mean.
    #[default]
    Bayes,
    /// The maximum of the likelihood.
    MaximumLikelihood,
}

/// A fitted CRM.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmFit {
    /// Estimate of b.
    pub b: f64,
    /// Its posterior variance, or the inverse of the observed information.
    pub variance: f64,
    /// DLT rate of each dose at the estimate of b.
    pub rates: Vec<f64>,
    /// Limits of each rate, from those of b.
    pub intervals: Vec<Interval>,
    /// The dose with the rate nearest to the target; the lower of two.
    pub recommended: usize,
}

/// Fits the model to complete outcomes; patients inside their window do not count.
///
/// # Errors
///
/// Settings or data out of range or of different length. By maximum likelihood, not estimable
/// without a DLT, without a patient free of one, or when the likelihood has no maximum.
pub fn crm(
    doses: &[DoseTally],
    settings: &CrmSettings,
    method: CrmMethod,
    confidence_level: f64,
) -> Estimate<CrmFit> {
    fit(doses, settings, method, confidence_level, false)
}

pub(crate) fn fit(
    doses: &[DoseTally],
    settings: &CrmSettings,
    method: CrmMethod,
    confidence_level: f64,
    with_pending: bool,
) -> Estimate<CrmFit> {
    settings.check(doses)?;
    check_level(confidence_level)?;
    let likelihood = CrmLikelihood::new(settings.model, &settings.skeleton, doses, with_pending);
    let (b, variance) = match method {
        CrmMethod::Bayes => posterior_moments(&likelihood, settings.prior_sd)?,
        CrmMethod::MaximumLikelihood => maximum_likelihood(&likelihood)?,
    };
    let half_width = normal_critical(confidence_level) * variance.sqrt();
    let rates = rates(settings, b);
    Ok(CrmFit {
        b,
        variance,
        intervals: settings
            .skeleton
            .iter()
            .map(|&skeleton| {
                let dose = settings.model.scaled_dose(skeleton);
                // The rate falls in b.
                Interval {
                    lower: settings.model.rate(dose, b + half_width),
                    upper: settings.model.rate(dose, b - half_width),
                }
            })
            .collect(),
        recommended: nearest(&rates, settings.target),
        rates,
    })
}

fn rates(settings: &CrmSettings, b: f64) -> Vec<f64> {
    let dose = |&skeleton: &f64| settings.model.scaled_dose(skeleton);
    let rate = |dose| settings.model.rate(dose, b);
    settings.skeleton.iter().map(dose).map(rate).collect()
}

fn nearest(rates: &[f64], target: f64) -> usize {
    nearest_of(rates.iter().copied().enumerate(), target).unwrap_or(0)
}

/// The dose with the rate nearest to the target, among some doses in rising order.
fn nearest_of(rates: impl Iterator<Item = (usize, f64)>, target: f64) -> Option<usize> {
    let best = rates.reduce(|best, next| {
        // Rates of several doses can be 0 in double precision: of those below the target the highest
        // dose is nearest, of those above the lowest.
        let closer = if next.1 <= target {
            next.1 >= best.1
        } else {
            (next.1 - target).abs() < (best.1 - target).abs()
        };
        if closer { next } else { best }
    });
    best.map(|(dose, _)| dose)
}

/// Posterior mean and variance of b under b ~ N(0, sd^2).
fn posterior_moments(likelihood: &CrmLikelihood, prior_sd: f64) -> Estimate<(f64, f64)> {
    let precision = 1.0 / (prior_sd * prior_sd);
    let ln_density = |b: f64| likelihood.value(b) - 0.5 * precision * b * b;
    // The likelihood varies near b = 0 whatever the prior, so the cells widen outwards.
    let reach = libm::asinh(PRIOR_REACH * prior_sd + LIKELIHOOD_REACH);
    let cell = 2.0 * reach / SEARCH_CELLS as f64;
    let grid: Vec<f64> = (0..=SEARCH_CELLS)
        .map(|i| libm::sinh(i as f64 * cell - reach))
        .collect();
    let heights: Vec<f64> = grid.iter().map(|&b| ln_density(b)).collect();
    let mut top = 0;
    for (i, height) in heights.iter().enumerate() {
        if *height > heights[top] {
            top = i;
        }
    }
    let peak = golden_maximum(
        &ln_density,
        grid[top.saturating_sub(1)],
        grid[(top + 1).min(SEARCH_CELLS)],
    );
    let height = ln_density(peak);
    // From the first to the last point where the density counts, each found in its cell by bisection.
    let counts = |&h: &f64| h > height - NEGLIGIBLE;
    let first = heights.iter().position(counts).unwrap_or(top).min(top);
    let last = heights.iter().rposition(counts).unwrap_or(top).max(top);
    let edge = |mut outside: f64, mut inside: f64| {
        for _ in 0..30 {
            let middle = 0.5 * (outside + inside);
            if counts(&ln_density(middle)) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        outside
    };
    let from = edge(grid[first.saturating_sub(1)], grid[first].min(peak));
    let to = edge(grid[(last + 1).min(SEARCH_CELLS)], grid[last].max(peak));
    let curvature = likelihood.derivatives(peak).curvature;
    let information = (precision - curvature).max(precision);
    let intervals = (2.0 * (to - from) * information.sqrt()).ceil();
    let mut intervals = (intervals as usize).clamp(16, LARGEST_QUADRATURE);

    let mut sums = [0.0; 3];
    let add = |sums: &mut [f64; 3], b: f64| {
        let (density, x) = (libm::exp(ln_density(b) - height), b - peak);
        sums[0] += density;
        sums[1] += density * x;
        sums[2] += density * x * x;
    };
    let mut step = (to - from) / intervals as f64;
    for i in 0..=intervals {
        add(&mut sums, from + i as f64 * step);
    }
    let moments = |sums: &[f64; 3]| {
        let mean = sums[1] / sums[0];
        (mean, sums[2] / sums[0] - mean * mean)
    };
    // A log-density of many patients carries rounding in proportion to its size.
    let tolerance = 1e-12_f64.max(8.0 * f64::EPSILON * height.abs());
    let mut before = moments(&sums);
    while intervals <= LARGEST_QUADRATURE {
        // The points halfway between the old ones.
        for i in 0..intervals {
            add(&mut sums, from + (i as f64 + 0.5) * step);
        }
        intervals *= 2;
        step *= 0.5;
        let now = moments(&sums);
        let width = now.1.max(0.0).sqrt();
        if (now.0 - before.0).abs() <= tolerance * width
            && (now.1 - before.1).abs() <= tolerance * now.1
        {
            return Ok((peak + now.0, now.1));
        }
        before = now;
    }
    Err(NotEstimable::NoConvergence {
        iterations: intervals,
    })
}

/// The place of the largest value between two points, to a millionth of their distance or so.
fn golden_maximum(f: &impl Fn(f64) -> f64, mut from: f64, mut to: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (to - GOLDEN * (to - from), from + GOLDEN * (to - from));
    let (mut f_left, mut f_right) = (f(left), f(right));
    for _ in 0..40 {
        if f_left >= f_right {
            (to, right, f_right) = (right, left, f_left);
            left = to - GOLDEN * (to - from);
            f_left = f(left);
        } else {
            (from, left, f_left) = (left, right, f_right);
            right = from + GOLDEN * (to - from);
            f_right = f(right);
        }
    }
    0.5 * (from + to)
}

/// The maximum of the likelihood and the inverse of its observed information.
fn maximum_likelihood(likelihood: &CrmLikelihood) -> Estimate<(f64, f64)> {
    let (dlt, none) = likelihood.totals();
    if dlt == 0.0 {
        return Err(NotEstimable::NoEvents);
    }
    if none == 0.0 {
        return Err(NotEstimable::OnlyEvents);
    }
    let cells = SEARCH_CELLS * 4;
    let place = |i: usize| LARGEST_B * (2.0 * i as f64 / cells as f64 - 1.0);
    let mut top = 0;
    for i in 0..=cells {
        if likelihood.value(place(i)) > likelihood.value(place(top)) {
            top = i;
        }
    }
    if top == 0 || top == cells {
        return Err(NotEstimable::MonotoneLikelihood { covariate: 0 });
    }
    // The slope changes sign around the highest point; bisection finds where to the last bit.
    let (mut from, mut to) = (place(top - 1), place(top + 1));
    for _ in 0..80 {
        let middle = 0.5 * (from + to);
        if likelihood.derivatives(middle).slope > 0.0 {
            from = middle;
        } else {
            to = middle;
        }
    }
    let b = 0.5 * (from + to);
    let information = -likelihood.derivatives(b).curvature;
    if information.is_finite() && information > 0.0 {
        Ok((b, 1.0 / information))
    } else {
        Err(NotEstimable::MonotoneLikelihood { covariate: 0 })
    }
}

/// The next dose under the CRM.
///
/// # Errors
///
/// No dose or too many, `current` beyond them, more DLT than patients, settings out of range.
pub fn crm_next_dose(
    doses: &[DoseTally],
    current: usize,
    settings: &CrmSettings,
) -> Result<DoseDecision, InputError> {
    decide(doses, current, settings, false)
}

/// The dose recommended at the end by the CRM, among the tried doses that are not eliminated.
///
/// # Errors
///
/// As [`crm_next_dose`].
pub fn crm_select(
    doses: &[DoseTally],
    settings: &CrmSettings,
) -> Result<DoseSelection, InputError> {
    choose(doses, settings, false)
}

pub(crate) fn decide(
    doses: &[DoseTally],
    current: usize,
    settings: &CrmSettings,
    with_pending: bool,
) -> Result<DoseDecision, InputError> {
    check_current(doses, current)?;
    let b = posterior_mean(doses, settings, with_pending)?;
    let eliminated_from = eliminated_from(doses, settings, with_pending);
    let wanted = if is_tried(&doses[current], with_pending) {
        nearest(&rates(settings, b), settings.target)
    } else {
        current
    };
    Ok(DoseDecision::towards(wanted, current, eliminated_from))
}

pub(crate) fn choose(
    doses: &[DoseTally],
    settings: &CrmSettings,
    with_pending: bool,
) -> Result<DoseSelection, InputError> {
    let b = posterior_mean(doses, settings, with_pending)?;
    let end = match eliminated_from(doses, settings, with_pending) {
        Some(0) => return Ok(DoseSelection::NoDose(NoDoseReason::AllTooToxic)),
        Some(dose) => dose,
        None => doses.len(),
    };
    let rates = rates(settings, b);
    let tried = (0..end).filter(|&dose| is_tried(&doses[dose], with_pending));
    let selected = nearest_of(tried.map(|dose| (dose, rates[dose])), settings.target);
    Ok(selected.map_or(
        DoseSelection::NoDose(NoDoseReason::NobodyTreated),
        DoseSelection::Dose,
    ))
}

fn is_tried(dose: &DoseTally, with_pending: bool) -> bool {
    dose.treated > 0 || (with_pending && dose.is_tried())
}

fn eliminated_from(
    doses: &[DoseTally],
    settings: &CrmSettings,
    with_pending: bool,
) -> Option<usize> {
    let rule = settings.overdose?;
    if with_pending {
        rule.eliminated_from_with_pending(doses, settings.target)
    } else {
        rule.eliminated_from(doses, settings.target)
    }
}

fn posterior_mean(
    doses: &[DoseTally],
    settings: &CrmSettings,
    with_pending: bool,
) -> Result<f64, InputError> {
    settings.check(doses)?;
    let likelihood = CrmLikelihood::new(settings.model, &settings.skeleton, doses, with_pending);
    match posterior_moments(&likelihood, settings.prior_sd) {
        Ok((mean, _)) => Ok(mean),
        Err(NotEstimable::Input(error)) => Err(error),
        // A proper prior has a posterior mean; only a quadrature beyond its bound comes here.
        Err(_) => Err(InputError::Unsupported {
            problem: "the posterior of the CRM is too narrow to integrate",
            fix: "use fewer patients or a wider prior",
        }),
    }
}
