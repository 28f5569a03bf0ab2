//! Names of methods, measures and results in the words of the report and the terminal.

use neurocart_report::format::{fixed, percent_one_decimal, significant};
use neurocart_trial::analysis::EstimateScale;
use neurocart_trial::operating_characteristics::{MonteCarlo, OperatingCharacteristic};
use neurocart_trial::specification::{
    AdverseEvent, Alternative, EligibilityVariable, Endpoint, Measure, Method, ProgressionClass,
    ProgressionReference, ProgressionRule, Specification, Strategy,
};

/// Method as a statistician calls it.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::KaplanMeier => "Kaplan-Meier estimate",
        Method::LogRank => "log-rank test",
        Method::Cox => "Cox regression",
        Method::Milestone => "milestone comparison of Kaplan-Meier estimates",
        Method::RestrictedMean => "difference of restricted mean times",
        Method::CumulativeIncidence => "cumulative incidence",
        Method::Gray => "Gray's test",
        Method::HistoricalHazard => "exact comparison with a historical hazard",
        Method::Fisher => "Fisher's exact test",
        Method::RiskDifference => "chi-square test of the risk difference",
        Method::CochranMantelHaenszel => "Cochran-Mantel-Haenszel test",
        Method::Logistic => "logistic regression",
        Method::BayesianTwoArm => "Bayesian comparison of two proportions",
        Method::Proportion => "proportion with Wilson interval",
        Method::Binomial => "exact binomial test",
        Method::Ancova => "analysis of covariance",
        Method::Mmrm => "mixed model for repeated measures",
        Method::NegativeBinomial => "negative binomial regression",
        Method::Poisson => "Poisson regression with robust variance",
        Method::RecurrentCox => "Andersen-Gill model with robust variance",
    }
}

/// Endpoint in a sentence.
pub fn measure(endpoint: &Endpoint) -> String {
    match &endpoint.measure {
        Measure::TimeToAttack {} => "time to the first relapse or attack".into(),
        Measure::AttackCount {} => {
            "relapses or attacks over the time at risk, onsets within 30 days merged".into()
        }
        Measure::ConfirmedProgression {
            rule,
            confirmation_weeks,
            class,
            reference,
        } => {
            let rule = edss_rule(*rule);
            let class = match class {
                ProgressionClass::Any => "",
                ProgressionClass::Pira => ", independent of relapse activity",
                ProgressionClass::Raw => ", associated with a relapse",
            };
            let reference = match reference {
                ProgressionReference::Baseline => "",
                ProgressionReference::AfterImprovement => {
                    ", against a reference that follows confirmed improvement"
                }
                ProgressionReference::AfterAttack => {
                    ", against a reference that is set anew after each attack"
                }
            };
            format!(
                "time to a rise of EDSS by {rule}, confirmed at {} weeks{class}{reference}",
                u32::from(*confirmation_weeks)
            )
        }
        Measure::CompositeProgression {
            rule,
            confirmation_weeks,
        } => {
            format!(
                "time to a rise of EDSS by {} or of T25FW by 20 %, confirmed at {} weeks",
                edss_rule(*rule),
                u32::from(*confirmation_weeks)
            )
        }
        Measure::NewLesions { reference_week, .. } => format!(
            "new or enlarging T2 lesions per year from the scan at week {reference_week} on"
        ),
        Measure::EnhancingLesions { .. } => "gadolinium-enhancing lesions per scan".into(),
        Measure::Neda3 {
            week,
            confirmation_weeks,
            reference_week,
            ..
        } => {
            let reference = match reference_week {
                0.0 => "baseline".to_string(),
                week => format!("week {week}"),
            };
            format!(
                "no relapse, no progression confirmed at {} weeks and no MRI activity since {reference} (NEDA-3) at week {week}",
                u32::from(*confirmation_weeks)
            )
        }
        Measure::PercentChange { score, week } => format!(
            "change of {} from baseline to week {week}, percent",
            score.label()
        ),
        Measure::PercentResponder {
            score,
            reduction_percent,
            week,
        } => format!(
            "fall of {} by at least {reduction_percent} % at week {week}",
            score.label()
        ),
        Measure::ScoreChange { score, week } => {
            format!("change of {} from baseline to week {week}", score.label())
        }
        Measure::Responder {
            score,
            reduction_points,
            week,
        } => {
            format!(
                "fall of {} by at least {reduction_points}{} at week {week}",
                score.label(),
                score.unit()
            )
        }
        Measure::ScoreAtMost { score, value, week } => {
            format!("{} of {value} or less at week {week}", score.label())
        }
        Measure::AdverseEvent {
            event,
            minimum_grade,
            by_week,
        } => {
            let until = by_week.map_or("by the end".to_string(), |week| format!("by week {week}"));
            match event {
                AdverseEvent::SeriousInfection => format!("serious infection {until}"),
                event => {
                    format!(
                        "{} of grade {minimum_grade} or higher {until}",
                        adverse_event(*event)
                    )
                }
            }
        }
    }
}

fn edss_rule(rule: ProgressionRule) -> &'static str {
    match rule {
        ProgressionRule::TwoTier55 => "1.0 point (0.5 above baseline EDSS 5.5)",
        ProgressionRule::TwoTier50 => "1.0 point (0.5 above baseline EDSS 5.0)",
        ProgressionRule::ThreeTier => "1.5, 1.0 or 0.5 points by baseline EDSS",
    }
}

/// Quantity that eligibility limits.
pub fn eligibility(variable: EligibilityVariable) -> &'static str {
    match variable {
        EligibilityVariable::Edss => "EDSS",
        EligibilityVariable::MgAdl => "MG-ADL",
        EligibilityVariable::Qmg => "QMG",
        EligibilityVariable::Mgc => "MGC",
        EligibilityVariable::T25fw => "T25FW in seconds",
        EligibilityVariable::Incat => "INCAT disability score",
        EligibilityVariable::AttacksPreviousYear => "relapses or attacks in the previous year",
    }
}

/// Adverse event in words.
pub fn adverse_event(event: AdverseEvent) -> &'static str {
    match event {
        AdverseEvent::Crs => "cytokine release syndrome",
        AdverseEvent::Icans => "ICANS",
        AdverseEvent::IcahtEarly => "early haematotoxicity (ICAHT)",
        AdverseEvent::IcahtLate => "late haematotoxicity (ICAHT)",
        AdverseEvent::SeriousInfection => "serious infection",
    }
}

/// Strategy for rescue treatment (ICH E9(R1)).
pub fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::TreatmentPolicy => "treatment policy",
        Strategy::Composite => "composite (rescue counts as failure or event)",
        Strategy::Hypothetical => "hypothetical (data after rescue set aside)",
        Strategy::WhileOnTreatment => "while on treatment",
    }
}

/// Hypothesis.
pub fn alternative(alternative: Alternative) -> &'static str {
    match alternative {
        Alternative::TwoSided => "two-sided",
        Alternative::Better => "one-sided",
    }
}

/// `Label of the endpoint, method`.
pub fn analysis(specification: &Specification, row: &OperatingCharacteristic) -> String {
    let label = specification
        .endpoint_index(&row.endpoint)
        .map_or(row.endpoint.as_str(), |i| {
            specification.endpoints[i].label()
        });
    let by_arm = !row.method.is_comparison() && specification.arms.len() > 1;
    let arm = if by_arm {
        format!(" in {}", arm(specification, &row.arm))
    } else {
        String::new()
    };
    format!("{label}, {}{arm}", method(row.method))
}

/// Label of an arm.
pub fn arm(specification: &Specification, name: &str) -> String {
    specification
        .arms
        .iter()
        .find(|a| a.name == name)
        .map_or(name, |a| a.label())
        .to_string()
}

/// Whether the estimates of a method are proportions or differences of them.
pub fn is_proportion(method: Method) -> bool {
    matches!(
        method,
        Method::KaplanMeier
            | Method::Milestone
            | Method::CumulativeIncidence
            | Method::Proportion
            | Method::Binomial
            | Method::Fisher
            | Method::RiskDifference
            | Method::CochranMantelHaenszel
            | Method::BayesianTwoArm
    )
}

/// A value on the scale of the method, as people read it.
pub fn value_on_scale(row: &OperatingCharacteristic, value: f64) -> String {
    match row.scale {
        EstimateScale::Log => significant(value.exp()),
        _ if is_proportion(row.method) => percent_one_decimal(value),
        _ => fixed(value, 2),
    }
}

/// A proportion as percent.
pub fn proportion_of(value: f64) -> String {
    neurocart_report::format::percent(value)
}

/// A simulated proportion with its Monte Carlo standard error.
pub fn proportion(m: &MonteCarlo) -> String {
    percent_one_decimal(m.value)
}

/// Monte Carlo standard error of a proportion and the interval.
pub fn proportion_note(m: &MonteCarlo) -> String {
    format!(
        "Monte Carlo SE {} points; 95 % interval {} to {}, {} replicates",
        fixed(100.0 * m.standard_error, 2),
        percent_one_decimal(m.lower),
        percent_one_decimal(m.upper),
        neurocart_report::format::count(m.replicates as f64)
    )
}

/// The same text with a capital first letter.
pub fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
