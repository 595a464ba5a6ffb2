//! How fast a loop goes and what it tolerates: `RateControl` and its settings, read once for the
//! check before a run and for the run.

mod control;
mod problem;
mod word;

pub use control::{RateControl, SETTINGS};
pub use problem::Problem;
pub use word::{BatchPause, Concurrency, Style, Unreachable};
