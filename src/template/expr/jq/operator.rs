//! The operators of jq on items, and how items are made from Rust values.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use jaq_core::ops::Math;
use jaq_core::val::Range;

use super::budget::{self, Limit};
use super::item::{Entries, Error, Item, Result, content};
use super::number::Number;

/// Most repetitions of a text; more than any limit on its size allows.
const MAX_REPEAT: f64 = 1e7;

impl Add for Item {
    type Output = Result;

    fn add(self, other: Self) -> Result {
        match (self, other) {
            (Self::Null, item) | (item, Self::Null) => Ok(item),
            (Self::Number(a), Self::Number(b)) => Ok(Self::Number(a.add(b))),
            (Self::Text(mut a), Self::Text(b)) => {
                // A text that nobody else holds grows in place.
                let copied = if Arc::get_mut(&mut a).is_some() {
                    b.len()
                } else {
                    a.len() + b.len()
                };
                if (a.len() + b.len()) as u64 / 16 > budget::max_size() {
                    budget::exceed(Limit::Size);
                    return Err(too_large());
                }
                budget::pay_for(copied);
                Arc::make_mut(&mut a).push_str(&b);
                Ok(Self::Text(a))
            }
            (Self::List(mut a), Self::List(b)) => {
                if Arc::get_mut(&mut a).is_none() {
                    budget::pay_for(a.content.len());
                }
                budget::pay_for(b.content.len());
                let list = Arc::make_mut(&mut a);
                for element in &b.content {
                    if !list.count(element) {
                        return Err(too_large());
                    }
                    list.content.push(element.clone());
                }
                Ok(Self::List(a))
            }
            (Self::Map(mut a), Self::Map(b)) => {
                if Arc::get_mut(&mut a).is_none() {
                    budget::pay_for(8 * a.content.len());
                }
                budget::pay_for(8 * b.content.len());
                let map = Arc::make_mut(&mut a);
                for (key, value) in &b.content {
                    if !map.count(value) {
                        return Err(too_large());
                    }
                    if let Some(old) = map.content.insert(key.clone(), value.clone()) {
                        map.size = map.size.saturating_sub(old.size());
                    }
                }
                Ok(Self::Map(a))
            }
            (a, b) => Err(Error::math(a, Math::Add, b)),
        }
    }
}

impl Sub for Item {
    type Output = Result;

    fn sub(self, other: Self) -> Result {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Ok(Self::Number(a.subtract(b))),
            (Self::List(a), Self::List(b)) => {
                let mut unwanted: Vec<&Self> = b.content.iter().collect();
                unwanted.sort();
                let kept = content(a)
                    .into_iter()
                    .filter(|element| unwanted.binary_search(&element).is_err());
                Ok(Self::list(kept))
            }
            (a, b) => Err(Error::math(a, Math::Sub, b)),
        }
    }
}

impl Mul for Item {
    type Output = Result;

    fn mul(self, other: Self) -> Result {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Ok(Self::Number(a.multiply(b))),
            (Self::Text(text), Self::Number(times)) | (Self::Number(times), Self::Text(text)) => {
                repeat(&text, times.as_f64())
            }
            (Self::Map(a), Self::Map(b)) => Ok(merge(a.content.clone(), &b.content)),
            (a, b) => Err(Error::math(a, Math::Mul, b)),
        }
    }
}

/// Repeats a text; zero times and less is `null`, parts of a time count as one.
fn repeat(text: &str, times: f64) -> Result {
    if times <= 0.0 || times.is_nan() {
        return Ok(Item::Null);
    }
    let times = times.ceil().min(MAX_REPEAT);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, positive and bounded"
    )]
    let times = times as usize;
    let length = text.len().saturating_mul(times);
    if length as u64 / 16 > budget::max_size() || !budget::pay_for(length) {
        budget::exceed(Limit::Size);
        return Err(too_large());
    }
    Ok(Item::text(text.repeat(times)))
}

/// Merges maps recursively; recursion is bounded by the depth of items.
fn merge(mut left: Entries, right: &Entries) -> Item {
    for (key, value) in right {
        budget::pay(1);
        let merged = match (left.get(key), value) {
            (Some(Item::Map(a)), Item::Map(b)) => merge(a.content.clone(), &b.content),
            _ => value.clone(),
        };
        left.insert(key.clone(), merged);
    }
    Item::map(left)
}

impl Div for Item {
    type Output = Result;

    fn div(self, other: Self) -> Result {
        match (&self, &other) {
            (Self::Number(a), Self::Number(b)) => a
                .divide(*b)
                .map(Self::Number)
                .ok_or_else(|| Error::str(format!("{a} cannot be divided by zero"))),
            (Self::Text(a), Self::Text(b)) => Ok(split(a, b)),
            _ => Err(Error::math(self, Math::Div, other)),
        }
    }
}

/// Splits a text; an empty separator splits into characters.
pub(super) fn split(text: &str, separator: &str) -> Item {
    match (text.is_empty(), separator.is_empty()) {
        (true, _) => Item::list([]),
        (false, true) => Item::list(text.chars().map(Item::text)),
        (false, false) => Item::list(text.split(separator).map(Item::text)),
    }
}

impl Rem for Item {
    type Output = Result;

    fn rem(self, other: Self) -> Result {
        match (&self, &other) {
            (Self::Number(a), Self::Number(b)) => a
                .remainder(*b)
                .map(Self::Number)
                .ok_or_else(|| Error::str(format!("{a} cannot be divided by zero"))),
            _ => Err(Error::math(self, Math::Rem, other)),
        }
    }
}

impl Neg for Item {
    type Output = Result;

    fn neg(self) -> Result {
        match self {
            Self::Number(number) => Ok(Self::Number(number.negate())),
            other => Err(Error::typ(other, "number")),
        }
    }
}

fn too_large() -> Error {
    Error::str("the value is too large")
}

impl From<bool> for Item {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<isize> for Item {
    fn from(number: isize) -> Self {
        // An `isize` always fits into 128 bits.
        Self::Number(Number::Whole(number as i128))
    }
}

impl From<usize> for Item {
    fn from(number: usize) -> Self {
        Self::whole(number)
    }
}

impl From<f64> for Item {
    fn from(number: f64) -> Self {
        Self::Number(Number::from_f64(number))
    }
}

impl From<String> for Item {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// The place of a slice in a path: `{"start": 1, "end": 2}`.
impl From<Range<Self>> for Item {
    fn from(range: Range<Self>) -> Self {
        Self::map([
            ("start".into(), range.start.unwrap_or_default()),
            ("end".into(), range.end.unwrap_or_default()),
        ])
    }
}

impl FromIterator<Self> for Item {
    fn from_iter<I: IntoIterator<Item = Self>>(elements: I) -> Self {
        Self::list(elements)
    }
}
