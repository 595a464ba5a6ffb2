//! A machine as the script sees it, for tests: a shell, a home, and channels to it.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::base::output::Channel;
use crate::provider::ssh::supervisor::{
    Attach, Ending, Kill, Launch, MARK, Part, Refusal, Reply, Said, TAKEN,
};

pub(super) const SHELLS: &[&[&str]] = &[
    &["dash"],
    &["bash", "--posix"],
    &["bash"],
    &["busybox", "sh"],
];

/// A machine as the script sees it: a shell and a home.
pub(super) struct Machine {
    pub(super) shell: &'static [&'static str],
    pub(super) home: TempDir,
    pub(super) path: Option<PathBuf>,
    pub(super) leads: bool,
}

/// One channel: a shell that was sent a part.
pub(super) struct Link {
    pub(super) child: Child,
    pub(super) input: Option<ChildStdin>,
    pub(super) heard: Receiver<(Channel, Vec<u8>)>,
    pub(super) reply: Reply,
    pub(super) said: Vec<Said>,
}

impl Machine {
    pub(super) fn each(test: impl Fn(&Self)) {
        for shell in SHELLS {
            if Command::new(shell[0]).arg("--help").output().is_ok() {
                test(&Self::with(shell, true));
            }
        }
    }

    pub(super) fn with(shell: &'static [&'static str], leads: bool) -> Self {
        Self {
            shell,
            home: tempfile::tempdir().unwrap(),
            path: None,
            leads,
        }
    }

    /// Returns one of the same shell, in whose session others live.
    pub(super) fn crowded(&self) -> Self {
        Self::with(self.shell, false)
    }

    /// Returns the shell, ready to run.
    pub(super) fn command(&self) -> Command {
        let mut command = if self.leads {
            let mut command = Command::new("setsid");
            command.arg(self.shell[0]);
            command
        } else {
            Command::new(self.shell[0])
        };
        command.args(&self.shell[1..]).args(["-s", "oos"]);
        command
            .env("HOME", self.home.path())
            .env("LOGNAME", "oos-test");
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command
    }

    pub(super) fn send(&self, text: &str) -> Link {
        let mut command = self.command();
        let pipes = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let (tx, heard) = channel();
        let listen = |channel: Channel, mut stream: Box<dyn std::io::Read + Send>| {
            let tx = tx.clone();
            thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    if tx.send((channel, buffer[..count].to_vec())).is_err() {
                        return;
                    }
                }
            });
        };
        listen(Channel::Stdout, Box::new(child.stdout.take().unwrap()));
        listen(Channel::Stderr, Box::new(child.stderr.take().unwrap()));
        let mut input = child.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        Link {
            child,
            input: Some(input),
            heard,
            reply: Reply::new("nonce"),
            said: Vec::new(),
        }
    }

    pub(super) fn start(&self, id: &str, script: &str) -> Link {
        self.start_within(id, script, Duration::from_mins(1), None)
    }

    pub(super) fn start_within(
        &self,
        id: &str,
        script: &str,
        limit: Duration,
        age: Option<Duration>,
    ) -> Link {
        self.send(&starting(id, script, limit, age))
    }

    pub(super) fn attach(&self, id: &str, stdout: u64) -> Link {
        self.send(&part(id).attach(Attach { stdout, stderr: 0 }))
    }

    pub(super) fn ask_to_kill(&self, id: &str) -> Link {
        let grace = Duration::from_millis(300);
        self.send(&part(id).kill(Kill { grace }))
    }

    pub(super) fn kill(&self, id: &str) -> Ending {
        let mut link = self.ask_to_kill(id);
        match link.until(|said| matches!(said, Said::Report(_))) {
            Said::Report(ending) => ending,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn state(&self) -> PathBuf {
        self.home.path().join(".local/state/oos")
    }
}

pub(super) fn part(id: &str) -> Part<'_> {
    Part {
        id,
        nonce: "nonce",
        hour: 1,
    }
}

/// Returns the script that starts a command.
pub(super) fn starting(id: &str, script: &str, limit: Duration, age: Option<Duration>) -> String {
    let argv = ["/bin/sh".to_owned(), "{script}".to_owned()];
    part(id).start(&Launch {
        argv: &argv,
        script,
        directory: None,
        environment: vec![("OOS_GIVEN", "it's")],
        limit,
        age,
    })
}

impl Link {
    /// Waits until something is said.
    pub(super) fn until(&mut self, wanted: impl Fn(&Said) -> bool) -> Said {
        loop {
            if let Some(said) = self.said.iter().find(|said| wanted(said)) {
                return said.clone();
            }
            let next = self.heard.recv_timeout(Duration::from_secs(30));
            let (channel, bytes) = next.unwrap_or_else(|_| panic!("{:?}", self.said));
            self.reply.take(channel, &bytes, &mut self.said);
        }
    }

    pub(super) fn started(mut self) -> Self {
        self.until(|said| *said == Said::Started);
        self
    }

    pub(super) fn ended(&mut self) -> Ending {
        match self.until(|said| matches!(said, Said::Ended(_))) {
            Said::Ended(ending) => ending,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn refusal(&mut self) -> Refusal {
        match self.until(|said| matches!(said, Said::Refused(_))) {
            Said::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn say(&mut self, text: &str) {
        self.input
            .as_mut()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    pub(super) fn cut(&mut self) {
        self.input = None;
    }

    /// Says that all was taken over and waits until the shell has gone.
    pub(super) fn take(&mut self) {
        self.say(TAKEN);
        self.child.wait().unwrap();
    }

    pub(super) fn output(&self, wanted: Channel) -> String {
        String::from_utf8(self.bytes(wanted)).unwrap()
    }

    pub(super) fn bytes(&self, wanted: Channel) -> Vec<u8> {
        let bytes = self.said.iter().flat_map(|said| match said {
            Said::Output(channel, bytes) if *channel == wanted => bytes.clone(),
            _ => Vec::new(),
        });
        bytes.collect()
    }
}

pub(super) fn exited(code: i32) -> Ending {
    Ending {
        code: Some(code),
        ..Ending::default()
    }
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Returns how many processes carry the mark of a command.
pub(super) fn alive(id: &str) -> usize {
    let mark = format!("{MARK}={id}");
    let entries = std::fs::read_dir("/proc").unwrap();
    let has = |entry: std::io::Result<std::fs::DirEntry>| {
        let environment = std::fs::read(entry.unwrap().path().join("environ"));
        let environment = environment.unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes())
    };
    entries.map(has).filter(|has| *has).count()
}
