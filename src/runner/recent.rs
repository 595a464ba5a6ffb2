//! What was read and parsed last, by the digest of its text. A text that is pinned never changes, and
//! a schedule starts the same one again and again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are remembered.
const MOST: usize = 32;

/// Remembers a few; the one that was not asked for longest is forgotten first.
#[derive(Debug)]
pub(super) struct Recent<K, V>(Mutex<VecDeque<(K, V)>>);

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// Remembers nothing yet.
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Returns what is remembered under a key.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let mut known = self.known();
        let place = known.iter().position(|(other, _)| other == key)?;
        let found = known.remove(place)?;
        let value = found.1.clone();
        known.push_front(found);
        Some(value)
    }

    /// Remembers a value.
    pub(super) fn put(&self, key: K, value: V) {
        let mut known = self.known();
        known.retain(|(other, _)| *other != key);
        known.truncate(MOST - 1);
        known.push_front((key, value));
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<(K, V)>> {
        // Every change of it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_not_asked_for_longest_is_forgotten() {
        let recent = Recent::new();
        for number in 0..MOST {
            recent.put(number, number * 2);
        }
        assert_eq!(recent.get(&0), Some(0));
        recent.put(MOST, 7);
        recent.put(MOST, 8);
        assert_eq!(recent.get(&1), None);
        assert_eq!((recent.get(&0), recent.get(&MOST)), (Some(0), Some(8)));
    }
}
