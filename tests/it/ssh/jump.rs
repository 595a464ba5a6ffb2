//! Hosts behind hosts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use oos::base::failure::code;
use oos::provider::ssh::{ConnectorSettings, Endpoint, Limits};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::fleet::{assert_said, connector, exec, run, run_on, settings, with};
use crate::support::hosts::through;
use crate::support::machine::until;
use crate::support::sshd::Sshd;

#[test]
fn a_host_two_jumps_away_is_reached_and_each_key_is_checked() {
    let (Some(gate), Some(inner), Some(host)) = (Sshd::start(), Sshd::start(), Sshd::start())
    else {
        return;
    };
    run(async {
        let connector = connector();
        let mut endpoint = host.endpoint(3);
        endpoint.jumps = vec![Arc::new(gate.endpoint(1)), Arc::new(inner.endpoint(2))];
        let collected = run_on(&connector, &endpoint, "echo far").await;
        assert_said(&collected.unwrap(), "far\n");
        let serving = [&gate, &inner, &host].map(Sshd::sessions);
        assert!(serving.iter().all(|sessions| *sessions > 0), "{serving:?}");

        // Whichever host on the way shows a key that is not known: nobody goes through it.
        for place in 0..2 {
            let mut jumps = endpoint.jumps.clone();
            let mut hop = (*jumps[place]).clone();
            hop.host_keys.files = vec![host.file("none")];
            let name = hop.name();
            jumps[place] = Arc::new(hop);
            let mut distrusting = endpoint.clone();
            distrusting.jumps = jumps;
            let error = connector.connect(&distrusting).await.unwrap_err();
            assert_eq!(error.code(), code::KEY_REFUSED);
            assert!(error.message().contains(&name), "{}", error.message());
        }
    });
}

#[test]
fn hosts_behind_one_jump_share_the_way_and_its_failure() {
    let (Some(mut gate), Some(host)) = (Sshd::start(), Sshd::start()) else {
        return;
    };
    run(async {
        let connector = connector();
        let behind = |number| {
            let mut endpoint = host.endpoint(number);
            endpoint.jumps = vec![Arc::new(gate.endpoint(0))];
            endpoint
        };
        let hosts: Vec<_> = (0..20).map(behind).collect();
        let runs = hosts.iter().map(|host| run_on(&connector, host, "echo in"));
        for collected in join_all(runs).await {
            assert_said(&collected.unwrap(), "in\n");
        }
        assert_eq!(gate.sessions(), 1, "each host has a way of its own");
        // A host that the jump host cannot reach.
        let mut nowhere = behind(0);
        nowhere.port = 1;
        let error = connector.connect(&nowhere).await.unwrap_err();
        assert_eq!(error.code(), code::UNREACHABLE, "{error:?}");
        assert!(error.message().contains("jump host"), "{}", error.message());
        let unreachable: Vec<_> = (30..60).map(behind).collect();
        gate.stop();
        gate.cut();
        let runs = unreachable.iter().map(|host| connector.connect(host));
        for refused in join_all(runs).await {
            let error = refused.unwrap_err();
            assert_eq!(error.code(), code::UNREACHABLE, "{error:?}");
            assert!(error.message().contains("jump host"), "{}", error.message());
        }
    });
}

/// Relays to a port, but nothing before so many connections have come: whoever makes them one by one waits
/// for ever.
async fn relay_together(listener: TcpListener, before: u16, wanted: usize) {
    let (mut held, mut relays) = (Vec::new(), JoinSet::new());
    loop {
        held.push(listener.accept().await.unwrap().0);
        if held.len() < wanted {
            continue;
        }
        for mut near in held.drain(..) {
            relays.spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", before)).await.unwrap();
                // Ends with one of both sides.
                drop(copy_bidirectional(&mut near, &mut far).await);
            });
        }
    }
}

#[test]
fn ways_to_one_jump_host_are_made_side_by_side() {
    let (Some(gate), Some(host)) = (Sshd::start(), Sshd::start()) else {
        return;
    };
    run(async {
        // 250 hosts need four ways.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut relay = JoinSet::new();
        relay.spawn(relay_together(listener, gate.port(), 4));
        let connector = connector();
        let jump = Arc::new(through(&gate, port));
        let hosts: Vec<_> = (0..250)
            .map(|number| Endpoint {
                jumps: vec![jump.clone()],
                limits: Limits {
                    connect: Duration::from_secs(60),
                    ..Limits::default()
                },
                ..host.endpoint(number)
            })
            .collect();
        let runs = hosts.iter().map(|host| run_on(&connector, host, "echo in"));
        for collected in join_all(runs).await {
            assert_said(&collected.unwrap(), "in\n");
        }
        assert_eq!(gate.sessions(), 4);
    });
}

#[test]
fn a_jump_host_takes_no_place_of_the_hosts_behind_it() {
    let (Some(gate), Some(host)) = (Sshd::start(), Sshd::start()) else {
        return;
    };
    run(async {
        let one = ConnectorSettings {
            open: 1,
            ..settings()
        };
        let connector = with(&one, &[]);
        let behind = |number| {
            let mut endpoint = host.endpoint(number);
            endpoint.jumps = vec![Arc::new(gate.endpoint(0))];
            endpoint
        };
        let hosts: Vec<_> = (0..3).map(behind).collect();
        let runs = hosts.iter().map(|host| run_on(&connector, host, "echo in"));
        for collected in join_all(runs).await {
            assert_said(&collected.unwrap(), "in\n");
        }
    });
}

#[test]
fn a_way_that_nobody_uses_any_more_is_let_go_of() {
    let (Some(gate), Some(host)) = (Sshd::start(), Sshd::start()) else {
        return;
    };
    run(async {
        let brief = ConnectorSettings {
            kept_for: Duration::ZERO,
            ..settings()
        };
        let connector = with(&brief, &[]);
        let mut behind = host.endpoint(0);
        behind.jumps = vec![Arc::new(gate.endpoint(0))];
        let using = connector.connect(&behind).await.unwrap();
        run_on(&connector, &host.endpoint(1), "true").await.unwrap();
        assert_eq!(gate.sessions(), 1, "a way is gone that is in use");
        assert_said(&exec(&using, "echo in").await.unwrap(), "in\n");
        drop(using);
        // Nothing is kept now; the first one lets go of the host, the other one of the way to it.
        for number in 1..3 {
            run_on(&connector, &host.endpoint(number), "true")
                .await
                .unwrap();
        }
        tokio::task::block_in_place(|| until("the way ends", || gate.sessions() == 0));
    });
}
