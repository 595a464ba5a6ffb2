//! A call as the API families read it: parameters by normalised name, in every spelling that
//! templates use (language reference 5.2).

use crate::base::call::{ApiCall, ApiError};
use crate::base::time::Timestamp;
use crate::base::value::{self, Value};
use crate::provider::CallContext;
use crate::provider::local::fault;
use crate::provider::local::tag::{self, TagFilter};

/// What does not count in the name of a parameter.
const MARKS: [char; 2] = ['.', '_'];

/// One call to the local cloud.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// The call.
    pub(super) call: &'a ApiCall,
    /// Where it comes from.
    pub(super) context: &'a CallContext,
}

impl<'a> Request<'a> {
    /// Returns the time.
    pub(super) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Returns the client token: the one of the template if it gives one.
    pub(super) fn token(&self) -> Result<String, ApiError> {
        let own = self.text("ClientToken")?;
        let token = own.unwrap_or_else(|| self.call.client_token.clone());
        // Ids and memory follow from the token: without one, all calls would be the same call.
        if token.is_empty() {
            return Err(fault::missing("ClientToken"));
        }
        Ok(token)
    }

    /// Returns the parameter `name`, also in singular or plural; empty texts count as not given.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        let exact = self.lookup(|key| is_same(key, name));
        exact.or_else(|| self.lookup(|key| is_same(singular(key), singular(name))))
    }

    fn lookup(&self, fits: impl Fn(&str) -> bool) -> Option<&'a Value> {
        let mut parameters = self.call.parameters.iter();
        parameters
            .find(|(key, value)| fits(key) && !is_absent(value))
            .map(|(_, value)| value)
    }

    /// Returns a text; numbers and booleans become text, a list of one counts as its element.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(list)) => match list.as_slice() {
                [] => Ok(None),
                [one] if !one.is_array() && !one.is_object() => Ok(Some(value::text(one))),
                _ => Err(fault::invalid(name, "expected one value, found a list")),
            },
            Some(Value::Object(_)) => Err(fault::invalid(name, "expected a text, found a map")),
            Some(scalar) => Ok(Some(value::text(scalar))),
        }
    }

    /// Returns a text that must be given.
    pub(super) fn required(&self, name: &str) -> Result<String, ApiError> {
        self.text(name)?.ok_or_else(|| fault::missing(name))
    }

    /// Returns a list of texts, or `None` if the parameter is not given: a list, JSON text of one,
    /// texts between commas, one text, or numbered parameters (`InstanceId1`).
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(given) = self.value(name) else {
            return Ok(self.numbered(name));
        };
        let parsed;
        let list = match given {
            Value::Array(list) => list,
            Value::String(text) if text.trim_start().starts_with('[') => {
                parsed = serde_json::from_str::<Vec<Value>>(text)
                    .map_err(|error| fault::invalid(name, &format!("it is not JSON: {error}")))?;
                &parsed
            }
            Value::String(text) => {
                let parts = text
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty());
                return Ok(Some(parts.map(str::to_owned).collect()));
            }
            Value::Object(_) => return Err(fault::invalid(name, "expected a list, found a map")),
            scalar => return Ok(Some(vec![value::text(scalar)])),
        };
        let mut texts = Vec::with_capacity(list.len());
        for element in list.iter().filter(|element| !is_absent(element)) {
            if element.is_array() || element.is_object() {
                return Err(fault::invalid(name, "expected a list of texts"));
            }
            texts.push(value::text(element));
        }
        Ok(Some(texts))
    }

    /// Returns a list of texts that must hold something.
    pub(super) fn required_list(&self, name: &str) -> Result<Vec<String>, ApiError> {
        self.list(name)?
            .filter(|list| !list.is_empty())
            .ok_or_else(|| fault::missing(name))
    }

    fn numbered(&self, name: &str) -> Option<Vec<String>> {
        let wanted = canonical(singular(name));
        let mut found: Vec<(u32, String)> = self
            .call
            .parameters
            .iter()
            .filter(|(_, value)| !is_absent(value))
            .filter_map(|(key, value)| {
                let key = canonical(key);
                let number = key.strip_prefix(&wanted)?.parse().ok()?;
                Some((number, value::text(value)))
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        (!found.is_empty()).then(|| found.into_iter().map(|(_, text)| text).collect())
    }

    /// Returns a boolean, or `None` if the parameter is not given.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        self.value(name)
            .map(|given| {
                value::truth(given).ok_or_else(|| {
                    fault::invalid(
                        name,
                        &format!("expected a boolean, found {}", value::kind(given)),
                    )
                })
            })
            .transpose()
    }

    /// Returns whether a flag is set.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.boolean(name)?.unwrap_or(false))
    }

    /// Returns a whole number, or `None` if the parameter is not given.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.text(name)?
            .map(|text| {
                text.trim().parse().map_err(|_| {
                    fault::invalid(name, &format!("expected a whole number, found `{text}`"))
                })
            })
            .transpose()
    }

    /// Returns tags or tag conditions; none if the parameter is not given.
    pub(super) fn tags(&self, name: &str) -> Result<Vec<TagFilter>, ApiError> {
        self.value(name)
            .map_or(Ok(Vec::new()), |given| tag::read(name, given))
    }

    /// Logs parameters that the API does not know; the vendor ignores them as well.
    pub(super) fn note_unknown(&self, known: &[&str]) {
        for key in self.call.parameters.keys() {
            let given = canonical(key);
            let plain = singular(given.trim_end_matches(|c: char| c.is_ascii_digit())).to_owned();
            let is_known = known
                .iter()
                .map(|name| canonical(name))
                .any(|name| name == given || singular(&name) == plain);
            if !is_known && !GENERAL.iter().any(|name| canonical(name) == given) {
                tracing::debug!(
                    api = self.call.display_name(),
                    parameter = key,
                    "parameter is ignored"
                );
            }
        }
    }
}

/// Parameters that every API takes.
const GENERAL: &[&str] = &[
    "RegionId",
    "ClientToken",
    "DryRun",
    "OwnerId",
    "OwnerAccount",
    "PageNumber",
    "PageSize",
    "NextToken",
    "MaxResults",
    "ResourceOwnerId",
    "ResourceOwnerAccount",
];

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Returns the letters of a parameter name, without case, dots and underscores.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| !MARKS.contains(c))
        .map(|c| c.to_ascii_lowercase())
}

fn canonical(name: &str) -> String {
    letters(name).collect()
}

fn is_same(left: &str, right: &str) -> bool {
    letters(left).eq(letters(right))
}

fn singular(name: &str) -> &str {
    let name = name.trim_end_matches(MARKS);
    name.strip_suffix(['s', 'S']).unwrap_or(name)
}
