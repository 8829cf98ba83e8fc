//! Cases about the list of people and the notes on their walls.

use crate::{
    domain::{CommonRoom, Note, PreferencesPatch, User, UserState},
    server::store::{DirectoryQuery, Need, NoteOutcome, NotesOf, PersonPosition, Store, UserPatch},
};

use super::{
    fixtures::{NOW, id, new_user, registered, user},
    members::{come, open_room},
};

async fn named(store: &dyn Store, name: &str) -> User {
    let mut new = new_user(&format!("{}@example.com", id().to_lowercase()));
    name.clone_into(&mut new.name);
    registered(store, &new).await.unwrap()
}

async fn choose(store: &dyn Store, person: &User, patch: PreferencesPatch) {
    let patch = UserPatch { preferences: Some(patch), ..UserPatch::default() };
    store.update_user(&person.id, &patch, None).await.unwrap().done().unwrap();
}

async fn names(store: &dyn Store, query: DirectoryQuery) -> Vec<String> {
    store.listed_people(&query).await.unwrap().into_iter().map(|user| user.name).collect()
}

pub(super) async fn people_are_listed_by_name_and_found_in_any_case(store: &dyn Store) {
    for name in ["bob", "Ada", "Zoe", "вера", "ada", "Игорь"] {
        named(store, name).await;
    }
    let (hidden, off, gone) =
        (named(store, "Hidden").await, named(store, "Off").await, named(store, "Gone").await);
    choose(store, &hidden, PreferencesPatch { listed: Some(Some(false)), ..Default::default() }).await;
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    store.update_user(&off.id, &disabled, None).await.unwrap().done().unwrap();
    store.close_account(&gone.id, None).await.unwrap().done().unwrap();
    let all = names(store, DirectoryQuery { limit: 99, ..Default::default() }).await;
    assert_eq!(all, ["Ada", "ada", "bob", "Zoe", "вера", "Игорь"]);
    let found = async |search: &str| {
        names(store, DirectoryQuery { search: search.to_owned(), limit: 9, ..Default::default() }).await
    };
    assert_eq!(found("ВЕР").await, ["вера"]);
    assert_eq!(found("OB").await, ["bob"]);
    assert_eq!(found(".*").await, Vec::<String>::new());
    // Page by page each is there once.
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let query = DirectoryQuery { after, limit: 2, ..Default::default() };
        let page = store.listed_people(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(PersonPosition { name: last.name.clone(), id: last.id.clone() });
        read.extend(page.into_iter().map(|user| user.name));
    }
    assert_eq!(read, all);
    // Only some of them, and without some.
    let (zoe, igor) = (named(store, "Zoe").await, named(store, "Игорь").await);
    let some = vec![igor.id.clone(), hidden.id.clone(), zoe.id.clone(), id()];
    let only = async |ids: Vec<String>, search: &str| {
        let query =
            DirectoryQuery { only: Some(ids), search: search.to_owned(), limit: 9, ..Default::default() };
        names(store, query).await
    };
    assert_eq!(only(some.clone(), "").await, ["Zoe", "Игорь"]);
    assert_eq!(only(some.clone(), "zO").await, ["Zoe"]);
    assert_eq!(only(Vec::new(), "").await, Vec::<String>::new());
    let query = DirectoryQuery { without: some, limit: 99, ..Default::default() };
    assert_eq!(names(store, query).await, all);
}

pub(super) async fn rooms_in_common_are_those_of_both(store: &dyn Store) {
    let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
    let (shared, _alone) = (open_room(store, &ada).await, open_room(store, &ada).await);
    come(store, &shared, &bob).await;
    let expected = CommonRoom { id: shared.id.clone(), name: shared.title.clone() };
    assert_eq!(store.common_rooms(&ada.id, &bob.id, 9).await.unwrap(), std::slice::from_ref(&expected));
    assert_eq!(store.common_rooms(&bob.id, &ada.id, 9).await.unwrap(), [expected]);
    let grant = store.access(&bob.id, &shared.id, Need::Read).await.unwrap();
    store.leave(&grant).await.unwrap();
    assert_eq!(store.common_rooms(&ada.id, &bob.id, 9).await.unwrap(), []);
}

fn note(wall: &User, author: &User) -> Note {
    Note {
        id: id(),
        wall_id: wall.id.clone(),
        author_id: author.id.clone(),
        text: "Hello 👋\nthere".to_owned(),
        created_at: NOW,
    }
}

async fn leave(store: &dyn Store, wall: &User, author: &User) -> (Note, NoteOutcome) {
    let note = note(wall, author);
    let outcome = store.leave_note(&note, 3).await.unwrap();
    (note, outcome)
}

async fn notes(store: &dyn Store, of: NotesOf<'_>) -> Vec<Note> {
    store.notes(of, None, 99).await.unwrap()
}

pub(super) async fn notes_are_left_read_and_removed(store: &dyn Store) {
    let (ada, bob, eve) = (named(store, "Ada").await, named(store, "Bob").await, named(store, "Eve").await);
    let (first, left) = leave(store, &ada, &bob).await;
    assert_eq!(left, NoteOutcome::Left);
    let (second, _) = leave(store, &ada, &ada).await;
    assert_eq!(notes(store, NotesOf::Wall(&ada.id)).await, [second.clone(), first.clone()]);
    assert_eq!(
        store.notes(NotesOf::Wall(&ada.id), Some(&second.id), 9).await.unwrap(),
        std::slice::from_ref(&first)
    );
    assert_eq!(notes(store, NotesOf::Author(&bob.id)).await, std::slice::from_ref(&first));
    assert_eq!(store.note(&first.id).await.unwrap(), Some(first.clone()));
    // Nobody writes to a person whom they blocked, or who blocked them.
    store.block(&ada.id, &bob.id, 9, NOW).await.unwrap();
    assert_eq!(leave(store, &ada, &bob).await.1, NoteOutcome::Refused);
    assert_eq!(leave(store, &bob, &ada).await.1, NoteOutcome::Refused);
    leave(store, &ada, &eve).await;
    assert_eq!(leave(store, &ada, &eve).await.1, NoteOutcome::Full);
    assert!(store.remove_note(&first.id).await.unwrap());
    assert!(!store.remove_note(&first.id).await.unwrap());
    assert_eq!(leave(store, &ada, &eve).await.1, NoteOutcome::Left);
    choose(store, &eve, PreferencesPatch { wall: Some(Some(false)), ..Default::default() }).await;
    assert_eq!(leave(store, &eve, &ada).await.1, NoteOutcome::Refused);
}

pub(super) async fn notes_and_blocks_go_with_an_account(store: &dyn Store) {
    user(store).await;
    let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
    leave(store, &ada, &bob).await;
    leave(store, &bob, &ada).await;
    let (own, _) = leave(store, &bob, &bob).await;
    let eve = named(store, "Eve").await;
    store.block(&eve.id, &ada.id, 9, NOW).await.unwrap();
    store.block(&ada.id, &eve.id, 9, NOW).await.unwrap();
    store.close_account(&ada.id, None).await.unwrap().done().unwrap();
    assert_eq!(notes(store, NotesOf::Wall(&bob.id)).await, [own]);
    assert_eq!(notes(store, NotesOf::Wall(&ada.id)).await, []);
    assert_eq!(notes(store, NotesOf::Author(&ada.id)).await, []);
    assert_eq!(store.blocks(&eve.id).await.unwrap(), []);
    assert_eq!(store.blocks(&ada.id).await.unwrap(), []);
    assert_eq!(leave(store, &ada, &bob).await.1, NoteOutcome::Refused);
}
