//! What happens, as it happens, for live views. Lossy by design: the journal is the record.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::secret::Redactor;
use crate::engine::event::Event;

/// News of an execution, sent after it is durable.
#[derive(Clone, Debug)]
pub enum News {
    /// Events were appended.
    Events {
        /// Of this execution.
        id: ExecutionId,
        /// The events, secrets not masked: show them through a redactor.
        events: Arc<[Event]>,
    },
    /// A command wrote output; the secrets of its execution are masked, unless one is cut in two.
    Output {
        /// Which log.
        key: LogKey,
        /// Which stream.
        channel: Channel,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
}

/// How many news a slow listener may be behind before it loses the oldest.
const CAPACITY: usize = 4096;

/// Hands news to any number of listeners.
#[derive(Clone, Debug)]
pub(super) struct Broadcast {
    sender: broadcast::Sender<News>,
}

impl Broadcast {
    pub(super) fn new() -> Self {
        Self {
            sender: broadcast::Sender::new(CAPACITY),
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<News> {
        self.sender.subscribe()
    }

    /// Sends news if anybody listens.
    pub(super) fn send(&self, news: impl FnOnce() -> News) {
        if self.sender.receiver_count() > 0 {
            // The last listener may have gone meanwhile; then nobody wants the news.
            drop(self.sender.send(news()));
        }
    }
}

/// Passes output on to the store and shows it to listeners.
#[derive(Clone, Debug)]
pub(super) struct ShownSink {
    store: Arc<dyn OutputSink>,
    broadcast: Broadcast,
    redactor: Redactor,
}

impl ShownSink {
    pub(super) fn new(
        store: Arc<dyn OutputSink>,
        broadcast: Broadcast,
        redactor: Redactor,
    ) -> Self {
        Self {
            store,
            broadcast,
            redactor,
        }
    }
}

impl OutputSink for ShownSink {
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError> {
        self.store.stored(key, channel)
    }

    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError> {
        self.store.write(key, channel, offset, bytes)?;
        self.broadcast.send(|| News::Output {
            key: key.clone(),
            channel,
            bytes: self.redactor.bytes(bytes).into(),
        });
        Ok(())
    }

    fn flush(&self, key: &LogKey) -> Result<(), OutputError> {
        self.store.flush(key)
    }
}
