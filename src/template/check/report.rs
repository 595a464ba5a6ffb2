//! Collects what the rules find.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::nearest;
use crate::base::source::Span;

/// The findings of one check.
#[derive(Debug, Default)]
pub(crate) struct Report {
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Adds a finding.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Tells whether there is an error about exactly this place.
    pub(crate) fn has_error_at(&self, span: Span) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.is_error() && diagnostic.span == span)
    }

    /// Returns the findings in order of place, each once.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics
            .sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        self.diagnostics.dedup();
        self.diagnostics
    }
}

/// Adds "did you mean" to a finding about `word`, if one of `candidates` is near.
pub(crate) fn suggest<'a>(
    diagnostic: Diagnostic,
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    match nearest(word, candidates) {
        Some(candidate) => diagnostic.hint(format!("did you mean `{candidate}`?")),
        None => diagnostic,
    }
}
