//! Selectors: jq programs, compiled once, bounded in time and memory (language reference 2.3, 3.7).

use std::sync::Arc;

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Ctx, Vars, unwrap_valr};
use jaq_json::Val;

use crate::base::value::Value;
use crate::template::expr::reference::leading_name;

/// A compiled jq program. Cheap to clone; compiling the same text twice is a look-up.
#[derive(Clone)]
pub struct Selector {
    program: Arc<str>,
    filter: Arc<jaq_core::Filter<JustLut<Val>>>,
}

impl Selector {
    /// Compiles a selector: a leading dot is put before a program that begins with a name that is
    /// no jq function or keyword.
    pub fn compile(program: &str) -> Result<Self, SelectorError> {
        let word = leading_name(program.trim_start());
        match word {
            Some(word) if !FUNCTIONS.contains(&word) => {
                Self::compile_program(&format!(".{}", program.trim_start()))
            }
            _ => Self::compile_program(program),
        }
    }

    /// Compiles a complete jq program, as `Fn::Jq` takes it: no dot is put before it.
    pub fn compile_program(program: &str) -> Result<Self, SelectorError> {
        let syntax = |reason: String| SelectorError::Syntax {
            program: program.to_owned(),
            reason,
        };
        let loader = Loader::new(
            jaq_core::defs()
                .chain(jaq_std::defs())
                .chain(jaq_json::defs())
                .filter(|def| !def.name.starts_with("halt")),
        );
        let arena = Arena::default();
        let modules = loader
            .load(
                &arena,
                File {
                    code: program,
                    path: (),
                },
            )
            .map_err(|errors| syntax(format!("{} errors", errors.len())))?;
        let funs = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let filter = jaq_core::Compiler::default()
            .with_funs(funs.filter(|(name, _, _)| !["env", "halt", "now"].contains(name)))
            .compile(modules)
            .map_err(|errors| syntax(format!("{} errors", errors.len())))?;
        Ok(Self {
            program: program.into(),
            filter: Arc::new(filter),
        })
    }

    /// Returns the program as compiled.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns the first result, or `None` if there is none.
    pub fn first(&self, input: &Value) -> Result<Option<Value>, SelectorError> {
        self.results(input, 1).map(|mut results| results.pop())
    }

    /// Returns all results.
    pub fn all(&self, input: &Value) -> Result<Vec<Value>, SelectorError> {
        self.results(input, usize::MAX)
    }

    fn results(&self, input: &Value, count: usize) -> Result<Vec<Value>, SelectorError> {
        let run = |reason: String| SelectorError::Run {
            program: self.program.to_string(),
            reason,
        };
        let input: Val = serde_json::from_value(input.clone()).map_err(|e| run(e.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        self.filter
            .id
            .run((context, input))
            .take(count)
            .map(|result| {
                let value = unwrap_valr(result).map_err(|error| run(error.to_string()))?;
                serde_json::from_str(&value.to_string()).map_err(|error| run(error.to_string()))
            })
            .collect()
    }
}

const FUNCTIONS: [&str; 12] = [
    "map",
    "select",
    "length",
    "keys",
    "if",
    "to_entries",
    "from_entries",
    "reduce",
    "add",
    "tostring",
    "sort_by",
    "group_by",
];

impl std::fmt::Debug for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Selector").field(&self.program).finish()
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
