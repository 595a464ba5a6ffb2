//! Texts for people, in one or more languages.

use crate::base::diagnostic::Diagnostic;
use crate::base::value;
use crate::template::model::Localized;
use crate::template::parse::section::{Section, wrong_kind};
use crate::template::yaml::NodeKind;

/// Reads a text or a map of language tags. Entries that are no text (`categories`) are left out.
pub(super) fn read(
    section: &Section<'_>,
    key: &str,
    report: &mut Vec<Diagnostic>,
) -> Option<Localized> {
    let node = section.get(key)?;
    let texts = match &node.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .filter_map(|entry| match &entry.value.kind {
                NodeKind::Text(text) => Some((entry.key.clone(), text.clone())),
                _ => None,
            })
            .collect(),
        NodeKind::Text(_) | NodeKind::Number(_) | NodeKind::Bool(_) => {
            vec![(String::new(), value::text(&node.to_value()))]
        }
        NodeKind::List(_) | NodeKind::Null => {
            report.push(wrong_kind(
                node,
                &section.value_of(key),
                "a string or a map of languages",
            ));
            return None;
        }
    };
    Some(Localized { texts })
}
