//! What several themes need.

pub(crate) mod corpus;
pub(crate) mod folder;
