//! What the process must be allowed before it begins: said at once instead of somewhere in between.

use anyhow::anyhow;
use rustix::process::{Resource, getrlimit};

use crate::cli::report::Failure;

/// How many files are open at a time in the busiest moment of a run: the database, its readers and
/// a few commands that are looked at.
const LEAST_FILES: u64 = 48;

/// Refuses to begin when too few files may be open.
pub(super) fn require_files() -> Result<(), Failure> {
    match getrlimit(Resource::Nofile).current {
        Some(number) if number < LEAST_FILES => Err(Failure::internal(anyhow!(
            "only {number} files may be open at a time, and `oos` needs {LEAST_FILES}"
        ))
        .hinted("Raise the limit: `ulimit -n 1024`.")),
        Some(_) | None => Ok(()),
    }
}
