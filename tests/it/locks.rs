//! Two executions do not change one host at once when they are asked not to: seen by the host.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::support::machine::until;
use crate::support::oos::Home;

/// Hosts that count who changes them at a time.
#[derive(Clone)]
struct Hosts {
    address: SocketAddr,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    /// Changes under way, by host.
    now: HashMap<String, usize>,
    /// The most at once on one host.
    most: usize,
    /// Changes under way on all hosts, and the most of them.
    all: usize,
    most_of_all: usize,
    total: usize,
    /// Changes go on only when this is not set.
    held: bool,
}

impl Hosts {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hosts = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let these = hosts.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let these = these.clone();
                std::thread::spawn(move || these.serve(&stream.unwrap()));
            }
        });
        hosts
    }

    /// Is changed for a while: from the request to the answer.
    fn serve(&self, mut stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut host = String::new();
        reader.read_line(&mut host).unwrap();
        let mut line = String::from("-");
        while !line.trim().is_empty() {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        self.begin(&host);
        change();
        let (seen, released) = &*self.seen;
        let seen = seen.lock().unwrap();
        let mut seen = released.wait_while(seen, |seen| seen.held).unwrap();
        seen.all -= 1;
        *seen.now.get_mut(&host).unwrap() -= 1;
        drop(seen);
        // Whoever asked may be dead.
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"),
        );
    }

    fn begin(&self, host: &str) {
        let mut seen = self.seen.0.lock().unwrap();
        seen.total += 1;
        seen.all += 1;
        seen.most_of_all = seen.most_of_all.max(seen.all);
        let now = seen.now.entry(host.to_owned()).or_default();
        *now += 1;
        let now = *now;
        seen.most = seen.most.max(now);
    }

    fn hold(&self, held: bool) {
        self.seen.0.lock().unwrap().held = held;
        self.seen.1.notify_all();
    }

    fn total(&self) -> usize {
        self.seen.0.lock().unwrap().total
    }

    fn template(&self, items: &[&str], window: usize, lock: &str) -> String {
        format!(
            "
FormatVersion: OOS-2019-06-01
Tasks:
  - Name: change
    Action: ACS::ExecuteHttpRequest
    Properties: {{Method: GET, URL: 'http://{}/{{{{ ACS::TaskLoopItem }}}}'}}
    Lock: {lock}
    Loop: {{Items: {items:?}, RateControl: {{Concurrency: {window}}}}}
",
            self.address
        )
    }
}

/// The time that a change takes.
#[expect(
    clippy::disallowed_methods,
    reason = "stands for work that takes time; nothing waits for it"
)]
fn change() {
    std::thread::sleep(Duration::from_millis(15));
}

fn run(home: &Home, template: &str) -> Child {
    let mut command = home.command();
    command.args(["run", template]);
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().unwrap()
}

/// Runs an execution after the other in each of two processes at a time, so many in all.
fn crowd(home: &Home, executions: usize) {
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..executions / 2 {
                    let ended = run(home, "change.yml").wait().unwrap();
                    assert!(ended.success(), "{ended}");
                }
            });
        }
    });
}

/// The whole number in the long form; a start of the program costs as much as a dozen of changes.
fn executions() -> usize {
    if std::env::var_os("OOS_FAULT_MINUTES").is_some() {
        return 50;
    }
    12
}

#[test]
fn two_processes_never_change_one_host_at_once() {
    let (hosts, home) = (Hosts::new(), Home::new());
    let items = ["web1", "web2", "web3", "web4"];
    home.file(
        "change.yml",
        &hosts.template(&items, 4, "'{{ ACS::TaskLoopItem }}'"),
    );
    crowd(&home, executions());
    let seen = hosts.seen.0.lock().unwrap();
    assert_eq!(seen.total, executions() * items.len());
    assert_eq!(seen.most, 1, "changes of one host at once");
    assert!(seen.most_of_all > 1, "other hosts need not wait");
    println!(
        "report: locks: {} changes by 2 processes, 1 at a time on each of 4 hosts",
        seen.total
    );
}

#[test]
fn no_more_of_a_group_than_may_be_are_in_change_at_once() {
    let (hosts, home) = (Hosts::new(), Home::new());
    let items = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let lock = "{Names: '{{ ACS::TaskLoopItem }}', Group: web, MaxInChange: 20%}";
    home.file("change.yml", &hosts.template(&items, 10, lock));
    // Both processes run as many.
    let executions = executions() / 4 * 2;
    crowd(&home, executions);
    let seen = hosts.seen.0.lock().unwrap();
    assert_eq!(seen.total, executions * items.len());
    assert_eq!((seen.most, seen.most_of_all), (1, 2));
}

#[expect(
    clippy::disallowed_methods,
    reason = "the report says how long it took"
)]
fn now() -> Instant {
    Instant::now()
}

/// As many processes at once as there are executions.
#[test]
fn a_crowd_of_processes_goes_through_one_lock_one_after_the_other() {
    let (hosts, home) = (Hosts::new(), Home::new());
    home.file("change.yml", &hosts.template(&["a", "b"], 2, "gate"));
    let begin = now();
    let mut crowd: Vec<Child> = (0..executions())
        .map(|_| run(&home, "change.yml"))
        .collect();
    for process in &mut crowd {
        let ended = process.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
    let seen = hosts.seen.0.lock().unwrap();
    assert_eq!(seen.total, 2 * executions());
    assert_eq!(seen.most_of_all, 1, "changes under one lock at once");
    println!(
        "report: locks: {} processes at once, {} changes under one lock in {:.1} s",
        executions(),
        seen.total,
        begin.elapsed().as_secs_f64()
    );
}

#[test]
fn what_a_dead_process_left_at_work_keeps_its_lock_until_it_is_gone_on_with() {
    let (hosts, home) = (Hosts::new(), Home::new());
    home.file(
        "change.yml",
        &hosts.template(&["web1"], 1, "'{{ ACS::TaskLoopItem }}'"),
    );
    hosts.hold(true);
    let mut holder = run(&home, "change.yml");
    until("the first changes the host", || hosts.total() == 1);
    let first = latest(&home);
    let told = home.path().join("told.txt");
    let mut waiter = home.command();
    waiter.args(["run", "change.yml"]);
    waiter.stdout(std::fs::File::create(&told).unwrap());
    let mut waiter = waiter.spawn().unwrap();
    let second = newer(&home, &first);
    let shows = |id: &str, text: &str| home.oos(&["show", id]).stdout.contains(text);
    let waits = format!("waits for lock `web1`, held by {first}");
    until("the second waits for the first", || shows(&second, &waits));
    assert!(shows(&first, "has lock `web1`"));
    until("its progress names who has it", || {
        let lines = std::fs::read_to_string(&told).unwrap();
        lines.contains(&format!("Running     change  {waits}"))
    });
    // One that waits and dies is in nobody's way.
    let mut third = run(&home, "change.yml");
    until("the third waits, too", || {
        shows(&newer(&home, &second), &waits)
    });
    third.kill().unwrap();
    third.wait().unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("the second says who must be gone on with", || {
        shows(&second, &format!("oos resume {first}"))
    });
    assert_eq!(hosts.total(), 1);
    // The call is made again by whoever goes on with the first, and the second still waits.
    let mut again = home.command();
    let again = again.args(["resume", &first]);
    let again = again.stdout(Stdio::null()).stderr(Stdio::null());
    let mut again = again.spawn().unwrap();
    until("the first goes on", || hosts.total() == 2);
    assert!(shows(&second, &waits));
    hosts.hold(false);
    assert!(again.wait().unwrap().success());
    assert!(waiter.wait().unwrap().success());
    assert_eq!(hosts.total(), 3);
}

/// Returns the latest execution, once there is one after `before`.
fn newer(home: &Home, before: &str) -> String {
    until("another execution has begun", || latest(home) != before);
    latest(home)
}

fn latest(home: &Home) -> String {
    let list = home.oos(&["-o", "json", "list"]).json(0);
    let found = &list[0]["ExecutionId"];
    found.as_str().unwrap_or_default().to_owned()
}
