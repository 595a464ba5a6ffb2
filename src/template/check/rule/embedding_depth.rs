//! Templates call templates deeper than the engine follows.

use std::collections::HashMap;
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
    let mut depths = HashMap::new();
    for child in cx.tasks.iter().filter_map(|step| step.child.as_ref()) {
        let Action::Template(callee) = &child.action else {
            continue;
        };
        if depth(cx.library, callee, 1, &mut depths) > MAX_DEPTH {
            report.push(Diagnostic::error(
                RULE.code,
                child.name.span,
                format!(
                    "`{}` calls templates that call templates, more than {MAX_DEPTH} deep",
                    callee.name
                ),
            ));
        }
    }
}

/// Returns how many templates are nested, `callee` included. Looks no deeper than the limit, which
/// also ends circles. `level` is how deep `callee` itself is.
fn depth(
    library: &Library<'_>,
    callee: &Rc<Callee>,
    level: usize,
    depths: &mut HashMap<(String, usize), usize>,
) -> usize {
    if level > MAX_DEPTH {
        return level;
    }
    let key = (callee.name.to_ascii_lowercase(), level);
    if let Some(depth) = depths.get(&key) {
        return *depth;
    }
    let deepest = library
        .called_by(callee)
        .iter()
        .map(|next| depth(library, next, level + 1, depths))
        .max()
        .unwrap_or(level);
    depths.insert(key, deepest);
    deepest
}
