//! What a command costs on a connection that is there already: connecting is what a fleet pays for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::resource::UsageWho;
use oos::base::secret::Secret;
use oos::provider::ssh::{Connector, ConnectorSettings, Endpoint, HostKeys, SecretError, Secrets};

use crate::ground::{Ground, KNOWN_HOSTS, Service};
use crate::meter::cpu;

/// How many commands are run one after the other; the first of all connects.
const COMMANDS: u32 = 5_000;

/// Nothing here is behind a password.
#[derive(Debug)]
struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, name: &str) -> Result<Secret<String>, SecretError> {
        Err(SecretError {
            name: name.to_owned(),
            reason: "there are no secrets".to_owned(),
        })
    }
}

/// Runs commands on a connection that is kept, and prints what each of them cost this process.
pub(crate) fn measure(ground: &Ground) {
    let service = Service::simulator(ground, Duration::ZERO);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (wall, cpu) = runtime.block_on(async {
        let settings = ConnectorSettings::of(ground.user());
        let connector = Connector::new(&settings, Arc::new(NoSecrets)).unwrap();
        let endpoint = Endpoint {
            port: service.port(),
            identities: vec![ground.path("key")],
            host_keys: HostKeys {
                files: vec![ground.path(KNOWN_HOSTS)],
                ..HostKeys::default()
            },
            ..Endpoint::of("127.1.0.1")
        };
        run(&connector, &endpoint).await;
        let (before, began) = (cpu(UsageWho::RUSAGE_SELF), Instant::now());
        for _ in 0..COMMANDS {
            run(&connector, &endpoint).await;
        }
        (
            began.elapsed(),
            cpu(UsageWho::RUSAGE_SELF).saturating_sub(before),
        )
    });
    println!(
        "\none more command on a connection that is kept, mean of {COMMANDS}, nothing recorded"
    );
    println!(
        "wall {:.3} ms, CPU {:.3} ms",
        (wall / COMMANDS).as_secs_f64() * 1000.0,
        (cpu / COMMANDS).as_secs_f64() * 1000.0
    );
}

async fn run(connector: &Connector, endpoint: &Endpoint) {
    let connection = connector.connect(endpoint).await.unwrap();
    let mut command = connection.exec("echo ok").await.unwrap();
    command.end_input();
    assert_eq!(command.collect(100).await.unwrap().stdout, b"ok\n");
}
