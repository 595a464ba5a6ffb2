//! Links that are cut at random moments, on a real sshd: one start each, output whole, exit code right.

use std::time::Duration;

use oos::base::call::{ApiError, CallFault};
use oos::base::output::Channel;

use crate::faults::dice::{Dice, fresh, now, patience, seeds};
use crate::support::cutter::Cutter;
use crate::support::hosts::{HOST, Operator, count, through, wait};
use crate::support::sshd::Sshd;

/// How long the short form goes on.
const SHORT: Duration = Duration::from_secs(15);

/// The longest that a command here takes, many times over.
const LONG: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Tally {
    commands: usize,
    cuts: usize,
    never_started: usize,
}

#[test]
fn a_command_is_started_once_wherever_the_link_is_cut() {
    let Some(sshd) = Sshd::start() else { return };
    let cutter = Cutter::before(sshd.port());
    let mut tally = Tally::default();
    let begin = now();
    let mut queue = seeds(3);
    while begin.elapsed() < patience().unwrap_or(SHORT) {
        let mut dice = Dice::new(queue.pop().unwrap_or_else(fresh));
        let token = format!("token-{}", tally.commands);
        wait(command(&sshd, &cutter, &mut dice, &token, &mut tally));
        tally.commands += 1;
        assert_eq!(count(&sshd), tally.commands, "starts");
    }
    tally.cuts = cutter.cuts();
    println!(
        "report: {} commands over links that were cut {} times: one start each, output whole; {} \
         calls had to be made again because nothing was started",
        tally.commands, tally.cuts, tally.never_started
    );
    // Chance decides how many: with few commands, few.
    assert!(tally.cuts > tally.commands / 10, "{} cuts", tally.cuts);
}

/// Runs one command over a link that is cut up to four times, mostly before it is over.
async fn command(sshd: &Sshd, cutter: &Cutter, dice: &mut Dice, token: &str, tally: &mut Tally) {
    let lines = dice.below(400);
    let pause = ["", "sleep 0.02", "sleep 0.3", "[ $i != 3 ] || sleep 1"][dice.below(4) as usize];
    let code = dice.below(200) + 1;
    let script = format!(
        "echo run >>\"$HOME/count\"; i=0; while [ $i -lt {lines} ]; do echo line $i; i=$((i + 1)); \
         [ $i -gt 5 ] || {{ {pause}:; }}; done; echo problem $i >&2; exit {code}",
        pause = if pause.is_empty() {
            String::new()
        } else {
            format!("{pause}; ")
        }
    );
    cutter.plan((0..dice.below(5)).map(|_| 3_000 + dice.below(20_000)));
    let operator = Operator::of(through(sshd, cutter.port()));
    let mut context = operator.context(token);
    let outcome = loop {
        let properties = serde_json::json!({ "commandContent": script });
        let call = operator.call(token, &properties, &context);
        let outcome = tokio::time::timeout(LONG, call).await.expect("it ends");
        match outcome {
            // Certainly not started: whoever retries it makes the same call again.
            Err(CallFault::Api(ApiError { code, .. })) if code.starts_with("Host.") => {
                tally.never_started += 1;
                context.resumed = true;
            }
            outcome => break outcome,
        }
    };
    let failure = outcome.expect_err("the exit code is not 0").to_string();
    let expected = format!("ExitCode.{code}: ");
    assert!(
        failure.starts_with(&expected),
        "{failure} on {HOST}, not {expected}"
    );
    let whole: String = (0..lines).map(|i| format!("line {i}\n")).collect();
    assert_eq!(operator.output(token, Channel::Stdout), whole);
    let error = operator.output(token, Channel::Stderr);
    assert_eq!(error, format!("problem {lines}\n"));
    operator.settle().await;
}
