//! A poll was answered (language reference 4.2 and 4.3).

use crate::base::call::CallFault;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::decide::stop::{stop_cause, stopped};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Failure, PollPolicy, UnitId};
use crate::engine::flow::{item_of, success};
use crate::engine::output::select_leniently;
use crate::engine::poll::Verdict;
use crate::engine::state::Unit;

/// A call's answer.
pub(super) type Answer = Result<Value, CallFault>;

/// Polls in a row without any answer after which a task gives up: the provider has tried each of
/// them several times already.
const FAULTS: u32 = 3;

pub(super) fn answered(
    draft: &mut Draft,
    id: UnitId,
    unit: &Unit,
    policy: &PollPolicy,
    number: u32,
    answer: &Answer,
) {
    let document = match answer {
        Ok(document) => document.clone(),
        // An error of the API is data: it may be just what the task waits for.
        Err(CallFault::Api(error)) => error.document(),
        Err(fault) => {
            let failure = Failure::from(fault.clone());
            return unanswered(draft, id, unit, policy, number, failure);
        }
    };
    match policy.judge(&document) {
        Verdict::Matched => {
            let end = success(draft, id, &document);
            draft.end_unit(id, end);
        }
        Verdict::Stopped(value) => {
            let message = format!(
                "`{}` is {value}, which ends the waiting{}",
                policy.selector,
                error_text(answer)
            );
            fail(
                draft,
                id,
                Failure::new("StopRetryValue", message),
                &document,
            );
        }
        Verdict::Missed(value) if number < policy.retries => {
            pause(draft, id, policy, number, (value, None));
        }
        Verdict::Missed(value) => {
            let (code, polls) = match policy.retries {
                0 => ("CheckFailed", String::new()),
                retries => (
                    "RetriesExhausted",
                    format!(" after {} polls", u64::from(retries) + 1),
                ),
            };
            let message = format!(
                "`{}` is {value}{polls}; {}{}",
                policy.selector,
                policy.expectation(),
                error_text(answer)
            );
            fail(draft, id, Failure::new(code, message), &document);
        }
    }
}

fn unanswered(
    draft: &mut Draft,
    id: UnitId,
    unit: &Unit,
    policy: &PollPolicy,
    number: u32,
    failure: Failure,
) {
    if unit.faults + 1 < FAULTS {
        let fault = Some(failure.message);
        pause(draft, id, policy, number, (Value::Null, fault));
    } else {
        fail(draft, id, failure, &Value::Null);
    }
}

/// Waits for the next poll, unless the task is being ended.
fn pause(
    draft: &mut Draft,
    id: UnitId,
    policy: &PollPolicy,
    number: u32,
    (value, fault): (Value, Option<String>),
) {
    if let cause @ Some(_) = stop_cause(draft) {
        return stopped(draft, id, cause, "");
    }
    let next = draft
        .now
        .checked_add(policy.pause(number + 1))
        .unwrap_or(Timestamp::MAX);
    draft.record(Fact::PollMissed {
        unit: id,
        poll: number,
        value,
        fault,
        next,
    });
}

fn fail(draft: &mut Draft, id: UnitId, failure: Failure, document: &Value) {
    let outputs = if document.is_null() {
        Map::new()
    } else {
        let task = &draft.state.template.tasks[id.task as usize];
        let item = item_of(&draft.state, id);
        select_leniently(task, document, &draft.scope(item.as_ref()))
    };
    draft.end_unit(id, End::Failed { failure, outputs });
}

/// Repeats what the API said last, for the message.
fn error_text(answer: &Answer) -> String {
    match answer {
        Err(error) => format!(" ({error})"),
        Ok(_) => String::new(),
    }
}
