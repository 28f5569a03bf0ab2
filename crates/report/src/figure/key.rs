//! The key of symbols and the notes under a figure.

use crate::figure::plot::LINE_HEIGHT;
use crate::figure::svg::Svg;
use crate::figure::text::{fit, text_width, wrap};
use crate::format::fixed;

/// Half the width in which a symbol of the key is drawn.
pub(crate) const SYMBOL_HALF_WIDTH: f64 = 12.0;

/// Rows of symbols with their meaning from `top`; `draw` puts a symbol around a point. Returns
/// where they end.
pub(crate) fn draw_key<S>(
    svg: &mut Svg,
    top: f64,
    entries: &[(S, String)],
    draw: impl Fn(&mut Svg, (f64, f64), &S),
) -> f64 {
    let (mut x, mut y) = (0.0, top + 12.0);
    for (symbol, meaning) in entries {
        let meaning = fit(meaning, svg.width - 32.0, 12.0);
        let width = 30.0 + text_width(&meaning, 12.0);
        if x > 0.0 && x + width > svg.width {
            (x, y) = (0.0, y + LINE_HEIGHT + 4.0);
        }
        draw(svg, (x + SYMBOL_HALF_WIDTH, y - 4.0), symbol);
        svg.text((x + 30.0, y), "mu", &meaning);
        x += width + 18.0;
    }
    if entries.is_empty() { top } else { y + 8.0 }
}

/// A note on as many lines of the whole width as it needs; returns where it ends.
pub(crate) fn draw_note(svg: &mut Svg, top: f64, note: &str) -> f64 {
    let mut y = top;
    for line in wrap(note, svg.width, 11.0, usize::MAX) {
        y += 14.0;
        svg.text((0.0, y), "mu sm", &line);
    }
    if y > top { y + 5.0 } else { top }
}

/// A count with its noun: `1 study`, `3 studies`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", fixed(number as f64, 0))
}
