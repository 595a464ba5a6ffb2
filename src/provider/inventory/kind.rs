//! Which kind of inventory a text is: by the ending of its name, then by how it begins.

use std::path::Path;

use crate::provider::inventory::ansible::vars_folder::VAULT;
use crate::provider::inventory::ansible::yaml::is_listing;
use crate::provider::inventory::native::TOP;
use crate::template::yaml::{Dialect, Node, NodeKind};

/// Endings of names of YAML and JSON files.
const TREES: [&str; 3] = ["yml", "yaml", "json"];

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// YAML or JSON.
    Tree,
    /// INI of Ansible.
    Ini,
    /// A configuration file of OpenSSH's client.
    SshConfig,
    /// Encrypted with ansible-vault.
    Vaulted,
}

/// What a tree is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TreeKind {
    /// An inventory of ours.
    Native,
    /// An inventory of Ansible as it is written in files.
    Ansible,
    /// An inventory of Ansible as executables print it.
    Listing,
}

/// Returns the form of a text. Names that end in `.yml`, `.yaml` or `.json` are trees, `config`,
/// `ssh_config` and names that end in `.sshconfig` are configuration files of OpenSSH, names that end
/// in `.ini` are INI; of all others the first line decides.
pub(super) fn form(path: &Path, text: &str) -> Form {
    if text.starts_with(VAULT) {
        return Form::Vaulted;
    }
    let ending = path.extension().and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    let name = path.file_name().and_then(|name| name.to_str());
    match ending.as_str() {
        ending if TREES.contains(&ending) => return Form::Tree,
        "ini" => return Form::Ini,
        "sshconfig" => return Form::SshConfig,
        _ => {}
    }
    if name.is_some_and(|name| name == "config" || name.ends_with("ssh_config")) {
        return Form::SshConfig;
    }
    by_content(text)
}

fn by_content(text: &str) -> Form {
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let Some(line) = first else {
        return Form::Ini;
    };
    if line.starts_with(['{', '%']) || line == "---" || line.starts_with("--- ") {
        return Form::Tree;
    }
    let word = line
        .split(|c: char| c.is_whitespace() || c == '=')
        .next()
        .unwrap_or_default();
    let keywords = ["host", "match", "include"];
    let rest = line[word.len()..].trim_start();
    let opens = keywords
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
        && !rest.is_empty()
        && !rest.contains('=');
    if opens {
        return Form::SshConfig;
    }
    let key = line.split(" #").next().unwrap_or(line).trim_end();
    let is_key = !line.starts_with('[') && (key.ends_with(':') || word.ends_with(':'));
    if is_key { Form::Tree } else { Form::Ini }
}

/// Returns the form of a text that a server sent: its media type decides, then its name.
pub(super) fn form_of_answer(media_type: Option<&str>, path: &Path, text: &str) -> Form {
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let word = media_type.split(';').next().unwrap_or_default().trim();
    let is_tree = TREES.iter().any(|ending| word.contains(ending));
    if is_tree && !text.starts_with(VAULT) {
        Form::Tree
    } else {
        form(path, text)
    }
}

/// Returns what a tree is. One of `hosts`, `groups` and `defaults` at the top makes it ours.
pub(super) fn tree_kind(root: &Node) -> TreeKind {
    let is_native = match &root.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .any(|entry| TOP.contains(&entry.key.as_str())),
        _ => false,
    };
    if is_native {
        TreeKind::Native
    } else if is_listing(root) {
        TreeKind::Listing
    } else {
        TreeKind::Ansible
    }
}

/// Returns how the scalars of a tree are read, which has to be known before it is one: a line that
/// begins with one of our keys makes it ours.
pub(super) fn dialect(text: &str) -> Dialect {
    let is_ours = |line: &str| {
        let line = line.trim_start_matches(['{', ' ', '"']);
        TOP.iter().any(|key| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(':'))
        })
    };
    let tops = text
        .lines()
        .filter(|line| !line.starts_with(' ') || line.trim_start().starts_with('{'));
    if tops.into_iter().any(is_ours) {
        Dialect::Template
    } else {
        Dialect::Ansible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_decides_then_the_first_line() {
        #[track_caller]
        fn case(name: &str, text: &str, expected: Form) {
            assert_eq!(form(Path::new(name), text), expected, "{name}: {text}");
        }
        case("hosts.yml", "[web]\n", Form::Tree);
        case("hosts.YAML", "", Form::Tree);
        case("hosts.ini", "all:\n", Form::Ini);
        case("config", "web1\n", Form::SshConfig);
        case("my_ssh_config", "", Form::SshConfig);
        case("x.sshconfig", "", Form::SshConfig);
        case("hosts", "", Form::Ini);
        case("hosts", "# x\n\n[web]\n", Form::Ini);
        case("hosts", "web1 ansible_port=5\n", Form::Ini);
        case("hosts", "host=1\n", Form::Ini);
        case("hosts", "web1:22\n", Form::Ini);
        case("hosts", "host ansible_host=x\n", Form::Ini);
        case("hosts", "Host web1\n", Form::SshConfig);
        case("hosts", "include other\n", Form::SshConfig);
        case("hosts", "---\nall:\n", Form::Tree);
        case("hosts", "all: # x\n", Form::Tree);
        case("hosts", "all: {hosts: {}}\n", Form::Tree);
        case("hosts", "{\"all\": {}}", Form::Tree);
        case(
            "hosts.yml",
            "$ANSIBLE_VAULT;1.1;AES256\n00\n",
            Form::Vaulted,
        );
    }

    #[test]
    fn the_media_type_of_a_server_goes_first() {
        let form =
            |media_type, name: &str, text: &str| form_of_answer(media_type, Path::new(name), text);
        let json = Some("application/json; charset=utf-8");
        assert_eq!(form(json, "hosts", ""), Form::Tree);
        assert_eq!(form(Some("application/x-yaml"), "hosts", ""), Form::Tree);
        assert_eq!(form(Some("text/plain"), "hosts", "[web]\n"), Form::Ini);
        assert_eq!(form(None, "hosts.yml", ""), Form::Tree);
    }

    #[test]
    fn our_keys_at_the_top_make_a_tree_ours() {
        for text in [
            "hosts:\n",
            "# x\ndefaults: {}\n",
            "{\"groups\": {}}",
            "{hosts: {}}",
        ] {
            assert_eq!(dialect(text), Dialect::Template, "{text}");
        }
        for text in ["all:\n  hosts:\n", "web:\n  hosts: {}\n", "{\"all\": {}}"] {
            assert_eq!(dialect(text), Dialect::Ansible, "{text}");
        }
    }
}
