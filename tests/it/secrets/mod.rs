//! Secrets: kept, used and never seen.

mod canary;
mod command;
mod hunt;
mod late;
