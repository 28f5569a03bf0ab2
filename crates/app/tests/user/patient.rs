//! `neurocart patient` and `neurocart model`: one virtual patient, and the model it is made with.

use insta::assert_snapshot;
use serde_json::Value;

use crate::program::Folder;

const TYPICAL: [&str; 5] = ["patient", "--disease", "mg-achr", "--therapy", "cd19-cart"];

fn typical<'a>(more: &[&'a str]) -> Vec<&'a str> {
    TYPICAL.iter().chain(more).copied().collect()
}

#[test]
fn the_typical_patient_in_words() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&TYPICAL), @r"
    exit code 0
    ---- stdout
    Typical patient, AChR MG, CD19 CAR T

    CAR T peak          74.4 cells/uL on day 9.5
    B-cell aplasia      120 days below 10 cells/uL, from day 6
    Autoantibody nadir  AChR antibody 15.3 % of baseline on day 730
    IgG nadir           7.84 g/L on day 249
    CRS, ICANS risk     CRS any 76 %, grade 3+ 1.2 %; ICANS any 4.2 % (IL-6 peak 79.2 pg/mL, day 7.5)
    Clinical course     MG-ADL 8.92 to 2.82, QMG 15.9 to 5.02 in 730 days

    CAR T cells in blood (cells/µL)  ▁█▇▆▆▆▆▅▅▅▅▅▄▄▄▄▃▃▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  0 to 74.4
    B cells in blood (cells/µL)      █▁▂▃▃▄▄▄▅▅▅▆▆▆▆▇▇▇▇▇▇▇▇▇▇▇▇▇█████████████  0.605 to 200
    Interleukin 6 in serum (pg/mL)   ▁█▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  3 to 79.2
    Autoantibody (% of baseline)     █▆▄▃▃▂▂▂▂▂▂▂▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  15.3 to 100
    Total IgG (g/L)                  █▆▄▃▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▃▃▃▃▃▄▄▄▄▄▄▅▅  7.84 to 10
    MG-ADL                            █▇▅▅▄▃▃▃▃▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁  2.82 to 8.92
    QMG                               █▇▅▅▄▃▃▃▃▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁  5.02 to 15.9

    figure  mg-achr-cd19-cart.svg
    next    neurocart patient --disease mg-achr --therapy cd19-cart --patient 1   (a random patient)
    ");
    let figure = folder.read("mg-achr-cd19-cart.svg");
    assert!(figure.starts_with("<svg") && figure.trim_end().ends_with("</svg>"));
    assert!(
        figure.contains("<title") && figure.contains("<desc"),
        "a text alternative"
    );
}

#[test]
fn the_typical_patient_as_json() {
    let folder = Folder::new();
    let said = folder.run_well(&typical(&["--json"]));
    let value: Value = serde_json::from_str(&said.stdout).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "course",
            "disease",
            "outputs",
            "patient",
            "seed",
            "summary",
            "therapy",
            "time_days",
            "units",
            "version"
        ]
    );
    let summary = &value["summary"];
    let number = |key: &str| summary[key].as_f64().unwrap();
    assert_eq!(number("car_t_peak_day"), 9.5);
    // 74 cells/uL and 120 days of aplasia: what the model's description states for this patient.
    assert!(
        (number("car_t_peak_cells_per_ul") - 74.0).abs() < 0.5,
        "{summary}"
    );
    assert!(
        (number("b_cell_aplasia_days") - 120.0).abs() < 1.0,
        "{summary}"
    );
    let times = value["time_days"].as_array().unwrap();
    for (name, series) in value["outputs"].as_object().unwrap() {
        let series = series.as_array().unwrap();
        assert_eq!(series.len(), times.len(), "{name}");
        assert!(series.iter().all(Value::is_number), "{name}");
    }
    assert!(
        !folder.path("mg-achr-cd19-cart.svg").exists(),
        "a figure only where it was asked for"
    );
}

#[test]
fn the_typical_patient_as_csv() {
    let said = Folder::new().run_well(&typical(&["--csv"]));
    let mut lines = said.stdout.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(header[0], "time_days");
    assert!(
        header.contains(&"CARb") && header.contains(&"Bb"),
        "{header:?}"
    );
    let mut last = f64::NEG_INFINITY;
    let mut rows = 0;
    for line in lines {
        let row: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(row.len(), header.len());
        assert!(row[0] > last && row.iter().all(|v| v.is_finite()), "{line}");
        last = row[0];
        rows += 1;
    }
    assert!(rows > 100 && last == 730.0, "{rows} rows until day {last}");
}

#[test]
fn names_that_do_not_exist_get_the_nearest() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&["patient", "--disease", "mg-acrh"]), @r"
    exit code 2
    ---- stderr
    error: unknown disease `mg-acrh`
      --> library/diseases
         = hint: did you mean `mg-achr`?
    ");
    assert_snapshot!(folder.run(&["patient", "--disease", "mg-achr", "--therapy", "cd19-catr"]), @r"
    exit code 2
    ---- stderr
    error: unknown therapy `cd19-catr`
      --> library/therapies
         = hint: did you mean `cd19-cart`?
    ");
    assert_snapshot!(folder.run(&typical(&["--set", "thetta=0.2"])), @r"
    exit code 2
    ---- stderr
    error: unknown parameter `thetta`
      --> --set
         = hint: did you mean `theta`?
    ");
    assert_snapshot!(folder.run(&typical(&["--change", "dose_cels_per_kg=1e6"])), @r"
    exit code 2
    ---- stderr
    error: unknown field `dose_cels_per_kg`, expected one of `id`, `name`, `short_name`, `summary`, `kind`, `parameter_scope`, `blinded`, `dose_cells_per_kg`, `dose_cells`, `infusion_days`, `infused_state`, `lymphodepletion`, `drug`
      --> --change dose_cels_per_kg=1e6
         = hint: did you mean `dose_cells_per_kg`?
    ");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&typical(&["--change", "dose_cells_per_kg=-1e6"])), @r"
    exit code 2
    ---- stderr
    error: `dose_cells_per_kg` is negative: -1000000
      --> --change dose_cells_per_kg=-1e6
         = hint: a dose is above 0; to give nothing, use the `placebo` therapy or leave the dose out
    ");
    assert_snapshot!(folder.run(&typical(&["--change", "dose_cells_per_kg=much"])), @r#"
    exit code 2
    ---- stderr
    error: invalid type: string "much", expected a number
      --> --change dose_cells_per_kg=much
    "#);
    assert_snapshot!(folder.run(&typical(&["--change", "drug.0.dose.0.dose_mg=4"])), @r"
    exit code 2
    ---- stderr
    error: `drug.0.dose.0.dose_mg`: the therapy has no `drug`
      --> --change
         = hint: fields are those of the therapy's file, joined by dots; `drug.0` is its first drug
    ");
    assert_snapshot!(folder.run(&typical(&["--set", "theta=99"])), @r"
    exit code 2
    ---- stderr
    error: `theta` is 99, outside its range [0, 0.5]
      --> --set
         = hint: give a value in [0, 0.5], or widen the range in the parameter table and say why
    ");
    assert_snapshot!(folder.run(&typical(&["--set", "theta"])), @r"
    exit code 2
    ---- stderr
    error: `theta` is not of the form symbol=value
      --> --set
         = hint: for example `theta=0.25`
    ");
    assert_snapshot!(folder.run(&typical(&["--months", "0"])), @r"
    exit code 2
    ---- stderr
    error: `--months` is 0, expected more than 0 and at most 600
    ");
    assert_snapshot!(folder.run(&typical(&["--months", "nan"])), @r"
    exit code 2
    ---- stderr
    error: `--months` is NaN, expected more than 0 and at most 600
    ");
    assert_eq!(folder.run(&typical(&["--months", "1e9"])).code, Some(2));
    let rituximab = ["patient", "--disease", "mg-achr", "--therapy", "rituximab"];
    let often = [
        &rituximab[..],
        &["--change", "drug.0.dose.0.every_days=1e-300"],
    ]
    .concat();
    assert_snapshot!(folder.run(&often), @r"
    exit code 2
    ---- stderr
    error: `every_days` is 1e-300, more often than hourly
      --> --change drug.0.dose.0.every_days=1e-300
         = hint: a constant infusion has `infusion_hours`; 1 day is the usual shortest cycle
    ");
}

#[test]
fn a_figure_in_a_folder_that_is_not_there_is_explained() {
    let said = Folder::new().run(&typical(&["--figure", "nowhere/figure.svg"]));
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.contains("CAR T peak"), "the answer is not lost");
    assert_snapshot!(said.stderr, @r"
    error: cannot write `nowhere/figure.svg`: No such file or directory (os error 2)
         = hint: make the folder first, or name a file in another one
    ");
}

#[test]
fn the_exported_model_is_read_back_to_the_same_text() {
    let folder = Folder::new();
    let text = folder
        .run_well(&[
            "model",
            "export",
            "--disease",
            "nmosd-aqp4",
            "--therapy",
            "bcma-cart",
        ])
        .stdout;
    folder.write("model.ant", &text);
    assert_snapshot!(folder.run(&["check", "model.ant"]), @r"
    exit code 0
    ---- stdout
    model.ant: ok
    ");
    let options = neurocart_model::Options::default();
    let loaded = neurocart_model::load("model.ant", &text, &|_| None, &options).expect("loads");
    assert_eq!(neurocart_model::to_antimony(&loaded.model), text);
}

#[test]
fn the_model_is_shown_as_a_table() {
    let folder = Folder::new();
    let arguments = [
        "model",
        "show",
        "--disease",
        "mg-achr",
        "--therapy",
        "cd19-cart",
    ];
    let table = folder.run_well(&arguments).stdout;
    assert!(
        table.contains(" states\n") && table.contains(" parameters\n"),
        "{table}"
    );
    let rows: Vec<Value> = serde_json::from_str(
        &folder
            .run_well(&[&arguments[..], &["--json"]].concat())
            .stdout,
    )
    .unwrap();
    for row in &rows {
        assert!(
            ["state", "rule", "parameter", "compartment"].contains(&row["kind"].as_str().unwrap()),
            "{row}"
        );
        assert!(
            row["name"].is_string() && row["unit"].is_string() && row["meaning"].is_string(),
            "{row}"
        );
    }
    assert!(
        rows.iter()
            .any(|row| row["name"] == "CARb" && row["unit"] != "")
    );
}
