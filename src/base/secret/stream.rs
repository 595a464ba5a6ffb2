//! The filter over bytes that come in pieces.

use crate::base::secret::Redactor;

/// Masks a stream whose pieces may cut a secret in two. Bytes that may be the beginning of one,
/// always less than the longest, are held back until it shows.
#[derive(Clone, Debug, Default)]
pub struct StreamRedactor {
    redactor: Redactor,
    held: Vec<u8>,
}

impl StreamRedactor {
    /// Makes a filter at the beginning of a stream.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            held: Vec::new(),
        }
    }

    /// Takes the next bytes and returns what may be shown by now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let (masked, done) = self.redactor.stream(&self.held);
        self.held.drain(..done);
        masked
    }

    /// Returns what was held back: the stream ends here.
    pub fn finish(&mut self) -> Vec<u8> {
        self.redactor.bytes(&std::mem::take(&mut self.held))
    }
}
