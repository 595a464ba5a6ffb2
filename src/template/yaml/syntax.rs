//! Syntax errors of YAML in words that say what to do.

use granit_parser::{ErrorKind, ScanError};

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::yaml::problem::too_deep;
use crate::template::yaml::repair::Repaired;

/// Returns the offset of an error in the text that was read.
pub(super) fn offset(error: &ScanError) -> usize {
    // Texts in memory always come with byte offsets.
    error.marker().byte_offset().unwrap_or_default()
}

/// Makes a diagnostic of a syntax error.
pub(super) fn diagnostic(error: &ScanError, repaired: &Repaired<'_>) -> Diagnostic {
    let start = repaired.original(offset(error));
    let span = Span::new(start, start);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(span);
    }
    let problem = Diagnostic::error(
        "yaml-syntax",
        span,
        format!("the text is not YAML: {}", error.kind()),
    );
    match hint(error.kind()) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's list of errors is open; most say enough by themselves"
)]
fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => Some("indent with blanks, not with tabs"),
        ErrorKind::UnclosedQuotedScalar => Some("add the closing quote"),
        ErrorKind::UnknownAnchor => Some("define the anchor with `&name` before it is used"),
        ErrorKind::UnexpectedCharacter {
            character: '`' | '@' | '%',
        } => Some("put the text in quotes"),
        ErrorKind::UnclosedFlowCollection { .. } => {
            Some("add the closing bracket, or put a text that begins with a bracket in quotes")
        }
        ErrorKind::ExpectedFlowMappingSeparator => {
            Some("put a text that begins with `{{` in quotes")
        }
        _ => None,
    }
}
