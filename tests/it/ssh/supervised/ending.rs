//! Commands that are ended: because somebody wants it, or their time is up.

use std::time::Duration;

use oos::base::output::Channel;
use oos::provider::ssh::{Endpoint, Limits};
use serde_json::json;

use super::{runs, with_own_programs};
use crate::support::cutter::Cutter;
use crate::support::hosts::{Operator, count, through, wait};
use crate::support::machine::until;
use crate::support::sshd::Sshd;

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
fn the_time_is_minded_also_where_a_shell_begins_late() {
    // What is said to the host before it has read the script would be taken for a part of it.
    let late = "#!/bin/sh\nsleep 1.5\nexec /bin/sh \"$@\"\n";
    let Some(sshd) = with_own_programs(&[("sh", late)]) else {
        return;
    };
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let properties = json!({ "commandContent": "exec sleep 74", "timeout": 2 });
        let context = operator.context("token");
        let call = operator.call("token", &properties, &context);
        // Sooner than a client ends what its host does not.
        let fault = tokio::time::timeout(Duration::from_secs(10), call).await;
        let fault = fault.expect("the host minds it").unwrap_err().to_string();
        assert!(fault.contains("1 process was ended"), "{fault}");
        assert!(!runs("sleep 74"));
    });
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
