//! The list of commands.

use crate::cli::command::{
    action, approve, audit, cancel, complete, completion, diff, doctor, events, exec, execute,
    graph, host, image, instance, list, logs, parameter, plan, reject, report, resume, retry, run,
    schema, secret, serve, show, skip, store, tasks, template, trigger, validate,
};
use crate::cli::session::{Outcome, Session};

/// What `oos` can do.
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Check templates and show everything that is wrong with them
    Validate(validate::Arguments),
    /// Show what a run would do: parameters, targets, calls and their risk
    Plan(plan::Arguments),
    /// Start an execution and work on it to its end
    Run(run::Arguments),
    /// Run one command on many hosts and instances, as an execution like any other
    Exec(exec::Arguments),
    /// Look after schedules and other triggers, and fire them
    Trigger(Box<trigger::Arguments>),
    /// Serve until told to stop: fire triggers, take up what nobody works on, bring signals
    Serve(serve::Arguments),
    /// List executions, newest first
    List(list::Arguments),
    /// Show an execution: status, parameters, tasks, outputs, what it waits for
    Show(show::Arguments),
    /// List the tasks of an execution and the items of their loops
    Tasks(tasks::Arguments),
    /// Print what the commands of an execution printed
    Logs(logs::Arguments),
    /// Show what came of the targets of an execution: equal outputs once, failures by class
    Report(report::Arguments),
    /// Show what changed on the targets since an earlier execution
    Diff(diff::Arguments),
    /// Print the journal of an execution
    Events(events::Arguments),
    /// Go on with an execution that nobody works on
    Resume(resume::Arguments),
    /// Cancel an execution or one of its tasks
    Cancel(cancel::Arguments),
    /// Approve what an execution waits for: an approval, a pause, a call, the next batch
    Approve(approve::Arguments),
    /// Reject what an execution waits for; this cancels the execution
    Reject(reject::Arguments),
    /// Run a failed or unknown task again
    Retry(retry::Arguments),
    /// Take a failed or unknown task as skipped and go on
    Skip(skip::Arguments),
    /// Run a task of an execution that waits in mode debug or after a failure
    Execute(execute::Arguments),
    /// End an execution that waits after a failure
    Complete(complete::Arguments),
    /// Keep templates with their versions, and look at those there are
    Template(template::Arguments),
    /// Keep values that templates name as {{ oos:name }}
    Parameter(parameter::Arguments),
    /// Keep secrets that templates name as {{ oos-secret:name }}
    Secret(secret::Arguments),
    /// Look at the actions that templates may use
    Action(action::Arguments),
    /// Look at the hosts of the inventory, and at what was run on them
    Host(host::Arguments),
    /// Look after local instances
    Instance(instance::Arguments),
    /// Look after local images
    Image(image::Arguments),
    /// Draw the flow of a template or of an execution
    Graph(graph::Arguments),
    /// Back up, rebuild or check what is recorded
    Store(store::Arguments),
    /// Show, check or export the record of who did what
    Audit(audit::Arguments),
    /// Print the JSON Schema of runbooks or inventories, for editors
    Schema(schema::Arguments),
    /// Find out whether this machine can run everything, and what would help
    Doctor(doctor::Arguments),
    /// Print the completion script of a shell
    Completion(completion::Arguments),
}

impl Command {
    /// Does it.
    pub(in crate::cli) fn run(self, session: &mut Session) -> Outcome {
        match self {
            Self::Validate(arguments) => arguments.run(session),
            Self::Plan(arguments) => arguments.run(session),
            Self::Run(arguments) => arguments.run(session),
            Self::Exec(arguments) => arguments.run(session),
            Self::Trigger(arguments) => arguments.run(session),
            Self::Serve(arguments) => arguments.run(session),
            Self::List(arguments) => arguments.run(session),
            Self::Show(arguments) => arguments.run(session),
            Self::Tasks(arguments) => arguments.run(session),
            Self::Logs(arguments) => arguments.run(session),
            Self::Report(arguments) => arguments.run(session),
            Self::Diff(arguments) => arguments.run(session),
            Self::Events(arguments) => arguments.run(session),
            Self::Resume(arguments) => arguments.run(session),
            Self::Cancel(arguments) => arguments.run(session),
            Self::Approve(arguments) => arguments.run(session),
            Self::Reject(arguments) => arguments.run(session),
            Self::Retry(arguments) => arguments.run(session),
            Self::Skip(arguments) => arguments.run(session),
            Self::Execute(arguments) => arguments.run(session),
            Self::Complete(arguments) => arguments.run(session),
            Self::Template(arguments) => arguments.run(session),
            Self::Parameter(arguments) => arguments.run(session),
            Self::Secret(arguments) => arguments.run(session),
            Self::Action(arguments) => arguments.run(session),
            Self::Host(arguments) => arguments.run(session),
            Self::Instance(arguments) => arguments.run(session),
            Self::Image(arguments) => arguments.run(session),
            Self::Graph(arguments) => arguments.run(session),
            Self::Store(arguments) => arguments.run(session),
            Self::Audit(arguments) => arguments.run(session),
            Self::Schema(arguments) => arguments.run(session),
            Self::Doctor(arguments) => arguments.run(session),
            Self::Completion(arguments) => arguments.run(session),
        }
    }
}
