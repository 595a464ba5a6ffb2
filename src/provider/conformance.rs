//! What every provider of instances must do, as one suite: for tests of each provider.
//!
//! Scripts are kept to a handful of commands, so that a fake can understand them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::base::call::{ACTION_SERVICE, ApiCall, CallFault};
use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputError, OutputSink};
use crate::base::secret::Redactor;
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::provider::output::MemorySink;
use crate::provider::{CallContext, Provider};

/// The output of the largest command of the suite.
const LARGE: usize = 10 << 20;

/// How often a command that must end soon is asked whether it did, and the pause in between.
const LOOKS: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// What a provider does that it must not do.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {found}")]
pub struct Violation {
    /// The rule, in words.
    pub rule: &'static str,
    /// What was seen instead.
    pub found: String,
}

/// Makes a context without an execution: output goes to the log of `task` in `sink`.
pub fn context(sink: &Arc<MemorySink>, task: &str) -> CallContext {
    CallContext {
        now: Timestamp::UNIX_EPOCH,
        log: LogKey {
            execution: ExecutionId::new(Timestamp::UNIX_EPOCH, 0),
            task: task.to_owned(),
            item: None,
            attempt: 1,
        },
        sink: Arc::<MemorySink>::clone(sink),
        redactor: Redactor::default(),
        cancel: CancellationToken::new(),
        resumed: false,
        user: "tester".to_owned(),
        reads: None,
    }
}

/// Makes a call; `parameters` is a map.
pub fn call(service: &str, api: &str, token: &str, parameters: &Value) -> ApiCall {
    ApiCall {
        service: service.to_owned(),
        api: api.to_owned(),
        region: String::new(),
        parameters: parameters.as_object().cloned().unwrap_or_default(),
        rest: None,
        role: None,
        client_token: token.to_owned(),
        auto_paging: true,
    }
}

/// Runs the whole suite against a provider that serves ECS instances and
/// `ACS::ECS::RunCommand`, and leaves nothing behind if it succeeds.
pub async fn instances(provider: Arc<dyn Provider>) -> Result<(), Violation> {
    let suite = Suite {
        provider,
        sink: Arc::default(),
    };
    suite.names().await?;
    let instance = suite.launch().await?;
    suite.commands(&instance).await?;
    suite.large_output(&instance).await?;
    suite.deadline(&instance).await?;
    suite.cancel(&instance).await?;
    suite.polled_command(&instance).await?;
    suite.images(&instance).await?;
    suite.end(&instance).await
}

struct Suite {
    provider: Arc<dyn Provider>,
    sink: Arc<MemorySink>,
}

fn check(rule: &'static str, holds: bool, found: impl std::fmt::Debug) -> Result<(), Violation> {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            rule,
            found: format!("{found:?}"),
        })
    }
}

impl Suite {
    /// Calls an API of ECS whose token is its own name and `tag`; it must succeed.
    async fn ecs(&self, api: &str, tag: &str, parameters: Value) -> Result<Value, Violation> {
        let call = call("ECS", api, &format!("{api}-{tag}"), &parameters);
        let answer = self.provider.call(&call, &context(&self.sink, tag)).await;
        answer.map_err(|fault| Violation {
            rule: "a correct call succeeds",
            found: format!("{api} {parameters}: {fault}"),
        })
    }

    /// Runs a script through the native action.
    async fn script(&self, instance: &str, tag: &str, script: &str) -> Result<Value, CallFault> {
        let context = context(&self.sink, tag);
        self.provider
            .call(&run(instance, tag, script, 600), &context)
            .await
    }

    fn output(&self, task: &str, channel: Channel) -> Vec<u8> {
        self.sink.bytes(&context(&self.sink, task).log, channel)
    }

    async fn names(&self) -> Result<(), Violation> {
        for spec in self.provider.apis() {
            let service = spec.service.to_lowercase();
            let found = self.provider.api(&service, &spec.api.to_uppercase());
            let rule = "every API listed is found in any case";
            check(rule, found.as_ref() == Some(&spec), &spec)?;
        }
        let rule = "what is not served is refused by name";
        check(
            rule,
            self.provider.api("ECS", "MakeCoffee").is_none(),
            "found",
        )?;
        let call = call("ECS", "MakeCoffee", "coffee", &json!({}));
        let answer = self
            .provider
            .call(&call, &context(&self.sink, "coffee"))
            .await;
        let is_named = matches!(&answer, Err(CallFault::Api(error))
            if error.code == "UnsupportedOperation" && error.message.contains("MakeCoffee"));
        check(rule, is_named, answer)
    }

    async fn launch(&self) -> Result<String, Violation> {
        let wanted =
            json!({"InstanceName": "conformance", "Tags": [{"Key": "suite", "Value": "1"}]});
        let first = self.ecs("RunInstances", "launch", wanted.clone()).await?;
        let again = self.ecs("RunInstances", "launch", wanted).await?;
        let ids = &first["InstanceIdSets"]["InstanceIdSet"];
        let rule = "a call repeated with its token gives the same instances";
        check(
            rule,
            *ids == again["InstanceIdSets"]["InstanceIdSet"],
            (&first, &again),
        )?;
        let id = ids[0].as_str().unwrap_or_default().to_owned();
        self.expect_status(&id, Some("Running")).await?;
        let tagged = json!({"Tags": [{"Key": "suite", "Value": "1"}]});
        let tagged = self.ecs("DescribeInstances", "tagged", tagged).await?;
        let rule = "tags select instances";
        check(
            rule,
            tagged["Instances"]["Instance"][0]["InstanceId"] == *id,
            tagged,
        )?;
        Ok(id)
    }

    async fn expect_status(&self, id: &str, wanted: Option<&str>) -> Result<(), Violation> {
        let answer = self
            .ecs("DescribeInstances", "status", json!({"InstanceIds": [id]}))
            .await?;
        let status = answer["Instances"]["Instance"][0]["Status"].as_str();
        check(
            "instances have the status they were brought to",
            status == wanted,
            &answer,
        )
    }

    async fn commands(&self, instance: &str) -> Result<(), Violation> {
        let rule = "a command's output is its answer and its log";
        let answer = self.script(instance, "hello", "echo hello\n").await;
        let is_said = matches!(&answer, Ok(answer) if answer["invocationOutput"] == "hello\n");
        check(
            rule,
            is_said && self.output("hello", Channel::Stdout) == b"hello\n",
            &answer,
        )?;

        let rule = "a command repeated with its token is not started again";
        let again = self.script(instance, "hello", "echo again\n").await;
        check(rule, again == answer, again)?;

        let rule = "a failure says the exit code and the last line of standard error";
        let failed = self
            .script(instance, "fail", "echo so bad >&2\nexit 3\n")
            .await;
        let is_told = matches!(&failed, Err(CallFault::Api(error))
            if error.message.contains("exit code 3") && error.message.contains("so bad"));
        check(
            rule,
            is_told && self.output("fail", Channel::Stderr) == b"so bad\n",
            failed,
        )
    }

    async fn large_output(&self, instance: &str) -> Result<(), Violation> {
        let rule = "large output is in the log whole, and cut in the answer with a note";
        let script = format!("head -c {LARGE} /dev/zero\n");
        let answer = self.script(instance, "large", &script).await;
        let logged = self.output("large", Channel::Stdout).len();
        let is_cut = matches!(&answer, Ok(answer) if answer["note"].is_string()
            && answer["invocationOutput"].as_str().is_some_and(|text| text.len() < LARGE));
        check(rule, is_cut && logged == LARGE, logged)
    }

    async fn deadline(&self, instance: &str) -> Result<(), Violation> {
        let rule = "a command is ended when its time is up";
        let late = run(instance, "late", "sleep 600\n", 1);
        let answer = self
            .provider
            .call(&late, &context(&self.sink, "late"))
            .await;
        let is_told = matches!(&answer, Err(CallFault::Api(error))
            if error.code == "CommandTimeout");
        check(rule, is_told, answer)
    }

    async fn cancel(&self, instance: &str) -> Result<(), Violation> {
        let rule = "a cancelled command is ended and says what was ended";
        let mut context = context(&self.sink, "cancel");
        context.sink = Arc::new(CancelOnOutput {
            inner: Arc::clone(&self.sink),
            cancel: context.cancel.clone(),
        });
        let endless = run(instance, "cancel", "echo begun\nsleep 600\n", 600);
        let answer = self.provider.call(&endless, &context).await;
        check(
            rule,
            matches!(answer, Err(CallFault::Cancelled { .. })),
            answer,
        )
    }

    async fn polled_command(&self, instance: &str) -> Result<(), Violation> {
        let rule = "a command that is polled for ends with its output";
        let started = self
            .ecs(
                "RunCommand",
                "polled",
                json!({
                    "Type": "RunShellScript", "InstanceIds": [instance],
                    "CommandContent": STANDARD.encode("echo polled\n"), "ContentEncoding": "Base64",
                }),
            )
            .await?;
        let wanted = json!({"InvokeId": started["InvokeId"]});
        for _ in 0..LOOKS {
            let answer = self
                .ecs("DescribeInvocationResults", "look", wanted.clone())
                .await?;
            let result = &answer["Invocation"]["InvocationResults"]["InvocationResult"][0];
            if result["InvokeRecordStatus"] != "Running" {
                let output = STANDARD.encode("polled\n");
                let holds = result["ExitCode"] == 0 && result["Output"] == *output;
                return check(rule, holds, result);
            }
            tokio::time::sleep(PAUSE).await;
        }
        check(rule, false, "it never ended")
    }

    async fn images(&self, instance: &str) -> Result<(), Violation> {
        let rule = "what an instance wrote is in an image made of it";
        let wrote = self
            .script(instance, "write", "echo kept > /root/kept\n")
            .await;
        check(rule, wrote.is_ok(), wrote)?;
        let made = json!({"InstanceId": instance, "ImageName": "conformance"});
        let image = self.ecs("CreateImage", "image", made).await?["ImageId"].clone();
        let copy = self
            .ecs("RunInstances", "copy", json!({"ImageId": image}))
            .await?;
        let copy = copy["InstanceIdSets"]["InstanceIdSet"][0].clone();
        let copy = copy.as_str().unwrap_or_default();
        let read = self.script(copy, "read", "cat /root/kept\n").await;
        let is_read = matches!(&read, Ok(answer) if answer["invocationOutput"] == "kept\n");
        check(rule, is_read, read)?;

        let rule = "an image in use is deleted only by force";
        let delete = call("ECS", "DeleteImage", "in-use", &json!({ "ImageId": image }));
        let refused = self
            .provider
            .call(&delete, &context(&self.sink, "in-use"))
            .await;
        check(rule, matches!(refused, Err(CallFault::Api(_))), refused)?;
        let force = json!({"InstanceId": copy, "Force": true});
        self.ecs("DeleteInstance", "copy", force).await?;
        self.ecs("DeleteImage", "unused", json!({ "ImageId": image }))
            .await?;
        Ok(())
    }

    async fn end(&self, instance: &str) -> Result<(), Violation> {
        let which = json!({ "InstanceId": instance });
        self.ecs("StopInstance", "end", which.clone()).await?;
        self.expect_status(instance, Some("Stopped")).await?;
        self.ecs("StartInstance", "end", which.clone()).await?;
        self.expect_status(instance, Some("Running")).await?;
        let early = call("ECS", "DeleteInstance", "early", &which);
        let refused = self
            .provider
            .call(&early, &context(&self.sink, "early"))
            .await;
        let rule = "a running instance is deleted only by force";
        check(rule, matches!(refused, Err(CallFault::Api(_))), refused)?;
        let force = json!({"InstanceId": instance, "Force": true});
        self.ecs("DeleteInstance", "end", force).await?;
        self.expect_status(instance, None).await
    }
}

fn run(instance: &str, token: &str, script: &str, timeout: u64) -> ApiCall {
    call(
        ACTION_SERVICE,
        "ACS::ECS::RunCommand",
        token,
        &json!({
            "instanceId": instance,
            "commandType": "RunShellScript",
            "commandContent": script,
            "timeout": timeout,
        }),
    )
}

/// Cancels a call as soon as its command has said something.
#[derive(Debug)]
struct CancelOnOutput {
    inner: Arc<MemorySink>,
    cancel: CancellationToken,
}

impl OutputSink for CancelOnOutput {
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError> {
        self.inner.stored(key, channel)
    }

    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError> {
        self.cancel.cancel();
        self.inner.write(key, channel, offset, bytes)
    }

    fn flush(&self, key: &LogKey) -> Result<(), OutputError> {
        self.inner.flush(key)
    }
}
