//! The way to what is recorded: opens the store and finds executions by what people type.

use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::cli::removed::gone;
use crate::cli::report::Failure;
use crate::cli::workshop::open_store;
use crate::config::Settings;
use crate::runner::clock::{Clock as _, SystemClock};
use crate::store::sqlite::SqliteStore;
use crate::store::view::{ExecutionFilter, ExecutionView};
use crate::store::{Store, StoreError};

/// The word for the newest execution.
const LAST: &str = "@last";

/// How many executions an ambiguous id names at most.
const CANDIDATES: usize = 10;

/// Reads what is recorded.
#[derive(Debug)]
pub(super) struct Client {
    runtime: Runtime,
    store: Arc<SqliteStore>,
}

impl Client {
    /// Opens the store of the data directory.
    pub(super) fn open(settings: &Settings) -> Result<Self, Failure> {
        // One thread: commands that only look must start at once.
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let store = open_store(settings)?;
        Ok(Self { runtime, store })
    }

    /// Returns what is recorded.
    pub(super) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Returns the store for those who keep it.
    pub(super) fn sqlite(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    /// Returns the way into the runtime.
    pub(super) fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Runs work to its end.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Returns the execution that a person means.
    pub(super) fn execution(&self, text: &str) -> Result<ExecutionView, Failure> {
        self.wait(find(self.store(), text))
    }
}

/// Returns the time.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// Returns the execution that a person means: by id, by the beginning of one, or `@last`.
pub(super) async fn find(store: &dyn Store, text: &str) -> Result<ExecutionView, Failure> {
    if text == LAST {
        let filter = ExecutionFilter {
            limit: 1,
            ..ExecutionFilter::default()
        };
        let newest = store.executions(&filter).await?.into_iter().next();
        return newest.ok_or_else(|| Failure::usage(anyhow::anyhow!("there is no execution yet")));
    }
    let unknown = || {
        Failure::usage(anyhow::anyhow!("there is no execution `{text}`"))
            .hinted("`oos list` shows what there is; any unique beginning of an id will do.")
    };
    if let Ok(id) = text.parse::<ExecutionId>() {
        return match store.execution(&id).await? {
            Some(view) => Ok(view),
            None => Err(removed(store, id.root().as_str())
                .await?
                .unwrap_or_else(unknown)),
        };
    }
    let prefix = id_prefix(text).ok_or_else(unknown)?;
    let filter = ExecutionFilter {
        include_children: prefix.contains('.'),
        id_prefix: Some(prefix.clone()),
        limit: CANDIDATES + 1,
        ..ExecutionFilter::default()
    };
    let mut found = store.executions(&filter).await?;
    match found.len() {
        0 => Err(removed(store, &prefix).await?.unwrap_or_else(unknown)),
        1 => Ok(found.remove(0)),
        _ => Err(ambiguous(text, &found)),
    }
}

/// Returns the failure of asking for an execution that was removed, if there is one whose id begins so.
async fn removed(store: &dyn Store, prefix: &str) -> Result<Option<Failure>, StoreError> {
    let found = store.removed(prefix, 2).await?;
    Ok(match found.as_slice() {
        [view] if view.history_removed.is_some() => Some(gone(view)),
        _ => None,
    })
}

/// Returns the beginning of an id that `text` may stand for; the `exec-` may be left out.
fn id_prefix(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let acceptable =
        |letter: u8| letter.is_ascii_alphanumeric() || letter == b'.' || letter == b'-';
    if text.is_empty() || !text.bytes().all(acceptable) {
        return None;
    }
    Some(if "exec-".starts_with(&text) || text.starts_with("exec-") {
        text
    } else {
        format!("exec-{text}")
    })
}

fn ambiguous(text: &str, found: &[ExecutionView]) -> Failure {
    let candidates: Vec<String> = found
        .iter()
        .take(CANDIDATES)
        .map(|view| format!("`{}` ({})", view.execution_id, view.template_name))
        .collect();
    let more = if found.len() > CANDIDATES {
        ", …"
    } else {
        ""
    };
    Failure::usage(anyhow::anyhow!("`{text}` is the beginning of several ids"))
        .hinted(format!("Did you mean {}{more}?", candidates.join(", ")))
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let StoreError::Taken { .. } | StoreError::Passed { .. } = error {
            return Self::refused(error);
        }
        let hint = match &error {
            StoreError::TooNew { .. } => Some("Use a newer `oos` with this data directory."),
            StoreError::Damaged { .. } => Some(
                "`oos store check` says what is damaged; `oos store rebuild` makes listings anew \
                 from the journal.",
            ),
            StoreError::Io { .. } => Some("`oos doctor` checks the data directory."),
            StoreError::Conflict { .. } | StoreError::Taken { .. } | StoreError::Passed { .. } => {
                None
            }
        };
        Self::internal(error).maybe_hinted(hint.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_ids_are_recognized() {
        #[track_caller]
        fn case(text: &str, expected: Option<&str>) {
            assert_eq!(id_prefix(text).as_deref(), expected, "{text}");
        }
        case("exec-01jd", Some("exec-01jd"));
        case("01JD", Some("exec-01jd"));
        case("ex", Some("ex"));
        case("exec-01jd.0001", Some("exec-01jd.0001"));
        case("", None);
        case("%", None);
        case("../x", None);
    }
}
