//! The arms of a trial from its participant flow, and the arm behind a group of a table.

use super::only;
use super::record::{Group, Results};
use crate::import::clinical_trials::{ArmGroup, is_control};
use crate::import::draft::Draft;
use crate::import::mapping;
use crate::study::{Arm, ArmRole};

/// Arms are the groups of the participant flow, or where there is none, those of the adverse events.
pub(super) fn map_arms(draft: &mut Draft, results: &Results, protocol: &[ArmGroup]) {
    let flow = &results.participant_flow_module;
    let started = |group: &Group| -> Option<u64> {
        let milestones = &flow.periods.first()?.milestones;
        let started = only(milestones.iter().filter(|m| m.kind == "STARTED"))?;
        let of_group = started.achievements.iter();
        only(of_group.filter(|a| a.group_id == group.id))?.num_subjects
    };
    let mut groups: Vec<(&str, Option<u64>)> = flow
        .groups
        .iter()
        .map(|group| (group.title.as_str(), started(group)))
        .collect();
    if groups.is_empty() {
        let of_events = results.adverse_events_module.event_groups.iter();
        groups = of_events
            .map(|g| (g.title.as_str(), g.serious_num_at_risk))
            .collect();
    }
    for (title, patients) in groups {
        if title.trim().is_empty() || find_arm(draft, title).is_some() {
            draft.decide(
                "arm",
                format!("two groups of the results are called `{title}`; the second is left out"),
            );
            continue;
        }
        let name = mapping::words(title);
        let registered = protocol
            .iter()
            .find(|arm| mapping::words(&arm.label) == name);
        let only_kind = protocol
            .iter()
            .all(|arm| is_control(arm) == is_control(&protocol[0]));
        let control = match registered {
            Some(arm) => is_control(arm),
            None if !protocol.is_empty() && only_kind => is_control(&protocol[0]),
            None => {
                draft.decide(
                    "arm",
                    format!("`{title}` is no arm of the protocol: is its role treated or control?"),
                );
                mapping::has(&name, &["placebo", "control", "standard of care"])
            }
        };
        let role = if control {
            ArmRole::Control
        } else {
            ArmRole::Treated
        };
        draft.study.arms.push(arm(title, role, patients));
    }
    let patients: Option<u64> = draft.study.arms.iter().map(|arm| arm.patients).sum();
    if !draft.study.arms.is_empty() {
        draft.study.design.patients = patients;
    }
}

fn arm(name: &str, role: ArmRole, patients: Option<u64>) -> Arm {
    Arm {
        name: name.to_owned(),
        role,
        part_of: None,
        patients,
        diseases: Vec::new(),
        therapy: None,
        description: String::new(),
    }
}

fn find_arm(draft: &Draft, title: &str) -> Option<usize> {
    let name = mapping::words(title);
    draft
        .study
        .arms
        .iter()
        .position(|arm| mapping::words(&arm.name) == name)
}

/// The arm behind a group of a table, by its title; where the study has one arm, by its size. A smaller
/// group of the only arm is an analysis set of it.
pub(super) fn arm_of(draft: &mut Draft, title: &str, patients: Option<u64>) -> Option<String> {
    if let Some(index) = find_arm(draft, title) {
        return Some(draft.study.arms[index].name.clone());
    }
    let mut treated = draft
        .study
        .arms
        .iter()
        .filter(|arm| arm.role != ArmRole::AnalysisSet);
    let (only, None) = (treated.next()?.clone(), treated.next()) else {
        return None;
    };
    let (all, some) = (only.patients?, patients?);
    if some == all {
        return Some(only.name);
    }
    if some > all || title.trim().is_empty() {
        return None;
    }
    draft.study.arms.push(Arm {
        part_of: Some(only.name),
        ..arm(title, ArmRole::AnalysisSet, patients)
    });
    Some(title.to_owned())
}
