//! How wide text is, estimated: the page's font is the reader's own, so nothing can be measured.
//!
//! Widths are those of common system sans fonts, rounded up, so that labels rather stand too
//! far apart than touch.

/// Estimated width of `text` in pixels at `size` pixels.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    size * text.chars().map(character_width).sum::<f64>()
}

/// `text`, cut with an ellipsis where it would be wider than `width`.
pub(crate) fn fit(text: &str, width: f64, size: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut used = size * character_width('…');
    for character in text.chars() {
        used += size * character_width(character);
        if used > width {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

/// `text` on at most `lines` lines of `width`; what does not fit ends in an ellipsis.
pub(crate) fn wrap(text: &str, width: f64, size: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let longer = if line.is_empty() {
            word.to_string()
        } else {
            format!("{line} {word}")
        };
        if line.is_empty() || text_width(&longer, size) <= width {
            line = longer;
        } else if wrapped.len() + 1 == lines {
            let rest: Vec<&str> = std::iter::once(word).chain(words.by_ref()).collect();
            line = format!("{line} {}", rest.join(" "));
        } else {
            wrapped.push(fit(&line, width, size));
            line = word.to_string();
        }
    }
    if !line.is_empty() {
        wrapped.push(fit(&line, width, size));
    }
    wrapped
}

fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.3,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | ' ' | '-' | '/' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.92,
        '<' | '>' | '=' | '+' | '−' => 0.8,
        'A'..='Z' => 0.7,
        c if c as u32 >= 0x1100 => 1.0,
        _ => 0.58,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cut_text_is_never_wider_than_asked(text in ".{0,60}", width in 12.0f64..300.0) {
            prop_assert!(text_width(&fit(&text, width, 12.0), 12.0) <= width + 1e-9);
        }

        #[test]
        fn wrapped_text_keeps_its_lines(text in "[a-z ]{0,80}", lines in 1usize..4) {
            prop_assert!(wrap(&text, 80.0, 12.0, lines).len() <= lines);
        }
    }
}
