//! A key looks like a function call whose `Fn::` was mistyped, as in `Fn:If`. It would be passed on
//! as plain data.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::yaml::{Node, NodeKind};

pub(crate) const RULE: Rule = Rule {
    code: "misspelt-function",
    check,
};

const PREFIX: &str = "Fn::";

fn check(cx: &Context<'_>, report: &mut Report) {
    for site in &cx.sites {
        check_keys(site.expression.node(), report);
    }
}

fn check_keys(node: &Node, report: &mut Report) {
    match &node.kind {
        NodeKind::Map(entries) => {
            for entry in entries {
                if let Some(name) = mistyped(&entry.key) {
                    report.push(
                        Diagnostic::error(
                            RULE.code,
                            entry.key_span,
                            format!("`{}` calls no function", entry.key),
                        )
                        .hint(format!("did you mean `{PREFIX}{name}`?")),
                    );
                }
                check_keys(&entry.value, report);
            }
        }
        NodeKind::List(nodes) => {
            for node in nodes {
                check_keys(node, report);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Text(_) => {}
    }
}

/// Returns the name of the function that was probably meant. A key with the right prefix is a call,
/// and not this rule's business.
fn mistyped(key: &str) -> Option<&str> {
    let starts = |prefix: &str| {
        key.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if starts(PREFIX) || !starts("Fn:") {
        return None;
    }
    Some(key["Fn:".len()..].trim_start_matches([':', ' ']))
}
