//! Compiled programs are kept: loops use the same few programs for every item.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::definition::library;
use super::program::{Failure, Program};

/// Most programs kept. When they are reached all are forgotten: a template that pastes items into
/// its programs makes new ones for ever, and those in use come back at once.
const KEPT: usize = 2048;

static PROGRAMS: LazyLock<Mutex<HashMap<String, Program>>> = LazyLock::new(Mutex::default);

/// Returns the compiled program, from the cache if it is there.
pub(in crate::template::expr) fn cached(text: &str) -> Result<Program, Failure> {
    let programs = || PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = programs().get(text) {
        return Ok(program.clone());
    }
    // Compiled without the lock: it takes long.
    let program = Program::compile(text)?;
    let mut programs = programs();
    if programs.len() >= KEPT {
        programs.clear();
    }
    programs.insert(text.to_owned(), program.clone());
    Ok(program)
}

/// Tells whether a word at the start of a program is a function or keyword of jq.
pub(in crate::template::expr) fn is_function(word: &str) -> bool {
    const KEYWORDS: [&str; 12] = [
        "if", "try", "reduce", "foreach", "label", "def", "not", "true", "false", "null", "empty",
        "error",
    ];
    KEYWORDS.contains(&word) || library().has_name(word)
}
