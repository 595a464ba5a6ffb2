//! Which API calls a template makes, as far as its text tells.

use crate::action::{self, Risk};
use crate::base::call::{ACTION_SERVICE, HTTP_SERVICE};
use crate::base::source::Span;
use crate::runner::loop_step::{LoopStep, steps_of};
use crate::template::expr::Expression;
use crate::template::model::{Task, Template};
use crate::template::yaml::{Node, NodeKind};

/// One place that calls an API.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiUse {
    /// The task's name.
    pub task: String,
    /// The product code as written; [`ACTION_SERVICE`] for native actions and target selection.
    pub service: String,
    /// The operation as written.
    pub api: String,
    /// How dangerous it is.
    pub risk: Risk,
    /// Where it is named.
    pub span: Span,
}

/// Returns the calls that `template` itself makes, in order of its tasks. Names that are only
/// known once the run evaluates them are left out.
pub fn api_uses(template: &Template) -> Vec<ApiUse> {
    template.tasks.iter().flat_map(of_task).collect()
}

/// Returns the calls that a task makes, those of the steps of a loop included.
pub(super) fn of_task(task: &Task) -> Vec<ApiUse> {
    let name = task.name.value.as_str();
    let properties = task.properties.as_ref().map(Expression::node);
    let action = task.action.value.as_str();
    let mut uses = of_action(name, action, task.action.span, properties);
    for step in steps_of(task) {
        of_step(name, step, &mut uses);
    }
    uses
}

fn of_step(task: &str, step: LoopStep<'_>, uses: &mut Vec<ApiUse>) {
    uses.extend(of_action(task, step.action, step.span, step.properties));
    for inner in step.steps() {
        of_step(task, inner, uses);
    }
}

fn of_action(task: &str, action: &str, span: Span, properties: Option<&Node>) -> Vec<ApiUse> {
    let one = |service: &str, api: &str, risk: Risk, span: Span| {
        vec![ApiUse {
            task: task.to_owned(),
            service: service.to_owned(),
            api: api.to_owned(),
            risk,
            span,
        }]
    };
    match action.to_ascii_uppercase().as_str() {
        "ACS::EXECUTEAPI" | "ACS::WAITFOR" | "ACS::CHECKFOR" => {
            let Some(properties) = properties else {
                return Vec::new();
            };
            let (Some(service), Some(api)) = (text(properties, "Service"), text(properties, "API"))
            else {
                return Vec::new();
            };
            let declared = text(properties, "Risk").and_then(|(risk, _)| Risk::from_text(risk));
            one(service.0, api.0, action::risk(api.0, declared), api.1)
        }
        "ACS::SELECTTARGETS" => one(ACTION_SERVICE, "ACS::SelectTargets", Risk::Normal, span),
        "ACS::NOTIFY" | "ACS::APPROVE" | "ACS::EXECUTEHTTPREQUEST" => {
            one(HTTP_SERVICE, "POST", Risk::Normal, span)
        }
        _ => Vec::new(),
    }
}

/// Returns the text of a property, unless the run is to evaluate it.
fn text<'a>(properties: &'a Node, name: &str) -> Option<(&'a str, Span)> {
    let node = properties.property(name)?;
    match &node.kind {
        NodeKind::Text(text) if !text.contains("{{") => Some((text, node.span)),
        _ => None,
    }
}
