//! Slips of the pen in published templates: each one must make an error that was not there before.
//!
//! A slip is a change of the text at a place that the parsed template knows, so every place of a
//! kind can be visited. What no check can see is listed in [`Slip::is_invisible`], each with why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use oos::action::{ActionSpec, Catalog, Embedded, Known};
use oos::base::source::{Source, Span};
use oos::template::check::Checker;
use oos::template::expr::{Expression, Reference};
use oos::template::model::{Task, Template};
use oos::template::parse;
use oos::template::source::TemplateSource;
use oos::template::yaml::{Node, NodeKind};

use crate::support::corpus;
use crate::support::folder::Templates;

/// How many places of one kind are tried in one template, evenly spread. Which ones depends on the
/// template, so that all sorts of places are visited and no template takes much of the time.
const PLACES: usize = 2;

/// The kinds of slips.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    MisspeltReference,
    MisspeltAction,
    MisspeltJump,
    MisspeltFunction,
    MisspeltProperty,
    DroppedKey,
    BrokenSelector,
}

/// One slip: what to write instead of a part of the text.
struct Slip {
    kind: Kind,
    span: Span,
    instead: String,
    /// Whether a selector holds a placeholder.
    templated: bool,
}

impl Slip {
    /// What cannot be seen before a run: a selector with a placeholder becomes a program only when
    /// the placeholder has a value, and that value may well mend it.
    fn is_invisible(&self) -> bool {
        self.kind == Kind::BrokenSelector && self.templated
    }

    fn apply(&self, source: &Source) -> Source {
        let text = source.text();
        let (before, after) = (&text[..self.span.start], &text[self.span.end..]);
        Source::new(source.name(), format!("{before}{}{after}", self.instead))
    }
}

#[derive(Default, Debug)]
struct Count {
    caught: usize,
    missed: usize,
    invisible: usize,
}

#[test]
fn every_slip_of_the_pen_is_an_error() {
    let Some(folder) = corpus::folder() else {
        return;
    };
    let templates = Templates::read(&folder);
    let catalog = Catalog::default();
    let checker = Checker::new(&catalog, &templates);
    let mut counts: BTreeMap<Kind, Count> = BTreeMap::new();
    let mut missed = String::new();
    for (number, source) in corpus::sources(&folder).into_iter().enumerate() {
        // The JSON twins say the same.
        if !source.name().ends_with(".yml") {
            continue;
        }
        let template = parse::parse(&source).template.unwrap();
        for slip in some(slips(&template, &catalog, &templates), number) {
            let count = counts.entry(slip.kind).or_default();
            if slip.is_invisible() {
                count.invisible += 1;
            } else if has_error(&slip.apply(&source), &checker) {
                count.caught += 1;
            } else {
                count.missed += 1;
                let place = source.position(slip.span.start);
                let (name, kind) = (source.name(), slip.kind);
                writeln!(missed, "{name}:{place} {kind:?} `{}`", slip.instead).unwrap();
            }
        }
    }
    println!("{counts:#?}");
    assert!(missed.is_empty(), "{missed}");
    assert!(counts.values().all(|count| count.caught > 0) && counts.len() == 7);
}

fn has_error(source: &Source, checker: &Checker<'_>) -> bool {
    let parsed = parse::parse(source);
    parsed.diagnostics.iter().any(|found| found.is_error())
        || parsed.template.is_some_and(|template| {
            checker
                .check(&template)
                .iter()
                .any(|found| found.is_error())
        })
}

/// Returns at most [`PLACES`] slips of each kind; `number` says which.
fn some(slips: Vec<Slip>, number: usize) -> Vec<Slip> {
    let mut by_kind: BTreeMap<Kind, Vec<Slip>> = BTreeMap::new();
    for slip in slips {
        by_kind.entry(slip.kind).or_default().push(slip);
    }
    by_kind
        .into_values()
        .flat_map(|slips| {
            let step = slips.len().div_ceil(PLACES).max(1);
            slips.into_iter().skip(number % step).step_by(step)
        })
        .collect()
}

fn slips(template: &Template, catalog: &Catalog, templates: &dyn TemplateSource) -> Vec<Slip> {
    let mut slips = Vec::new();
    for expression in expressions(template) {
        references(template, expression, &mut slips);
        functions(template, expression.node(), &mut slips);
    }
    for task in &template.tasks {
        let action = task.action.span;
        slips.push(misspelt(template, Kind::MisspeltAction, action));
        jumps(template, task, &mut slips);
        selectors(template, task, &mut slips);
        properties(template, task, &spec(task, catalog, templates), &mut slips);
    }
    keys(template, &mut slips);
    slips
}

/// Every expression that is evaluated.
fn expressions(template: &Template) -> Vec<&Expression> {
    let mut all: Vec<&Expression> = Vec::new();
    all.extend(
        template
            .parameters
            .iter()
            .filter_map(|one| one.default.as_ref()),
    );
    all.extend(&template.ram_role);
    for task in &template.tasks {
        all.extend(&task.properties);
        all.extend(&task.when);
        all.extend(task.outputs.iter().map(|output| &output.selector));
        all.extend(&task.retry.retries);
        all.extend(&task.retry.delay);
        if let Some(looping) = &task.looping {
            all.push(&looping.items);
            all.extend(&looping.rate_control);
            all.extend(&looping.concurrency);
            all.extend(&looping.max_errors);
        }
    }
    all.extend(template.outputs.iter().map(|output| &output.value));
    all
}

fn references(template: &Template, expression: &Expression, slips: &mut Vec<Slip>) {
    for reference in expression.references() {
        let written = text_at(template, reference.span);
        // A placeholder in a folded or escaped text has no place of its own.
        let is_alone = written.starts_with("{{") && written.ends_with("}}");
        let checked = !matches!(reference.value, Reference::Stored(_) | Reference::Secret(_));
        if !is_alone || !checked {
            continue;
        }
        let body = written.trim_matches(['{', '}', ' ']);
        let start = reference.span.start + written.find(body).unwrap();
        for part in body.split('.') {
            let offset = part.as_ptr() as usize - body.as_ptr() as usize;
            let span = Span::new(start + offset, start + offset + part.len());
            slips.push(misspelt(template, Kind::MisspeltReference, span));
        }
    }
}

fn functions(template: &Template, node: &Node, slips: &mut Vec<Slip>) {
    match &node.kind {
        NodeKind::Map(entries) => {
            for entry in entries {
                if entry.key.starts_with("Fn::") {
                    function(template, entry.key_span, slips);
                }
                functions(template, &entry.value, slips);
            }
        }
        NodeKind::List(nodes) => nodes
            .iter()
            .for_each(|node| functions(template, node, slips)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Text(_) => {}
    }
}

/// Misspells the name of a function, and its prefix.
fn function(template: &Template, key: Span, slips: &mut Vec<Slip>) {
    let colons = text_at(template, key).find("::").unwrap();
    let name = Span::new(key.start + colons + 2, key.end);
    slips.push(misspelt(template, Kind::MisspeltFunction, name));
    slips.push(Slip {
        kind: Kind::MisspeltFunction,
        span: Span::new(key.start + colons, key.start + colons + 1),
        instead: String::new(),
        templated: false,
    });
}

fn jumps(template: &Template, task: &Task, slips: &mut Vec<Slip>) {
    let written = [&task.on_success, &task.on_error, &task.on_cancel];
    let mut spans: Vec<Span> = written
        .into_iter()
        .flatten()
        .map(|jump| jump.span)
        .collect();
    if Embedded::from_name(task.action.value.as_str()) == Some(Embedded::Choice)
        && let Some(properties) = &task.properties
    {
        spans.extend(properties.get("DefaultTask").map(Expression::span));
        let choices = properties.get("Choices").and_then(Expression::elements);
        let next = choices.unwrap_or_default().iter();
        spans.extend(
            next.filter_map(|choice| choice.get("NextTask"))
                .map(Expression::span),
        );
    }
    slips.extend(
        spans
            .into_iter()
            .map(|span| misspelt(template, Kind::MisspeltJump, span)),
    );
}

fn selectors(template: &Template, task: &Task, slips: &mut Vec<Slip>) {
    let outputs = task.outputs.iter().map(|output| &output.selector);
    let embedded = Embedded::from_name(task.action.value.as_str()).is_some();
    let properties = task.properties.as_ref().filter(|_| embedded);
    let property = properties.and_then(|properties| properties.get("PropertySelector"));
    for selector in outputs.chain(property) {
        let NodeKind::Text(program) = &selector.node().kind else {
            continue;
        };
        let span = selector.span();
        let quoted = format!("'{} | ('", program.replace('\'', "''"));
        // A block scalar cannot be replaced by a quoted one in place.
        if !text_at(template, span).contains('\n') {
            slips.push(Slip {
                kind: Kind::BrokenSelector,
                span,
                instead: quoted,
                templated: program.contains("{{"),
            });
        }
    }
}

/// Misspells every property and drops the required ones.
fn properties(template: &Template, task: &Task, spec: &ActionSpec, slips: &mut Vec<Slip>) {
    let Some(entries) = task.properties.as_ref().and_then(Expression::entries) else {
        return;
    };
    for entry in entries {
        slips.push(misspelt(template, Kind::MisspeltProperty, entry.key_span));
        if spec
            .property(&entry.key)
            .is_some_and(|property| property.required)
        {
            drop_key(template, entry.key_span, entry.value.span(), slips);
        }
    }
}

/// Drops the keys that the language requires.
fn keys(template: &Template, slips: &mut Vec<Slip>) {
    drop_keys(template, &template.root, &["FormatVersion", "Tasks"], slips);
    if let Some(NodeKind::List(tasks)) = template.root.get("Tasks").map(|node| &node.kind) {
        for task in tasks {
            drop_keys(template, task, &["Name", "Action"], slips);
            for_entries(task.get("Outputs"), |output| {
                drop_keys(template, output, &["Type", "ValueSelector"], slips);
            });
            if let Some(looping) = task.get("Loop") {
                drop_keys(template, looping, &["Items"], slips);
                for_entries(looping.get("Outputs"), |output| {
                    drop_keys(
                        template,
                        output,
                        &["AggregateType", "AggregateField"],
                        slips,
                    );
                });
            }
        }
    }
    for_entries(template.root.get("Outputs"), |output| {
        drop_keys(template, output, &["Value"], slips);
    });
}

fn for_entries(node: Option<&Node>, mut visit: impl FnMut(&Node)) {
    if let Some(NodeKind::Map(entries)) = node.map(|node| &node.kind) {
        entries.iter().for_each(|entry| visit(&entry.value));
    }
}

fn drop_keys(template: &Template, node: &Node, keys: &[&str], slips: &mut Vec<Slip>) {
    let NodeKind::Map(entries) = &node.kind else {
        return;
    };
    for entry in entries
        .iter()
        .filter(|entry| keys.contains(&entry.key.as_str()))
    {
        drop_key(template, entry.key_span, entry.value.span, slips);
    }
}

fn drop_key(template: &Template, key: Span, value: Span, slips: &mut Vec<Slip>) {
    let span = Span::new(key.start, value.end);
    let text = template.source.text();
    // In a flow map a comma would be left over, and the slip would be one of syntax.
    let before = text[..span.start].trim_end_matches(' ');
    if before.ends_with(['\n', '-']) || before.is_empty() {
        slips.push(Slip {
            kind: Kind::DroppedKey,
            span,
            instead: String::new(),
            templated: false,
        });
    }
}

/// Puts a letter into the middle of what is written.
fn misspelt(template: &Template, kind: Kind, span: Span) -> Slip {
    let written = text_at(template, span);
    let mut middle = written.len() / 2;
    while !written.is_char_boundary(middle) {
        middle += 1;
    }
    Slip {
        kind,
        span,
        instead: format!("{}q{}", &written[..middle], &written[middle..]),
        templated: false,
    }
}

fn text_at(template: &Template, span: Span) -> &str {
    &template.source.text()[span.start..span.end]
}

/// The signature of a task's action; an empty one if it has none.
fn spec(task: &Task, catalog: &Catalog, templates: &dyn TemplateSource) -> ActionSpec {
    let name = task.action.value.as_str();
    if let Some(known) = catalog.find(name) {
        return Known::spec(known).clone();
    }
    let found = templates.find(name, None).unwrap().unwrap();
    let template = parse::parse(&found.source).template.unwrap();
    ActionSpec::of_template(name, &template)
}
