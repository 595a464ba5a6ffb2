//! Signals between processes.

use super::fixture::id;
use super::{Bench, on_every_store};
use crate::engine::event::{Request, Signal};
use crate::store::Mailbox as _;

on_every_store! {
    signals_arrive_in_order_and_are_answered_once
    owner_is_woken_by_another_process
}

pub(super) fn signal(note: &str) -> Signal {
    Signal {
        by: "anna".into(),
        note: note.into(),
        request: Request::Cancel,
        plan: None,
        number: None,
    }
}

async fn signals_arrive_in_order_and_are_answered_once<B: Bench>(bench: B) {
    let (sender, owner) = (bench.open(), bench.open());
    let one = sender.post(&id(1), &signal("one")).await.unwrap();
    let other = sender.post(&id(2), &signal("other")).await.unwrap();
    let two = sender.post(&id(1), &signal("two")).await.unwrap();
    assert!(0 < one && one < other && other < two);
    let waiting = owner.waiting(&id(1)).await.unwrap();
    assert_eq!(waiting, [(one, signal("one")), (two, signal("two"))]);
    assert_eq!(sender.answer(one).await.unwrap(), None);
    owner.settle(one, Some("not now".into())).await.unwrap();
    owner.settle(one, None).await.unwrap();
    owner.settle(two, None).await.unwrap();
    assert_eq!(
        sender.answer(one).await.unwrap(),
        Some(Err("not now".into()))
    );
    assert_eq!(sender.answer(two).await.unwrap(), Some(Ok(())));
    assert_eq!(owner.waiting(&id(1)).await.unwrap(), []);
    assert_eq!(owner.waiting(&id(2)).await.unwrap().len(), 1);
}

async fn owner_is_woken_by_another_process<B: Bench>(bench: B) {
    let (sender, owner) = (bench.open(), bench.open());
    let first = sender.post(&id(1), &signal("early")).await.unwrap();
    assert_eq!(owner.posted(0).await.unwrap(), [(first, id(1))]);
    let (woken, second) = tokio::join!(owner.posted(first), async {
        sender.post(&id(2), &signal("late")).await.unwrap()
    });
    assert_eq!(woken.unwrap(), [(second, id(2))]);
}
