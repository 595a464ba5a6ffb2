//! The settings of a loop, wherever they were written (language reference 2.8, and extensions of
//! ours: error budgets, unreachable targets, limits of each batch).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::duration::duration;
use crate::base::failure::FailureClass;
use crate::base::value::{Map, Value, find, text};
use crate::template::number::{Amount, whole};
use crate::template::rate::{BatchPause, Concurrency, Problem, Style, Unreachable};

/// The names of the settings.
pub const SETTINGS: [&str; 11] = [
    "Mode",
    "Concurrency",
    "MaxErrors",
    "Batch",
    "ConcurrencyInBatches",
    "BatchPauseOption",
    "MaxErrorsInBatches",
    "ErrorBudget",
    "Unreachable",
    "DeferRounds",
    "DeferPause",
];

/// The settings of a loop; what is not given is absent.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RateControl {
    /// How it goes through its items.
    pub style: Option<Style>,
    /// How many items run at once.
    pub concurrency: Option<Concurrency>,
    /// How many may fail.
    pub max_errors: Option<Amount>,
    /// Sizes of the batches; the last one repeats.
    pub batch: Option<Vec<Amount>>,
    /// How many items of each batch run at once; the last one repeats.
    pub windows: Option<Vec<Amount>>,
    /// Where somebody is waited for.
    pub pause: Option<BatchPause>,
    /// Extension: how many items of each batch may fail; the last one repeats.
    pub batch_errors: Option<Vec<Amount>>,
    /// Extension: how many may fail, by class; a class that is not here counts against
    /// `max_errors`.
    pub budgets: BTreeMap<FailureClass, Amount>,
    /// Extension: what is done about targets that cannot be reached.
    pub unreachable: Option<Unreachable>,
    /// Extension: how often deferred items are tried again.
    pub defer_rounds: Option<u32>,
    /// Extension: how long is waited before deferred items are tried again.
    pub defer_pause: Option<Duration>,
}

impl RateControl {
    /// Reads settings from a map, ignoring case; what is called otherwise is passed over, and `null`
    /// counts as not given.
    pub fn read(map: &Map) -> Result<Self, Problem> {
        let mut control = Self::default();
        for name in SETTINGS {
            if let Some(value) = find(map, name) {
                control.set(name, value)?;
            }
        }
        Ok(control)
    }

    /// Reads one setting. Fails if there is none of that name, or if it cannot have the value.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Problem> {
        let known = SETTINGS
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name));
        let name = known.ok_or_else(|| Problem::unknown("RateControl", &SETTINGS, name))?;
        if value.is_null() {
            return Ok(());
        }
        match name {
            "Mode" => self.style = Style::read(name, value)?,
            "Concurrency" => {
                self.concurrency = Some(match value {
                    Value::Array(_) => Concurrency::Batches(amounts(name, value)?),
                    _ => Concurrency::Window(amount(name, value)?),
                });
            }
            "MaxErrors" => self.max_errors = Some(amount(name, value)?),
            "Batch" => self.batch = Some(amounts(name, value)?),
            "ConcurrencyInBatches" => self.windows = Some(amounts(name, value)?),
            "BatchPauseOption" => self.pause = BatchPause::read(name, value)?,
            "MaxErrorsInBatches" => self.batch_errors = Some(amounts(name, value)?),
            "ErrorBudget" => self.budgets.extend(budgets(value)?),
            "Unreachable" => self.unreachable = Unreachable::read(name, value)?,
            "DeferRounds" => {
                let rounds = whole(value).filter(|rounds| *rounds > 0);
                let wanted = "a number above 0";
                let rounds = rounds.ok_or_else(|| Problem::unwanted(name, wanted, value))?;
                self.defer_rounds = Some(rounds);
            }
            _ => {
                let pause = duration(&text(value));
                let wanted = "a duration such as `PT30S`";
                let pause = pause.ok_or_else(|| Problem::unwanted(name, wanted, value))?;
                self.defer_pause = Some(pause);
            }
        }
        Ok(())
    }
}

/// Reads the budgets of classes.
fn budgets(value: &Value) -> Result<BTreeMap<FailureClass, Amount>, Problem> {
    let Value::Object(map) = value else {
        let wanted = "a map of classes such as `{Unreachable: 10%}`";
        return Err(Problem::unwanted("ErrorBudget", wanted, value));
    };
    let given = map.iter().filter(|(_, value)| !value.is_null());
    given
        .map(|(key, value)| {
            let class = class(key)?;
            Ok((class, amount(&format!("ErrorBudget.{class}"), value)?))
        })
        .collect()
}

fn class(word: &str) -> Result<FailureClass, Problem> {
    let mut all = FailureClass::ALL.into_iter();
    all.find(|class| class.name().eq_ignore_ascii_case(word))
        .ok_or_else(|| {
            Problem::unknown(
                "ErrorBudget",
                &FailureClass::ALL.map(FailureClass::name),
                word,
            )
        })
}

fn amount(name: &str, value: &Value) -> Result<Amount, Problem> {
    Amount::read(value).ok_or_else(|| Problem::unwanted(name, "a number or a percentage", value))
}

/// Reads a list of counts and percentages; a single one is a list of one.
fn amounts(name: &str, value: &Value) -> Result<Vec<Amount>, Problem> {
    match value {
        Value::Array(list) => list.iter().map(|value| amount(name, value)).collect(),
        single => Ok(vec![amount(name, single)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_read_in_any_case() {
        let map = json!({
            "mode": "batch,", "Batch": [1, "10%"], "MaxErrors": "0,", "unreachable": "DEFER",
            "DeferPause": "PT1M", "ErrorBudget": {"exitcode": 5, "Unknown": "1%", "Other": null},
            "Else": 1,
        });
        let control = RateControl::read(map.as_object().unwrap()).unwrap();
        let expected = RateControl {
            style: Some(Style::Batch),
            batch: Some(vec![Amount::Count(1), Amount::Percent(10.0)]),
            max_errors: Some(Amount::Count(0)),
            unreachable: Some(Unreachable::Defer),
            defer_pause: Some(Duration::from_mins(1)),
            budgets: [
                (FailureClass::ExitCode, Amount::Count(5)),
                (FailureClass::Unknown, Amount::Percent(1.0)),
            ]
            .into(),
            ..RateControl::default()
        };
        assert_eq!(control, expected);
    }

    #[test]
    fn what_cannot_be_taken_is_named_with_what_may_be_meant() {
        #[track_caller]
        fn case(name: &str, value: &Value, message: &str, suggestion: Option<&str>) {
            let problem = RateControl::default().set(name, value).unwrap_err();
            assert_eq!(
                (problem.message.as_str(), problem.suggestion),
                (message, suggestion)
            );
        }
        let amount = "must be a number or a percentage";
        case(
            "MaxErrors",
            &json!("few"),
            &format!("`MaxErrors` of a loop {amount}, not `\"few\"`"),
            None,
        );
        case(
            "Batch",
            &json!([1, {}]),
            &format!("`Batch` of a loop {amount}, not `{{}}`"),
            None,
        );
        case(
            "Unreachable",
            &json!("defers"),
            "`Unreachable` of a loop is Fail, Skip or Defer, not `defers`",
            Some("Defer"),
        );
        case(
            "ErrorBudget",
            &json!({"Unreachabel": 1}),
            "`ErrorBudget` has nothing called `Unreachabel`: it takes Unreachable, RefusedKey, \
             Authentication, Timeout, ExitCode, Unknown or Other",
            Some("Unreachable"),
        );
        case(
            "ErrorBudget",
            &json!({"ExitCode": "x"}),
            &format!("`ErrorBudget.ExitCode` of a loop {amount}, not `\"x\"`"),
            None,
        );
        case(
            "DeferRounds",
            &json!(0),
            "`DeferRounds` of a loop must be a number above 0, not `0`",
            None,
        );
        let problem = RateControl::default()
            .set("ErorBudget", &json!(1))
            .unwrap_err();
        assert_eq!(problem.suggestion, Some("ErrorBudget"));
    }
}
