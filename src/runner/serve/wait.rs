//! Waiting for a moment that may not come.

use std::sync::Arc;

use crate::base::time::Timestamp;
use crate::runner::clock::Clock;

/// Waits until a moment; for ever if there is none.
pub(super) fn wait_until(
    clock: &Arc<dyn Clock>,
    at: Option<Timestamp>,
) -> impl Future<Output = ()> + use<> {
    let clock = Arc::clone(clock);
    async move {
        match at {
            Some(at) => clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}
