//! What goes: decided from what has ended, oldest first. Nothing is changed by it.

use std::time::Duration;

use crate::base::time::Timestamp;
use crate::runner::retention::Limits;
use crate::store::{EndPlace, EndedView, Part, RemovalCause, Store, StoreError};

/// Executions that are looked at at once, in a moment or two; others get a turn in between.
const PAGE: usize = 20;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Of what.
    pub part: Part,
    /// What is kept.
    pub limits: Limits,
    /// The time.
    pub now: Timestamp,
    /// What ended more recently is left alone, as who ran it may still look at it.
    pub settled: Duration,
    /// Only what ended behind this place.
    pub after: Option<EndPlace>,
    /// How many executions may go, at most.
    pub most: usize,
    /// Whether to find out how much room each takes, also where that decides nothing.
    pub measure: bool,
}

/// An execution that goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Going {
    /// Which.
    pub view: EndedView,
    /// Why.
    pub cause: RemovalCause,
    /// About how many bytes that gives back, if that was to be found out.
    pub bytes: Option<u64>,
}

/// What goes, and what would if nothing needed it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// In the order in which they go.
    pub going: Vec<Going>,
    /// With what keeps them.
    pub kept: Vec<EndedView>,
    /// Up to where all has been looked at.
    pub reached: Option<EndPlace>,
}

/// Decides what goes.
pub async fn plan(store: &dyn Store, question: &Question) -> Result<Plan, StoreError> {
    let Question { part, limits, .. } = *question;
    let mut plan = Plan {
        reached: question.after.clone(),
        ..Plan::default()
    };
    if limits.is_empty() {
        return Ok(plan);
    }
    let last = match limits.count {
        Some(count) => store.end_before_newest(count).await?,
        None => None,
    };
    let mut excess = excess(store, part, &limits).await?;
    loop {
        let page = store.ended(part, plan.reached.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        for view in page {
            let place = (view.end_date, view.execution_id.clone());
            let age = question.now.duration_since(place.0);
            let is_settled = Duration::try_from(age).unwrap_or_default() >= question.settled;
            let by_place = limits.cause(&place, last.as_ref(), question.now);
            let cause = by_place.or((excess > 0).then_some(RemovalCause::Bytes));
            let (true, Some(cause)) = (is_settled, cause) else {
                return Ok(plan);
            };
            plan.reached = Some(place);
            if view.kept.is_some() {
                plan.kept.push(view);
                continue;
            }
            let bytes = if question.measure || excess > 0 {
                Some(store.size(&view.execution_id, part).await?)
            } else {
                None
            };
            excess = excess.saturating_sub(bytes.unwrap_or_default());
            plan.going.push(Going { view, cause, bytes });
            if plan.going.len() >= question.most {
                return Ok(plan);
            }
        }
        if is_last {
            return Ok(plan);
        }
        tokio::task::yield_now().await;
    }
}

/// Returns how many bytes there are too many.
async fn excess(store: &dyn Store, part: Part, limits: &Limits) -> Result<u64, StoreError> {
    let Some(most) = limits.bytes else {
        return Ok(0);
    };
    let usage = store.usage().await?;
    let used = match part {
        Part::History => usage.history,
        Part::Logs => usage.logs,
    };
    Ok(used.saturating_sub(most))
}
