//! 3+3 in two variants, and their exact operating characteristics.
//!
//! A dose passes with 0 of 3 or at most 1 of 6 DLT; 2 or more are too many; 1 of 3 asks for three
//! more.
//! * [`NoDeEscalation`](ThreePlusThreeVariant::NoDeEscalation): the first dose with too many ends
//!   the trial, and the dose below it is the MTD; the top dose is the MTD once it passes.
//! * [`ConfirmWithSix`](ThreePlusThreeVariant::ConfirmWithSix): the MTD needs six patients, so
//!   three more are treated at the dose below, which can prove too toxic in turn; the top dose
//!   needs six as well.
//!
//! The protocols in use differ in just this, and it moves P(correct) by some hundredths, so the
//! variant is always stated. Numbers of patients other than 3 and 6 arise when a patient cannot be
//! evaluated or got a lower dose than assigned: with n >= 3, none is a pass; with n >= 6, at most
//! n/6 is; two or more above n/6 are too many whatever n is; all else stays at the dose.
//!
//! Exact operating characteristics for cohorts of three: the sum over all paths.
//! Storer 1989, doi:10.2307/2531693; Lin and Shih 2001, doi:10.1093/biostatistics/2.2.203.

use super::{
    DoseDecision, DoseSelection, DoseTally, NoDoseReason, StopReason, check_current, check_doses,
    check_number_of_doses,
};
use crate::InputError;
use crate::distribution::binomial_pmf;

/// Which 3+3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreePlusThreeVariant {
    /// The MTD is the dose below the one that stopped the trial.
    NoDeEscalation,
    /// The MTD has six patients.
    ConfirmWithSix,
}

const COHORT: u64 = 3;
const FULL: u64 = 6;

fn too_toxic(dose: &DoseTally) -> bool {
    dose.dlt >= 2 && dose.dlt * FULL > dose.treated
}

fn passed(dose: &DoseTally) -> bool {
    (dose.treated >= COHORT && dose.dlt == 0)
        || (dose.treated >= FULL && dose.dlt * FULL <= dose.treated)
}

impl ThreePlusThreeVariant {
    fn may_be_mtd(self, dose: &DoseTally) -> bool {
        passed(dose) && (self == Self::NoDeEscalation || dose.treated >= FULL)
    }
}

/// The next dose under 3+3.
///
/// # Errors
///
/// No dose or too many, `current` beyond them, more DLT than patients.
pub fn three_plus_three_next_dose(
    doses: &[DoseTally],
    current: usize,
    variant: ThreePlusThreeVariant,
) -> Result<DoseDecision, InputError> {
    check_current(doses, current)?;
    Ok(decide(doses, current, variant))
}

fn decide(doses: &[DoseTally], current: usize, variant: ThreePlusThreeVariant) -> DoseDecision {
    let eliminated_from = doses.iter().position(too_toxic);
    let found = DoseDecision::stop(StopReason::DoseFound, eliminated_from);
    let ceiling = eliminated_from.unwrap_or(doses.len());
    if ceiling <= current {
        if ceiling == 0 {
            return DoseDecision::stop(StopReason::LowestDoseTooToxic, eliminated_from);
        }
        if variant == ThreePlusThreeVariant::NoDeEscalation
            || variant.may_be_mtd(&doses[ceiling - 1])
        {
            return found;
        }
        return DoseDecision::towards(ceiling - 1, current, eliminated_from);
    }
    let wanted = if !passed(&doses[current]) {
        current
    } else if current + 1 < ceiling {
        current + 1
    } else if variant.may_be_mtd(&doses[current]) {
        return found;
    } else {
        current
    };
    DoseDecision::towards(wanted, current, eliminated_from)
}

/// The MTD under 3+3: the highest dose that passed (with six patients if the variant asks for
/// them) and has no dose with too many DLT at or below it.
///
/// # Errors
///
/// No dose or too many, more DLT than patients.
pub fn three_plus_three_select(
    doses: &[DoseTally],
    variant: ThreePlusThreeVariant,
) -> Result<DoseSelection, InputError> {
    check_doses(doses)?;
    let ceiling = doses.iter().position(too_toxic).unwrap_or(doses.len());
    let selected = doses[..ceiling]
        .iter()
        .rposition(|dose| variant.may_be_mtd(dose));
    Ok(match selected {
        Some(dose) => DoseSelection::Dose(dose),
        None if ceiling == 0 => DoseSelection::NoDose(NoDoseReason::AllTooToxic),
        None if doses.iter().all(|dose| dose.treated == 0) => {
            DoseSelection::NoDose(NoDoseReason::NobodyTreated)
        }
        None => DoseSelection::NoDose(NoDoseReason::NoneConfirmed),
    })
}

/// Exact operating characteristics of 3+3.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreePlusThreeExact {
    /// P(no dose is the MTD).
    pub no_dose: f64,
    /// P(this dose is the MTD), per dose.
    pub selected: Vec<f64>,
    /// Expected patients per dose.
    pub expected_treated: Vec<f64>,
    /// Expected DLT per dose.
    pub expected_dlt: Vec<f64>,
}

impl ThreePlusThreeExact {
    /// Expected patients in the trial.
    pub fn expected_total(&self) -> f64 {
        self.expected_treated.iter().sum()
    }
}

/// The exact operating characteristics under true DLT rates, one per dose, starting at the lowest.
///
/// The trial climbs to the first dose that fails, then, in the second variant, comes down. A
/// dose that the climb passed has three patients (0/3) with probability 1 / (1 + b1) and six (1/6)
/// otherwise, b1 = P(1 of 3), whatever happened at the others, so the sum over all paths factors
/// into one pass up and one pass down.
///
/// # Errors
///
/// No dose or more than 100; a rate outside 0 to 1.
pub fn three_plus_three_exact(
    true_rates: &[f64],
    variant: ThreePlusThreeVariant,
) -> Result<ThreePlusThreeExact, InputError> {
    check_number_of_doses(true_rates.len())?;
    if let Some(index) = true_rates.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(InputError::Value {
            name: "true_rates",
            index,
            value: true_rates[index],
            expected: "a probability",
        });
    }
    let confirms = variant == ThreePlusThreeVariant::ConfirmWithSix;
    let doses = true_rates.len();
    let of_three = |dose: usize, dlt| binomial_pmf(dlt, COHORT, true_rates[dose]);
    let mut cohorts = vec![0.0; doses];
    let mut selected = vec![0.0; doses];
    let mut climb_fails = vec![0.0; doses];
    let mut reached = 1.0;
    for dose in 0..doses {
        let (none, one) = (of_three(dose, 0), of_three(dose, 1));
        cohorts[dose] += reached * (1.0 + one);
        let mut passes = none + one * none;
        if dose + 1 == doses {
            if confirms {
                cohorts[dose] += reached * none;
                passes = none * (none + one) + one * none;
            }
            selected[dose] = reached * passes;
        }
        climb_fails[dose] = reached * (1.0 - passes);
        reached *= passes;
    }
    // The way down: `falls` is the probability that the dose above is too toxic.
    let mut falls = 0.0;
    for dose in (0..doses).rev() {
        let too_toxic_after_pass = if confirms && dose + 1 < doses {
            let (none, one) = (of_three(dose, 0), of_three(dose, 1));
            let had_three = 1.0 / (1.0 + one);
            cohorts[dose] += falls * had_three;
            had_three * (1.0 - none - one)
        } else {
            0.0
        };
        selected[dose] += falls * (1.0 - too_toxic_after_pass);
        falls = falls * too_toxic_after_pass + climb_fails[dose];
    }
    let expected_treated: Vec<f64> = cohorts.iter().map(|c| COHORT as f64 * c).collect();
    Ok(ThreePlusThreeExact {
        no_dose: falls,
        selected,
        // Each patient at a dose has its DLT rate, whatever led there.
        expected_dlt: expected_treated
            .iter()
            .zip(true_rates)
            .map(|(n, p)| n * p)
            .collect(),
        expected_treated,
    })
}
