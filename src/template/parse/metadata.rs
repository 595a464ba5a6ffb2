//! `Metadata`: how forms are laid out. Nothing runs by it, so nothing in it can be wrong but its
//! kind.

use crate::base::diagnostic::Diagnostic;
use crate::template::parse::section::{Section, entries};

/// Reports metadata that is no map.
pub(super) fn check(document: &Section<'_>, report: &mut Vec<Diagnostic>) {
    if let Some(node) = document.get("Metadata") {
        entries(node, "`Metadata`", report);
    }
}
