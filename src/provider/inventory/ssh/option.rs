//! Options of OpenSSH's client, as they stand in configuration files and in arguments of `ssh`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::provider::inventory::ansible::split_arguments;
use crate::provider::inventory::jump::{Jump, port_number};
use crate::provider::inventory::reach::{Reach, file};
use crate::provider::ssh::HostKeyPolicy;

/// What is to be said of an option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::provider::inventory) enum Effect {
    /// It is passed over, or means something else here.
    Warning(String),
    /// It cannot be followed; what to do about it.
    Error(String, String),
}

/// Options that have no meaning here, or that this client decides itself.
const WITHOUT_MEANING: &[&str] = &[
    "addkeystoagent",
    "addressfamily",
    "batchmode",
    "canonicaldomains",
    "canonicalizehostname",
    "checkhostip",
    "ciphers",
    "compression",
    "connectionattempts",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "enableescapecommandline",
    "escapechar",
    "gssapiauthentication",
    "gssapidelegatecredentials",
    "hashknownhosts",
    "hostbasedauthentication",
    "hostkeyalgorithms",
    "ipqos",
    "kbdinteractiveauthentication",
    "kexalgorithms",
    "loglevel",
    "macs",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "passwordauthentication",
    "permitlocalcommand",
    "preferredauthentications",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "pubkeyauthentication",
    "rekeylimit",
    "requesttty",
    "sendenv",
    "serveralivecountmax",
    "tcpkeepalive",
    "updatehostkeys",
    "verifyhostkeydns",
    "visualhostkey",
    "xauthlocation",
];

/// Options as they add up: the first value counts, as in OpenSSH.
#[derive(Debug, Default)]
pub(in crate::provider::inventory) struct Options<'a> {
    /// What they say.
    pub(in crate::provider::inventory) reach: Reach,
    /// The user's home.
    pub(in crate::provider::inventory) home: Option<&'a Path>,
}

impl Options<'_> {
    /// Takes an option in.
    pub(in crate::provider::inventory) fn set(
        &mut self,
        name: &str,
        value: &str,
        tell: &mut dyn FnMut(Effect),
    ) {
        let reach = &mut self.reach;
        let wrong = |expected: &str| {
            Effect::Error(
                format!("`{name}` is `{value}`"),
                format!("expected {expected}"),
            )
        };
        match name.to_ascii_lowercase().as_str() {
            "hostname" => put(&mut reach.address, value.to_owned()),
            "user" => put(&mut reach.user, value.to_owned()),
            "port" => match port_number(value) {
                Some(port) => put(&mut reach.port, port),
                None => tell(wrong("the number of a port")),
            },
            // These two add up.
            "identityfile" => push(&mut reach.identities, value, self.home),
            "certificatefile" => push(&mut reach.certificates, value, self.home),
            "identitiesonly" => {
                if yes(value) && reach.agent.is_none() {
                    reach.agent = Some(false);
                }
            }
            "identityagent" => {
                if value.eq_ignore_ascii_case("none") {
                    put(&mut reach.agent, false);
                } else {
                    tell(passed_over(name, "the agent of the environment is asked"));
                }
            }
            "proxyjump" => match Jump::parse_list(value) {
                Ok(jumps) => put(&mut reach.jumps, jumps),
                Err(why) => tell(Effect::Error(why, "write `[user@]host[:port]`".to_owned())),
            },
            "proxycommand" => self.proxy_command(value, tell),
            "userknownhostsfile" => {
                let files = known_hosts((name, value), self.home, tell);
                reach.known_hosts = reach.known_hosts.take().or(files);
            }
            "globalknownhostsfile" => {
                let files = known_hosts((name, value), self.home, tell);
                reach.system_known_hosts = reach.system_known_hosts.take().or(files);
            }
            "stricthostkeychecking" => self.checking(value, tell),
            "hostkeyalias" => put(&mut reach.key_alias, value.to_owned()),
            "connecttimeout" => match seconds(value) {
                Some(time) => put(&mut reach.connect, time),
                None => tell(wrong("a time such as `15` or `1m`")),
            },
            "serveraliveinterval" => match seconds(value) {
                Some(time) => put(&mut reach.keep_alive, time),
                // 0 turns the questions off; a connection that cannot be told dead is not kept.
                None if value == "0" => {}
                None => tell(wrong("a time such as `15` or `1m`")),
            },
            "forwardagent" | "forwardx11" | "forwardx11trusted" => {
                if yes(value) {
                    tell(passed_over(name, "nothing is ever forwarded"));
                }
            }
            other if WITHOUT_MEANING.contains(&other) => {}
            _ => tell(passed_over(name, "it is not known here")),
        }
    }

    /// Takes arguments of `ssh` in.
    pub(in crate::provider::inventory) fn arguments(
        &mut self,
        line: &str,
        tell: &mut dyn FnMut(Effect),
    ) {
        let Some(words) = split_arguments(line, false) else {
            // What stands in arguments may be a password of another program.
            let why = "the arguments have a quote that is not closed".to_owned();
            return tell(Effect::Error(why, "close it".to_owned()));
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let Some(flag) = word
                .strip_prefix('-')
                .filter(|flag| flag.is_ascii() && !flag.is_empty())
            else {
                let why = "an argument that is no option is passed over";
                tell(Effect::Warning(why.to_owned()));
                continue;
            };
            let (letter, attached) = flag.split_at(1);
            if !"oJilpFSLRDWBbcEeImOQw".contains(letter) {
                // The rest are switches without a value, such as `-4`, `-C` and `-q`.
                continue;
            }
            let value = if attached.is_empty() {
                words.next().unwrap_or_default()
            } else {
                attached.to_owned()
            };
            match letter {
                "o" => match value.split_once(['=', ' ']) {
                    Some((name, value)) => {
                        let value = value.trim_start_matches(['=', ' ']).trim();
                        self.set(name.trim(), value, tell);
                    }
                    None => tell(Effect::Warning(
                        "an `-o` without `=` is passed over".to_owned(),
                    )),
                },
                "J" => self.set("ProxyJump", &value, tell),
                "i" => self.set("IdentityFile", &value, tell),
                "l" => self.set("User", &value, tell),
                "p" => self.set("Port", &value, tell),
                "F" if value == "/dev/null" || value == "none" => {}
                _ => tell(Effect::Warning(format!("`-{letter}` is passed over"))),
            }
        }
    }

    /// `ssh -W %h:%p HOST` is a jump host by another name; nothing else is run.
    fn proxy_command(&mut self, value: &str, tell: &mut dyn FnMut(Effect)) {
        if value.eq_ignore_ascii_case("none") {
            return put(&mut self.reach.jumps, Vec::new());
        }
        match jump_of(value) {
            Some(jump) => put(&mut self.reach.jumps, vec![jump]),
            None => tell(Effect::Error(
                "the command of `ProxyCommand` is not run for a connection".to_owned(),
                "say `ProxyJump=HOST`".to_owned(),
            )),
        }
    }

    fn checking(&mut self, value: &str, tell: &mut dyn FnMut(Effect)) {
        let policy = match value.to_ascii_lowercase().as_str() {
            "no" | "off" | "false" => {
                tell(Effect::Warning(
                    "a key that is not known is taken and remembered, as `accept-new` says; one \
                     that has changed is refused all the same"
                        .to_owned(),
                ));
                HostKeyPolicy::AcceptNew
            }
            "accept-new" => HostKeyPolicy::AcceptNew,
            _ => HostKeyPolicy::Refuse,
        };
        put(&mut self.reach.unknown_keys, policy);
    }
}

fn put<T>(place: &mut Option<T>, value: T) {
    place.get_or_insert(value);
}

fn push(place: &mut Option<Vec<PathBuf>>, value: &str, home: Option<&Path>) {
    let files = place.get_or_insert_default();
    if !value.eq_ignore_ascii_case("none") {
        files.push(file(value, None, home));
    }
}

/// Reads the files of known hosts that an option names, if it names any that are followed.
fn known_hosts(
    (name, value): (&str, &str),
    home: Option<&Path>,
    tell: &mut dyn FnMut(Effect),
) -> Option<Vec<PathBuf>> {
    let words = split_arguments(value, false).unwrap_or_default();
    if words.iter().any(|word| word == "/dev/null") {
        let why = "keys that nobody remembers are never checked; the usual files are used";
        tell(passed_over(name, why));
        return None;
    }
    let named = words
        .iter()
        .filter(|word| !word.eq_ignore_ascii_case("none"));
    let files: Vec<_> = named.map(|word| file(word, None, home)).collect();
    (!files.is_empty()).then_some(files)
}

fn passed_over(name: &str, why: &str) -> Effect {
    Effect::Warning(format!("`{name}` is passed over: {why}"))
}

fn yes(value: &str) -> bool {
    !matches!(value.to_ascii_lowercase().as_str(), "no" | "false" | "off")
}

/// Reads a time of OpenSSH's: seconds, or numbers with `s`, `m`, `h`, `d`, `w`; longer than nothing.
fn seconds(text: &str) -> Option<Duration> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        let mut letters = rest[end..].chars();
        let factor = match letters.next().map(|letter| letter.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = letters.as_str();
    }
    (total > 0).then(|| Duration::from_secs(total))
}

fn jump_of(command: &str) -> Option<Jump> {
    let mut words = split_arguments(command, false)?.into_iter();
    let program = words.next()?;
    if program != "ssh" && !program.ends_with("/ssh") {
        return None;
    }
    let (mut forwards, mut user, mut port, mut host) = (false, None, None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-W" => forwards = words.next()? == "%h:%p",
            "-l" => user = Some(words.next()?),
            "-p" => port = Some(port_number(&words.next()?)?),
            "-q" | "-x" | "-T" | "-4" | "-6" | "-C" | "-A" | "-a" => {}
            word if word.starts_with('-') => return None,
            word if host.is_none() => host = Some(word.to_owned()),
            _ => return None,
        }
    }
    let jump = Jump::parse(&host?).ok().filter(|_| forwards)?;
    Some(Jump {
        user: jump.user.or(user),
        port: jump.port.or(port),
        ..jump
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Reach, Vec<Effect>) {
        let mut options = Options {
            home: Some(Path::new("/home/a")),
            ..Options::default()
        };
        let mut effects = Vec::new();
        options.arguments(line, &mut |effect| effects.push(effect));
        (options.reach, effects)
    }

    #[test]
    fn arguments_of_ssh_say_how_a_host_is_reached() {
        let (reach, effects) = read(
            "-o ProxyJump=ops@b1:2222,b2 -oUser=x -p 23 -i ~/.ssh/k -o 'IdentityFile /k2' -C -q \
             -o ServerAliveInterval=1m -o ConnectTimeout=5 -l late -o ControlMaster=auto",
        );
        assert_eq!(effects, []);
        assert_eq!(reach.jumps.unwrap().len(), 2);
        assert_eq!((reach.user.as_deref(), reach.port), (Some("x"), Some(23)));
        assert_eq!(
            reach.identities.unwrap(),
            [PathBuf::from("/home/a/.ssh/k"), PathBuf::from("/k2")]
        );
        assert_eq!(reach.keep_alive, Some(Duration::from_mins(1)));
        assert_eq!(reach.connect, Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_proxy_command_that_only_forwards_is_a_jump_host() {
        let (reach, effects) = read("-o ProxyCommand='ssh -q -W %h:%p -p 24 ops@bastion'");
        assert_eq!(effects, []);
        let jump = &reach.jumps.unwrap()[0];
        assert_eq!((jump.user.as_deref(), jump.port), (Some("ops"), Some(24)));
        for command in [
            "nc %h %p",
            "ssh bastion nc %h %p",
            "ssh -W %h:22 x; rm -rf /",
        ] {
            let (reach, effects) = read(&format!("-o ProxyCommand='{command}'"));
            assert_eq!(reach.jumps, None);
            assert!(matches!(&effects[..], [Effect::Error(..)]), "{effects:?}");
        }
    }

    #[test]
    fn the_first_files_of_known_hosts_count_for_user_and_system_apart() {
        let (reach, effects) = read(
            "-o UserKnownHostsFile='~/a /b' -o UserKnownHostsFile=/c -o GlobalKnownHostsFile=/d \
             -o GlobalKnownHostsFile=/e",
        );
        assert_eq!(effects, []);
        let paths = ["/home/a/a", "/b"].map(PathBuf::from);
        assert_eq!(reach.known_hosts.as_deref(), Some(&paths[..]));
        let paths = ["/d"].map(PathBuf::from);
        assert_eq!(reach.system_known_hosts.as_deref(), Some(&paths[..]));
        let (reach, _) = read("-o GlobalKnownHostsFile=/d");
        assert_eq!(reach.known_hosts, None);
    }

    #[test]
    fn checks_of_host_keys_are_never_turned_off() {
        let (reach, effects) =
            read("-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ForwardAgent=yes");
        assert_eq!(reach.unknown_keys, Some(HostKeyPolicy::AcceptNew));
        assert_eq!(reach.known_hosts, None);
        assert_eq!(effects.len(), 3);
        assert!(
            effects
                .iter()
                .all(|effect| matches!(effect, Effect::Warning(_)))
        );
    }
}
