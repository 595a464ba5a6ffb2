//! What the supervisor says, read from the two streams of its channel.
//!
//! Each stream has lines of ours, which begin with the nonce, before and after the bytes of the command.
//! What comes before the first of them is noise of the host's login files.

use std::mem;

use crate::base::output::Channel;
use crate::provider::ssh::supervisor::FIRST;

/// How much noise is kept, for the reason when nothing else comes.
const NOISE: usize = 2_000;

/// The longest that lines after the output may grow: process names of a report.
const TAIL: usize = 256 * 1024;

/// The first line of what became of ending a command.
const REPORT: &str = "report";

/// What was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// The command was started, here or before: its output follows.
    Started,
    /// Nothing was started or found.
    Refused(Refusal),
    /// Output of the command.
    Output(Channel, Vec<u8>),
    /// The command ended and all of its output was said.
    Ended(Ending),
    /// What became of ending it.
    Report(Ending),
}

/// Why there is no command to listen to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Another start of the same id was first.
    Exists,
    /// There is no command of this id.
    None,
    /// It was called off before it was claimed, and does not begin.
    Never,
    /// It has ended already.
    Ended,
    /// It may have been started and its trace be gone.
    Unsure,
    /// The host lacks something.
    Unsupported(String),
    /// The host could not.
    Failed(String),
}

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ending {
    /// The exit code, if anybody saw it.
    pub code: Option<i32>,
    /// Why it was ended, if it was.
    pub reason: Option<Reason>,
    /// How many processes were ended.
    pub count: u32,
    /// The first of them, as `pid name`.
    pub names: Vec<String>,
    /// Those that are still there, as `pid name`.
    pub left: Vec<String>,
}

/// Why a command was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Its time was up.
    Timeout,
    /// It said too much.
    Limit,
    /// Somebody wished it.
    Kill,
    /// Nobody watched over it any more.
    Unwatched,
}

/// Reads both streams.
#[derive(Debug)]
pub struct Reply {
    stdout: Stream,
    stderr: Stream,
    ended: Option<Ending>,
}

impl Reply {
    /// Makes a reader of what begins with `nonce`.
    pub fn new(nonce: &str) -> Self {
        Self {
            stdout: Stream::new(nonce),
            stderr: Stream::new(nonce),
            ended: None,
        }
    }

    /// Takes bytes of a stream and adds what they say to `said`.
    pub fn take(&mut self, channel: Channel, bytes: &[u8], said: &mut Vec<Said>) {
        let stream = match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        };
        let output = stream.take(bytes);
        if channel == Channel::Stdout {
            self.begin(said);
        }
        if !output.is_empty() {
            said.push(Said::Output(channel, output));
        }
        if let Some(ending) = self.stdout.ending() {
            if self.stdout.is_report {
                said.push(Said::Report(ending));
            } else {
                self.ended = Some(ending);
            }
        }
        // The last bytes of one stream may come after the end of the other.
        if self.stderr.is_over()
            && let Some(ending) = self.ended.take()
        {
            said.push(Said::Ended(ending));
        }
    }

    /// Returns what was said where nothing was expected: the reason why nothing else was.
    pub fn noise(&self) -> String {
        let noise = if self.stderr.noise.is_empty() {
            &self.stdout.noise
        } else {
            &self.stderr.noise
        };
        String::from_utf8_lossy(noise).trim().to_owned()
    }

    fn begin(&mut self, said: &mut Vec<Said>) {
        let Some(line) = self.stdout.first.take() else {
            return;
        };
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        said.push(match word {
            "started" => Said::Started,
            "exists" => Said::Refused(Refusal::Exists),
            "none" => Said::Refused(Refusal::None),
            "never" => Said::Refused(Refusal::Never),
            "ended" => Said::Refused(Refusal::Ended),
            "unsure" => Said::Refused(Refusal::Unsure),
            "unsupported" => Said::Refused(Refusal::Unsupported(rest.to_owned())),
            REPORT => return,
            _ => Said::Refused(Refusal::Failed(rest.to_owned())),
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Noise,
    Output,
    Tail,
    Over,
}

/// One stream: noise, a first line, output, lines about the end.
#[derive(Debug)]
struct Stream {
    /// What begins our lines.
    mark: Vec<u8>,
    state: State,
    /// Bytes that are not understood yet.
    held: Vec<u8>,
    noise: Vec<u8>,
    first: Option<String>,
    /// Whether the first line begins a report, which has no output before it.
    is_report: bool,
}

impl Stream {
    fn new(nonce: &str) -> Self {
        Self {
            mark: format!("{FIRST}{nonce} ").into_bytes(),
            state: State::Noise,
            held: Vec::new(),
            noise: Vec::new(),
            first: None,
            is_report: false,
        }
    }

    /// Takes bytes and returns those that are the command's.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        if self.state == State::Noise {
            self.skip_noise();
        }
        match self.state {
            State::Output => self.take_output(),
            State::Noise | State::Tail | State::Over => {
                self.held.truncate(TAIL);
                Vec::new()
            }
        }
    }

    fn skip_noise(&mut self) {
        let found = find(&self.held, &self.mark);
        let line = found.and_then(|at| {
            let begin = at + self.mark.len();
            let length = self.held[begin..].iter().position(|byte| *byte == b'\n')?;
            Some((begin, begin + length))
        });
        let Some((begin, end)) = line else {
            if found.is_none() {
                let keep = pending(&self.held, &self.mark);
                let noise = self.held.len() - keep;
                self.noise.extend(self.held.drain(..noise));
                let excess = self.noise.len().saturating_sub(NOISE);
                self.noise.drain(..excess);
            }
            return;
        };
        let first = String::from_utf8_lossy(&self.held[begin..end]).into_owned();
        self.is_report = first == REPORT;
        self.state = if self.is_report {
            State::Tail
        } else {
            State::Output
        };
        self.first = Some(first);
        self.held.drain(..=end);
    }

    fn take_output(&mut self) -> Vec<u8> {
        if let Some(at) = find(&self.held, &self.mark) {
            let tail = self.held.split_off(at);
            self.state = State::Tail;
            return mem::replace(&mut self.held, tail);
        }
        let keep = pending(&self.held, &self.mark);
        let tail = self.held.split_off(self.held.len() - keep);
        mem::replace(&mut self.held, tail)
    }

    /// Returns whether the last line came.
    fn is_over(&mut self) -> bool {
        if self.state == State::Tail && find(&self.held, &self.last()).is_some() {
            self.state = State::Over;
        }
        self.state == State::Over
    }

    fn last(&self) -> Vec<u8> {
        [&self.mark[..], b"done\n"].concat()
    }

    /// Returns what the lines after the output say, once, when they are all there.
    fn ending(&mut self) -> Option<Ending> {
        if self.state == State::Over || !self.is_over() {
            return None;
        }
        let text = String::from_utf8_lossy(&self.held).into_owned();
        let mut ending = Ending::default();
        let end = String::from_utf8_lossy(&self.mark).into_owned() + "end ";
        for line in text.lines() {
            if let Some(code) = line.strip_prefix(&end) {
                ending.code = code.trim().parse().ok();
            } else if let Some((word, rest)) = line.split_once(' ') {
                ending.read(word, rest);
            }
        }
        Some(ending)
    }
}

impl Ending {
    fn read(&mut self, word: &str, rest: &str) {
        let clean = || rest.chars().filter(|letter| !letter.is_control()).collect();
        match word {
            "why" => {
                self.reason = match rest {
                    "timeout" => Some(Reason::Timeout),
                    "limit" => Some(Reason::Limit),
                    "kill" => Some(Reason::Kill),
                    "unwatched" => Some(Reason::Unwatched),
                    _ => None,
                }
            }
            "count" => self.count = rest.parse().unwrap_or_default(),
            "name" => self.names.push(clean()),
            "left" => self.left.push(clean()),
            _ => {}
        }
    }
}

/// Returns where `mark` is in `bytes`.
fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let first = mark[0];
    let candidates = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
    candidates
        .map(|(at, _)| at)
        .find(|at| bytes[*at..].starts_with(mark))
}

/// Returns how many of the last bytes may be the beginning of `mark`.
fn pending(bytes: &[u8], mark: &[u8]) -> usize {
    let most = bytes.len().min(mark.len() - 1);
    (1..=most)
        .rev()
        .find(|length| bytes.ends_with(&mark[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STDOUT: &[u8] = b"motd\n\x1eN1 started\na\n\x1eN1b\n\x1eN1 end 7\nwhy kill\ncount 2\n\
        name 5 sh\nleft 6 \x1b[2Jx\ntold\n\x1eN1 done\n";

    fn read(pieces: impl Iterator<Item = (Channel, Vec<u8>)>) -> Vec<Said> {
        let mut reply = Reply::new("N1");
        let mut said = Vec::new();
        for (channel, bytes) in pieces {
            reply.take(channel, &bytes, &mut said);
        }
        said
    }

    #[test]
    fn reads_the_same_whatever_the_pieces_are() {
        for size in 1..STDOUT.len() {
            let stdout = STDOUT
                .chunks(size)
                .map(|piece| (Channel::Stdout, piece.to_vec()));
            let stderr = b"noise\x1eN1 started\nno\x1eN1 done\n".chunks(size);
            let stderr = stderr.map(|piece| (Channel::Stderr, piece.to_vec()));
            let said = read(stdout.chain(stderr));
            assert_eq!(said.first(), Some(&Said::Started), "{size}");
            let output = |wanted: Channel| -> Vec<u8> {
                let of = |said: &Said| match said {
                    Said::Output(channel, bytes) if *channel == wanted => bytes.clone(),
                    _ => Vec::new(),
                };
                said.iter().flat_map(of).collect()
            };
            assert_eq!(output(Channel::Stdout), b"a\n\x1eN1b\n", "{size}");
            assert_eq!(output(Channel::Stderr), b"no", "{size}");
            let ending = Ending {
                code: Some(7),
                reason: Some(Reason::Kill),
                count: 2,
                names: vec!["5 sh".to_owned()],
                left: vec!["6 [2Jx".to_owned()],
            };
            assert_eq!(said.last(), Some(&Said::Ended(ending)), "{size}");
        }
    }

    #[test]
    fn there_is_no_end_before_both_streams_are_over() {
        let said = read([(Channel::Stdout, STDOUT.to_vec())].into_iter());
        assert!(!said.iter().any(|said| matches!(said, Said::Ended(_))));
    }

    #[test]
    fn what_keeps_it_from_starting_is_named() {
        for (line, refusal) in [
            ("exists", Refusal::Exists),
            ("none", Refusal::None),
            ("ended", Refusal::Ended),
            ("unsure", Refusal::Unsure),
            (
                "unsupported it has no /proc",
                Refusal::Unsupported("it has no /proc".to_owned()),
            ),
            ("refused disk", Refusal::Failed("disk".to_owned())),
        ] {
            let text = format!("\x1eN1 {line}\n").into_bytes();
            assert_eq!(
                read([(Channel::Stdout, text)].into_iter()),
                [Said::Refused(refusal)]
            );
        }
    }

    #[test]
    fn a_report_needs_one_stream() {
        let text = b"\x1eN1 report\ncount 1\nname 9 sleep\n\x1eN1 done\n".to_vec();
        let ending = Ending {
            count: 1,
            names: vec!["9 sleep".to_owned()],
            ..Ending::default()
        };
        assert_eq!(
            read([(Channel::Stdout, text)].into_iter()),
            [Said::Report(ending)]
        );
    }

    #[test]
    fn noise_says_why_nothing_came() {
        let mut reply = Reply::new("N1");
        let mut said = Vec::new();
        reply.take(
            Channel::Stderr,
            b"sudo: a password is required\n",
            &mut said,
        );
        assert_eq!(
            (said.len(), reply.noise().as_str()),
            (0, "sudo: a password is required")
        );
    }
}
