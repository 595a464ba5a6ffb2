//! `ACS::Choice`: the first condition that holds says where to go (language reference 4.4).

use crate::base::value::{Value, find, text};
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};
use crate::engine::render::is_true;
use crate::template::model::Jump;

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    for (place, choice) in context.list("Choices").into_iter().enumerate() {
        let Value::Object(choice) = choice else {
            return Err(context.failure(&format!("`Choices[{place}]` must be a map")));
        };
        let when = find(&choice, "When").cloned().unwrap_or_default();
        let path = format!("Choices[{place}].When");
        if is_true(context.task, &path, when, &context.scope)? {
            let target = find(&choice, "NextTask").map(text);
            let target = target.ok_or_else(|| {
                context.failure(&format!("`Choices[{place}].NextTask` is required"))
            })?;
            return Ok(Work::Choice {
                target: Jump::from_text(&target),
            });
        }
    }
    let target = Jump::from_text(&context.required_text("DefaultTask")?);
    Ok(Work::Choice { target })
}
