//! A real sshd for one test: its own port, keys, configuration and home in a temporary folder. Every
//! address of 127.0.0.0/8 is a host of it; nobody else gets in.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use oos::provider::ssh::{Endpoint, HostKeyPolicy, HostKeys};
use tempfile::TempDir;

use crate::support::machine::until;

const PROGRAM: &str = "/usr/sbin/sshd";

/// Ports that are handed out: below those that the kernel gives to outgoing connections, which could
/// take a port away between a stop and a start.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A server that ends with all it has started; commands that detach themselves from it do not.
pub(crate) struct Sshd {
    folder: TempDir,
    port: u16,
    password: bool,
    listener: Option<Child>,
    /// Sessions that outlived their listener.
    orphans: Vec<Pid>,
}

impl Sshd {
    /// Starts a server that takes the key [`key`](Self::key); says so and returns `None` where there
    /// is no sshd.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// Starts a server with more lines of configuration; they go before the usual ones and so win.
    /// `$FOLDER` in them is the folder of the server.
    pub(crate) fn with(lines: &[&str]) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            println!("skipped: there is no {PROGRAM}");
            return None;
        }
        Some(Self::started(lines, None))
    }

    /// Starts a server that also takes this password for the user of the tests, as `password` or
    /// `keyboard-interactive`; returns `None` where that cannot be: it needs root and a mount
    /// namespace, in which the system's accounts are covered.
    pub(crate) fn with_password(password: &str, lines: &[&str]) -> Option<Self> {
        let namespace = Command::new("unshare").args(["-m", "true"]).status();
        if !Path::new(PROGRAM).exists()
            || !Uid::effective().is_root()
            || !namespace.is_ok_and(|status| status.success())
        {
            println!("skipped: passwords need {PROGRAM}, root and mount namespaces");
            return None;
        }
        let mut all = vec!["UsePAM yes", "KbdInteractiveAuthentication yes"];
        all.extend(lines);
        Some(Self::started(&all, Some(password)))
    }

    fn started(lines: &[&str], password: Option<&str>) -> Self {
        let mut sshd = Self {
            folder: tempfile::tempdir().unwrap(),
            port: 0,
            password: password.is_some(),
            listener: None,
            orphans: Vec::new(),
        };
        if Uid::effective().is_root() {
            // Where sshd locks itself in before it knows who is there.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        std::fs::create_dir(sshd.home()).unwrap();
        for name in ["host_ed25519", "user_ca", "id_ed25519"] {
            sshd.keygen(name, &["-t", "ed25519"]);
        }
        sshd.authorize("id_ed25519");
        if let Some(password) = password {
            sshd.write_accounts(password);
        }
        loop {
            sshd.port = free_port();
            sshd.write_configuration(lines);
            if sshd.try_start() {
                break;
            }
        }
        sshd.trust("host_ed25519");
        sshd
    }

    /// Returns the folder of keys and configuration.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the folder that commands find as `$HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.file("home")
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Returns the private key that is let in.
    pub(crate) fn key(&self) -> PathBuf {
        self.file("id_ed25519")
    }

    /// Returns the file of known hosts, in which every address has the key of this server.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.file("known_hosts")
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the user who is let in: the one who runs the tests.
    pub(crate) fn user() -> String {
        User::from_uid(Uid::effective()).unwrap().unwrap().name
    }

    /// Returns the address of a host: a different one for every number below 60,000.
    pub(crate) fn address(number: usize) -> String {
        format!("127.1.{}.{}", number / 250, number % 250 + 1)
    }

    /// Returns how a host is reached: with the key, the known hosts and nothing of the user's own.
    pub(crate) fn endpoint(&self, number: usize) -> Endpoint {
        Endpoint {
            port: self.port,
            user: Some(Self::user()),
            identities: vec![self.key()],
            agent: false,
            host_keys: HostKeys {
                files: vec![self.known_hosts()],
                system_files: vec![self.file("no_known_hosts")],
                alias: None,
                unknown: HostKeyPolicy::Refuse,
            },
            ..Endpoint::of(Self::address(number))
        }
    }

    /// Makes a key of the user: `arguments` as `ssh-keygen` takes them.
    pub(crate) fn keygen(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.file(name);
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-C", name, "-f"]).arg(&path);
        if !arguments.contains(&"-N") {
            command.args(["-N", ""]);
        }
        assert!(command.args(arguments).status().unwrap().success());
        path
    }

    /// Lets a key of the folder in.
    pub(crate) fn authorize(&self, name: &str) {
        self.append("authorized_keys", &self.public(name));
    }

    /// Puts a key of the folder into the known hosts, for every address.
    pub(crate) fn trust(&self, name: &str) {
        let line = self.line(name);
        self.append("known_hosts", &line);
    }

    /// Writes a file of known hosts with this key of the folder alone, for every address.
    pub(crate) fn only(&self, file: &str, name: &str) -> PathBuf {
        std::fs::write(self.file(file), "").unwrap();
        self.append(file, &self.line(name));
        self.file(file)
    }

    fn line(&self, name: &str) -> String {
        format!("[127.*]:{} {}", self.port, self.public(name))
    }

    /// Returns the line of a public key.
    pub(crate) fn public(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(&format!("{name}.pub"))).unwrap()
    }

    /// Signs a key of the user with the authority that the server trusts; the certificate lies
    /// beside the key.
    pub(crate) fn certify(&self, name: &str, principals: &str, more: &[&str]) {
        let signed = Command::new("ssh-keygen")
            .args(["-q", "-I", name, "-n", principals, "-s"])
            .arg(self.file("user_ca"))
            .args(more)
            .arg(self.file(&format!("{name}.pub")))
            .status();
        assert!(signed.unwrap().success());
    }

    fn append(&self, name: &str, line: &str) {
        let path = self.file(name);
        let mut text = std::fs::read_to_string(&path).unwrap_or_default();
        writeln!(text, "{}", line.trim_end()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Ends the listener as `systemctl stop` does; sessions live on.
    pub(crate) fn stop(&mut self) {
        let Some(mut listener) = self.listener.take() else {
            return;
        };
        self.orphans.extend(descendants(pid(&listener)));
        listener.kill().unwrap();
        listener.wait().unwrap();
    }

    /// Starts the listener again, on the same port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        until("sshd has its port again", || self.try_start());
    }

    /// Starts the listener again with more lines of configuration.
    pub(crate) fn configure(&mut self, lines: &[&str]) {
        self.write_configuration(lines);
        self.restart();
    }

    /// Ends the processes that serve connections, as if the links were cut; what they run lives on.
    pub(crate) fn cut(&self) {
        self.signal(Signal::SIGKILL, |pid| self.serves(pid));
    }

    /// Stops the listener and all sessions: connections stay open and nobody answers.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP, |_| true);
    }

    /// Ends what [`freeze`](Self::freeze) began.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT, |_| true);
    }

    /// Returns how many processes serve connections now.
    pub(crate) fn sessions(&self) -> usize {
        let serving = self.processes().into_iter();
        serving.filter(|pid| self.serves(*pid)).count()
    }

    /// Returns what the server has written about itself.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    fn processes(&self) -> Vec<Pid> {
        let roots = self.listener.iter().map(pid).chain(self.orphans.clone());
        roots
            .flat_map(|root| std::iter::once(root).chain(descendants(root)))
            .collect()
    }

    fn signal(&self, signal: Signal, which: impl Fn(Pid) -> bool) {
        for process in self.processes().into_iter().filter(|pid| which(*pid)) {
            // One that has ended meanwhile needs no signal.
            let _ = kill(process, signal);
        }
    }

    fn serves(&self, process: Pid) -> bool {
        let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        let listens = self.listener.as_ref().is_some_and(|it| pid(it) == process);
        !listens && name.starts_with("sshd")
    }

    fn write_configuration(&self, lines: &[&str]) {
        let folder = self.folder().display();
        let lines = lines.join("\n").replace("$FOLDER", &folder.to_string());
        let text = format!(
            "{lines}\n\
             Port {port}\nListenAddress 0.0.0.0\nAllowUsers *@127.*\n\
             HostKey {folder}/host_ed25519\nPidFile none\n\
             AuthorizedKeysFile {folder}/authorized_keys\nTrustedUserCAKeys {folder}/user_ca.pub\n\
             PermitRootLogin yes\nPasswordAuthentication {password}\n\
             KbdInteractiveAuthentication no\nUsePAM no\n\
             UseDNS no\nPrintMotd no\nPrintLastLog no\nStrictModes no\n\
             MaxStartups 10000\nMaxSessions 1000\nLogLevel VERBOSE\n\
             SetEnv HOME={folder}/home\nSubsystem sftp internal-sftp\n",
            port = self.port,
            password = if self.password { "yes" } else { "no" },
        );
        std::fs::write(self.file("sshd_config"), text).unwrap();
    }

    /// Writes accounts that cover the system's in the namespace of the server.
    fn write_accounts(&self, password: &str) {
        let hash = Command::new("perl")
            .args(["-e", "print crypt($ARGV[0], '$6$oosoosoos$')", password])
            .output()
            .unwrap();
        let hash = String::from_utf8(hash.stdout).unwrap();
        let shadow = format!("{}:{hash}:20000:0:99999:7:::\n", Self::user());
        std::fs::write(self.file("shadow"), shadow).unwrap();
        std::fs::create_dir(self.file("pam.d")).unwrap();
        let rules = "auth required pam_unix.so nodelay\naccount required pam_permit.so\n\
                     session required pam_permit.so\n";
        std::fs::write(self.file("pam.d/sshd"), rules).unwrap();
        let script = format!(
            "#!/bin/sh\nset -e\nmount --bind {0}/shadow /etc/shadow\n\
             mount --bind {0}/pam.d /etc/pam.d\nexec \"$@\"\n",
            self.folder().display()
        );
        std::fs::write(self.file("covered"), script).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.file("covered"), executable).unwrap();
    }

    /// Starts the listener; returns whether it has its port.
    fn try_start(&mut self) -> bool {
        std::fs::write(self.file("log"), "").unwrap();
        let mut command = if self.password {
            let mut command = Command::new("unshare");
            command.arg("-m").arg(self.file("covered")).arg(PROGRAM);
            command
        } else {
            Command::new(PROGRAM)
        };
        let (configuration, log) = (self.file("sshd_config"), self.file("log"));
        command.arg("-D").arg("-f").arg(configuration).arg("-E");
        command.arg(log).stdin(Stdio::null()).stdout(Stdio::null());
        let mut listener = command.spawn().unwrap();
        let mut listens = false;
        until("sshd listens or has ended", || {
            listens = self.log().contains("Server listening on");
            listens || listener.try_wait().unwrap().is_some()
        });
        if listens {
            self.listener = Some(listener);
        } else {
            assert!(
                self.log().contains("Address already in use"),
                "{}",
                self.log()
            );
        }
        listens
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL, |_| true);
        if let Some(mut listener) = self.listener.take() {
            drop(listener.wait());
        }
    }
}

fn pid(process: &Child) -> Pid {
    Pid::from_raw(process.id().try_into().unwrap())
}

fn free_port() -> u16 {
    loop {
        let seed = u64::from(std::process::id()) + getrandom::u64().unwrap() % 1_000_000;
        let width = u64::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(seed % width).unwrap();
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

/// Returns the processes below a process.
fn descendants(root: Pid) -> Vec<Pid> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(process) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end while it is looked at.
        let status = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = status.rsplit_once(')').unwrap_or_default().1;
        if let Some(Ok(parent)) = after_name.split_whitespace().nth(1).map(str::parse) {
            parents.push((Pid::from_raw(parent), Pid::from_raw(process)));
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|it| it.0 == parent).map(|it| it.1));
        at += 1;
    }
    found.split_off(1)
}
