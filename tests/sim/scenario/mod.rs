//! What is run in a world: templates, the answers that the cloud gives, and what people say.

mod asking;
mod calls;
mod catalog;
mod child;
mod corpus;
mod flow;
mod library;
mod looping;

pub(crate) use catalog::{find, names};
pub(crate) use corpus::templates;

use std::sync::Arc;

use oos::action::{ActionKind, ActionSpec, OutputSpec, PropertySpec};
use oos::base::call::{ApiCall, CallFault, Recovery};
use oos::base::value::{Map, Value};
use oos::engine::status::{LoopMode, Mode, SafetyCheck};
use oos::runner::{StartRequest, TemplateRef};
use oos::template::model::{Task, ValueType};
use oos::template::source::TemplateSource;

use crate::document::hoped_for;
use crate::plan::Step;
use library::Shelf;

/// A call that wants an answer.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The call.
    pub(crate) call: &'a ApiCall,
    /// Which call of its unit it is, from 0.
    pub(crate) number: u32,
    /// The task that makes it.
    pub(crate) task: Option<&'a Task>,
}

/// An answer; none stands for the one that the task hopes for.
pub(crate) type Answer = Option<Result<Value, CallFault>>;

/// What is run, and how the world answers when nothing goes wrong.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) template: String,
    pub(crate) arguments: Map,
    pub(crate) mode: Mode,
    pub(crate) loop_mode: LoopMode,
    pub(crate) safety_check: SafetyCheck,
    /// Templates that can be called, by name.
    pub(crate) shelf: Vec<(String, String)>,
    /// Actions that the cloud serves itself.
    pub(crate) native: Vec<&'static str>,
    pub(crate) answers: fn(&Asked) -> Answer,
    /// What may be done about calls, where it is not calling again.
    pub(crate) recoveries: Vec<(&'static str, Recovery)>,
    /// What people say without being asked.
    pub(crate) says: Vec<Step>,
    /// Whether the end depends on when things happen, or on what people do about what is unknown.
    pub(crate) open: bool,
    /// Whether it is a published template, which finds the others.
    pub(crate) is_published: bool,
}

impl Scenario {
    /// Makes a scenario of the tasks of a template.
    pub(crate) fn new(name: &str, body: &str) -> Self {
        Self {
            name: name.to_owned(),
            template: format!("FormatVersion: OOS-2019-06-01\n{body}"),
            arguments: Map::new(),
            mode: Mode::default(),
            loop_mode: LoopMode::default(),
            safety_check: SafetyCheck::default(),
            shelf: Vec::new(),
            native: Vec::new(),
            answers: |_| None,
            recoveries: Vec::new(),
            says: Vec::new(),
            open: false,
            is_published: false,
        }
    }

    pub(crate) fn recovery(&self, api: &str) -> Recovery {
        let mut known = self.recoveries.iter();
        known
            .find(|(name, _)| name.eq_ignore_ascii_case(api))
            .map_or(Recovery::Idempotent, |(_, recovery)| *recovery)
    }

    pub(crate) fn answer(&self, asked: &Asked) -> Result<Value, CallFault> {
        let hoped_for = || Ok(asked.task.map(hoped_for).unwrap_or_default());
        (self.answers)(asked).unwrap_or_else(hoped_for)
    }

    pub(crate) fn actions(&self) -> Vec<ActionSpec> {
        let action = |name: &&'static str| ActionSpec {
            name: (*name).to_owned(),
            description: (String::new(), String::new()),
            kind: ActionKind::Call,
            properties: ["instanceId", "commandType", "commandContent"]
                .map(|name| PropertySpec::optional(name, ValueType::String, ""))
                .into(),
            outputs: vec![OutputSpec {
                name: "invocationOutput".to_owned(),
                value_type: ValueType::String,
            }],
        };
        self.native.iter().map(action).collect()
    }

    pub(crate) fn library(&self) -> Arc<dyn TemplateSource> {
        if self.is_published {
            return corpus::library();
        }
        Arc::new(Shelf(self.shelf.clone()))
    }

    pub(crate) fn request(&self) -> StartRequest {
        StartRequest {
            arguments: self.arguments.clone(),
            mode: self.mode,
            loop_mode: self.loop_mode,
            safety_check: self.safety_check,
            ..StartRequest::new(TemplateRef::Text {
                name: self.name.clone(),
                text: self.template.clone(),
            })
        }
    }
}
