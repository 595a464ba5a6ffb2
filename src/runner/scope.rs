//! What the pseudo-parameters stand for while a start is prepared.

use crate::base::id::ExecutionId;
use crate::base::name::Name;
use crate::base::time::{self, Timestamp};
use crate::base::value::{Map, Value, find};
use crate::runner::entries::Entries;
use crate::runner::handle::Identity;
use crate::template::expr::{Expression, Pseudo, Scope};

/// The version of the vendor's helper program that package templates ask for.
const OOS_UTIL_VERSION: &str = "1.0.0";

/// Resolves pseudo-parameters and entries of the parameter store in the defaults of parameters, and
/// the parameters as well in what is evaluated after them.
#[derive(Clone, Debug)]
pub(super) struct StartScope<'a> {
    pub(super) id: ExecutionId,
    pub(super) now: Timestamp,
    pub(super) identity: &'a Identity,
    pub(super) entries: &'a Entries,
    /// The parameters, once they are bound.
    pub(super) parameters: Option<&'a Map>,
}

impl Scope for StartScope<'_> {
    fn parameter(&self, name: &Name) -> Option<Value> {
        find(self.parameters?, name.as_str()).cloned()
    }

    fn output(&self, _: &Name, _: &Name) -> Option<Value> {
        None
    }

    fn pseudo(&self, pseudo: Pseudo) -> Option<Value> {
        let text = match pseudo {
            Pseudo::RegionId => self.identity.region.clone(),
            Pseudo::AccountId => self.identity.account.clone(),
            Pseudo::ExecuteUser => self.identity.user.clone(),
            Pseudo::ExecutionId => self.id.to_string(),
            Pseudo::TaskLoopItem => return None,
            Pseudo::CurrentDate => time::utc_date(self.now),
            Pseudo::CurrentUtcTime => time::utc_text(self.now),
            Pseudo::OosUtilVersion => OOS_UTIL_VERSION.to_owned(),
        };
        Some(Value::String(text))
    }

    fn stored(&self, path: &str) -> Option<Value> {
        self.entries.stored.get(path).cloned()
    }

    fn secret(&self, path: &str) -> Option<Value> {
        self.entries.secrets.get(path).cloned()
    }

    fn condition(&self, _: &Name) -> Option<&Expression> {
        None
    }
}
