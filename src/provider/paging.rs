//! All pages of a list operation as one answer (`AutoPaging`).

use serde_json::json;

use crate::base::call::{ACTION_SERVICE, ApiCall, ApiError, CallFault, HTTP_SERVICE};
use crate::base::value::{self, Map, Value};

/// The most pages of one answer: a service that never ends its list must not fill the memory.
const MAX_PAGES: u32 = 1000;

/// Operations that list begin with one of these.
const LISTING: &[&str] = &["Describe", "List", "Query", "Search", "Get"];

/// The answer so far.
#[derive(Debug)]
pub(super) struct Pages {
    merged: Value,
    last: Place,
    count: u32,
}

/// Where a page stands in the list.
#[derive(Debug, PartialEq)]
enum Place {
    /// Behind it comes the page with this token.
    Token(String),
    /// It is page `number` of `size` entries out of `total`.
    Number { number: u64, size: u64, total: u64 },
    /// It is the last, or it is no page.
    End,
}

impl Pages {
    /// Begins with the first answer.
    pub(super) fn begin(answer: Value) -> Self {
        let last = place(&answer);
        Self {
            merged: answer,
            last,
            count: 1,
        }
    }

    /// Returns the call for the page that is missing, or `None` if `call` wants no more or there
    /// is no more.
    pub(super) fn next_call(&self, call: &ApiCall) -> Result<Option<ApiCall>, CallFault> {
        if !wants_all(call) {
            return Ok(None);
        }
        let (name, value) = match &self.last {
            Place::End => return Ok(None),
            Place::Token(token) => ("NextToken", json!(token)),
            Place::Number {
                number,
                size,
                total,
            } => {
                if number.saturating_mul(*size) >= *total {
                    return Ok(None);
                }
                ("PageNumber", json!(number + 1))
            }
        };
        if self.count >= MAX_PAGES {
            let message = format!(
                "`{}` lists more than {MAX_PAGES} pages; ask for larger ones with PageSize, or set \
                 AutoPaging to false",
                call.display_name()
            );
            return Err(ApiError::new("TooManyPages", message).into());
        }
        let mut next = call.clone();
        next.parameters.insert(name.to_owned(), value);
        Ok(Some(next))
    }

    /// Adds a page.
    pub(super) fn add(&mut self, page: Value) {
        self.last = place(&page);
        self.count += 1;
        merge(&mut self.merged, page);
    }

    /// Returns everything as one answer.
    pub(super) fn into_answer(mut self) -> Value {
        if self.count > 1
            && let Some(token) = self.merged.get_mut("NextToken")
        {
            *token = json!("");
        }
        self.merged
    }
}

/// A call that names a page wants that page only.
fn wants_all(call: &ApiCall) -> bool {
    let names_page = call.parameters.keys().any(|key| {
        ["PageNumber", "NextToken", "Marker"]
            .iter()
            .any(|name| key.eq_ignore_ascii_case(name))
    });
    let is_listing = LISTING.iter().any(|word| {
        call.api
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    let is_pseudo = [ACTION_SERVICE, HTTP_SERVICE]
        .iter()
        .any(|service| call.service.eq_ignore_ascii_case(service));
    call.auto_paging && is_listing && !names_page && !is_pseudo && call.rest.is_none()
}

fn place(answer: &Value) -> Place {
    let number = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| answer.get(*name))
            .and_then(|found| value::text(found).parse().ok())
    };
    match answer.get("NextToken").and_then(Value::as_str) {
        Some(token) if !token.is_empty() => return Place::Token(token.to_owned()),
        _ => {}
    }
    match (
        number(&["PageNumber"]),
        number(&["PageSize"]),
        number(&["TotalCount", "TotalRecordCount"]),
    ) {
        (Some(number), Some(size), Some(total)) if size > 0 => Place::Number {
            number,
            size,
            total,
        },
        _ => Place::End,
    }
}

/// Appends the lists of `page` to those of `merged`; everything else keeps what it was first.
fn merge(merged: &mut Value, page: Value) {
    match (merged, page) {
        (Value::Array(list), Value::Array(more)) => list.extend(more),
        (Value::Object(map), Value::Object(more)) => merge_maps(map, more),
        _ => {}
    }
}

fn merge_maps(map: &mut Map, more: Map) {
    for (key, value) in more {
        match map.get_mut(&key) {
            Some(present) => merge(present, value),
            None => drop(map.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(api: &str, parameters: &Value) -> ApiCall {
        serde_json::from_value(json!({
            "service": "ECS", "api": api, "region": "r", "parameters": parameters,
            "client_token": "t",
        }))
        .unwrap()
    }

    fn page(number: u64, names: &[&str]) -> Value {
        json!({"PageNumber": number, "PageSize": 2, "TotalCount": 3, "L": {"E": names}})
    }

    #[test]
    fn numbered_pages_are_merged() {
        let call = call("DescribeThings", &json!({}));
        let mut pages = Pages::begin(page(1, &["a", "b"]));
        let next = pages.next_call(&call).unwrap().unwrap();
        assert_eq!(next.parameters["PageNumber"], json!(2));
        pages.add(page(2, &["c"]));
        assert_eq!(pages.next_call(&call).unwrap(), None);
        assert_eq!(pages.into_answer()["L"]["E"], json!(["a", "b", "c"]));
    }

    #[test]
    fn token_pages_are_merged() {
        let call = call("ListThings", &json!({"MaxResults": 1}));
        let mut pages = Pages::begin(json!({"NextToken": "x", "L": ["a"]}));
        let next = pages.next_call(&call).unwrap().unwrap();
        assert_eq!(next.parameters["NextToken"], json!("x"));
        pages.add(json!({"NextToken": "", "L": ["b"]}));
        assert_eq!(pages.next_call(&call).unwrap(), None);
        assert_eq!(
            pages.into_answer(),
            json!({"NextToken": "", "L": ["a", "b"]})
        );
    }

    #[test]
    fn calls_that_name_a_page_or_change_something_get_one_answer() {
        let first = page(1, &["a", "b"]);
        for call in [
            call("DescribeThings", &json!({"pageNumber": 1})),
            call("DeleteThings", &json!({})),
            ApiCall {
                auto_paging: false,
                ..call("DescribeThings", &json!({}))
            },
        ] {
            assert_eq!(Pages::begin(first.clone()).next_call(&call).unwrap(), None);
        }
    }

    #[test]
    fn a_list_without_end_is_an_error() {
        let call = call("ListThings", &json!({}));
        let mut pages = Pages::begin(json!({"NextToken": "x"}));
        for _ in 1..MAX_PAGES {
            pages.add(json!({"NextToken": "x"}));
        }
        assert!(pages.next_call(&call).is_err());
    }
}
