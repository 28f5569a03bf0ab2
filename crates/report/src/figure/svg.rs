//! An SVG drawing under construction.
//!
//! Colours and fonts are classes of `figure.css`, so that one drawing serves light, dark and
//! print. A shape with a coordinate that is not finite is left out: no such number ever reaches
//! the text.

use std::fmt::Write;

use crate::figure::text::fit;
use crate::format::{coordinate, escape};

/// Empty border of a drawing that is a file of its own.
const MARGIN: f64 = 20.0;

/// The style sheet of all figures.
pub(crate) const FIGURE_CSS: &str = include_str!("figure.css");

/// Shapes drawn so far, and the size they need.
pub(crate) struct Svg {
    /// Width of the view box; text is 12 units high.
    pub width: f64,
    /// Height of the view box, set once everything is placed.
    pub height: f64,
    body: String,
}

impl Svg {
    pub fn new(width: f64) -> Self {
        Self {
            width,
            height: 0.0,
            body: String::new(),
        }
    }

    /// The shapes of another sheet of the same size, on top of these.
    pub fn append(&mut self, sheet: Self) {
        self.body.push_str(&sheet.body);
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        if let Some([x1, y1, x2, y2]) = coordinates([from.0, from.1, to.0, to.1]) {
            let _ = writeln!(
                self.body,
                r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{class}"/>"#
            );
        }
    }

    /// Straight lines through the points.
    pub fn polyline(&mut self, points: &[(f64, f64)], class: &str) {
        if points.len() > 1 {
            self.path(points, "", class);
        }
    }

    /// A closed shape.
    pub fn polygon(&mut self, points: &[(f64, f64)], class: &str) {
        if points.len() > 2 {
            self.path(points, "Z", class);
        }
    }

    pub fn rect(&mut self, corner: (f64, f64), size: (f64, f64), class: &str) {
        if let Some([x, y, width, height]) = coordinates([corner.0, corner.1, size.0, size.1])
            && size.0 >= 0.0
            && size.1 >= 0.0
        {
            let _ = writeln!(
                self.body,
                r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" class="{class}"/>"#
            );
        }
    }

    pub fn circle(&mut self, centre: (f64, f64), radius: f64, class: &str) {
        if let Some([x, y, r]) = coordinates([centre.0, centre.1, radius]) {
            let _ = writeln!(
                self.body,
                r#"<circle cx="{x}" cy="{y}" r="{r}" class="{class}"/>"#
            );
        }
    }

    /// Text with its baseline at `at`; class `m` centres it, `e` ends it there.
    pub fn text(&mut self, at: (f64, f64), class: &str, text: &str) {
        if let Some([x, y]) = coordinates([at.0, at.1])
            && !text.is_empty()
        {
            let text = escape(text);
            let class = match class {
                "" => String::new(),
                class => format!(r#" class="{class}""#),
            };
            let _ = writeln!(self.body, r#"<text x="{x}" y="{y}"{class}>{text}</text>"#);
        }
    }

    /// The marker of a series: shape and colour both tell series apart.
    pub fn marker(&mut self, at: (f64, f64), series: usize) {
        self.shape(at, series, &format!("mk {}", colour_class(series)));
    }

    /// One of four shapes, in turn: circle, square, diamond, triangle.
    pub fn shape(&mut self, at: (f64, f64), series: usize, class: &str) {
        let (x, y) = at;
        let r = 4.0;
        match series % 4 {
            0 => self.circle(at, r, class),
            1 => self.rect(
                (x - r + 0.4, y - r + 0.4),
                (2.0 * r - 0.8, 2.0 * r - 0.8),
                class,
            ),
            2 => self.polygon(
                &[
                    (x, y - r - 0.8),
                    (x + r + 0.8, y),
                    (x, y + r + 0.8),
                    (x - r - 0.8, y),
                ],
                class,
            ),
            _ => self.polygon(
                &[
                    (x, y - r - 0.6),
                    (x + r + 0.4, y + r - 0.6),
                    (x - r - 0.4, y + r - 0.6),
                ],
                class,
            ),
        }
    }

    /// A head of an arrow with its tip at `tip`, pointing right or left.
    pub fn arrow_head(&mut self, tip: (f64, f64), points_right: bool, class: &str) {
        let (x, y) = tip;
        let foot = if points_right { x - 7.0 } else { x + 7.0 };
        self.polygon(&[(x, y), (foot, y - 4.5), (foot, y + 4.5)], class);
    }

    /// Diagonal lines within a rectangle, `/` if `rising`, else `\`. Lines and not a pattern: a
    /// pattern needs an id, which a page with several drawings could hold twice.
    pub fn hatch(&mut self, corner: (f64, f64), size: (f64, f64), rising: bool, class: &str) {
        const STEP: f64 = 6.0;
        let (width, height) = size;
        let mut lines = String::new();
        let strokes = ((width + height) / STEP).min(1e4) as usize;
        for stroke in 1..=strokes {
            let reach = STEP * stroke as f64;
            let high = (reach.min(width), (reach - width).max(0.0));
            let low = ((reach - height).max(0.0), reach.min(height));
            let place = |(x, y): (f64, f64)| {
                let x = if rising { x } else { width - x };
                coordinates([corner.0 + x, corner.1 + y])
            };
            if let (Some([x1, y1]), Some([x2, y2])) = (place(high), place(low)) {
                let _ = write!(lines, "M{x1} {y1}L{x2} {y2}");
            }
        }
        if !lines.is_empty() {
            let _ = writeln!(self.body, r#"<path d="{lines}" class="{class}"/>"#);
        }
    }

    /// The drawing as an element of a page that carries the style sheet.
    pub fn inline(&self, id: &str, title: &str, description: &str) -> String {
        let view = ((0.0, 0.0), (self.width, self.height));
        self.element(id, title, description, view, "", "")
    }

    /// The drawing as a file of its own, with its title, style sheet, margin and background.
    pub fn file(&self, id: &str, title: &str, description: &str) -> String {
        let corner = (-MARGIN, -2.0 * MARGIN - 4.0);
        let size = (self.width + 2.0 * MARGIN, self.height + 3.0 * MARGIN + 4.0);
        let attributes = format!(
            r#" xmlns="http://www.w3.org/2000/svg" width="{}" height="{}""#,
            coordinate(size.0),
            coordinate(size.1)
        );
        let mut head = Self::new(self.width);
        head.rect(corner, size, "bg");
        head.text((0.0, -18.0), "ti", &fit(title, self.width, 16.5));
        let head = format!("<style>\n{FIGURE_CSS}</style>\n{}", head.body);
        self.element(id, title, description, (corner, size), &attributes, &head)
    }

    fn element(
        &self,
        id: &str,
        title: &str,
        description: &str,
        (corner, size): ((f64, f64), (f64, f64)),
        attributes: &str,
        head: &str,
    ) -> String {
        let title = if title.trim().is_empty() {
            "Untitled figure"
        } else {
            title
        };
        let (id, title, description) = (escape(id), escape(title), escape(description));
        let view = [corner.0, corner.1, size.0, size.1]
            .map(coordinate)
            .join(" ");
        format!(
            "<svg{attributes} class=\"nc-fig\" viewBox=\"{view}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{description}</desc>\n{head}{}</svg>\n",
            self.body
        )
    }

    fn path(&mut self, points: &[(f64, f64)], close: &str, class: &str) {
        let mut shape = String::new();
        for (i, &(x, y)) in points.iter().enumerate() {
            let Some([x, y]) = coordinates([x, y]) else {
                return;
            };
            let _ = write!(shape, "{}{x} {y}", if i == 0 { "M" } else { "L" });
        }
        let _ = writeln!(self.body, r#"<path d="{shape}{close}" class="{class}"/>"#);
    }
}

/// Colour of a series; six colours, then again.
pub(crate) fn colour_class(series: usize) -> String {
    format!("a{}", series % 6)
}

/// Colour and dash of a line: 24 series differ in at least one of them.
pub(crate) fn line_class(series: usize) -> String {
    format!("ln a{} d{}", series % 6, (series % 6 + series / 6) % 4)
}

/// Colour of text that names a series: darker than the line, for contrast.
pub(crate) fn label_class(series: usize) -> String {
    format!("b{}", series % 6)
}

fn coordinates<const N: usize>(values: [f64; N]) -> Option<[String; N]> {
    values
        .iter()
        .all(|value| value.is_finite())
        .then(|| values.map(coordinate))
}
