//! The decision on every nominal time that has come, exactly once.
//!
//! Whoever asks keeps one moment, the last nominal time that was decided on, and records it together
//! with what was decided. Nominal times up to it are never looked at again, so none is decided twice,
//! however clocks jump; all after it are, so none is left out.

use std::time::Duration;

use super::jitter::jitter;
use super::rules::{InBlackout, Missed, Overlap, Policy};
use super::verdict::{Decision, MissedReason, SkipReason, Verdict};
use crate::base::time::Timestamp;
use crate::schedule::calendar::Calendar;
use crate::schedule::timer::Schedule;

/// How long after its time a fire still counts as on time: longer than a busy machine is late.
pub const GRACE: Duration = Duration::from_mins(1);

/// Most decisions on missed times in one answer; older ones are put together into one.
pub const ROWS: u64 = 1_000;

/// What is known at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The schedule.
    pub schedule: &'a Schedule,
    /// Its name, for the jitter.
    pub name: &'a str,
    /// The rules that it goes by.
    pub policy: &'a Policy,
    /// When nothing is to start.
    pub calendar: &'a Calendar,
    /// The last nominal time that was decided on, or when the schedule was made.
    pub last_handled: Timestamp,
    /// The moment.
    pub now: Timestamp,
    /// How many executions of the schedule run.
    pub running: u32,
    /// How many nominal times wait for them.
    pub queued: u32,
    /// Whether one waits for the end of a blackout.
    pub held: bool,
    /// Whether the schedule is paused.
    pub paused: bool,
}

/// A nominal time that comes to a decision in this answer.
#[derive(Clone, Copy)]
struct Due {
    nominal: Timestamp,
    late: bool,
}

/// Decides on the nominal times after `last_handled` that are due by `now`, in order. The last of the
/// last decision is the next `last_handled`; without decisions it stays. A clock that was set back gives
/// none.
pub fn decide_due(situation: &Situation<'_>) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut after = situation.last_handled;
    if let Some(decision) = put_together(situation) {
        after = decision.last;
        decisions.push(decision);
    }
    let due = due(situation, after);
    let late = due.partition_point(|due| due.late);
    let mut rest = *situation;
    for (at, due_now) in due.iter().enumerate() {
        let verdict = match not_made_up(situation, &due, at, late) {
            _ if situation.paused => SkipReason::Paused.into(),
            Some(reason) => Verdict::Missed { reason },
            None => start(&rest, due_now.late),
        };
        match verdict {
            Verdict::Start { .. } => rest.running += 1,
            Verdict::Queued => rest.queued += 1,
            Verdict::Held { .. } => rest.held = true,
            Verdict::Missed { .. } | Verdict::Skipped { .. } => {}
        }
        decisions.push(Decision {
            first: due_now.nominal,
            last: due_now.nominal,
            count: 1,
            verdict,
        });
    }
    decisions
}

/// Returns when there is something to decide next, if clocks go on as usual; `None` if never. It may lie
/// in the past.
pub fn next_decision(situation: &Situation<'_>) -> Option<Timestamp> {
    let fire = situation.schedule.next_after(situation.last_handled)?;
    Some(due_at(situation, fire.nominal))
}

/// What a nominal time waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// The end of a blackout.
    Held,
    /// The end of executions before it. Of several the first one is asked about first.
    Queued,
}

/// Decides on a nominal time that waits, which `situation` does not count: to start it, to let it wait on
/// ([`Verdict::Queued`], [`Verdict::Held`]), or to skip it.
pub fn decide_waiting(situation: &Situation<'_>, waiting: Waiting) -> Verdict {
    let policy = match waiting {
        Waiting::Held => *situation.policy,
        // It has a place in the queue.
        Waiting::Queued => Policy {
            overlap: Overlap::Queue { at_most: u32::MAX },
            ..*situation.policy
        },
    };
    let situation = Situation {
        policy: &policy,
        ..*situation
    };
    if situation.paused {
        return SkipReason::Paused.into();
    }
    start(&situation, false)
}

/// Decides on a nominal time that is to be started: whether anything is in the way.
fn start(situation: &Situation<'_>, late: bool) -> Verdict {
    if let Some(blackout) = situation.calendar.covers(situation.now) {
        let (by, until) = (blackout.name.to_owned(), blackout.until);
        return match situation.policy.blackout {
            InBlackout::Hold if situation.held => SkipReason::AlreadyHeld.into(),
            InBlackout::Hold => Verdict::Held { by, until },
            InBlackout::Skip => SkipReason::Blackout { by, until }.into(),
        };
    }
    match situation.policy.overlap {
        _ if situation.running == 0 && situation.queued == 0 => Verdict::Start { late },
        Overlap::Allow => Verdict::Start { late },
        Overlap::Skip => SkipReason::StillRunning.into(),
        Overlap::Queue { at_most } if situation.queued < at_most => Verdict::Queued,
        Overlap::Queue { .. } => SkipReason::QueueFull.into(),
    }
}

/// Returns why the nominal time at `at` is not made up for, of which the first `late` are late; `None`
/// if it is, or if it is on time.
fn not_made_up(
    situation: &Situation<'_>,
    due: &[Due],
    at: usize,
    late: usize,
) -> Option<MissedReason> {
    if at >= late {
        return None;
    }
    match situation.policy.missed {
        Missed::Skip => Some(MissedReason::Policy),
        // Whatever comes later, late or on time, makes up for it.
        Missed::Once => (at + 1 < due.len()).then_some(MissedReason::OnceForAll),
        Missed::All { at_most, window } => {
            let age = situation.now.duration_since(due[at].nominal).unsigned_abs();
            if age > window {
                return Some(MissedReason::TooOld);
            }
            (late - at > at_most as usize).then_some(MissedReason::TooMany)
        }
    }
}

/// Puts the oldest nominal times that are late together if there are too many of them.
fn put_together(situation: &Situation<'_>) -> Option<Decision> {
    let late = GRACE + situation.policy.jitter;
    // Whatever the jitter, these are late.
    let until = situation.now.checked_sub(late).ok()?;
    let schedule = situation.schedule;
    let count = schedule.count_between(situation.last_handled, until);
    if count <= ROWS {
        return None;
    }
    let last = schedule.last_before_newest(ROWS - 1, situation.last_handled, until);
    let first = schedule.next_after(situation.last_handled)?;
    let reason = match situation.policy.missed {
        Missed::Skip => MissedReason::Policy,
        Missed::Once => MissedReason::OnceForAll,
        Missed::All { .. } => MissedReason::TooMany,
    };
    Some(Decision {
        first: first.nominal,
        last,
        count: count - schedule.count_between(last, until),
        verdict: if situation.paused {
            SkipReason::Paused.into()
        } else {
            Verdict::Missed { reason }
        },
    })
}

/// Returns the nominal times after `after` that are due by now. They come in order: one whose jitter is
/// short waits for those before it.
fn due(situation: &Situation<'_>, after: Timestamp) -> Vec<Due> {
    let now = situation.now;
    let mut latest = Timestamp::MIN;
    let fires = situation.schedule.fires_between(after, now);
    fires
        .map(|fire| {
            latest = latest.max(due_at(situation, fire.nominal));
            (fire.nominal, latest)
        })
        .take_while(|(_, due)| *due <= now)
        .map(|(nominal, due)| Due {
            nominal,
            late: now.duration_since(due).unsigned_abs() > GRACE,
        })
        .collect()
}

/// Returns when a nominal time is acted upon.
fn due_at(situation: &Situation<'_>, nominal: Timestamp) -> Timestamp {
    let delay = jitter(situation.name, nominal, situation.policy.jitter);
    nominal.saturating_add(delay).unwrap_or(Timestamp::MAX)
}

impl From<SkipReason> for Verdict {
    fn from(reason: SkipReason) -> Self {
        Self::Skipped { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{TimerSettings, Zone};
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(kind: &str, expression: &str) -> Schedule {
        let settings = TimerSettings {
            kind,
            expression,
            time_zone: None,
            start_date: None,
            end_date: None,
            started: at("2030-01-01T00:00:00Z"),
        };
        Schedule::parse(&settings).unwrap()
    }

    /// Nothing special: hourly, looked at a moment after 12:00.
    struct World {
        schedule: Schedule,
        policy: Policy,
        calendar: Calendar,
    }

    impl World {
        fn new(policy: Policy) -> Self {
            Self {
                schedule: schedule("cron", "0 0 * * * *"),
                policy,
                calendar: Calendar::default(),
            }
        }

        fn situation<'a>(&'a self, last_handled: &str, now: &str) -> Situation<'a> {
            Situation {
                schedule: &self.schedule,
                name: "hourly",
                policy: &self.policy,
                calendar: &self.calendar,
                last_handled: at(&format!("2030-01-02T{last_handled}Z")),
                now: at(&format!("2030-01-02T{now}Z")),
                running: 0,
                queued: 0,
                held: false,
                paused: false,
            }
        }
    }

    /// What is decided, as `HH: words`.
    fn told(situation: &Situation<'_>) -> Vec<String> {
        decide_due(situation)
            .iter()
            .map(|decision| format!("{}: {}", decision.first.strftime("%H"), decision.verdict))
            .collect()
    }

    #[test]
    fn a_nominal_time_that_has_come_is_started() {
        let world = World::new(Policy::default());
        assert_eq!(told(&world.situation("11:00:00", "11:59:59")), [""; 0]);
        assert_eq!(
            told(&world.situation("11:00:00", "12:00:00")),
            ["12: started"]
        );
        assert_eq!(
            told(&world.situation("11:00:00", "12:01:00")),
            ["12: started"]
        );
        assert_eq!(told(&world.situation("12:00:00", "12:01:00")), [""; 0]);
        // The clock was set back.
        assert_eq!(told(&world.situation("12:00:00", "09:00:00")), [""; 0]);
    }

    #[test]
    fn missed_times_are_skipped_made_up_for_once_or_all() {
        #[track_caller]
        fn case(missed: &str, now: &str, expected: &[&str]) {
            let missed = missed.parse().unwrap();
            let world = World::new(Policy {
                missed,
                ..Policy::default()
            });
            assert_eq!(told(&world.situation("08:00:00", now)), expected);
        }
        let skipped = "missed: nobody was there, and missed times are skipped";
        let skip = |hour: &str| format!("{hour}: {skipped}");
        let (nine, ten, eleven) = (skip("09"), skip("10"), skip("11"));
        let on_time = "12: started";
        case("skip", "12:00:05", &[&nine, &ten, &eleven, on_time]);
        case("skip", "11:30:00", &[&nine, &ten, &eleven]);
        let once = "missed: nobody was there, and a later start makes up for all";
        let once = |hour: &str| format!("{hour}: {once}");
        let (nine, ten, eleven) = (once("09"), once("10"), once("11"));
        case("once", "12:00:05", &[&nine, &ten, &eleven, on_time]);
        case(
            "once",
            "11:30:00",
            &[&nine, &ten, "11: started late, as it was missed"],
        );
        let late = |hour: &str| format!("{hour}: started late, as it was missed");
        let (nine, ten, eleven) = (late("09"), late("10"), late("11"));
        case("all", "12:00:05", &[&nine, &ten, &eleven, on_time]);
        let many = "09: missed: nobody was there, and too many were missed to make up for all";
        case("all:2", "12:00:05", &[many, &ten, &eleven, on_time]);
        let old = "09: missed: nobody was there, and it is too old to make up for";
        case("all:5:PT2H", "11:30:00", &[old, &ten, &eleven]);
    }

    #[test]
    fn what_runs_lets_the_next_one_run_beside_it_skips_it_or_lets_it_wait() {
        #[track_caller]
        fn case(overlap: &str, running: u32, queued: u32, expected: &str) {
            let overlap = overlap.parse().unwrap();
            let world = World::new(Policy {
                overlap,
                ..Policy::default()
            });
            let situation = Situation {
                running,
                queued,
                ..world.situation("11:00:00", "12:00:00")
            };
            assert_eq!(told(&situation), [format!("12: {expected}")]);
        }
        case("allow", 3, 0, "started");
        case("skip", 0, 0, "started");
        case(
            "skip",
            1,
            0,
            "skipped: the execution before it was still running",
        );
        case("queue", 1, 0, "waits for executions before it");
        case("queue", 0, 1, "skipped: as many were waiting as may");
        case("queue:2", 0, 1, "waits for executions before it");
        // Starts of the same answer count.
        let policy = Policy {
            missed: "all".parse().unwrap(),
            overlap: Overlap::Skip,
            ..Policy::default()
        };
        let world = World::new(policy);
        let expected = [
            "11: started late, as it was missed",
            "12: skipped: the execution before it was still running",
        ];
        assert_eq!(told(&world.situation("10:00:00", "12:00:00")), expected);
    }

    #[test]
    fn one_nominal_time_waits_for_the_end_of_a_blackout() {
        let list = json!([{"Name": "freeze", "Weekly": "MON-SUN 11:30-12:30"}]);
        let mut world = World::new(Policy::default());
        world.calendar = Calendar::from_value(&list, &Zone::UTC).unwrap();
        let at_noon = world.situation("11:00:00", "12:00:00");
        let until = "until 2030-01-02T12:30:00Z";
        let held = "12: waits for the end of `freeze` at 2030-01-02T12:30:00Z";
        assert_eq!(told(&at_noon), [held]);
        let second = Situation {
            held: true,
            ..at_noon
        };
        let already = "12: skipped: another one waits already for the end of a blackout";
        assert_eq!(told(&second), [already]);
        let skip = Policy {
            blackout: InBlackout::Skip,
            ..Policy::default()
        };
        let skipping = Situation {
            policy: &skip,
            ..at_noon
        };
        assert_eq!(
            told(&skipping),
            [format!("12: skipped: in `freeze` {until}")]
        );
        // And then it is started, or waits for what else there is.
        let still = world.situation("12:00:00", "12:29:59");
        assert!(matches!(
            decide_waiting(&still, Waiting::Held),
            Verdict::Held { .. }
        ));
        let over = world.situation("12:00:00", "12:30:00");
        let started = Verdict::Start { late: false };
        assert_eq!(decide_waiting(&over, Waiting::Held), started);
        let queue = Policy {
            overlap: Overlap::Queue { at_most: 1 },
            ..Policy::default()
        };
        let busy = Situation {
            policy: &queue,
            running: 1,
            ..over
        };
        assert_eq!(decide_waiting(&busy, Waiting::Held), Verdict::Queued);
        assert_eq!(decide_waiting(&busy, Waiting::Queued), Verdict::Queued);
        let idle = Situation { running: 0, ..busy };
        assert_eq!(decide_waiting(&idle, Waiting::Queued), started);
    }

    #[test]
    fn while_a_schedule_is_paused_its_times_are_skipped() {
        let world = World::new(Policy::default());
        let situation = Situation {
            paused: true,
            ..world.situation("10:00:00", "12:00:00")
        };
        let paused = [
            "11: skipped: the schedule was paused",
            "12: skipped: the schedule was paused",
        ];
        assert_eq!(told(&situation), paused);
    }

    #[test]
    fn jitter_delays_a_start_and_changes_no_order() {
        let policy = Policy {
            jitter: Duration::from_mins(30),
            ..Policy::default()
        };
        let world = World::new(policy);
        let situation = world.situation("11:00:00", "12:00:00");
        let due = next_decision(&situation).unwrap();
        assert!(at("2030-01-02T12:00:00Z") < due && due < at("2030-01-02T12:30:00Z"));
        assert_eq!(told(&situation), [""; 0]);
        let now = due;
        assert_eq!(told(&Situation { now, ..situation }), ["12: started"]);
        // Ten minutes apart, delayed by up to thirty: none before the one before it.
        let dense = schedule("rate", "10 minutes");
        let mut situation = Situation {
            schedule: &dense,
            ..situation
        };
        let mut last = situation.last_handled;
        for _ in 0..300 {
            situation.now += Duration::from_mins(1);
            for decision in decide_due(&situation) {
                assert_eq!(decision.first, last + Duration::from_mins(10));
                last = decision.last;
            }
            situation.last_handled = last;
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test measures time")]
    fn a_year_of_missed_seconds_costs_little_and_loses_none() {
        let mut world = World::new(Policy {
            missed: "all:3".parse().unwrap(),
            ..Policy::default()
        });
        world.schedule = schedule("cron", "* * * * * *");
        let mut situation = world.situation("00:00:00", "00:00:00");
        situation.now = at("2031-01-02T00:00:00.5Z");
        let begin = std::time::Instant::now();
        let decisions = decide_due(&situation);
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{:?}",
            begin.elapsed()
        );
        let total: u64 = decisions.iter().map(|decision| decision.count).sum();
        assert_eq!(total, 365 * 24 * 3600);
        assert!(decisions.len() <= 1_100, "{}", decisions.len());
        let many = Verdict::Missed {
            reason: MissedReason::TooMany,
        };
        assert_eq!(decisions[0].verdict, many);
        assert_eq!(decisions[0].first, at("2030-01-02T00:00:01Z"));
        let started = |late: bool| {
            let is = |decision: &&Decision| decision.verdict == Verdict::Start { late };
            decisions.iter().filter(is).count()
        };
        assert_eq!((started(true), started(false)), (3, 60));
    }

    #[test]
    fn decisions_are_written_and_read_alike() {
        let verdicts = [
            (
                Verdict::Start { late: true },
                json!({"verdict": "start", "late": true}),
            ),
            (Verdict::Queued, json!({"verdict": "queued"})),
            (
                Verdict::Missed {
                    reason: MissedReason::TooOld,
                },
                json!({"verdict": "missed", "reason": "too-old"}),
            ),
            (
                SkipReason::AlreadyHeld.into(),
                json!({"verdict": "skipped", "reason": "already-held"}),
            ),
            (
                SkipReason::Blackout {
                    by: "x".to_owned(),
                    until: at("2030-01-01T00:00:00Z"),
                }
                .into(),
                json!({
                    "verdict": "skipped", "reason": "blackout", "by": "x",
                    "until": "2030-01-01T00:00:00Z",
                }),
            ),
        ];
        for (verdict, written) in verdicts {
            assert_eq!(serde_json::to_value(&verdict).unwrap(), written);
            assert_eq!(serde_json::from_value::<Verdict>(written).unwrap(), verdict);
        }
    }
}
