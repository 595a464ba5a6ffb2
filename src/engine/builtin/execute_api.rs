//! `ACS::ExecuteAPI`: one call of a service (language reference 5).

use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let call = call::from_properties(context)?;
    Ok(Work::Call { call })
}
