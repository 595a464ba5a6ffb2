//! Templates in files.

use std::path::Path;

use anyhow::Context as _;

use crate::base::source::Source;
use crate::template::yaml::{Unreadable, read_source};

/// Reads a template; messages mention it by its path. Bytes that are no text are a diagnostic like
/// any other.
pub(super) fn read_template(path: &Path) -> anyhow::Result<Result<Source, Unreadable>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(read_source(&path.display().to_string(), &bytes))
}
