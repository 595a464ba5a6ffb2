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
#[derive(Default)]
pub(super) struct Jumps {
    routes: Mutex<HashMap<Endpoint, Arc<tokio::sync::Mutex<Route>>>>,
}

/// The connections to one jump host.
#[derive(Default)]
struct Route {
    links: Vec<Arc<Link>>,
    failure: Option<(SshError, Instant)>,
}

impl Jumps {
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
            let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(routes.entry(hop.clone()).or_default())
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
    async fn link(&mut self, shared: &Arc<Shared>, hop: Endpoint) -> Result<Arc<Link>, SshError> {
        self.links.retain(|link| link.is_open());
        let free = |link: &&Arc<Link>| Arc::strong_count(link) <= SHARERS;
        if let Some(link) = self.links.iter().find(free) {
            return Ok(Arc::clone(link));
        }
        if let Some((error, since)) = &self.failure
            && since.elapsed() < GIVEN_UP
        {
            return Err(error.clone());
        }
        match shared.establish(Arc::new(hop), None).await {
            Ok(link) => {
                self.failure = None;
                self.links.push(Arc::new(link));
                Ok(Arc::clone(
                    self.links.last().expect("it was just put there"),
                ))
            }
            Err(error) => {
                self.failure = Some((error.clone(), Instant::now()));
                Err(error)
            }
        }
    }
}
