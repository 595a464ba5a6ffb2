//! Programs that only go down into a value, as most selectors do (`.A.B[].C`): they are followed in the
//! value itself, without a copy of it. An answer may be a list of a hundred thousand records of which one
//! field is wanted.

use crate::base::value::Value;

/// What a missing field is.
static NOTHING: Value = Value::Null;

/// A program of nothing but fields and `[]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::template::expr) struct Route(Vec<Step>);

/// One step down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::template::expr) enum Step {
    /// `.name`.
    Field(String),
    /// `[]`.
    Each,
}

impl Route {
    /// Reads a program; `None` if it does anything else.
    pub(super) fn parse(program: &str) -> Option<Self> {
        let mut rest = program.trim();
        let mut steps = Vec::new();
        if let Some(behind) = rest.strip_prefix(".[]") {
            steps.push(Step::Each);
            rest = behind;
        }
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("[]") {
                // A program that begins with brackets makes a list.
                if steps.is_empty() {
                    return None;
                }
                steps.push(Step::Each);
                rest = behind;
                continue;
            }
            rest = rest.strip_prefix('.')?;
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            steps.push(Step::Field(name.to_owned()));
            rest = behind;
        }
        (!steps.is_empty()).then_some(Self(steps))
    }

    /// Returns the steps.
    pub(in crate::template::expr) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns at most `count` of the parts that it leads to; `None` where jq would raise an error.
    pub(super) fn follow<'v>(&self, value: &'v Value, count: usize) -> Option<Vec<&'v Value>> {
        let mut found = Vec::new();
        follow(&self.0, value, count, &mut found).then_some(found)
    }
}

/// Collects until there are enough; false where jq would raise an error.
fn follow<'v>(steps: &[Step], value: &'v Value, count: usize, found: &mut Vec<&'v Value>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        found.push(value);
        return true;
    };
    let mut inner = |value| found.len() >= count || follow(rest, value, count, found);
    match (step, value) {
        (Step::Field(name), Value::Object(map)) => inner(map.get(name).unwrap_or(&NOTHING)),
        (Step::Field(_), Value::Null) => inner(&NOTHING),
        (Step::Each, Value::Array(list)) => list.iter().all(inner),
        (Step::Each, Value::Object(map)) => map.values().all(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::template::expr::jq::program::Program;

    #[test]
    fn only_fields_and_brackets_are_a_route() {
        #[track_caller]
        fn case(program: &str, expected: bool) {
            assert_eq!(Route::parse(program).is_some(), expected, "{program}");
        }
        case(".A", true);
        case(" .A.B[].C_1 ", true);
        case(".[]", true);
        case(".[].A[][]", true);
        case(".", false);
        case("", false);
        case("[]", false);
        case(".A[0]", false);
        case(".A?", false);
        case(".A.", false);
        case(".A..B", false);
        case(".A | .B", false);
        case(".1a", false);
        case(".\"A\"", false);
        case(".A.[]", false);
        case(".A-b", false);
    }

    #[test]
    fn what_stands_behind_enough_results_is_not_looked_at() {
        let value = json!({"A": [{"B": 1}, "no map"]});
        let route = Route::parse(".A[].B").unwrap();
        assert_eq!(route.follow(&value, 1), Some(vec![&json!(1)]));
        assert_eq!(route.follow(&value, 2), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1.0e6..1.0e6).prop_map(|number: f64| Value::from(number.round())),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_route_finds_what_jq_finds(
            value in value(),
            program in "(\\.[a-c](\\[\\])?){1,3}|\\.\\[\\](\\.[a-c]){0,2}",
            count in prop_oneof![Just(1_usize), Just(usize::MAX)],
        ) {
            let compiled = Program::compile(&program).unwrap();
            let straight = compiled.run(&value, count);
            let around = compiled.run_by_jq(&value, count);
            prop_assert_eq!(format!("{straight:?}"), format!("{around:?}"));
        }
    }
}
