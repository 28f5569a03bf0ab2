//! No evidence of disease activity (NEDA-3): no relapse, no confirmed disability progression, no
//! new or enlarging T2 lesion and no gadolinium-enhancing T1 lesion.
//!
//! Any positive component makes the answer no, whatever else is missing. If none is positive and
//! one is unknown, the subject is not evaluable, never "yes". Lesions are counted against a
//! reference scan: the baseline, or a later one (re-baselining) because T2 lesions that formed
//! before a therapy works are found on the first scan after it. Activity on the reference scan
//! itself does not count. Havrdova et al. 2009, doi:10.1016/S1474-4422(09)70021-3; Giovannoni et
//! al. 2015, doi:10.1016/j.msard.2015.04.006.

use crate::error::increasing;
use crate::{InputError, NotEvaluable};

/// What is known of the components; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// A relapse.
    pub relapse: Option<bool>,
    /// A confirmed progression (over 24 weeks).
    pub progression: Option<bool>,
    /// A new or enlarging T2 lesion.
    pub new_or_enlarging_t2: Option<bool>,
    /// A gadolinium-enhancing T1 lesion.
    pub gadolinium: Option<bool>,
}

/// Whether the subject has no evidence of disease activity.
///
/// # Errors
/// No component is positive and one is unknown.
pub fn neda3(components: &Components) -> Result<bool, NotEvaluable> {
    let all = [
        ("relapse", components.relapse),
        ("disability progression", components.progression),
        ("MRI (T2 lesions)", components.new_or_enlarging_t2),
        ("MRI (gadolinium)", components.gadolinium),
    ];
    if all.iter().any(|(_, found)| *found == Some(true)) {
        return Ok(false);
    }
    match all.iter().find(|(_, found)| found.is_none()) {
        Some(&(component, _)) => Err(NotEvaluable::MissingComponent { component }),
        None => Ok(true),
    }
}

/// A scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scan {
    /// Day of the scan.
    pub time_days: f64,
    /// T2 lesions that are new or larger than on the scan before; `None` if not read.
    pub new_or_enlarging_t2: Option<u32>,
    /// Gadolinium-enhancing T1 lesions; `None` if not read.
    pub gadolinium: Option<u32>,
}

/// Lesion activity on scans after the reference up to `until_days`: T2, then gadolinium.
///
/// The reference is the scan on `reference_days`, within half a day. An unread scan after it leaves
/// a component unknown unless another scan is positive; without the reference, or without a scan
/// after it, T2 is unknown.
///
/// # Errors
/// Scans out of order.
pub fn lesion_activity(
    scans: &[Scan],
    reference_days: f64,
    until_days: f64,
) -> Result<(Option<bool>, Option<bool>), InputError> {
    increasing("a scan", scans.iter().map(|s| s.time_days), false)?;
    let is_reference = |scan: &&Scan| (scan.time_days - reference_days).abs() < 0.5;
    let reference = scans.iter().find(is_reference);
    let after = || {
        scans.iter().filter(move |scan| {
            scan.time_days >= reference_days + 0.5 && scan.time_days <= until_days
        })
    };
    let any = |count: fn(&Scan) -> Option<u32>, known: bool| {
        if after().any(|scan| count(scan).is_some_and(|lesions| lesions > 0)) {
            Some(true)
        } else if !known || after().next().is_none() || after().any(|scan| count(scan).is_none()) {
            None
        } else {
            Some(false)
        }
    };
    Ok((
        any(|scan| scan.new_or_enlarging_t2, reference.is_some()),
        any(|scan| scan.gadolinium, true),
    ))
}
