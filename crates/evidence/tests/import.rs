//! Records of a trial registry and of PubMed as drafts of study files.

use std::sync::LazyLock;

use insta::assert_snapshot;
use neurocart_evidence::evidence::parse;
use neurocart_evidence::import::{Draft, Import, RecordFile};
use neurocart_evidence::rules::{StudyFile, check_study};
use neurocart_evidence::study::{Outcome, State};
use neurocart_evidence::{Evidence, Study};
use neurocart_library::{Error, Library, joined};
use proptest::prelude::*;
use serde_json::Value;

const NMOSD_TRIAL: &str = include_str!("records/NCT04561557.json");
const MG_TRIAL: &str = include_str!("records/NCT06193889.json");
const WITH_RESULTS: &str = include_str!("records/with-results.json");
const ASTHMA: &str = include_str!("records/asthma.json");
const NMOSD_PAPER: &str = include_str!("records/pubmed-36596762.xml");
const TWO_PAPERS: &str = include_str!("records/pubmed-two.xml");

fn evidence() -> &'static Evidence {
    static SHIPPED: LazyLock<Evidence> =
        LazyLock::new(|| Evidence::of(&Library::embedded()).unwrap());
    &SHIPPED
}

fn import_into(evidence: &Evidence, bytes: &[u8], anyway: bool) -> Result<Vec<Draft>, Error> {
    let import = Import { evidence, anyway };
    import.drafts(&[RecordFile {
        name: "record",
        bytes,
    }])
}

fn drafts(text: &str) -> Vec<Draft> {
    import_into(evidence(), text.as_bytes(), false).unwrap_or_else(|error| panic!("{error}"))
}

fn draft(text: &str) -> Draft {
    let mut drafts = drafts(text);
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

fn refused(bytes: &[u8]) -> String {
    import_into(evidence(), bytes, false)
        .expect_err("the record is refused")
        .to_string()
}

/// Figures as short lines.
fn figures(study: &Study) -> String {
    let line = |o: &Outcome| {
        let number = match (o.events, o.value) {
            (Some(events), _) => format!("{events} of {}", o.total.unwrap()),
            (None, Some(value)) => format!("{value} {} (n = {})", o.unit, o.total.unwrap()),
            _ => unreachable!("{o:?}"),
        };
        let spread = match (o.standard_deviation, o.lower, o.upper) {
            (Some(sd), ..) => format!(", SD {sd}"),
            (None, Some(lower), Some(upper)) => format!(", {lower} to {upper}"),
            _ => String::new(),
        };
        let week = o
            .time_weeks
            .map_or(String::new(), |w| format!(", week {w}"));
        format!("{} {}: {number}{spread}{week}", o.arm, o.outcome)
    };
    let lines: Vec<String> = study.outcomes.iter().map(line).collect();
    lines.join("\n")
}

fn decisions(draft: &Draft) -> String {
    let lines: Vec<String> = draft
        .decisions
        .iter()
        .map(|d| format!("{}: {}", d.field, d.question))
        .collect();
    lines.join("\n")
}

#[test]
fn a_registered_trial_becomes_a_study_that_was_found_and_a_row_of_the_registry() {
    let draft = draft(NMOSD_TRIAL);
    assert_eq!(draft.study.state, State::Found);
    assert_snapshot!("registered_trial", draft.text());
    assert_snapshot!(draft.registry_row.unwrap().line, @r#"NCT04561557,CARTinNS,CT103A cells in MG/NMOSD/CIDP/IMNM/autoimmune,Tongji Hospital,CT103A cells,BCMA,autologous-lentiviral,MG|NMOSD|CIDP|IMNM|autoimmune,neuro,early_1,36,false,"phase early 1, open label, single group assignment, 36 planned, recruiting",recruiting,2024-10,2024-10-30,2020-09-22,China,,NCT04561557,https://clinicaltrials.gov/study/NCT04561557,seen"#);
}

#[test]
fn what_the_sponsor_changed_is_told_beside_the_row_of_the_library() {
    let row = draft(MG_TRIAL).registry_row.unwrap();
    assert_eq!(row.changes, Some(vec![]));
    let closed = MG_TRIAL
        .replace("\"RECRUITING\"", "\"COMPLETED\"")
        .replace(
            "{\"count\": 66, \"type\": \"ESTIMATED\"}",
            "{\"count\": 60, \"type\": \"ACTUAL\"}",
        )
        .replace("2026-07-29", "2027-01-15");
    let changes: Vec<String> = draft(&closed)
        .registry_row
        .unwrap()
        .changes
        .unwrap()
        .iter()
        .map(|change| change.join(", "))
        .collect();
    assert_snapshot!(changes.join("\n"), @r"
    status, recruiting, completed
    planned_patients, 66, 60
    actual, false, true
    record_updated, 2026-07-29, 2027-01-15
    ");
}

#[test]
fn posted_results_become_outcomes_only_where_it_is_plain_what_they_count() {
    let draft = draft(WITH_RESULTS);
    assert_eq!(draft.study.state, State::Extracted);
    assert_eq!(draft.registry_row, None);
    assert_snapshot!(figures(&draft.study), @r"
    EX-101 death: 0 of 20
    EX-101 crs_any: 16 of 20
    Placebo death: 0 of 10
    Placebo crs_any: 0 of 10
    Placebo infection_any: 0 of 10
    EX-101 mg_adl_change: -5.4 points (n = 19), -7 to -3.8, week 12
    Placebo mg_adl_change: -1.1 points (n = 10), -2.6 to 0.4, week 12
    EX-101 qmg_change: -3.2 points (n = 20), SD 2.9, week 4
    EX-101 qmg_change: -6 points (n = 18), SD 3.4, week 24
    EX-101 dlt: 0 of 20, week 4
    ");
    assert_snapshot!(decisions(&draft), @r#"
    outcome: neutropenia_g3plus? adverseEventsModule lists "Neutropenia" in 17 of 20, 1 of 10, without a grade
    outcome: infection_any: adverseEventsModule, 2 terms of infections and infestations: of `EX-101` between 6 and 8 of 20 had one, since a patient can be counted under several
    outcome: icans_any: adverseEventsModule lists none; enter 0 only if another report says so
    outcome: crs_any? outcomeMeasuresModule, Number of Participants With Cytokine Release Syndrome by Grade: 2 categories
    "#);
}

#[test]
fn a_patient_with_a_serious_and_another_event_is_not_counted_twice() {
    let both = WITH_RESULTS.replace(
        "\"seriousEvents\": [",
        r#""seriousEvents": [
        {"term": "Cytokine release syndrome", "organSystem": "Immune system disorders",
          "stats": [
            {"groupId": "EG000", "numAffected": 3, "numAtRisk": 20},
            {"groupId": "EG001", "numAffected": 0, "numAtRisk": 10}
          ]},"#,
    );
    let draft = draft(&both);
    let of_crs = |o: &&Outcome| o.outcome == "crs_any";
    assert_eq!(
        draft.study.outcomes.iter().filter(of_crs).count(),
        1,
        "of the placebo arm"
    );
    assert!(
        decisions(&draft).contains("between 16 and 19 of 20"),
        "{}",
        decisions(&draft)
    );
}

#[test]
fn events_below_the_threshold_of_the_table_are_not_taken_as_none() {
    let threshold = WITH_RESULTS.replace(
        "\"frequencyThreshold\": \"0\"",
        "\"frequencyThreshold\": \"5\"",
    );
    let draft = draft(&threshold);
    let infections = |o: &&Outcome| o.outcome == "infection_any";
    assert_eq!(draft.study.outcomes.iter().filter(infections).count(), 0);
    assert!(
        decisions(&draft).contains("between 6 and 20 of 20"),
        "{}",
        decisions(&draft)
    );
}

#[test]
fn a_count_above_its_total_is_left_out_and_told() {
    let wrong = WITH_RESULTS.replace("\"numAffected\": 16", "\"numAffected\": 21");
    let draft = draft(&wrong);
    assert!(
        !figures(&draft.study).contains("EX-101 crs_any"),
        "{}",
        figures(&draft.study)
    );
    assert!(
        decisions(&draft)
            .contains("left out, since `crs_any` counts 21 of 20: more than there are"),
        "{}",
        decisions(&draft)
    );
}

#[test]
fn an_abstract_gives_no_figure_but_the_sentences_that_tell_one() {
    let draft = draft(NMOSD_PAPER);
    assert_eq!(draft.study.state, State::Screened);
    assert!(draft.study.outcomes.is_empty());
    assert_snapshot!("paper", draft.text());
}

#[test]
fn two_papers_of_one_author_and_year_get_two_ids() {
    let ids: Vec<String> = drafts(TWO_PAPERS).into_iter().map(|d| d.study.id).collect();
    assert_eq!(ids, ["mueller2026-sps", "mueller2026-sps-99000002"]);
    let told = decisions(&drafts(TWO_PAPERS)[0]);
    assert!(
        !told.contains("100 patients"),
        "background is no result: {told}"
    );
    assert!(told.contains("correction"), "{told}");
}

#[test]
fn a_page_of_the_registry_and_a_bare_article_are_read_as_well() {
    let page = format!("{{\"studies\": [{NMOSD_TRIAL}, {MG_TRIAL}], \"nextPageToken\": \"x\"}}");
    assert_eq!(drafts(&page).len(), 2);
    let start = NMOSD_PAPER.find("<PubmedArticle>").unwrap();
    let end = NMOSD_PAPER.find("</PubmedArticleSet>").unwrap();
    let bare = draft(&NMOSD_PAPER[start..end]);
    assert_eq!(bare.study, draft(NMOSD_PAPER).study);
}

#[test]
fn a_draft_in_which_all_is_decided_holds_every_rule_and_one_in_which_something_is_open_does_not() {
    let evidence = evidence();
    for text in [NMOSD_TRIAL, MG_TRIAL, WITH_RESULTS, NMOSD_PAPER, TWO_PAPERS] {
        for draft in drafts(text) {
            let text = draft.text();
            let study = parse(&text, "draft").unwrap();
            assert_eq!(study, draft.study);
            let problems = |text: &str| {
                let name = "draft";
                check_study(
                    StudyFile {
                        name,
                        text,
                        study: &study,
                    },
                    &evidence.vocabulary,
                )
            };
            let decided: String = text
                .split_inclusive('\n')
                .filter(|line| !line.starts_with("# DECIDE:"))
                .collect();
            assert_eq!(joined(&problems(&decided)), "");
            assert_eq!(problems(&text).len(), draft.decisions.len(), "{text}");
        }
    }
}

#[test]
fn a_record_of_another_field_is_refused_unless_asked_for() {
    assert_snapshot!(refused(ASTHMA.as_bytes()), @r"
    NCT09999902 is about Asthma, Allergic Rhinitis: no disease of the evidence base, and no CAR T cells
      --> record
         = hint: the evidence base covers neuroimmune disease (MG, LEMS, MS, NMOSD, MOGAD, SPS, GAD-ataxia, CIDP, AE, IMNM, neuro-unspecified), rheumatology (IIM, SLE, SSc, RA, PAN, AAV, SjD, APS, CTD, IgG4-RD, Behcet), other autoimmune disease (PV, AIHA, ITP, AA, IgAN, MN, anti-GBM, T1D, Graves, cGVHD, autoimmune), cancer (LBCL, MCL, B-NHL, B-ALL, MM, POEMS, HM); `--anyway` imports the record with its disease left to decide
    ");
    let drafts = import_into(evidence(), ASTHMA.as_bytes(), true).unwrap();
    assert!(drafts[0].study.population.diseases.is_empty());
    assert!(
        decisions(&drafts[0]).contains("population.diseases: no code"),
        "{}",
        decisions(&drafts[0])
    );
}

#[test]
fn what_is_no_record_is_refused_with_its_place() {
    let cases: [(&str, Vec<u8>); 19] = [
        ("empty", b" \n".to_vec()),
        ("cut JSON", NMOSD_TRIAL.as_bytes()[..900].to_vec()),
        ("cut XML", NMOSD_PAPER.as_bytes()[..900].to_vec()),
        ("broken JSON", NMOSD_TRIAL.replacen("\"acronym\":", "\"acronym\"", 1).into_bytes()),
        ("broken XML", NMOSD_PAPER.replacen("</Article>", "</article>", 1).into_bytes()),
        ("web page", b"<!DOCTYPE html>\n<html><title>502 Bad Gateway</title></html>".to_vec()),
        ("other JSON", b"{\"error\": \"not found\", \"code\": 404}".to_vec()),
        ("first version of the API", b"{\"FullStudiesResponse\": {}}".to_vec()),
        ("empty page", b"{\"studies\": []}".to_vec()),
        ("other XML", b"<eSearchResult><Count>0</Count></eSearchResult>".to_vec()),
        ("no article", b"<PubmedArticleSet></PubmedArticleSet>".to_vec()),
        ("text format of PubMed", b"PMID- 36596762\nOWN - NLM\n".to_vec()),
        ("no nctId", NMOSD_TRIAL.replacen("\"nctId\": \"NCT04561557\",", "", 1).into_bytes()),
        ("wrong nctId", NMOSD_TRIAL.replacen("\"NCT04561557\"", "\"NCT0456\"", 1).into_bytes()),
        ("no PMID", NMOSD_PAPER.replacen("<PMID Version=\"1\">36596762</PMID>", "", 1).into_bytes()),
        ("Latin-1", b"{\n  \"title\": \"M\xfcller\"\n}".to_vec()),
        ("UTF-16", b"\xff\xfe{\x00}\x00".to_vec()),
        ("a text for a number", MG_TRIAL.replacen("\"count\": 66", "\"count\": \"many\"", 1).into_bytes()),
        (
            "entities",
            b"<!DOCTYPE x [\n<!ENTITY a \"aaaa\">\n<!ENTITY b \"&a;&a;\">\n]>\n<PubmedArticleSet>&b;</PubmedArticleSet>".to_vec(),
        ),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|(what, bytes)| format!("---- {what}\n{}", refused(bytes)))
        .collect();
    assert_snapshot!("refused", said.join("\n"));
}

#[test]
fn one_broken_record_of_several_leaves_no_draft() {
    let evidence = evidence();
    let import = Import {
        evidence,
        anyway: false,
    };
    let file = |name, text: &'static str| RecordFile {
        name,
        bytes: text.as_bytes(),
    };
    let files = [
        file("a.json", MG_TRIAL),
        file("b.json", ASTHMA),
        file("c.json", "{"),
        file("d.json", MG_TRIAL),
    ];
    let said = import.drafts(&files).unwrap_err().to_string();
    for part in [
        "b.json",
        "c.json:1",
        "NCT06193889 comes twice: it is in `a.json` as well",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn deep_nesting_is_refused_or_read_and_never_a_crash() {
    let deep_json = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    refused(deep_json.as_bytes());
    let deep_xml = format!(
        "<PubmedArticleSet>{}{}</PubmedArticleSet>",
        "<a>".repeat(100_000),
        "</a>".repeat(100_000)
    );
    refused(deep_xml.as_bytes());
}

/// All places of a JSON value, each as the path to it.
fn places(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(path.clone());
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in inside {
        path.push(key);
        places(value, path, all);
        path.pop();
    }
}

/// Numbers that a JSON value holds, as numbers or as texts.
fn numbers(value: &Value, all: &mut Vec<f64>) {
    match value {
        Value::Number(n) => all.extend(n.as_f64()),
        Value::String(text) => all.extend(text.parse::<f64>().ok()),
        Value::Array(items) => items.iter().for_each(|v| numbers(v, all)),
        Value::Object(object) => object.values().for_each(|v| numbers(v, all)),
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-30_i64..30).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        (-30_i64..30).prop_map(|n| Value::from(n.to_string())),
        Just(Value::from("EG000")),
        Just(Value::from("Week 12")),
        Just(Value::from("1e400")),
        Just(Value::from("NaN")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,5}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), kind in 0_usize..4, place in 0_usize..2000) {
        let evidence = evidence();
        let record: &str = [NMOSD_TRIAL, WITH_RESULTS, NMOSD_PAPER, TWO_PAPERS][kind];
        let mut place = place.min(record.len());
        while !record.is_char_boundary(place) {
            place -= 1;
        }
        let inserted = format!("{}{text}{}", &record[..place], &record[place..]);
        for text in [&text, &format!("{{{text}"), &format!("<PubmedArticle>{text}"), &inserted] {
            if let Ok(drafts) = import_into(evidence, text.as_bytes(), true) {
                for draft in drafts {
                    prop_assert_eq!(parse(&draft.text(), "draft").unwrap(), draft.study);
                }
            }
        }
    }

    #[test]
    fn a_field_of_any_form_never_leads_to_a_wrong_number(
        value in any_json(),
        which in any::<prop::sample::Index>(),
        record in prop::sample::select(vec![WITH_RESULTS, NMOSD_TRIAL]),
    ) {
        let evidence = evidence();
        let mut json: Value = serde_json::from_str(record).unwrap();
        let mut all = Vec::new();
        places(&json, &mut Vec::new(), &mut all);
        let path = &all[which.index(all.len())];
        let mut place = &mut json;
        for key in path {
            place = match place {
                Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
                other => &mut other[key.as_str()],
            };
        }
        *place = value;
        let mut told = Vec::new();
        numbers(&json, &mut told);
        let text = json.to_string();
        let Ok(drafts) = import_into(evidence, text.as_bytes(), true) else {
            return Ok(());
        };
        for draft in drafts {
            prop_assert_eq!(&parse(&draft.text(), "draft").unwrap(), &draft.study);
            let file = StudyFile { name: "draft", text: "", study: &draft.study };
            for problem in check_study(file, &evidence.vocabulary) {
                // What a person must decide, and nothing of the figures.
                let of_head = ["no disease is named", "is not a year", "names nothing", "no title"];
                prop_assert!(of_head.iter().any(|w| problem.message.contains(w)), "{}", problem);
            }
            for outcome in &draft.study.outcomes {
                let figures = [
                    outcome.events.map(|n| n as f64),
                    outcome.total.map(|n| n as f64),
                    outcome.value,
                    outcome.standard_deviation,
                    outcome.standard_error,
                    outcome.lower,
                    outcome.upper,
                ];
                for figure in figures.into_iter().flatten() {
                    prop_assert!(told.contains(&figure), "{} is nowhere in the record: {:?}", figure, outcome);
                }
            }
        }
    }
}
