//! Triggers (language reference 4.11 and 4.12). An execution that a trigger has fired begins with its
//! event; one that a person started waits, and what fires it is not the engine's work.

use crate::engine::builtin::context::Context;
use crate::engine::event::{TriggerKind, Work};

pub(super) fn work(context: &Context, trigger: TriggerKind) -> Work {
    match &context.started().trigger {
        Some(event) => Work::Trigger {
            event: event.clone(),
        },
        None => Work::Watch {
            trigger,
            settings: context.properties.clone(),
        },
    }
}
