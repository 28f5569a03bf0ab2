//! Any number of virtual patients under one regimen, streamed into a Parquet table.
//!
//! A patient is solved, summarised, written and forgotten, so memory does not grow with their number.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use parquet::errors::ParquetError;

use crate::bank::{self, BankFailure, BankRequest};
use crate::course::{self, Course, Plan};
use crate::error::Error;
use crate::individual::{Summary, Who, summary};
use crate::parquet_file::{Rows, Writer};
use crate::population::Screening;
use crate::purpose::SubjectKey;
use crate::table::Kind::{Flag, Integer, Number};
use crate::table::{Table, column};

/// One row per virtual patient.
pub const PATIENTS: Table = Table {
    name: "patients",
    meaning: "One row per virtual patient of `neurocart population`; the clinical columns are one \
              course drawn for the patient.",
    columns: &[
        column(
            "patient",
            Integer,
            false,
            "Number of the candidate, the address of its draws.",
        ),
        column("weight_kg", Number, false, "Body weight."),
        column(
            "car_t_peak_cells_per_ul",
            Number,
            true,
            "Highest CAR T count in blood.",
        ),
        column("car_t_peak_day", Number, true, "Day of that peak."),
        column(
            "b_cell_aplasia_start_day",
            Number,
            true,
            "First day with fewer than 10 B cells per uL.",
        ),
        column(
            "b_cell_aplasia_days",
            Number,
            true,
            "Time from then until B cells are back at 10 per uL, or to the end.",
        ),
        column(
            "b_cell_aplasia_goes_on",
            Flag,
            false,
            "True if B cells are not back at the end.",
        ),
        column(
            "autoantibody_nadir_percent",
            Number,
            false,
            "Lowest autoantibody, percent of baseline.",
        ),
        column("autoantibody_nadir_day", Number, false, "Day of that."),
        column(
            "igg_nadir_g_per_l",
            Number,
            false,
            "Lowest total IgG, grams per litre.",
        ),
        column("igg_nadir_day", Number, false, "Day of that."),
        column(
            "il6_peak_pg_per_ml",
            Number,
            false,
            "Highest interleukin-6.",
        ),
        column("il6_peak_day", Number, false, "Day of that."),
        column(
            "crs_any_probability",
            Number,
            true,
            "Probability of CRS of any grade (ASTCT).",
        ),
        column(
            "crs_grade_3_probability",
            Number,
            true,
            "Probability of CRS of grade 3 or higher.",
        ),
        column(
            "icans_any_probability",
            Number,
            true,
            "Probability of ICANS of any grade (ASTCT).",
        ),
        column(
            "attacks",
            Integer,
            true,
            "Relapses or attacks of the course.",
        ),
        column(
            "attacks_expected",
            Number,
            true,
            "Relapses or attacks expected of this patient.",
        ),
        column("edss_first", Number, true, "EDSS at day 0."),
        column("edss_last", Number, true, "EDSS at the last visit."),
        column("mg_adl_first", Number, true, "MG-ADL at day 0."),
        column("mg_adl_last", Number, true, "MG-ADL at the last visit."),
        column("qmg_first", Number, true, "QMG at day 0."),
        column("qmg_last", Number, true, "QMG at the last visit."),
        column(
            "t25fw_seconds_first",
            Number,
            true,
            "Timed 25-foot walk at day 0.",
        ),
        column(
            "t25fw_seconds_last",
            Number,
            true,
            "Timed 25-foot walk at the last visit.",
        ),
        column(
            "incat_first",
            Number,
            true,
            "INCAT disability score at day 0.",
        ),
        column(
            "incat_last",
            Number,
            true,
            "INCAT disability score at the last visit.",
        ),
        column(
            "clone_at_end",
            Number,
            false,
            "Autoreactive clone at the end, relative to the disease.",
        ),
    ],
};

/// Rows that are kept in memory before they are written.
const BATCH: usize = 16_384;

/// What became of a stream.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// Patients written.
    pub patients: usize,
    /// Candidates looked at.
    pub screening: Screening,
    /// Patients that could not be solved.
    pub failures: Vec<BankFailure>,
    /// True if the stream was cancelled before its end.
    pub cancelled: bool,
}

/// Solves the patients of a request with one scenario and writes one row each into `path`. The
/// file appears under its name only when it is whole; a cancelled stream keeps what it has.
pub fn write(
    request: &BankRequest,
    path: &Path,
    facts: &[(&str, String)],
    cancelled: &AtomicBool,
    progress: &mut dyn FnMut(usize),
) -> Result<Streamed, Error> {
    let unwritable = |source: std::io::Error| Error::File {
        action: "write",
        path: path.display().to_string(),
        source,
    };
    let scenario = &request.scenarios[0];
    let plan = Plan::new(
        scenario,
        request.layers,
        request.blinded[0],
        request.visits_days,
        request.follow_up_days,
    );
    let temporary = path.with_extension("parquet.tmp");
    let file = File::create(&temporary).map_err(unwritable)?;
    let parquet = |e: ParquetError| {
        unwritable(match e {
            // What the system said is wrapped; the user wants to read it bare.
            ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
                Ok(source) => *source,
                Err(inner) => std::io::Error::other(inner),
            },
            other => std::io::Error::other(other),
        })
    };
    let mut writer = Writer::new(file, &PATIENTS, facts).map_err(parquet)?;
    let mut rows = Rows::new(&PATIENTS);
    let mut written = 0;
    let mut failure = None;
    let mut course = Course::default();
    let solved = bank::stream(request, cancelled, &mut |solved| {
        let key = SubjectKey {
            seed: request.seed,
            replicate: 0,
            subject: solved.patient.number,
        };
        course::simulate(&plan, &solved.bases[0], key, &mut course);
        let who = Who::Number(solved.patient.number);
        let values = &solved.trajectories[0];
        let basis = &solved.bases[0];
        let s = summary(
            scenario,
            request.layers,
            who,
            &solved.patient,
            values,
            basis,
            &course,
        );
        push(&mut rows, solved.patient.number, &s);
        written += 1;
        if rows.len() >= BATCH && failure.is_none() {
            failure = writer.write(&rows).err();
            rows = Rows::new(&PATIENTS);
            if failure.is_some() {
                // A full disk ends the stream as soon as it is noticed.
                cancelled.store(true, Ordering::Relaxed);
            }
        }
        progress(written);
    });
    if let Some(error) = failure {
        let _ = std::fs::remove_file(&temporary);
        return Err(parquet(error));
    }
    let (screening, failures, cancelled) = match solved {
        Ok((screening, failures)) => (screening, failures, false),
        Err(Error::Cancelled) => (Screening::default(), Vec::new(), true),
        Err(error) => {
            let _ = std::fs::remove_file(&temporary);
            return Err(error);
        }
    };
    let end = || {
        if !rows.is_empty() {
            writer.write(&rows).map_err(parquet)?;
        }
        let file = writer.finish().map_err(parquet)?;
        file.sync_all().map_err(unwritable)?;
        std::fs::rename(&temporary, path).map_err(unwritable)
    };
    if let Err(error) = end() {
        let _ = std::fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(Streamed {
        patients: written,
        screening,
        failures,
        cancelled,
    })
}

fn push(rows: &mut Rows, number: u64, s: &Summary) {
    let first = |score: Option<[f64; 2]>| score.map(|s| s[0]);
    let last = |score: Option<[f64; 2]>| score.map(|s| s[1]);
    let grade = |p: Option<[f64; 4]>, grade: usize| p.map(|p| p[grade - 1]);
    rows.push([
        (number as usize).into(),
        s.weight_kg.into(),
        s.car_t_peak_cells_per_ul.into(),
        s.car_t_peak_day.into(),
        s.b_cell_aplasia_start_day.into(),
        s.b_cell_aplasia_days.into(),
        Some(s.b_cell_aplasia_goes_on).into(),
        s.autoantibody_nadir_percent.into(),
        s.autoantibody_nadir_day.into(),
        s.igg_nadir_g_per_l.into(),
        s.igg_nadir_day.into(),
        s.il6_peak_pg_per_ml.into(),
        s.il6_peak_day.into(),
        grade(s.crs_probability_by_grade, 1).into(),
        grade(s.crs_probability_by_grade, 3).into(),
        grade(s.icans_probability_by_grade, 1).into(),
        crate::parquet_file::Value::Integer(s.attacks.map(|n| n as i64)),
        s.attacks_expected.into(),
        first(s.edss).into(),
        last(s.edss).into(),
        first(s.mg_adl).into(),
        last(s.mg_adl).into(),
        first(s.qmg).into(),
        last(s.qmg).into(),
        first(s.t25fw_seconds).into(),
        last(s.t25fw_seconds).into(),
        first(s.incat).into(),
        last(s.incat).into(),
        s.clone_at_end.into(),
    ]);
}
