//! The one connection that writes, and group commit.
//!
//! Whoever has something to write puts it in the queue, takes the connection and commits all that
//! is queued in one transaction: a commit costs a flush of the disk however much it holds. A lone
//! writer pays for no thread switch, and writers that come together share one flush. Each job has
//! its own savepoint, so a refused one takes nothing else with it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::StoreError;

/// Gives the answer of a job, once it is known whether the transaction is durable.
type Deliver = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;
/// Works in the transaction; where there is none, the error says why and becomes the answer.
type Job = Box<dyn FnOnce(Result<&Connection, &StoreError>) -> Deliver + Send>;

/// Writes, one transaction at a time.
pub(super) struct Writer {
    connection: Mutex<Connection>,
    queue: Mutex<Vec<Job>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Takes the connection for itself.
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
            queue: Mutex::new(Vec::new()),
        }
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

    /// Returns the connection, for work that is no transaction.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in a job left no transaction behind: it is rolled back when it is dropped.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        let mut connection = self.connection();
        // Whoever had the connection before may have done this job as well.
        if let Ok(answer) = answer.try_recv() {
            return answer;
        }
        let jobs = std::mem::take(&mut *self.queue());
        commit(&mut connection, jobs);
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

fn commit(connection: &mut Connection, jobs: Vec<Job>) {
    let transaction = match rusqlite::Transaction::new(connection, TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            let error = error.into();
            for job in jobs {
                job(Err(&error))(Err(&error));
            }
            return;
        }
    };
    let lost = StoreError::Io {
        action: "access to `oos.sqlite`".into(),
        reason: "the transaction was lost: the disk is full or failing".into(),
    };
    let mut deliveries = Vec::with_capacity(jobs.len());
    for job in jobs {
        // A full disk may end the transaction; what came after would then stand alone.
        deliveries.push(if transaction.is_autocommit() {
            job(Err(&lost))
        } else {
            job(Ok(&transaction))
        });
    }
    let committed = if transaction.is_autocommit() {
        Err(lost)
    } else {
        transaction.commit().map_err(StoreError::from)
    };
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
