//! Walks a template and everything it calls, in order.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use crate::action::{self, Risk};
use crate::base::call::{ACTION_SERVICE, ApiCall, Recovery};
use crate::base::id::MAX_DEPTH;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value, text};
use crate::engine::event::{End, Taken, TimeoutOutcome};
use crate::provider::CallContext;
use crate::runner::changing::{changing, lasting};
use crate::runner::entries::Entries;
use crate::runner::handle::Runner;
use crate::runner::loop_step::{LoopStep, steps_of};
use crate::runner::plan::scope::KnownScope;
use crate::runner::plan::{PlannedApproval, Repeats, Step, Survey};
use crate::runner::prepare::Prepared;
use crate::runner::scope::StartScope;
use crate::runner::usage::{self, ApiUse};
use crate::template::bind::{self, Strictness};
use crate::template::expr::{Expression, Selector};
use crate::template::model::{Jump, Task, Template};
use crate::template::output;
use crate::template::yaml::{Node, NodeKind};

/// Returns everything that a prepared start would do, in order of the tasks.
pub(super) async fn survey(runner: &Runner, prepared: &Prepared) -> Survey {
    let started = &prepared.started;
    let entries = Entries {
        stored: started.stored.clone(),
        secrets: started.stored_secrets.clone(),
    };
    let mut walk = Walk {
        runner,
        prepared,
        entries: &entries,
        found: Survey::default(),
        changes: false,
    };
    let template = &prepared.template;
    let parameters = lasting(&started.parameters, &prepared.changing);
    let head = Head {
        path: Vec::new(),
        conditional: false,
        repeats: Repeats::Once,
    };
    let known = walk.known(template, parameters);
    walk.template(template, Some(known), &head).await;
    walk.found
}

/// What a step takes over from the tasks around it.
struct Head {
    path: Vec<String>,
    conditional: bool,
    repeats: Repeats,
}

/// A walk through a template and what it calls.
struct Walk<'a> {
    runner: &'a Runner,
    prepared: &'a Prepared,
    entries: &'a Entries,
    found: Survey,
    /// Whether some step behind has changed the world: what is looked up then is not what the run
    /// will see.
    changes: bool,
}

impl<'a> Walk<'a> {
    fn known<'t>(&self, template: &'t Template, parameters: Map) -> KnownScope<'t>
    where
        'a: 't,
    {
        KnownScope {
            template,
            parameters,
            start: StartScope {
                id: self.prepared.started.id.clone(),
                now: self.runner.clock().now(),
                identity: self.runner.identity(),
                entries: self.entries,
                parameters: None,
            },
            outputs: BTreeMap::new(),
        }
    }

    /// Walks the tasks of a template. There is no scope where the values that it is called with
    /// are not known, or are others for each item.
    fn template<'t>(
        &'t mut self,
        template: &'t Template,
        mut scope: Option<KnownScope<'t>>,
        head: &'t Head,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 't>>
    where
        'a: 't,
    {
        Box::pin(async move {
            for (place, task) in template.tasks.iter().enumerate() {
                if let Some(outputs) = self.taken_over(head, place) {
                    if let Some(scope) = &mut scope {
                        scope.outputs.insert(task.name.value.clone(), outputs);
                    }
                    continue;
                }
                let mut path = head.path.clone();
                path.push(task.name.value.to_string());
                let head = Head {
                    path,
                    conditional: head.conditional
                        || task.when.is_some()
                        || may_be_passed(template, place),
                    repeats: repeats(task, scope.as_ref(), &head.repeats),
                };
                self.task(task, scope.as_mut(), &head).await;
            }
        })
    }

    /// Returns the outputs of a task that does not run, because the execution that this one repeats
    /// did it well.
    fn taken_over(&self, head: &Head, place: usize) -> Option<Map> {
        let repeats = self.prepared.started.repeats.as_ref()?;
        repeats.taken.iter().find_map(|taken| match taken {
            Taken::Task { task, end, .. } if head.path.is_empty() && *task as usize == place => {
                Some(match end {
                    End::Success { outputs } => outputs.clone(),
                    _ => Map::new(),
                })
            }
            Taken::Task { .. } | Taken::Loop { .. } => None,
        })
    }

    /// Walks a step of an `ACS::Loop`, whose values are others for each item.
    fn step<'t>(
        &'t mut self,
        step: LoopStep<'t>,
        around: &'t [String],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 't>>
    where
        'a: 't,
    {
        Box::pin(async move {
            let mut path = around.to_vec();
            path.push(step.name.to_owned());
            let head = Head {
                path,
                conditional: true,
                repeats: Repeats::Unknown,
            };
            if step.is("ACS::Approve") {
                self.found.approvals.push(PlannedApproval {
                    path: head.path.clone(),
                    approvers: None,
                    required: None,
                    timeout: None,
                    timeout_outcome: None,
                    conditional: true,
                });
            }
            for inner in step.steps() {
                self.step(inner, &head.path).await;
            }
            let called = self.template_of(step.action, step.properties);
            if let Some(called) = called.filter(|_| head.path.len() <= MAX_DEPTH) {
                self.template(&called, None, &head).await;
            }
        })
    }

    async fn task(&mut self, task: &Task, scope: Option<&mut KnownScope<'_>>, head: &Head) {
        let evaluate = |scope: &KnownScope<'_>| task.properties.as_ref()?.evaluate(scope).ok();
        let properties = scope.as_deref().and_then(evaluate);
        let uses = usage::of_task(task);
        if let (Some(scope), Some(usage), Some(properties)) = (scope, uses.first(), &properties)
            && !self.changes
            && let Some(outputs) =
                look_up(self.runner, self.prepared, task, usage, properties).await
        {
            scope.outputs.insert(task.name.value.clone(), outputs);
        }
        if is_looping(task) {
            let repeats = head.repeats.clone();
            self.found.loops.push((head.path.clone(), repeats));
        }
        if task.action.value.is("ACS::Approve") {
            let approval = planned_approval(task, head, properties.as_ref());
            self.found.approvals.push(approval);
        }
        self.push(task, head, uses, properties.as_ref());
        for step in steps_of(task) {
            self.step(step, &head.path).await;
        }
        let written = task.properties.as_ref().map(Expression::node);
        let called = self.template_of(task.action.value.as_str(), written);
        match called.filter(|_| head.path.len() <= MAX_DEPTH) {
            None => self.changes |= may_change(task),
            Some(called) => {
                let known = properties.filter(|_| head.repeats == Repeats::Once);
                let known = known.and_then(|properties| self.called(task, &called, &properties));
                self.template(&called, known, head).await;
            }
        }
    }

    /// Returns the template that an action calls, if it is known now.
    fn template_of(&self, action: &str, properties: Option<&Node>) -> Option<Arc<Template>> {
        let closure = &self.prepared.closure;
        let entry = closure.called(action, properties, self.runner.catalog())?;
        Some(Arc::clone(&entry.template))
    }

    /// Returns what a called template knows.
    fn called<'t>(
        &self,
        task: &Task,
        called: &'t Template,
        properties: &Value,
    ) -> Option<KnownScope<'t>>
    where
        'a: 't,
    {
        let arguments = if task.action.value.is("ACS::Template") {
            properties.get("Parameters").and_then(Value::as_object)
        } else {
            properties.as_object()
        };
        let arguments = arguments.cloned().unwrap_or_default();
        let start = self.known(called, Map::new()).start;
        let bound = bind::bind(called, &arguments, Strictness::Nested, &start).ok()?;
        let parameters = lasting(&bound, &changing(called, &arguments));
        Some(self.known(called, parameters))
    }

    fn push(&mut self, task: &Task, head: &Head, uses: Vec<ApiUse>, properties: Option<&Value>) {
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
            self.found.steps.push(step(None, Risk::Normal));
        }
        for usage in uses {
            let name = display_name(&usage);
            self.found.steps.push(step(Some(name), usage.risk));
        }
    }
}

fn planned_approval(task: &Task, head: &Head, properties: Option<&Value>) -> PlannedApproval {
    let property = |name: &str| {
        let map = properties?.as_object()?;
        let mut entries = map.iter();
        entries
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
            .map(|(_, value)| value)
    };
    let approvers = match property("Approvers") {
        None => Vec::new(),
        Some(Value::Array(names)) => names.iter().map(text).collect(),
        Some(name) => vec![text(name)],
    };
    let required = match property("MinRequiredApprovals") {
        None => Some(1),
        Some(number) => text(number).parse().ok(),
    };
    let outcome = property("TimeoutOutcome").map(text);
    let timeout = task.timeout.as_ref();
    PlannedApproval {
        path: head.path.clone(),
        approvers: properties.map(|_| approvers),
        required: required.filter(|_| properties.is_some()),
        timeout: timeout.map(|timeout| text(&timeout.node().to_value())),
        timeout_outcome: timeout.map(|_| {
            outcome
                .and_then(|word| TimeoutOutcome::from_text(&word))
                .unwrap_or_default()
        }),
        conditional: head.conditional,
    }
}

/// Tells whether a task that calls no template may change what others look up.
fn may_change(task: &Task) -> bool {
    let action = &task.action.value;
    let is_harmless = [
        "ACS::Approve",
        "ACS::CheckFor",
        "ACS::Choice",
        "ACS::Notify",
        "ACS::Pause",
        "ACS::SelectTargets",
        "ACS::Sleep",
        "ACS::WaitFor",
    ];
    let reads = |usage: &ApiUse| action::default_recovery(&usage.api) == Recovery::Idempotent;
    let is_read = action.is("ACS::ExecuteAPI") && usage::of_task(task).iter().all(reads);
    !is_harmless.iter().any(|name| action.is(name)) && !is_read
}

fn display_name(usage: &ApiUse) -> String {
    if usage.service == ACTION_SERVICE {
        usage.api.clone()
    } else {
        format!("{}.{}", usage.service, usage.api)
    }
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

fn is_looping(task: &Task) -> bool {
    task.looping.is_some() || task.action.value.is("ACS::Loop")
}

/// Returns how often a task runs in a template that itself runs `outer`.
fn repeats(task: &Task, scope: Option<&KnownScope<'_>>, outer: &Repeats) -> Repeats {
    match scope {
        _ if !is_looping(task) => outer.clone(),
        Some(scope) if *outer == Repeats::Once => own_repeats(task, scope),
        _ => Repeats::Unknown,
    }
}

fn own_repeats(task: &Task, scope: &KnownScope<'_>) -> Repeats {
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
        let value = output::select(output.value_type.value, &selector, &answer).ok()?;
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
