//! Null hypotheses.

use std::collections::BTreeMap;

use neurocart_library::Library;

use super::Step::{Item, Key};
use super::{Meaning, unknown_hint};
use crate::disease::Disease;
use crate::replicate::AS_DESIGNED;

/// Most nulls: each is simulated as often as the trial itself.
const MOST_NULLS: usize = 100;

impl Meaning<'_> {
    pub(super) fn nulls(&mut self, diseases: &[Disease], library: &Library) {
        let nulls = &self.specification.nulls;
        if nulls.len() > MOST_NULLS {
            self.error(
                &[Key("null"), Item(MOST_NULLS)],
                format!("{} nulls are too many", nulls.len()),
                format!("give at most {MOST_NULLS}; each is simulated as often as the trial"),
            );
        }
        let ids = library.therapy_ids();
        let mut names = BTreeMap::new();
        for (index, null) in nulls.iter().enumerate() {
            let path = |field| [Key("null"), Item(index), Key(field)];
            if null.name.trim().is_empty() || null.name == AS_DESIGNED {
                self.error(
                    &path("name"),
                    format!("`{}` cannot name a null", null.name),
                    "give a short name, for example `equal-therapies`",
                );
            }
            if let Some(first) = names.insert(&null.name, index) {
                self.error(
                    &path("name"),
                    format!("two nulls are called `{}`", null.name),
                    format!("rename null {} or null {}", first + 1, index + 1),
                );
            }
            if let Some(id) = &null.therapy
                && !ids.contains(&id.as_str())
            {
                self.error(
                    &path("therapy"),
                    format!("unknown therapy `{id}`"),
                    unknown_hint(id, &ids),
                );
            }
            let changes_nothing =
                null.therapy.is_none() && null.parameters.is_empty() && null.eligibility.is_empty();
            if changes_nothing && self.specification.reference_arm().is_none() {
                self.error(
                    &path("name"),
                    format!("the null `{}` is the trial as designed", null.name),
                    "without a reference arm a null needs `therapy = \"placebo\"`, `parameters` or `eligibility`",
                );
            }
            let place = [Key("null"), Item(index)];
            self.eligibility(&null.eligibility, &place, diseases);
            let place = [Key("null"), Item(index), Key("parameters")];
            self.parameters(&null.parameters, &place, diseases, library);
        }
    }
}
