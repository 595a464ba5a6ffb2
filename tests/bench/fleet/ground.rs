//! The fleet: keys, lists of hosts, and what answers at their addresses.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The most hosts that a comparison has.
const MOST: usize = 10_000;

/// The ports that the lists and configurations are written for.
pub(crate) const SIMULATOR_PORT: u16 = 2723;
pub(crate) const SSHD_PORT: u16 = 2722;

/// The file that holds the key of every host.
pub(crate) const KNOWN_HOSTS: &str = "known_hosts";

/// Keys and lists in a folder that goes away at the end.
#[derive(Debug)]
pub(crate) struct Ground {
    folder: TempDir,
    user: String,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("oos-fleet-")
            .tempdir()
            .unwrap();
        let user = nix::unistd::User::from_uid(nix::unistd::getuid())
            .unwrap()
            .unwrap()
            .name;
        let ground = Self { folder, user };
        for name in ["key", "host_key"] {
            let path = ground.path(name);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path)
                .status();
            assert!(made.unwrap().success(), "ssh-keygen makes a key");
        }
        let key = std::fs::read_to_string(ground.path("host_key.pub")).unwrap();
        let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let known = format!("[127.*]:{SIMULATOR_PORT},[127.*]:{SSHD_PORT} {key}\n");
        std::fs::write(ground.path(KNOWN_HOSTS), known).unwrap();
        for port in [SIMULATOR_PORT, SSHD_PORT] {
            std::fs::write(
                ground.path(&format!("ssh_config.{port}")),
                ground.ssh_config(port),
            )
            .unwrap();
        }
        ground
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The user of this process, who logs in everywhere.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Returns a file with one address a line.
    pub(crate) fn hosts(&self, count: usize) -> PathBuf {
        let path = self.path(&format!("hosts.{count}"));
        std::fs::write(
            &path,
            addresses(count).collect::<Vec<_>>().join("\n") + "\n",
        )
        .unwrap();
        path
    }

    fn ssh_config(&self, port: u16) -> String {
        let (folder, user) = (self.folder().display(), &self.user);
        format!(
            "Host 127.*\n  Port {port}\n  User {user}\n  IdentityFile {folder}/key\n  IdentitiesOnly yes\n  \
             UserKnownHostsFile {folder}/{KNOWN_HOSTS}\n  GlobalKnownHostsFile /dev/null\n  \
             StrictHostKeyChecking yes\n  UpdateHostKeys no\n  KexAlgorithms curve25519-sha256\n  \
             BatchMode yes\n  ControlMaster no\n  LogLevel ERROR\n"
        )
    }

    /// A `SHLVL` keeps bash from reading the start files of whoever runs the benchmark: what these do may
    /// take ten times as long as all that is measured.
    fn sshd_config(&self) -> String {
        let folder = self.folder().display();
        format!(
            "Port {SSHD_PORT}\nListenAddress 0.0.0.0\nHostKey {folder}/host_key\nPidFile none\n\
             AuthorizedKeysFile {folder}/key.pub\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nUsePAM no\nUseDNS no\nPrintMotd no\nPrintLastLog no\n\
             StrictModes no\nMaxStartups 10000:30:20000\nMaxSessions 1000\nLogLevel ERROR\n\
             SetEnv SHLVL=1\n\
             Subsystem sftp internal-sftp\n"
        )
    }
}

/// Returns addresses of loopback, each of them once.
pub(crate) fn addresses(count: usize) -> impl Iterator<Item = String> {
    assert!(count <= MOST, "so many addresses");
    (0..count).map(|number| {
        format!(
            "127.{}.{}.{}",
            1 + number / 62_500,
            number / 250 % 250,
            number % 250 + 1
        )
    })
}

/// What answers at the addresses, until it is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// Starts the simulator.
    pub(crate) fn simulator(ground: &Ground, delay: Duration) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg("__simulator")
            .arg(ground.path("host_key"))
            .args([SIMULATOR_PORT.to_string(), delay.as_millis().to_string()]);
        Self::start(command, SIMULATOR_PORT)
    }

    /// Starts a real sshd, if there is one.
    pub(crate) fn sshd(ground: &Ground) -> Option<Self> {
        let program = Path::new("/usr/sbin/sshd");
        if !program.exists() {
            return None;
        }
        std::fs::create_dir_all("/run/sshd").ok();
        let config = ground.path("sshd_config");
        std::fs::write(&config, ground.sshd_config()).unwrap();
        let mut command = Command::new(program);
        command.args(["-D", "-f"]).arg(config);
        Some(Self::start(command, SSHD_PORT))
    }

    fn start(mut command: Command, port: u16) -> Self {
        let service = Self {
            child: command.stdin(Stdio::null()).spawn().unwrap(),
            port,
        };
        let answers = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(answers, "{command:?} does not answer on port {port}");
        service
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Says what the figures were taken on.
pub(crate) fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |line| line.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}
