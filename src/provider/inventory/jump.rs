//! Jump hosts: how they are written.

/// The most hosts that one connection goes through.
pub(super) const MOST_JUMPS: usize = 8;

/// A host to go through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Jump {
    /// The login user, if one is said.
    pub(super) user: Option<String>,
    /// A name of the inventory, or an address.
    pub(super) address: String,
    /// The port, if one is said.
    pub(super) port: Option<u16>,
}

impl Jump {
    /// Reads `[ssh://][user@]host[:port]`; an IPv6 address with a port stands in brackets.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no jump host: expected `[user@]host[:port]`");
        let rest = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, rest) = match rest.rsplit_once('@') {
            Some(("", _)) => return Err(wrong()),
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        let (address, port) = address_and_port(rest).ok_or_else(wrong)?;
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if address.is_empty() || address.starts_with('-') || address.contains(is_odd) {
            return Err(wrong());
        }
        Ok(Self {
            user,
            address: address.to_owned(),
            port,
        })
    }

    /// Reads jump hosts between commas, nearest first; `none` is none.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        if text.trim().eq_ignore_ascii_case("none") {
            return Ok(Vec::new());
        }
        text.split(',')
            .map(|jump| Self::parse(jump.trim()))
            .collect()
    }

    /// Tells whether it can only be a name: it has neither user nor port nor a dot.
    pub(super) fn is_bare(&self) -> bool {
        self.user.is_none() && self.port.is_none() && !self.address.contains(['.', ':'])
    }
}

/// Splits `host:port`, `[address]:port`, `host` or an IPv6 address; `None` if the port is none.
pub(super) fn address_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(inner) = text.strip_prefix('[') {
        let (address, rest) = inner.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((address, Some(port_number(port)?))),
            None if rest.is_empty() => Some((address, None)),
            None => None,
        };
    }
    match text.split_once(':') {
        // More than one colon: an IPv6 address, which has no port here.
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((address, port)) => Some((address, Some(port_number(port)?))),
        None => Some((text, None)),
    }
}

/// Reads the number of a port.
pub(super) fn port_number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jump_hosts_have_a_host_and_maybe_more() {
        #[track_caller]
        fn case(text: &str, user: Option<&str>, address: &str, port: Option<u16>) {
            let jump = Jump::parse(text).unwrap();
            assert_eq!(
                (jump.user.as_deref(), jump.address.as_str(), jump.port),
                (user, address, port),
                "{text}"
            );
        }
        case("bastion", None, "bastion", None);
        case("ops@bastion:2222", Some("ops"), "bastion", Some(2222));
        case("ssh://ops@b.example", Some("ops"), "b.example", None);
        case("[2001:db8::1]:22", None, "2001:db8::1", Some(22));
        case("2001:db8::1", None, "2001:db8::1", None);
        for text in [
            "",
            "@b",
            "b:0",
            "b:x",
            "-oProxyCommand=x",
            "a b",
            "[::1",
            "b:99999",
        ] {
            Jump::parse(text).unwrap_err();
        }
        assert_eq!(Jump::parse_list("a, u@b").unwrap().len(), 2);
        assert_eq!(Jump::parse_list("none").unwrap(), []);
    }
}
