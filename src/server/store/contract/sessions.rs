//! Cases about sessions.

use crate::{
    domain::{Scope, SessionKind, User, UserState},
    server::store::{KeyOutcome, Session, Store, UserPatch, Visit},
};

use super::fixtures::{HASH, LATER, NOW, id, session, user};

async fn begin(store: &dyn Store, user: &User) -> Session {
    let session = session(user);
    assert!(store.create_session(&session, Some(HASH)).await.unwrap());
    session
}

fn visit(later: i64) -> Visit<'static> {
    Visit { at: NOW + later, expires_at: LATER + later, address: "2001:db8::" }
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
    one.address = "2001:db8::".to_owned();
    assert!(store.touch_session(&one.id, visit(5)).await.unwrap());
    assert_eq!(store.user(&ada.id).await.unwrap().unwrap().seen_at, Some(NOW + 5));
    assert_eq!(store.session(&one.id).await.unwrap().unwrap().0, one);
    assert_eq!(store.session(&other.id).await.unwrap().unwrap().0, other);
    assert!(!store.touch_session("none", visit(0)).await.unwrap());
}

pub(super) async fn deleting_ends_one_session(store: &dyn Store) {
    let ada = user(store).await;
    let (one, other) = (begin(store, &ada).await, begin(store, &ada).await);
    assert!(store.delete_session(&one.id).await.unwrap());
    assert!(!store.delete_session(&one.id).await.unwrap());
    assert!(!store.touch_session(&one.id, visit(0)).await.unwrap());
    assert!(store.session(&one.id).await.unwrap().is_none());
    assert!(store.session(&other.id).await.unwrap().is_some());
}

pub(super) async fn deleting_others_keeps_one_session(store: &dyn Store) {
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

pub(super) async fn expired_sessions_are_removed(store: &dyn Store) {
    let ada = user(store).await;
    let mut sessions = Vec::new();
    for offset in [-1, 0, 1] {
        let session = Session { expires_at: LATER + offset, ..session(&ada) };
        assert!(store.create_session(&session, Some(HASH)).await.unwrap());
        sessions.push(session);
    }
    assert_eq!(store.delete_expired_sessions(LATER).await.unwrap(), 2);
    assert_eq!(store.delete_expired_sessions(LATER).await.unwrap(), 0);
    assert!(store.session(&sessions[1].id).await.unwrap().is_none());
    assert!(store.session(&sessions[2].id).await.unwrap().is_some());
}

pub(super) async fn an_old_password_begins_no_session(store: &dyn Store) {
    user(store).await;
    let ada = user(store).await;
    assert!(!store.create_session(&session(&ada), Some("$other")).await.unwrap());
    let nobody = Session { user_id: "nobody".to_owned(), ..session(&ada) };
    assert!(!store.create_session(&nobody, Some(HASH)).await.unwrap());
    let change = UserPatch { password_hash: Some("$new".to_owned()), ..UserPatch::default() };
    store.update_user(&ada.id, &change, None).await.unwrap();
    let (old, new) = (session(&ada), session(&ada));
    assert!(!store.create_session(&old, Some(HASH)).await.unwrap());
    assert!(store.create_session(&new, Some("$new")).await.unwrap());
    assert!(
        store.session(&old.id).await.unwrap().is_none() && store.session(&new.id).await.unwrap().is_some()
    );
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    store.update_user(&ada.id, &disabled, None).await.unwrap();
    assert!(!store.create_session(&session(&ada), Some("$new")).await.unwrap());
}

/// However sign-ins and a change of the password meet, no session that began with the old password is left.
pub(super) async fn a_change_of_password_races_with_signing_in(store: &dyn Store) {
    user(store).await;
    for round in 0..4 {
        let ada = user(store).await;
        let sessions: Vec<Session> = (0..12).map(|_| session(&ada)).collect();
        let patch = match round % 2 {
            0 => UserPatch { password_hash: Some("$new".to_owned()), ..UserPatch::default() },
            _ => UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() },
        };
        let begin = |session| async move { store.create_session(session, Some(HASH)).await.unwrap() };
        let (begun, changed) = futures::join!(
            futures::future::join_all(sessions.iter().map(begin)),
            store.update_user(&ada.id, &patch, None)
        );
        let (_, ended) = changed.unwrap().done().unwrap();
        assert_eq!(begun.iter().filter(|begun| **begun).count(), ended.len(), "{begun:?}");
        for session in &sessions {
            assert!(store.session(&session.id).await.unwrap().is_none());
        }
    }
}

pub(super) async fn valid_sessions_are_told_apart_from_ended_ones(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let (stays, gone, foreign) =
        (begin(store, &ada).await, begin(store, &ada).await, begin(store, &bob).await);
    let expired = Session { expires_at: NOW + 5, ..session(&ada) };
    assert!(store.create_session(&expired, Some(HASH)).await.unwrap());
    store.delete_session(&gone.id).await.unwrap();
    let ids = [&stays, &gone, &expired, &foreign].map(|session| session.id.clone());
    let valid = async |now| {
        let mut valid = store.valid_sessions(&ids, now).await.unwrap();
        valid.sort();
        valid
    };
    assert_eq!(valid(NOW + 4).await, [ids[0].clone(), ids[3].clone(), ids[2].clone()]);
    assert_eq!(valid(NOW + 5).await, [ids[0].clone(), ids[3].clone()]);
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    store.update_user(&bob.id, &disabled, None).await.unwrap();
    assert_eq!(valid(NOW + 5).await, [ids[0].clone()]);
    assert!(store.valid_sessions(&[], NOW).await.unwrap().is_empty());
}

pub(super) async fn without_a_password_a_session_needs_an_active_account(store: &dyn Store) {
    user(store).await;
    let ada = user(store).await;
    assert!(store.create_session(&session(&ada), None).await.unwrap());
    let nobody = Session { user_id: "nobody".to_owned(), ..session(&ada) };
    assert!(!store.create_session(&nobody, None).await.unwrap());
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    store.update_user(&ada.id, &disabled, None).await.unwrap();
    assert!(!store.create_session(&session(&ada), None).await.unwrap());
}

pub(super) async fn a_key_outlives_a_new_password_but_no_disabled_account(store: &dyn Store) {
    let (bob, ada) = (user(store).await, user(store).await);
    let browser = begin(store, &ada).await;
    let key = Session {
        kind: SessionKind::Key,
        name: "Bot 🤖".to_owned(),
        scope: Scope::Read,
        secret_hash: Some("abc".to_owned()),
        proved_at: 0,
        last_seen_at: NOW - 1,
        ..session(&ada)
    };
    assert!(store.create_session(&key, None).await.unwrap());
    assert_eq!(store.session(&key.id).await.unwrap(), Some((key.clone(), ada.clone())));
    assert!(store.prove_session(&browser.id, NOW + 7).await.unwrap());
    assert!(!store.prove_session("none", NOW).await.unwrap());
    let browser = Session { proved_at: NOW + 7, ..browser };
    assert_eq!(store.sessions_of(&ada.id, NOW).await.unwrap(), [browser.clone(), key.clone()]);
    assert!(store.sessions_of(&ada.id, LATER).await.unwrap().is_empty(), "they have expired then");
    assert!(store.sessions_of(&bob.id, NOW).await.unwrap().is_empty());
    let password = UserPatch { password_hash: Some("$new".to_owned()), ..UserPatch::default() };
    let (_, ended) = store.update_user(&ada.id, &password, None).await.unwrap().done().unwrap();
    assert_eq!(ended, [browser.id]);
    assert!(store.delete_sessions(&ada.id, None).await.unwrap().is_empty());
    assert!(!store.delete_session_of(&bob.id, &key.id).await.unwrap(), "it is somebody else's");
    assert!(store.delete_session_of(&ada.id, &key.id).await.unwrap());
    assert!(!store.delete_session_of(&ada.id, &key.id).await.unwrap());
    assert!(store.create_session(&key, None).await.unwrap());
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    let (_, ended) = store.update_user(&ada.id, &disabled, Some(&key.id)).await.unwrap().done().unwrap();
    assert_eq!(ended, [key.id]);
}

pub(super) async fn of_fifty_keys_at_once_no_more_than_the_limit_are_made(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let key = |of: &User| Session { kind: SessionKind::Key, secret_hash: Some(id()), ..session(of) };
    let expired = Session { expires_at: NOW, ..key(&ada) };
    assert_eq!(store.create_key(&expired, 5).await.unwrap(), KeyOutcome::Made);
    begin(store, &ada).await;
    let keys: Vec<Session> = (0..50).map(|_| key(&ada)).collect();
    let made = futures::future::join_all(keys.iter().map(|key| store.create_key(key, 5))).await;
    let made: Vec<KeyOutcome> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|made| **made == KeyOutcome::Made).count(), 5, "{made:?}");
    assert_eq!(made.iter().filter(|made| **made == KeyOutcome::TooMany).count(), 45, "{made:?}");
    assert_eq!(store.create_key(&key(&bob), 5).await.unwrap(), KeyOutcome::Made);
    let nobody = Session { user_id: "nobody".to_owned(), ..key(&bob) };
    assert_eq!(store.create_key(&nobody, 5).await.unwrap(), KeyOutcome::Missing);
}
