//! Floor 5: the face for people. Reads arguments, prints, and decides the exit code; everything
//! else is done by the floors below.

mod application;
mod argument;
mod environment;
mod exit;
mod global;
mod reference;
mod report;
mod session;
mod telemetry;
mod template_file;

mod command;
mod output;

pub use application::main;
pub use exit::Exit;
pub use reference::reference;
