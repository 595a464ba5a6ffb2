//! Carrying a plan out: in steps that are durable one by one, with room for others in between.

use std::time::Duration;

use crate::base::id::ExecutionId;
use crate::runner::failpoint;
use crate::runner::retention::{Going, Plan};
use crate::store::{Part, Removal, RemovalCause, Store, StoreError};

/// Executions that are let go of in one write.
const BATCH: usize = 32;

/// What was removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carried {
    /// Executions.
    pub executions: usize,
    /// Bytes, more or less, of those that were measured.
    pub bytes: u64,
}

/// Removes what a plan says as a deed of `by`, and what was let go of before and not swept away. After
/// every step others have the store to themselves for `pause`.
///
/// Stopping at any moment leaves a sound store; the next call goes on.
pub async fn carry_out(
    store: &dyn Store,
    part: Part,
    plan: &Plan,
    by: &str,
    pause: Duration,
) -> Result<Carried, StoreError> {
    let mut carried = Carried::default();
    let mut rest = plan.going.as_slice();
    while let Some(first) = rest.first() {
        let is_same = |going: &&Going| going.cause == first.cause;
        let number = rest.iter().take(BATCH).take_while(is_same).count();
        let (batch, others) = rest.split_at(number);
        rest = others;
        let gone = let_go(store, part, first.cause, batch, by).await?;
        for going in batch {
            if gone.contains(&going.view.execution_id) {
                carried.executions += 1;
                carried.bytes += going.bytes.unwrap_or_default();
            }
        }
        wait(pause).await;
        sweep(store, pause).await?;
    }
    sweep(store, pause).await?;
    Ok(carried)
}

async fn let_go(
    store: &dyn Store,
    part: Part,
    cause: RemovalCause,
    batch: &[Going],
    by: &str,
) -> Result<Vec<ExecutionId>, StoreError> {
    let ids: Vec<ExecutionId> = batch
        .iter()
        .map(|going| going.view.execution_id.clone())
        .collect();
    let removal = Removal {
        part,
        cause: Some(cause),
        by: by.to_owned(),
    };
    failpoint::pass();
    let gone = store.remove(&ids, &removal).await?;
    failpoint::pass();
    Ok(gone)
}

async fn sweep(store: &dyn Store, pause: Duration) -> Result<(), StoreError> {
    while store.sweep_removed().await? {
        failpoint::pass();
        wait(pause).await;
    }
    Ok(())
}

async fn wait(pause: Duration) {
    if pause.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(pause).await;
    }
}
