//! Identities at providers: each is one person's, and goes with the account.

use super::fixtures::{id, new_user, registered, user};
use crate::{
    domain::Identity,
    server::store::{NewUser, Store, Updated, UserPatch},
};

pub(super) fn identity(user_id: &str, subject: &str) -> Identity {
    let (user_id, provider, subject) = (user_id.to_owned(), "acme".to_owned(), subject.to_owned());
    Identity { id: id(), user_id, provider, subject, made_at: 1000, used_at: 1000 }
}

pub(super) async fn a_subject_of_a_provider_is_one_persons(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let of_ada = identity(&ada.id, "7");
    assert!(store.connect_identity(&of_ada).await.unwrap());
    assert!(!store.connect_identity(&identity(&bob.id, "7")).await.unwrap());
    assert!(!store.connect_identity(&identity(&ada.id, "7")).await.unwrap());
    assert!(!store.connect_identity(&identity("nobody", "8")).await.unwrap());
    let elsewhere = Identity { provider: "other".to_owned(), ..identity(&bob.id, "7") };
    assert!(store.connect_identity(&elsewhere).await.unwrap());
    assert_eq!(store.identity("acme", "7").await.unwrap(), Some(of_ada.clone()));
    assert_eq!(store.identity("acme", "8").await.unwrap(), None);
    assert_eq!(store.identity("other", "7").await.unwrap(), Some(elsewhere.clone()));
    assert_eq!(store.identities(&ada.id).await.unwrap(), [of_ada]);
    assert_eq!(store.identities(&bob.id).await.unwrap(), [elsewhere]);
}

pub(super) async fn of_twenty_that_connect_a_subject_one_does(store: &dyn Store) {
    let ada = user(store).await;
    let all: Vec<Identity> = (0..20).map(|_| identity(&ada.id, "7")).collect();
    let made = futures::future::join_all(all.iter().map(|one| store.connect_identity(one))).await;
    assert_eq!(made.into_iter().filter(|made| *made.as_ref().unwrap()).count(), 1);
    assert_eq!(store.identities(&ada.id).await.unwrap().len(), 1);
}

pub(super) async fn an_identity_is_used_and_disconnected_by_its_person(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let of_ada = identity(&ada.id, "7");
    assert!(store.connect_identity(&of_ada).await.unwrap());
    store.use_identity(&of_ada.id, 2000).await.unwrap();
    assert_eq!(store.identity("acme", "7").await.unwrap().unwrap().used_at, 2000);
    assert!(!store.disconnect_identity(&bob.id, &of_ada.id, None).await.unwrap());
    assert!(store.disconnect_identity(&ada.id, &of_ada.id, None).await.unwrap());
    assert!(!store.disconnect_identity(&ada.id, &of_ada.id, None).await.unwrap());
    assert_eq!(store.identity("acme", "7").await.unwrap(), None);
}

pub(super) async fn of_the_last_two_identities_one_stays(store: &dyn Store) {
    let ada = user(store).await;
    let usable = ["acme".to_owned(), "other".to_owned()];
    for round in 0..5 {
        let one = identity(&ada.id, &format!("{round}"));
        let two = Identity { provider: "other".to_owned(), ..identity(&ada.id, &format!("{round}")) };
        let unusable = Identity { provider: "gone".to_owned(), ..identity(&ada.id, &format!("{round}")) };
        for each in [&one, &two, &unusable] {
            assert!(store.connect_identity(each).await.unwrap());
        }
        let (first, second) = tokio::join!(
            store.disconnect_identity(&ada.id, &one.id, Some(&usable)),
            store.disconnect_identity(&ada.id, &two.id, Some(&usable)),
        );
        assert_ne!(first.unwrap(), second.unwrap());
        for each in [one, two, unusable] {
            store.disconnect_identity(&ada.id, &each.id, None).await.unwrap();
        }
    }
    let other =
        UserPatch { email_verified: Some(true), old_login: Some("no".to_owned()), ..UserPatch::default() };
    assert_eq!(store.update_user(&ada.id, &other, None).await.unwrap(), Updated::Missing);
    let same = UserPatch { old_login: Some(ada.login.clone()), ..other };
    assert!(matches!(store.update_user(&ada.id, &same, None).await.unwrap(), Updated::Done(..)));
}

pub(super) async fn an_account_is_made_with_its_identity_and_takes_it_along(store: &dyn Store) {
    let _first = user(store).await;
    let new = new_user("lin@example.org");
    let new = NewUser { email_verified: true, identity: Some(identity(&new.id, "7")), ..new };
    let lin = registered(store, &new).await.unwrap();
    assert!(lin.email_verified);
    assert_eq!(store.identities(&lin.id).await.unwrap(), [new.identity.clone().unwrap()]);
    // An address that is taken makes neither.
    let again = new_user("lin@example.org");
    let again = NewUser { identity: Some(identity(&again.id, "8")), ..again };
    assert!(registered(store, &again).await.is_none());
    assert_eq!(store.identity("acme", "8").await.unwrap(), None);
    store.close_account(&lin.id, Some(1)).await.unwrap();
    assert_eq!(store.identity("acme", "7").await.unwrap(), None);
    assert!(!store.connect_identity(&identity(&lin.id, "9")).await.unwrap());
}

pub(super) async fn a_visit_ends_once(store: &dyn Store) {
    let ends = futures::future::join_all((0..20).map(|_| store.end_visit("h1", 1000, 10))).await;
    assert_eq!(ends.into_iter().filter(|ended| *ended.as_ref().unwrap()).count(), 1);
    assert!(store.end_visit("h2", 1000, 999).await.unwrap());
    assert!(!store.end_visit("h1", 1000, 999).await.unwrap());
    // Its time is over, so nothing is left of it; the server refuses it because of its age.
    assert!(store.end_visit("h1", 2000, 1000).await.unwrap());
}
