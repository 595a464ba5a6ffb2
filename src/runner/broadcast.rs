//! What happens, as it happens, for live views. Lossy by design: the journal is the record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::secret::{Redactor, StreamRedactor};
use crate::engine::event::Event;
use crate::store::Seq;

/// News of an execution, sent after it is durable.
#[derive(Clone, Debug)]
pub enum News {
    /// Events were appended.
    Events {
        /// Of this execution.
        id: ExecutionId,
        /// The position behind which they stand.
        after: Seq,
        /// The events, secrets not masked: show them through a redactor.
        events: Arc<[Event]>,
    },
    /// A command wrote output; the secrets of its execution are masked.
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
#[derive(Debug)]
pub(super) struct ShownSink {
    store: Arc<dyn OutputSink>,
    broadcast: Broadcast,
    redactor: Redactor,
    /// What is shown of each stream, and how far it is known.
    streams: Mutex<BTreeMap<(LogKey, Channel), Shown>>,
}

/// A stream on its way to listeners.
#[derive(Debug)]
struct Shown {
    redactor: StreamRedactor,
    /// The offset of the next byte: what comes again was shown before.
    next: u64,
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
            streams: Mutex::default(),
        }
    }

    /// Returns what listeners may see once `bytes` have come.
    fn shown(&self, key: &LogKey, channel: Channel, offset: u64, bytes: &[u8]) -> Vec<u8> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = streams
            .entry((key.clone(), channel))
            .or_insert_with(|| Shown {
                redactor: StreamRedactor::new(self.redactor.clone()),
                next: offset,
            });
        let known = usize::try_from(stream.next.saturating_sub(offset)).unwrap_or(usize::MAX);
        let fresh = bytes.get(known..).unwrap_or_default();
        stream.next += fresh.len() as u64;
        stream.redactor.push(fresh)
    }

    fn show(&self, key: &LogKey, channel: Channel, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.broadcast.send(|| News::Output {
                key: key.clone(),
                channel,
                bytes: bytes.into(),
            });
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
        self.show(key, channel, self.shown(key, channel, offset, bytes));
        Ok(())
    }

    fn flush(&self, key: &LogKey) -> Result<(), OutputError> {
        self.store.flush(key)?;
        for channel in [Channel::Stdout, Channel::Stderr] {
            let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = streams.remove(&(key.clone(), channel));
            drop(streams);
            if let Some(mut stream) = ended {
                self.show(key, channel, stream.redactor.finish());
            }
        }
        Ok(())
    }
}
