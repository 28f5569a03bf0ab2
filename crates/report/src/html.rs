//! Pieces of HTML that reports share: figures with their text alternative, tables, citations.

use crate::figure::svg::Svg;
use crate::figure::{DataTable, Layout};
use crate::format::escape;

/// A figure ready for a page: drawn twice, for wide screens and for phones.
pub(crate) struct FigureBlock<'a> {
    /// Unique in the page.
    pub id: &'a str,
    pub title: &'a str,
    /// The numbers in words: the text alternative.
    pub description: String,
    pub comparison: &'a str,
    pub caption: &'a str,
    pub notes: Vec<String>,
    pub table: Option<DataTable>,
}

impl FigureBlock<'_> {
    /// The block as HTML, headed at level three.
    pub fn html(&self, draw: impl Fn(Layout) -> Svg) -> String {
        let id = escape(self.id);
        let mut html = format!("<figure class=\"block\" id=\"{id}\">\n");
        if !self.title.is_empty() {
            html.push_str(&format!("<h3>{}</h3>\n", escape(self.title)));
        }
        if !self.comparison.is_empty() {
            html.push_str(&format!(
                "<p class=\"finding\">{}</p>\n",
                link_dois(self.comparison)
            ));
        }
        for (layout, name) in [(Layout::Wide, "wide"), (Layout::Narrow, "narrow")] {
            let figure_id = format!("{}-{name}", self.id);
            let svg = draw(layout).inline(&figure_id, self.title, &self.description);
            html.push_str(&format!("<div class=\"{name}\">\n{svg}</div>\n"));
        }
        html.push_str("<figcaption>\n");
        if !self.caption.is_empty() {
            html.push_str(&format!("<p>{}</p>\n", link_dois(self.caption)));
        }
        for note in &self.notes {
            html.push_str(&format!("<p class=\"note\">{}</p>\n", escape(note)));
        }
        html.push_str("<details class=\"numbers\"><summary>The numbers in words");
        html.push_str(if self.table.is_some() {
            " and as a table"
        } else {
            ""
        });
        html.push_str(&format!(
            "</summary>\n<p>{}</p>\n",
            escape(&self.description)
        ));
        if let Some(table) = &self.table {
            html.push_str(&table_html(table, self.title));
        }
        html.push_str("</details>\n</figcaption>\n</figure>\n");
        html
    }
}

/// A table that scrolls sideways by itself where it is wider than the screen.
pub(crate) fn table_html(table: &DataTable, label: &str) -> String {
    let mut html = format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table>\n<thead><tr>",
        escape(label)
    );
    for cell in &table.head {
        html.push_str(&format!("<th scope=\"col\">{}</th>", escape(cell)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            html.push_str(&if column == 0 {
                format!("<th scope=\"row\">{cell}</th>")
            } else {
                format!("<td>{cell}</td>")
            });
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// Escaped text in which every DOI is a link.
pub(crate) fn link_dois(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some((before, doi, after)) = next_doi(rest) {
        // A DOI that was written as a link or with its prefix becomes one link, not two.
        let prefixes = [
            "https://doi.org/",
            "http://doi.org/",
            "https://dx.doi.org/",
            "doi:",
        ];
        let before = prefixes
            .iter()
            .fold(before, |before, p| before.strip_suffix(p).unwrap_or(before));
        let doi = escape(doi);
        html.push_str(&escape(before));
        html.push_str(&format!(
            "<a href=\"https://doi.org/{doi}\" rel=\"noreferrer\">doi:{doi}</a>"
        ));
        rest = after;
    }
    html.push_str(&escape(rest));
    html
}

/// The first DOI (`10.`, four to nine digits, a slash, a suffix), with what is around it.
pub(crate) fn next_doi(text: &str) -> Option<(&str, &str, &str)> {
    for (start, _) in text.match_indices("10.") {
        let follows_word = text[..start]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
        let digits = text[start + 3..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        if follows_word
            || !(4..=9).contains(&digits)
            || !text[start + 3 + digits..].starts_with('/')
        {
            continue;
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._;()/:".contains(c);
        let length = text[start..]
            .find(|c| !allowed(c))
            .unwrap_or(text.len() - start);
        let mut doi = text[start..start + length].trim_end_matches(['.', ';', ':', ',']);
        // A closing bracket belongs to the sentence unless it was opened inside.
        if doi.ends_with(')') && doi.matches('(').count() < doi.matches(')').count() {
            doi = doi.trim_end_matches([')', '.', ';', ':']);
        }
        if doi.len() > 4 + digits {
            return Some((&text[..start], doi, &text[start + doi.len()..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_doi_becomes_a_link_and_the_sentence_keeps_its_full_stop() {
        let html =
            link_dois("Morris 2019 (doi:10.1002/sim.8086). Lee, 10.1016/j.bbmt.2018.12.758.");
        assert_eq!(
            html,
            "Morris 2019 (<a href=\"https://doi.org/10.1002/sim.8086\" rel=\"noreferrer\">\
             doi:10.1002/sim.8086</a>). Lee, <a href=\"https://doi.org/10.1016/j.bbmt.2018.12.758\" \
             rel=\"noreferrer\">doi:10.1016/j.bbmt.2018.12.758</a>."
        );
    }

    #[test]
    fn a_number_that_looks_like_a_doi_is_left_alone() {
        assert_eq!(
            link_dois("10.5 to 10.12/3 <b>"),
            "10.5 to 10.12/3 &lt;b&gt;"
        );
    }

    proptest! {
        #[test]
        fn no_text_smuggles_in_markup(text in ".{0,80}") {
            let html = link_dois(&format!("{text}<script>10.1234/a{text}"));
            prop_assert!(!html.contains("<script"));
        }
    }
}
