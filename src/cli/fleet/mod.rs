//! How reports over fleets look: on a terminal, as a page, as a table, as data. Everything that comes
//! from a host is made harmless for where it is shown.

mod change;
mod csv;
mod digest;
mod html;
mod json;
mod markdown;
mod text;
mod words;

pub(super) use change::{change_document, change_text};
pub(super) use csv::csv_report;
pub(super) use digest::{MANY, print_digest};
pub(super) use html::html_report;
pub(super) use json::json_report;
pub(super) use markdown::markdown_report;
pub(super) use text::{Extent, text_report};
pub(super) use words::Words;
