//! Product actions that the local cloud serves itself: one call that streams a command's output
//! and ends with its exit code, where the vendor's template polls.
//!
//! A call that is made again after a crash attaches to the command by an id that follows from the
//! client token, or answers from the record if the command's end is recorded. (Output in such an
//! answer is the recorded one, without secrets.)

use std::time::Duration;

use serde_json::json;

use crate::action::{ActionKind, ActionSpec, ApiSpec, OutputSpec, PropertySpec};
use crate::base::call::{ACTION_SERVICE, ApiError, CallFault, Recovery};
use crate::base::value::Value;
use crate::provider::local::api::command::{saved, values};
use crate::provider::local::cloud::LocalCloud;
use crate::provider::local::driver::{Command, CommandEnd, DriverError, Offsets};
use crate::provider::local::fault;
use crate::provider::local::instance::Power;
use crate::provider::local::invocation::{Ended, Invocation, Lengths, Target, describe_kill};
use crate::provider::local::machine::Machine;
use crate::provider::local::request::Request;
use crate::provider::local::script::{Interpreter, Script, read_parameters, read_timeout};
use crate::provider::local::spool::{self, SHOWN, Spool};
use crate::provider::local::state::{Stored, WriteFault};
use crate::provider::local::token::derive_id;
use crate::template::model::ValueType;

/// The action that runs a script.
pub(super) const RUN_COMMAND: &str = "ACS::ECS::RunCommand";

/// The action that runs a command that is kept.
pub(super) const INVOKE_COMMAND: &str = "ACS::ECS::InvokeCommand";

/// The property that starts a command on a host without the supervisor.
const PLAIN: &str = "plain";

/// How long a command may run when the action does not say.
const DEFAULT_TIMEOUT: u64 = 600;

/// How long one look waits for news; only bounds how late a driver without news is asked again.
const WAIT: Duration = Duration::from_secs(10);

/// Returns the signatures of the actions served here.
pub fn actions() -> Vec<ActionSpec> {
    use ValueType::{Boolean, Json, Number, String};
    let required = PropertySpec::required;
    let optional = PropertySpec::optional;
    let region = optional(
        "regionId",
        String,
        "Any region: the local cloud is one place.",
    );
    let instance = required("instanceId", String, "The instance; it must run.");
    let parameters = optional(
        "parameters",
        Json,
        "Values of the command's parameters by name.",
    );
    let user = optional(
        "username",
        String,
        "The user that runs it; root when not given.",
    );
    let run = vec![
        region.clone(),
        instance.clone(),
        required(
            "commandType",
            String,
            "RunShellScript, RunPythonScript or RunPerlScript; RunPowerShellScript on hosts that have \
             pwsh.",
        ),
        required("commandContent", String, "The script, as plain text."),
        optional(
            "workingDir",
            String,
            "Where it runs; the user's home when not given.",
        ),
        optional(
            "timeout",
            Number,
            "Seconds after which it is ended; 600 when not given.",
        ),
        optional(
            "enableParameter",
            Boolean,
            "Whether `{{name}}` in the script is replaced.",
        ),
        parameters.clone(),
        user.clone(),
        optional(
            "windowsPasswordName",
            String,
            "Has no effect on Linux instances.",
        ),
        optional(
            PLAIN,
            Boolean,
            "On hosts: the content is one command line that nothing watches over, for hosts without a \
             shell; if the link is lost, what became of it is unknown.",
        ),
    ];
    let command = required(
        "commandId",
        String,
        "The command, as CreateCommand named it.",
    );
    vec![
        spec(
            RUN_COMMAND,
            ("Runs a command on an instance", "在实例上执行命令"),
            run,
        ),
        spec(
            INVOKE_COMMAND,
            (
                "Runs a command that is kept on an instance",
                "在实例上执行已创建的命令",
            ),
            vec![region, command, instance, user, parameters],
        ),
    ]
}

/// Returns what may be done about an action after a crash, if it is served here.
pub(super) fn api(action: &str) -> Option<ApiSpec> {
    [RUN_COMMAND, INVOKE_COMMAND]
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(action))
        .map(|name| ApiSpec {
            service: ACTION_SERVICE.to_owned(),
            api: name.to_owned(),
            recovery: Recovery::Resumable,
        })
}

fn spec(name: &str, (english, chinese): (&str, &str), properties: Vec<PropertySpec>) -> ActionSpec {
    let text = |name: &str| OutputSpec {
        name: name.to_owned(),
        value_type: ValueType::String,
    };
    ActionSpec {
        name: name.to_owned(),
        description: (english.to_owned(), chinese.to_owned()),
        kind: ActionKind::Call,
        properties,
        outputs: ["invocationOutput", "invokeId", "note"].map(text).into(),
    }
}

/// Serves one of the actions.
pub(super) async fn call(cloud: &LocalCloud, request: &Request<'_>) -> Result<Value, CallFault> {
    let id = derive_id("t-", &request.call.client_token, 0);
    Run { cloud, request, id }.run().await
}

fn run_script(request: &Request<'_>) -> Result<Script, ApiError> {
    Ok(Script {
        interpreter: Interpreter::from_type(&request.required("commandType")?)?,
        content: request.required("commandContent")?,
        directory: request.text("workingDir")?,
        timeout: read_timeout(request, "timeout")?.unwrap_or(DEFAULT_TIMEOUT),
        has_parameters: request.flag("enableParameter")?,
    })
}

fn not_started() -> CallFault {
    CallFault::Cancelled {
        report: "the command was not started".to_owned(),
    }
}

/// What it means for a call that was cancelled that its command could not be ended.
fn kill_fault(error: DriverError) -> CallFault {
    match error {
        // Waiting on would help nobody; it says what survived.
        DriverError::StillRunning { .. } => CallFault::Cancelled {
            report: error.to_string(),
        },
        error => fault::driver(error),
    }
}

/// What is to be run.
struct Work {
    script: Script,
    name: String,
    command: String,
}

/// One command on one instance, from start to end.
struct Run<'a> {
    cloud: &'a LocalCloud,
    request: &'a Request<'a>,
    id: String,
}

impl Run<'_> {
    async fn run(&self) -> Result<Value, CallFault> {
        let instance = self.request.required("instanceId")?;
        // First: what a command that was started was made from may be gone by now.
        let recorded = if self.is_new(&instance) {
            None
        } else {
            self.cloud.state.get::<Invocation>(&self.id).await?
        };
        let stored = match recorded {
            Some(stored) => stored,
            None => self.start(&instance, &self.work().await?).await?,
        };
        if let Some(ended) = &stored.value.targets[0].ended {
            return self.outcome(&stored.value, ended, &ended.output_text());
        }
        self.follow(stored, &instance).await
    }

    /// Tells whether nothing can be known of the command yet: on a host there is no record before the
    /// end, and this is the first call.
    fn is_new(&self, instance: &str) -> bool {
        self.is_on_host(instance) && !self.request.context.resumed
    }

    fn is_on_host(&self, instance: &str) -> bool {
        self.cloud.host(instance).is_some()
    }

    async fn work(&self) -> Result<Work, CallFault> {
        let action = self.request.call.api.as_str();
        if action.eq_ignore_ascii_case(RUN_COMMAND) {
            Ok(Work {
                script: run_script(self.request)?,
                name: action.to_owned(),
                command: derive_id("c-", &self.id, 0),
            })
        } else if action.eq_ignore_ascii_case(INVOKE_COMMAND) {
            let saved = saved(self.cloud, &self.request.required("commandId")?).await?;
            Ok(Work {
                script: saved.value.script,
                name: saved.value.name,
                command: saved.value.id,
            })
        } else {
            let message = format!("the local cloud does not serve the action `{action}` itself");
            Err(ApiError::new("UnsupportedOperation", message).into())
        }
    }

    /// Starts the command and records that it was started. Both can be repeated: the driver starts
    /// an id at most once, and the record is written only if there is none. A command on a host is
    /// recorded with its end: its id follows from the call, and the host knows the rest.
    async fn start(&self, instance: &str, work: &Work) -> Result<Stored<Invocation>, CallFault> {
        if self.request.context.cancel.is_cancelled() {
            // An instance that was there and is not is no reason to call it started.
            if let Err(fault @ CallFault::Unknown { .. }) = self.machine(instance).await {
                return Err(fault);
            }
            let is_fenced = self.is_on_host(instance) && !self.request.flag(PLAIN)?;
            if is_fenced && self.request.context.resumed {
                // What an earlier process asked for may still be on its way.
                self.end(instance).await?;
            } else if !self.has_started(instance).await? {
                return Err(not_started());
            }
        }
        let stored = Stored::new(self.invocation(instance, work)?);
        let command = self.prepare(instance, work).await?;
        self.invoke(instance, &command).await?;
        if self.is_on_host(instance) {
            return Ok(stored);
        }
        match self
            .cloud
            .state
            .write(vec![stored.put()], &self.request.context.redactor)
            .await
        {
            Ok(()) | Err(WriteFault::Conflict) => {}
            Err(WriteFault::Fault(fault)) => return Err(fault),
        }
        let written = self.cloud.state.get::<Invocation>(&self.id).await?;
        Ok(written.unwrap_or(stored))
    }

    /// Asks the driver to start the command. A host may be asked for long: there the wish to end the
    /// call is heard meanwhile.
    async fn invoke(&self, instance: &str, command: &Command) -> Result<(), CallFault> {
        let cancel = &self.request.context.cancel;
        let hears = self.is_on_host(instance) && !cancel.is_cancelled();
        let invoked = tokio::select! {
            biased;
            invoked = self.cloud.driver.invoke(instance, &self.id, command) => invoked,
            () = cancel.cancelled(), if hears => return self.end(instance).await,
        };
        match invoked {
            Ok(()) => Ok(()),
            // It may have run when an earlier process started the command.
            Err(DriverError::NotRunning { .. }) if self.has_started(instance).await? => Ok(()),
            Err(error) => Err(fault::driver(error)),
        }
    }

    /// Ends the command of a host that was asked to start it; how it ended is listened to afterwards.
    async fn end(&self, instance: &str) -> Result<(), CallFault> {
        let user = self.user()?;
        let killed = self.cloud.driver.kill(instance, &self.id, user.as_deref());
        match killed.await {
            Ok(_) => Ok(()),
            Err(DriverError::NotFound { .. }) => Err(not_started()),
            Err(error) => Err(kill_fault(error)),
        }
    }

    fn user(&self) -> Result<Option<String>, ApiError> {
        self.request.text("username")
    }

    /// Tells whether an earlier process started the command and died before it recorded that. Only
    /// a host that says that it knows none runs none.
    async fn has_started(&self, instance: &str) -> Result<bool, CallFault> {
        if !self.request.context.resumed {
            return Ok(false);
        }
        let is_on_host = self.is_on_host(instance);
        if is_on_host && self.request.flag(PLAIN)? {
            // Nothing on the host could tell.
            return Ok(true);
        }
        let offsets = Offsets::default();
        let user = self.user()?;
        let seen = self.cloud.driver.poll(
            instance,
            &self.id,
            user.as_deref(),
            offsets,
            1,
            Duration::ZERO,
        );
        match seen.await {
            Ok(_) => Ok(true),
            Err(DriverError::NotFound { .. }) => Ok(false),
            Err(error) if is_on_host => Err(CallFault::Unknown {
                reason: format!("the command may run on `{instance}`: {error}"),
            }),
            Err(_) => Ok(false),
        }
    }

    /// Returns the machine. Whoever goes on without the inventory that a run began with does not know
    /// what became of its hosts' commands, which is no failure of theirs.
    async fn machine(&self, instance: &str) -> Result<Machine, CallFault> {
        let is_lost = self.request.context.resumed && !instance.starts_with("i-");
        match self.cloud.machine(instance).await {
            Err(CallFault::Api(error)) if is_lost => Err(CallFault::Unknown {
                reason: format!(
                    "{}; the command may have been started by an earlier process, which knew the \
                     host; go on with the `--inventory` that the run began with",
                    error.message
                ),
            }),
            other => other,
        }
    }

    async fn prepare(&self, instance: &str, work: &Work) -> Result<Command, CallFault> {
        let machine = self.machine(instance).await?;
        if machine.power() == Power::Stopped && !self.request.context.resumed {
            return Err(fault::wrong_status(machine.id(), "Stopped", "Running").into());
        }
        let given = read_parameters("parameters", self.request.value("parameters"))?;
        let values = values(self.cloud, &machine, (&self.id, &work.command), &given);
        let user = self.user()?;
        let mut command = machine.command(self.request, &work.script, user, &values)?;
        command.plain = self.request.flag(PLAIN)?;
        Ok(command)
    }

    fn invocation(&self, instance: &str, work: &Work) -> Result<Invocation, CallFault> {
        let context = self.request.context;
        let target = Target {
            instance: instance.to_owned(),
            ended: None,
        };
        Ok(Invocation {
            id: self.id.clone(),
            command: work.command.clone(),
            name: work.name.clone(),
            type_name: work.script.interpreter.type_name().to_owned(),
            directory: work.script.directory.clone().unwrap_or_default(),
            username: self.user()?.unwrap_or_default(),
            timeout: work.script.timeout,
            created: context.now,
            log: context.log.clone(),
            log_base: self.log_base(instance)?,
            targets: vec![target],
        })
    }

    /// Returns how much the log held before the command. A command on a host is the only one of its
    /// task's attempt, and there is no record that could tell a process that comes later.
    fn log_base(&self, instance: &str) -> Result<Lengths, CallFault> {
        if self.is_on_host(instance) {
            return Ok(Lengths::default());
        }
        let context = self.request.context;
        spool::stored(context, &context.log)
    }

    /// Takes over output until the command ends or the call is cancelled.
    async fn follow(&self, stored: Stored<Invocation>, instance: &str) -> Result<Value, CallFault> {
        let context = self.request.context;
        let invocation = &stored.value;
        let source = (self.cloud, context);
        let mut spool = if self.is_new(instance) {
            Spool::new(source, invocation, instance, invocation.log_base)
        } else {
            Spool::open(source, invocation, instance, invocation.log_base)?
        };
        let mut is_killed = false;
        let end = loop {
            if context.cancel.is_cancelled() && !is_killed {
                self.kill(instance, invocation.user()).await?;
                is_killed = true;
            }
            let taken = tokio::select! {
                taken = spool.advance(WAIT) => Some(taken?),
                () = context.cancel.cancelled(), if !is_killed => None,
            };
            if let Some(end) = taken.and_then(|taken| taken.end) {
                break end;
            }
        };
        let (ended, output) = spool.finish(end).await?;
        if let Some(recorded) = self.record(stored.clone(), ended.clone()).await? {
            return self.outcome(invocation, &recorded, &recorded.output_text());
        }
        if self.is_on_host(instance) {
            let cloud = self.cloud;
            cloud
                .releases
                .add((&cloud.state, &cloud.driver), instance, &self.id);
        } else {
            self.cloud.state.make_durable()?;
            Spool::let_go(self.cloud, instance, &self.id).await;
        }
        self.outcome(invocation, &ended, &String::from_utf8_lossy(&output))
    }

    async fn kill(&self, instance: &str, user: Option<&str>) -> Result<(), CallFault> {
        match self.cloud.driver.kill(instance, &self.id, user).await {
            Ok(_) | Err(DriverError::NotFound { .. } | DriverError::NotRunning { .. }) => Ok(()),
            Err(error) => Err(kill_fault(error)),
        }
    }

    /// Records the end. A reader of the invocation may have been faster, and may have let go of the
    /// spool before this call saw all of it: what it recorded is returned and stands.
    async fn record(
        &self,
        mut stored: Stored<Invocation>,
        ended: Ended,
    ) -> Result<Option<Ended>, CallFault> {
        stored.value.targets[0].ended = Some(ended);
        match self
            .cloud
            .state
            .write(vec![stored.put()], &self.request.context.redactor)
            .await
        {
            Ok(()) => Ok(None),
            Err(WriteFault::Conflict) => {
                let winner = self.cloud.state.get::<Invocation>(&self.id).await?;
                Ok(winner.and_then(|winner| winner.value.targets[0].ended.clone()))
            }
            Err(WriteFault::Fault(fault)) => Err(fault),
        }
    }

    /// Says what else a command may have been ended for.
    fn or_silent(&self, instance: &str) -> &'static str {
        let host = self.cloud.host(instance);
        let has_limit = host.is_some_and(|host| {
            host.endpoint.limits.idle.is_some() || host.endpoint.limits.first_byte.is_some()
        });
        if has_limit {
            ", or was silent for longer than its host's limits allow"
        } else {
            ""
        }
    }

    fn outcome(
        &self,
        invocation: &Invocation,
        ended: &Ended,
        output: &str,
    ) -> Result<Value, CallFault> {
        let fail = |code: &str, message: String| Err(ApiError::new(code, message).into());
        match &ended.end {
            CommandEnd::Exited { code: 0 } => {
                let mut answer = json!({"invocationOutput": output, "invokeId": self.id});
                if ended.dropped > 0 {
                    answer["note"] = json!(format!(
                        "invocationOutput is the last {SHOWN} bytes; {} bytes before them are only \
                         in the log",
                        ended.dropped
                    ));
                }
                Ok(answer)
            }
            CommandEnd::Exited { code } => {
                let detail = match ended.last_error.as_str() {
                    "" => String::new(),
                    line => format!(": {line}"),
                };
                let message = format!("the command ended with exit code {code}{detail}");
                fail(&format!("ExitCode.{code}"), message)
            }
            CommandEnd::TimedOut(report) => fail(
                "CommandTimeout",
                format!(
                    "the command did not end within {} s{}; {}",
                    invocation.timeout,
                    self.or_silent(&invocation.targets[0].instance),
                    describe_kill(report)
                ),
            ),
            CommandEnd::Killed(report) if self.request.context.cancel.is_cancelled() => {
                let report = describe_kill(report);
                Err(CallFault::Cancelled { report })
            }
            CommandEnd::Killed(report) => fail(
                "CommandStopped",
                format!("the command was stopped; {}", describe_kill(report)),
            ),
            CommandEnd::Unwatched(report) => fail(
                "CommandLost",
                format!(
                    "what watched over the command in the instance was killed; {}",
                    describe_kill(report)
                ),
            ),
            CommandEnd::Flooded(report) => fail(
                "CommandOutputLimit",
                format!(
                    "the command said more than 1 GiB, which is all that a host keeps; {}",
                    describe_kill(report)
                ),
            ),
            CommandEnd::Lost if self.is_on_host(&invocation.targets[0].instance) => {
                Err(CallFault::Unknown {
                    reason:
                        "the command was started on the host and nobody saw its end: the host was \
                             restarted, or its files were removed"
                            .to_owned(),
                })
            }
            CommandEnd::Lost => fail(
                "CommandLost",
                "the instance ended while the command ran".to_owned(),
            ),
        }
    }
}
