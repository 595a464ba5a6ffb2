//! Whether the process has power. Without it nothing that it tries ever comes to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// How much later a doomed process loses its power: everything that could leave it has left.
const LAST_BREATH: Duration = Duration::from_millis(1);

/// The power supply of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Power(Arc<Supply>);

#[derive(Debug, Default)]
struct Supply {
    off: AtomicBool,
    doomed: AtomicBool,
    changed: Notify,
}

impl Power {
    /// Takes the power away, now.
    pub(crate) fn cut(&self) {
        self.0.off.store(true, Ordering::Relaxed);
        self.0.changed.notify_one();
    }

    /// Takes the power away as soon as the process waits.
    pub(crate) fn doom(&self) {
        self.0.doomed.store(true, Ordering::Relaxed);
        self.0.changed.notify_one();
    }

    pub(crate) fn is_off(&self) -> bool {
        self.0.off.load(Ordering::Relaxed)
    }

    /// Returns at once, or never if there is no power.
    pub(crate) async fn needed(&self) {
        if self.is_off() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns once the power is gone.
    pub(crate) async fn gone(&self) {
        loop {
            if self.is_off() {
                return;
            }
            if self.0.doomed.load(Ordering::Relaxed) {
                tokio::time::sleep(LAST_BREATH).await;
                self.cut();
                return;
            }
            self.0.changed.notified().await;
        }
    }
}
