//! What every provider of instances must do, as one suite: for tests of each provider.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::base::call::ApiCall;
use crate::base::id::ExecutionId;
use crate::base::output::LogKey;
use crate::base::secret::Redactor;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::provider::CallContext;
use crate::provider::output::MemorySink;

/// Makes a context without an execution: output goes to `sink`.
pub fn context(sink: &Arc<MemorySink>, task: &str) -> CallContext {
    CallContext {
        now: Timestamp::UNIX_EPOCH,
        log: LogKey {
            execution: ExecutionId::new(Timestamp::UNIX_EPOCH, 0),
            task: task.to_owned(),
            item: None,
            attempt: 1,
        },
        sink: Arc::<MemorySink>::clone(sink),
        redactor: Redactor::default(),
        cancel: CancellationToken::new(),
        resumed: false,
        user: "tester".to_owned(),
    }
}

/// Makes a call; `parameters` is a map.
pub fn call(service: &str, api: &str, token: &str, parameters: &Value) -> ApiCall {
    ApiCall {
        service: service.to_owned(),
        api: api.to_owned(),
        region: String::new(),
        parameters: parameters.as_object().cloned().unwrap_or_else(Map::new),
        rest: None,
        role: None,
        client_token: token.to_owned(),
        auto_paging: true,
    }
}
