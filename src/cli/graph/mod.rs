//! The flow of a template as a picture: text, Mermaid, SVG.

mod flow;
mod mermaid;
mod svg;
mod text;

pub(super) use flow::Flow;
pub(super) use mermaid::mermaid;
pub(super) use svg::svg;
pub(super) use text::text;
