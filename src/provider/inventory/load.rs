//! From the names of sources to one inventory.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::source::Source;
use crate::provider::inventory::ansible::variables::VariableReach;
use crate::provider::inventory::ansible::{ini, vars_folder, yaml};
use crate::provider::inventory::cache::{Answer, Cache};
use crate::provider::inventory::draft::{Draft, UNGROUPED_PLACE};
use crate::provider::inventory::executable::{self, is_executable};
use crate::provider::inventory::host::Inventory;
use crate::provider::inventory::jump::Jump;
use crate::provider::inventory::kind::{Form, TreeKind, dialect, form, form_of_answer, tree_kind};
use crate::provider::inventory::lineage::finish;
use crate::provider::inventory::native;
use crate::provider::inventory::problem::{Findings, InventoryError, Origin, Problem};
use crate::provider::inventory::range::expand;
use crate::provider::inventory::reach::Reach;
use crate::provider::inventory::recorded::is_list;
use crate::provider::inventory::ssh;
use crate::provider::inventory::tree::{self, LARGEST};
use crate::provider::inventory::url;
use crate::template::yaml::read_source;

/// How deep folders of inventories may be nested.
const DEEPEST: usize = 8;

/// Endings of files that a folder of inventories may hold without being ones, as Ansible has it.
const PASSED_OVER: &[&str] = &[
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
];

/// Folders beside inventories that hold variables or code.
const NO_INVENTORIES: &[&str] = &["group_vars", "host_vars", "vars_plugins"];

/// What reading takes from its surroundings.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The user's home, which `~/` stands for.
    pub home: Option<PathBuf>,
    /// What executables and servers said before.
    pub cache: Option<Cache>,
}

/// An inventory as it was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The hosts.
    pub inventory: Inventory,
    /// What was passed over.
    pub warnings: Vec<Problem>,
}

/// Reads sources in their order and merges them: files, folders, and lists of hosts with a comma in
/// them (`root@10.0.0.5,`).
///
/// Hosts and groups of the same name are one. What a later source says of a host, or of a group, goes
/// before what an earlier one says of the same thing; what is said of a host goes before what is said
/// of its groups.
pub async fn load(sources: &[String], options: &LoadOptions) -> Result<Loaded, InventoryError> {
    let mut loading = Loading {
        options,
        draft: Draft::default(),
        findings: Findings::default(),
        answers: Vec::new(),
    };
    for source in sources {
        if let Err(problem) = loading.source(source).await {
            loading.findings.error(problem);
        }
    }
    loading.finish()
}

/// Reads one text as an inventory that lies nowhere: the ending of `name` helps to tell what it is.
/// Nothing else is read, so what names other files is refused or stays as it is.
pub fn load_text(name: &str, text: &str) -> Result<Loaded, InventoryError> {
    let options = LoadOptions::default();
    let mut loading = Loading {
        options: &options,
        draft: Draft::default(),
        findings: Findings::default(),
        answers: Vec::new(),
    };
    let source = Source::new(name, text);
    let form = form(Path::new(name), text);
    if let Err(problem) = loading.text(None, form, &source) {
        loading.findings.error(problem);
    }
    loading.finish()
}

/// Keeps what was understood. What holds a password is not kept.
fn keep(cache: Option<&Cache>, answers: &[Fresh], findings: &mut Findings) {
    let Some(cache) = cache.filter(|_| !findings.has_secrets) else {
        return;
    };
    for Fresh { name, key, answer } in answers {
        if let Err(error) = cache.keep(key, answer) {
            let why = format!("what it said cannot be kept: {error}");
            findings.warn(Problem::new(name, why));
        }
    }
}

/// What was asked for anew.
struct Fresh {
    /// The source, as it was named.
    name: String,
    /// What it is kept under.
    key: String,
    answer: Answer,
}

struct Loading<'a> {
    options: &'a LoadOptions,
    draft: Draft,
    findings: Findings,
    answers: Vec<Fresh>,
}

/// Who is asked.
enum Asked<'a> {
    Executable(&'a Path),
    Url,
}

impl Loading<'_> {
    /// Makes the inventory of what was read.
    fn finish(mut self) -> Result<Loaded, InventoryError> {
        let mut inventory = None;
        if self.findings.errors.is_empty() {
            let home = self.options.home.as_deref();
            let reading = VariableReach { home };
            inventory = finish(self.draft, &reading, &mut self.findings);
        }
        let Some(inventory) = inventory else {
            return Err(InventoryError {
                problems: self.findings.errors,
            });
        };
        keep(
            self.options.cache.as_ref(),
            &self.answers,
            &mut self.findings,
        );
        Ok(Loaded {
            inventory,
            warnings: self.findings.warnings,
        })
    }

    async fn source(&mut self, source: &str) -> Result<(), Problem> {
        if url::is_url(source) {
            return self.url(source).await;
        }
        let path = Path::new(source);
        if is_list(source) {
            return self.list(source);
        }
        let mut files = Vec::new();
        collect(path, 0, &mut files)?;
        // Variables lie beside the source that was named: in a folder, or in that of a file.
        let beside = if path.is_dir() {
            path.to_owned()
        } else {
            folder_of(path)
        };
        if !self.draft.folders.contains(&beside) {
            self.draft.folders.push(beside);
        }
        for file in files {
            if let Err(problem) = self.file(&file).await {
                self.findings.error(problem);
            }
        }
        Ok(())
    }

    /// Reads `[user@]host[:port]` between commas.
    fn list(&mut self, list: &str) -> Result<(), Problem> {
        let origin = Origin {
            source: Arc::from(list),
            line: 0,
        };
        for word in crate::provider::inventory::words::split(list) {
            let names = expand(word).map_err(|error| Problem::new(&origin, error.to_string()))?;
            for name in names {
                let jump = Jump::parse(&name).map_err(|_| {
                    Problem::new(&origin, format!("`{name}` is no host"))
                        .hint("expected `[user@]host[:port]`")
                })?;
                let host = self.draft.host(&jump.address, &origin)?;
                host.join(UNGROUPED_PLACE);
                host.reach.overlay(&Reach {
                    user: jump.user,
                    port: jump.port,
                    ..Reach::default()
                });
            }
        }
        Ok(())
    }

    async fn file(&mut self, path: &Path) -> Result<(), Problem> {
        let shown = path.display().to_string();
        if is_executable(path) {
            let answer = self.ask(&shown, Asked::Executable(path)).await?;
            let source = Source::new(&shown, answer.text);
            return self.text(
                Some(path),
                form(Path::new("list.json"), source.text()),
                &source,
            );
        }
        let bytes = read_file(path)?;
        let source = read_source(&shown, &bytes).map_err(|unreadable| {
            Problem::new(&shown, unreadable.diagnostic.message.clone())
                .hint(unreadable.diagnostic.hint.unwrap_or_default())
        })?;
        self.text(Some(path), form(path, source.text()), &source)
    }

    async fn url(&mut self, url: &str) -> Result<(), Problem> {
        let answer = self.ask(url, Asked::Url).await?;
        let name = url.split(['?', '#']).next().unwrap_or(url);
        let form = form_of_answer(answer.media_type.as_deref(), Path::new(name), &answer.text);
        let source = Source::new(url, answer.text);
        self.text(None, form, &source)
    }

    /// Asks an executable or a server, or takes what it said before.
    async fn ask(&mut self, name: &str, asked: Asked<'_>) -> Result<Answer, Problem> {
        let cache = self.options.cache.as_ref();
        // Before it runs: what is changed meanwhile is asked again.
        let key = match asked {
            Asked::Executable(path) => executable::identity(path)
                .map_err(|error| Problem::new(name, format!("cannot be run: {error}")))?,
            Asked::Url => name.to_owned(),
        };
        if let Some(answer) = cache.and_then(|cache| cache.fresh(&key)) {
            return Ok(answer);
        }
        let answered = match asked {
            Asked::Executable(path) => executable::run(path).await.map(|printed| {
                if !printed.said.is_empty() {
                    let why = format!("the executable says: {}", printed.said);
                    self.findings.warn(Problem::new(name, why));
                }
                let text = String::from_utf8_lossy(&printed.output).into_owned();
                (None, text)
            }),
            Asked::Url => url::fetch(name)
                .await
                .map(|fetched| (fetched.media_type, fetched.text)),
        };
        match (answered, cache) {
            (Ok((media_type, text)), cache) => {
                let at = cache.map(|cache| cache.now).unwrap_or_default();
                let answer = Answer {
                    at,
                    media_type,
                    text,
                };
                self.answers.push(Fresh {
                    name: name.to_owned(),
                    key,
                    answer: answer.clone(),
                });
                Ok(answer)
            }
            (Err(problem), Some(cache)) => match cache.stale(&key) {
                Some(answer) => {
                    let age = cache.age(&answer).as_secs();
                    let why = format!("{}; what it said {age} s ago is used", problem.message);
                    self.findings.warn(Problem::new(name, why));
                    Ok(answer)
                }
                None => Err(problem),
            },
            (Err(problem), None) => Err(problem),
        }
    }

    /// Reads a text; one without a path lies nowhere and names no files.
    fn text(&mut self, path: Option<&Path>, form: Form, source: &Source) -> Result<(), Problem> {
        let name: Arc<str> = Arc::from(source.name());
        let (draft, findings) = (&mut self.draft, &mut self.findings);
        let home = self.options.home.as_deref();
        match form {
            Form::Vaulted => return Err(vars_folder::vaulted(&name)),
            Form::Ini => ini::read(&name, source.text(), draft, findings),
            Form::SshConfig => ssh::config::read((path, source), home, draft, findings),
            Form::Tree => self.tree(&name, path, source),
        }
        Ok(())
    }

    fn tree(&mut self, name: &Arc<str>, path: Option<&Path>, source: &Source) {
        let Some(root) = tree::read(source, dialect(source.text()), &mut self.findings) else {
            return;
        };
        let kind = tree_kind(&root);
        if kind == TreeKind::Native {
            let folder = path.map(folder_of);
            let surroundings = native::Surroundings {
                name,
                source,
                folder: folder.as_deref(),
                home: self.options.home.as_deref(),
            };
            return native::read(&root, &surroundings, &mut self.draft, &mut self.findings);
        }
        let mut reader = yaml::Reader {
            name,
            source,
            draft: &mut self.draft,
            findings: &mut self.findings,
        };
        if kind == TreeKind::Listing {
            reader.read_listing(&root);
        } else {
            reader.read(&root);
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Returns a file, or the files of a folder by name; what Ansible passes over is passed over.
fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Problem> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let unreadable =
        |error: std::io::Error| Problem::new(path.display(), format!("cannot be read: {error}"));
    if depth > DEEPEST {
        let why = format!("folders of inventories are nested more than {DEEPEST} times");
        return Err(Problem::new(path.display(), why));
    }
    let mut inner: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        inner.push(entry.map_err(unreadable)?.path());
    }
    inner.sort();
    for path in inner {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_inventory = name.is_some_and(|name| {
            !name.starts_with('.')
                && !NO_INVENTORIES.contains(&name)
                && !PASSED_OVER.iter().any(|ending| name.ends_with(ending))
        });
        if is_inventory {
            collect(&path, depth + 1, files)?;
        }
    }
    Ok(())
}

/// Returns what a file holds, if that is not too much.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Problem> {
    use std::io::Read as _;

    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        let problem = Problem::new(&shown, format!("cannot be read: {error}"));
        if error.kind() == std::io::ErrorKind::NotFound {
            problem.hint("name a file, a folder, a URL, or hosts with a comma behind them")
        } else {
            problem
        }
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > LARGEST {
        let why = format!("has more than {LARGEST} bytes");
        return Err(Problem::new(&shown, why));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_are_refused_soon() {
        #[track_caller]
        fn case(name: &str, text: &str, part: &str) {
            let error = load_text(name, text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        case("h.ini", "w[1:9999999]\n", "more than");
        case("h.ini", "w[1:999999999999]x[1:999999999999]\n", "more than");
        case("h.ini", "[a:children]\nb\n[b:children]\na\n", "in itself");
        case("h.ini", "[a:children]\na\n", "in itself");
        case("h.yml", &"[".repeat(100_000), "");
        case(
            "h.yml",
            "hosts: {../../etc: }",
            "cannot be the name of a host",
        );
        case("h.yml", "hosts: {'@web': }", "cannot be the name of a host");
        case("h.yml", "hosts: {all: }", "called `all`");
        case(
            "config",
            "Host a\nInclude /etc/passwd\n",
            "included only by files",
        );
        case("h.yml", "plugin: aws_ec2\n", "plug-in");
        case("hosts", "$ANSIBLE_VAULT;1.1;AES256\n", "encrypted");
        case("h.ini", "w ansible_user='{{ x }}'\n", "not evaluated");
        case("h.ini", "w ansible_port=http\n", "the number of a port");
        case(
            "h.yml",
            "all: {hosts: {w: {ansible_password: !vault x}}}",
            "oos secret set",
        );
        let chain: Vec<String> = (0..50_000)
            .map(|at| format!("[g{at}:children]\ng{}\n", at + 1))
            .collect();
        let deep = load_text("h.ini", &format!("{}[g50000]\nw\n", chain.concat())).unwrap();
        assert_eq!(deep.inventory.host("w").unwrap().groups().len(), 50_001);
    }

    #[tokio::test]
    async fn an_answer_that_was_kept_is_that_of_this_executable_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;

        use crate::base::time::Timestamp;

        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let cache = Cache {
            folder: at("cache"),
            max_age: std::time::Duration::from_mins(10),
            stale: false,
            now: Timestamp::from_second(1000).unwrap(),
        };
        let options = LoadOptions {
            home: None,
            cache: Some(cache),
        };
        let write = |host: &str| {
            let text = format!("#!/bin/sh\necho '{{\"web\": [\"{host}\"]}}'\n");
            fs::write(at("hosts.sh"), text).unwrap();
            fs::set_permissions(at("hosts.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("first");
        std::os::unix::fs::symlink(at("hosts.sh"), at("link.sh")).unwrap();
        let source = at("link.sh").display().to_string();
        for host in ["first", "the-second"] {
            write(host);
            for _ in 0..2 {
                let sources = std::slice::from_ref(&source);
                let loaded = load(sources, &options).await.unwrap();
                assert!(loaded.inventory.host(host).is_some(), "{host}");
            }
            // Asked once, whatever name it goes by.
            let sources = [at("hosts.sh").display().to_string()];
            load(&sources, &options).await.unwrap();
        }
        assert_eq!(fs::read_dir(at("cache")).unwrap().count(), 2);
    }

    #[test]
    fn no_message_repeats_a_value_that_may_be_a_password() {
        #[track_caller]
        fn case(text: &str, parts: &[&str]) {
            let error = load_text("h.ini", text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            for part in parts {
                assert!(error.contains(part), "{part} in {error}");
            }
        }
        let key = "`ansible_password`";
        case("w a=1 ansible_password='hunter2 b=2", &["h.ini:1:", key]);
        case("w ansible_password=\"hunter2", &["h.ini:1:", key]);
        case("w ansible_password=it hunter2", &["h.ini:1:", key]);
        case("ansible_password=hunter2", &["h.ini:1:", key]);
        case("w 'hunter2", &["h.ini:1:", "quote"]);
        case("[w:vars]\nansible_password hunter2\n[w]", &["h.ini:2:"]);
        case("[w:children]\nansible_password=hunter2", &["h.ini:2:"]);
        case("[w:children]\nx ansible_password=hunter2", &["h.ini:2:"]);
        case("[w ansible_password=hunter2]", &["h.ini:1:"]);
        case(
            "w ansible_ssh_common_args=\"-o 'ProxyCommand=sshpass -p hunter2 ssh\"",
            &["h.ini:1:", "`ansible_ssh_common_args`"],
        );
        case(
            "w ansible_ssh_common_args='-o \"ProxyCommand=sshpass -p hunter2 ssh\"'",
            &["h.ini:1:", "`ProxyCommand`"],
        );
    }

    #[test]
    fn hosts_that_are_not_reached_by_ssh_are_left_out_and_named() {
        let loaded = load_text("h.ini", "localhost ansible_connection=local\nweb\n").unwrap();
        assert!(loaded.inventory.host("localhost").is_none());
        assert!(
            loaded.warnings[0]
                .message
                .contains("`localhost` is left out")
        );
    }

    #[test]
    fn variables_of_ansible_say_how_a_host_is_reached() {
        let text = "[web]\nw1 ansible_host=10.0.0.1 ansible_port=2222 ansible_user=deploy \
                    ansible_become=yes ansible_become_user=app oos_password_secret=web\n\
                    [web:vars]\nansible_ssh_common_args='-o ProxyJump=ops@bastion.example:99'\n\
                    ansible_user=other\nansible_ssh_private_key_file=/k\n";
        let loaded = load_text("h.ini", text).unwrap();
        let endpoint = &loaded.inventory.host("w1").unwrap().endpoint;
        assert_eq!(
            (endpoint.address.as_str(), endpoint.port),
            ("10.0.0.1", 2222)
        );
        assert_eq!(endpoint.user.as_deref(), Some("deploy"));
        assert_eq!(endpoint.elevation.as_ref().unwrap().user, "app");
        assert_eq!(endpoint.password.as_deref(), Some("web"));
        assert_eq!(endpoint.jumps[0].address, "bastion.example");
        assert_eq!(endpoint.jumps[0].user.as_deref(), Some("ops"));
        assert_eq!(endpoint.identities, [PathBuf::from("/k")]);
    }
}
