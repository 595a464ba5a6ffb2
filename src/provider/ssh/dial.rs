//! The way to a host: a socket to one of its addresses, or a channel through the host before it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::SshError;
use crate::provider::ssh::link::Link;
use crate::provider::ssh::wire::Route;

/// Opens the way to a host until `deadline`.
pub(super) async fn dial(
    endpoint: &Endpoint,
    through: Option<&Arc<Link>>,
    deadline: Instant,
) -> Result<Route, SshError> {
    if let Some(link) = through {
        let channel = link.open_to(endpoint).await?;
        return Ok(Route::Channel(Box::new(channel.into_stream())));
    }
    let dialed = dial_addresses(endpoint, deadline).await;
    let stream = dialed.map_err(|error| SshError::unreachable(&endpoint.name(), error))?;
    Ok(Route::Socket(stream))
}

async fn dial_addresses(endpoint: &Endpoint, deadline: Instant) -> io::Result<TcpStream> {
    let addresses = resolve(&endpoint.address, endpoint.port).await?;
    let mut refusal = None;
    for (place, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let others = u32::try_from(addresses.len() - place).unwrap_or(u32::MAX);
        // The last gets all that is left: whoever called measures that himself.
        let share = if others == 1 {
            Duration::MAX
        } else {
            left / others
        };
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => refusal = Some(error),
            Err(_) => refusal = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(refusal.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no address")))
}

/// Returns the addresses of a name. An address needs no thread that asks the system.
async fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    Ok(lookup_host((name, port)).await?.collect())
}
