//! Risk of bias: every item of the instrument answered once, and a judgement that follows from it.

use neurocart_library::{Problem, nearest};

use super::StudyFile;
use super::place::at;
use crate::appraisal::{fits, is_checklist, items, overall};
use crate::study::{Answer, Risk, State};

pub(super) fn check_appraisal(file: StudyFile, problems: &mut Vec<Problem>) {
    let study = file.study;
    let Some(appraisal) = &study.appraisal else {
        if study.state == State::Appraised {
            problems.push(file.problem(
                at("", 0, "state"),
                "the study is `appraised` but has no appraisal",
                "add `[appraisal]`, or write `state = \"extracted\"`",
            ));
        }
        return;
    };
    let mut add = |place, message: String, hint: String| {
        problems.push(file.problem(place, message, hint));
    };
    if !matches!(study.state, State::Appraised | State::Superseded) {
        add(
            at("", 0, "state"),
            "the study has an appraisal but is not `appraised`".into(),
            "write `state = \"appraised\"`".into(),
        );
    }
    for (key, text) in [
        ("read", &appraisal.read),
        ("by", &appraisal.by),
        ("on", &appraisal.on),
    ] {
        if text.trim().is_empty() {
            add(
                at("appraisal", 0, key),
                format!("the appraisal does not say `{key}`"),
                "say what was read, who judged and when".into(),
            );
        }
    }
    let known = items(appraisal.instrument);
    for (index, given) in appraisal.items.iter().enumerate() {
        let here = at("appraisal", 0, "item").nth(index);
        let code = given.item.as_str();
        if !known.iter().any(|(item, _)| *item == code) {
            let codes: Vec<&str> = known.iter().map(|(item, _)| *item).collect();
            let hint = match nearest(code, codes.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("items of this instrument: {}", codes.join(", ")),
            };
            add(here, format!("`{code}` is no item of the instrument"), hint);
        }
        if appraisal.items[..index].iter().any(|i| i.item == code) {
            add(
                here,
                format!("`{code}` is answered twice"),
                "keep one of the answers".into(),
            );
        }
        if !fits(appraisal.instrument, given.answer) {
            let hint = match is_checklist(appraisal.instrument) {
                true => "answers: yes, no, unclear, not_applicable",
                false => "answers: low, some_concerns, high, unclear",
            };
            add(
                here,
                format!("`{code}` cannot be answered so by this instrument"),
                hint.into(),
            );
        }
        if given.answer != Answer::Unclear && given.why.trim().is_empty() {
            add(
                here,
                format!("`{code}` is answered without a reason"),
                "say in `why` what in the text answers it, or answer `unclear`".into(),
            );
        }
    }
    let missing: Vec<&str> = known
        .iter()
        .map(|(item, _)| *item)
        .filter(|item| !appraisal.items.iter().any(|given| given.item == *item))
        .collect();
    if !missing.is_empty() {
        add(
            at("appraisal", 0, "item"),
            format!("items are not answered: {}", missing.join(", ")),
            "answer `unclear` where the text does not say".into(),
        );
    } else if appraisal.overall != overall(appraisal) {
        add(
            at("appraisal", 0, "overall"),
            format!(
                "the risk over all is given as `{}`, but `{}` follows from the answers",
                word(appraisal.overall),
                word(overall(appraisal))
            ),
            "docs/concepts/evidence-base.md states the rule".into(),
        );
    }
}

fn word(risk: Risk) -> &'static str {
    match risk {
        Risk::Low => "low",
        Risk::SomeConcerns => "some_concerns",
        Risk::High => "high",
        Risk::Unclear => "unclear",
    }
}
