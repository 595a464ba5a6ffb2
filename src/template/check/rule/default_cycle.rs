//! Defaults of parameters refer to each other in a circle.

use std::collections::HashSet;

use crate::base::diagnostic::Diagnostic;
use crate::base::name::Name;
use crate::base::source::Spanned;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::expr::{Expression, Reference};
use crate::template::model::{Parameter, Template};

pub(crate) const RULE: Rule = Rule {
    code: "default-cycle",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    let mut reported = HashSet::new();
    for parameter in &cx.template.parameters {
        if let Some((path, reference)) = cycle(cx.template, parameter)
            && path.iter().all(|name| !reported.contains(&name.key()))
        {
            let names: Vec<_> = path.iter().map(|name| format!("`{name}`")).collect();
            report.push(Diagnostic::error(
                RULE.code,
                reference.span,
                format!("the default needs itself: {} and back", names.join(", ")),
            ));
            reported.extend(path.iter().map(Name::key));
        }
    }
}

/// Returns a way from the parameter back to itself, and the reference that begins it.
fn cycle(template: &Template, start: &Parameter) -> Option<(Vec<Name>, Spanned<Name>)> {
    for first in referenced(start) {
        let mut seen = HashSet::new();
        // Each way is the parameters so far; the last one is looked at next.
        let mut ways = vec![vec![first.value.clone()]];
        while let Some(way) = ways.pop() {
            let name = &way[way.len() - 1];
            if *name == start.name.value {
                let mut path = vec![start.name.value.clone()];
                path.extend_from_slice(&way[..way.len() - 1]);
                return Some((path, first));
            }
            if !seen.insert(name.key()) {
                continue;
            }
            let next = template.parameter(name.as_str()).map(referenced);
            ways.extend(next.unwrap_or_default().into_iter().map(|next| {
                let mut longer = way.clone();
                longer.push(next.value);
                longer
            }));
        }
    }
    None
}

fn referenced(parameter: &Parameter) -> Vec<Spanned<Name>> {
    let references = parameter.default.iter().flat_map(Expression::references);
    references
        .filter_map(|reference| match reference.value {
            Reference::Parameter(name) => Some(Spanned::new(name, reference.span)),
            Reference::Output { .. }
            | Reference::Pseudo(_)
            | Reference::Stored(_)
            | Reference::Secret(_) => None,
        })
        .collect()
}
