//! Calls of service APIs, as `ACS::ExecuteAPI` speaks: service, API and parameters in, JSON out.

use serde::{Deserialize, Serialize};

use crate::base::value::{Map, Value};

/// The pseudo service of things that are no API of a product: native product actions
/// (`api` is the action, `ACS::ECS::RunCommand`) and `ACS::SelectTargets`.
pub const ACTION_SERVICE: &str = "ACS";

/// The native product actions that run a command on one instance, named by `instanceId`.
pub const COMMAND_ACTIONS: [&str; 2] = ["ACS::ECS::RunCommand", "ACS::ECS::InvokeCommand"];

/// The pseudo service of plain HTTP requests; `api` is the method, the parameters are `URL`,
/// `Headers`, `Query` and `Body`.
pub const HTTP_SERVICE: &str = "HTTP";

/// One call, rendered: nothing in it is evaluated again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ApiCall {
    /// The product code; any case (`ECS`, `ecs`).
    pub service: String,
    /// The operation; any case.
    pub api: String,
    /// The region that the call goes to.
    pub region: String,
    /// Parameters by normalised name; holds no `null`.
    #[serde(default)]
    pub parameters: Map,
    /// Method, path, headers and body of a resource-oriented call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// The role to assume; `None` is the identity of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Makes a repeated call the same call, where the API knows client tokens.
    pub client_token: String,
    /// Whether list operations return all pages merged.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub auto_paging: bool,
}

fn yes() -> bool {
    true
}

impl ApiCall {
    /// Tells whether this calls `api` of `service`, ignoring case.
    pub fn is(&self, service: &str, api: &str) -> bool {
        self.service.eq_ignore_ascii_case(service) && self.api.eq_ignore_ascii_case(api)
    }

    /// Returns `Service.Api` as messages show it.
    pub fn display_name(&self) -> String {
        if self.service == ACTION_SERVICE {
            self.api.clone()
        } else {
            format!("{}.{}", self.service, self.api)
        }
    }
}

/// The extra parts of a resource-oriented call (language reference 5.4).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Rest {
    /// The HTTP method.
    pub method: String,
    /// The path, with its query.
    pub uri: String,
    /// Header names and values.
    #[serde(default)]
    pub headers: Map,
    /// The body: a map is sent as JSON, text as it is.
    #[serde(default)]
    pub body: Value,
}

/// An error that a service answered: data for `WaitFor` and `CheckFor`, a failure elsewhere.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The vendor's error code, such as `InvalidInstanceId.NotFound`.
    pub code: String,
    /// The message in words.
    pub message: String,
    /// The id of the request, if the service gave one.
    #[serde(default)]
    pub request_id: String,
}

impl ApiError {
    /// Makes an error without a request id.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            request_id: String::new(),
        }
    }

    /// Returns the error as the document that selectors see (language reference 4.2).
    pub fn document(&self) -> Value {
        serde_json::json!({
            "Code": self.code, "Message": self.message, "RequestId": self.request_id,
        })
    }
}

/// How a call came to nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
pub enum CallFault {
    /// The service answered with an error.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No answer, and certainly nothing happened: safe to try again.
    #[error("no answer: {reason}")]
    Unreachable {
        /// Why, in words.
        reason: String,
    },
    /// No answer, and the service may have acted: a person must look.
    #[error("outcome unknown: {reason}")]
    Unknown {
        /// Why, in words.
        reason: String,
    },
    /// The store could not take what the call had to record. Never an answer: what the call has
    /// done is found again by whoever makes it again.
    #[error("{reason}")]
    Storage {
        /// Why, in words.
        reason: String,
    },
    /// The call was cancelled and what it had started has been ended.
    #[error("cancelled: {report}")]
    Cancelled {
        /// What was ended and what survived, in words.
        report: String,
    },
}

/// What may be done about a call that was under way when the process died.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Recovery {
    /// Call again with the same client token.
    Idempotent,
    /// Ask by the handle recorded before the call went out; never start again.
    Resumable,
    /// A person decides: `RetryTask`, `SkipTask` or `CancelTask`.
    Manual,
}
