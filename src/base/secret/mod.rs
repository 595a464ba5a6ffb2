//! Values that must not be seen, and the filter that takes them out of texts and streams.

mod form;
mod redactor;
mod stream;
mod value;

pub use redactor::{MASK, Redactor};
pub use stream::StreamRedactor;
pub use value::Secret;
