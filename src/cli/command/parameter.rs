//! `oos parameter`: the ordinary half of the parameter store, `{{ oos:name }}` in templates.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};

use crate::cli::entry::{change, changed, print_entries, print_entry, remove};
use crate::cli::exit::Exit;
use crate::cli::passphrase::read_hidden;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::open_store;
use crate::store::sqlite::ParameterKind;

/// Arguments of `oos parameter`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: ParameterCommand,
}

#[derive(Debug, Subcommand)]
enum ParameterCommand {
    /// Keep a value under a name
    Set {
        /// The name: letters, digits, _, -, . and /
        name: String,
        /// The value
        #[arg(required_unless_present = "value_file")]
        value: Option<String>,
        /// Read the value from this file; - reads standard input
        #[arg(long, value_name = "FILE", conflicts_with = "value")]
        value_file: Option<PathBuf>,
        /// Say what it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List the names
    List,
    /// Show a value, when it was set and by whom
    Show {
        /// The name
        name: String,
    },
    /// Remove a value
    Delete {
        /// The name
        name: String,
    },
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let store = open_store(&session.settings)?;
        let unknown = |name: &str| {
            Failure::usage(anyhow!("there is no parameter `{name}`"))
                .hinted("`oos parameter list` shows which there are.")
        };
        match self.command {
            ParameterCommand::Set {
                name,
                value,
                value_file,
                description,
            } => {
                let change = change(name, description);
                let value = match value_file {
                    Some(path) => read_hidden(&path)?.reveal().clone(),
                    None => value.unwrap_or_default(),
                };
                let entry = store.set_parameter(change, &value)?;
                changed(&entry, session)?;
            }
            ParameterCommand::List => {
                let entries = store.parameters(ParameterKind::Plain)?;
                print_entries(&entries, &mut session.output)?;
            }
            ParameterCommand::Show { name } => {
                let entry = store.parameter_entry(ParameterKind::Plain, &name)?;
                let entry = entry.ok_or_else(|| unknown(&name))?;
                let value = store.parameter_value(&name)?;
                print_entry(&entry, value.as_deref(), &mut session.output)?;
            }
            ParameterCommand::Delete { name } => {
                if !remove(&store, ParameterKind::Plain, &name, session)? {
                    return Err(unknown(&name));
                }
            }
        }
        Ok(Exit::Success)
    }
}
