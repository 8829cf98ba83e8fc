//! Cases about the audit log.

use futures::future::join_all;

use super::fixtures::{NOW, id};
use crate::{
    domain::{AuditEntry, AuditKind, Reason, audit::Named},
    server::store::{AuditQuery, Store},
};

fn named(id: &str) -> Named {
    Named { id: id.to_owned(), name: format!("Ms. {id} 王") }
}

fn entry(kind: AuditKind, actor: Option<&str>, subject: Option<&str>) -> AuditEntry {
    AuditEntry {
        id: id(),
        at: NOW,
        kind,
        actor: actor.map(named),
        subject: subject.map(named),
        address: "192.0.2.1".to_owned(),
        count: 1,
        detail: None,
    }
}

async fn add(store: &dyn Store, entry: AuditEntry) -> AuditEntry {
    store.add_audit(&entry, None).await.unwrap();
    entry
}

fn query() -> AuditQuery {
    AuditQuery { limit: 100, ..AuditQuery::default() }
}

pub(super) async fn entries_come_back_whole_and_newest_first(store: &dyn Store) {
    assert!(store.audit(&query()).await.unwrap().is_empty());
    let bare = AuditEntry { address: String::new(), ..entry(AuditKind::SignedOut, None, None) };
    let bare = add(store, bare).await;
    let detail = Reason::new("duration-seconds").with("count", 3);
    let full = entry(AuditKind::RoleChanged, Some("ada"), Some("bob"));
    let full = add(store, AuditEntry { detail: Some(detail), count: 7, ..full }).await;
    assert_eq!(store.audit(&query()).await.unwrap(), [full, bare]);
}

pub(super) async fn entries_are_found_by_kind_and_by_person_page_by_page(store: &dyn Store) {
    let (ada, bob) = (Some("ada"), Some("bob"));
    let mut all = Vec::new();
    for (kind, actor, subject) in [
        (AuditKind::SignedIn, ada, None),
        (AuditKind::SignedIn, bob, None),
        (AuditKind::Disabled, ada, bob),
        (AuditKind::SignInRefused, None, bob),
        (AuditKind::PasswordChanged, bob, bob),
        (AuditKind::SignedIn, bob, None),
    ] {
        all.insert(0, add(store, entry(kind, actor, subject)).await);
    }
    let found = async |kind: Option<AuditKind>, person: Option<&str>| {
        let (mut found, mut before) = (Vec::new(), None);
        // Pages of two, until one is empty.
        loop {
            let person = person.map(str::to_owned);
            let page = store.audit(&AuditQuery { kind, person, before, limit: 2 }).await.unwrap();
            let Some(last) = page.last() else { return found };
            assert!(page.len() <= 2);
            before = Some(last.id.clone());
            found.extend(page);
        }
    };
    let wanted = |is: &dyn Fn(&AuditEntry) -> bool| -> Vec<AuditEntry> {
        all.iter().filter(|entry| is(entry)).cloned().collect()
    };
    let of_bob = |entry: &AuditEntry| {
        [&entry.actor, &entry.subject].into_iter().flatten().any(|named| named.id == "bob")
    };
    let is_sign_in = |entry: &AuditEntry| entry.kind == AuditKind::SignedIn;
    assert_eq!(found(None, None).await, all);
    assert_eq!(found(Some(AuditKind::SignedIn), None).await, wanted(&is_sign_in));
    assert_eq!(found(None, bob).await, wanted(&of_bob));
    assert_eq!(found(Some(AuditKind::SignedIn), bob).await, wanted(&|it| of_bob(it) && is_sign_in(it)));
    assert!(found(Some(AuditKind::CodeUsed), None).await.is_empty());
    assert!(found(None, Some("kim")).await.is_empty());
}

pub(super) async fn what_is_counted_is_one_entry(store: &dyn Store) {
    let refused = || entry(AuditKind::SignInRefused, None, Some("ada"));
    let all: Vec<AuditEntry> = (0..20).map(|_| refused()).collect();
    join_all(all.iter().map(async |entry| store.add_audit(entry, Some("5 192.0.2.1 ada")).await.unwrap()))
        .await;
    store.add_audit(&refused(), Some("6 192.0.2.1 ada")).await.unwrap();
    add(store, refused()).await;
    add(store, refused()).await;
    let counts: Vec<u32> = store.audit(&query()).await.unwrap().iter().map(|entry| entry.count).collect();
    assert_eq!(counts, [1, 1, 1, 20]);
}

pub(super) async fn old_entries_are_forgotten(store: &dyn Store) {
    let of = |at| AuditEntry { at, ..entry(AuditKind::SignedIn, Some("ada"), None) };
    let (_old, kept) = (add(store, of(NOW - 1)).await, add(store, of(NOW)).await);
    assert_eq!(store.forget_audit(NOW).await.unwrap(), 1);
    assert_eq!(store.forget_audit(NOW).await.unwrap(), 0);
    assert_eq!(store.audit(&query()).await.unwrap(), [kept]);
}
