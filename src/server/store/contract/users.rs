//! Cases about people.

use futures::future::join_all;

use crate::{
    domain::{Preferences, PreferencesPatch, User, UserRole, UserState},
    server::store::{Admission, First, Registered, Reset, Session, Store, Updated, UserPatch},
};

use super::fixtures::{HASH, NOW, new_user, registered, session, user};

async fn updated(store: &dyn Store, id: &str, patch: &UserPatch) -> Option<User> {
    store.update_user(id, patch, None).await.unwrap().done().map(|(user, _)| user)
}

pub(super) async fn the_first_is_the_administrator(store: &dyn Store) {
    assert!(!store.any_user().await.unwrap());
    let first = registered(store, &new_user("ada@example.com")).await.unwrap();
    let second = registered(store, &new_user("bob@example.com")).await.unwrap();
    assert_eq!((first.role, second.role), (UserRole::Admin, UserRole::Member));
    assert_eq!(first.state, UserState::Active);
    assert!(store.any_user().await.unwrap());
    assert_eq!(store.user(&first.id).await.unwrap(), Some(first));
    assert_eq!(store.user(&second.id).await.unwrap(), Some(second));
}

pub(super) async fn of_twenty_at_once_one_is_the_administrator(store: &dyn Store) {
    let new: Vec<_> = (0..20).map(|number| new_user(&format!("u{number}@example.com"))).collect();
    let made = join_all(new.iter().map(|user| registered(store, user))).await;
    let roles: Vec<_> = made.into_iter().map(|user| user.unwrap().role).collect();
    assert_eq!(roles.iter().filter(|role| **role == UserRole::Admin).count(), 1, "{roles:?}");
}

pub(super) async fn an_email_is_taken_once(store: &dyn Store) {
    let first = registered(store, &new_user("ada@example.com")).await.unwrap();
    assert_eq!(registered(store, &new_user("ada@example.com")).await, None);
    let known = store.credentials("ada@example.com").await.unwrap().unwrap();
    assert_eq!(known.user.id, first.id);
}

pub(super) async fn an_email_is_taken_once_also_at_once(store: &dyn Store) {
    let new: Vec<_> = (0..20).map(|_| new_user("ada@example.com")).collect();
    let made = join_all(new.iter().map(|user| registered(store, user))).await;
    let made: Vec<_> = made.into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].role, UserRole::Admin);
}

pub(super) async fn credentials_carry_the_hash(store: &dyn Store) {
    let new = new_user("ada@example.com");
    let user = registered(store, &new).await.unwrap();
    let found = store.credentials("ada@example.com").await.unwrap().unwrap();
    assert_eq!((found.user, found.password_hash), (user, new.password_hash));
    assert!(store.credentials("ADA@example.com").await.unwrap().is_none());
}

pub(super) async fn a_patch_changes_what_it_names(store: &dyn Store) {
    let bob = user(store).await;
    let mut ada = user(store).await;
    assert_eq!(updated(store, &ada.id, &UserPatch::default()).await, Some(ada.clone()));
    let patch = UserPatch { name: Some("Ada L.".to_owned()), ..UserPatch::default() };
    ada.name = "Ada L.".to_owned();
    assert_eq!(updated(store, &ada.id, &patch).await, Some(ada.clone()));
    let patch = UserPatch {
        password_hash: Some("$other".to_owned()),
        role: Some(UserRole::Member),
        state: Some(UserState::Disabled),
        ..UserPatch::default()
    };
    (ada.role, ada.state) = (UserRole::Member, UserState::Disabled);
    assert_eq!(updated(store, &ada.id, &patch).await, Some(ada.clone()));
    assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.credentials(&ada.login).await.unwrap().unwrap().password_hash, "$other");
    assert_eq!(store.user(&bob.id).await.unwrap(), Some(bob));
}

pub(super) async fn a_language_is_chosen_and_taken_back(store: &dyn Store) {
    let mut ada = user(store).await;
    assert_eq!(ada.language, None, "nobody has chosen one");
    for language in [Some("zh-CN".to_owned()), Some("en".to_owned()), None] {
        let patch = UserPatch { language: Some(language.clone()), ..UserPatch::default() };
        ada.language = language;
        assert_eq!(updated(store, &ada.id, &patch).await, Some(ada.clone()));
        let name = UserPatch { name: Some("Ada L.".to_owned()), ..UserPatch::default() };
        ada.name = "Ada L.".to_owned();
        assert_eq!(updated(store, &ada.id, &name).await, Some(ada.clone()), "another change leaves it");
        let session = session(&ada);
        assert!(store.create_session(&session, Some(HASH)).await.unwrap());
        let (_, found) = store.session(&session.id).await.unwrap().unwrap();
        assert_eq!(found, ada);
    }
}

fn choosing(change: &str) -> UserPatch {
    UserPatch { preferences: Some(serde_json::from_str(change).unwrap()), ..UserPatch::default() }
}

pub(super) async fn preferences_change_field_by_field(store: &dyn Store) {
    let mut ada = user(store).await;
    assert_eq!(ada.preferences, Preferences::default());
    for change in [
        r#"{"theme":"dark","palette":"sea","single_keys":false,"favourites":["a/b","c/d"],"last_model":"a/b"}"#,
        r#"{"system_prompt":"Grüße, 世界 🎉","params":{"temperature":0.7,"max_tokens":1000000,"turns":3}}"#,
        r#"{"theme":null,"favourites":null}"#,
        r#"{"params":{"reasoning_effort":"minimal"}}"#,
        "{}",
    ] {
        let patch = choosing(change);
        patch.preferences.as_ref().unwrap().apply(&mut ada.preferences);
        assert_eq!(updated(store, &ada.id, &patch).await, Some(ada.clone()), "{change}");
        let name = UserPatch { name: Some("Ada L.".to_owned()), ..UserPatch::default() };
        ada.name = "Ada L.".to_owned();
        assert_eq!(updated(store, &ada.id, &name).await, Some(ada.clone()), "another change leaves them");
        assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    }
    let session = session(&ada);
    assert!(store.create_session(&session, Some(HASH)).await.unwrap());
    assert_eq!(store.session(&session.id).await.unwrap().unwrap().1, ada);
    assert!(updated(store, "nobody", &choosing(r#"{"theme":"dark"}"#)).await.is_none());
}

pub(super) async fn favourites_chosen_at_once_are_all_kept(store: &dyn Store) {
    let ada = user(store).await;
    let patches: Vec<_> = (0..8)
        .map(|number| {
            let favourite = Some((format!("acme/{number}"), true));
            let preferences = Some(PreferencesPatch { favourite, ..PreferencesPatch::default() });
            UserPatch { preferences, ..UserPatch::default() }
        })
        .collect();
    join_all(patches.iter().map(|patch| updated(store, &ada.id, patch))).await;
    let mut kept = store.user(&ada.id).await.unwrap().unwrap().preferences.favourites;
    kept.sort();
    assert_eq!(kept, (0..8).map(|number| format!("acme/{number}")).collect::<Vec<_>>());
}

pub(super) async fn a_missing_user_is_a_normal_answer(store: &dyn Store) {
    assert!(store.user("nobody").await.unwrap().is_none());
    assert!(store.credentials("nobody@example.com").await.unwrap().is_none());
    let patch = UserPatch { name: Some("x".to_owned()), ..UserPatch::default() };
    assert!(updated(store, "nobody", &patch).await.is_none());
    assert!(updated(store, "nobody", &UserPatch::default()).await.is_none());
}

pub(super) async fn closed_registration_lets_one_of_fifty_in(store: &dyn Store) {
    let new: Vec<_> = (0..50).map(|number| new_user(&format!("u{number}@example.com"))).collect();
    let made = join_all(new.iter().map(|user| store.create_user(user, Admission::ONLY_FIRST))).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    let first: Vec<_> = made
        .iter()
        .filter_map(|made| match made {
            Registered::Made(user) => Some(user),
            _ => None,
        })
        .collect();
    assert_eq!((first.len(), first[0].role), (1, UserRole::Admin), "{made:?}");
    assert_eq!(made.iter().filter(|made| **made == Registered::Closed).count(), 49);
    assert_eq!(store.create_user(&new[0], Admission::ONLY_FIRST).await.unwrap(), Registered::Closed);
    for new in &new {
        assert_eq!(store.user(&new.id).await.unwrap().is_some(), new.id == first[0].id);
    }
    assert!(matches!(
        store.create_user(&new_user("later@example.com"), Admission::ANYBODY).await,
        Ok(Registered::Made(_))
    ));
}

/// The roles of those who were let in of fifty people who come at once, and what the others were told.
async fn fifty(store: &dyn Store, admission: Admission<'_>) -> (Vec<UserRole>, Vec<Registered>) {
    let new: Vec<_> = (0..50).map(|number| new_user(&format!("u{number}@example.com"))).collect();
    let (mut roles, mut others) = (Vec::new(), Vec::new());
    for made in join_all(new.iter().map(|user| store.create_user(user, admission))).await {
        match made.unwrap() {
            Registered::Made(user) => roles.push(user.role),
            other => others.push(other),
        }
    }
    (roles, others)
}

pub(super) async fn only_the_code_makes_the_first(store: &dyn Store) {
    let by = |first| Admission { others: true, first };
    for first in [First::Nobody, First::Code(""), First::Code("one")] {
        assert_eq!(fifty(store, by(first)).await, (vec![], vec![Registered::NotFirst; 50]), "{first:?}");
    }
    assert!(store.set_first_code("one").await.unwrap());
    // A later code ends it.
    assert!(store.set_first_code("two").await.unwrap());
    for first in [First::Nobody, First::Code(""), First::Code("one")] {
        assert_eq!(fifty(store, by(first)).await, (vec![], vec![Registered::NotFirst; 50]), "{first:?}");
    }
    assert!(!store.any_user().await.unwrap());
    for (hash, is) in [("one", false), ("", false), ("two", true)] {
        assert_eq!(store.is_first_code(hash).await.unwrap(), is, "{hash}");
    }
    let with_code = Admission { others: false, first: First::Code("two") };
    assert_eq!(fifty(store, with_code).await, (vec![UserRole::Admin], vec![Registered::Closed; 49]));
    assert!(!store.is_first_code("two").await.unwrap());
    // Nothing makes a second one.
    assert!(!store.set_first_code("three").await.unwrap());
    assert_eq!(store.create_user(&new_user("a@example.com"), with_code).await.unwrap(), Registered::Closed);
    for (email, first) in [("b@example.com", First::Code("three")), ("c@example.com", First::Nobody)] {
        match store.create_user(&new_user(email), by(first)).await.unwrap() {
            Registered::Made(user) => assert_eq!(user.role, UserRole::Member),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn a_new_password_ends_the_other_sessions(store: &dyn Store) {
    let (bob, ada) = (user(store).await, user(store).await);
    let sessions = [session(&ada), session(&ada), session(&ada), session(&bob)];
    for session in &sessions {
        assert!(store.create_session(session, Some(HASH)).await.unwrap());
    }
    let [one, two, three, foreign] = &sessions;
    let name = UserPatch { name: Some("Ada L.".to_owned()), ..UserPatch::default() };
    assert!(store.update_user(&ada.id, &name, None).await.unwrap().done().unwrap().1.is_empty());
    let password = UserPatch { password_hash: Some("$new".to_owned()), ..UserPatch::default() };
    let (_, mut ended) = store.update_user(&ada.id, &password, Some(&two.id)).await.unwrap().done().unwrap();
    ended.sort();
    assert_eq!(ended, [one.id.clone(), three.id.clone()]);
    let there = async |id: &str| store.session(id).await.unwrap().is_some();
    assert_eq!([there(&one.id).await, there(&two.id).await, there(&foreign.id).await], [false, true, true]);
    // A disabled account keeps no session.
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    let (_, ended) = store.update_user(&ada.id, &disabled, Some(&two.id)).await.unwrap().done().unwrap();
    assert_eq!(ended, std::slice::from_ref(&two.id));
    assert!(!there(&two.id).await && there(&foreign.id).await);
    assert_eq!(store.update_user("nobody", &password, None).await.unwrap(), Updated::Missing);
}

pub(super) async fn a_password_changes_only_from_the_old_one_in_a_session_that_lasts(store: &dyn Store) {
    user(store).await;
    let ada = user(store).await;
    let [one, two] = [session(&ada), session(&ada)];
    for session in [&one, &two] {
        assert!(store.create_session(session, Some(HASH)).await.unwrap());
    }
    let to = |old: &str, new: &str| UserPatch {
        password_hash: Some(new.to_owned()),
        old_hash: Some(old.to_owned()),
        ..UserPatch::default()
    };
    let set = async |patch: &UserPatch, from: &Session| {
        store.update_user(&ada.id, patch, Some(&from.id)).await.unwrap()
    };
    assert_eq!(set(&to("$other", "$new"), &one).await, Updated::Missing);
    assert!(set(&to(HASH, "$new"), &one).await.done().is_some());
    assert_eq!(set(&to(HASH, "$late"), &one).await, Updated::Missing);
    assert_eq!(set(&to("$new", "$late"), &two).await, Updated::Missing, "its session has ended");
    assert_eq!(store.credentials(&ada.login).await.unwrap().unwrap().password_hash, "$new");
    assert!(store.session(&one.id).await.unwrap().is_some());
    // However the end of the session and the change meet, one of two changes is made.
    let again = [to("$new", "$a"), to("$new", "$b")];
    let done = join_all(again.iter().map(|patch| set(patch, &one))).await;
    assert_eq!(done.into_iter().filter_map(Updated::done).count(), 1);
}

pub(super) async fn a_new_password_ends_the_link_for_another(store: &dyn Store) {
    user(store).await;
    let ada = user(store).await;
    let reset = Reset { user_id: ada.id.clone(), hash: "link".to_owned(), expires_at: NOW + 5 };
    assert!(store.put_reset(&reset).await.unwrap());
    let name = UserPatch { name: Some("Ada L.".to_owned()), ..UserPatch::default() };
    assert!(store.update_user(&ada.id, &name, None).await.unwrap().done().is_some());
    assert!(store.reset("link", NOW).await.unwrap().is_some());
    let password = UserPatch { password_hash: Some("$new".to_owned()), ..UserPatch::default() };
    assert!(store.update_user(&ada.id, &password, None).await.unwrap().done().is_some());
    assert!(store.reset("link", NOW).await.unwrap().is_none());
    assert_eq!(store.use_reset("link", "$thief", NOW).await.unwrap(), Updated::Missing);
}

pub(super) async fn a_login_changes_and_is_taken_once(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let to = |login: &str| UserPatch {
        login: Some(login.to_owned()),
        email_verified: Some(true),
        ..UserPatch::default()
    };
    let (changed, _) = store.update_user(&ada.id, &to("ada lovelace"), None).await.unwrap().done().unwrap();
    assert_eq!((changed.login.as_str(), changed.email, changed.email_verified), ("ada lovelace", None, true));
    assert!(store.credentials(&ada.login).await.unwrap().is_none());
    assert_eq!(store.credentials("ada lovelace").await.unwrap().unwrap().user.id, ada.id);
    assert_eq!(store.update_user(&bob.id, &to("ada lovelace"), None).await.unwrap(), Updated::LoginTaken);
    assert_eq!(store.user(&bob.id).await.unwrap(), Some(bob.clone()), "nothing of it was changed");
    let at_once = [to("one@example.com"), to("one@example.com")];
    let people = [&ada.id, &bob.id];
    let done =
        join_all(people.iter().zip(&at_once).map(|(id, patch)| store.update_user(id, patch, None))).await;
    assert_eq!(done.into_iter().filter_map(|done| done.unwrap().done()).count(), 1);
}

pub(super) async fn a_tier_and_an_end_are_given_and_taken(store: &dyn Store) {
    let mut ada = user(store).await;
    for (tier, deletes_at) in [
        (Some(("gold".to_owned(), Some(NOW + 5))), Some(NOW)),
        (Some(("silver".to_owned(), None)), None),
        (None, None),
    ] {
        let patch =
            UserPatch { tier: Some(tier.clone()), deletes_at: Some(deletes_at), ..UserPatch::default() };
        let (name, until) = tier.unzip();
        (ada.tier, ada.tier_until, ada.deletes_at) = (name, until.flatten(), deletes_at);
        assert_eq!(updated(store, &ada.id, &patch).await, Some(ada.clone()));
        let name = UserPatch { name: Some("Ada".to_owned()), ..UserPatch::default() };
        assert_eq!(updated(store, &ada.id, &name).await, Some(ada.clone()), "another change leaves them");
    }
}

pub(super) async fn the_last_administrator_stays(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let demoted = UserPatch { role: Some(UserRole::Member), ..UserPatch::default() };
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    for patch in [&demoted, &disabled] {
        assert_eq!(store.update_user(&ada.id, patch, None).await.unwrap(), Updated::LastAdmin);
        assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    }
    let promoted = UserPatch { role: Some(UserRole::Admin), ..UserPatch::default() };
    for round in 0..6 {
        // However the two meet, one stays.
        updated(store, &ada.id, &promoted).await;
        updated(store, &bob.id, &promoted).await.unwrap();
        let patch = if round % 2 == 0 { &demoted } else { &disabled };
        let ends = [&ada.id, &bob.id].map(|id| store.update_user(id, patch, None));
        let done: Vec<_> = join_all(ends).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|done| **done == Updated::LastAdmin).count(), 1, "{done:?}");
        let active = UserPatch { state: Some(UserState::Active), ..UserPatch::default() };
        updated(store, &ada.id, &active).await;
        updated(store, &bob.id, &active).await;
    }
}
