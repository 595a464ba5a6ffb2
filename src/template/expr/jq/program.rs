//! From the text of a program to its results.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jaq_core::load::lex::{Lexer, Token};
use jaq_core::load::parse::{Def, Parser, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};

use super::budget::{self, Account};
use super::constant::{self, Extracted};
use super::definition::{self, Key, library};
use super::item::Item;
use super::meter;
use super::native::{self, Data};
use super::route::Route;
use crate::base::value::Value;

/// Longest program, long literals included.
const MAX_LENGTH: usize = 256 << 10;
/// Most words and signs of a program without its long literals: parser, compiler and evaluation
/// recurse on them.
const MAX_TOKENS: usize = 1000;
/// Deepest nesting of brackets and keywords that open a term.
const MAX_NESTING: usize = 60;
/// Most computed indices in one path: jaq combines all their results before it looks at a value.
const MAX_COMPUTED: usize = 5;
/// Most results.
const MAX_RESULTS: usize = 1_000_000;
/// The name under which a program is compiled; programs cannot call themselves by it.
const MAIN: &str = "_main";

/// A compiled program. Cheap to clone.
#[derive(Clone)]
pub(in crate::template::expr) struct Program(Arc<Compiled>);

struct Compiled {
    filter: Filter<Data>,
    constants: Vec<Item>,
    /// What the program is if it only goes down.
    route: Option<Route>,
}

/// Why a program cannot be compiled or has no result.
#[derive(Debug)]
pub(in crate::template::expr) enum Failure {
    /// It is no jq.
    Syntax(String),
    /// It uses something that is not available.
    Forbidden(String),
    /// It raised an error.
    Run(String),
    /// It needs more than it gets; in words.
    Budget(String),
}

impl Program {
    /// Compiles a program.
    pub(in crate::template::expr) fn compile(text: &str) -> Result<Self, Failure> {
        if text.len() > MAX_LENGTH {
            return Err(Failure::Budget(format!(
                "{MAX_LENGTH} bytes of program text"
            )));
        }
        let Extracted { text, constants } = constant::extract(text);
        check_size(&text)?;
        let term = parse(&text)?;
        let mut called = BTreeSet::new();
        definition::calls(&term, &mut Vec::new(), &mut called);
        check_calls(&called)?;
        check_term(&term)?;
        let names: Vec<String> = (0..constants.len()).map(constant::name).collect();
        let filter = compile(term, &called, &names)?;
        Ok(Self(Arc::new(Compiled {
            filter,
            constants,
            route: Route::parse(&text),
        })))
    }

    /// Returns the route that the program is, if it only goes down.
    pub(in crate::template::expr) fn route(&self) -> Option<&Route> {
        self.0.route.as_ref()
    }

    /// Runs the program and returns at most `count` results.
    pub(in crate::template::expr) fn run(
        &self,
        input: &Value,
        count: usize,
    ) -> Result<Vec<Value>, Failure> {
        let route = self.route();
        match route.and_then(|route| route.follow(input, count)) {
            // Results are parts of the input and no larger than it: only their number and depth count.
            Some(found) if found.len() <= MAX_RESULTS => found
                .into_iter()
                .map(|part| Some(Item::from_json(part)?.to_json()))
                .collect::<Option<_>>()
                .ok_or_else(too_large),
            // jq knows what to say of what has gone wrong.
            _ => self.run_by_jq(input, count),
        }
    }

    /// Runs the program on a copy of the input, as jq does.
    pub(super) fn run_by_jq(&self, input: &Value, count: usize) -> Result<Vec<Value>, Failure> {
        let input = Item::from_json(input).ok_or_else(too_large)?;
        let _account = Account::open(input.size());
        meter::reset();
        let context = Ctx::<Data>::new(&self.0.filter.lut, Vars::new(self.0.constants.clone()));
        let mut results = Vec::new();
        let mut size = 0;
        for result in self.0.filter.id.run((context, input)).take(count) {
            if let Some(limit) = budget::exceeded() {
                return Err(Failure::Budget(limit.words().to_owned()));
            }
            let item = result.map_err(|exception| match exception.get_err() {
                Ok(error) => Failure::Run(shortened(&error)),
                Err(_) => Failure::Budget("the steps it may take".to_owned()),
            })?;
            size += item.size();
            if results.len() >= MAX_RESULTS || size > budget::max_size() {
                return Err(Failure::Budget("the memory its results may use".to_owned()));
            }
            results.push(item.to_json());
        }
        match budget::exceeded() {
            Some(limit) => Err(Failure::Budget(limit.words().to_owned())),
            None => Ok(results),
        }
    }
}

fn too_large() -> Failure {
    Failure::Budget("an input of that size or depth".to_owned())
}

/// The text of an error; it may quote the whole input.
fn shortened(error: &impl fmt::Display) -> String {
    const MAX_ERROR: usize = 300;
    let text = error.to_string();
    match text.char_indices().nth(MAX_ERROR) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Refuses texts on which the parser could recurse too deeply.
fn check_size(text: &str) -> Result<(), Failure> {
    let mut depth = 0_usize;
    let mut tokens = 0_usize;
    let mut in_word = false;
    for c in text.chars() {
        let word = c.is_alphanumeric() || c == '_';
        if !(c.is_whitespace() || word && in_word) {
            tokens += 1;
        }
        in_word = word;
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(Failure::Budget(format!("{MAX_NESTING} nested brackets")));
        }
    }
    let keywords =
        |word: &&str| ["if", "try", "reduce", "foreach", "label", "as", "def"].contains(word);
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    if words.filter(keywords).count() > MAX_NESTING {
        return Err(Failure::Budget(format!("{MAX_NESTING} nested terms")));
    }
    if tokens > MAX_TOKENS {
        return Err(Failure::Budget(format!("{MAX_TOKENS} words and signs")));
    }
    Ok(())
}

fn parse(text: &str) -> Result<Term<&str>, Failure> {
    let syntax = |expected: &str, found: &str| {
        Failure::Syntax(format!("expected {expected} at {}", place(found)))
    };
    let tokens = Lexer::new(text)
        .lex()
        .map_err(|errors| match errors.first() {
            Some((expected, found)) => syntax(expected.as_str(), found),
            None => syntax("a program", text),
        })?;
    Parser::new(&tokens)
        .parse(Parser::term)
        .map_err(|errors| match errors.first() {
            Some((expected, found)) => syntax(expected.as_str(), Token::opt_as_str(*found, text)),
            None => syntax("a program", text),
        })
}

/// Names the place by how it begins.
fn place(rest: &str) -> String {
    const SHOWN: usize = 20;
    if rest.trim().is_empty() {
        return "the end".to_owned();
    }
    format!("`{}`", rest.chars().take(SHOWN).collect::<String>())
}

/// Functions that jq has and that would reach outside of the program.
pub(super) const OUTSIDE: [&str; 19] = [
    "env",
    "halt",
    "halt_error",
    "input",
    "inputs",
    "debug",
    "stderr",
    "now",
    "localtime",
    "strflocaltime",
    "input_filename",
    "input_line_number",
    "get_search_list",
    "modulemeta",
    "import",
    "include",
    "getpath_env",
    "limit_env",
    "$ENV",
];

fn check_calls(called: &BTreeSet<Key>) -> Result<(), Failure> {
    for (name, arity) in called {
        if library().knows(name, *arity) {
            continue;
        }
        return Err(if OUTSIDE.contains(&name.as_str()) || name.contains("::") {
            Failure::Forbidden(name.clone())
        } else if library().has_name(name) && !name.starts_with('_') {
            Failure::Syntax(format!("`{name}` does not take {arity} arguments"))
        } else {
            let near = crate::base::name::nearest(name, library().names());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Failure::Syntax(format!("there is no function `{name}`{hint}"))
        });
    }
    Ok(())
}

/// Refuses definitions, which could call themselves for ever, and the environment.
fn check_term(term: &Term<&str>) -> Result<(), Failure> {
    let mut refused = None;
    let mut computed = 0;
    definition::walk(term, &mut |inner| match inner {
        Term::Def(..) => refused = Some("def"),
        Term::Var("$ENV") => refused = Some("$ENV"),
        Term::Path(_, path) => computed = computed.max(meter::computed_parts(path)),
        _ => {}
    });
    if computed > MAX_COMPUTED {
        return Err(Failure::Budget(format!(
            "{MAX_COMPUTED} computed indices in one path"
        )));
    }
    refused.map_or(Ok(()), |name| Err(Failure::Forbidden(name.to_owned())))
}

fn compile<'s>(
    term: Term<&'s str>,
    called: &BTreeSet<Key>,
    constants: &'s [String],
) -> Result<Filter<Data>, Failure> {
    let main = Def {
        name: MAIN,
        args: Vec::new(),
        body: meter::term(term),
    };
    let definitions: Vec<Def<&'s str>> = library().closure(called);
    let arena = Arena::default();
    let file = File {
        code: MAIN,
        path: (),
    };
    let modules = Loader::new(definitions.into_iter().chain([main]))
        .load(&arena, file)
        .map_err(|_| Failure::Syntax("it cannot be loaded".to_owned()))?;
    Compiler::default()
        .with_funs(native::all())
        .with_global_vars(constants.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            let error = errors.iter().flat_map(|(_, errors)| errors).next();
            Failure::Syntax(error.map_or_else(String::new, |(name, kind)| {
                format!("there is no {} `{name}`", kind.as_str())
            }))
        })
}
