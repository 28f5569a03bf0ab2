//! Follow-up, visits, dropout, rescue, and the switches of the simulation.

use super::Step::{Item, Key};
use super::{Meaning, unknown_hint};
use crate::disease::Disease;
use crate::specification::{OutcomeKind, Rescue};

/// Longest follow-up: 50 years, beyond which no parameter of the model means anything.
const LONGEST_FOLLOW_UP_WEEKS: f64 = 2600.0;
/// Closest visits: one a day.
const CLOSEST_VISITS_WEEKS: f64 = 1.0 / 7.0;
/// Most replicates; their Monte Carlo standard error is below 0.0002.
const MOST_REPLICATES: u32 = 10_000_000;
/// Most replicates written subject by subject; these rows are held in memory.
const MOST_DETAIL_REPLICATES: u32 = 1000;

impl Meaning<'_> {
    pub(super) fn follow_up_and_visits(&mut self) {
        let end = self.specification.follow_up.duration_weeks;
        if end <= 0.0 {
            self.error(
                &[Key("follow_up"), Key("duration_weeks")],
                "the follow-up has no length",
                "give a number of weeks above 0",
            );
        } else if end > LONGEST_FOLLOW_UP_WEEKS {
            self.error(
                &[Key("follow_up"), Key("duration_weeks")],
                format!("a follow-up of {end} weeks is longer than a life with the disease"),
                format!("give at most {LONGEST_FOLLOW_UP_WEEKS} weeks"),
            );
        }
        match (
            &self.specification.follow_up.until_events,
            &self.specification.follow_up.until_endpoint,
        ) {
            (Some(_), None) => self.error(
                &[Key("follow_up"), Key("until_events")],
                "`until_events` does not say which events",
                "add `until_endpoint` with the name of a time-to-event endpoint",
            ),
            (None, Some(_)) => self.error(
                &[Key("follow_up"), Key("until_endpoint")],
                "`until_endpoint` needs a number of events",
                "add `until_events`",
            ),
            (Some(events), Some(name)) => match self.specification.endpoint_index(name) {
                None => {
                    let names: Vec<&str> = self
                        .specification
                        .endpoints
                        .iter()
                        .map(|e| e.name.as_str())
                        .collect();
                    self.error(
                        &[Key("follow_up"), Key("until_endpoint")],
                        format!("unknown endpoint `{name}`"),
                        unknown_hint(name, &names),
                    );
                }
                Some(index)
                    if self.specification.endpoints[index].measure.outcome()
                        != OutcomeKind::TimeToEvent =>
                {
                    self.error(
                        &[Key("follow_up"), Key("until_endpoint")],
                        format!("`{name}` is not a time to an event"),
                        "name an endpoint of kind `time_to_attack` or `confirmed_progression`",
                    );
                }
                Some(_) if *events > self.specification.population.size => {
                    self.error(
                        &[Key("follow_up"), Key("until_events")],
                        format!(
                            "{events} events cannot come from {} subjects",
                            self.specification.population.size
                        ),
                        "give fewer events or more subjects",
                    );
                }
                Some(_) => {}
            },
            (None, None) => {}
        }
        let visits = &self.specification.visits;
        match (&visits.weeks, visits.every_weeks) {
            (None, None) => self.error(
                &[Key("visits")],
                "there are no visits",
                "add `weeks = [...]` or `every_weeks = 12`",
            ),
            (Some(_), Some(_)) => self.error(
                &[Key("visits")],
                "`weeks` and `every_weeks` are both given",
                "keep one of them",
            ),
            (None, Some(step)) if step <= 0.0 || step > end => self.error(
                &[Key("visits"), Key("every_weeks")],
                format!("a visit every {step} weeks does not fit a follow-up of {end} weeks"),
                format!("give a number above 0 and up to {end}"),
            ),
            (None, Some(step)) if step < CLOSEST_VISITS_WEEKS => self.error(
                &[Key("visits"), Key("every_weeks")],
                format!("a visit every {step} weeks is more often than daily"),
                "give at least 1/7 of a week, 0.143",
            ),
            (None, Some(_)) => {}
            (Some(weeks), None) => {
                for (index, &week) in weeks.iter().enumerate() {
                    let path = [Key("visits"), Key("weeks"), Item(index)];
                    if week < 0.0 {
                        self.error(
                            &path,
                            format!("the visit at week {week} is before the first treatment"),
                            "visits count from day 0, which is always a visit",
                        );
                    } else if week > end {
                        self.error(&path, format!("the visit at week {week} is after the end of follow-up at week {end}"), "lengthen `follow_up.duration_weeks` or remove the visit");
                    } else if index > 0 && week <= weeks[index - 1] {
                        self.error(
                            &path,
                            format!(
                                "the visit at week {week} does not come after the one at week {}",
                                weeks[index - 1]
                            ),
                            "list the weeks in increasing order, each once",
                        );
                    }
                }
            }
        }
    }

    pub(super) fn dropout_and_rescue(&mut self, diseases: &[Disease]) {
        if let Some(dropout) = &self.specification.dropout {
            let names: Vec<&str> = self
                .specification
                .arms
                .iter()
                .map(|arm| arm.name.as_str())
                .collect();
            if dropout.annual_probability >= 1.0 {
                self.error(
                    &[Key("dropout"), Key("annual_probability")],
                    "everybody would be lost at once",
                    "give a probability below 1",
                );
            }
            for (name, &probability) in &dropout.arms {
                let path = [Key("dropout"), Key("arms"), Key(name)];
                if !names.contains(&name.as_str()) {
                    self.error(
                        &path,
                        format!("unknown arm `{name}`"),
                        unknown_hint(name, &names),
                    );
                }
                if !(0.0..1.0).contains(&probability) {
                    self.error(
                        &path,
                        format!("the annual dropout probability of `{name}` is {probability}"),
                        "give 0 or more and less than 1",
                    );
                }
            }
        }
        match self.specification.rescue {
            Some(Rescue::Attack {}) => {
                self.attacks_exist(diseases, &[Key("rescue"), Key("trigger")])
            }
            Some(Rescue::ScoreWorsening { score, points }) => {
                self.score_exists(score, diseases, &[Key("rescue"), Key("score")]);
                if points <= 0.0 || points > score.maximum() {
                    self.error(
                        &[Key("rescue"), Key("points")],
                        format!("a worsening by {points} points cannot start rescue"),
                        format!("give a number above 0 and up to {}", score.maximum()),
                    );
                }
            }
            None => {}
        }
    }

    pub(super) fn simulation(&mut self) {
        let simulation = &self.specification.simulation;
        if simulation.replicates == 0 {
            self.error(
                &[Key("simulation"), Key("replicates")],
                "the simulation has zero replicates",
                "give at least 1; 1000 gives a power with a standard error near 0.013",
            );
        }
        if simulation.replicates > MOST_REPLICATES {
            self.error(
                &[Key("simulation"), Key("replicates")],
                format!("{} replicates are too many", simulation.replicates),
                format!("give at most {MOST_REPLICATES}; 1000 gives a power with a standard error near 0.013"),
            );
        }
        if simulation.detail_replicates > MOST_DETAIL_REPLICATES {
            self.error(
                &[Key("simulation"), Key("detail_replicates")],
                format!("{} replicates in every detail do not fit into memory", simulation.detail_replicates),
                format!("give at most {MOST_DETAIL_REPLICATES}; the table `replicates` holds the results of all"),
            );
        }
        if simulation.seed > i64::MAX as u64 {
            self.error(
                &[Key("simulation"), Key("seed")],
                "the seed is too large for a TOML file",
                "give a whole number below 2^63",
            );
        }
    }
}
