//! What a person asks for when something is to run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::base::digest::Digest;
use crate::base::value::Map;
use crate::engine::status::{LoopMode, Mode, SafetyCheck};

/// Names the template to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TemplateRef {
    /// A file.
    File(PathBuf),
    /// A name, looked up in the library.
    Name {
        /// The name, any case.
        name: String,
        /// `v1`, `v2`, …; the newest when not given.
        version: Option<String>,
    },
    /// A text.
    Text {
        /// The name to show.
        name: String,
        /// The template.
        text: String,
    },
}

/// A timer for a template that has none.
#[derive(Clone, PartialEq, Debug)]
pub struct TimerRequest {
    /// What the schedule is called.
    pub name: String,
    /// The properties of `ACS::TimerTrigger`.
    pub settings: Map,
}

/// What a person asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct StartRequest {
    /// The template.
    pub template: TemplateRef,
    /// The timer that is put before its tasks.
    pub timer: Option<TimerRequest>,
    /// Arguments by parameter name.
    pub arguments: Map,
    /// How tasks are treated.
    pub mode: Mode,
    /// How loops pause.
    pub loop_mode: LoopMode,
    /// Whether high-risk calls wait.
    pub safety_check: SafetyCheck,
    /// The plan that it must be; another one is refused.
    pub plan: Option<Digest>,
    /// Whether the person who starts it may approve it, too.
    pub self_approval: bool,
    /// What the run is for.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
}

impl StartRequest {
    /// Makes a request with nothing but a template.
    pub fn new(template: TemplateRef) -> Self {
        Self {
            template,
            timer: None,
            arguments: Map::new(),
            mode: Mode::default(),
            loop_mode: LoopMode::default(),
            safety_check: SafetyCheck::default(),
            plan: None,
            self_approval: false,
            description: String::new(),
            tags: BTreeMap::new(),
        }
    }
}
