//! `ExecuteTask` and `RetryTask`: a person has a task run.

use crate::base::value::Map;
use crate::engine::decide::signal::pass;
use crate::engine::decide::signal::target::{expect_task, not_now, place_of, record};
use crate::engine::draft::Draft;
use crate::engine::event::Signal;
use crate::engine::flow::{self, Change};
use crate::engine::input::Refused;
use crate::engine::state::{Control, Pause};

pub(super) fn execute(
    draft: &mut Draft,
    signal: &Signal,
    task: &str,
    parameters: Option<&Map>,
) -> Result<(), Refused> {
    let Control::Paused(_, Pause::Failure | Pause::Debug) = draft.state.control else {
        return Err(not_now(
            "the execution does not wait for a task to be chosen: that is so in mode Debug, and \
             in mode FailurePause after a failure",
        ));
    };
    let place = place_of(draft, task)?;
    pass::may_jump(draft, place)?;
    begin(draft, place, signal, parameters)
}

pub(super) fn retry(
    draft: &mut Draft,
    signal: &Signal,
    task: Option<&str>,
    parameters: Option<&Map>,
) -> Result<(), Refused> {
    let place = match draft.state.control {
        Control::Paused(place, Pause::Failure) => place,
        Control::At(place) if draft.state.tasks[place as usize].lost > 0 => place,
        _ => {
            return Err(not_now(
                "no failed or unknown task waits: only such a task can be retried",
            ));
        }
    };
    expect_task(draft, task, place)?;
    if draft.state.tasks[place as usize].stopping.is_some() {
        return Err(not_now("the task is being cancelled"));
    }
    begin(draft, place, signal, parameters)
}

fn begin(
    draft: &mut Draft,
    place: u32,
    signal: &Signal,
    parameters: Option<&Map>,
) -> Result<(), Refused> {
    let change = parameters
        .filter(|properties| !properties.is_empty())
        .map(|properties| Change {
            properties: properties.clone(),
            by: signal.by.clone(),
        });
    if change.is_some() {
        pass::may_change(draft, place)?;
    }
    record(draft, signal);
    flow::begin(draft, place, change);
    Ok(())
}
