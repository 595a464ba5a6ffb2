//! What every store must do, as one suite that is run on each of them.

mod audit;
mod differential;
pub(super) mod fixture;
mod journal;
mod listing;
mod lock;
mod log;
mod mailbox;
mod ownership;
mod record;
mod retention;
mod template;
mod trigger;

use std::sync::Arc;

use crate::store::Store;
use crate::store::audit::Audit;

/// Makes a store to be tested, and opens it again as a later process would.
trait Bench: Sized {
    type Store: Store + Audit;

    /// Makes an empty store.
    fn new() -> Self;

    /// Opens what is stored once more, beside stores that are open already.
    fn open(&self) -> Self::Store;
}

struct Sqlite(tempfile::TempDir);

impl Bench for Sqlite {
    type Store = crate::store::sqlite::SqliteStore;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Self::Store {
        Self::Store::open(self.0.path(), Arc::new(fixture::now)).unwrap()
    }
}

struct Memory(crate::store::memory::MemoryStore);

impl Bench for Memory {
    type Store = crate::store::memory::MemoryStore;

    fn new() -> Self {
        Self(Self::Store::new(Arc::new(fixture::now)))
    }

    fn open(&self) -> Self::Store {
        self.0.clone()
    }
}

/// Runs each named function on every store.
macro_rules! on_every_store {
    ($($name:ident)*) => {
        mod sqlite {
            use crate::store::conformance::{Bench, Sqlite};
            $(#[tokio::test]
            async fn $name() {
                super::$name(Sqlite::new()).await;
            })*
        }
        mod memory {
            use crate::store::conformance::{Bench, Memory};
            $(#[tokio::test]
            async fn $name() {
                super::$name(Memory::new()).await;
            })*
        }
    };
}
use on_every_store;
