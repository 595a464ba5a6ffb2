//! What a command came to on one target, as far as the row of its task or loop item tells.

use crate::base::call::COMMAND_ACTIONS;
use crate::base::failure::{FailureClass, code};
use crate::base::output::LogKey;
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::engine::status::TaskStatus;
use crate::store::view::TaskView;

/// The property, parameter or field that names an instance.
const INSTANCE: &str = "instanceId";

/// What a command came to on one target.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// The target's name: the id of the instance.
    pub name: String,
    /// Its status; `Pending` if its turn never came.
    pub status: TaskStatus,
    /// Why it failed.
    pub fault: Option<Fault>,
    /// The command's exit code, where there is one.
    pub exit_code: Option<i64>,
    /// The latest attempt, from 1.
    pub attempt: u32,
    /// When the attempt began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Where its output is kept; names the execution, the task and the item as well.
    pub log: LogKey,
    /// Its group, counted from 0 in the step.
    pub group: usize,
}

/// Why a target failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// The error code.
    pub code: String,
    /// In words.
    pub message: String,
}

impl Target {
    /// Makes the target of a row; the group is still open.
    pub(super) fn of(view: &TaskView) -> Self {
        let fault = fault(view);
        let exit_code = match &fault {
            Some(fault) => fault
                .code
                .strip_prefix("ExitCode.")
                .and_then(|code| code.parse().ok()),
            None => (view.status == TaskStatus::Success && is_command(view)).then_some(0),
        };
        Self {
            name: name(view),
            status: view.status,
            fault,
            exit_code,
            attempt: view.attempt,
            started: view.start_date,
            ended: view.end_date,
            log: LogKey {
                execution: view.execution_id.clone(),
                task: view.task_name.clone(),
                item: view.loop_index,
                attempt: view.attempt,
            },
            group: 0,
        }
    }

    /// Returns the class of its failure, if it failed.
    pub fn class(&self) -> Option<FailureClass> {
        self.fault.as_ref().map(|fault| fault.class)
    }
}

/// Tells whether the row is a command on an instance.
pub(super) fn is_command(view: &TaskView) -> bool {
    COMMAND_ACTIONS
        .iter()
        .any(|action| action.eq_ignore_ascii_case(&view.task_action))
}

/// Tells whether the row says which instance it is about.
pub(super) fn names_instance(view: &TaskView) -> bool {
    instance(view).is_some()
}

fn fault(view: &TaskView) -> Option<Fault> {
    let message = view.status_message.as_str();
    let (code, message) = match view.status {
        TaskStatus::Failed => message.split_once(": ").unwrap_or(("", message)),
        // Those that were passed over or put off because they could not be reached say so.
        TaskStatus::Skipped | TaskStatus::Pending => message.split_once(": ")?,
        TaskStatus::Unknown => (code::UNKNOWN, message),
        TaskStatus::Running | TaskStatus::Waiting | TaskStatus::Success | TaskStatus::Cancelled => {
            return None;
        }
    };
    Some(Fault {
        class: FailureClass::of_code(code),
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

/// Returns the name of what the row is about; for an item that names nothing its number.
fn name(view: &TaskView) -> String {
    if let Some(name) = instance(view) {
        return name.to_owned();
    }
    match &view.loop_item {
        Some(Value::String(name)) => name.clone(),
        _ => match view.loop_index {
            Some(index) => format!("#{index}"),
            None => view.task_name.clone(),
        },
    }
}

fn instance(view: &TaskView) -> Option<&str> {
    let parameters = field(&view.properties, "Parameters");
    [Some(&view.properties), parameters, view.loop_item.as_ref()]
        .into_iter()
        .flatten()
        .find_map(|value| field(value, INSTANCE)?.as_str())
        .filter(|name| !name.is_empty())
}

/// Returns a field, ignoring the case of its name.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    let mut fields = fields.iter();
    fields
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}
