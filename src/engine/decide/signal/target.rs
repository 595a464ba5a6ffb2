//! Which task a person means, and how to say that a request does not fit.

use crate::engine::draft::Draft;
use crate::engine::event::{Fact, Signal};
use crate::engine::input::Refused;

/// Makes a refusal; `reason` says why, with the remedy.
pub(super) fn not_now(reason: impl Into<String>) -> Refused {
    Refused::NotNow {
        reason: reason.into(),
    }
}

/// Records the signal.
pub(super) fn record(draft: &mut Draft, signal: &Signal) {
    draft.record(Fact::SignalReceived {
        signal: signal.clone(),
    });
}

/// Returns the place of a task by its name.
pub(super) fn place_of(draft: &Draft, name: &str) -> Result<u32, Refused> {
    let template = &draft.state.template;
    let found = template.task(name);
    found
        .and_then(|(place, _)| u32::try_from(place).ok())
        .ok_or_else(|| {
            let names = template.tasks.iter().map(|task| task.name.value.as_str());
            let hint = crate::base::name::nearest(name, names)
                .map(|near| format!(": did you mean `{near}`?"))
                .unwrap_or_default();
            not_now(format!("there is no task `{name}`{hint}"))
        })
}

/// Fails if a person named another task than the one at `place`.
pub(super) fn expect_task(draft: &Draft, name: Option<&str>, place: u32) -> Result<(), Refused> {
    let Some(name) = name else {
        return Ok(());
    };
    if place_of(draft, name)? == place {
        return Ok(());
    }
    Err(not_now(format!(
        "task `{name}` is not the one that waits: that is `{}`",
        name_of(draft, place)
    )))
}

/// Returns the name of the task at `place`.
pub(super) fn name_of(draft: &Draft, place: u32) -> String {
    let name = draft.state.task_name(place);
    name.map(ToString::to_string).unwrap_or_default()
}
