//! Futility boundaries of one-sided designs: given z values, or by spending the type II error.
//!
//! Beta spending (Pampallona, Tsiatis and Kim 2001, doi:10.1177/009286150103500408): at the drift of
//! the alternative, the futility boundary at look k uses up what the spending function gives of beta
//! to that look, and at the last look it meets the efficacy boundary. The drift is searched so that
//! both hold, so the power includes what stopping for futility costs.
//!
//! Non-binding: the efficacy boundary ignores the rule, so the type I error holds even where the
//! trial goes on regardless. Binding: the efficacy boundary is lower, because paths that stop
//! cannot reject later, and the type I error holds only if the rule is kept.

use super::boundary::{BoundaryType, Look, NullPath, SMALLEST_ERROR, Sides, efficacy_above};
use super::integration::{Continuing, REACH};
use super::operating::{TWO_SIDED_FUTILITY, check_looks, drift_where, required_drift};
use super::root::root;
use super::spending::{Spending, check_spending, cumulative_spending};
use crate::{Estimate, InputError};

/// A futility rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Futility {
    /// Where it stops.
    pub boundary: FutilityBoundary,
    /// Whether the efficacy boundary counts on it.
    pub binding: bool,
}

/// How a futility boundary is made.
#[derive(Debug, Clone, PartialEq)]
pub enum FutilityBoundary {
    /// z values for all looks but the last; minus infinity for a look without.
    Given(Vec<f64>),
    /// By a spending function of beta = 1 - power.
    Spending(Spending),
}

/// Looks with both boundaries, and the drift at which they have the power asked for.
pub(super) fn looks_with_futility(
    boundary: &BoundaryType,
    futility: &Futility,
    sides: Sides,
    alpha: f64,
    power: f64,
    information: &[f64],
) -> Estimate<(Vec<Look>, f64)> {
    if sides == Sides::Two {
        return Err(TWO_SIDED_FUTILITY.into());
    }
    match &futility.boundary {
        FutilityBoundary::Given(z) => {
            given(boundary, z, futility.binding, alpha, power, information)
        }
        FutilityBoundary::Spending(spending) => {
            check_spending(spending)?;
            spent(
                boundary,
                spending,
                futility.binding,
                alpha,
                power,
                information,
            )
        }
    }
}

fn given(
    boundary: &BoundaryType,
    z: &[f64],
    binding: bool,
    alpha: f64,
    power: f64,
    information: &[f64],
) -> Estimate<(Vec<Look>, f64)> {
    if z.len() + 1 != information.len() {
        return Err(InputError::Length {
            name: "futility boundary",
            length: z.len(),
            expected: information.len() - 1,
        }
        .into());
    }
    if let Some(index) = z.iter().position(|z| z.is_nan() || *z == f64::INFINITY) {
        return Err(InputError::Value {
            name: "futility boundary",
            index,
            value: z[index],
            expected: "a number, or minus infinity for a look without",
        }
        .into());
    }
    let none = vec![f64::NEG_INFINITY; information.len()];
    let mut floor = none.clone();
    floor[..z.len()].copy_from_slice(z);
    let counted = if binding { &floor } else { &none };
    let efficacy = efficacy_above(boundary, Sides::One, alpha, information, counted)?;
    let looks = joined(information, &efficacy, &floor);
    // A futility bound above the efficacy bound shows here.
    check_looks(Sides::One, &looks)?;
    let drift = required_drift(Sides::One, &looks, power)?;
    Ok((looks, drift))
}

fn spent(
    boundary: &BoundaryType,
    spending: &Spending,
    binding: bool,
    alpha: f64,
    power: f64,
    information: &[f64],
) -> Estimate<(Vec<Look>, f64)> {
    let none = vec![f64::NEG_INFINITY; information.len()];
    let efficacy = efficacy_above(boundary, Sides::One, alpha, information, &none)?;
    let alpha_spending = match (binding, boundary) {
        (false, _) => None,
        (true, BoundaryType::Spending(spending)) => Some((spending, alpha)),
        (true, _) => {
            return Err(InputError::Unsupported {
                problem: "binding beta spending needs an efficacy boundary by spending",
                fix: "choose a spending function for alpha, or non-binding futility",
            }
            .into());
        }
    };
    let beta = 1.0 - power;
    let targets = information
        .iter()
        .map(|&t| cumulative_spending(spending, beta, t))
        .collect::<Estimate<Vec<f64>>>()?;
    let alpha_targets = match alpha_spending {
        None => None,
        Some((spending, alpha)) => Some(
            information
                .iter()
                .map(|&t| cumulative_spending(spending, alpha, t))
                .collect::<Estimate<Vec<f64>>>()?,
        ),
    };
    let at = |drift: f64| {
        looks_spending_beta(
            information,
            &efficacy,
            alpha_targets.as_deref(),
            &targets,
            drift,
        )
    };
    // Too small a drift leaves more type II error at the end than beta.
    let drift = drift_where(|drift| -at(drift).1)?;
    Ok((at(drift).0, drift))
}

/// Looks whose futility boundary spends beta at `drift`, and by how much the type II error at the
/// end exceeds the last of `beta_targets`.
fn looks_spending_beta(
    information: &[f64],
    efficacy: &[f64],
    alpha_targets: Option<&[f64]>,
    beta_targets: &[f64],
    drift: f64,
) -> (Vec<Look>, f64) {
    let last = information.len() - 1;
    let mut null = NullPath::new(Sides::One);
    let mut path = Continuing::from_point(0.0, 0.0, drift);
    let mut beta_spent = 0.0;
    let mut looks = Vec::with_capacity(information.len());
    for (k, &t) in information.iter().enumerate() {
        let u = match alpha_targets {
            None => efficacy[k],
            Some(targets) => null.boundary_spending(targets[k], t),
        };
        let l = if k == last {
            u
        } else {
            futility_spending(&path, beta_targets[k] - beta_spent, t, u)
        };
        beta_spent += path.below(t, l);
        if k < last {
            path = path.advance(t, l, u);
            if alpha_targets.is_some() {
                null.pass(t, l, u);
            }
        }
        looks.push(Look {
            information: t,
            efficacy: u,
            futility: if l.is_finite() { l } else { f64::NEG_INFINITY },
        });
    }
    (looks, beta_spent - beta_targets[last])
}

/// The z at or below which the paths under way use up `error`, no higher than the efficacy
/// boundary.
pub(super) fn futility_spending(
    path: &Continuing,
    error: f64,
    information: f64,
    efficacy: f64,
) -> f64 {
    if error < SMALLEST_ERROR {
        return f64::NEG_INFINITY;
    }
    let centre = path.mean(information);
    let highest = efficacy.min(centre + REACH);
    if path.below(information, highest) <= error {
        return highest;
    }
    root(centre - REACH, highest, |z| {
        libm::log(path.below(information, z).max(f64::MIN_POSITIVE) / error)
    })
}

fn joined(information: &[f64], efficacy: &[f64], futility: &[f64]) -> Vec<Look> {
    let last = information.len() - 1;
    (0..=last)
        .map(|k| Look {
            information: information[k],
            efficacy: efficacy[k],
            futility: if k == last && efficacy[k].is_finite() {
                efficacy[k]
            } else {
                futility[k]
            },
        })
        .collect()
}
