//! Names of hosts in files of known hosts: plain, with wildcards and exceptions, or hashed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// What a hashed name begins with.
const HASHED: &str = "|1|";

/// Returns the name under which a host is looked up.
pub(super) fn of_host(address: &str, port: u16) -> String {
    let address = address.to_lowercase();
    if port == crate::provider::ssh::endpoint::PORT {
        address
    } else {
        format!("[{address}]:{port}")
    }
}

/// Returns whether a field holds one hashed name.
pub(super) fn is_hashed(hosts: &str) -> bool {
    hosts.starts_with(HASHED)
}

/// Returns whether a field must be matched, as opposed to a list of plain names.
pub(super) fn is_pattern(hosts: &str) -> bool {
    hosts.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'!'))
}

/// Returns whether a name may be written to a file: it means itself there and nothing else.
pub(super) fn is_plain(name: &str) -> bool {
    let special = |letter: char| {
        letter.is_whitespace() || letter.is_control() || "*?!,|#@\"".contains(letter)
    };
    !name.is_empty() && !name.contains(special)
}

/// Returns whether a field is about a host. A name that an exception (`!`) matches is never meant.
pub(super) fn matches(hosts: &str, name: &str) -> bool {
    if is_hashed(hosts) {
        return matches_hashed(hosts, name);
    }
    let mut found = false;
    for pattern in hosts.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches_wildcards(pattern, name) => return false,
            Some(_) => {}
            None => found |= matches_wildcards(pattern, name),
        }
    }
    found
}

fn matches_hashed(hosts: &str, name: &str) -> bool {
    let parts = hosts
        .strip_prefix(HASHED)
        .and_then(|rest| rest.split_once('|'));
    let Some((salt, hash)) = parts else {
        return false;
    };
    let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else {
        return false;
    };
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).expect("a key of HMAC has any length");
    mac.update(name.as_bytes());
    mac.finalize().into_bytes()[..] == hash[..]
}

/// Returns whether a pattern with `*` and `?` is a name, in time that is the product of their lengths.
pub(super) fn matches_wildcards(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // Where to go on when the text after the last `*` does not fit.
    let mut retry: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, seen));
                at += 1;
            }
            Some(letter) if *letter == b'?' || letter.eq_ignore_ascii_case(&name[seen]) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((after_star, from)) = retry else {
                    return false;
                };
                retry = Some((after_star, from + 1));
                (at, seen) = (after_star, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(hosts: &str, name: &str, expected: bool) {
        assert_eq!(matches(hosts, name), expected, "{hosts} / {name}");
    }

    #[test]
    fn patterns_match_as_in_openssh() {
        case("web", "web", true);
        case("WEB", "web", true);
        case("web", "web1", false);
        case("a,web", "web", true);
        case("*.example.com", "a.b.example.com", true);
        case("*.example.com", "example.com", false);
        case("web?", "web1", true);
        case("web?", "web", false);
        case("*", "[::1]:2222", true);
        case("[127.*]:2222", "[127.0.0.1]:2222", true);
        case("[127.*]:2222", "127.0.0.1", false);
        case("*.example.com,!bad.example.com", "good.example.com", true);
        case("*.example.com,!bad.example.com", "bad.example.com", false);
        case("!bad.example.com", "good.example.com", false);
        case("!*,web", "web", false);
    }

    #[test]
    fn hashed_names_match_only_themselves() {
        // Made with `ssh-keygen -H` for `[web.example.com]:2222`.
        let hashed = "|1|w3vs5jlxFzQqDKXu3PAyK0EXAMPLE=|wrong=";
        case(hashed, "[web.example.com]:2222", false);
        let mut mac = Hmac::<Sha1>::new_from_slice(b"twenty bytes of salt").unwrap();
        mac.update(b"web");
        let hash = STANDARD.encode(mac.finalize().into_bytes());
        let salt = STANDARD.encode(b"twenty bytes of salt");
        let hosts = format!("|1|{salt}|{hash}");
        case(&hosts, "web", true);
        case(&hosts, "web1", false);
        case("|1|only one part", "web", false);
    }

    #[test]
    fn a_pattern_of_many_stars_is_no_trap() {
        let name = "a".repeat(2_000);
        case(&format!("{}b", "a*".repeat(500)), &name, false);
    }

    #[test]
    fn a_name_that_would_mean_more_is_not_written() {
        assert!(is_plain("[fe80::1%eth0]:2222"));
        for name in [
            "", "a b", "*", "a,b", "!a", "|1|x", "a\nb", "#a", "@revoked",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
