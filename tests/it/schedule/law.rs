//! The law of schedules: every nominal time is decided on exactly once, and started at most once,
//! whatever clocks, crashes and a second daemon do.
//!
//! The world here is what a store and two daemons are in little: a row for every decision, a moment up to
//! which all is decided, and a commit that is refused if somebody else was faster.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oos::schedule::{
    Calendar, Decision, Policy, Schedule, Situation, TimerSettings, Verdict, Waiting, Zone,
    decide_due, decide_waiting,
};
use serde_json::json;

use super::long_form;

/// Fires of the short form and of the long form, over all worlds. Those that share a row count once.
const SHORT: usize = 50_000;
const LONG: usize = 1_000_000;

/// Chance that can be had again (splitmix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(super) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
}

/// What is durable.
struct Store {
    last_handled: Timestamp,
    rows: Vec<Decision>,
    /// Rows that wait, and for what.
    waiting: BTreeMap<Timestamp, Waiting>,
    /// Executions by nominal time, and whether they have ended.
    executions: BTreeMap<Timestamp, bool>,
}

impl Store {
    fn running(&self) -> u32 {
        let running = self.executions.values().filter(|ended| !**ended);
        u32::try_from(running.count()).unwrap()
    }

    fn waiting_for(&self, what: Waiting) -> u32 {
        let waiting = self.waiting.values().filter(|waiting| **waiting == what);
        u32::try_from(waiting.count()).unwrap()
    }

    /// Starts an execution, at most once.
    fn start(&mut self, nominal: Timestamp) {
        let before = self.executions.insert(nominal, false);
        assert!(before.is_none(), "{nominal} was started twice");
    }
}

struct World {
    dice: Dice,
    schedule: Schedule,
    policy: Policy,
    calendar: Calendar,
    begin: Timestamp,
    now: Timestamp,
    /// How far apart fires are, in seconds.
    period: i64,
    store: Store,
}

/// Schedules, each with the seconds from one fire to the next, more or less.
const EXPRESSIONS: [(&str, &str, i64); 8] = [
    ("cron", "* * * * * *", 1),
    ("cron", "*/10 * * * * *", 10),
    ("cron", "0 * * * * *", 60),
    ("cron", "0 */5 * * * *", 300),
    ("cron", "0 30 2 * * ?", 86_400),
    ("cron", "0 15,45 1-3 ? * SUN", 100_000),
    ("rate", "7 seconds", 7),
    ("rate", "90 minutes", 5_400),
];

/// Ten minutes of every hour but one.
const FREEZES: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:freeze\n\
    DTSTART;TZID=Europe/Berlin:20260101T002500\nDURATION:PT10M\nRRULE:FREQ=HOURLY\n\
    EXDATE;TZID=Europe/Berlin:20260328T122500\nEND:VEVENT\nEND:VCALENDAR\n";

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let zones = [
            "UTC",
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "America/Havana",
        ];
        let (kind, expression, period) = dice.one_of(&EXPRESSIONS);
        // Clocks are changed on some of these days.
        let days = ["2026-03-28", "2026-10-24", "2026-04-04", "2026-06-01"];
        let begin = format!("{}T{:02}:00:00Z", dice.one_of(&days), dice.below(24));
        let begin: Timestamp = begin.parse().unwrap();
        let schedule = Schedule::parse(&TimerSettings {
            kind,
            expression,
            time_zone: Some(dice.one_of(&zones)),
            start_date: None,
            end_date: None,
            started: begin,
        });
        let missed = ["skip", "once", "all", "all:3", "all:10:PT1H"];
        let overlap = ["allow", "skip", "queue", "queue:5"];
        let policy = Policy {
            missed: dice.one_of(&missed).parse().unwrap(),
            overlap: dice.one_of(&overlap).parse().unwrap(),
            blackout: dice.one_of(&["hold", "skip"]).parse().unwrap(),
            jitter: Duration::from_secs(dice.one_of(&[0, 0, 5, 600])),
        };
        let blackouts = json!([{"Name": "night", "Weekly": "SUN-WED 01:10-02:20"}]);
        let calendar = match dice.below(3) {
            0 => Calendar::default(),
            1 => Calendar::from_value(&blackouts, &Zone::UTC).unwrap(),
            _ => Calendar::from_ical(FREEZES, &Zone::UTC).unwrap(),
        };
        Self {
            dice,
            schedule: schedule.unwrap(),
            policy,
            calendar,
            begin,
            now: begin,
            period,
            store: Store {
                last_handled: begin,
                rows: Vec::new(),
                waiting: BTreeMap::new(),
                executions: BTreeMap::new(),
            },
        }
    }

    fn situation(&self, paused: bool) -> Situation<'_> {
        Situation {
            schedule: &self.schedule,
            name: "world",
            policy: &self.policy,
            calendar: &self.calendar,
            last_handled: self.store.last_handled,
            now: self.now,
            running: self.store.running(),
            queued: self.store.waiting_for(Waiting::Queued),
            held: self.store.waiting_for(Waiting::Held) > 0,
            paused,
        }
    }

    /// Time goes on as usual, stands still, jumps, is set back.
    fn pass(&mut self) {
        let mut fires = |most: u64| i64::try_from(self.dice.below(most)).unwrap();
        // In tenths of what lies between two fires.
        let tenths = match fires(200) {
            0 => fires(40_000),
            1..=9 => -fires(3_000),
            10..=19 => 0,
            20..=29 => fires(300),
            _ => fires(40),
        };
        let seconds = (tenths * self.period / 10).max(-86_400);
        let nanos = i32::try_from(self.dice.below(1_000_000_000)).unwrap();
        self.now += SignedDuration::new(seconds, 0) + SignedDuration::from_nanos(nanos.into());
    }

    /// One daemon looks; another may have looked at the same state, and either may be killed.
    fn step(&mut self) {
        self.pass();
        for (nominal, ended) in &mut self.store.executions {
            *ended |= nominal.as_second() % 3 != 0 || self.dice.below(40) == 0;
        }
        let paused = self.dice.below(50) == 0;
        let decided = decide_due(&self.situation(paused));
        let again = decide_due(&self.situation(paused));
        assert_eq!(decided, again, "two daemons come to the same");
        // The first is killed before it records, or the second is refused: it comes too late.
        if self.dice.below(10) > 0 {
            self.record(decided);
        }
        self.release();
    }

    fn record(&mut self, decided: Vec<Decision>) {
        for decision in decided {
            assert!(decision.first > self.store.last_handled);
            self.store.last_handled = decision.last;
            match &decision.verdict {
                Verdict::Start { .. } => self.start(decision.first),
                Verdict::Queued => {
                    self.store.waiting.insert(decision.first, Waiting::Queued);
                }
                Verdict::Held { until, .. } => {
                    assert!(*until > self.now);
                    assert_eq!(self.store.waiting_for(Waiting::Held), 0);
                    self.store.waiting.insert(decision.first, Waiting::Held);
                }
                Verdict::Missed { .. } | Verdict::Skipped { .. } => {}
            }
            self.store.rows.push(decision);
        }
    }

    fn start(&mut self, nominal: Timestamp) {
        let covered = self.calendar.covers(self.now);
        assert!(covered.is_none(), "{nominal} is started in a blackout");
        let alone = self.policy.overlap != oos::schedule::Overlap::Allow;
        assert!(
            !alone || self.store.running() == 0,
            "{nominal} is started beside another"
        );
        self.store.start(nominal);
    }

    /// Asks about the first that waits.
    fn release(&mut self) {
        let Some((nominal, waiting)) = self.store.waiting.pop_first() else {
            return;
        };
        let situation = Situation {
            // Those behind it are not before it.
            queued: 0,
            held: self.store.waiting_for(Waiting::Held) > 0,
            ..self.situation(false)
        };
        match decide_waiting(&situation, waiting) {
            Verdict::Start { .. } => self.start(nominal),
            Verdict::Queued => {
                self.store.waiting.insert(nominal, Waiting::Queued);
            }
            Verdict::Held { .. } => {
                self.store.waiting.insert(nominal, Waiting::Held);
            }
            Verdict::Skipped { .. } => {}
            Verdict::Missed { .. } => panic!("what waits was not missed"),
        }
    }

    /// Compares the rows with the nominal times, one by one where there are not too many.
    fn check(&self) -> u64 {
        let mut before = self.begin;
        let mut total = 0;
        for row in &self.store.rows {
            assert_eq!(
                self.schedule.count_between(before, row.last),
                row.count,
                "{row:?}"
            );
            let first = self.schedule.next_after(before).unwrap();
            assert_eq!(first.nominal, row.first);
            assert!(row.count > 1 || row.first == row.last);
            let one_by_one = matches!(
                row.verdict,
                Verdict::Missed { .. } | Verdict::Skipped { .. }
            );
            assert!(row.count == 1 || one_by_one);
            before = row.last;
            total += row.count;
        }
        assert_eq!(
            total,
            self.schedule
                .count_between(self.begin, self.store.last_handled)
        );
        total
    }
}

#[test]
fn every_nominal_time_is_decided_on_once_and_started_at_most_once() {
    let wanted = if long_form() { LONG } else { SHORT };
    let (mut fires, mut rows, mut starts, mut worlds) = (0, 0, 0, 0);
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    while rows < wanted {
        worlds += 1;
        let mut world = World::new(worlds);
        for _ in 0..150 {
            world.step();
        }
        fires += world.check();
        rows += world.store.rows.len();
        starts += world.store.executions.len();
        for row in &world.store.rows {
            let words = row.verdict.to_string();
            let kind = words.split([':', '`']).next().unwrap().trim().to_owned();
            *kinds.entry(kind).or_default() += 1;
        }
    }
    eprintln!("report: {fires} fires in {worlds} worlds: {rows} rows, {starts} starts; {kinds:?}");
    // Everything that can happen has happened.
    for kind in [
        "started",
        "started late, as it was missed",
        "missed",
        "skipped",
    ] {
        assert!(kinds.contains_key(kind), "{kind}");
    }
    assert!(
        kinds
            .keys()
            .any(|kind| kind.starts_with("waits for the end of"))
    );
    assert!(kinds.contains_key("waits for executions before it"));
}
