//! Which trigger a person means, and how it is told of in a line.

use anyhow::anyhow;
use clap::Args;

use crate::base::time::Timestamp;
use crate::base::value::{find, text};
use crate::cli::client;
use crate::cli::report::Failure;
use crate::engine::event::TriggerKind;
use crate::engine::timer::{Timer, timer_words};
use crate::store::{Store, TriggerView};

/// Names a trigger.
#[derive(Debug, Args)]
pub(super) struct TriggerArgument {
    /// The trigger: the id of the execution that waits for it, a unique beginning of one, @last, or
    /// the name of its template
    #[arg(value_name = "TRIGGER")]
    pub(super) trigger: String,
}

/// Returns the trigger that a person means.
pub(super) async fn find_trigger(
    store: &dyn Store,
    argument: &TriggerArgument,
) -> Result<TriggerView, Failure> {
    let name = &argument.trigger;
    let mut named: Vec<TriggerView> = store.triggers(false).await?;
    named.retain(|trigger| trigger.template_name.eq_ignore_ascii_case(name));
    match named.len() {
        0 => {}
        1 => return Ok(named.remove(0)),
        _ => {
            let ids: Vec<String> = named
                .iter()
                .map(|trigger| format!("`{}`", trigger.execution_id))
                .collect();
            let several = anyhow!("several triggers run the template `{name}`");
            return Err(Failure::usage(several).hinted(format!("Name one of {}.", ids.join(", "))));
        }
    }
    let view = client::find(store, name).await?;
    let found = store.trigger(&view.execution_id).await?;
    found.ok_or_else(|| {
        let none = anyhow!("`{}` does not wait for a trigger", view.execution_id);
        Failure::usage(none).hinted("`oos trigger list` shows what does.")
    })
}

/// Returns what fires a trigger, in a line.
pub(super) fn when(trigger: &TriggerView) -> String {
    if trigger.trigger_type == TriggerKind::Timer {
        return timer_words(&trigger.settings);
    }
    let fields = ["Product", "Name", "Level", "Namespace", "MetricName"];
    let words = fields
        .iter()
        .filter_map(|name| find(&trigger.settings, name));
    words.map(text).collect::<Vec<_>>().join(" ")
}

/// Returns the next nominal time of a trigger that is not paused.
pub(super) fn next_time(trigger: &TriggerView, now: Timestamp) -> Option<Timestamp> {
    if trigger.paused || trigger.status.is_final() || trigger.trigger_type != TriggerKind::Timer {
        return None;
    }
    let timer = Timer::read(&trigger.settings, trigger.start_date).ok()?;
    let after = trigger.settled().max(now);
    timer.schedule.next_after(after).map(|fire| fire.nominal)
}
