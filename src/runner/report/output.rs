//! The output of one command: its digest, read through once, and as much of its text as is shown.

use sha2::{Digest as _, Sha256};

use crate::base::output::{Channel, LogKey};
use crate::runner::report::Normal;
use crate::store::view::LogLine;
use crate::store::{Store, StoreError};

/// Lines that are read at once: bounds what is held of an output of any size.
const PAGE: usize = 1000;

/// The output of a command, as far as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Whether there is more than this.
    pub is_cut: bool,
}

impl Output {
    /// Tells whether nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.stdout.is_empty() && self.stderr.is_empty()
    }

    /// Returns how many bytes are held.
    pub fn size(&self) -> usize {
        self.stdout.len() + self.stderr.len()
    }

    /// Returns both channels as one text; lines of standard error say so.
    pub fn text(&self) -> String {
        let mut text = self.stdout.clone();
        for line in self.stderr.split_inclusive('\n') {
            text.push_str("stderr: ");
            text.push_str(line);
        }
        text
    }

    fn take(&mut self, line: &LogLine, limit: usize) {
        let rest = limit.saturating_sub(self.size());
        let channel = match line.channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        };
        let mut end = line.text.len().min(rest);
        while !line.text.is_char_boundary(end) {
            end -= 1;
        }
        channel.push_str(&line.text[..end]);
        if end < line.text.len() || rest == 0 {
            self.is_cut = true;
        } else {
            channel.push('\n');
        }
    }
}

/// Returns the output behind a key, at most about `limit` bytes of it.
pub async fn read_output(
    store: &dyn Store,
    key: &LogKey,
    limit: usize,
) -> Result<Output, StoreError> {
    let mut output = Output::default();
    let mut next = 0;
    while !output.is_cut {
        let lines = store.lines(key, next, PAGE).await?;
        for line in &lines {
            if output.is_cut {
                break;
            }
            output.take(line, limit);
        }
        match lines.last() {
            Some(last) if lines.len() == PAGE => next = last.number + 1,
            _ => break,
        }
    }
    Ok(output)
}

/// Returns the hash of the output behind a key as it is compared. The channels are hashed apart: in
/// which order lines of both arrived is chance.
pub(super) async fn hash_output(
    store: &dyn Store,
    key: &LogKey,
    (normal, host): (Normal, &str),
) -> Result<[u8; 32], StoreError> {
    let mut channels = [Sha256::new(), Sha256::new()];
    let mut next = 0;
    loop {
        let lines = store.lines(key, next, PAGE).await?;
        for line in &lines {
            let channel = &mut channels[usize::from(line.channel == Channel::Stderr)];
            channel.update(normal.line(&line.text, host).as_bytes());
            channel.update(b"\n");
        }
        match lines.last() {
            Some(last) if lines.len() == PAGE => next = last.number + 1,
            _ => break,
        }
    }
    let mut both = Sha256::new();
    for channel in channels {
        both.update(channel.finalize());
    }
    Ok(both.finalize().into())
}
