//! A driver whose instances are maps of files in memory.
//!
//! Its "shell" reads one command a line: `echo WORDS`, `echo WORDS >&2`, `echo WORDS > PATH`,
//! `cat PATH` (which must be there), `head -c N /dev/zero`, `sleep N` (times out at
//! once, or never ends by itself), `exit N`. Anything else is
//! an error of the test, not of the script.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::base::digest::Digest;
use crate::base::output::Channel;
use crate::provider::local::driver::{
    Command, CommandEnd, Driver, DriverError, FileSpec, InstanceSpec, KillReport, Layer, Offsets,
    Progress,
};

type Files = BTreeMap<String, Vec<u8>>;

/// A [`Driver`] in memory.
#[derive(Default)]
pub struct FakeDriver {
    world: Mutex<World>,
    news: Notify,
}

#[derive(Debug, Default)]
struct World {
    instances: BTreeMap<String, Machine>,
    layers: BTreeMap<String, Files>,
    started: Vec<String>,
}

#[derive(Debug)]
struct Machine {
    spec: InstanceSpec,
    is_running: bool,
    written: Files,
    commands: BTreeMap<String, Run>,
}

#[derive(Debug)]
struct Run {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    end: Option<CommandEnd>,
}

impl fmt::Debug for FakeDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeDriver").finish_non_exhaustive()
    }
}

impl FakeDriver {
    /// Returns every command that was started, as `instance/invocation`, in order.
    pub fn started(&self) -> Vec<String> {
        self.with(|world| world.started.clone())
    }

    /// Returns the digests of the layers that are stored.
    pub fn layers(&self) -> Vec<String> {
        self.with(|world| world.layers.keys().cloned().collect())
    }

    /// Ends an instance under everybody's feet, as a power loss does.
    pub fn crash(&self, instance: &str) {
        self.with(|world| {
            if let Some(machine) = world.instances.get_mut(instance) {
                machine.end(&CommandEnd::Lost);
            }
        });
        self.news.notify_waiters();
    }

    /// Appends to the output of a command that runs.
    pub fn say(&self, instance: &str, invocation: &str, text: &str) {
        self.with(|world| {
            let machine = world.instances.get_mut(instance);
            if let Some(run) = machine.and_then(|m| m.commands.get_mut(invocation)) {
                assert!(run.end.is_none(), "`{invocation}` has ended");
                run.stdout.extend(text.as_bytes());
            }
        });
        self.news.notify_waiters();
    }

    /// Ends a command that runs with an exit code.
    pub fn exit(&self, instance: &str, invocation: &str, code: i32) {
        self.finish(instance, invocation, CommandEnd::Exited { code });
    }

    /// Ends a command that runs as if its time were up.
    pub fn time_out(&self, instance: &str, invocation: &str) {
        let report = KillReport {
            ended: 1,
            ..KillReport::default()
        };
        self.finish(instance, invocation, CommandEnd::TimedOut(report));
    }

    fn finish(&self, instance: &str, invocation: &str, end: CommandEnd) {
        self.with(|world| {
            let machine = world.instances.get_mut(instance);
            if let Some(run) = machine.and_then(|m| m.commands.get_mut(invocation)) {
                run.end.get_or_insert(end);
            }
        });
        self.news.notify_waiters();
    }

    fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        work(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl World {
    fn machine(&mut self, id: &str) -> Result<&mut Machine, DriverError> {
        self.instances
            .get_mut(id)
            .ok_or_else(|| not_found("instance", id))
    }

    /// Returns the files that an instance sees: its layers and what it wrote over them.
    fn view(&self, id: &str) -> Files {
        let machine = &self.instances[id];
        let layers = machine.spec.layers.iter();
        let mut files = Files::new();
        for layer in layers {
            files.extend(self.layers[&layer.digest.to_string()].clone());
        }
        files.extend(machine.written.clone());
        files
    }
}

impl Machine {
    fn end(&mut self, how: &CommandEnd) {
        self.is_running = false;
        for run in self.commands.values_mut() {
            run.end.get_or_insert_with(|| how.clone());
        }
    }
}

fn not_found(kind: &'static str, id: &str) -> DriverError {
    DriverError::NotFound {
        kind,
        id: id.to_owned(),
    }
}

#[async_trait]
impl Driver for FakeDriver {
    async fn create(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        self.with(|world| {
            for layer in &spec.layers {
                let digest = layer.digest.to_string();
                if !world.layers.contains_key(&digest) {
                    return Err(not_found("layer", &digest));
                }
            }
            let machine = world
                .instances
                .entry(spec.id.clone())
                .or_insert_with(|| Machine {
                    spec: spec.clone(),
                    is_running: false,
                    written: Files::new(),
                    commands: BTreeMap::new(),
                });
            machine.spec = spec.clone();
            Ok(())
        })
    }

    async fn start(&self, instance: &str) -> Result<(), DriverError> {
        self.with(|world| {
            world.machine(instance)?.is_running = true;
            Ok(())
        })
    }

    async fn stop(&self, instance: &str, _grace: Duration) -> Result<(), DriverError> {
        let stopped = self.with(|world| {
            world.machine(instance)?.end(&CommandEnd::Lost);
            Ok(())
        });
        self.news.notify_waiters();
        stopped
    }

    async fn delete(&self, instance: &str) -> Result<(), DriverError> {
        self.with(|world| drop(world.instances.remove(instance)));
        self.news.notify_waiters();
        Ok(())
    }

    async fn is_running(&self, instance: &str) -> Result<bool, DriverError> {
        self.with(|world| Ok(world.machine(instance)?.is_running))
    }

    async fn invoke(
        &self,
        instance: &str,
        invocation: &str,
        command: &Command,
    ) -> Result<(), DriverError> {
        self.with(|world| {
            if world.machine(instance)?.commands.contains_key(invocation) {
                return Ok(());
            }
            if !world.machine(instance)?.is_running {
                return Err(DriverError::NotRunning {
                    id: instance.to_owned(),
                });
            }
            let files = world.view(instance);
            let machine = world.machine(instance)?;
            let run = run(command, &files, &mut machine.written)?;
            machine.commands.insert(invocation.to_owned(), run);
            world.started.push(format!("{instance}/{invocation}"));
            Ok(())
        })
    }

    async fn poll(
        &self,
        instance: &str,
        invocation: &str,
        _user: Option<&str>,
        offsets: Offsets,
        limit: usize,
        wait: Duration,
    ) -> Result<Progress, DriverError> {
        let mut news = std::pin::pin!(self.news.notified());
        // Registered before looking, so that nothing said in between is missed.
        news.as_mut().enable();
        let progress = self.with(|world| look(world, instance, invocation, offsets, limit))?;
        if progress.end.is_some() || !progress.output.is_empty() || wait.is_zero() {
            return Ok(progress);
        }
        // Whether it was news or the time is told by looking again.
        drop(tokio::time::timeout(wait, news).await);
        self.with(|world| look(world, instance, invocation, offsets, limit))
    }

    async fn kill(
        &self,
        instance: &str,
        invocation: &str,
        _user: Option<&str>,
    ) -> Result<KillReport, DriverError> {
        let report = self.with(|world| {
            let commands = &mut world.machine(instance)?.commands;
            let run = commands.get_mut(invocation);
            let run = run.ok_or_else(|| not_found("command", invocation))?;
            let mut report = KillReport::default();
            if run.end.is_none() {
                report.ended = 1;
                run.end = Some(CommandEnd::Killed(report.clone()));
            }
            Ok(report)
        });
        self.news.notify_waiters();
        report
    }

    async fn acknowledge(&self, instance: &str, invocation: &str) -> Result<(), DriverError> {
        self.with(|world| {
            let commands = &mut world.machine(instance)?.commands;
            match commands.get(invocation) {
                Some(run) if run.end.is_none() => Err(DriverError::Invalid {
                    reason: format!("command `{invocation}` has not ended"),
                }),
                _ => {
                    commands.remove(invocation);
                    Ok(())
                }
            }
        })
    }

    async fn write_file(&self, instance: &str, file: &FileSpec) -> Result<(), DriverError> {
        let path = format!("{}/{}", file.directory.trim_end_matches('/'), file.name);
        self.with(|world| {
            let exists =
                world.instances.contains_key(instance) && world.view(instance).contains_key(&path);
            let machine = world.machine(instance)?;
            if exists && !file.overwrite {
                let reason = format!("`{path}` exists already");
                return Err(DriverError::Invalid { reason });
            }
            machine.written.insert(path, file.content.clone());
            Ok(())
        })
    }

    async fn commit(&self, instance: &str) -> Result<Layer, DriverError> {
        self.with(|world| {
            let files = world.machine(instance)?.written.clone();
            let digest = Digest::of(format!("{files:?}").as_bytes());
            let size = files.values().map(|content| content.len() as u64).sum();
            world.layers.insert(digest.to_string(), files);
            Ok(Layer {
                digest: digest.clone(),
                diff_id: digest,
                size,
            })
        })
    }

    async fn restore(&self, instance: &str, layers: &[Layer]) -> Result<(), DriverError> {
        self.with(|world| {
            let mut files = Files::new();
            for layer in layers {
                let digest = layer.digest.to_string();
                let stored = world.layers.get(&digest);
                files.extend(stored.ok_or_else(|| not_found("layer", &digest))?.clone());
            }
            world.machine(instance)?.written = files;
            Ok(())
        })
    }

    async fn import(&self, archive: &Path) -> Result<Layer, DriverError> {
        let reason = format!(
            "the fake driver imports nothing, not `{}`",
            archive.display()
        );
        Err(DriverError::Invalid { reason })
    }

    async fn remove_layer(&self, layer: &Digest) -> Result<(), DriverError> {
        self.with(|world| {
            let digest = layer.to_string();
            for machine in world.instances.values() {
                if machine.spec.layers.iter().any(|used| used.digest == *layer) {
                    let reason = format!("layer `{digest}` is used by `{}`", machine.spec.id);
                    return Err(DriverError::Invalid { reason });
                }
            }
            world.layers.remove(&digest);
            Ok(())
        })
    }
}

fn look(
    world: &mut World,
    instance: &str,
    invocation: &str,
    offsets: Offsets,
    limit: usize,
) -> Result<Progress, DriverError> {
    let run = world.machine(instance)?.commands.get(invocation);
    let run = run.ok_or_else(|| not_found("command", invocation))?;
    let mut output = Vec::new();
    let mut is_all = true;
    for (channel, bytes, offset) in [
        (Channel::Stdout, &run.stdout, offsets.stdout),
        (Channel::Stderr, &run.stderr, offsets.stderr),
    ] {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let end = bytes.len().min(start.saturating_add(limit));
        is_all &= end == bytes.len();
        if start < end {
            output.push((channel, offset, bytes[start..end].to_vec()));
        }
    }
    let end = if is_all { run.end.clone() } else { None };
    Ok(Progress {
        output,
        end,
        ended_at: None,
    })
}

/// Runs a script of the little language that the fake understands.
fn run(command: &Command, seen: &Files, written: &mut Files) -> Result<Run, DriverError> {
    let mut run = Run {
        stdout: Vec::new(),
        stderr: Vec::new(),
        end: Some(CommandEnd::Exited { code: 0 }),
    };
    for line in command.script.as_deref().unwrap_or_default().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            ["echo", said @ .., ">&2"] => run.stderr.extend(sentence(said)),
            ["echo", said @ .., ">", path] => {
                written.insert((*path).to_owned(), sentence(said));
            }
            ["echo", said @ ..] => run.stdout.extend(sentence(said)),
            ["cat", path] => {
                let content = written.get(*path).or_else(|| seen.get(*path));
                let content = content.ok_or_else(|| strange(line))?;
                run.stdout.extend(content);
            }
            ["head", "-c", count, "/dev/zero"] => {
                let count = count.parse().map_err(|_| strange(line))?;
                run.stdout.extend(std::iter::repeat_n(0, count));
            }
            ["sleep", seconds] => {
                let seconds = seconds.parse().map_err(|_| strange(line))?;
                let is_too_long = Duration::from_secs(seconds) > command.timeout;
                run.end = is_too_long.then(|| CommandEnd::TimedOut(KillReport::default()));
                return Ok(run);
            }
            ["exit", code] => {
                let code = code.parse().map_err(|_| strange(line))?;
                run.end = Some(CommandEnd::Exited { code });
                return Ok(run);
            }
            _ => return Err(strange(line)),
        }
    }
    Ok(run)
}

fn sentence(words: &[&str]) -> Vec<u8> {
    format!("{}\n", words.join(" ")).into_bytes()
}

fn strange(line: &str) -> DriverError {
    DriverError::Invalid {
        reason: format!("the fake driver does not understand `{line}`"),
    }
}
