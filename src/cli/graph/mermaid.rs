//! The flow as a Mermaid flow chart, which many viewers of Markdown draw.

use std::fmt::Write as _;

use crate::cli::graph::flow::{Flow, WayKind};
use crate::cli::output::Status as _;

/// Returns the flow as Mermaid text.
pub(in crate::cli) fn mermaid(flow: &Flow) -> String {
    let mut page = String::from("flowchart TD\n");
    let mut line = |text: String| {
        writeln!(page, "  {text}").expect("writing to a string cannot fail");
    };
    for (place, step) in flow.steps.iter().enumerate() {
        let loops = if step.is_loop { " ⟳" } else { "" };
        let status = step.status.map(|status| format!("<br/>{}", status.word()));
        let label = format!(
            "{}{loops}<br/><small>{}</small>{}",
            escaped(&step.name),
            escaped(&step.action),
            status.unwrap_or_default(),
        );
        line(format!("t{place}[\"{label}\"]"));
    }
    line("finish([end])".to_owned());
    for way in &flow.ways {
        let target = way
            .to
            .map_or_else(|| "finish".to_owned(), |to| format!("t{to}"));
        let arrow = match way.kind {
            WayKind::Error | WayKind::Cancel => "-.->",
            WayKind::Success | WayKind::Choice(_) | WayKind::Otherwise => "-->",
        };
        let label = match way.kind.label() {
            "" => String::new(),
            label => format!("|\"{}\"|", escaped(label)),
        };
        line(format!("t{} {arrow}{label} {target}", way.from));
    }
    page
}

/// Returns text with the characters replaced that mean something in a Mermaid label.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '"' => "#quot;".to_owned(),
            '<' => "#lt;".to_owned(),
            '>' => "#gt;".to_owned(),
            '#' => "#35;".to_owned(),
            '\n' => " ".to_owned(),
            letter => letter.to_string(),
        })
        .collect()
}
