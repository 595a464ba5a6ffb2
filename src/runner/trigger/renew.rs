//! The template of a trigger was changed: from then on it fires by what the template says now.

use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::Execution;
use crate::engine::event::{
    Fact, PassCause, Passed, Renewal, Started, TemplateOrigin, TemplatePlace, TriggerKind, Work,
};
use crate::engine::input::Input;
use crate::engine::timer::{InvalidTimer, Timer};
use crate::runner::changing::lasting;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::prepare::Prepared;
use crate::runner::repeat::fitting;
use crate::runner::request::{StartRequest, TemplateRef, TimerRequest};
use crate::runner::start_error::StartError;
use crate::runner::trigger::fuse::in_force;
use crate::store::TriggerView;

/// Why a trigger goes on with the template that it has.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// The template cannot be started as it is now.
    #[error(transparent)]
    Template(#[from] StartError),
    /// Its timer cannot be read.
    #[error("its timer cannot be read: {0}")]
    Timer(#[from] InvalidTimer),
    /// It waits for something else, or for nothing.
    #[error("it does not begin with a {} trigger any more: `oos trigger delete`, then start it anew", .0.as_str())]
    OtherTrigger(TriggerKind),
    /// It holds secret values that it did not have before: these must be there from the start.
    #[error(
        "it has other secrets than it was started with: `oos trigger delete`, then start it anew"
    )]
    OtherSecrets,
    /// What is on record of the trigger could not be read or written.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

impl Runner {
    /// Looks for the template of a trigger again. If it was changed, and can be started as it is now, the
    /// trigger goes on with it: with the parameters that it was started with, from this moment. Returns
    /// whether that is so.
    pub async fn renew(&self, id: &ExecutionId) -> Result<bool, RenewError> {
        let Some(trigger) = self.store().trigger(id).await.map_err(RunnerError::from)? else {
            return Ok(false);
        };
        let events = self.store().read(id).await.map_err(RunnerError::from)?;
        let old = in_force(id, &events)?;
        let Some(origin) = &old.origin else {
            return Ok(false);
        };
        let mut request = request(old, origin);
        let (template, _) = self.load_with_timer(&request)?;
        request.arguments = lasting(&fitting(old, &template), &old.changing);
        let prepared = self.prepare(request)?;
        let found = prepared.started();
        if (&found.template, &found.library) == (&old.template, &old.library) {
            return Ok(false);
        }
        if !found
            .secrets()
            .all(|value| old.secrets().any(|known| known == value))
        {
            return Err(RenewError::OtherSecrets);
        }
        let mut started = self.keep_texts(&prepared).await?;
        take_over(&mut started, old);
        let now = self.clock().now();
        let settings = settings(&prepared, &started, now)
            .filter(|(kind, _)| *kind == trigger.trigger_type)
            .ok_or(RenewError::OtherTrigger(trigger.trigger_type))?
            .1;
        if trigger.trigger_type == TriggerKind::Timer {
            Timer::read(&settings, trigger.start_date)?;
        }
        let mut inputs = Vec::new();
        if settings != trigger.settings {
            inputs.extend(undecided(&trigger, now)?.map(Input::TimesPassed));
        }
        let started = Box::new(started);
        inputs.push(Input::TriggerRenewed(Renewal { settings, started }));
        // Refused: it has ended meanwhile.
        Ok(self.tell(id, &inputs).await?.is_none())
    }
}

/// Returns the request for the template of a trigger as it is now, but for its arguments.
fn request(old: &Started, origin: &TemplateOrigin) -> StartRequest {
    let template = match &origin.place {
        TemplatePlace::File(path) => TemplateRef::File(path.into()),
        TemplatePlace::Name { name, version } => TemplateRef::Name {
            name: name.clone(),
            version: version.clone(),
        },
    };
    let timer = origin.timer.as_ref().map(|settings| TimerRequest {
        name: old.template_name.clone(),
        settings: settings.clone(),
    });
    StartRequest {
        timer,
        mode: old.mode,
        loop_mode: old.loop_mode,
        safety_check: old.safety_check,
        self_approval: old.self_approval,
        description: old.description.clone(),
        tags: old.tags.clone(),
        ..StartRequest::new(template)
    }
}

/// It stays the execution that it is, started by whom it was.
fn take_over(started: &mut Started, old: &Started) {
    started.id = old.id.clone();
    started.user.clone_from(&old.user);
    started.account.clone_from(&old.account);
    started.region.clone_from(&old.region);
    started.inventory.clone_from(&old.inventory);
}

/// Returns what an execution would wait for that starts with this.
fn settings(prepared: &Prepared, started: &Started, now: Timestamp) -> Option<(TriggerKind, Map)> {
    let input = Input::Start(Box::new(started.clone()));
    let events = Execution::new(Arc::clone(&prepared.template)).decide(&input, now);
    let facts = events.ok()?.into_iter().map(|event| event.fact);
    facts.into_iter().find_map(|fact| match fact {
        Fact::UnitStarted {
            work: Work::Watch { trigger, settings },
            ..
        } => Some((trigger, settings)),
        _ => None,
    })
}

/// Returns the times of the old schedule that have come and that nothing became of yet.
fn undecided(trigger: &TriggerView, now: Timestamp) -> Result<Option<Passed>, InvalidTimer> {
    if trigger.trigger_type != TriggerKind::Timer {
        return Ok(None);
    }
    let schedule = Timer::read(&trigger.settings, trigger.start_date)?.schedule;
    let after = trigger.settled();
    let mut fires = schedule.fires_between(after, now);
    let Some(first) = fires.next() else {
        return Ok(None);
    };
    let last = fires.last().map_or(first.nominal, |fire| fire.nominal);
    Ok(Some(Passed {
        from: first.nominal,
        until: last,
        count: schedule.count_between(after, now),
        cause: PassCause::Renewed,
        note: "the schedule was changed".to_owned(),
    }))
}
