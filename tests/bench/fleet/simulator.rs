//! Hosts that start nothing: an SSH server that answers every command with the same output.

use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey, run_stream,
};
use russh::{Channel, ChannelId};
use tokio::net::TcpSocket;

/// How many connections may wait to be taken.
const BACKLOG: u32 = 4096;

/// Serves until it is killed; every command takes `delay` milliseconds.
pub(crate) fn serve(key: &str, port: u16, delay: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let key = PrivateKey::from_openssh(std::fs::read_to_string(key).unwrap()).unwrap();
        let config = Arc::new(Config {
            auth_rejection_time: Duration::ZERO,
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: vec![key],
            nodelay: true,
            ..Config::default()
        });
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([0, 0, 0, 0], port).into()).unwrap();
        let listener = socket.listen(BACKLOG).unwrap();
        loop {
            let Ok((stream, from)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            // Every 127.x.y.z is to be a host, so it listens everywhere; nobody else is served.
            if !from.ip().is_loopback() {
                continue;
            }
            stream.set_nodelay(true).unwrap();
            let host = Host {
                delay: Duration::from_millis(delay),
            };
            let config = Arc::clone(&config);
            tokio::spawn(async move {
                if let Ok(session) = run_stream(config, stream, host).await {
                    // A client that leaves in the middle is its own affair.
                    drop(session.await);
                }
            });
        }
    });
}

struct Host {
    delay: Duration,
}

impl Handler for Host {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _: &str,
        _: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)?;
        if self.delay.is_zero() {
            session.data(channel, b"ok\n".to_vec())?;
            session.exit_status_request(channel, 0)?;
            session.eof(channel)?;
            return session.close(channel);
        }
        let (handle, delay) = (session.handle(), self.delay);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let told = async {
                handle
                    .data(
                        channel,
                        b"ok
"
                        .to_vec(),
                    )
                    .await
                    .ok()?;
                handle.exit_status_request(channel, 0).await.ok()?;
                handle.eof(channel).await.ok()?;
                handle.close(channel).await.ok()
            };
            // The client may have left meanwhile.
            told.await;
        });
        Ok(())
    }
}
