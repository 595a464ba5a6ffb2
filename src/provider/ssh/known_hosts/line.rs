//! One line of a file of known hosts.

/// What a line says about its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Marker {
    /// The hosts have this key.
    Key,
    /// Hosts have a certificate that this key has signed.
    Authority,
    /// The key is never taken.
    Revoked,
}

/// A line that was understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Line<'a> {
    pub(super) marker: Marker,
    /// Names, patterns, or one hashed name.
    pub(super) hosts: &'a str,
    /// The type of the key.
    pub(super) kind: &'a str,
    /// The key in Base64.
    pub(super) key: &'a str,
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parsed<'a> {
    /// Nothing, or a comment.
    Empty,
    /// An entry.
    Line(Line<'a>),
    /// Something else; it counts for nothing, as with OpenSSH.
    Other,
    /// Something else that would revoke a key.
    Revokes,
}

/// Reads a line.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let text = text.trim_matches(|letter: char| letter.is_ascii_whitespace());
    if text.is_empty() || text.starts_with('#') {
        return Parsed::Empty;
    }
    let mut words = text.split_ascii_whitespace();
    let mut first = words.next().unwrap_or_default();
    let marker = match first {
        "@cert-authority" => Marker::Authority,
        "@revoked" => Marker::Revoked,
        _ if first.starts_with('@') => return Parsed::Other,
        _ => Marker::Key,
    };
    if marker != Marker::Key {
        first = words.next().unwrap_or_default();
    }
    match (words.next(), words.next()) {
        // Version 1 of the protocol had numbers here.
        (Some(kind), Some(key)) if !kind.starts_with(|letter: char| letter.is_ascii_digit()) => {
            Parsed::Line(Line {
                marker,
                hosts: first,
                kind,
                key,
            })
        }
        _ if marker == Marker::Revoked => Parsed::Revokes,
        _ => Parsed::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: Parsed<'_>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn lines_are_told_apart() {
        let line = |marker| {
            Parsed::Line(Line {
                marker,
                hosts: "a,b",
                kind: "ssh-ed25519",
                key: "AAAA",
            })
        };
        case("", Parsed::Empty);
        case(" # a,b ssh-ed25519 AAAA", Parsed::Empty);
        case("a,b ssh-ed25519 AAAA", line(Marker::Key));
        case("\ta,b \t ssh-ed25519  AAAA a comment\r", line(Marker::Key));
        case("@revoked a,b ssh-ed25519 AAAA", line(Marker::Revoked));
        case(
            "@cert-authority a,b ssh-ed25519 AAAA",
            line(Marker::Authority),
        );
        case("@other a,b ssh-ed25519 AAAA", Parsed::Other);
        case("a,b ssh-ed25519", Parsed::Other);
        case("a,b 1024 65537 1234567", Parsed::Other);
        case("@revoked a,b", Parsed::Revokes);
    }
}
