//! Inventories: which hosts there are, in which groups, and how each is reached.
//!
//! Every source is read into one [`Draft`](draft::Draft), which knows groups, variables and
//! settings as they were written; when all sources are in, the draft becomes the [`Inventory`],
//! which is only looked at. [`Words`] choose hosts of it.

mod ansible;
mod cache;
mod draft;
mod executable;
mod family;
mod fold;
mod host;
mod jump;
mod kind;
mod lineage;
mod load;
mod native;
mod problem;
mod range;
mod reach;
mod recorded;
mod route;
mod schema;
mod ssh;
mod tree;
mod url;
mod words;

pub use cache::Cache;
pub use fold::fold;
pub use host::{Host, Inventory};
pub use lineage::Lineage;
pub use load::{LoadOptions, Loaded, load, load_text};
pub use problem::{InventoryError, Problem};
pub use range::{RangeError, expand};
pub use recorded::{recall, recorded};
pub use schema::inventory_schema;
pub use words::{WordError, Words, read_lines};
