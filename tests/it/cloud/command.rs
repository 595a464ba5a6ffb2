//! Commands: started once, followed, polled for, stopped, taken over after a crash.

use oos::base::call::{ApiCall, CallFault};
use oos::base::output::Channel;
use oos::base::records::Records as _;
use oos::base::secret::Redactor;
use oos::base::value::Value;
use oos::provider::conformance::call;
use oos::provider::{CallContext, Provider as _};
use serde_json::json;

use crate::cloud::World;

fn action(instance: &str, script: &str) -> ApiCall {
    let parameters = json!({
        "instanceId": instance, "commandType": "RunShellScript", "commandContent": script,
    });
    call("ACS", "ACS::ECS::RunCommand", "token", &parameters)
}

/// Returns the id of the one invocation there is.
fn invocation(world: &World) -> String {
    world.driver.started()[0]
        .split_once('/')
        .unwrap()
        .1
        .to_owned()
}

/// Starts a call and drops it as soon as its output is in the log, as a crash does.
fn crash_in(world: &World, call: &ApiCall, context: &CallContext) {
    world.runtime.block_on(async {
        let mut running = std::pin::pin!(world.cloud.call(call, context));
        while world.sink.bytes(&context.log, Channel::Stdout).is_empty() {
            tokio::select! {
                biased;
                answer = &mut running => panic!("ended early: {answer:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    });
}

#[test]
fn a_resumed_call_attaches_and_goes_on_where_the_log_ends() {
    let world = World::new();
    let id = world.instance("a");
    let call = action(&id, "echo one\nsleep 100");
    let mut context = world.context("t");
    crash_in(&world, &call, &context);
    let invocation = invocation(&world);
    world.driver.say(&id, &invocation, "two\n");
    world.driver.exit(&id, &invocation, 0);
    context.resumed = true;
    let answer = world.call(&call, &context).unwrap();
    assert_eq!(answer["invocationOutput"], "one\ntwo\n");
    assert_eq!(world.logged("t", Channel::Stdout), "one\ntwo\n");
    assert_eq!(world.driver.started().len(), 1);
}

#[test]
fn a_call_resumed_after_its_end_was_recorded_does_not_start_again() {
    let world = World::new();
    let id = world.instance("a");
    let call = action(&id, "echo done");
    let mut context = world.context("t");
    let first = world.call(&call, &context).unwrap();
    world.ok("StopInstance", json!({ "InstanceId": id }));
    context.resumed = true;
    assert_eq!(world.call(&call, &context).unwrap(), first);
    assert_eq!(world.driver.started().len(), 1);
}

#[test]
fn an_instance_that_ends_under_a_command_fails_it() {
    let world = World::new();
    let id = world.instance("a");
    let call = action(&id, "echo one\nsleep 100");
    let mut context = world.context("t");
    crash_in(&world, &call, &context);
    world.driver.crash(&id);
    context.resumed = true;
    let fault = world.call(&call, &context).unwrap_err();
    assert!(matches!(fault, CallFault::Api(error) if error.code == "CommandLost"));
}

#[test]
fn a_call_that_was_cancelled_before_it_began_starts_nothing() {
    let world = World::new();
    let id = world.instance("a");
    let context = world.context("t");
    context.cancel.cancel();
    let fault = world.call(&action(&id, "echo"), &context).unwrap_err();
    assert!(matches!(fault, CallFault::Cancelled { .. }), "{fault}");
    assert!(world.driver.started().is_empty());
}

#[test]
fn a_command_on_a_stopped_instance_is_refused() {
    let world = World::new();
    let id = world.instance("a");
    world.ok("StopInstance", json!({ "InstanceId": id }));
    let fault = world
        .call(&action(&id, "echo"), &world.context("t"))
        .unwrap_err();
    assert!(matches!(fault, CallFault::Api(error) if error.code == "IncorrectInstanceStatus"));
}

#[test]
fn neither_scripts_nor_secrets_in_output_are_kept() {
    let world = World::new();
    let id = world.instance("a");
    let mut context = world.context("t");
    context.redactor = Redactor::new([&json!("hunter22")]);
    let answer = world.call(&action(&id, "echo hunter22"), &context).unwrap();
    assert_eq!(
        answer["invocationOutput"], "hunter22\n",
        "the answer is whole"
    );
    let mut kept = String::new();
    for kind in ["invocation", "command", "token", "instance"] {
        for record in world.records.list(kind, &Default::default()).unwrap() {
            kept.push_str(&record.document.to_string());
        }
    }
    assert!(!kept.contains("hunter22"));
    assert!(!kept.contains("aHVudGVyMj"), "nor in Base64");
}

#[test]
fn a_command_with_a_secret_in_it_is_not_kept() {
    let world = World::new();
    let mut context = world.context("t");
    context.redactor = Redactor::new([&json!("hunter22")]);
    let create = call(
        "ECS",
        "CreateCommand",
        "t",
        &json!({
            "Name": "n", "Type": "RunShellScript", "CommandContent": "echo hunter22",
            "ContentEncoding": "PlainText",
        }),
    );
    let fault = world.call(&create, &context).unwrap_err();
    assert!(matches!(fault, CallFault::Api(error)
        if error.code == "InvalidParameter.CommandContent"));
}

#[test]
fn a_kept_command_is_invoked_with_values_in_its_text() {
    let world = World::new();
    let id = world.instance("a");
    let created = world.ok(
        "CreateCommand",
        json!({
            "Name": "greet", "Type": "RunShellScript", "EnableParameter": true,
            "ContentEncoding": "PlainText",
            "CommandContent": "echo {{ word }} {{ACS::InstanceName}}",
        }),
    );
    let parameters = json!({
        "commandId": created["CommandId"], "instanceId": id, "parameters": {"word": "hello"},
    });
    let invoke = call("ACS", "acs::ecs::invokecommand", "t", &parameters);
    let answer = world.call(&invoke, &world.context("t")).unwrap();
    assert_eq!(answer["invocationOutput"], "hello a\n");
    let listed = world.ok("DescribeCommands", json!({"ContentEncoding": "PlainText"}));
    insta::assert_json_snapshot!(listed);
}

#[test]
fn a_resumed_call_finds_its_command_though_its_text_was_deleted() {
    let world = World::new();
    let id = world.instance("a");
    let kept = json!({
        "Name": "n", "Type": "RunShellScript", "ContentEncoding": "PlainText",
        "CommandContent": "echo one\nsleep 50",
    });
    let kept = world.ok("CreateCommand", kept)["CommandId"].clone();
    let parameters = json!({"commandId": kept, "instanceId": id});
    let invoke = call("ACS", "ACS::ECS::InvokeCommand", "t", &parameters);
    let mut context = world.context("t");
    crash_in(&world, &invoke, &context);
    world.ok("DeleteCommand", json!({ "CommandId": kept }));
    world.driver.exit(&id, &invocation(&world), 0);
    context.resumed = true;
    let answer = world.call(&invoke, &context).unwrap();
    assert_eq!(answer["invocationOutput"], "one\n");
}

#[test]
fn a_resumed_call_that_never_began_and_is_cancelled_starts_nothing() {
    let world = World::new();
    let id = world.instance("a");
    let mut context = world.context("t");
    context.resumed = true;
    context.cancel.cancel();
    let fault = world.call(&action(&id, "echo"), &context).unwrap_err();
    assert!(matches!(fault, CallFault::Cancelled { .. }), "{fault}");
    assert!(world.driver.started().is_empty());
}

#[test]
fn a_polled_command_goes_from_running_to_its_result() {
    let world = World::new();
    let id = world.instance("a");
    let started = world.ok(
        "RunCommand",
        json!({
            "Type": "RunShellScript", "CommandContent": "echo one\nsleep 100", "InstanceIds": [id],
            "Name": "n", "Timeout": "600",
        }),
    );
    let wanted = json!({"InvokeId": started["InvokeId"]});
    let status = || {
        let answer = world.ok("DescribeInvocations", wanted.clone());
        answer["Invocations"]["Invocation"][0]["InvokeStatus"].clone()
    };
    assert_eq!(status(), "Running");
    assert_eq!(world.logged("RunCommand", Channel::Stdout), "one\n");
    world.driver.exit(&id, &invocation(&world), 7);
    assert_eq!(status(), "Finished");
    insta::assert_json_snapshot!(world.ok("DescribeInvocations", wanted.clone()));
    insta::assert_json_snapshot!(world.ok("DescribeInvocationResults", wanted));
}

#[test]
fn outputs_of_several_instances_stand_in_the_log_one_after_the_other() {
    let world = World::new();
    let (a, b) = (world.instance("a"), world.instance("b"));
    let started = world.ok(
        "RunCommand",
        json!({
            "Type": "RunShellScript", "CommandContent": "echo {{ACS::InstanceName}}\nsleep 9",
            "InstanceIds": [a, b], "EnableParameter": true,
        }),
    );
    let wanted = json!({"InvokeId": started["InvokeId"]});
    let id = invocation(&world);
    world.driver.exit(&b, &id, 0);
    world.ok("DescribeInvocations", wanted.clone());
    assert_eq!(world.logged("RunCommand", Channel::Stdout), "a\n");
    world.driver.exit(&a, &id, 0);
    let answer = world.ok("DescribeInvocations", wanted);
    assert_eq!(
        answer["Invocations"]["Invocation"][0]["InvocationStatus"],
        "Success"
    );
    assert_eq!(world.logged("RunCommand", Channel::Stdout), "a\nb\n");
}

#[test]
fn a_stopped_command_is_shown_as_stopped() {
    let world = World::new();
    let id = world.instance("a");
    let started = world.ok(
        "RunCommand",
        json!({
            "Type": "RunShellScript", "CommandContent": "sleep 50", "InstanceId": [id],
        }),
    );
    let wanted = json!({"InvokeId": started["InvokeId"]});
    world.ok("StopInvocation", wanted.clone());
    let answer = world.ok("DescribeInvocations", wanted);
    assert_eq!(
        answer["Invocations"]["Invocation"][0]["InvokeStatus"],
        "Stopped"
    );
}

#[test]
fn an_invocation_of_a_deleted_instance_can_still_be_listed() {
    let world = World::new();
    let id = world.instance("a");
    world.ok(
        "RunCommand",
        json!({
            "Type": "RunShellScript", "CommandContent": "sleep 50", "InstanceId": id,
        }),
    );
    world.ok("DeleteInstance", json!({"InstanceId": id, "Force": true}));
    let answer = world.ok("DescribeInvocations", json!({}));
    assert_eq!(
        answer["Invocations"]["Invocation"][0]["InvokeStatus"],
        "Failed"
    );
}

#[test]
fn another_execution_sees_the_end_and_takes_nothing_over() {
    let world = World::new();
    let id = world.instance("a");
    let started = world.ok(
        "RunCommand",
        json!({
            "Type": "RunShellScript", "CommandContent": "echo hunter22", "InstanceIds": [id],
        }),
    );
    let wanted = json!({"InvokeId": started["InvokeId"], "ContentEncoding": "PlainText"});
    let read = call("ECS", "DescribeInvocationResults", "t", &wanted);
    let mut other = world.context("t");
    other.log.execution = other.log.execution.child(1);
    let answer = world.call(&read, &other).unwrap();
    let result = &answer["Invocation"]["InvocationResults"]["InvocationResult"][0];
    assert_eq!(
        (&result["ExitCode"], &result["Output"]),
        (&json!(0), &json!(""))
    );
    let answer = world.ok("DescribeInvocationResults", wanted);
    let result = &answer["Invocation"]["InvocationResults"]["InvocationResult"][0];
    assert_eq!(result["Output"], "hunter22\n");
}

#[test]
fn two_readers_of_one_end_agree() {
    let world = World::new();
    let id = world.instance("a");
    let call = action(&id, "echo one\nsleep 100");
    let context = world.context("t");
    crash_in(&world, &call, &context);
    world.driver.exit(&id, &invocation(&world), 0);
    let listed = world.ok(
        "DescribeInvocationResults",
        json!({"ContentEncoding": "PlainText"}),
    );
    let result = &listed["Invocation"]["InvocationResults"]["InvocationResult"][0];
    assert_eq!(result["Output"], "one\n");
    let resumed = CallContext {
        resumed: true,
        ..context
    };
    let answer: Value = world.call(&call, &resumed).unwrap();
    assert_eq!(answer["invocationOutput"], "one\n");
}

#[test]
fn files_are_sent_whole_and_never_out_of_their_folder() {
    let world = World::new();
    let id = world.instance("a");
    let file = |name: &str, directory: &str| {
        json!({"InstanceIds": [id], "Name": name, "TargetDir": directory, "Content": "aGk=",
            "ContentType": "Base64", "FileMode": "0600"})
    };
    for (name, directory) in [
        ("../x", "/tmp"),
        ("x", "tmp"),
        ("x", "/tmp/../etc"),
        ("..", "/"),
    ] {
        assert_eq!(
            world.code("SendFile", file(name, directory)),
            "InvalidParameter"
        );
    }
    world.ok("SendFile", file("x", "/tmp"));
    let twice = json!({"InstanceIds": [id], "Name": "x", "TargetDir": "/tmp", "Content": "again"});
    world.ok("SendFile", twice);
    let results = world.ok("DescribeSendFileResults", json!({}));
    let statuses = crate::cloud::each(&results["Invocations"]["Invocation"], "InvocationStatus");
    assert_eq!(statuses, ["Failed", "Success"]);
    let read = world
        .call(&action(&id, "cat /tmp/x"), &world.context("t"))
        .unwrap();
    assert_eq!(read["invocationOutput"], "hi");
}

#[test]
fn windows_commands_are_refused() {
    let world = World::new();
    let id = world.instance("a");
    let code = world.code(
        "RunCommand",
        json!({
            "Type": "RunBatScript", "CommandContent": "dir", "InstanceIds": [id],
        }),
    );
    assert_eq!(code, "InvalidParameter.Type");
}
