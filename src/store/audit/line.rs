//! Records as lines of a file that leaves the machine.

use crate::store::audit::AuditRecord;

/// Returns a record as one line of JSON, without its end.
pub fn to_line(record: &AuditRecord) -> String {
    serde_json::to_string(record).expect("texts and numbers always serialize")
}

/// Reads a line. A line that says the same in other words was not written by
/// [`to_line`] and is refused: a changed byte is a change.
pub fn from_line(line: &str) -> Result<AuditRecord, String> {
    let record: AuditRecord =
        serde_json::from_str(line).map_err(|error| format!("it cannot be read: {error}"))?;
    if to_line(&record) == line {
        Ok(record)
    } else {
        Err("it was changed: it is not written as it was exported".to_owned())
    }
}
