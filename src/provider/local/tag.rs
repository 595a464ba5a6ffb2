//! Tags of resources: how they are written, answered and matched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::call::ApiError;
use crate::base::value::{self, Map, Value};
use crate::provider::local::fault;

/// How many tags a resource carries at most, as at the vendor.
const MAX_TAGS: usize = 20;

/// The longest key and value, in characters.
const MAX_TEXT: usize = 128;

/// A tag condition: a key, and a value unless any will do.
pub(super) type TagFilter = (String, Option<String>);

/// Tags by key.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// Makes tags from the pairs of a request.
    pub(super) fn from_pairs(pairs: Vec<TagFilter>) -> Result<Self, ApiError> {
        let mut tags = Self::default();
        tags.add(pairs)?;
        Ok(tags)
    }

    /// Makes tags of what an inventory says; there may be any number of them.
    pub(super) fn of(tags: &BTreeMap<String, String>) -> Self {
        Self(tags.clone())
    }

    /// Adds tags; those with the same key are replaced.
    fn add(&mut self, pairs: Vec<TagFilter>) -> Result<(), ApiError> {
        for (key, value) in pairs {
            let value = value.unwrap_or_default();
            if key.is_empty() || key.chars().count() > MAX_TEXT {
                return Err(ApiError::new(
                    "InvalidTagKey.Malformed",
                    format!("the tag key `{key}` must have 1 to {MAX_TEXT} characters"),
                ));
            }
            if value.chars().count() > MAX_TEXT {
                return Err(ApiError::new(
                    "InvalidTagValue.Malformed",
                    format!("the value of the tag `{key}` has more than {MAX_TEXT} characters"),
                ));
            }
            self.0.insert(key, value);
        }
        if self.0.len() > MAX_TAGS {
            return Err(ApiError::new(
                "TagPerResourceQuotaExceed",
                format!("a resource carries at most {MAX_TAGS} tags"),
            ));
        }
        Ok(())
    }

    /// Leaves out those that `others` have with the same value.
    pub(super) fn drop_those_in(&mut self, others: &BTreeMap<String, String>) {
        self.0.retain(|key, value| others.get(key) != Some(value));
    }

    /// Tells whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns them by key.
    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Removes tags by key; all of them with `None`.
    fn remove(&mut self, keys: Option<&[String]>) {
        match keys {
            None => self.0.clear(),
            Some(keys) => self.0.retain(|key, _| !keys.contains(key)),
        }
    }

    /// Tells whether all `filters` hold.
    pub(super) fn match_all(&self, filters: &[TagFilter]) -> bool {
        filters.iter().all(|(key, value)| {
            self.0
                .get(key)
                .is_some_and(|have| value.as_ref().is_none_or(|want| want == have))
        })
    }

    /// Returns keys and values.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        self.0.clone().into_iter().collect()
    }

    /// Returns `{Tag: [{TagKey, TagValue}]}` as describe records show it.
    pub(super) fn answer(&self) -> Value {
        let list: Vec<Value> = self
            .0
            .iter()
            .map(|(key, value)| {
                json!({"TagKey": key, "TagValue": value, "Key": key, "Value": value})
            })
            .collect();
        json!({ "Tag": list })
    }
}

/// What is to become of the tags of a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TagChange {
    /// Adds some; those with the same key are replaced.
    Add(Vec<TagFilter>),
    /// Removes those with these keys; all of them with `None`.
    Remove(Option<Vec<String>>),
}

impl TagChange {
    /// Changes tags.
    pub(super) fn apply(&self, tags: &mut Tags) -> Result<(), ApiError> {
        match self {
            Self::Add(pairs) => tags.add(pairs.clone()),
            Self::Remove(keys) => {
                tags.remove(keys.as_deref());
                Ok(())
            }
        }
    }
}

/// Reads tags in every form that templates use: `[{Key, Value}]`, a map of values by key, a list of
/// such maps, or JSON text of these.
pub(super) fn read(name: &str, given: &Value) -> Result<Vec<TagFilter>, ApiError> {
    match given {
        Value::Null => Ok(Vec::new()),
        Value::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Value::String(text) => {
            let parsed: Value = serde_json::from_str(text)
                .map_err(|error| fault::invalid(name, &format!("it is not JSON: {error}")))?;
            match parsed {
                Value::Array(_) | Value::Object(_) => read(name, &parsed),
                other => Err(fault::invalid(name, &expected(&other))),
            }
        }
        Value::Array(list) => {
            let mut pairs = Vec::new();
            for entry in list {
                match entry {
                    Value::Object(map) => pairs.extend(read_map(name, map)?),
                    Value::Null => {}
                    other => return Err(fault::invalid(name, &expected(other))),
                }
            }
            Ok(pairs)
        }
        Value::Object(map) => read_map(name, map),
        other => Err(fault::invalid(name, &expected(other))),
    }
}

fn expected(found: &Value) -> String {
    format!(
        "expected a list of Key and Value, found {}",
        value::kind(found)
    )
}

fn read_map(name: &str, map: &Map) -> Result<Vec<TagFilter>, ApiError> {
    let field = |wanted: [&str; 2]| {
        map.iter()
            .find(|(key, _)| wanted.iter().any(|name| key.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value)
    };
    if let Some(key) = field(["Key", "TagKey"]) {
        let value = field(["Value", "TagValue"]).filter(|value| !value.is_null());
        return Ok(vec![(value::text(key), value.map(value::text))]);
    }
    map.iter()
        .map(|(key, value)| match value {
            Value::Array(_) | Value::Object(_) => Err(fault::invalid(name, &expected(value))),
            Value::Null => Ok((key.clone(), None)),
            other => Ok((key.clone(), Some(value::text(other)))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_in_every_form() {
        #[track_caller]
        fn case(given: &Value) {
            assert_eq!(
                read("Tags", given).unwrap(),
                [
                    ("a".to_owned(), Some("1".to_owned())),
                    ("b".to_owned(), None)
                ],
                "{given}"
            );
        }
        case(&json!([{"Key": "a", "Value": "1"}, {"Key": "b"}]));
        case(&json!([{"key": "a", "value": 1}, {"TagKey": "b", "TagValue": null}]));
        case(&json!({"a": "1", "b": null}));
        case(&json!([{"a": "1"}, {"b": null}]));
        case(&json!("[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\"}]"));
    }

    #[test]
    fn what_is_no_tag_is_refused_by_parameter_name() {
        for given in [
            json!("x"),
            json!(["a"]),
            json!(7),
            json!({"a": {"b": "c"}}),
            json!("7"),
        ] {
            let error = read("Tags", &given).unwrap_err();
            assert_eq!(error.code, "InvalidParameter");
            assert!(error.message.contains("`Tags`"), "{}", error.message);
        }
    }

    #[test]
    fn a_resource_takes_twenty_tags() {
        let pairs = |n: usize| (0..n).map(|i| (format!("k{i}"), None)).collect::<Vec<_>>();
        assert!(Tags::from_pairs(pairs(20)).is_ok());
        let error = Tags::from_pairs(pairs(21)).unwrap_err();
        assert_eq!(error.code, "TagPerResourceQuotaExceed");
    }
}
