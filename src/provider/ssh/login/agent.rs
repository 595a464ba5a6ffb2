//! Keys that an agent holds. The agent signs; it is never made known to a host.

use std::path::Path;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::ssh_key::Certificate;
use tokio::net::UnixStream;

use crate::provider::ssh::login::method::Session;

/// Most keys of an agent that are tried. Servers end a login after six refusals, as a rule.
const MOST: usize = 5;

/// An agent that was asked for its keys.
pub(super) struct Agent {
    pub(super) client: AgentClient<UnixStream>,
    pub(super) identities: Vec<AgentIdentity>,
}

impl Agent {
    /// Asks the agent at a socket for its keys.
    pub(super) async fn ask(
        socket: &Path,
        session: &Session,
        certificates: &[Certificate],
    ) -> Result<Self, russh::keys::Error> {
        let mut client = AgentClient::connect_uds(socket).await?;
        if let Some(binding) = session.agent_session_binding() {
            // Only agents that restrict keys to hosts know this; the others refuse and go on.
            if let Err(error) = client.bind_session(binding, false).await {
                tracing::debug!(%error, "the agent does not bind itself to a session");
            }
        }
        let mut identities = Vec::new();
        for identity in client.request_identities().await? {
            let key = identity.public_key().into_owned();
            let own = |it: &&Certificate| it.public_key() == key.key_data();
            if let Some(certificate) = certificates.iter().find(own) {
                identities.push(AgentIdentity::from(certificate.clone()));
            }
            identities.push(identity);
        }
        identities.truncate(MOST);
        Ok(Self { client, identities })
    }
}
