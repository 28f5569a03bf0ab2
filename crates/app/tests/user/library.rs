//! `neurocart library`, and a folder of the user's own files with `--library`.

use insta::assert_snapshot;

use crate::program::{Folder, small_trial};

const PATIENT: [&str; 7] = [
    "--library",
    "mine",
    "patient",
    "--disease",
    "mg-achr",
    "--therapy",
    "cd19-cart",
];

/// A shipped file with one change, put into the folder `mine`.
fn put(folder: &Folder, file: &str, from: &str, to: &str) {
    let text = folder.run_well(&["library", "show", file]).stdout;
    assert!(text.contains(from), "`{from}` is not in {file}");
    folder.write(&format!("mine/{file}"), &text.replacen(from, to, 1));
}

#[test]
fn the_library_lists_what_can_be_simulated() {
    assert_snapshot!(Folder::new().run(&["library"]), @r"
    exit code 0
    ---- stdout
    diseases
      cidp                      Chronic inflammatory demyelinating polyneuropathy
      mg-achr                   Generalised myasthenia gravis with acetylcholine receptor antibodies
      mg-musk                   Generalised myasthenia gravis with MuSK antibodies
      mogad                     Myelin oligodendrocyte glycoprotein antibody-associated disease
      ms-primary-progressive    Primary progressive multiple sclerosis
      ms-relapsing              Relapsing multiple sclerosis
      ms-secondary-progressive  Secondary progressive multiple sclerosis
      nmosd-aqp4                Neuromyelitis optica spectrum disorder with aquaporin-4 antibodies
      stiff-person              Stiff-person syndrome with GAD65 antibodies

    therapies
      ahsct             Autologous haematopoietic stem-cell transplantation
      bcma-cart         Autologous BCMA CAR T cells
      bcma-mrna-cart    BCMA mRNA CAR T cells
      cd19-bcma-cart    Autologous CD19 and BCMA dual CAR T cells
      cd19-cart         Autologous CD19 CAR T cells
      eculizumab        Eculizumab
      efgartigimod      Efgartigimod
      il6r-blocker      Interleukin-6 receptor blocker
      inebilizumab      Inebilizumab
      interferon-beta   Interferon beta
      natalizumab       Natalizumab
      ocrelizumab       Ocrelizumab
      placebo           Placebo
      rituximab         Rituximab
      standard-of-care  Standard of care

    trials
      mg-bcma-mrna-placebo              BCMA mRNA CAR T against placebo in AChR myasthenia gravis
      mg-cd19-keyboard                  CD19 CAR T in AChR myasthenia gravis: dose finding by the keyboard design
      ms-cd19-cd20-boin-simon           B-cell CAR T in relapsing multiple sclerosis: BOIN, then Simon's two stages on NEDA-3
      ms-cd19-vs-ahsct                  CD19 CAR T against AHSCT in relapsing multiple sclerosis
      nmosd-bcma-single-arm             BCMA CAR T in AQP4-positive NMOSD, single arm
      progressive-ms-cd19-vs-anti-cd20  CD19 CAR T against anti-CD20 in progressive multiple sclerosis
      sps-cd19-single-arm               CD19 CAR T in stiff-person syndrome, single arm
    ");
}

#[test]
fn every_list_is_also_json() {
    let folder = Folder::new();
    let all = folder.run_well(&["library", "--json"]).stdout;
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["trials"].as_array().unwrap().len(), 7);
    let rows = folder.run_well(&["library", "parameters", "--json"]).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).unwrap();
    assert!(
        rows.iter()
            .all(|r| r["value"].is_number() && r["grade"].is_string() && r["unit"].is_string())
    );
}

#[test]
fn a_file_of_the_library_is_shown_as_it_is() {
    let folder = Folder::new();
    let shown = folder
        .run_well(&["library", "show", "parameters.csv"])
        .stdout;
    assert_eq!(shown, include_str!("../../../../library/parameters.csv"));
    let names = folder.run_well(&["library", "show"]).stdout;
    assert!(
        names.lines().any(|n| n == "therapies/cd19-cart.toml"),
        "{names}"
    );
    assert_snapshot!(folder.run(&["library", "show", "therapies/cd19-catr.toml"]), @r"
    exit code 2
    ---- stderr
    error: the library has no file `therapies/cd19-catr.toml`
      --> library
         = hint: did you mean `therapies/cd19-cart.toml`?
    ");
}

#[test]
fn a_misspelt_file_name_is_warned_about() {
    let folder = Folder::new();
    folder.write("mine/paramters.csv", "symbol\n");
    folder.write("mine/therapies/mine.tml", "");
    let said = folder.run(&["--library", "mine", "library", "diseases"]);
    assert_eq!(said.code, Some(0));
    assert_snapshot!(said.stderr, @r"
    warning: `paramters.csv` in the library folder is read by nothing; is its name right?
    warning: `therapies/mine.tml` in the library folder is read by nothing; is its name right?
    ");
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    assert_snapshot!(Folder::new().run(&["--library", "nowhere", "library"]), @r"
    exit code 2
    ---- stderr
    error: cannot read `nowhere`: No such file or directory (os error 2)
    ");
}

#[test]
fn a_file_of_ones_own_wins() {
    let folder = Folder::new();
    put(
        &folder,
        "therapies/cd19-cart.toml",
        "short_name = \"CD19 CAR T\"",
        "short_name = \"My CAR T\"",
    );
    let said = folder.run_well(&PATIENT);
    assert!(
        said.stdout
            .starts_with("Typical patient, AChR MG, My CAR T\n"),
        "{said}"
    );
}

#[test]
fn broken_files_are_named_with_their_lines() {
    let folder = Folder::new();
    put(
        &folder,
        "therapies/cd19-cart.toml",
        "kind = \"car-t\"",
        "kind = \"car-tea\"",
    );
    assert_snapshot!(folder.run(&PATIENT), @r#"
    exit code 2
    ---- stderr
    error: unknown variant `car-tea`, expected one of `car-t`, `drug`, `none`
      --> mine/therapies/cd19-cart.toml:5:8
       5 | kind = "car-tea"
         |        ^
         = hint: did you mean `car-t`?
    "#);
    std::fs::remove_dir_all(folder.path("mine")).unwrap();
    put(&folder, "model/cytokine.ant", "IL6 = IL60;", "IL6 = IL600;");
    assert_snapshot!(folder.run(&PATIENT), @r"
    exit code 2
    ---- stderr
    error: unknown name `IL600`
      --> mine/model/cytokine.ant:19:9
       |
    19 |   IL6 = IL600;
       |         ^^^^^
       |
       = hint: did you mean `IL60`?
    ");
    std::fs::remove_dir_all(folder.path("mine")).unwrap();
    put(&folder, "parameters.csv", "\nrho,core,", "\nrho,core,fast");
    assert_snapshot!(folder.run(&PATIENT), @r#"
    exit code 2
    ---- stderr
    error: `rho`, column `value`: `fast3.0` is not a number
      --> mine/parameters.csv:24
      24 | rho,core,fast3.0,2.2,3.6,1/d,0.08,lognormal,cart_cells,fastest proliferation of effector CAR T cells; a 1 % change moves the peak by 4.4 %,"Stein 2019, 10.1002/psp4.12388",ALL-like net growth ln(3900)/9.3 = 0.889/d; liso-cel doubling 0.755 d,derived,https://github.com/nlmixr2/nlmixr2lib/blob/739494780d0e2b043f851aa7956405a33d91be6b/inst/modeldb/specificDrugs/Stein_2019_Tisagenlecleucel.R,stein2019-tisacel-kinetics;ogasawara2021-lisocel-poppk
         = hint: use a decimal point, as in 0.25 or 2e6
    "#);
    std::fs::remove_dir_all(folder.path("mine")).unwrap();
    put(&folder, "diseases/mg-achr.toml", "short_name", "shortname");
    assert_snapshot!(folder.run(&PATIENT), @r#"
    exit code 2
    ---- stderr
    error: unknown field `shortname`, expected one of `id`, `name`, `short_name`, `summary`, `parameter_scope`, `autoantibody`, `attacks`, `disability`, `myasthenia`, `walking`, `incat`, `lesions`
      --> mine/diseases/mg-achr.toml:3:1
       3 | shortname = "AChR MG"
         | ^
         = hint: did you mean `short_name`?
    "#);
    std::fs::remove_dir_all(folder.path("mine")).unwrap();
    folder.write(
        "mine/correlations.csv",
        "first,second,correlation\ntheta,rho,2\n",
    );
    assert_snapshot!(folder.run(&PATIENT), @r"
    exit code 2
    ---- stderr
    error: a correlation lies between -1 and 1
      --> mine/correlations.csv:2
       2 | theta,rho,2
    ");
    std::fs::write(folder.path("mine/correlations.csv"), [0xff, 0xfe]).unwrap();
    assert_snapshot!(folder.run(&PATIENT), @r"
    exit code 2
    ---- stderr
    error: cannot read `mine/correlations.csv`: stream did not contain valid UTF-8
         = hint: the file must be text in UTF-8
    ");
}

/// A model in which interleukin-6 makes more of itself and is infinite after a few hours.
fn put_divergent_model(folder: &Folder) {
    let file = "model/cytokine.ant";
    let text = folder.run_well(&["library", "show", file]).stdout;
    let rule = text
        .lines()
        .find(|l| l.trim_start().starts_with("IL6' ="))
        .unwrap();
    put(folder, file, rule, "  IL6' = k6*IL6*IL6/IL60;");
}

#[test]
fn a_model_that_diverges_is_reported_with_patient_day_and_reason() {
    let folder = Folder::new();
    put_divergent_model(&folder);
    folder.write("trial.toml", &small_trial());
    assert_snapshot!(folder.run(&PATIENT), @r"
    exit code 2
    ---- stderr
    error: the model cannot be solved past day -9.75: the step size became too small: the model is singular or diverges there
      --> patient
         = hint: look for a dose or a parameter far outside its usual range
    ");
    let said = folder.run(&[
        "--library",
        "mine",
        "trial",
        "run",
        "trial.toml",
        "--out",
        "run",
        "--quiet",
    ]);
    assert_eq!(said.code, Some(1), "{said}");
    assert_snapshot!(said, @r"
    exit code 1
    ---- stderr
    error: 15 of 15 virtual patients could not be solved, more than the 0.1 % that is allowed; first: candidate 0 at day -9.8: the step size became too small: the model is singular or diverges there
         = hint: look for a parameter, a dose or a model file of your own far outside what is usual; `simulation.maximum_failed_fraction` of a trial file allows more
    ");
    let population = [
        "--library",
        "mine",
        "population",
        "--disease",
        "mg-achr",
        "--size",
        "40",
    ];
    assert_eq!(folder.run(&population).code, Some(1));
    assert!(!folder.path("patients.parquet").exists());
    let left: Vec<String> = folder
        .bytes("")
        .into_keys()
        .filter(|n| n.ends_with("tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_run_goes_on_only_with_its_own_library() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "20",
        "--out",
        "run",
        "--quiet",
    ]);
    put(
        &folder,
        "therapies/cd19-cart.toml",
        "short_name = \"CD19 CAR T\"",
        "short_name = \"My CAR T\"",
    );
    assert_snapshot!(folder.run(&["--library", "mine", "trial", "resume", "run"]), @r"
    exit code 1
    ---- stderr
    error: the run was made with another library of models and parameters
      --> run
         = hint: give the same `--library` as before, or start a new run
    ");
}
