//! Selectors: jq programs, compiled once, bounded in time and memory (language reference 2.3, 3.7).

use std::fmt;
use std::sync::Arc;

use crate::base::value::Value;
use crate::template::expr::jq::{self, Failure, Program};
use crate::template::expr::reference::leading_name;

/// A compiled jq program. Cheap to clone; compiling the same text twice is a look-up.
#[derive(Clone)]
pub struct Selector {
    program: Arc<str>,
    compiled: Program,
}

impl Selector {
    /// Compiles a selector: a leading dot is put before a program that begins with a name, unless
    /// that is a jq function or keyword before `(`, `|`, a blank or the end.
    pub fn compile(program: &str) -> Result<Self, SelectorError> {
        let trimmed = program.trim_start();
        let is_path = leading_name(trimmed).is_some_and(|word| {
            let next = trimmed[word.len()..].chars().next();
            let ends = next.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '|'));
            !(ends && jq::is_function(word))
        });
        if is_path {
            Self::compile_program(&format!(".{trimmed}"))
        } else {
            Self::compile_program(program)
        }
    }

    /// Compiles a complete jq program, as `Fn::Jq` takes it: no dot is put before it.
    pub fn compile_program(program: &str) -> Result<Self, SelectorError> {
        let compiled = jq::cached(program).map_err(|failure| error(program, failure))?;
        Ok(Self {
            program: program.into(),
            compiled,
        })
    }

    /// Returns the program as compiled.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns the first result, or `None` if there is none.
    pub fn first(&self, input: &Value) -> Result<Option<Value>, SelectorError> {
        let results = self.compiled.run(input, 1);
        let mut results = results.map_err(|failure| error(&self.program, failure))?;
        Ok(results.pop())
    }

    /// Returns all results.
    pub fn all(&self, input: &Value) -> Result<Vec<Value>, SelectorError> {
        let results = self.compiled.run(input, usize::MAX);
        results.map_err(|failure| error(&self.program, failure))
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selector").field(&self.program).finish()
    }
}

fn error(program: &str, failure: Failure) -> SelectorError {
    let program = shortened(program);
    match failure {
        Failure::Syntax(reason) => SelectorError::Syntax { program, reason },
        Failure::Forbidden(name) => SelectorError::Forbidden { name },
        Failure::Run(reason) => SelectorError::Run { program, reason },
        Failure::Budget(limit) => SelectorError::Budget { program, limit },
    }
}

/// A program as messages show it: pasted lists make some very long.
fn shortened(program: &str) -> String {
    const MAX_SHOWN: usize = 200;
    match program.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", &program[..end]),
        None => program.to_owned(),
    }
}

/// Why a selector could not be compiled or run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SelectorError {
    /// The program is no jq.
    #[error("`{program}` is not a jq program: {reason}")]
    Syntax {
        /// The program.
        program: String,
        /// Why, in words.
        reason: String,
    },
    /// The program calls something that is not allowed or not bounded.
    #[error("`{name}` is not available in selectors")]
    Forbidden {
        /// The function or keyword.
        name: String,
    },
    /// The program ran into an error of jq.
    #[error("`{program}` failed: {reason}")]
    Run {
        /// The program.
        program: String,
        /// Why, in words.
        reason: String,
    },
    /// The program used up its steps, results or bytes.
    #[error("`{program}` needs more than {limit}")]
    Budget {
        /// The program.
        program: String,
        /// Which limit, in words.
        limit: String,
    },
}
