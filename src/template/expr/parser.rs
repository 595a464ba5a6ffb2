//! From a tree to an [`Expression`], with everything that is wrong reported.

use std::sync::Arc;

use crate::base::diagnostic::Diagnostic;
use crate::base::name::nearest;
use crate::base::source::Span;
use crate::base::value::{Map, Value};
use crate::template::expr::expression::{
    Arguments, Call, Expression, Kind, MapEntry, Parsed, Placeholder, Segment,
};
use crate::template::expr::function::{self, Behavior, Shape, Signature};
use crate::template::expr::placeholder::{self, Scanned};
use crate::template::expr::reference::Pseudo;
use crate::template::expr::restriction;
use crate::template::expr::selector::{Selector, SelectorError};
use crate::template::yaml::{Entry, Node, NodeKind};

impl Expression {
    /// Parses the tree below `node`. Problems (an unknown function, a wrong number of arguments, a
    /// broken placeholder) go to `report`; the expression then evaluates to an error.
    pub fn parse(node: &Node, report: &mut Vec<Diagnostic>) -> Self {
        let kind = match &node.kind {
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => Kind::Scalar,
            NodeKind::Text(text) => parse_text(text, node.span, report),
            NodeKind::List(nodes) => {
                Kind::List(nodes.iter().map(|node| Self::parse(node, report)).collect())
            }
            NodeKind::Map(entries) => match entries.iter().find(|entry| is_call_key(&entry.key)) {
                Some(call) => parse_call(call, entries, report),
                None => Kind::Map(
                    entries
                        .iter()
                        .map(|entry| map_entry(entry, report))
                        .collect(),
                ),
            },
        };
        let literal = literal_of(node, &kind);
        Self(Arc::new(Parsed {
            node: node.clone(),
            kind,
            literal,
        }))
    }
}

fn map_entry(entry: &Entry, report: &mut Vec<Diagnostic>) -> MapEntry {
    MapEntry {
        key: entry.key.clone(),
        key_span: entry.key_span,
        value: Expression::parse(&entry.value, report),
    }
}

/// The value of an expression in which nothing needs to be evaluated.
fn literal_of(node: &Node, kind: &Kind) -> Option<Value> {
    match kind {
        Kind::Scalar => Some(node.to_value()),
        Kind::List(elements) => elements.iter().map(Expression::as_literal).collect(),
        Kind::Map(entries) => entries
            .iter()
            .map(|entry| Some((entry.key.clone(), entry.value.as_literal()?)))
            .filter(|entry| !matches!(entry, Some((_, Value::Null))))
            .collect::<Option<Map>>()
            .map(Value::Object),
        Kind::Text(_) | Kind::Whole(_) | Kind::Call(_) | Kind::Broken(_) => None,
    }
}

fn parse_text(text: &str, span: Span, report: &mut Vec<Diagnostic>) -> Kind {
    if !text.contains("{{") {
        return Kind::Scalar;
    }
    let scanned = placeholder::scan(text);
    let place = |start: usize, length: usize| part_of_scalar(span, text, start, length);
    for (start, length) in &scanned.kept {
        let kept = &text[*start..*start + *length];
        report.push(
            Diagnostic::warning(
                "placeholder-kept",
                place(*start, *length),
                format!("`{kept}` is no placeholder of the language and stays as it is"),
            )
            .hint("a placeholder names a parameter, `task.output` or `ACS::...`"),
        );
    }
    let mut broken = None;
    for (start, name) in &scanned.unknown {
        let message = format!("there is no pseudo-parameter `{name}`");
        let mut diagnostic = Diagnostic::error(
            "unknown-pseudo-parameter",
            place(*start, name.len() + 4),
            message.clone(),
        );
        if let Some(near) = nearest(name, Pseudo::ALL.iter().map(|pseudo| pseudo.name())) {
            diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
        }
        report.push(diagnostic);
        broken = Some(message);
    }
    match broken {
        Some(message) => Kind::Broken(message),
        None => text_kind(scanned, place),
    }
}

fn text_kind(scanned: Scanned, place: impl Fn(usize, usize) -> Span) -> Kind {
    let convert = |found: placeholder::Placeholder| Placeholder {
        span: place(found.start, found.raw.len()),
        raw: found.raw,
        body: found.body,
    };
    if scanned.whole().is_some() {
        let whole = scanned
            .segments
            .into_iter()
            .find_map(|segment| match segment {
                placeholder::Segment::Placeholder(found) => Some(convert(found)),
                placeholder::Segment::Text(_) => None,
            });
        return whole.map_or(Kind::Scalar, Kind::Whole);
    }
    let segments: Vec<Segment> = scanned
        .segments
        .into_iter()
        .map(|segment| match segment {
            placeholder::Segment::Text(text) => Segment::Text(text),
            placeholder::Segment::Placeholder(found) => Segment::Placeholder(convert(found)),
        })
        .collect();
    if segments
        .iter()
        .all(|segment| matches!(segment, Segment::Text(_)))
    {
        Kind::Scalar
    } else {
        Kind::Text(segments)
    }
}

/// The place of a part of a scalar's text. Only a plain scalar and a quoted one without escapes
/// stand in the file as they read; otherwise the whole scalar is the place.
fn part_of_scalar(span: Span, text: &str, start: usize, length: usize) -> Span {
    match (span.end - span.start).checked_sub(text.len()) {
        Some(0) => span.part(start, length),
        Some(2) => span.part(start + 1, length),
        _ => span,
    }
}

fn is_call_key(key: &str) -> bool {
    key.get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("Fn::"))
}

fn parse_call(entry: &Entry, entries: &[Entry], report: &mut Vec<Diagnostic>) -> Kind {
    let name = &entry.key;
    if let Some(other) = entries
        .iter()
        .find(|other| other.key_span != entry.key_span || other.key != entry.key)
    {
        let message = format!("`{name}` must be the only key of its map");
        report.push(
            Diagnostic::error("function-not-alone", other.key_span, message.clone())
                .related(entry.key_span, "the function"),
        );
        return Kind::Broken(message);
    }
    let Some(signature) = function::find(name) else {
        let message = format!("there is no function `{name}`");
        let mut diagnostic = Diagnostic::error("unknown-function", entry.key_span, message.clone());
        let names = function::catalog().iter().map(|signature| signature.name);
        if let Some(near) = nearest(&name[4..], names) {
            diagnostic = diagnostic.hint(format!("did you mean `Fn::{near}`?"));
        }
        report.push(diagnostic);
        return Kind::Broken(message);
    };
    if matches!(signature.behavior, Behavior::Unsupported) {
        report.push(
            Diagnostic::warning(
                "unsupported-function",
                entry.key_span,
                format!("`{name}` is not supported yet"),
            )
            .hint("the task that uses it will fail when it is reached"),
        );
    }
    parse_arguments(signature, entry, report).map_or_else(Kind::Broken, |arguments| {
        check_program(signature, &arguments, report);
        Kind::Call(Call {
            signature,
            arguments,
        })
    })
}

fn parse_arguments(
    signature: &'static Signature,
    entry: &Entry,
    report: &mut Vec<Diagnostic>,
) -> Result<Arguments, String> {
    let argument = if signature.name == "Jinja" {
        template_arguments(&entry.value, report)
    } else {
        Expression::parse(&entry.value, report)
    };
    let arguments = match (&argument.0.kind, signature.shape) {
        (Kind::List(elements), _) => Arguments::Each(elements.clone()),
        (_, Shape::Single) => Arguments::Each(vec![argument]),
        (Kind::Whole(_) | Kind::Call(_) | Kind::Broken(_), Shape::List | Shape::Elements) => {
            Arguments::Whole(argument)
        }
        (_, Shape::List | Shape::Elements) => {
            let found = entry.value.kind_name();
            let message = format!(
                "`Fn::{}` takes a list of arguments, not {found}",
                signature.name
            );
            let hint = format!("it takes {}", signature.arity());
            let diagnostic =
                Diagnostic::error("function-arguments", entry.value.span, message.clone());
            report.push(diagnostic.hint(hint));
            return Err(message);
        }
    };
    if let Arguments::Each(each) = &arguments
        && let Err(message) = signature.check_count(each.len())
    {
        report.push(
            Diagnostic::error("function-arguments", entry.value.span, message.clone()).hint(
                format!("`Fn::{}` is {}", signature.name, signature.documentation),
            ),
        );
        return Err(message);
    }
    Ok(arguments)
}

/// Parses the arguments of `Fn::Jinja`: the braces in the text are those of the template.
fn template_arguments(node: &Node, report: &mut Vec<Diagnostic>) -> Expression {
    let NodeKind::List(nodes) = &node.kind else {
        return Expression::parse(node, report);
    };
    let elements = nodes
        .iter()
        .enumerate()
        .map(|(index, node)| match &node.kind {
            NodeKind::Text(text) if index == 0 => {
                if let Err(reason) = restriction::check(text) {
                    report.push(Diagnostic::error("function-arguments", node.span, reason));
                }
                Expression(Arc::new(Parsed {
                    node: node.clone(),
                    kind: Kind::Scalar,
                    literal: Some(node.to_value()),
                }))
            }
            _ => Expression::parse(node, report),
        });
    Expression(Arc::new(Parsed {
        kind: Kind::List(elements.collect()),
        node: node.clone(),
        literal: None,
    }))
}

/// Compiles the program of `Fn::Jq` if it is written out, so that its errors have a place.
fn check_program(signature: &Signature, arguments: &Arguments, report: &mut Vec<Diagnostic>) {
    let Arguments::Each(each) = arguments else {
        return;
    };
    if signature.name != "Jq" {
        return;
    }
    if let Some(Value::String(program)) = each[1].as_literal()
        && let Err(error) = Selector::compile_program(&program)
    {
        report.push(invalid_program(each[1].span(), &error));
    }
}

/// Says that a jq program cannot be used; also for selectors, which the section parsers compile.
pub fn invalid_program(span: Span, error: &SelectorError) -> Diagnostic {
    Diagnostic::error("invalid-jq", span, error.to_string())
}
