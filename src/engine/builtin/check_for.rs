//! `ACS::CheckFor`: one call whose answer must be as desired (language reference 4.3).

use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::builtin::poll_policy;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let call = call::from_properties(context)?;
    // The task polls only if it asks for retries.
    let policy = poll_policy::from_properties(context, 0)?;
    Ok(Work::Poll { call, policy })
}
