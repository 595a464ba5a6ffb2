//! Retention beside serving: what is not kept any longer is removed, a little at a time.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::Instant;

use crate::runner::handle::Runner;
use crate::runner::retention::{Keep, Limits, Plan, Question, carry_out, plan};
use crate::store::{EndPlace, Part, StoreError};

/// How long nothing is looked at once all is done.
const EVERY: Duration = Duration::from_mins(1);

/// How often all is looked at that something needed the last time.
const FROM_THE_BEGINNING: Duration = Duration::from_hours(1);

/// What ended more recently may still be looked at by who ran it.
const SETTLED: Duration = Duration::from_secs(10);

/// How long others have the store to themselves after each step: a step takes a fraction of it.
const PAUSE: Duration = Duration::from_millis(20);

/// How many executions are removed before it is decided anew.
const MOST: usize = 256;

/// The name under which the program removes by itself.
const ACTOR: &str = "oos";

/// Removes what is not kept any longer, for ever.
pub(super) async fn keep(runner: &Runner, keep: Keep) -> Infallible {
    let mut keepers = [Part::History, Part::Logs].map(|part| Keeper {
        part,
        limits: keep.of(part),
        reached: None,
        again: Instant::now(),
    });
    // A person may have begun to remove something and been stopped.
    if let Err(error) = carry_out(
        runner.store(),
        Part::History,
        &Plan::default(),
        ACTOR,
        PAUSE,
    )
    .await
    {
        tell_of(&error);
    }
    loop {
        let mut is_done = true;
        for keeper in &mut keepers {
            match keeper.round(runner).await {
                Ok(done) => is_done &= done,
                Err(error) => tell_of(&error),
            }
        }
        if is_done {
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// Removes one part.
struct Keeper {
    part: Part,
    limits: Limits,
    /// What ended before was looked at and is needed, or is gone.
    reached: Option<EndPlace>,
    /// When to begin from the beginning again.
    again: Instant,
}

impl Keeper {
    /// Removes some of what is not kept; tells whether that was all.
    async fn round(&mut self, runner: &Runner) -> Result<bool, StoreError> {
        if self.limits.is_empty() {
            return Ok(true);
        }
        if Instant::now() >= self.again {
            self.reached = None;
            self.again = Instant::now() + FROM_THE_BEGINNING;
        }
        let question = Question {
            part: self.part,
            limits: self.limits,
            now: runner.clock().now(),
            settled: SETTLED,
            after: self.reached.clone(),
            most: MOST,
            measure: false,
        };
        let plan = plan(runner.store(), &question).await?;
        if plan.going.is_empty() {
            self.reached = plan.reached;
            return Ok(true);
        }
        let carried = carry_out(runner.store(), self.part, &plan, ACTOR, PAUSE).await?;
        let part = self.part.as_str();
        tracing::info!(
            part,
            executions = carried.executions,
            "what is not kept was removed"
        );
        self.reached = plan.reached;
        Ok(plan.going.len() < MOST)
    }
}

/// Tells of an error that removing goes on after.
fn tell_of(error: &StoreError) {
    let error = error as &dyn std::error::Error;
    tracing::error!(error, "nothing is removed for now");
}
