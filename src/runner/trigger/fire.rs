//! A trigger is fired: an execution of the same template begins, with the trigger done.

use std::sync::Arc;

use serde_json::json;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::{Timestamp, utc_text};
use crate::base::value::Value;
use crate::engine::Execution;
use crate::engine::event::{Firing, Hold, Started};
use crate::engine::input::Input;
use crate::engine::status::Mode;
use crate::runner::broadcast::News;
use crate::runner::failpoint;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::trigger::Fuse;
use crate::store::StoreError;

/// Why a trigger was not fired.
#[derive(Debug, thiserror::Error)]
pub enum FireError {
    /// Somebody else has fired it for this time, or for a later one.
    #[error("the time {nominal} of trigger `{trigger}` has been dealt with already")]
    Passed {
        /// The execution whose trigger it is.
        trigger: ExecutionId,
        /// The time.
        nominal: Timestamp,
    },
    /// What it starts could not be recorded.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

/// Returns the event of a trigger that the clock has fired.
pub fn nominal_event(nominal: Timestamp, now: Timestamp) -> Value {
    json!({ "type": "Timer", "nominalTime": utc_text(nominal), "firedTime": utc_text(now) })
}

impl Runner {
    /// Starts what a trigger starts: durable when it returns, worked on by nobody yet. `nominal` is
    /// the time that it is fired for: whatever crashes and whoever else tries, at most one execution
    /// is started for it.
    pub async fn fire(
        &self,
        fuse: &Fuse,
        nominal: Option<Timestamp>,
        event: Value,
        hold: Option<Hold>,
    ) -> Result<ExecutionId, FireError> {
        let trigger = fuse.started.id.clone();
        let id = match nominal {
            // The same for everybody who fires it for this time.
            Some(nominal) => ExecutionId::new(nominal, fingerprint(&trigger, nominal)),
            None => ExecutionId::new(self.clock().now(), self.clock().chance()),
        };
        let firing = Firing { trigger, nominal };
        let started = started(&fuse.started, id.clone(), firing, event, hold);
        let input = Input::Start(Box::new(started));
        let mut events = Execution::new(Arc::clone(&fuse.template))
            .decide(&input, self.clock().now())
            .expect("a new execution can always start");
        keep_start(&mut events);
        failpoint::pass();
        match self.store().append(&id, 0, &events).await {
            Ok(_) => {}
            Err(StoreError::Passed { trigger, nominal }) => {
                return Err(FireError::Passed { trigger, nominal });
            }
            Err(StoreError::Conflict { .. }) if nominal.is_some() => {
                return Err(FireError::Passed {
                    trigger: fuse.started.id.clone(),
                    nominal: nominal.expect("it was just asked for"),
                });
            }
            Err(error) => return Err(RunnerError::from(error).into()),
        }
        failpoint::pass();
        self.broadcast().send(|| News::Events {
            id: id.clone(),
            after: 0,
            events: events.into(),
        });
        Ok(id)
    }
}

/// Drops what follows from a start but does not belong to it: a call on record would look as if
/// somebody had made it and died.
pub(in crate::runner) fn keep_start(events: &mut Vec<crate::engine::event::Event>) {
    use crate::engine::event::Fact;
    let held = events
        .get(1)
        .is_some_and(|event| matches!(event.fact, Fact::ExecutionPaused { task: 0, .. }));
    let is_held = held
        && matches!(&events[0].fact, Fact::ExecutionStarted(started) if started.hold.is_some());
    events.truncate(if is_held { 2 } else { 1 });
}

/// Returns what an execution starts with that a trigger has fired.
fn started(
    parent: &Started,
    id: ExecutionId,
    firing: Firing,
    event: Value,
    hold: Option<Hold>,
) -> Started {
    Started {
        id,
        trigger: Some(event),
        fired: Some(firing),
        hold,
        mode: Mode::Automatic,
        repeats: None,
        ..parent.clone()
    }
}

/// Returns 64 bits that stand for a nominal time of a trigger.
fn fingerprint(trigger: &ExecutionId, nominal: Timestamp) -> u64 {
    let text = format!("{trigger} {}", nominal.as_nanosecond());
    let digest = Digest::of(text.as_bytes());
    u64::from_str_radix(&digest.hex()[..16], 16).expect("a digest is written in hexadecimal")
}
