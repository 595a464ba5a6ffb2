//! The signatures of the embedded actions (language reference 4.1 to 4.14).

use std::sync::LazyLock;

use crate::action::embedded::Embedded;
use crate::action::property::PropertySpec;
use crate::action::spec::ActionSpec;
use crate::template::model::ValueType::{self, Boolean, Json, List, Number, String as Text};

impl Embedded {
    /// Returns its signature.
    pub fn spec(self) -> &'static ActionSpec {
        static SPECS: LazyLock<Vec<ActionSpec>> =
            LazyLock::new(|| Embedded::ALL.into_iter().map(Embedded::make_spec).collect());
        // ALL has the order of the variants, which a test asserts.
        &SPECS[self as usize]
    }

    fn make_spec(self) -> ActionSpec {
        let (english, chinese) = self.description();
        ActionSpec {
            name: self.name().to_owned(),
            description: (english.to_owned(), chinese.to_owned()),
            kind: self.kind(),
            properties: properties(self),
            outputs: Vec::new(),
        }
    }

    fn description(self) -> (&'static str, &'static str) {
        match self {
            Self::ExecuteApi => ("Calls an API of a service", "调用服务的 API"),
            Self::WaitFor => (
                "Calls an API until its answer is as desired",
                "反复调用 API，直到结果符合期望",
            ),
            Self::CheckFor => (
                "Calls an API and fails unless its answer is as desired",
                "调用 API 并检查结果是否符合期望",
            ),
            Self::ExecuteHttpRequest => ("Sends an HTTP request", "发送 HTTP 请求"),
            Self::TimerTrigger => ("Starts executions by the clock", "定时启动执行"),
            Self::EventTrigger => ("Starts an execution for each event", "由事件启动执行"),
            Self::AlarmTrigger => ("Starts an execution for each alarm", "由报警启动执行"),
            Self::Choice => (
                "Chooses the next task by conditions",
                "按条件选择下一个任务",
            ),
            Self::Sleep => ("Waits for a time", "等待一段时间"),
            Self::SelectTargets => ("Finds the resources to work on", "选择目标资源"),
            Self::Notify => ("Sends a message", "发送通知"),
            Self::Approve => ("Asks people to approve", "请求审批"),
            Self::Pause => ("Waits until somebody goes on", "暂停，直到有人继续"),
            Self::Loop => ("Runs a list of tasks for each item", "对每一项运行一组任务"),
            Self::Template => ("Runs another template", "运行另一个模板"),
            Self::GitCodeRepo => (
                "Returns a clone address of a code repository",
                "返回代码仓库的克隆地址",
            ),
        }
    }
}

/// Returns the properties of an embedded action.
fn properties(action: Embedded) -> Vec<PropertySpec> {
    match action {
        Embedded::ExecuteApi => call(),
        Embedded::WaitFor | Embedded::CheckFor => poll(),
        Embedded::ExecuteHttpRequest => http_request(),
        Embedded::TimerTrigger => timer(),
        Embedded::EventTrigger => event(),
        Embedded::AlarmTrigger => alarm(),
        Embedded::Choice => vec![
            required("DefaultTask", Text, "Where to go when no condition holds"),
            required("Choices", List, "Conditions with the task each leads to"),
        ],
        Embedded::Sleep => vec![required("Duration", Text, "How long, as ISO 8601: `PT5M`")],
        Embedded::SelectTargets => vec![
            required("ResourceType", Text, "The type of the resources"),
            optional("RegionId", Text, "Where they are"),
            required("Filters", List, "What selects them; all must match"),
        ],
        Embedded::Notify => message(required("NotifyType", Text, "How to send it")),
        Embedded::Approve => approve(),
        Embedded::Pause => Vec::new(),
        Embedded::Loop => vec![
            required("LoopItems", List, "What to repeat over"),
            optional("LoopRateControl", Json, "How many at once, how many errors"),
            required("LoopTasks", List, "What to do for each item"),
        ],
        Embedded::Template => vec![
            optional(
                "TemplateName",
                Text,
                "The template or product action to run",
            ),
            optional(
                "TemplateVersion",
                Text,
                "Its version; the newest by default",
            ),
            optional(
                "TemplateContent",
                Text,
                "The template itself instead of its name",
            )
            .any(),
            optional("Parameters", Json, "Its parameters"),
        ],
        Embedded::GitCodeRepo => vec![
            required("Platform", Text, "Who hosts the repository"),
            optional("Owner", Text, "The account that owns it"),
            optional("Organization", Text, "The organization that owns it"),
            required("Repository", Text, "Its name"),
        ],
    }
}

fn required(name: &str, value_type: ValueType, description: &str) -> PropertySpec {
    PropertySpec::required(name, value_type, description)
}

fn optional(name: &str, value_type: ValueType, description: &str) -> PropertySpec {
    PropertySpec::optional(name, value_type, description)
}

fn call() -> Vec<PropertySpec> {
    vec![
        required("Service", Text, "The product code, such as `ECS`"),
        required("API", Text, "The operation, such as `DescribeInstances`"),
        optional("Parameters", Json, "What the operation takes"),
        optional(
            "Method",
            Text,
            "The HTTP method of a resource-oriented call",
        ),
        optional("URI", Text, "The path of a resource-oriented call"),
        optional("Headers", Json, "Extra headers of the request"),
        optional("Body", Json, "The body of a resource-oriented call").any(),
        optional("Risk", Text, "Whether the call must be confirmed").only(&["Normal", "High"]),
        optional(
            "AutoPaging",
            Boolean,
            "Whether to read all pages of a list; true by default",
        ),
    ]
}

fn poll() -> Vec<PropertySpec> {
    let mut properties = call();
    properties.extend([
        required(
            "PropertySelector",
            Text,
            "What of the answer to compare, as jq",
        )
        .any(),
        optional("DesiredValues", List, "Values that mean success"),
        optional("NotDesiredValues", List, "Values that must not be there"),
        optional("StopRetryValues", List, "Values that mean failure at once"),
    ]);
    properties
}

fn http_request() -> Vec<PropertySpec> {
    vec![
        optional("Method", Text, "The HTTP method; POST by default"),
        required("URL", Text, "Where to send it"),
        optional("Headers", Json, "Extra headers"),
        optional("Query", Json, "What to append to the address"),
        optional("Body", Json, "What to send").any(),
        optional("CheckFor", Json, "Rules that the answer must meet"),
        optional("WaitFor", Json, "Rules to wait for"),
    ]
}

fn timer() -> Vec<PropertySpec> {
    vec![
        required("Type", Text, "How the expression is read").only(&["cron", "rate", "at"]),
        required(
            "Expression",
            Text,
            "When: six cron fields, an interval, a time",
        ),
        required("EndDate", Text, "When the trigger stops, in UTC"),
        optional("StartDate", Text, "When the trigger begins; now by default"),
        optional("TimeZone", Text, "The zone of cron times; UTC by default"),
        optional(
            "Missed",
            Text,
            "What becomes of times at which nobody was there: skip (the default), once, all, \
             all:20, all:20:PT6H",
        ),
        optional(
            "Overlap",
            Text,
            "What becomes of a time while an execution before it runs: allow (the default), skip, \
             queue, queue:5",
        ),
        optional(
            "Blackout",
            Text,
            "What becomes of a time in a blackout: hold (the default) or skip",
        ),
        optional(
            "Jitter",
            Text,
            "Up to how much later it may start, such as PT5M",
        ),
    ]
}

fn event() -> Vec<PropertySpec> {
    vec![
        required("Product", Text, "The product that the event is about"),
        optional("Name", List, "Names of events"),
        optional("Level", List, "Levels of events"),
        optional("Content", Json, "Accepted values by field of the event"),
        optional("RegionId", List, "Where the event happens"),
        optional("Tags", Json, "Tags of the resource"),
        optional("OutputTransformer", Text, "A jq program over the event"),
    ]
}

fn alarm() -> Vec<PropertySpec> {
    vec![
        required("Namespace", Text, "The name space of the metric"),
        required("MetricName", Text, "The metric"),
        optional("Statistics", Text, "Which statistic of it"),
        optional("ComparisonOperator", Text, "How to compare"),
        optional("Threshold", Text, "With what to compare"),
        optional("Times", Number, "How often in a row"),
        optional("SilenceTime", Number, "Seconds without a second alarm"),
        optional("Period", Number, "Seconds of one measurement"),
        optional("Interval", Number, "Seconds between two tests"),
        optional("EffectiveInterval", Text, "The hours in which alarms count"),
        optional("Resources", Json, "The resources to watch"),
        optional("Tags", Json, "Tags of the resources to watch"),
        optional("OutputTransformer", Text, "A jq program over the alarm"),
    ]
}

fn message(notify_type: PropertySpec) -> Vec<PropertySpec> {
    vec![
        notify_type.only(&["WebHook", "Mail"]),
        optional(
            "WebHook",
            Json,
            "`URI`, `Headers` and `Content` of a web hook",
        ),
        optional("Mail", Json, "Server, sender, receivers and text of a mail"),
        optional(
            "AppendExecutionLink",
            Boolean,
            "Whether to add a link to the execution",
        ),
    ]
}

fn approve() -> Vec<PropertySpec> {
    let told = "How to tell the approvers; they are not told without it";
    let mut properties = message(optional("NotifyType", Text, told));
    properties.extend([
        optional("Approvers", List, "Who may decide; everybody by default"),
        optional(
            "MinRequiredApprovals",
            Number,
            "How many must approve; 1 by default",
        ),
        optional(
            "TimeoutOutcome",
            Text,
            "What comes of it when the task's `Timeout` is over: Fail (the default), Reject or \
             Approve",
        )
        .only(&["Fail", "Reject", "Approve"]),
    ]);
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_actions_has_the_order_of_the_variants() {
        for embedded in Embedded::ALL {
            assert_eq!(Embedded::ALL[embedded as usize], embedded);
        }
    }

    #[test]
    fn every_action_is_described_and_names_each_property_once() {
        for embedded in Embedded::ALL {
            let spec = embedded.spec();
            assert_eq!(spec.name, embedded.name());
            assert!(!spec.description.0.is_empty() && !spec.description.1.is_empty());
            for property in &spec.properties {
                assert!(!property.description.is_empty(), "{}", property.name);
                let count = spec
                    .properties
                    .iter()
                    .filter(|other| other.name.eq_ignore_ascii_case(&property.name))
                    .count();
                assert_eq!(count, 1, "{} {}", spec.name, property.name);
            }
        }
    }
}
