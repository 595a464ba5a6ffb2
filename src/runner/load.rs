//! From the name of a template to the template: found, parsed and checked.

use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::name::nearest;
use crate::base::source::Source;
use crate::runner::handle::Runner;
use crate::runner::library::template_name;
use crate::runner::request::{StartRequest, TemplateRef};
use crate::runner::start_error::StartError;
use crate::runner::trigger::scheduled;
use crate::template::check;
use crate::template::model::{Format, Template};
use crate::template::parse;
use crate::template::source::{LookupError, TemplateSource as _};

impl Runner {
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

    /// Reads, parses and checks the template that is asked for, with its timer before its tasks if one is
    /// asked for.
    pub(super) fn load_with_timer(
        &self,
        request: &StartRequest,
    ) -> Result<(Template, Vec<Diagnostic>), StartError> {
        let found = self.load(&request.template)?;
        let Some(timer) = &request.timer else {
            return Ok(found);
        };
        let text = scheduled(&found.0.source, &timer.settings)
            .expect("what was parsed without an error has tasks");
        let name = timer.name.clone();
        self.load(&TemplateRef::Text { name, text })
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
        let nearest = nearest(name, names.iter().map(String::as_str));
        StartError::NotFound {
            name: name.to_owned(),
            nearest: nearest.map(ToOwned::to_owned),
        }
    }
}

/// Refuses actions that are understood and cannot be run: a warning for who reads a template, an
/// error for who starts it.
pub(super) fn refuse_unsupported(
    template: &Template,
    warnings: &[Diagnostic],
) -> Result<(), StartError> {
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

/// Returns the name and the version under which a template is shown.
pub(super) fn display_name(
    reference: &TemplateRef,
    template: &Template,
) -> (String, Option<String>) {
    match reference {
        TemplateRef::Name { name, version } => (name.clone(), version.clone()),
        TemplateRef::Text { name, .. } => (name.clone(), None),
        TemplateRef::File(path) => {
            let name = template_name(path);
            (
                name.unwrap_or_else(|| template.source.name().to_owned()),
                None,
            )
        }
    }
}
