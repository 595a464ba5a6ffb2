//! Triggers and what fired them: rows beside those of executions.

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::event::{Firing, PassCause, Passed, Renewal, TriggerKind, Work};
use crate::store::Seq;
use crate::store::projection::moment;

/// A trigger that waits to be fired, or did.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct WatchRow {
    pub(crate) kind: TriggerKind,
    pub(crate) settings: Map,
    pub(crate) paused: bool,
    /// When a person last let it go on.
    pub(crate) resumed: Option<Timestamp>,
    /// When its settings were last changed.
    pub(crate) renewed: Option<Timestamp>,
    pub(crate) began: Timestamp,
}

/// Which firing: a trigger, when something became of it, and what tells of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct FiringKey {
    pub(crate) trigger: ExecutionId,
    pub(crate) at: Timestamp,
    pub(crate) source: String,
}

/// What became of one or more times of a trigger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FiringRow {
    /// The first nominal time, if the clock fired it.
    pub(crate) nominal: Option<Timestamp>,
    /// The last nominal time.
    pub(crate) until: Option<Timestamp>,
    pub(crate) count: u64,
    /// Why nothing was started.
    pub(crate) cause: Option<PassCause>,
    pub(crate) note: String,
    pub(crate) execution: Option<ExecutionId>,
}

/// Returns the firing that started an execution.
pub(super) fn fired(id: &ExecutionId, firing: &Firing, at: Timestamp) -> (FiringKey, FiringRow) {
    let key = FiringKey {
        trigger: firing.trigger.clone(),
        at: moment(at),
        source: id.to_string(),
    };
    let row = FiringRow {
        nominal: firing.nominal,
        until: firing.nominal,
        count: 1,
        cause: None,
        note: String::new(),
        execution: Some(id.clone()),
    };
    (key, row)
}

/// Returns the firing that started nothing.
pub(super) fn passed(
    trigger: &ExecutionId,
    passed: &Passed,
    (seq, at): (Seq, Timestamp),
) -> (FiringKey, FiringRow) {
    let key = FiringKey {
        trigger: trigger.clone(),
        at: moment(at),
        source: seq.to_string(),
    };
    let row = FiringRow {
        nominal: Some(passed.from),
        until: Some(passed.until),
        count: passed.count,
        cause: Some(passed.cause),
        note: passed.note.clone(),
        execution: None,
    };
    (key, row)
}

/// Returns the trigger that waits from now on, if the work is that.
pub(super) fn began(work: &Work, at: Timestamp) -> Option<WatchRow> {
    match work {
        Work::Watch { trigger, settings } => Some(WatchRow {
            kind: *trigger,
            settings: settings.clone(),
            paused: false,
            resumed: None,
            renewed: None,
            began: at,
        }),
        _ => None,
    }
}

/// Returns the trigger as it goes on after its template was changed.
pub(super) fn renewed(mut row: WatchRow, renewal: &Renewal, at: Timestamp) -> WatchRow {
    if row.settings != renewal.settings {
        row.settings.clone_from(&renewal.settings);
        row.renewed = Some(moment(at));
    }
    row
}

/// Returns the trigger paused, or let go on from `resumed`.
pub(super) fn paused(row: WatchRow, resumed: Option<Timestamp>) -> WatchRow {
    WatchRow {
        paused: resumed.is_none(),
        resumed: resumed.or(row.resumed),
        ..row
    }
}
