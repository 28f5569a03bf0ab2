//! Where in the text of a study file a problem lies.

/// A place in a study file: a key in the `index`-th block of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// `source` for `[source]`, `outcome` for `[[outcome]]`; empty for the top.
    table: &'static str,
    /// Which of the blocks, from 0.
    index: usize,
    /// The key; the head of the block if empty or absent.
    key: &'static str,
    /// Which line `{ ... }` of the list that is the value of the key, from 0.
    entry: Option<usize>,
}

pub(super) fn at(table: &'static str, index: usize, key: &'static str) -> Place {
    Place {
        table,
        index,
        key,
        entry: None,
    }
}

impl Place {
    /// The `entry`-th line `{ ... }` of the list at this place.
    pub(super) fn nth(self, entry: usize) -> Place {
        Place {
            entry: Some(entry),
            ..self
        }
    }

    /// Byte offset in `text`; the head of the block where the key does not stand in it, and the key
    /// where its list is not written with an entry per line.
    pub(super) fn offset(self, text: &str) -> usize {
        let single = format!("[{}]", self.table);
        let many = format!("[[{}]]", self.table);
        let mut start = 0;
        let mut seen = 0;
        let mut head = (self.table.is_empty()).then_some(0);
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            if trimmed.starts_with('[') && !self.key.is_empty() && head.is_some() {
                break;
            }
            if trimmed == single || trimmed == many {
                if seen == self.index {
                    head = Some(start);
                    if self.key.is_empty() {
                        break;
                    }
                }
                seen += 1;
            } else if head.is_some()
                && trimmed
                    .strip_prefix(self.key)
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            {
                let key = start + (line.len() - line.trim_start().len());
                return self
                    .entry
                    .and_then(|entry| entry_offset(text, start + line.len(), entry))
                    .unwrap_or(key);
            }
            start += line.len();
        }
        head.unwrap_or(0)
    }
}

/// Offset of the `entry`-th line that begins with `{` after `start`, before the list ends.
fn entry_offset(text: &str, mut start: usize, entry: usize) -> Option<usize> {
    let mut seen = 0;
    for line in text[start..].split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with(']') {
            return None;
        }
        if trimmed.starts_with('{') {
            if seen == entry {
                return Some(start + line.len() - trimmed.len());
            }
            seen += 1;
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "id = \"a\"\n[[arm]]\nname = \"x\"\n[[arm]]\nname = \"y\"\n\
                        [[patient]]\nobservations = [\n  { a = 1 },\n  { a = 2 },\n]\n";

    fn line(place: Place) -> &'static str {
        TEXT[place.offset(TEXT)..].lines().next().unwrap()
    }

    #[test]
    fn a_key_is_found_in_its_block_and_an_absent_one_at_the_head() {
        assert_eq!(line(at("", 0, "id")), "id = \"a\"");
        assert_eq!(line(at("arm", 1, "name")), "name = \"y\"");
        assert_eq!(line(at("arm", 1, "role")), "[[arm]]");
        assert_eq!(line(at("overlap", 0, "study")), "id = \"a\"");
    }

    #[test]
    fn an_entry_of_a_list_is_found_by_its_number() {
        let list = at("patient", 0, "observations");
        assert_eq!(line(list.nth(1)), "{ a = 2 },");
        assert_eq!(line(list.nth(2)), "observations = [");
    }
}
