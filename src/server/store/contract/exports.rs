//! Exports: one for each person, made by one try at a time, and gone when they end.

use super::fixtures::{NOW, conversation, first_turn, id, talk, user};
use crate::{
    domain::{ExportState, Reason, User},
    server::store::{ExportRun, Need, Store, Texts},
};

const UNTIL: i64 = NOW + 1000;

async fn asked(store: &dyn Store, user: &User) -> ExportRun {
    let export_id = id();
    assert!(store.ask_export(&user.id, &export_id, NOW, UNTIL).await.unwrap());
    ExportRun { user_id: user.id.clone(), export_id, run: id() }
}

/// An export of two parts.
async fn made(store: &dyn Store, user: &User) -> ExportRun {
    let run = asked(store, user).await;
    assert!(store.start_export(&run, 2).await.unwrap());
    assert!(store.add_export_part(&run, 0, b"one", 1).await.unwrap());
    assert!(store.add_export_part(&run, 1, &[0, 255], 2).await.unwrap());
    assert!(store.finish_export(&run, UNTIL + 5).await.unwrap());
    run
}

async fn parts(store: &dyn Store, run: &ExportRun) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while let Some(part) =
        store.export_part(&run.user_id, &run.export_id, u32::try_from(parts.len()).unwrap()).await.unwrap()
    {
        parts.push(part);
    }
    parts
}

pub(super) async fn a_person_has_one_export_at_a_time(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    assert_eq!(store.export(&ada.id).await.unwrap(), None);
    let at_once = (0..8).map(|_| async { store.ask_export(&ada.id, &id(), NOW, UNTIL).await.unwrap() });
    let taken = futures::future::join_all(at_once).await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 1);
    let export = store.export(&ada.id).await.unwrap().unwrap();
    assert_eq!((export.state, export.made_at, export.ends_at), (ExportState::Waiting, NOW, UNTIL));
    assert!(export.is_under_way());
    assert!(!store.ask_export("nobody", &id(), NOW, UNTIL).await.unwrap());
    assert_eq!(store.export(&bob.id).await.unwrap(), None);
    assert_eq!(store.exports_under_way().await.unwrap(), [(ada.id.clone(), export.id.clone())]);
    assert!(!store.fail_export(&bob.id, &export.id, &Reason::new("error-internal")).await.unwrap());
    let reason = Reason::new("error-internal");
    assert!(store.fail_export(&ada.id, &export.id, &reason).await.unwrap());
    let failed = store.export(&ada.id).await.unwrap().unwrap();
    assert_eq!((failed.state, failed.reason), (ExportState::Failed, Some(reason)));
    assert!(store.exports_under_way().await.unwrap().is_empty());
    let again = asked(store, &ada).await;
    let export = store.export(&ada.id).await.unwrap().unwrap();
    assert_eq!((export.id, export.state, export.reason), (again.export_id, ExportState::Waiting, None));
}

pub(super) async fn an_export_is_made_part_by_part_and_read_back(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let run = asked(store, &ada).await;
    assert!(!store.add_export_part(&run, 0, b"x", 0).await.unwrap(), "the try has not begun");
    assert!(store.start_export(&run, 7).await.unwrap());
    assert!(store.add_export_part(&run, 0, b"one", 3).await.unwrap());
    assert!(store.tell_export(&run, 5).await.unwrap());
    let export = store.export(&ada.id).await.unwrap().unwrap();
    let so_far = (export.state, export.done, export.total, export.bytes);
    assert_eq!(so_far, (ExportState::Running, 5, 7, 3));
    assert!(parts(store, &run).await.is_empty(), "it is not whole yet");
    assert!(store.finish_export(&run, UNTIL + 5).await.unwrap());
    let export = store.export(&ada.id).await.unwrap().unwrap();
    assert_eq!((export.state, export.done, export.ends_at), (ExportState::Ready, 7, UNTIL + 5));
    assert_eq!(parts(store, &run).await, [b"one"]);
    let of_another = ExportRun { user_id: bob.id.clone(), ..run.clone() };
    assert!(parts(store, &of_another).await.is_empty());
    assert!(!store.start_export(&run, 1).await.unwrap() && !store.finish_export(&run, 1).await.unwrap());
    assert!(!store.fail_export(&ada.id, &run.export_id, &Reason::new("x")).await.unwrap());
}

pub(super) async fn only_the_newest_try_is_heard(store: &dyn Store) {
    let ada = user(store).await;
    let old = asked(store, &ada).await;
    assert!(store.start_export(&old, 2).await.unwrap());
    assert!(store.add_export_part(&old, 0, b"old", 1).await.unwrap());
    let new = ExportRun { run: id(), ..old.clone() };
    assert!(store.start_export(&new, 2).await.unwrap());
    assert_eq!(store.export(&ada.id).await.unwrap().unwrap().bytes, 0);
    assert!(!store.add_export_part(&old, 1, b"old", 2).await.unwrap());
    assert!(!store.tell_export(&old, 2).await.unwrap() && !store.finish_export(&old, UNTIL).await.unwrap());
    assert!(store.add_export_part(&new, 0, b"new", 1).await.unwrap());
    assert!(store.finish_export(&new, UNTIL).await.unwrap());
    while store.sweep_exports(NOW).await.unwrap() {}
    assert_eq!(parts(store, &new).await, [b"new"], "what the older try left is gone, and nothing else");
}

pub(super) async fn an_export_ends_and_leaves_nothing(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let (of_ada, of_bob) = (made(store, &ada).await, made(store, &bob).await);
    while store.sweep_exports(UNTIL + 4).await.unwrap() {}
    assert_eq!(parts(store, &of_ada).await, [b"one".to_vec(), vec![0, 255]]);
    assert!(store.delete_export(&bob.id).await.unwrap());
    assert!(!store.delete_export(&bob.id).await.unwrap());
    assert!(store.sweep_exports(UNTIL + 4).await.unwrap(), "its bytes are there until somebody sweeps");
    while store.sweep_exports(UNTIL + 4).await.unwrap() {}
    assert!(parts(store, &of_bob).await.is_empty() && parts(store, &of_ada).await.len() == 2);
    while store.sweep_exports(UNTIL + 5).await.unwrap() {}
    assert_eq!(store.export(&ada.id).await.unwrap(), None);
    // A new one does not begin with what was in the old one.
    let again = asked(store, &ada).await;
    assert!(
        store.start_export(&again, 0).await.unwrap() && store.finish_export(&again, UNTIL).await.unwrap()
    );
    assert!(parts(store, &again).await.is_empty());
}

pub(super) async fn an_export_goes_with_its_account(store: &dyn Store) {
    let (_boss, ada) = (user(store).await, user(store).await);
    let run = made(store, &ada).await;
    store.close_account(&ada.id, None).await.unwrap().done().unwrap();
    assert_eq!(store.export(&ada.id).await.unwrap(), None);
    assert!(parts(store, &run).await.is_empty());
    assert!(!store.ask_export(&ada.id, &id(), NOW, UNTIL).await.unwrap(), "nobody is there to ask");
    assert!(store.sweep_exports(NOW).await.unwrap());
    while store.sweep_exports(NOW).await.unwrap() {}
}

pub(super) async fn what_is_in_the_bin_can_be_read_by_its_owner(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let turn = first_turn(&ada);
    talk(store, &turn, "An answer.").await;
    store.create_conversation(&ada.id, &conversation("Kept")).await.unwrap();
    let grant = store.access(&ada.id, &turn.conversation.id, Need::Own).await.unwrap();
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    assert!(store.standings_in_bin(&bob.id, None, 9).await.unwrap().is_empty());
    let mut found = store.standings_in_bin(&ada.id, None, 9).await.unwrap();
    assert_eq!((found.len(), found[0].1), (1, NOW));
    let grant = found.remove(0).0.grant(Need::Read).unwrap();
    let ids: Vec<String> =
        store.outlines_back(&grant, None, 9).await.unwrap().into_iter().map(|outline| outline.id).collect();
    let messages = store.messages_of(&grant, &ids, Texts::All).await.unwrap();
    assert_eq!((messages.len(), &*messages[0].content), (2, "An answer."));
    assert!(!store.delete_conversation(&grant, NOW).await.unwrap(), "nothing is changed with it");
}
