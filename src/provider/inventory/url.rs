//! Inventories behind a URL.

use std::time::Duration;

use crate::base::call::CallFault;
use crate::provider::http::{Fetched, HttpLimits, HttpProvider};
use crate::provider::inventory::problem::Problem;
use crate::provider::inventory::tree::LARGEST;

/// The longest time for everything.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Tells whether a source is a URL.
pub(super) fn is_url(source: &str) -> bool {
    let scheme = source.split("://").next().unwrap_or_default();
    source.contains("://") && ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())
}

/// Stands for what a recorded URL had behind its question mark.
const CUT: &str = "?\u{2026}";

/// Returns a URL as it may be recorded: what stands behind a question mark may be a key.
pub(super) fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((place, _)) => format!("{place}{CUT}"),
        None => url.to_owned(),
    }
}

/// Tells whether a source is the record of a URL, and not the whole of it.
pub(super) fn is_cut(source: &str) -> bool {
    is_url(source) && source.ends_with(CUT)
}

/// Fetches what stands behind a URL.
pub(super) async fn fetch(url: &str) -> Result<Fetched, Problem> {
    let place = shown(url);
    if is_cut(url) {
        let why = "what stood behind the question mark may be secret and was not recorded";
        return Err(Problem::new(&place, why).hint("name it again with `--inventory`"));
    }
    let limits = HttpLimits {
        total: TIME_LIMIT,
        body: LARGEST,
        ..HttpLimits::default()
    };
    let client =
        HttpProvider::new(limits).map_err(|error| Problem::new(&place, error.to_string()))?;
    if place != url {
        return Err(Problem::new(
            &place,
            "a password in a URL is seen by everybody on this machine",
        )
        .hint("let a script fetch it, which reads the password where nobody else does"));
    }
    client.fetch(url).await.map_err(|fault| {
        let why = match fault {
            CallFault::Api(error) => error.message,
            other => other.to_string(),
        };
        Problem::new(&place, format!("cannot be fetched: {why}"))
    })
}

/// Returns a URL without the user and password in it.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match host.rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_not_shown() {
        assert_eq!(shown("https://a:b@x/y@z"), "https://x/y@z");
        assert_eq!(shown("https://x/y@z"), "https://x/y@z");
        assert!(is_url("HTTPS://x") && !is_url("ssh://x") && !is_url("x.yml"));
    }
}
