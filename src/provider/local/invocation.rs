//! Invocations: a command started on one or more instances, and how it ended on each.
//!
//! Neither the command's text nor the values of its parameters are kept: they may hold secrets, and
//! who repeats the call brings them along.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::failure::code;
use crate::base::output::LogKey;
use crate::base::time::{Timestamp, utc_text};
use crate::base::value::{Map, Value};
use crate::provider::local::answer::object;
use crate::provider::local::driver::{CommandEnd, KillReport};
use crate::provider::local::state::Entity;

/// A command that was started.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Invocation {
    /// Its id; the driver knows it under the same.
    pub(super) id: String,
    /// The id of the command.
    pub(super) command: String,
    /// The name that the call gave it.
    pub(super) name: String,
    /// The command type.
    pub(super) type_name: String,
    /// Where it runs.
    pub(super) directory: String,
    /// The user that it runs as.
    pub(super) username: String,
    /// The longest time it may run, in seconds.
    pub(super) timeout: u64,
    /// When it was started.
    pub(super) created: Timestamp,
    /// The log that its output goes to: that of the task that started it.
    pub(super) log: LogKey,
    /// How much the log held before.
    pub(super) log_base: Lengths,
    /// The instances, in the order of the call.
    pub(super) targets: Vec<Target>,
}

/// A command on one instance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Target {
    /// The instance.
    pub(super) instance: String,
    /// How it ended and what it said; `None` while that is not taken over from the driver.
    pub(super) ended: Option<Ended>,
}

/// How a command ended on an instance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    /// How.
    pub(super) end: CommandEnd,
    /// When that was, or was noticed where the driver does not know.
    pub(super) at: Timestamp,
    /// The end of its standard output, in Base64, without secrets.
    pub(super) output: String,
    /// Bytes of standard output before that.
    pub(super) dropped: u64,
    /// The last line of its standard error, without secrets.
    pub(super) last_error: String,
    /// The error code, if it was not started for a reason that has one, or nobody knows its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error_code: Option<String>,
    /// How much it wrote.
    pub(super) lengths: Lengths,
}

/// Bytes of each channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lengths {
    /// Of standard output.
    pub(super) stdout: u64,
    /// Of standard error.
    pub(super) stderr: u64,
}

impl Entity for Invocation {
    const KIND: &'static str = "invocation";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Ended {
    /// Returns an end without output, for a command that could not be started.
    pub(super) fn without_start(reason: String, at: Timestamp) -> Self {
        Self {
            end: CommandEnd::Lost,
            at,
            output: String::new(),
            dropped: 0,
            last_error: reason,
            error_code: None,
            lengths: Lengths::default(),
        }
    }

    /// Returns the output as text.
    pub(super) fn output_text(&self) -> String {
        // What is stored was encoded here, so it always decodes.
        let bytes = STANDARD.decode(&self.output).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Invocation {
    /// Returns who was to run it, if the call said that.
    pub(super) fn user(&self) -> Option<&str> {
        Some(self.username.as_str()).filter(|user| !user.is_empty())
    }

    /// Returns the two statuses that the API shows of the whole: `InvokeStatus` and
    /// `InvocationStatus`.
    pub(super) fn statuses(&self) -> (&'static str, &'static str) {
        let all: Vec<_> = self.targets.iter().map(Target::statuses).collect();
        let is = |wanted: &str| all.iter().all(|(old, _)| *old == wanted);
        if all.iter().any(|(old, _)| *old == "Running") {
            ("Running", "Running")
        } else if is("Finished") {
            let success = all.iter().all(|(_, new)| *new == "Success");
            ("Finished", if success { "Success" } else { "Failed" })
        } else if is("Stopped") {
            ("Stopped", "Stopped")
        } else if is("Failed") {
            ("Failed", "Failed")
        } else {
            ("PartialFailed", "PartialFailed")
        }
    }

    /// Returns the record that `DescribeInvocations` shows.
    pub(super) fn describe(&self, with_output: bool, plain: bool) -> Value {
        let (old, new) = self.statuses();
        let targets: Vec<Value> = self
            .targets
            .iter()
            .map(|target| {
                let mut record = target.describe(self, plain);
                if !with_output {
                    record.insert("Output".to_owned(), json!(""));
                }
                Value::Object(record)
            })
            .collect();
        json!({
            "InvokeId": self.id,
            "CommandId": self.command,
            "CommandName": self.name,
            "CommandType": self.type_name,
            "CommandContent": "",
            "CreationTime": utc_text(self.created),
            "InvokeStatus": old,
            "InvocationStatus": new,
            "RepeatMode": "Once",
            "Timed": false,
            "Frequency": "",
            "Timeout": self.timeout,
            "WorkingDir": self.directory,
            "Username": self.username,
            "Parameters": "{}",
            "InvokeInstances": {"InvokeInstance": targets},
        })
    }
}

impl Target {
    /// Returns why nobody knows what became of the command here, if that is so.
    pub(super) fn unknown(&self) -> Option<&str> {
        let ended = self.ended.as_ref()?;
        (ended.error_code.as_deref() == Some(code::UNKNOWN)).then_some(&ended.last_error)
    }

    /// Returns `InvokeRecordStatus` and `InvocationStatus`. A command that ended by itself is
    /// Finished whatever its exit code: templates test the code.
    fn statuses(&self) -> (&'static str, &'static str) {
        match self.ended.as_ref().map(|ended| &ended.end) {
            None => ("Running", "Running"),
            Some(CommandEnd::Exited { code: 0 }) => ("Finished", "Success"),
            Some(CommandEnd::Exited { .. }) => ("Finished", "Failed"),
            Some(CommandEnd::TimedOut(_)) => ("Failed", "Timeout"),
            Some(CommandEnd::Killed(_)) => ("Stopped", "Stopped"),
            Some(CommandEnd::Unwatched(_) | CommandEnd::Flooded(_) | CommandEnd::Lost) => {
                ("Failed", "Terminated")
            }
        }
    }

    /// Returns the record that `DescribeInvocationResults` shows.
    pub(super) fn describe(&self, invocation: &Invocation, plain: bool) -> Map {
        let (old, new) = self.statuses();
        let started = utc_text(invocation.created);
        let mut record = object(json!({
            "InvokeId": invocation.id,
            "CommandId": invocation.command,
            "InstanceId": self.instance,
            "InvokeRecordStatus": old,
            "InstanceInvokeStatus": old,
            "InvocationStatus": new,
            "Username": invocation.username,
            "Repeats": 1,
            "Timed": false,
            "CreationTime": started,
            "StartTime": started,
            "StopTime": "",
            "FinishTime": "",
            "FinishedTime": "",
            "Output": "",
            "Dropped": 0,
            "ErrorCode": "",
            "ErrorInfo": "",
        }));
        if let Some(ended) = &self.ended {
            record.extend(ended.fields(plain));
        }
        record
    }
}

impl Ended {
    fn fields(&self, plain: bool) -> Map {
        let at = utc_text(self.at);
        let output = if plain {
            self.output_text()
        } else {
            self.output.clone()
        };
        let (code, info) = match &self.end {
            CommandEnd::Exited { code: 0 } => ("", String::new()),
            CommandEnd::Exited { .. } => ("ExitCodeNonzero", self.last_error.clone()),
            CommandEnd::TimedOut(report) => ("Timeout", describe_kill(report)),
            CommandEnd::Killed(report) => ("Stopped", describe_kill(report)),
            CommandEnd::Unwatched(report) => ("CommandLost", describe_kill(report)),
            CommandEnd::Flooded(report) => ("OutputLimit", describe_kill(report)),
            CommandEnd::Lost => (
                self.error_code.as_deref().unwrap_or("InstanceNotRunning"),
                self.last_error.clone(),
            ),
        };
        let mut fields = object(json!({
            "FinishTime": at,
            "FinishedTime": at,
            "Output": output,
            "Dropped": self.dropped,
            "ErrorCode": code,
            "ErrorInfo": info,
        }));
        match &self.end {
            CommandEnd::Exited { code } => {
                fields.insert("ExitCode".to_owned(), json!(code));
            }
            CommandEnd::Killed(_) => {
                fields.insert("StopTime".to_owned(), json!(at));
            }
            CommandEnd::TimedOut(_)
            | CommandEnd::Unwatched(_)
            | CommandEnd::Flooded(_)
            | CommandEnd::Lost => {}
        }
        fields
    }
}

/// Says what ending a process tree came to.
pub(super) fn describe_kill(report: &KillReport) -> String {
    let ended = match report.ended {
        1 => "1 process was ended".to_owned(),
        count => format!("{count} processes were ended"),
    };
    let names = report.names.join(", ");
    let more = (report.ended as usize).saturating_sub(report.names.len());
    let ended = match (names.as_str(), more) {
        ("", _) => ended,
        (names, 0) => format!("{ended} ({names})"),
        (names, more) => format!("{ended} ({names} and {more} more)"),
    };
    if report.survivors.is_empty() {
        format!("{ended}, none survived")
    } else {
        format!("{ended}, these survived: {}", report.survivors.join(", "))
    }
}
