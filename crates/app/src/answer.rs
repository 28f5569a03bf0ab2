//! The answer of a run in at most six lines, for the terminal and the top of the report.

use neurocart_report::format::{percent_one_decimal as percent, significant};
use neurocart_report::trial_report::KeyNumber;
use neurocart_trial::analysis::EstimateScale;
use neurocart_trial::operating_characteristics::OperatingCharacteristic as Characteristic;
use neurocart_trial::specification::OutcomeKind;
use neurocart_trial::summary::Summary;

use crate::adaptive_report;
use crate::wording::{self, sentence_case};

/// The answer in at most six lines.
pub fn key_numbers(summary: &Summary) -> Vec<KeyNumber> {
    if summary.specification.has_decisions() {
        return adaptive_report::key_numbers(summary);
    }
    let mut lines = Vec::new();
    let mut line = |label: String, value: String, note: String| {
        lines.push(KeyNumber { label, value, note });
    };
    if let Some(c) = primary(summary)
        && let Some(power) = &c.rejected_in_favour
    {
        let name = wording::analysis(&summary.specification, c);
        let note = format!("{}; {name}", wording::proportion_note(power));
        line("Power".into(), wording::proportion(power), note);
    }
    if let Some(c) = effect(summary)
        && let Some(value) = c.true_value.or(c.mean_estimate.map(|m| m.value))
    {
        let note = match c.true_value_standard_error {
            Some(error) => format!(
                "in a very large trial of the model, standard error {}; {}",
                significant(error),
                wording::analysis(&summary.specification, c)
            ),
            None => wording::analysis(&summary.specification, c),
        };
        line(
            sentence_case(&c.estimate_name),
            wording::value_on_scale(c, value),
            note,
        );
    }
    if let Some((label, value, note)) = by_arm(summary) {
        line(label, value, note);
    }
    if let Some(worst) = summary.type_one_errors.iter().find(|e| e.worst) {
        let error = &worst.rejected;
        let which = match summary.type_one_errors.len() {
            1 => format!("null `{}`", worst.null),
            n => format!("worst of {n} nulls: `{}`", worst.null),
        };
        let note = format!("{which}, {}", wording::proportion_note(error));
        line("Type I error".into(), wording::proportion(error), note);
    }
    if let Some(c) = effect(summary)
        && let (Some(coverage), Some(bias)) = (&c.coverage, &c.bias)
    {
        let scale = match c.scale {
            EstimateScale::Log => "log scale",
            _ => "scale of the estimate",
        };
        let note = format!(
            "nominal {}, bias {} on the {scale}; {}",
            wording::proportion_of(c.nominal_coverage),
            significant(bias.value),
            wording::analysis(&summary.specification, c)
        );
        line("Coverage".into(), wording::proportion(coverage), note);
    }
    if let Some((value, note)) = safety_line(summary) {
        line("Safety".into(), value, note);
    }
    lines.truncate(6);
    lines
}

/// The primary analysis of the trial as designed.
fn primary(summary: &Summary) -> Option<&Characteristic> {
    summary
        .operating_characteristics
        .iter()
        .find(|c| c.primary && !c.is_null())
}

/// The analysis whose estimate is shown as the effect: the primary one, or the first of the same
/// endpoint that gives an estimate of a comparison.
fn effect(summary: &Summary) -> Option<&Characteristic> {
    let main = primary(summary)?;
    if main.scale != EstimateScale::None {
        return Some(main);
    }
    summary.operating_characteristics.iter().find(|c| {
        c.truth == main.truth
            && c.endpoint == main.endpoint
            && c.scale != EstimateScale::None
            && c.method.is_comparison()
    })
}

/// The primary endpoint by arm, on one line.
pub fn by_arm(summary: &Summary) -> Option<(String, String, String)> {
    let specification = &summary.specification;
    let endpoint = &specification.analyses[specification.primary_analysis()?].endpoint;
    let index = specification.endpoint_index(endpoint)?;
    let label = specification.endpoints[index].label().to_string();
    let arm = |name: &str| wording::arm(specification, name);
    let mut parts = Vec::new();
    let kind = specification.endpoints[index].measure.outcome();
    let note = match kind {
        OutcomeKind::TimeToEvent => {
            for s in summary
                .pool
                .survival
                .iter()
                .filter(|s| s.endpoint == *endpoint)
            {
                let free = s.pooled.last().map_or(1.0, |p| p.1);
                parts.push(format!("{} {}", arm(&s.arm), percent(1.0 - free)));
            }
            format!(
                "with the event by week {}, Kaplan-Meier over {} replicates",
                specification.follow_up.duration_weeks, summary.pool.replicates
            )
        }
        OutcomeKind::Binary => {
            for p in summary
                .pool
                .proportions
                .iter()
                .filter(|p| p.endpoint == *endpoint)
            {
                let mean = p.proportion.map_or(f64::NAN, |s| s.mean);
                parts.push(format!("{} {}", arm(&p.arm), percent(mean)));
            }
            format!("mean over {} replicates", summary.pool.replicates)
        }
        OutcomeKind::Continuous | OutcomeKind::Count => return None,
    };
    (!parts.is_empty()).then(|| (label, parts.join(", "), note))
}

pub fn safety_line(summary: &Summary) -> Option<(String, String)> {
    let treated = summary
        .arms
        .iter()
        .find(|a| a.car_t)
        .or(summary.arms.first())?;
    let rate = |event: &str, grade: u8| {
        let row = summary
            .pool
            .safety
            .iter()
            .find(|s| s.arm == treated.name && s.event == event && s.minimum_grade == grade)?;
        row.proportion.map(|p| percent(p.mean))
    };
    let mut parts = Vec::new();
    if treated.car_t {
        parts.push(format!(
            "CRS any {}, grade 3+ {}",
            rate("crs", 1)?,
            rate("crs", 3)?
        ));
        parts.push(format!("ICANS any {}", rate("icans", 1)?));
    }
    parts.push(format!(
        "serious infection {}",
        rate("serious_infection", 0)?
    ));
    let note = format!("{}, whole follow-up, mean over replicates", treated.label);
    Some((parts.join(", "), note))
}
