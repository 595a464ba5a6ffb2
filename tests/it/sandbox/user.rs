//! All of it again for an ordinary user, if the tests run as root.

use std::os::unix::fs::chown;
use std::process::Command;

/// An id that owns nothing here.
const USER: u32 = 65_534;

#[test]
fn everything_holds_for_an_ordinary_user_too() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: the other tests run as an ordinary user already");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(USER), Some(USER)).unwrap();
    let as_user = || {
        let mut command = Command::new("setpriv");
        command
            .args([format!("--reuid={USER}"), format!("--regid={USER}")])
            .arg("--clear-groups")
            .arg(std::env::current_exe().unwrap())
            .env("TMPDIR", folder.path())
            .current_dir(folder.path());
        command
    };
    match as_user().arg("--list").output() {
        Ok(output) if output.status.success() => {}
        other => {
            println!("skipped: the tests cannot be started as user {USER}: {other:?}");
            return;
        }
    }
    let output = as_user()
        .args([
            "sandbox::",
            "faults::cancel::",
            "--skip",
            "sandbox::user::",
            "--test-threads",
            "2",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
