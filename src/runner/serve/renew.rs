//! All triggers are looked at again: whose template was changed goes on with the new one.

use std::fmt::Write as _;
use std::time::Duration;

use crate::base::id::ExecutionId;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::start_error::StartError;
use crate::runner::trigger::RenewError;
use crate::store::StoreError;

/// How often a trigger that somebody speaks to, or that was just fired, is asked again.
const TRIES: u32 = 20;

/// How long one try waits for the next.
const PAUSE: Duration = Duration::from_millis(100);

/// Renews every trigger. What cannot be used is told of in the log, and the trigger goes on with what it
/// has.
pub(super) async fn renew_all(runner: Runner) -> Result<(), StoreError> {
    let mut renewed = 0_usize;
    let marks = runner.store().marks().await?;
    for mark in &marks {
        let id = &mark.execution_id;
        match renew(&runner, id).await {
            Ok(false) => {}
            Ok(true) => {
                renewed += 1;
                tracing::info!(trigger = %id, "its template was changed; it goes on with that");
            }
            Err(error) => {
                let reason = reason(&error);
                tracing::error!(trigger = %id, reason, "it goes on with the template that it has");
            }
        }
        // Others are to have their turn between two of ten thousand.
        tokio::task::yield_now().await;
    }
    tracing::info!(
        renewed,
        triggers = marks.len(),
        "templates have been read again"
    );
    Ok(())
}

async fn renew(runner: &Runner, id: &ExecutionId) -> Result<bool, RenewError> {
    let mut tries = 0;
    loop {
        match runner.renew(id).await {
            Err(RenewError::Runner(
                RunnerError::Owned(_) | RunnerError::Store(StoreError::Passed { .. }),
            )) if tries < TRIES => tries += 1,
            result => return result,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Says why, with the places of what is wrong in a template.
fn reason(error: &RenewError) -> String {
    let mut text = error.to_string();
    if let RenewError::Template(StartError::Invalid {
        template,
        diagnostics,
    }) = error
    {
        for found in diagnostics.iter().filter(|found| found.is_error()) {
            let place = template.position(found.span.start);
            write!(text, "; {}:{place}: {}", template.name(), found.message)
                .expect("a string takes everything");
        }
    }
    text
}
