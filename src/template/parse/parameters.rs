//! `Parameters`: what a template can be given.

use crate::base::diagnostic::Diagnostic;
use crate::template::expr::Expression;
use crate::template::model::{Parameter, ValueType};
use crate::template::parse::outputs::value_type;
use crate::template::parse::section::{Section, Unknown, entries, name};
use crate::template::parse::{constraint, description};
use crate::template::yaml::Entry;

const KEYS: [&str; 14] = [
    "Type",
    "Label",
    "Description",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
    "NoEcho",
    "AssociationProperty",
    "AssociationPropertyMetadata",
];

/// Reads the declared parameters.
pub(super) fn read(document: &Section<'_>, report: &mut Vec<Diagnostic>) -> Vec<Parameter> {
    let Some(node) = document.get("Parameters") else {
        return Vec::new();
    };
    entries(node, "`Parameters`", report)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| parameter(entry, report))
        .collect()
}

fn parameter(entry: &Entry, report: &mut Vec<Diagnostic>) -> Option<Parameter> {
    let name = name(&entry.key, entry.key_span, "a parameter", report);
    let section = Section::open(&entry.value, format!("parameter `{}`", entry.key), report)?;
    section.only(&KEYS, Unknown::Ignored, report);
    let declared = section
        .get("Type")
        .and_then(|node| value_type(node, &section.value_of("Type"), report));
    Some(Parameter {
        name,
        value_type: declared.map_or(ValueType::String, |spanned| spanned.value),
        label: description::read(&section, "Label", report),
        description: description::read(&section, "Description", report),
        // A default of `null` is a default: the parameter may be left out.
        default: section
            .get_or_null("Default")
            .map(|node| Expression::parse(node, report)),
        allowed_values: constraint::values(&section, report),
        allowed_pattern: section.text("AllowedPattern", report),
        min_length: constraint::length(&section, "MinLength", report),
        max_length: constraint::length(&section, "MaxLength", report),
        min_value: constraint::bound(&section, "MinValue", report),
        max_value: constraint::bound(&section, "MaxValue", report),
        constraint_description: description::read(&section, "ConstraintDescription", report),
        no_echo: section.boolean("NoEcho", report).unwrap_or(false),
        association_property: section
            .text("AssociationProperty", report)
            .map(|spanned| spanned.value),
        association_metadata: section.get("AssociationPropertyMetadata").cloned(),
    })
}
