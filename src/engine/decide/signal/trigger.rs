//! A person pauses a trigger, or lets it go on. Saying it twice is saying it once.

use crate::engine::decide::signal::target::{not_now, record};
use crate::engine::decide::trigger::watching;
use crate::engine::draft::Draft;
use crate::engine::event::{Fact, Signal};
use crate::engine::input::Refused;

pub(super) fn set_paused(draft: &mut Draft, signal: &Signal, pause: bool) -> Result<(), Refused> {
    let Some((unit, paused)) = watching(draft) else {
        return Err(not_now("this execution does not wait for a trigger"));
    };
    if pause == paused {
        return Ok(());
    }
    record(draft, signal);
    draft.record(if pause {
        Fact::TriggerPaused { unit }
    } else {
        Fact::TriggerResumed { unit }
    });
    Ok(())
}
