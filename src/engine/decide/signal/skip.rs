//! `SkipTask`: a person takes a task as done.

use crate::engine::decide::signal::pass;
use crate::engine::decide::signal::target::{expect_task, not_now, record};
use crate::engine::draft::Draft;
use crate::engine::event::{End, Fact, Signal, UnitId};
use crate::engine::input::Refused;
use crate::engine::state::{Control, Pause};

pub(super) fn skip(draft: &mut Draft, signal: &Signal, task: Option<&str>) -> Result<(), Refused> {
    match draft.state.control {
        Control::Paused(place, Pause::Failure | Pause::Debug) => {
            expect_task(draft, task, place)?;
            pass::may_skip(draft, place)?;
            record(draft, signal);
            draft.record(Fact::TaskSkipped { task: place });
        }
        Control::At(place) if draft.state.tasks[place as usize].lost > 0 => {
            expect_task(draft, task, place)?;
            pass::may_skip(draft, place)?;
            record(draft, signal);
            for unit in lost_units(draft, place) {
                draft.end_unit(unit, End::SKIPPED);
            }
        }
        _ => {
            return Err(not_now(
                "no failed or unknown task waits: a task at work can be cancelled, not skipped",
            ));
        }
    }
    Ok(())
}

fn lost_units(draft: &Draft, place: u32) -> Vec<UnitId> {
    draft.state.tasks[place as usize]
        .units
        .iter()
        .filter(|(_, unit)| unit.is_lost())
        .map(|(item, unit)| UnitId {
            task: place,
            item: *item,
            attempt: unit.attempt,
        })
        .collect()
}
