//! What every store must do, as one suite that is run on each of them.

mod fixture;
mod journal;

use std::sync::Arc;

use crate::store::view::Views;
use crate::store::{Contents, Journal};

/// Makes a store to be tested, and opens it again as a later process would.
trait Bench: Sized {
    type Store: Journal + Contents + Views;

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

/// Runs each named function on every store.
macro_rules! on_every_store {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(<crate::store::conformance::Sqlite as crate::store::conformance::Bench>::new()).await;
            })*
        }
    };
}
use on_every_store;
