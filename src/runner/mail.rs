//! Brings signals from the store to the conductors of this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::base::id::ExecutionId;
use crate::engine::event::Signal;

/// A signal for a conductor.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Order {
    /// Its number in the store's mailbox; `None` if it comes from the parent.
    pub(super) number: Option<u64>,
    /// The signal.
    pub(super) signal: Signal,
}

#[derive(Debug, Default)]
struct Desks {
    here: HashMap<ExecutionId, mpsc::UnboundedSender<Order>>,
    /// Orders for conductors that are about to come.
    kept: HashMap<ExecutionId, Vec<Order>>,
}

/// Knows the conductors of this process.
#[derive(Clone, Debug, Default)]
pub(super) struct MailRoom {
    desks: Arc<Mutex<Desks>>,
}

impl MailRoom {
    /// Makes a conductor known until the registration is dropped.
    pub(super) fn register(
        &self,
        id: &ExecutionId,
        orders: mpsc::UnboundedSender<Order>,
    ) -> Registration {
        let mut desks = self.desks();
        for order in desks.kept.remove(id).into_iter().flatten() {
            drop(orders.send(order));
        }
        desks.here.insert(id.clone(), orders);
        Registration {
            room: self.clone(),
            id: id.clone(),
        }
    }

    /// Tells whether a conductor is here.
    pub(super) fn has(&self, id: &ExecutionId) -> bool {
        self.desks().here.contains_key(id)
    }

    /// Hands an order to a conductor; tells whether it is here.
    pub(super) fn hand(&self, id: &ExecutionId, order: Order) -> bool {
        self.desks()
            .here
            .get(id)
            .is_some_and(|desk| desk.send(order).is_ok())
    }

    /// Hands an order to a conductor that is here or is about to come.
    pub(super) fn hand_or_keep(&self, id: &ExecutionId, order: Order) {
        let mut desks = self.desks();
        match desks.here.get(id) {
            // A conductor that has just ended has nothing left to cancel.
            Some(desk) => drop(desk.send(order)),
            None => desks.kept.entry(id.clone()).or_default().push(order),
        }
    }

    fn desks(&self) -> std::sync::MutexGuard<'_, Desks> {
        // A panic elsewhere leaves the map whole: every change to it is one call.
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a conductor unknown again when dropped.
#[derive(Debug)]
pub(super) struct Registration {
    room: MailRoom,
    id: ExecutionId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.room.desks().here.remove(&self.id);
    }
}
