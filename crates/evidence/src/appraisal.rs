//! Risk of bias: the items of each instrument, and the judgement that follows from the answers.
//!
//! JBI case series: Munn Z and others, JBI Evidence Synthesis 2020;18:2127, doi:10.11124/JBISRIR-D-19-00099.
//! JBI case report: Moola S and others, JBI Manual for Evidence Synthesis 2020, doi:10.46658/JBIMES-20-08.
//! ROBINS-I: Sterne JAC and others, BMJ 2016;355:i4919, doi:10.1136/bmj.i4919.
//! RoB 2: Sterne JAC and others, BMJ 2019;366:l4898, doi:10.1136/bmj.l4898.

use crate::study::{Answer, Appraisal, Instrument, Risk};

/// Items of an instrument in its order: code in study files, and the question in our words.
pub fn items(instrument: Instrument) -> &'static [(&'static str, &'static str)] {
    match instrument {
        Instrument::JbiCaseSeries => &[
            ("criteria", "Is it clear who could be included?"),
            (
                "condition_measured",
                "Was the disease measured in the same reliable way in all?",
            ),
            (
                "condition_identified",
                "Was the disease established by valid methods in all?",
            ),
            ("consecutive", "Were patients taken one after the other?"),
            ("complete", "Was everybody taken who qualified?"),
            ("demographics", "Is it reported who the patients were?"),
            (
                "clinical_information",
                "Are their disease and earlier treatment reported?",
            ),
            ("outcomes", "Is it reported clearly what came out?"),
            ("sites", "Are the centres and their patients described?"),
            ("statistics", "Does the analysis fit the data?"),
        ],
        Instrument::JbiCaseReport => &[
            ("demographics", "Is it reported who the patient was?"),
            (
                "history",
                "Is the course of the disease told in order of time?",
            ),
            (
                "condition",
                "Is the state of the patient before treatment described?",
            ),
            ("diagnostics", "Are the tests and their results described?"),
            ("intervention", "Is the treatment described?"),
            ("outcome", "Is the state after treatment described?"),
            ("harms", "Are harms named, or said not to have occurred?"),
            ("lessons", "Does the report say what is to be learnt?"),
        ],
        Instrument::RobinsI => &[
            (
                "confounding",
                "Do the groups differ in what decides the outcome?",
            ),
            (
                "selection",
                "Did what happened after the start decide who was included?",
            ),
            ("classification", "Is it certain who had which treatment?"),
            ("deviations", "Was something else done to one group?"),
            ("missing_data", "Are outcomes missing?"),
            (
                "measurement",
                "Could knowing the treatment change the outcome that was measured?",
            ),
            ("reporting", "Was the result chosen among several?"),
        ],
        Instrument::Rob2 => &[
            (
                "randomisation",
                "Was the allocation random, and hidden until it was made?",
            ),
            (
                "deviations",
                "Were patients treated and analysed as they were allotted?",
            ),
            ("missing_data", "Are outcomes missing?"),
            (
                "measurement",
                "Could knowing the arm change the outcome that was measured?",
            ),
            ("reporting", "Was the result chosen among several?"),
        ],
    }
}

/// True if the items of `instrument` are questions of a checklist, false if they are domains of bias.
pub fn is_checklist(instrument: Instrument) -> bool {
    matches!(
        instrument,
        Instrument::JbiCaseSeries | Instrument::JbiCaseReport
    )
}

/// True if `answer` can be given to an item of `instrument`.
pub fn fits(instrument: Instrument, answer: Answer) -> bool {
    match answer {
        Answer::Unclear => true,
        Answer::Yes | Answer::No | Answer::NotApplicable => is_checklist(instrument),
        Answer::Low | Answer::SomeConcerns | Answer::High => !is_checklist(instrument),
    }
}

/// The judgement over all items that follows from the answers and from what was read.
///
/// Checklist: high if inclusion was not consecutive or not complete, or if neither the paper nor its
/// abstract was read; low only if every answer is yes; else unclear if more than half of the answers
/// are, and some concerns if not. Domains: high if one is; low only if all are; else as above.
pub fn overall(appraisal: &Appraisal) -> Risk {
    let answers = || appraisal.items.iter().map(|item| item.answer);
    let unclear = answers().filter(|a| *a == Answer::Unclear).count();
    let high = if is_checklist(appraisal.instrument) {
        let selected = appraisal.items.iter().any(|item| {
            matches!(item.item.as_str(), "consecutive" | "complete") && item.answer == Answer::No
        });
        selected || !read_the_report(&appraisal.read)
    } else {
        answers().any(|a| a == Answer::High)
    };
    if high {
        Risk::High
    } else if answers().all(|a| matches!(a, Answer::Yes | Answer::NotApplicable | Answer::Low)) {
        Risk::Low
    } else if 2 * unclear > appraisal.items.len() {
        Risk::Unclear
    } else {
        Risk::SomeConcerns
    }
}

/// True if what was read is the report or its abstract, and not news or a release alone.
pub fn read_the_report(read: &str) -> bool {
    ["abstract", "paper", "full text"]
        .iter()
        .any(|word| read.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::AppraisalItem;

    fn series(read: &str, answer: impl Fn(usize) -> Answer) -> Appraisal {
        let instrument = Instrument::JbiCaseSeries;
        let items = items(instrument)
            .iter()
            .enumerate()
            .map(|(i, (code, _))| AppraisalItem {
                item: (*code).to_owned(),
                answer: answer(i),
                why: String::new(),
            })
            .collect();
        Appraisal {
            instrument,
            read: read.to_owned(),
            by: "neurocart".to_owned(),
            on: "2026-11-25".to_owned(),
            items,
            overall: Risk::Unclear,
        }
    }

    #[test]
    fn a_series_has_low_risk_only_if_every_answer_is_yes() {
        assert_eq!(overall(&series("full text", |_| Answer::Yes)), Risk::Low);
        let one_unclear = series("full text", |i| {
            if i == 9 { Answer::Unclear } else { Answer::Yes }
        });
        assert_eq!(overall(&one_unclear), Risk::SomeConcerns);
    }

    #[test]
    fn a_series_known_from_news_alone_has_high_risk() {
        assert_eq!(
            overall(&series("press release", |_| Answer::Yes)),
            Risk::High
        );
    }

    #[test]
    fn patients_that_were_selected_mean_high_risk() {
        let selected = series(
            "abstract",
            |i| if i == 3 { Answer::No } else { Answer::Yes },
        );
        assert_eq!(overall(&selected), Risk::High);
    }

    #[test]
    fn an_abstract_that_says_little_leaves_the_risk_unclear() {
        let silent = series("abstract", |i| {
            if i < 4 { Answer::Yes } else { Answer::Unclear }
        });
        assert_eq!(overall(&silent), Risk::Unclear);
    }

    #[test]
    fn every_item_has_a_code_of_its_own() {
        for instrument in [
            Instrument::JbiCaseSeries,
            Instrument::JbiCaseReport,
            Instrument::RobinsI,
            Instrument::Rob2,
        ] {
            let codes: std::collections::BTreeSet<_> =
                items(instrument).iter().map(|(code, _)| code).collect();
            assert_eq!(codes.len(), items(instrument).len());
        }
    }
}
