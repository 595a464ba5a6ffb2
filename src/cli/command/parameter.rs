//! `oos parameter`: the ordinary half of the parameter store, `{{ oos:name }}` in templates.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Output, Role, Table, TableCell, local};
use crate::cli::passphrase::read_hidden;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::open_store;
use crate::store::ParameterEntry;
use crate::store::sqlite::{ParameterChange, ParameterKind};

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

/// An entry as data.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'a> {
    name: &'a str,
    parameter_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    description: &'a str,
    created_date: crate::base::time::Timestamp,
    updated_date: crate::base::time::Timestamp,
    updated_by: &'a str,
}

impl<'a> Record<'a> {
    fn of(entry: &'a ParameterEntry, value: Option<&'a str>) -> Self {
        Self {
            name: &entry.name,
            parameter_version: entry.parameter_version,
            value,
            description: &entry.description,
            created_date: entry.created_date,
            updated_date: entry.updated_date,
            updated_by: &entry.updated_by,
        }
    }
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
                let change = ParameterChange {
                    name,
                    description,
                    user: environment::user_name(),
                };
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
                if !store.delete_parameter(
                    ParameterKind::Plain,
                    &name,
                    &environment::user_name(),
                )? {
                    return Err(unknown(&name));
                }
                session.output.note(format_args!("`{name}` is removed."));
            }
        }
        Ok(Exit::Success)
    }
}

/// Says that an entry was set.
pub(super) fn changed(entry: &ParameterEntry, session: &mut Session) -> Result<(), Failure> {
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&Record::of(entry, None))?);
    }
    Ok(output.line(format_args!("{} {}", entry.name, entry.parameter_version))?)
}

/// Prints entries without their values.
pub(super) fn print_entries(
    entries: &[ParameterEntry],
    output: &mut Output,
) -> Result<(), Failure> {
    if output.format() != Format::Text {
        let records: Vec<Record<'_>> = entries
            .iter()
            .map(|entry| Record::of(entry, None))
            .collect();
        return Ok(output.document(&records)?);
    }
    let mut table = Table::new(output, &["NAME", "VERSION", "UPDATED", "BY", "DESCRIPTION"]);
    for entry in entries {
        table.row(vec![
            TableCell::of(Role::Strong, &entry.name),
            TableCell::from(entry.parameter_version.to_string()),
            TableCell::from(local(entry.updated_date)),
            TableCell::from(&entry.updated_by),
            TableCell::from(&entry.description),
        ]);
    }
    Ok(table.print(output)?)
}

/// Prints one entry, with its value if that may be shown.
pub(super) fn print_entry(
    entry: &ParameterEntry,
    value: Option<&str>,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.format() != Format::Text {
        return Ok(output.document(&Record::of(entry, value))?);
    }
    let name = output.paint(Role::Strong, &entry.name);
    output.line(name)?;
    let mut lines = vec![
        ("Version", entry.parameter_version.to_string()),
        ("Created", local(entry.created_date)),
        ("Updated", local(entry.updated_date)),
        ("By", entry.updated_by.clone()),
        ("Description", entry.description.clone()),
    ];
    if let Some(value) = value {
        lines.push(("Value", value.to_owned()));
    }
    for (label, text) in lines {
        output.line(format!("  {label:<12} {text}").trim_end())?;
    }
    Ok(())
}
