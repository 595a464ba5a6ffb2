//! Commands as they run: interpreters, folders, output, files, facts.

use std::time::Duration;

use oos::base::call::CallFault;
use oos::base::output::Channel;
use oos::provider::Provider as _;
use oos::provider::conformance::call;
use serde_json::json;

use super::code;
use crate::support::hosts::{HOST, Operator, count, host, state, wait};
use crate::support::sshd::Sshd;

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
