//! Two arms with a binary endpoint: is treatment better than control, with any mixture priors.
//!
//! Success if Pr(p_treatment > p_control | data) exceeds a cut-off. One such probability is an
//! integral of density times distribution function. For operating characteristics it is needed at
//! every outcome, and neighbours follow from each other exactly (Cook 2003, exact calculation of
//! beta inequalities): with g(a, b, c, d) = P(Beta(a, b) > Beta(c, d)) and h = B(a + c, b + d) /
//! (B(a, b) B(c, d)), g(a + 1, b) = g + h / a, g(a, b + 1) = g - h / b, g(c + 1) = g - h / c and
//! g(d + 1) = g + h / d. Only steps with positive terms are taken, so no digit is lost.
//!
//! The rule is Bayesian, its operating characteristics are not: success probabilities are summed
//! over all outcomes at fixed true values, and the type I error over a grid of nulls is reported with
//! its worst case, because borrowing moves it where prior and truth disagree.

use super::beta_mixture::{Beta, BetaMixture, expit, ln_beta};
use super::quadrature::logit_nodes;
use crate::beta::{beta_factor, incomplete_beta_pair};
use crate::distribution::{binomial_pmf, binomial_sf};
use crate::error::check_count;
use crate::single_arm::{check_closed_probability, check_probability};
use crate::{Estimate, InputError};

/// Subjects per arm accepted by the enumeration of all outcomes.
const MOST_SUBJECTS: u64 = 1_000;
/// Values accepted in a grid of nulls.
const LARGEST_GRID: usize = 10_000;

/// P(treatment > control) for independent response probabilities with these distributions.
pub fn probability_superior(treatment: &BetaMixture, control: &BetaMixture) -> f64 {
    let mut sum = 0.0;
    for t in treatment.components() {
        for c in control.components() {
            sum += t.weight * c.weight * beta_superior(t.beta, c.beta);
        }
    }
    sum.clamp(0.0, 1.0)
}

/// P(X > Y) for X ~ `x`, Y ~ `y`.
fn beta_superior(x: Beta, y: Beta) -> f64 {
    // Within the mass of x; where y lies outside it, its distribution function is 0 or 1.
    let sum: f64 = logit_nodes(&[x, y], f64::INFINITY)
        .into_iter()
        .map(|(u, weight)| {
            let (t, rest) = expit(u);
            let density = beta_factor(x.a, x.b, t, rest);
            if density == 0.0 {
                return 0.0;
            }
            weight * density * incomplete_beta_pair(y.a, y.b, t, rest).0
        })
        .sum();
    sum.min(1.0)
}

/// Responders and subjects of both arms, observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoArmData {
    /// Responders on treatment.
    pub treated_responders: u64,
    /// Subjects on treatment.
    pub treated_subjects: u64,
    /// Responders on control.
    pub control_responders: u64,
    /// Subjects on control.
    pub control_subjects: u64,
}

/// P(treatment > control | data) with independent priors.
pub fn posterior_superior(
    data: &TwoArmData,
    treatment_prior: &BetaMixture,
    control_prior: &BetaMixture,
) -> Estimate<f64> {
    check_count(
        "treated_responders",
        data.treated_responders,
        data.treated_subjects,
    )?;
    check_count(
        "control_responders",
        data.control_responders,
        data.control_subjects,
    )?;
    Ok(probability_superior(
        &treatment_prior.posterior(data.treated_responders, data.treated_subjects)?,
        &control_prior.posterior(data.control_responders, data.control_subjects)?,
    ))
}

/// A two-arm trial with its rule.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoArmDesign {
    /// Subjects on treatment.
    pub treated_subjects: u64,
    /// Subjects on control.
    pub control_subjects: u64,
    /// Prior of the response probability on treatment.
    pub treatment_prior: BetaMixture,
    /// Prior of the response probability on control, with or without historical information.
    pub control_prior: BetaMixture,
    /// Success if Pr(treatment > control | data) is above this.
    pub cutoff: f64,
}

/// The outcomes that mean success.
#[derive(Debug, Clone, PartialEq)]
pub struct SuccessRegion {
    treated_subjects: u64,
    /// Fewest responders on treatment that mean success, by responders on control; `None` if even
    /// all of them do not.
    pub responders_to_win: Vec<Option<u64>>,
}

/// The success region of `design`, from the posterior probability at every outcome.
///
/// Errors: an empty arm or more than 1 000 subjects in one, a bad prior or cut-off.
pub fn success_region(design: &TwoArmDesign) -> Estimate<SuccessRegion> {
    let (n, m) = (design.treated_subjects, design.control_subjects);
    for (name, subjects) in [("treated_subjects", n), ("control_subjects", m)] {
        if !(1..=MOST_SUBJECTS).contains(&subjects) {
            return Err(InputError::Range {
                name,
                value: subjects as f64,
                expected: "from 1 to 1 000 for an exact enumeration",
            }
            .into());
        }
    }
    check_probability("cutoff", design.cutoff)?;
    let weights = |prior: &BetaMixture, subjects: u64| -> Estimate<Vec<Vec<f64>>> {
        (0..=subjects)
            .map(|x| {
                let posterior = prior.posterior(x, subjects)?;
                Ok(posterior.components().iter().map(|c| c.weight).collect())
            })
            .collect()
    };
    let treated_weights = weights(&design.treatment_prior, n)?;
    let control_weights = weights(&design.control_prior, m)?;
    let (rows, columns) = (n as usize + 1, m as usize + 1);
    let mut superior = vec![0.0; rows * columns];
    for (i, t) in design.treatment_prior.components().iter().enumerate() {
        for (j, c) in design.control_prior.components().iter().enumerate() {
            let part = superior_at_every_outcome(t.beta, c.beta, n, m);
            for x in 0..rows {
                for y in 0..columns {
                    superior[x * columns + y] +=
                        treated_weights[x][i] * control_weights[y][j] * part[x * columns + y];
                }
            }
        }
    }
    // More responders on treatment always speak more for it: the binomial likelihood ratio is
    // monotone, and so is the posterior under any prior.
    let responders_to_win = (0..columns)
        .map(|y| {
            (0..rows)
                .find(|x| superior[x * columns + y] > design.cutoff)
                .map(|x| x as u64)
        })
        .collect();
    Ok(SuccessRegion {
        treated_subjects: n,
        responders_to_win,
    })
}

/// P(treatment > control | x of n, y of m) for every x and y, row by x, with one beta prior each.
fn superior_at_every_outcome(treatment: Beta, control: Beta, n: u64, m: u64) -> Vec<f64> {
    let (rows, columns) = (n as usize + 1, m as usize + 1);
    let (Beta { a: a0, b: b0 }, Beta { a: c0, b: d0 }) = (treatment, control);
    let (nf, mf) = (n as f64, m as f64);
    let mut g = vec![0.0; rows * columns];
    // The lowest probability: no responder on treatment, all on control.
    g[m as usize] = beta_superior(treatment.after(0, n), control.after(m, m));
    // One responder fewer on control, y to y - 1, at x = 0.
    for y in (1..columns).rev() {
        let (a, b) = (a0, b0 + nf);
        let (c, d) = (c0 + y as f64 - 1.0, d0 + mf - y as f64);
        let h = libm::exp(ln_beta(a + c, b + d) - ln_beta(a, b) - ln_beta(c, d));
        g[y - 1] = g[y] + h * (1.0 / c + 1.0 / d);
    }
    // One responder more on treatment, x to x + 1; h needs x and y together only through x + y.
    let both: Vec<f64> = (0..rows + columns - 1)
        .map(|s| ln_beta(a0 + c0 + s as f64, b0 + d0 + nf + mf - s as f64 - 1.0))
        .collect();
    let of_control: Vec<f64> = (0..columns)
        .map(|y| ln_beta(c0 + y as f64, d0 + mf - y as f64))
        .collect();
    for x in 0..rows - 1 {
        let (a, b) = (a0 + x as f64, b0 + nf - x as f64 - 1.0);
        let of_treatment = ln_beta(a, b);
        let step = 1.0 / a + 1.0 / b;
        for y in 0..columns {
            let h = libm::exp(both[x + y] - of_treatment - of_control[y]);
            g[(x + 1) * columns + y] = g[x * columns + y] + h * step;
        }
    }
    g
}

impl SuccessRegion {
    /// Probability of success at true response probabilities; exact.
    pub fn success(&self, p_control: f64, p_treatment: f64) -> Estimate<f64> {
        check_closed_probability("p_control", p_control)?;
        check_closed_probability("p_treatment", p_treatment)?;
        let m = self.responders_to_win.len() as u64 - 1;
        let sum: f64 = (0..=m)
            .zip(&self.responders_to_win)
            .map(|(y, &to_win)| {
                let win = match to_win {
                    None => 0.0,
                    Some(0) => 1.0,
                    Some(x) => binomial_sf(x - 1, self.treated_subjects, p_treatment),
                };
                binomial_pmf(y, m, p_control) * win
            })
            .sum();
        Ok(sum.min(1.0))
    }

    /// Type I error where both arms respond with the same probability, at each of `nulls`.
    pub fn type_one_error(&self, nulls: &[f64]) -> Estimate<TypeOneError> {
        if nulls.is_empty() || nulls.len() > LARGEST_GRID {
            return Err(InputError::Range {
                name: "nulls",
                value: nulls.len() as f64,
                expected: "from 1 to 10 000 values",
            }
            .into());
        }
        let by_null = nulls
            .iter()
            .map(|&p| self.success(p, p))
            .collect::<Estimate<Vec<f64>>>()?;
        let worst = (0..nulls.len()).fold(0, |w, i| if by_null[i] > by_null[w] { i } else { w });
        Ok(TypeOneError {
            worst_null: nulls[worst],
            worst: by_null[worst],
            by_null,
        })
    }
}

/// Type I error over a grid of nulls.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeOneError {
    /// Probability of success at each null, in the order given.
    pub by_null: Vec<f64>,
    /// The null with the largest.
    pub worst_null: f64,
    /// The largest.
    pub worst: f64,
}
