//! From bytes to a text, and from a text to a tree.

use granit_parser::ErrorKind;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Source, Span};
use crate::template::yaml::compose::{Stop, compose};
use crate::template::yaml::json;
use crate::template::yaml::limit::{Rules, SERVICE_SIZE};
use crate::template::yaml::node::Node;
use crate::template::yaml::repair::Repaired;
use crate::template::yaml::syntax;

/// Bytes that are no text.
#[derive(Debug, thiserror::Error)]
#[error("{}", .diagnostic.message)]
pub struct Unreadable {
    /// The bytes as far as they can be shown; the diagnostic's place is in it.
    pub text: Box<Source>,
    /// What is wrong.
    pub diagnostic: Box<Diagnostic>,
}

/// Takes in the bytes of a file as UTF-8; a byte order mark is dropped.
pub fn read_source(name: &str, bytes: &[u8]) -> Result<Source, Unreadable> {
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let problem = match std::str::from_utf8(content) {
        Ok(text) => return Ok(Source::new(name, text)),
        Err(problem) => problem,
    };
    let span = Span::new(problem.valid_up_to(), problem.valid_up_to() + 1);
    let diagnostic = Diagnostic::error("invalid-utf8", span, "the text is not UTF-8");
    let utf_16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    Err(Unreadable {
        text: Box::new(Source::new(name, String::from_utf8_lossy(content))),
        diagnostic: Box::new(diagnostic.hint(if utf_16 {
            "the file is UTF-16; save it as UTF-8"
        } else {
            "save the file as UTF-8"
        })),
    })
}

/// Reads a text that is JSON or YAML, which its content decides. Problems go to `report`; `None`
/// means that there is no tree.
pub fn read(source: &Source, report: &mut Vec<Diagnostic>) -> Option<Node> {
    read_as(source, &Rules::TEMPLATE, report)
}

/// Reads a text as [`read`] does, by other rules.
pub fn read_as(source: &Source, rules: &Rules, report: &mut Vec<Diagnostic>) -> Option<Node> {
    let text = source.text();
    let found = check_text(text, rules, report).and_then(|()| tree(text, rules, report));
    match found {
        Ok(node) => Some(node),
        Err(problem) => {
            report.push(problem);
            None
        }
    }
}

fn tree(text: &str, rules: &Rules, report: &mut Vec<Diagnostic>) -> Result<Node, Diagnostic> {
    let begins = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{feff}');
    if !begins.starts_with(['{', '[']) {
        return yaml(text, rules, report);
    }
    let before = report.len();
    let problem = match json::read(text, rules, report) {
        Ok(node) => return Ok(node),
        Err(problem) => problem,
    };
    report.truncate(before);
    // A text in braces may be YAML in flow style. If it is neither, its first key tells what it
    // was meant to be.
    let inner = begins[1..].trim_start();
    yaml(text, rules, report).map_err(|other| {
        if inner.starts_with('"') {
            problem
        } else {
            other
        }
    })
}

fn yaml(text: &str, rules: &Rules, report: &mut Vec<Diagnostic>) -> Result<Node, Diagnostic> {
    let before = report.len();
    let mut repaired = Repaired::new(text);
    loop {
        report.truncate(before);
        let error = match compose(&repaired, rules, report) {
            Ok(node) => {
                report.extend(repaired.places().map(under_indented));
                return Ok(node);
            }
            Err(Stop::Refused(problem)) => return Err(*problem),
            Err(Stop::Syntax(error)) => error,
        };
        let curable = *error.kind() == ErrorKind::InvalidQuotedScalarIndent;
        if !(curable && repaired.indent(syntax::offset(&error))) {
            return Err(syntax::diagnostic(&error, &repaired));
        }
    }
}

fn under_indented(place: usize) -> Diagnostic {
    Diagnostic::warning(
        "under-indented",
        Span::new(place, place),
        "a text in quotes goes on in a line that is indented too little",
    )
    .hint("indent the line deeper than the key of the text")
}

fn check_text(text: &str, rules: &Rules, report: &mut Vec<Diagnostic>) -> Result<(), Diagnostic> {
    let limit = rules.size;
    if text.len() > limit {
        return Err(Diagnostic::error(
            "file-too-large",
            Span::default(),
            format!(
                "the text has {} bytes; at most {limit} are read",
                text.len()
            ),
        )
        .hint("keep parts of it in files of their own"));
    }
    if text.len() > SERVICE_SIZE && *rules == Rules::TEMPLATE {
        report.push(Diagnostic::warning(
            "over-service-size",
            Span::default(),
            format!(
                "the text has {} bytes; the service takes at most {SERVICE_SIZE}",
                text.len()
            ),
        ));
    }
    let control = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    match text.char_indices().find(|(_, c)| control(*c)) {
        None => Ok(()),
        Some((at, c)) => Err(Diagnostic::error(
            "control-character",
            Span::new(at, at + 1),
            format!(
                "the text holds the control character U+{:04X}",
                u32::from(c)
            ),
        )
        .hint("remove it, or write it as an escape in double quotes")),
    }
}
