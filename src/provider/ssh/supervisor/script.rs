//! Puts the parts of the script together.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use crate::provider::ssh::supervisor::quote;

/// The variable that marks the processes of a command; its value is the command's id.
pub const MARK: &str = "OOS_INVOCATION";

/// What every line of ours begins with, before the nonce: a byte that text hardly has, so that output is
/// hardly ever held back for being the possible beginning of one.
pub(super) const FIRST: char = '\u{1e}';

/// What a client says when a command is not over soon: send what it says meanwhile.
pub const STREAM: &str = "stream\n";

/// What a client says when the end is recorded: the host may forget the command.
pub const TAKEN: &str = "taken\n";

/// How much of each output a host keeps. A command that says more is ended: it would fill the disk.
const MOST: u64 = 1 << 30;

/// The text of a file without comments and indentation: some shells read a script byte by byte.
macro_rules! part {
    ($file:literal) => {
        LazyLock::new(|| condense(include_str!($file)))
    };
}

static COMMON: LazyLock<String> = part!("common.sh");
static ENDING: LazyLock<String> = part!("ending.sh");
static START: LazyLock<String> = part!("start.sh");
static ATTACH: LazyLock<String> = part!("attach.sh");
static KILL: LazyLock<String> = part!("kill.sh");

/// What a start hands over as text: a shell takes half a millisecond to read it as commands, which few starts need.
static LATER: LazyLock<String> = LazyLock::new(|| {
    let text = condense(include_str!("minding.sh")) + &ENDING;
    format!("later={}\n", quote(&text))
});

fn condense(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    kept.fold(String::with_capacity(text.len()), |mut all, line| {
        all.push_str(line);
        all.push('\n');
        all
    })
}

/// What every part knows.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The command's id: letters, digits and hyphens. The same id is the same command.
    pub id: &'a str,
    /// Chance that a command cannot guess: it begins every line that is not the command's.
    pub nonce: &'a str,
    /// The hour of the client's clock since some point in time, for cleaning up once in an hour.
    pub hour: i64,
}

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// Program and arguments; `{script}` stands for the path of the script.
    pub argv: &'a [String],
    /// The script.
    pub script: &'a str,
    /// Where it runs; the user's home when not given.
    pub directory: Option<&'a str>,
    /// Variables in addition to those of the login.
    pub environment: Vec<(&'a str, &'a str)>,
    /// When it is ended.
    pub limit: Duration,
    /// For how long it may have been running, if it may have been asked for before.
    pub age: Option<Duration>,
}

/// From which byte of each output on an attached client wants to hear.
#[derive(Clone, Copy, Debug)]
pub struct Attach {
    /// Of standard output.
    pub stdout: u64,
    /// Of standard error.
    pub stderr: u64,
}

/// How a command is ended.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    /// How long it is asked politely.
    pub grace: Duration,
}

impl Part<'_> {
    /// Returns the script that starts a command and stays with it.
    pub fn start(&self, launch: &Launch<'_>) -> String {
        let mut text = self.head(launch.script.len());
        let age = launch.age.map_or(0, |age| age.as_secs().max(1));
        let limit = launch.limit.as_secs().max(1);
        let script = quote(launch.script);
        write!(
            text,
            "age={age} limit={limit} most={MOST} script={script}\n{}{}",
            *START, *LATER
        )
        .expect("a string takes everything");
        text.push_str("run_it() {\n");
        for (name, value) in &launch.environment {
            writeln!(text, "export {name}={}", quote(value)).expect("a string takes everything");
        }
        match launch.directory {
            Some(directory) => writeln!(text, "cd -- {} || exit 1", quote(directory)),
            None => writeln!(text, "cd \"$HOME\" 2>/dev/null"),
        }
        .expect("a string takes everything");
        if launch.argv.iter().any(|word| word == POWERSHELL_SCRIPT) {
            // It reads no file of another name.
            text.push_str("ln \"$run\" \"$base/$id.ps1\" || exit 1\n");
        }
        text.push_str("launch");
        for word in launch.argv {
            text.push(' ');
            text.push_str(&argument(word));
        }
        text.push_str("\n}\noos_start; exit\n");
        text
    }

    /// Returns the script that goes on with a command.
    pub fn attach(&self, from: Attach) -> String {
        let mut text = self.head(0);
        let Attach { stdout, stderr } = from;
        write!(
            text,
            "from={stdout} from_error={stderr}\n{}{}oos_attach; exit\n",
            *ENDING, *ATTACH
        )
        .expect("a string takes everything");
        text
    }

    /// Returns the script that ends a command.
    pub fn kill(&self, kill: Kill) -> String {
        let mut text = self.head(0);
        let grace = kill.grace.as_millis() / 100;
        write!(text, "grace={grace}\n{}{}oos_kill; exit\n", *ENDING, *KILL)
            .expect("a string takes everything");
        text
    }

    /// Nothing of a script is done before its last line is there: what is cut off does nothing.
    fn head(&self, more: usize) -> String {
        let mut text = String::with_capacity(COMMON.len() + START.len() + more + 256);
        let (id, hour) = (quote(self.id), self.hour);
        let nonce = quote(&format!("{FIRST}{}", self.nonce));
        // What a login gives to its programs under these names would be given on to the command with our values.
        write!(
            text,
            "unset id nonce script later rest rest_error line\n\
             id={id} nonce={nonce} hour={hour}\n{}",
            *COMMON
        )
        .expect("a string takes everything");
        text
    }
}

const POWERSHELL_SCRIPT: &str = "{script}.ps1";

fn argument(word: &str) -> String {
    match word {
        "{script}" => "\"$run\"".to_owned(),
        POWERSHELL_SCRIPT => "\"$base/$id.ps1\"".to_owned(),
        word => quote(word),
    }
}
