//! Triggers. An execution that a trigger has fired begins with its event; waiting for one is not
//! the engine's work (language reference 4.11 and 4.12).

use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    match &context.started().trigger {
        Some(event) => Ok(Work::Trigger {
            event: event.clone(),
        }),
        None => Err(Failure::new(
            "NotSupported",
            format!(
                "action `{}` is not supported yet: start the template when it is due",
                context.task.action.value
            ),
        )),
    }
}
