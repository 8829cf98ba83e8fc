//! Cases about people.

use futures::future::join_all;

use crate::{
    domain::{UserRole, UserState},
    server::store::{Store, UserPatch},
};

use super::fixtures::{new_user, user};

pub(super) async fn the_first_is_the_administrator(store: &dyn Store) {
    assert!(!store.any_user().await.unwrap());
    let first = store.create_user(&new_user("ada@example.com")).await.unwrap().unwrap();
    let second = store.create_user(&new_user("bob@example.com")).await.unwrap().unwrap();
    assert_eq!((first.role, second.role), (UserRole::Admin, UserRole::Member));
    assert_eq!(first.state, UserState::Active);
    assert!(store.any_user().await.unwrap());
    assert_eq!(store.user(&first.id).await.unwrap(), Some(first));
    assert_eq!(store.user(&second.id).await.unwrap(), Some(second));
}

pub(super) async fn of_twenty_at_once_one_is_the_administrator(store: &dyn Store) {
    let new: Vec<_> = (0..20).map(|number| new_user(&format!("u{number}@example.com"))).collect();
    let made = join_all(new.iter().map(|user| store.create_user(user))).await;
    let roles: Vec<_> = made.into_iter().map(|user| user.unwrap().unwrap().role).collect();
    assert_eq!(roles.iter().filter(|role| **role == UserRole::Admin).count(), 1, "{roles:?}");
}

pub(super) async fn an_email_is_taken_once(store: &dyn Store) {
    let first = store.create_user(&new_user("ada@example.com")).await.unwrap().unwrap();
    assert_eq!(store.create_user(&new_user("ada@example.com")).await.unwrap(), None);
    let known = store.credentials("ada@example.com").await.unwrap().unwrap();
    assert_eq!(known.user.id, first.id);
}

pub(super) async fn an_email_is_taken_once_also_at_once(store: &dyn Store) {
    let new: Vec<_> = (0..20).map(|_| new_user("ada@example.com")).collect();
    let made = join_all(new.iter().map(|user| store.create_user(user))).await;
    let made: Vec<_> = made.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].role, UserRole::Admin);
}

pub(super) async fn credentials_carry_the_hash(store: &dyn Store) {
    let new = new_user("ada@example.com");
    let user = store.create_user(&new).await.unwrap().unwrap();
    let found = store.credentials("ada@example.com").await.unwrap().unwrap();
    assert_eq!((found.user, found.password_hash), (user, new.password_hash));
    assert!(store.credentials("ADA@example.com").await.unwrap().is_none());
}

pub(super) async fn a_patch_changes_what_it_names(store: &dyn Store) {
    let mut ada = user(store).await;
    let bob = user(store).await;
    assert_eq!(store.update_user(&ada.id, &UserPatch::default()).await.unwrap(), Some(ada.clone()));
    let patch = UserPatch { name: Some("Ada L.".to_owned()), ..UserPatch::default() };
    ada.name = "Ada L.".to_owned();
    assert_eq!(store.update_user(&ada.id, &patch).await.unwrap(), Some(ada.clone()));
    let patch = UserPatch {
        password_hash: Some("$other".to_owned()),
        role: Some(UserRole::Member),
        state: Some(UserState::Disabled),
        ..UserPatch::default()
    };
    (ada.role, ada.state) = (UserRole::Member, UserState::Disabled);
    assert_eq!(store.update_user(&ada.id, &patch).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.credentials(&ada.email).await.unwrap().unwrap().password_hash, "$other");
    assert_eq!(store.user(&bob.id).await.unwrap(), Some(bob));
}

pub(super) async fn a_missing_user_is_a_normal_answer(store: &dyn Store) {
    assert!(store.user("nobody").await.unwrap().is_none());
    assert!(store.credentials("nobody@example.com").await.unwrap().is_none());
    let patch = UserPatch { name: Some("x".to_owned()), ..UserPatch::default() };
    assert!(store.update_user("nobody", &patch).await.unwrap().is_none());
    assert!(store.update_user("nobody", &UserPatch::default()).await.unwrap().is_none());
}
