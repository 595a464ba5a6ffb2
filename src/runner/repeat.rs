//! Doing again what was done before: all of it with parameters changed, or only the rest.
//!
//! A final status is final, so what is done again is a new execution. It runs the templates that
//! the one before was pinned to, however they have been changed since.

use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::engine::Execution;
use crate::engine::event::{Event, Repeat, Started};
use crate::engine::status::ExecutionStatus;
use crate::runner::closure::Closure;
use crate::runner::handle::{Runner, RunnerError, started};
use crate::runner::prepare::{Prepared, Ready};
use crate::runner::request::{StartRequest, TemplateRef};
use crate::runner::start_error::StartError;
use crate::template::model::Template;

/// Tags that begin so are the program's own: they are about one execution.
const OWN_TAGS: &str = "oos:";

/// An execution that is to be repeated: what it was started with.
#[derive(Clone, Debug)]
pub struct Origin {
    started: Started,
    template: Template,
    closure: Closure,
    events: Vec<Event>,
}

/// Why an execution cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum RepeatError {
    /// It belongs to another one.
    #[error("`{id}` is a child: repeat `{root}`, which started it")]
    Child {
        /// Which.
        id: ExecutionId,
        /// The outermost execution.
        root: ExecutionId,
    },
    /// It goes on, so nobody knows what will be left of it.
    #[error("`{id}` has not ended: it is {}", .status.as_str())]
    NotEnded {
        /// Which.
        id: ExecutionId,
        /// Its status.
        status: ExecutionStatus,
    },
    /// Nothing is left of it.
    #[error("`{id}` ended well: nothing is left to be done")]
    Succeeded {
        /// Which.
        id: ExecutionId,
    },
    /// The new execution cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It could not be read.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

impl Origin {
    /// Returns the template that it was pinned to.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Returns what it was started with. Holds secret values.
    pub fn started(&self) -> &Started {
        &self.started
    }

    /// Returns its parameters as arguments of `template`: those that it has as well. What was
    /// secret is given only to what is secret.
    pub fn arguments(&self, template: &Template) -> Map {
        fitting(&self.started, template)
    }

    /// Returns the request that started it, but for its template.
    pub fn request(&self, template: TemplateRef) -> StartRequest {
        let started = &self.started;
        let tags = started.tags.iter();
        StartRequest {
            arguments: self.arguments(&self.template),
            mode: started.mode,
            loop_mode: started.loop_mode,
            safety_check: started.safety_check,
            description: started.description.clone(),
            tags: tags
                .filter(|(key, _)| !key.starts_with(OWN_TAGS))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            ..StartRequest::new(template)
        }
    }

    /// Returns the name under which its template ran.
    pub fn template_ref(&self) -> TemplateRef {
        TemplateRef::Name {
            name: self.started.template_name.clone(),
            version: self.started.template_version.clone(),
        }
    }
}

/// Returns the parameters of a start as arguments of `template`: those that it has as well. What was
/// secret is given only to what is secret.
pub(super) fn fitting(started: &Started, template: &Template) -> Map {
    let is_secret = |name: &str| {
        let secret = &started.secret;
        secret
            .iter()
            .any(|secret| secret.eq_ignore_ascii_case(name))
    };
    let fits = |name: &str| {
        template
            .parameter(name)
            .is_some_and(|parameter| parameter.no_echo || !is_secret(name))
    };
    started
        .parameters
        .iter()
        .filter(|(name, value)| !value.is_null() && fits(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl Prepared {
    /// Records that it repeats an execution, with all that was asked for done anew.
    #[must_use]
    pub fn repeating(mut self, origin: &Origin, note: &str) -> Self {
        self.started.repeats = Some(Repeat {
            execution: origin.started.id.clone(),
            note: note.to_owned(),
            rest: false,
            taken: Vec::new(),
        });
        self.hide_secrets_of(origin);
        self
    }

    /// What was secret stays so, also where it has another value by now: outputs that are taken
    /// over and parameters may hold the old one.
    fn hide_secrets_of(&mut self, origin: &Origin) {
        let known: Vec<&Value> = self.started.secrets().collect();
        let old = origin.started.secrets();
        let more: Vec<Value> = old.filter(|old| !known.contains(old)).cloned().collect();
        self.started.inherited_secrets.extend(more);
    }
}

impl Runner {
    /// Reads what an execution was started with. It may still be going on.
    pub async fn origin(&self, id: &ExecutionId) -> Result<Origin, RepeatError> {
        let root = id.root();
        if root != *id {
            let id = id.clone();
            return Err(RepeatError::Child { id, root });
        }
        let events = self.store().read(id).await.map_err(RunnerError::from)?;
        let started = started(id, &events)?.clone();
        let closure = self.closure(id, &started.library).await?;
        let template = self.pinned(&started, &closure).await?;
        let template = template.ok_or_else(|| RunnerError::Journal {
            id: id.clone(),
            reason: "its template cannot be parsed".to_owned(),
        })?;
        Ok(Origin {
            started,
            template: template.as_ref().clone(),
            closure: (*closure).clone(),
            events,
        })
    }

    /// Prepares a new execution of the template that an execution was pinned to, bound and
    /// validated anew. Nothing is stored.
    pub fn prepare_again(
        &self,
        origin: &Origin,
        request: StartRequest,
    ) -> Result<Prepared, StartError> {
        let started = &origin.started;
        let ready = Ready {
            name: (
                started.template_name.clone(),
                started.template_version.clone(),
            ),
            template: origin.template.clone(),
            closure: origin.closure.clone(),
            warnings: Vec::new(),
        };
        let mut prepared = self.assemble(ready, request)?;
        // The event that started it is what it is about, whatever its parameters.
        prepared.started.trigger.clone_from(&started.trigger);
        Ok(prepared)
    }

    /// Prepares a new execution that does what is left of one that failed or was cancelled: tasks
    /// and loop items that ended well are taken over. Nothing is stored.
    pub async fn prepare_rest(
        &self,
        id: &ExecutionId,
        note: &str,
        self_approval: bool,
    ) -> Result<Prepared, RepeatError> {
        let origin = self.origin(id).await?;
        let execution = Execution::fold(origin.template.clone().into(), origin.events.clone())
            .map_err(|error| RunnerError::Journal {
                id: id.clone(),
                reason: error.to_string(),
            })?;
        let id = id.clone();
        match execution.status() {
            ExecutionStatus::Failed | ExecutionStatus::Cancelled => {}
            ExecutionStatus::Success => return Err(RepeatError::Succeeded { id }),
            status @ (ExecutionStatus::Queued
            | ExecutionStatus::Running
            | ExecutionStatus::Waiting) => return Err(RepeatError::NotEnded { id, status }),
        }
        let request = StartRequest {
            self_approval,
            ..origin.request(origin.template_ref())
        };
        let mut prepared = self.prepare_again(&origin, request)?;
        // They have been bound: what is left sees the values that what was done has seen.
        prepared
            .started
            .parameters
            .clone_from(&origin.started.parameters);
        prepared.started.repeats = Some(Repeat {
            execution: id,
            note: note.to_owned(),
            rest: true,
            taken: execution.taken_over(),
        });
        prepared.hide_secrets_of(&origin);
        Ok(prepared)
    }
}
