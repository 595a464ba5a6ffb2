//! Migrations: numbered, append-only. A released one is never edited.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::StoreError;
use crate::store::sqlite::fault::damaged;

/// One script a format; format n is what the first n scripts make.
const SCRIPTS: [&str; 6] = [
    include_str!("0001_initial.sql"),
    include_str!("0002_audit.sql"),
    include_str!("0003_parameter.sql"),
    include_str!("0004_repeat.sql"),
    include_str!("0005_plan.sql"),
    include_str!("0006_command.sql"),
];

/// "oos1": tells our files from those of other programs.
const APPLICATION: i32 = 0x6f6f_7331;

/// Brings a database to the present format, all or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
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
    transaction.pragma_update(None, "user_version", SCRIPTS.len())?;
    transaction.commit()?;
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
