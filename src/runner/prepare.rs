//! From a request to start to everything that a start needs: found, checked, bound, pinned.
//! Whatever can be refused is refused here, before anything happens.

use std::sync::Arc;

use crate::action::{ActionKind, Embedded};
use crate::base::diagnostic::Diagnostic;
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::engine::event::{Hold, Started, TemplateOrigin, TemplatePlace};
use crate::runner::changing::changing;
use crate::runner::closure::Closure;
use crate::runner::entries::Entries;
use crate::runner::handle::Runner;
use crate::runner::load::{display_name, refuse_unsupported};
use crate::runner::request::{StartRequest, TemplateRef};
use crate::runner::scope::StartScope;
use crate::runner::start_error::{StartError, Unserved};
use crate::runner::started::{role, secret_names, task_heads};
use crate::runner::usage;
use crate::template::bind::{self, Strictness};
use crate::template::model::Template;

/// A template that can be run: no errors, all it calls found, all APIs served.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) started: Started,
    pub(super) template: Arc<Template>,
    pub(super) closure: Arc<Closure>,
    pub(super) warnings: Vec<Diagnostic>,
    /// The plan that it must be.
    pub(super) expected: Option<Digest>,
    /// The parameters whose defaults come to another value in every run.
    pub(super) changing: Vec<String>,
}

impl Prepared {
    /// Returns the template.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Returns what it will start with.
    pub fn started(&self) -> &Started {
        &self.started
    }

    /// Returns everything that it may call.
    pub fn closure(&self) -> &Closure {
        &self.closure
    }

    /// Tells whether the execution waits for a trigger, which fires others.
    pub fn waits_for_trigger(&self) -> bool {
        let first = self.template.tasks.first();
        let action = first.and_then(|task| Embedded::from_name(task.action.value.as_str()));
        action.is_some_and(|action| action.kind() == ActionKind::Trigger)
    }

    /// Does not let the execution begin before `hold` is over.
    #[must_use]
    pub fn held(mut self, hold: Hold) -> Self {
        self.started.hold = Some(hold);
        self
    }

    /// Returns what was found odd in the template.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// A template that was found and checked, with everything that it calls.
pub(super) struct Ready {
    /// Name and version to show.
    pub(super) name: (String, Option<String>),
    pub(super) template: Template,
    pub(super) closure: Closure,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Runner {
    /// Loads, checks and binds a template and everything that it calls. Nothing is stored.
    pub fn prepare(&self, request: StartRequest) -> Result<Prepared, StartError> {
        let (template, warnings) = self.load_with_timer(&request)?;
        refuse_unsupported(&template, &warnings)?;
        let closure = Closure::of(&template, self.catalog(), self.library())?;
        let name = match &request.timer {
            Some(timer) => (timer.name.clone(), None),
            None => display_name(&request.template, &template),
        };
        let ready = Ready {
            name,
            template,
            closure,
            warnings,
        };
        let origin = origin(&request);
        let mut prepared = self.assemble(ready, request)?;
        prepared.started.origin = origin.filter(|_| prepared.waits_for_trigger());
        Ok(prepared)
    }

    /// Binds a template that was found and checked.
    pub(super) fn assemble(
        &self,
        ready: Ready,
        request: StartRequest,
    ) -> Result<Prepared, StartError> {
        let Ready {
            name,
            template,
            closure,
            warnings,
        } = ready;
        let entries = self.entries(&name.0, &template, &closure)?;
        let id = ExecutionId::new(self.clock().now(), self.clock().chance());
        let scope = StartScope {
            id: id.clone(),
            now: self.clock().now(),
            identity: self.identity(),
            entries: &entries,
            parameters: None,
        };
        let parameters = bind::bind(&template, &request.arguments, Strictness::TopLevel, &scope)
            .map_err(|errors| StartError::Arguments {
                name: name.0.clone(),
                errors,
            })?;
        let role = role(&template, &parameters, &scope);
        self.refuse_unserved(&name.0, &template, &closure)?;
        let started = Started {
            tasks: task_heads(&template),
            native: self.native_actions(&template),
            plan: None,
            self_approval: request.self_approval,
            repeats: None,
            trigger: None,
            fired: None,
            hold: None,
            stored: entries.stored,
            stored_secrets: entries.secrets,
            secret: secret_names(&template),
            role,
            template: Digest::of(template.source.text().as_bytes()),
            library: Digest::of(closure.list().as_bytes()),
            id,
            template_name: name.0,
            template_version: name.1,
            parameters,
            inherited_secrets: Vec::new(),
            mode: request.mode,
            loop_mode: request.loop_mode,
            safety_check: request.safety_check,
            region: self.identity().region.clone(),
            account: self.identity().account.clone(),
            user: self.identity().user.clone(),
            parent: None,
            outer: None,
            inventory: self.identity().inventory.clone(),
            origin: None,
            changing: Vec::new(),
            description: request.description,
            tags: request.tags,
        };
        let mut prepared = Prepared {
            changing: changing(&template, &request.arguments),
            expected: request.plan,
            started,
            template: Arc::new(template),
            closure: Arc::new(closure),
            warnings,
        };
        if prepared.waits_for_trigger() {
            prepared.started.changing.clone_from(&prepared.changing);
        }
        Ok(prepared)
    }

    /// Reads the entries of the parameter store that a template and all that it calls name.
    fn entries(
        &self,
        name: &str,
        template: &Template,
        closure: &Closure,
    ) -> Result<Entries, StartError> {
        let called = closure.entries().map(|entry| entry.template.as_ref());
        Entries::default()
            .complete(std::iter::once(template).chain(called), self.parameters())
            .map_err(|source| StartError::Entries {
                name: name.to_owned(),
                source,
            })
    }

    fn refuse_unserved(
        &self,
        name: &str,
        template: &Template,
        closure: &Closure,
    ) -> Result<(), StartError> {
        let called = closure.entries().map(|entry| entry.template.as_ref());
        let unserved: Vec<Unserved> = std::iter::once(template)
            .chain(called)
            .flat_map(|template| {
                usage::api_uses(template)
                    .into_iter()
                    .map(|usage| (template.source.clone(), usage))
            })
            .filter(|(_, usage)| self.api(&usage.service, &usage.api).is_none())
            .map(|(template, usage)| Unserved { template, usage })
            .collect();
        if unserved.is_empty() {
            return Ok(());
        }
        Err(StartError::Unserved {
            name: name.to_owned(),
            unserved,
        })
    }
}

/// Returns where a template is found again; nothing for a text, or for what can be read only once.
fn origin(request: &StartRequest) -> Option<TemplateOrigin> {
    let place = match &request.template {
        TemplateRef::File(path) => {
            let path = std::path::absolute(path).ok()?;
            let is_stream = path.starts_with("/dev") || path.starts_with("/proc");
            TemplatePlace::File(path.to_str().filter(|_| !is_stream)?.to_owned())
        }
        TemplateRef::Name { name, version } => TemplatePlace::Name {
            name: name.clone(),
            version: version.clone(),
        },
        TemplateRef::Text { .. } => return None,
    };
    let timer = request.timer.as_ref().map(|timer| timer.settings.clone());
    Some(TemplateOrigin { place, timer })
}
