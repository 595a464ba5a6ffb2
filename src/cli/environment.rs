//! The one place that reads environment variables which are no options.

use crate::config::settings::Surroundings;

/// Returns a variable; one that is empty counts as not set.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is read here only"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns what the configuration may know of the process.
pub(super) fn surroundings() -> Surroundings<'static> {
    Surroundings {
        variable: &variable,
        is_root: rustix::process::geteuid().is_root(),
    }
}

/// Returns the name of the user who runs the process; the number if it has no name.
pub(super) fn user_name() -> String {
    let uid = nix::unistd::geteuid();
    match nix::unistd::User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => uid.to_string(),
    }
}
