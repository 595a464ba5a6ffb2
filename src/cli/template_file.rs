//! Templates in files.

use std::path::Path;

use anyhow::Context as _;

use crate::base::source::Source;

/// Reads a template; messages mention it by its path.
pub(super) fn read_template(path: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Source::new(path.display().to_string(), text))
}
