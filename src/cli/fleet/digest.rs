//! The short report at the end of a run: what came of a loop over many targets, on one screen.

use std::ops::RangeBounds;

use crate::cli::fleet::text::{Extent, text_steps};
use crate::cli::fleet::words::Words;
use crate::cli::output::{Output, Role};
use crate::cli::report::Failure;
use crate::config::Language;
use crate::runner::report::{Normal, ReportRequest, read_report};
use crate::store::Store;
use crate::store::view::ExecutionView;

/// Fewer targets are told by the list of tasks well enough.
pub(in crate::cli) const MANY: usize = 2;

/// Groups, lines of a group and letters of names: together about one screen.
const GROUPS: usize = 4;
const LINES: usize = 6;
const NAMES: usize = 120;

/// Prints what the commands of an execution came to, those that ran on as many targets as `sizes`
/// says; tells whether there were any.
pub(in crate::cli) async fn print_digest(
    store: &dyn Store,
    view: &ExecutionView,
    sizes: impl RangeBounds<usize>,
    language: Language,
    output: &mut Output,
) -> Result<bool, Failure> {
    let request = ReportRequest {
        task: None,
        normal: Normal::default(),
        output_bytes: 64 * 1024,
        group_bytes: 4 * 1024,
    };
    let mut report = read_report(store, view.clone(), &request).await?;
    report
        .steps
        .retain(|step| sizes.contains(&step.targets.len()));
    if report.steps.is_empty() {
        return Ok(false);
    }
    let extent = Extent {
        words: Words(language),
        color: output.has_color(),
        groups: GROUPS,
        lines: LINES,
        names: NAMES,
    };
    output.line("")?;
    output.text(&text_steps(&report, extent))?;
    let hint = format!("oos report {}", view.execution_id);
    let hint = output.paint(Role::Hint, &hint);
    let all = extent.words.say("All of it:", "完整报告：");
    output.line(format_args!("\n{all} {hint}"))?;
    Ok(true)
}
