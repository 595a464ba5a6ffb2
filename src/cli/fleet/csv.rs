//! A report as a table for spreadsheets: a row a target, with its own output.
//!
//! Spreadsheets take a cell that begins with one of a few signs for a formula. Such cells begin with
//! an apostrophe here, which spreadsheets take for "this is text". On a terminal cells are harmless as
//! well; anywhere else they are exact.

use std::borrow::Cow;
use std::io;

use crate::cli::fleet::json::milliseconds;
use crate::cli::output::harmless;
use crate::cli::report::Failure;
use crate::runner::report::{Output, Report, Step, Target, read_output};
use crate::store::Store;

/// Bytes of output in a row: a cell of a spreadsheet takes 32,767 letters.
const OUTPUT: usize = 32_000;

/// Signs that make a formula of a cell; the wide ones do so in some places of the world.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

const HEADINGS: [&str; 18] = [
    "Step",
    "Name",
    "Status",
    "Class",
    "Code",
    "Message",
    "ExitCode",
    "Attempt",
    "StartDate",
    "EndDate",
    "Milliseconds",
    "Group",
    "Stdout",
    "Stderr",
    "Truncated",
    "ExecutionId",
    "TaskName",
    "LoopIndex",
];

/// Writes a report as CSV, row by row: the outputs of a large fleet do not fit into memory. Returns
/// whether they could be read, and then whether they could be written.
pub(in crate::cli) async fn csv_report(
    store: &dyn Store,
    report: &Report,
    is_for_terminal: bool,
    way: &mut impl io::Write,
) -> Result<io::Result<()>, Failure> {
    let mut table = csv::Writer::from_writer(way);
    let mut written = table.write_record(HEADINGS);
    for step in &report.steps {
        for target in &step.targets {
            if written.is_err() {
                break;
            }
            let output = read_output(store, &target.log, OUTPUT).await?;
            written = write_row(&cells(step, target, &output), is_for_terminal, &mut table);
        }
    }
    Ok(written
        .map_err(io::Error::from)
        .and_then(|()| table.flush()))
}

fn write_row(
    cells: &[String],
    is_for_terminal: bool,
    table: &mut csv::Writer<impl io::Write>,
) -> csv::Result<()> {
    for cell in cells {
        let cell = text_cell(cell);
        let cell = if is_for_terminal {
            harmless(&cell)
        } else {
            Cow::Borrowed(&*cell)
        };
        table.write_field(&*cell)?;
    }
    table.write_record(None::<&[u8]>)
}

fn cells(step: &Step, target: &Target, output: &Output) -> [String; HEADINGS.len()] {
    fn or_empty<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let fault = target.fault.as_ref();
    [
        step.name.clone(),
        target.name.clone(),
        target.status.as_str().to_owned(),
        or_empty(target.class()),
        or_empty(fault.map(|fault| &fault.code)),
        or_empty(fault.map(|fault| &fault.message)),
        or_empty(target.exit_code),
        target.attempt.to_string(),
        or_empty(target.started),
        or_empty(target.ended),
        or_empty(milliseconds(target)),
        (target.group + 1).to_string(),
        output.stdout.clone(),
        output.stderr.clone(),
        output.is_cut.to_string(),
        target.log.execution.to_string(),
        target.log.task.clone(),
        or_empty(target.log.item),
    ]
}

/// Returns a cell that no spreadsheet computes.
fn text_cell(text: &str) -> Cow<'_, str> {
    let is_number = text.starts_with('-') && text.parse::<i64>().is_ok();
    if text.starts_with(FORMULA) && !is_number {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            assert_eq!(text_cell(text), expected);
        }
        case("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")");
        case("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0");
        case("+1", "'+1");
        case("-2+3", "'-2+3");
        case("@SUM(A1)", "'@SUM(A1)");
        case("\t=1", "'\t=1");
        case("\r=1", "'\r=1");
        case("＝1", "'＝1");
        case("-1", "-1");
        case("web01", "web01");
        case("", "");
    }
}
