//! Counted relapses and attacks.
//!
//! An onset within 30 days of a counted attack belongs to it (protocol-defined relapse of the
//! satralizumab trials; Yamamura et al. 2019, doi:10.1056/NEJMoa1901747). The 30 days run from
//! the onset of the counted attack, not from the last merged one.

use crate::course::Attack;

/// Onsets up to this long after a counted attack are merged with it, in days.
pub const MERGING_DAYS: f64 = 30.0;

/// Onsets of the counted attacks among `attacks`, which are in order.
pub fn counted_onsets(attacks: &[Attack]) -> impl Iterator<Item = f64> + '_ {
    let mut last = f64::NEG_INFINITY;
    attacks.iter().filter_map(move |attack| {
        let is_new = attack.time_days - last > MERGING_DAYS;
        if is_new {
            last = attack.time_days;
        }
        is_new.then_some(attack.time_days)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(name: &str) -> csv::Reader<std::fs::File> {
        let path = format!("{}/../../reference/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn attacks_of_the_reference_are_merged_and_counted_as_expected() {
        // The simulated courses hold adjudicated attacks only, so the qualifying events go in.
        let qualifying: Vec<(String, Attack, bool)> = reference("nmosd_attack_events")
            .records()
            .map(|r| r.unwrap())
            .filter(|r| &r[6] == "1")
            .map(|r| {
                let time_days = r[1].parse().unwrap();
                let attack = Attack {
                    time_days,
                    edss_jump: 0.0,
                    edss_residual: 0.0,
                };
                (r[0].to_owned(), attack, &r[7] == "1")
            })
            .collect();
        let mut cases = 0;
        for row in reference("nmosd_attack_expected").records() {
            let row = row.unwrap();
            let own: Vec<_> = qualifying.iter().filter(|q| q.0 == row[0]).collect();
            let attacks: Vec<Attack> = own.iter().map(|q| q.1).collect();
            let counted: Vec<f64> = counted_onsets(&attacks).collect();
            let expected: Vec<f64> = own.iter().filter(|q| q.2).map(|q| q.1.time_days).collect();
            assert_eq!(counted, expected, "{}", &row[0]);
            assert_eq!(counted.len().to_string(), row[1], "{}", &row[0]);
            assert_eq!(counted.first().copied(), row[2].parse().ok(), "{}", &row[0]);
            cases += 1;
        }
        assert_eq!(cases, 12);
    }
}
