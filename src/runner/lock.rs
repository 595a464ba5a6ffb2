//! Locks of units: asks the store once, and tells who waits when their turn has come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, oneshot};

use crate::base::time::Timestamp;
use crate::engine::input::Input;
use crate::runner::conductor::Told;
use crate::runner::handle::{Runner, RunnerError};
use crate::store::{LockWish, Standing, StoreError, Turn};

/// How long those who died may be waited for: nothing is written when a process dies.
const PAUSE: Duration = Duration::from_secs(1);

/// Knows who waits for locks in this process.
#[derive(Clone, Debug)]
pub(super) struct LockRoom(Arc<Room>);

#[derive(Debug)]
struct Room {
    waiting: Mutex<HashMap<Turn, Waiter>>,
    /// Rings when somebody begins to wait, and when this process has written an end.
    bell: Notify,
    /// One for all executions of the process watches the store.
    watch: Semaphore,
}

#[derive(Debug)]
struct Waiter {
    call: oneshot::Sender<()>,
    /// Whether it may be behind executions of other processes.
    behind_others: bool,
}

impl LockRoom {
    pub(super) fn new() -> Self {
        Self(Arc::new(Room {
            waiting: Mutex::default(),
            bell: Notify::new(),
            watch: Semaphore::new(1),
        }))
    }

    /// Tells that something has ended: whoever waits looks at once whether it is their turn.
    pub(super) fn ring(&self) {
        if !self.waiting().is_empty() {
            self.0.bell.notify_one();
        }
    }

    /// Makes somebody known who is about to wait.
    fn enter(&self, turn: Turn) -> Seat {
        let (call, called) = oneshot::channel();
        let waiter = Waiter {
            call,
            behind_others: false,
        };
        self.waiting().insert(turn.clone(), waiter);
        let room = self.clone();
        Seat { room, turn, called }
    }

    fn call(&self, turn: &Turn) {
        if let Some(waiter) = self.waiting().remove(turn) {
            // Whoever no longer listens has ended.
            waiter.call.send(()).ok();
        }
    }

    fn is_behind_others(&self) -> bool {
        self.waiting().values().any(|waiter| waiter.behind_others)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Turn, Waiter>> {
        // A panic elsewhere leaves the map whole: every change to it is one call.
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits; unknown again when dropped.
struct Seat {
    room: LockRoom,
    turn: Turn,
    called: oneshot::Receiver<()>,
}

impl Seat {
    /// Waits until the turn has come.
    async fn wait(mut self, behind_others: bool) {
        if let Some(waiter) = self.room.waiting().get_mut(&self.turn) {
            waiter.behind_others = behind_others;
        }
        self.room.0.bell.notify_one();
        if (&mut self.called).await.is_err() {
            // A later attempt waits in its place: whoever listened here has ended.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.called.close();
        let mut waiting = self.room.waiting();
        // A later attempt of the unit may have come in between.
        if waiting
            .get(&self.turn)
            .is_some_and(|waiter| waiter.call.is_closed())
        {
            waiting.remove(&self.turn);
        }
    }
}

impl Runner {
    /// Calls those whose turn has come, whoever wrote that. Ends only with an error. Cancel-safe.
    pub(super) async fn carry_locks(&self) -> StoreError {
        let room = self.locks();
        // It is never closed.
        let _permit = room.0.watch.acquire().await;
        match self.watch_locks(room).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn watch_locks(&self, room: &LockRoom) -> Result<std::convert::Infallible, StoreError> {
        let mut seen = 0;
        let mut sweep = Box::pin(self.pause());
        loop {
            // Nobody waits: nothing needs to be watched.
            while room.waiting().is_empty() {
                room.0.bell.notified().await;
            }
            tokio::select! {
                biased;
                () = &mut sweep, if room.is_behind_others() => {
                    self.store().sweep().await?;
                    sweep = Box::pin(self.pause());
                }
                () = room.0.bell.notified() => {}
                moment = self.store().changed(seen) => seen = moment?,
            }
            for turn in self.store().turns().await? {
                room.call(&turn);
            }
        }
    }

    async fn pause(&self) {
        let until = self.clock().now().checked_add(PAUSE);
        let until = until.unwrap_or(Timestamp::MAX);
        self.clock().sleep_until(until).await;
    }

    /// Asks for a lock and waits until it is granted or refused. Dropping the future leaves the wish
    /// in the queue: the end of its unit takes it out.
    pub(super) async fn lock(self, wish: LockWish) -> Result<Told, RunnerError> {
        let unit = wish.unit;
        let turn = Turn {
            execution: wish.execution.clone(),
            task: unit.task,
            item: unit.item,
        };
        // Known before it asks: its turn may come at once.
        let seat = self.locks().enter(turn);
        let behind_others = match self.store().lock(&wish).await? {
            Standing::Granted => return Ok(Told::Input(Input::LockGranted { unit })),
            Standing::Refused(reason) => {
                return Ok(Told::Input(Input::LockRefused { unit, reason }));
            }
            Standing::Waiting => false,
            Standing::WaitingForOthers => true,
        };
        seat.wait(behind_others).await;
        Ok(Told::Input(Input::LockGranted { unit }))
    }
}
