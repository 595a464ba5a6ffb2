//! Processes that come later: they go on with what was started, and start nothing twice.

use std::sync::Arc;
use std::time::Duration;

use oos::base::call::CallFault;
use oos::base::output::Channel;
use oos::provider::conformance::call;
use oos::provider::local::fake::FakeRecords;
use oos::provider::output::MemorySink;
use oos::provider::{CallContext, Provider as _};
use serde_json::json;

use super::{code, refused, with_own_programs};
use crate::support::hosts::{HOST, Operator, count, state, wait};
use crate::support::machine::until;
use crate::support::sshd::Sshd;

#[test]
fn a_process_that_comes_later_goes_on_with_the_command() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    wait(async {
        let (records, sink) = (Arc::<FakeRecords>::default(), Arc::<MemorySink>::default());
        let script = "echo run >>\"$HOME/count\"; echo begun; sleep 1; echo done; exit 9";
        let earlier = Operator::with(sshd.endpoint(0), records.clone(), sink.clone());
        let begun = tokio::time::timeout(Duration::from_millis(900), earlier.run("t", script));
        assert!(
            begun.await.is_err(),
            "it takes longer than this process lives"
        );
        drop(earlier);
        sshd.restart();
        let later = Operator::with(sshd.endpoint(0), records, sink);
        let mut context = later.context("t");
        context.resumed = true;
        let properties = json!({ "commandContent": script });
        let fault = later.call("t", &properties, &context).await.unwrap_err();
        assert_eq!(code(fault), "ExitCode.9");
        assert_eq!(later.output("t", Channel::Stdout), "begun\ndone\n");
        // Its end is on record: nobody asks the host again.
        sshd.stop();
        let fault = later.call("t", &properties, &context).await.unwrap_err();
        assert_eq!(code(fault), "ExitCode.9");
    });
    assert_eq!(count(&sshd), 1);
}

#[test]
fn what_ends_with_its_supervisor_is_unknown_or_lost_and_not_started_again() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let script = "echo run >>\"$HOME/count\"; kill -KILL $PPID; sleep 74";
        let fault = operator.run("token", script).await.unwrap_err();
        assert_eq!(code(fault), "CommandLost");
        assert_eq!(count(&sshd), 1);
        // As after a restart of the host: no process, no end.
        let first = operator.run("again", "echo $OOS_INVOCATION").await.unwrap();
        let id = first["invocationOutput"].as_str().unwrap().trim_end();
        operator.settle().await;
        let log = state(&sshd).join(format!("{id}.log"));
        let text = std::fs::read_to_string(&log).unwrap();
        let boot = text.split(' ').nth(3).unwrap();
        let text = text.replace(boot, "another");
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with("end"))
            .collect();
        std::fs::write(&log, text + "\n").unwrap();
        let later = Operator::of(sshd.endpoint(0));
        let mut context = later.context("again");
        context.resumed = true;
        let properties = json!({"commandContent": "true"});
        let fault = later
            .call("again", &properties, &context)
            .await
            .unwrap_err();
        assert!(matches!(fault, CallFault::Unknown { .. }), "{fault}");
    });
    until("nothing is left of it", || {
        let found = std::process::Command::new("pgrep")
            .args(["-f", "^sleep 74$"])
            .output();
        !found.unwrap().status.success()
    });
}

#[test]
fn a_host_that_is_away_after_a_crash_is_waited_for() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    wait(async {
        let (records, sink) = (Arc::<FakeRecords>::default(), Arc::<MemorySink>::default());
        let script = "echo run >>\"$HOME/count\"; sleep 1; exit 9";
        let earlier = Operator::with(sshd.endpoint(0), records.clone(), sink.clone());
        let begun = tokio::time::timeout(Duration::from_millis(900), earlier.run("t", script));
        assert!(begun.await.is_err());
        drop(earlier);
        sshd.stop();
        let later = Operator::with(sshd.endpoint(0), records, sink);
        let mut context = later.context("t");
        context.resumed = true;
        let properties = json!({ "commandContent": script });
        let mut call = Box::pin(later.call("t", &properties, &context));
        let early = tokio::time::timeout(Duration::from_secs(1), &mut call).await;
        assert!(early.is_err(), "{early:?}");
        sshd.restart();
        assert_eq!(code(call.await.unwrap_err()), "ExitCode.9");
    });
    assert_eq!(count(&sshd), 1);
}

#[test]
fn a_host_that_has_no_shell_for_a_moment_says_nothing_about_an_earlier_start() {
    let shell = "#!/bin/sh\n[ -e \"$HOME/well\" ] || { : >\"$HOME/well\"; echo 'fork: Resource \
                 temporarily unavailable' >&2; exit 254; }\nexec /bin/sh \"$@\"\n";
    let Some(sshd) = with_own_programs(&[("sh", shell)]) else {
        return;
    };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let fault = operator.run("first", "true").await.unwrap_err();
        assert_eq!(code(fault), "Host.Unsupported");
        std::fs::remove_file(sshd.home().join("well")).unwrap();
        let mut context = operator.context("second");
        context.resumed = true;
        let properties = json!({"commandContent": "echo run"});
        let answer = operator.call("second", &properties, &context).await;
        assert_eq!(answer.unwrap()["invocationOutput"], "run\n");
    });
}

#[test]
fn what_became_of_a_host_that_is_no_longer_known_is_unknown() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        for is_cancelled in [false, true] {
            let mut context = operator.context("token");
            context.resumed = true;
            if is_cancelled {
                context.cancel.cancel();
            }
            let properties = json!({"commandContent": "true", "instanceId": "gone"});
            let fault = operator.call("token", &properties, &context).await;
            let fault = fault.unwrap_err();
            assert!(matches!(fault, CallFault::Unknown { .. }), "{fault}");
        }
    });
}

#[test]
fn a_refused_login_is_told_at_once_also_when_the_command_may_run() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::over([refused(&sshd)], Arc::default(), Arc::default());
        let mut context = operator.context("token");
        context.resumed = true;
        for is_cancelled in [false, true] {
            if is_cancelled {
                context.cancel.cancel();
            }
            let properties = json!({"commandContent": "true", "instanceId": "web2"});
            let call = operator.call("token", &properties, &context);
            let fault = tokio::time::timeout(Duration::from_secs(20), call).await;
            let fault = fault.expect("it is told").unwrap_err();
            let CallFault::Unknown { reason } = fault else {
                panic!("{fault}")
            };
            assert!(reason.contains("does not let"), "{reason}");
        }
    });
}

#[test]
fn who_only_looked_whether_a_command_ended_can_read_all_of_it_afterwards() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let (records, sink) = (Arc::<FakeRecords>::default(), Arc::<MemorySink>::default());
        let operator = || Operator::with(sshd.endpoint(0), records.clone(), sink.clone());
        let parameters = json!({
            "Type": "RunShellScript", "CommandContent": "echo said", "InstanceIds": [HOST],
        });
        let token = format!("look-{}", std::process::id());
        let earlier = operator();
        let start = call("ECS", "RunCommand", &token, &parameters);
        let started = earlier.cloud.call(&start, &earlier.context("own")).await;
        let later = operator();
        let ask = json!({"InvokeId": started.unwrap()["InvokeId"], "ContentEncoding": "PlainText"});
        let ask = call("ECS", "DescribeInvocationResults", "ask", &ask);
        let ended = async |context: &CallContext| loop {
            let seen = later.cloud.call(&ask, context).await.unwrap();
            let row = seen["Invocation"]["InvocationResults"]["InvocationResult"][0].clone();
            if row["InvocationStatus"] != "Running" {
                break row["Output"].clone();
            }
        };
        // Only the execution that started it sees what it says.
        let mut other = later.context("own");
        other.log.execution = "exec-00000000000000000001".parse().unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(30), ended(&other)).await;
        assert_eq!(seen.expect("it ended"), "");
        let seen =
            tokio::time::timeout(Duration::from_secs(30), ended(&later.context("own"))).await;
        assert_eq!(seen.expect("it ended"), "said\n");
    });
}
