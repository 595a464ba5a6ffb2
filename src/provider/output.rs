//! Output kept in memory: for calls that belong to no execution, and for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::base::output::{Channel, LogKey, OutputError, OutputSink};

/// An [`OutputSink`] in memory. Strict: a gap before the bytes written is an error.
#[derive(Debug, Default)]
pub struct MemorySink {
    logs: Mutex<BTreeMap<(LogKey, Channel), Vec<u8>>>,
}

impl MemorySink {
    /// Returns everything written to a channel of a log.
    pub fn bytes(&self, key: &LogKey, channel: Channel) -> Vec<u8> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.get(&(key.clone(), channel))
            .cloned()
            .unwrap_or_default()
    }
}

impl OutputSink for MemorySink {
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError> {
        Ok(self.bytes(key, channel).len() as u64)
    }

    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let log = logs.entry((key.clone(), channel)).or_default();
        let known = (log.len() as u64)
            .checked_sub(offset)
            .ok_or_else(|| OutputError {
                reason: format!(
                    "bytes from {} to {offset} of {channel} are missing",
                    log.len()
                ),
            })?;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        log.extend(bytes.iter().skip(known));
        Ok(())
    }

    fn flush(&self, _key: &LogKey) -> Result<(), OutputError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::ExecutionId;
    use crate::base::time::Timestamp;

    #[test]
    fn bytes_that_are_stored_already_are_ignored_and_gaps_refused() {
        let sink = MemorySink::default();
        let key = LogKey {
            execution: ExecutionId::new(Timestamp::UNIX_EPOCH, 0),
            task: "t".to_owned(),
            item: None,
            attempt: 1,
        };
        sink.write(&key, Channel::Stdout, 0, b"hello").unwrap();
        sink.write(&key, Channel::Stdout, 3, b"lo world").unwrap();
        sink.write(&key, Channel::Stdout, 0, b"he").unwrap();
        assert_eq!(sink.bytes(&key, Channel::Stdout), b"hello world");
        assert!(sink.write(&key, Channel::Stdout, 20, b"x").is_err());
        assert_eq!(sink.stored(&key, Channel::Stderr).unwrap(), 0);
    }
}
