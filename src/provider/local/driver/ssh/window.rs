//! The part of an output that is held in memory: what was not taken over yet, and a tail of what was.

/// How much stays that was taken over already: more than the end of an output that answers show.
pub(super) const TAIL: u64 = 64 * 1024;

/// How much may be forgotten before it is: moving the rest is not free.
const SLACK: u64 = 256 * 1024;

/// Bytes of one output, from somewhere on.
#[derive(Debug, Default)]
pub(super) struct Window {
    base: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Makes one that begins at byte `base`.
    pub(super) fn at(base: u64) -> Self {
        Self {
            base,
            bytes: Vec::new(),
        }
    }

    /// Returns the number of the first byte that is held.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Returns the number of the byte that comes next.
    pub(super) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Adds what comes next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns what there is from byte `offset` on, at most `limit` bytes, with the number of the
    /// first.
    pub(super) fn from(&self, offset: u64, limit: usize) -> (u64, Vec<u8>) {
        let offset = offset.max(self.base);
        let skip = usize::try_from(offset - self.base).unwrap_or(usize::MAX);
        let rest = self.bytes.get(skip..).unwrap_or_default();
        (offset, rest[..rest.len().min(limit)].to_vec())
    }

    /// Forgets most of what lies before byte `offset`.
    pub(super) fn taken_to(&mut self, offset: u64) {
        let keep = offset.min(self.end()).saturating_sub(TAIL);
        let excess = keep.saturating_sub(self.base);
        if excess >= SLACK {
            let count = usize::try_from(excess).expect("it is part of a vector");
            self.bytes.drain(..count);
            self.base += excess;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_forgotten_but_for_a_tail() {
        let mut window = Window::at(10);
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| i.to_le_bytes()[0]).collect();
        window.push(&bytes);
        assert_eq!((window.base(), window.end()), (10, 1_000_010));
        assert_eq!(window.from(15, 2), (15, vec![5, 6]));
        window.taken_to(1_000_010);
        assert_eq!((window.base(), window.end()), (1_000_010 - TAIL, 1_000_010));
        assert_eq!(
            window.from(1_000_008, 9),
            (1_000_008, bytes[999_998..].to_vec())
        );
        assert_eq!(window.from(0, 1).0, 1_000_010 - TAIL);
        assert_eq!(window.from(2_000_000, 1).1, Vec::<u8>::new());
    }
}
