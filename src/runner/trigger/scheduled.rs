//! A template without a trigger gets one: the schedule of `oos trigger create`.

use serde_json::json;

use crate::base::source::Source;
use crate::base::value::{Map, Value};
use crate::template::yaml;

/// The name of the task that is put before all others.
const TASK: &str = "timerTrigger";

/// Returns the text of a template that begins with a timer of these properties and goes on as `source`
/// does; `None` if `source` holds no tasks.
pub(in crate::runner) fn scheduled(source: &Source, settings: &Map) -> Option<String> {
    let node = yaml::read(source, &mut Vec::new())?;
    let Value::Object(mut template) = node.to_value() else {
        return None;
    };
    let key = template
        .keys()
        .find(|key| key.eq_ignore_ascii_case("Tasks"))?
        .clone();
    let Some(Value::Array(tasks)) = template.get_mut(&key) else {
        return None;
    };
    let name = free_name(tasks);
    let task = json!({
        "Name": name,
        "Action": "ACS::TimerTrigger",
        "Properties": settings,
    });
    tasks.insert(0, task);
    serde_json::to_string_pretty(&Value::Object(template)).ok()
}

/// Returns a name that no task has.
fn free_name(tasks: &[Value]) -> String {
    let is_taken = |name: &str| {
        let mut names = tasks.iter().filter_map(|task| task.get("Name")?.as_str());
        names.any(|taken| taken.eq_ignore_ascii_case(name))
    };
    let mut name = TASK.to_owned();
    let mut number = 2;
    while is_taken(&name) {
        name = format!("{TASK}{number}");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::parse::parse;

    #[test]
    fn the_timer_comes_first_and_the_rest_stays() {
        let source = Source::new(
            "t",
            "FormatVersion: OOS-2019-06-01\nTasks:\n- {Name: timerTrigger, Action: 'ACS::Sleep', \
             Properties: {Duration: PT1S}}\nOutputs: {a: {Type: String, Value: x}}\n",
        );
        let Value::Object(settings) = json!({"Type": "rate", "Expression": "5 minutes"}) else {
            unreachable!()
        };
        let text = scheduled(&source, &settings).unwrap();
        let parsed = parse(&Source::new("t", text));
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let template = parsed.template.unwrap();
        let names: Vec<&str> = template
            .tasks
            .iter()
            .map(|task| task.name.value.as_str())
            .collect();
        assert_eq!(names, ["timerTrigger2", "timerTrigger"]);
        assert_eq!(template.outputs.len(), 1);
    }
}
