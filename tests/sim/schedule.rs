//! Schedules: two daemons on one store, in a world in which clocks are set, machines are suspended, disks
//! fill up and processes die between deciding and starting. Every nominal time comes to exactly one row,
//! and starts at most one execution, which comes to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oos::base::id::ExecutionId;
use oos::base::time::{Timestamp, utc_text};
use oos::base::value::Value;
use oos::engine::event::{Event, Fact, PassCause, Signal};
use oos::engine::status::ExecutionStatus;
use oos::engine::timer::Timer;
use oos::provider::Registry;
use oos::provider::fake::FakeProvider;
use oos::runner::retention::{Keep, Limits as Kept, MinFree};
use oos::runner::serve::{Limits, Serving};
use oos::runner::{
    Clock as _, DriveOptions, Identity, Library, Parts, Runner, StartRequest, TemplateRef,
};
use oos::schedule::{Calendar, Schedule};
use oos::store::memory::MemoryStore;
use oos::store::sqlite::SqliteStore;
use oos::store::view::ExecutionFilter;
use oos::store::{Room, Seq, Store};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::clock::ManualClock;
use crate::fault::FaultStore;
use crate::ground::Ground;
use crate::mail::Mail;
use crate::plan::{Moment, Operation};
use crate::power::Power;
use crate::trouble::AppendTrouble;

/// Rows that are wanted when nobody asks for more.
const FEW: u64 = 6_000;

/// Rows of a world: the store in memory looks at all of them again and again.
const OF_A_WORLD: usize = 120;

/// How many things happen in a world at most.
const STEPS: u32 = 400;

/// How long all may take to settle once nothing goes wrong any more.
const SETTLING: u32 = 2_000;

/// Every so many worlds have a real database.
const ON_DISK: u64 = 12;

/// What became of one or more nominal times, as it became durable.
#[derive(Clone, Debug)]
struct Row {
    first: Timestamp,
    last: Timestamp,
    count: u64,
    started: Option<ExecutionId>,
    cause: Option<PassCause>,
}

/// Everything that outlives the daemons of a world.
struct Site {
    store: Box<dyn Store>,
    /// The same, where it is one.
    memory: Option<MemoryStore>,
    clock: Arc<ManualClock>,
    chance: Mutex<Chance>,
    appends: AtomicU32,
    /// Set when nothing goes wrong any more.
    calm: AtomicBool,
    mail: Mail,
    rows: Mutex<Vec<Row>>,
    ended: Mutex<BTreeMap<ExecutionId, ExecutionStatus>>,
    crashes: AtomicU64,
}

impl Site {
    fn below(&self, limit: u64) -> u64 {
        self.chance.lock().unwrap().below(limit)
    }

    fn pick<T: Copy>(&self, some: &[T]) -> T {
        *self.chance.lock().unwrap().pick(some)
    }

    fn happens(&self, one_in: u64) -> bool {
        !self.calm.load(Ordering::Relaxed) && self.below(one_in) == 0
    }

    /// Notes what has become durable.
    fn witness(&self, id: &ExecutionId, events: &[Event]) {
        for event in events {
            let row = match &event.fact {
                Fact::ExecutionStarted(started) => {
                    let fired = started.fired.as_ref();
                    fired.and_then(|firing| firing.nominal).map(|nominal| Row {
                        first: nominal,
                        last: nominal,
                        count: 1,
                        started: Some(id.clone()),
                        cause: None,
                    })
                }
                Fact::TimesPassed { passed, .. } => Some(Row {
                    first: passed.from,
                    last: passed.until,
                    count: passed.count,
                    started: None,
                    cause: Some(passed.cause),
                }),
                Fact::ExecutionEnded { status, .. } => {
                    let before = self.ended.lock().unwrap().insert(id.clone(), *status);
                    assert_eq!(before, None, "{id} ended twice");
                    None
                }
                _ => None,
            };
            self.rows.lock().unwrap().extend(row);
        }
    }

    /// Looks at the journals of a database themselves: of who dies while it writes, others may commit what
    /// it has left in the queue.
    async fn look(&self) {
        if self.memory.is_some() {
            return;
        }
        self.rows.lock().unwrap().clear();
        self.ended.lock().unwrap().clear();
        let all = ExecutionFilter {
            limit: usize::MAX,
            ..ExecutionFilter::default()
        };
        for view in self.store.executions(&all).await.unwrap() {
            let events = self.store.read(&view.execution_id).await.unwrap();
            self.witness(&view.execution_id, &events);
        }
    }

    fn runner(self: &Arc<Self>, power: &Power) -> Runner {
        let ground: Arc<dyn Ground> = self.clone();
        let provider = Arc::new(FakeProvider::default());
        Runner::new(Parts {
            store: Arc::new(FaultStore::new(ground, power.clone())),
            provider: Arc::new(Registry::new(provider.clone(), provider)),
            library: Library::new(Vec::new(), None),
            clock: self.clock.clone(),
            identity: Identity {
                user: "ann".to_owned(),
                account: "1234".to_owned(),
                region: "local".to_owned(),
                inventory: None,
            },
        })
    }
}

impl Ground for Site {
    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn chance(&self, name: &str, number: u64) -> Chance {
        Chance::named(number, name)
    }

    fn fails(&self, operation: Operation) -> bool {
        operation == Operation::Read && self.happens(3_000)
    }

    fn stall(&self) -> Option<Duration> {
        let stalls = self.happens(60);
        stalls.then(|| Duration::from_secs(self.pick(&[1, 5, 20])))
    }

    fn append(&self) -> (Option<AppendTrouble>, u32) {
        let number = self.appends.fetch_add(1, Ordering::Relaxed);
        let trouble = self.happens(40).then(|| {
            self.pick(&[
                AppendTrouble::Power(Moment::Before),
                AppendTrouble::Power(Moment::After),
                AppendTrouble::Power(Moment::Later),
                AppendTrouble::Refused { written: true },
                AppendTrouble::Refused { written: false },
            ])
        });
        (trouble, number)
    }

    fn appended(&self, id: &ExecutionId, _: Seq, events: &[Event]) {
        self.witness(id, events);
    }

    fn acknowledged(&self, _: &ExecutionId) {}

    fn posted(&self, number: u64, id: &ExecutionId, _: &Signal) {
        self.mail.posted(number, id);
    }

    fn settled(&self, _: u64, _: bool) {}

    fn mail(&self) -> &Mail {
        &self.mail
    }
}

/// Schedules, each with the seconds from one time to the next.
const EXPRESSIONS: [(&str, &str, u64); 4] = [
    ("cron", "* * * * * ?", 1),
    ("cron", "*/5 * * * * ?", 5),
    ("rate", "7 seconds", 7),
    ("cron", "*/20 * * * * ?", 20),
];

/// Returns blackouts: a minute of every five of the first hours.
fn freezes() -> Calendar {
    let begin: Timestamp = "2030-01-02T03:00:00Z".parse().unwrap();
    let minute = |number: i64| utc_text(begin + jiff::SignedDuration::from_mins(number));
    let freeze = |number: i64| json!({"Name": "freeze", "From": minute(5 * number), "To": minute(5 * number + 1)});
    let freezes: Value = (0..60).map(freeze).collect();
    Calendar::from_value(&freezes, &oos::schedule::Zone::UTC).unwrap()
}

/// A trigger and how it is served.
struct Order {
    template: String,
    period: Duration,
    calendar: Arc<Calendar>,
    limits: Limits,
    keep: Keep,
    min_free: MinFree,
}

impl Order {
    fn draw(site: &Site, is_on_disk: bool) -> Self {
        // A database is looked at twenty times a second.
        let among = if is_on_disk {
            &EXPRESSIONS[..2]
        } else {
            &EXPRESSIONS[..]
        };
        let (kind, expression, seconds) = site.pick(among);
        let missed = site.pick(&["skip", "once", "all", "all:3", "all:10:PT1H"]);
        let overlap = site.pick(&["allow", "allow", "skip", "queue", "queue:5"]);
        let blackout = site.pick(&["hold", "skip"]);
        let jitter = site.pick(&["PT0S", "PT0S", "PT2S", "PT30S"]);
        let nap = site.pick(&[0, 0, 1, 3, 12]);
        let template = format!(
            "FormatVersion: OOS-2019-06-01\nTasks:\n- Name: timer\n  Action: ACS::TimerTrigger\n  \
             Properties: {{Type: {kind}, Expression: '{expression}', \
             EndDate: '2099-01-01T00:00:00Z', Missed: '{missed}', Overlap: '{overlap}', \
             Blackout: {blackout}, Jitter: {jitter}}}\n- Name: nap\n  Action: ACS::Sleep\n  \
             Properties: {{Duration: PT{nap}S}}\n"
        );
        let calendar = match site.below(3) {
            0 => freezes(),
            _ => Calendar::default(),
        };
        let mut limits = Limits::default();
        if site.below(4) == 0 {
            limits.in_all = 2;
        }
        let mut keep = Keep::default();
        if !is_on_disk && site.below(4) == 0 {
            keep.history = Kept {
                count: Some(5),
                ..Kept::default()
            };
        }
        Self {
            template,
            period: Duration::from_secs(seconds),
            calendar: Arc::new(calendar),
            limits,
            keep,
            min_free: MinFree::Bytes(u64::from(!is_on_disk)),
        }
    }

    fn serving(&self, stop: &CancellationToken) -> Serving {
        let (_, calendar) = watch::channel(self.calendar.clone());
        Serving {
            stop: stop.clone(),
            limits: self.limits.clone(),
            calendar,
            keep: self.keep,
            min_free: self.min_free,
            renew: Arc::default(),
            ready: CancellationToken::new(),
        }
    }
}

/// Serves until it is told to stop; dies now and then, and begins again a while later.
async fn seat(site: Arc<Site>, order: Arc<Order>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let power = Power::default();
        let runner = site.runner(&power);
        // One that gives up fires its own.
        let served = runner.serve(order.serving(&stop.child_token()));
        let life = order.period.mul_f64(1.0 + site.below(600) as f64 / 10.0);
        let accident = async {
            tokio::time::sleep(life).await;
            if site.calm.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = power.gone() => {}
            _ = served => {}
            () = accident => {}
        }
        power.cut();
        if stop.is_cancelled() {
            return;
        }
        site.crashes.fetch_add(1, Ordering::Relaxed);
        let pause = site.pick(&[0.7, 0.7, 0.7, 3.0, 90.0]);
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
    }
}

/// What happens beside the daemons until there are enough rows.
async fn timeline(site: &Site, order: &Order) {
    for _ in 0..STEPS {
        if site.rows.lock().unwrap().len() >= OF_A_WORLD {
            break;
        }
        tokio::time::sleep(order.period.mul_f64(site.below(80) as f64 / 10.0)).await;
        let periods = i64::try_from(order.period.as_secs()).unwrap();
        match site.below(30) {
            // The machine was suspended, or the clock was set.
            0 => site
                .clock
                .jump(periods * site.pick(&[3, 10, 10, 40, 40, 40, 40, 40, 40, 40, 40, 1_500])),
            1 => site.clock.jump(-periods * site.pick(&[1, 5, 30])),
            2 => site.clock.jump(site.pick(&[-1, 1, 61])),
            3 => {
                if let Some(memory) = &site.memory {
                    let full = Room {
                        free: 0,
                        total: 100,
                    };
                    memory.set_room(Some(full));
                    let pause = order.period.mul_f64(site.below(100) as f64 / 10.0);
                    tokio::time::sleep(pause).await;
                    memory.set_room(None);
                }
            }
            _ => {}
        }
    }
}

/// Waits until everything that was due by now has come to its end.
async fn settle(site: &Site, trigger: &ExecutionId, schedule: &Schedule) {
    site.calm.store(true, Ordering::Relaxed);
    let until = site.clock.now();
    for _ in 0..SETTLING {
        tokio::time::sleep(Duration::from_secs(7)).await;
        site.look().await;
        let handled = site.store.trigger(trigger).await.unwrap().unwrap().handled;
        let next = handled.and_then(|handled| schedule.next_after(handled));
        let is_handled = next.is_some_and(|next| next.nominal > until);
        let ended = site.ended.lock().unwrap();
        let rows = site.rows.lock().unwrap();
        let mut due = rows.iter().filter(|row| row.last <= until);
        let all_ended = due.all(|row| row.started.as_ref().is_none_or(|id| ended.contains_key(id)));
        if is_handled && all_ended {
            return;
        }
    }
    let rows = site.rows.lock().unwrap().clone();
    let ended = site.ended.lock().unwrap().clone();
    let open = rows.iter().filter_map(|row| row.started.as_ref());
    let open: Vec<_> = open.filter(|id| !ended.contains_key(id)).collect();
    let mut waiting = Vec::new();
    for id in &open {
        let view = site.store.execution(id).await.unwrap();
        waiting.push(view.map(|view| (view.status, view.waiting_status)));
    }
    let handled = site.store.trigger(trigger).await.unwrap().unwrap().handled;
    panic!(
        "it never settles: {until} has come, {handled:?} is handled, open are {open:?}: {waiting:?}"
    );
}

/// What a world came to.
#[derive(Default)]
struct Told {
    rows: u64,
    fires: u64,
    starts: u64,
    crashes: u64,
    causes: BTreeMap<String, u64>,
}

/// Lives through a world and returns what came of it.
fn live(seed: u64) -> Told {
    let is_on_disk = seed.is_multiple_of(ON_DISK);
    let clock = Arc::new(ManualClock::new(seed));
    let now = Arc::clone(&clock);
    let now: oos::store::Now = Arc::new(move || now.now());
    let folder = tempfile::tempdir().unwrap();
    let memory = MemoryStore::new(now.clone());
    let store: Box<dyn Store> = if is_on_disk {
        Box::new(SqliteStore::open(folder.path(), now).unwrap())
    } else {
        Box::new(memory.clone())
    };
    let site = Arc::new(Site {
        store,
        memory: (!is_on_disk).then_some(memory),
        clock,
        chance: Mutex::new(Chance::named(seed, "schedule")),
        appends: AtomicU32::new(0),
        calm: AtomicBool::new(true),
        mail: Mail::default(),
        rows: Mutex::default(),
        ended: Mutex::default(),
        crashes: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        site.clock.begin();
        let order = Arc::new(Order::draw(&site, is_on_disk));
        let runner = site.runner(&Power::default());
        let request = StartRequest::new(TemplateRef::Text {
            name: "tick".to_owned(),
            text: order.template.clone(),
        });
        let prepared = runner.prepare(request).unwrap();
        let trigger = runner.start(&prepared).await.unwrap();
        let options = DriveOptions {
            stop_when_waiting: true,
            ..DriveOptions::default()
        };
        runner.drive(&trigger, options).await.unwrap();
        let view = site.store.trigger(&trigger).await.unwrap().unwrap();
        let schedule = Timer::read(&view.settings, view.start_date)
            .unwrap()
            .schedule;

        site.calm.store(false, Ordering::Relaxed);
        let stop = CancellationToken::new();
        let seats = [0, 1].map(|_| seat(site.clone(), order.clone(), stop.clone()));
        let work = async {
            timeline(&site, &order).await;
            settle(&site, &trigger, &schedule).await;
            stop.cancel();
        };
        let [one, two] = seats;
        tokio::join!(one, two, work);
        site.look().await;
        judge(&site, view.start_date, &schedule, &order).await
    })
}

/// Holds what became durable against the schedule, time by time.
async fn judge(site: &Site, begin: Timestamp, schedule: &Schedule, order: &Order) -> Told {
    let mut rows = site.rows.lock().unwrap().clone();
    rows.sort_by_key(|row| row.first);
    let ended = site.ended.lock().unwrap().clone();
    let mut told = Told {
        crashes: site.crashes.load(Ordering::Relaxed),
        ..Told::default()
    };
    let mut before = begin;
    let mut ids = BTreeSet::new();
    for row in &rows {
        let next = schedule.next_after(before).unwrap();
        assert_eq!(
            next.nominal, row.first,
            "twice, or left out: {row:?} after {before}"
        );
        let count = schedule.count_between(before, row.last);
        assert_eq!(count, row.count, "{row:?} after {before}");
        if let Some(id) = &row.started {
            assert!(ids.insert(id), "{id} has two rows");
            told.starts += 1;
        }
        before = row.last;
        told.rows += 1;
        told.fires += row.count;
        let cause = row
            .cause
            .map_or("started".to_owned(), |cause| format!("{cause:?}"));
        *told.causes.entry(cause).or_default() += row.count;
    }
    let status = |id: &ExecutionId| ended.get(id).copied();
    let failed = ids.iter().filter_map(|id| status(id));
    let failed: Vec<_> = failed
        .filter(|status| *status != ExecutionStatus::Success)
        .collect();
    assert_eq!(failed, [], "what was started came to its end");
    if order.keep == Keep::default() {
        let trigger = site.store.triggers(true).await.unwrap().remove(0);
        let listed = site
            .store
            .firings(&trigger.execution_id, usize::MAX)
            .await
            .unwrap();
        assert_eq!(listed.len(), rows.len(), "each row is listed once");
    }
    told
}

#[test]
fn each_nominal_time_has_exactly_one_row_whatever_happens_to_daemons_and_clocks() {
    let wanted = std::env::var_os("OOS_SIM_FIRES").map_or(FEW, |text| {
        text.to_str()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    });
    let all = Mutex::new(Told::default());
    let first = std::env::var_os("OOS_SIM_SEED");
    let first = first.map_or(1, |text| {
        text.to_str()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    });
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while all
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner())
                    .rows
                    < wanted
                {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let told = std::panic::catch_unwind(|| live(seed));
                    let told = told.unwrap_or_else(|_| {
                        panic!("see it again: OOS_SIM_SEED={seed} OOS_SIM_FIRES=1")
                    });
                    let mut all = all.lock().unwrap();
                    all.rows += told.rows;
                    all.fires += told.fires;
                    all.starts += told.starts;
                    all.crashes += told.crashes;
                    for (cause, count) in told.causes {
                        *all.causes.entry(cause).or_default() += count;
                    }
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    println!(
        "report: {} fires in {} rows of {} worlds with two daemons each, {} starts, {} crashes, none \
         twice, none without its row; {:?}",
        all.fires,
        all.rows,
        next.into_inner() - first,
        all.starts,
        all.crashes,
        all.causes
    );
    for cause in ["Missed", "Overlap", "Blackout", "started"] {
        // One world alone has not all of them.
        assert!(
            wanted < FEW || all.causes.contains_key(cause),
            "{cause} has not happened"
        );
    }
}
