//! From properties and task attributes to the policy of a poll (language reference 4.2).

use crate::base::value::{Map, Value, text};
use crate::engine::builtin::context::Context;
use crate::engine::event::{Delay, Failure, PollPolicy};
use crate::engine::render::evaluate;
use crate::template::expr::Expression;
use crate::template::number::whole;

/// Seconds between polls, and what is added each time, when the task does not say.
const DELAY: u32 = 2;
/// The longest pause in seconds, when the task does not say.
const MAX_INTERVAL: u32 = 1800;

/// Reads the policy of a `WaitFor` or `CheckFor`.
pub(super) fn from_properties(context: &Context, retries: u32) -> Result<PollPolicy, Failure> {
    let policy = PollPolicy {
        selector: context
            .text("PropertySelector")
            .unwrap_or_else(|| ".".into()),
        desired: context.list("DesiredValues"),
        not_desired: context.list("NotDesiredValues"),
        stop: context.list("StopRetryValues"),
        ..pauses(context, retries)?
    };
    if policy.desired.is_empty() && policy.not_desired.is_empty() {
        return Err(context.failure("`DesiredValues` or `NotDesiredValues` must hold a value"));
    }
    Ok(policy)
}

/// Reads one rule of an `ExecuteHttpRequest`.
pub(super) fn from_rule(
    context: &Context,
    rule: &Map,
    retries: u32,
) -> Result<PollPolicy, Failure> {
    let rule = Context {
        properties: rule,
        ..*context
    };
    from_properties(&rule, retries)
}

/// Reads how often and how fast; the selector and the values are still to be filled in.
fn pauses(context: &Context, retries: u32) -> Result<PollPolicy, Failure> {
    let retry = &context.task.retry;
    let delay = seconds(context, "Delay", retry.delay.as_ref(), DELAY)?;
    let back_off = seconds(context, "BackOff", retry.back_off.as_ref(), DELAY)?;
    let delay_type = match &retry.delay_type {
        None => Value::Null,
        Some(expression) => evaluate(context.task, "DelayType", expression, &context.scope)?,
    };
    let delay = match text(&delay_type).to_ascii_lowercase().as_str() {
        "" | "exponential" => Delay::Exponential,
        "constant" => Delay::Constant { delay },
        "linear" => Delay::Linear { delay, back_off },
        other => {
            let reason = format!("`DelayType` is Exponential, Constant or Linear, not `{other}`");
            return Err(context.failure(&reason));
        }
    };
    Ok(PollPolicy {
        selector: String::new(),
        desired: Vec::new(),
        not_desired: Vec::new(),
        stop: Vec::new(),
        retries: seconds(context, "Retries", retry.retries.as_ref(), retries)?,
        delay,
        max_interval: seconds(
            context,
            "MaxRetryInterval",
            retry.max_retry_interval.as_ref(),
            MAX_INTERVAL,
        )?,
    })
}

fn seconds(
    context: &Context,
    name: &str,
    expression: Option<&Expression>,
    default: u32,
) -> Result<u32, Failure> {
    let Some(expression) = expression else {
        return Ok(default);
    };
    let value = evaluate(context.task, name, expression, &context.scope)?;
    if value.is_null() {
        return Ok(default);
    }
    whole(&value)
        .ok_or_else(|| context.failure(&format!("`{name}` must be a whole number, not `{value}`")))
}
