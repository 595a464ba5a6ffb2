//! Where the store gets the time from.

use std::sync::Arc;

use crate::base::time::Timestamp;

/// Tells the time; the store never asks a clock of its own.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
