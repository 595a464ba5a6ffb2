//! Runs all rules over templates, and over what they call.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::action::Catalog;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::check::context::Context;
use crate::template::check::library::{Action, Callee, Library, MAX_DEPTH};
use crate::template::check::registry::{INVALID_CALLEE, RULES};
use crate::template::check::report::Report;
use crate::template::check::steps;
use crate::template::model::Template;
use crate::template::source::TemplateSource;

/// Checks a parsed template against the actions there are and the templates it calls. Returns
/// errors and warnings in order of place, each once.
pub fn check(
    template: &Template,
    catalog: &Catalog,
    templates: &dyn TemplateSource,
) -> Vec<Diagnostic> {
    Checker::new(catalog, templates).check(template)
}

/// Checks many templates and reads what they call only once.
pub struct Checker<'a> {
    library: Library<'a>,
    /// The first error of each called template, by its name in lower case.
    verdicts: RefCell<HashMap<String, Option<String>>>,
}

impl<'a> Checker<'a> {
    /// Makes a checker for templates that may call these actions and templates. What was read once
    /// is not read again, so a checker should not outlive changes of the templates.
    pub fn new(catalog: &'a Catalog, templates: &'a dyn TemplateSource) -> Self {
        Self {
            library: Library::new(catalog, templates),
            verdicts: RefCell::default(),
        }
    }

    /// Checks a template as [`check`] does.
    pub fn check(&self, template: &Template) -> Vec<Diagnostic> {
        self.check_at(template, 0)
    }

    fn check_at(&self, template: &Template, depth: usize) -> Vec<Diagnostic> {
        self.check_context(&Context::new(template, &self.library), depth)
    }

    fn check_context(&self, cx: &Context<'_>, depth: usize) -> Vec<Diagnostic> {
        let mut report = Report::default();
        for rule in RULES {
            (rule.check)(cx, &mut report);
        }
        if depth < MAX_DEPTH {
            self.check_callees(cx, depth, &mut report);
            self.check_steps(cx, depth, &mut report);
        }
        report.into_diagnostics()
    }

    /// Checks the steps of every `ACS::Loop` as tasks that follow those before the loop.
    fn check_steps(&self, cx: &Context<'_>, depth: usize, report: &mut Report) {
        for step in &cx.tasks {
            let Some(steps) = steps::of(cx.template, step) else {
                continue;
            };
            let mut inner = Context::new(&steps.template, &self.library);
            inner.give_item(steps.range.clone());
            let found = self.check_context(&inner, depth + 1);
            // What stands before the loop has been checked in its own place.
            let within = steps::node(step).map(|node| node.span).unwrap_or_default();
            let inside = |span: Span| span.start >= within.start && span.end <= within.end;
            found
                .into_iter()
                .filter(|diagnostic| inside(diagnostic.span))
                .chain(steps.diagnostics)
                .for_each(|diagnostic| report.push(diagnostic));
        }
    }

    /// A run would meet the errors of called templates too late, so they are errors of the caller.
    fn check_callees(&self, cx: &Context<'_>, depth: usize, report: &mut Report) {
        for child in cx.tasks.iter().filter_map(|step| step.child.as_ref()) {
            let Action::Template(callee) = &child.action else {
                continue;
            };
            // One error about a call is enough: what is wrong with a circle is wrong all around.
            if report.has_error_at(child.name.span) {
                continue;
            }
            if let Some(error) = self.first_error(callee, depth + 1) {
                let message = format!("`{}` has errors itself: {error}", callee.name);
                report.push(
                    Diagnostic::error(INVALID_CALLEE, child.name.span, message)
                        .hint(format!("validate `{}` by itself", callee.source.name())),
                );
            }
        }
    }

    fn first_error(&self, callee: &Callee, depth: usize) -> Option<String> {
        let key = callee.key();
        if let Some(verdict) = self.verdicts.borrow().get(&key) {
            return verdict.clone();
        }
        // Templates that call each other in a circle meet this answer instead of recursing; the
        // circle itself is reported by a rule.
        self.verdicts.borrow_mut().insert(key.clone(), None);
        let checked = callee
            .template
            .as_ref()
            .map(|template| self.check_at(template, depth))
            .unwrap_or_default();
        let verdict = callee
            .diagnostics
            .iter()
            .chain(&checked)
            .find(|diagnostic| diagnostic.is_error())
            .map(|error| format!("{}: {}", error.place(&callee.source), error.message));
        self.verdicts.borrow_mut().insert(key, verdict.clone());
        verdict
    }
}
