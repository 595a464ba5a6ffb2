//! The signature that a template has when it is called as an action: its parameters are the
//! properties, its outputs are what the caller selects from (language reference 4.16).

use crate::action::property::PropertySpec;
use crate::action::spec::{ActionKind, ActionSpec, OutputSpec};
use crate::template::model::{Localized, Parameter, Template};

impl ActionSpec {
    /// Returns the signature of `template`, called under `name`.
    pub fn of_template(name: &str, template: &Template) -> Self {
        let description = template.description.as_ref();
        Self {
            name: name.to_owned(),
            description: (text(description, "en"), text(description, "zh-cn")),
            kind: ActionKind::Child,
            properties: template.parameters.iter().map(property).collect(),
            outputs: template
                .outputs
                .iter()
                .map(|output| OutputSpec {
                    name: output.name.value.to_string(),
                    value_type: output.value_type,
                })
                .collect(),
        }
    }
}

/// A parameter's allowed values and other constraints are not repeated: binding checks them.
fn property(parameter: &Parameter) -> PropertySpec {
    let description = parameter.description.as_ref().or(parameter.label.as_ref());
    PropertySpec {
        name: parameter.name.value.to_string(),
        value_type: Some(parameter.value_type),
        required: parameter.default.is_none(),
        allowed: Vec::new(),
        description: text(description, "en"),
    }
}

fn text(localized: Option<&Localized>, language: &str) -> String {
    localized
        .and_then(|texts| texts.text(language))
        .unwrap_or_default()
        .to_owned()
}
