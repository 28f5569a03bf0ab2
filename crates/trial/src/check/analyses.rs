//! Analyses: that the method fits the endpoint, and that it is told what it needs and no more.

use super::Step::{Item, Key};
use super::{Meaning, unknown_hint};
use crate::analysis::control_prior;
use crate::disease::Disease;
use crate::specification::{
    Analysis, Bayesian, Endpoint, Measure, Method, OutcomeKind, ProgressionClass, Strategy, Stratum,
};

/// Most factors of a stratified analysis: more leave hardly a stratum with both arms.
const MOST_FACTORS: usize = 6;
/// Most visits of the mixed model for repeated measures.
const MOST_VISITS: usize = 24;

impl Meaning<'_> {
    pub(super) fn analyses(&mut self, diseases: &[Disease]) {
        let endpoints = &self.specification.endpoints;
        let names: Vec<&str> = endpoints.iter().map(|e| e.name.as_str()).collect();
        for (index, analysis) in self.specification.analyses.iter().enumerate() {
            let path = |field| [Key("analysis"), Item(index), Key(field)];
            match self.specification.endpoint_index(&analysis.endpoint) {
                None => self.error(
                    &path("endpoint"),
                    format!("unknown endpoint `{}`", analysis.endpoint),
                    unknown_hint(&analysis.endpoint, &names),
                ),
                Some(found) => self.fits(index, analysis, &endpoints[found]),
            }
            if !(analysis.alpha > 0.0 && analysis.alpha < 0.5) {
                self.error(&path("alpha"), format!("alpha is {}", analysis.alpha), "give a number above 0 and below 0.5, usually 0.05 two-sided or 0.025 one-sided");
            }
            if analysis.method.is_comparison() && self.specification.reference_arm().is_none() {
                self.error(
                    &path("method"),
                    "the method compares with a reference arm, and there is none",
                    "add `reference = true` to the control arm, or use a one-sample method",
                );
            }
            self.week(index, analysis);
            self.only_for(index, analysis);
            self.strata(index, analysis, diseases);
            self.historical(index, analysis);
            self.null_probability(index, analysis);
            self.priors(index, analysis);
        }
        self.primary();
    }

    /// The kind of endpoint, and what the method reads of the subjects.
    fn fits(&mut self, index: usize, analysis: &Analysis, endpoint: &Endpoint) {
        let path = [Key("analysis"), Item(index), Key("method")];
        let kind = endpoint.measure.outcome();
        let name = &analysis.endpoint;
        if kind != analysis.method.outcome() {
            self.error(
                &path,
                format!(
                    "`{name}` is {}, which this method cannot analyse",
                    kind_in_words(kind)
                ),
                format!("use {}", methods_for(kind)),
            );
            return;
        }
        if analysis.method == Method::RecurrentCox
            && !matches!(endpoint.measure, Measure::AttackCount {})
        {
            self.error(
                &path,
                format!("`{name}` has no times of its events, only their number"),
                "use `negative_binomial` or `poisson`",
            );
        }
        if analysis.method.has_competing_events() && !has_competing_event(endpoint) {
            self.error(
                &path,
                format!("`{name}` has no competing event"),
                "set `rescue_strategy = \"while_on_treatment\"` in the endpoint, so that rescue is one, \
                 or use `kaplan_meier` and `log_rank`",
            );
        }
        if analysis.method == Method::Mmrm {
            let week = endpoint.measure.week().unwrap_or(0.0);
            let days = self.specification.visit_days();
            let visits = days[1..].iter().filter(|&&day| day < 7.0 * week + 0.5);
            let visits = visits.count();
            if visits > MOST_VISITS {
                self.error(
                    &path,
                    format!("{visits} visits up to week {week} are too many for the covariance"),
                    format!("plan at most {MOST_VISITS} visits, or use `ancova`"),
                );
            }
        }
    }

    fn week(&mut self, index: usize, analysis: &Analysis) {
        let path = [Key("analysis"), Item(index), Key("week")];
        let end = self.specification.follow_up.duration_weeks;
        match analysis.week {
            None if analysis.method.needs_week() => self.error(
                &[Key("analysis"), Item(index), Key("method")],
                format!("`{}` needs a week", analysis.method.name()),
                format!("add `week = {end}` or an earlier one"),
            ),
            Some(_) if !analysis.method.has_week() => {
                self.error(
                    &path,
                    format!("`{}` has no week of its own", analysis.method.name()),
                    "remove it; the endpoint says when it is measured",
                );
            }
            Some(week) if week <= 0.0 || week > end => self.error(
                &path,
                format!("week {week} is outside the follow-up of {end} weeks"),
                format!("give a week above 0 and up to {end}"),
            ),
            // A curve is unknown beyond the last observation.
            Some(week) if week == end && analysis.method == Method::RestrictedMean => self.warn(
                &path,
                "the mean up to the end of follow-up needs a subject under observation until then in each arm",
                "take an earlier week, or count on replicates without an estimate",
            ),
            _ => {}
        }
    }

    /// Fields of other methods.
    fn only_for(&mut self, index: usize, analysis: &Analysis) {
        let weighted = analysis.rho != 0.0 || analysis.gamma != 0.0;
        let method = analysis.method;
        let rows = [
            ("rho", weighted, method == Method::LogRank, "`log_rank`"),
            (
                "interval",
                analysis.interval.is_some(),
                method == Method::RiskDifference,
                "`risk_difference`",
            ),
            (
                "p0",
                analysis.p0.is_some(),
                method == Method::Binomial,
                "`binomial`",
            ),
            (
                "bayesian",
                analysis.bayesian.is_some(),
                method == Method::BayesianTwoArm,
                "`bayesian_two_arm`",
            ),
            (
                "strata",
                !analysis.strata.is_empty(),
                method.has_strata(),
                "`log_rank`, `cox`, `recurrent_cox`, `mmrm` or `cochran_mantel_haenszel`",
            ),
        ];
        for (field, given, fits, methods) in rows {
            if given && !fits {
                let field = match field {
                    "rho" if analysis.rho == 0.0 => "gamma",
                    field => field,
                };
                self.error(
                    &[Key("analysis"), Item(index), Key(field)],
                    format!("`{}` takes no `{field}`", method.name()),
                    format!("remove it, or use {methods}"),
                );
            }
        }
        for (field, value) in [("rho", analysis.rho), ("gamma", analysis.gamma)] {
            if !(0.0..=MOST_WEIGHT).contains(&value) {
                self.error(
                    &[Key("analysis"), Item(index), Key(field)],
                    format!("the weight `{field}` is {value}"),
                    format!("give a number from 0 to {MOST_WEIGHT}, usually 0 or 1"),
                );
            }
        }
    }

    fn strata(&mut self, index: usize, analysis: &Analysis, diseases: &[Disease]) {
        let path = [Key("analysis"), Item(index), Key("strata")];
        if analysis.method == Method::CochranMantelHaenszel && analysis.strata.is_empty() {
            self.error(
                &[Key("analysis"), Item(index), Key("method")],
                "the method combines strata, and there are none",
                "add `strata = [{ by = \"disease\" }]`, or use `risk_difference`",
            );
        }
        if analysis.strata.len() > MOST_FACTORS {
            self.error(
                &path,
                format!("{} factors make too many strata", analysis.strata.len()),
                format!("give at most {MOST_FACTORS}, better two"),
            );
        }
        for (number, factor) in analysis.strata.iter().enumerate() {
            let path = |field| {
                [
                    Key("analysis"),
                    Item(index),
                    Key("strata"),
                    Item(number),
                    Key(field),
                ]
            };
            match *factor {
                Stratum::Disease {} => {
                    if self.specification.population.diseases.len() < 2 {
                        self.error(
                            &path("by"),
                            "there is one disease, so it makes no strata",
                            "remove the factor",
                        );
                    }
                }
                Stratum::BaselineScore { score, above } => {
                    self.score_exists(score, diseases, &path("score"));
                    if !(0.0..score.maximum()).contains(&above) {
                        self.error(
                            &path("above"),
                            format!("no {} is on either side of {above}", score.label()),
                            format!("give a number from 0 to below {}", score.maximum()),
                        );
                    }
                }
                Stratum::AttacksPreviousYear { .. } => self.attacks_exist(diseases, &path("by")),
            }
        }
    }

    fn historical(&mut self, index: usize, analysis: &Analysis) {
        let path = |field| [Key("analysis"), Item(index), Key(field)];
        match (&analysis.historical, analysis.method) {
            (None, Method::HistoricalHazard) => self.error(
                &path("method"),
                "there is nothing historical to compare with",
                "add `historical = { hazard_per_year = ..., source = \"...\" }`",
            ),
            (Some(historical), Method::HistoricalHazard) => {
                let path = |field| [Key("analysis"), Item(index), Key("historical"), Key(field)];
                if historical.hazard_per_year <= 0.0 {
                    self.error(
                        &path("hazard_per_year"),
                        format!(
                            "the historical hazard is {} per year",
                            historical.hazard_per_year
                        ),
                        "give a number above 0",
                    );
                }
                if historical.source.trim().is_empty() {
                    self.error(
                        &path("source"),
                        "the historical hazard has no source",
                        "say where it comes from",
                    );
                }
            }
            (Some(_), _) => self.error(
                &path("historical"),
                "only `historical_hazard` has a historical comparator",
                "remove it",
            ),
            (None, _) => {}
        }
    }

    fn null_probability(&mut self, index: usize, analysis: &Analysis) {
        match analysis.p0 {
            None if analysis.method == Method::Binomial => self.error(
                &[Key("analysis"), Item(index), Key("method")],
                "there is no probability to test against",
                "add `p0 = 0.3`, the probability of a yes that is of no interest",
            ),
            Some(p0) if !(p0 > 0.0 && p0 < 1.0) => self.error(
                &[Key("analysis"), Item(index), Key("p0")],
                format!("`p0` is {p0}"),
                "give a probability between 0 and 1",
            ),
            _ => {}
        }
    }

    fn priors(&mut self, index: usize, analysis: &Analysis) {
        let Some(rule) = &analysis.bayesian else {
            if analysis.method == Method::BayesianTwoArm {
                self.error(
                    &[Key("analysis"), Item(index), Key("method")],
                    "there is no rule to decide by",
                    "add `bayesian = { cutoff = 0.975 }`",
                );
            }
            return;
        };
        let path = |field| [Key("analysis"), Item(index), Key("bayesian"), Key(field)];
        let Bayesian {
            cutoff,
            treated,
            control,
            ..
        } = rule;
        if !(*cutoff > 0.5 && *cutoff < 1.0) {
            self.error(
                &path("cutoff"),
                format!("a posterior probability of {cutoff} decides nothing"),
                "give a number above 0.5 and below 1, usually 0.975",
            );
        }
        for (field, prior) in [("treated", treated), ("control", control)] {
            let sound = |value: f64| (LEAST_PRIOR..=MOST_PRIOR).contains(&value);
            if !sound(prior.a) || !sound(prior.b) {
                self.error(
                    &path(field),
                    format!("Beta({}, {}) is no prior here", prior.a, prior.b),
                    format!(
                        "give `a` and `b` from {LEAST_PRIOR} to {MOST_PRIOR}; 1 and 1 are uniform"
                    ),
                );
                return;
            }
        }
        for (number, arm) in rule.historical.iter().enumerate() {
            let path = [
                Key("analysis"),
                Item(index),
                Key("bayesian"),
                Key("historical"),
                Item(number),
            ];
            if arm.subjects == 0 || arm.responders > arm.subjects {
                self.error(
                    &path,
                    format!("{} of {} subjects", arm.responders, arm.subjects),
                    "give at least one subject, and no more responders than subjects",
                );
                return;
            }
            if arm.source.trim().is_empty() {
                self.error(
                    &path,
                    "the historical arm has no source",
                    "say where it comes from",
                );
            }
        }
        if !rule.historical.is_empty() && !(rule.robust_weight > 0.0 && rule.robust_weight < 1.0) {
            self.error(
                &path("robust_weight"),
                format!("the weight of the vague part is {}", rule.robust_weight),
                "give a number above 0 and below 1, usually 0.2",
            );
            return;
        }
        if let Err(error) = control_prior(rule) {
            self.error(
                &path("historical"),
                error.to_string(),
                "docs/concepts/trials.md describes the section",
            );
        }
    }

    fn primary(&mut self) {
        let primaries: Vec<usize> = (0..self.specification.analyses.len())
            .filter(|&i| self.specification.analyses[i].primary)
            .collect();
        match primaries[..] {
            [one] if !self.specification.analyses[one].method.is_test() => self.error(
                &[Key("analysis"), Item(one), Key("method")],
                "the primary analysis gives no p value",
                "make a test the primary analysis",
            ),
            [one]
                if self.specification.analyses[one].method == Method::BayesianTwoArm
                    && self.specification.group_sequential.is_some() =>
            {
                self.error(
                    &[Key("analysis"), Item(one), Key("method")],
                    "a posterior probability has no group sequential boundary",
                    "use a test as the primary analysis, or remove `[group_sequential]`",
                )
            }
            [_] => {}
            // The design decides.
            [] if self.specification.decides_while_enrolling() => {}
            [] => self.error(
                &[Key("analysis")],
                "no analysis is the primary one",
                "add `primary = true` to the analysis that decides the trial",
            ),
            [_, second, ..] => self.error(
                &[Key("analysis"), Item(second), Key("primary")],
                format!("{} analyses are primary", primaries.len()),
                "keep `primary = true` for the one that decides the trial",
            ),
        }
    }
}

/// Larger weights leave a single event to decide.
const MOST_WEIGHT: f64 = 10.0;
/// Parameters of a beta prior, in subjects.
const LEAST_PRIOR: f64 = 0.05;
const MOST_PRIOR: f64 = 1e6;

/// Whether something else than the event and censoring can end the time at risk.
fn has_competing_event(endpoint: &Endpoint) -> bool {
    let classed = matches!(
        endpoint.measure,
        Measure::ConfirmedProgression {
            class: ProgressionClass::Pira | ProgressionClass::Raw,
            ..
        }
    );
    let restart = endpoint.immunosuppression_restart.as_ref();
    classed
        || endpoint.strategy() == Strategy::WhileOnTreatment
        || restart.is_some_and(|restart| restart.strategy == Strategy::WhileOnTreatment)
}

fn kind_in_words(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::TimeToEvent => "a time to an event",
        OutcomeKind::Count => "a count",
        OutcomeKind::Continuous => "a change of a score",
        OutcomeKind::Binary => "a yes-or-no endpoint",
    }
}

/// The methods of a kind of endpoint, as a list in words.
fn methods_for(kind: OutcomeKind) -> String {
    let fitting = Method::ALL.iter().filter(|m| m.outcome() == kind);
    let names: Vec<String> = fitting.map(|m| format!("`{}`", m.name())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
