//! Competing risks against R's cmprsk, every row of the file.

mod reference;

use neurocart_stats::competing_risks::{cumulative_incidence, gray_test};
use neurocart_stats::cox::fine_gray;
use reference::{assert_exact, assert_optimised, column, rows};

#[test]
fn competing_risks_match_every_row() {
    let data = rows("competing_data");
    let time = column(&data, "time");
    let causes: Vec<u32> = data.iter().map(|r| r.count("cause") as u32).collect();
    let group: Vec<usize> = data.iter().map(|r| r.label("group")).collect();
    let mut compared = 0;
    for row in rows("competing_risks") {
        let what = format!("{} {}", row.text("quantity"), row.text("group_cause"));
        let mut words = row.text("group_cause").split(' ');
        let first = words.next().unwrap();
        let cause = words.next().unwrap().parse().unwrap();
        let estimate = row.number("estimate");
        match row.text("quantity") {
            "cumulative_incidence" => {
                let arm: usize = first.parse().unwrap();
                let members = (0..time.len()).filter(|&i| group[i] == arm);
                let (time, causes): (Vec<f64>, Vec<u32>) =
                    members.map(|i| (time[i], causes[i])).unzip();
                let curve = cumulative_incidence(&time, &causes, cause).unwrap();
                let (incidence, variance) = curve.at(row.number("time")).unwrap();
                assert_exact(&what, incidence, estimate);
                assert_exact(&what, variance, row.number("variance"));
            }
            "gray_test_chisq" => {
                let gray = gray_test(&time, &causes, &group, cause).unwrap();
                assert_exact(&what, gray.test.statistic, estimate);
                assert_eq!(gray.test.degrees_of_freedom, 1);
            }
            "fine_gray_log_shr" => {
                // The file holds the third Newton iterate, 8.6e-7 short of the maximum.
                let covariate: Vec<f64> = group.iter().map(|&g| g as f64).collect();
                let fit = fine_gray(&time, &causes, &[&covariate], cause, 0.95).unwrap();
                assert_optimised(&what, fit.coefficients[0].log_hazard_ratio, estimate);
                assert_optimised(&what, fit.covariance[0], row.number("variance"));
            }
            other => panic!("{other}"),
        }
        compared += 1;
    }
    assert_eq!(compared, 15);
}
