//! Commands that are kept under an id, to be invoked later.

use serde::{Deserialize, Serialize};

use crate::base::call::ApiError;
use crate::base::time::Timestamp;
use crate::provider::local::request::Request;
use crate::provider::local::script::Script;
use crate::provider::local::state::Entity;

/// A command.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct SavedCommand {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    pub(super) description: String,
    /// What it runs.
    pub(super) script: Script,
    /// Since when it is there.
    pub(super) created: Timestamp,
}

impl Entity for SavedCommand {
    const KIND: &'static str = "command";

    fn id(&self) -> &str {
        &self.id
    }
}

impl SavedCommand {
    /// Makes a command to keep. Refused if its text holds a secret of the execution: what is kept
    /// is on disk in plain text.
    pub(super) fn of(request: &Request<'_>, id: String, script: Script) -> Result<Self, ApiError> {
        if request.context.redactor.text(&script.content) != script.content {
            return Err(ApiError::new(
                "InvalidParameter.CommandContent",
                "the content holds a secret value; a command that is kept must take it as a \
                 parameter",
            ));
        }
        Ok(Self {
            id,
            name: request.text("Name")?.unwrap_or_default(),
            description: request.text("Description")?.unwrap_or_default(),
            script,
            created: request.now(),
        })
    }
}
