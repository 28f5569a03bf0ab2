//! Tables, figure and JSON of a group sequential design.

use serde_json::{Value, json};

use neurocart_report::figure::curves::{Curve, CurveFigure, render_curves_svg};
use neurocart_report::format::{MISSING, fixed};
use neurocart_stats::distribution::normal_sf;
use neurocart_stats::group_sequential::{Plan, Sides, Stopping};

use super::answer::Table;
use super::gsd::Endpoint;

fn z_text(z: f64) -> String {
    if z.is_finite() {
        fixed(z, 4)
    } else {
        MISSING.to_owned()
    }
}

fn p_text(p: f64) -> String {
    if p == 0.0 || p >= 1e-4 {
        format!("{p:.5}")
    } else {
        format!("{p:.2e}")
    }
}

pub fn boundary_table(plan: &Plan, endpoint: Option<&Endpoint>) -> Table {
    let futility = plan.design.futility.is_some();
    let mut head = vec!["look", "information"];
    head.extend(endpoint.map(|e| e.unit));
    head.push("z efficacy");
    head.extend(futility.then_some("z futility"));
    head.extend(["one-sided p", "alpha spent"]);
    head.push(endpoint.map_or("share of the effect", |e| e.effect));
    if futility {
        head.push("at futility");
    }
    let mut table = Table::new(
        "Boundaries; the last columns are the estimate at them",
        &head,
    );
    for (k, look) in plan.looks.iter().enumerate() {
        let effect = |z: f64| {
            if !z.is_finite() {
                return MISSING.to_owned();
            }
            let drift = z / look.information.sqrt();
            fixed(
                endpoint.map_or(drift / plan.drift, |e| (e.effect_at)(drift)),
                3,
            )
        };
        let mut row = vec![(k + 1).to_string(), fixed(look.information, 4)];
        row.extend(endpoint.map(|e| fixed((look.information * e.maximum).ceil(), 0)));
        row.push(z_text(look.efficacy));
        row.extend(futility.then(|| z_text(look.futility)));
        row.push(p_text(normal_sf(look.efficacy)));
        row.push(p_text(plan.alpha_spent[k]));
        row.push(effect(look.efficacy));
        row.extend(futility.then(|| effect(look.futility)));
        table.rows.push(row);
    }
    table
}

pub fn stopping_table(plan: &Plan, null: &Stopping, alternative: &Stopping) -> Table {
    let futility = plan.design.futility.is_some();
    let two = plan.design.sides == Sides::Two;
    let mut head = vec!["look", "efficacy, no effect"];
    head.extend(futility.then_some("futility, no effect"));
    head.extend(["efficacy, alternative", "power so far"]);
    head.extend(futility.then_some("futility, alternative"));
    head.extend(two.then_some("wrong side, alternative"));
    let mut table = Table::new("Probability to stop at each look", &head);
    let mut power = 0.0;
    for k in 0..plan.looks.len() {
        power += alternative.efficacy[k];
        let mut row = vec![
            (k + 1).to_string(),
            p_text(null.efficacy[k] + null.opposite[k]),
        ];
        row.extend(futility.then(|| p_text(null.futility[k])));
        row.extend([p_text(alternative.efficacy[k]), p_text(power)]);
        row.extend(futility.then(|| p_text(alternative.futility[k])));
        row.extend(two.then(|| p_text(alternative.opposite[k])));
        table.rows.push(row);
    }
    table
}

pub fn figure(plan: &Plan, endpoint: Option<&Endpoint>) -> String {
    let scale = endpoint.map_or(1.0, |e| e.maximum);
    let curve = |name: &str, z: &dyn Fn(usize) -> f64| {
        Curve::marked(
            name,
            (0..plan.looks.len())
                .map(|k| (scale * plan.looks[k].information, z(k)))
                .collect(),
        )
    };
    let mut curves = vec![curve("efficacy", &|k| plan.looks[k].efficacy)];
    if plan.design.futility.is_some() {
        curves.push(curve("futility", &|k| plan.looks[k].futility));
    }
    if plan.design.sides == Sides::Two {
        curves.push(curve("other side", &|k| -plan.looks[k].efficacy));
    }
    render_curves_svg(&CurveFigure {
        title: "Stopping boundaries".to_owned(),
        x_label: endpoint
            .map_or("Information fraction", |e| match e.unit {
                "events" => "Events",
                _ => "Subjects",
            })
            .to_owned(),
        y_label: "z statistic".to_owned(),
        curves,
        ..CurveFigure::default()
    })
}

pub fn result(
    plan: &Plan,
    null: &Stopping,
    half: &Stopping,
    alternative: &Stopping,
    endpoint: Option<&Endpoint>,
) -> Value {
    // A boundary that does not exist is null: JSON has no infinity.
    let looks: Vec<Value> = plan
        .looks
        .iter()
        .enumerate()
        .map(|(k, look)| {
            let mut entry = json!({
                "look": k + 1,
                "information": look.information,
                "z_efficacy": look.efficacy,
                "z_futility": look.futility,
                "nominal_p_one_sided": normal_sf(look.efficacy),
                "alpha_spent": plan.alpha_spent[k],
            });
            if let Some(e) = endpoint {
                entry[e.unit] = json!(look.information * e.maximum);
                let effect = (e.effect_at)(look.efficacy / look.information.sqrt());
                entry["effect_at_efficacy"] = if look.efficacy.is_finite() {
                    json!(effect)
                } else {
                    Value::Null
                };
            }
            entry
        })
        .collect();
    let stops = |drift: f64, s: &Stopping| {
        json!({
            "drift": drift,
            "efficacy": s.efficacy,
            "opposite_side": s.opposite,
            "futility": s.futility,
            "power": s.power(),
            "expected_information": s.expected_information,
            "expected_over_fixed_design": s.expected_information * plan.inflation_factor,
        })
    };
    json!({
        "alpha": plan.design.alpha,
        "sides": match plan.design.sides { Sides::One => 1, Sides::Two => 2 },
        "power": plan.design.power,
        "drift": plan.drift,
        "inflation_factor": plan.inflation_factor,
        "looks": looks,
        "stopping": {
            "no_effect": stops(0.0, null),
            "half_effect": stops(0.5 * plan.drift, half),
            "alternative": stops(plan.drift, alternative),
        },
        "endpoint": endpoint.map(|e| json!({
            "unit": e.unit, "maximum": e.maximum, "fixed_design": e.fixed,
        })),
    })
}
