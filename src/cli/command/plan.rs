//! `oos plan`: what a run would do.

use clap::Args;

use crate::action::Risk;
use crate::base::value::{Value, text};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Output, Role, Table, TableCell, counted, print_map};
use crate::cli::session::{Outcome, Session};
use crate::cli::start::StartArguments;
use crate::engine::event::TimeoutOutcome;
use crate::runner::Plan;
use crate::runner::plan::{PlannedApproval, Repeats, Step};

/// Items of a loop that are named at most.
const NAMED_ITEMS: usize = 3;

/// Arguments of `oos plan`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    start: StartArguments,
    /// Show what each step runs with
    #[arg(long)]
    properties: bool,
}

impl Arguments {
    /// Prints the plan.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let workshop = self.start.open(&session.settings)?;
        let prepared = self.start.prepare(None, &workshop, session)?;
        let plan = workshop.wait(workshop.runner().plan(&prepared))?;
        match session.output.format() {
            Format::Text => print(&plan, self.properties, &mut session.output)?,
            Format::Json | Format::Yaml => session.output.document(&plan)?,
        }
        Ok(Exit::Success)
    }
}

fn print(plan: &Plan, with_properties: bool, output: &mut Output) -> std::io::Result<()> {
    let name = output.paint(Role::Strong, &plan.template_name);
    output.line(format_args!("{name}  {}", plan.digest))?;
    print_map("Parameters", &plan.parameters, output)?;
    let heading = output.paint(Role::Strong, "Steps");
    output.line(format_args!("\n{heading}"))?;
    let mut table = Table::new(output, &["STEP", "CALLS", "TIMES", "RISK"]);
    for step in &plan.steps {
        table.row(vec![
            TableCell::from(path(step)),
            TableCell::from(step.api.as_ref().unwrap_or(&step.action)),
            TableCell::from(times(&step.repeats)),
            match step.risk {
                Risk::Normal => TableCell::of(Role::Faint, "normal"),
                Risk::High => TableCell::of(Role::Attention, "high"),
            },
        ]);
    }
    table.print(output)?;
    if with_properties {
        print_properties(plan, output)?;
    }
    print_approvals(plan, output)?;
    print_remarks(plan, output);
    Ok(())
}

/// Returns the name of the innermost task, indented by its depth.
fn path(step: &Step) -> String {
    let depth = step.path.len().saturating_sub(1);
    let name = step.path.last().map_or("", String::as_str);
    let mark = if step.conditional { " ?" } else { "" };
    format!("{:indent$}{name}{mark}", "", indent = 2 * depth)
}

fn times(repeats: &Repeats) -> String {
    match repeats {
        Repeats::Once => "1".to_owned(),
        Repeats::Unknown => "known when it runs".to_owned(),
        Repeats::Items(items) if items.is_empty() => "0".to_owned(),
        Repeats::Items(items) => {
            let names: Vec<String> = items.iter().take(NAMED_ITEMS).map(text).collect();
            let more = if items.len() > NAMED_ITEMS {
                ", …"
            } else {
                ""
            };
            format!("{} ({}{more})", items.len(), names.join(", "))
        }
    }
}

fn print_properties(plan: &Plan, output: &mut Output) -> std::io::Result<()> {
    for step in &plan.steps {
        let Some(Value::Object(properties)) = &step.properties else {
            continue;
        };
        let heading = output.paint(Role::Strong, &step.path.join(" > "));
        output.line(format_args!("\n{heading}"))?;
        for (name, value) in properties {
            let value = text(value).replace('\n', "\n    ");
            output.line(format!("  {name}: {value}").trim_end())?;
        }
    }
    Ok(())
}

fn print_approvals(plan: &Plan, output: &mut Output) -> std::io::Result<()> {
    if plan.approvals.is_empty() {
        return Ok(());
    }
    let heading = output.paint(Role::Strong, "Approvals");
    output.line(format_args!("\n{heading}"))?;
    for approval in &plan.approvals {
        let path = approval.path.join(" > ");
        output.line(format_args!("  {path}: {}", terms(approval)))?;
        if approval.is_impossible(&plan.user, plan.self_approval) {
            output.note(format_args!(
                "warning: `{path}` can never be approved: name more approvers, or start it with \
                 `--allow-self-approval`."
            ));
        }
    }
    Ok(())
}

/// Returns who must approve and what happens if nobody does.
fn terms(approval: &PlannedApproval) -> String {
    let who = match &approval.approvers {
        None => "approvers are known when it runs".to_owned(),
        Some(approvers) if approvers.is_empty() => "anybody".to_owned(),
        Some(approvers) => approvers.join(", "),
    };
    let required = match approval.required {
        None => String::new(),
        Some(required) => format!("{required} of "),
    };
    let timeout = match (&approval.timeout, approval.timeout_outcome) {
        (Some(timeout), Some(TimeoutOutcome::Approve)) => {
            format!("; approved by nobody after {timeout}")
        }
        (Some(timeout), Some(outcome)) => format!("; {} after {timeout}", outcome.as_str()),
        _ => String::new(),
    };
    format!("{required}{who}{timeout}")
}

fn print_remarks(plan: &Plan, output: &mut Output) {
    if plan.steps.iter().any(|step| step.conditional) {
        output.note("? marks steps that a condition or a choice decides about.");
    }
    if plan.self_approval && !plan.approvals.is_empty() {
        output.note("Who starts it may approve it, too.");
    }
    if plan.incomplete {
        output.note("Some templates are only named once the run evaluates them.");
    }
    let high = plan
        .steps
        .iter()
        .filter(|step| step.risk == Risk::High)
        .count();
    if high > 0 {
        let calls = counted(high, "high-risk call");
        output.note(format_args!(
            "{calls}: `--safety-check confirm` makes each wait for a confirmation."
        ));
    }
}
