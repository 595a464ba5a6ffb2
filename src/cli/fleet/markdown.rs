//! A report as Markdown: for tickets and messages.

use std::fmt::Write as _;

use crate::cli::fleet::text::cut_names;
use crate::cli::fleet::words::{Words, share};
use crate::cli::output::{Status as _, harmless, harmless_line};
use crate::runner::report::{Group, Report, Step};

/// Groups of a step that are shown: Markdown is pasted into things with limits.
const GROUPS: usize = 50;

/// Lines of a group that are shown.
const LINES: usize = 100;

/// Letters of folded names.
const NAMES: usize = 2000;

/// Returns a report as Markdown.
pub(in crate::cli) fn markdown_report(report: &Report, words: Words) -> String {
    let mut text = String::new();
    let view = &report.execution;
    push(
        &mut text,
        format_args!(
            "# {} {}\n\n{} {} · {} · {}\n",
            words.say("Report", "报告"),
            plain(&view.template_name),
            view.status.sign(),
            words.execution_status(view.status),
            view.execution_id,
            view.start_date,
        ),
    );
    for step in &report.steps {
        push_step(&mut text, step, report, words);
    }
    text
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part)
        .expect("writing to a string cannot fail");
}

fn push_step(text: &mut String, step: &Step, report: &Report, words: Words) {
    let total = step.targets.len();
    push(
        text,
        format_args!("\n## {}\n\n{}\n\n", plain(&step.name), words.targets(total)),
    );
    push(
        text,
        format_args!(
            "| {} | {} | % |\n| --- | ---: | ---: |\n",
            words.say("Outcome", "结果"),
            words.say("Targets", "目标"),
        ),
    );
    for (status, count) in step.statuses() {
        let word = words.status(status);
        let share = share(count, total);
        push(
            text,
            format_args!("| {} {word} | {count} | {share:.1} |\n", status.sign()),
        );
    }
    for class in step.classes() {
        let word = words.class(class.class);
        let (count, share) = (class.count, share(class.count, total));
        push(text, format_args!("| – {word} | {count} | {share:.1} |\n"));
    }
    for (place, group) in step.groups.iter().take(GROUPS).enumerate() {
        push_group(text, step, (place, group), (report, words));
    }
    let rest = step.groups.iter().skip(GROUPS);
    let (groups, targets) = rest.fold((0, 0), |(groups, targets), group| {
        (groups + 1, targets + group.members.len())
    });
    if groups > 0 {
        push(
            text,
            format_args!("\n{}\n", words.more_groups(groups, targets)),
        );
    }
}

fn push_group(
    text: &mut String,
    step: &Step,
    (place, group): (usize, &Group),
    (report, words): (&Report, Words),
) {
    let status = group.key.status;
    let code = plain(&group.key.code);
    let share = share(group.members.len(), step.targets.len());
    push(
        text,
        format_args!(
            "\n### {} {}{}{code}: {} ({share:.1} %)\n\n{}\n",
            status.sign(),
            words.status(status),
            if code.is_empty() { "" } else { " " },
            words.targets(group.members.len()),
            plain(&cut_names(&step.names_of(group), NAMES)),
        ),
    );
    if let Some(fault) = &step.first_of(group).fault {
        push(text, format_args!("\n{}\n", plain(&fault.message)));
    }
    if let Some(odd) = step.odd_lines(place, report.normal) {
        push_block(text, "diff", &odd, words);
    } else if let Some(output) = group.output.as_ref().filter(|output| !output.is_empty()) {
        push_block(text, "text", &output.text(), words);
    }
}

/// Adds a block that nothing in it can end.
fn push_block(text: &mut String, language: &str, body: &str, words: Words) {
    let body = harmless(body);
    let longest = body
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    push(text, format_args!("\n{fence}{language}\n"));
    for line in body.lines().take(LINES) {
        push(text, format_args!("{line}\n"));
    }
    push(text, format_args!("{fence}\n"));
    let rest = body.lines().count().saturating_sub(LINES);
    if rest > 0 {
        push(text, format_args!("\n{}\n", words.more_lines(rest)));
    }
}

/// Returns one line of text in which nothing is markup.
fn plain(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for letter in harmless_line(text).chars() {
        match letter {
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '&' => result.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' => {
                result.push('\\');
                result.push(letter);
            }
            _ => result.push(letter),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Language;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(
            plain("<b>[x](javascript:1)|`\x1b"),
            "&lt;b&gt;\\[x\\]\\(javascript:1\\)\\|\\`\\\\x1b"
        );
    }

    #[test]
    fn no_output_ends_its_block() {
        let mut text = String::new();
        let words = Words(Language::English);
        push_block(&mut text, "text", "a\n````\n# x\n", words);
        assert_eq!(text, "\n`````text\na\n````\n# x\n`````\n");
    }
}
