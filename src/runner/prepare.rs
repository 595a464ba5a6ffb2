//! From a request to start to everything that a start needs: found, checked, bound, pinned.
//! Whatever can be refused is refused here, before anything happens.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::name::Name;
use crate::base::source::Source;
use crate::base::value::{Map, text};
use crate::engine::event::{Started, TaskHead};
use crate::engine::status::{LoopMode, Mode, SafetyCheck};
use crate::runner::closure::Closure;
use crate::runner::entries::{Entries, EntryError};
use crate::runner::handle::Runner;
use crate::runner::scope::StartScope;
use crate::runner::usage::{self, ApiUse};
use crate::store::ParameterError;
use crate::template::bind::{self, BindError, Strictness};
use crate::template::check;
use crate::template::expr::{Expression, Pseudo, Reference};
use crate::template::model::{Format, Task, Template};
use crate::template::parse;
use crate::template::source::{LookupError, TemplateSource as _};

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

/// What a person asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct StartRequest {
    /// The template.
    pub template: TemplateRef,
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

    /// Returns what was found odd in the template.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// An API that the template calls and nobody serves.
#[derive(Clone, PartialEq, Debug)]
pub struct Unserved {
    /// The template that calls it.
    pub template: Source,
    /// The call.
    pub usage: ApiUse,
}

/// Why a start was refused. Nothing has happened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such template.
    #[error("there is no template `{name}`")]
    NotFound {
        /// The name.
        name: String,
        /// A name that is near, if there is one.
        nearest: Option<String>,
    },
    /// A template could not be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The template has errors.
    #[error("`{}` has {} errors", .template.name(), .diagnostics.iter().filter(|d| d.is_error()).count())]
    Invalid {
        /// Its text.
        template: Source,
        /// Errors and warnings.
        diagnostics: Vec<Diagnostic>,
    },
    /// It is a desired state, which is not run.
    #[error("`{name}` describes a desired state (`OOS-2019-06-01-State`), which cannot be run")]
    State {
        /// The template.
        name: String,
    },
    /// The arguments do not fit.
    #[error("the parameters of `{name}` do not fit")]
    Arguments {
        /// The template.
        name: String,
        /// What does not.
        errors: Vec<BindError>,
    },
    /// It names entries of the parameter store that cannot be had.
    #[error("`{name}` names entries of the parameter store that cannot be had")]
    Entries {
        /// The template.
        name: String,
        /// Which, and why.
        source: EntryError,
    },
    /// It calls APIs that nobody serves.
    #[error("`{name}` calls {} APIs that this profile does not serve", .unserved.len())]
    Unserved {
        /// The template.
        name: String,
        /// Which.
        unserved: Vec<Unserved>,
    },
    /// It is another plan than the one that was asked for.
    #[error("the plan is {found}, not {expected}")]
    OtherPlan {
        /// What was asked for.
        expected: Digest,
        /// What it is.
        found: Digest,
        /// What differs, in words; empty if the plan that was asked for is not known here.
        differences: Vec<String>,
    },
    /// It asks for approvals that too few people may give.
    #[error(
        "task `{task}` needs {required} approvals by {}, and `{user}`, who starts it, may not \
         approve", .approvers.join(", ")
    )]
    NeverApproved {
        /// The task.
        task: String,
        /// Who may decide.
        approvers: Vec<String>,
        /// How many must approve.
        required: u32,
        /// Who starts it.
        user: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl StartError {
    /// Tells whether the passphrase of the secrets is all that is missing.
    pub fn is_locked(&self) -> bool {
        matches!(
            self,
            Self::Entries {
                source: EntryError::Store(ParameterError::Locked),
                ..
            }
        )
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
        let (template, warnings) = self.load(&request.template)?;
        refuse_unsupported(&template, &warnings)?;
        let closure = Closure::of(&template, self.catalog(), self.library())?;
        let ready = Ready {
            name: template_display_name(&request.template, &template),
            template,
            closure,
            warnings,
        };
        self.assemble(ready, request)
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
            description: request.description,
            tags: request.tags,
        };
        Ok(Prepared {
            changing: changing(&template, &request.arguments),
            expected: request.plan,
            started,
            template: Arc::new(template),
            closure: Arc::new(closure),
            warnings,
        })
    }

    /// Reads, parses and checks a template; returns it with its warnings.
    pub fn load(&self, template: &TemplateRef) -> Result<(Template, Vec<Diagnostic>), StartError> {
        let source = self.source(template)?;
        let parsed = parse::parse(&source);
        let mut diagnostics = parsed.diagnostics;
        if let Some(template) = &parsed.template {
            diagnostics.extend(check::check(template, self.catalog(), self.library()));
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        match parsed.template {
            Some(template) if !diagnostics.iter().any(Diagnostic::is_error) => {
                if template.format == Format::State {
                    return Err(StartError::State {
                        name: source.name().to_owned(),
                    });
                }
                Ok((template, diagnostics))
            }
            _ => Err(StartError::Invalid {
                template: source,
                diagnostics,
            }),
        }
    }

    fn source(&self, template: &TemplateRef) -> Result<Source, StartError> {
        match template {
            TemplateRef::Text { name, text } => Ok(Source::new(name, text)),
            TemplateRef::File(path) => {
                let name = path.display().to_string();
                let failed = |reason: String| LookupError {
                    name: name.clone(),
                    reason,
                };
                let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
                let text = String::from_utf8(bytes).map_err(|_| failed("not UTF-8".to_owned()))?;
                Ok(Source::new(name, text))
            }
            TemplateRef::Name { name, version } => {
                let found = self.library().find(name, version.as_deref())?;
                found
                    .map(|found| found.source)
                    .ok_or_else(|| self.not_found(name))
            }
        }
    }

    fn not_found(&self, name: &str) -> StartError {
        // A listing that fails costs the hint, not the error.
        let names = self.library().names().unwrap_or_default();
        let nearest = crate::base::name::nearest(name, names.iter().map(String::as_str));
        StartError::NotFound {
            name: name.to_owned(),
            nearest: nearest.map(ToOwned::to_owned),
        }
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

    /// Returns the actions of a template that the provider serves itself, in lower case.
    pub(super) fn native_actions(&self, template: &Template) -> Vec<String> {
        let mut native: Vec<String> = template
            .tasks
            .iter()
            .map(|task| task.action.value.key())
            .filter(|action| {
                self.catalog()
                    .native()
                    .iter()
                    .any(|n| n.name.eq_ignore_ascii_case(action))
            })
            .collect();
        native.sort();
        native.dedup();
        native
    }
}

/// Refuses actions that are understood and cannot be run: a warning for who reads a template, an
/// error for who starts it.
fn refuse_unsupported(template: &Template, warnings: &[Diagnostic]) -> Result<(), StartError> {
    let refused: Vec<Diagnostic> = warnings
        .iter()
        .filter(|warning| warning.code == "unsupported-action")
        .map(|warning| Diagnostic {
            severity: Severity::Error,
            ..warning.clone()
        })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(StartError::Invalid {
        template: template.source.clone(),
        diagnostics: refused,
    })
}

/// Returns name and action of every task.
pub(super) fn task_heads(template: &Template) -> Vec<TaskHead> {
    let head = |task: &Task| TaskHead {
        name: task.name.value.as_str().to_owned(),
        action: task.action.value.as_str().to_owned(),
    };
    template.tasks.iter().map(head).collect()
}

/// Returns the parameters whose defaults come to another value in every run: the time, the id of
/// the execution, who starts it, or another such parameter.
pub(super) fn changing(template: &Template, arguments: &Map) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let is_given = |name: &Name| arguments.keys().any(|given| name.is(given));
    // Each round finds at least one more, or it was the last.
    loop {
        let is_changing = |default: &Expression| {
            let references = default.references();
            references.iter().any(|reference| match &reference.value {
                Reference::Pseudo(pseudo) => matches!(
                    pseudo,
                    Pseudo::CurrentDate
                        | Pseudo::CurrentUtcTime
                        | Pseudo::ExecutionId
                        | Pseudo::ExecuteUser
                ),
                Reference::Parameter(name) => found.iter().any(|other| name.is(other)),
                Reference::Output { .. } | Reference::Stored(_) | Reference::Secret(_) => false,
            })
        };
        let next = template.parameters.iter().find(|parameter| {
            let name = &parameter.name.value;
            !is_given(name)
                && !found.iter().any(|other| name.is(other))
                && parameter.default.as_ref().is_some_and(is_changing)
        });
        match next {
            Some(parameter) => found.push(parameter.name.value.as_str().to_owned()),
            None => return found,
        }
    }
}

/// Returns the names of the parameters that must not be shown.
pub(super) fn secret_names(template: &Template) -> Vec<String> {
    template
        .parameters
        .iter()
        .filter(|parameter| parameter.no_echo)
        .map(|parameter| parameter.name.value.as_str().to_owned())
        .collect()
}

/// Returns the role that a template names with its parameters; an empty one is the caller's
/// identity (language reference 1.7).
pub(super) fn role(
    template: &Template,
    parameters: &Map,
    scope: &StartScope<'_>,
) -> Option<String> {
    let role = template.ram_role.as_ref()?;
    let scope = StartScope {
        parameters: Some(parameters),
        ..scope.clone()
    };
    let value = role.evaluate(&scope).ok()?;
    Some(text(&value)).filter(|role| !role.is_empty())
}

fn template_display_name(reference: &TemplateRef, template: &Template) -> (String, Option<String>) {
    match reference {
        TemplateRef::Name { name, version } => (name.clone(), version.clone()),
        TemplateRef::Text { name, .. } => (name.clone(), None),
        TemplateRef::File(path) => {
            let name = crate::runner::library::template_name(path);
            (
                name.unwrap_or_else(|| template.source.name().to_owned()),
                None,
            )
        }
    }
}
