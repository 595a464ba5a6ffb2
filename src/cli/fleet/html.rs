//! A report as one page that needs nothing else: no network, no other file. What hosts printed is
//! text in it and nothing else; a policy in the page forbids every script and style but its own.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::base::failure::FailureClass;
use crate::cli::fleet::words::{Words, share};
use crate::cli::output::{Role, Status as _, between, duration, harmless};
use crate::engine::status::TaskStatus;
use crate::runner::report::{Group, Normal, Report, Step, Target};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Groups of a step that are shown as differences: each costs a comparison.
const DIFFERENCES: usize = 500;

/// Returns a report as a page.
pub(in crate::cli) fn html_report(report: &Report, words: Words) -> String {
    let mut page = Page {
        html: String::new(),
        words,
    };
    page.head(report);
    page.filters(report);
    for (number, step) in report.steps.iter().enumerate() {
        page.step(number, step, report.normal);
    }
    page.push(format_args!(
        "</main><script>{SCRIPT}</script></body></html>\n"
    ));
    page.html
}

/// Text in which nothing is markup, neither between tags nor in quoted attributes.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in harmless(self.0).chars() {
            match letter {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Returns the class of the page's style that stands for a status.
fn tone(status: TaskStatus) -> &'static str {
    match status.role() {
        Role::Good => "good",
        Role::Bad | Role::Error => "bad",
        Role::Attention => "wait",
        Role::Busy | Role::Hint | Role::Strong | Role::Faint => "idle",
    }
}

fn class_name(class: Option<FailureClass>) -> &'static str {
    class.map_or("", FailureClass::name)
}

struct Page {
    html: String,
    words: Words,
}

impl Page {
    fn push(&mut self, part: fmt::Arguments<'_>) {
        self.html
            .write_fmt(part)
            .expect("writing to a string cannot fail");
    }

    fn head(&mut self, report: &Report) {
        let words = self.words;
        let view = &report.execution;
        let name = Text(&view.template_name);
        let (style, script) = (hash(STYLE), hash(SCRIPT));
        let language = words.say("en", "zh-CN");
        self.push(format_args!(
            "<!DOCTYPE html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"referrer\" content=\"no-referrer\">\
             <title>{name} · {id}</title><style>{STYLE}</style></head><body><main>\
             <h1>{name}</h1><p><span class=\"mark\">{sign} {status}</span> · {id} · {by} · {start}",
            id = view.execution_id,
            sign = view.status.sign(),
            status = words.execution_status(view.status),
            by = Text(&view.executed_by),
            start = view.start_date,
        ));
        if let Some(end) = view.end_date {
            let took = duration(between(view.start_date, end));
            self.push(format_args!(" · {took}"));
        }
        self.push(format_args!("</p>"));
    }

    fn filters(&mut self, report: &Report) {
        let words = self.words;
        let any = words.say("any", "全部");
        self.push(format_args!(
            "<form id=\"filters\"><label>{}<select id=\"status\"><option value=\"\">{any}</option>",
            words.say("Status", "状态")
        ));
        let steps = || report.steps.iter();
        let mut statuses: Vec<TaskStatus> = Vec::new();
        for (status, _) in steps().flat_map(Step::statuses) {
            if !statuses.contains(&status) {
                statuses.push(status);
                let (value, word) = (status.as_str(), words.status(status));
                self.push(format_args!("<option value=\"{value}\">{word}</option>"));
            }
        }
        self.push(format_args!(
            "</select></label><label>{}<select id=\"class\"><option value=\"\">{any}</option>",
            words.say("Failure", "失败类别")
        ));
        for class in FailureClass::ALL {
            if steps().flat_map(Step::classes).any(|c| c.class == class) {
                let (value, word) = (class.name(), words.class(class));
                self.push(format_args!("<option value=\"{value}\">{word}</option>"));
            }
        }
        self.push(format_args!(
            "</select></label><label>{}<input id=\"name\" type=\"search\" autocomplete=\"off\"></label>\
             <button type=\"reset\">{}</button><output><span id=\"shown\">{count}</span> / {count}</output>\
             <output id=\"about\" aria-live=\"polite\"></output></form>",
            words.say("Name", "名称"),
            words.say("Show all", "显示全部"),
            count = report.target_count(),
        ));
    }

    fn step(&mut self, number: usize, step: &Step, normal: Normal) {
        self.push(format_args!("<section><h2>{}</h2>", Text(&step.name)));
        self.summary(step);
        let words = self.words;
        let label = words.say("Targets; arrow keys move", "目标；方向键移动");
        self.push(format_args!("<ul class=\"grid\" aria-label=\"{label}\">"));
        for (place, target) in step.targets.iter().enumerate() {
            self.cell(target, (number, place));
        }
        self.push(format_args!(
            "</ul><h3>{}</h3>",
            words.say("What came of it", "分组结果")
        ));
        for (place, group) in step.groups.iter().enumerate() {
            self.group(number, step, (place, group), normal);
        }
        self.push(format_args!("</section>"));
    }

    fn summary(&mut self, step: &Step) {
        let words = self.words;
        let total = step.targets.len();
        self.push(format_args!("<p>{}</p><table>", words.targets(total)));
        for (status, count) in step.statuses() {
            let (tone, sign, word) = (tone(status), status.sign(), words.status(status));
            let share = share(count, total);
            self.push(format_args!(
                "<tr><th class=\"{tone}\"><span class=\"mark\">{sign} {word}</span></th>\
                 <td class=\"n\">{count}</td><td class=\"n\">{share:.1} %</td><td></td></tr>"
            ));
        }
        for class in step.classes() {
            let (word, count) = (words.class(class.class), class.count);
            let share = share(count, total);
            let names = step.names_of_class(class.class);
            self.push(format_args!(
                "<tr><td>{word}</td><td class=\"n\">{count}</td><td class=\"n\">{share:.1} %</td>\
                 <td><div class=\"names\">{}</div></td></tr>",
                Text(&names)
            ));
        }
        self.push(format_args!("</table>"));
    }

    /// Adds the cell of a target. One cell of a grid can be reached by the tabulator, the others
    /// from there by arrows.
    fn cell(&mut self, target: &Target, (step, place): (usize, usize)) {
        let status = target.status;
        let name = Text(&target.name);
        let mut about = self.words.status(status).to_owned();
        if let Some(fault) = &target.fault {
            about = format!("{about} · {}", fault.code);
        }
        if let (Some(started), Some(ended)) = (target.started, target.ended) {
            about = format!("{about} · {}", duration(between(started, ended)));
        }
        self.push(format_args!(
            "<li><a href=\"#g{step}-{group}\" tabindex=\"{tab}\" class=\"{tone}\" data-s=\"{value}\" \
             data-c=\"{class}\" data-n=\"{name}\" title=\"{name} · {about}\">{sign}</a></li>",
            group = target.group,
            tab = if place == 0 { 0 } else { -1 },
            tone = tone(status),
            value = status.as_str(),
            class = class_name(target.class()),
            about = Text(&about),
            sign = status.sign(),
        ));
    }

    fn group(
        &mut self,
        number: usize,
        step: &Step,
        (place, group): (usize, &Group),
        normal: Normal,
    ) {
        let words = self.words;
        let status = group.key.status;
        let share = share(group.members.len(), step.targets.len());
        let is_open = if place == 0 { " open" } else { "" };
        self.push(format_args!(
            "<details id=\"g{number}-{place}\" data-s=\"{value}\" data-c=\"{class}\"{is_open}>\
             <summary><span class=\"mark {tone}\">{sign} {word} {code}</span> \
             {count} ({share:.1} %)</summary><p class=\"names\">{names}</p>",
            value = status.as_str(),
            class = class_name(group.class),
            tone = tone(status),
            sign = status.sign(),
            word = words.status(status),
            code = Text(&group.key.code),
            count = words.targets(group.members.len()),
            names = Text(&step.names_of(group)),
        ));
        if let Some(fault) = &step.first_of(group).fault {
            self.push(format_args!("<p>{}</p>", Text(&fault.message)));
        }
        let odd = (place < DIFFERENCES)
            .then(|| step.odd_lines(place, normal))
            .flatten();
        if let Some(odd) = odd {
            let note = words.say("As a diff to the largest group:", "与最大一组的差异：");
            self.push(format_args!("<p>{note}</p>"));
            self.difference(&odd);
        } else if let Some(output) = &group.output {
            if !output.is_empty() {
                self.push(format_args!(
                    "<pre tabindex=\"0\">{}</pre>",
                    Text(&output.text())
                ));
            }
            if output.is_cut {
                let note = words.say("The output is longer.", "输出未完整显示。");
                self.push(format_args!("<p>{note}</p>"));
            }
        } else {
            let note = words.say("The output is left out.", "输出从略。");
            self.push(format_args!("<p>{note}</p>"));
        }
        self.push(format_args!("</details>\n"));
    }

    fn difference(&mut self, difference: &str) {
        self.push(format_args!("<pre tabindex=\"0\">"));
        for line in difference.lines() {
            let tag = match line.as_bytes().first() {
                Some(b'-') => "minus",
                Some(b'+') => "plus",
                Some(b'@') => "at",
                _ => "",
            };
            self.push(format_args!(
                "<span class=\"{tag}\">{}</span>\n",
                Text(line)
            ));
        }
        self.push(format_args!("</pre>"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        assert_eq!(
            Text("<a b='\"'>&\x1b\u{202e}").to_string(),
            "&lt;a b=&#39;&quot;&#39;&gt;&amp;\\x1b\\u{202e}"
        );
    }

    #[test]
    fn the_script_names_nothing_that_runs_text() {
        for word in [
            "innerHTML",
            "eval",
            "document.write",
            "insertAdjacent",
            "Function(",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }
}
