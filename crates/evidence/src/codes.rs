//! The codes of a closed list as they stand in the files, from the one place that names them: the type.

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde::ser::Serialize;

/// The code of a value, as it stands in a file: `single_arm_trial`.
pub fn code<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        other => unreachable!("a code is a text: {other:?}"),
    }
}

/// The code of a value as words: `single arm trial`.
pub fn words<T: Serialize>(value: &T) -> String {
    code(value).replace('_', " ")
}

/// All codes of a closed list, in the order of its type.
///
/// ```
/// use neurocart_evidence::{codes::codes, study::Lymphodepletion};
/// assert_eq!(codes::<Lymphodepletion>(), ["given", "none", "not_reported", "not_applicable"]);
/// ```
pub fn codes<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The type says its codes when it asks for one, and that is all we want of it.
    let _ = T::deserialize(Names(&mut names));
    names
}

/// The value with this code.
pub fn of_code<T: for<'de> Deserialize<'de>>(code: &str) -> Option<T> {
    T::deserialize(serde::de::value::StrDeserializer::<Error>::new(code)).ok()
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a closed list"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(Error::custom("only the names are wanted"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{DesignKind, Platform};

    #[test]
    fn every_code_leads_to_its_value_and_back() {
        for name in codes::<Platform>() {
            assert_eq!(code(&of_code::<Platform>(name).unwrap()), *name);
        }
        assert_eq!(
            of_code::<DesignKind>("case_report"),
            Some(DesignKind::CaseReport)
        );
        assert_eq!(of_code::<DesignKind>("case report"), None);
    }
}
