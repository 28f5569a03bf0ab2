//! Patients who are reported one by one, as lanes of a swimmer plot.

use neurocart_evidence::study::{DAYS_PER_MONTH, Grade, Observation, Patient, Study};
use neurocart_evidence::vocabulary::{Domain, Vocabulary};
use neurocart_report::figure::Layout;
use neurocart_report::figure::swimmer::{Swimmer, SwimmerMark, SwimmerPlot, render_swimmer_svg};

use crate::evidence::printed::observed;

/// The figure; none where no patient is reported singly.
pub fn swimmer(
    title: &str,
    studies: &[&Study],
    vocabulary: &Vocabulary,
    include_recalled: bool,
) -> Option<String> {
    let mut lanes = Vec::new();
    for study in studies {
        for patient in &study.patients {
            lanes.extend(lane(study, patient, vocabulary, include_recalled));
        }
    }
    let (mut lanes, undated): (Vec<Swimmer>, Vec<Swimmer>) = lanes
        .into_iter()
        .partition(|lane| lane.end_months.is_finite());
    let mut caption =
        String::from("A lane ends at the last report. What has no day in its report is not drawn.");
    if !undated.is_empty() {
        let labels: Vec<String> = undated.into_iter().map(|lane| lane.label).collect();
        caption += &format!(" Without any day: {}.", labels.join(", "));
    }
    // Patients of one disease stand together.
    lanes.sort_by(|a, b| a.group.cmp(&b.group));
    let plot = SwimmerPlot {
        title: title.to_owned(),
        time_label: "Months since infusion".into(),
        patients: lanes,
        caption,
    };
    (!plot.patients.is_empty()).then(|| render_swimmer_svg(&plot, Layout::Wide))
}

fn lane(
    study: &Study,
    patient: &Patient,
    vocabulary: &Vocabulary,
    include_recalled: bool,
) -> Option<Swimmer> {
    let wanted = |o: &&Observation| include_recalled || o.grade == Grade::Seen;
    let seen: Vec<&Observation> = patient.observations.iter().filter(wanted).collect();
    if seen.is_empty() {
        return None;
    }
    let last = seen.iter().filter_map(|o| o.day).fold(f64::NAN, f64::max);
    let disease = patient
        .disease
        .as_ref()
        .or(study.population.diseases.first());
    Some(Swimmer {
        label: format!("{} {}", study.id, patient.id),
        group: disease.cloned().unwrap_or_default(),
        end_months: match last > 0.0 {
            true => last / DAYS_PER_MONTH,
            false => f64::NAN,
        },
        ongoing: false,
        marks: seen.iter().filter_map(|o| mark(o, vocabulary)).collect(),
        spans: Vec::new(),
    })
}

/// What was seen after the infusion, by name; a yes needs no more words, a no says so, and of a grade
/// the grade matters. Of other numbers the day is shown: their values stand in the table.
fn mark(observation: &Observation, vocabulary: &Vocabulary) -> Option<SwimmerMark> {
    let day = observation.day.filter(|day| *day > 0.0)?;
    let domain = vocabulary
        .outcomes
        .get(&observation.variable)
        .map(|o| o.domain);
    if matches!(domain, Some(Domain::Baseline | Domain::Conduct)) {
        return None;
    }
    let label = vocabulary.outcome_label(&observation.variable);
    let kind = match (observation.unit.as_str(), observation.value) {
        ("0/1", Some(1.0)) => label.to_owned(),
        ("0/1" | "grade", Some(_)) => format!("{label}: {}", observed(observation)),
        _ => label.to_owned(),
    };
    Some(SwimmerMark {
        time_months: day / DAYS_PER_MONTH,
        kind: match observation.grade {
            Grade::Seen => kind,
            Grade::Recalled => format!("{kind} (recalled)"),
        },
    })
}
