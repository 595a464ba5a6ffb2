//! A template, understood: what the sections say, with the places where they say it.

use crate::base::name::Name;
use crate::base::source::{Source, Span, Spanned};
use crate::base::value::Value;
use crate::template::expr::Expression;
use crate::template::yaml::Node;

/// A parsed template. Parsing says nothing about whether its references, actions and types agree:
/// that is [`check`](crate::template::check).
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    /// The text it was read from.
    pub source: Source,
    /// The whole tree, for sections that the engine has no use for.
    pub root: Node,
    /// Which of the two formats it is written in.
    pub format: Format,
    /// What it is for.
    pub description: Option<Localized>,
    /// Declared parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The role for API calls.
    pub ram_role: Option<Expression>,
    /// Named conditions, in order.
    pub conditions: Vec<NamedExpression>,
    /// The tasks, in order.
    pub tasks: Vec<Task>,
    /// What the execution gives back.
    pub outputs: Vec<TemplateOutput>,
}

impl Template {
    /// Returns the parameter called `name`, ignoring case.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name.value.is(name))
    }

    /// Returns the task called `name` and its place in the list, ignoring case.
    pub fn task(&self, name: &str) -> Option<(usize, &Task)> {
        self.tasks
            .iter()
            .enumerate()
            .find(|(_, task)| task.name.value.is(name))
    }
}

/// The two template formats (language reference 1.2, 1.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `OOS-2019-06-01`: tasks to run.
    Automation,
    /// `OOS-2019-06-01-State`: a desired state; recognised, never run.
    State,
}

/// A text in one or more languages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Localized {
    /// Language tag (`en`, `zh-cn`, or empty for a plain string) and text.
    pub texts: Vec<(String, String)>,
}

impl Localized {
    /// Returns the text for a language tag; falls back to English, then to whatever there is.
    pub fn text(&self, language: &str) -> Option<&str> {
        [language, "en", ""]
            .iter()
            .find_map(|tag| {
                self.texts
                    .iter()
                    .find(|(have, _)| have.eq_ignore_ascii_case(tag))
            })
            .or(self.texts.first())
            .map(|(_, text)| text.as_str())
    }
}

/// The five types of parameters and outputs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum ValueType {
    /// Text.
    String,
    /// A whole number or a fraction.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// A map or a list.
    Json,
}

/// A declared parameter (language reference 1.3).
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Spanned<Name>,
    /// Its type; `String` when not written.
    pub value_type: ValueType,
    /// What it is called in forms.
    pub label: Option<Localized>,
    /// What it is for.
    pub description: Option<Localized>,
    /// Its value when none is given; none makes the parameter required.
    pub default: Option<Expression>,
    /// The only values allowed, of each element for a list.
    pub allowed_values: Option<Spanned<Vec<Value>>>,
    /// A regular expression that is searched for in the value's text.
    pub allowed_pattern: Option<Spanned<String>>,
    /// Fewest characters.
    pub min_length: Option<Spanned<u64>>,
    /// Most characters.
    pub max_length: Option<Spanned<u64>>,
    /// Smallest number.
    pub min_value: Option<Spanned<f64>>,
    /// Largest number.
    pub max_value: Option<Spanned<f64>>,
    /// What to say when a constraint is violated.
    pub constraint_description: Option<Localized>,
    /// Whether the value must never be shown.
    pub no_echo: bool,
    /// Which picker forms show.
    pub association_property: Option<String>,
    /// Settings of the picker; never evaluated.
    pub association_metadata: Option<Node>,
}

/// A named condition.
#[derive(Clone, PartialEq, Debug)]
pub struct NamedExpression {
    /// Its name.
    pub name: Spanned<Name>,
    /// What it says.
    pub expression: Expression,
}

/// A task (language reference 2.1).
#[derive(Clone, PartialEq, Debug)]
pub struct Task {
    /// Where the whole task stands.
    pub span: Span,
    /// Its name, unique in the template.
    pub name: Spanned<Name>,
    /// The action that it runs.
    pub action: Spanned<Name>,
    /// What it is for.
    pub description: Option<Localized>,
    /// The action's input: a map expression; absent is an empty map.
    pub properties: Option<Expression>,
    /// What later tasks can refer to.
    pub outputs: Vec<TaskOutput>,
    /// Whether to run at all.
    pub when: Option<Expression>,
    /// Where to go after success; `ACS::NEXT` when not written.
    pub on_success: Option<Spanned<Jump>>,
    /// Where to go after failure; `ACS::END` when not written.
    pub on_error: Option<Spanned<Jump>>,
    /// Where to go when cancelled; `ACS::END` when not written.
    pub on_cancel: Option<Spanned<Jump>>,
    /// Whether its failure makes the execution fail; true when not written.
    pub is_critical: bool,
    /// How to repeat it.
    pub looping: Option<Loop>,
    /// How often and how fast to poll.
    pub retry: Retry,
    /// Extension: the longest time that the task may take, an ISO 8601 duration.
    pub timeout: Option<Expression>,
    /// Extension: what it, or each item of its loop, must have to itself while it runs.
    pub lock: Option<Expression>,
    /// Extension: the action that takes this task's change back; shown by plans.
    pub undo: Option<Node>,
}

/// Where control goes next.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Jump {
    /// `ACS::NEXT`: the following task.
    Next,
    /// `ACS::END`: the end of the execution.
    End,
    /// A task by name.
    Task(Name),
}

impl Jump {
    /// Reads a jump target; `NEXT`, `CONTINUE` and `END` are the spellings of 2019.
    pub fn from_text(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "ACS::NEXT" | "NEXT" | "CONTINUE" => Self::Next,
            "ACS::END" | "END" => Self::End,
            _ => Self::Task(Name::from(text)),
        }
    }
}

/// Poll settings of a task; expressions, because templates pass parameters through them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Retry {
    /// `Retries`.
    pub retries: Option<Expression>,
    /// `Delay` in seconds.
    pub delay: Option<Expression>,
    /// `DelayType`.
    pub delay_type: Option<Expression>,
    /// `BackOff` in seconds.
    pub back_off: Option<Expression>,
    /// `MaxRetryInterval` in seconds.
    pub max_retry_interval: Option<Expression>,
}

/// `Loop` of a task (language reference 2.8).
#[derive(Clone, PartialEq, Debug)]
pub struct Loop {
    /// Where it stands.
    pub span: Span,
    /// What to repeat over.
    pub items: Expression,
    /// `RateControl`, a map expression.
    pub rate_control: Option<Expression>,
    /// Legacy `Concurrency` directly under `Loop`.
    pub concurrency: Option<Expression>,
    /// Legacy `MaxErrors` directly under `Loop`.
    pub max_errors: Option<Expression>,
    /// Legacy `Mode` directly under `Loop`.
    pub mode: Option<Expression>,
    /// Legacy `BatchPauseOption` directly under `Loop`.
    pub batch_pause_option: Option<Expression>,
    /// What the loop gives back as a whole.
    pub outputs: Vec<Aggregate>,
}

/// An output of a loop over all its items.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    /// Its name.
    pub name: Spanned<Name>,
    /// How the items' values become one.
    pub aggregate_type: Spanned<AggregateType>,
    /// The task output that is taken from each item.
    pub field: Spanned<Name>,
}

/// The ways to aggregate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AggregateType {
    /// `Fn::ListJoin`: a list in item order.
    ListJoin,
    /// `Fn::Sum`: the sum of numbers.
    Sum,
}

/// A declared output of a task.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskOutput {
    /// Its name.
    pub name: Spanned<Name>,
    /// Its type.
    pub value_type: Spanned<ValueType>,
    /// The jq program, or an expression that yields a program or the value itself.
    pub selector: Expression,
}

/// A declared output of a template.
#[derive(Clone, PartialEq, Debug)]
pub struct TemplateOutput {
    /// Its name.
    pub name: Spanned<Name>,
    /// Its type; `List` when not written.
    pub value_type: ValueType,
    /// Its value.
    pub value: Expression,
}
