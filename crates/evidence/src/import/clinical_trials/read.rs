//! Records out of the text of a file, and what is wrong with a text that holds none.

use serde::{Deserialize, Deserializer};

use neurocart_library::Problem;

use super::record::{Page, Record};
use crate::import::placed;
use crate::rules::LARGEST_COUNT;

/// A number of patients, which the registry writes as a number or as a text.
pub(in crate::import) fn count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(u64),
        Text(String),
        Other(serde_json::Value),
    }
    let count = match Option::<Number>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Number::Whole(n)) => Ok(n),
        Some(Number::Text(text)) => text.parse().map_err(|_| format!("{text:?}")),
        Some(Number::Other(value)) => Err(value.to_string()),
    };
    let wrong = |found: String| {
        let found: String = found.chars().take(40).collect();
        serde::de::Error::custom(format!("{found} is not a number of patients"))
    };
    match count {
        Ok(n) if n <= LARGEST_COUNT => Ok(Some(n)),
        Ok(n) => Err(wrong(n.to_string())),
        Err(found) => Err(wrong(found)),
    }
}

/// The records of a text. Errors: not JSON, not a study record.
pub(in crate::import) fn records(text: &str, file: &str) -> Result<Vec<Record>, Box<Problem>> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| Box::new(problem(&error, text, file)));
    }
    let page: Page =
        serde_json::from_str(text).map_err(|error| Box::new(problem(&error, text, file)))?;
    if let Some(studies) = page.studies {
        if studies.is_empty() {
            return Err(Problem::new(file, "the page holds no study")
                .hint("search the registry with other words")
                .into());
        }
        return Ok(studies);
    }
    if page.protocol_section.is_some() {
        return Ok(vec![Record {
            protocol_section: page.protocol_section,
            results_section: page.results_section,
            derived_section: page.derived_section,
        }]);
    }
    let keys = match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(object)) => object.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    };
    let old = [
        "FullStudiesResponse",
        "StudyFieldsResponse",
        "FullStudy",
        "Study",
    ];
    let message = match keys.iter().find(|key| old.contains(&key.as_str())) {
        Some(key) => {
            format!("`{key}` is of the first version of the registry's API, which is closed")
        }
        None if keys.is_empty() => "the JSON object is empty".to_owned(),
        None => {
            let shown: Vec<String> = keys.iter().take(5).map(|key| format!("`{key}`")).collect();
            format!(
                "JSON, but no study record: it has {} and no `protocolSection`",
                shown.join(", ")
            )
        }
    };
    Err(Problem::new(file, message).hint(
        "a record is what clinicaltrials.gov/api/v2/studies/NCT... gives, or a page of `studies`",
    ).into())
}

fn problem(error: &serde_json::Error, text: &str, file: &str) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let (message, hint) = if error.is_eof() {
        (
            "the file ends before the record does".to_owned(),
            "it was cut off: save the record again",
        )
    } else if error.is_syntax() {
        (
            format!("not JSON: {message}"),
            "save the record again, unchanged",
        )
    } else {
        (
            message.to_owned(),
            "the field has another form than the registry gives it; save the record again",
        )
    };
    let start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    placed(
        Problem::new(file, message),
        text,
        start + error.column().saturating_sub(1),
    )
    .hint(hint)
}
