//! Cases about messages that people add without asking for an answer.

use futures::future::join_all;

use crate::{
    domain::{Message, Role, Status, User},
    server::store::{
        AddOutcome, BeginOutcome, Changed, Destination, Grant, KEY_LIFE, Need, NewMessage, Store,
    },
};

use super::fixtures::{
    Asking, NOW, NewTurn, begin, conversation, finish, key, message, turn, unnumbered, user,
};

/// A private conversation: what is different in a room, [`super::talks`] tells.
async fn own(store: &dyn Store) -> (User, Grant) {
    let ada = user(store).await;
    let it = conversation("Mine");
    store.create_conversation(&ada.id, &it).await.unwrap();
    let grant = store.access(&ada.id, &it.id, Need::Write).await.unwrap();
    (ada, grant)
}

fn said(grant: &Grant, parent: Option<&str>, text: &str) -> NewMessage {
    let parent = parent.map(str::to_owned);
    let message = message(grant.user_id(), grant.conversation_id(), parent, Role::User, text);
    NewMessage { message, key: None, asks: None, now: NOW + 5 }
}

async fn add(store: &dyn Store, grant: &Grant, new: &NewMessage) -> Changed {
    match store.add_message(grant, new).await.unwrap() {
        AddOutcome::Added(changed) => changed,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn a_message_is_added_at_any_time(store: &dyn Store) {
    let (ada, grant) = own(store).await;
    let mut first = said(&grant, None, "Hello");
    // The author is the person of the grant, whatever author the message names.
    first.message.author_id = "somebody".into();
    let changed = add(store, &grant, &first).await;
    assert_eq!((changed.conversation.updated_at, changed.revision), (NOW + 5, 1));
    assert_eq!(changed.conversation.leaf_id.as_ref(), Some(&first.message.id));
    let stored = store.message(&grant, &first.message.id).await.unwrap().unwrap();
    assert_eq!(stored, Message { author_id: ada.id.clone(), revision: 1, ..first.message.clone() });
    // A message may be added while an answer is being written, too.
    let asked = turn(&ada, grant.conversation(), Some(&first.message.id));
    begin(store, &asked).await;
    let meanwhile = said(&grant, Some(&asked.answer.id), "Meanwhile");
    let changed = add(store, &grant, &meanwhile).await;
    assert_eq!(store.last_seq(&ada.id, &grant.conversation().id).await.unwrap(), changed.revision);
    let stored = store.message(&grant, &asked.answer.id).await.unwrap().unwrap();
    assert_eq!(stored.status, Status::Generating);
    assert!(store.finish_message(&asked.answer.id, &finish("Yes.", 90)).await.unwrap());
    let stored = store.message(&grant, &meanwhile.message.id).await.unwrap().unwrap();
    assert_eq!(unnumbered(stored), meanwhile.message);
    assert_eq!(store.messages_back(&grant, None, 9).await.unwrap().len(), 4);
}

pub(super) async fn the_leaf_follows_unless_an_answer_runs_elsewhere(store: &dyn Store) {
    let (ada, grant) = own(store).await;
    let first = said(&grant, None, "First");
    add(store, &grant, &first).await;
    let beside = said(&grant, None, "Beside");
    assert_eq!(add(store, &grant, &beside).await.conversation.leaf_id, Some(beside.message.id.clone()));
    let asked = turn(&ada, grant.conversation(), Some(&first.message.id));
    begin(store, &asked).await;
    let elsewhere = said(&grant, Some(&beside.message.id), "Elsewhere");
    assert_eq!(add(store, &grant, &elsewhere).await.conversation.leaf_id, Some(asked.answer.id.clone()));
    let below = said(&grant, Some(&asked.answer.id), "Below");
    assert_eq!(add(store, &grant, &below).await.conversation.leaf_id, Some(below.message.id.clone()));
    assert!(store.finish_message(&asked.answer.id, &finish("Yes.", 90)).await.unwrap());
    let after = said(&grant, Some(&elsewhere.message.id), "After");
    assert_eq!(add(store, &grant, &after).await.conversation.leaf_id, Some(after.message.id.clone()));
}

pub(super) async fn a_key_adds_one_message(store: &dyn Store) {
    let (ada, grant) = own(store).await;
    let keyed = |text: &str, now| NewMessage { key: Some(key("k", text)), now, ..said(&grant, None, text) };
    let all: Vec<_> = (0..20).map(|_| keyed("Hello", NOW)).collect();
    let outcomes = join_all(all.iter().map(|new| store.add_message(&grant, new))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    let added = |outcome: &AddOutcome| matches!(outcome, AddOutcome::Added(_));
    let [first] =
        outcomes.iter().zip(&all).filter(|(it, _)| added(it)).map(|it| it.1).collect::<Vec<_>>()[..]
    else {
        panic!("{outcomes:?}")
    };
    let repeated = AddOutcome::Repeated { message_id: first.message.id.clone() };
    let with = async |key, now| store.added_with(&grant, &key, now).await.unwrap();
    let of = |new: &NewMessage| new.key.clone().unwrap();
    assert_eq!(with(of(first), NOW).await, Some(repeated.clone()));
    assert_eq!(with(of(&keyed("Goodbye", NOW)), NOW).await, Some(AddOutcome::KeyReused));
    assert_eq!(with(of(first), NOW + KEY_LIFE).await, None);
    assert_eq!(with(key("other", "Hello"), NOW).await, None);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == repeated).count(), 19);
    assert_eq!(store.add_message(&grant, &keyed("Goodbye", NOW)).await.unwrap(), AddOutcome::KeyReused);
    // A question with the same key is another request, too.
    let asked = NewTurn { key: Some(key("k", "ask")), now: NOW, ..turn(&ada, grant.conversation(), None) };
    let asked = asked.to(Destination::There(grant.clone()));
    assert_eq!(store.begin_answer(&asked).await.unwrap(), BeginOutcome::KeyReused);
    assert_eq!(store.messages_back(&grant, None, 99).await.unwrap().len(), 1);
    let later = store.add_message(&grant, &keyed("Hello", NOW + KEY_LIFE)).await.unwrap();
    assert!(added(&later), "{later:?}");
}

pub(super) async fn a_missing_parent_or_conversation_is_reported(store: &dyn Store) {
    let (_, grant) = own(store).await;
    let nowhere = NewMessage { key: Some(key("k", "x")), ..said(&grant, Some("none"), "Hello") };
    assert_eq!(store.add_message(&grant, &nowhere).await.unwrap(), AddOutcome::NoParent);
    let before = grant.clone();
    assert_eq!(store.grant(grant.user_id(), grant.conversation_id()).await.unwrap(), Some(before));
    let now = NewMessage { key: Some(key("k", "x")), ..said(&grant, None, "Hello") };
    add(store, &grant, &now).await;
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    let gone = said(&grant, None, "Hello");
    assert_eq!(store.add_message(&grant, &gone).await.unwrap(), AddOutcome::NoConversation);
}

pub(super) async fn many_messages_added_at_once_are_all_stored(store: &dyn Store) {
    let (_, grant) = own(store).await;
    let all: Vec<_> = (0..30).map(|number| said(&grant, None, &number.to_string())).collect();
    let added = join_all(all.iter().map(|new| add(store, &grant, new))).await;
    let mut revisions: Vec<u64> = added.iter().map(|changed| changed.revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=30).collect::<Vec<u64>>(), "each change has a number of its own");
    assert_eq!(store.messages_back(&grant, None, 99).await.unwrap().len(), 30);
}
