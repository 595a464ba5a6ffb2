//! What the program says on a machine that cannot run instances.

use std::process::{Command, Stdio};

use crate::support::oos::{Home, Ran};

/// Makes a user namespace in which there can be no other, and runs what follows in it.
const FORBIDDING: &str = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";

/// Runs the program where user namespaces are forbidden; none if this machine cannot forbid them.
fn forbidden(home: &Home, arguments: &[&str]) -> Option<Ran> {
    let mut trial = Command::new("unshare");
    trial.args(["-Ur", "sh", "-c", FORBIDDING, "sh", "true"]);
    let works = trial.stdin(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        println!("skipped: `unshare -Ur` cannot forbid user namespaces here");
        return None;
    }
    let program = home.command();
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .args(["-Ur", "sh", "-c", FORBIDDING, "sh"])
        .arg(program.get_program())
        .args(arguments)
        .current_dir(home.path())
        .stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap());
    }
    Some(home.finish(&mut command))
}

#[test]
fn a_run_names_the_step_that_failed_and_the_remedy() {
    let home = Home::new();
    let Some(ran) = forbidden(&home, &["run", "update-image"]) else {
        return;
    };
    assert_eq!(ran.code, 1, "{ran}");
    for part in [
        "this machine cannot run sandboxed instances",
        "making a user namespace failed",
        "user.max_user_namespaces must not be 0",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {ran}");
    }
    let left = home.oos(&["-o", "json", "instance", "list"]).json(0);
    assert_eq!(left, serde_json::json!([]), "nothing half made stays");
}

#[test]
fn the_doctor_names_the_step_that_fails_and_the_remedy() {
    let home = Home::new();
    let Some(ran) = forbidden(&home, &["doctor"]) else {
        return;
    };
    assert_eq!(ran.code, 1, "{ran}");
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        all.contains("making a user namespace      ✗ fails"),
        "{ran}"
    );
    assert!(
        all.contains("user.max_user_namespaces must not be 0"),
        "{ran}"
    );
}
