//! What the pseudo-parameters stand for while a start is prepared.

use crate::base::id::ExecutionId;
use crate::base::name::Name;
use crate::base::time::{self, Timestamp};
use crate::base::value::Value;
use crate::template::expr::{Expression, Pseudo, Scope};

/// The version of the vendor's helper program that package templates ask for.
const OOS_UTIL_VERSION: &str = "1.0.0";

/// Resolves pseudo-parameters in the defaults of parameters; knows nothing else.
#[derive(Clone, Debug)]
pub(super) struct StartScope {
    pub(super) id: ExecutionId,
    pub(super) now: Timestamp,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) user: String,
}

impl Scope for StartScope {
    fn parameter(&self, _: &Name) -> Option<Value> {
        None
    }

    fn output(&self, _: &Name, _: &Name) -> Option<Value> {
        None
    }

    fn pseudo(&self, pseudo: Pseudo) -> Option<Value> {
        let text = match pseudo {
            Pseudo::RegionId => self.region.clone(),
            Pseudo::AccountId => self.account.clone(),
            Pseudo::ExecuteUser => self.user.clone(),
            Pseudo::ExecutionId => self.id.to_string(),
            Pseudo::TaskLoopItem => return None,
            Pseudo::CurrentDate => time::utc_date(self.now),
            Pseudo::CurrentUtcTime => time::utc_text(self.now),
            Pseudo::OosUtilVersion => OOS_UTIL_VERSION.to_owned(),
        };
        Some(Value::String(text))
    }

    fn stored(&self, _: &str) -> Option<Value> {
        None
    }

    fn condition(&self, _: &Name) -> Option<&Expression> {
        None
    }
}
