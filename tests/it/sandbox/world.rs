//! A state folder with instances that end with the test, and words for what tests do with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oos::base::output::Channel;
use oos::provider::local::driver::sandbox::Sandbox;
use oos::provider::local::driver::{
    Base, Command, CommandEnd, Driver, InstanceSpec, Layer, Offsets,
};

/// A time limit that no command of these tests comes near.
pub(super) const AMPLE: Duration = Duration::from_secs(60);

/// A state folder and the instances in it, which end with the test.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) sandbox: Sandbox,
    instances: Vec<String>,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = open(folder.path());
        Self {
            folder,
            sandbox,
            instances: Vec::new(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    /// A world with a running instance `i-1` of image `host`.
    pub(super) fn with_instance() -> Self {
        let mut world = Self::new();
        world.add("i-1", Base::Host, &[]);
        world.start("i-1");
        world
    }

    pub(super) fn add(&mut self, id: &str, base: Base, layers: &[Layer]) {
        self.instances.push(id.to_owned());
        let spec = InstanceSpec {
            id: id.to_owned(),
            hostname: id.to_owned(),
            base,
            layers: layers.to_vec(),
        };
        self.runtime.block_on(self.sandbox.create(&spec)).unwrap();
    }

    /// Removes `id` at the end, whoever makes it.
    pub(super) fn adopt(&mut self, id: &str) {
        self.instances.push(id.to_owned());
    }

    /// Starts an instance whose pid 1 has just been killed.
    pub(super) fn start_when_ended(&self, id: &str) {
        while self.is_running(id) {
            std::thread::yield_now();
        }
        self.start(id);
    }

    pub(super) fn start(&self, id: &str) {
        self.runtime.block_on(self.sandbox.start(id)).unwrap();
    }

    pub(super) fn stop(&self, id: &str) {
        let stopped = self.sandbox.stop(id, Duration::ZERO);
        self.runtime.block_on(stopped).unwrap();
    }

    pub(super) fn is_running(&self, id: &str) -> bool {
        self.runtime.block_on(self.sandbox.is_running(id)).unwrap()
    }

    pub(super) fn invoke(&self, invocation: &str, command: &Command) {
        let invoked = self.sandbox.invoke("i-1", invocation, command);
        self.runtime.block_on(invoked).unwrap();
    }

    pub(super) fn finish(&self, instance: &str, invocation: &str) -> Outcome {
        self.runtime
            .block_on(read_all(&self.sandbox, instance, invocation))
    }

    /// Runs a shell line in `i-1` to its end.
    pub(super) fn shell(&self, invocation: &str, line: &str) -> Outcome {
        self.shell_in("i-1", invocation, line)
    }

    pub(super) fn shell_in(&self, instance: &str, invocation: &str, line: &str) -> Outcome {
        let command = shell(line);
        let invoked = self.sandbox.invoke(instance, invocation, &command);
        self.runtime.block_on(invoked).unwrap();
        self.finish(instance, invocation)
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join("local").join(relative)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for id in &self.instances {
            if let Err(error) = self.runtime.block_on(self.sandbox.delete(id)) {
                eprintln!("instance {id} could not be removed: {error}");
            }
        }
    }
}

/// What a command came to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) end: CommandEnd,
}

impl Outcome {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(super) fn code(&self) -> i32 {
        match self.end {
            CommandEnd::Exited { code } => code,
            ref other => panic!("ended with {other:?}"),
        }
    }
}

pub(super) fn open(folder: &Path) -> Sandbox {
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_oos"));
    Sandbox::new(folder.join("local"), executable).unwrap()
}

pub(super) fn argv(argv: &[&str]) -> Command {
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    Command {
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        script: None,
        environment: BTreeMap::from([("PATH".to_owned(), path.to_owned())]),
        directory: None,
        user: None,
        timeout: AMPLE,
        plain: false,
        age: None,
    }
}

pub(super) fn shell(line: &str) -> Command {
    argv(&["sh", "-c", line])
}

pub(super) async fn read_all(sandbox: &Sandbox, instance: &str, invocation: &str) -> Outcome {
    let mut offsets = Offsets::default();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        let progress = sandbox
            .poll(instance, invocation, None, offsets, 1 << 20, AMPLE)
            .await
            .unwrap();
        for (channel, offset, bytes) in progress.output {
            let (all, known) = match channel {
                Channel::Stdout => (&mut stdout, &mut offsets.stdout),
                Channel::Stderr => (&mut stderr, &mut offsets.stderr),
            };
            assert_eq!(offset, *known);
            *known += bytes.len() as u64;
            all.extend(bytes);
        }
        if let Some(end) = progress.end {
            return Outcome {
                stdout,
                stderr,
                end,
            };
        }
    }
}

/// Tells whether a process of this machine was started with `argument`.
pub(super) fn host_runs(argument: &str) -> bool {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok())
        .any(|line| {
            line.split(|byte| *byte == 0)
                .any(|part| part == argument.as_bytes())
        })
}

/// Returns a number of seconds that no other test sleeps for.
pub(super) fn own_sleep(number: u32) -> String {
    format!("{}.{number}", 100_000 + std::process::id())
}

/// Tells whether instances have more users than root here.
pub(super) fn has_users() -> bool {
    rustix::process::geteuid().is_root()
}
