//! How items compare: null, false, true, numbers, texts, lists, maps.

use std::cmp::Ordering;

use super::budget;
use super::item::{Entries, Item};

impl Item {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::Text(_) => 4,
            Self::List(_) => 5,
            Self::Map(_) => 6,
        }
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> Ordering {
        if !budget::pay(1) {
            // The evaluation fails anyway; any answer that ends soon will do.
            return Ordering::Equal;
        }
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.order(*b),
            (Self::Text(a), Self::Text(b)) => {
                budget::pay_for(a.len().min(b.len()));
                a.cmp(b)
            }
            (Self::List(a), Self::List(b)) => a.content.cmp(&b.content),
            (Self::Map(a), Self::Map(b)) => compare_maps(&a.content, &b.content),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

/// First the sorted keys, then the values in that order.
fn compare_maps(left: &Entries, right: &Entries) -> Ordering {
    budget::pay((left.len() + right.len()) as u64);
    let sorted = |entries: &Entries| {
        let mut keys: Vec<_> = entries.keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    let (left_keys, right_keys) = (sorted(left), sorted(right));
    left_keys.cmp(&right_keys).then_with(|| {
        left_keys
            .iter()
            .map(|key| left[key].cmp(&right[key]))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) if a.is_nan() || b.is_nan() => false,
            (Self::List(a), Self::List(b)) => {
                a.content.len() == b.content.len()
                    && budget::pay(1)
                    && a.content.iter().zip(&b.content).all(|(a, b)| a == b)
            }
            (Self::Map(a), Self::Map(b)) => {
                a.content.len() == b.content.len()
                    && budget::pay(1)
                    && a.content
                        .iter()
                        .all(|(key, a)| b.content.get(key).is_some_and(|b| a == b))
            }
            _ => self.rank() == other.rank() && self.cmp(other).is_eq(),
        }
    }
}

impl Eq for Item {}
