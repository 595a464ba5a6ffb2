//! Commands on hosts under the supervisor: what they may do, how they are ended, what stays behind.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use oos::base::call::CallFault;
use oos::base::output::Channel;
use oos::provider::conformance::call;
use oos::provider::inventory::Host;
use oos::provider::local::fake::FakeRecords;
use oos::provider::output::MemorySink;
use oos::provider::ssh::{Elevation, Endpoint, Limits};
use oos::provider::{CallContext, Provider as _};
use serde_json::json;

use crate::support::cutter::Cutter;
use crate::support::hosts::{HOST, Operator, count, host, state, through, wait};
use crate::support::machine::until;
use crate::support::sshd::Sshd;

fn code(fault: CallFault) -> String {
    match fault {
        CallFault::Api(error) => error.code,
        other => panic!("{other}"),
    }
}

#[test]
fn a_command_answers_with_its_output_and_leaves_no_text_behind() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let script = "echo \"$OOS_INVOCATION in $PWD\"; ps -eo args | grep -c secr[e]t-word; \
                      : secret-word";
        let answer = operator.run("token", script).await.unwrap();
        let id = answer["invokeId"].as_str().unwrap();
        let home = sshd.home().display().to_string();
        let said = answer["invocationOutput"].as_str().unwrap();
        assert!(said.starts_with(id), "{said}");
        assert!(said.ends_with(&format!(" in {home}\n0\n")), "{said}");
        operator.settle().await;
        for entry in std::fs::read_dir(state(&sshd)).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(
                !text.contains("secret-word") && !text.contains(&home),
                "{text}"
            );
        }
        let failed = operator
            .run("other", "echo why >&2; exit 3")
            .await
            .unwrap_err();
        assert_eq!(
            failed.to_string(),
            "ExitCode.3: the command ended with exit code 3: why"
        );
    });
}

#[test]
fn interpreters_folders_and_users_are_those_that_were_asked_for() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        for (kind, content, said) in [
            ("RunShellScript", "pwd", "/tmp\n"),
            (
                "RunPythonScript",
                "import os; print(os.getcwd(), 'it\\'s')",
                "/tmp it's\n",
            ),
            ("RunPerlScript", "use Cwd; print cwd, \"\\n\";", "/tmp\n"),
            (
                "RunShellScript",
                "#!/usr/bin/env python3\nprint(1 + 1)",
                "2\n",
            ),
        ] {
            let properties = json!({
                "commandType": kind, "commandContent": content, "workingDir": "/tmp",
            });
            let context = operator.context(content);
            let answer = operator.call(content, &properties, &context).await.unwrap();
            assert_eq!(answer["invocationOutput"], said, "{content}");
        }
        let missing = json!({"commandType": "RunPowerShellScript", "commandContent": "1"});
        let fault = operator
            .call("p", &missing, &operator.context("p"))
            .await
            .unwrap_err();
        assert_eq!(code(fault), "ExitCode.127");
    });
}

#[test]
fn output_arrives_while_the_command_runs() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let script = "echo begun; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo done";
        let run = operator.run("token", script);
        let watch = async {
            while operator.output("token", Channel::Stdout).is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            std::fs::write(sshd.home().join("go"), "").unwrap();
        };
        let (answer, ()) = tokio::join!(run, watch);
        assert_eq!(answer.unwrap()["invocationOutput"], "begun\ndone\n");
    });
}

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
fn cancelling_names_what_was_ended() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 71; :' & sleep 72 & \
                      kill -STOP $!; echo begun; wait";
        let context = operator.context("token");
        let properties = json!({ "commandContent": script });
        let run = operator.call("token", &properties, &context);
        let cancel = async {
            while operator.output("token", Channel::Stdout).is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            context.cancel.cancel();
        };
        let (fault, ()) = tokio::join!(run, cancel);
        let report = fault.unwrap_err().to_string();
        assert!(
            report.starts_with("cancelled: 4 processes were ended ("),
            "{report}"
        );
        assert!(report.ends_with("), none survived"), "{report}");
    });
}

#[test]
fn the_time_is_up_also_when_nobody_is_connected() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let cutter = Cutter::before(sshd.port());
        let operator = Operator::of(through(&sshd, cutter.port()));
        let properties = json!({ "commandContent": "sleep 73", "timeout": 1 });
        cutter.plan([13_000]);
        let context = operator.context("token");
        let fault = operator
            .call("token", &properties, &context)
            .await
            .unwrap_err();
        let text = fault.to_string();
        assert!(
            text.starts_with("CommandTimeout: the command did not end within 1 s; "),
            "{text}"
        );
    });
}

#[test]
fn a_host_that_is_not_there_is_named_by_its_class() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    sshd.stop();
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let fault = operator.run("token", "true").await.unwrap_err();
        assert_eq!(code(fault), "Host.Unreachable");
    });
}

#[test]
fn a_home_that_cannot_be_written_is_gone_round() {
    let Some(sshd) = Sshd::with(&["SetEnv HOME=/proc LOGNAME=test"]) else {
        return;
    };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        // The folder is the machine's: other runs of this test have used it.
        let token = sshd.folder().display().to_string();
        let answer = operator.run(&token, "echo $OOS_INVOCATION").await.unwrap();
        let id = answer["invocationOutput"].as_str().unwrap().trim_end();
        operator.settle().await;
        for kind in ["run", "log", "out", "err"] {
            std::fs::remove_file(format!("/var/tmp/oos-test/{id}.{kind}")).unwrap();
        }
    });
}

#[test]
fn a_plain_command_is_run_as_it_is_and_never_twice() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let plain = |script: &str| json!({"commandContent": script, "plain": true});
        let context = operator.context("a");
        let script = "echo run >>\"$HOME/count\"; echo $OOS_INVOCATION.; exit 4";
        let fault = operator
            .call("a", &plain(script), &context)
            .await
            .unwrap_err();
        assert_eq!(code(fault), "ExitCode.4");
        assert_eq!(operator.output("a", Channel::Stdout), ".\n");
        assert!(!state(&sshd).exists());
        let mut resumed = operator.context("b");
        resumed.resumed = true;
        let fault = operator
            .call("b", &plain("true"), &resumed)
            .await
            .unwrap_err();
        assert!(matches!(fault, CallFault::Unknown { .. }), "{fault}");
        let context = operator.context("c");
        let properties = plain("echo run >>\"$HOME/count\"; sleep 5");
        let run = operator.call("c", &properties, &context);
        let cut = async {
            while count(&sshd) < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            sshd.cut();
        };
        let (fault, ()) = tokio::join!(run, cut);
        let fault = fault.unwrap_err();
        assert!(matches!(fault, CallFault::Unknown { .. }), "{fault}");
    });
    assert_eq!(count(&sshd), 2);
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
fn files_are_sent_and_facts_are_told() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let parameters = json!({
            "InstanceIds": [HOST], "Name": "sent", "TargetDir": sshd.home(), "Content": "text",
        });
        let call = call("ECS", "SendFile", "token", &parameters);
        let sent = operator.cloud.call(&call, &operator.context("t")).await;
        sent.unwrap();
        assert_eq!(
            std::fs::read_to_string(sshd.home().join("sent")).unwrap(),
            "text"
        );
        let host = host(sshd.endpoint(0));
        operator.hosts.ping(&host).await.unwrap();
        let facts = operator.hosts.facts(&host).await.unwrap();
        assert!(facts.kernel.unwrap().starts_with("Linux "));
        assert!(facts.cores > Some(0) && facts.memory > Some(0));
    });
}

/// What `sudo` does with our arguments, for a user whose password is `open sesame`. The real one needs
/// to be installed and set up for the machine.
const SUDO: &str = "#!/bin/sh
while [ \"$1\" != -- ]; do
  case $1 in -p) word=$2 ;; -n) echo 'sudo: a password is required' >&2; exit 1 ;; esac
  shift
done
shift
printf %s \"$word\" >&2
IFS= read -r given
[ \"$given\" = 'open sesame' ] || { printf %s \"$word\" >&2; IFS= read -r given; exit 1; }
mkdir -p \"$HOME/app\"; HOME=$HOME/app AS_APP=yes exec \"$@\"
";

#[test]
fn another_user_runs_it_when_the_password_is_right() {
    let lines = ["SetEnv PATH=$FOLDER:/usr/bin:/bin HOME=$FOLDER/home"];
    let Some(sshd) = Sshd::with(&lines) else {
        return;
    };
    std::fs::write(sshd.file("sudo"), SUDO).unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(sshd.file("sudo"), executable).unwrap();
    wait(async {
        for (secret, said) in [
            (Some("password"), Ok("yes\n")),
            (Some("other"), Err("Host.AuthenticationFailed")),
            (None, Err("Host.AuthenticationFailed")),
        ] {
            let operator = Operator::of(Endpoint {
                elevation: Some(Elevation {
                    user: "app".to_owned(),
                    password: secret.map(str::to_owned),
                }),
                ..sshd.endpoint(0)
            });
            let came = operator.run("token", "echo $AS_APP").await.map_err(code);
            let came = came.map(|answer| answer["invocationOutput"].clone());
            assert_eq!(
                came,
                said.map(Into::into).map_err(str::to_owned),
                "{secret:?}"
            );
        }
    });
}

/// Starts a server where `sudo` and what else is put into its folder goes before the machine's.
fn with_own_programs(programs: &[(&str, &str)]) -> Option<Sshd> {
    let sshd = Sshd::with(&["SetEnv PATH=$FOLDER:/usr/bin:/bin HOME=$FOLDER/home"])?;
    for (name, text) in programs {
        std::fs::write(sshd.file(name), text).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(sshd.file(name), executable).unwrap();
    }
    Some(sshd)
}

fn runs(pattern: &str) -> bool {
    let found = std::process::Command::new("pgrep")
        .args(["-f", pattern])
        .output();
    found.unwrap().status.success()
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
fn a_process_that_only_looks_finds_the_command_of_another_user() {
    let Some(sshd) = with_own_programs(&[("sudo", SUDO)]) else {
        return;
    };
    wait(async {
        let endpoint = Endpoint {
            elevation: Some(Elevation {
                user: "root".to_owned(),
                password: Some("password".to_owned()),
            }),
            user: Some(Sshd::user()),
            ..sshd.endpoint(0)
        };
        let (records, sink) = (Arc::<FakeRecords>::default(), Arc::<MemorySink>::default());
        let ask = async |api: &str, parameters: serde_json::Value| {
            let operator = Operator::with(endpoint.clone(), records.clone(), sink.clone());
            let call = call("ECS", api, api, &parameters);
            operator.cloud.call(&call, &operator.context("t")).await
        };
        let start = json!({
            "Type": "RunShellScript", "CommandContent": "sleep 77", "InstanceIds": [HOST],
            "Username": "app",
        });
        let started = ask("RunCommand", start).await.unwrap();
        let id = json!({"InvokeId": started["InvokeId"]});
        let look = async || {
            let answer = ask("DescribeInvocationResults", id.clone()).await.unwrap();
            answer["Invocation"]["InvocationResults"]["InvocationResult"][0].clone()
        };
        assert_eq!(look().await["InvocationStatus"], "Running");
        ask("StopInvocation", id.clone()).await.unwrap();
        let seen = look().await;
        assert_eq!(seen["InvocationStatus"], "Stopped");
        assert_ne!(seen["FinishTime"], seen["CreationTime"]);
    });
    assert!(!runs("^sleep 77$"));
}

#[test]
fn cancelling_is_heard_while_a_host_is_being_reached() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.freeze();
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let context = operator.context("token");
        let properties = json!({"commandContent": "true"});
        let run = operator.call("token", &properties, &context);
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            context.cancel.cancel();
        };
        let both = async { tokio::join!(run, cancel).0 };
        let fault = tokio::time::timeout(Duration::from_secs(8), both).await;
        assert_eq!(
            fault.expect("it is heard").unwrap_err().to_string(),
            "cancelled: the command was not started"
        );
    });
    sshd.thaw();
}

#[test]
fn a_command_that_is_silent_for_too_long_is_ended() {
    let Some(sshd) = Sshd::start() else { return };
    let second = Some(Duration::from_secs(1));
    wait(async {
        for (first_byte, idle, script, sleep) in [
            (second, None, "sleep 78", "^sleep 78$"),
            (None, second, "echo said; sleep 79", "^sleep 79$"),
        ] {
            let operator = Operator::of(Endpoint {
                limits: Limits {
                    first_byte,
                    idle,
                    ..Limits::default()
                },
                ..sshd.endpoint(0)
            });
            let fault = operator.run(script, script).await.unwrap_err().to_string();
            assert!(
                fault.starts_with("CommandTimeout: the command did not end within 600 s, or was "),
                "{fault}"
            );
            assert!(
                fault.contains(" was ended (") || fault.contains(" were ended ("),
                "{fault}"
            );
            assert!(!runs(sleep), "{script}");
        }
    });
}

#[test]
fn a_call_of_the_vendor_keeps_why_a_host_did_not_start_its_command() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    sshd.stop();
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let ask = async |api: &str, parameters: serde_json::Value| {
            let call = call("ECS", api, api, &parameters);
            operator.cloud.call(&call, &operator.context("t")).await
        };
        let start = json!({
            "Type": "RunShellScript", "CommandContent": "true", "InstanceIds": [HOST],
        });
        let started = ask("RunCommand", start).await.unwrap();
        let id = json!({"InvokeId": started["InvokeId"]});
        let seen = ask("DescribeInvocationResults", id).await.unwrap();
        let seen = &seen["Invocation"]["InvocationResults"]["InvocationResult"][0];
        assert_eq!(seen["ErrorCode"], "Host.Unreachable");
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

/// A shell of which the first waits until it may go on, as on a host that is very slow at that moment.
const SLOW_SHELL: &str = "#!/bin/sh
if mkdir \"$HOME/first\" 2>/dev/null; then
  while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done
  /bin/sh \"$@\"
  : >\"$HOME/over\"
else
  exec /bin/sh \"$@\"
fi
";

#[test]
fn a_command_that_is_cancelled_before_the_host_has_heard_of_it_never_begins() {
    let Some(sshd) = with_own_programs(&[("sh", SLOW_SHELL)]) else {
        return;
    };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let context = operator.context("token");
        let properties = json!({"commandContent": "echo run >>\"$HOME/count\""});
        let run = operator.call("token", &properties, &context);
        let cancel = async {
            while !sshd.home().join("first").exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            // The script is on its way to the shell that waits.
            tokio::time::sleep(Duration::from_millis(300)).await;
            context.cancel.cancel();
        };
        let (fault, ()) = tokio::join!(run, cancel);
        let fault = fault.unwrap_err().to_string();
        assert_eq!(fault, "cancelled: the command was not started");
    });
    std::fs::write(sshd.home().join("go"), "").unwrap();
    until("the late start is over", || {
        sshd.home().join("over").exists()
    });
    assert_eq!(count(&sshd), 0);
}

/// Returns how the second host is reached by somebody whom it does not let in.
fn refused(sshd: &Sshd) -> Host {
    let stranger = sshd.keygen("id_stranger", &["-t", "ed25519"]);
    let endpoint = Endpoint {
        identities: vec![stranger],
        ..sshd.endpoint(1)
    };
    Host::new("web2", endpoint)
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
fn of_several_hosts_one_of_which_nobody_knows_the_others_can_be_read() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let (records, sink) = (Arc::<FakeRecords>::default(), Arc::<MemorySink>::default());
        let operator = |second: Host| {
            let hosts = [
                host(sshd.endpoint(0)),
                second,
                Host::new("web3", sshd.endpoint(2)),
            ];
            Operator::over(hosts, records.clone(), sink.clone())
        };
        let start = async |operator: &Operator, token: &str, resumed: bool| {
            let parameters = json!({
                "Type": "RunShellScript", "CommandContent": "echo said",
                "InstanceIds": [HOST, "web2", "web3"],
            });
            let mut context = operator.context(token);
            context.resumed = resumed;
            let token = format!("{token}-{}", std::process::id());
            let call = call("ECS", "RunCommand", &token, &parameters);
            operator.cloud.call(&call, &context).await
        };
        // The login is refused when the results are asked for, or already when it is started again.
        let earlier = operator(Host::new("web2", sshd.endpoint(1)));
        let first = start(&earlier, "first", false).await.unwrap();
        let later = operator(refused(&sshd));
        let second = start(&later, "second", true).await.unwrap();
        for (token, started) in [("first", first), ("second", second)] {
            let ask = json!({"InvokeId": started["InvokeId"], "ContentEncoding": "PlainText"});
            let call = call("ECS", "DescribeInvocationResults", token, &ask);
            let rows = async || {
                let seen = later
                    .cloud
                    .call(&call, &later.context(token))
                    .await
                    .unwrap();
                let rows = &seen["Invocation"]["InvocationResults"]["InvocationResult"];
                rows.as_array().unwrap().clone()
            };
            let rows = loop {
                let rows = rows().await;
                if rows.iter().all(|row| row["InvocationStatus"] != "Running") {
                    break rows;
                }
            };
            let said: Vec<_> = rows
                .iter()
                .map(|row| {
                    (
                        row["Output"].as_str().unwrap(),
                        row["ErrorCode"].as_str().unwrap(),
                    )
                })
                .collect();
            assert_eq!(
                said,
                [("said\n", ""), ("", "Unknown"), ("said\n", "")],
                "{token}"
            );
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

#[test]
fn the_real_sudo_gives_a_shell_of_another_user_and_ends_what_runs_in_it() {
    let is_root = nix::unistd::Uid::effective().is_root();
    if !is_root || !std::path::Path::new("/usr/bin/sudo").exists() {
        println!("skipped: it needs root and /usr/bin/sudo");
        return;
    }
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let operator = |user: &str| {
            Operator::of(Endpoint {
                elevation: Some(Elevation {
                    user: user.to_owned(),
                    password: None,
                }),
                ..sshd.endpoint(0)
            })
        };
        let nobody = operator("nobody");
        // The folder is the machine's: other runs of this test have used it.
        let token = |name: &str| format!("{name}-{}", sshd.folder().display());
        let answer = nobody
            .run(&token("a"), "echo $OOS_INVOCATION; id -un")
            .await;
        let said = answer.unwrap()["invocationOutput"]
            .as_str()
            .unwrap()
            .to_owned();
        let (id, user) = said.trim_end().split_once('\n').unwrap();
        assert_eq!(user, "nobody");
        nobody.settle().await;
        for kind in ["run", "log", "out", "err"] {
            std::fs::remove_file(format!("/var/tmp/oos-nobody/{id}.{kind}")).unwrap();
        }
        let token = token("b");
        let context = nobody.context(&token);
        let properties = json!({"commandContent": "echo begun; sleep 82"});
        let run = nobody.call(&token, &properties, &context);
        let cancel = async {
            while nobody.output(&token, Channel::Stdout).is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            context.cancel.cancel();
        };
        let (fault, ()) = tokio::join!(run, cancel);
        let report = fault.unwrap_err().to_string();
        assert!(report.ends_with("none survived"), "{report}");
        let fault = operator("nobody_here").run("c", "true").await.unwrap_err();
        assert_eq!(code(fault), "Host.AuthenticationFailed");
    });
    assert!(!runs("^sleep 82$"));
}
