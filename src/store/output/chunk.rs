//! A chunk as bytes: the position at its beginning, then segments, all compressed together.

use std::io;

use crate::base::output::Channel;
use crate::base::time::Timestamp;
use crate::store::compressor::compress;
use crate::store::output::Position;
use crate::store::output::position::Open;

/// The best ratio that still keeps up with any command.
const LEVEL: i32 = 3;

/// Bytes of one channel that came together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Segment {
    pub(crate) channel: Channel,
    pub(crate) at: Timestamp,
    pub(crate) bytes: Vec<u8>,
}

/// Writes a chunk.
pub(crate) fn encode(start: &Position, segments: &[Segment]) -> io::Result<Vec<u8>> {
    let size: usize = segments
        .iter()
        .map(|segment| segment.bytes.len() + 13)
        .sum();
    let mut plain = Vec::with_capacity(size + 32);
    plain.extend_from_slice(&start.begun.to_le_bytes());
    for open in start.open {
        // A line cannot be open without a byte in it, so no length means no line.
        let open = open.unwrap_or(Open { line: 0, length: 0 });
        plain.extend_from_slice(&open.line.to_le_bytes());
        plain.extend_from_slice(&open.length.to_le_bytes());
    }
    for segment in segments {
        plain.push(match segment.channel {
            Channel::Stdout => 0,
            Channel::Stderr => 1,
        });
        plain.extend_from_slice(&segment.at.as_microsecond().to_le_bytes());
        let length = u32::try_from(segment.bytes.len()).map_err(io::Error::other)?;
        plain.extend_from_slice(&length.to_le_bytes());
        plain.extend_from_slice(&segment.bytes);
    }
    compress(&plain, LEVEL)
}

/// Reads a chunk; `None` if it is damaged.
pub(crate) fn decode(blob: &[u8]) -> Option<(Position, Vec<Segment>)> {
    let plain = zstd::decode_all(blob).ok()?;
    let mut rest = plain.as_slice();
    let begun = u64::from_le_bytes(take(&mut rest)?);
    let mut open = [None; 2];
    for slot in &mut open {
        let line = u64::from_le_bytes(take(&mut rest)?);
        let length = u32::from_le_bytes(take(&mut rest)?);
        *slot = (length > 0).then_some(Open { line, length });
    }
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let channel = match take::<1>(&mut rest)? {
            [0] => Channel::Stdout,
            [1] => Channel::Stderr,
            _ => return None,
        };
        let at = Timestamp::from_microsecond(i64::from_le_bytes(take(&mut rest)?)).ok()?;
        let length = u32::from_le_bytes(take(&mut rest)?) as usize;
        let (bytes, behind) = rest.split_at_checked(length)?;
        rest = behind;
        segments.push(Segment {
            channel,
            at,
            bytes: bytes.to_vec(),
        });
    }
    Some((Position { begun, open }, segments))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*taken)
}
