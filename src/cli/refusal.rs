//! Why nothing is started, said to a person: with code frames, places and what to do about it.

use std::collections::BTreeMap;

use anyhow::anyhow;

use crate::base::diagnostic::Diagnostic;
use crate::base::name::nearest;
use crate::base::source::Source;
use crate::cli::output::{DiagnosticReport, Output, counted};
use crate::cli::report::Failure;
use crate::cli::vault::parameter_hint;
use crate::runner::{EntryError, RepeatError, StartError};
use crate::template::entries::EntryName;
use crate::template::source::TemplateSource;

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

/// Returns the error of a name that no template has.
pub(super) fn not_found(name: &str, library: &dyn TemplateSource) -> Result<Failure, Failure> {
    let names = library.names().map_err(Failure::usage)?;
    let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    let name = name.to_owned();
    Ok(not_found_failure(StartError::NotFound { name, nearest }))
}

/// Prints diagnostics with their code frames to standard error.
pub(super) fn print_frames(source: &Source, diagnostics: &[Diagnostic], output: &mut Output) {
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
