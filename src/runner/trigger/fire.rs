//! A trigger is fired: an execution of the same template begins, with the trigger done.

use serde_json::json;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::{Timestamp, utc_text};
use crate::base::value::{Value, find};
use crate::engine::event::{Firing, Hold, Started};
use crate::engine::status::Mode;
use crate::runner::Identity;
use crate::runner::changing::lasting;
use crate::runner::entries::Entries;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::repeat::fitting;
use crate::runner::scope::StartScope;
use crate::runner::trigger::Fuse;
use crate::store::StoreError;
use crate::template::bind::{self, Strictness};

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
        let mut started = started(&fuse.started, id, firing, event, hold);
        self.bind_anew(fuse, &mut started)?;
        match (self.record_start(&fuse.template, started).await, nominal) {
            (Ok(id), _) => Ok(id),
            (Err(StoreError::Passed { trigger, nominal }), _) => {
                Err(FireError::Passed { trigger, nominal })
            }
            (Err(StoreError::Conflict { .. }), Some(nominal)) => Err(FireError::Passed {
                trigger: fuse.started.id.clone(),
                nominal,
            }),
            (Err(error), _) => Err(RunnerError::from(error).into()),
        }
    }

    /// Makes those parameters anew that come to another value in every execution.
    fn bind_anew(&self, fuse: &Fuse, started: &mut Started) -> Result<(), RunnerError> {
        let parent = &fuse.started;
        if parent.changing.is_empty() {
            return Ok(());
        }
        let scope = StartScope {
            id: started.id.clone(),
            now: self.clock().now(),
            identity: &Identity::of(parent),
            entries: &Entries::of(parent),
            parameters: None,
        };
        let arguments = lasting(&fitting(parent, &fuse.template), &parent.changing);
        let bound = bind::bind(&fuse.template, &arguments, Strictness::TopLevel, &scope);
        let bound = bound.map_err(|errors| RunnerError::Unbound {
            id: parent.id.clone(),
            reason: errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        })?;
        for name in &parent.changing {
            if let Some(value) = find(&bound, name) {
                started.parameters.insert(name.clone(), value.clone());
            }
        }
        Ok(())
    }
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
        changing: Vec::new(),
        ..parent.clone()
    }
}

/// Returns 64 bits that stand for a nominal time of a trigger.
fn fingerprint(trigger: &ExecutionId, nominal: Timestamp) -> u64 {
    let text = format!("{trigger} {}", nominal.as_nanosecond());
    let digest = Digest::of(text.as_bytes());
    u64::from_str_radix(&digest.hex()[..16], 16).expect("a digest is written in hexadecimal")
}
