//! Floor 5: the face for people. Reads arguments, prints, and decides the exit code; everything
//! else is done by the floors below.

mod application;
mod argument;
mod aside;
mod environment;
mod exit;
mod global;
mod guard;
mod hosts;
mod instant;
mod limit;
mod option;
mod parameter;
mod passphrase;
mod reach;
mod reference;
mod report;
mod service;
mod session;
mod targets;
mod telemetry;

mod brake;
mod calendars;
mod client;
mod cloud;
mod vault;
mod workshop;

mod answer;
mod detach;
mod drive;
mod entry;
mod interrupt;
mod prompt;
mod refusal;
mod removed;
mod start;
mod template_file;

mod command;
mod fleet;
mod graph;
mod output;
mod progress;

pub use application::main;
pub use exit::Exit;
pub use reference::reference;
