//! Power and sample size of the treatment difference at the last visit of a mixed model for
//! repeated measures with dropout.
//!
//! With the share r_j of an arm still seen at visit j (r_{J+1} = 0) and the correlation matrix R of
//! the visits, the information of a subject about the J means of its arm is
//! I = sum_j (r_j - r_{j+1}) R_j^-1, R_j the first j rows and columns of R filled up with zeros.
//! phi = (I^-1)_JJ is the variance of the mean at the last visit times n / sigma^2: 1 without
//! dropout, 1 / r_J if the visits are independent, less if the earlier visits tell about the last.
//! Then, with lambda treated for each control,
//!
//! n_treated = (phi_treated + lambda phi_control) (z_{1-alpha/2} + z_power)^2 sigma^2 / delta^2
//!
//! Only the standard deviation at the last visit enters. The normal quantiles leave out that the
//! covariance is estimated: below about 50 subjects the power is a point or two less.
//! Lu, Luo and Chen 2008, doi:10.2202/1557-4679.1098, formula (3); as R's `longpower::power.mmrm`.

use super::design_matrix::MOST_VISITS;
use crate::cholesky::Cholesky;
use crate::distribution::{normal_cdf, normal_quantile};
use crate::{Estimate, InputError, NotEstimable};

/// Correlation between the visits of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VisitCorrelation {
    /// rho^lag, the lag counted in visits: the default.
    #[default]
    Ar1,
    /// rho between any two visits.
    CompoundSymmetry,
}

/// What the size of a trial with repeated measures depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepeatedMeasuresDesign<'a> {
    /// Difference of the arms at the last visit, in the unit of the outcome.
    pub difference: f64,
    /// Standard deviation at the last visit, given the baseline, in the unit of the outcome.
    pub standard_deviation: f64,
    /// Pattern of the correlation.
    pub correlation: VisitCorrelation,
    /// The correlation itself.
    pub rho: f64,
    /// Share of the treated arm still seen at each visit, not rising.
    pub retention_treated: &'a [f64],
    /// The same for the control arm.
    pub retention_control: &'a [f64],
    /// Treated subjects for each control subject.
    pub allocation: f64,
    /// Two-sided level of the test.
    pub significance_level: f64,
}

/// Variance of an arm's mean at the last visit, times its subjects, over sigma^2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceFactors {
    /// Of the treated arm.
    pub treated: f64,
    /// Of the control arm.
    pub control: f64,
}

/// Subjects to be randomised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepeatedMeasuresSampleSize {
    /// Treated subjects before rounding up.
    pub treated_exact: f64,
    /// Control subjects before rounding up.
    pub control_exact: f64,
    /// Treated subjects.
    pub treated: u64,
    /// Control subjects.
    pub control: u64,
    /// Power with the whole numbers.
    pub power: f64,
}

/// Subjects above this are refused as a wrong input.
const MOST_SUBJECTS: f64 = 1e9;

/// The variance factors phi of the two arms.
pub fn variance_factors(design: &RepeatedMeasuresDesign) -> Estimate<VarianceFactors> {
    check(design)?;
    Ok(VarianceFactors {
        treated: variance_factor(design, design.retention_treated)?,
        control: variance_factor(design, design.retention_control)?,
    })
}

/// Probability that the two-sided test rejects in favour of the true direction.
pub fn repeated_measures_power(
    design: &RepeatedMeasuresDesign,
    treated: f64,
    control: f64,
) -> Estimate<f64> {
    for (name, value) in [("treated", treated), ("control", control)] {
        if !(1.0..=MOST_SUBJECTS).contains(&value) {
            return Err(range(name, value, "between 1 and 1e9 subjects"));
        }
    }
    let phi = variance_factors(design)?;
    let variance = phi.treated / treated + phi.control / control;
    let effect = design.difference.abs() / design.standard_deviation;
    let z = normal_quantile(1.0 - 0.5 * design.significance_level);
    Ok(normal_cdf(effect / variance.sqrt() - z))
}

/// Subjects for the power asked for, each arm rounded up.
pub fn repeated_measures_sample_size(
    design: &RepeatedMeasuresDesign,
    power: f64,
) -> Estimate<RepeatedMeasuresSampleSize> {
    let phi = variance_factors(design)?;
    if !(power > design.significance_level && power <= 1.0 - 1e-9) {
        return Err(range(
            "power",
            power,
            "above the significance level and below 1, for example 0.9",
        ));
    }
    let z = normal_quantile(1.0 - 0.5 * design.significance_level) + normal_quantile(power);
    let effect = design.difference / design.standard_deviation;
    let treated_exact = (phi.treated + design.allocation * phi.control) * z * z / (effect * effect);
    let control_exact = treated_exact / design.allocation;
    if treated_exact > MOST_SUBJECTS || control_exact > MOST_SUBJECTS {
        return Err(range(
            "difference",
            design.difference,
            "large enough that fewer than 1e9 subjects show it",
        ));
    }
    let (treated, control) = (treated_exact.ceil().max(1.0), control_exact.ceil().max(1.0));
    Ok(RepeatedMeasuresSampleSize {
        treated_exact,
        control_exact,
        treated: treated as u64,
        control: control as u64,
        power: repeated_measures_power(design, treated, control)?,
    })
}

fn range(name: &'static str, value: f64, expected: &'static str) -> NotEstimable {
    InputError::Range {
        name,
        value,
        expected,
    }
    .into()
}

fn check(design: &RepeatedMeasuresDesign) -> Estimate<()> {
    let visits = design.retention_treated.len();
    if visits == 0 || visits > MOST_VISITS {
        return Err(range("visits", visits as f64, "between 1 and 24"));
    }
    if design.retention_control.len() != visits {
        let expected = "as many visits as the treated arm has";
        let given = design.retention_control.len() as f64;
        return Err(range("visits of the control arm", given, expected));
    }
    for retention in [design.retention_treated, design.retention_control] {
        let mut before = 1.0;
        for &share in retention {
            if !(share > 0.0 && share <= before) {
                let expected = "above 0, at most 1 and not above the visit before";
                return Err(range("retention", share, expected));
            }
            before = share;
        }
    }
    let usual = |value: f64| (1e-100..=1e100).contains(&value.abs());
    if !usual(design.difference) {
        return Err(range(
            "difference",
            design.difference,
            "a number other than 0",
        ));
    }
    if !usual(design.standard_deviation) || design.standard_deviation < 0.0 {
        let sd = design.standard_deviation;
        return Err(range("standard_deviation", sd, "above 0"));
    }
    if !(1e-3..=1e3).contains(&design.allocation) {
        let expected = "between 0.001 and 1000 treated for each control";
        return Err(range("allocation", design.allocation, expected));
    }
    if !(1e-12..=0.5).contains(&design.significance_level) {
        let expected = "above 0 and at most 0.5, for example 0.05";
        return Err(range(
            "significance_level",
            design.significance_level,
            expected,
        ));
    }
    let lowest = match design.correlation {
        VisitCorrelation::CompoundSymmetry if visits > 2 => -1.0 / (visits - 1) as f64,
        _ => -1.0,
    };
    // At the ends the matrix is singular.
    if !(design.rho > lowest + 1e-6 && design.rho < 1.0 - 1e-6) {
        let expected = "below 1, and above -1 (ar1) or -1 / (visits - 1) (cs)";
        return Err(range("rho", design.rho, expected));
    }
    Ok(())
}

fn variance_factor(design: &RepeatedMeasuresDesign, retention: &[f64]) -> Estimate<f64> {
    let visits = retention.len();
    let correlation = |i: usize, j: usize| match (design.correlation, i.abs_diff(j)) {
        (_, 0) => 1.0,
        (VisitCorrelation::CompoundSymmetry, _) => design.rho,
        (VisitCorrelation::Ar1, lag) => (0..lag).fold(1.0, |product, _| product * design.rho),
    };
    let singular = |_| range("rho", design.rho, "further from its limits");
    let mut information = vec![0.0; visits * visits];
    for last in 1..=visits {
        let next = retention.get(last).copied().unwrap_or(0.0);
        let share = retention[last - 1] - next;
        let block: Vec<f64> = (0..last * last)
            .map(|e| correlation(e / last, e % last))
            .collect();
        let inverse = Cholesky::new(&block, last, 1e-13)
            .map_err(singular)?
            .inverse();
        for i in 0..last {
            for j in 0..last {
                information[i * visits + j] += share * inverse[i * last + j];
            }
        }
    }
    let inverse = Cholesky::new(&information, visits, 1e-13)
        .map_err(singular)?
        .inverse();
    Ok(inverse[visits * visits - 1])
}
