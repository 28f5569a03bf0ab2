//! `neurocart evidence trace`: from a value to its source, and on to what it moves; and the report of a
//! trial, which lists what it rests on.

use insta::assert_snapshot;

use crate::program::{Folder, Said, small_trial};

/// As in a terminal of 110 columns.
fn trace(folder: &Folder, arguments: &[&str]) -> Said {
    let mut command = folder.command(&["evidence", "trace"]);
    let output = command.args(arguments).env("COLUMNS", "110").output();
    Said::from(output.unwrap())
}

fn json(said: &Said) -> serde_json::Value {
    assert_eq!(said.code, Some(0), "{said}");
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn a_value_leads_to_its_studies_its_figures_and_what_it_moves() {
    assert_snapshot!(trace(&Folder::new(), &["rho"]), @r"
    exit code 0
    ---- stdout
    rho: fastest proliferation of effector CAR T cells; a 1 % change moves the peak by 4.4 %

    scope     core
    value     3 (1/d)
    range     2.2 to 3.6
    patients  lognormal, CV 8 %
    grade     derived: calculated or fitted from values that were seen
    source    Stein 2019, 10.1002/psp4.12388
    where     ALL-like net growth ln(3900)/9.3 = 0.889/d; liso-cel doubling 0.755 d
    read at   https://github.com/nlmixr2/nlmixr2lib/blob/739494780d0e2b043f851aa7956405a33d91be6b/inst/modeldb/specificDrugs/Stein_2019_Tisagenlecleucel.R

    Studies behind it
    id                           what it is                         design  cite                            grade
    stein2019-tisacel-kinetics   Expansion and decline of           model   doi:10.1002/psp4.12388          seen A
                                 tisagenlecleucel as a piecewise
                                 population model
    ogasawara2021-lisocel-poppk  Population kinetics of             model   doi:10.1007/s40262-021-01039-5  seen A
                                 lisocabtagene maraleucel
                                 (TRANSCEND)

    Set by these published figures
    comparison             kind         figure                                of
    cd19-peak-day-typical  calibration  Day of the CAR T peak, typical        CD19 CAR T cells, 1e6/kg after
                                        patient                               fludarabine and cyclophosphamide,
                                                                              AChR MG
    cd19-peak-day          calibration  Day of the CAR T peak, median         CD19 CAR T cells, 1e6/kg after
                                                                              fludarabine and cyclophosphamide,
                                                                              AChR MG
    cd19-peak              calibration  CAR T peak in blood, median           CD19 CAR T cells, 1e6/kg after
                                                                              fludarabine and cyclophosphamide,
                                                                              AChR MG

    Outputs that move with it: mg-achr, cd19-cart, typical patient, 52 weeks
    output                                       value  unit           per log  per +10 %  at low end  at high end
    CAR T peak in cerebrospinal fluid             1.14  cells/uL          4.38      0.495       0.321         2.58
    CAR T peak in blood                           74.5  cells/uL          4.34       31.9        20.8          166
    probability of CRS of grade 3 or more       0.0121  –                  3.2    0.00378     0.00497       0.0224
    peak of the neurotoxic drive, which           93.8  –                  2.8       25.6        43.1          161
    drives ICANS
    probability of ICANS                        0.0425  –                 2.75     0.0114      0.0196       0.0716
    autoreactive clone in week 52             0.000516  of untreated     −2.74  −0.000132    0.000949     0.000273
    interleukin-6 peak, which drives CRS          79.3  pg/mL             2.68       20.7        37.8          133
    days with fewer than 10 B cells per uL         121  d                 2.57         29        42.7          177
    lowest B cells in blood                      0.605  cells/uL         −0.38    −0.0219       0.747        0.577
    probability of CRS                           0.757  –                 0.22     0.0155       0.709        0.787
    day of that peak                              9.29  d                 −0.2     −0.176          10         8.97
    long-lived plasma cells on day 180            85.4  % of baseline    −0.17      −1.41        88.8         82.3
    lowest total IgG                              7.84  g/L              −0.15     −0.113        8.12         7.59
    AChR antibody in week 24                        24  % of baseline    −0.09     −0.209        24.5         23.6
    MG-ADL in week 48                             3.61  points           −0.06    −0.0218        3.64         3.55
    QMG in week 48                                6.42  points           −0.06    −0.0388        6.48         6.31
    MG-ADL in week 24                             4.02  points           −0.06    −0.0243        4.08         3.97
    QMG in week 24                                7.15  points           −0.06    −0.0432        7.26         7.06

    note: the typical patient is solved with rho at 2.73 (1/1.1), 3 (as it is), 3.3 (1.1-fold), 2.2 (low end), 3.6
          (high end); per log is d ln output / d ln rho, by differences
    note: not sensitive (below 0.05 per log, and below 5 % over its range): serious infections expected in 52
          weeks, lowest neutrophils
    ");
}

#[test]
fn a_value_that_contradicts_a_study_says_so() {
    assert_snapshot!(trace(&Folder::new(), &["kup"]), @r"
    exit code 0
    ---- stdout
    kup: uptake of plasma IgG into endosomes: the fractional catabolic rate without FcRn

    scope     core
    value     0.36 (1/d)
    range     0.16 to 0.4
    patients  lognormal, CV 20 %
    grade     recalled: known from the literature, source not opened
    source    familial hypercatabolic IgG half-life ~3 d; FcRn blockers reach -75..-85%
    where     Kim 2007 implies 0.16 (recycling 142% of FCR) => conflict
    read at   https://pubmed.ncbi.nlm.nih.gov./17046328

    Studies behind it
    id                      what it is                         design     cite                              grade
    kim2007-fcrn-recycling  Share of IgG and albumin that      mechanism  Clin Immunol 2007;122:146,        seen A
                            FcRn returns                                  doi:10.1016/j.clim.2006.09.001

    What the model gets wrong through it
    known failure        what                                          consequence
    igg-uptake-conflict  The rate of IgG uptake contradicts a          FcRn blockers fall further than that, so
                         published estimate of FcRn recycling          0.36 is used; kinetics at very low IgG rest
                                                                       on one choice

    Outputs that move with it: mg-achr, cd19-cart, typical patient, 52 weeks
    output                    value  unit           per log  per +10 %  at low end  at high end
    AChR antibody in week 24     24  % of baseline    −0.15     −0.339        31.9         23.7
    MG-ADL in week 24          4.02  points           −0.13    −0.0486        4.97         3.97
    QMG in week 24             7.15  points           −0.13    −0.0865        8.84         7.07
    QMG in week 48             6.42  points           −0.02    −0.0136        6.82          6.4
    MG-ADL in week 48          3.61  points           −0.02   −0.00765        3.83          3.6

    note: the typical patient is solved with kup at 0.327 (1/1.1), 0.36 (as it is), 0.396 (1.1-fold), 0.16 (low
          end), 0.4 (high end); per log is d ln output / d ln kup, by differences
    note: not sensitive (below 0.05 per log, and below 5 % over its range): lowest total IgG, serious infections
          expected in 52 weeks, days with fewer than 10 B cells per uL, lowest neutrophils, probability of CRS of
          grade 3 or more, day of that peak, probability of ICANS, peak of the neurotoxic drive, which drives
          ICANS, interleukin-6 peak, which drives CRS, CAR T peak in cerebrospinal fluid, CAR T peak in blood,
          probability of CRS, autoreactive clone in week 52, lowest B cells in blood, long-lived plasma cells on
          day 180
    ");
}

#[test]
fn a_drug_is_looked_at_where_it_is_given() {
    let found = trace(&Folder::new(), &["inebilizumab.CL"]);
    assert_snapshot!(found, @r"
    exit code 0
    ---- stdout
    CL: clearance (inebilizumab)

    scope     drug:inebilizumab
    value     0.188 L/d
    patients  lognormal, CV 27 %
    grade     seen: read in the source that is cited
    source    Yan 2022, 10.1007/s40262-021-01071-5
    where     Table 6
    read at   https://github.com/nlmixr2/nlmixr2lib/blob/5ddf9ae402eda988f8830bef55cbf808691536b7/inst/modeldb/specificDrugs/Yan_2022_inebilizumab.R

    Studies behind it
    id                       what it is                          design  cite                               grade
    yan2022-inebilizumab-pk  Inebilizumab: population            model   Clin Pharmacokinet 2022;61:387,    seen A
                             pharmacokinetics                            doi:10.1007/s40262-021-01071-5

    Outputs that move with it: mg-achr, inebilizumab, typical patient, 52 weeks
    output                              value  unit          per log  per +10 %  at low end  at high end
    mean concentration of inebilizumab   13.5  mg/L            −0.97      −1.25           –            –
    lowest B cells in blood             0.189  cells/uL         0.31    0.00567           –            –
    autoreactive clone in week 52       0.418  of untreated     0.06    0.00241           –            –

    note: the typical patient is solved with inebilizumab.CL at 0.171 (1/1.1), 0.188 (as it is), 0.207 (1.1-fold);
          per log is d ln output / d ln inebilizumab.CL, by differences
    note: not sensitive (below 0.05 per log, and below 5 % over its range): AChR antibody in week 24, QMG in week
          48, MG-ADL in week 48, QMG in week 24, MG-ADL in week 24, lowest total IgG, long-lived plasma cells on
          day 180, days with fewer than 10 B cells per uL, serious infections expected in 52 weeks, lowest
          neutrophils
    ");
    let by_key = trace(&Folder::new(), &["drug:inebilizumab/CL"]);
    assert_eq!(found.stdout, by_key.stdout);
}

#[test]
fn a_published_value_that_no_equation_reads_is_shown_as_such() {
    assert_snapshot!(trace(&Folder::new(), &["tisa_cel_cmax"]), @r"
    exit code 0
    ---- stdout
    tisa_cel_cmax: tisa-cel Cmax: ALL, variance 0.65

    scope    reference
    value    24000 copies/ug
    grade    seen: read in the source that is cited
    source   Stein 2019, 10.1002/psp4.12388
    where    Table 1
    read at  https://github.com/nlmixr2/nlmixr2lib/blob/739494780d0e2b043f851aa7956405a33d91be6b/inst/modeldb/specificDrugs/Stein_2019_Tisagenlecleucel.R

    Studies behind it
    id                          what it is                                  design  cite                    grade
    stein2019-tisacel-kinetics  Expansion and decline of tisagenlecleucel   model   doi:10.1002/psp4.12388  seen A
                                as a piecewise population model

    note: on record only: no equation reads this value
    ");
}

#[test]
fn a_symbol_of_several_scopes_is_shown_scope_by_scope() {
    let folder = Folder::new();
    let said = trace(&folder, &["wC"]);
    let heads: Vec<&str> = said
        .stdout
        .lines()
        .filter(|line| {
            ["wC (", "scope ", "Outputs", "note: no d"]
                .iter()
                .any(|s| line.starts_with(s))
        })
        .collect();
    assert_snapshot!(heads.join("\n"), @r"
    wC (1 of 7): part of the autoantibody effect on the target that runs through complement
    scope     core
    wC (2 of 7): part of the autoantibody effect on the target that runs through complement (AChR myasthenia
    scope   disease:mg-achr
    Outputs that move with it: mg-achr, eculizumab, typical patient, 52 weeks
    wC (3 of 7): part of the autoantibody effect on the target that runs through complement (MuSK myasthenia
    scope   disease:mg-musk
    wC (4 of 7): part of the autoantibody effect on the target that runs through complement (Lambert-Eaton
    scope   disease:lems
    note: no disease under a therapy of the library takes its value from this row
    wC (5 of 7): part of the autoantibody effect on the target that runs through complement (CIDP)
    scope   disease:cidp
    wC (6 of 7): part of the autoantibody effect on the target that runs through complement (stiff-person
    scope   disease:sps
    wC (7 of 7): part of the autoantibody effect on the target that runs through complement (NMDAR encephalitis)
    scope   disease:ae-nmdar
    note: no disease under a therapy of the library takes its value from this row
    ");
    let one = trace(&folder, &["wC", "--scope", "disease:cidp"]);
    assert!(one.stdout.starts_with("wC: part of"), "{one}");
    // In a scenario only the value that is in use there counts.
    let there = json(&trace(
        &folder,
        &[
            "wC",
            "--disease",
            "mg-musk",
            "--therapy",
            "eculizumab",
            "--json",
        ],
    ));
    assert_eq!(there["traces"].as_array().unwrap().len(), 1);
    assert_eq!(there["traces"][0]["scope"], "disease:mg-musk");
}

#[test]
fn the_same_is_json_csv_and_a_figure() {
    let folder = Folder::new();
    let object = json(&trace(
        &folder,
        &["theta", "--json", "--figure", "theta.svg"],
    ));
    let theta = &object["traces"][0];
    assert_eq!(theta["value"], 0.05);
    assert_eq!(theta["grade"], "assumed");
    assert_eq!(theta["evidence"], serde_json::json!([]));
    assert_eq!(theta["calibrated_on"][0]["id"], "cd19-clone-3y");
    assert_eq!(theta["known_failures"][0]["id"], "clone-return");
    let outputs = theta["sensitivity"]["outputs"].as_array().unwrap();
    assert_eq!(outputs[0]["output"], "clone");
    let figure = folder.read("theta.svg");
    assert!(figure.starts_with("<svg") && figure.contains("autoreactive clone"));

    let csv = trace(&folder, &["theta", "--csv"]).stdout;
    assert!(
        csv.starts_with("symbol,scope,disease,therapy,output,label,unit,value,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1 + outputs.len());
    // Nothing is drawn: twice the same bytes.
    assert_eq!(csv, trace(&folder, &["theta", "--csv"]).stdout);
}

#[test]
fn every_value_is_listed_worst_grade_first() {
    let folder = Folder::new();
    let said = trace(&folder, &["--all", "--csv"]);
    let grades: Vec<&str> = said
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(grades.len(), 492);
    let mut kinds = grades.clone();
    kinds.dedup();
    assert_eq!(kinds, ["assumed", "recalled", "derived", "seen"]);
    let core = trace(&folder, &["--all", "--scope", "disease:mogad"]);
    assert_snapshot!(core, @r"
    exit code 0
    ---- stdout
    10 values: 7 assumed, 1 recalled, 2 derived, 0 seen; 3 with a study behind them

    grade     symbol      scope          value  source                 studies                   read by the model
    assumed   lamMS       disease:mogad  0      assumption of the      –                         yes
                                                model authors
    assumed   kAb         disease:mogad  0      assumption of the      –                         yes
                                                model authors
    assumed   lamNM       disease:mogad  0.6    Steroid-sparing        mogad-chen2020            yes
                                                immunotherapy in
                                                MOGAD (multicentre,
                                                n=70) abstract
    assumed   fS          disease:mogad  0.6    assumption of the      –                         yes
                                                model authors
    assumed   w6n         disease:mogad  0.7    assumption of the      –                         yes
                                                model authors
    assumed   EDSS0_mean  disease:mogad  2.5    assumption of the      –                         yes
                                                model authors
    assumed   EDSS0_sd    disease:mogad  1.5    assumption of the      –                         yes
                                                model authors
    recalled  wCn         disease:mogad  0      clinical knowledge of  –                         yes
                                                the model authors
    derived   wBn         disease:mogad  0.35   Steroid-sparing        mogad-chen2020            yes
                                                immunotherapy in
                                                MOGAD (multicentre,
                                                n=70) abstract
    derived   wIgn        disease:mogad  0.8    Frequency,             mogad-relapsing-three-ce  yes
                                                characteristics,       ntres
                                                predictors and
                                                treatment of
                                                relapsing MOGAD

    note: no room here for meaning, where, unit; widen the terminal, or ask for `--csv` or `--json`
    ");
}

#[test]
fn what_cannot_be_traced_is_explained() {
    let folder = Folder::new();
    for arguments in [
        &["tehta"][..],
        &["theta", "--scope", "disease:mogad"],
        &["theta", "--disease", "mg-acrh"],
        &["theta", "--therapy", "cd19-catr"],
        &[
            "kAb",
            "--disease",
            "mg-achr",
            "--therapy",
            "cd19-cart",
            "--scope",
            "disease:lems",
        ],
        &[
            "sBL",
            "--disease",
            "mogad",
            "--therapy",
            "cd19-cart",
            "--figure",
            "nothing/here.svg",
        ],
        &["--all", "--scope", "disease:lupus"],
        &[],
    ] {
        let said = trace(&folder, arguments);
        let name = arguments.join(" ");
        assert_snapshot!(format!("{name}\n{said}"));
    }
}

#[test]
fn a_link_to_no_study_is_refused_with_its_line_and_the_nearest_study() {
    let folder = Folder::new();
    let table = folder
        .run_well(&["library", "show", "parameters.csv"])
        .stdout;
    let broken = table.replacen("stein2019-tisacel-kinetics", "stein2019-tisacel-kinetic", 1);
    folder.write("mine/parameters.csv", &broken);
    let said = folder.run(&["--library", "mine", "patient", "--disease", "mg-achr"]);
    assert_snapshot!(said, @r#"
    exit code 2
    ---- stderr
    error: `rho`, column `evidence`: there is no study `stein2019-tisacel-kinetic`
      --> mine/parameters.csv:24
      24 | rho,core,3.0,2.2,3.6,1/d,0.08,lognormal,cart_cells,fastest proliferation of effector CAR T cells; a 1 % change moves the peak by 4.4 %,"Stein 2019, 10.1002/psp4.12388",ALL-like net growth ln(3900)/9.3 = 0.889/d; liso-cel doubling 0.755 d,derived,https://github.com/nlmixr2/nlmixr2lib/blob/739494780d0e2b043f851aa7956405a33d91be6b/inst/modeldb/specificDrugs/Stein_2019_Tisagenlecleucel.R,stein2019-tisacel-kinetic;ogasawara2021-lisocel-poppk
         = hint: did you mean `stein2019-tisacel-kinetics`?
    "#);
    let check = folder.run(&["--library", "mine", "evidence", "check"]);
    assert_eq!(check.code, Some(2));
    assert!(
        check
            .stderr
            .contains("there is no study `stein2019-tisacel-kinetic`"),
        "{check}"
    );
}

/// Those that the trial file sets first, then from the worst known to the best.
#[test]
fn the_report_of_a_trial_lists_what_it_rests_on() {
    let folder = Folder::new();
    let trial = small_trial().replacen(
        "[population]",
        "[population]\nparameters = { theta = 0.1 }",
        1,
    );
    assert!(trial.contains("theta = 0.1"));
    folder.write("trial.toml", &trial);
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "5",
        "--out",
        "run",
        "--quiet",
    ]);
    let summary: serde_json::Value =
        serde_json::from_str(&folder.read("run/summary.json")).unwrap();
    let assumptions = summary["assumptions"].as_array().unwrap();
    assert_eq!(assumptions[0]["symbol"], "theta");
    assert_eq!(assumptions[0]["scope"], "override");
    assert_snapshot!(assumptions[0]["source"].as_str().unwrap(), @r"set by the user (`population.parameters`); the table has 0.05");
    let mut grades: Vec<&str> = assumptions[1..]
        .iter()
        .map(|a| a["grade"].as_str().unwrap())
        .collect();
    grades.dedup();
    assert_eq!(grades, ["assumed", "recalled", "derived", "seen"]);

    // Every id has its study, and every study is used.
    let evidence = summary["evidence"].as_array().unwrap();
    let ids: Vec<&str> = evidence.iter().map(|s| s["id"].as_str().unwrap()).collect();
    for assumption in assumptions {
        for id in assumption["evidence"].as_array().unwrap() {
            assert!(ids.contains(&id.as_str().unwrap()), "{id}");
        }
    }
    assert_eq!(evidence[0]["grade"], "recalled");
    assert!(
        evidence
            .iter()
            .all(|s| !s["citation"].as_str().unwrap().is_empty())
    );
    assert!(
        evidence
            .iter()
            .all(|s| !s["parameters"].as_array().unwrap().is_empty())
    );

    let page = folder.read("run/report.html");
    let at = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("`{text}` is not in the page"))
    };
    assert!(at(">Set by the user<") < at(">Assumed<") && at(">Assumed<") < at(">Recalled<"));
    assert!(at(">Recalled<") < at(">Derived<") && at(">Derived<") < at(">Seen<"));
    assert!(at(">Seen<") < at("id=\"study-macallan2005-b-cell-turnover\""));
}
