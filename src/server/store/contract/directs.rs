//! Cases about conversations of two people, and about blocks.

use futures::future::join_all;

use crate::{
    domain::{Conversation, ConversationKind, DirectState, Member, MemberRole, Role, User, UserState},
    server::store::{
        AccessLevel, AddOutcome, BlockOutcome, ConversationPosition, DirectOutcome, Entry, Grant,
        JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, Need, NewDirect, NewMessage, NoAccess, Store,
        UserPatch,
    },
};

use super::{
    fixtures::{Asking, NOW, conversation, message, new_user, registered, user},
    members::{all_members, come, open_room, wants},
};

async fn named(store: &dyn Store, name: &str) -> User {
    let mut new = new_user(&format!("{}@example.com", super::fixtures::id().to_lowercase()));
    name.clone_into(&mut new.name);
    registered(store, &new).await.unwrap()
}

fn fresh() -> Conversation {
    Conversation { kind: ConversationKind::Direct, ..conversation("") }
}

async fn open(store: &dyn Store, one: &User, other: &User) -> DirectOutcome {
    let conversation = fresh();
    let new = NewDirect { user_id: &one.id, other_id: &other.id, conversation: &conversation };
    store.open_direct(&new).await.unwrap()
}

/// The id of the conversation of two people.
async fn of(store: &dyn Store, one: &User, other: &User) -> String {
    open(store, one, other).await;
    match open(store, one, other).await {
        DirectOutcome::There { conversation_id } => conversation_id,
        outcome => panic!("{outcome:?}"),
    }
}

async fn reads(store: &dyn Store, person: &User, id: &str) -> Grant {
    store.access(&person.id, id, Need::Read).await.unwrap()
}

async fn say(store: &dyn Store, person: &User, id: &str) -> AddOutcome {
    let grant = reads(store, person, id).await;
    let message = message(&person.id, id, None, Role::User, "Hello");
    store.add_message(&grant, &NewMessage { message, key: None, asks: None, now: NOW }).await.unwrap()
}

/// The names of those with whom a person has listed conversations.
async fn listed(store: &dyn Store, person: &User, away: bool) -> Vec<String> {
    let rows = store.directs_of(&person.id, None, 99, away).await.unwrap();
    rows.into_iter().map(|row| row.entry.room.name).collect()
}

async fn state(store: &dyn Store, person: &User, id: &str) -> DirectState {
    store.partner(&reads(store, person, id).await).await.unwrap().unwrap().state
}

pub(super) async fn two_people_have_one_conversation_also_when_both_open_it_at_once(store: &dyn Store) {
    let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
    let outcomes = join_all((0..12).map(|at| {
        let (one, other) = if at % 2 == 0 { (&ada, &bob) } else { (&bob, &ada) };
        open(store, one, other)
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|it| **it == DirectOutcome::Made).count(), 1, "{outcomes:?}");
    let id = of(store, &bob, &ada).await;
    let there = DirectOutcome::There { conversation_id: id.clone() };
    assert!(outcomes.iter().all(|it| *it == DirectOutcome::Made || *it == there), "{outcomes:?}");
    assert_eq!(open(store, &ada, &ada).await, DirectOutcome::Missing);
    // Each sees it under the other's name, with the level of a member.
    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        let grant = reads(store, person, &id).await;
        assert_eq!((grant.level(), &grant.conversation().title), (AccessLevel::Member, &other.name));
        let room = store.room(&grant).await.unwrap().unwrap();
        assert_eq!((&room.name, room.kind, room.member_count), (&other.name, ConversationKind::Direct, 2));
        let partner = store.partner(&grant).await.unwrap().unwrap();
        assert_eq!((&partner.id, &partner.name, partner.state), (&other.id, &other.name, DirectState::Open));
        assert_eq!(all_members(store, &grant).await.len(), 2);
        for need in [Need::Manage, Need::Own] {
            let refused = store.access(&person.id, &id, need).await;
            assert!(matches!(refused, Err(NoAccess::Denied)), "{need:?}");
        }
    }
    // It is none of the rooms of either.
    assert_eq!(store.rooms_of(&ada.id, None, 9).await.unwrap(), []);
    assert_eq!(store.rooms_owned(&ada.id).await.unwrap() + store.rooms_owned(&bob.id).await.unwrap(), 0);
}

pub(super) async fn nobody_comes_into_a_conversation_of_two_and_nobody_goes(store: &dyn Store) {
    let (ada, bob, eve) = (named(store, "Ada").await, named(store, "Bob").await, named(store, "Eve").await);
    let id = of(store, &ada, &bob).await;
    assert!(store.standing(&eve.id, &id).await.unwrap().is_none());
    assert_eq!(store.join(&wants(&id, &eve, Entry::Listed)).await.unwrap(), JoinOutcome::Refused);
    assert!(store.listed_room(&eve.id, &id).await.unwrap().is_none());
    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        let grant = reads(store, person, &id).await;
        assert_eq!(store.leave(&grant).await.unwrap(), LeaveOutcome::Missing);
        for change in [
            MemberChange::Remove,
            MemberChange::Role(MemberRole::Reader),
            MemberChange::HandOver { most: None },
        ] {
            let denied = store.change_member(&grant, &other.id, change).await.unwrap();
            assert_eq!(denied, MemberOutcome::Denied, "{change:?}");
        }
        let patch = crate::domain::RoomPatch { name: Some("Mine".into()), ..Default::default() };
        assert!(store.update_room(&grant, &patch).await.unwrap().is_none());
        assert!(!store.delete_conversation(&grant, NOW).await.unwrap());
    }
    assert!(matches!(say(store, &ada, &id).await, AddOutcome::Added(_)));
}

pub(super) async fn a_conversation_put_away_comes_back_with_the_next_message(store: &dyn Store) {
    let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
    let id = of(store, &ada, &bob).await;
    // Who has been told nothing yet sees nothing of it.
    assert_eq!(listed(store, &ada, false).await, ["Bob"]);
    assert_eq!(listed(store, &bob, false).await, Vec::<String>::new());
    assert_eq!(listed(store, &bob, true).await, ["Ada"]);
    say(store, &ada, &id).await;
    let rows = store.directs_of(&bob.id, None, 9, false).await.unwrap();
    let [row] = &*rows else { panic!("{rows:?}") };
    assert_eq!((&*row.entry.room.name, &row.other_id, row.entry.unread), ("Ada", &ada.id, 1));
    assert_eq!(row.other.as_ref().map(|other| &other.id), Some(&ada.id));
    assert!(store.put_away(&reads(store, &bob, &id).await).await.unwrap());
    assert_eq!(listed(store, &bob, false).await, Vec::<String>::new());
    assert_eq!(listed(store, &ada, false).await, ["Bob"]);
    say(store, &ada, &id).await;
    assert_eq!(listed(store, &bob, false).await, ["Ada"]);
    // So it does for whoever opens it again.
    assert!(store.put_away(&reads(store, &bob, &id).await).await.unwrap());
    assert_eq!(of(store, &bob, &ada).await, id);
    assert_eq!(listed(store, &bob, false).await, ["Ada"]);
    // They are listed page by page, and a room cannot be put away.
    let cid = named(store, "Cid").await;
    of(store, &bob, &cid).await;
    let first = store.directs_of(&bob.id, None, 1, false).await.unwrap();
    let room = &first[0].entry.room;
    let after = ConversationPosition { updated_at: room.updated_at, id: room.id.clone() };
    let second = store.directs_of(&bob.id, Some(&after), 9, false).await.unwrap();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].other_id, second[0].other_id);
    let room = open_room(store, &bob).await;
    assert!(!store.put_away(&reads(store, &bob, &room.id).await).await.unwrap());
}

pub(super) async fn whoever_is_blocked_reads_and_writes_nothing(store: &dyn Store) {
    let (ada, bob, eve) = (named(store, "Ada").await, named(store, "Bob").await, named(store, "Eve").await);
    let id = of(store, &ada, &bob).await;
    say(store, &ada, &id).await;
    let write = store.access(&bob.id, &id, Need::Write).await.unwrap();
    assert_eq!(store.block(&ada.id, &bob.id, 2, NOW).await.unwrap(), BlockOutcome::Blocked);
    assert_eq!(store.block(&ada.id, &bob.id, 2, NOW + 1).await.unwrap(), BlockOutcome::Blocked);
    // Neither writes, also with a grant from before.
    for person in [&ada, &bob] {
        let refused = store.access(&person.id, &id, Need::Write).await;
        assert!(matches!(refused, Err(NoAccess::Denied)), "{}", person.name);
        assert_eq!(say(store, person, &id).await, AddOutcome::NoConversation);
    }
    let late = message(&bob.id, &id, None, Role::User, "Late");
    let late = NewMessage { message: late, key: None, asks: None, now: NOW };
    assert_eq!(store.add_message(&write, &late).await.unwrap(), AddOutcome::NoConversation);
    assert_eq!(state(store, &ada, &id).await, DirectState::Blocked);
    assert_eq!(state(store, &bob, &id).await, DirectState::Unavailable);
    assert!(store.has_blocked(&ada.id, &bob.id).await.unwrap());
    assert!(!store.has_blocked(&bob.id, &ada.id).await.unwrap());
    // Who has none yet makes none.
    store.block(&ada.id, &eve.id, 2, NOW + 1).await.unwrap();
    assert_eq!(open(store, &eve, &ada).await, DirectOutcome::Blocked);
    assert_eq!(open(store, &ada, &eve).await, DirectOutcome::Blocked);
    let blocks = store.blocks(&ada.id).await.unwrap();
    let ids: Vec<&str> = blocks.iter().map(|block| &*block.user_id).collect();
    assert_eq!(ids, [&eve.id, &bob.id]);
    let cid = named(store, "Cid").await;
    assert_eq!(store.block(&ada.id, &cid.id, 2, NOW).await.unwrap(), BlockOutcome::TooMany);
    assert_eq!(store.block(&bob.id, "nobody", 2, NOW).await.unwrap(), BlockOutcome::Missing);
    assert!(store.unblock(&ada.id, &bob.id).await.unwrap());
    assert!(!store.unblock(&ada.id, &bob.id).await.unwrap());
    assert!(matches!(say(store, &bob, &id).await, AddOutcome::Added(_)));
}

pub(super) async fn mentions_by_somebody_blocked_do_not_count(store: &dyn Store) {
    let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
    let room = open_room(store, &ada).await;
    come(store, &room, &bob).await;
    let mention = async |by: &User, of: &User| {
        let grant = reads(store, by, &room.id).await;
        let mut message = message(&by.id, &room.id, None, Role::User, "Hello");
        message.talk.mentions = vec![of.id.clone()];
        store.add_message(&grant, &NewMessage { message, key: None, asks: None, now: NOW }).await.unwrap()
    };
    mention(&bob, &ada).await;
    let counts = async |person: &User| {
        let entry = store.rooms_of(&person.id, None, 1).await.unwrap().remove(0);
        (entry.unread, entry.mentions)
    };
    assert_eq!(counts(&ada).await, (1, 1));
    store.block(&ada.id, &bob.id, 9, NOW).await.unwrap();
    assert_eq!(counts(&ada).await, (1, 0));
    mention(&ada, &bob).await;
    assert_eq!(counts(&bob).await, (1, 0));
    store.unblock(&ada.id, &bob.id).await.unwrap();
    assert_eq!(counts(&bob).await, (1, 1));
}

pub(super) async fn a_conversation_stays_when_one_account_ends(store: &dyn Store) {
    user(store).await;
    for opens in [true, false] {
        let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
        let id = if opens { of(store, &ada, &bob).await } else { of(store, &bob, &ada).await };
        say(store, &ada, &id).await;
        let renamed = UserPatch { name: Some("Ada Lovelace".into()), ..UserPatch::default() };
        store.update_user(&ada.id, &renamed, None).await.unwrap();
        assert_eq!(listed(store, &bob, false).await, ["Ada Lovelace"]);
        store.close_account(&ada.id, Some(NOW)).await.unwrap().done().unwrap();
        assert_eq!(state(store, &bob, &id).await, DirectState::Closed);
        assert!(store.standing(&ada.id, &id).await.unwrap().is_none());
        while store.erase(&ada.id).await.unwrap() {}
        assert!(store.user(&ada.id).await.unwrap().is_none());
        // It is called like the person was, and can be read.
        let grant = reads(store, &bob, &id).await;
        assert_eq!((&*grant.conversation().title, grant.level()), ("Ada Lovelace", AccessLevel::Reader));
        assert_eq!(listed(store, &bob, false).await, ["Ada Lovelace"]);
        assert_eq!(state(store, &bob, &id).await, DirectState::Closed);
        assert_eq!(store.back(&bob.id, &id, None, 9).await.unwrap().len(), 1);
        assert_eq!(say(store, &bob, &id).await, AddOutcome::NoConversation);
        // With the other account it goes.
        store.close_account(&bob.id, Some(NOW)).await.unwrap().done().unwrap();
        while store.erase(&bob.id).await.unwrap() {}
        assert!(store.user(&bob.id).await.unwrap().is_none());
        let all: Vec<Member> = all_members(store, &grant).await;
        assert_eq!(all, []);
    }
}

pub(super) async fn a_disabled_person_begins_no_conversation(store: &dyn Store) {
    let (ada, bob) = (named(store, "Ada").await, named(store, "Bob").await);
    let off = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    store.update_user(&bob.id, &off, None).await.unwrap();
    assert_eq!(open(store, &ada, &bob).await, DirectOutcome::Missing);
    assert_eq!(store.block(&ada.id, &bob.id, 9, NOW).await.unwrap(), BlockOutcome::Missing);
}
