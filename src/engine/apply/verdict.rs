//! What carrying out a fact comes to.

/// Nothing, or why the fact cannot follow, in words.
pub(super) type Verdict = Result<(), String>;
