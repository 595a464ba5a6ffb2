//! Hosts that others are reached through. Many hosts share a connection to one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout};

use crate::provider::ssh::connector::{Shared, too_late};
use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::SshError;
use crate::provider::ssh::link::Link;

/// Hosts that share one connection to a jump host. More would wait for each other; fewer would make
/// it many connections to a host that takes few.
const SHARERS: usize = 64;

/// How many connections to one jump host are made at the same time. Servers take ten logins at once as
/// they come (`MaxStartups`), and others log in there, too.
const MADE_AT_ONCE: usize = 6;

/// How much longer than a host its jump host may take to fail, so that its own error is the one that is
/// told.
const GRACE: Duration = Duration::from_millis(500);

/// How long a jump host that failed is not tried again: all hosts behind it would try, one by one.
const GIVEN_UP: Duration = Duration::from_secs(5);

/// The jump hosts of a process.
pub(super) struct Jumps {
    kept_for: Duration,
    known: Mutex<Known>,
}

/// Routes by where they lead to.
struct Known {
    routes: HashMap<Endpoint, Arc<Route>>,
    /// When it was last looked for what nobody uses.
    looked: Instant,
}

/// The connections to one jump host.
struct Route {
    state: Mutex<State>,
    turns: Semaphore,
}

#[derive(Default)]
struct State {
    ways: Vec<Way>,
    failure: Option<(SshError, Instant)>,
}

/// A connection that hosts share, made or being made.
struct Way {
    /// Held by those who wait until it is made.
    link: Arc<OnceCell<Arc<Link>>>,
    /// Since when no host is known to use it.
    unused: Option<Instant>,
}

impl Jumps {
    /// Makes one that keeps links so long that no host uses.
    pub(super) fn new(kept_for: Duration) -> Self {
        Self {
            kept_for,
            known: Mutex::new(Known {
                routes: HashMap::new(),
                looked: Instant::now(),
            }),
        }
    }

    /// Ends links that no host has used for long, and forgets routes that have none. A look at all of
    /// them for every connection would cost too much, so a link may be kept for a quarter longer.
    pub(super) fn drop_unused(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() < self.kept_for / 4 {
            return;
        }
        known.looked = Instant::now();
        known.routes.retain(|_, route| {
            // One that somebody else holds is in use; nobody takes hold of it meanwhile.
            Arc::strong_count(route) > 1 || route.state().is_wanted(self.kept_for)
        });
    }

    /// Returns a connection to the last jump host of an endpoint, if it has any.
    pub(super) async fn through(
        &self,
        shared: &Arc<Shared>,
        endpoint: &Endpoint,
    ) -> Result<Option<Arc<Link>>, SshError> {
        let Some((last, before)) = endpoint.jumps.split_last() else {
            return Ok(None);
        };
        // The first hop is reached as it says itself, each further one through those before it.
        let hop = if before.is_empty() {
            (**last).clone()
        } else {
            Endpoint {
                jumps: before.to_vec(),
                ..(**last).clone()
            }
        };
        let name = hop.name();
        let route = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let made = || Arc::new(Route::new());
            Arc::clone(known.routes.entry(hop.clone()).or_insert_with(made))
        };
        let link = route.link(shared, hop, endpoint).await;
        link.map(Some).map_err(|error| SshError::Jump {
            hop: name,
            source: Arc::new(error),
        })
    }
}

impl Route {
    fn new() -> Self {
        Self {
            state: Mutex::default(),
            turns: Semaphore::new(MADE_AT_ONCE),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a connection for `host`, which may have to be made, by whoever of those that share it comes
    /// first. Waiting for a turn to make it does not count against the host's limit. Cancel-safe: another
    /// one makes it then.
    async fn link(
        &self,
        shared: &Arc<Shared>,
        hop: Endpoint,
        host: &Endpoint,
    ) -> Result<Arc<Link>, SshError> {
        let way = self.state().seat();
        let made = way.get_or_try_init(async || {
            let _turn = self.turns.acquire().await.expect("it is never closed");
            if let Some(error) = self.state().given_up() {
                return Err(error);
            }
            let limit = host.limits.connect + GRACE;
            let made = timeout(limit, shared.establish(Arc::new(hop), None)).await;
            let made = made
                .unwrap_or_else(|_| Err(too_late(host, "become reachable through its jump host")));
            self.state().failure = made
                .as_ref()
                .err()
                .map(|error| (error.clone(), Instant::now()));
            made.map(Arc::new)
        });
        made.await.map(Arc::clone)
    }
}

impl State {
    /// Returns the place of a connection that has room for one more.
    fn seat(&mut self) -> Arc<OnceCell<Arc<Link>>> {
        self.ways.retain(Way::is_usable);
        if let Some(way) = self.ways.iter_mut().find(|way| way.users() < SHARERS) {
            way.unused = None;
            return Arc::clone(&way.link);
        }
        let link = Arc::default();
        self.ways.push(Way {
            link: Arc::clone(&link),
            unused: None,
        });
        link
    }

    /// Returns why the jump host is not tried at the moment.
    fn given_up(&self) -> Option<SshError> {
        let (error, since) = self.failure.as_ref()?;
        (since.elapsed() < GIVEN_UP).then(|| error.clone())
    }

    /// Drops connections that are not wanted any more, and returns whether anything is left.
    fn is_wanted(&mut self, kept_for: Duration) -> bool {
        self.ways.retain_mut(|way| {
            if way.users() > 0 {
                way.unused = None;
                return true;
            }
            let since = way.unused.get_or_insert_with(Instant::now);
            since.elapsed() < kept_for
        });
        !self.ways.is_empty() || self.given_up().is_some()
    }
}

impl Way {
    /// Returns how many wait for it or go through it.
    fn users(&self) -> usize {
        let waiting = Arc::strong_count(&self.link) - 1;
        waiting
            + self
                .link
                .get()
                .map_or(0, |link| Arc::strong_count(link) - 1)
    }

    /// Returns whether it is open, or somebody makes it.
    fn is_usable(&self) -> bool {
        match self.link.get() {
            Some(link) => link.is_open(),
            None => self.users() > 0,
        }
    }
}
