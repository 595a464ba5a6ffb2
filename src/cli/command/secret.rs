//! `oos secret`: the secret half of the parameter store, `{{ oos-secret:name }}` in templates.
//! Values go in by standard input, a file, a descriptor or a hidden prompt, and come out only when
//! that is asked for in so many words.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::base::secret::Secret;
use crate::cli::entry::{change, changed, print_entries, print_entry, remove};
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::counted;
use crate::cli::passphrase::{Entry, ask_hidden, read_hidden};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::vault::ParameterStore;
use crate::cli::workshop::open_store;
use crate::store::ParameterEntry;
use crate::store::sqlite::{NewLock, ParameterKind, SqliteStore};

/// Arguments of `oos secret`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    /// Keep a secret; its value is asked for, or read from standard input
    Set {
        /// The secret's name: letters, digits, _, -, . and /
        name: String,
        /// Read the value from this file; /dev/fd/3 is a descriptor, - standard input
        #[arg(long, value_name = "FILE")]
        value_file: Option<PathBuf>,
        /// Say what it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List the names of secrets
    List,
    /// Show when a secret was set and by whom; not its value
    Show {
        /// The secret's name
        name: String,
        /// Print the value; the audit log tells who saw it
        #[arg(long)]
        reveal: bool,
    },
    /// Remove a secret
    Delete {
        /// The secret's name
        name: String,
    },
    /// Seal all secrets with another key: a new key file, or a passphrase
    Rekey(RekeyArguments),
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct RekeyArguments {
    /// Ask for a new passphrase
    #[arg(long = "new-passphrase")]
    ask: bool,
    /// Read the new passphrase from this file; /dev/fd/3 is a descriptor
    #[arg(long = "new-passphrase-file", value_name = "FILE")]
    from: Option<PathBuf>,
    /// Write the new key to this file, outside of the data directory
    #[arg(long = "new-key-file", value_name = "FILE")]
    key: Option<PathBuf>,
}

/// A secret as data, when it is revealed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Revealed<'a> {
    name: &'a str,
    parameter_version: u32,
    value: &'a str,
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let store = open_store(&session.settings)?;
        let secrets = ParameterStore::new(Arc::clone(&store), &session.settings);
        match self.command {
            SecretCommand::Set {
                name,
                value_file,
                description,
            } => {
                let change = change(name, description);
                let vault = secrets.open(&session.output)?;
                let value = read_value(&change.name, value_file, session)?;
                let entry = vault.set(change, &value)?;
                changed(&entry, session)?;
            }
            SecretCommand::List => {
                let entries = store.parameters(ParameterKind::Secret)?;
                print_entries(&entries, &mut session.output)?;
            }
            SecretCommand::Show { name, reveal } => {
                let entry = find(&store, &name)?;
                if reveal {
                    print_value(&entry, &secrets, session)?;
                } else {
                    print_entry(&entry, None, &mut session.output)?;
                }
            }
            SecretCommand::Delete { name } => {
                if !remove(&store, ParameterKind::Secret, &name, session)? {
                    return Err(unknown(&name));
                }
            }
            SecretCommand::Rekey(arguments) => rekey(&store, &secrets, arguments, session)?,
        }
        Ok(Exit::Success)
    }
}

/// Reads the value from where it was said to be, from a person, or from standard input.
fn read_value(
    name: &str,
    file: Option<PathBuf>,
    session: &Session,
) -> Result<Secret<String>, Failure> {
    match file {
        Some(path) => read_hidden(&path),
        None if session.output.can_ask() => ask_hidden(&format!("Value of `{name}`:"), Entry::New),
        None => read_hidden(std::path::Path::new("-")),
    }
}

fn find(store: &SqliteStore, name: &str) -> Result<ParameterEntry, Failure> {
    store
        .parameter_entry(ParameterKind::Secret, name)?
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    Failure::usage(anyhow!("there is no secret `{name}`"))
        .hinted("`oos secret list` shows which there are.")
}

fn print_value(
    entry: &ParameterEntry,
    secrets: &ParameterStore,
    session: &mut Session,
) -> Result<(), Failure> {
    let vault = secrets.open(&session.output)?;
    let value = vault
        .reveal(&entry.name, &environment::user_name())?
        .ok_or_else(|| unknown(&entry.name))?;
    let output = &mut session.output;
    if output.format() == Format::Text {
        return Ok(output.line(value.reveal())?);
    }
    Ok(output.document(&Revealed {
        name: &entry.name,
        parameter_version: entry.parameter_version,
        value: value.reveal(),
    })?)
}

fn rekey(
    store: &SqliteStore,
    secrets: &ParameterStore,
    arguments: RekeyArguments,
    session: &mut Session,
) -> Result<(), Failure> {
    let vault = secrets.open_alone(&session.output)?;
    let new = if let Some(path) = arguments.from {
        NewLock::Passphrase(read_hidden(&path)?)
    } else if let Some(path) = arguments.key {
        NewLock::KeyFile(path)
    } else if arguments.ask {
        NewLock::Passphrase(ask_hidden("New passphrase:", Entry::New)?)
    } else {
        NewLock::OwnKeyFile
    };
    let count = vault.rekey(&new, &environment::user_name())?;
    let how = if store.needs_passphrase()? == Some(true) {
        "the passphrase"
    } else {
        "the key file"
    };
    session.output.note(format_args!(
        "{} sealed with {how}.",
        counted(count, "secret")
    ));
    Ok(())
}
