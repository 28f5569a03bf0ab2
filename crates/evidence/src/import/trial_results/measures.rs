//! Outcome measures, one figure per group and class.

use super::arms::arm_of;
use super::record::{Class, Denominator, Measure, Measurement};
use super::{figure, only};
use crate::import::draft::Draft;
use crate::import::mapping::{self, Time};
use crate::study::{IntervalKind, Outcome, Statistic};
use crate::vocabulary::{OutcomeCode, OutcomeKind, Vocabulary};

pub(super) fn map_measure(draft: &mut Draft, measure: &Measure, vocabulary: &Vocabulary) {
    let locator = format!("outcomeMeasuresModule, {}", measure.title);
    if !["", "POSTED"].contains(&measure.reporting_status.as_str()) {
        return;
    }
    let codes = mapping::outcomes(&measure.title, vocabulary);
    let [code] = codes.as_slice() else {
        let what = match codes.is_empty() {
            true => "no outcome of evidence/outcomes.csv is recognised".to_owned(),
            false => format!("is it {}?", codes.join(" or ")),
        };
        draft.decide("outcome", format!("{locator}: {what}"));
        return;
    };
    let grade_is_missing = code.ends_with("_g3plus") && !mapping::is_grade_3(&measure.title);
    if grade_is_missing {
        draft.decide(
            "outcome",
            format!("{code}? {locator}: the title names no grade"),
        );
        return;
    }
    let code = &vocabulary.outcomes[code];
    for class in &measure.classes {
        let place = match class.title.is_empty() {
            true => locator.clone(),
            false => format!("{locator}, {}", class.title),
        };
        let [category] = class.categories.as_slice() else {
            draft.decide(
                "outcome",
                format!(
                    "{}? {place}: {} categories",
                    code.code,
                    class.categories.len()
                ),
            );
            continue;
        };
        let place = match category.title.is_empty() {
            true => place,
            false => format!("{place}, {}", category.title),
        };
        for measurement in &category.measurements {
            let row = Row {
                measure,
                class,
                measurement,
                code,
                place: &place,
            };
            if let Err(why) = row.take(draft, vocabulary) {
                draft.decide("outcome", format!("{}? {place}: {why}", code.code));
            }
        }
    }
}

/// One measurement of one group.
struct Row<'a> {
    measure: &'a Measure,
    class: &'a Class,
    measurement: &'a Measurement,
    code: &'a OutcomeCode,
    place: &'a str,
}

impl Row<'_> {
    /// Takes the measurement into the draft, or says why a person must.
    fn take(&self, draft: &mut Draft, vocabulary: &Vocabulary) -> Result<(), String> {
        let measure = self.measure;
        let id = &self.measurement.group_id;
        let group = only(measure.groups.iter().filter(|group| group.id == *id))
            .ok_or_else(|| format!("the group `{id}` is not listed once"))?;
        let total = self
            .total()
            .ok_or_else(|| format!("`{}` has no number of participants", group.title))?;
        if total == 0 {
            return Err(format!("nobody of `{}` was looked at", group.title));
        }
        let mut outcome = figure(
            &self.code.code,
            String::new(),
            self.place.to_owned(),
            &measure.time_frame,
        );
        outcome.total = Some(total);
        self.time(&mut outcome)?;
        match self.statistic()? {
            Statistic::Count => {
                outcome.events = Some(self.measurement.value.parse().map_err(|_| {
                    format!(
                        "{:?} of `{}` is no number of patients",
                        self.measurement.value, group.title
                    )
                })?);
            }
            statistic => {
                if self.code.kind == OutcomeKind::Change
                    && !mapping::has(&mapping::words(&measure.title), &["change"])
                {
                    return Err("the title does not say that it is a change".into());
                }
                outcome.statistic = statistic;
                outcome.value = Some(number(&self.measurement.value)?);
                outcome.unit = self.unit()?;
                self.spread(&mut outcome)?;
            }
        }
        outcome.arm = arm_of(draft, &group.title, Some(total))
            .ok_or_else(|| format!("of which arm is `{}`?", group.title))?;
        draft.offer(outcome, vocabulary);
        Ok(())
    }

    fn total(&self) -> Option<u64> {
        let of = |denoms: &[Denominator]| {
            let participants = only(denoms.iter().filter(|d| d.units == "Participants"))?;
            let id = &self.measurement.group_id;
            only(participants.counts.iter().filter(|c| c.group_id == *id))?.value
        };
        of(&self.class.denoms).or_else(|| of(&self.measure.denoms))
    }

    fn statistic(&self) -> Result<Statistic, String> {
        let unit = mapping::words(&self.measure.unit_of_measure);
        match constant(&self.measure.param_type).as_str() {
            "COUNT_OF_PARTICIPANTS" => Ok(Statistic::Count),
            "NUMBER"
                if mapping::has(&unit, &["participant", "patient", "subject"])
                    && !unit.contains("percent") =>
            {
                Ok(Statistic::Count)
            }
            "MEAN" => Ok(Statistic::Mean),
            "LEAST_SQUARES_MEAN" => Ok(Statistic::AdjustedMean),
            "GEOMETRIC_MEAN" => Ok(Statistic::GeometricMean),
            "MEDIAN" => Ok(Statistic::Median),
            other => Err(format!("a number of type {other:?}")),
        }
    }

    /// The time of a class (`Week 12`), else of the measure. A change or a level without its time is no
    /// figure; an event counted over a window is.
    fn time(&self, outcome: &mut Outcome) -> Result<(), String> {
        let time =
            mapping::time(&self.class.title).or_else(|| mapping::time(&self.measure.time_frame));
        match time {
            Some(Time::Weeks(weeks)) => outcome.time_weeks = Some(weeks),
            Some(Time::Months(months)) => outcome.time_months = Some(months),
            None if matches!(self.code.kind, OutcomeKind::Change | OutcomeKind::Level) => {
                return Err(format!(
                    "at which time? The record says {:?}",
                    self.measure.time_frame
                ));
            }
            None => {}
        }
        Ok(())
    }

    fn unit(&self) -> Result<String, String> {
        const POINTS: [&str; 5] = [
            "score on a scale",
            "scores on a scale",
            "units on a scale",
            "points",
            "point",
        ];
        let printed = self.measure.unit_of_measure.as_str();
        let small = printed.to_lowercase();
        let words = mapping::words(printed);
        let unit = match small.as_str() {
            _ if POINTS.contains(&words.trim()) => "points",
            _ if ["percent change", "percentage change", "percent"].contains(&words.trim()) => "%",
            other => other,
        };
        let units = &self.code.units;
        units
            .iter()
            .find(|allowed| allowed.eq_ignore_ascii_case(unit))
            .cloned()
            .ok_or_else(|| format!("the unit {printed:?} is none of {}", units.join(", ")))
    }

    fn spread(&self, outcome: &mut Outcome) -> Result<(), String> {
        let m = self.measurement;
        let limits = |kind| -> Result<_, String> {
            Ok((
                Some(number(&m.lower_limit)?),
                Some(number(&m.upper_limit)?),
                Some(kind),
            ))
        };
        let interval = match constant(&self.measure.dispersion_type).as_str() {
            "" | "NA" => return Ok(()),
            "STANDARD_DEVIATION" => {
                outcome.standard_deviation = Some(number(&m.spread)?);
                return Ok(());
            }
            "STANDARD_ERROR" => {
                outcome.standard_error = Some(number(&m.spread)?);
                return Ok(());
            }
            "CONFIDENCE_95" | "95_CONFIDENCE_INTERVAL" => limits(IntervalKind::CI95)?,
            "CONFIDENCE_90" | "90_CONFIDENCE_INTERVAL" => limits(IntervalKind::CI90)?,
            "CONFIDENCE_975" | "97_5_CONFIDENCE_INTERVAL" => limits(IntervalKind::CI97_5)?,
            "INTER_QUARTILE_RANGE" => limits(IntervalKind::IQR)?,
            "FULL_RANGE" => limits(IntervalKind::Range)?,
            other => return Err(format!("a spread of type {other:?}")),
        };
        (outcome.lower, outcome.upper, outcome.interval) = interval;
        Ok(())
    }
}

/// A constant of the registry, which some copies write as it is shown: `95% Confidence Interval`.
fn constant(text: &str) -> String {
    mapping::words(text).trim().to_uppercase().replace(' ', "_")
}

fn number(printed: &str) -> Result<f64, String> {
    let plain = printed.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c))
        && printed.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    match printed.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => Ok(number),
        _ => Err(format!("{printed:?} is not a number")),
    }
}
