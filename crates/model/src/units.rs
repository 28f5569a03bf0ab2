//! Units as a factor times powers of base units, and the names of the common ones.

use std::collections::BTreeMap;

use crate::diagnostic::{Reporter, Saying, Span, nearest};
use crate::syntax::{UnitDefinition, UnitFormula, UnitFormulaKind};

/// second, metre, gram, mole, item, kelvin, ampere, candela
const BASES: usize = 8;

/// A unit: `factor` times the base units, each raised to its exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unit {
    pub factor: f64,
    pub exponents: [f64; BASES],
}

impl Unit {
    pub const ONE: Unit = Unit {
        factor: 1.0,
        exponents: [0.0; BASES],
    };

    fn base(index: usize, factor: f64) -> Unit {
        let mut exponents = [0.0; BASES];
        exponents[index] = 1.0;
        Unit { factor, exponents }
    }

    pub fn times(self, other: Unit) -> Unit {
        let mut exponents = self.exponents;
        for (a, b) in exponents.iter_mut().zip(other.exponents) {
            *a += b;
        }
        Unit {
            factor: self.factor * other.factor,
            exponents,
        }
    }

    pub fn power(self, exponent: f64) -> Unit {
        let exponents = self.exponents.map(|a| a * exponent);
        Unit {
            factor: self.factor.powf(exponent),
            exponents,
        }
    }

    pub fn over(self, other: Unit) -> Unit {
        self.times(other.power(-1.0))
    }

    pub fn scaled(self, factor: f64) -> Unit {
        Unit {
            factor: self.factor * factor,
            ..self
        }
    }

    /// Of the same kind, perhaps in another scale: hours and days.
    pub fn is_commensurable(&self, other: &Unit) -> bool {
        self.exponents
            .iter()
            .zip(other.exponents)
            .all(|(a, b)| (a - b).abs() < 1e-9)
    }

    /// The same, up to rounding of the factor.
    pub fn agrees(&self, other: &Unit) -> bool {
        self.is_commensurable(other)
            && (self.factor == other.factor || (self.factor / other.factor - 1.0).abs() < 1e-9)
    }

    pub fn is_dimensionless(&self) -> bool {
        self.is_commensurable(&Unit::ONE)
    }
}

/// Base units, the SBML units in use here and what biology writes every day.
pub(crate) fn built_in() -> Vec<(&'static str, Unit)> {
    let second = Unit::base(0, 1.0);
    let metre = Unit::base(1, 1.0);
    let gram = Unit::base(2, 1.0);
    let mole = Unit::base(3, 1.0);
    let item = Unit::base(4, 1.0);
    let litre = metre.power(3.0).scaled(1e-3);
    let day = second.scaled(86400.0);
    let molar = mole.over(litre);
    vec![
        ("dimensionless", Unit::ONE),
        ("percent", Unit::ONE.scaled(0.01)),
        ("second", second),
        ("s", second),
        ("minute", second.scaled(60.0)),
        ("min", second.scaled(60.0)),
        ("hour", second.scaled(3600.0)),
        ("h", second.scaled(3600.0)),
        ("day", day),
        ("d", day),
        ("week", day.scaled(7.0)),
        ("year", day.scaled(365.0)),
        ("yr", day.scaled(365.0)),
        ("metre", metre),
        ("meter", metre),
        ("gram", gram),
        ("g", gram),
        ("kilogram", gram.scaled(1e3)),
        ("kg", gram.scaled(1e3)),
        ("milligram", gram.scaled(1e-3)),
        ("mg", gram.scaled(1e-3)),
        ("microgram", gram.scaled(1e-6)),
        ("ug", gram.scaled(1e-6)),
        ("nanogram", gram.scaled(1e-9)),
        ("ng", gram.scaled(1e-9)),
        ("picogram", gram.scaled(1e-12)),
        ("pg", gram.scaled(1e-12)),
        ("litre", litre),
        ("liter", litre),
        ("L", litre),
        ("decilitre", litre.scaled(0.1)),
        ("dL", litre.scaled(0.1)),
        ("millilitre", litre.scaled(1e-3)),
        ("mL", litre.scaled(1e-3)),
        ("microlitre", litre.scaled(1e-6)),
        ("uL", litre.scaled(1e-6)),
        ("mole", mole),
        ("nmol", mole.scaled(1e-9)),
        ("M", molar),
        ("mM", molar.scaled(1e-3)),
        ("uM", molar.scaled(1e-6)),
        ("nM", molar.scaled(1e-9)),
        ("pM", molar.scaled(1e-12)),
        ("item", item),
        ("cell", item),
        ("cells", item),
        ("kelvin", Unit::base(5, 1.0)),
        ("ampere", Unit::base(6, 1.0)),
        ("candela", Unit::base(7, 1.0)),
    ]
}

/// Units by name. Definitions of all files and models are in one table.
pub(crate) struct UnitTable {
    units: BTreeMap<String, (Unit, Option<Span>)>,
    /// Definitions in the order of the text, with the text of each.
    pub defined: Vec<(String, String)>,
    /// Unit of model time: a day unless the text defines `time_unit`.
    pub time: Unit,
    /// Does the text define `time_unit`?
    pub time_is_defined: bool,
}

impl UnitTable {
    /// Reads all definitions; they may stand in any order.
    pub fn new<'a>(
        definitions: impl Iterator<Item = &'a UnitDefinition>,
        reporter: &mut Reporter,
    ) -> UnitTable {
        let built_in = built_in();
        let units = built_in
            .iter()
            .map(|(n, u)| (n.to_string(), (*u, None)))
            .collect();
        let time = Unit::base(0, 86400.0);
        let mut table = UnitTable {
            units,
            defined: Vec::new(),
            time,
            time_is_defined: false,
        };
        let mut waiting: Vec<&UnitDefinition> = definitions.collect();
        // Each round settles every definition whose parts are known; what is left is an error.
        loop {
            let before = waiting.len();
            let mut left = Vec::new();
            for definition in waiting {
                match table.value(&definition.formula) {
                    Ok(unit) => table.define(definition, unit, reporter),
                    Err(_) => left.push(definition),
                }
            }
            waiting = left;
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        let names: Vec<_> = waiting.iter().map(|d| d.name.text.clone()).collect();
        for definition in &waiting {
            if let Err((name, span)) = table.value(&definition.formula) {
                if names.contains(&name) {
                    let saying = Saying::new(format!(
                        "unit `{}` is defined by way of itself",
                        definition.name.text
                    ));
                    reporter.error(span, saying.hint("define it from base units"));
                } else {
                    table.report_unknown(&name, span, reporter);
                }
            }
        }
        for name in names {
            table.units.entry(name).or_insert((
                Unit {
                    factor: f64::NAN,
                    ..Unit::ONE
                },
                None,
            ));
        }
        table
    }

    fn define(&mut self, definition: &UnitDefinition, unit: Unit, reporter: &mut Reporter) {
        let name = &definition.name;
        if !(unit.factor.is_finite() && unit.factor > 0.0) {
            let saying = Saying::new(format!("unit `{}` has no usable size", name.text))
                .hint("the number in a unit lies above zero");
            reporter.error(definition.formula.span, saying);
        }
        if let Some((earlier, span)) = self.units.get(&name.text) {
            if !earlier.agrees(&unit) {
                let mut saying = Saying::new(format!("unit `{}` is defined twice", name.text))
                    .label("another size here")
                    .hint("keep one definition, or give the second another name");
                if let Some(span) = span {
                    saying = saying.related(*span, "first defined here");
                } else {
                    saying.label = "this name is built in with another size".into();
                }
                reporter.error(name.span, saying);
            }
            return;
        }
        if name.text == "time_unit" {
            self.time = unit;
            self.time_is_defined = true;
        }
        let text = tidy(reporter.text(definition.formula.span));
        self.defined.push((name.text.clone(), text));
        self.units
            .insert(name.text.clone(), (unit, Some(name.span)));
    }

    /// The unit a formula stands for, or the name that is unknown.
    fn value(&self, formula: &UnitFormula) -> Result<Unit, (String, Span)> {
        Ok(match &formula.kind {
            UnitFormulaKind::Number(number) => Unit::ONE.scaled(*number),
            UnitFormulaKind::Name(name) => match self.units.get(name) {
                Some((unit, _)) => *unit,
                None => return Err((name.clone(), formula.span)),
            },
            UnitFormulaKind::Multiply(a, b) => self.value(a)?.times(self.value(b)?),
            UnitFormulaKind::Divide(a, b) => self.value(a)?.over(self.value(b)?),
            UnitFormulaKind::Power(a, exponent) => self.value(a)?.power(*exponent),
        })
    }

    /// The unit a formula stands for; an unknown name is reported.
    pub fn evaluate(&self, formula: &UnitFormula, reporter: &mut Reporter) -> Option<Unit> {
        match self.value(formula) {
            Ok(unit) => Some(unit).filter(|u| u.factor.is_finite() && u.factor > 0.0),
            Err((name, span)) => {
                self.report_unknown(&name, span, reporter);
                None
            }
        }
    }

    /// The unit of that name.
    pub fn named(&self, name: &str) -> Option<Unit> {
        self.units.get(name).map(|(unit, _)| *unit)
    }

    /// Reports a name that is no unit.
    pub fn report_unknown(&self, name: &str, span: Span, reporter: &mut Reporter) {
        let near = nearest(name, self.units.keys().map(String::as_str));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it: `unit {name} = ...;`"),
        };
        reporter.error(
            span,
            Saying::new(format!("unknown unit `{name}`")).hint(hint),
        );
    }

    /// A unit in words: by a defined name that fits, else from common units, else with a factor.
    pub fn show(&self, unit: &Unit) -> String {
        let (text, leftover) = self.show_with_leftover(unit);
        match leftover {
            Some(factor) => format!("{} {text}", short(factor)),
            None => text,
        }
    }

    /// A unit in words, if there are words for it without a factor.
    pub fn show_exactly(&self, unit: &Unit) -> Option<String> {
        let (text, leftover) = self.show_with_leftover(unit);
        leftover.is_none().then_some(text)
    }

    fn show_with_leftover(&self, unit: &Unit) -> (String, Option<f64>) {
        let defined: Vec<(&str, Unit)> = self
            .defined
            .iter()
            .filter_map(|(name, _)| Some((name.as_str(), self.named(name)?)))
            .filter(|(name, _)| *name != "time_unit")
            .collect();
        if let Some((name, _)) = defined.iter().find(|(_, u)| u.agrees(unit)) {
            return (name.to_string(), None);
        }
        if unit.is_dimensionless() {
            let (name, size) = if (unit.factor - 0.01).abs() < 1e-11 {
                ("percent", 0.01)
            } else {
                ("dimensionless", 1.0)
            };
            let leftover = unit.factor / size;
            return (
                name.into(),
                Some(leftover).filter(|f| (f - 1.0).abs() > 1e-9),
            );
        }
        show_from_common(unit, &defined)
    }
}

/// Scales tried for each base unit, the usual one first.
const SCALES: [&[(&str, f64)]; BASES] = [
    &[
        ("day", 86400.0),
        ("hour", 3600.0),
        ("minute", 60.0),
        ("second", 1.0),
        ("year", 31536000.0),
    ],
    &[("metre", 1.0)],
    &[
        ("g", 1.0),
        ("mg", 1e-3),
        ("pg", 1e-12),
        ("ng", 1e-9),
        ("ug", 1e-6),
        ("kg", 1e3),
    ],
    &[("mole", 1.0), ("nmol", 1e-9)],
    &[("item", 1.0)],
    &[("kelvin", 1.0)],
    &[("ampere", 1.0)],
    &[("candela", 1.0)],
];
/// Scales of metre^3.
const VOLUMES: &[(&str, f64)] = &[("L", 1e-3), ("mL", 1e-6), ("uL", 1e-9)];
/// Mass and counts before volume before time, as people write `mg/(L day)`.
const WRITING_ORDER: [usize; BASES] = [2, 3, 4, 1, 5, 6, 7, 0];

/// A unit as a product of common ones, and the factor that is left over, if it is not 1.
fn show_from_common(unit: &Unit, defined: &[(&str, Unit)]) -> (String, Option<f64>) {
    // (names with exponents, leftover factor) of every combination; few bases are in use.
    let mut partial: Vec<(Vec<(&str, f64)>, f64)> = vec![(Vec::new(), unit.factor)];
    for base in WRITING_ORDER {
        let exponent = unit.exponents[base];
        if exponent.abs() < 1e-9 {
            continue;
        }
        let is_volume = base == 1 && (exponent / 3.0).fract().abs() < 1e-9;
        let (common, exponent) = if is_volume {
            (VOLUMES, exponent / 3.0)
        } else {
            (SCALES[base], exponent)
        };
        // Names of the text for the same base, such as `gigacell`, come first.
        let own = defined
            .iter()
            .filter(|(_, u)| u.is_commensurable(&Unit::base(base, 1.0)));
        let own = own.map(|(name, u)| (*name, u.factor));
        let scales: Vec<(&str, f64)> = own.take(4).chain(common.iter().copied()).collect();
        let mut next = Vec::new();
        for (names, factor) in &partial {
            for (name, scale) in &scales {
                let mut names = names.clone();
                names.push((name, exponent));
                next.push((names, factor / scale.powf(exponent)));
            }
        }
        partial = next;
    }
    let exact = partial.iter().find(|(_, f)| (f - 1.0).abs() < 1e-9);
    let (names, factor) = exact.unwrap_or(&partial[0]);
    let part = |sign: f64| -> Vec<String> {
        let chosen = names.iter().filter(|(_, e)| e * sign > 0.0);
        chosen
            .map(|(name, e)| match e.abs() {
                e if (e - 1.0).abs() < 1e-9 => name.to_string(),
                e => format!("{name}^{}", short(e)),
            })
            .collect()
    };
    let (above, below) = (part(1.0), part(-1.0));
    let above = if above.is_empty() {
        "1".into()
    } else {
        above.join("*")
    };
    let text = match below.len() {
        0 => above,
        1 => format!("{above}/{}", below[0]),
        _ => format!("{above}/({})", below.join("*")),
    };
    (text, exact.is_none().then_some(*factor))
}

/// A built-in unit in words that every reader of SBML knows; its own name if that is one of them.
pub(crate) fn sbml_text(name: &str, unit: &Unit) -> String {
    const KNOWN: &[&str] = &[
        "second", "metre", "gram", "kilogram", "litre", "mole", "item", "kelvin", "ampere",
        "candela",
    ];
    if KNOWN.contains(&name) || name == "dimensionless" {
        return name.to_string();
    }
    const BASE_NAMES: [&str; BASES] = [
        "second", "metre", "gram", "mole", "item", "kelvin", "ampere", "candela",
    ];
    let mut text = format!("{:?}", unit.factor);
    for (name, exponent) in BASE_NAMES.iter().zip(unit.exponents) {
        if exponent == 1.0 {
            text.push_str(&format!(" * {name}"));
        } else if exponent != 0.0 {
            text.push_str(&format!(" * {name}^{exponent}"));
        }
    }
    text
}

/// A number in at most six digits, for messages.
pub(crate) fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let magnitude = rounded.abs();
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) {
        format!("{rounded:e}")
    } else {
        format!("{rounded}")
    }
}

/// Text on one line with single blanks.
pub(crate) fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
