//! The tables of a run: their columns with meaning and unit.
//!
//! The definitions here are the only ones: the files, their metadata and the reference page
//! `docs/reference/tables.md` are made from them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Text.
    Text,
    /// True or false.
    Flag,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name, with the unit where it has one.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a value can be missing.
    pub optional: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name of the file without its ending.
    pub name: &'static str,
    /// What a row is.
    pub meaning: &'static str,
    /// The columns, in order.
    pub columns: &'static [Column],
}

pub(crate) const fn column(
    name: &'static str,
    kind: Kind,
    optional: bool,
    meaning: &'static str,
) -> Column {
    Column {
        name,
        kind,
        optional,
        meaning,
    }
}

use Kind::{Flag, Integer, Number, Text};

/// One row per scenario, replicate, analysis and arm.
pub const REPLICATES: Table = Table {
    name: "replicates",
    meaning: "One row per scenario, replicate, analysis and arm (of a comparison: per treated arm).",
    columns: &[
        column(
            "scenario",
            Text,
            false,
            "`as_designed`, or the name of a null.",
        ),
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "analysis",
            Integer,
            false,
            "Number of the analysis in the trial file, from 1.",
        ),
        column("endpoint", Text, false, "Name of the endpoint."),
        column("method", Text, false, "Statistical method."),
        column(
            "arm",
            Text,
            false,
            "Name of the arm; of a comparison, the treated one.",
        ),
        column(
            "subjects",
            Integer,
            false,
            "Subjects of the arm in the analysis.",
        ),
        column(
            "events",
            Integer,
            false,
            "Events, responders or attacks of the arm; 0 for a change of a score.",
        ),
        column(
            "estimate",
            Number,
            true,
            "Probability free of the event, cumulative incidence, hazard, rate or odds ratio, proportion, or difference (treated minus reference), as the method says.",
        ),
        column(
            "standard_error",
            Number,
            true,
            "Standard error of the estimate; of its logarithm where it is a ratio: `cox`, `logistic`, `negative_binomial`, `poisson` and `recurrent_cox`.",
        ),
        column(
            "interval_lower",
            Number,
            true,
            "Lower end of the interval at the confidence of the analysis.",
        ),
        column(
            "interval_upper",
            Number,
            true,
            "Upper end of the interval; infinite where the data give no limit.",
        ),
        column(
            "p_value",
            Number,
            true,
            "p value of the stated alternative; of a group sequential primary analysis, the stage-wise one; of `bayesian_two_arm`, the posterior probability that the treated arm does no better.",
        ),
        column(
            "rejected",
            Flag,
            true,
            "Whether the null hypothesis is rejected: the p value is at most alpha, z reaches its boundary, or the posterior probability is above the cut-off.",
        ),
        column(
            "favours_treatment",
            Flag,
            true,
            "Whether the treated arm did better than its comparator.",
        ),
        column(
            "not_estimable_reason",
            Text,
            true,
            "Why there is no estimate, interval or p value.",
        ),
    ],
};

/// One row per decision of a design that decides while the trial runs.
pub const DECISIONS: Table = Table {
    name: "decisions",
    meaning: "One row per scenario, replicate and decision of `[dose_finding]` (one per dose, at its end), `[single_arm]` (one per stage, and one where toxicity stops the trial) and `[group_sequential]` (one per look). Only such trials have this file.",
    columns: &[
        column(
            "scenario",
            Text,
            false,
            "`as_designed`, or the name of a null.",
        ),
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "step",
            Text,
            false,
            "`dose_finding`, `single_arm` or `group_sequential`.",
        ),
        column(
            "number",
            Integer,
            false,
            "Number of the dose, the stage or the look, from 1.",
        ),
        column(
            "arm",
            Text,
            false,
            "Name of the arm: the dose, the single arm, the treated arm.",
        ),
        column(
            "time_days",
            Number,
            false,
            "Calendar day of the decision, from the opening of the trial.",
        ),
        column(
            "enrolled",
            Integer,
            false,
            "Subjects enrolled: assigned to the dose, or in this part of the trial until then.",
        ),
        column(
            "not_made",
            Integer,
            false,
            "Of these, subjects whose product could not be made.",
        ),
        column(
            "short",
            Integer,
            false,
            "Of these, subjects who received the next lower dose.",
        ),
        column(
            "subjects",
            Integer,
            false,
            "Subjects whose outcome the decision is made from: given the dose, judged, or in the primary analysis.",
        ),
        column(
            "events",
            Integer,
            false,
            "Dose-limiting toxicities, subjects with a yes, or events; of a stop for toxicity, subjects with the toxicity.",
        ),
        column(
            "responders",
            Integer,
            true,
            "Responders at the dose, in dose finding.",
        ),
        column(
            "information",
            Number,
            true,
            "Information at a look, as a fraction of the planned maximum.",
        ),
        column(
            "z",
            Number,
            true,
            "z statistic of a look, positive in favour of the treated arm.",
        ),
        column(
            "efficacy_boundary",
            Number,
            true,
            "z, or number of responders, from which the null hypothesis is rejected; infinite where the look cannot reject.",
        ),
        column(
            "futility_boundary",
            Number,
            true,
            "z, or number of responders, up to which the trial stops without rejecting.",
        ),
        column(
            "naive_estimate",
            Number,
            true,
            "Estimate that ignores the design: proportion, or the estimate of the primary analysis.",
        ),
        column(
            "estimate",
            Number,
            true,
            "Estimate that allows for it: uniformly minimum variance unbiased, or median-unbiased.",
        ),
        column(
            "interval_lower",
            Number,
            true,
            "Lower end of the interval that allows for the design, at confidence 1 - 2 alpha (one-sided) or 1 - alpha (two-sided).",
        ),
        column(
            "interval_upper",
            Number,
            true,
            "Upper end of that interval.",
        ),
        column(
            "p_value",
            Number,
            true,
            "p value that allows for the design.",
        ),
        column(
            "verdict",
            Text,
            false,
            "`selected`, `not_selected`, `continue`, `rejected`, `not_rejected` or `toxicity`.",
        ),
        column(
            "reason",
            Text,
            true,
            "Why no dose is selected, or why a look could not decide.",
        ),
    ],
};

/// One row per randomised subject of the detailed replicates.
pub const SUBJECTS: Table = Table {
    name: "subjects",
    meaning: "One row per randomised subject of the first replicates (`simulation.detail_replicates`) of the trial as designed.",
    columns: &[
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "subject",
            Integer,
            false,
            "Number of the subject in the replicate, from 1, in the order of randomisation.",
        ),
        column(
            "patient",
            Integer,
            false,
            "Number of the virtual patient in the bank, from 0.",
        ),
        column(
            "arm",
            Text,
            false,
            "Name of the arm whose treatment was received.",
        ),
        column(
            "entry_days",
            Number,
            false,
            "Calendar day of entry, from the opening of the trial.",
        ),
        column(
            "treated_days",
            Number,
            false,
            "Calendar day of the first treatment; after entry where a cell product is made.",
        ),
        column(
            "assigned_arm",
            Text,
            false,
            "Name of the arm that was assigned; another one where the product held fewer cells.",
        ),
        column(
            "observed_days",
            Number,
            false,
            "End of observation, in days from the first treatment.",
        ),
        column(
            "end_of_observation",
            Text,
            false,
            "`completed`, `lost_to_follow_up` or `data_cut`.",
        ),
        column(
            "rescue_days",
            Number,
            true,
            "Start of rescue treatment, in days from the first treatment.",
        ),
        column("baseline_edss", Number, true, "EDSS at day 0, 0 to 10."),
        column("baseline_mg_adl", Number, true, "MG-ADL at day 0, 0 to 24."),
        column("baseline_qmg", Number, true, "QMG at day 0, 0 to 39."),
        column(
            "baseline_t25fw_seconds",
            Number,
            true,
            "Timed 25-foot walk at day 0, 0 to 180 seconds.",
        ),
        column(
            "attacks",
            Integer,
            false,
            "Relapses or attacks until the end of observation.",
        ),
        column(
            "serious_infections",
            Integer,
            false,
            "Serious infections until the end of observation.",
        ),
        column(
            "crs_grade",
            Integer,
            true,
            "Highest grade of cytokine release syndrome (ASTCT 2019), 0 to 4; missing without CAR T cells.",
        ),
        column(
            "crs_onset_days",
            Number,
            true,
            "Onset of cytokine release syndrome, in days from the first treatment.",
        ),
        column(
            "icans_grade",
            Integer,
            true,
            "Highest grade of neurotoxicity (ICANS, ASTCT 2019), 0 to 4; missing without CAR T cells.",
        ),
        column(
            "icans_onset_days",
            Number,
            true,
            "Onset of neurotoxicity, in days from the first treatment.",
        ),
        column(
            "icaht_early_grade",
            Integer,
            true,
            "Grade of early haematotoxicity (ICAHT, EHA/EBMT 2023), 0 to 4; missing without CAR T cells.",
        ),
        column(
            "icaht_late_grade",
            Integer,
            true,
            "Grade of late haematotoxicity over the whole follow-up, 0 to 4; missing without CAR T cells.",
        ),
        column(
            "clone_extinct_days",
            Number,
            true,
            "When the autoreactive clone fell below one cell.",
        ),
        column(
            "clone_refounded_days",
            Number,
            true,
            "When new founders re-established the clone.",
        ),
    ],
};

/// One row per visit of the detailed replicates.
pub const VISITS: Table = Table {
    name: "visits",
    meaning: "One row per visit until the end of observation, for the subjects of `subjects`.",
    columns: &[
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "subject",
            Integer,
            false,
            "Number of the subject in the replicate, from 1.",
        ),
        column("arm", Text, false, "Name of the arm."),
        column(
            "time_days",
            Number,
            false,
            "Day of the visit, from the first treatment; 0 is the baseline.",
        ),
        column(
            "edss",
            Number,
            true,
            "Expanded Disability Status Scale, 0 to 10 by 0.5.",
        ),
        column(
            "mg_adl",
            Number,
            true,
            "Myasthenia Gravis Activities of Daily Living, 0 to 24.",
        ),
        column(
            "qmg",
            Number,
            true,
            "Quantitative Myasthenia Gravis score, 0 to 39.",
        ),
        column("mgc", Number, true, "Myasthenia Gravis Composite, 0 to 50."),
        column(
            "t25fw_seconds",
            Number,
            true,
            "Timed 25-foot walk, 0 to 180 seconds by 0.1.",
        ),
        column("incat", Number, true, "INCAT disability score, 0 to 10."),
        column(
            "b_cells_per_ul",
            Number,
            false,
            "B cells in blood, per microlitre.",
        ),
        column(
            "autoantibody_percent",
            Number,
            false,
            "Autoantibody, percent of the patient's own baseline.",
        ),
        column("igg_g_per_l", Number, false, "Total IgG, grams per litre."),
        column(
            "car_t_cells_per_ul",
            Number,
            false,
            "CAR T cells in blood, per microlitre.",
        ),
        column(
            "snfl_pg_per_ml",
            Number,
            false,
            "Serum neurofilament light, picograms per millilitre.",
        ),
        column(
            "sgfap_pg_per_ml",
            Number,
            false,
            "Serum GFAP, picograms per millilitre.",
        ),
    ],
};

/// One row per event of the detailed replicates.
pub const EVENTS: Table = Table {
    name: "events",
    meaning: "One row per event until the end of observation, for the subjects of `subjects`.",
    columns: &[
        column(
            "replicate",
            Integer,
            false,
            "Number of the replicate, from 0.",
        ),
        column(
            "subject",
            Integer,
            false,
            "Number of the subject in the replicate, from 1.",
        ),
        column("arm", Text, false, "Name of the arm."),
        column(
            "event",
            Text,
            false,
            "`attack`, `serious_infection`, `crs`, `icans`, `rescue`, or `endpoint` for the event of a time-to-event endpoint.",
        ),
        column(
            "endpoint",
            Text,
            true,
            "Name of the endpoint, for `endpoint`.",
        ),
        column(
            "time_days",
            Number,
            false,
            "Onset, in days from the first treatment.",
        ),
        column(
            "grade",
            Integer,
            true,
            "Grade of `crs` and `icans`, 1 to 4.",
        ),
        column(
            "edss_jump",
            Number,
            true,
            "Rise of the EDSS at the peak of an attack, in points.",
        ),
        column(
            "edss_residual",
            Number,
            true,
            "Part of the rise that stays, in points.",
        ),
    ],
};

/// Every table of a run.
pub const TABLES: [Table; 4] = [SUBJECTS, VISITS, EVENTS, REPLICATES];

/// Tables of a run and the table of `neurocart population`.
const DOCUMENTED: [Table; 6] = [
    SUBJECTS,
    VISITS,
    EVENTS,
    REPLICATES,
    DECISIONS,
    crate::population_table::PATIENTS,
];

/// The reference page of the tables, in Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Tables of a run\n\n\
         A run directory holds these Parquet files. Names and meanings of the columns also stand in \
         each file's metadata (`column.NAME`). Times are in days from the first treatment unless the \
         column says otherwise; an empty cell is a missing value, never zero.\n",
    );
    for table in DOCUMENTED {
        page.push_str(&format!(
            "\n## `{}.parquet`\n\n{}\n\n",
            table.name, table.meaning
        ));
        page.push_str("| column | type | meaning |\n|---|---|---|\n");
        for column in table.columns {
            let kind = match column.kind {
                Integer => "integer",
                Number => "number",
                Text => "text",
                Flag => "true or false",
            };
            let missing = if column.optional {
                ", can be missing"
            } else {
                ""
            };
            page.push_str(&format!(
                "| `{}` | {kind}{missing} | {} |\n",
                column.name, column.meaning
            ));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_reference_page_is_up_to_date() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/reference/tables.md"
        );
        if std::env::var_os("NEUROCART_UPDATE").is_some() {
            std::fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, reference_page()).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == reference_page(),
            "docs/reference/tables.md is out of date: run the tests once with NEUROCART_UPDATE=1"
        );
    }
}
