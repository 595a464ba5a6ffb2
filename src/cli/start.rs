//! From the arguments of `oos run` and `oos plan` to an execution that is ready to start.

use std::path::PathBuf;

use clap::Args;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::value::Value;
use crate::cli::calendars::blackout;
use crate::cli::client;
use crate::cli::guard;
use crate::cli::option::{LoopModeWord, ModeWord, SafetyCheckWord, Tag};
use crate::cli::parameter::{Parameter, read_parameters, replace, warn_about_secrets};
use crate::cli::prompt;
use crate::cli::refusal::{not_repeated, print_frames, refused};
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::cli::targets;
use crate::cli::template_file::reference;
use crate::cli::workshop::Workshop;
use crate::config::Settings;
use crate::runner::{Origin, Prepared, Runner, StartRequest, TemplateRef, TimerRequest};
use crate::template::model::Template;

/// What to run and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct StartArguments {
    /// The template: a file, or a name that is looked up
    #[arg(value_name = "TEMPLATE", required_unless_present = "from")]
    template: Option<String>,
    /// Run again what this execution ran, with its parameters where no others are given; with a
    /// TEMPLATE, run that one
    #[arg(long, value_name = "ID")]
    from: Option<String>,
    /// Run this version of a kept template
    #[arg(long, value_name = "VERSION")]
    template_version: Option<String>,
    /// Give a parameter a value, but no secret one, since others see arguments; lists and maps are
    /// written as JSON; may be given several times
    #[arg(short, long, value_name = "NAME=VALUE")]
    parameter: Vec<Parameter>,
    /// Read parameters from this YAML or JSON file, secret ones too: - reads standard input,
    /// /dev/fd/3 a descriptor
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// How tasks are treated; automatic when not given
    #[arg(long, value_name = "MODE", value_enum)]
    mode: Option<ModeWord>,
    /// When loops pause; automatic when not given
    #[arg(long, value_name = "MODE", value_enum)]
    loop_mode: Option<LoopModeWord>,
    /// Whether high-risk calls wait for a confirmation; skip when not given
    #[arg(long, value_name = "CHECK", value_enum)]
    safety_check: Option<SafetyCheckWord>,
    /// Let the person who starts it approve it, too; the record of the run shows it
    #[arg(long)]
    allow_self_approval: bool,
    /// Say what the run is for
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    description: String,
    /// Label the execution; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,
    /// The timer that is put before the tasks of the template.
    #[arg(skip)]
    timer: Option<TimerRequest>,
}

impl StartArguments {
    /// Returns the template that was named.
    pub(super) fn template(&self) -> Option<TemplateRef> {
        let text = self.template.as_deref()?;
        Some(reference(text, self.template_version.as_deref()))
    }

    /// Puts a timer before the tasks of the template.
    pub(super) fn by_timer(&mut self, timer: TimerRequest) {
        self.timer = Some(timer);
    }

    /// Opens the data directory: with the inventory of the execution that is to be repeated, if one
    /// is and the command line names none.
    pub(super) fn open(&self, settings: &Settings) -> Result<Workshop, Failure> {
        match &self.from {
            Some(text) => Workshop::open_for(settings, text).map(|(workshop, _)| workshop),
            None => Workshop::open(settings),
        }
    }

    /// Finds, checks and binds the template; asks for parameters that are missing where somebody
    /// can answer. `plan` is the plan that it must be.
    pub(super) fn prepare(
        self,
        plan: Option<Digest>,
        workshop: &Workshop,
        session: &mut Session,
    ) -> Result<Prepared, Failure> {
        let runner = workshop.runner();
        let origin = match &self.from {
            Some(text) => Some(find_origin(text, workshop, session)?),
            None => None,
        };
        let reference = self.template();
        let (template, mut request) = match (&reference, &origin) {
            (Some(reference), origin) => {
                let (template, _) = runner
                    .load(reference)
                    .map_err(|error| refused(error, &mut session.output))?;
                let mut request = match origin {
                    Some(origin) => origin.request(reference.clone()),
                    None => StartRequest::new(reference.clone()),
                };
                if let Some(origin) = origin {
                    request.arguments = origin.arguments(&template);
                }
                (template, request)
            }
            (None, Some(origin)) => {
                let request = origin.request(origin.template_ref());
                (origin.template().clone(), request)
            }
            (None, None) => unreachable!("the command line asks for one of both"),
        };
        workshop.hosts().tell(&mut session.output);
        request.plan = plan;
        request.timer.clone_from(&self.timer);
        request.self_approval = self.allow_self_approval;
        self.complete(&template, &mut request, workshop, session)?;
        let prepare = |request| match (&reference, &origin) {
            (None, Some(origin)) => runner.prepare_again(origin, request),
            _ => runner.prepare(request),
        };
        let prepared = match prepare(request.clone()) {
            Err(error) if error.is_locked() && session.output.can_ask() => {
                workshop.parameters().ask()?;
                prepare(request)
            }
            other => other,
        };
        let mut prepared = prepared.map_err(|error| refused(error, &mut session.output))?;
        if let Some(origin) = &origin {
            prepared = prepared.repeating(origin, &self.description);
        }
        guard::hide(prepared.started().secrets());
        print_frames(
            &prepared.template().source,
            prepared.warnings(),
            &mut session.output,
        );
        Ok(prepared)
    }

    /// Puts what was given in the place of what a request has, and asks for what is missing.
    fn complete(
        &self,
        template: &Template,
        request: &mut StartRequest,
        workshop: &Workshop,
        session: &mut Session,
    ) -> Result<(), Failure> {
        if let Some(path) = &self.parameters {
            for (name, value) in read_parameters(path)? {
                replace(&mut request.arguments, &name, value);
            }
        }
        warn_about_secrets(template, &self.parameter, &mut session.output);
        for Parameter { name, value } in &self.parameter {
            replace(&mut request.arguments, name, Value::String(value.clone()));
        }
        targets::complete(
            template,
            &mut request.arguments,
            &workshop.hosts().inventory,
        )?;
        if session.output.can_ask() {
            prompt::complete(template, &mut request.arguments, session.settings.language)?;
        }
        if let Some(mode) = self.mode {
            request.mode = mode.into();
        }
        if let Some(mode) = self.loop_mode {
            request.loop_mode = mode.into();
        }
        if let Some(check) = self.safety_check {
            request.safety_check = check.into();
        }
        if !self.description.is_empty() {
            request.description.clone_from(&self.description);
        }
        let tags = self.tag.iter().cloned();
        request
            .tags
            .extend(tags.map(|Tag { key, value }| (key, value)));
        Ok(())
    }
}

/// Starts what was prepared; where a calendar of the settings covers this moment, it is held until that
/// is over.
pub(super) async fn begin(
    prepared: Prepared,
    runner: &Runner,
    session: &mut Session,
) -> Result<ExecutionId, Failure> {
    let prepared = match blackout(&session.settings.calendars)? {
        Some(hold) => prepared.held(hold),
        None => prepared,
    };
    let started = runner.start(&prepared).await;
    started.map_err(|error| refused(error, &mut session.output))
}

/// Finds the execution that is to be repeated.
fn find_origin(text: &str, workshop: &Workshop, session: &mut Session) -> Result<Origin, Failure> {
    let runner = workshop.runner();
    workshop.wait(async {
        let id = client::find(runner.store(), text).await?.execution_id;
        let origin = runner.origin(&id).await;
        let origin = origin.map_err(|error| not_repeated(error, &mut session.output))?;
        guard::hide(origin.started().secrets());
        Ok(origin)
    })
}
