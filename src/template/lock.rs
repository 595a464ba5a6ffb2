//! `Lock` of a task: what it must have to itself while it runs. An extension.

use crate::base::value::{Map, Value, text};
use crate::template::number::{Amount, whole};

/// The keys of a lock that is written as a map.
pub const KEYS: [&str; 4] = ["Names", "Group", "MaxInChange", "Of"];

/// A lock as a template asks for it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LockSetting {
    /// The names, in order, each once; those that are empty are left out.
    pub names: Vec<String>,
    /// The group that is changed, and how much of it may be in change at once.
    pub group: Option<(String, Amount)>,
    /// How many there are of the group; that of the loop's items if it is not given.
    pub of: Option<u32>,
}

impl LockSetting {
    /// Reads a name, a list of names, or a map of [`KEYS`].
    ///
    /// Fails with the reason in words.
    pub fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(map) = value else {
            let names = names(value)?;
            return Ok(Self {
                names,
                ..Self::default()
            });
        };
        if let Some(key) = map.keys().find(|key| !is_known(key)) {
            return Err(format!(
                "`Lock` has nothing called `{key}`: it takes {}",
                KEYS.join(", ")
            ));
        }
        let part = |name: &str| part(map, name);
        let limit = part("MaxInChange").map(|value| {
            let amount = Amount::read(value);
            amount.ok_or_else(|| {
                format!("`Lock.MaxInChange` is a number or a percentage, not `{value}`")
            })
        });
        let group = part("Group").map(text).filter(|group| !group.is_empty());
        let group = match (group, limit.transpose()?) {
            (Some(group), Some(limit)) => Some((group, limit)),
            (None, None) => None,
            (Some(_), None) => return Err("`Lock.Group` needs `MaxInChange`".to_owned()),
            (None, Some(_)) => return Err("`Lock.MaxInChange` needs `Group`".to_owned()),
        };
        let of = match part("Of") {
            None => None,
            Some(Value::Array(list)) => Some(u32::try_from(list.len()).unwrap_or(u32::MAX)),
            Some(value) => Some(
                whole(value)
                    .ok_or_else(|| format!("`Lock.Of` is a number or a list, not `{value}`"))?,
            ),
        };
        Ok(Self {
            names: part("Names").map_or_else(|| Ok(Vec::new()), names)?,
            group,
            of,
        })
    }
}

fn is_known(key: &str) -> bool {
    KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn part<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    let mut found = map.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    found
        .next()
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

/// Reads names; in order, so that whoever looks at them sees the same.
fn names(value: &Value) -> Result<Vec<String>, String> {
    let mut names = match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(name).collect::<Result<Vec<_>, _>>()?,
        single => vec![name(single)?],
    };
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn name(value: &Value) -> Result<String, String> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(text(value)),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => {
            Err(format!("the name of a lock is a text, not `{value}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn locks_are_a_name_some_names_or_a_map() {
        #[track_caller]
        fn case(value: &Value, names: &[&str], group: Option<(&str, Amount)>, of: Option<u32>) {
            let group = group.map(|(group, limit)| (group.to_owned(), limit));
            let names = names.iter().map(ToString::to_string).collect();
            assert_eq!(
                LockSetting::read(value),
                Ok(LockSetting { names, group, of }),
                "{value}"
            );
        }
        case(&json!("web1"), &["web1"], None, None);
        case(&json!(["b", "a", "b", 7, ""]), &["7", "a", "b"], None, None);
        case(&json!(null), &[], None, None);
        let capped = json!({"names": "a", "Group": "web", "MaxInChange": "10%", "Of": [1, 2]});
        case(
            &capped,
            &["a"],
            Some(("web", Amount::Percent(10.0))),
            Some(2),
        );
        let only_cap = json!({"Group": "web", "MaxInChange": 3, "Of": 40});
        case(&only_cap, &[], Some(("web", Amount::Count(3))), Some(40));
    }

    #[test]
    fn what_is_no_lock_is_refused_in_words() {
        #[track_caller]
        fn case(value: &Value, reason: &str) {
            assert_eq!(LockSetting::read(value), Err(reason.to_owned()));
        }
        case(&json!([[1]]), "the name of a lock is a text, not `[1]`");
        case(&json!({"Group": "web"}), "`Lock.Group` needs `MaxInChange`");
        case(
            &json!({"MaxInChange": 1}),
            "`Lock.MaxInChange` needs `Group`",
        );
        case(
            &json!({"Group": "web", "MaxInChange": "few"}),
            "`Lock.MaxInChange` is a number or a percentage, not `\"few\"`",
        );
        case(
            &json!({"Name": "a"}),
            "`Lock` has nothing called `Name`: it takes Names, Group, MaxInChange, Of",
        );
    }
}
