//! Placeholders whose body is a minijinja expression (our extension).
//!
//! The names in a body are those of the language (`name`, `task.output`, `ACS::X`, hyphens
//! included: subtraction needs blanks), so they are replaced by plain identifiers before minijinja
//! sees the text. All of them are resolved before the expression runs.

use std::sync::Arc;

use crate::base::name::Name;
use crate::base::value::{Map, Value};
use crate::template::expr::environment;
use crate::template::expr::reference::{Pseudo, Reference, leading_name};
use crate::template::expr::scope::Scope;

/// Longest body that is taken for an expression; longer ones belong to another tool.
const MAX_LENGTH: usize = 4096;
/// Deepest nesting of brackets: minijinja's parser recurses on them.
const MAX_DEPTH: usize = 32;

/// Words that are no names.
const KEYWORDS: [&str; 13] = [
    "and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None",
];

/// A compiled expression. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct JinjaExpression(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    expression: minijinja::Expression<'static, 'static>,
    variables: Vec<Variable>,
    /// Whether it multiplies: then all names must be numbers, since a string or list times a
    /// number is as large as the number.
    multiplies: bool,
}

/// A name in the expression; variable `n` is written `__n` in the rewritten text.
#[derive(Debug, PartialEq)]
enum Variable {
    Pseudo(Pseudo),
    Name(Name),
    /// `a.b`: an output of task `a`, or else the entry `b` of parameter `a`.
    Dotted(Name, Name),
}

impl JinjaExpression {
    /// Compiles a body; `None` if it is no expression that may be evaluated.
    pub(super) fn compile(body: &str) -> Option<Self> {
        if body.len() > MAX_LENGTH {
            return None;
        }
        let (text, variables, multiplies) = Rewriter::new(body).run()?;
        let expression = environment::shared().compile_expression_owned(text).ok()?;
        Some(Self(Arc::new(Compiled {
            expression,
            variables,
            multiplies,
        })))
    }

    /// Returns what the names in the expression refer to.
    pub(super) fn references(&self) -> impl Iterator<Item = Reference> + '_ {
        self.0.variables.iter().map(|variable| match variable {
            Variable::Pseudo(pseudo) => Reference::Pseudo(*pseudo),
            Variable::Name(name) => Reference::Parameter(name.clone()),
            Variable::Dotted(task, output) => Reference::Output {
                task: task.clone(),
                output: output.clone(),
                path: None,
            },
        })
    }

    /// Evaluates; `None` if a name does not resolve.
    pub(super) fn evaluate(&self, scope: &dyn Scope) -> Option<Result<Value, String>> {
        let mut values = Map::new();
        for (index, variable) in self.0.variables.iter().enumerate() {
            let value = resolve(variable, scope)?;
            if self.0.multiplies && !matches!(value, Value::Number(_) | Value::Bool(_)) {
                return Some(Err("only numbers can be multiplied".to_owned()));
            }
            values.insert(format!("__{index}"), value);
        }
        Some(environment::evaluate(&self.0.expression, values))
    }
}

fn resolve(variable: &Variable, scope: &dyn Scope) -> Option<Value> {
    match variable {
        Variable::Pseudo(pseudo) => scope.pseudo(*pseudo),
        Variable::Name(name) => scope.parameter(name),
        Variable::Dotted(first, second) => scope.output(first, second).or_else(|| {
            scope
                .parameter(first)
                .and_then(|value| value.get(second.as_str()).cloned())
        }),
    }
}

/// Replaces the names of the language by identifiers.
struct Rewriter<'a> {
    body: &'a str,
    at: usize,
    out: String,
    variables: Vec<Variable>,
    multiplies: bool,
    texts: bool,
}

impl<'a> Rewriter<'a> {
    fn new(body: &'a str) -> Self {
        Self {
            body,
            at: 0,
            out: String::new(),
            variables: Vec::new(),
            multiplies: false,
            texts: false,
        }
    }

    /// Returns the rewritten text, its names, and whether it multiplies.
    fn run(mut self) -> Option<(String, Vec<Variable>, bool)> {
        let mut depth = 0_usize;
        while let Some(c) = self.body[self.at..].chars().next() {
            match c {
                '"' | '\'' => self.quoted(c)?,
                c if c.is_ascii_alphabetic() || c == '_' => self.word()?,
                '.' if self.follows_value() => self.attribute(),
                c if c.is_ascii_digit() => self.number(),
                c => {
                    match c {
                        '(' | '[' | '{' => depth += 1,
                        ')' | ']' | '}' => depth = depth.checked_sub(1)?,
                        '*' => self.multiplies = true,
                        _ => {}
                    }
                    self.texts |= matches!(c, '[' | '{' | '|' | '~');
                    self.push(c.len_utf8());
                }
            }
            if depth > MAX_DEPTH {
                return None;
            }
        }
        // "x" * 100000000 would be as large as it says; see `environment` for the other ways.
        if self.multiplies && self.texts {
            return None;
        }
        Some((self.out, self.variables, self.multiplies))
    }

    fn push(&mut self, length: usize) {
        let end = self.at + length;
        self.out.push_str(&self.body[self.at..end]);
        self.at = end;
    }

    fn rest(&self) -> &'a str {
        &self.body[self.at..]
    }

    /// The last character before the current place that is no blank.
    fn before(&self) -> Option<char> {
        self.out.trim_end().chars().next_back()
    }

    fn follows_value(&self) -> bool {
        self.out.ends_with(|c: char| {
            c == ')' || c == ']' || c == '}' || c == '_' || c.is_alphanumeric()
        })
    }

    fn quoted(&mut self, quote: char) -> Option<()> {
        self.texts = true;
        let mut escaped = false;
        let inner = &self.rest()[1..];
        let end = inner.find(|c| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        })?;
        self.push(end + 2);
        Some(())
    }

    fn number(&mut self) {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let rest = self.rest();
        self.push(rest.find(|c| !fits(c)).unwrap_or(rest.len()));
    }

    /// `.name` behind a value: minijinja's own attribute.
    fn attribute(&mut self) {
        self.push(1);
        let rest = self.rest();
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.push(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.rest();
        if rest
            .get(..5)
            .is_some_and(|head| head.eq_ignore_ascii_case("ACS::"))
        {
            let name = leading_name(&rest[5..])?;
            let length = 5 + name.len();
            let pseudo = Pseudo::from_name(&rest[..length])?;
            self.variable(Variable::Pseudo(pseudo), length);
            return Some(());
        }
        let name = leading_name(rest)?;
        if KEYWORDS.contains(&name) || self.is_filter_or_test() || self.is_call_or_keyword(name) {
            self.push(name.len());
            return Some(());
        }
        let dotted = rest[name.len()..].strip_prefix('.').and_then(leading_name);
        match dotted {
            Some(second) => {
                let variable = Variable::Dotted(name.into(), second.into());
                self.variable(variable, name.len() + 1 + second.len());
            }
            None => self.variable(Variable::Name(name.into()), name.len()),
        }
        Some(())
    }

    fn variable(&mut self, variable: Variable, length: usize) {
        let index = self
            .variables
            .iter()
            .position(|known| *known == variable)
            .unwrap_or_else(|| {
                self.variables.push(variable);
                self.variables.len() - 1
            });
        self.out.push_str("__");
        self.out.push_str(&index.to_string());
        self.at += length;
    }

    /// Tells whether the word at the current place is the name of a filter or test.
    fn is_filter_or_test(&self) -> bool {
        let mut words = self.out.split_whitespace().rev();
        let last = words.next();
        self.before() == Some('|')
            || last == Some("is")
            || (last == Some("not") && words.next() == Some("is"))
    }

    /// Tells whether the word is called, or names an argument of a call.
    fn is_call_or_keyword(&self, name: &str) -> bool {
        let next = self.rest()[name.len()..].trim_start();
        let is_argument = next.starts_with('=') && !next.starts_with("==");
        next.starts_with('(') || (is_argument && matches!(self.before(), Some('(' | ',')))
    }
}
