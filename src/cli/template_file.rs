//! Templates in files, and what people say where a file or a name may stand.

use std::path::Path;

use anyhow::Context as _;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Source;
use crate::cli::output::Output;
use crate::cli::refusal::refused;
use crate::cli::report::Failure;
use crate::runner::library::template_name;
use crate::runner::{StartError, TemplateRef};
use crate::template::model::Template;
use crate::template::parse::{Parsed, parse};
use crate::template::yaml::{Unreadable, read_source};

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

/// Reads a template; messages mention it by its path. Bytes that are no text are a diagnostic like
/// any other.
pub(super) fn read_template(path: &Path) -> anyhow::Result<Result<Source, Unreadable>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(read_source(&path.display().to_string(), &bytes))
}
