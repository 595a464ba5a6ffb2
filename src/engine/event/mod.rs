//! What happened: the facts of the journal. Past tense, complete, never edited.
//!
//! The serialized names are stable: a journal written by any released version must decode.

mod end;
mod fact;
mod lock;
mod looping;
mod plan;
mod repeat;
mod signal;
mod started;
mod trigger;
mod unit;
mod work;

pub use end::{End, Failure, StopCause};
pub use fact::{Event, Fact};
pub use lock::{Cap, Lock};
pub use looping::{Batches, LoopPlan, OnUnreachable};
pub use plan::{ApprovalTerms, BoundPlan, PlannedLoop, Replanned, TimeoutOutcome};
pub use repeat::{Kept, Repeat, Taken};
pub use signal::{Request, Signal};
pub use started::{InventorySources, Outer, Started, TaskHead, TemplateOrigin, TemplatePlace};
pub use trigger::{Firing, Hold, PassCause, Passed, Renewal, TriggerKind};
pub use unit::UnitId;
pub use work::{Delay, PollPolicy, Work};
