//! `ACS::WaitFor`: calls until the answer is as desired (language reference 4.2).

use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::builtin::poll_policy;
use crate::engine::event::{Failure, Work};

/// Polls after the first one, when the task does not say.
const RETRIES: u32 = 10;

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let call = call::from_properties(context)?;
    let policy = poll_policy::from_properties(context, RETRIES)?;
    Ok(Work::Poll { call, policy })
}
