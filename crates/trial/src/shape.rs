//! The shape of a TOML document against a JSON schema, with the place of every mismatch.
//!
//! Reading through serde stops at the first mistake; a user wants all of them. The schema is the
//! one generated from the Rust types, so that the two can never disagree. Only the parts of JSON
//! schema that the generator writes are understood: `type`, `properties`, `required`,
//! `additionalProperties`, `items`, `minItems`, `enum`, `const`, `oneOf`, `anyOf`, `minimum` and
//! `maximum`.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use neurocart_library::{Problem, nearest};

/// The document under check.
pub(crate) struct Document<'a> {
    /// How messages call it.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Document<'_> {
    fn problem(&self, offset: usize, message: String, hint: String) -> Problem {
        Problem::new(self.file, message)
            .at(self.text, offset)
            .hint(hint)
    }

    /// Adds what is wrong with `table`, whose text starts at `offset` and which the user knows as
    /// `name` (empty for the whole document).
    pub(crate) fn check_table(
        &self,
        table: &DeTable<'_>,
        offset: usize,
        schema: &Value,
        name: &str,
        problems: &mut Vec<Problem>,
    ) {
        let Some(schema) = self.variant(table, offset, schema, name, problems) else {
            return;
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in table {
            let key_name = key.get_ref().as_ref();
            let inner = join(name, key_name);
            if let Some(property) = properties.and_then(|p| p.get(key_name)) {
                self.check_value(value, property, &inner, problems);
            } else if let Some(values) =
                schema.get("additionalProperties").filter(|s| s.is_object())
            {
                self.check_value(value, values, &inner, problems);
            } else if properties.is_some()
                || schema.get("additionalProperties") == Some(&Value::Bool(false))
            {
                let known: Vec<&str> = properties
                    .map(|p| p.keys().map(String::as_str).collect())
                    .unwrap_or_default();
                let hint = match nearest(key_name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("expected {}", one_of(&known)),
                };
                let place = if name.is_empty() {
                    String::new()
                } else {
                    format!(" in `{name}`")
                };
                problems.push(self.problem(
                    key.span().start,
                    format!("unknown field `{key_name}`{place}"),
                    hint,
                ));
            }
        }
        for required in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let Some(field) = required.as_str() else {
                continue;
            };
            if !table.keys().any(|key| key.get_ref() == field) {
                let place = if name.is_empty() {
                    "the trial file".to_owned()
                } else {
                    format!("`{name}`")
                };
                let meaning = properties
                    .and_then(|p| p.get(field)?.get("description")?.as_str())
                    .map(|text| text.lines().next().unwrap_or_default().to_owned());
                let hint = match meaning {
                    Some(meaning) => format!("add `{field}`: {meaning}"),
                    None => format!("add `{field}`"),
                };
                problems.push(self.problem(offset, format!("{place} has no `{field}`"), hint));
            }
        }
    }

    /// The schema that applies to a table: for a tagged union, the one its tag names.
    fn variant<'s>(
        &self,
        table: &DeTable<'_>,
        offset: usize,
        schema: &'s Value,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<&'s Value> {
        let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else {
            return Some(schema);
        };
        let tag_of = |variant: &'s Value| -> Option<(&'s str, &'s str)> {
            variant
                .get("properties")?
                .as_object()?
                .iter()
                .find_map(|(key, value)| Some((key.as_str(), value.get("const")?.as_str()?)))
        };
        let tags: Vec<&str> = variants.iter().filter_map(|v| Some(tag_of(v)?.1)).collect();
        let tag = variants.iter().find_map(|v| Some(tag_of(v)?.0))?;
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == tag) else {
            problems.push(self.problem(
                offset,
                format!("`{name}` has no `{tag}`"),
                format!("add `{tag}`, {}", one_of(&tags)),
            ));
            return None;
        };
        let given = value.get_ref().as_str();
        let found = variants
            .iter()
            .find(|v| tag_of(v).is_some_and(|(_, t)| Some(t) == given));
        if found.is_none() {
            let given = given.unwrap_or("something that is not text");
            problems.push(self.problem(
                value.span().start,
                format!("unknown `{}` `{given}`", join(name, tag)),
                choice(given, &tags),
            ));
        }
        found
    }

    fn check_value(
        &self,
        value: &Spanned<DeValue<'_>>,
        schema: &Value,
        name: &str,
        problems: &mut Vec<Problem>,
    ) {
        let offset = value.span().start;
        // An optional field is `anyOf [T, null]`; TOML has no null.
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
            if let Some(option) = options
                .iter()
                .find(|o| o.get("type") != Some(&Value::from("null")))
            {
                self.check_value(value, option, name, problems);
            }
            return;
        }
        // `true` and the like: anything goes.
        if !schema.as_object().is_some_and(|s| {
            ["type", "enum", "const", "oneOf"]
                .iter()
                .any(|k| s.contains_key(*k))
        }) {
            return;
        }
        let texts = allowed_texts(schema);
        if !texts.is_empty() {
            match value.get_ref().as_str() {
                Some(given) if texts.contains(&given) => {}
                given => problems.push(self.problem(
                    offset,
                    format!(
                        "unknown value `{}` for `{name}`",
                        given.unwrap_or(&self.text[value.span()])
                    ),
                    choice(given.unwrap_or_default(), &texts),
                )),
            }
            return;
        }
        match value.get_ref() {
            DeValue::Table(table)
                if has_type(schema, "object") || schema.get("oneOf").is_some() =>
            {
                self.check_table(table, offset, schema, name, problems);
            }
            DeValue::Array(array) if has_type(schema, "array") => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                if (array.len() as u64) < least {
                    problems.push(self.problem(
                        offset,
                        format!("`{name}` is empty"),
                        format!("give at least {least}"),
                    ));
                }
                if let Some(items) = schema.get("items") {
                    for (index, item) in array.iter().enumerate() {
                        self.check_value(item, items, &format!("{name}[{}]", index + 1), problems);
                    }
                }
            }
            DeValue::Boolean(_) if has_type(schema, "boolean") => {}
            DeValue::String(_) if has_type(schema, "string") => {}
            DeValue::Float(float) if has_type(schema, "number") => {
                let number = float.as_str().replace('_', "").parse().unwrap_or(f64::NAN);
                self.check_number(number, schema, offset, name, problems);
            }
            DeValue::Integer(integer)
                if has_type(schema, "number") || has_type(schema, "integer") =>
            {
                let digits = integer.as_str().replace('_', "");
                let number = match integer.radix() {
                    10 => digits.parse().unwrap_or(f64::NAN),
                    radix => i128::from_str_radix(&digits, radix).map_or(f64::NAN, |n| n as f64),
                };
                self.check_number(number, schema, offset, name, problems);
            }
            other => problems.push(self.problem(
                offset,
                format!("`{name}` is {}", article(other.type_str())),
                format!("write {}", expected(schema)),
            )),
        }
    }

    fn check_number(
        &self,
        number: f64,
        schema: &Value,
        offset: usize,
        name: &str,
        problems: &mut Vec<Problem>,
    ) {
        let low = schema.get("minimum").and_then(Value::as_f64);
        let high = schema.get("maximum").and_then(Value::as_f64);
        let allowed = schema.get("enum").and_then(Value::as_array);
        let bad_choice =
            allowed.is_some_and(|list| !list.iter().any(|v| v.as_f64() == Some(number)));
        let message = if !number.is_finite() {
            Some("expected a finite number".to_owned())
        } else if bad_choice {
            let list: Vec<String> = allowed
                .into_iter()
                .flatten()
                .map(Value::to_string)
                .collect();
            Some(format!("expected {}", list.join(" or ")))
        } else if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
            // Limits of an integer type are no help to anyone.
            let high = high.filter(|&high| high < 1e9);
            Some(match (low, high) {
                (Some(low), Some(high)) => format!("expected a number from {low} to {high}"),
                (Some(low), None) => format!("expected at least {low}"),
                (None, Some(high)) => format!("expected at most {high}"),
                (None, None) => "expected a smaller number".to_owned(),
            })
        } else {
            None
        };
        if let Some(hint) = message {
            problems.push(self.problem(offset, format!("`{name}` is {number}"), hint));
        }
    }
}

fn join(name: &str, key: &str) -> String {
    if name.is_empty() {
        key.to_owned()
    } else {
        format!("{name}.{key}")
    }
}

/// The texts a schema allows: an `enum`, or one `const` per documented variant.
fn allowed_texts(schema: &Value) -> Vec<&str> {
    let list = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut texts: Vec<&str> = list.filter_map(Value::as_str).collect();
    for variant in schema
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        texts.extend(variant.get("const").and_then(Value::as_str));
        texts.extend(
            variant
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
    }
    texts
}

fn has_type(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|t| t == name),
        _ => false,
    }
}

fn expected(schema: &Value) -> String {
    let name = match schema.get("type") {
        Some(Value::String(one)) => one.as_str(),
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|t| *t != "null")
            .unwrap_or("a value"),
        _ => "object",
    };
    match name {
        "object" => "a table".to_owned(),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "string" => "text in quotes".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => "a list".to_owned(),
        other => other.to_owned(),
    }
}

fn article(type_name: &str) -> String {
    let name = match type_name {
        "float" => "number with a decimal point",
        "integer" => "whole number",
        "string" => "text",
        "array" => "list",
        "boolean" => "true-or-false value",
        other => other,
    };
    if name == "text" {
        name.to_owned()
    } else {
        format!("a {name}")
    }
}

fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.len() {
        1 => quoted[0].clone(),
        _ => format!("one of {}", quoted.join(", ")),
    }
}

fn choice(given: &str, names: &[&str]) -> String {
    match nearest(given, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? ({})", one_of(names)),
        None => format!("expected {}", one_of(names)),
    }
}
