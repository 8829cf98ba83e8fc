//! Second factors: a step and a recovery code are used once.

use super::fixtures::{id, user};
use crate::{domain::User, server::store::Store};

fn codes(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("hash {number}")).collect()
}

/// A person with a confirmed second factor, whose step 100 is used.
async fn with_factor(store: &dyn Store) -> User {
    let ada = user(store).await;
    assert!(store.begin_second_factor(&ada.id, "seed").await.unwrap());
    assert!(store.confirm_second_factor(&ada.id, "seed", 100, &codes(3)).await.unwrap());
    ada
}

pub(super) async fn a_seed_counts_when_it_is_confirmed(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    assert_eq!(store.second_factor(&ada.id).await.unwrap(), None);
    assert!(!store.begin_second_factor(&id(), "seed").await.unwrap(), "there is no such person");
    assert!(store.begin_second_factor(&ada.id, "first").await.unwrap());
    assert!(store.begin_second_factor(&ada.id, "second").await.unwrap());
    let found = store.second_factor(&ada.id).await.unwrap().unwrap();
    assert_eq!(
        (&*found.seed, found.confirmed, found.last_step, found.recovery_left),
        ("second", false, 0, 0)
    );
    // Nothing can be used or replaced before that.
    assert!(!store.use_step(&ada.id, 200).await.unwrap());
    assert!(!store.replace_recovery_codes(&ada.id, &codes(2)).await.unwrap());
    assert_eq!(store.use_recovery_code(&ada.id, "hash 0").await.unwrap(), None);
    assert!(!store.confirm_second_factor(&ada.id, "first", 7, &codes(3)).await.unwrap());
    assert!(!store.confirm_second_factor(&bob.id, "second", 7, &codes(3)).await.unwrap());
    assert!(store.confirm_second_factor(&ada.id, "second", 7, &codes(3)).await.unwrap());
    assert!(!store.confirm_second_factor(&ada.id, "second", 8, &codes(9)).await.unwrap());
    assert!(!store.begin_second_factor(&ada.id, "third").await.unwrap());
    let found = store.second_factor(&ada.id).await.unwrap().unwrap();
    assert_eq!((&*found.seed, found.confirmed, found.last_step, found.recovery_left), ("second", true, 7, 3));
    assert_eq!(store.second_factor(&bob.id).await.unwrap(), None);
}

pub(super) async fn a_step_is_used_once(store: &dyn Store) {
    let (ada, bob) = (with_factor(store).await, with_factor(store).await);
    for (step, used) in [(100, false), (101, true), (101, false), (99, false), (103, true), (102, false)] {
        assert_eq!(store.use_step(&ada.id, step).await.unwrap(), used, "{step}");
    }
    assert!(store.use_step(&bob.id, 101).await.unwrap(), "each person has steps of their own");
    assert!(!store.use_step("none", 101).await.unwrap());
}

pub(super) async fn of_twenty_that_use_a_step_one_does(store: &dyn Store) {
    let ada = with_factor(store).await;
    let used = futures::future::join_all((0..20).map(|_| store.use_step(&ada.id, 101))).await;
    assert_eq!(used.into_iter().filter(|used| *used.as_ref().unwrap()).count(), 1);
}

pub(super) async fn a_recovery_code_is_used_once(store: &dyn Store) {
    let (ada, bob) = (with_factor(store).await, with_factor(store).await);
    assert_eq!(store.use_recovery_code(&ada.id, "hash 1").await.unwrap(), Some(2));
    assert_eq!(store.use_recovery_code(&ada.id, "hash 1").await.unwrap(), None);
    assert_eq!(store.use_recovery_code(&ada.id, "hash").await.unwrap(), None);
    assert_eq!(store.use_recovery_code(&bob.id, "hash 1").await.unwrap(), Some(2));
    assert!(store.replace_recovery_codes(&ada.id, &["new".to_owned()]).await.unwrap());
    assert_eq!(store.use_recovery_code(&ada.id, "hash 0").await.unwrap(), None);
    assert_eq!(store.use_recovery_code(&ada.id, "new").await.unwrap(), Some(0));
    assert_eq!(store.second_factor(&ada.id).await.unwrap().unwrap().recovery_left, 0);
}

pub(super) async fn of_twenty_that_use_a_recovery_code_one_does(store: &dyn Store) {
    let ada = with_factor(store).await;
    let uses = (0..20).map(|_| store.use_recovery_code(&ada.id, "hash 2"));
    let used: Vec<_> = futures::future::join_all(uses).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(used, [2]);
}

pub(super) async fn a_removed_second_factor_is_gone_whole(store: &dyn Store) {
    let (ada, bob) = (with_factor(store).await, with_factor(store).await);
    assert!(store.remove_second_factor(&ada.id).await.unwrap());
    assert!(!store.remove_second_factor(&ada.id).await.unwrap());
    assert!(!store.use_step(&ada.id, 200).await.unwrap());
    assert_eq!(store.use_recovery_code(&ada.id, "hash 0").await.unwrap(), None);
    assert!(store.begin_second_factor(&ada.id, "seed").await.unwrap());
    let found = store.second_factor(&ada.id).await.unwrap().unwrap();
    assert_eq!((found.confirmed, found.recovery_left), (false, 0));
    assert!(store.second_factor(&bob.id).await.unwrap().unwrap().confirmed);
}
