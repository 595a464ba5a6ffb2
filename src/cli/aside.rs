//! Asks while the run goes on: one whose question was answered elsewhere, or that is ended, does not
//! wait for the terminal.

use std::io::stdin;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::oneshot;

use crate::cli::answer::{self, Answer, Question};

/// Asks on a thread of its own and returns the answer. Cancel-safe: when dropped, the terminal is
/// what it was before.
pub(super) async fn ask_aside(question: Question) -> Option<Answer> {
    let terminal = Terminal::now();
    let (sender, answer) = oneshot::channel();
    // Not one of the runtime's threads: it would wait for them before it ends.
    std::thread::spawn(move || {
        // Nobody waits for the answer if the run has ended meanwhile.
        let _nobody = sender.send(answer::ask(&question));
    });
    let answer = answer.await.expect("asking does not panic");
    drop(terminal);
    answer
}

/// How a terminal is set; it is set so again when this is dropped.
struct Terminal(Option<Termios>);

impl Terminal {
    fn now() -> Self {
        // What is no terminal needs nothing.
        Self(tcgetattr(stdin()).ok())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(settings) = &self.0
            && let Err(error) = tcsetattr(stdin(), OptionalActions::Now, settings)
        {
            tracing::debug!(%error, "the terminal could not be set back");
        }
    }
}
