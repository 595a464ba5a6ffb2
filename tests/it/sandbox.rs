//! The sandbox in real namespaces: what it keeps apart, what it promises about commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oos::base::output::Channel;
use oos::provider::local::driver::sandbox::Sandbox;
use oos::provider::local::driver::{
    Base, Command, CommandEnd, Driver, InstanceSpec, Layer, Offsets,
};

/// A time limit that no command of these tests comes near.
const AMPLE: Duration = Duration::from_secs(60);

/// A state folder and the instances in it, which end with the test.
struct World {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    instances: Vec<String>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
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
    fn with_instance() -> Self {
        let mut world = Self::new();
        world.add("i-1", Base::Host, &[]);
        world.start("i-1");
        world
    }

    fn add(&mut self, id: &str, base: Base, layers: &[Layer]) {
        self.instances.push(id.to_owned());
        let spec = InstanceSpec {
            id: id.to_owned(),
            hostname: id.to_owned(),
            base,
            layers: layers.to_vec(),
        };
        self.runtime.block_on(self.sandbox.create(&spec)).unwrap();
    }

    fn start(&self, id: &str) {
        self.runtime.block_on(self.sandbox.start(id)).unwrap();
    }

    fn stop(&self, id: &str) {
        let stopped = self.sandbox.stop(id, Duration::ZERO);
        self.runtime.block_on(stopped).unwrap();
    }

    fn is_running(&self, id: &str) -> bool {
        self.runtime.block_on(self.sandbox.is_running(id)).unwrap()
    }

    fn invoke(&self, invocation: &str, command: &Command) {
        let invoked = self.sandbox.invoke("i-1", invocation, command);
        self.runtime.block_on(invoked).unwrap();
    }

    fn finish(&self, instance: &str, invocation: &str) -> Outcome {
        self.runtime
            .block_on(read_all(&self.sandbox, instance, invocation))
    }

    /// Runs a shell line in `i-1` to its end.
    fn shell(&self, invocation: &str, line: &str) -> Outcome {
        self.shell_in("i-1", invocation, line)
    }

    fn shell_in(&self, instance: &str, invocation: &str, line: &str) -> Outcome {
        let command = shell(line);
        let invoked = self.sandbox.invoke(instance, invocation, &command);
        self.runtime.block_on(invoked).unwrap();
        self.finish(instance, invocation)
    }

    fn path(&self, relative: &str) -> PathBuf {
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
struct Outcome {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    end: CommandEnd,
}

impl Outcome {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    fn code(&self) -> i32 {
        match self.end {
            CommandEnd::Exited { code } => code,
            ref other => panic!("ended with {other:?}"),
        }
    }
}

fn open(folder: &Path) -> Sandbox {
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_oos"));
    Sandbox::new(folder.join("local"), executable).unwrap()
}

fn argv(argv: &[&str]) -> Command {
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    Command {
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        script: None,
        environment: BTreeMap::from([("PATH".to_owned(), path.to_owned())]),
        directory: None,
        user: None,
        timeout: AMPLE,
    }
}

fn shell(line: &str) -> Command {
    argv(&["sh", "-c", line])
}

async fn read_all(sandbox: &Sandbox, instance: &str, invocation: &str) -> Outcome {
    let mut offsets = Offsets::default();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        let progress = sandbox
            .poll(instance, invocation, offsets, 1 << 20, AMPLE)
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

#[test]
fn an_instance_runs_a_command_and_stops() {
    let world = World::with_instance();
    assert!(world.is_running("i-1"));
    let outcome = world.shell("c-1", "id -u; hostname; pwd; echo oops >&2; exit 7");
    assert_eq!(outcome.text(), "0\ni-1\n/root\n", "{outcome:?}");
    assert_eq!(outcome.stderr, b"oops\n");
    assert_eq!(outcome.code(), 7);
    world.stop("i-1");
    assert!(!world.is_running("i-1"));
}
