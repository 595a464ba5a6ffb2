//! Pages of lists, and the frame that answers stand in.

use serde_json::json;

use crate::base::call::ApiError;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::provider::local::fault;
use crate::provider::local::request::Request;

/// Entries on a page when the call does not say, as at the vendor.
const DEFAULT_SIZE: usize = 10;

/// The largest page that a call may ask for.
const MAX_SIZE: usize = 100;

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// The entries on it.
    pub(super) items: Vec<T>,
    total: usize,
    number: usize,
    size: usize,
    next: String,
}

impl<T> Page<T> {
    /// Cuts the page out of `items` that `request` asks for; a call that wants all pages merged and
    /// names none gets everything at once.
    pub(super) fn of(request: &Request<'_>, items: Vec<T>) -> Result<Self, ApiError> {
        let total = items.len();
        let token = request.text("NextToken")?;
        let results = size(request, "MaxResults")?;
        let number = request.number("PageNumber")?;
        let page_size = size(request, "PageSize")?;
        if let (true, None, None) = (request.call.auto_paging, &token, number) {
            return Ok(Self {
                items,
                total,
                number: 1,
                size: total,
                next: String::new(),
            });
        }
        if token.is_some() || results.is_some() {
            let size = results.unwrap_or(DEFAULT_SIZE);
            let start = token.map_or(Ok(0_usize), |token| {
                token
                    .strip_prefix("from-")
                    .and_then(|number| number.parse().ok())
                    .ok_or_else(|| fault::invalid("NextToken", "it is not one of this service"))
            })?;
            let end = start.saturating_add(size);
            let next = if end < total {
                format!("from-{end}")
            } else {
                String::new()
            };
            let items = items.into_iter().skip(start).take(size).collect();
            return Ok(Self {
                items,
                total,
                number: 1,
                size,
                next,
            });
        }
        let number = usize::try_from(number.unwrap_or(1))
            .unwrap_or(usize::MAX)
            .max(1);
        let size = page_size.unwrap_or(DEFAULT_SIZE);
        let items = items
            .into_iter()
            .skip((number - 1).saturating_mul(size))
            .take(size)
            .collect();
        Ok(Self {
            items,
            total,
            number,
            size,
            next: String::new(),
        })
    }

    /// Returns the answer that holds `entries` as `container.element`.
    pub(super) fn answer(&self, container: &str, element: &str, entries: Vec<Value>) -> Map {
        let mut list = Map::new();
        list.insert(element.to_owned(), Value::Array(entries));
        self.frame(container, Value::Object(list))
    }

    /// Returns the answer that holds `content` as `container`.
    pub(super) fn frame(&self, container: &str, content: Value) -> Map {
        let mut frame = object(json!({
            "TotalCount": self.total,
            "PageNumber": self.number,
            "PageSize": self.size,
            "NextToken": self.next,
        }));
        frame.insert(container.to_owned(), content);
        frame
    }
}

fn size(request: &Request<'_>, name: &str) -> Result<Option<usize>, ApiError> {
    match request.number(name)? {
        None => Ok(None),
        Some(number) => match usize::try_from(number) {
            Ok(size @ 1..=MAX_SIZE) => Ok(Some(size)),
            _ => Err(fault::invalid(
                name,
                &format!("expected 1 to {MAX_SIZE}, found {number}"),
            )),
        },
    }
}

/// Returns the map that a `json!` object literal is.
pub(super) fn object(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        other => unreachable!("an answer is written as a map, not as {other}"),
    }
}

/// Returns a time as describe records show it: minutes.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// Tells whether `text` fits a name pattern: `*` stands for anything, all else for itself.
pub(super) fn name_fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let (last, middle) = parts
        .split_last()
        .expect("a pattern with a star has two parts");
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        #[track_caller]
        fn case(pattern: &str, text: &str, expected: bool) {
            assert_eq!(name_fits(pattern, text), expected, "{pattern} {text}");
        }
        case("web", "web", true);
        case("web", "web-1", false);
        case("web*", "web-1", true);
        case("*-1", "web-1", true);
        case("w*b*1", "web-1", true);
        case("w*1*b", "web-1", false);
        case("*", "", true);
        case("a*a", "a", false);
    }
}
