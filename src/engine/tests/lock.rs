//! Locks: a unit does nothing before it has what it must have to itself.

use serde_json::json;

use crate::base::call::CallFault;
use crate::engine::effect::{Effect, EffectKey};
use crate::engine::event::{Cap, Fact, Lock, Request, UnitId};
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus as S, SafetyCheck};
use crate::engine::tests::world::World;

fn locked(lock: &str) -> String {
    format!(
        "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: DeleteIt}}
    Lock: {lock}
    Loop: {{Items: [b, a, c], RateControl: {{Concurrency: 2, MaxErrors: 3}}}}
"
    )
}

/// Returns the units that want locks, with what they want.
fn wanted(world: &World) -> Vec<(UnitId, Lock)> {
    let owed = world.owed.iter();
    owed.filter_map(|(key, effect)| match (key, effect) {
        (EffectKey::Lock(unit), Effect::Lock { lock, .. }) => Some((*unit, lock.clone())),
        _ => None,
    })
    .collect()
}

#[track_caller]
fn grant(world: &mut World, item: u32) {
    let (unit, _) = wanted(world)
        .into_iter()
        .find(|(unit, _)| unit.item == Some(item))
        .expect("the item wants a lock");
    world.tell(&Input::LockGranted { unit }).unwrap();
}

#[test]
fn an_item_calls_once_it_has_its_lock() {
    let mut world = World::start(&locked("'{{ ACS::TaskLoopItem }}'"));
    assert!(world.calls().is_empty());
    assert_eq!(wanted(&world)[0].1.names, ["b"]);
    assert_eq!(world.live.status(), S::Running);
    grant(&mut world, 1);
    assert_eq!(
        world.items(),
        [1],
        "whoever has it does not wait for the others"
    );
    let unit = world.calls()[0].0;
    assert_eq!(wanted(&world).len(), 1, "what is granted is not asked for");
    assert_eq!(
        world.tell(&Input::LockGranted { unit }),
        Err(Refused::Stale)
    );
    world.answer(json!({}));
    assert!(world.tell(&Input::LockGranted { unit }).is_err());
    grant(&mut world, 0);
    grant(&mut world, 2);
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn an_execution_waits_for_people_although_items_wait_for_locks() {
    let mut world = World::start(&locked("all"));
    grant(&mut world, 0);
    assert_eq!(world.live.status(), S::Running);
    world.answer_item(
        0,
        Err(CallFault::Unknown {
            reason: "cut".into(),
        }),
    );
    // Another item waits for what this one has: only a person can go on.
    assert_eq!(world.live.status(), S::Waiting);
    world.say("ann", Request::SkipTask { task: None }).unwrap();
    assert_eq!(world.live.status(), S::Running);
    grant(&mut world, 1);
    assert_eq!(world.items(), [1]);
}

#[test]
fn who_waits_for_a_lock_can_be_cancelled_and_refused() {
    let mut world = World::start(&locked("all"));
    let unit = wanted(&world)[0].0;
    let reason = "it can never be".to_owned();
    world.tell(&Input::LockRefused { unit, reason }).unwrap();
    world.say("ann", Request::Cancel).unwrap();
    world.ended(S::Cancelled);
    assert_eq!(
        world.count(|fact| matches!(fact, Fact::LockGranted { .. })),
        0
    );
}

#[test]
fn people_are_asked_before_a_lock_is_taken() {
    let mut world = World::start_with(&locked("all"), |started| {
        started.safety_check = SafetyCheck::ConfirmEveryHighRiskAction;
    });
    assert!(wanted(&world).is_empty());
    world.say("ann", Request::Approve { task: None }).unwrap();
    assert!(!wanted(&world).is_empty());
    assert!(world.calls().is_empty());
}

#[test]
fn a_share_of_a_group_is_counted_from_the_items_or_from_what_is_said() {
    #[track_caller]
    fn case(lock: &str, limit: u32) {
        let world = World::start(&locked(lock));
        let group = "web".to_owned();
        assert_eq!(
            wanted(&world)[0].1.cap,
            Some(Cap { group, limit }),
            "{lock}"
        );
    }
    case("{Group: web, MaxInChange: 70%}", 2);
    case("{Group: web, MaxInChange: 10%}", 1);
    case("{Group: web, MaxInChange: 10%, Of: 300}", 30);
    case("{Names: x, Group: web, MaxInChange: 5}", 5);
    let world = World::start(&locked("{Group: web}"));
    world.ended(S::Success);
    assert_eq!(
        world.count(|fact| matches!(fact, Fact::UnitStarted { .. })),
        0,
        "none could begin"
    );
}
