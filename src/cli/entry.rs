//! Entries of the parameter store as both of its commands, `oos parameter` and `oos secret`, change and
//! print them. Values of secrets do not come by here.

use serde::Serialize;

use crate::base::time::Timestamp;
use crate::cli::environment;
use crate::cli::global::Format;
use crate::cli::output::{Output, Role, Table, TableCell, local};
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::store::ParameterEntry;
use crate::store::sqlite::{ParameterChange, ParameterKind, SqliteStore};

/// An entry as data.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'a> {
    name: &'a str,
    parameter_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    description: &'a str,
    created_date: Timestamp,
    updated_date: Timestamp,
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

/// Returns the change that sets an entry as the one who works here.
pub(super) fn change(name: String, description: Option<String>) -> ParameterChange {
    ParameterChange {
        name,
        description,
        user: environment::user_name(),
    }
}

/// Removes an entry and says so; returns whether there was one.
pub(super) fn remove(
    store: &SqliteStore,
    kind: ParameterKind,
    name: &str,
    session: &mut Session,
) -> Result<bool, Failure> {
    let was_there = store.delete_parameter(kind, name, &environment::user_name())?;
    if was_there {
        session.output.note(format_args!("`{name}` is removed."));
    }
    Ok(was_there)
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
