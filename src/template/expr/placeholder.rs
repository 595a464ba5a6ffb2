//! Finds the placeholders in a text (language reference 3.1 and 3.2).
//!
//! A placeholder is `{{ body }}`. The body is a reference of the language, or else a minijinja
//! expression (our extension). Whatever is neither belongs to another tool and stays as it is.

use crate::template::expr::expression::Body;
use crate::template::expr::jinja::JinjaExpression;
use crate::template::expr::reference::{Reference, unknown_pseudo};

/// A text, cut into what stays and what is replaced.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanned {
    /// The pieces in order.
    pub(super) segments: Vec<Segment>,
    /// Braces that look like a placeholder but are none: offset and length in the text.
    pub(super) kept: Vec<(usize, usize)>,
    /// Pseudo-parameters that do not exist: offset and name.
    pub(super) unknown: Vec<(usize, String)>,
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    /// Stays as it is.
    Text(String),
    /// Is replaced by a value.
    Placeholder(Placeholder),
}

/// A placeholder in a text.
#[derive(Clone, Debug)]
pub(super) struct Placeholder {
    /// Offset of the opening braces in the text.
    pub(super) start: usize,
    /// The placeholder as it was written, braces included.
    pub(super) raw: String,
    /// What it says.
    pub(super) body: Body,
}

impl Scanned {
    /// Returns the placeholder that is the whole text, but for blanks and line ends around it.
    pub(super) fn whole(&self) -> Option<&Placeholder> {
        let mut found = None;
        for segment in &self.segments {
            match segment {
                Segment::Text(text) if text.trim().is_empty() => {}
                Segment::Placeholder(placeholder) if found.is_none() => found = Some(placeholder),
                Segment::Text(_) | Segment::Placeholder(_) => return None,
            }
        }
        found
    }
}

/// Cuts `text` at its placeholders.
pub(super) fn scan(text: &str) -> Scanned {
    let mut scanned = Scanned::default();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = text[at..].find("{{").map(|offset| at + offset) {
        let rest = &text[start + 2..];
        match candidate(rest) {
            Found::Body(body, length) => {
                if done < start {
                    let before = text[done..start].to_owned();
                    scanned.segments.push(Segment::Text(before));
                }
                at = start + 2 + length + 2;
                done = at;
                scanned.segments.push(Segment::Placeholder(Placeholder {
                    start,
                    raw: text[start..at].to_owned(),
                    body,
                }));
            }
            Found::Other(length) => {
                if let Some(name) = unknown_pseudo(&rest[..length]) {
                    scanned.unknown.push((start, name.to_owned()));
                } else {
                    scanned.kept.push((start, length + 4));
                }
                at = start + 2 + length + 2;
            }
            // The next brace may be the one that begins a placeholder: `{{{x}}}`.
            Found::Nothing => at = start + 1,
        }
    }
    if done < text.len() {
        let rest = text[done..].to_owned();
        scanned.segments.push(Segment::Text(rest));
    }
    scanned
}

enum Found {
    /// A body that is understood, and its length.
    Body(Body, usize),
    /// A body of that length that is not understood.
    Other(usize),
    /// No body.
    Nothing,
}

/// Reads what follows two opening braces.
fn candidate(rest: &str) -> Found {
    let simple = rest
        .find(['{', '}'])
        .filter(|end| rest[*end..].starts_with("}}"));
    if let Some(reference) = simple.and_then(|end| Reference::from_body(&rest[..end])) {
        return Found::Body(Body::Reference(reference), simple.unwrap_or_default());
    }
    if let Some(end) = end_outside_quotes(rest)
        && unknown_pseudo(&rest[..end]).is_none()
        && let Some(expression) = JinjaExpression::compile(&rest[..end])
    {
        return Found::Body(Body::Jinja(expression), end);
    }
    simple.map_or(Found::Nothing, Found::Other)
}

/// Returns the offset of the closing braces that stand outside of quotes and inner braces.
fn end_outside_quotes(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') => return rest[at..].starts_with("}}").then_some(at),
            (Some(_) | None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scanned text with `<…>` around what is replaced.
    fn marked(text: &str) -> String {
        scan(text)
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Text(text) => text.clone(),
                Segment::Placeholder(placeholder) => match &placeholder.body {
                    Body::Reference(reference) => format!("<{reference}>"),
                    Body::Jinja(_) => format!("<={}>", placeholder.raw),
                },
            })
            .collect()
    }

    #[test]
    fn placeholders_are_found_among_braces() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            assert_eq!(marked(text), expected, "{text}");
        }
        case("a{{ n }}b", "a<n>b");
        case("{{obj}}}", "<obj>}");
        case("{{{obj}}}", "{<obj>}");
        case(r#"{"{{k}}":"{{v}}"}"#, r#"{"<k>":"<v>"}"#);
        case("{{.State}} {{ x }}", "{{.State}} <x>");
        case("{{oos-secret:x}}", "<oos-secret:x>");
        case("{{", "{{");
        case("{{ x", "{{ x");
        case("{{}}", "{{}}");
        case("{{ '}}' }}", "<={{ '}}' }}>");
        case("{{ a + 1 }}", "<={{ a + 1 }}>");
        case("值{{ x }}值", "值<x>值");
    }

    #[test]
    fn what_is_kept_is_reported_with_its_place() {
        let scanned = scan("ab {{.State}} {{ACS::Regio}}");
        assert_eq!(scanned.kept, [(3, 10)]);
        assert_eq!(scanned.unknown, [(14, "ACS::Regio".to_owned())]);
    }

    #[test]
    fn only_one_placeholder_with_blanks_around_is_whole() {
        assert!(scan(" {{ a }}\n").whole().is_some());
        assert!(scan("{{ a }}{{ b }}").whole().is_none());
        assert!(scan("x{{ a }}").whole().is_none());
        assert!(scan("x").whole().is_none());
    }
}
