//! Ownership of executions.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fixture::id;
use super::{Bench, on_every_store};
use crate::store::Ownership as _;

on_every_store! {
    only_one_owns_and_dropping_gives_back
    racing_claims_never_both_win
}

async fn only_one_owns_and_dropping_gives_back<B: Bench>(bench: B) {
    let (one, two) = (bench.open(), bench.open());
    assert!(!one.is_owned(&id(1)).unwrap());
    let guard = one.claim(&id(1)).unwrap().unwrap();
    assert!(one.is_owned(&id(1)).unwrap());
    assert!(two.is_owned(&id(1)).unwrap());
    // A child belongs to whoever has its root.
    assert!(two.is_owned(&id(1).child(1)).unwrap());
    assert!(one.claim(&id(1)).unwrap().is_none());
    assert!(two.claim(&id(1)).unwrap().is_none());
    let other = two.claim(&id(2)).unwrap();
    drop(guard);
    assert!(!two.is_owned(&id(1)).unwrap());
    assert!(two.claim(&id(1)).unwrap().is_some());
    drop(other);
}

async fn racing_claims_never_both_win<B: Bench>(bench: B) {
    const THREADS: usize = 4;
    let stores: Vec<_> = (0..THREADS).map(|_| bench.open()).collect();
    let (owners, wins) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..300 {
                    if let Some(guard) = store.claim(&id(1)).unwrap() {
                        assert_eq!(owners.fetch_add(1, Ordering::SeqCst), 0, "owned twice");
                        wins.fetch_add(1, Ordering::SeqCst);
                        owners.fetch_sub(1, Ordering::SeqCst);
                        drop(guard);
                    }
                }
            });
        }
    });
    assert!(wins.into_inner() > 0);
}
