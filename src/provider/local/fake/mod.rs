//! Strict stand-ins for what the local cloud stands on, in memory: for tests of ours and of others.

mod driver;
mod records;

pub use driver::FakeDriver;
pub use records::FakeRecords;
