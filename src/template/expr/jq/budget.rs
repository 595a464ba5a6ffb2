//! What one evaluation may cost. Values are made deep inside of jaq, where nothing can be handed
//! through, so the account of the evaluation under way is kept per thread.

use std::cell::Cell;

/// Steps that any evaluation may take; the size of the input is added to it several times.
const BASE: u64 = 300_000;
/// Steps for every unit of the input's size.
const PER_INPUT: u64 = 20;
/// Largest input, in units of about 16 bytes: 256 MiB.
const MAX_INPUT: u64 = 16 << 20;
/// Largest value that a program may make of any input, in the same units: 16 MiB. A larger input
/// may become twice as large.
const MAX_MADE: u64 = 1 << 20;
/// Deepest nesting of a value: printing and comparing recurse on it.
pub(super) const MAX_DEPTH: u32 = 200;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static MAX_SIZE: Cell<u64> = const { Cell::new(MAX_INPUT) };
    static EXCEEDED: Cell<Option<Limit>> = const { Cell::new(None) };
}

/// A limit of evaluations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Limit {
    /// Too many steps, or too much copying.
    Steps,
    /// A value that is too large.
    Size,
    /// A value, a path or a recursion that is too deep.
    Depth,
}

impl Limit {
    /// Says what a program needs more of than it gets.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Steps => "the steps it may take",
            Self::Size => "the memory it may use",
            Self::Depth => "the depth it may reach",
        }
    }
}

/// The account of an evaluation; the former one is restored when it is dropped.
pub(super) struct Account {
    left: u64,
    max_size: u64,
    exceeded: Option<Limit>,
}

impl Account {
    /// Opens an account for an evaluation on an input of that size.
    pub(super) fn open(input_size: u64) -> Self {
        let limit = BASE.saturating_add(input_size.saturating_mul(PER_INPUT));
        Self {
            left: LEFT.replace(limit),
            max_size: MAX_SIZE.replace(MAX_MADE.max(input_size.saturating_mul(2))),
            exceeded: EXCEEDED.replace(None),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        LEFT.set(self.left);
        MAX_SIZE.set(self.max_size);
        EXCEEDED.set(self.exceeded);
    }
}

/// Returns the size of the largest value that may be made now.
pub(super) fn max_size() -> u64 {
    MAX_SIZE.get()
}

/// Pays for work; `false` if the account is empty.
pub(super) fn pay(steps: u64) -> bool {
    let left = LEFT.get();
    if left < steps {
        LEFT.set(0);
        exceed(Limit::Steps);
        return false;
    }
    LEFT.set(left - steps);
    EXCEEDED.get().is_none()
}

/// Pays for a value of that size.
pub(super) fn pay_for(length: usize) -> bool {
    pay(u64::try_from(length).unwrap_or(u64::MAX) / 8 + 1)
}

/// Remembers that a limit was exceeded: the evaluation fails, whatever it catches.
pub(super) fn exceed(limit: Limit) {
    if EXCEEDED.get().is_none() {
        EXCEEDED.set(Some(limit));
    }
}

/// Returns the limit that was exceeded.
pub(super) fn exceeded() -> Option<Limit> {
    EXCEEDED.get()
}
