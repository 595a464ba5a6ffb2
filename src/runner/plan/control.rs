//! Settings of loops that are only known while a run is under way: nobody can tell before whether they
//! make it pause.

use std::collections::BTreeSet;

use crate::base::name::Name;
use crate::template::expr::{Expression, Reference};
use crate::template::model::Template;
use crate::template::yaml::{Node, NodeKind};

/// The keys under which the settings of loops are written.
const KEYS: [&str; 2] = ["RateControl", "LoopRateControl"];

/// Where settings of a loop come from.
enum Origin {
    /// They are written, or given before the run.
    Known,
    /// They are those of a parameter.
    Parameter(Name),
    /// They are computed.
    Computed,
}

/// Tells whether some loop of `templates` has settings that are only known while it runs. Which
/// parameter has what value is not followed: parameters count as one if they are called alike.
pub(super) fn is_set_later(templates: &[&Template]) -> bool {
    let mut names: BTreeSet<Name> = KEYS.into_iter().map(Name::from).collect();
    // Each round finds at least one more, or it was the last.
    loop {
        let mut found = Vec::new();
        for template in templates {
            origins(&template.root, &names, &mut found);
        }
        let known = names.len();
        for origin in found {
            match origin {
                Origin::Known => {}
                Origin::Parameter(name) => {
                    names.insert(name);
                }
                Origin::Computed => return true,
            }
        }
        if names.len() == known {
            return false;
        }
    }
}

/// Collects where that comes from which is written under one of `names`.
fn origins(node: &Node, names: &BTreeSet<Name>, found: &mut Vec<Origin>) {
    match &node.kind {
        NodeKind::List(nodes) => {
            for node in nodes {
                origins(node, names, found);
            }
        }
        NodeKind::Map(entries) => {
            for entry in entries {
                if names.contains(&Name::from(entry.key.as_str())) {
                    found.push(origin(&entry.value));
                }
                origins(&entry.value, names, found);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Text(_) => {}
    }
}

fn origin(node: &Node) -> Origin {
    // What is wrong with it was reported when the template was read.
    let settings = Expression::parse(node, &mut Vec::new());
    if settings.entries().is_some() || settings.as_literal().is_some() {
        return Origin::Known;
    }
    let is_plain = settings.is_placeholder() && settings.optional_references().is_empty();
    match settings.references().as_slice() {
        [only] if is_plain => match &only.value {
            Reference::Parameter(name) => Origin::Parameter(name.clone()),
            Reference::Stored(_) | Reference::Secret(_) => Origin::Known,
            Reference::Output { .. } | Reference::Pseudo(_) => Origin::Computed,
        },
        _ => Origin::Computed,
    }
}
