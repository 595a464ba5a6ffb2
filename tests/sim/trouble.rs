//! What of a plan is still to come.

use std::time::Duration;

use crate::plan::{Fate, Moment, Operation, Plan, Step};

/// The steps of a plan that have not happened, and the counters that they wait for.
#[derive(Debug)]
pub(crate) struct Trouble {
    steps: Vec<Step>,
    appends: u32,
    reads: u32,
    mails: u32,
    records: u32,
    calls: u32,
}

/// What goes wrong with an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AppendTrouble {
    /// The power fails.
    Power(Moment),
    /// The store says no; whether it has written all the same.
    Refused { written: bool },
}

impl Trouble {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            steps: plan.steps.clone(),
            appends: 0,
            reads: 0,
            mails: 0,
            records: 0,
            calls: 0,
        }
    }

    /// Returns how many appends were tried.
    pub(crate) fn appends(&self) -> u32 {
        self.appends
    }

    /// Returns how many calls there were.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// Counts an append and says what goes wrong with it.
    pub(crate) fn append(&mut self) -> Option<AppendTrouble> {
        self.appends += 1;
        let number = self.appends;
        let step = self.take(|step| match step {
            Step::PowerFails { append, .. } => *append == number,
            Step::StoreFails {
                operation: Operation::Append | Operation::AppendWritten,
                number: wanted,
            } => *wanted == number,
            _ => false,
        })?;
        Some(match step {
            Step::PowerFails { moment, .. } => AppendTrouble::Power(moment),
            Step::StoreFails { operation, .. } => AppendTrouble::Refused {
                written: operation == Operation::AppendWritten,
            },
            other => unreachable!("{other:?} is no trouble of an append"),
        })
    }

    /// Counts an operation other than an append; tells whether it fails.
    pub(crate) fn fails(&mut self, operation: Operation) -> bool {
        let counter = match operation {
            Operation::Read => &mut self.reads,
            Operation::Mail => &mut self.mails,
            Operation::Record => &mut self.records,
            Operation::Append | Operation::AppendWritten => {
                unreachable!("appends have their own trouble")
            }
        };
        *counter += 1;
        let number = *counter;
        self.take(|step| *step == Step::StoreFails { operation, number })
            .is_some()
    }

    /// Counts a new call and says what becomes of it.
    pub(crate) fn call(&mut self) -> Option<Fate> {
        self.calls += 1;
        let count = self.calls;
        let step = self.take(|step| matches!(step, Step::Call { number, .. } if *number == count));
        step.and_then(|step| match step {
            Step::Call { fate, .. } => Some(fate),
            _ => None,
        })
    }

    /// Returns when the next step of time is due.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        self.steps.iter().filter_map(Step::at).min()
    }

    /// Takes the step of time that is due.
    pub(crate) fn due(&mut self, age: Duration) -> Option<Step> {
        let next = self.next_time().filter(|at| *at <= age)?;
        self.take(|step| step.at() == Some(next))
    }

    fn take(&mut self, is: impl Fn(&Step) -> bool) -> Option<Step> {
        let place = self.steps.iter().position(is)?;
        Some(self.steps.remove(place))
    }
}
