//! Forest plots of what was taken and pooled, of the answer without each study, and of the answer as
//! studies came in.

use neurocart_evidence::pooling::{Estimate as Pooled, Role, Step, enters};
use neurocart_evidence::series::{Measure, Row, Series};
use neurocart_evidence::study::Grade;
use neurocart_report::estimate::Estimate;
use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::forest::{
    ForestGroup, ForestMark, ForestPlot, ForestRow, ForestScale, PooledMark, PooledRow,
};

use crate::evidence::wording;
use crate::wording::sentence_case;

/// One group of a forest plot.
pub struct Group<'a> {
    /// Heading.
    pub label: &'a str,
    /// The rows taken.
    pub series: &'a Series,
    /// What was pooled from them.
    pub pooled: &'a neurocart_evidence::pooling::Pooled,
}

/// The plot of groups that share an outcome; all of one measure.
pub fn plot(title: &str, measure: Measure, unit: &str, groups: &[Group]) -> ForestPlot {
    let drawn = groups.iter().filter(|g| g.series.measure == measure);
    let groups = drawn.map(|group| {
        let rows = group.series.rows.iter();
        let rows = rows.filter(|row| row.estimate.is_some() || row.lower.is_some());
        ForestGroup {
            heading: group.label.to_owned(),
            rows: rows.map(|row| study(row, measure)).collect(),
            pooled: group
                .pooled
                .estimates
                .iter()
                .map(|estimate| pooled(estimate, group, measure))
                .collect(),
            note: note(group),
        }
    });
    ForestPlot {
        title: title.to_owned(),
        measure: axis_title(measure, unit),
        scale: scale(measure),
        detail_heading: match measure {
            Measure::Proportion => "Events/patients",
            Measure::Rate => "Events/patient-years",
            _ => "Patients",
        }
        .into(),
        estimate_heading: match measure {
            Measure::Listed => "Value (interval)",
            _ => "95 % interval",
        }
        .into(),
        groups: groups.collect(),
        reference: None,
        caption: match measure {
            Measure::Proportion => {
                "Squares: share of each series with its exact 95 % interval; the area shows the number of patients. \
                 Diamonds: pooled share with its 95 % interval; the thin bar is the 95 % prediction interval for a new study."
            }
            Measure::Listed => "Values and intervals as the reports give them: medians, ranges and bounds are not pooled.",
            _ => "Squares: each study with its 95 % interval. Diamonds: pooled; the thin bar is the 95 % prediction interval.",
        }
        .into(),
    }
}

/// The pooled answer at each step, against the answer of all studies.
pub fn steps(
    title: &str,
    measure: Measure,
    unit: &str,
    steps: &[Step],
    word: &str,
    caption: &str,
    all: Option<&Pooled>,
) -> ForestPlot {
    let rows = steps.iter().filter_map(|step| {
        let estimate = step.estimate.as_ref()?;
        Some(ForestRow {
            label: format!("{word} {}", step.study),
            detail: step.year.to_string(),
            estimate: scaled(
                Some(estimate.estimate),
                Some(estimate.lower),
                Some(estimate.upper),
                measure,
            ),
            weight: f64::NAN,
            mark: ForestMark::Pooled,
        })
    });
    ForestPlot {
        title: title.to_owned(),
        measure: axis_title(measure, unit),
        scale: scale(measure),
        detail_heading: "Year".into(),
        estimate_heading: "95 % interval".into(),
        groups: vec![ForestGroup {
            heading: String::new(),
            rows: rows.collect(),
            pooled: Vec::new(),
            note: all.map_or(String::new(), |all| all.method.clone()),
        }],
        reference: all.map(|all| ReferenceLine {
            value: factor(measure) * all.estimate,
            label: "all studies".into(),
        }),
        caption: format!("Diamonds: the pooled answer with its 95 % interval.{caption}"),
    }
}

fn study(row: &Row, measure: Measure) -> ForestRow {
    let when = row.time_months.map(|t| format!(", {}", wording::months(t)));
    let arm = if row.arm == "all" {
        String::new()
    } else {
        format!(" ({})", row.arm)
    };
    ForestRow {
        label: format!("{}{arm}{}", row.study, when.unwrap_or_default()),
        detail: match (measure, row.events, row.total) {
            (Measure::Rate, Some(events), _) if row.exposure_patient_years.is_some() => {
                let exposure = row.exposure_patient_years.unwrap_or(f64::NAN);
                format!("{events}/{}", wording::number(exposure, ""))
            }
            (Measure::Proportion, Some(events), Some(total)) => format!("{events}/{total}"),
            (_, _, Some(total)) => total.to_string(),
            _ => "–".into(),
        },
        estimate: scaled(row.estimate, row.lower, row.upper, measure),
        weight: match (enters(row, measure), row.total) {
            (true, _) if measure == Measure::Rate => row.exposure_patient_years.unwrap_or(f64::NAN),
            (true, Some(total)) => total as f64,
            _ => f64::NAN,
        },
        mark: match (row.grade, &row.not_pooled) {
            (Grade::Recalled, _) => ForestMark::Recalled,
            (Grade::Seen, Some(_)) => ForestMark::NotPooled,
            (Grade::Seen, None) => ForestMark::Study,
        },
    }
}

fn pooled(estimate: &Pooled, group: &Group, measure: Measure) -> PooledRow {
    let times = factor(measure);
    PooledRow {
        label: sentence_case(&estimate.short),
        method: estimate.method.clone(),
        estimate: scaled(
            Some(estimate.estimate),
            Some(estimate.lower),
            Some(estimate.upper),
            measure,
        ),
        prediction_lower: estimate.prediction_lower.map_or(f64::NAN, |x| times * x),
        prediction_upper: estimate.prediction_upper.map_or(f64::NAN, |x| times * x),
        studies: group.pooled.studies as u64,
        patients: group.pooled.patients,
        mark: match estimate.role {
            Role::Primary => PooledMark::Diamond,
            Role::Companion => PooledMark::HollowDiamond,
            Role::Sensitivity => PooledMark::Interval,
        },
    }
}

fn note(group: &Group) -> String {
    let mut parts = Vec::new();
    parts.extend(group.pooled.withheld.clone());
    parts.extend(
        group
            .pooled
            .heterogeneity
            .as_ref()
            .map(wording::heterogeneity),
    );
    parts.join("; ")
}

/// Percentages stand as proportions on the axis.
fn factor(measure: Measure) -> f64 {
    if measure == Measure::Proportion {
        0.01
    } else {
        1.0
    }
}

fn scaled(
    value: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    measure: Measure,
) -> Estimate {
    let times = |x: Option<f64>| x.map_or(f64::NAN, |x| factor(measure) * x);
    Estimate::new(times(value), times(lower), times(upper))
}

fn scale(measure: Measure) -> ForestScale {
    match measure {
        Measure::Proportion => ForestScale::Proportion,
        Measure::Ratio => ForestScale::LogRatio,
        _ => ForestScale::Linear,
    }
}

fn axis_title(measure: Measure, unit: &str) -> String {
    match measure {
        Measure::Proportion => "Patients with the event".into(),
        Measure::Ratio => "Ratio, treatment to comparator".into(),
        Measure::Rate => "Events per patient-year".into(),
        Measure::Difference => format!("Difference, {unit}"),
        _ => unit.to_owned(),
    }
}
