//! Product actions: served by the provider, or a template of that name as a child (language
//! reference 4.16).

use crate::base::call::ACTION_SERVICE;
use crate::base::id::{ExecutionId, MAX_DEPTH};
use crate::engine::builtin::call;
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let action = context.task.action.value.as_str();
    let parameters = context.properties.clone();
    let native = &context.started().native;
    if native.iter().any(|name| name.eq_ignore_ascii_case(action)) {
        let call = call::new(context, ACTION_SERVICE, action, parameters);
        return Ok(Work::Call { call });
    }
    Ok(Work::Child {
        id: child(context)?,
        template: action.to_owned(),
        version: None,
        content: None,
        parameters,
        outer: None,
    })
}

/// Returns the id of the next child execution.
pub(super) fn child(context: &Context) -> Result<ExecutionId, Failure> {
    let id = &context.started().id;
    if id.depth() >= MAX_DEPTH {
        return Err(Failure::new(
            "TooDeep",
            format!("templates may call each other {MAX_DEPTH} levels deep, not deeper"),
        ));
    }
    Ok(id.child(context.scope.state.children + 1))
}
