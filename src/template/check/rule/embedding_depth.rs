//! Templates call templates deeper than the engine follows.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::{Action, Callee, Library, MAX_DEPTH};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "embedding-depth",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for child in cx.tasks.iter().filter_map(|step| step.child.as_ref()) {
        let Action::Template(callee) = &child.action else {
            continue;
        };
        if let Some(depth) = depth(cx.library, callee)
            && depth > MAX_DEPTH
        {
            report.push(Diagnostic::error(
                RULE.code,
                child.name.span,
                format!(
                    "templates call templates {depth} deep from `{}` on; {MAX_DEPTH} is the limit",
                    callee.name
                ),
            ));
        }
    }
}

/// Returns how many templates are nested, the first one included; `None` if they go in a circle.
fn depth(library: &Library<'_>, first: &Rc<Callee>) -> Option<usize> {
    let mut seen = HashSet::new();
    let mut depth = 0;
    let mut level = BTreeMap::from([(first.key(), Rc::clone(first))]);
    while !level.is_empty() {
        depth += 1;
        seen.extend(level.keys().cloned());
        // Without a circle every level holds a template that no level before it held.
        if depth > seen.len() {
            return None;
        }
        let next = level.values().flat_map(|callee| library.called_by(callee));
        level = next.map(|callee| (callee.key(), callee)).collect();
    }
    Some(depth)
}
