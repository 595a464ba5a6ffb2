//! A script that may mount what it likes: it runs in mount namespaces of its own.

use std::process::{Command, Output};

use crate::support::oos::Home;

/// What a script leaves with where nothing can be mounted.
const CANNOT: i32 = 77;

/// Runs a script in a home, with the program in `$OOS` and these variables beside those of the program;
/// `None`, with a word about it, where nothing can be mounted.
pub(crate) fn run_with_mounts(
    home: &Home,
    script: &str,
    variables: &[(&str, &str)],
) -> Option<Output> {
    let oos = home.command();
    let mut command = Command::new("unshare");
    // Root needs no user namespace, and may have none to make.
    let flags = if rustix::process::geteuid().is_root() {
        "-m"
    } else {
        "-Urm"
    };
    command
        .args([flags, "sh", "-c", script])
        .current_dir(home.path());
    for (name, value) in oos.get_envs() {
        command.env(name, value.unwrap());
    }
    command
        .env("OOS", oos.get_program())
        .envs(variables.iter().copied());
    match command.output() {
        Ok(output) if output.status.code() != Some(CANNOT) => Some(output),
        other => {
            println!("skipped: no file system can be mounted here: {other:?}");
            None
        }
    }
}
