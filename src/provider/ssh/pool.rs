//! Connections that nobody uses at the moment, kept for the next command on their host.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::link::Link;

/// Links that are kept.
pub(super) struct Pool {
    most: AtomicUsize,
    kept_for: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Numbers of links by what they lead to, the latest last.
    by_endpoint: HashMap<Arc<Endpoint>, Vec<u64>>,
    /// Links in the order in which they came, with the time.
    links: BTreeMap<u64, (Link, Instant)>,
    next: u64,
}

impl Pool {
    /// Makes one that keeps so many links for so long.
    pub(super) fn new(most: usize, kept_for: Duration) -> Self {
        Self {
            most: most.into(),
            kept_for,
            kept: Mutex::default(),
        }
    }

    /// Keeps no link that is put in from now on.
    pub(super) fn keep_none(&self) {
        self.most.store(0, Ordering::Relaxed);
    }

    /// Takes out a link to an endpoint.
    pub(super) fn take(&self, endpoint: &Endpoint) -> Option<Link> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.drop_old(self.kept_for);
        while let Some(number) = kept
            .by_endpoint
            .get(endpoint)
            .and_then(|all| all.last().copied())
        {
            let link = kept.remove(number);
            if link.is_open() {
                return Some(link);
            }
        }
        None
    }

    /// Keeps a link, in place of the oldest one where there are too many.
    pub(super) fn put(&self, link: Link) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.drop_old(self.kept_for);
        let most = self.most.load(Ordering::Relaxed);
        if most == 0 || !link.is_open() {
            return;
        }
        if kept.links.len() >= most {
            kept.drop_oldest();
        }
        let number = kept.next;
        kept.next += 1;
        let numbers = kept.by_endpoint.entry(Arc::clone(&link.endpoint));
        numbers.or_default().push(number);
        kept.links.insert(number, (link, Instant::now()));
    }

    /// Ends the link that was kept longest.
    pub(super) fn drop_oldest(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.drop_oldest();
    }
}

impl Kept {
    fn drop_old(&mut self, kept_for: Duration) {
        while let Some((_, (_, since))) = self.links.first_key_value()
            && since.elapsed() >= kept_for
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(number) = self.links.first_key_value().map(|(number, _)| *number) {
            drop(self.remove(number));
        }
    }

    fn remove(&mut self, number: u64) -> Link {
        let (link, _) = self.links.remove(&number).expect("its number is known");
        let numbers = self.by_endpoint.get_mut(&link.endpoint);
        let numbers = numbers.expect("a link that is kept is listed");
        numbers.retain(|known| *known != number);
        if numbers.is_empty() {
            self.by_endpoint.remove(&link.endpoint);
        }
        link
    }
}
