//! Plain HTTP requests: web hooks and `ACS::ExecuteHttpRequest`.
//!
//! Addresses that machines of clouds find their credentials at are refused, also behind a name and
//! behind a redirect. Certificates are always checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url, redirect};
use serde_json::json;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ApiCall, ApiError, CallFault, HTTP_SERVICE, Recovery};
use crate::base::value::{self, Map, Value};
use crate::provider::{CallContext, Provider, registry};

/// Methods that are served. Those that may be repeated without a second effect come first.
const METHODS: &[(&str, Recovery)] = &[
    ("GET", Recovery::Idempotent),
    ("HEAD", Recovery::Idempotent),
    ("OPTIONS", Recovery::Idempotent),
    ("PUT", Recovery::Idempotent),
    ("DELETE", Recovery::Idempotent),
    ("POST", Recovery::Manual),
    ("PATCH", Recovery::Manual),
];

/// How much of a refusal's body a message shows.
const SHOWN_BODY: usize = 300;

/// Bounds of a request.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// The longest time for connecting.
    pub connect: Duration,
    /// The longest time for everything.
    pub total: Duration,
    /// The largest answer, in bytes.
    pub body: usize,
    /// The most redirects that are followed.
    pub redirects: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_mins(1),
            body: 4 << 20,
            redirects: 5,
        }
    }
}

/// Makes HTTP requests.
#[derive(Clone, Debug)]
pub struct HttpProvider {
    client: Client,
    limits: HttpLimits,
}

/// What stands behind a URL.
#[derive(Debug)]
pub(in crate::provider) struct Fetched {
    /// Its media type, as the server says.
    pub(in crate::provider) media_type: Option<String>,
    /// Its text.
    pub(in crate::provider) text: String,
}

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up: {reason}")]
pub struct HttpSetupError {
    /// Why, in words.
    pub reason: String,
}

impl HttpProvider {
    /// Makes a client with `limits`.
    pub fn new(limits: HttpLimits) -> Result<Self, HttpSetupError> {
        // An error says that the process has a provider already, which serves as well.
        if rustls::crypto::ring::default_provider()
            .install_default()
            .is_err()
        {
            tracing::trace!("cryptography is set up already");
        }
        let client = Client::builder()
            .user_agent(concat!("oos/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .dns_resolver(GuardedResolver)
            .redirect(redirects(limits.redirects))
            .build();
        let client = client.map_err(|error| HttpSetupError {
            reason: chain(&error),
        })?;
        Ok(Self { client, limits })
    }

    async fn send(&self, call: &ApiCall) -> Result<Value, CallFault> {
        let (method, recovery) = method(&call.api)
            .ok_or_else(|| registry::unsupported(call, "the HTTP client", &self.apis()))?;
        let url = url(&call.parameters)?;
        let mut request = self
            .client
            .request(method, url)
            .headers(headers(parameter(&call.parameters, "Headers"))?);
        match parameter(&call.parameters, "Body") {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => request = request.body(text.clone()),
            Some(other) => request = request.json(other),
        }
        let response = request
            .send()
            .await
            .map_err(|error| fault(&error, recovery))?;
        self.read(response, recovery).await
    }

    /// Fetches the text behind a URL.
    pub(in crate::provider) async fn fetch(&self, url: &str) -> Result<Fetched, CallFault> {
        let mut parameters = Map::new();
        parameters.insert("URL".to_owned(), url.into());
        let request = self.client.get(self::url(&parameters)?);
        let response = request.send().await;
        let response = response.map_err(|error| fault(&error, Recovery::Idempotent))?;
        let media_type = response.headers().get(reqwest::header::CONTENT_TYPE);
        let media_type = media_type.and_then(|text| text.to_str().ok());
        Ok(Fetched {
            media_type: media_type.map(str::to_owned),
            text: self.body(response, Recovery::Idempotent).await?,
        })
    }

    async fn read(&self, response: Response, recovery: Recovery) -> Result<Value, CallFault> {
        let status = response.status();
        let mut headers = Map::new();
        for (name, text) in response.headers() {
            let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
            headers.insert(name.as_str().to_owned(), json!(text));
        }
        let text = self.body(response, recovery).await?;
        // A body that is not JSON is shown as text.
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(json!({"StatusCode": status.as_u16(), "Headers": headers, "Body": body}))
    }

    /// Returns the text of a good answer, if it is not too long.
    async fn body(&self, mut response: Response, recovery: Recovery) -> Result<String, CallFault> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| fault(&e, recovery))? {
            if body.len() + chunk.len() > self.limits.body {
                let message = format!("the answer is longer than {} bytes", self.limits.body);
                return Err(ApiError::new("ResponseTooLarge", message).into());
            }
            body.extend_from_slice(&chunk);
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        if !status.is_success() {
            let shown: String = text.trim().chars().take(SHOWN_BODY).collect();
            let message = format!("the server answered {status}: {shown}");
            return Err(ApiError::new(format!("HttpStatus.{}", status.as_u16()), message).into());
        }
        Ok(text)
    }
}

#[async_trait]
impl Provider for HttpProvider {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        self.apis().into_iter().find(|spec| {
            spec.service.eq_ignore_ascii_case(service) && spec.api.eq_ignore_ascii_case(api)
        })
    }

    fn apis(&self) -> Vec<ApiSpec> {
        let spec = |(method, recovery): &(&str, Recovery)| ApiSpec {
            service: HTTP_SERVICE.to_owned(),
            api: (*method).to_owned(),
            recovery: *recovery,
        };
        METHODS.iter().map(spec).collect()
    }

    fn actions(&self) -> Vec<ActionSpec> {
        Vec::new()
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        tokio::select! {
            answer = self.send(call) => answer,
            () = context.cancel.cancelled() => Err(CallFault::Cancelled {
                report: "the connection was closed; the server may have acted".to_owned(),
            }),
        }
    }
}

fn method(name: &str) -> Option<(Method, Recovery)> {
    let known = METHODS
        .iter()
        .find(|(method, _)| method.eq_ignore_ascii_case(name))?;
    let method = Method::from_bytes(known.0.as_bytes()).expect("the table holds methods");
    Some((method, known.1))
}

fn parameter<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn invalid(name: &str, why: &str) -> ApiError {
    let message = format!("the parameter `{name}` is not valid: {why}");
    ApiError::new("InvalidParameter", message)
}

fn url(parameters: &Map) -> Result<Url, ApiError> {
    let text = parameter(parameters, "URL")
        .map(value::text)
        .unwrap_or_default();
    let mut url = Url::parse(&text).map_err(|error| invalid("URL", &error.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(invalid("URL", "expected `http` or `https`"));
    }
    if is_forbidden_host(&url) {
        return Err(forbidden());
    }
    match parameter(parameters, "Query") {
        None | Some(Value::Null) => {}
        Some(Value::Object(query)) => {
            let mut pairs = url.query_pairs_mut();
            for (name, text) in query.iter().filter(|(_, text)| !text.is_null()) {
                pairs.append_pair(name, &value::text(text));
            }
        }
        Some(other) => {
            let why = format!("expected a map, found {}", value::kind(other));
            return Err(invalid("Query", &why));
        }
    }
    Ok(url)
}

fn headers(given: Option<&Value>) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    match given {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) => {
            for (name, text) in map {
                let header = HeaderName::from_bytes(name.as_bytes());
                let header = header
                    .map_err(|_| invalid("Headers", &format!("`{name}` is not a header name")))?;
                let mut text = HeaderValue::from_str(&value::text(text)).map_err(|_| {
                    invalid("Headers", &format!("the value of `{name}` cannot be sent"))
                })?;
                // Tokens travel in headers; this keeps them out of debug output.
                text.set_sensitive(true);
                headers.insert(header, text);
            }
        }
        Some(other) => {
            let why = format!("expected a map, found {}", value::kind(other));
            return Err(invalid("Headers", &why));
        }
    }
    Ok(headers)
}

/// What a request without an answer comes to: before the connection stood nothing happened, and
/// what may be repeated may be repeated; of the rest nobody knows.
fn fault(error: &reqwest::Error, recovery: Recovery) -> CallFault {
    let reason = chain(error);
    if error.is_redirect() {
        return ApiError::new("TooManyRedirects", reason).into();
    }
    if error.is_builder() {
        return invalid("URL", &reason).into();
    }
    if error.is_connect() || recovery == Recovery::Idempotent {
        CallFault::Unreachable { reason }
    } else {
        CallFault::Unknown { reason }
    }
}

/// Returns an error with its causes, without the address: that may hold a token.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = match error.source() {
        None => error.to_string(),
        Some(_) => "the request failed".to_owned(),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn redirects(limit: usize) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > limit {
            attempt.error(format!("more than {limit} redirects"))
        } else if is_forbidden_host(attempt.url()) {
            attempt.error("a redirect leads to an address where credentials are kept")
        } else {
            attempt.follow()
        }
    })
}

fn forbidden() -> ApiError {
    invalid(
        "URL",
        "the address is one where machines of clouds find credentials",
    )
}

fn is_forbidden_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().is_ok_and(is_forbidden)
}

/// Tells whether an address is link-local or one of the metadata services that are not.
fn is_forbidden(address: IpAddr) -> bool {
    /// The metadata service of the vendor.
    const ALIYUN: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    /// The metadata service of EC2 over IPv6.
    const EC2: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4 == ALIYUN,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_forbidden(IpAddr::V4(v4)),
            None => v6.is_unicast_link_local() || v6 == EC2,
        },
    }
}

/// Resolves names and drops forbidden addresses, so that a name cannot lead to one.
#[derive(Debug)]
struct GuardedResolver;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found
                .filter(|address| !is_forbidden(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(
                    format!("`{}` leads to no address that is allowed", name.as_str()).into(),
                );
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
