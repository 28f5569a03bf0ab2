//! A planned design, and its boundaries at the information that a trial turns out to have.
//!
//! A trial keeps its type I error at looks that come early or late when the critical value is
//! worked out from the information observed so far and the error already spent (Lan and DeMets
//! 1983, doi:10.1093/biomet/70.3.659), as long as the timing does not look at the effect. Boundaries
//! with one constant have no spending function; theirs is taken as the error that the plan
//! has spent at its looks, linear in between.

use super::boundary::{
    BoundaryType, Look, NullPath, Sides, check_alpha, check_boundary, check_information,
    check_planned_information, efficacy_boundary,
};
use super::futility::{Futility, FutilityBoundary, futility_spending, looks_with_futility};
use super::integration::Continuing;
use super::operating::{
    check_looks, check_power, fixed_drift, lower_end, required_drift, stopping, without_futility,
};
use super::spending::{Spending, SpendingPoint, cumulative_spending};
use crate::Estimate;

/// What a protocol says about its looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The efficacy boundary.
    pub boundary: BoundaryType,
    /// One-sided, or two-sided with alpha / 2 on each side.
    pub sides: Sides,
    /// Type I error in all.
    pub alpha: f64,
    /// Power at the alternative.
    pub power: f64,
    /// Information fractions of the looks, rising, the last one 1.
    pub information: Vec<f64>,
    /// Futility rule; one-sided designs only.
    pub futility: Option<Futility>,
}

/// A design with its boundaries worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What was asked for.
    pub design: Design,
    /// The looks with their boundaries.
    pub looks: Vec<Look>,
    /// The drift E(Z) at information 1 that has the power asked for.
    pub drift: f64,
    /// Maximum information over that of a trial without looks.
    pub inflation_factor: f64,
    /// Type I error in all spent up to each look, futility ignored unless binding.
    pub alpha_spent: Vec<f64>,
    /// The function that gives alpha to looks at other times.
    pub spending: Spending,
}

/// `looks` looks at equal steps of information.
pub fn equal_information(looks: usize) -> Vec<f64> {
    (1..=looks).map(|k| k as f64 / looks as f64).collect()
}

/// Works out the boundaries of a design, and the drift they need.
///
/// # Errors
/// `InputError` for anything out of range; `NotAttainable` where no effect has the power asked for.
pub fn plan(design: &Design) -> Estimate<Plan> {
    check_alpha(design.alpha)?;
    check_power(design.power)?;
    check_boundary(&design.boundary)?;
    check_planned_information(&design.information)?;
    let Design {
        boundary,
        sides,
        alpha,
        power,
        information,
        futility,
    } = design;
    let (sides, alpha, power) = (*sides, *alpha, *power);
    let (looks, drift) = match futility {
        Some(futility) => {
            looks_with_futility(boundary, futility, sides, alpha, power, information)?
        }
        None => {
            let efficacy = efficacy_boundary(boundary, sides, alpha, information)?;
            let looks: Vec<Look> = information
                .iter()
                .zip(&efficacy)
                .map(|(&information, &efficacy)| Look {
                    information,
                    efficacy,
                    futility: f64::NEG_INFINITY,
                })
                .collect();
            let drift = required_drift(sides, &looks, power)?;
            (looks, drift)
        }
    };
    let counted = if is_binding(design) {
        looks.clone()
    } else {
        without_futility(&looks)
    };
    let null = stopping(sides, &counted, 0.0)?;
    let mut sum = 0.0;
    let alpha_spent: Vec<f64> = null
        .efficacy
        .iter()
        .zip(&null.opposite)
        .map(|(up, down)| {
            sum += up + down;
            sum
        })
        .collect();
    let fixed = fixed_drift(sides, alpha, power);
    let spending = match boundary {
        BoundaryType::Spending(spending) => spending.clone(),
        _ => spending_of(information, &alpha_spent),
    };
    Ok(Plan {
        design: design.clone(),
        looks,
        drift,
        inflation_factor: (drift / fixed) * (drift / fixed),
        alpha_spent,
        spending,
    })
}

fn is_binding(design: &Design) -> bool {
    design.futility.as_ref().is_some_and(|f| f.binding)
}

/// The spending table of boundaries that have spent `alpha_spent` at `information`.
fn spending_of(information: &[f64], alpha_spent: &[f64]) -> Spending {
    let total = alpha_spent[alpha_spent.len() - 1];
    Spending::Given(
        information
            .iter()
            .zip(alpha_spent)
            .map(|(&information, spent)| SpendingPoint {
                information,
                fraction_spent: spent / total,
            })
            .collect(),
    )
}

/// The boundaries of the look that a running trial has now reached.
///
/// `past` are the looks so far with the boundaries this function gave, `information` the
/// information fraction observed now, relative to the planned maximum. `last` says that this is
/// the final analysis, which spends all the error left, whatever the information. So does a look at
/// information 1 or more. A boundary depends on no later look, and equals the plan's where the
/// looks come as planned.
///
/// Futility by beta spending is worked out at the planned drift; given z values are taken look by
/// look.
///
/// # Errors
/// `InputError` where the information does not rise or there are too many looks.
pub fn look_boundary(plan: &Plan, past: &[Look], information: f64, last: bool) -> Estimate<Look> {
    let Design {
        sides,
        alpha,
        power,
        futility,
        ..
    } = &plan.design;
    check_information(past.iter().map(|l| l.information).chain([information]))?;
    if !past.is_empty() {
        check_looks(*sides, past)?;
    }
    let binding = is_binding(&plan.design);
    let counted = if binding {
        past.to_vec()
    } else {
        without_futility(past)
    };
    let mut null = NullPath::new(*sides);
    for look in &counted {
        null.pass(look.information, look.futility, look.efficacy);
    }
    let last = last || information >= 1.0;
    let side = sides.share(*alpha);
    let target = if last {
        side
    } else {
        cumulative_spending(&plan.spending, side, information)?
    };
    let efficacy = null.boundary_spending(target, information);
    let no_futility = f64::NEG_INFINITY;
    let futility = match futility {
        None => no_futility,
        Some(_) if last => {
            if efficacy.is_finite() {
                efficacy
            } else {
                no_futility
            }
        }
        Some(Futility {
            boundary: FutilityBoundary::Given(z),
            ..
        }) => z.get(past.len()).map_or(no_futility, |z| z.min(efficacy)),
        Some(Futility {
            boundary: FutilityBoundary::Spending(spending),
            ..
        }) => {
            let mut path = Continuing::from_point(0.0, 0.0, plan.drift);
            let mut spent = 0.0;
            for look in past {
                let lower = lower_end(*sides, look);
                spent += path.below(look.information, lower);
                path = path.advance(look.information, lower, look.efficacy);
            }
            let error = cumulative_spending(spending, 1.0 - power, information)? - spent;
            futility_spending(&path, error, information, efficacy)
        }
    };
    Ok(Look {
        information,
        efficacy,
        futility,
    })
}

/// The boundaries of a whole trial at the information fractions observed: [`look_boundary`] look
/// by look, the last one final.
pub fn observed_boundaries(plan: &Plan, information: &[f64]) -> Estimate<Vec<Look>> {
    check_information(information.iter().copied())?;
    let mut looks = Vec::with_capacity(information.len());
    for (k, &t) in information.iter().enumerate() {
        looks.push(look_boundary(plan, &looks, t, k + 1 == information.len())?);
    }
    Ok(looks)
}
