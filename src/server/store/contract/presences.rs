//! When people had a page open.

use super::fixtures::{NOW, user};
use crate::server::store::{Store, StoredPresence};

fn seen(user_id: &str, active_until: i64, connected_until: i64, seen_at: i64) -> StoredPresence {
    StoredPresence { user_id: user_id.to_owned(), active_until, connected_until, seen_at }
}

pub(super) async fn the_latest_times_count_whoever_notes_them(store: &dyn Store) {
    let (ada, bob) = (user(store).await.id, user(store).await.id);
    assert_eq!(store.presences(&[ada.clone(), bob.clone()]).await.unwrap(), []);
    let first = [seen(&ada, NOW + 90, NOW + 90, NOW), seen(&bob, 0, NOW + 50, NOW), seen("nobody", 1, 1, 1)];
    store.note_presences(&first).await.unwrap();
    // Another server notes the same person as away, and an earlier time.
    store.note_presences(&[seen(&ada, 0, NOW + 95, NOW + 5)]).await.unwrap();
    store.note_presences(&[seen(&ada, 0, NOW + 10, NOW - 80)]).await.unwrap();
    let found = store.presences(std::slice::from_ref(&ada)).await.unwrap();
    assert_eq!(found, [seen(&ada, NOW + 90, NOW + 95, NOW + 5)]);
    let mut both = store.presences(&[bob.clone(), "nobody".into(), ada.clone()]).await.unwrap();
    both.sort_by_key(|one| one.connected_until);
    assert_eq!(both.iter().map(|one| &one.user_id).collect::<Vec<_>>(), [&bob, &ada]);
}

pub(super) async fn those_who_look_at_a_page_come_first(store: &dyn Store) {
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(user(store).await.id);
    }
    people.sort();
    let [a, b, c, d] = &people[..] else { unreachable!() };
    let all = [
        seen(a, 0, NOW + 10, NOW),
        seen(b, NOW + 10, NOW + 10, NOW),
        seen(c, NOW - 10, NOW, NOW - 20),
        seen(d, NOW + 10, NOW + 10, NOW),
    ];
    store.note_presences(&all).await.unwrap();
    let present = async |now, most| {
        let found = store.present(now, most).await.unwrap();
        found.into_iter().map(|one| one.user_id).collect::<Vec<_>>()
    };
    assert_eq!(present(NOW, 9).await, [b.clone(), d.clone(), a.clone()]);
    assert_eq!(present(NOW, 2).await, [b.clone(), d.clone()]);
    assert_eq!(present(NOW + 10, 9).await, Vec::<String>::new());
}

pub(super) async fn nobody_knows_of_those_who_hide(store: &dyn Store) {
    let (ada, bob) = (user(store).await.id, user(store).await.id);
    let both = [seen(&ada, NOW + 10, NOW + 10, NOW), seen(&bob, NOW + 10, NOW + 10, NOW)];
    store.note_presences(&both).await.unwrap();
    assert!(store.shows_presence(&ada).await.unwrap());
    store.show_presence(&ada, false).await.unwrap();
    store.show_presence(&ada, false).await.unwrap();
    assert!(!store.shows_presence(&ada).await.unwrap() && store.shows_presence(&bob).await.unwrap());
    // A page that is open is noted on.
    store.note_presences(&both).await.unwrap();
    let ids = [ada.clone(), bob.clone()];
    assert_eq!(store.presences(&ids).await.unwrap(), [seen(&bob, NOW + 10, NOW + 10, NOW)]);
    assert_eq!(store.present(NOW, 9).await.unwrap().len(), 1);
    // What was before is forgotten.
    store.show_presence(&ada, true).await.unwrap();
    assert!(store.shows_presence(&ada).await.unwrap());
    let again = store.presences(std::slice::from_ref(&ada)).await.unwrap();
    assert!(again.iter().all(|one| one.seen_at == 0 && one.connected_until == 0), "{again:?}");
    store.note_presences(&both).await.unwrap();
    assert_eq!(store.presences(&ids).await.unwrap().len(), 2);
    // Whoever was never seen may hide, too.
    let eve = user(store).await.id;
    store.show_presence(&eve, false).await.unwrap();
    assert!(!store.shows_presence(&eve).await.unwrap());
}

pub(super) async fn a_closed_account_is_seen_no_more(store: &dyn Store) {
    // The administrator, whose account cannot be closed.
    user(store).await;
    let ada = user(store).await.id;
    let noted = [seen(&ada, NOW + 10, NOW + 10, NOW)];
    store.note_presences(&noted).await.unwrap();
    store.close_account(&ada, Some(NOW)).await.unwrap();
    assert_eq!(store.presences(std::slice::from_ref(&ada)).await.unwrap(), []);
    store.note_presences(&noted).await.unwrap();
    assert_eq!(store.present(NOW, 9).await.unwrap(), []);
}
