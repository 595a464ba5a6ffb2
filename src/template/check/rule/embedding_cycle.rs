//! A template calls itself, directly or through others.

use std::collections::HashSet;
use std::rc::Rc;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Source;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::{Action, Callee, Library};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "embedding-cycle",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for child in cx.tasks.iter().filter_map(|step| step.child.as_ref()) {
        let Action::Template(callee) = &child.action else {
            continue;
        };
        if let Some(path) = way_back(cx.library, &cx.template.source, callee) {
            let message = match path.as_slice() {
                [_] => "the template calls itself".to_owned(),
                path => format!("the template calls itself through {}", path.join(", ")),
            };
            report.push(Diagnostic::error(RULE.code, child.name.span, message));
        }
    }
}

/// Returns the templates between `start` and itself, if `first` leads back to it. The template
/// itself is known by its text: it may not have a name yet.
fn way_back(library: &Library<'_>, start: &Source, first: &Rc<Callee>) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    let mut ways = vec![(Rc::clone(first), Vec::new())];
    while let Some((callee, mut path)) = ways.pop() {
        path.push(format!("`{}`", callee.name));
        if callee.source.text() == start.text() {
            return Some(path);
        }
        if seen.insert(callee.key()) {
            ways.extend(
                library
                    .called_by(&callee)
                    .into_iter()
                    .map(|next| (next, path.clone())),
            );
        }
    }
    None
}
