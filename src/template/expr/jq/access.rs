//! How programs take items apart and change their parts.

use std::sync::Arc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Exn, ValT, ValX};

use super::budget;
use super::item::{Counted, Error, Item, Result, content};
use super::number::Number;

impl ValT for Item {
    fn from_num(text: &str) -> Result {
        Number::parse(text)
            .map(Self::Number)
            .ok_or_else(|| Error::str(format!("`{text}` is no number")))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> Result {
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(key, value)| Ok((Arc::from(key.expect_text()?), value)))
            .collect::<Result<_>>()?;
        Ok(Self::map(entries))
    }

    fn key_values(self) -> BoxIter<'static, Result<(Self, Self)>> {
        match self {
            Self::List(list) => {
                let elements = content(list).into_iter().enumerate();
                Box::new(elements.map(|(index, element)| Ok((Self::whole(index), element))))
            }
            Self::Map(map) => {
                let entries = content(map).into_iter();
                Box::new(entries.map(|(key, value)| Ok((Self::text(&*key), value))))
            }
            other => box_once(Err(not_iterable(other))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = Result>> {
        match self {
            Self::List(list) => Box::new(content(list).into_iter().map(Ok)),
            Self::Map(map) => Box::new(content(map).into_values().map(Ok)),
            other => box_once(Err(not_iterable(other))),
        }
    }

    fn index(self, index: &Self) -> Result {
        match (&self, index) {
            (Self::Null, Self::Text(_) | Self::Number(_) | Self::Null) => Ok(Self::Null),
            (Self::Map(map), Self::Text(key)) => {
                Ok(map.content.get(key.as_str()).cloned().unwrap_or_default())
            }
            (Self::List(list), Self::Number(number)) => {
                let at = place(*number, list.content.len());
                Ok(at
                    .and_then(|at| list.content.get(at).cloned())
                    .unwrap_or_default())
            }
            (Self::List(_) | Self::Text(_) | Self::Null, Self::Map(slice)) => {
                let bound = |name: &str| slice.content.get(name).filter(|bound| !is_null(bound));
                let (start, end) = (bound("start"), bound("end"));
                self.clone().range(start..end)
            }
            (Self::List(list), Self::List(_)) => Ok(super::native::indices(list, index)),
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<&Self>) -> Result {
        match &self {
            Self::Null => Ok(Self::Null),
            Self::List(list) => {
                let (start, end) = bounds(&range, list.content.len())?;
                Ok(Self::list(list.content[start..end].iter().cloned()))
            }
            Self::Text(text) => {
                budget::pay_for(text.len());
                let (start, end) = bounds(&range, text.chars().count())?;
                let part: String = text.chars().skip(start).take(end - start).collect();
                Ok(Self::text(part))
            }
            _ => Err(Error::typ(self, "array or string")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::List(list) => content(list).into_iter().flat_map(f).collect(),
            Self::Map(map) => {
                let mut changed = Vec::new();
                for (key, value) in content(map) {
                    if let Some(value) = f(value).next().transpose()? {
                        changed.push((key, value));
                    }
                }
                Ok(Self::map(changed))
            }
            other => opt.fail(other, |other| Exn::from(not_iterable(other))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match (self, index) {
            (Self::Map(map), Self::Text(key)) => change_entry(map, key, &f),
            (Self::Null, Self::Text(key)) => change_entry(Arc::default(), key, &f),
            (Self::List(list), Self::Number(number)) => change_element(list, *number, opt, &f),
            (Self::Null, Self::Number(number)) => change_element(Arc::default(), *number, opt, &f),
            (list @ (Self::List(_) | Self::Null), Self::Map(slice)) => {
                let bound = |name: &str| slice.content.get(name).filter(|bound| !is_null(bound));
                list.map_range(bound("start")..bound("end"), opt, f)
            }
            (other, index) => {
                opt.fail(other, |other| Exn::from(Error::index(other, index.clone())))
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let mut elements = match self {
            Self::List(list) => content(list),
            Self::Null => Vec::new(),
            other => return opt.fail(other, |other| Exn::from(Error::typ(other, "array"))),
        };
        let (start, end) = match bounds(&range, elements.len()) {
            Ok(bounds) => bounds,
            Err(error) => return opt.fail(Self::list(elements), |_| Exn::from(error)),
        };
        let part = Self::list(elements[start..end].iter().cloned());
        let changed = match f(part).next().transpose()? {
            Some(changed) => changed.into_elements()?,
            None => Vec::new(),
        };
        elements.splice(start..end, changed);
        Ok(Self::list(elements))
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Text(_) => self,
            other => Self::text(other.to_string()),
        }
    }
}

fn change_entry<'a, I: Iterator<Item = ValX<'a, Item>>>(
    mut map: Arc<Counted<super::item::Entries>>,
    key: &str,
    f: &impl Fn(Item) -> I,
) -> ValX<'a, Item> {
    if Arc::get_mut(&mut map).is_none() {
        budget::pay_for(8 * map.content.len());
    }
    let own = Arc::make_mut(&mut map);
    // Taking the value out lets its change happen in place.
    let old = own
        .content
        .get_mut(key)
        .map(std::mem::take)
        .unwrap_or_default();
    own.size = own.size.saturating_sub(old.size());
    match f(old).next().transpose()? {
        Some(new) => {
            own.count(&new);
            own.content.insert(key.into(), new);
        }
        None => {
            own.content.shift_remove(key);
        }
    }
    Ok(Item::Map(map))
}

fn change_element<'a, I: Iterator<Item = ValX<'a, Item>>>(
    mut list: Arc<Counted<Vec<Item>>>,
    number: Number,
    opt: Opt,
    f: &impl Fn(Item) -> I,
) -> ValX<'a, Item> {
    let length = list.content.len();
    let Some(at) = place(number, length) else {
        return opt.fail(Item::List(list), |_| {
            Exn::from(Error::str("the index lies before the list"))
        });
    };
    // Assigning behind the end fills with nulls; each is paid for.
    if at >= length && !budget::pay((at - length) as u64 + 1) {
        return Err(Exn::from(Error::str(
            "the index lies too far behind the list",
        )));
    }
    if Arc::get_mut(&mut list).is_none() {
        budget::pay_for(length);
    }
    let own = Arc::make_mut(&mut list);
    let old = own
        .content
        .get_mut(at)
        .map(std::mem::take)
        .unwrap_or_default();
    own.size = own.size.saturating_sub(old.size());
    match f(old).next().transpose()? {
        Some(new) => {
            own.count(&new);
            if at >= length {
                own.size += (at - length) as u64;
                own.content.resize(at + 1, Item::Null);
            }
            own.content[at] = new;
        }
        None if at < length => {
            own.content.remove(at);
        }
        None => {}
    }
    Ok(Item::List(list))
}

/// The place of an index, which counts from the end if it is negative.
fn place(number: Number, length: usize) -> Option<usize> {
    if number.is_nan() {
        return None;
    }
    let index = number.as_i64();
    let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 {
        length.checked_sub(distance)
    } else {
        Some(distance)
    }
}

/// The bounds of a slice, cut off at the ends.
fn bounds(range: &Range<&Item>, length: usize) -> Result<(usize, usize)> {
    let bound = |bound: Option<&Item>, absent: usize, up: bool| match bound {
        None | Some(Item::Null) => Ok(absent),
        Some(Item::Number(number)) => {
            let number = if up {
                Number::from_f64(number.as_f64().ceil())
            } else {
                *number
            };
            Ok(place(number, length).unwrap_or(0).min(length))
        }
        Some(other) => Err(Error::typ(other.clone(), "number")),
    };
    let start = bound(range.start, 0, false)?;
    let end = bound(range.end, length, true)?;
    Ok((start, end.max(start)))
}

fn is_null(item: &Item) -> bool {
    matches!(item, Item::Null)
}

fn not_iterable(item: Item) -> Error {
    match item {
        Item::Null => Error::str("cannot iterate over null"),
        other => Error::typ(other, "iterable (array or object)"),
    }
}
