//! The detailed tables: subjects, visits and events of the first replicates.

use crate::endpoint::Outcome;
use crate::parquet_file::Rows;
use crate::replicate::{Space, Subject};
use crate::specification::Specification;
use crate::table::{EVENTS, SUBJECTS, VISITS};

/// Rows of the three tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Rows of [`SUBJECTS`].
    pub subjects: Rows,
    /// Rows of [`VISITS`].
    pub visits: Rows,
    /// Rows of [`EVENTS`].
    pub events: Rows,
}

impl Default for Detail {
    fn default() -> Detail {
        Detail {
            subjects: Rows::new(&SUBJECTS),
            visits: Rows::new(&VISITS),
            events: Rows::new(&EVENTS),
        }
    }
}

/// An event of a subject.
#[derive(Clone, Copy, Default)]
struct Event<'a> {
    name: &'a str,
    endpoint: Option<&'a str>,
    time_days: f64,
    grade: Option<u8>,
    edss_jump: Option<f64>,
    edss_residual: Option<f64>,
}

impl Detail {
    /// Adds every subject of a simulated trial.
    pub fn push(&mut self, specification: &Specification, replicate: u32, space: &Space) {
        for (index, subject) in space.subjects.iter().enumerate() {
            let arm = specification.arms[subject.arm].name.as_str();
            let course = &space.courses[index];
            let until = subject.until_days;
            let number = index + 1;
            let infections = || {
                course
                    .serious_infections_days
                    .iter()
                    .copied()
                    .filter(move |&time| time <= until)
            };
            let attacks = || {
                course
                    .attacks
                    .iter()
                    .filter(move |attack| attack.time_days <= until)
            };
            let before = |time: Option<f64>| time.filter(|&time| time <= until);
            let baseline = course.visits.first().copied().unwrap_or_default();
            self.subjects.push([
                replicate.into(),
                number.into(),
                subject.patient.into(),
                arm.into(),
                subject.entry_days.into(),
                subject.treated_days.into(),
                specification.arms[subject.assigned].name.as_str().into(),
                until.into(),
                subject.end.name().into(),
                subject.rescue_days.into(),
                baseline.edss.into(),
                baseline.mg_adl.into(),
                baseline.qmg.into(),
                baseline.t25fw_seconds.into(),
                attacks().count().into(),
                infections().count().into(),
                course.crs.map(|t| t.grade).into(),
                course.crs.and_then(|t| t.onset_days).into(),
                course.icans.map(|t| t.grade).into(),
                course.icans.and_then(|t| t.onset_days).into(),
                course.haematotoxicity.map(|h| h.early.grade).into(),
                course.haematotoxicity.map(|h| h.late.grade).into(),
                before(course.clone_extinct_days).into(),
                before(course.clone_refounded_days).into(),
            ]);
            for visit in course
                .visits
                .iter()
                .filter(|visit| visit.time_days <= until)
            {
                self.visits.push([
                    replicate.into(),
                    number.into(),
                    arm.into(),
                    visit.time_days.into(),
                    visit.edss.into(),
                    visit.mg_adl.into(),
                    visit.qmg.into(),
                    visit.mgc.into(),
                    visit.t25fw_seconds.into(),
                    visit.incat.into(),
                    visit.b_cells_per_ul.into(),
                    visit.autoantibody_percent.into(),
                    visit.igg_g_per_l.into(),
                    visit.car_t_cells_per_ul.into(),
                    visit.snfl_pg_per_ml.into(),
                    visit.sgfap_pg_per_ml.into(),
                ]);
            }
            let mut events: Vec<Event<'_>> = Vec::new();
            events.extend(attacks().map(|attack| Event {
                name: "attack",
                time_days: attack.time_days,
                edss_jump: Some(attack.edss_jump),
                edss_residual: Some(attack.edss_residual),
                ..Event::default()
            }));
            events.extend(infections().map(|time_days| Event {
                name: "serious_infection",
                time_days,
                ..Event::default()
            }));
            for (name, toxicity) in [("crs", course.crs), ("icans", course.icans)] {
                if let Some(toxicity) = toxicity.filter(|t| t.grade > 0)
                    && let Some(time_days) = before(toxicity.onset_days)
                {
                    let grade = Some(toxicity.grade);
                    events.push(Event {
                        name,
                        time_days,
                        grade,
                        ..Event::default()
                    });
                }
            }
            events.extend(subject.rescue_days.map(|time_days| Event {
                name: "rescue",
                time_days,
                ..Event::default()
            }));
            events.extend(endpoint_events(specification, space, index, subject));
            // Stable: events of one day stay in the order of the list above.
            events.sort_by(|a, b| a.time_days.total_cmp(&b.time_days));
            for event in events {
                self.events.push([
                    replicate.into(),
                    number.into(),
                    arm.into(),
                    event.name.into(),
                    event.endpoint.into(),
                    event.time_days.into(),
                    event.grade.into(),
                    event.edss_jump.into(),
                    event.edss_residual.into(),
                ]);
            }
        }
    }
}

fn endpoint_events<'a>(
    specification: &'a Specification,
    space: &Space,
    index: usize,
    subject: &Subject,
) -> Vec<Event<'a>> {
    specification
        .endpoints
        .iter()
        .zip(&space.outcomes)
        .filter_map(|(endpoint, outcomes)| match outcomes.get(index) {
            Some(&Outcome::Event {
                time_days,
                happened: true,
            }) if time_days <= subject.until_days => {
                let endpoint = Some(endpoint.name.as_str());
                Some(Event {
                    name: "endpoint",
                    endpoint,
                    time_days,
                    ..Event::default()
                })
            }
            _ => None,
        })
        .collect()
}
