//! The values that programs work on. Each list and map knows how large and how deep it is, shared
//! parts counted as often as they are mentioned, so that no program can build what cannot be
//! printed; and making one is paid for.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::budget::{self, Limit, MAX_DEPTH};
use super::number::Number;
use crate::base::value::Value;

/// An error of a program.
pub(super) type Error = jaq_core::Error<Item>;
/// An item or an error.
pub(super) type Result<T = Item> = std::result::Result<T, Error>;
/// The entries of a map in order.
pub(super) type Entries = IndexMap<Arc<str>, Item>;
/// The elements of a list, counted.
pub(super) type List = Counted<Vec<Item>>;

/// A JSON value.
#[derive(Clone, Debug, Default)]
pub(super) enum Item {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<String>),
    List(Arc<Counted<Vec<Self>>>),
    Map(Arc<Counted<Entries>>),
}

/// A collection with its size and depth.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted<T> {
    pub(super) content: T,
    /// Units of about 16 bytes, at least what it would take if nothing were shared.
    pub(super) size: u64,
    /// At least the depth.
    pub(super) depth: u32,
}

impl<T> Counted<T> {
    /// Counts an element in, if limits permit.
    pub(super) fn count(&mut self, element: &Item) -> bool {
        self.size = self.size.saturating_add(element.size());
        self.depth = self.depth.max(element.depth() + 1);
        let limit = match () {
            () if self.size > budget::max_size() => Limit::Size,
            () if self.depth > MAX_DEPTH => Limit::Depth,
            () => return true,
        };
        budget::exceed(limit);
        false
    }
}

impl Item {
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if budget::pay_for(text.len()) && text.len() as u64 / 16 <= budget::max_size() {
            return Self::Text(Arc::new(text));
        }
        budget::exceed(Limit::Size);
        Self::Null
    }

    /// Makes a list; one that is too large is cut off, and the evaluation fails.
    pub(super) fn list(elements: impl IntoIterator<Item = Self>) -> Self {
        let mut list = Counted::<Vec<Self>>::default();
        for element in elements {
            if !budget::pay(1) || !list.count(&element) {
                break;
            }
            list.content.push(element);
        }
        Self::List(Arc::new(list))
    }

    /// Makes a map; one that is too large is cut off, and the evaluation fails.
    pub(super) fn map(entries: impl IntoIterator<Item = (Arc<str>, Self)>) -> Self {
        let mut map = Counted::<Entries>::default();
        for (key, value) in entries {
            if !budget::pay(2) || !map.count(&value) {
                break;
            }
            map.content.insert(key, value);
        }
        Self::Map(Arc::new(map))
    }

    pub(super) fn whole(number: usize) -> Self {
        Self::Number(Number::Whole(i128::try_from(number).unwrap_or(i128::MAX)))
    }

    /// Reads a JSON value; `None` if it is too deep or too large.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let item = match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => Self::Number(Number::from_json(number)),
            Value::String(text) => Self::Text(Arc::new(text.clone())),
            Value::Array(elements) => {
                let mut list = Counted::default();
                list.content = elements
                    .iter()
                    .map(|element| {
                        let item = Self::from_json(element)?;
                        list.count(&item).then_some(item)
                    })
                    .collect::<Option<_>>()?;
                Self::List(Arc::new(list))
            }
            Value::Object(entries) => {
                let mut map = Counted::default();
                map.content = entries
                    .iter()
                    .map(|(key, value)| {
                        let item = Self::from_json(value)?;
                        map.count(&item).then(|| (key.as_str().into(), item))
                    })
                    .collect::<Option<_>>()?;
                Self::Map(Arc::new(map))
            }
        };
        Some(item)
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Number(number) => number.to_json(),
            Self::Text(text) => Value::String(text.to_string()),
            Self::List(list) => list.content.iter().map(Self::to_json).collect(),
            Self::Map(map) => map
                .content
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_json()))
                .collect(),
        }
    }

    /// Units of about 16 bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => 1,
            Self::Text(text) => 1 + text.len() as u64 / 16,
            Self::List(list) => 1 + list.size,
            Self::Map(map) => 1 + map.size + 2 * map.content.len() as u64,
        }
    }

    pub(super) fn depth(&self) -> u32 {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => 0,
            Self::List(list) => list.depth,
            Self::Map(map) => map.depth,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text, or an error that says what this is instead.
    pub(super) fn expect_text(&self) -> Result<&str> {
        self.as_text()
            .ok_or_else(|| Error::typ(self.clone(), "string"))
    }

    /// Takes the elements out of a list, or says what this is instead.
    pub(super) fn into_elements(self) -> Result<Vec<Self>> {
        match self {
            Self::List(list) => Ok(content(list)),
            other => Err(Error::typ(other, "array")),
        }
    }
}

/// Takes the content out, copying it only if it is shared.
pub(super) fn content<T: Clone + Length>(shared: Arc<Counted<T>>) -> T {
    Arc::try_unwrap(shared).map_or_else(
        |shared| {
            budget::pay_for(shared.content.length());
            shared.content.clone()
        },
        |own| own.content,
    )
}

/// How much a copy costs.
pub(super) trait Length {
    /// Returns the number of elements.
    fn length(&self) -> usize;
}

impl Length for Vec<Item> {
    fn length(&self) -> usize {
        self.len()
    }
}

impl Length for Entries {
    fn length(&self) -> usize {
        self.len()
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        budget::pay(self.size());
        write!(f, "{}", self.to_json())
    }
}
