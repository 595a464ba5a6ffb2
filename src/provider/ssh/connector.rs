//! Connections to hosts, for a whole process: made when they are wanted, kept when they are not.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::provider::ssh::attempt::Attempts;
use crate::provider::ssh::configuration::Configurations;
use crate::provider::ssh::connection::Connection;
use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::{SshError, Started};
use crate::provider::ssh::jump::Jumps;
use crate::provider::ssh::known_hosts::KnownHosts;
use crate::provider::ssh::limiter::Limiter;
use crate::provider::ssh::link::Link;
use crate::provider::ssh::login::Keyring;
use crate::provider::ssh::pool::Pool;
use crate::provider::ssh::secrets::Secrets;
use crate::provider::ssh::settings::ConnectorSettings;

/// Connects to hosts. Shared by everything in a process that does, so that keys are read once, limits
/// hold for all, and connections are used again. Clones are one and the same.
#[derive(Clone)]
pub struct Connector(Arc<Shared>);

/// What all connections share.
pub(super) struct Shared {
    pub(super) attempts: u32,
    pub(super) configurations: Configurations,
    pub(super) known_hosts: Arc<KnownHosts>,
    pub(super) keyring: Keyring,
    limiter: Limiter,
    pool: Pool,
    jumps: Jumps,
}

impl Connector {
    /// Makes a connector that has no connection yet. Raises the process's limit of open files to what
    /// is allowed; fails when that is too few for any connection.
    pub fn new(settings: &ConnectorSettings, secrets: Arc<dyn Secrets>) -> Result<Self, SshError> {
        Ok(Self(Arc::new(Shared {
            attempts: settings.attempts.max(1),
            configurations: Configurations::new(settings.post_quantum),
            known_hosts: Arc::new(KnownHosts::new(settings.home.clone())),
            keyring: Keyring::new(settings, secrets),
            limiter: Limiter::new(settings.open, settings.rate)?,
            pool: Pool::new(settings.kept, settings.kept_for),
            jumps: Jumps::new(settings.kept_for),
        })))
    }

    /// Returns the most connections that can be open at once: what was asked for, or what the limit
    /// of open files leaves room for.
    pub fn most(&self) -> usize {
        self.0.limiter.most()
    }

    /// Ends connections from now on as soon as they are not used: for those who ask each host once. An idle
    /// connection takes about 65 KB, and memory that is used again is quicker than new one.
    pub fn keep_none(&self) {
        self.0.pool.keep_none();
    }

    /// Connects to a host, or takes a connection to just this endpoint that was kept. Waits while too
    /// many are open or new; that wait does not count against the host's limit. Cancel-safe: what was
    /// begun is undone.
    pub async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, SshError> {
        let shared = &self.0;
        shared.jumps.drop_unused();
        let link = if let Some(link) = shared.pool.take(endpoint) {
            link
        } else {
            let permit = shared.limiter.admit(|| shared.pool.drop_oldest()).await;
            let endpoint = Arc::new(endpoint.clone());
            shared.establish(endpoint, Some(permit)).await?
        };
        Ok(Connection::new(link, Arc::downgrade(shared)))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("most", &self.most())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Keeps a link that is no longer used, unless somebody waits for its place.
    pub(super) fn keep(&self, link: Link) {
        if !self.limiter.is_short() {
            self.pool.put(link);
        }
    }

    /// Makes a new link, through the jump hosts of the endpoint. Links to jump hosts need no place of
    /// their own: who holds one must not wait for another.
    pub(super) fn establish(
        self: &Arc<Self>,
        endpoint: Arc<Endpoint>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> BoxFuture<'_, Result<Link, SshError>> {
        async move {
            let through = self.jumps.through(self, &endpoint).await?;
            let deadline = Instant::now() + endpoint.limits.connect;
            let attempts = Attempts::new(self, &endpoint, through.as_ref(), deadline);
            let session = attempts.run().await?;
            Ok(session.into_link(endpoint, permit, through))
        }
        .boxed()
    }
}

/// Makes the error of a host that took longer than it may.
pub(super) fn too_late(endpoint: &Endpoint, what: &'static str) -> SshError {
    SshError::Timeout {
        host: endpoint.name(),
        what,
        limit: endpoint.limits.connect,
        started: Started::No,
    }
}
