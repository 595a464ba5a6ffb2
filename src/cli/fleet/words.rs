//! The words of reports in the languages that there are.

use crate::base::failure::FailureClass;
use crate::config::Language;
use crate::engine::status::{ExecutionStatus, TaskStatus};

/// The words of reports.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Words(pub(in crate::cli) Language);

impl Words {
    /// Returns the text of the language.
    pub(super) fn say<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self.0 {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    /// Returns `1 target`, `2 targets`.
    pub(super) fn targets(self, count: usize) -> String {
        match (self.0, count) {
            (Language::English, 1) => "1 target".to_owned(),
            (Language::English, _) => format!("{count} targets"),
            (Language::Chinese, _) => format!("{count} 个目标"),
        }
    }

    /// Returns `and 7 more lines`.
    pub(super) fn more_lines(self, count: usize) -> String {
        match (self.0, count) {
            (Language::English, 1) => "… 1 more line".to_owned(),
            (Language::English, _) => format!("… {count} more lines"),
            (Language::Chinese, _) => format!("… 另有 {count} 行"),
        }
    }

    /// Returns `and 7 more groups with 9 targets`.
    pub(super) fn more_groups(self, groups: usize, targets: usize) -> String {
        let with = self.targets(targets);
        match (self.0, groups) {
            (Language::English, 1) => format!("… 1 more group with {with}"),
            (Language::English, _) => format!("… {groups} more groups with {with}"),
            (Language::Chinese, _) => format!("… 另有 {groups} 组，共 {with}"),
        }
    }

    /// Returns the word of a task's status.
    pub(super) fn status(self, status: TaskStatus) -> &'static str {
        let chinese = match status {
            TaskStatus::Pending => "未开始",
            TaskStatus::Running => "运行中",
            TaskStatus::Waiting => "等待中",
            TaskStatus::Unknown => "结果未知",
            TaskStatus::Success => "成功",
            TaskStatus::Failed => "失败",
            TaskStatus::Cancelled => "已取消",
            TaskStatus::Skipped => "已跳过",
        };
        self.say(status.as_str(), chinese)
    }

    /// Returns the word of an execution's status.
    pub(super) fn execution_status(self, status: ExecutionStatus) -> &'static str {
        let chinese = match status {
            ExecutionStatus::Queued => "排队中",
            ExecutionStatus::Running => "运行中",
            ExecutionStatus::Waiting => "等待中",
            ExecutionStatus::Success => "成功",
            ExecutionStatus::Failed => "失败",
            ExecutionStatus::Cancelled => "已取消",
        };
        self.say(status.as_str(), chinese)
    }

    /// Returns the word of a class of failure.
    pub(super) fn class(self, class: FailureClass) -> &'static str {
        let (english, chinese) = match class {
            FailureClass::Unreachable => ("unreachable", "无法连接"),
            FailureClass::RefusedKey => ("host key refused", "主机密钥被拒绝"),
            FailureClass::Authentication => ("authentication failed", "认证失败"),
            FailureClass::Timeout => ("timeout", "超时"),
            FailureClass::ExitCode => ("exit code", "退出码非零"),
            FailureClass::Unknown => ("outcome unknown", "结果未知"),
            FailureClass::Other => ("other", "其他"),
        };
        self.say(english, chinese)
    }
}

/// Returns a part of a whole in percent.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of targets are far below 2^52"
    )]
    let share = part as f64 * 100.0 / whole as f64;
    share
}
