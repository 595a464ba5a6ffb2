//! Read models folded from events: the same pure code for every store, for appending and for
//! rebuilding. Knows nothing of tables.

mod changes;
mod command;
mod fold;
mod properties;
mod row;
mod status;
mod watch;

pub(crate) use changes::{Changes, Rows};
pub(crate) use command::{CommandKey, CommandPlace, CommandRow, command_view};
pub(crate) use fold::fold;
pub(crate) use row::{DetailRow, ExecutionRow, Place, TaskRow, execution_view, is_current, moment};
pub(crate) use watch::{FiringKey, FiringRow, WatchRow};
