//! Arguments that are not acceptable, help, and what closes the pipe.

use std::process::Stdio;

use crate::support::oos::{Home, assert_ran};

#[test]
fn help_lists_every_command() {
    assert_ran!("help", Home::new().oos(&["--help"]));
}

#[test]
fn no_command_is_a_usage_error_that_shows_help() {
    let ran = Home::new().oos(&[]);
    assert_eq!(ran.data(2), "");
    assert!(ran.stderr.contains("Usage: oos"), "{ran}");
}

#[test]
fn arguments_that_are_not_acceptable_end_with_2() {
    #[track_caller]
    fn case(arguments: &[&str], words: &str) {
        let ran = Home::new().oos(arguments);
        assert_eq!(ran.data(2), "");
        assert!(ran.stderr.contains(words), "{ran}");
    }
    case(&["lst"], "similar subcommands exist: 'host', 'list'");
    case(&["list", "--stats", "failed"], "'--status'");
    case(&["list", "--status", "done"], "possible values");
    case(&["list", "--tag", "x"], "expected KEY=VALUE");
    case(
        &["list", "--since", "whenever"],
        "neither a time nor a span",
    );
    case(&["run", "x", "-p", "novalue"], "expected NAME=VALUE");
    case(&["--language", "fr", "list"], "expected `en` or `zh-cn`");
    case(&["approve"], "<ID>");
}

#[test]
fn the_version_is_data() {
    let ran = Home::new().oos(&["--version"]);
    assert_eq!(ran.data(0), format!("oos {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    let mut child = home
        .command()
        .args(["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn completion_knows_the_commands() {
    let ran = Home::new().oos(&["completion", "bash"]);
    assert!(ran.data(0).contains("validate"), "{ran}");
}
