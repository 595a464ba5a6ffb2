//! The functions that are written in Rust: those of jaq that neither reach outside nor run away,
//! and our own where jaq differs from jq or has no limits.

use std::sync::Arc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::data::JustLut;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error as CoreError, Exn, Native, ValX};

use super::budget::{self, Limit};
use super::item::{Error, Item, Result};
use super::number::Number;
use super::{meter, regex};

/// What programs run on: items, and nothing from outside.
pub(super) type Data = JustLut<Item>;

/// Functions of jaq that are safe as they are. Not in the list, on purpose: `env`, `halt`, `input`,
/// `debug`, `stderr`, `now`, everything about local time, and what is replaced below.
const FROM_JAQ: [&str; 60] = [
    "error_empty",
    "path",
    "path_value",
    "keys_unsorted",
    "key_values",
    "first",
    "last",
    "limit",
    "skip",
    "floor",
    "round",
    "ceil",
    "utf8bytelength",
    "explode",
    "implode",
    "ascii_downcase",
    "ascii_upcase",
    "reverse",
    "sort",
    "sort_by",
    "group_by",
    "min_by_or_empty",
    "max_by_or_empty",
    "startswith",
    "endswith",
    "trim",
    "ltrim",
    "rtrim",
    "escape_sh",
    "escape_html",
    "unescape_html",
    "encode_uri",
    "decode_uri",
    "encode_base64",
    "decode_base64",
    "acos",
    "asin",
    "atan",
    "cbrt",
    "cos",
    "exp",
    "exp10",
    "exp2",
    "fabs",
    "log",
    "log10",
    "log2",
    "sin",
    "sqrt",
    "tan",
    "trunc",
    "pow",
    "fmin",
    "fmax",
    "fmod",
    "fromdateiso8601",
    "todateiso8601",
    "strftime",
    "gmtime",
    "mktime",
];

/// Returns every native function, ours first.
pub(super) fn all() -> Vec<Fun<Data>> {
    let jaq = jaq_core::funs::<Data>().chain(jaq_std::funs::<Data>());
    let allowed = jaq.filter(|(name, _, _)| FROM_JAQ.contains(name));
    ours().into_iter().chain(allowed).collect()
}

fn ours() -> Vec<Fun<Data>> {
    vec![
        (meter::STEP, v(0), step(false)),
        (meter::ENTER, v(0), step(true)),
        run(("range", v(3), |mut cv| {
            let by = cv.0.pop_var();
            let to = cv.0.pop_var();
            let from = cv.0.pop_var();
            Box::new(range(from, to, by))
        })),
        run(("type", v(0), |cv| bome(Ok(Item::text(type_name(&cv.1)))))),
        run(("nan", v(0), |_| bome(Ok(f64::NAN.into())))),
        run(("infinite", v(0), |_| bome(Ok(f64::INFINITY.into())))),
        run(("ltrimstr", v(1), |cv| {
            unary(cv, |text, part| Ok(trim(text, &part, strip_start)))
        })),
        run(("rtrimstr", v(1), |cv| {
            unary(cv, |text, part| Ok(trim(text, &part, strip_end)))
        })),
        run(("length", v(0), |cv| bome(length(cv.1)))),
        run(("add", v(0), |cv| bome(sum(cv.1)))),
        run(("join", v(1), |cv| {
            unary(cv, |list, separator| join(list, &separator))
        })),
        run(("flatten", v(1), |cv| {
            unary(cv, |list, depth| flatten(list, &depth))
        })),
        run(("from_entries", v(0), |cv| bome(from_entries(cv.1)))),
        run(("contains", v(1), |cv| {
            unary(cv, |a, b| Ok(contains(&a, &b).into()))
        })),
        run(("has", v(1), |cv| {
            unary(cv, |container, key| has(&container, &key))
        })),
        run(("indices", v(1), |cv| unary(cv, |a, b| positions(&a, &b)))),
        run(("tojson", v(0), |cv| bome(Ok(Item::text(cv.1.to_string()))))),
        run(("fromjson", v(0), |cv| bome(from_json(&cv.1)))),
        run(("tonumber", v(0), |cv| bome(to_number(cv.1)))),
        run(("_match", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            let pattern = cv.0.pop_var();
            bome(regex::matches(&cv.1, &pattern, &flags))
        })),
        run(("_parts", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            let pattern = cv.0.pop_var();
            bome(regex::parts(&cv.1, &pattern, &flags))
        })),
    ]
}

/// The meter: passes its input on, or ends the program in a way that it cannot catch.
fn step(entering: bool) -> Native<Data> {
    let native = Native::<Data>::new(|cv| pass(meter::pay_step(), cv.1)).with_paths(|cv| {
        // A path is as long as the recursion that made it, and dropping it recurses.
        if cv.1.1.iter().nth(meter::MAX_PATH).is_some() {
            budget::exceed(Limit::Depth);
        }
        pass(meter::pay_step(), cv.1)
    });
    if entering {
        native.with_update(|cv, f| {
            if meter::enter_update() {
                f(cv.1)
            } else {
                box_once(Err(Exn::halt(meter::EXIT_CODE)))
            }
        })
    } else {
        native.with_update(|cv, f| {
            if meter::pay_step() {
                f(cv.1)
            } else {
                box_once(Err(Exn::halt(meter::EXIT_CODE)))
            }
        })
    }
}

fn pass<'a, T: 'a>(paid: bool, value: T) -> BoxIter<'a, ValX<'a, T, Item>> {
    box_once(if paid {
        Ok(value)
    } else {
        Err(Exn::halt(meter::EXIT_CODE))
    })
}

/// The numbers from `from` up to, but without, `to`.
fn range<'a>(from: Item, to: Item, by: Item) -> impl Iterator<Item = ValX<'a, Item>> {
    let rising = by > Item::Number(Number::Whole(0));
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let current = next.take()?;
        let inside = if rising { current < to } else { current > to };
        if !inside {
            return None;
        }
        if !meter::pay_step() {
            return Some(Err(Exn::halt(meter::EXIT_CODE)));
        }
        match current.clone() + by.clone() {
            Ok(following) => next = Some(following),
            Err(error) => return Some(Err(error.into())),
        }
        Some(Ok(current))
    })
}

pub(super) fn type_name(item: &Item) -> &'static str {
    match item {
        Item::Null => "null",
        Item::Bool(_) => "boolean",
        Item::Number(_) => "number",
        Item::Text(_) => "string",
        Item::List(_) => "array",
        Item::Map(_) => "object",
    }
}

fn length(item: Item) -> Result {
    match item {
        Item::Null => Ok(Item::whole(0)),
        Item::Number(number) if number.as_f64() < 0.0 => Ok(Item::Number(number.negate())),
        Item::Number(_) => Ok(item),
        Item::Text(text) => {
            budget::pay_for(text.len());
            Ok(Item::whole(text.chars().count()))
        }
        Item::List(list) => Ok(Item::whole(list.content.len())),
        Item::Map(map) => Ok(Item::whole(map.content.len())),
        Item::Bool(truth) => Err(Error::str(format!("{truth} has no length"))),
    }
}

fn strip_start(text: &str, part: &str) -> Option<String> {
    text.strip_prefix(part).map(str::to_owned)
}

fn strip_end(text: &str, part: &str) -> Option<String> {
    text.strip_suffix(part).map(str::to_owned)
}

/// Takes a part off a text; anything else stays as it is.
fn trim(item: Item, part: &Item, strip: fn(&str, &str) -> Option<String>) -> Item {
    match (item.as_text(), part.as_text()) {
        (Some(text), Some(part)) => strip(text, part).map_or(item, Item::text),
        _ => item,
    }
}

/// The sum of the values: in one pass, so that a long list is not copied for each of them.
fn sum(container: Item) -> Result {
    let mut total = Item::Null;
    for value in jaq_core::ValT::values(container) {
        total = (total + value?)?;
    }
    Ok(total)
}

fn join(list: Item, separator: &Item) -> Result {
    let mut joined = String::new();
    for (index, element) in list.into_elements()?.into_iter().enumerate() {
        if index > 0 {
            joined.push_str(separator.expect_text()?);
        }
        match &element {
            Item::Null => {}
            Item::Text(text) => joined.push_str(text),
            Item::Bool(_) | Item::Number(_) => joined.push_str(&element.to_string()),
            Item::List(_) | Item::Map(_) => return Err(Error::typ(element, "string")),
        }
        // Otherwise a long separator would be paid for only when all is done.
        if joined.len() as u64 / 16 > budget::max_size() {
            budget::exceed(Limit::Size);
            return Err(Error::str("the text is too long"));
        }
    }
    Ok(Item::text(joined))
}

fn flatten(list: Item, depth: &Item) -> Result {
    let Item::Number(depth) = depth else {
        return Err(Error::typ(depth.clone(), "number"));
    };
    if depth.as_f64() < 0.0 {
        return Err(Error::str("the depth of flatten must not be negative"));
    }
    let mut flat = Vec::new();
    flatten_into(list.into_elements()?, depth.as_i64(), &mut flat);
    Ok(Item::list(flat))
}

/// Recursion is bounded by the depth of items.
fn flatten_into(elements: Vec<Item>, depth: i64, flat: &mut Vec<Item>) {
    for element in elements {
        if !budget::pay(1) {
            return;
        }
        match element {
            Item::List(list) if depth > 0 => {
                flatten_into(super::item::content(list), depth - 1, flat);
            }
            other => flat.push(other),
        }
    }
}

/// Makes a map of pairs, whose keys jq lets have several names.
fn from_entries(entries: Item) -> Result {
    let mut pairs = Vec::new();
    for entry in entries.into_elements()? {
        let Item::Map(entry) = &entry else {
            return Err(Error::typ(entry, "object"));
        };
        let first = |names: [&str; 5]| {
            names
                .iter()
                .filter_map(|name| entry.content.get(*name))
                .find(|value| !matches!(value, Item::Null | Item::Bool(false)))
                .or_else(|| names.iter().find_map(|name| entry.content.get(*name)))
        };
        let key = match first(["key", "k", "name", "Name", "Key"]) {
            None | Some(Item::Null) => Arc::from("null"),
            Some(Item::Text(text)) => Arc::from(text.as_str()),
            Some(scalar @ (Item::Bool(_) | Item::Number(_))) => Arc::from(scalar.to_string()),
            Some(other) => return Err(Error::typ(other.clone(), "object key")),
        };
        let value = ["value", "v", "Value", "V"]
            .iter()
            .find_map(|name| entry.content.get(*name));
        pairs.push((key, value.cloned().unwrap_or_default()));
    }
    Ok(Item::map(pairs))
}

/// Recursion is bounded by the depth of items.
fn contains(whole: &Item, part: &Item) -> bool {
    if !budget::pay(1) {
        return false;
    }
    match (whole, part) {
        (Item::Text(whole), Item::Text(part)) => {
            budget::pay_for(whole.len());
            whole.contains(part.as_str())
        }
        (Item::List(whole), Item::List(part)) => part
            .content
            .iter()
            .all(|part| whole.content.iter().any(|whole| contains(whole, part))),
        (Item::Map(whole), Item::Map(part)) => part.content.iter().all(|(key, part)| {
            whole
                .content
                .get(key)
                .is_some_and(|whole| contains(whole, part))
        }),
        _ => whole == part,
    }
}

fn has(container: &Item, key: &Item) -> Result {
    match (container, key) {
        (Item::Map(map), Item::Text(key)) => Ok(map.content.contains_key(key.as_str()).into()),
        (Item::List(list), Item::Number(index)) => {
            let index = usize::try_from(index.as_i64()).ok();
            Ok(index.is_some_and(|index| index < list.content.len()).into())
        }
        _ => Err(CoreError::index(container.clone(), key.clone())),
    }
}

/// Where `part` begins in `whole`; in texts counted in characters.
fn positions(whole: &Item, part: &Item) -> Result {
    match (whole, part) {
        (Item::Null, _) => Ok(Item::Null),
        (Item::Text(whole), Item::Text(part)) => {
            let mut found = Vec::new();
            let mut rest = whole.as_str();
            let mut before = 0;
            while let Some(at) = rest.find(part.as_str()).filter(|_| !part.is_empty()) {
                before += rest[..at].chars().count();
                found.push(Item::whole(before));
                // Occurrences may overlap, so the search goes on behind one character.
                let first = rest[at..].chars().next().map_or(1, char::len_utf8);
                before += 1;
                rest = &rest[at + first..];
            }
            budget::pay_for(whole.len());
            Ok(Item::list(found))
        }
        (Item::List(list), _) => Ok(indices(list, part)),
        _ => Err(CoreError::index(whole.clone(), part.clone())),
    }
}

/// Where an element, or a list of consecutive elements, stands in a list.
pub(super) fn indices(list: &super::item::List, part: &Item) -> Item {
    let whole = &list.content;
    let single = [part.clone()];
    let part = match part {
        Item::List(part) => part.content.as_slice(),
        _ => single.as_slice(),
    };
    if part.is_empty() {
        return Item::Null;
    }
    let found = whole
        .windows(part.len())
        .enumerate()
        .filter(|(_, window)| budget::pay(1) && *window == part)
        .map(|(index, _)| Item::whole(index));
    Item::list(found)
}

fn from_json(text: &Item) -> Result {
    let text = text.expect_text()?;
    budget::pay_for(text.len() * 8);
    let value = serde_json::from_str(text)
        .map_err(|error| Error::str(format!("the text is not JSON: {error}")))?;
    Item::from_json(&value).ok_or_else(|| Error::str("the JSON text is too large or too deep"))
}

fn to_number(item: Item) -> Result {
    match &item {
        Item::Number(_) => Ok(item),
        Item::Text(text) => Number::parse(text.trim())
            .map(Item::Number)
            .ok_or_else(|| Error::str(format!("`{text}` is not a number"))),
        _ => Err(Error::typ(item, "number")),
    }
}
