//! Reads the journals of an execution and of the children it runs, as they grow.

use crate::base::id::ExecutionId;
use crate::cli::progress::model::{Change, ExecutionProgress};
use crate::store::StoreError;
use crate::store::view::Views;

/// How many events are read at once.
const PAGE: usize = 1000;

/// Follows an execution. Works for those of other processes as well, since it reads what is
/// recorded; secrets are masked there.
#[derive(Debug)]
pub(in crate::cli) struct Follower {
    followed: Vec<Followed>,
}

#[derive(Debug)]
struct Followed {
    /// How many events have been read.
    read: u64,
    state: ExecutionProgress,
}

impl Follower {
    /// Follows the execution `root`.
    pub(in crate::cli) fn new(root: ExecutionId) -> Self {
        Self {
            followed: vec![Followed {
                read: 0,
                state: ExecutionProgress::new(root, String::new()),
            }],
        }
    }

    /// Reads what is new and returns what is worth a line, in order of time.
    pub(in crate::cli) async fn update(
        &mut self,
        store: &(impl Views + ?Sized),
    ) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        let mut place = 0;
        // Children are found while their parents are read, and stand behind them.
        while place < self.followed.len() {
            self.read(place, store, &mut changes).await?;
            place += 1;
        }
        changes.sort_by_key(|change: &Change| change.at);
        Ok(changes)
    }

    /// Returns the outermost execution.
    pub(super) fn root(&self) -> &ExecutionProgress {
        &self.followed[0].state
    }

    /// Returns an execution that is followed.
    pub(super) fn find(&self, id: &ExecutionId) -> Option<&ExecutionProgress> {
        self.followed
            .iter()
            .map(|followed| &followed.state)
            .find(|state| state.id == *id)
    }

    async fn read(
        &mut self,
        place: usize,
        store: &(impl Views + ?Sized),
        changes: &mut Vec<Change>,
    ) -> Result<(), StoreError> {
        loop {
            let followed = &mut self.followed[place];
            if followed.state.end.is_some() {
                return Ok(());
            }
            let page = store
                .events(&followed.state.id, followed.read, PAGE)
                .await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            followed.read = *last;
            for (_, event) in &page {
                changes.extend(followed.state.apply(event));
            }
            let children = std::mem::take(&mut followed.state.children);
            self.followed
                .extend(children.into_iter().map(|(id, path)| Followed {
                    read: 0,
                    state: ExecutionProgress::new(id, path),
                }));
        }
    }
}
