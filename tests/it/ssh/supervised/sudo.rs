//! Commands of another user.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use oos::base::output::Channel;
use oos::provider::Provider as _;
use oos::provider::conformance::call;
use oos::provider::local::fake::FakeRecords;
use oos::provider::output::MemorySink;
use oos::provider::ssh::{Elevation, Endpoint};
use serde_json::json;

use super::{code, runs, with_own_programs};
use crate::support::hosts::{HOST, Operator, wait};
use crate::support::sshd::Sshd;

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
