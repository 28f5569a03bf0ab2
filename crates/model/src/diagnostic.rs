//! Errors and warnings with a place in the user's text, and how they are shown.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// No model comes out.
    Error,
    /// The model comes out, but the author should look.
    Warning,
}

/// A stretch of one source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the source, as given to [`crate::load`] or written in the `import`.
    pub source: String,
    /// Byte range in the source.
    pub span: Range<usize>,
    /// First line, from 1.
    pub line: usize,
    /// First column, in characters from 1.
    pub column: usize,
    /// Line on which the stretch ends.
    pub end_line: usize,
    /// Column just behind the stretch.
    pub end_column: usize,
    /// What to say under the stretch; may be empty.
    pub label: String,
    text: Arc<str>,
}

impl Place {
    /// The offending text itself.
    pub fn excerpt(&self) -> &str {
        &self.text[self.span.clone()]
    }
}

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A second place that explains the first, such as an earlier definition.
    pub related: Option<Place>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&render_one(self, &Renderer::plain()))
    }
}

impl std::error::Error for Diagnostic {}

/// The diagnostics as a user sees them: message, excerpt with carets, hint; an empty line between.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    let renderer = Renderer::plain();
    let mut out = String::new();
    for (i, diagnostic) in diagnostics.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&render_one(diagnostic, &renderer));
        out.push('\n');
    }
    out
}

fn render_one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let place = &diagnostic.place;
    let annotation = |kind: AnnotationKind, place: &'_ Place| {
        let annotation = kind.span(place.span.clone());
        if place.label.is_empty() {
            annotation
        } else {
            annotation.label(place.label.clone())
        }
    };
    let mut snippet = Snippet::source(&*place.text)
        .path(place.source.clone())
        .annotation(annotation(AnnotationKind::Primary, place));
    let mut elsewhere = None;
    if let Some(related) = &diagnostic.related {
        if related.source == place.source {
            snippet = snippet.annotation(annotation(AnnotationKind::Context, related));
        } else {
            elsewhere = Some(
                Snippet::source(&*related.text)
                    .path(related.source.clone())
                    .annotation(annotation(AnnotationKind::Context, related)),
            );
        }
    }
    let mut group = level
        .primary_title(diagnostic.message.clone())
        .element(snippet);
    if let Some(snippet) = elsewhere {
        group = group.element(snippet);
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(hint.clone()));
    }
    renderer.render(&[group])
}

/// A span in one of the loaded sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// From the start of `self` to the end of `other`.
    pub fn to(self, other: Span) -> Span {
        Span {
            end: other.end.max(self.end),
            ..self
        }
    }
}

/// Errors, and warnings, kept of one text; more would bury the first.
const MOST_DIAGNOSTICS: usize = 200;

/// Collects the sources and what is said about them.
#[derive(Default)]
pub(crate) struct Reporter {
    sources: Vec<(String, Arc<str>)>,
    found: Vec<(Span, Diagnostic)>,
}

/// What an error or warning says; `label`, `hint` and `related` may be left empty.
#[derive(Default)]
pub(crate) struct Saying {
    pub message: String,
    pub label: String,
    pub hint: Option<String>,
    pub related: Option<(Span, String)>,
}

impl Saying {
    pub fn new(message: impl Into<String>) -> Self {
        Saying {
            message: message.into(),
            ..Default::default()
        }
    }
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }
}

impl Reporter {
    /// Registers a source and gives its number.
    pub fn add_source(&mut self, name: &str, text: &str) -> u32 {
        self.sources.push((name.to_string(), Arc::from(text)));
        self.sources.len() as u32 - 1
    }

    pub fn error(&mut self, span: Span, saying: Saying) {
        self.report(Severity::Error, span, saying);
    }

    pub fn warning(&mut self, span: Span, saying: Saying) {
        self.report(Severity::Warning, span, saying);
    }

    fn report(&mut self, severity: Severity, span: Span, saying: Saying) {
        let so_far = self
            .found
            .iter()
            .filter(|(_, d)| d.severity == severity)
            .count();
        if so_far >= MOST_DIAGNOSTICS {
            return;
        }
        let place = self.place(span, saying.label);
        let related = saying.related.map(|(span, label)| self.place(span, label));
        let diagnostic = Diagnostic {
            severity,
            message: saying.message,
            place,
            related,
            hint: saying.hint,
        };
        // A module that is used twice would say everything twice.
        if !self
            .found
            .iter()
            .any(|(s, d)| *s == span && d.message == diagnostic.message)
        {
            self.found.push((span, diagnostic));
        }
    }

    pub fn has_errors(&self) -> bool {
        self.found
            .iter()
            .any(|(_, d)| d.severity == Severity::Error)
    }

    /// Line of a span in words, with the file where it is not that of `from`.
    pub fn line_in_words(&self, span: Span, from: Span) -> String {
        let (source, text) = &self.sources[span.file as usize];
        let line = line_column(text, span.start as usize).0;
        if span.file == from.file {
            format!("line {line}")
        } else {
            format!("{source}:{line}")
        }
    }

    /// Text of a span.
    pub fn text(&self, span: Span) -> &str {
        &self.sources[span.file as usize].1[span.start as usize..span.end as usize]
    }

    /// Everything found, in order of place.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(span, d)| (d.severity, *span));
        self.found.into_iter().map(|(_, d)| d).collect()
    }

    fn place(&self, span: Span, label: String) -> Place {
        let (source, text) = &self.sources[span.file as usize];
        let (line, column) = line_column(text, span.start as usize);
        let (end_line, end_column) = line_column(text, span.end as usize);
        Place {
            source: source.clone(),
            span: span.start as usize..span.end as usize,
            line,
            column,
            end_line,
            end_column,
            label,
            text: text.clone(),
        }
    }
}

/// Line and column (in characters), both from 1, of a byte offset.
fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// The name most like `name`, if any is close enough to be a slip of the pen.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name {
            continue;
        }
        let distance = if candidate.eq_ignore_ascii_case(name) {
            0
        } else {
            strsim::osa_distance(name, candidate)
        };
        let better = best.is_none_or(|(d, c)| (distance, candidate) < (d, c));
        if distance <= allowed && distance < candidate.chars().count() && better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}
