//! Where a log stands: which lines have begun and which of them are still open.

use crate::base::output::Channel;

/// A longer line is cut into several, so that no reader has to hold more.
const LONGEST_LINE: usize = 64 * 1024;

/// The state between two bytes of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Position {
    /// How many lines have begun: the number of the next one.
    pub(crate) begun: u64,
    /// The open line of each channel.
    pub(crate) open: [Option<Open>; 2],
}

/// A line without its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Open {
    /// Its number.
    pub(crate) line: u64,
    /// Its bytes so far.
    pub(crate) length: u32,
}

/// A part of one line.
pub(crate) struct Piece<'a> {
    /// The line's number.
    pub(crate) line: u64,
    /// Whether the line begins here.
    pub(crate) begins: bool,
    /// The bytes, without the line's end.
    pub(crate) bytes: &'a [u8],
}

/// Returns the place of a channel in pairs.
pub(crate) fn place(channel: Channel) -> usize {
    match channel {
        Channel::Stdout => 0,
        Channel::Stderr => 1,
    }
}

impl Position {
    /// Goes on over `bytes` of `channel` and tells the pieces of lines that they are.
    pub(crate) fn advance(
        &mut self,
        channel: Channel,
        bytes: &[u8],
        mut piece: impl FnMut(Piece<'_>),
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let slot = &mut self.open[place(channel)];
            let begins = slot.is_none();
            let open = slot.take().unwrap_or(Open {
                line: self.begun,
                length: 0,
            });
            if begins {
                self.begun += 1;
            }
            let room = LONGEST_LINE - (open.length as usize).min(LONGEST_LINE);
            let window = &rest[..rest.len().min(room)];
            let (text, taken, ended) = match window.iter().position(|byte| *byte == b'\n') {
                Some(end) => (&window[..end], end + 1, true),
                None => (window, window.len(), window.len() == room),
            };
            piece(Piece {
                line: open.line,
                begins,
                bytes: text,
            });
            rest = &rest[taken..];
            if !ended {
                let length = open
                    .length
                    .saturating_add(u32::try_from(taken).unwrap_or(u32::MAX));
                self.open[place(channel)] = Some(Open {
                    line: open.line,
                    length,
                });
            }
        }
    }
}
