//! A plain client of the same SSH library that records nothing: what everything is compared with.

use std::borrow::Cow;
use std::sync::Arc;

use russh::client::{Config, Handler, connect};
use russh::keys::{
    PrivateKey, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate, load_secret_key,
};
use russh::{ChannelMsg, Disconnect, Preferred, kex};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Runs a command on every host of a file: HOSTS PORT CONCURRENCY KEY HOSTKEY USER COMMAND.
pub(crate) fn run(words: &[String]) {
    let [hosts, port, concurrency, key, host_key, user, command] = words else {
        panic!("usage: HOSTS PORT CONCURRENCY KEY HOSTKEY USER COMMAND");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let preferred = Preferred {
            kex: Cow::Borrowed(&[
                kex::CURVE25519,
                kex::EXTENSION_SUPPORT_AS_CLIENT,
                kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
            ]),
            ..Preferred::default()
        };
        let shared = Arc::new(Shared {
            config: Arc::new(Config {
                preferred,
                nodelay: true,
                ..Config::default()
            }),
            key: Arc::new(load_secret_key(key, None).unwrap()),
            host_key: PublicKey::from_openssh(&std::fs::read_to_string(host_key).unwrap()).unwrap(),
            user: user.clone(),
            command: command.clone(),
            port: port.parse().unwrap(),
        });
        let turns = Arc::new(Semaphore::new(concurrency.parse().unwrap()));
        let mut work = JoinSet::new();
        for host in std::fs::read_to_string(hosts).unwrap().lines() {
            let (turns, shared, host) = (Arc::clone(&turns), Arc::clone(&shared), host.to_owned());
            work.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                let (output, code) = one(&shared, &host).await.unwrap();
                println!(
                    "{host}\t{code}\t{}",
                    String::from_utf8_lossy(&output).trim_end()
                );
            });
        }
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
    });
}

struct Shared {
    config: Arc<Config>,
    key: Arc<PrivateKey>,
    host_key: PublicKey,
    user: String,
    command: String,
    port: u16,
}

struct Check(Arc<Shared>);

impl Handler for Check {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        Ok(matches!(key, PublicKeyOrCertificate::PublicKey { key, .. }
            if key.key_data() == self.0.host_key.key_data()))
    }
}

async fn one(shared: &Arc<Shared>, host: &str) -> Result<(Vec<u8>, u32), russh::Error> {
    let handler = Check(Arc::clone(shared));
    let mut session = connect(Arc::clone(&shared.config), (host, shared.port), handler).await?;
    let key = PrivateKeyWithHashAlg::new(Arc::clone(&shared.key), None);
    assert!(
        session
            .authenticate_publickey(&shared.user, key)
            .await?
            .success()
    );
    let mut channel = session.channel_open_session().await?;
    channel.exec(true, shared.command.as_str()).await?;
    let (mut output, mut code) = (Vec::new(), None);
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => output.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => code = Some(exit_status),
            _ => {}
        }
    }
    session
        .disconnect(Disconnect::ByApplication, "", "")
        .await?;
    Ok((output, code.expect("every command ends")))
}
