//! `ACS::Approve`: sends a message, then waits for people (language reference 4.8).

use crate::base::value::text;
use crate::engine::builtin::context::Context;
use crate::engine::builtin::notify;
use crate::engine::builtin::number::whole;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let approvers: Vec<String> = context.list("Approvers").iter().map(text).collect();
    let required = match context.property("MinRequiredApprovals") {
        None => 1,
        Some(value) => whole(value).filter(|number| *number > 0).ok_or_else(|| {
            context.failure("`MinRequiredApprovals` must be a whole number from 1")
        })?,
    };
    if !approvers.is_empty() && approvers.len() < required as usize {
        return Err(context.failure(&format!(
            "{required} approvals are required, but only {} may approve",
            approvers.len()
        )));
    }
    Ok(Work::Approval {
        notice: notify::message(context)?,
        approvers,
        required,
    })
}
