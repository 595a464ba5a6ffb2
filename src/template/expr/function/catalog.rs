//! The table of all functions: names, arguments, one line of documentation each.

use crate::base::value::Value;
use crate::template::expr::function::{
    batch, jinja, jq, list, logic, map, net, number, text, time,
};

/// What a function takes and does.
#[derive(Debug)]
pub struct Signature {
    /// The name behind `Fn::`.
    pub name: &'static str,
    /// How its arguments are written.
    pub shape: Shape,
    /// Fewest arguments.
    pub min: usize,
    /// Most arguments; `None` if there is no limit.
    pub max: Option<usize>,
    /// What it does: one line.
    pub documentation: &'static str,
    /// How it is evaluated.
    pub behavior: Behavior,
}

/// How the arguments of a function are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A list of arguments, or an expression that yields the list.
    List,
    /// One argument, by itself or in a list.
    Single,
    /// A list of any length, an expression that yields it, or either in a list of one.
    Elements,
}

/// How a function is evaluated.
#[derive(Clone, Copy, Debug)]
pub enum Behavior {
    /// From the values of all arguments.
    Eager(fn(Vec<Value>) -> Result<Value, String>),
    /// The first argument decides which of the others is evaluated.
    If,
    /// Stops at the first false condition.
    And,
    /// Stops at the first true condition.
    Or,
    /// Negates a condition.
    Not,
    /// Known by name only.
    Unsupported,
}

impl Signature {
    /// Says how many arguments the function takes: `2 or 3 arguments`.
    pub fn arity(&self) -> String {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match self.max {
            Some(max) if max == self.min => format!("{max} argument{}", plural(max)),
            Some(max) => format!("{} to {max} arguments", self.min),
            None => format!("at least {} argument{}", self.min, plural(self.min)),
        }
    }

    /// Tells whether the function takes that many arguments, and if not, why.
    pub(in crate::template::expr) fn check_count(&self, count: usize) -> Result<(), String> {
        if count < self.min || self.max.is_some_and(|max| count > max) {
            return Err(format!(
                "`Fn::{}` takes {}, not {count}",
                self.name,
                self.arity()
            ));
        }
        Ok(())
    }
}

/// Returns every function.
pub fn catalog() -> &'static [Signature] {
    CATALOG
}

/// Returns the function of that name, with or without `Fn::`, ignoring case.
pub fn find(name: &str) -> Option<&'static Signature> {
    let name = match name.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("Fn::") => &name[4..],
        _ => name,
    };
    CATALOG
        .iter()
        .find(|signature| signature.name.eq_ignore_ascii_case(name))
}

type Eager = fn(Vec<Value>) -> Result<Value, String>;

const fn new(
    name: &'static str,
    shape: Shape,
    (min, max): (usize, usize),
    behavior: Behavior,
    documentation: &'static str,
) -> Signature {
    Signature {
        name,
        shape,
        min,
        max: if max == MANY { None } else { Some(max) },
        documentation,
        behavior,
    }
}

const fn list_of(
    name: &'static str,
    count: (usize, usize),
    function: Eager,
    documentation: &'static str,
) -> Signature {
    new(
        name,
        Shape::List,
        count,
        Behavior::Eager(function),
        documentation,
    )
}

const fn single(name: &'static str, function: Eager, documentation: &'static str) -> Signature {
    new(
        name,
        Shape::Single,
        (1, 1),
        Behavior::Eager(function),
        documentation,
    )
}

const fn elements(name: &'static str, function: Eager, documentation: &'static str) -> Signature {
    new(
        name,
        Shape::Elements,
        (0, MANY),
        Behavior::Eager(function),
        documentation,
    )
}

/// Stands for "no limit" in the table below.
const MANY: usize = usize::MAX;

static CATALOG: &[Signature] = &[
    new(
        "If",
        Shape::List,
        (2, 3),
        Behavior::If,
        "the second argument if the condition is true, else the third; only the chosen one is evaluated",
    ),
    new(
        "And",
        Shape::List,
        (2, MANY),
        Behavior::And,
        "true if all conditions are; stops at the first that is not",
    ),
    new(
        "Or",
        Shape::List,
        (2, MANY),
        Behavior::Or,
        "true if one condition is; stops there",
    ),
    new(
        "Not",
        Shape::Single,
        (1, 1),
        Behavior::Not,
        "the opposite of a condition",
    ),
    list_of(
        "Equals",
        (2, 2),
        logic::equals,
        "whether two values are equal; a number or boolean equals its text",
    ),
    list_of(
        "Select",
        (2, 2),
        list::select,
        "the element of a list at an index, or the value of a map under a key",
    ),
    list_of(
        "Join",
        (2, 2),
        text::join,
        "the texts of a list's elements with a separator between them",
    ),
    list_of(
        "Split",
        (2, 2),
        text::split,
        "the parts of a text between delimiters",
    ),
    list_of(
        "Replace",
        (2, 2),
        text::replace,
        "a text with all occurrences of each key of a map replaced by its value",
    ),
    list_of(
        "Sub",
        (1, 2),
        text::substitute,
        "a text with `${name}` replaced by the value of each listed name",
    ),
    single("Base64Encode", text::encode_base64, "a text in Base64"),
    single(
        "Base64Decode",
        text::decode_base64,
        "the text that a Base64 text stands for",
    ),
    list_of(
        "ContainsSubString",
        (2, 2),
        text::contains,
        "whether a text contains another",
    ),
    list_of(
        "Escape",
        (1, 2),
        text::escape,
        "a text with the characters escaped that are special in a shell (`powershell`)",
    ),
    single(
        "Eval",
        number::evaluate,
        "the result of an arithmetic text: + - * / % and parentheses",
    ),
    elements("Min", number::min, "the smallest of some numbers"),
    elements("Max", number::max, "the largest of some numbers"),
    elements(
        "Sum",
        number::sum,
        "the sum of some numbers; null counts as 0",
    ),
    elements("First", list::first, "the first element of a list"),
    elements("Last", list::last, "the last element of a list"),
    list_of(
        "Union",
        (1, MANY),
        list::union,
        "the distinct elements of all lists",
    ),
    list_of(
        "Intersection",
        (1, MANY),
        list::intersection,
        "the elements that all lists have in common",
    ),
    list_of(
        "Difference",
        (1, MANY),
        list::difference,
        "the elements that are not in all lists",
    ),
    list_of("ListJoin", (0, MANY), list::join, "a list of the arguments"),
    elements(
        "MergeList",
        list::merge,
        "one list of the elements of all lists; nulls vanish",
    ),
    list_of(
        "RangeSelect",
        (3, 3),
        list::range_select,
        "the elements from a start up to, but without, an end; negatives count from the end",
    ),
    list_of(
        "MergeMap",
        (1, MANY),
        map::merge,
        "one map of the entries of all maps; later ones win",
    ),
    list_of(
        "MergeMapToList",
        (1, MANY),
        map::merge_to_list,
        "a list of maps from maps of lists; shorter lists repeat their last value",
    ),
    single(
        "ConvertMapToList",
        map::to_list,
        "a list of `Key` and `Value` pairs",
    ),
    list_of(
        "MapJoin",
        (2, 2),
        map::join,
        "a map from a list of keys and a list of values",
    ),
    list_of(
        "AddHour",
        (2, 2),
        time::add_hour,
        "a UTC time some hours later, or earlier",
    ),
    list_of(
        "FormatUTCTime",
        (2, 2),
        time::format,
        "a UTC time in a strftime format",
    ),
    list_of(
        "DurationBetween",
        (2, 2),
        time::duration_between,
        "the ISO 8601 duration between two times of day, past midnight if need be",
    ),
    list_of(
        "IsIpInCIDR",
        (2, 2),
        net::is_ip_in_cidr,
        "whether an IP address lies in a network",
    ),
    list_of(
        "Jq",
        (3, 3),
        jq::jq,
        "the `First` result or `All` results of a jq program",
    ),
    list_of(
        "Jinja",
        (1, 2),
        jinja::jinja,
        "extension: a text rendered as a minijinja template with the named values",
    ),
    list_of(
        "CalculateBatch",
        (2, 2),
        batch::calculate,
        "the sizes of a number of nearly equal batches of some items",
    ),
    new(
        "FindMatchedPackage",
        Shape::List,
        (0, MANY),
        Behavior::Unsupported,
        "the package of a package template that fits an operating system",
    ),
    new(
        "CalculateTimeByOpsWindow",
        Shape::List,
        (0, MANY),
        Behavior::Unsupported,
        "the next start of a maintenance window",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_name_in_any_case() {
        assert_eq!(find("Fn::equals").unwrap().name, "Equals");
        assert_eq!(find("fn::JQ").unwrap().name, "Jq");
        assert_eq!(find("Join").unwrap().name, "Join");
        assert!(find("Fn::Nothing").is_none());
    }

    #[test]
    fn names_are_unique_and_documented() {
        for signature in catalog() {
            let same = |other: &&Signature| other.name.eq_ignore_ascii_case(signature.name);
            assert_eq!(
                catalog().iter().filter(same).count(),
                1,
                "{}",
                signature.name
            );
            assert!(!signature.documentation.is_empty(), "{}", signature.name);
            assert!(signature.max.is_none_or(|max| signature.min <= max));
        }
    }
}
