//! The queue of locks.

use super::fixture::{
    event, id, loop_started, started, task_started, unit, unit_ended, unit_started,
};
use super::{Bench, on_every_store};
use crate::base::id::ExecutionId;
use crate::engine::event::{Cap, End, Fact, Lock, Work};
use crate::store::{Journal as _, LockWish, Locks as _, Ownership as _, Standing, Store, Turn};

on_every_store! {
    a_name_is_had_by_one_and_goes_to_who_came_first
    all_names_are_granted_at_once_or_none
    a_group_takes_only_so_many
    an_end_calls_only_who_is_next
    who_is_given_up_has_nothing
    a_new_attempt_of_a_task_asks_anew
    the_end_of_an_execution_gives_everything_back
    who_waits_and_dies_leaves_the_queue
    who_is_at_work_and_dies_keeps_what_it_has_until_its_end_is_recorded
    who_runs_in_a_lock_may_want_no_other
}

fn wish(execution: ExecutionId, item: u32, names: &[&str]) -> LockWish {
    LockWish {
        execution,
        unit: unit(0, Some(item)),
        lock: Lock {
            names: names.iter().map(ToString::to_string).collect(),
            cap: None,
        },
        inside: None,
    }
}

fn capped(execution: ExecutionId, item: u32, names: &[&str], limit: u32) -> LockWish {
    let mut wish = wish(execution, item, names);
    let group = "web".to_owned();
    wish.lock.cap = Some(Cap { group, limit });
    wish
}

/// Begins an execution with a loop of four items at work.
async fn begin(store: &impl Store, id: &ExecutionId) -> u64 {
    let items = ["a", "b", "c", "d"].map(Into::into).to_vec();
    let mut events = vec![started(id), loop_started(1, 0, items)];
    events.extend((0..4).map(|item| unit_started(2, unit(0, Some(item)), Work::Pause)));
    store.append(id, 0, &events).await.unwrap()
}

/// Records that an item has its lock, and another fact.
async fn record(store: &impl Store, id: &ExecutionId, facts: Vec<Fact>) {
    let seq = store.read(id).await.unwrap().len() as u64;
    let events: Vec<_> = facts.into_iter().map(|fact| event(3, fact)).collect();
    store.append(id, seq, &events).await.unwrap();
}

fn granted(item: u32) -> Fact {
    let unit = unit(0, Some(item));
    Fact::LockGranted { unit }
}

fn item_ended(item: u32) -> Fact {
    unit_ended(3, unit(0, Some(item)), End::SKIPPED).fact
}

/// Returns whose turn has come, as the number of the execution and the item.
async fn turns(store: &impl Store) -> Vec<(ExecutionId, Option<u32>)> {
    let turns = store.turns().await.unwrap().into_iter();
    turns
        .map(
            |Turn {
                 execution, item, ..
             }| (execution, item),
        )
        .collect()
}

async fn a_name_is_had_by_one_and_goes_to_who_came_first<B: Bench>(bench: B) {
    let (one, two) = (bench.open(), bench.open());
    let _owners = [1, 2, 3].map(|number| one.claim(&id(number)).unwrap().unwrap());
    begin(&one, &id(1)).await;
    let first = wish(id(1), 0, &["x"]);
    assert_eq!(one.lock(&first).await.unwrap(), Standing::Granted);
    assert_eq!(
        one.lock(&first).await.unwrap(),
        Standing::Granted,
        "it has it"
    );
    let (second, third) = (wish(id(2), 0, &["x"]), wish(id(3), 0, &["x"]));
    assert_eq!(two.lock(&second).await.unwrap(), Standing::WaitingForOthers);
    assert_eq!(one.lock(&third).await.unwrap(), Standing::WaitingForOthers);
    let seen = one.locks(&id(3)).await.unwrap();
    assert_eq!(
        (seen[0].granted, seen[0].waits_for.as_slice()),
        (false, &[id(1)][..]),
        "who has it is named"
    );
    record(&one, &id(1), vec![item_ended(0)]).await;
    assert_eq!(
        one.lock(&third).await.unwrap(),
        Standing::WaitingForOthers,
        "nobody overtakes"
    );
    assert_eq!(two.lock(&second).await.unwrap(), Standing::Granted);
    // A late question of a unit that has ended puts nothing into the queue.
    assert_eq!(one.lock(&first).await.unwrap(), Standing::Waiting);
    assert!(one.locks(&id(1)).await.unwrap().is_empty());
}

async fn all_names_are_granted_at_once_or_none<B: Bench>(bench: B) {
    let store = bench.open();
    let _owners = [1, 2, 3].map(|number| store.claim(&id(number)).unwrap().unwrap());
    begin(&store, &id(1)).await;
    let (left, both) = (wish(id(1), 0, &["a"]), wish(id(2), 0, &["a", "b"]));
    assert_eq!(store.lock(&left).await.unwrap(), Standing::Granted);
    assert_eq!(store.lock(&both).await.unwrap(), Standing::WaitingForOthers);
    // `b` is free, but the one who wants both came before.
    let right = wish(id(3), 0, &["b"]);
    assert_eq!(
        store.lock(&right).await.unwrap(),
        Standing::WaitingForOthers
    );
    let other = wish(id(3), 1, &["c"]);
    assert_eq!(store.lock(&other).await.unwrap(), Standing::Granted);
    // In other orders of the same names: nobody waits for who waits for them.
    let crossed = wish(id(3), 2, &["b", "a"]);
    assert_eq!(
        store.lock(&crossed).await.unwrap(),
        Standing::WaitingForOthers
    );
    record(&store, &id(1), vec![item_ended(0)]).await;
    assert_eq!(store.lock(&both).await.unwrap(), Standing::Granted);
}

async fn a_group_takes_only_so_many<B: Bench>(bench: B) {
    let store = bench.open();
    let _owners = [1, 2, 3].map(|number| store.claim(&id(number)).unwrap().unwrap());
    begin(&store, &id(1)).await;
    for item in 0..2 {
        let wish = capped(id(1), item, &[], 2);
        assert_eq!(store.lock(&wish).await.unwrap(), Standing::Granted);
    }
    let held = wish(id(3), 0, &["x"]);
    assert_eq!(store.lock(&held).await.unwrap(), Standing::Granted);
    let named = capped(id(2), 0, &["x"], 2);
    let (next, last) = (capped(id(2), 1, &[], 2), capped(id(2), 2, &[], 3));
    for waits in [&named, &next] {
        assert_eq!(store.lock(waits).await.unwrap(), Standing::WaitingForOthers);
    }
    assert_eq!(
        store.lock(&last).await.unwrap(),
        Standing::WaitingForOthers,
        "others came first"
    );
    let seen = store.locks(&id(2)).await.unwrap();
    assert_eq!(seen[1].waits_for, [id(1)], "who is in change is named");
    record(
        &store,
        &id(1),
        vec![Fact::TaskEnded {
            task: 0,
            end: End::SKIPPED,
            target: None,
        }],
    )
    .await;
    // The first waits for a name, not for a place: it keeps nobody from one.
    assert_eq!(store.lock(&next).await.unwrap(), Standing::Granted);
    assert_eq!(store.lock(&last).await.unwrap(), Standing::Granted);
    assert_eq!(
        store.lock(&named).await.unwrap(),
        Standing::WaitingForOthers
    );
}

async fn an_end_calls_only_who_is_next<B: Bench>(bench: B) {
    let store = bench.open();
    let _owners = [1, 2].map(|number| store.claim(&id(number)).unwrap().unwrap());
    begin(&store, &id(1)).await;
    begin(&store, &id(2)).await;
    for execution in [id(1), id(2)] {
        for item in 0..3 {
            store
                .lock(&wish(execution.clone(), item, &["x"]))
                .await
                .unwrap();
        }
    }
    assert_eq!(turns(&store).await, [(id(1), Some(0))]);
    record(&store, &id(1), vec![granted(0)]).await;
    assert_eq!(turns(&store).await, [], "who is at work is not called");
    record(&store, &id(1), vec![item_ended(0)]).await;
    assert_eq!(turns(&store).await, [(id(1), Some(1))]);
    // Its end comes before it has begun; so does that of one in the queue.
    record(&store, &id(1), vec![item_ended(2), item_ended(1)]).await;
    assert_eq!(turns(&store).await, [(id(2), Some(0))]);
}

/// A person has a task of unknown outcome run again: its items stand in the queue anew, behind others
/// that may take all the places of the loop.
async fn who_is_given_up_has_nothing<B: Bench>(bench: B) {
    let store = bench.open();
    let _owner = store.claim(&id(1)).unwrap().unwrap();
    begin(&store, &id(1)).await;
    let (lost, other) = (wish(id(1), 0, &["x"]), wish(id(1), 1, &["x"]));
    assert_eq!(store.lock(&lost).await.unwrap(), Standing::Granted);
    let reason = "cut".to_owned();
    let unit = unit(0, Some(0));
    record(
        &store,
        &id(1),
        vec![granted(0), Fact::UnitLost { unit, reason }],
    )
    .await;
    assert_eq!(store.lock(&other).await.unwrap(), Standing::Waiting);
    record(&store, &id(1), vec![task_started(4, 0).fact]).await;
    assert_eq!(store.lock(&other).await.unwrap(), Standing::Granted);
}

async fn a_new_attempt_of_a_task_asks_anew<B: Bench>(bench: B) {
    let store = bench.open();
    let _owner = store.claim(&id(1)).unwrap().unwrap();
    let only = unit(0, None);
    let events = [
        started(&id(1)),
        task_started(1, 0),
        unit_started(2, only, Work::Pause),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    let mut asked = wish(id(1), 0, &["x"]);
    asked.unit = only;
    assert_eq!(store.lock(&asked).await.unwrap(), Standing::Granted);
    let reason = "cut".to_owned();
    let lost = Fact::UnitLost { unit: only, reason };
    let again = task_started(4, 0).fact;
    record(
        &store,
        &id(1),
        vec![Fact::LockGranted { unit: only }, lost, again],
    )
    .await;
    assert!(store.locks(&id(1)).await.unwrap().is_empty());
}

async fn the_end_of_an_execution_gives_everything_back<B: Bench>(bench: B) {
    let store = bench.open();
    let _owners = [1, 2].map(|number| store.claim(&id(number)).unwrap().unwrap());
    begin(&store, &id(1)).await;
    let (first, second) = (wish(id(1), 0, &["x"]), wish(id(2), 0, &["x"]));
    store.lock(&first).await.unwrap();
    store.lock(&second).await.unwrap();
    let ended = Fact::ExecutionEnded {
        status: crate::engine::status::ExecutionStatus::Cancelled,
        outputs: crate::base::value::Map::new(),
        message: String::new(),
    };
    record(&store, &id(1), vec![granted(0), ended]).await;
    assert_eq!(turns(&store).await, [(id(2), Some(0))]);
}

async fn who_waits_and_dies_leaves_the_queue<B: Bench>(bench: B) {
    let store = bench.open();
    let mut owners = [1, 2, 3, 4].map(|number| store.claim(&id(number)).unwrap());
    begin(&store, &id(1)).await;
    for number in 1..=4 {
        store.lock(&wish(id(number), 0, &["x"])).await.unwrap();
    }
    // The second dies before its turn, and nobody has noticed when that comes.
    owners[1] = None;
    record(&store, &id(1), vec![item_ended(0)]).await;
    assert_eq!(turns(&store).await, [(id(3), Some(0))]);
    assert!(store.locks(&id(2)).await.unwrap().is_empty());
    // The third dies after its turn has come, before its unit began.
    store.sweep().await.unwrap();
    assert_eq!(
        turns(&store).await,
        [(id(3), Some(0))],
        "who lives is left alone"
    );
    owners[2] = None;
    store.sweep().await.unwrap();
    assert_eq!(turns(&store).await, [(id(4), Some(0))]);
    // It is taken up again, and stands at the end.
    let _owner = store.claim(&id(3)).unwrap().unwrap();
    let again = store.lock(&wish(id(3), 0, &["x"])).await.unwrap();
    assert_eq!(again, Standing::WaitingForOthers);
}

/// What it began may go on: a command on a host, a person who thinks.
async fn who_is_at_work_and_dies_keeps_what_it_has_until_its_end_is_recorded<B: Bench>(bench: B) {
    let store = bench.open();
    let owner = store.claim(&id(1)).unwrap().unwrap();
    let _other = store.claim(&id(2)).unwrap().unwrap();
    begin(&store, &id(1)).await;
    let (first, second) = (wish(id(1), 0, &["x"]), wish(id(2), 0, &["x"]));
    assert_eq!(store.lock(&first).await.unwrap(), Standing::Granted);
    record(&store, &id(1), vec![granted(0)]).await;
    assert_eq!(
        store.lock(&second).await.unwrap(),
        Standing::WaitingForOthers
    );
    drop(owner);
    store.sweep().await.unwrap();
    assert_eq!(turns(&store).await, []);
    let _owner = store.claim(&id(1)).unwrap().unwrap();
    assert_eq!(store.lock(&first).await.unwrap(), Standing::Granted);
    record(&store, &id(1), vec![item_ended(0)]).await;
    assert_eq!(store.lock(&second).await.unwrap(), Standing::Granted);
}

async fn who_runs_in_a_lock_may_want_no_other<B: Bench>(bench: B) {
    let store = bench.open();
    let _owner = store.claim(&id(1)).unwrap().unwrap();
    let mut around = capped(id(1), 0, &["a", "b"], 1);
    around.inside = Some(id(1).child(1));
    assert_eq!(store.lock(&around).await.unwrap(), Standing::Granted);
    let within = capped(id(1).child(1).child(4), 0, &["b"], 1);
    assert_eq!(store.lock(&within).await.unwrap(), Standing::Granted);
    let more = wish(id(1).child(1), 1, &["b", "c"]);
    assert!(
        matches!(store.lock(&more).await.unwrap(), Standing::Refused(reason) if reason.contains("`c`"))
    );
    // Another item of the same execution is somebody else.
    let beside = wish(id(1).child(2), 0, &["b"]);
    assert_eq!(store.lock(&beside).await.unwrap(), Standing::Waiting);
}
