//! Commands on instances: the rows of a host's time line.

use crate::base::call::COMMAND_ACTIONS;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::engine::event::UnitId;
use crate::engine::status::TaskStatus;
use crate::store::projection::TaskRow;
use crate::store::view::CommandView;

/// The calls that start a command on several instances at once.
const COMMAND_CALLS: [&str; 2] = ["RunCommand", "InvokeCommand"];

/// Which command: a target, when it was started, and by which unit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct CommandKey {
    pub(crate) target: String,
    pub(crate) started: Timestamp,
    pub(crate) task: u32,
    pub(crate) item: Option<u32>,
    pub(crate) attempt: u32,
}

/// What is known of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CommandRow {
    pub(crate) status: TaskStatus,
    /// The error code, or nothing.
    pub(crate) code: String,
    pub(crate) ended: Option<Timestamp>,
}

/// Returns the commands that the row of a unit stands for.
pub(super) fn commands(unit: UnitId, row: &TaskRow) -> Vec<(CommandKey, CommandRow)> {
    let Some(started) = row.started else {
        return Vec::new();
    };
    let code = match (row.status, row.message.split_once(": ")) {
        (TaskStatus::Failed | TaskStatus::Skipped | TaskStatus::Pending, Some((code, _))) => code,
        _ => "",
    };
    let command = |target: &str| {
        let key = CommandKey {
            target: target.to_owned(),
            started,
            task: unit.task,
            item: unit.item,
            attempt: unit.attempt,
        };
        let row = CommandRow {
            status: row.status,
            code: code.to_owned(),
            ended: row.ended,
        };
        (key, row)
    };
    let targets = targets(row).into_iter();
    targets
        .filter(|target| !target.is_empty())
        .map(command)
        .collect()
}

/// Returns the instances that a row starts a command on.
fn targets(row: &TaskRow) -> Vec<&str> {
    let is = |name: &&str, text: &str| name.eq_ignore_ascii_case(text);
    if COMMAND_ACTIONS.iter().any(|name| is(name, &row.action)) {
        return field(&row.properties, "instanceId")
            .and_then(Value::as_str)
            .into_iter()
            .collect();
    }
    let text = |name| field(&row.properties, name).and_then(Value::as_str);
    let (Some(service), Some(api)) = (text("Service"), text("API")) else {
        return Vec::new();
    };
    if !service.eq_ignore_ascii_case("ECS") || !COMMAND_CALLS.iter().any(|name| is(name, api)) {
        return Vec::new();
    }
    let parameters = field(&row.properties, "Parameters");
    let ids = parameters.and_then(|map| field(map, "InstanceId").or(field(map, "InstanceIds")));
    match ids {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(id)) => vec![id],
        _ => Vec::new(),
    }
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    // Nearly always it is spelt as it should be.
    fields.get(name).or_else(|| {
        let mut fields = fields.iter();
        fields
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// What the rows of the execution and of the task add to a command.
pub(crate) struct CommandPlace {
    pub(crate) execution: ExecutionId,
    pub(crate) template: String,
    pub(crate) user: String,
    pub(crate) task: String,
    pub(crate) action: String,
}

/// Returns a command as listings show it.
pub(crate) fn command_view(key: CommandKey, row: CommandRow, place: CommandPlace) -> CommandView {
    let exit_code = match (row.status, row.code.strip_prefix("ExitCode.")) {
        (TaskStatus::Success, _) => Some(0),
        (_, Some(code)) => code.parse().ok(),
        _ => None,
    };
    CommandView {
        target: key.target,
        execution_id: place.execution,
        template_name: place.template,
        executed_by: place.user,
        task_name: place.task,
        // That a call which starts a command ended well says nothing about the command.
        exit_code: exit_code.filter(|_| is_action(&place.action)),
        task_action: place.action,
        loop_index: key.item,
        attempt: key.attempt,
        status: row.status,
        code: row.code,
        start_date: key.started,
        end_date: row.ended,
    }
}

fn is_action(action: &str) -> bool {
    COMMAND_ACTIONS
        .iter()
        .any(|name| name.eq_ignore_ascii_case(action))
}
