//! `Loop`: what to repeat a task over, how fast, and what to make of the outputs.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::nearest;
use crate::base::source::Spanned;
use crate::template::expr::Expression;
use crate::template::model::{Aggregate, AggregateType, Loop};
use crate::template::parse::section::{Section, Unknown, entries, name, text};
use crate::template::yaml::{Entry, Node};

const KEYS: [&str; 7] = [
    "Items",
    "RateControl",
    "Outputs",
    "Concurrency",
    "MaxErrors",
    "Mode",
    "BatchPauseOption",
];

const AGGREGATES: [(&str, AggregateType); 2] = [
    ("Fn::ListJoin", AggregateType::ListJoin),
    ("Fn::Sum", AggregateType::Sum),
];

/// Reads the loop of a task.
pub(super) fn read(task: &Section<'_>, report: &mut Vec<Diagnostic>) -> Option<Loop> {
    let node = task.get("Loop")?;
    let section = Section::open(node, task.value_of("Loop"), report)?;
    section.only(&KEYS, Unknown::Refused, report);
    let rate_control = section.expression("RateControl", report);
    let concurrency = section.expression("Concurrency", report);
    let max_errors = section.expression("MaxErrors", report);
    let mode = section.expression("Mode", report);
    let batch_pause_option = section.expression("BatchPauseOption", report);
    let outputs = aggregates(&section, report);
    let items = section.required("Items", report)?;
    Some(Loop {
        span: node.span,
        items: Expression::parse(items, report),
        rate_control,
        concurrency,
        max_errors,
        mode,
        batch_pause_option,
        outputs,
    })
}

fn aggregates(section: &Section<'_>, report: &mut Vec<Diagnostic>) -> Vec<Aggregate> {
    let Some(node) = section.get("Outputs") else {
        return Vec::new();
    };
    entries(node, &section.value_of("Outputs"), report)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| aggregate(entry, report))
        .collect()
}

fn aggregate(entry: &Entry, report: &mut Vec<Diagnostic>) -> Option<Aggregate> {
    let what = format!("loop output `{}`", entry.key);
    let section = Section::open(&entry.value, what, report)?;
    section.only(
        &["AggregateType", "AggregateField"],
        Unknown::Ignored,
        report,
    );
    let aggregate_type = section
        .required("AggregateType", report)
        .and_then(|node| aggregate_type(node, &section, report));
    let field = section
        .required("AggregateField", report)
        .and_then(|node| text(node, &section.value_of("AggregateField"), report));
    let (aggregate_type, field) = (aggregate_type?, field?);
    Some(Aggregate {
        name: name(&entry.key, entry.key_span, "an output", report),
        aggregate_type,
        field: Spanned::new(field.value.into(), field.span),
    })
}

fn aggregate_type(
    node: &Node,
    section: &Section<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<AggregateType>> {
    let written = text(node, &section.value_of("AggregateType"), report)?;
    let found = AGGREGATES
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(&written.value));
    if let Some((_, aggregate_type)) = found {
        return Some(Spanned::new(*aggregate_type, node.span));
    }
    let problem = Diagnostic::error(
        "unknown-aggregate",
        node.span,
        format!("`{}` is no way to join outputs", written.value),
    );
    let near = nearest(&written.value, AGGREGATES.map(|(word, _)| word));
    report.push(match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("use `Fn::ListJoin` or `Fn::Sum`"),
    });
    None
}
