//! Walks a template and everything it calls, in order.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use crate::action::Risk;
use crate::base::call::ACTION_SERVICE;
use crate::base::id::MAX_DEPTH;
use crate::base::value::{Map, Value, find};
use crate::engine::event::{End, Taken};
use crate::runner::changing::{changing, lasting};
use crate::runner::entries::Entries;
use crate::runner::handle::Runner;
use crate::runner::loop_step::{LoopStep, steps_of};
use crate::runner::plan::look_up::{LookUp, look_up, may_change};
use crate::runner::plan::passing::may_be_passed;
use crate::runner::plan::repeats::{is_looping, repeats};
use crate::runner::plan::scope::KnownScope;
use crate::runner::plan::{PlannedApproval, Repeats, Step, Survey};
use crate::runner::prepare::Prepared;
use crate::runner::scope::StartScope;
use crate::runner::usage::{self, ApiUse};
use crate::template::bind::{self, Strictness};
use crate::template::expr::Expression;
use crate::template::model::{Task, Template};
use crate::template::yaml::Node;

/// Returns everything that a prepared start would do, in order of the tasks.
pub(super) async fn survey(runner: &Runner, prepared: &Prepared) -> Survey {
    let started = &prepared.started;
    let entries = Entries::of(started);
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
            look_ups: Vec::new(),
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
                if let Some(scope) = &mut scope {
                    self.settle(scope, task).await;
                }
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

    /// Looks up what is still to be looked up, if `task` refers to some of it.
    async fn settle(&self, scope: &mut KnownScope<'_>, task: &Task) {
        if scope.waits_for(task) {
            let look_ups = std::mem::take(&mut scope.look_ups);
            let found = look_up(look_ups, self.runner, self.prepared).await;
            scope.outputs.extend(found);
        }
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
                let approval = PlannedApproval::in_loop(head.path.clone());
                self.found.approvals.push(approval);
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

    async fn task<'t>(&mut self, task: &'t Task, scope: Option<&mut KnownScope<'t>>, head: &Head) {
        let evaluate = |scope: &KnownScope<'_>| task.properties.as_ref()?.evaluate(scope).ok();
        let properties = scope.as_deref().and_then(evaluate);
        let uses = usage::of_task(task);
        if let (Some(scope), Some(usage), Some(properties)) = (scope, uses.first(), &properties)
            && !self.changes
        {
            let look_up = LookUp::of(self.prepared, task, usage, properties);
            scope.look_ups.extend(look_up);
        }
        if is_looping(task) {
            let repeats = head.repeats.clone();
            self.found.loops.push((head.path.clone(), repeats));
        }
        if task.action.value.is("ACS::Approve") {
            let path = head.path.clone();
            let approval = PlannedApproval::of(task, path, head.conditional, properties.as_ref());
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
        let properties = properties.as_object();
        let arguments = if task.action.value.is("ACS::Template") {
            let found = properties.and_then(|properties| find(properties, "Parameters"));
            found.and_then(Value::as_object)
        } else {
            properties
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

fn display_name(usage: &ApiUse) -> String {
    if usage.service == ACTION_SERVICE {
        usage.api.clone()
    } else {
        format!("{}.{}", usage.service, usage.api)
    }
}
