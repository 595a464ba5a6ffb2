//! Two daemons attend to the same trigger, and one of them does not know yet what the other one did.

use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::engine::event::Fact;
use crate::provider::Registry;
use crate::provider::fake::FakeProvider;
use crate::runner::clock::Clock;
use crate::runner::serve::ahead::Ahead;
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

fn runner(clock: &Arc<Moment>) -> Runner {
    *clock.now.lock().unwrap() = at("03:00:30");
    let store = MemoryStore::new(Arc::new(move || at("03:00:30")));
    let provider = Arc::new(FakeProvider::default());
    Runner::new(Parts {
        store: Arc::new(store),
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

/// Starts a template, and leaves it as it waits for its trigger.
async fn wait(runner: &Runner, template: TemplateRef) -> ExecutionId {
    let prepared = runner.prepare(StartRequest::new(template)).unwrap();
    let id = runner.start(&prepared).await.unwrap();
    let options = DriveOptions {
        stop_when_waiting: true,
        ..DriveOptions::default()
    };
    runner.drive(&id, options).await.unwrap();
    id
}

fn rules() -> Rules {
    Rules {
        calendar: Arc::default(),
        in_turn: false,
        braked: None,
    }
}

#[tokio::test]
async fn times_between_those_of_two_daemons_are_not_left_out() {
    let clock = Arc::new(Moment::default());
    let runner = runner(&clock);
    let text = TEMPLATE.to_owned();
    let name = "tick".to_owned();
    let id = wait(&runner, TemplateRef::Text { name, text }).await;
    let rules = rules();

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

#[tokio::test]
async fn what_another_daemon_renewed_is_not_fired_as_it_was_read_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tick.yml");
    std::fs::write(&file, TEMPLATE).unwrap();
    let clock = Arc::new(Moment::default());
    let runner = runner(&clock);
    let id = wait(&runner, TemplateRef::File(file.clone())).await;
    *clock.now.lock().unwrap() = at("03:00:58");
    let ahead = Ahead::read(&runner, &id).await.unwrap();
    assert!(ahead.is_some());

    // Only what it starts is changed, not its times.
    let text = TEMPLATE.replace("PT1S", "PT2S");
    std::fs::write(&file, &text).unwrap();
    assert!(runner.renew(&id).await.unwrap());
    *clock.now.lock().unwrap() = at("03:01:00");
    let attendance = attend(&runner, &id, ahead, &rules()).await.unwrap();
    let [started] = &*attendance.started else {
        panic!("{attendance:?}");
    };
    let events = runner.store().read(started).await.unwrap();
    let Fact::ExecutionStarted(started) = &events[0].fact else {
        panic!("{events:?}");
    };
    assert_eq!(started.template, Digest::of(text.as_bytes()));
}

#[tokio::test]
async fn each_firing_has_defaults_of_its_own() {
    let clock = Arc::new(Moment::default());
    let runner = runner(&clock);
    let text = format!(
        "{TEMPLATE}Parameters:\n  name: {{Type: String, Default: 'image-{{{{ ACS::ExecutionId }}}}'}}\n  \
         copy: {{Type: String, Default: '{{{{ name }}}} of {{{{ ACS::CurrentUtcTime }}}}'}}\n  \
         other: {{Type: String, Default: 'for all'}}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tick.yml");
    std::fs::write(&file, &text).unwrap();
    let id = wait(&runner, TemplateRef::File(file.clone())).await;
    let mut seen = Vec::new();
    for time in ["03:01:00", "03:02:00"] {
        *clock.now.lock().unwrap() = at(time);
        let attendance = attend(&runner, &id, None, &rules()).await.unwrap();
        let [started] = &*attendance.started else {
            panic!("{attendance:?}");
        };
        let view = runner.store().execution(started).await.unwrap().unwrap();
        let name = format!("image-{started}");
        assert_eq!(view.parameters["name"], name);
        let copy = format!("{name} of 2030-01-02T{time}Z");
        assert_eq!(view.parameters["copy"], copy);
        assert_eq!(view.parameters["other"], "for all");
        seen.push(name);
        // It stays so when the template is changed.
        std::fs::write(&file, text.replace("PT1S", "PT2S")).unwrap();
        runner.renew(&id).await.unwrap();
    }
    assert_ne!(seen[0], seen[1]);
}
