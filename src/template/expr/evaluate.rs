//! Evaluates an [`Expression`] against a [`Scope`].

use std::fmt::Write;

use crate::base::name::Name;
use crate::base::value::{Map, Value, kind, text, truth};
use crate::template::expr::expression::{
    Arguments, Body, Call, Expression, Kind, Placeholder, Segment,
};
use crate::template::expr::function::{Behavior, Shape};
use crate::template::expr::reference::Reference;
use crate::template::expr::scope::Scope;
use crate::template::expr::selector::Selector;

/// Deepest chain of conditions that name conditions.
const MAX_CONDITIONS: usize = 50;

/// An expression that has no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}{}", if .path.is_empty() { String::new() } else { format!(" (at `{}`)", .path) })]
pub struct EvaluateError {
    /// Keys and indices from the root of the expression: `Parameters.InstanceIds[0]`.
    pub path: String,
    /// What went wrong: a lower-case fragment.
    pub message: String,
}

impl EvaluateError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            message: message.into(),
        }
    }

    /// Puts a step before the path: a key, or an index in brackets.
    fn below(mut self, step: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{step}{separator}{}", self.path);
        self
    }
}

impl Expression {
    /// Evaluates. Map entries that are written in the expression and whose value is `null` are
    /// dropped at every level; values that references bring in stay as they are.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluateError> {
        Evaluation::new(scope).value(self)
    }
}

/// One evaluation: the names, and the conditions that are being evaluated.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    scope: &'a dyn Scope,
    visiting: Option<&'a Visiting<'a>>,
}

/// A condition under evaluation and the one that names it.
struct Visiting<'a> {
    name: &'a Name,
    outer: Option<&'a Self>,
    depth: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(scope: &'a dyn Scope) -> Self {
        Self {
            scope,
            visiting: None,
        }
    }

    fn value(self, expression: &Expression) -> Result<Value, EvaluateError> {
        if let Some(literal) = &expression.0.literal {
            return Ok(literal.clone());
        }
        match &expression.0.kind {
            Kind::Scalar => Ok(expression.0.node.to_value()),
            Kind::Text(segments) => self.text(segments),
            Kind::Whole(placeholder) => self.placeholder(placeholder),
            Kind::Call(call) => self
                .call(call)
                .map_err(|error| error.below(&format!("Fn::{}", call.signature.name))),
            Kind::List(elements) => self.each(elements).map(Value::Array),
            Kind::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for entry in entries {
                    let value = self
                        .value(&entry.value)
                        .map_err(|error| error.below(&entry.key))?;
                    if !value.is_null() {
                        map.insert(entry.key.clone(), value);
                    }
                }
                Ok(Value::Object(map))
            }
            Kind::Broken(message) => Err(EvaluateError::new(message)),
        }
    }

    fn each(self, expressions: &[Expression]) -> Result<Vec<Value>, EvaluateError> {
        expressions
            .iter()
            .enumerate()
            .map(|(index, expression)| {
                self.value(expression)
                    .map_err(|error| error.below(&format!("[{index}]")))
            })
            .collect()
    }

    fn text(self, segments: &[Segment]) -> Result<Value, EvaluateError> {
        let mut out = String::new();
        for segment in segments {
            match segment {
                Segment::Text(text) => out.push_str(text),
                Segment::Placeholder(placeholder) => {
                    out.push_str(&text(&self.placeholder(placeholder)?));
                }
            }
        }
        Ok(Value::String(out))
    }

    fn placeholder(self, placeholder: &Placeholder) -> Result<Value, EvaluateError> {
        match &placeholder.body {
            Body::Reference(reference) => self.reference(reference),
            Body::Jinja(expression) => match expression.evaluate(self.scope) {
                None => Ok(Value::String(placeholder.raw.clone())),
                Some(result) => result.map_err(|reason| {
                    EvaluateError::new(format!("`{}` has no value: {reason}", placeholder.raw))
                }),
            },
        }
    }

    fn reference(self, reference: &Reference) -> Result<Value, EvaluateError> {
        let missing = |message: String| EvaluateError::new(message);
        match reference {
            Reference::Parameter(name) => self
                .scope
                .parameter(name)
                .ok_or_else(|| missing(format!("there is no parameter `{name}`"))),
            Reference::Output { task, output, path } => {
                let value = self
                    .scope
                    .output(task, output)
                    .ok_or_else(|| missing(format!("there is no output `{task}.{output}`")))?;
                match path {
                    Some(path) => along(path, &value),
                    None => Ok(value),
                }
            }
            Reference::Pseudo(pseudo) => self
                .scope
                .pseudo(*pseudo)
                .ok_or_else(|| missing(format!("`{pseudo}` has no value here"))),
            Reference::Stored(path) => self
                .scope
                .stored(path)
                .ok_or_else(|| missing(format!("the parameter store has no entry `{path}`"))),
            Reference::Secret(path) => self
                .scope
                .secret(path)
                .ok_or_else(|| missing(format!("the parameter store has no secret `{path}`"))),
        }
    }

    fn call(self, call: &Call) -> Result<Value, EvaluateError> {
        let each = match &call.arguments {
            Arguments::Each(each) => each.as_slice(),
            Arguments::Whole(whole) => {
                let Value::Array(values) = self.value(whole)? else {
                    return Err(EvaluateError::new("the arguments must be a list"));
                };
                return self.call_with_values(call, values);
            }
        };
        match call.signature.behavior {
            Behavior::Eager(function) => {
                let values = arguments(call.signature.shape, self.each(each)?);
                function(values).map_err(EvaluateError::new)
            }
            Behavior::If => match (self.condition_at(each, 0)?, each) {
                (true, [_, then, ..]) => self.value(then).map_err(|error| error.below("[1]")),
                (false, [_, _, other]) => self.value(other).map_err(|error| error.below("[2]")),
                _ => Ok(Value::Null),
            },
            Behavior::And => self.until(each, false),
            Behavior::Or => self.until(each, true),
            Behavior::Not => Ok((!self.condition_at(each, 0)?).into()),
            Behavior::Unsupported => Err(unsupported(call)),
        }
    }

    /// Calls a function whose whole argument list came from an expression: nothing is left to be
    /// lazy about.
    fn call_with_values(self, call: &Call, values: Vec<Value>) -> Result<Value, EvaluateError> {
        call.signature
            .check_count(values.len())
            .map_err(EvaluateError::new)?;
        if let Behavior::Eager(function) = call.signature.behavior {
            return function(values).map_err(EvaluateError::new);
        }
        let each = values.into_iter().map(Expression::literal).collect();
        self.call(&Call {
            signature: call.signature,
            arguments: Arguments::Each(each),
        })
    }

    /// Evaluates conditions until one is `wanted`, and tells whether one was.
    fn until(self, conditions: &[Expression], wanted: bool) -> Result<Value, EvaluateError> {
        for index in 0..conditions.len() {
            if self.condition_at(conditions, index)? == wanted {
                return Ok(wanted.into());
            }
        }
        Ok((!wanted).into())
    }

    fn condition_at(self, each: &[Expression], index: usize) -> Result<bool, EvaluateError> {
        self.condition(&each[index])
            .map_err(|error| error.below(&format!("[{index}]")))
    }

    /// Evaluates to true or false; a plain text may name a condition of the template.
    pub(super) fn condition(self, expression: &Expression) -> Result<bool, EvaluateError> {
        let value = self.value(expression)?;
        if let Some(truth) = truth(&value) {
            return Ok(truth);
        }
        match (&value, &expression.0.kind) {
            (Value::String(name), Kind::Scalar) => self.named_condition(&name.as_str().into()),
            (Value::String(text), _) => Err(EvaluateError::new(format!(
                "a condition must be true or false, not `{text}`"
            ))),
            (other, _) => Err(EvaluateError::new(format!(
                "a condition must be true or false, not {}",
                kind(other)
            ))),
        }
    }

    fn named_condition(self, name: &Name) -> Result<bool, EvaluateError> {
        let expression = self.scope.condition(name).ok_or_else(|| {
            EvaluateError::new(format!(
                "`{name}` is neither true nor false nor the name of a condition"
            ))
        })?;
        let mut chain = String::new();
        let mut visiting = self.visiting;
        while let Some(outer) = visiting {
            if outer.name == name {
                return Err(EvaluateError::new(format!(
                    "the condition `{name}` depends on itself{chain}"
                )));
            }
            // Writing to a string cannot fail.
            let _ = write!(chain, " through `{}`", outer.name);
            visiting = outer.outer;
        }
        let depth = self.visiting.map_or(0, |outer| outer.depth) + 1;
        if depth > MAX_CONDITIONS {
            return Err(EvaluateError::new(format!(
                "more than {MAX_CONDITIONS} conditions name each other"
            )));
        }
        let visiting = Visiting {
            name,
            outer: self.visiting,
            depth,
        };
        Evaluation {
            scope: self.scope,
            visiting: Some(&visiting),
        }
        .condition(expression)
        .map_err(|error| error.below(&format!("Conditions.{name}")))
    }
}

/// Follows a jq path: all results if it iterates, else the first or `null`.
fn along(path: &str, value: &Value) -> Result<Value, EvaluateError> {
    let failed = |error: crate::template::expr::selector::SelectorError| {
        EvaluateError::new(error.to_string())
    };
    let program = if path.starts_with('.') {
        path.to_owned()
    } else {
        format!(".{path}")
    };
    let selector = Selector::compile_program(&program).map_err(failed)?;
    if path.contains("[]") {
        selector.all(value).map(Value::Array).map_err(failed)
    } else {
        let first = selector.first(value).map_err(failed)?;
        Ok(first.unwrap_or(Value::Null))
    }
}

/// Unwraps `[list]`, which functions on elements take for the list itself.
fn arguments(shape: Shape, mut values: Vec<Value>) -> Vec<Value> {
    if shape == Shape::Elements && values.len() == 1 {
        match values.pop() {
            Some(Value::Array(elements)) => return elements,
            Some(other) => values.push(other),
            None => {}
        }
    }
    values
}

fn unsupported(call: &Call) -> EvaluateError {
    EvaluateError::new(format!(
        "`Fn::{}` is not supported yet",
        call.signature.name
    ))
}
