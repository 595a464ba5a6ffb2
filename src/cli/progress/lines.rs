//! Progress where nothing can be drawn over: one line a change, stable and made for `grep`.

use std::io;

use crate::base::time::utc_text;
use crate::cli::output::Output;
use crate::cli::progress::model::Change;

/// Prints changes: time, status, subject and details, in columns.
pub(in crate::cli) fn print_changes(changes: &[Change], output: &mut Output) -> io::Result<()> {
    for change in changes {
        let details = change.details.replace('\n', " ");
        let line = format!(
            "{}  {:<10}  {}  {details}",
            utc_text(change.at),
            change.word,
            change.subject
        );
        let line = output.foreign(&line);
        output.line(line.trim_end())?;
    }
    output.flush()
}
