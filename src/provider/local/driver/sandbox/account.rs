//! Users and groups of an instance, read from its own files.

use std::fs;
use std::io;

use super::failure::Failure;

/// What a command runs as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<u32>,
    pub(super) home: String,
}

/// Finds a user by name or number. An instance without `/etc/passwd` has a root.
pub(super) fn find(user: &str) -> Result<Account, Failure> {
    let (passwd, group) = (read("/etc/passwd")?, read("/etc/group")?);
    let account = account(&passwd, &group, user).ok_or_else(|| Failure::NoUser(user.to_owned()))?;
    let map = fs::read_to_string("/proc/self/uid_map").map_err(Failure::system("reading ids"))?;
    if !is_mapped(&map, account.uid) {
        return Err(Failure::Invalid(format!(
            "user `{user}` cannot be used: `oos` does not run as root, so an instance has no user \
             but root"
        )));
    }
    Ok(account)
}

/// Finds a group's number by name or number.
pub(super) fn find_group(name: &str) -> Result<u32, Failure> {
    let text = read("/etc/group")?;
    lines(&text)
        .find(|fields| fields.first() == Some(&name))
        .and_then(|fields| fields.get(2)?.parse().ok())
        .or_else(|| name.parse().ok())
        .or_else(|| (name == "root").then_some(0))
        .ok_or_else(|| Failure::Invalid(format!("there is no group `{name}`")))
}

fn read(path: &str) -> Result<String, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::system(format!("reading {path}"))(error)),
    }
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split(':').collect())
}

fn account(passwd: &str, group: &str, user: &str) -> Option<Account> {
    let fields = lines(passwd)
        .find(|fields| fields.first() == Some(&user) || fields.get(2) == Some(&user))
        .or_else(|| (user == "root").then(|| vec!["root", "x", "0", "0", "", "/", ""]))?;
    let gid = fields.get(3)?.parse().ok()?;
    let mut groups = vec![gid];
    groups.extend(
        lines(group)
            .filter(|line| {
                line.get(3)
                    .is_some_and(|members| members.split(',').any(|member| member == fields[0]))
            })
            .filter_map(|line| line.get(2)?.parse::<u32>().ok()),
    );
    Some(Account {
        uid: fields.get(2)?.parse().ok()?,
        gid,
        groups,
        home: (*fields.get(5)?).to_owned(),
    })
}

/// Tells whether an inner id has an outer one in a `uid_map`.
fn is_mapped(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().map(str::parse::<u32>);
        match (fields.next(), fields.nth(1)) {
            (Some(Ok(first)), Some(Ok(count))) => id >= first && id - first < count,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/srv/app:/bin/sh\n";
    const GROUP: &str = "root:x:0:\napp:x:1001:\nweb:x:33:www,app\nadm:x:4:apps\n";

    #[test]
    fn a_user_has_its_own_and_its_extra_groups() {
        let account = account(PASSWD, GROUP, "app").unwrap();
        assert_eq!((account.uid, account.gid), (1000, 1001));
        assert_eq!(account.groups, [1001, 33]);
        assert_eq!(account.home, "/srv/app");
        assert_eq!(super::account(PASSWD, GROUP, "1000"), Some(account));
    }

    #[test]
    fn root_is_always_there_and_others_are_not() {
        assert_eq!(account("", "", "root").unwrap().uid, 0);
        assert_eq!(account(PASSWD, GROUP, "ap"), None);
    }

    #[test]
    fn only_mapped_ids_can_be_used() {
        assert!(is_mapped("0 1000 1\n", 0));
        assert!(!is_mapped("0 1000 1\n", 1));
        assert!(is_mapped("0 1879048192 65536\n", 65534));
    }
}
