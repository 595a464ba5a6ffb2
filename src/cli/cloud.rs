//! Calls of the profile's APIs from the command line.

use serde_json::Value;

use crate::base::call::{ApiCall, CallFault};
use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::base::secret::Redactor;
use crate::base::value::Map;
use crate::cli::report::Failure;
use crate::cli::workshop::Workshop;
use crate::provider::CallContext;
use tokio_util::sync::CancellationToken;

/// Calls an API of the product `ECS` and returns its answer.
pub(super) fn call(workshop: &Workshop, api: &str, parameters: Map) -> Result<Value, Failure> {
    let runner = workshop.runner();
    let (now, chance) = (runner.clock().now(), runner.clock().chance());
    // Nothing that is called here writes output; the key only has to be one of its own.
    let execution = ExecutionId::new(now, chance);
    let call = ApiCall {
        service: "ECS".to_owned(),
        api: api.to_owned(),
        region: runner.identity().region.clone(),
        parameters,
        rest: None,
        role: None,
        client_token: execution.to_string(),
        auto_paging: true,
    };
    let context = CallContext {
        now,
        log: LogKey {
            execution,
            task: api.to_owned(),
            item: None,
            attempt: 1,
        },
        sink: workshop.sink(),
        redactor: Redactor::default(),
        cancel: CancellationToken::new(),
        resumed: false,
        user: runner.identity().user.clone(),
        reads: None,
    };
    workshop
        .wait(runner.provider().call(&call, &context))
        .map_err(refused)
}

/// Returns the failure that a call which came to nothing stands for.
pub(super) fn refused(fault: CallFault) -> Failure {
    match fault {
        CallFault::Api(error) => Failure::refused(error),
        fault => Failure::internal(fault),
    }
}

/// Returns the records of a listing: the list at `path` in an answer.
pub(super) fn records<'a>(answer: &'a Value, path: [&str; 2]) -> &'a [Value] {
    answer[path[0]][path[1]]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// Returns the text of a field; nothing if there is none.
pub(super) fn field<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap_or_default()
}
