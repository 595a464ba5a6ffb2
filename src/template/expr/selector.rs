//! Selectors: jq programs, compiled once, bounded in time and memory (language reference 2.3, 3.7).

use std::fmt;
use std::sync::Arc;

use crate::base::value::Value;
use crate::template::expr::jq::{self, Failure, Program, Step};
use crate::template::expr::reference::leading_name;

/// A compiled jq program. Cheap to clone; compiling the same text twice is a look-up.
#[derive(Clone)]
pub struct Selector {
    program: Arc<str>,
    compiled: Program,
}

impl Selector {
    /// Compiles a selector: a leading dot is put before a program that begins with a name, unless
    /// that is a jq function or keyword before `(`, `|`, a blank or the end.
    pub fn compile(program: &str) -> Result<Self, SelectorError> {
        let trimmed = program.trim_start();
        let is_path = leading_name(trimmed).is_some_and(|word| {
            let next = trimmed[word.len()..].chars().next();
            let ends = next.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '|'));
            !(ends && jq::is_function(word))
        });
        if is_path {
            Self::compile_program(&format!(".{trimmed}"))
        } else {
            Self::compile_program(program)
        }
    }

    /// Compiles a complete jq program, as `Fn::Jq` takes it: no dot is put before it.
    pub fn compile_program(program: &str) -> Result<Self, SelectorError> {
        let compiled = jq::cached(program).map_err(|failure| error(program, failure))?;
        Ok(Self {
            program: program.into(),
            compiled,
        })
    }

    /// Returns the program as compiled.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns the field that it reads of each element of the list at `path`; `None` if it may read
    /// anything else.
    pub fn field_of(&self, path: &[&str]) -> Option<&str> {
        let steps = self.compiled.route()?.steps();
        let (outer, rest) = steps.split_at_checked(path.len())?;
        let leads_there = outer
            .iter()
            .zip(path)
            .all(|(step, name)| matches!(step, Step::Field(field) if field == name));
        match rest {
            [Step::Each, Step::Field(field), ..] if leads_there => Some(field),
            _ => None,
        }
    }

    /// Returns the first result, or `None` if there is none.
    pub fn first(&self, input: &Value) -> Result<Option<Value>, SelectorError> {
        let results = self.compiled.run(input, 1);
        let mut results = results.map_err(|failure| error(&self.program, failure))?;
        Ok(results.pop())
    }

    /// Returns all results.
    pub fn all(&self, input: &Value) -> Result<Vec<Value>, SelectorError> {
        let results = self.compiled.run(input, usize::MAX);
        results.map_err(|failure| error(&self.program, failure))
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selector").field(&self.program).finish()
    }
}

fn error(program: &str, failure: Failure) -> SelectorError {
    let program = shortened(program);
    match failure {
        Failure::Syntax(reason) => SelectorError::Syntax { program, reason },
        Failure::Forbidden(name) => SelectorError::Forbidden { name },
        Failure::Run(reason) => SelectorError::Run { program, reason },
        Failure::Budget(limit) => SelectorError::Budget { program, limit },
    }
}

/// A program as messages show it: pasted lists make some very long.
fn shortened(program: &str) -> String {
    const MAX_SHOWN: usize = 200;
    match program.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", &program[..end]),
        None => program.to_owned(),
    }
}

/// Why a selector could not be compiled or run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SelectorError {
    /// The program is no jq.
    #[error("`{program}` is not a jq program: {reason}")]
    Syntax {
        /// The program.
        program: String,
        /// Why, in words.
        reason: String,
    },
    /// The program calls something that is not allowed or not bounded.
    #[error("`{name}` is not available in selectors")]
    Forbidden {
        /// The function or keyword.
        name: String,
    },
    /// The program ran into an error of jq.
    #[error("`{program}` failed: {reason}")]
    Run {
        /// The program.
        program: String,
        /// Why, in words.
        reason: String,
    },
    /// The program used up its steps, results or bytes.
    #[error("`{program}` needs more than {limit}")]
    Budget {
        /// The program.
        program: String,
        /// Which limit, in words.
        limit: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn case(selector: &str, input: &Value, expected: &Value) {
        let found = Selector::compile(selector).unwrap().all(input).unwrap();
        assert_eq!(Value::Array(found), *expected, "{selector}");
    }

    #[test]
    fn a_path_needs_no_dot() {
        let input = json!({"A": {"B": [{"C": 1}, {"C": 2}]}, "length-of": 3});
        case("A.B[].C", &input, &json!([1, 2]));
        case(" A.B[0].C", &input, &json!([1]));
    }

    #[test]
    fn a_path_may_go_on_with_functions() {
        case("A|length|tostring", &json!({"A": [1, 2]}), &json!(["2"]));
    }

    #[test]
    fn functions_and_keywords_get_no_dot() {
        case("map(.a)", &json!([{"a": 1}]), &json!([[1]]));
        case("length", &json!([1]), &json!([1]));
        case("if . then 1 else 2 end", &json!(true), &json!([1]));
        case("keys.a", &json!({"keys": {"a": 5}}), &json!([5]));
    }

    #[test]
    fn entries_may_be_made_of_key_and_value_in_capitals() {
        let tags = json!({"Tags": [{"Key": "a", "Value": 1}, {"k": "b", "v": null}]});
        case(".Tags | from_entries", &tags, &json!([{"a": 1, "b": null}]));
    }

    #[test]
    fn look_ahead_works() {
        case("test(\"^(?!acs).*\")", &json!("my-x"), &json!([true]));
        case("test(\"^(?!acs).*\")", &json!("acs-x"), &json!([false]));
    }

    #[test]
    fn numbers_are_normal_and_large_ones_exact() {
        let input = json!({"a": 1.10, "b": 2.0, "c": u64::MAX, "d": i64::MIN});
        case(".a, .b", &input, &json!([1.1, 2]));
        case(".c, .d", &input, &json!([u64::MAX, i64::MIN]));
        case("\"\\(.a) \\(.b)\"", &input, &json!(["1.1 2"]));
    }

    #[test]
    fn what_reaches_outside_is_refused_by_name() {
        for name in ["env", "halt", "input", "debug", "now"] {
            let refused = Selector::compile_program(name).unwrap_err();
            assert_eq!(
                refused,
                SelectorError::Forbidden {
                    name: name.to_owned()
                }
            );
        }
        let refused = Selector::compile_program("def f: 1; f").unwrap_err();
        assert_eq!(
            refused,
            SelectorError::Forbidden {
                name: "def".to_owned()
            }
        );
    }

    #[test]
    fn a_selector_says_which_field_of_a_list_it_reads() {
        #[track_caller]
        fn case(selector: &str, expected: Option<&str>) {
            let selector = Selector::compile(selector).unwrap();
            assert_eq!(selector.field_of(&["L", "E"]), expected, "{selector:?}");
        }
        case("L.E[].Id", Some("Id"));
        case(".L.E[].Tags.Tag[].TagKey", Some("Tags"));
        case("L.E[]", None);
        case("L.E[][].Id", None);
        case("L.F[].Id", None);
        case("L", None);
        case("TotalCount", None);
        case("L.E[] | .Id", None);
        case("[.L.E[].Id]", None);
    }

    #[test]
    fn a_syntax_error_says_what_was_expected_and_where() {
        let refused = Selector::compile("a | select(").unwrap_err();
        let expected =
            "`.a | select(` is not a jq program: expected closing parenthesis at the end";
        assert_eq!(refused.to_string(), expected);
        let refused = Selector::compile_program("lenght").unwrap_err().to_string();
        assert!(refused.contains("did you mean `length`?"), "{refused}");
    }

    #[test]
    fn ordinary_programs_on_long_lists_stay_within_their_budget() {
        let list: Vec<Value> = (0..20_000)
            .map(|i| json!({"Id": format!("i-{i}"), "N": i}))
            .collect();
        let input = json!({"L": list});
        let count = |program: &str| {
            Selector::compile(program)
                .unwrap()
                .all(&input)
                .unwrap()
                .len()
        };
        assert_eq!(count("L[].Id"), 20_000);
        assert_eq!(
            count("L[] | select(.N % 2 == 0) | select(.Id | test(\"0$\")) | .Id"),
            2000
        );
        assert_eq!(count("reduce .L[] as $x ([]; . + [$x.N])"), 1);
        assert_eq!(
            count("L | map(.N) | add, (group_by(. % 7) | length), max"),
            3
        );
        assert_eq!(
            count("L | map({key: .Id, value: .N}) | from_entries | to_entries[]"),
            20_000
        );
    }
}
