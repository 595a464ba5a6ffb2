//! Who was told that there is mail. The world's own list, so that waiters wake in a fixed order.

use std::sync::{Arc, Mutex};

use oos::base::id::ExecutionId;
use tokio::sync::Notify;

/// Letters in the order in which they were posted.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    letters: Mutex<Letters>,
    news: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Letters {
    posted: Vec<(u64, ExecutionId)>,
    /// Whether everything is handed out again.
    twice: bool,
}

impl Mail {
    pub(crate) fn posted(&self, number: u64, id: &ExecutionId) {
        self.letters
            .lock()
            .unwrap()
            .posted
            .push((number, id.clone()));
        self.news.notify_waiters();
    }

    /// From now on every letter is delivered twice; those that wait at once.
    pub(crate) fn repeat(&self) {
        self.letters.lock().unwrap().twice = true;
        self.news.notify_waiters();
    }

    pub(crate) fn is_twice(&self) -> bool {
        self.letters.lock().unwrap().twice
    }

    pub(crate) fn after(&self, number: u64) -> Vec<(u64, ExecutionId)> {
        let letters = self.letters.lock().unwrap();
        let fresh = letters.posted.iter().filter(|(one, _)| *one > number);
        fresh.cloned().collect()
    }

    /// Returns who tells of news; ask before looking.
    pub(crate) fn news(&self) -> tokio::sync::futures::OwnedNotified {
        Arc::clone(&self.news).notified_owned()
    }
}
