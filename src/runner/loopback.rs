//! The OOS service as templates call it: executions and templates of this very installation
//! (language reference 5.6).

use std::collections::BTreeMap;

use serde_json::json;

use crate::action::ApiSpec;
use crate::base::call::{ApiCall, ApiError, CallFault, Recovery};
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value, text};
use crate::engine::event::{Request, Signal};
use crate::engine::status::{ExecutionStatus, LoopMode, Mode, SafetyCheck};
use crate::runner::handle::Runner;
use crate::runner::request::{StartRequest, TemplateRef};
use crate::runner::signal::SignalError;
use crate::store::view::{ExecutionFilter, ExecutionView};
use crate::store::{STARTER_TAG, StoreError};
use crate::template::source::TemplateSource as _;

/// The service's code.
const SERVICE: &str = "OOS";

/// What is served, and how a call is taken up again after a crash.
const APIS: &[(&str, Recovery)] = &[
    ("ListExecutions", Recovery::Idempotent),
    ("GetTemplate", Recovery::Idempotent),
    ("StartExecution", Recovery::Idempotent),
    ("CancelExecution", Recovery::Idempotent),
];

/// Most executions on one page.
const PAGE: usize = 100;

/// Returns what is known of an API of the service.
pub(super) fn api(service: &str, api: &str) -> Option<ApiSpec> {
    if !service.eq_ignore_ascii_case(SERVICE) {
        return None;
    }
    let (api, recovery) = APIS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(api))?;
    Some(ApiSpec {
        service: SERVICE.to_owned(),
        api: (*api).to_owned(),
        recovery: *recovery,
    })
}

/// Tells whether a call goes to the service.
pub(super) fn serves(call: &ApiCall) -> bool {
    api(&call.service, &call.api).is_some()
}

/// The execution that calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    /// Who started it: whoever goes on with it acts in that name.
    pub(super) user: &'a str,
    /// What it must not show.
    pub(super) secrets: &'a [Value],
}

/// Answers a call of an execution.
pub(super) async fn call(
    runner: &Runner,
    call: &ApiCall,
    caller: Caller<'_>,
) -> Result<Value, CallFault> {
    let parameters = Parameters(&call.parameters);
    if call.is(SERVICE, "ListExecutions") {
        list_executions(runner, &parameters).await
    } else if call.is(SERVICE, "GetTemplate") {
        get_template(runner, &parameters)
    } else if call.is(SERVICE, "StartExecution") {
        start_execution(runner, &parameters, &call.client_token, caller).await
    } else {
        cancel_execution(runner, &parameters, caller).await
    }
}

/// Parameters by name, ignoring case.
struct Parameters<'a>(&'a Map);

impl Parameters<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        let found = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(found.1).filter(|value| **value != Value::String(String::new()))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(text)
    }

    fn id(&self, name: &str) -> Result<Option<ExecutionId>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let invalid = |_| ApiError::new("EntityNotExists.Execution", no_execution(&text));
        text.parse().map(Some).map_err(invalid)
    }

    fn required(&self, name: &str) -> Result<String, ApiError> {
        self.text(name).ok_or_else(|| {
            ApiError::new("MissingParameter", format!("parameter `{name}` is missing"))
        })
    }

    /// Returns a map that may be given as JSON text.
    fn map(&self, name: &str) -> Result<Map, ApiError> {
        let wrong = || {
            ApiError::new(
                "InvalidParameter",
                format!("parameter `{name}` is not a map"),
            )
        };
        match self.value(name) {
            None => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }
}

fn no_execution(id: &str) -> String {
    format!("there is no execution `{id}`")
}

fn store_failed(error: &StoreError) -> CallFault {
    CallFault::Unreachable {
        reason: error.to_string(),
    }
}

async fn list_executions(runner: &Runner, parameters: &Parameters<'_>) -> Result<Value, CallFault> {
    let status = parameters.text("Status");
    let statuses = match &status {
        None => Vec::new(),
        Some(word) => vec![status_of(word).ok_or_else(|| {
            ApiError::new("InvalidParameter", format!("`{word}` is not a status"))
        })?],
    };
    if let Some(id) = parameters.id("ExecutionId")? {
        let view = runner.store().execution(&id).await;
        let view = view.map_err(|error| store_failed(&error))?;
        let found = view.filter(|view| statuses.is_empty() || statuses.contains(&view.status));
        return Ok(listing(&found.into_iter().collect::<Vec<_>>(), None));
    }
    let tags = parameters.map("Tags")?;
    let filter = ExecutionFilter {
        template_name: parameters.text("TemplateName"),
        statuses,
        executed_by: parameters.text("ExecutedBy"),
        parent: parameters.id("ParentExecutionId")?,
        include_children: parameters
            .text("IncludeChildExecution")
            .is_some_and(|yes| yes == "true"),
        tags: tags
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
        after: parameters.id("NextToken")?,
        limit: PAGE,
        ..ExecutionFilter::default()
    };
    let views = runner
        .store()
        .executions(&filter)
        .await
        .map_err(|error| store_failed(&error))?;
    let next = views.last().filter(|_| views.len() == PAGE);
    Ok(listing(&views, next.map(|view| &view.execution_id)))
}

fn listing(views: &[ExecutionView], next: Option<&ExecutionId>) -> Value {
    json!({
        "Executions": views.iter().map(document).collect::<Vec<_>>(),
        "MaxResults": PAGE,
        "NextToken": next.map(ToString::to_string).unwrap_or_default(),
    })
}

fn status_of(word: &str) -> Option<ExecutionStatus> {
    serde_json::from_value(Value::String(word.to_owned())).ok()
}

fn document(view: &ExecutionView) -> Value {
    serde_json::to_value(view).expect("a view always serializes")
}

fn get_template(runner: &Runner, parameters: &Parameters<'_>) -> Result<Value, CallFault> {
    let name = parameters.required("TemplateName")?;
    let version = parameters.text("TemplateVersion");
    let found = runner
        .library()
        .find(&name, version.as_deref())
        .map_err(|error| CallFault::Unreachable {
            reason: error.to_string(),
        })?;
    let found = found.ok_or_else(|| {
        ApiError::new(
            "EntityNotExists.Template",
            format!("there is no template `{name}`"),
        )
    })?;
    Ok(json!({
        "Content": found.source.text(),
        "Template": {
            "TemplateName": found.name,
            "TemplateVersion": found.version,
            "Hash": Digest::of(found.source.text().as_bytes()).hex(),
        },
    }))
}

async fn start_execution(
    runner: &Runner,
    parameters: &Parameters<'_>,
    client_token: &str,
    caller: Caller<'_>,
) -> Result<Value, CallFault> {
    let token = parameters
        .text("ClientToken")
        .unwrap_or_else(|| client_token.to_owned());
    let filter = ExecutionFilter {
        tags: vec![(STARTER_TAG.to_owned(), token.clone())],
        limit: 1,
        ..ExecutionFilter::default()
    };
    let store = runner.store();
    let before = store
        .executions(&filter)
        .await
        .map_err(|error| store_failed(&error))?;
    if let Some(view) = before.first() {
        if !view.status.is_final() {
            runner.host(view.execution_id.clone());
        }
        return Ok(json!({ "Execution": document(view) }));
    }
    let request = start_request(parameters, token)?;
    if let TemplateRef::Text { text, .. } = &request.template
        && Redactor::new(caller.secrets).text(text) != *text
    {
        // It is kept for everybody, as every template is.
        let message = "`TemplateContent` holds a secret value; give it as a parameter";
        return Err(ApiError::new("InvalidParameter", message).into());
    }
    let refused =
        |error: &dyn std::fmt::Display| ApiError::new("InvalidParameter", error.to_string());
    let mut prepared = runner.prepare(request).map_err(|error| refused(&error))?;
    prepared.started.inherited_secrets = told(caller.secrets, parameters);
    caller.user.clone_into(&mut prepared.started.user);
    let id = runner
        .start(&prepared)
        .await
        .map_err(|error| refused(&error))?;
    let view = store
        .execution(&id)
        .await
        .map_err(|error| store_failed(&error))?;
    runner.host(id);
    Ok(json!({ "Execution": view.as_ref().map(document) }))
}

/// Returns those of `secrets` that an execution is told with its parameters.
fn told(secrets: &[Value], parameters: &Parameters<'_>) -> Vec<Value> {
    let all = Value::Object(parameters.0.clone());
    let is_told = |secret: &&Value| Redactor::new([*secret]).finds(&all);
    secrets.iter().filter(is_told).cloned().collect()
}

fn start_request(parameters: &Parameters<'_>, token: String) -> Result<StartRequest, ApiError> {
    let template = match parameters.text("TemplateContent") {
        Some(text) => TemplateRef::Text {
            name: "<inline>".to_owned(),
            text,
        },
        None => TemplateRef::Name {
            name: parameters.required("TemplateName")?,
            version: parameters.text("TemplateVersion"),
        },
    };
    let mut tags: BTreeMap<String, String> = parameters
        .map("Tags")?
        .iter()
        .map(|(key, value)| (key.clone(), text(value)))
        .collect();
    tags.insert(STARTER_TAG.to_owned(), token);
    Ok(StartRequest {
        timer: None,
        arguments: parameters.map("Parameters")?,
        mode: word::<Mode>(parameters, "Mode")?,
        loop_mode: word::<LoopMode>(parameters, "LoopMode")?,
        safety_check: word::<SafetyCheck>(parameters, "SafetyCheck")?,
        description: parameters.text("Description").unwrap_or_default(),
        tags,
        ..StartRequest::new(template)
    })
}

/// Reads one of the words of an enum; the default when not given.
fn word<T: Default + serde::de::DeserializeOwned>(
    parameters: &Parameters<'_>,
    name: &str,
) -> Result<T, ApiError> {
    let Some(value) = parameters.value(name) else {
        return Ok(T::default());
    };
    serde_json::from_value(value.clone()).map_err(|_| {
        ApiError::new(
            "InvalidParameter",
            format!("`{}` is no `{name}`", text(value)),
        )
    })
}

async fn cancel_execution(
    runner: &Runner,
    parameters: &Parameters<'_>,
    caller: Caller<'_>,
) -> Result<Value, CallFault> {
    let name = parameters.required("ExecutionId")?;
    let missing = || ApiError::new("EntityNotExists.Execution", no_execution(&name));
    let id: ExecutionId = name.parse().map_err(|_| missing())?;
    let signal = Signal {
        by: caller.user.to_owned(),
        note: String::new(),
        request: Request::Cancel,
        plan: None,
        number: None,
    };
    match runner.signal(&id, &signal).await {
        // Whoever works on it next finds the signal in its mailbox.
        Ok(()) | Err(SignalError::Nobody(_) | SignalError::Unanswered(_)) => Ok(json!({})),
        Err(SignalError::Refused(reason)) => {
            Err(ApiError::new("InvalidExecutionStatus", reason).into())
        }
        Err(SignalError::Runner(error)) => Err(CallFault::Unreachable {
            reason: error.to_string(),
        }),
    }
}
