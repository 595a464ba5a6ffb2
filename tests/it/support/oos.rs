//! The real program in a world of its own: an empty environment, its own home and data.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A home folder with everything that one test needs.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes an empty one.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the home folder.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Returns the program, ready to run in the home folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oos"));
        command
            .env_clear()
            .env("HOME", self.path())
            .env("OOS_DATA_DIR", self.path().join("data"))
            // Root would read a file of the system.
            .env("OOS_CONFIG", self.file("config.yml", ""))
            .env("NO_COLOR", "1")
            .env("TZ", "UTC")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn oos(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command().args(arguments))
    }

    /// Runs a prepared command to its end.
    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        let clean = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&self.path().display().to_string(), "$HOME")
        };
        Ran {
            code: output.status.code().unwrap(),
            stdout: clean(output.stdout),
            stderr: clean(output.stderr),
        }
    }
}

/// What became of a run of the program.
#[must_use = "compare it with a snapshot or look at the exit code"]
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// What it printed as data.
    pub(crate) stdout: String,
    /// What else it said.
    pub(crate) stderr: String,
}

impl Ran {
    /// Returns the data; the exit code must be `code`.
    #[track_caller]
    pub(crate) fn data(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self}");
        &self.stdout
    }

    /// Returns the data as JSON; the exit code must be `code`.
    #[track_caller]
    pub(crate) fn json(&self, code: i32) -> serde_json::Value {
        serde_json::from_str(self.data(code)).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!(
            "exit code: {}\n----- stdout -----\n{}\n----- stderr -----\n{}",
            self.code, self.stdout, self.stderr
        );
        f.write_str(&with_numbered_ids(&text))
    }
}

/// Replaces ids of executions by `exec-1`, `exec-2`, … in order of appearance.
fn with_numbered_ids(text: &str) -> String {
    let mut ids: Vec<&str> = Vec::new();
    let mut parts = text.split("exec-");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(part.len());
        let (id, rest) = part.split_at(end);
        if id.len() == 20 {
            let place = ids.iter().position(|known| *known == id);
            let place = place.unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            });
            result.push_str("exec-");
            result.push_str(&(place + 1).to_string());
        } else {
            result.push_str("exec-");
            result.push_str(id);
        }
        result.push_str(rest);
    }
    result
}

/// Compares with a snapshot in which times and durations are left out.
macro_rules! assert_ran {
    ($name:expr, $ran:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
                (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "[time]"),
                (r"\b\d+(\.\d)?m?s\b *", "[took] "),
                // That of a run with secrets is another one in every data directory.
                (r"sha256:[0-9a-f]{64}", "sha256:[digest]"),
                (r"just now|\d+ s ago", "[ago]"),
                (r"(?m)(\[took\] |by )[\w.-]+$", "$1[user]"),
                (r"(?m) +$", ""),
            ],
            omit_expression => true,
            prepend_module_to_snapshot => false,
            snapshot_path => "../snapshots/cli",
        }, {
            insta::assert_snapshot!($name, $ran.to_string());
        });
    };
}
pub(crate) use assert_ran;
