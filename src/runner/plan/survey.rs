//! Walks a template and everything it calls, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::{self, Risk};
use crate::base::call::{ACTION_SERVICE, ApiCall, Recovery};
use crate::base::id::MAX_DEPTH;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value, text};
use crate::provider::CallContext;
use crate::runner::entries::Entries;
use crate::runner::handle::Runner;
use crate::runner::plan::scope::KnownScope;
use crate::runner::plan::{Repeats, Step};
use crate::runner::prepare::Prepared;
use crate::runner::scope::StartScope;
use crate::runner::usage::{self, ApiUse};
use crate::template::expr::{Expression, Selector};
use crate::template::model::{Jump, Task, Template, ValueType};
use crate::template::yaml::{Node, NodeKind};

/// Returns everything that a prepared start would do, in order of the tasks.
pub(super) async fn steps(runner: &Runner, prepared: &Prepared) -> Vec<Step> {
    let started = &prepared.started;
    let entries = Entries {
        stored: started.stored.clone(),
        secrets: started.stored_secrets.clone(),
    };
    let mut scope = KnownScope {
        template: &prepared.template,
        parameters: &started.parameters,
        start: StartScope {
            id: started.id.clone(),
            now: runner.clock().now(),
            identity: runner.identity(),
            entries: &entries,
            parameters: None,
        },
        outputs: BTreeMap::new(),
    };
    let mut steps = Vec::new();
    for (place, task) in prepared.template.tasks.iter().enumerate() {
        let conditional = task.when.is_some() || may_be_passed(&prepared.template, place);
        let repeats = repeats(task, &scope);
        let properties = task
            .properties
            .as_ref()
            .and_then(|p| p.evaluate(&scope).ok());
        let head = Head {
            path: vec![task.name.value.to_string()],
            conditional,
            repeats,
        };
        let uses = usage::of_task(task);
        if let (Some(usage), Some(properties)) = (uses.first(), &properties)
            && let Some(outputs) = look_up(runner, prepared, task, usage, properties).await
        {
            scope.outputs.insert(task.name.value.clone(), outputs);
        }
        push(prepared, task, &head, uses, properties.as_ref(), &mut steps);
    }
    steps
}

/// What a step takes over from the tasks around it.
struct Head {
    path: Vec<String>,
    conditional: bool,
    repeats: Repeats,
}

fn push(
    prepared: &Prepared,
    task: &Task,
    head: &Head,
    uses: Vec<ApiUse>,
    properties: Option<&Value>,
    steps: &mut Vec<Step>,
) {
    let step = |api: Option<String>, risk: Risk| Step {
        path: head.path.clone(),
        action: task.action.value.to_string(),
        api,
        risk,
        conditional: head.conditional,
        repeats: head.repeats.clone(),
        properties: properties.cloned(),
    };
    if uses.is_empty() {
        steps.push(step(None, Risk::Normal));
    }
    for usage in uses {
        steps.push(step(Some(display_name(&usage)), usage.risk));
    }
    let called = called_template(prepared, task);
    let Some(template) = called.filter(|_| head.path.len() <= MAX_DEPTH) else {
        return;
    };
    for (place, child) in template.tasks.iter().enumerate() {
        let mut path = head.path.clone();
        path.push(child.name.value.to_string());
        let conditional =
            head.conditional || child.when.is_some() || may_be_passed(&template, place);
        let repeats = match (&head.repeats, &child.looping) {
            (Repeats::Once, None) => Repeats::Once,
            (_, Some(_)) => Repeats::Unknown,
            (outer, None) => outer.clone(),
        };
        let head = Head {
            path,
            conditional,
            repeats,
        };
        push(prepared, child, &head, usage::of_task(child), None, steps);
    }
}

fn display_name(usage: &ApiUse) -> String {
    if usage.service == ACTION_SERVICE {
        usage.api.clone()
    } else {
        format!("{}.{}", usage.service, usage.api)
    }
}

fn called_template(prepared: &Prepared, task: &Task) -> Option<Arc<Template>> {
    let action = task.action.value.as_str();
    let entry = if task.action.value.is("ACS::Template") {
        let name = task
            .properties
            .as_ref()?
            .node()
            .get("TemplateName")?
            .to_value();
        prepared.closure.find(&text(&name), None)
    } else {
        prepared.closure.find(action, None)
    };
    entry.map(|entry| Arc::clone(&entry.template))
}

/// Tells whether control may pass over the task at `place` although nothing fails: an earlier task
/// jumps behind it or ends the run.
fn may_be_passed(template: &Template, place: usize) -> bool {
    let passes = |jump: &Jump| match jump {
        Jump::Next => false,
        Jump::End => true,
        Jump::Task(name) => template
            .task(name.as_str())
            .is_none_or(|(target, _)| target > place),
    };
    template.tasks[..place]
        .iter()
        .any(|task| targets(task).iter().any(passes))
}

/// Returns where control may go after a task that ends well.
fn targets(task: &Task) -> Vec<Jump> {
    if !task.action.value.is("ACS::Choice") {
        return task
            .on_success
            .iter()
            .map(|jump| jump.value.clone())
            .collect();
    }
    let Some(properties) = &task.properties else {
        return Vec::new();
    };
    let jump = |node: &Node| Some(Jump::from_text(node.to_value().as_str()?));
    let choices = match properties
        .node()
        .get("Choices")
        .map(|choices| &choices.kind)
    {
        Some(NodeKind::List(choices)) => choices.as_slice(),
        _ => &[],
    };
    let default = properties.node().get("DefaultTask").and_then(jump);
    let chosen = choices
        .iter()
        .filter_map(|choice| choice.get("NextTask").and_then(jump));
    default.into_iter().chain(chosen).collect()
}

fn repeats(task: &Task, scope: &KnownScope<'_>) -> Repeats {
    let items = match &task.looping {
        Some(looping) => Some(looping.items.clone()),
        None => task
            .properties
            .as_ref()
            .and_then(|properties| loop_items(task, properties)),
    };
    match items.map(|items| items.evaluate(scope)) {
        None => Repeats::Once,
        Some(Ok(Value::Array(items))) => Repeats::Items(items),
        Some(Ok(Value::Null)) => Repeats::Items(Vec::new()),
        Some(Ok(_) | Err(_)) => Repeats::Unknown,
    }
}

/// Returns the items of an `ACS::Loop`.
fn loop_items(task: &Task, properties: &Expression) -> Option<Expression> {
    if !task.action.value.is("ACS::Loop") {
        return None;
    }
    let node = properties.node().get("LoopItems")?;
    Some(Expression::parse(node, &mut Vec::new()))
}

/// Makes the call of a step that only reads, and selects its outputs.
async fn look_up(
    runner: &Runner,
    prepared: &Prepared,
    task: &Task,
    usage: &ApiUse,
    properties: &Value,
) -> Option<Map> {
    let selects = usage.api.eq_ignore_ascii_case("ACS::SelectTargets");
    let reads = action::default_recovery(&usage.api) == Recovery::Idempotent
        && task.action.value.is("ACS::ExecuteAPI");
    if task.looping.is_some() || !(selects || reads) {
        return None;
    }
    let parameters = if selects {
        Some(properties)
    } else {
        properties.get("Parameters")
    };
    let parameters = parameters
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let region = parameters.get("RegionId").map(text);
    let call = ApiCall {
        service: usage.service.clone(),
        api: usage.api.clone(),
        region: region.unwrap_or_else(|| prepared.started.region.clone()),
        parameters,
        rest: None,
        role: prepared.started.role.clone(),
        client_token: String::new(),
        auto_paging: true,
    };
    let context = CallContext {
        now: runner.clock().now(),
        log: LogKey {
            execution: prepared.started.id.clone(),
            task: usage.task.clone(),
            item: None,
            attempt: 1,
        },
        sink: Arc::new(NoOutput),
        redactor: Redactor::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        resumed: false,
        user: runner.identity().user.clone(),
    };
    let answer = runner.provider().call(&call, &context).await.ok()?;
    let outputs = task.outputs.iter().map(|output| {
        let program = output.selector.as_literal()?;
        let selector = Selector::compile(program.as_str()?).ok()?;
        let value = match output.value_type.value {
            ValueType::List => Value::Array(selector.all(&answer).ok()?),
            _ => selector.first(&answer).ok()?.unwrap_or(Value::Null),
        };
        Some((output.name.value.to_string(), value))
    });
    outputs.collect()
}

/// Reading calls write no output; one that did would be a defect of the provider.
#[derive(Debug)]
struct NoOutput;

impl OutputSink for NoOutput {
    fn stored(&self, _: &LogKey, _: Channel) -> Result<u64, OutputError> {
        Ok(0)
    }

    fn write(&self, key: &LogKey, _: Channel, _: u64, _: &[u8]) -> Result<(), OutputError> {
        Err(OutputError {
            reason: format!("the plan of `{}` wrote output", key.task),
        })
    }

    fn flush(&self, _: &LogKey) -> Result<(), OutputError> {
        Ok(())
    }
}
