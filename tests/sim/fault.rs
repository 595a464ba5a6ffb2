//! A store that fails when it is told to, over one that never does and outlives every process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use oos::base::digest::Digest;
use oos::base::id::ExecutionId;
use oos::base::output::{Channel, LogKey, OutputError, OutputSink};
use oos::base::records::{Record, RecordChange, RecordError, RecordQuery, Records};
use oos::engine::event::{Event, Signal, Started};
use oos::store::view::{
    CommandFilter, CommandView, ExecutionFilter, ExecutionView, LogLine, TaskFilter, TaskView,
    Views,
};
use oos::store::{
    Contents, EndPlace, EndedView, FiringView, Journal, LockView, LockWish, Locks, Logs, Mailbox,
    OwnerGuard, Ownership, Part, Removal, RemovedView, Retention, Room, Seq, Standing, Store,
    StoreError, TemplateEntry, Templates, TriggerMark, TriggerView, Triggers, Turn, Usage,
};

use crate::ground::Ground;
use crate::plan::{Moment, Operation};
use crate::power::Power;
use crate::trouble::AppendTrouble;

/// The store as one process sees it.
pub(crate) struct FaultStore {
    world: Arc<dyn Ground>,
    power: Power,
}

impl fmt::Debug for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultStore")
    }
}

fn refused(action: &str) -> StoreError {
    StoreError::Io {
        action: action.to_owned(),
        reason: "the disk is full".to_owned(),
    }
}

impl FaultStore {
    pub(crate) fn new(world: Arc<dyn Ground>, power: Power) -> Self {
        Self { world, power }
    }

    fn kept(&self) -> &dyn Store {
        self.world.store()
    }

    /// Fails if the plan says so.
    async fn pass(&self, operation: Operation) -> Result<(), StoreError> {
        self.power.needed().await;
        if self.world.fails(operation) {
            return Err(refused("reading"));
        }
        Ok(())
    }

    /// A disk takes its time, before something is written as well as until that is known; meanwhile
    /// everybody else goes on.
    async fn disk(&self, when: &str, number: u32) {
        match self.world.chance(when, u64::from(number)).below(4) {
            0 => tokio::task::yield_now().await,
            1 => tokio::time::sleep(Duration::from_millis(2)).await,
            _ => {}
        }
        if let Some(stall) = self.world.stall() {
            tokio::time::sleep(stall).await;
        }
        self.power.needed().await;
    }

    /// Writes, and lets the laws look at it.
    async fn write(
        &self,
        id: &ExecutionId,
        expected: Seq,
        events: &[Event],
    ) -> Result<Seq, StoreError> {
        let last = self.kept().append(id, expected, events).await?;
        self.world.appended(id, expected, events);
        Ok(last)
    }
}

#[async_trait]
impl Journal for FaultStore {
    async fn append(
        &self,
        id: &ExecutionId,
        expected: Seq,
        events: &[Event],
    ) -> Result<Seq, StoreError> {
        self.power.needed().await;
        let (trouble, number) = self.world.append();
        self.disk("before", number).await;
        match trouble {
            Some(AppendTrouble::Power(Moment::Before)) => {
                self.power.cut();
                std::future::pending().await
            }
            Some(AppendTrouble::Power(Moment::After)) => {
                self.write(id, expected, events).await?;
                self.power.cut();
                std::future::pending().await
            }
            Some(AppendTrouble::Power(Moment::Later)) => {
                let last = self.write(id, expected, events).await?;
                self.power.doom();
                self.world.acknowledged(id);
                Ok(last)
            }
            Some(AppendTrouble::Refused { written }) => {
                if written {
                    self.write(id, expected, events).await?;
                }
                Err(refused("appending"))
            }
            None => {
                let last = self.write(id, expected, events).await?;
                self.disk("after", number).await;
                self.world.acknowledged(id);
                Ok(last)
            }
        }
    }

    async fn read(&self, id: &ExecutionId) -> Result<Vec<Event>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().read(id).await
    }

    async fn start(&self, id: &ExecutionId) -> Result<Option<Box<Started>>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().start(id).await
    }
}

#[async_trait]
impl Contents for FaultStore {
    async fn keep(&self, texts: Vec<String>) -> Result<Vec<Digest>, StoreError> {
        self.power.needed().await;
        self.kept().keep(texts).await
    }

    fn keyed_digest(&self, text: &str) -> Result<Digest, StoreError> {
        self.kept().keyed_digest(text)
    }

    async fn content(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().content(digest).await
    }
}

#[async_trait]
impl Mailbox for FaultStore {
    async fn post(&self, id: &ExecutionId, signal: &Signal) -> Result<u64, StoreError> {
        self.pass(Operation::Mail).await?;
        let number = self.kept().post(id, signal).await?;
        self.world.posted(number, id, signal);
        Ok(number)
    }

    async fn waiting(&self, id: &ExecutionId) -> Result<Vec<(u64, Signal)>, StoreError> {
        self.pass(Operation::Mail).await?;
        let mut waiting = self.kept().waiting(id).await?;
        if self.world.mail().is_twice() {
            waiting.extend(waiting.clone());
        }
        Ok(waiting)
    }

    async fn posted(&self, after: u64) -> Result<Vec<(u64, ExecutionId)>, StoreError> {
        self.pass(Operation::Mail).await?;
        loop {
            let news = self.world.mail().news();
            let posted = self.world.mail().after(after);
            if !posted.is_empty() {
                return Ok(posted);
            }
            news.await;
        }
    }

    async fn settle(&self, number: u64, refusal: Option<String>) -> Result<(), StoreError> {
        self.pass(Operation::Mail).await?;
        self.world.settled(number, refusal.is_some());
        self.kept().settle(number, refusal).await
    }

    async fn answer(&self, number: u64) -> Result<Option<Result<(), String>>, StoreError> {
        self.power.needed().await;
        self.kept().answer(number).await
    }
}

impl Ownership for FaultStore {
    fn claim(&self, root: &ExecutionId) -> Result<Option<OwnerGuard>, StoreError> {
        self.kept().claim(root)
    }

    fn is_owned(&self, root: &ExecutionId) -> Result<bool, StoreError> {
        self.kept().is_owned(root)
    }

    fn attend(&self) -> Result<OwnerGuard, StoreError> {
        self.kept().attend()
    }

    fn is_attended(&self) -> Result<bool, StoreError> {
        self.kept().is_attended()
    }
}

#[async_trait]
impl Triggers for FaultStore {
    async fn triggers(&self, ended: bool) -> Result<Vec<TriggerView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().triggers(ended).await
    }

    async fn trigger(&self, id: &ExecutionId) -> Result<Option<TriggerView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().trigger(id).await
    }

    async fn firings(&self, id: &ExecutionId, limit: usize) -> Result<Vec<FiringView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().firings(id, limit).await
    }

    async fn marks(&self) -> Result<Vec<TriggerMark>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().marks().await
    }

    async fn running(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().running(id).await
    }
}

#[async_trait]
impl Locks for FaultStore {
    async fn lock(&self, wish: &LockWish) -> Result<Standing, StoreError> {
        self.power.needed().await;
        self.kept().lock(wish).await
    }

    async fn turns(&self) -> Result<Vec<Turn>, StoreError> {
        self.kept().turns().await
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        self.power.needed().await;
        self.kept().sweep().await
    }

    async fn locks(&self, root: &ExecutionId) -> Result<Vec<LockView>, StoreError> {
        self.kept().locks(root).await
    }
}

#[async_trait]
impl Retention for FaultStore {
    async fn usage(&self) -> Result<Usage, StoreError> {
        self.kept().usage().await
    }

    fn room(&self) -> Result<Option<Room>, StoreError> {
        self.kept().room()
    }

    async fn ended(
        &self,
        part: Part,
        after: Option<&EndPlace>,
        limit: usize,
    ) -> Result<Vec<EndedView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().ended(part, after, limit).await
    }

    async fn end_before_newest(&self, number: usize) -> Result<Option<EndPlace>, StoreError> {
        self.kept().end_before_newest(number).await
    }

    async fn size(&self, id: &ExecutionId, part: Part) -> Result<u64, StoreError> {
        self.kept().size(id, part).await
    }

    async fn remove(
        &self,
        ids: &[ExecutionId],
        removal: &Removal,
    ) -> Result<Vec<ExecutionId>, StoreError> {
        self.power.needed().await;
        self.kept().remove(ids, removal).await
    }

    async fn sweep_removed(&self) -> Result<bool, StoreError> {
        self.power.needed().await;
        self.kept().sweep_removed().await
    }

    async fn removed(&self, prefix: &str, limit: usize) -> Result<Vec<RemovedView>, StoreError> {
        self.kept().removed(prefix, limit).await
    }

    async fn last_removed(&self, template_name: &str) -> Result<Option<RemovedView>, StoreError> {
        self.kept().last_removed(template_name).await
    }
}

#[async_trait]
impl Templates for FaultStore {
    async fn put_template(
        &self,
        name: &str,
        text: &str,
        by: &str,
    ) -> Result<TemplateEntry, StoreError> {
        self.kept().put_template(name, text, by).await
    }

    async fn template(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<(TemplateEntry, String)>, StoreError> {
        self.kept().template(name, version).await
    }

    async fn templates(&self) -> Result<Vec<TemplateEntry>, StoreError> {
        self.kept().templates().await
    }

    async fn template_versions(&self, name: &str) -> Result<Vec<TemplateEntry>, StoreError> {
        self.kept().template_versions(name).await
    }

    async fn delete_template(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        self.kept().delete_template(name, by).await
    }
}

#[async_trait]
impl Views for FaultStore {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<ExecutionView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().execution(id).await
    }

    async fn executions(&self, filter: &ExecutionFilter) -> Result<Vec<ExecutionView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().executions(filter).await
    }

    async fn tasks(
        &self,
        id: &ExecutionId,
        filter: &TaskFilter,
    ) -> Result<Vec<TaskView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().tasks(id, filter).await
    }

    async fn items(
        &self,
        id: &ExecutionId,
        task_name: &str,
        from: u32,
        limit: u32,
    ) -> Result<Vec<TaskView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().items(id, task_name, from, limit).await
    }

    async fn commands(&self, filter: &CommandFilter) -> Result<Vec<CommandView>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().commands(filter).await
    }

    async fn repeated_by(&self, id: &ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().repeated_by(id).await
    }

    async fn events(
        &self,
        id: &ExecutionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Event)>, StoreError> {
        self.pass(Operation::Read).await?;
        self.kept().events(id, after, limit).await
    }

    async fn changed(&self, seen: u64) -> Result<u64, StoreError> {
        self.kept().changed(seen).await
    }

    async fn unfinished(&self) -> Result<Vec<ExecutionId>, StoreError> {
        self.kept().unfinished().await
    }
}

#[async_trait]
impl Logs for FaultStore {
    async fn logs(&self, id: &ExecutionId) -> Result<Vec<LogKey>, StoreError> {
        self.kept().logs(id).await
    }

    async fn lines(
        &self,
        key: &LogKey,
        from: u64,
        limit: usize,
    ) -> Result<Vec<LogLine>, StoreError> {
        self.kept().lines(key, from, limit).await
    }

    async fn line_count(&self, key: &LogKey) -> Result<u64, StoreError> {
        self.kept().line_count(key).await
    }
}

impl Records for FaultStore {
    fn get(&self, kind: &str, id: &str) -> Result<Option<Record>, RecordError> {
        self.kept().get(kind, id)
    }

    fn list(&self, kind: &str, query: &RecordQuery) -> Result<Vec<Record>, RecordError> {
        self.kept().list(kind, query)
    }

    fn write(&self, changes: Vec<RecordChange>) -> Result<(), RecordError> {
        if self.power.is_off() || self.world.fails(Operation::Record) {
            return Err(refused("writing a record").into());
        }
        Records::write(self.kept(), changes)
    }

    fn make_durable(&self) -> Result<(), RecordError> {
        Ok(())
    }
}

impl OutputSink for FaultStore {
    fn stored(&self, key: &LogKey, channel: Channel) -> Result<u64, OutputError> {
        self.kept().stored(key, channel)
    }

    fn write(
        &self,
        key: &LogKey,
        channel: Channel,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), OutputError> {
        OutputSink::write(self.kept(), key, channel, offset, bytes)
    }

    fn flush(&self, key: &LogKey) -> Result<(), OutputError> {
        self.kept().flush(key)
    }
}
