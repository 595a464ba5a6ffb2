//! The one connection that writes, and group commit.
//!
//! Whoever has something to write puts it in the queue, takes the connection and commits all that
//! is queued in one transaction: a commit costs a flush of the disk however much it holds. A lone
//! writer pays for no thread switch, and writers that come together share one flush. Each job has
//! its own savepoint, so a refused one takes nothing else with it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;
use crate::store::sqlite::desk::{Desk, transaction_lost};
use crate::store::sqlite::ticker::Ticker;

/// How long a change may wait for something durable to follow. An append of the answer comes
/// within a fraction of it; other processes cannot write meanwhile.
const LONGEST_AHEAD: Duration = Duration::from_millis(4);

/// Gives the answer of a job, once it is known whether the transaction is durable.
type Deliver = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;
/// Works in the transaction; where there is none, the error says why and becomes the answer.
type Job = Box<dyn FnOnce(Result<&Connection, &StoreError>) -> Deliver + Send>;

/// Writes, one transaction at a time.
pub(super) struct Writer {
    desk: Arc<Mutex<Desk>>,
    ahead: Arc<AtomicBool>,
    queue: Mutex<Vec<Job>>,
    ticker: Ticker,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Takes the connection for itself.
    pub(super) fn new(connection: Connection) -> Self {
        let ahead = Arc::new(AtomicBool::new(false));
        Self {
            desk: Arc::new(Mutex::new(Desk::new(connection, Arc::clone(&ahead)))),
            ahead,
            queue: Mutex::new(Vec::new()),
            ticker: Ticker::default(),
        }
    }

    /// Does `work` at once. What it returns is seen by [`read_ahead`](Self::read_ahead) from now
    /// on, and is durable no later than anything that is written after it.
    pub(super) fn write_ahead<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut desk = self.desk();
        desk.begin()?;
        let result = in_savepoint(desk.connection(), work);
        desk.leave_ahead()?;
        // Still with the connection: a commit that follows takes it back.
        let later = Arc::downgrade(&self.desk);
        self.ticker.ring(LONGEST_AHEAD, move || {
            let Some(desk) = later.upgrade() else { return };
            if let Err(error) = lock(&desk).commit_ahead() {
                tracing::error!(%error, "changes could not be stored");
            }
        });
        result
    }

    /// Reads with `read` what has been written ahead; `None` if all that was written is committed.
    pub(super) fn read_ahead<T>(&self, read: impl FnOnce(&Connection) -> T) -> Option<T> {
        self.ahead
            .load(Ordering::Acquire)
            .then(|| read(self.desk().connection()))
    }

    /// Does `work` in a transaction; what it returns is durable. Blocks for about one commit.
    pub(super) fn write<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let answer = self.enqueue(work);
        self.finish(answer)
    }

    /// Does `work` like [`Self::write`], together with what other tasks are about to write.
    pub(super) async fn write_soon<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let answer = self.enqueue(work);
        // Lets every task that is ready put its work in the queue first.
        tokio::task::yield_now().await;
        self.finish(answer)
    }

    /// Does work that is no transaction, after everything written so far is committed.
    pub(super) fn outside_transactions<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut desk = self.desk();
        desk.commit_ahead()?;
        self.ticker.calm();
        work(desk.connection())
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    fn enqueue<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, E>>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (tx, rx) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => in_savepoint(connection, work),
                Err(error) => Err(error.clone().into()),
            };
            Box::new(move |committed| {
                let answer = match committed {
                    Ok(()) => result,
                    Err(error) => result.and(Err(error.clone().into())),
                };
                // A caller that went away wants no answer.
                drop(tx.send(answer));
            })
        });
        self.queue().push(job);
        rx
    }

    fn finish<T, E: From<StoreError>>(
        &self,
        mut answer: oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, E> {
        if let Ok(answer) = answer.try_recv() {
            return answer;
        }
        let mut desk = self.desk();
        // Whoever had the connection before may have done this job as well.
        if let Ok(answer) = answer.try_recv() {
            return answer;
        }
        let jobs = std::mem::take(&mut *self.queue());
        commit(&mut desk, jobs);
        self.ticker.calm();
        answer.try_recv().unwrap_or_else(|_| {
            Err(E::from(StoreError::Io {
                action: "writing".into(),
                reason: "another writer of this process failed".into(),
            }))
        })
    }

    fn queue(&self) -> MutexGuard<'_, Vec<Job>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    /// Whoever opens the store next finds all of it, also if the ticker is at work right now.
    fn drop(&mut self) {
        if let Err(error) = self.desk().commit_ahead() {
            tracing::error!(%error, "the last changes could not be stored");
        }
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    // A panic in a job leaves a transaction that the next commit takes along whole or not at all.
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

fn commit(desk: &mut Desk, jobs: Vec<Job>) {
    if let Err(error) = desk.begin() {
        for job in jobs {
            job(Err(&error))(Err(&error));
        }
        return;
    }
    let lost = transaction_lost();
    let mut deliveries = Vec::with_capacity(jobs.len());
    for job in jobs {
        let connection = desk.connection();
        // A full disk may end the transaction; what came after would then stand alone.
        deliveries.push(if connection.is_autocommit() {
            job(Err(&lost))
        } else {
            job(Ok(connection))
        });
    }
    let committed = desk.commit();
    for deliver in deliveries {
        deliver(committed.as_ref().copied());
    }
}

fn in_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let run = |sql| -> Result<(), StoreError> {
        connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    };
    run("SAVEPOINT job")?;
    let result = work(connection);
    if connection.is_autocommit() {
        return result;
    }
    if result.is_err() {
        run("ROLLBACK TO job")?;
    }
    run("RELEASE job")?;
    result
}
