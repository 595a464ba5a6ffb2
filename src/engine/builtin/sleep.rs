//! `ACS::Sleep`.

use std::time::Duration;

use crate::base::duration::duration;
use crate::base::time::Timestamp;
use crate::engine::builtin::context::Context;
use crate::engine::event::{Failure, Work};

/// The shortest sleep.
const SHORTEST: Duration = Duration::from_secs(1);

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let text = context.required_text("Duration")?;
    let length = duration(&text).ok_or_else(|| {
        context.failure(&format!(
            "`{text}` is not a duration such as `PT30M` or `90s`"
        ))
    })?;
    let until = context
        .scope
        .now
        .checked_add(length.max(SHORTEST))
        .unwrap_or(Timestamp::MAX);
    Ok(Work::Sleep { until })
}
