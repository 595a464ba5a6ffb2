//! Which earlier execution one is compared with when nobody says.

use crate::store::view::{ExecutionFilter, ExecutionView};
use crate::store::{Store, StoreError};

/// How far back is looked for an execution with the same parameters.
const LOOK_BACK: usize = 100;

/// Returns the execution before this one that ran the same template with the same parameters; where
/// there is none, the one before that ran the same template. Only executions that have ended count.
pub async fn predecessor(
    store: &dyn Store,
    execution: &ExecutionView,
) -> Result<Option<ExecutionView>, StoreError> {
    let filter = ExecutionFilter {
        template_name: Some(execution.template_name.clone()),
        after: Some(execution.execution_id.clone()),
        limit: LOOK_BACK,
        ..ExecutionFilter::default()
    };
    let mut earlier = store.executions(&filter).await?;
    earlier.retain(|view| view.status.is_final());
    let same = earlier
        .iter()
        .position(|view| view.parameters == execution.parameters);
    let place = same.unwrap_or_default();
    Ok((place < earlier.len()).then(|| earlier.swap_remove(place)))
}
