//! Floor 0: the words everybody uses. Pure: no clock, no chance, no files, no network.

pub mod call;
pub mod diagnostic;
pub mod digest;
pub mod duration;
pub mod failure;
pub mod id;
pub mod name;
pub mod output;
pub mod records;
pub mod secret;
pub mod source;
pub mod time;
pub mod value;
