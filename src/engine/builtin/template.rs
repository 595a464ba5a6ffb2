//! `ACS::Template`: runs another template as a child (language reference 4.10).

use crate::engine::builtin::context::Context;
use crate::engine::builtin::product::child;
use crate::engine::event::{Failure, Work};

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let inline = context.text("TemplateContent");
    let template = match (context.text("TemplateName"), &inline) {
        (Some(name), _) => name,
        (None, Some(_)) => context.task.name.value.to_string(),
        (None, None) => {
            return Err(context.failure("`TemplateName` or `TemplateContent` is required"));
        }
    };
    Ok(Work::Child {
        id: child(context)?,
        template,
        version: context.text("TemplateVersion"),
        content: inline,
        parameters: context.map("Parameters")?,
        outer: None,
    })
}
