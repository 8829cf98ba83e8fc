//! Cases about people as administrators see them, and about the end of an account.

use crate::{
    domain::{Spending, UserState},
    server::store::{Need, NewUser, PeopleQuery, Reset, Store, Updated, UserPatch},
};

use super::{
    codes::{code, made},
    fixtures::{
        HASH, LATER, NOW, NewTurn, conversation, first_turn, id, key, new_user, registered, session, talk,
        user,
    },
    identities::identity,
};

async fn named(store: &dyn Store, login: &str, name: &str) -> String {
    let new = NewUser { name: name.to_owned(), ..new_user(login) };
    registered(store, &new).await.unwrap().id
}

pub(super) async fn people_are_listed_page_by_page_and_sought(store: &dyn Store) {
    let mut ids = Vec::new();
    for (login, name) in [
        ("a@example.com", "Ada"),
        ("b.o.b@example.com", "Bob"),
        ("ada two", "林 É"),
        ("x@b.example", "100% $x"),
    ] {
        ids.push(named(store, login, name).await);
    }
    let page = async |search: &str, after: Option<&String>, limit| {
        let query = PeopleQuery { search: search.to_owned(), after: after.cloned(), limit };
        let found = store.people(&query).await.unwrap();
        found.into_iter().map(|user| ids.iter().position(|id| *id == user.id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(page("", None, 3).await, [3, 2, 1]);
    assert_eq!(page("", Some(&ids[1]), 3).await, [0]);
    assert_eq!(page("", Some(&"none".to_owned()), 9).await, [3, 2, 1, 0]);
    for (search, found) in [
        ("ADA", vec![2, 0]),
        ("ada t", vec![2]),
        ("林", vec![2]),
        ("É", vec![2]),
        ("林 é", vec![2]),
        (".*", vec![]),
        ("(", vec![]),
        ("#-&~\\", vec![]),
        ("b.", vec![3, 1]),
        ("%", vec![3]),
        ("$x", vec![3]),
        ("example.com", vec![1, 0]),
        ("nobody", vec![]),
    ] {
        assert_eq!(page(search, None, 9).await, found, "{search}");
        assert_eq!(store.count_people(search).await.unwrap(), found.len() as u64, "{search}");
    }
    assert!(store.close_account(&ids[1], None).await.unwrap().done().is_some());
    assert_eq!((page("", None, 9).await, store.count_people("").await.unwrap()), (vec![3, 2, 0], 3));
}

pub(super) async fn a_closed_account_frees_its_login_and_ends_its_sessions(store: &dyn Store) {
    let (boss, ada) = (user(store).await, user(store).await);
    let browser = session(&ada);
    assert!(store.create_session(&browser, Some(HASH)).await.unwrap());
    let reset = Reset { user_id: ada.id.clone(), hash: "h".to_owned(), expires_at: NOW + 5 };
    assert!(store.put_reset(&reset).await.unwrap());
    assert!(!store.any_other_admin(&boss.id).await.unwrap() && store.any_other_admin(&ada.id).await.unwrap());
    assert!(store.begin_second_factor(&ada.id, "seed").await.unwrap());
    assert_eq!(store.close_account(&boss.id, None).await.unwrap(), Updated::LastAdmin);
    assert_eq!(store.close_account("nobody", None).await.unwrap(), Updated::Missing);
    let (closed, ended) = store.close_account(&ada.id, None).await.unwrap().done().unwrap();
    assert_eq!((closed.state, closed.email, ended), (UserState::Deleted, None, vec![browser.id.clone()]));
    assert!(store.session(&browser.id).await.unwrap().is_none());
    assert!(store.credentials(&ada.login).await.unwrap().is_none());
    assert!(store.reset("h", NOW).await.unwrap().is_none());
    assert_eq!(store.second_factor(&ada.id).await.unwrap(), None);
    assert!(!store.create_session(&session(&ada), None).await.unwrap());
    assert!(!store.put_reset(&reset).await.unwrap());
    assert!(store.accounts_to_delete(i64::MAX).await.unwrap().is_empty(), "what they wrote stays");
    registered(store, &NewUser { id: id(), ..new_user(&ada.login) }).await.unwrap();
}

pub(super) async fn an_account_is_erased_with_all_it_has(store: &dyn Store) {
    let (boss, ada) = (user(store).await, user(store).await);
    let (one, two, foreign) = (conversation("One"), conversation("Two"), conversation("Foreign"));
    for (owner, it) in [(&ada, &one), (&ada, &two), (&boss, &foreign)] {
        store.create_conversation(&owner.id, it).await.unwrap();
    }
    let grant = store.access(&ada.id, &two.id, Need::Own).await.unwrap();
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    assert!(!store.erase(&ada.id).await.unwrap(), "nobody closed it");
    assert!(store.access(&ada.id, &one.id, Need::Read).await.is_ok());
    assert_eq!(store.bin(&ada.id, None, 9).await.unwrap().len(), 1);
    let patch = UserPatch { deletes_at: Some(Some(NOW + 5)), ..UserPatch::default() };
    store.update_user(&ada.id, &patch, None).await.unwrap();
    assert!(store.accounts_to_delete(NOW + 4).await.unwrap().is_empty());
    assert_eq!(store.accounts_to_delete(NOW + 5).await.unwrap()[0].id, ada.id);
    store.close_account(&ada.id, Some(NOW + 5)).await.unwrap().done().unwrap();
    assert_eq!(store.accounts_to_delete(NOW + 5).await.unwrap()[0].id, ada.id);
    let mut rounds = 0;
    while store.erase(&ada.id).await.unwrap() {
        rounds += 1;
        assert!(rounds < 20);
    }
    assert!(store.user(&ada.id).await.unwrap().is_none());
    assert!(store.access(&ada.id, &one.id, Need::Read).await.is_err());
    assert!(store.bin(&ada.id, None, 9).await.unwrap().is_empty());
    assert!(store.accounts_to_delete(i64::MAX).await.unwrap().is_empty());
    assert!(store.access(&boss.id, &foreign.id, Need::Own).await.is_ok(), "others keep theirs");
}

pub(super) async fn closing_an_account_keeps_the_wish_to_erase_it(store: &dyn Store) {
    let (_boss, ada) = (user(store).await, user(store).await);
    let patch = UserPatch { deletes_at: Some(Some(NOW + 5)), ..UserPatch::default() };
    store.update_user(&ada.id, &patch, None).await.unwrap().done().unwrap();
    let (closed, _) = store.close_account(&ada.id, None).await.unwrap().done().unwrap();
    assert_eq!(closed.deletes_at, Some(NOW + 5));
    for again in [None, Some(NOW + 9)] {
        assert_eq!(store.close_account(&ada.id, again).await.unwrap(), Updated::Missing);
    }
    assert_eq!(store.accounts_to_delete(NOW + 5).await.unwrap()[0].id, ada.id);
    let bob = user(store).await;
    store.update_user(&bob.id, &patch, None).await.unwrap().done().unwrap();
    let (closed, _) = store.close_account(&bob.id, Some(NOW)).await.unwrap().done().unwrap();
    assert_eq!(closed.deletes_at, Some(NOW), "an administrator may wish it sooner");
}

/// Somebody of whom every part of the store knows something, who is then erased. Some of it was written in the moment in
/// which the account was closed.
pub(super) async fn erased_with_rows_everywhere(store: &dyn Store) -> String {
    let (_boss, invitation) = (user(store).await, code(|_| {}));
    made(store, &invitation).await;
    store.register_with_code(&new_user("ada@example.com"), &invitation.hash, 9, NOW).await.unwrap();
    let ada = store.credentials("ada@example.com").await.unwrap().unwrap().user;
    assert_eq!(store.code_uses(std::slice::from_ref(&invitation.code.id), 9).await.unwrap().len(), 1);
    assert!(store.create_session(&session(&ada), Some(HASH)).await.unwrap());
    let reset = Reset { user_id: ada.id.clone(), hash: "h".to_owned(), expires_at: NOW + 5 };
    assert!(store.put_reset(&reset).await.unwrap());
    assert!(store.ask_export(&ada.id, "export", NOW, LATER).await.unwrap());
    assert!(store.connect_identity(&identity(&ada.id, "7")).await.unwrap());
    let asked = NewTurn { key: Some(key("key", "request")), ..first_turn(&ada) };
    talk(store, &asked, "Four.").await;
    store.close_account(&ada.id, Some(NOW)).await.unwrap().done().unwrap();
    store.spend(&ada.id, 20_000, "demo/echo", Spending { messages: 1, tokens: 2 }).await.unwrap();
    store.begin_second_factor(&ada.id, "seed").await.unwrap();
    while store.erase(&ada.id).await.unwrap() {}
    assert!(store.user(&ada.id).await.unwrap().is_none());
    ada.id
}

pub(super) async fn a_reset_link_counts_once_and_for_a_while(store: &dyn Store) {
    let (_boss, ada, bob) = (user(store).await, user(store).await, user(store).await);
    let link = |hash: &str, user_id: &str| Reset {
        user_id: user_id.to_owned(),
        hash: hash.to_owned(),
        expires_at: NOW + 5,
    };
    assert!(store.put_reset(&link("old", &ada.id)).await.unwrap());
    assert!(store.put_reset(&link("new", &ada.id)).await.unwrap());
    assert!(store.put_reset(&link("of bob", &bob.id)).await.unwrap());
    assert!(!store.put_reset(&link("x", "nobody")).await.unwrap());
    assert!(store.reset("old", NOW).await.unwrap().is_none(), "a person has one");
    assert_eq!(store.reset("new", NOW + 4).await.unwrap().unwrap().id, ada.id);
    assert!(store.reset("new", NOW + 5).await.unwrap().is_none());
    let browser = session(&ada);
    assert!(store.create_session(&browser, Some(HASH)).await.unwrap());
    assert_eq!(store.use_reset("new", "$new", NOW + 5).await.unwrap(), Updated::Missing);
    let at_once = futures::future::join_all((0..8).map(|_| store.use_reset("new", "$new", NOW))).await;
    let done: Vec<_> = at_once.into_iter().filter_map(|done| done.unwrap().done()).collect();
    assert_eq!(done.len(), 1);
    assert_eq!((&done[0].0.id, &done[0].1), (&ada.id, &vec![browser.id]));
    assert_eq!(store.credentials(&ada.login).await.unwrap().unwrap().password_hash, "$new");
    assert_eq!(store.credentials(&bob.login).await.unwrap().unwrap().password_hash, HASH);
}

pub(super) async fn an_account_is_closed_when_due_only_while_it_is(store: &dyn Store) {
    let (boss, ada) = (user(store).await, user(store).await);
    let ends = |at| UserPatch { deletes_at: Some(at), ..UserPatch::default() };
    store.update_user(&ada.id, &ends(Some(NOW + 5)), None).await.unwrap().done().unwrap();
    assert_eq!(store.close_due_account(&ada.id, NOW + 4).await.unwrap(), Updated::Missing);
    // The owner stays after the job read that the account is due.
    assert_eq!(store.accounts_to_delete(NOW + 5).await.unwrap().len(), 1);
    store.update_user(&ada.id, &ends(None), None).await.unwrap().done().unwrap();
    assert_eq!(store.close_due_account(&ada.id, NOW + 5).await.unwrap(), Updated::Missing);
    assert_eq!(store.user(&ada.id).await.unwrap().unwrap().state, UserState::Active);
    store.update_user(&boss.id, &ends(Some(NOW)), None).await.unwrap().done().unwrap();
    assert!(!store.any_other_admin(&ada.id).await.unwrap(), "one who leaves does not count");
    assert_eq!(store.close_due_account(&boss.id, NOW).await.unwrap(), Updated::LastAdmin);
    store.update_user(&ada.id, &ends(Some(NOW + 5)), None).await.unwrap().done().unwrap();
    let (closed, _) = store.close_due_account(&ada.id, NOW + 5).await.unwrap().done().unwrap();
    assert_eq!((closed.state, closed.deletes_at), (UserState::Deleted, Some(NOW + 5)));
    // A change that comes after the end changes nothing.
    for late in [ends(None), UserPatch { state: Some(UserState::Active), ..ends(None) }, UserPatch::default()]
    {
        assert_eq!(store.update_user(&ada.id, &late, None).await.unwrap(), Updated::Missing);
    }
    let due = store.accounts_to_delete(NOW + 5).await.unwrap();
    assert!(due.iter().any(|user| user.id == ada.id), "it is still to be erased");
}
