//! Hosts that others are reached through. Many hosts share a connection to one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::provider::ssh::connector::Shared;
use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::SshError;
use crate::provider::ssh::link::Link;

/// Hosts that share one connection to a jump host. More would wait for each other; fewer would make
/// it many connections to a host that takes few.
const SHARERS: usize = 64;

/// How long a jump host that failed is not tried again: all hosts behind it would try, one by one.
const GIVEN_UP: Duration = Duration::from_secs(5);

/// The jump hosts of a process.
pub(super) struct Jumps {
    kept_for: Duration,
    known: Mutex<Known>,
}

/// Routes by where they lead to.
struct Known {
    routes: HashMap<Endpoint, Arc<tokio::sync::Mutex<Route>>>,
    /// When it was last looked for what nobody uses.
    looked: Instant,
}

/// The connections to one jump host.
#[derive(Default)]
struct Route {
    links: Vec<Shareable>,
    failure: Option<(SshError, Instant)>,
}

/// A connection that hosts share.
struct Shareable {
    link: Arc<Link>,
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
            let Some(route) = Arc::get_mut(route) else {
                return true;
            };
            route.get_mut().is_wanted(self.kept_for)
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
            Arc::clone(known.routes.entry(hop.clone()).or_default())
        };
        let mut route = route.lock().await;
        let link = route.link(shared, hop).await;
        link.map(Some).map_err(|error| SshError::Jump {
            hop: name,
            source: Arc::new(error),
        })
    }
}

impl Route {
    /// Drops links that are not wanted any more, and returns whether anything is left.
    fn is_wanted(&mut self, kept_for: Duration) -> bool {
        self.links.retain_mut(|shareable| {
            if Arc::strong_count(&shareable.link) > 1 {
                shareable.unused = None;
                return true;
            }
            let since = shareable.unused.get_or_insert_with(Instant::now);
            since.elapsed() < kept_for
        });
        let failed = self.failure.as_ref();
        !self.links.is_empty() || failed.is_some_and(|(_, since)| since.elapsed() < GIVEN_UP)
    }

    async fn link(&mut self, shared: &Arc<Shared>, hop: Endpoint) -> Result<Arc<Link>, SshError> {
        self.links.retain(|shareable| shareable.link.is_open());
        let is_free = |shareable: &&mut Shareable| Arc::strong_count(&shareable.link) <= SHARERS;
        if let Some(shareable) = self.links.iter_mut().find(is_free) {
            shareable.unused = None;
            return Ok(Arc::clone(&shareable.link));
        }
        if let Some((error, since)) = &self.failure
            && since.elapsed() < GIVEN_UP
        {
            return Err(error.clone());
        }
        match shared.establish(Arc::new(hop), None).await {
            Ok(link) => {
                self.failure = None;
                let link = Arc::new(link);
                self.links.push(Shareable {
                    link: Arc::clone(&link),
                    unused: None,
                });
                Ok(link)
            }
            Err(error) => {
                self.failure = Some((error.clone(), Instant::now()));
                Err(error)
            }
        }
    }
}
