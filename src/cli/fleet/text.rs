//! A report as text: for a terminal, or for a file.

use unicode_width::UnicodeWidthStr as _;

use crate::cli::fleet::words::{Words, share};
use crate::cli::output::{Role, Status as _, between, duration, harmless, harmless_line};
use crate::engine::status::TaskStatus;
use crate::runner::report::{Group, Report, Step};

/// Columns for the words of classes.
const CLASS_WIDTH: usize = 21;

/// How much of a report is shown, and how.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Extent {
    /// The words.
    pub(in crate::cli) words: Words,
    /// Whether there is color.
    pub(in crate::cli) color: bool,
    /// Groups of a step.
    pub(in crate::cli) groups: usize,
    /// Lines of a group's output or difference.
    pub(in crate::cli) lines: usize,
    /// Letters of folded names.
    pub(in crate::cli) names: usize,
}

/// Returns a report as text.
pub(in crate::cli) fn text_report(report: &Report, extent: Extent) -> String {
    let mut writer = Writer {
        text: String::new(),
        extent,
    };
    writer.heading(report);
    writer.text.push_str(&text_steps(report, extent));
    writer.text
}

/// Returns the steps of a report as text, without the execution they belong to.
pub(super) fn text_steps(report: &Report, extent: Extent) -> String {
    let mut writer = Writer {
        text: String::new(),
        extent,
    };
    for step in &report.steps {
        writer.step(step, report);
    }
    writer.text
}

/// Returns at most `letters` of folded names, cut between two of them.
pub(super) fn cut_names(names: &str, letters: usize) -> String {
    let names = harmless_line(names);
    if names.chars().count() <= letters {
        return names;
    }
    let mut depth = 0_usize;
    let mut end = 0;
    for (place, letter) in names.char_indices().take(letters) {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => end = place,
            _ => {}
        }
    }
    if end == 0 {
        end = names
            .char_indices()
            .nth(letters)
            .map_or(names.len(), |(place, _)| place);
    }
    format!("{},…", &names[..end])
}

struct Writer {
    text: String,
    extent: Extent,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, role: Role, text: &str) -> String {
        role.paint(text, self.extent.color)
    }

    fn heading(&mut self, report: &Report) {
        let view = &report.execution;
        let words = self.extent.words;
        let id = self.paint(Role::Strong, view.execution_id.as_str());
        let status = format!(
            "{} {}",
            view.status.sign(),
            words.execution_status(view.status)
        );
        let status = self.paint(view.status.role(), &status);
        let name = harmless_line(&view.template_name);
        self.line(&format!("{id}  {status}  {name}"));
        if report.steps.is_empty() {
            let none = words.say(
                "No command ran on a target in this execution.",
                "该执行没有在任何目标上运行命令。",
            );
            self.line(none);
        }
    }

    fn step(&mut self, step: &Step, report: &Report) {
        let words = self.extent.words;
        if report.steps.len() > 1 {
            let name = self.paint(Role::Strong, &harmless_line(&step.name));
            self.line(&format!("\n{name}"));
        }
        let statuses: Vec<String> = step
            .statuses()
            .iter()
            .map(|(status, count)| format!("{count} {}", words.status(*status)))
            .collect();
        let total = words.targets(step.targets.len());
        self.line(&format!("{total}: {}", statuses.join(", ")));
        self.classes(step);
        for (place, group) in step.groups.iter().take(self.extent.groups).enumerate() {
            self.group(step, (place, group), report);
        }
        let rest = step.groups.iter().skip(self.extent.groups);
        let (groups, targets) = rest.fold((0, 0), |(groups, targets), group| {
            (groups + 1, targets + group.members.len())
        });
        if groups > 0 {
            let more = words.more_groups(groups, targets);
            let hint = format!(
                "oos report {} -O report.html",
                report.execution.execution_id
            );
            self.line(&format!("\n{more}: {}", self.paint(Role::Hint, &hint)));
        }
    }

    fn classes(&mut self, step: &Step) {
        for class in step.classes() {
            let names = cut_names(&step.names_of_class(class.class), self.extent.names);
            let word = self.extent.words.class(class.class);
            // Chinese letters are two columns wide.
            let gap = CLASS_WIDTH.saturating_sub(word.width());
            let word = format!("{}{:gap$}", self.paint(Role::Bad, word), "");
            let share = share(class.count, step.targets.len());
            self.line(&format!(
                "  {word} {:>6} {share:>5.1} %  {names}",
                class.count
            ));
        }
    }

    fn group(&mut self, step: &Step, (place, group): (usize, &Group), report: &Report) {
        let words = self.extent.words;
        let status = group.key.status;
        let heading = [words.status(status), &harmless_line(&group.key.code)].join(" ");
        let heading = format!("{} {}", status.sign(), heading.trim_end());
        let heading = self.paint(status.role(), &heading);
        let count = words.targets(group.members.len());
        let share = share(group.members.len(), step.targets.len());
        let names = cut_names(&step.names_of(group), self.extent.names);
        let took = slowest(step, group);
        self.line("");
        self.line(&format!("{heading}  {count} ({share:.1} %{took})  {names}"));
        let first = step.first_of(group);
        if let Some(fault) = &first.fault {
            self.body(&fault.message, Role::Bad);
        }
        if let Some(odd) = step.odd_lines(place, report.normal) {
            let note = words.say("as a diff to the largest group:", "与最大一组的差异：");
            self.line(&format!("    {}", self.paint(Role::Faint, note)));
            self.body(&odd, Role::Strong);
        } else if let Some(output) = &group.output {
            self.body(&output.text(), Role::Strong);
            if output.is_cut {
                let cut = words.say("… cut here", "… 此处截断");
                self.line(&format!("    {}", self.paint(Role::Faint, cut)));
            }
        } else if status != TaskStatus::Pending {
            let left_out = words.say("(output left out)", "（输出从略）");
            self.line(&format!("    {}", self.paint(Role::Faint, left_out)));
        }
    }

    /// Prints lines of hosts, no more than wanted.
    fn body(&mut self, text: &str, role: Role) {
        let text = harmless(text);
        let lines: Vec<&str> = text.lines().collect();
        // One line more costs no more than to say that it is left out.
        let limit = if lines.len() == self.extent.lines + 1 {
            lines.len()
        } else {
            self.extent.lines
        };
        for line in lines.iter().take(limit) {
            let role = match line.as_bytes().first() {
                _ if role == Role::Bad => Some(Role::Bad),
                Some(b'@') if line.starts_with("@@ ") => Some(Role::Faint),
                _ => None,
            };
            let line = role.map_or_else(|| (*line).to_owned(), |role| self.paint(role, line));
            self.line(&format!("    {line}"));
        }
        if lines.len() > limit {
            let more = self.extent.words.more_lines(lines.len() - limit);
            self.line(&format!("    {}", self.paint(Role::Faint, &more)));
        }
    }
}

/// Returns how long the slowest target of a group took.
fn slowest(step: &Step, group: &Group) -> String {
    let members = group.members.iter().map(|target| &step.targets[*target]);
    let took = members.filter_map(|target| Some(between(target.started?, target.ended?)));
    took.max()
        .map(|took| format!(", ≤ {}", duration(took)))
        .unwrap_or_default()
}
