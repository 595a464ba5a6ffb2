//! A range of lines, put together from chunks.

use std::collections::BTreeMap;

use crate::base::output::Channel;
use crate::base::time::Timestamp;
use crate::store::output::{Position, Segment};
use crate::store::view::LogLine;

/// Collects lines while chunks are fed to it.
pub(crate) struct LineReader {
    from: u64,
    until: u64,
    position: Option<Position>,
    lines: BTreeMap<u64, (Channel, Timestamp, Vec<u8>)>,
}

impl LineReader {
    /// Wants `limit` lines from line `from`.
    pub(crate) fn new(from: u64, limit: usize) -> Self {
        Self {
            from,
            until: from.saturating_add(limit as u64),
            position: None,
            lines: BTreeMap::new(),
        }
    }

    /// Takes a chunk; the first must be the one in which line `from` begins, or an earlier one.
    pub(crate) fn feed(&mut self, start: Position, segments: &[Segment]) {
        let mut position = self.position.unwrap_or(start);
        for segment in segments {
            position.advance(segment.channel, &segment.bytes, |piece| {
                if piece.line < self.from || piece.line >= self.until {
                    return;
                }
                if piece.begins {
                    let line = (segment.channel, segment.at, Vec::new());
                    self.lines.insert(piece.line, line);
                }
                if let Some((_, _, text)) = self.lines.get_mut(&piece.line) {
                    text.extend_from_slice(piece.bytes);
                }
            });
        }
        self.position = Some(position);
    }

    /// Tells whether no further chunk can add to the lines.
    pub(crate) fn is_done(&self) -> bool {
        self.position.is_some_and(|position| {
            let open = position.open.into_iter().flatten();
            position.begun >= self.until && open.map(|open| open.line).all(|n| n >= self.until)
        })
    }

    /// Returns the lines; the last ones may still be open.
    pub(crate) fn finish(self) -> Vec<LogLine> {
        let lines = self.lines.into_iter();
        lines
            .map(|(number, (channel, at, mut text))| {
                if text.last() == Some(&b'\r') {
                    text.pop();
                }
                LogLine {
                    number,
                    channel,
                    at,
                    text: String::from_utf8_lossy(&text).into_owned(),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Redactor;
    use crate::store::output::{Buffer, decode, encode};
    use serde_json::json;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millisecond).unwrap()
    }

    /// Writes parts, storing after each, and reads a range from every chunk on.
    fn lines(parts: &[(Channel, &str)], from: u64, limit: usize) -> Vec<(u64, String)> {
        let mut buffer = Buffer::new(Redactor::default(), Position::default(), [0, 0]);
        let mut chunks = Vec::new();
        for (n, (channel, text)) in (0..).zip(parts) {
            let offset = buffer.ends()[usize::from(*channel == Channel::Stderr)];
            let taken = buffer
                .take(*channel, offset, text.as_bytes(), at(n))
                .unwrap();
            assert_eq!(taken, text.len());
            let (start, segments) = buffer.pending().unwrap();
            chunks.push(encode(start, segments).unwrap());
            buffer.stored();
        }
        let mut reader = LineReader::new(from, limit);
        for chunk in &chunks {
            let (start, segments) = decode(chunk).unwrap();
            reader.feed(start, &segments);
            if reader.is_done() {
                break;
            }
        }
        let lines = reader.finish().into_iter();
        lines.map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn lines_are_numbered_by_their_first_byte() {
        use Channel::{Stderr, Stdout};
        let parts = [
            (Stdout, "one\ntw"),
            (Stderr, "warning\r\n"),
            (Stdout, "o\n\nlast"),
        ];
        let all = lines(&parts, 0, 100);
        let expected = ["one", "two", "warning", "", "last"];
        assert_eq!(
            all,
            (0..).zip(expected.map(String::from)).collect::<Vec<_>>()
        );
        assert_eq!(lines(&parts, 1, 2), all[1..3]);
        assert_eq!(lines(&parts, 4, 9), all[4..]);
        assert_eq!(lines(&parts, 5, 9), []);
    }

    #[test]
    fn endless_line_is_cut() {
        let text = "x".repeat(40_000);
        let parts = [Channel::Stdout; 4].map(|channel| (channel, text.as_str()));
        let lengths: Vec<_> = lines(&parts, 0, 9).iter().map(|(_, l)| l.len()).collect();
        assert_eq!(lengths, [65_536, 65_536, 28_928]);
    }

    #[test]
    fn full_buffer_takes_no_more_and_gaps_are_told() {
        let mut buffer = Buffer::new(Redactor::default(), Position::default(), [0, 0]);
        let bytes = vec![b'x'; 100_000];
        assert_eq!(buffer.take(Channel::Stdout, 0, &bytes, at(0)), Ok(65_536));
        assert!(buffer.is_full());
        assert_eq!(buffer.take(Channel::Stdout, 65_536, &bytes, at(0)), Ok(0));
        assert_eq!(buffer.take(Channel::Stderr, 7, b"x", at(0)), Err(0));
        buffer.stored();
        assert_eq!(
            buffer.take(Channel::Stdout, 65_000, &bytes[..600], at(0)),
            Ok(600)
        );
        assert_eq!(buffer.ends(), [65_600, 0]);
    }

    #[test]
    fn secret_across_writes_is_masked() {
        let redactor = Redactor::new([&json!("hunter22")]);
        let mut buffer = Buffer::new(redactor, Position::default(), [0, 0]);
        buffer.take(Channel::Stdout, 0, b"pw=hun", at(0)).unwrap();
        assert_eq!(buffer.ends(), [3, 0]);
        buffer.take(Channel::Stdout, 6, b"ter22!", at(50)).unwrap();
        buffer.release(at(99));
        assert_eq!(buffer.ends(), [12, 0]);
        let (start, segments) = buffer.pending().unwrap();
        let mut reader = LineReader::new(0, 1);
        reader.feed(*start, segments);
        assert_eq!(reader.finish()[0].text, "pw=******!");
    }

    #[test]
    fn damaged_chunks_are_noticed() {
        let segment = Segment {
            channel: Channel::Stdout,
            at: at(0),
            bytes: b"text".to_vec(),
        };
        let chunk = encode(&Position::default(), &[segment]).unwrap();
        assert!(decode(&chunk).is_some());
        assert!(decode(&chunk[..chunk.len() - 1]).is_none());
        assert!(decode(b"garbage").is_none());
    }
}
