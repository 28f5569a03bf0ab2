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

#[cfg(test)]
mod tests {
    use crate::rules::example::{STUDY, refused};

    fn appraisal() -> String {
        STUDY[STUDY.find("[appraisal]").unwrap()..].to_owned()
    }

    #[test]
    fn a_study_that_has_an_appraisal_is_appraised() {
        insta::assert_snapshot!(refused(r#"state = "appraised""#, r#"state = "extracted""#), @r#"
        the study has an appraisal but is not `appraised`
          --> studies/example2026.toml:4:1
           4 | state = "extracted"
             | ^
             = hint: write `state = "appraised"`
        "#);
    }

    #[test]
    fn an_appraised_study_has_an_appraisal() {
        insta::assert_snapshot!(refused(&appraisal(), ""), @r#"
        the study is `appraised` but has no appraisal
          --> studies/example2026.toml:4:1
           4 | state = "appraised"
             | ^
             = hint: add `[appraisal]`, or write `state = "extracted"`
        "#);
    }

    #[test]
    fn an_appraisal_says_what_was_read() {
        insta::assert_snapshot!(refused(r#"read = "abstract""#, r#"read = """#), @r#"
        the appraisal does not say `read`
          --> studies/example2026.toml:134:1
         134 | read = ""
             | ^
             = hint: say what was read, who judged and when
        "#);
    }

    #[test]
    fn an_unknown_item_is_named_with_the_nearest_one() {
        insta::assert_snapshot!(refused(r#"item = "measurement""#, r#"item = "measurements""#), @r#"
        `measurements` is no item of the instrument
          --> studies/example2026.toml:142:3
         142 |   { item = "measurements", answer = "low", why = "blind raters" },
             |   ^
             = hint: did you mean `measurement`?

        items are not answered: measurement
          --> studies/example2026.toml:138:1
         138 | item = [
             | ^
             = hint: answer `unclear` where the text does not say
        "#);
    }

    #[test]
    fn an_item_is_answered_once() {
        insta::assert_snapshot!(refused(r#"item = "reporting""#, r#"item = "measurement""#), @r#"
        `measurement` is answered twice
          --> studies/example2026.toml:143:3
         143 |   { item = "measurement", answer = "unclear" },
             |   ^
             = hint: keep one of the answers

        items are not answered: reporting
          --> studies/example2026.toml:138:1
         138 | item = [
             | ^
             = hint: answer `unclear` where the text does not say
        "#);
    }

    #[test]
    fn every_item_is_answered() {
        insta::assert_snapshot!(refused(r#"  { item = "reporting", answer = "unclear" },
"#, ""), @r"
        items are not answered: reporting
          --> studies/example2026.toml:138:1
         138 | item = [
             | ^
             = hint: answer `unclear` where the text does not say
        ");
    }

    #[test]
    fn domains_of_bias_are_not_answered_by_yes() {
        insta::assert_snapshot!(refused(r#"answer = "low", why = "blind" }"#, r#"answer = "yes", why = "blind" }"#), @r#"
        `deviations` cannot be answered so by this instrument
          --> studies/example2026.toml:140:3
         140 |   { item = "deviations", answer = "yes", why = "blind" },
             |   ^
             = hint: answers: low, some_concerns, high, unclear
        "#);
    }

    #[test]
    fn an_answer_has_a_reason() {
        insta::assert_snapshot!(refused(r#", why = "by computer""#, ""), @r#"
        `randomisation` is answered without a reason
          --> studies/example2026.toml:139:3
         139 |   { item = "randomisation", answer = "low" },
             |   ^
             = hint: say in `why` what in the text answers it, or answer `unclear`
        "#);
    }

    #[test]
    fn the_risk_over_all_follows_from_the_answers() {
        insta::assert_snapshot!(refused(r#"overall = "some_concerns""#, r#"overall = "low""#), @r#"
        the risk over all is given as `low`, but `some_concerns` follows from the answers
          --> studies/example2026.toml:137:1
         137 | overall = "low"
             | ^
             = hint: docs/concepts/evidence-base.md states the rule
        "#);
    }
}
