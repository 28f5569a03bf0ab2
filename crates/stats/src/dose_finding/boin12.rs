//! BOIN12, dose finding for the optimal biological dose, where efficacy need not rise with dose.
//!
//! Each outcome has a utility: no DLT and response 100, no DLT and no response u2 = 40, DLT and
//! response u3 = 60, DLT and no response 0. With u2 + u3 = 100 only the margins matter, and a dose
//! with n patients, y_T DLT and y_E responses has x = [u2 (n - y_T) + u3 y_E] / 100 quasi-events. Its
//! desirability is Pr(u > u_b) for u ~ Beta(1 + x, 1 + n - x). The benchmark u_b lies halfway between
//! the utility at the limits phi_T (highest DLT rate) and phi_E (lowest response rate) and 1;
//! 0.705 for the usual values. A dose is admissible if Pr(p_T > phi_T) < 0.95 (from 3 patients; a toxic
//! dose removes all above) and Pr(p_E < phi_E) < 0.90.
//!
//! Decision at dose d with rate y_T/n and the BOIN boundaries of phi_T: at or above lambda_d, the next
//! lower admissible dose; above lambda_e with n >= 6, the more desirable of d - 1 and d; else the
//! most desirable of d - 1, d and d + 1, an untried dose having its prior desirability. Of equal doses
//! the lower wins. Where no dose of the set is admissible, the next lower admissible one.
//! The optimal dose is the tried admissible dose, not above the MTD (isotonic, nearest to phi_T), with
//! the largest posterior mean utility (1 + x) / (2 + n).
//! Lin et al. 2020, doi:10.1200/PO.20.00257.

use super::boin::{BoinSettings, boin_rates};
use super::isotonic::nearest_to_target;
use super::{
    DoseDecision, DoseSelection, DoseTally, NoDoseReason, OverdoseRule, StopReason, check_current,
    check_doses, check_range, overdose_probability,
};
use crate::InputError;
use crate::beta::{incomplete_beta, incomplete_beta_upper};
use crate::error::check_count;

/// Cells of a table.
const LARGEST_TABLE: u64 = 100_000;
/// Desirabilities that agree to as many decimals share a rank.
const RANK_SCALE: f64 = 1e12;

/// Settings of BOIN12.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boin12Settings {
    /// phi_T, the highest acceptable DLT rate.
    pub highest_dlt_rate: f64,
    /// phi_E, the lowest acceptable response rate.
    pub lowest_response_rate: f64,
    /// u2, the utility of no DLT and no response, from 0 to 100; that of DLT and response is
    /// 100 - u2.
    pub utility_neither: f64,
    /// Elimination of toxic doses.
    pub overdose: OverdoseRule,
    /// Pr(p_E < phi_E) at which a dose is inadmissible.
    pub futility_cutoff: f64,
    /// Patients at a dose from which an intermediate DLT rate keeps the next dose closed.
    pub explore_below: u64,
}

impl Default for Boin12Settings {
    fn default() -> Self {
        Boin12Settings {
            highest_dlt_rate: 0.35,
            lowest_response_rate: 0.25,
            utility_neither: 40.0,
            overdose: OverdoseRule::default(),
            futility_cutoff: 0.90,
            explore_below: 6,
        }
    }
}

impl Boin12Settings {
    fn check(&self) -> Result<(), InputError> {
        self.overdose.check()?;
        check_range(
            "lowest_response_rate",
            self.lowest_response_rate,
            0.001,
            0.999,
            "between 0.001 and 0.999; 0.25 is usual",
        )?;
        check_range(
            "utility_neither",
            self.utility_neither,
            0.0,
            100.0,
            "from 0 to 100; 40 is usual",
        )?;
        check_range(
            "futility_cutoff",
            self.futility_cutoff,
            0.5,
            1.0,
            "from 0.5 to 1; 0.9 is usual",
        )
    }

    /// u_b, on the scale 0 to 1.
    pub fn utility_benchmark(&self) -> f64 {
        let (t, e) = (self.highest_dlt_rate, self.lowest_response_rate);
        let (u2, u3) = (self.utility_neither, 100.0 - self.utility_neither);
        let lowest = 100.0 * e * (1.0 - t) + u2 * (1.0 - t) * (1.0 - e) + u3 * t * e;
        (lowest + (100.0 - lowest) / 2.0) / 100.0
    }

    fn quasi_events(&self, dose: &DoseTally) -> f64 {
        (self.utility_neither * (dose.treated - dose.dlt) as f64
            + (100.0 - self.utility_neither) * dose.responses as f64)
            / 100.0
    }

    fn desirability(&self, dose: &DoseTally) -> f64 {
        let x = self.quasi_events(dose);
        incomplete_beta_upper(
            1.0 + x,
            1.0 + (dose.treated as f64 - x).max(0.0),
            self.utility_benchmark(),
        )
    }

    fn low_response_probability(&self, dose: &DoseTally) -> f64 {
        incomplete_beta(
            1.0 + dose.responses as f64,
            1.0 + (dose.treated - dose.responses) as f64,
            self.lowest_response_rate,
        )
    }

    fn boin(&self) -> BoinSettings {
        BoinSettings {
            overdose: self.overdose,
            ..BoinSettings::at_target(self.highest_dlt_rate)
        }
    }
}

/// One possible outcome at a dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boin12Row {
    /// Patients treated at the dose.
    pub treated: u64,
    /// DLT among them.
    pub dlt: u64,
    /// Responses among them.
    pub responses: u64,
    /// x.
    pub quasi_events: f64,
    /// Pr(u > u_b).
    pub desirability: f64,
    /// Pr(p_T > phi_T).
    pub overdose_probability: f64,
    /// Pr(p_E < phi_E).
    pub low_response_probability: f64,
    /// Whether the dose may be given.
    pub admissible: bool,
    /// Place by desirability within the table, 1 the least desirable; equal ones share the lowest.
    pub rank: usize,
}

/// Every outcome for each of the numbers of patients, with its rank in the whole table.
///
/// # Errors
///
/// Settings out of range; more than 100,000 outcomes.
pub fn boin12_table(
    settings: &Boin12Settings,
    treated: &[u64],
) -> Result<Vec<Boin12Row>, InputError> {
    settings.check()?;
    boin_rates(&settings.boin())?;
    let cells = treated.iter().fold(0_u64, |cells, &n| {
        let side = n.saturating_add(1);
        cells.saturating_add(side.saturating_mul(side))
    });
    check_range(
        "outcomes in the table",
        cells as f64,
        0.0,
        LARGEST_TABLE as f64,
        "at most 100000",
    )?;
    let mut rows = Vec::with_capacity(cells as usize);
    for &n in treated {
        for dlt in 0..=n {
            for responses in 0..=n {
                let dose = DoseTally {
                    responses,
                    ..DoseTally::of(n, dlt)
                };
                let low_response_probability = settings.low_response_probability(&dose);
                rows.push(Boin12Row {
                    treated: n,
                    dlt,
                    responses,
                    quasi_events: settings.quasi_events(&dose),
                    desirability: settings.desirability(&dose),
                    overdose_probability: overdose_probability(n, dlt, settings.highest_dlt_rate)?,
                    low_response_probability,
                    admissible: low_response_probability < settings.futility_cutoff
                        && !settings
                            .overdose
                            .eliminates(n, dlt, settings.highest_dlt_rate),
                    rank: 0,
                });
            }
        }
    }
    let rounded = |row: &Boin12Row| (row.desirability * RANK_SCALE).round() as u64;
    let mut sorted: Vec<u64> = rows.iter().map(rounded).collect();
    sorted.sort_unstable();
    for row in &mut rows {
        let value = rounded(row);
        row.rank = 1 + sorted.partition_point(|&other| other < value);
    }
    Ok(rows)
}

/// Pr(u > u_b) after `dlt` DLT and `responses` responses in `treated` patients.
///
/// # Errors
///
/// Counts above the patients, settings out of range.
pub fn boin12_desirability(
    treated: u64,
    dlt: u64,
    responses: u64,
    settings: &Boin12Settings,
) -> Result<f64, InputError> {
    settings.check()?;
    boin_rates(&settings.boin())?;
    check_count("dlt", dlt, treated)?;
    check_count("responses", responses, treated)?;
    Ok(settings.desirability(&DoseTally {
        responses,
        ..DoseTally::of(treated, dlt)
    }))
}

/// The next dose under BOIN12.
///
/// # Errors
///
/// No dose or too many, `current` beyond them, counts above the patients, settings out of range.
pub fn boin12_next_dose(
    doses: &[DoseTally],
    current: usize,
    settings: &Boin12Settings,
) -> Result<DoseDecision, InputError> {
    settings.check()?;
    check_current(doses, current)?;
    let rates = boin_rates(&settings.boin())?;
    let eliminated_from = settings
        .overdose
        .eliminated_from(doses, settings.highest_dlt_rate);
    if eliminated_from == Some(0) {
        return Ok(DoseDecision::stop(
            StopReason::LowestDoseTooToxic,
            eliminated_from,
        ));
    }
    let admissible = |dose: usize| {
        dose < eliminated_from.unwrap_or(doses.len())
            && settings.low_response_probability(&doses[dose]) < settings.futility_cutoff
    };
    let n = doses[current].treated;
    let rate = doses[current].dlt as f64 / n.max(1) as f64;
    let lower = (0..current).rev().find(|&dose| admissible(dose));
    let wanted = if n == 0 {
        // Nobody to judge by: stay where the patients were sent, if that is still allowed.
        if admissible(current) {
            Some(current)
        } else {
            lower
        }
    } else if rate >= rates.de_escalate {
        lower.or(admissible(current).then_some(current))
    } else {
        let highest = if rate > rates.escalate && n >= settings.explore_below {
            current
        } else {
            (current + 1).min(doses.len() - 1)
        };
        let mut best: Option<(usize, f64)> = None;
        let near = doses.iter().enumerate().take(highest + 1);
        for (dose, tally) in near.skip(current.saturating_sub(1)) {
            let desirability = settings.desirability(tally);
            if admissible(dose) && best.is_none_or(|(_, value)| desirability > value) {
                best = Some((dose, desirability));
            }
        }
        best.map(|(dose, _)| dose).or(lower)
    };
    Ok(match wanted {
        Some(dose) => DoseDecision::towards(dose, current, eliminated_from),
        None => DoseDecision::stop(StopReason::NoAdmissibleDose, eliminated_from),
    })
}

/// The optimal biological dose under BOIN12.
///
/// # Errors
///
/// No dose or too many, counts above the patients, settings out of range.
pub fn boin12_select(
    doses: &[DoseTally],
    settings: &Boin12Settings,
) -> Result<DoseSelection, InputError> {
    settings.check()?;
    boin_rates(&settings.boin())?;
    check_doses(doses)?;
    let target = settings.highest_dlt_rate;
    let eliminated_from = settings.overdose.eliminated_from(doses, target);
    let mtd = match nearest_to_target(doses, eliminated_from, target) {
        DoseSelection::Dose(mtd) => mtd,
        none => return Ok(none),
    };
    let mut best: Option<(usize, f64)> = None;
    for (dose, tally) in doses[..=mtd].iter().enumerate() {
        let utility = (1.0 + settings.quasi_events(tally)) / (2.0 + tally.treated as f64);
        if tally.treated > 0
            && settings.low_response_probability(tally) < settings.futility_cutoff
            && best.is_none_or(|(_, value)| utility > value)
        {
            best = Some((dose, utility));
        }
    }
    Ok(match best {
        Some((dose, _)) => DoseSelection::Dose(dose),
        None => DoseSelection::NoDose(NoDoseReason::NoneEffective),
    })
}
