//! A scope for what can be judged without running.

use crate::template::expr::{MapScope, Pseudo};

/// Returns a scope in which every pseudo-parameter is empty text and nothing else has a value.
pub(crate) fn stand_in() -> MapScope {
    Pseudo::ALL.iter().fold(MapScope::new(), |scope, pseudo| {
        scope.with_pseudo(*pseudo, "")
    })
}
