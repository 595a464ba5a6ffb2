//! The whole document.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Source, Span};
use crate::template::model::{Format, Template};
use crate::template::parse::section::{Section, Unknown};
use crate::template::parse::{
    conditions, description, header, metadata, outputs, parameters, task,
};
use crate::template::yaml::{self, Node, NodeKind};

/// The keys of both formats.
const KEYS: [&str; 8] = [
    "FormatVersion",
    "Description",
    "Parameters",
    "RamRole",
    "Conditions",
    "Tasks",
    "Outputs",
    "Metadata",
];

/// The keys of templates that describe a state.
const STATE_KEYS: [&str; 6] = [
    "FormatVersion",
    "Description",
    "Parameters",
    "RamRole",
    "States",
    "Metadata",
];

/// A template as far as it could be read, and everything that is wrong with its text and shape.
#[derive(Debug)]
pub struct Parsed {
    /// The template; `None` if the text is no YAML or JSON map.
    pub template: Option<Template>,
    /// Errors and warnings in order of place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses YAML or JSON. Never panics and ends within its budgets, whatever the text.
pub fn parse(source: &Source) -> Parsed {
    let mut report = Vec::new();
    let template =
        yaml::read(source, &mut report).and_then(|root| document(source, root, &mut report));
    Parsed {
        template,
        diagnostics: in_order(report),
    }
}

/// Parses the list of tasks in a property, as `LoopTasks` of the action `ACS::Loop` holds one.
///
/// Returns a template made of nothing but these tasks: it has the source of the template around
/// it, so that places stay right, and `node` as its root. The diagnostics are those of the tasks.
pub fn parse_tasks_value(source: &Source, node: &Node) -> Parsed {
    let mut report = Vec::new();
    let tasks = task::tasks(node, "`LoopTasks`", &mut report);
    Parsed {
        template: Some(Template {
            source: source.clone(),
            root: node.clone(),
            format: Format::Automation,
            description: None,
            parameters: Vec::new(),
            ram_role: None,
            conditions: Vec::new(),
            tasks,
            outputs: Vec::new(),
        }),
        diagnostics: in_order(report),
    }
}

fn document(source: &Source, root: Node, report: &mut Vec<Diagnostic>) -> Option<Template> {
    if !matches!(root.kind, NodeKind::Map(_)) {
        report.push(not_a_template(&root));
        return None;
    }
    let document = Section::open(&root, "the template", report)?;
    let format = header::format(&document, report);
    match format {
        Format::Automation => document.only(&KEYS, Unknown::Refused, report),
        Format::State => document.only(&STATE_KEYS, Unknown::Refused, report),
    }
    metadata::check(&document, report);
    let tasks = match format {
        Format::Automation => document.required("Tasks", report),
        Format::State => None,
    };
    let description = description::read(&document, "Description", report);
    let parameters = parameters::read(&document, report);
    let ram_role = document.expression("RamRole", report);
    let conditions = conditions::read(&document, report);
    let tasks = tasks.map_or_else(Vec::new, |node| task::tasks(node, "`Tasks`", report));
    let outputs = outputs::read(&document, report);
    Some(Template {
        source: source.clone(),
        root,
        format,
        description,
        parameters,
        ram_role,
        conditions,
        tasks,
        outputs,
    })
}

fn not_a_template(root: &Node) -> Diagnostic {
    let message = match root.kind {
        NodeKind::Null => "the text is empty".to_owned(),
        _ => format!("the text is {}, not a map", root.kind_name()),
    };
    let start = Span::new(root.span.start, root.span.start);
    Diagnostic::error("not-a-template", start, message)
        .hint("a template begins with `FormatVersion: OOS-2019-06-01`")
}

fn in_order(mut report: Vec<Diagnostic>) -> Vec<Diagnostic> {
    report.sort_by_key(|problem| problem.span);
    report
}
