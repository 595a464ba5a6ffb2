//! How things look: styles, tables, documents, code frames, times. Only this folder writes to
//! standard output and standard error.

mod harmless;
mod stream;
mod style;
mod words;

mod approval;
mod diagnostic;
mod execution;
mod lock;
mod status;
mod table;
mod task;

pub(super) use approval::print_review;
pub(super) use diagnostic::{DiagnosticReport, Problem};
pub(super) use execution::{Kin, print_execution, print_map, print_result, wait_lines};
pub(super) use harmless::{HarmlessJson, harmless, harmless_line};
pub(super) use lock::waits_for_lock;
pub(super) use status::{Status, loop_words, status_cell, waits_for};
pub(super) use stream::Output;
pub(super) use style::Role;
pub(super) use table::{Table, TableCell};
pub(super) use task::task_table;
pub(super) use words::{ago, between, bytes, counted, duration, local};
