//! Triggers (language reference 4.11 and 4.12). An execution that a trigger has fired begins with its
//! event; one that a person started waits, and what fires it is not the engine's work.

use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, TriggerKind, Work};
use crate::engine::timer::Timer;

pub(super) fn work(context: &Context, trigger: TriggerKind) -> Result<Work, Failure> {
    if let Some(event) = &context.started().trigger {
        let event = event.clone();
        return Ok(Work::Trigger { event });
    }
    if trigger == TriggerKind::Timer {
        // A timer that cannot be read would wait for ever.
        let read = Timer::read(context.properties, context.scope.now);
        read.map_err(|error| context.failure(&error.to_string()))?;
    }
    Ok(Work::Watch {
        trigger,
        settings: context.properties.clone(),
    })
}
