//! `neurocart evidence`: looking up, checking and exporting the published results.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::program::{Folder, Said};

/// The words after `neurocart evidence`; a word in quotes may hold blanks.
fn arguments(words: &str) -> Vec<&str> {
    let mut all = vec!["evidence"];
    for (index, part) in words.split('\'').enumerate() {
        match index % 2 {
            0 => all.extend(part.split_whitespace()),
            _ => all.push(part),
        }
    }
    all
}

fn said_in(folder: &Folder, words: &str, columns: &str) -> Said {
    let mut command = folder.command(&arguments(words));
    Said::from(command.env("COLUMNS", columns).output().unwrap())
}

fn said(words: &str) -> Said {
    said_in(&Folder::new(), words, "100")
}

fn json(words: &str) -> serde_json::Value {
    let said = said(&format!("{words} --json"));
    assert_eq!(said.code, Some(0), "{said}");
    serde_json::from_str(&said.stdout).unwrap()
}

fn csv(words: &str) -> Vec<BTreeMap<String, String>> {
    let said = said(&format!("{words} --csv"));
    assert_eq!(said.code, Some(0), "{said}");
    read_csv(&said.stdout)
}

fn read_csv(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn studies_are_listed_by_year_and_id() {
    assert_snapshot!(said("list --disease NMOSD --modality car_t --year 2023..2025"), @r"
    exit code 0
    ---- stdout
    3 studies of 207

    id                    year  disease               product                 target      n  grade  tier
    qin2023-nmosd-ct103a  2023  NMOSD                 CT103A (equecabtagene   BCMA       12  seen   A
                                                      autoleucel)
    qin2024-nmosd-sc      2024  NMOSD                 CT103A (equecabtagene   BCMA        –  seen   A
                                                      autoleucel)
    ccar168-2025          2025  SLE, MS, NMOSD, IMNM  C-CAR168 (one receptor  CD20+BCMA  10  seen   B
                                                      for both antigens)

    note: no room here for design, outcomes, risk of bias, state, platform, series, lymphodepletion;
          widen the terminal, or ask for `--csv` or `--json`
    ");
}

#[test]
fn a_narrow_terminal_leaves_columns_out_and_says_which() {
    let folder = Folder::new();
    let narrow = said_in(&folder, "list --product descartes", "60");
    assert_snapshot!(narrow, @r"
    exit code 0
    ---- stdout
    4 studies of 207

    id                    year  disease  product        n  grade
    granit2023-mg001      2023  MG       Descartes-08  14  seen
    chahin2025-mg001-12m  2025  MG       Descartes-08   7  seen
    descartes08-aan-2025  2025  MG       Descartes-08   –  seen
    vu2026-mg001-2b       2026  MG       Descartes-08  36  seen

    note: no room here for tier, target, design, outcomes, risk
          of bias, state, platform, series, lymphodepletion;
          widen the terminal, or ask for `--csv` or `--json`
    ");
    for line in narrow.stdout.lines() {
        assert!(line.chars().count() <= 60, "{line}");
    }
}

#[test]
fn a_list_in_json_and_csv_has_the_rows_of_the_text() {
    let words = "list --disease MG --target BCMA";
    let text = said_in(&Folder::new(), words, "300").stdout;
    let rows = json(words)["studies"].as_array().unwrap().clone();
    let table = csv(words);
    assert!(rows.len() > 3 && rows.len() == table.len());
    assert!(text.starts_with(&format!("{} studies of ", rows.len())));
    for (row, line) in rows.iter().zip(&table) {
        let id = row["id"].as_str().unwrap();
        assert_eq!(line["id"], id);
        let shown = text
            .lines()
            .find(|l| l.split("  ").next() == Some(id))
            .unwrap();
        for name in ["year", "target", "platform", "design", "patients"] {
            let cell = match &row[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            assert_eq!(line[name], cell, "{id} {name}");
            assert!(shown.contains(&cell), "{shown} has no {cell}");
        }
    }
}

#[test]
fn a_value_that_is_not_known_is_refused_with_the_nearest() {
    let words = [
        "list --disease MGG",
        "list --area neuro",
        "list --target CD91",
        "list --product descrates",
        "list --product zzzz",
        "list --platform autologus",
        "list --lymphodepletion yes",
        "list --modality cart",
        "list --design single",
        "list --outcome crs",
        "list --year 26",
        "list --year 2026..2024",
        "show qin2023-nmosd",
        "show nothing-like-it",
        "show qin2023-nmosd-ct103a --figure x.svg",
        "list --disease MG --year 1999 --figure x.svg",
        "registry --status open",
        "registry --phase 4",
        "registry --sponsor nobody",
        "new 'A Study'",
        "new qin2023-nmosd-ct103a",
        "check nowhere.toml",
        "search ' '",
    ];
    let mut text = String::new();
    for words in words {
        let said = said(words);
        assert_eq!(said.code, Some(2), "{words}\n{said}");
        assert_eq!(said.stdout, "", "{words}");
        text += &format!("$ neurocart evidence {words}\n{}", said.stderr);
    }
    assert_snapshot!(text, @r"
    $ neurocart evidence list --disease MGG
    error: unknown disease `MGG`
         = hint: did you mean `MG`?
    $ neurocart evidence list --area neuro
    error: unknown area `neuro`
         = hint: did you mean `neuroimmune`?
    $ neurocart evidence list --target CD91
    error: unknown target `CD91`
         = hint: did you mean `CD19`?
    $ neurocart evidence list --product descrates
    error: unknown product `descrates`
         = hint: did you mean `Descartes`?
    $ neurocart evidence list --product zzzz
    error: unknown product `zzzz`
         = hint: no product has this in its name; `neurocart evidence list` shows the names
    $ neurocart evidence list --platform autologus
    error: unknown platform `autologus`
         = hint: did you mean `autologous`?
    $ neurocart evidence list --lymphodepletion yes
    error: unknown lymphodepletion `yes`
         = hint: known: given, none, not_reported, not_applicable
    $ neurocart evidence list --modality cart
    error: unknown modality `cart`
         = hint: did you mean `car_t`?
    $ neurocart evidence list --design single
    error: unknown design `single`
         = hint: did you mean `single_arm_trial`?
    $ neurocart evidence list --outcome crs
    error: unknown outcome `crs`
         = hint: did you mean `crs_any` or `crs_g2plus` or `crs_g3plus` or `crs_new_after_d14` or `crs_onset_days` or `crs_grade`?
    $ neurocart evidence list --year 26
    error: `--year 26` is neither a year nor a range of years
         = hint: write `2024`, `2023..2026`, `2023..` or `..2026`; both ends count
    $ neurocart evidence list --year 2026..2024
    error: `--year 2026..2024` is neither a year nor a range of years
         = hint: write `2024`, `2023..2026`, `2023..` or `..2026`; both ends count
    $ neurocart evidence show qin2023-nmosd
    error: unknown study `qin2023-nmosd`
         = hint: did you mean `qin2023-nmosd-ct103a`?
    $ neurocart evidence show nothing-like-it
    error: unknown study `nothing-like-it`
         = hint: look for it: neurocart evidence search nothing-like-it
    $ neurocart evidence show qin2023-nmosd-ct103a --figure x.svg
    error: `qin2023-nmosd-ct103a` reports no patient one by one, so there is no swimmer plot; leave `--figure` out
    $ neurocart evidence list --disease MG --year 1999 --figure x.svg
    error: no study here reports patients one by one, so there is no swimmer plot; leave `--figure` out
    $ neurocart evidence registry --status open
    error: unknown status `open`
         = hint: known: announced, not_yet_recruiting, recruiting, enrolling_by_invitation, active_not_recruiting, suspended, completed, terminated, withdrawn, unknown, not_reported
    $ neurocart evidence registry --phase 4
    error: unknown phase `4`
         = hint: did you mean `1`?
    $ neurocart evidence registry --sponsor nobody
    error: no sponsor has `nobody` in its name
         = hint: a part of the name is enough, as in `--sponsor kyverna`
    $ neurocart evidence new 'A Study'
    error: `A Study` is not an id
         = hint: use small letters, digits and hyphens, as in `qin2023-nmosd-ct103a`
    $ neurocart evidence new qin2023-nmosd-ct103a
    error: the library has a study `qin2023-nmosd-ct103a`
         = hint: see it with `neurocart evidence show qin2023-nmosd-ct103a`, or choose another id
    $ neurocart evidence check nowhere.toml
    error: cannot read `nowhere.toml`: No such file or directory (os error 2)
         = hint: name study files (.toml); without a name the whole evidence base is checked
    $ neurocart evidence search ' '
    error: there is no word to look for
    ");
}

#[test]
fn a_study_is_shown_with_its_citation_first() {
    assert_snapshot!(said("show tian2024-mg-bcma"), @r"
    exit code 0
    ---- stdout
    BCMA CAR T cells (equecabtagene autoleucel) in two patients with myasthenia gravis

    cite             EMBO Molecular Medicine 2024, doi:10.1038/s44321-024-00043-z
    trials           NCT04561557
    source           journal article of 2024
    known            seen B; record appraised
    recalled         source.doi, treatment.costimulation
    read at          https://www.iasobio.com/info.php?id=234
                     https://www.precisionmedicineonline.com/regulatory-news-fda-approvals/iaso-bio-cleared-start-us-clinical-trials-car-t-cell-therapy
    design           case report: two patients of the basket trial CARTinNS
    compared with    own history
    patients         2
    follow-up        median 18 months
    disease          Myasthenia gravis (MG)
    population       one with antibodies to AChR and titin, one with antibodies to MuSK
    treatment        CT103A (equecabtagene autoleucel), CAR T cells
    target           BCMA, autologous-lentiviral, 4-1BB
    lymphodepletion  given: cyclophosphamide 300 mg/m2 and fludarabine 30 mg/m2 on days -4, -3 and -2,
                     from the registry
    dose             1e6 CAR+ cells/kg
    infusions        1
    risk of bias     high by the JBI checklist for case reports, from the summary by the company; judged
                     by neurocart on 2026-11-25
    may overlap      finsterer2025-nmd-sr: the review pools published reports; which ones the text read
                     does not list
    apart from       qin2023-nmosd-ct103a: another disease cohort of the same basket trial
    apart from       qin2024-imnm-bcma: another disease cohort of the same basket trial
    apart from       qin2024-nmosd-sc: another disease cohort of the same basket trial
    apart from       qin2025-pms-bcma: another disease cohort of the same basket trial
    registry         NCT04561557: recruiting on 2026-08-22, 36 patients planned
    note             The first patient had had an antibody against CD20, and thymectomy 21 months
                     before.

    Arms
    arm  role     n  disease
    all  treated  2  –

    Outcomes
    outcome              arm  months  result               where                tier  note
    Disease antibody     all      18  2/2 (100 %)          summary by the       B     antibodies to
    fell                                                   company                    AChR, titin and
                                                                                      MuSK fell fast and
                                                                                      stayed low
    B cells              all       2  2/2 (100 %)          summary by the       B     neither B cells
    undetectable                                           company                    nor plasma cells
                                                                                      were found within
                                                                                      two months
    CRS, any grade       all       –  1/2 (50 %)           summary by the       B     of grade 1
                                                           company
    CRS, grade 2 or      all       –  0/2 (0 %)            summary by the       B     –
    higher                                                 company
    Cytopenia, time to   all       –  at most 4 weeks, n   summary by the       B     recovered within
    recovery                          = 2                  company                    four weeks
    ICANS, any grade     all       –  0/2 (0 %)            summary by the       B     –
                                                           company
    Naive among B cells  all      18  80 %, n = 2          summary by the       B     about 80 %, with
                                                           company                    B-cell counts back
                                                                                      to normal
    Strength and         all       3  2/2 (100 %)          summary by the       B     held until month
    breathing improved                                     company                    18

    Patients, one by one
    patient  day  what                 value                where               tier  note
    P1         0  Age                  33 years             summary by the      B     –
                                                            company
    P1         0  Disease antibody,    antibodies to AChR   summary by the      B     –
                  kind                 and titin            company
    P1         0  Dose given           1e6 CAR+ cells/kg    summary by the      B     –
                                                            company
    P1         0  Time since           21 months            summary by the      B     –
                  thymectomy                                company
    P1         0  Female               yes                  summary by the      B     –
                                                            company
    P1        60  B cells found        no                   summary by the      B     within two months
                                                            company
    P1        60  Plasma cells found   no                   summary by the      B     within two months
                                                            company
    P1        91  Clinical             yes                  summary by the      B     strength and vital
                  improvement                               company                   capacity
    P1       548  B-cell count normal  yes                  summary by the      B     –
                                                            company
    P1       548  Clinical             yes                  summary by the      B     –
                  improvement                               company
    P1       548  Naive among B cells  80 %                 summary by the      B     about 80 %;
                                                            company                   printed for both
                                                                                      patients together
    P1       548  Plasma cells low     yes                  summary by the      B     –
                                                            company
    P2         0  Age                  60 years             summary by the      B     –
                                                            company
    P2         0  Disease antibody,    antibodies to MuSK   summary by the      B     –
                  kind                 (IgG4)               company
    P2         0  Disease duration     20 years             summary by the      B     –
                                                            company
    P2         0  Dose given           1e6 CAR+ cells/kg    summary by the      B     –
                                                            company
    P2         0  Female               yes                  summary by the      B     –
                                                            company
    P2        60  B cells found        no                   summary by the      B     within two months
                                                            company
    P2        60  Plasma cells found   no                   summary by the      B     within two months
                                                            company
    P2        91  Clinical             yes                  summary by the      B     strength and vital
                  improvement                               company                   capacity
    P2       548  B-cell count normal  yes                  summary by the      B     –
                                                            company
    P2       548  Clinical             yes                  summary by the      B     –
                  improvement                               company
    P2       548  Naive among B cells  80 %                 summary by the      B     about 80 %;
                                                            company                   printed for both
                                                                                      patients together
    P2       548  Plasma cells low     yes                  summary by the      B     –
                                                            company

    Risk of bias, item by item
    item          answer  why
    demographics  yes     age and sex of both
    history       yes     duration, thymectomy and earlier drugs
    condition     yes     both antibody types are given
    diagnostics   yes     the antibodies are given
    intervention  yes     product and dose
    outcome       yes     strength and vital capacity at months 3 and 18
    harms         yes     CRS, ICANS and cytopenia
    lessons       yes     first use of the target in the disease
    ");
}

#[test]
fn a_study_in_json_is_its_file() {
    let shown = json("show qin2023-nmosd-ct103a");
    assert_eq!(shown["study"]["id"], "qin2023-nmosd-ct103a");
    assert_eq!(shown["citation"], "doi:10.1038/s41392-022-01278-3");
    let rows = csv("show qin2023-nmosd-ct103a");
    assert_eq!(
        rows.len(),
        shown["study"]["outcome"].as_array().unwrap().len()
    );
    // Declared in the file of the other study, seen from this one.
    let overlaps = shown["overlaps"].as_array().unwrap();
    let of = |id: &str| overlaps.iter().find(|o| o["study"] == id).unwrap()["relation"].clone();
    assert_eq!(of("qin2024-nmosd-sc"), "contains");
}

#[test]
fn patients_reported_one_by_one_are_drawn() {
    let folder = Folder::new();
    let said = said_in(&folder, "show tian2024-mg-bcma --figure swimmer.svg", "100");
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(0), "figure  swimmer.svg\n")
    );
    let figure = folder.read("swimmer.svg");
    assert!(figure.starts_with("<svg") && figure.contains("P1") && figure.contains("P2"));
}

#[test]
fn words_are_found_in_studies_trials_and_physiology() {
    assert_snapshot!(said("search thymectomy titin"), @r"
    exit code 0
    ---- stdout
    1 place holds `thymectomy titin`

    kind   id                title                     found in                  text
    study  tian2024-mg-bcma  BCMA CAR T cells          note, outcome 1 note,     The first patient had
                             (equecabtagene            patient 1 observations 2  had an antibody against
                             autoleucel) in two        text, population          CD20, and thymectomy 21
                             patients with myasthenia  description               months before.
                             gravis
    ");
    let hits = json("search ocrelizumab --at-most 1000");
    let hits = hits["hits"].as_array().unwrap();
    for kind in ["study", "physiology"] {
        assert!(hits.iter().any(|hit| hit["kind"] == kind), "{kind}");
    }
    assert_snapshot!(said("search xyzzy"), @r"
    exit code 0
    ---- stdout
    nothing holds `xyzzy`

    note: all words must occur in one study, trial or quantity; try fewer, or the beginning of a word
    ");
}

#[test]
fn gaps_name_the_questions_without_a_figure_and_the_trials_without_a_report() {
    assert_snapshot!(said("gaps --disease NMOSD"), @r"
    exit code 0
    ---- stdout
    35 of 45 cells are empty: 1 disease, 5 targets, and the questions asked of them

    disease  target     answered (patients in studies)   no figure                        trials  silent
    NMOSD    BCMA       crs 12 in 1, icans 12 in 1,      drug-free, cytopenias,                4       2
                        relapse-free-nmosd 12 in 1,      hypogammaglobulinaemia
                        antibody-decline 12 in 1,
                        b-cell-depletion number unknown
                        in 1, infections 12 in 1
    NMOSD    CD20+BCMA  crs 1 in 1, icans 1 in 1,        relapse-free-nmosd,                   3       2
                        b-cell-depletion basket in 1,    antibody-decline, drug-free,
                        infections 1 in 1                cytopenias,
                                                         hypogammaglobulinaemia
    NMOSD    CD19+BCMA  –                                all                                   5       5
    NMOSD    CD19       –                                all                                   2       2
    NMOSD    BAFF-R     –                                all                                   1       1

    note: studies of CAR T cells in patients; patients are those of the disease alone, and those of a
          study that lies within another count once; studies that may share patients are not taken apart
    note: `trials` are registered and not withdrawn; `silent` are those of which no study here reports
    note: left out here: 1 trial of these diseases without a stated target
    ");
}

#[test]
fn every_cell_of_the_map_is_in_the_csv_and_a_gap_has_no_study() {
    let rows = csv("gaps --disease MG,MS");
    let map = json("gaps --disease MG,MS");
    assert_eq!(rows.len(), map["cells"].as_array().unwrap().len());
    let title = map["title"].as_str().unwrap();
    let empty = rows.iter().filter(|row| row["studies"] == "0").count();
    assert!(
        title.starts_with(&format!("{empty} of {} cells", rows.len())),
        "{title}"
    );
    for row in &rows {
        let ids = row["study_ids"]
            .split('|')
            .filter(|id| !id.is_empty())
            .count();
        assert_eq!(row["studies"], ids.to_string());
    }
}

#[test]
fn the_map_and_the_timeline_are_drawn() {
    let folder = Folder::new();
    for (words, what) in [
        ("gaps --disease NMOSD,MG --figure map.svg", "map.svg"),
        (
            "registry --disease SPS --figure timeline.svg",
            "timeline.svg",
        ),
        ("list --disease MG --figure swimmer.svg", "swimmer.svg"),
    ] {
        let said = said_in(&folder, words, "100");
        assert_eq!(said.code, Some(0), "{said}");
        assert!(folder.read(what).starts_with("<svg"), "{what}");
    }
}

#[test]
fn registered_trials_come_with_totals() {
    assert_snapshot!(said("registry --disease SPS,MOGAD"), @r"
    exit code 0
    ---- stdout
    6 trials of 322

    status     not yet recruiting: 1, recruiting: 2, enrolling by invitation: 1, completed: 1,
               withdrawn: 1
    phase      early 1: 1, 1: 3, 2: 1, not reported: 1
    target     CD19: 2, BCMA: 1, CD19+CD20+CD22: 1, CD20: 1, CD20+BCMA: 1
    disease    MG: 3, MS: 4, NMOSD: 3, MOGAD: 2, SPS: 4, CIDP: 1, AE: 2, neuro-unspecified: 3, IIM: 3,
               SLE: 2, SSc: 2, RA: 1, POEMS: 1, AAV: 1
    patients   301 planned, 27 enrolled in closed trials; not stated for 0
    published  2 of 6 are reported by a study here
    as of      2026-08-22

    trial        product            disease                   phase           n  status
    NCT04561557  CT103A             MS, NMOSD, MOGAD, MG,     early_1        36  recruiting
                                    CIDP, AE, POEMS,
                                    neuro-unspecified, IIM
    NCT06375993  ADI-001            SPS, IIM, SLE, SSc, AAV   1             180  enrolling_by_invitation
    NCT06588491  miv-cel (KYV-101)  SPS                       2              27  completed
    NCT06869278  LCAR-AIO           MS, NMOSD, MOGAD, MG,     1               0  withdrawn
                                    neuro-unspecified
    NCT07341828  C-CAR168           MS, NMOSD, SPS, AE,       1              15  not_yet_recruiting
                                    neuro-unspecified
    NCT07403188  KYV-101            MS, MG, SPS, IIM, SLE,    not_reported   70  recruiting
                                    SSc, RA

    note: no room here for target, start, sponsor, published, platform, acronym, country, design, as of,
          note, actual, relevance, cite, title; widen the terminal, or ask for `--csv` or `--json`
    ");
    let trials = json("registry --status recruiting --phase 2,2/3,3");
    for trial in trials["trials"].as_array().unwrap() {
        assert_eq!(trial["status"], "recruiting");
    }
    let by_sponsor = csv("registry --sponsor kyverna");
    assert!(by_sponsor.len() > 2 && by_sponsor.iter().all(|t| t["sponsor"].contains("Kyverna")));
    let silent = csv("registry --disease MG --unpublished");
    assert!(!silent.is_empty() && silent.iter().all(|trial| trial["published"].is_empty()));
}

#[test]
fn the_flow_counts_every_record_once() {
    let flow = json("flow");
    let stages = flow["stages"].as_array().unwrap();
    let records = |i: usize| stages[i]["records"].as_u64().unwrap();
    let all = records(0);
    assert!((1..stages.len()).all(|i| records(i) <= records(i - 1)));
    let sum = |table: &str| -> u64 {
        let rows = flow[table].as_array().unwrap().iter();
        rows.map(|row| row["records"].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("left_out"), sum("sources")), (all, all));
    assert_snapshot!(said("flow --disease NMOSD --modality car_t"), @r"
    exit code 0
    ---- stdout
    4 records

    stage      records  waiting here  ids of those that wait
    found            4             0  –
    screened         4             0  –
    included         4             1  demetriou2026-cns-review
    extracted        3             0  –
    appraised        3             0  –

    Left out
    kept out of pooled estimates  records  ids
    design: reviews                     1  demetriou2026-cns-review
    nothing against it                  3  –

    Sources
    kind of source       records
    journal article            3
    conference abstract        1

    note: the file of a record begins once it is kept: records that were met and dropped in the search
          have none, so that the flow begins with those kept
    ");
}

#[test]
fn the_shipped_evidence_has_no_problem_and_says_what_it_lacks() {
    let check = json("check");
    assert_eq!(check["problems"].as_array().unwrap().len(), 0);
    let missing = check["missing"].as_array().unwrap().len();
    assert_eq!(csv("check").len(), missing);
    assert!(missing > 0);
    assert_eq!(said("check --strict").code, Some(3));
}

#[test]
fn a_template_is_written_filled_and_accepted() {
    let folder = Folder::new();
    assert_snapshot!(said_in(&folder, "new my-study", "100"), @r"
    exit code 0
    ---- stdout
    wrote   my-study.toml
    next    fill it in, then: neurocart evidence check my-study.toml
    ");
    assert_snapshot!(said_in(&folder, "check my-study.toml", "100"), @r#"
    exit code 2
    ---- stdout
    1 study: 4 problems, 9 things missing

    Missing by study
    study     missing
    my-study  DOI of a paper; registry number of a trial; number of patients; median follow-up; how the
              product is made; whether lymphodepletion was given; dose; number of patients of arm all;
              risk of bias is not judged

    note: what is missing is no error; `--strict` ends with exit code 3
    ---- stderr
    error: the study has no title
      --> my-study.toml:11:1
      11 | title = ""                  # what it is about, in your own words: "CT103A in NMOSD"
         | ^
         = hint: say in a few words what it is about

    error: no disease is named
      --> my-study.toml:37:1
      37 | diseases = []               # codes of library/evidence/diseases.csv: ["NMOSD"]
         | ^
         = hint: name at least one code of library/evidence/diseases.csv

    error: the study names nothing to cite
      --> my-study.toml:16:1
      16 | [source]
         | ^
         = hint: give a DOI, a PubMed number, a trial number, or journal and page as `reference`

    error: the study is `seen` but names no text that was read
      --> my-study.toml:24:1
      24 | grade = "seen"              # you read it; else "recalled"
         | ^
         = hint: give the address under `addresses`, or write `grade = "recalled"`
    "#);
    let filled = folder
        .read("my-study.toml")
        .replace("title = \"\"", "title = \"CT103A in NMOSD\"")
        .replace(
            "# doi = \"10.1038/s41392-022-01278-3\"",
            "doi = \"10.1000/xyz\"",
        )
        .replace("addresses = []", "addresses = [\"https://example.org\"]")
        .replace("diseases = []", "diseases = [\"NMOSD\"]");
    folder.write("my-study.toml", &filled);
    let said = said_in(&folder, "check my-study.toml", "100");
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{said}");
    // Every line that is offered can be used as it stands, but for what only the contributor knows.
    let is_entry = |line: &str| {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let all = filled
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code) if code.starts_with('[') || is_entry(code) => code,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    folder.write("my-study.toml", &all);
    assert_snapshot!(said_in(&folder, "check my-study.toml", "100").stderr, @r#"
    error: the study has an appraisal but is not `appraised`
      --> my-study.toml:13:1
      13 | state = "extracted"         # found, screened, included, extracted, appraised, superseded
         | ^
         = hint: write `state = "appraised"`

    error: `criteria` is answered without a reason
      --> my-study.toml:106:1
     106 | [appraisal]
         | ^
         = hint: say in `why` what in the text answers it, or answer `unclear`

    error: items are not answered: condition_measured, condition_identified, consecutive, complete, demographics, clinical_information, outcomes, sites, statistics
      --> my-study.toml:106:1
     106 | [appraisal]
         | ^
         = hint: answer `unclear` where the text does not say

    error: there is no study `id-of-the-other-study`
      --> my-study.toml:53:1
      53 | study = "id-of-the-other-study"
         | ^
         = hint: name the id of a study of the library

    error: `qin2023-nmosd-ct103a` and `my-study`: both name NCT04561557; are patients counted twice?
      --> my-study.toml:22:1
      22 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "qin2023-nmosd-ct103a"` and a relation: contains, within, shares or distinct

    error: `qin2024-imnm-bcma` and `my-study`: both name NCT04561557; are patients counted twice?
      --> my-study.toml:22:1
      22 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "qin2024-imnm-bcma"` and a relation: contains, within, shares or distinct

    error: `qin2024-nmosd-sc` and `my-study`: both name NCT04561557; are patients counted twice?
      --> my-study.toml:22:1
      22 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "qin2024-nmosd-sc"` and a relation: contains, within, shares or distinct

    error: `qin2025-pms-bcma` and `my-study`: both name NCT04561557; are patients counted twice?
      --> my-study.toml:22:1
      22 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "qin2025-pms-bcma"` and a relation: contains, within, shares or distinct

    error: `tian2024-mg-bcma` and `my-study`: both name NCT04561557; are patients counted twice?
      --> my-study.toml:22:1
      22 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "tian2024-mg-bcma"` and a relation: contains, within, shares or distinct
    "#);
    folder.write("my-study.toml", "mine");
    let again = said_in(&folder, "new my-study", "100");
    assert_eq!(again.code, Some(2));
    assert_eq!(folder.read("my-study.toml"), "mine");
}

#[test]
fn a_study_before_it_is_added_is_checked_against_the_library() {
    let folder = Folder::new();
    let shipped = include_str!("../../../../library/evidence/studies/qin2023-nmosd-ct103a.toml");
    let renamed = shipped.replace("id = \"qin2023-nmosd-ct103a\"", "id = \"again\"");
    folder.write("again.toml", &renamed);
    folder.write("qin2023-nmosd-ct103a.toml", shipped);
    folder.write("evidence/studies/qin2023-nmosd-ct103a.toml", shipped);
    assert_snapshot!(said_in(&folder, "check again.toml", "100").stderr, @r#"
    error: `qin2023-nmosd-ct103a` and `again`: both name NCT04561557; are patients counted twice?
      --> again.toml:10:1
      10 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "qin2023-nmosd-ct103a"` and a relation: contains, within, shares or distinct

    error: `qin2024-nmosd-sc` and `again`: both name NCT04561557; are patients counted twice?
      --> again.toml:10:1
      10 | trials = ["NCT04561557"]
         | ^
         = hint: declare `[[overlap]]` with `study = "qin2024-nmosd-sc"` and a relation: contains, within, shares or distinct
    "#);
    assert_snapshot!(said_in(&folder, "check qin2023-nmosd-ct103a.toml", "100").stderr, @r#"
    error: the library has a study `qin2023-nmosd-ct103a`
      --> qin2023-nmosd-ct103a.toml:1:6
       1 | id = "qin2023-nmosd-ct103a"
         |      ^
         = hint: see it with `neurocart evidence show qin2023-nmosd-ct103a`; choose another id, or correct library/evidence/studies/qin2023-nmosd-ct103a.toml
    "#);
    // The library's own file may be corrected in its place.
    let own = said_in(
        &folder,
        "check evidence/studies/qin2023-nmosd-ct103a.toml",
        "100",
    );
    assert_eq!(own.code, Some(0), "{own}");
}

#[test]
fn a_broken_study_refuses_with_all_problems_whatever_is_asked() {
    let folder = Folder::new();
    let shipped = include_str!("../../../../library/evidence/studies/qin2023-nmosd-ct103a.toml");
    let broken =
        shipped
            .replacen("events = 11", "events = 13", 1)
            .replacen("year = 2023", "year = 23", 1);
    folder.write("own/evidence/studies/qin2023-nmosd-ct103a.toml", &broken);
    let mut command = folder.command(&["--library", "own", "evidence", "list", "--disease", "MG"]);
    let said = Said::from(command.output().unwrap());
    assert_snapshot!(said, @r"
    exit code 2
    ---- stderr
    error: 23 is not a year of publication
      --> own/evidence/studies/qin2023-nmosd-ct103a.toml:3:1
       3 | year = 23
         | ^
         = hint: write four digits

    `antibody_decline_any` counts 13 of 12: more than there are
      --> own/evidence/studies/qin2023-nmosd-ct103a.toml:65:1
      65 | events = 13
         | ^
         = hint: correct one of the two

    `antibody_decline_any` says 92 % and 13 of 12, which is 108.3 %
      --> own/evidence/studies/qin2023-nmosd-ct103a.toml:67:1
      67 | value = 92
         | ^
         = hint: correct one of the two
    ");
}

#[test]
fn the_export_holds_every_table_with_its_columns_described() {
    let folder = Folder::new();
    assert_snapshot!(said_in(&folder, "export out --disease NMOSD --modality car_t", "100"), @r"
    exit code 0
    ---- stdout
    studies               4 rows
    arms                  9 rows
    outcomes             32 rows
    patients              0 rows
    findings              0 rows
    overlaps             15 rows
    appraisal            30 rows
    registry            321 rows
    data_dictionary     130 rows

    wrote   out: each table as .csv and .json; data_dictionary says what the columns mean
    ");
    let dictionary = read_csv(&folder.read("out/data_dictionary.csv"));
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in dictionary {
        assert!(!row["meaning"].is_empty());
        tables
            .entry(row["table"].clone())
            .or_default()
            .push(row["column"].clone());
    }
    for (table, columns) in &tables {
        let text = folder.read(&format!("out/{table}.csv"));
        assert_eq!(text.lines().next().unwrap(), columns.join(","), "{table}");
        let rows = read_csv(&text);
        let json: serde_json::Value =
            serde_json::from_str(&folder.read(&format!("out/{table}.json"))).unwrap();
        assert_eq!(rows.len(), json.as_array().unwrap().len(), "{table}");
    }
    let outcomes = read_csv(&folder.read("out/outcomes.csv"));
    let relapse = outcomes
        .iter()
        .find(|r| r["study"] == "qin2023-nmosd-ct103a" && r["outcome"] == "relapse_free")
        .unwrap();
    assert_eq!(
        (relapse["events"].as_str(), relapse["total"].as_str()),
        ("11", "12")
    );
    assert!(outcomes.iter().all(|row| row["grade"] == "seen"));
}

#[test]
fn an_export_never_mixes_with_what_lies_there() {
    let folder = Folder::new();
    folder.write("out/notes.txt", "mine");
    assert_snapshot!(said_in(&folder, "export out", "100"), @r"
    exit code 2
    ---- stderr
    error: `out` is not empty, and stays as it is
         = hint: name another folder, or write into it with `--force`
    ");
    assert_eq!(folder.bytes("out").len(), 1);
    assert_eq!(said_in(&folder, "export out --force", "100").code, Some(0));
    assert_eq!(folder.read("out/notes.txt"), "mine");
    folder.write("file", "mine");
    assert_eq!(said_in(&folder, "export file --force", "100").code, Some(2));
}
