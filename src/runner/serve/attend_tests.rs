//! Two daemons attend to the same trigger, and one of them is slow.

use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;

use crate::base::time::Timestamp;
use crate::provider::Registry;
use crate::provider::fake::FakeProvider;
use crate::runner::clock::Clock;
use crate::runner::serve::attend::{Rules, attend};
use crate::runner::trigger::nominal_event;
use crate::runner::{DriveOptions, Identity, Library, Parts, Runner, StartRequest, TemplateRef};
use crate::store::memory::MemoryStore;

const TEMPLATE: &str = "\
FormatVersion: OOS-2019-06-01
Tasks:
- Name: timer
  Action: ACS::TimerTrigger
  Properties: {Type: cron, Expression: '0 * * * * ?', EndDate: '2099-01-01T00:00:00Z'}
- Name: nap
  Action: ACS::Sleep
  Properties: {Duration: PT1S}
";

/// A clock that stands still. Once, something happens just as somebody looks at it.
#[derive(Default)]
struct Moment {
    now: Mutex<Timestamp>,
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Moment")
    }
}

impl Clock for Moment {
    fn now(&self) -> Timestamp {
        let then = self.then.lock().unwrap().take();
        if let Some(then) = then {
            then();
        }
        *self.now.lock().unwrap()
    }

    fn chance(&self) -> u64 {
        7
    }
}

fn at(time: &str) -> Timestamp {
    format!("2030-01-02T{time}Z").parse().unwrap()
}

fn runner(store: &MemoryStore, clock: &Arc<Moment>) -> Runner {
    let provider = Arc::new(FakeProvider::default());
    Runner::new(Parts {
        store: Arc::new(store.clone()),
        provider: Arc::new(Registry::new(provider.clone(), provider)),
        library: Library::new(Vec::new(), None),
        clock: clock.clone(),
        identity: Identity {
            user: "ann".to_owned(),
            account: "1234".to_owned(),
            region: "local".to_owned(),
            inventory: None,
        },
    })
}

#[tokio::test]
async fn times_between_those_of_two_daemons_are_not_left_out() {
    let clock = Arc::new(Moment::default());
    *clock.now.lock().unwrap() = at("03:00:30");
    let store = MemoryStore::new(Arc::new(move || at("03:00:30")));
    let runner = runner(&store, &clock);
    let request = StartRequest::new(TemplateRef::Text {
        name: "tick".to_owned(),
        text: TEMPLATE.to_owned(),
    });
    let id = runner
        .start(&runner.prepare(request).unwrap())
        .await
        .unwrap();
    let options = DriveOptions {
        stop_when_waiting: true,
        ..DriveOptions::default()
    };
    runner.drive(&id, options).await.unwrap();
    let rules = Rules {
        calendar: Arc::default(),
        in_turn: false,
        braked: None,
    };

    // The other one fires the first time when this one has seen that nothing was done yet.
    let fuse = runner.fuse(&id).await.unwrap();
    let other = runner.clone();
    let fire = move || {
        let event = nominal_event(at("03:01:00"), at("03:01:00"));
        let fired = other.fire(&fuse, Some(at("03:01:00")), event, None);
        fired.now_or_never().unwrap().unwrap();
    };
    *clock.now.lock().unwrap() = at("03:05:10");
    *clock.then.lock().unwrap() = Some(Box::new(fire));
    let first = attend(&runner, &id, None, &rules).await.unwrap();
    assert_eq!((first.started.len(), first.next), (0, Some(at("03:05:10"))));

    let second = attend(&runner, &id, None, &rules).await.unwrap();
    assert_eq!(
        (second.started.len(), second.next),
        (1, Some(at("03:06:00")))
    );
    let mut rows = runner.store().firings(&id, 10).await.unwrap();
    rows.sort_by_key(|row| row.nominal_time);
    let rows = rows.iter().map(|row| row.nominal_time.unwrap());
    let minutes = ["03:01:00", "03:02:00", "03:03:00", "03:04:00", "03:05:00"].map(at);
    assert_eq!(rows.collect::<Vec<_>>(), minutes);
}
