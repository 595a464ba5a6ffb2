//! Schedules against what can be counted out by hand: every change of clocks in every zone, and the
//! law that each nominal time is decided on exactly once.
//!
//! The short form takes one zone of each kind and the hours around its changes. With
//! `OOS_FAULT_MINUTES` set, as `tests/run faults` does, all zones are taken, and longer.

mod hostile;
mod law;
mod oracle;
mod zones;

/// Whether there is time for the long form.
fn long_form() -> bool {
    std::env::var_os("OOS_FAULT_MINUTES").is_some()
}
