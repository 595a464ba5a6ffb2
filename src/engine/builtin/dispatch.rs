//! From an action's name to what it does.

use crate::engine::builtin::context::Context;
use crate::engine::builtin::{
    approve, check_for, choice, execute_api, execute_http_request, loop_action, notify, product,
    select_targets, sleep, template, trigger, wait_for,
};
use crate::engine::event::{Failure, TriggerKind, Work};

/// Renders what the unit does.
pub(in crate::engine) fn work(context: &Context) -> Result<Work, Failure> {
    let action = &context.task.action.value;
    match action.key().as_str() {
        "acs::executeapi" => execute_api::work(context),
        "acs::executehttprequest" => execute_http_request::work(context),
        "acs::waitfor" => wait_for::work(context),
        "acs::checkfor" => check_for::work(context),
        "acs::choice" => choice::work(context),
        "acs::sleep" => sleep::work(context),
        "acs::selecttargets" => select_targets::work(context),
        "acs::notify" => notify::work(context),
        "acs::approve" => approve::work(context),
        "acs::pause" => Ok(Work::Pause),
        "acs::template" => template::work(context),
        "acs::loop" => loop_action::work(context),
        "acs::timertrigger" => trigger::work(context, TriggerKind::Timer),
        "acs::eventtrigger" => trigger::work(context, TriggerKind::Event),
        "acs::alarmtrigger" => trigger::work(context, TriggerKind::Alarm),
        "acs::gitcoderepo" => Err(Failure::new(
            "NotSupported",
            format!(
                "action `{action}` is not supported yet: give the clone address as a parameter"
            ),
        )),
        _ => product::work(context),
    }
}
