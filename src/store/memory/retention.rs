//! Removing what has ended, in memory: all at once.

use async_trait::async_trait;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::store::audit;
use crate::store::memory::MemoryStore;
use crate::store::memory::state::State;
use crate::store::projection::{ExecutionRow, moment};
use crate::store::retention::TOMBSTONES;
use crate::store::{
    EndPlace, EndedView, KeptFor, Part, Removal, RemovedView, Retention, Room, STARTER_TAG,
    StoreError, Usage,
};

#[async_trait]
impl Retention for MemoryStore {
    async fn usage(&self) -> Result<Usage, StoreError> {
        let state = self.state();
        let texts = state.journals.values().flatten();
        Ok(Usage {
            history: texts.map(|text| text.len() as u64).sum(),
            logs: state.logs.iter().map(|(_, log)| log.bytes()).sum(),
            unused: 0,
        })
    }

    fn room(&self) -> Result<Option<Room>, StoreError> {
        Ok(self.state().room)
    }

    async fn ended(
        &self,
        part: Part,
        after: Option<&EndPlace>,
        limit: usize,
    ) -> Result<Vec<EndedView>, StoreError> {
        let state = self.state();
        let places = state.end_places().into_iter();
        let behind = places.filter(|place| after.is_none_or(|after| place > after));
        let there = behind.filter(|(_, id)| part == Part::History || state.has_logs(id));
        Ok(there
            .take(limit)
            .map(|(end_date, execution_id)| EndedView {
                template_name: state.executions[&execution_id].0.template_name.clone(),
                end_date,
                kept: state.keeps(&execution_id, part),
                execution_id,
            })
            .collect())
    }

    async fn end_before_newest(&self, number: usize) -> Result<Option<EndPlace>, StoreError> {
        Ok(self.state().end_places().into_iter().rev().nth(number))
    }

    async fn size(&self, id: &ExecutionId, part: Part) -> Result<u64, StoreError> {
        let state = self.state();
        Ok(match part {
            Part::History => {
                let journals = state
                    .journals
                    .iter()
                    .filter(|(other, _)| other.is_within(id));
                let texts = journals.flat_map(|(_, texts)| texts);
                texts.map(|text| text.len() as u64).sum()
            }
            Part::Logs => {
                let logs = state.logs.iter();
                let logs = logs.filter(|(key, _)| key.execution.is_within(id));
                logs.map(|(_, log)| log.bytes()).sum()
            }
        })
    }

    async fn remove(
        &self,
        ids: &[ExecutionId],
        removal: &Removal,
    ) -> Result<Vec<ExecutionId>, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let mut gone = Vec::new();
        for id in ids {
            let has_ended = state
                .executions
                .get(id)
                .is_some_and(|(row, _)| row.ended.is_some());
            if has_ended && state.keeps(id, removal.part).is_none() {
                let digest = state.remove(id, removal, now);
                gone.push((id.clone(), digest));
            }
        }
        if !gone.is_empty() {
            state.audit(now, &audit::removed(removal, &gone));
        }
        state.trim();
        drop(state);
        self.announce();
        Ok(gone.into_iter().map(|(id, _)| id).collect())
    }

    async fn sweep_removed(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn removed(&self, prefix: &str, limit: usize) -> Result<Vec<RemovedView>, StoreError> {
        let state = self.state();
        let all = state.removed.values();
        let found = all.filter(|view| view.execution_id.as_str().starts_with(prefix));
        Ok(found.take(limit).cloned().collect())
    }

    async fn last_removed(&self, template_name: &str) -> Result<Option<RemovedView>, StoreError> {
        let state = self.state();
        let of_it = state.removed.values().filter(|view| {
            view.history_removed.is_some() && view.template_name.eq_ignore_ascii_case(template_name)
        });
        let last = of_it.max_by_key(|view| (view.history_removed, &view.execution_id));
        Ok(last.cloned())
    }
}

impl MemoryStore {
    /// Says how much room the disk has that it pretends to lie on.
    pub fn set_room(&self, room: Option<Room>) {
        self.state().room = room;
    }
}

impl State {
    /// Returns where the roots that have ended stand, those that ended first before others.
    fn end_places(&self) -> Vec<EndPlace> {
        let roots = self.executions.iter().filter(|(id, _)| id.depth() == 0);
        let ended = roots.filter_map(|(id, (row, _))| Some((row.ended?, id.clone())));
        let mut places: Vec<EndPlace> = ended.collect();
        places.sort();
        places
    }

    fn has_logs(&self, id: &ExecutionId) -> bool {
        let mut logs = self.logs.iter();
        logs.any(|(key, log)| key.execution.is_within(id) && log.bytes() > 0)
    }

    fn keeps(&self, id: &ExecutionId, part: Part) -> Option<KeptFor> {
        let mut rows = self.executions.iter();
        let is_open = |row: &ExecutionRow| row.ended.is_none();
        if rows.any(|(other, (row, _))| other != id && other.is_within(id) && is_open(row)) {
            return Some(KeptFor::Child);
        }
        if part == Part::Logs {
            return None;
        }
        let (mine, detail) = self.executions.get(id)?;
        let mut others = self.executions.iter();
        if detail.tags.contains_key(STARTER_TAG)
            && others.any(|(other, (row, _))| {
                other.depth() == 0
                    && is_open(row)
                    && row.started <= mine.started
                    && !self.watches.contains_key(other)
            })
        {
            return Some(KeptFor::Starter);
        }
        let open = |other: &ExecutionId| {
            let found = self.executions.get(other);
            found.is_some_and(|(row, _)| is_open(row))
        };
        if self
            .repeats
            .iter()
            .any(|(by, (of, _))| of == id && open(by))
        {
            return Some(KeptFor::Repeat);
        }
        if let Some((of, true)) = self.repeats.get(id)
            && self.executions.contains_key(of)
        {
            return Some(KeptFor::Rest);
        }
        if let Some(trigger) = mine.fired_by.as_ref().filter(|trigger| open(trigger)) {
            let all = self
                .firings
                .iter()
                .filter(|(key, _)| key.trigger == *trigger);
            let newest = all.clone().filter_map(|(_, row)| row.until).max();
            let mut of_it = all.filter(|(key, _)| key.source == id.as_str());
            if newest.is_some() && of_it.any(|(_, row)| row.until == newest) {
                return Some(KeptFor::Trigger);
            }
        }
        let mut rows = self.executions.values();
        if rows.any(|(row, _)| row.fired_by.as_ref() == Some(id) && is_open(row)) {
            return Some(KeptFor::Fired);
        }
        if self.wishes.iter().any(|wish| wish.is_of(id)) {
            return Some(KeptFor::Lock);
        }
        let mut signals = self.signals.values();
        let waits = signals.any(|posted| posted.id.is_within(id) && posted.answer.is_none());
        waits.then_some(KeptFor::Signal)
    }

    /// Removes a part of an execution and its children; returns the digest of what their journals said.
    fn remove(&mut self, id: &ExecutionId, removal: &Removal, now: Timestamp) -> Option<Digest> {
        let name = self.executions[id].0.template_name.clone();
        let digest = (removal.part == Part::History).then(|| self.remove_history(id));
        self.logs.retain(|(key, _)| !key.execution.is_within(id));
        let view = self.removed.entry(id.clone()).or_insert(RemovedView {
            execution_id: id.clone(),
            template_name: name,
            history_removed: None,
            logs_removed: None,
            cause: None,
            removed_by: String::new(),
            digest: None,
        });
        match removal.part {
            Part::History => view.history_removed = Some(moment(now)),
            Part::Logs => {
                view.logs_removed = Some(moment(now));
                view.history_removed = None;
            }
        }
        view.cause = removal.cause;
        view.removed_by.clone_from(&removal.by);
        view.digest.clone_from(&digest);
        digest
    }

    fn remove_history(&mut self, id: &ExecutionId) -> Digest {
        let mut digest = Digest::of(b"");
        self.journals.retain(|other, texts| {
            let goes = other.is_within(id);
            for text in texts.iter().filter(|_| goes) {
                digest = Digest::of(&[digest.hex().as_bytes(), text.as_bytes()].concat());
            }
            !goes
        });
        self.executions.retain(|other, _| !other.is_within(id));
        self.tasks.retain(|(other, _), _| !other.is_within(id));
        self.repeats.retain(|other, _| !other.is_within(id));
        self.plans.retain(|(other, _), _| !other.is_within(id));
        self.commands.retain(|(_, other), _| !other.is_within(id));
        self.watches.retain(|other, _| !other.is_within(id));
        self.firings.retain(|key, row| match &row.execution {
            Some(started) => started != id,
            None => key.trigger != *id,
        });
        self.signals.retain(|_, posted| !posted.id.is_within(id));
        digest
    }

    /// Forgets the oldest tombstones.
    fn trim(&mut self) {
        let gone = self.removed.iter();
        let gone = gone.filter_map(|(id, view)| Some((view.history_removed?, id.clone())));
        let mut gone: Vec<_> = gone.collect();
        gone.sort();
        for (_, id) in &gone[..gone.len().saturating_sub(TOMBSTONES)] {
            self.removed.remove(id);
        }
    }
}
