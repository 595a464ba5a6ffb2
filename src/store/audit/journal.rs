//! Which events of journals tell of a person, and what is recorded of them.

use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::engine::event::{Event, Fact, Request, Signal, Started};
use crate::store::Seq;
use crate::store::audit::{AuditAction, Deed};

/// What is recorded of a start, by its name in the journal.
const OF_A_START: [&str; 7] = [
    "template_name",
    "template_version",
    "template",
    "parameters",
    "mode",
    "safety_check",
    "description",
];

/// Returns what a person did, if `event`, with its secrets masked, tells of it: starts of root
/// executions and everything that people say. What follows from it tells nothing new.
pub(in crate::store) fn deed_of(id: &ExecutionId, seq: Seq, event: &Event) -> Option<Deed> {
    let (actor, action, mut detail) = match &event.fact {
        Fact::ExecutionStarted(started) if started.parent.is_none() && !is_clockwork(started) => {
            (&started.user, AuditAction::Started, start(started))
        }
        // An execution that is cancelled cancels its children in its own name.
        Fact::SignalReceived { signal } if signal.by.parse::<ExecutionId>().is_err() => {
            (&signal.by, action_of(&signal.request), said(signal))
        }
        _ => return None,
    };
    detail.insert("event".to_owned(), seq.into());
    Some(Deed {
        actor: actor.clone(),
        action,
        subject: id.to_string(),
        detail,
    })
}

/// Tells whether the clock started it, and no person.
fn is_clockwork(started: &Started) -> bool {
    let firing = started.fired.as_ref();
    firing.is_some_and(|firing| firing.nominal.is_some())
}

fn start(started: &Started) -> Map {
    let mut whole = as_map(started);
    let mut detail: Map = OF_A_START
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), whole.remove(*name)?)))
        .filter(|(_, value)| value != "")
        .collect();
    if let Some(plan) = &started.plan {
        detail.insert("plan".to_owned(), plan.digest.to_string().into());
    }
    if started.self_approval {
        detail.insert("self_approval".to_owned(), true.into());
    }
    if let Some(repeat) = &started.repeats {
        let id = repeat.execution.to_string();
        detail.insert("repeats".to_owned(), id.into());
        if !repeat.note.is_empty() {
            detail.insert("note".to_owned(), repeat.note.clone().into());
        }
    }
    detail
}

fn said(signal: &Signal) -> Map {
    let mut detail = as_map(&signal.request);
    detail.remove("type");
    detail.retain(|_, value| !value.is_null());
    if let Some(plan) = &signal.plan {
        detail.insert("plan".to_owned(), plan.to_string().into());
    }
    if !signal.note.is_empty() {
        detail.insert("note".to_owned(), signal.note.clone().into());
    }
    detail
}

fn as_map(value: &impl serde::Serialize) -> Map {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        other => unreachable!("parts of events are written as maps, not {other:?}"),
    }
}

fn action_of(request: &Request) -> AuditAction {
    match request {
        Request::Approve { .. } => AuditAction::Approved,
        Request::Reject { .. } => AuditAction::Rejected,
        Request::ExecuteTask { .. } => AuditAction::Executed,
        Request::RetryTask { .. } => AuditAction::Retried,
        Request::SkipTask { .. } => AuditAction::Skipped,
        Request::CancelTask { .. } => AuditAction::TaskCancelled,
        Request::CompleteExecution { .. } => AuditAction::Completed,
        Request::Cancel => AuditAction::Cancelled,
        Request::PauseTrigger => AuditAction::TriggerPaused,
        Request::ResumeTrigger => AuditAction::TriggerResumed,
    }
}
