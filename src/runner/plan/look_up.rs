//! What a plan looks up before the run: the calls of steps that only read.
//!
//! A look-up waits until something refers to what it finds. By then others wait with it that do not
//! depend on each other, and all of them are made at the same time.

use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::action;
use crate::base::call::{ApiCall, Recovery};
use crate::base::name::Name;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value, find, text};
use crate::provider::CallContext;
use crate::runner::handle::Runner;
use crate::runner::prepare::Prepared;
use crate::runner::usage::{self, ApiUse};
use crate::template::expr::Selector;
use crate::template::model::Task;
use crate::template::output::{self, Reads};

/// The most look-ups that are made at the same time: enough to hide the way to the service, too few
/// to meet its limits.
const AT_ONCE: usize = 8;

/// A call that only reads, for the outputs of its task.
#[derive(Debug)]
pub(super) struct LookUp<'a> {
    /// The task that it is the call of.
    pub(super) task: &'a Task,
    call: ApiCall,
}

impl<'a> LookUp<'a> {
    /// Returns the look-up of a task; nothing if the task does more than read, or reads something
    /// for each of some items.
    pub(super) fn of(
        prepared: &Prepared,
        task: &'a Task,
        usage: &ApiUse,
        properties: &Value,
    ) -> Option<Self> {
        let selects = usage.api.eq_ignore_ascii_case("ACS::SelectTargets");
        let reads = task.action.value.is("ACS::ExecuteAPI") && is_reading(usage);
        if task.looping.is_some() || !(selects || reads) {
            return None;
        }
        let parameters = if selects {
            Some(properties)
        } else {
            properties
                .as_object()
                .and_then(|properties| find(properties, "Parameters"))
        };
        let parameters = parameters
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let region = find(&parameters, "RegionId").map(text);
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
        Some(Self { task, call })
    }

    /// Makes the call and selects the outputs of the task; nothing if that fails.
    async fn outputs(self, runner: &Runner, prepared: &Prepared) -> Option<(Name, Map)> {
        let context = CallContext {
            now: runner.clock().now(),
            log: LogKey {
                execution: prepared.started.id.clone(),
                task: self.task.name.value.to_string(),
                item: None,
                attempt: 1,
            },
            sink: Arc::new(NoOutput),
            redactor: Redactor::default(),
            cancel: CancellationToken::new(),
            resumed: false,
            user: runner.identity().user.clone(),
            reads: Reads::of(self.task),
        };
        let answer = runner.provider().call(&self.call, &context).await.ok()?;
        let outputs = self.task.outputs.iter().map(|output| {
            let program = output.selector.as_literal()?;
            let selector = Selector::compile(program.as_str()?).ok()?;
            let value = output::select(output.value_type.value, &selector, &answer).ok()?;
            Some((output.name.value.to_string(), value))
        });
        let outputs = outputs.collect::<Option<Map>>()?;
        Some((self.task.name.value.clone(), outputs))
    }
}

/// Makes look-ups, several at the same time, and returns the outputs of those that succeed.
pub(super) async fn look_up(
    look_ups: Vec<LookUp<'_>>,
    runner: &Runner,
    prepared: &Prepared,
) -> Vec<(Name, Map)> {
    let calls: Vec<_> = look_ups
        .into_iter()
        .map(|look_up| look_up.outputs(runner, prepared))
        .collect();
    let answers = futures_util::stream::iter(calls).buffered(AT_ONCE);
    answers.filter_map(std::future::ready).collect().await
}

/// Tells whether a task that calls no template may change what others look up.
pub(super) fn may_change(task: &Task) -> bool {
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
    let is_read = action.is("ACS::ExecuteAPI") && usage::of_task(task).iter().all(is_reading);
    !is_harmless.iter().any(|name| action.is(name)) && !is_read
}

fn is_reading(usage: &ApiUse) -> bool {
    action::default_recovery(&usage.api) == Recovery::Idempotent
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
