//! Inventories of Ansible, read as Ansible reads them.
//!
//! What is not taken over: templates in values (`{{ … }}` stays as it is written, and is refused
//! where a value says how a host is reached), inventory plug-ins, and vaulted files.

pub(super) mod ini;
mod literal;
mod shell;
pub(super) mod variables;
pub(super) mod vars_folder;
pub(super) mod yaml;

pub(super) use shell::split as split_arguments;
