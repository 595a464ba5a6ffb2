//! `oos exec`: one command on many targets, as an execution like any other.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::cli::brake::require_room;
use crate::cli::detach::detach;
use crate::cli::drive::{Story, drive};
use crate::cli::fleet::{MANY, print_digest};
use crate::cli::global::Format;
use crate::cli::guard;
use crate::cli::option::Tag;
use crate::cli::refusal::refused;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::start::begin;
use crate::cli::targets::{WORDS_HELP, filter};
use crate::cli::workshop::Workshop;
use crate::provider::inventory::Inventory;
use crate::runner::{Runner, StartRequest, TemplateRef};

/// The runbook that this command runs.
const RUNBOOK: &str = "exec";

/// Arguments of `oos exec`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[arg(value_name = "TARGETS", required = true, help = WORDS_HELP)]
    targets: Vec<String>,
    /// How many run at once
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    concurrency: u32,
    /// How many targets may fail, as a number or in percent
    #[arg(long, value_name = "NUMBER|PERCENT", default_value = "100%")]
    max_errors: String,
    /// Seconds that the command may take on a target
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// The user to run as; who logs in when not given
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The folder to run in; the user's home when not given
    #[arg(long, value_name = "FOLDER")]
    directory: Option<String>,
    /// Run this script in place of a command; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    script: Option<PathBuf>,
    /// What reads the command or script
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = Kind::Shell)]
    kind: Kind,
    /// Start without the supervisor, for hosts without a shell: after a lost link nobody knows what
    /// became of the command
    #[arg(long)]
    plain: bool,
    /// Print the id and leave; the work goes on in the background
    #[arg(long)]
    detach: bool,
    /// Label the execution; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,
    /// The command: one word is read by the shell, several are a program and its arguments
    #[arg(
        last = true,
        value_name = "COMMAND",
        required_unless_present = "script"
    )]
    command: Vec<String>,
}

/// What reads a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// `/bin/sh`.
    Shell,
    /// Python 3.
    Python,
    /// Perl.
    Perl,
    /// PowerShell.
    Powershell,
}

impl Kind {
    fn command_type(self) -> &'static str {
        match self {
            Self::Shell => "RunShellScript",
            Self::Python => "RunPythonScript",
            Self::Perl => "RunPerlScript",
            Self::Powershell => "RunPowerShellScript",
        }
    }
}

impl Arguments {
    /// Starts the execution and works on it to its end.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        require_room(&session.settings)?;
        let workshop = Workshop::open(&session.settings)?;
        workshop.keep_no_connections();
        let runner = workshop.runner();
        let prepared = runner
            .prepare(self.request(&workshop.hosts().inventory)?)
            .map_err(|error| refused(error, &mut session.output))?;
        guard::hide(prepared.started().secrets());
        workshop.wait(async {
            let id = begin(prepared, runner, session).await?;
            if self.detach {
                return detach(&id, false, session);
            }
            let exit = drive(runner, &id, Story::Whole, false, session).await?;
            print_answers(runner, &id, session).await?;
            Ok(exit)
        })
    }

    fn request(&self, inventory: &Inventory) -> Result<StartRequest, Failure> {
        let mut request = StartRequest::new(TemplateRef::Name {
            name: RUNBOOK.to_owned(),
            version: None,
        });
        request.arguments = self.arguments(inventory)?;
        request.description = match &self.script {
            Some(path) => path.display().to_string(),
            None => self.command.join(" "),
        };
        let tags = self.tag.iter().cloned();
        request.tags = tags.map(|Tag { key, value }| (key, value)).collect();
        Ok(request)
    }

    fn arguments(&self, inventory: &Inventory) -> Result<Map, Failure> {
        let mut arguments = Map::new();
        let mut set = |name: &str, value: Value| arguments.insert(name.to_owned(), value);
        let nobody = || "there is nothing to run the command on".to_owned();
        set(
            "targets",
            filter(&self.targets.join(" "), inventory, nobody)?,
        );
        set("commandType", json!(self.kind.command_type()));
        set("commandContent", json!(self.content()?));
        set("timeout", json!(self.timeout));
        set("plain", json!(self.plain));
        set(
            "rateControl",
            json!({
                "Mode": "Concurrency",
                "Concurrency": self.concurrency,
                "MaxErrors": self.max_errors,
            }),
        );
        if let Some(user) = &self.user {
            set("username", json!(user));
        }
        if let Some(directory) = &self.directory {
            set("workingDir", json!(directory));
        }
        Ok(arguments)
    }

    /// Returns the text that the target reads.
    fn content(&self) -> Result<String, Failure> {
        match (&self.script, self.command.as_slice()) {
            (Some(path), _) => read_script(path),
            (None, [text]) => Ok(text.clone()),
            (None, _) if self.kind != Kind::Shell => Err(Failure::usage(anyhow!(
                "a program with arguments is read by the shell; give the text for `{}` as one word",
                self.kind.command_type()
            ))),
            (None, words) => Ok(words
                .iter()
                .map(|word| quoted(word))
                .collect::<Vec<_>>()
                .join(" ")),
        }
    }
}

/// Prints what the targets said, where the end of the run has not done that already.
async fn print_answers(
    runner: &Runner,
    id: &ExecutionId,
    session: &mut Session,
) -> Result<(), Failure> {
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(());
    }
    let Some(view) = runner.store().execution(id).await? else {
        return Ok(());
    };
    let most = if output.is_read_by_person() {
        MANY - 1
    } else {
        usize::MAX
    };
    let language = session.settings.language;
    print_digest(runner.store(), &view, ..=most, language, output).await?;
    Ok(())
}

fn read_script(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.with_context(|| format!("cannot read the script `{}`", path.display()))
        .map_err(Failure::usage)
}

/// Returns a word as a POSIX shell reads it as one.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_^".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        let words = [
            "", "a b", "it's", "$HOME", "`id`", "a\nb", "*", "-n", "ü", "a=b",
        ];
        let text: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let script = format!(
            "for word in {}; do printf '%s\\0' \"$word\"; done",
            text.join(" ")
        );
        let shell = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .output();
        let expected = words.join("\0") + "\0";
        assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), expected);
    }
}
