//! Cases about sessions.

use crate::{
    domain::User,
    server::store::{Session, Store},
};

use super::fixtures::{LATER, NOW, session, user};

async fn begin(store: &dyn Store, user: &User) -> Session {
    let session = session(user);
    store.create_session(&session).await.unwrap();
    session
}

pub(super) async fn a_session_comes_with_its_user(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let (one, two) = (begin(store, &ada).await, begin(store, &bob).await);
    assert_eq!(store.session(&one.id).await.unwrap(), Some((one, ada)));
    assert_eq!(store.session(&two.id).await.unwrap(), Some((two, bob)));
    assert!(store.session("none").await.unwrap().is_none());
}

pub(super) async fn touching_moves_the_expiry(store: &dyn Store) {
    let ada = user(store).await;
    let mut one = begin(store, &ada).await;
    let other = begin(store, &ada).await;
    (one.last_seen_at, one.expires_at) = (NOW + 5, LATER + 5);
    assert!(store.touch_session(&one.id, NOW + 5, LATER + 5).await.unwrap());
    assert_eq!(store.session(&one.id).await.unwrap().unwrap().0, one);
    assert_eq!(store.session(&other.id).await.unwrap().unwrap().0, other);
    assert!(!store.touch_session("none", NOW, LATER).await.unwrap());
}

pub(super) async fn deleting_ends_one(store: &dyn Store) {
    let ada = user(store).await;
    let (one, other) = (begin(store, &ada).await, begin(store, &ada).await);
    assert!(store.delete_session(&one.id).await.unwrap());
    assert!(!store.delete_session(&one.id).await.unwrap());
    assert!(!store.touch_session(&one.id, NOW, LATER).await.unwrap());
    assert!(store.session(&one.id).await.unwrap().is_none());
    assert!(store.session(&other.id).await.unwrap().is_some());
}

pub(super) async fn deleting_others_keeps_one(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let (one, two, three) = (begin(store, &ada).await, begin(store, &ada).await, begin(store, &ada).await);
    let foreign = begin(store, &bob).await;
    let mut ended = store.delete_sessions(&ada.id, Some(&two.id)).await.unwrap();
    ended.sort();
    assert_eq!(ended, [one.id, three.id]);
    assert!(store.session(&two.id).await.unwrap().is_some());
    assert_eq!(store.delete_sessions(&ada.id, None).await.unwrap(), [two.id]);
    assert!(store.delete_sessions(&ada.id, None).await.unwrap().is_empty());
    assert!(store.session(&foreign.id).await.unwrap().is_some());
}

pub(super) async fn expired_ones_are_removed(store: &dyn Store) {
    let ada = user(store).await;
    let mut sessions = Vec::new();
    for offset in [-1, 0, 1] {
        let session = Session { expires_at: LATER + offset, ..session(&ada) };
        store.create_session(&session).await.unwrap();
        sessions.push(session);
    }
    assert_eq!(store.delete_expired_sessions(LATER).await.unwrap(), 2);
    assert_eq!(store.delete_expired_sessions(LATER).await.unwrap(), 0);
    assert!(store.session(&sessions[1].id).await.unwrap().is_none());
    assert!(store.session(&sessions[2].id).await.unwrap().is_some());
}
