//! Problems found in a text, with their place: what is wrong, where, and what to do about it.

use std::fmt;

use crate::base::source::{Source, Span};

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Accepted, but probably not what was meant.
    Warning,
    /// Refused: nothing runs.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One problem in one text. The code is stable and has a page `docs/errors/CODE.md`.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// The stable code, such as `unknown-reference`; kebab case.
    pub code: &'static str,
    /// Whether it stops a run.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment without a final period, names in backticks.
    pub message: String,
    /// Where it is wrong.
    pub span: Span,
    /// Other places that explain the problem, each with a few words.
    pub related: Vec<(Span, String)>,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Makes an error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span,
            related: Vec::new(),
            hint: None,
        }
    }

    /// Makes a warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place that explains the problem.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// Tells whether this stops a run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns `file:line:column`.
    pub fn place(&self, source: &Source) -> String {
        format!("{}:{}", source.name(), source.position(self.span.start))
    }
}
