//! The merge key `<<`.

use std::collections::HashSet;

use crate::base::diagnostic::Diagnostic;
use crate::template::yaml::node::{Entry, Node, NodeKind};

/// Adds the entries of merged maps whose keys are not there yet; the first map wins.
pub(super) fn merge(
    mut entries: Vec<Entry>,
    values: Vec<Node>,
    report: &mut Vec<Diagnostic>,
) -> Vec<Entry> {
    if values.is_empty() {
        return entries;
    }
    let mut keys: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let mut maps = Vec::new();
    for node in values {
        match node.kind {
            NodeKind::List(items) => maps.extend(items),
            _ => maps.push(node),
        }
    }
    for map in maps {
        let NodeKind::Map(added) = map.kind else {
            report.push(Diagnostic::error(
                "merge-key",
                map.span,
                format!(
                    "`<<` takes a map or a list of maps, not {}",
                    map.kind_name()
                ),
            ));
            continue;
        };
        for entry in added {
            if keys.insert(entry.key.clone()) {
                entries.push(entry);
            }
        }
    }
    entries
}
