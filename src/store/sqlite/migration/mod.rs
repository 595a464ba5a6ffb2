//! Migrations: numbered, append-only. A released one is never edited.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::StoreError;
use crate::store::sqlite::anew::fold_anew;
use crate::store::sqlite::command;
use crate::store::sqlite::fault::damaged;
use crate::store::sqlite::journal::journals;
use crate::store::sqlite::seal::KeyFile;

/// One script a format; format n is what the first n scripts make.
const SCRIPTS: [&str; 10] = [
    include_str!("0001_initial.sql"),
    include_str!("0002_audit.sql"),
    include_str!("0003_parameter.sql"),
    include_str!("0004_repeat.sql"),
    include_str!("0005_plan.sql"),
    include_str!("0006_command.sql"),
    include_str!("0007_trigger.sql"),
    include_str!("0008_lock.sql"),
    include_str!("0009_retention.sql"),
    include_str!("0010_renewed.sql"),
];

/// The first format that lists the commands on each instance.
const COMMANDS: usize = 6;

/// "oos1": tells our files from those of other programs.
const APPLICATION: i32 = 0x6f6f_7331;

/// Brings the database of a data directory to the present format, all or nothing.
pub(super) fn migrate(connection: &mut Connection, directory: &Path) -> Result<(), StoreError> {
    if format(connection)? == SCRIPTS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let from = format_at_this_moment(&transaction)?;
    if from == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    for script in &SCRIPTS[from..] {
        transaction.execute_batch(script)?;
    }
    if (1..COMMANDS).contains(&from) {
        list_commands(&transaction, &KeyFile::of(directory))?;
    }
    transaction.pragma_update(None, "user_version", SCRIPTS.len())?;
    transaction.commit()?;
    Ok(())
}

/// Lists the commands of executions that were recorded before commands were listed.
fn list_commands(connection: &Connection, key: &KeyFile) -> Result<(), StoreError> {
    for id in journals(connection)? {
        match fold_anew(connection, key, &id) {
            Ok(changes) => command::save(connection, &id, &changes)?,
            // One journal that cannot be read must not lock everybody out of the others.
            Err(error) => tracing::warn!(%id, %error, "its commands could not be listed"),
        }
    }
    Ok(())
}

/// Returns the format of a database that this version understands.
pub(super) fn format(connection: &Connection) -> Result<usize, StoreError> {
    // In one transaction: another process may be making the file.
    let moment = connection.unchecked_transaction()?;
    format_at_this_moment(&moment)
}

fn format_at_this_moment(connection: &Connection) -> Result<usize, StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (tables > 0 || found > 0) {
        return Err(damaged("oos.sqlite", "it belongs to another program"));
    }
    if found as usize > SCRIPTS.len() {
        return Err(StoreError::TooNew {
            found,
            supported: u32::try_from(SCRIPTS.len()).unwrap_or(u32::MAX),
        });
    }
    Ok(found as usize)
}
