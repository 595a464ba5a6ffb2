//! Secrets: kept, used and never seen.

mod command;
