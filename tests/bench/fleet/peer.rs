//! The clients that are compared, each run as its users run it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ground::{Ground, addresses};
use crate::meter::{Reading, measure};

/// A client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Peer {
    /// A client of the same library that records nothing.
    Plain,
    /// The same client, with the command under what every supervisor of its kind costs a host at the least: a shell
    /// that would outlive the link, and one for the command. They keep and record nothing.
    Shells,
    /// `oos exec`.
    Oos,
    /// `parallel-ssh`, a Python library over libssh2; checks no host keys.
    ParallelSsh,
    /// `asyncssh`, a Python library.
    AsyncSsh,
    /// OpenSSH under `xargs`.
    OpenSsh,
    /// `pdsh`.
    Pdsh,
    /// `pssh`.
    Pssh,
    /// `clush`.
    Clush,
    /// Ansible's module `raw`; host keys not checked.
    Ansible,
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) port: u16,
    pub(crate) hosts: usize,
    pub(crate) concurrency: usize,
    /// What is run; the clients of others run `echo ok` only.
    pub(crate) command: &'a str,
    /// Whether `oos` starts the command without its supervisor.
    pub(crate) plain: bool,
    /// The file of known hosts that `oos` goes by.
    pub(crate) known_hosts: &'a str,
}

impl Peer {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Plain,
        Self::Oos,
        Self::ParallelSsh,
        Self::AsyncSsh,
        Self::OpenSsh,
        Self::Pdsh,
        Self::Pssh,
        Self::Clush,
        Self::Ansible,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain russh, records nothing",
            Self::Shells => "plain russh, two more shells",
            Self::Oos => "oos exec, recorded",
            Self::ParallelSsh => "parallel-ssh (libssh2)",
            Self::AsyncSsh => "asyncssh",
            Self::OpenSsh => "OpenSSH + xargs",
            Self::Pdsh => "pdsh",
            Self::Pssh => "pssh",
            Self::Clush => "clush",
            Self::Ansible => "ansible -m raw",
        }
    }

    /// The number of hosts at once with which the client does best.
    pub(crate) fn concurrency(self) -> usize {
        match self {
            Self::OpenSsh | Self::Pssh | Self::Clush => 16,
            Self::Pdsh => 64,
            Self::Plain
            | Self::Shells
            | Self::Oos
            | Self::ParallelSsh
            | Self::AsyncSsh
            | Self::Ansible => 50,
        }
    }

    /// Runs it once; `None` if it is not installed.
    pub(crate) fn run(self, job: &Job<'_>) -> Option<Reading> {
        // A data directory of its own each time, on the disk of this checkout, where flushing is real.
        let data = tempfile::Builder::new()
            .prefix("oos-fleet-data-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        let mut command = self.command(job, data.path())?;
        command.env("LC_ALL", "C.UTF-8");
        let wanted = job.hosts;
        Some(measure(&mut command, |printed| {
            self.count(printed).min(wanted)
        }))
    }

    /// Counts hosts that answered well.
    fn count(self, printed: &str) -> usize {
        match self {
            Self::Oos => serde_json::from_str::<serde_json::Value>(printed)
                .ok()
                .and_then(|document| document["Tasks"].as_array().cloned())
                .and_then(|tasks| tasks.last().map(|task| task["Loop"]["Success"].as_u64()))
                .flatten()
                .map_or(0, |count| usize::try_from(count).unwrap_or_default()),
            Self::Pssh => printed.matches("[SUCCESS]").count(),
            Self::Ansible => printed.matches("| CHANGED | rc=0").count(),
            Self::Pdsh | Self::Clush => printed
                .lines()
                .filter(|line| line.ends_with(": ok"))
                .count(),
            _ => printed
                .lines()
                .filter(|line| line.ends_with("\t0\tok"))
                .count(),
        }
    }

    fn command(self, job: &Job<'_>, data: &Path) -> Option<Command> {
        let ground = job.ground;
        let hosts = ground.hosts(job.hosts);
        let config = ground.path(&format!("ssh_config.{}", job.port));
        let concurrency = job.concurrency.to_string();
        match self {
            Self::Plain | Self::Shells => {
                let asked = match self {
                    Self::Shells => format!("exec sh -c 'sh -c \"{}\"; exit'", job.command),
                    _ => job.command.to_owned(),
                };
                let mut command = Command::new(std::env::current_exe().unwrap());
                command
                    .arg("__client")
                    .arg(hosts)
                    .args([job.port.to_string(), concurrency])
                    .args([ground.path("key"), ground.path("host_key.pub")])
                    .args([ground.user(), &asked]);
                Some(command)
            }
            Self::Oos => Some(oos(job, data)),
            Self::ParallelSsh | Self::AsyncSsh => {
                let (module, script) = match self {
                    Self::ParallelSsh => ("pssh", "parallel_ssh.py"),
                    _ => ("asyncssh", "async_ssh.py"),
                };
                let mut command = python(module)?;
                command
                    .arg(
                        Path::new(env!("CARGO_MANIFEST_DIR"))
                            .join("tests/bench/fleet/peer")
                            .join(script),
                    )
                    .arg(hosts)
                    .args([job.port.to_string(), concurrency])
                    .args([ground.path("key"), ground.path("host_key.pub")])
                    .arg(ground.user());
                Some(command)
            }
            Self::OpenSsh => {
                let ssh = find("ssh")?;
                let script = format!(
                    "printf '%s\\t' \"$1\"; o=$({} -F {} \"$1\" 'echo ok' 2>&1); printf '%s\\t%s\\n' $? \"$o\"",
                    ssh.display(),
                    config.display()
                );
                // One write a host, so that lines of different hosts do not mix.
                let script = format!("x=$({script}); printf '%s\\n' \"$x\"");
                let mut command = Command::new("xargs");
                command.arg("-a").arg(hosts).args([
                    "-P",
                    &concurrency,
                    "-I{}",
                    "sh",
                    "-c",
                    &script,
                    "sh",
                    "{}",
                ]);
                Some(command)
            }
            Self::Pdsh => {
                let mut command = Command::new(find("pdsh")?);
                command
                    .env("PDSH_SSH_ARGS", format!("-F {} %h", config.display()))
                    .args(["-R", "ssh", "-S", "-f", &concurrency, "-w"])
                    .arg(format!("^{}", hosts.display()))
                    .arg("echo ok");
                Some(command)
            }
            Self::Pssh => {
                let mut command = Command::new(find("parallel-ssh")?);
                command
                    .args(["-i", "-p", &concurrency, "-t", "60", "-h"])
                    .arg(hosts)
                    .args(["-x", &format!("-F {}", config.display()), "echo ok"]);
                Some(command)
            }
            Self::Clush => {
                let mut command = Command::new(find("clush")?);
                command
                    .args([
                        "-f",
                        &concurrency,
                        "-S",
                        "-o",
                        &format!("-F {}", config.display()),
                        "--hostfile",
                    ])
                    .arg(hosts)
                    .arg("echo ok");
                Some(command)
            }
            Self::Ansible => Some(ansible(job)?),
        }
    }
}

fn oos(job: &Job<'_>, data: &Path) -> Command {
    let ground = job.ground;
    let mut command = Command::new(env!("CARGO_BIN_EXE_oos"));
    command
        .arg("--data-dir")
        .arg(data)
        .arg("--inventory")
        .arg(inventory(job))
        .args(["-o", "json", "exec"])
        .args(job.plain.then_some("--plain"))
        .args([
            "--concurrency",
            &job.concurrency.to_string(),
            "all",
            "--",
            job.command,
        ])
        .env("HOME", ground.folder());
    command
}

/// Returns an inventory of the hosts for `oos` and Ansible alike.
fn inventory(job: &Job<'_>) -> PathBuf {
    let ground = job.ground;
    let folder = ground.folder().display();
    let path = ground.path(&format!("inventory.{}.{}.ini", job.hosts, job.port));
    let hosts: Vec<String> = addresses(job.hosts).collect();
    let text = format!(
        "[fleet]\n{}\n[fleet:vars]\nansible_port={}\nansible_user={}\n\
         ansible_ssh_private_key_file={folder}/key\n\
         ansible_ssh_common_args=-o UserKnownHostsFile={folder}/{} -o KexAlgorithms=curve25519-sha256\n",
        hosts.join("\n"),
        job.port,
        ground.user(),
        job.known_hosts,
    );
    std::fs::write(&path, text).unwrap();
    path
}

fn ansible(job: &Job<'_>) -> Option<Command> {
    let program = find("ansible")?;
    let config = job.ground.path("ansible.cfg");
    let text = format!(
        "[defaults]\nforks={}\nhost_key_checking=False\ngathering=explicit\n\
         [ssh_connection]\npipelining=True\nssh_args=-o ControlMaster=no -o IdentitiesOnly=yes -o LogLevel=ERROR\n",
        job.concurrency
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(program);
    command
        .env("ANSIBLE_CONFIG", config)
        .arg("-i")
        .arg(inventory(job))
        .args(["all", "-m", "raw", "-a", "echo ok"]);
    Some(command)
}

/// Finds a program in the folders of `OOS_BENCH_PEERS` and in those of `PATH`.
fn find(name: &str) -> Option<PathBuf> {
    folders()
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

fn folders() -> Vec<PathBuf> {
    ["OOS_BENCH_PEERS", "PATH"]
        .into_iter()
        .filter_map(std::env::var_os)
        .flat_map(|folders| std::env::split_paths(&folders).collect::<Vec<_>>())
        .collect()
}

/// Returns a Python that has a module.
fn python(module: &str) -> Option<Command> {
    let has = |path: &PathBuf| {
        let found = Command::new(path)
            .args(["-c", &format!("import {module}")])
            .output();
        found.is_ok_and(|output| output.status.success())
    };
    let mut pythons = folders()
        .into_iter()
        .map(|folder| folder.join("python3"))
        .filter(|path| path.is_file());
    pythons.find(has).map(Command::new)
}
