//! What a helper process is, as its arguments say.

/// First argument of a helper.
pub const ARGUMENT: &str = "__sandbox";

/// What a helper is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Enters a user namespace and runs one errand there.
    Enter,
    /// Pid 1 of an instance.
    Init,
    /// Serves one request inside an instance.
    Serve,
    /// Takes on a user's identity and becomes the command.
    Command,
}

impl Role {
    /// All roles.
    pub(super) const ALL: [Self; 4] = [Self::Enter, Self::Init, Self::Serve, Self::Command];

    /// Returns the argument that selects the role.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Init => "init",
            Self::Serve => "serve",
            Self::Command => "command",
        }
    }
}
