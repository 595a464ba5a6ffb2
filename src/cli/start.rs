//! From the arguments of `oos run` and `oos plan` to an execution that is ready to start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};

use crate::base::diagnostic::Diagnostic;
use crate::base::digest::Digest;
use crate::base::name::nearest;
use crate::base::source::Source;
use crate::base::value::{Map, Value};
use crate::cli::client;
use crate::cli::guard;
use crate::cli::option::Tag;
use crate::cli::output::{DiagnosticReport, Output, counted};
use crate::cli::prompt;
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::cli::template_file::read_template;
use crate::cli::vault::parameter_hint;
use crate::cli::workshop::Workshop;
use crate::engine::status::{LoopMode, Mode, SafetyCheck};
use crate::runner::library::template_name;
use crate::runner::{
    EntryError, Origin, Prepared, RepeatError, StartError, StartRequest, TemplateRef,
};
use crate::template::bind::read_arguments;
use crate::template::entries::EntryName;
use crate::template::model::Template;
use crate::template::parse::{Parsed, parse};
use crate::template::source::TemplateSource;

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
}

/// A parameter `NAME=VALUE`. Texts become what the parameter's type wants when they are bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: String,
    /// Its value.
    pub(super) value: String,
}

impl FromStr for Parameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE".to_owned()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ModeWord {
    /// Run to the end.
    Automatic,
    /// Wait for a person when a task fails.
    FailurePause,
    /// Wait for a person before every task.
    Debug,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum LoopModeWord {
    /// As the template says.
    Automatic,
    /// After the first batch.
    FirstBatchPause,
    /// After every batch.
    EveryBatchPause,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum SafetyCheckWord {
    /// They run through.
    Skip,
    /// Each waits until it is confirmed.
    Confirm,
}

impl StartArguments {
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
        let reference = self
            .template
            .as_deref()
            .map(|text| reference(text, self.template_version.as_deref()));
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
        request.plan = plan;
        request.self_approval = self.allow_self_approval;
        self.complete(&template, &mut request, session)?;
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

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Automatic => Self::Automatic,
            ModeWord::FailurePause => Self::FailurePause,
            ModeWord::Debug => Self::Debug,
        }
    }
}

impl From<LoopModeWord> for LoopMode {
    fn from(word: LoopModeWord) -> Self {
        match word {
            LoopModeWord::Automatic => Self::Automatic,
            LoopModeWord::FirstBatchPause => Self::FirstBatchPause,
            LoopModeWord::EveryBatchPause => Self::EveryBatchPause,
        }
    }
}

impl From<SafetyCheckWord> for SafetyCheck {
    fn from(word: SafetyCheckWord) -> Self {
        match word {
            SafetyCheckWord::Skip => Self::Skip,
            SafetyCheckWord::Confirm => Self::ConfirmEveryHighRiskAction,
        }
    }
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

/// Says why an execution cannot be repeated.
pub(super) fn not_repeated(error: RepeatError, output: &mut Output) -> Failure {
    match error {
        RepeatError::Start(error) => refused(error, output),
        RepeatError::Runner(error) => error.into(),
        RepeatError::Succeeded { ref id } => {
            let hint = format!("`oos run --from {id}` runs all of it again.");
            Failure::refused(error).hinted(hint)
        }
        RepeatError::Child { .. } | RepeatError::NotEnded { .. } => Failure::refused(error),
    }
}

/// Puts a value under a name, in place of one whose name differs only in case.
pub(super) fn replace(map: &mut Map, name: &str, value: Value) {
    let key = map.keys().find(|key| key.eq_ignore_ascii_case(name));
    let key = key.cloned().unwrap_or_else(|| name.to_owned());
    map.insert(key, value);
}

/// Returns the template that a person means: a file, or a name.
pub(super) fn reference(text: &str, version: Option<&str>) -> TemplateRef {
    let path = Path::new(text);
    let is_file = version.is_none()
        && (path.is_file() || text.contains('/') || template_name(path).is_some());
    if is_file {
        TemplateRef::File(path.to_owned())
    } else {
        TemplateRef::Name {
            name: text.to_owned(),
            version: version.map(str::to_owned),
        }
    }
}

/// Returns the error of a name that no template has.
pub(super) fn not_found(name: &str, library: &dyn TemplateSource) -> Result<Failure, Failure> {
    let names = library.names().map_err(Failure::usage)?;
    let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    let name = name.to_owned();
    Ok(not_found_failure(StartError::NotFound { name, nearest }))
}

/// Reads a map of parameters from a YAML or JSON file; `-` is standard input.
pub(super) fn read_parameters(path: &Path) -> Result<Map, Failure> {
    let read = || -> anyhow::Result<Map> {
        let text = if path == Path::new("-") {
            std::io::read_to_string(std::io::stdin())?
        } else {
            std::fs::read_to_string(path)?
        };
        Ok(read_arguments(&text)?)
    };
    read()
        .with_context(|| format!("cannot read parameters from `{}`", path.display()))
        .map_err(Failure::usage)
}

/// Other users of the machine see the arguments of a process.
fn warn_about_secrets(template: &Template, given: &[Parameter], output: &mut Output) {
    for Parameter { name, .. } in given {
        if template
            .parameter(name)
            .is_some_and(|parameter| parameter.no_echo)
        {
            output.note(format_args!(
                "warning: `{name}` is secret, and arguments are visible to other users; give it \
                 with `--parameters -` or `--parameters /dev/fd/3`, or type it when asked."
            ));
        }
    }
}

/// Says why a template cannot be started; diagnostics with their code frames.
pub(super) fn refused(error: StartError, output: &mut Output) -> Failure {
    match error {
        StartError::Invalid {
            template,
            diagnostics,
        } => {
            print_frames(&template, &diagnostics, output);
            let errors = diagnostics.iter().filter(|found| found.is_error()).count();
            let words = counted(errors, "error");
            Failure::usage(anyhow!(
                "`{}` has {words}; nothing was started",
                template.name()
            ))
        }
        StartError::Arguments { ref errors, .. } => {
            let lines: Vec<String> = errors
                .iter()
                .map(|error| match &error.hint {
                    Some(hint) => format!("{error} ({hint})"),
                    None => error.to_string(),
                })
                .collect();
            let message = format!("{error}:\n  {}", lines.join("\n  "));
            Failure::usage(anyhow!(message)).hinted("Give values with `-p NAME=VALUE`.")
        }
        StartError::Unserved { name, unserved } => {
            let mut calls: BTreeMap<String, String> = BTreeMap::new();
            for found in &unserved {
                let place = found.template.position(found.usage.span.start);
                let name = format!("{}.{}", found.usage.service, found.usage.api);
                calls
                    .entry(name)
                    .or_insert(format!("{}:{place}", found.template.name()));
            }
            let lines: Vec<String> = calls
                .iter()
                .map(|(name, place)| format!("{name} ({place})"))
                .collect();
            let apis = counted(lines.len(), "API");
            Failure::usage(anyhow!(
                "`{name}` calls {apis} that this profile does not serve:\n  {}",
                lines.join("\n  ")
            ))
            .hinted("`oos action list --apis` shows what is served.")
        }
        StartError::Entries { ref source, .. } => {
            let hint = entry_hint(source);
            Failure::usage(error).maybe_hinted(hint)
        }
        StartError::OtherPlan {
            ref differences, ..
        } => {
            let lines: Vec<String> = std::iter::once(format!("{error}"))
                .chain(differences.iter().map(|words| format!("  {words}")))
                .collect();
            let hint = if differences.is_empty() {
                "The plan that was asked for was not made in this data directory, so what differs \
                 is not known. `oos plan` shows what would happen now."
            } else {
                "`oos plan` shows what would happen now."
            };
            Failure::usage(anyhow!(lines.join("\n"))).hinted(hint)
        }
        StartError::NeverApproved { .. } => Failure::usage(error).hinted(
            "Name more approvers, or start it with `--allow-self-approval`, which its record shows.",
        ),
        StartError::NotFound { .. } => not_found_failure(error),
        StartError::Store(error) => error.into(),
        error => Failure::usage(error),
    }
}

fn entry_hint(error: &EntryError) -> Option<String> {
    match error {
        EntryError::Missing(names) => names.first().map(|entry| match entry {
            EntryName::Plain(name) => format!("Make it with `oos parameter set {name} VALUE`."),
            EntryName::Secret(name) => format!("Make it with `oos secret set {name}`."),
        }),
        EntryError::Store(error) => parameter_hint(error),
    }
}

fn not_found_failure(error: StartError) -> Failure {
    let hint = match &error {
        StartError::NotFound {
            nearest: Some(nearest),
            ..
        } => format!("Did you mean `{nearest}`?"),
        _ => "`oos template list` shows what there is; `--library DIR` adds a folder.".to_owned(),
    };
    Failure::usage(error).hinted(hint)
}

/// Returns the text of a file, or says what is wrong with it.
pub(super) fn read_file(path: &Path, output: &mut Output) -> Result<Source, Failure> {
    read_template(path)
        .map_err(Failure::usage)?
        .map_err(|unreadable| {
            let invalid = StartError::Invalid {
                template: *unreadable.text,
                diagnostics: vec![*unreadable.diagnostic],
            };
            refused(invalid, output)
        })
}

/// Returns the template in a text, or says what is wrong with it.
pub(super) fn parsed(source: Source, output: &mut Output) -> Result<Template, Failure> {
    let Parsed {
        template,
        diagnostics,
    } = parse(&source);
    match template {
        Some(template) if !diagnostics.iter().any(Diagnostic::is_error) => Ok(template),
        _ => {
            let template = source;
            Err(refused(
                StartError::Invalid {
                    template,
                    diagnostics,
                },
                output,
            ))
        }
    }
}

/// Prints diagnostics with their code frames to standard error.
fn print_frames(source: &Source, diagnostics: &[Diagnostic], output: &mut Output) {
    let report = DiagnosticReport::new(output.has_error_color(), output.error_width());
    for found in diagnostics {
        let frame = report.frame(source, found);
        if found.is_error() {
            output.error(format_args!("{frame}\n"));
        } else {
            output.note(format_args!("{frame}\n"));
        }
    }
}
