//! Diagnostics with the lines that they are about, and as data.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::source::{Source, Span};

/// Lines of text shown around what a frame is about.
const CONTEXT_LINES: usize = 1;

/// A diagnostic as data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct Problem {
    file: String,
    line: usize,
    column: usize,
    severity: Severity,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl Problem {
    /// Returns a diagnostic as data.
    pub(in crate::cli) fn new(source: &Source, diagnostic: &Diagnostic) -> Self {
        let position = source.position(diagnostic.span.start);
        Self {
            file: source.name().to_owned(),
            line: position.line,
            column: position.column,
            severity: diagnostic.severity,
            code: diagnostic.code,
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
        }
    }
}

/// Renders code frames.
#[derive(Debug)]
pub(in crate::cli) struct DiagnosticReport {
    renderer: Renderer,
}

impl DiagnosticReport {
    /// Makes a renderer for a medium.
    pub(in crate::cli) fn new(color: bool, width: usize) -> Self {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Self {
            renderer: renderer.term_width(width),
        }
    }

    /// Returns the frame of one diagnostic, without a line end.
    pub(in crate::cli) fn frame(&self, source: &Source, diagnostic: &Diagnostic) -> String {
        let window = Window::around(source, diagnostic);
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let primary = AnnotationKind::Primary.span(window.range(diagnostic.span));
        let related = diagnostic
            .related
            .iter()
            .map(|(span, words)| -> Annotation<'_> {
                AnnotationKind::Context
                    .span(window.range(*span))
                    .label(words.as_str())
            });
        let snippet = Snippet::source(window.text)
            .line_start(window.first_line)
            .path(source.name())
            .annotation(primary)
            .annotations(related);
        let mut group: Group<'_> = level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.code)
            .element(snippet);
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        self.renderer.render(&[group])
    }
}

/// The lines of a text that a diagnostic is about. Frames of a large file would cost its whole
/// length each without it.
struct Window<'a> {
    text: &'a str,
    start: usize,
    first_line: usize,
}

impl<'a> Window<'a> {
    fn around(source: &'a Source, diagnostic: &Diagnostic) -> Self {
        let spans = || {
            diagnostic
                .related
                .iter()
                .map(|(span, _)| *span)
                .chain([diagnostic.span])
        };
        let text = source.text();
        let first = spans()
            .map(|span| span.start)
            .min()
            .unwrap_or_default()
            .min(text.len());
        let last = spans()
            .map(|span| span.end)
            .max()
            .unwrap_or_default()
            .min(text.len());
        let start = line_start(text, first, CONTEXT_LINES);
        let end = line_end(text, last, CONTEXT_LINES);
        Self {
            text: &text[start..end],
            start,
            first_line: source.position(start).line,
        }
    }

    fn range(&self, span: Span) -> Range<usize> {
        let place = |offset: usize| {
            let mut place = offset.saturating_sub(self.start).min(self.text.len());
            while !self.text.is_char_boundary(place) {
                place -= 1;
            }
            place
        };
        place(span.start)..place(span.end)
    }
}

/// Returns where the line begins that is `lines` lines before the one that holds `offset`.
fn line_start(text: &str, offset: usize, lines: usize) -> usize {
    let breaks = text.as_bytes()[..offset].iter().enumerate().rev();
    breaks
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines)
        .map_or(0, |(place, _)| place + 1)
}

/// Returns where the line ends that is `lines` lines after the one that holds `offset`.
fn line_end(text: &str, offset: usize, lines: usize) -> usize {
    let breaks = text.as_bytes()[offset..].iter().enumerate();
    breaks
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines)
        .map_or(text.len(), |(place, _)| offset + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_show_the_lines_around_with_their_numbers() {
        let source = Source::new("x.yml", "a: 1\nb: 2\n值: {{ c }}\nd: 4\ne: 5\n");
        let at = source.text().find('c').unwrap();
        let diagnostic = Diagnostic::error("unknown-reference", Span::new(at, at + 1), "no `c`")
            .hint("did you mean `a`?");
        let frame = DiagnosticReport::new(false, 80).frame(&source, &diagnostic);
        insta::assert_snapshot!(frame);
    }

    #[test]
    fn spans_at_the_end_and_inside_letters_do_not_panic() {
        let source = Source::new("x.yml", "值");
        for (start, end) in [(0, 3), (1, 2), (3, 3), (9, 12)] {
            let diagnostic = Diagnostic::warning("x", Span::new(start, end), "odd");
            DiagnosticReport::new(true, 80).frame(&source, &diagnostic);
        }
    }
}
