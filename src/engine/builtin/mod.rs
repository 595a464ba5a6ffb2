//! The embedded actions, one a file: from rendered properties to [`Work`](super::event::Work).
//! Nothing here acts.

mod approve;
mod call;
mod check_for;
mod choice;
mod context;
mod dispatch;
mod execute_api;
mod execute_http_request;
mod loop_action;
mod notify;
mod poll_policy;
mod product;
mod select_targets;
mod sleep;
mod template;
mod trigger;
mod wait_for;

pub(super) use call::needs_confirmation;
pub(super) use context::Context;
pub(super) use dispatch::work;
pub(super) use loop_action::LoopSource;
