//! A task selects an output that the called template does not declare, so it gets `null`
//! (language reference 8.4, case 17).

use crate::action::ActionSpec;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::literal::literal_text;
use crate::template::check::report::{Report, suggest};
use crate::template::expr::Selector;

pub(crate) const RULE: Rule = Rule {
    code: "undeclared-child-output",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        let Some(child) = &step.child else {
            continue;
        };
        // A native action may answer more than it declares.
        let Action::Template(callee) = &child.action else {
            continue;
        };
        for output in &step.task.outputs {
            let Some(name) = literal_text(&output.selector).and_then(first_name) else {
                continue;
            };
            if let Some(message) = undeclared(&callee.spec, &name) {
                let warning = Diagnostic::warning(RULE.code, output.selector.span(), message);
                let names = callee
                    .spec
                    .outputs
                    .iter()
                    .map(|output| output.name.as_str());
                report.push(suggest(warning, &name, names));
            }
        }
    }
}

fn undeclared(spec: &ActionSpec, name: &str) -> Option<String> {
    // A selector is jq, which does not ignore case.
    let declared = spec.outputs.iter().any(|output| output.name == name);
    (!declared).then(|| {
        format!(
            "`{}` has no output called `{name}`: this is `null`",
            spec.name
        )
    })
}

/// Returns the first name of a program that begins with a path: `a` of `.a.b[] | length`.
fn first_name(program: &str) -> Option<String> {
    let selector = Selector::compile(program).ok()?;
    let path = selector.program().trim_start().strip_prefix('.')?;
    let end = path
        .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(path.len());
    (end > 0).then(|| path[..end].to_owned())
}
