//! Cases about rooms themselves.

use futures::future::join_all;

use crate::{
    domain::{
        Conversation, ConversationKind, MemberRole, MemberState, Notify, PictureColour, Role, Room,
        RoomAnswers, RoomPatch, RoomPayer, RoomSettings, User,
    },
    server::store::{
        BIN_LIFE, ConversationPosition, ConversationQuery, Entry, Grant, JoinOutcome, Key, ListedQuery,
        MemberChange, Need, NewMessage, NewRoom, Restored, RoomOutcome, Store,
    },
};

use super::{
    fixtures::{Asking, NOW, begin, conversation, finish, first_turn, key, message, turn, user},
    members::{all_members, come, open_room, own, wants},
};

fn named(name: &str, updated_at: i64) -> Conversation {
    Conversation { kind: ConversationKind::Room, updated_at, ..conversation(name) }
}

fn listed() -> RoomSettings {
    RoomSettings { listed: true, ..RoomSettings::default() }
}

async fn make(
    store: &dyn Store,
    owner: &User,
    it: &Conversation,
    settings: &RoomSettings,
    (key, most): (Option<&Key>, Option<u32>),
) -> RoomOutcome {
    let (owner_id, owner_name) = (&*owner.id, &*owner.name);
    let (board, copied) = (None, None);
    let new = NewRoom { owner_id, owner_name, conversation: it, settings, board, copied, key, most };
    store.create_room(&new).await.unwrap()
}

/// Somebody writes into a room.
async fn say(store: &dyn Store, grant: &Grant, mentions: &[&User]) -> String {
    let mut message = message(grant.user_id(), grant.conversation_id(), None, Role::User, "Hello");
    message.talk.mentions = mentions.iter().map(|person| person.id.clone()).collect();
    let new = NewMessage { message: message.clone(), key: None, asks: None, now: NOW };
    let added = store.add_message(grant, &new).await.unwrap();
    assert!(matches!(added, crate::server::store::AddOutcome::Added(_)), "{added:?}");
    message.id
}

pub(super) async fn a_room_is_made_with_its_owner_as_its_first_member(store: &dyn Store) {
    let ada = user(store).await;
    let it = named("Botany 🌱", NOW);
    let settings = RoomSettings {
        topic: "Leaves".into(),
        initial: Some("🌱".into()),
        colour: Some(PictureColour::Green),
        listed: true,
        answers: RoomAnswers::Always,
        payer: RoomPayer::Owner,
        slow_seconds: 30,
    };
    assert_eq!(make(store, &ada, &it, &settings, (None, None)).await, RoomOutcome::Made);
    let grant = own(store, &ada, &it).await;
    assert_eq!(grant.conversation(), &it);
    let expected = Room {
        id: it.id.clone(),
        kind: ConversationKind::Room,
        name: "Botany 🌱".into(),
        settings,
        owner_id: ada.id.clone(),
        member_count: 1,
        copied_at: None,
        copied_by: None,
        created_at: NOW,
        updated_at: NOW,
    };
    assert_eq!(store.room(&grant).await.unwrap(), Some(expected));
    let members = all_members(store, &grant).await;
    let [owner] = &*members else { panic!("{members:?}") };
    assert_eq!((&owner.user_id, &owner.name, owner.joined_at), (&ada.id, &ada.name, NOW));
    assert_eq!((owner.role, owner.state), (MemberRole::Moderator, MemberState::Active));
    assert_eq!(store.rooms_owned(&ada.id).await.unwrap(), 1);
}

pub(super) async fn a_key_makes_one_room(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let key_one = key("k", "a room");
    let all: Vec<Conversation> = (0..12).map(|_| named("Room", NOW)).collect();
    let settings = listed();
    let outcomes =
        join_all(all.iter().map(|it| make(store, &ada, it, &settings, (Some(&key_one), None)))).await;
    let made: Vec<usize> = (0..12).filter(|at| outcomes[*at] == RoomOutcome::Made).collect();
    let [one] = *made else { panic!("{outcomes:?}") };
    let repeated = RoomOutcome::Repeated { conversation_id: all[one].id.clone() };
    assert!(outcomes.iter().enumerate().all(|(at, it)| at == one || *it == repeated), "{outcomes:?}");
    let other = key("k", "another room");
    assert_eq!(
        make(store, &ada, &named("Room", NOW), &settings, (Some(&other), None)).await,
        RoomOutcome::KeyReused
    );
    assert_eq!(
        make(store, &bob, &named("Room", NOW), &settings, (Some(&other), None)).await,
        RoomOutcome::Made
    );
    assert_eq!(store.rooms_owned(&ada.id).await.unwrap(), 1);
    // A key that made a room which is gone makes another one.
    assert!(store.delete_conversation(&own(store, &ada, &all[one]).await, NOW).await.unwrap());
    assert_eq!(
        make(store, &ada, &named("Room", NOW), &settings, (Some(&key_one), None)).await,
        RoomOutcome::Made
    );
}

pub(super) async fn a_room_begins_with_a_copy(store: &dyn Store) {
    let ada = user(store).await;
    let mut it = named("Copy", NOW + 7);
    it.created_at = NOW + 7;
    let first = message(&ada.id, &it.id, None, Role::User, "Why?");
    let mut answer = message(&ada.id, &it.id, Some(first.id.clone()), Role::Assistant, "Because.");
    answer.talk.reply_to = Some(first.id.clone());
    it.leaf_id = Some(answer.id.clone());
    let copied = [first, answer];
    let new = NewRoom {
        owner_id: &ada.id,
        owner_name: &ada.name,
        conversation: &it,
        settings: &RoomSettings::default(),
        board: None,
        copied: Some(&copied),
        key: None,
        most: Some(1),
    };
    assert_eq!(store.create_room(&new).await.unwrap(), RoomOutcome::Made);
    let grant = own(store, &ada, &it).await;
    let room = store.room(&grant).await.unwrap().unwrap();
    assert_eq!((room.copied_at, room.copied_by), (Some(NOW + 7), Some(ada.id.clone())));
    let line = store.messages_back(&grant, None, 9).await.unwrap();
    let seen: Vec<_> = line.iter().rev().map(|it| (&it.id, &it.content, &it.talk.reply_to)).collect();
    let expected: Vec<_> = copied.iter().map(|it| (&it.id, &it.content, &it.talk.reply_to)).collect();
    assert_eq!(seen, expected);
    assert!(line.iter().all(|it| it.author_id == ada.id && it.revision == 1));
    assert_eq!((grant.last_seq(), store.rooms_of(&ada.id, None, 9).await.unwrap()[0].unread), (1, 0));
    // What follows is one line with it.
    say(store, &grant, &[]).await;
    assert_eq!(store.messages_back(&grant, None, 9).await.unwrap().len(), 3);
}

pub(super) async fn of_twenty_at_once_no_more_rooms_are_made_than_allowed(store: &dyn Store) {
    let ada = user(store).await;
    let all: Vec<Conversation> = (0..20).map(|_| named("Room", NOW)).collect();
    let settings = listed();
    let outcomes = join_all(all.iter().map(|it| make(store, &ada, it, &settings, (None, Some(3))))).await;
    assert_eq!(outcomes.iter().filter(|it| **it == RoomOutcome::Made).count(), 3);
    assert_eq!(outcomes.iter().filter(|it| **it == RoomOutcome::TooMany).count(), 17);
    assert_eq!(store.rooms_owned(&ada.id).await.unwrap(), 3);
}

pub(super) async fn a_room_is_changed_in_one_step(store: &dyn Store) {
    let ada = user(store).await;
    let it = Conversation { system_prompt: Some("Be kind.".into()), ..named("Old", NOW) };
    make(store, &ada, &it, &listed(), (None, None)).await;
    let grant = own(store, &ada, &it).await;
    let same = store.update_room(&grant, &RoomPatch::default()).await.unwrap().unwrap();
    assert_eq!((same.revision, &same.conversation), (grant.last_seq(), &it));
    let patch = RoomPatch {
        name: Some("New $name".into()),
        topic: Some("$topic".into()),
        initial: Some(Some("N".into())),
        colour: Some(Some(PictureColour::Green)),
        listed: Some(false),
        answers: Some(RoomAnswers::Asked),
        payer: Some(RoomPayer::Owner),
        slow_seconds: Some(9),
        model: Some(Some("demo/echo".into())),
        system_prompt: Some(None),
    };
    let changed = store.update_room(&grant, &patch).await.unwrap().unwrap();
    let expected = Conversation {
        title: "New $name".into(),
        model: Some("demo/echo".into()),
        system_prompt: None,
        ..it.clone()
    };
    assert_eq!((&changed.conversation, changed.revision), (&expected, grant.last_seq() + 1));
    let room = store.room(&grant).await.unwrap().unwrap();
    assert_eq!((&room.name, &room.settings), (&expected.title, &listed().patched(&patch)));
    let since = store.changes_since(&grant, grant.last_seq(), 9).await.unwrap();
    assert!(since.members && since.conversation.is_some());
    // What is left out stays, and what is cleared is gone.
    let clear = RoomPatch { initial: Some(None), colour: Some(None), ..RoomPatch::default() };
    let cleared = store.update_room(&grant, &clear).await.unwrap().unwrap();
    let room = store.room(&grant).await.unwrap().unwrap();
    assert_eq!((room.settings.initial, room.settings.colour, room.settings.slow_seconds), (None, None, 9));
    let since = store.changes_since(&grant, changed.revision, 9).await.unwrap();
    assert_eq!((since.members, since.conversation, since.seq), (true, None, cleared.revision));
}

pub(super) async fn listed_rooms_are_found_by_whoever_may_join(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let rooms = [named("Ärger", NOW + 1), named("Botany 100%", NOW + 2), named("Chess", NOW + 2)];
    for room in &rooms {
        make(store, &ada, room, &listed(), (None, None)).await;
    }
    let hidden = named("Secret", NOW + 9);
    make(store, &ada, &hidden, &RoomSettings::default(), (None, None)).await;
    let names = async |person: &User, query: ListedQuery| {
        let found = store.listed_rooms(&person.id, &query).await.unwrap();
        found.into_iter().map(|room| room.name).collect::<Vec<_>>()
    };
    let all = || ListedQuery { limit: 9, ..ListedQuery::default() };
    assert_eq!(names(&bob, all()).await, ["Chess", "Botany 100%", "Ärger"]);
    assert!(names(&ada, all()).await.is_empty(), "she is in all of them");
    let mut after = None;
    for expected in ["Chess", "Botany 100%", "Ärger"] {
        let page = ListedQuery { limit: 1, after: after.take(), ..ListedQuery::default() };
        let found = store.listed_rooms(&bob.id, &page).await.unwrap();
        assert_eq!(found[0].name, expected);
        after = Some(ConversationPosition { updated_at: found[0].updated_at, id: found[0].id.clone() });
    }
    for (text, expected) in [("äRG", &["Ärger"][..]), ("100%", &["Botany 100%"]), ("$", &[]), ("secret", &[])]
    {
        let query = ListedQuery { name_contains: Some(text.into()), ..all() };
        assert_eq!(names(&bob, query).await, expected, "{text}");
    }
    come(store, &rooms[0], &bob).await;
    assert_eq!(names(&bob, all()).await, ["Chess", "Botany 100%"]);
    let owner = own(store, &ada, &rooms[0]).await;
    store.change_member(&owner, &bob.id, MemberChange::Ban { hide: false }).await.unwrap();
    assert_eq!(names(&bob, all()).await, ["Chess", "Botany 100%"]);
    let open = async |room: &Conversation| store.listed_room(&bob.id, &room.id).await.unwrap().is_some();
    assert_eq!((open(&rooms[0]).await, open(&rooms[1]).await, open(&hidden).await), (false, true, false));
}

pub(super) async fn rooms_of_a_person_tell_what_is_unread(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let (old, new) = (named("Old", NOW + 1), named("New", NOW + 2));
    for room in [&old, &new] {
        make(store, &ada, room, &listed(), (None, None)).await;
    }
    let owner = own(store, &ada, &old).await;
    say(store, &owner, &[]).await;
    for room in [&old, &new] {
        come(store, room, &bob).await;
    }
    let entries = async |person: &User| store.rooms_of(&person.id, None, 9).await.unwrap();
    let counts = async |person: &User| {
        let entry = entries(person).await.into_iter().find(|entry| entry.room.id == old.id).unwrap();
        (entry.unread, entry.mentions)
    };
    assert_eq!(counts(&bob).await, (0, 0), "whoever comes has seen what was written before");
    let bobs = store.access(&bob.id, &old.id, Need::Write).await.unwrap();
    say(store, &bobs, &[&ada]).await;
    assert_eq!((counts(&bob).await, counts(&ada).await), ((0, 0), (1, 1)));
    let second = say(store, &owner, &[&bob]).await;
    let third = say(store, &owner, &[]).await;
    assert_eq!((counts(&bob).await, counts(&ada).await), ((2, 1), (0, 0)));
    let answer = turn(&ada, &old, Some(&third));
    begin(store, &answer).await;
    assert_eq!(counts(&ada).await, (1, 0), "an answer is nobody's own");
    assert!(entries(&bob).await.iter().any(|entry| entry.room.id == old.id && entry.running));
    assert!(store.finish_message(&answer.answer.id, &finish("Yes.", 9)).await.unwrap());
    assert!(store.set_read(&bobs, &second).await.unwrap());
    assert_eq!(counts(&bob).await, (3, 0));
    for _ in 0..110 {
        say(store, &owner, &[&bob]).await;
    }
    assert_eq!(counts(&bob).await, (100, 100), "they are counted up to there");
    let found = entries(&bob).await;
    let seen: Vec<_> = found.iter().map(|it| (&*it.room.name, it.role, it.notify, it.running)).collect();
    let plain = (MemberRole::Member, Notify::All, false);
    assert_eq!(seen, [("New", plain.0, plain.1, plain.2), ("Old", plain.0, plain.1, plain.2)]);
    let after = ConversationPosition { updated_at: found[0].room.updated_at, id: found[0].room.id.clone() };
    let rest = store.rooms_of(&bob.id, Some(&after), 1).await.unwrap();
    assert_eq!(rest.iter().map(|it| &*it.room.name).collect::<Vec<_>>(), ["Old"]);
    store.leave(&bobs).await.unwrap();
    assert_eq!(entries(&bob).await.len(), 1);
}

pub(super) async fn rooms_stand_apart_from_private_conversations(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let private = Conversation { pinned: true, ..conversation("Room") };
    store.create_conversation(&ada.id, &private).await.unwrap();
    for pinned in [None, Some(true), Some(false)] {
        for title_contains in [None, Some("room".to_owned())] {
            let query =
                ConversationQuery { pinned, title_contains, limit: 9, ..ConversationQuery::default() };
            let found = store.conversations(&ada.id, &query).await.unwrap();
            assert!(found.iter().all(|it| it.id == private.id), "{query:?}");
            assert_eq!(found.len(), usize::from(pinned != Some(false)));
        }
    }
    assert_eq!(store.rooms_owned(&ada.id).await.unwrap(), 1);
    let own = store.rooms_of(&ada.id, None, 9).await.unwrap();
    assert_eq!(own.iter().map(|it| &it.room.id).collect::<Vec<_>>(), [&room.id]);
}

pub(super) async fn a_change_of_a_room_is_a_change_of_its_members_alone(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let room = open_room(store, &ada).await;
    let grant = own(store, &ada, &room).await;
    let running = turn(&ada, &room, None);
    begin(store, &running).await;
    let began = own(store, &ada, &room).await.last_seq();
    // While an answer is written, its writer numbers what others do.
    come(store, &room, &bob).await;
    assert!(store.finish_message(&running.answer.id, &finish("Yes.", began + 50)).await.unwrap());
    let since = store.changes_since(&grant, began + 20, 9).await.unwrap();
    assert!(since.members && since.seq > began + 50, "{since:?}");
    let seen = since.seq;
    let since = store.changes_since(&grant, seen, 9).await.unwrap();
    assert!(!since.members && since.seq == seen, "{since:?}");
    let (_, revision) = match store.change_member(&grant, &bob.id, MemberChange::Remove).await.unwrap() {
        crate::server::store::MemberOutcome::Changed { member, revision, .. } => (member, revision),
        other => panic!("{other:?}"),
    };
    let since = store.changes_since(&grant, seen, 9).await.unwrap();
    assert!(since.members && since.messages.is_empty() && since.conversation.is_none() && !since.queue);
    assert_eq!((since.seq, revision), (seen + 1, seen + 1));
    // A private conversation knows nothing of it.
    let alone = first_turn(&ada);
    begin(store, &alone).await;
    let grant = store.grant(&ada.id, &alone.conversation.id).await.unwrap().unwrap();
    assert!(!store.changes_since(&grant, 0, 9).await.unwrap().members);
}

pub(super) async fn a_deleted_room_is_gone_for_its_members_and_comes_back(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let room = open_room(store, &ada).await;
    come(store, &room, &bob).await;
    let grant = own(store, &ada, &room).await;
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    let carl = user(store).await;
    assert!(store.standing(&bob.id, &room.id).await.unwrap().is_none());
    assert!(store.rooms_of(&bob.id, None, 9).await.unwrap().is_empty());
    assert!(store.listed_room(&carl.id, &room.id).await.unwrap().is_none());
    let refused = store.join(&wants(&room.id, &carl, Entry::Listed)).await.unwrap();
    assert_eq!((refused, store.rooms_owned(&ada.id).await.unwrap()), (JoinOutcome::Refused, 0));
    let restored = store.restore_conversation(&ada.id, &room.id, Some(0)).await.unwrap();
    assert_eq!((restored, store.rooms_owned(&ada.id).await.unwrap()), (Restored::TooManyRooms, 0));
    assert!(store.restore_conversation(&ada.id, &room.id, Some(1)).await.unwrap().back().is_some());
    assert_eq!(store.rooms_of(&bob.id, None, 9).await.unwrap()[0].room.member_count, 2);
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    while store.purge(NOW + BIN_LIFE).await.unwrap() {}
    assert!(all_members(store, &grant).await.is_empty() && store.room(&grant).await.unwrap().is_none());
    assert!(store.user(&bob.id).await.unwrap().is_some());
}

pub(super) async fn a_room_passes_on_when_the_account_of_its_owner_ends(store: &dyn Store) {
    let (_boss, ada, bob, carl, dora) =
        (user(store).await, user(store).await, user(store).await, user(store).await, user(store).await);
    let (shared, alone, private) =
        (open_room(store, &ada).await, open_room(store, &ada).await, first_turn(&ada));
    begin(store, &private).await;
    for person in [&bob, &carl, &dora] {
        come(store, &shared, person).await;
    }
    let owner = own(store, &ada, &shared).await;
    say(store, &owner, &[]).await;
    let pays = RoomPatch { payer: Some(RoomPayer::Owner), ..RoomPatch::default() };
    store.update_room(&owner, &pays).await.unwrap();
    let promote = MemberChange::Role(MemberRole::Moderator);
    store.change_member(&owner, &carl.id, promote).await.unwrap();
    store.close_account(&ada.id, Some(NOW)).await.unwrap().done().unwrap();
    // The moderator goes before a member who was there sooner.
    let carls = own(store, &carl, &shared).await;
    let room = store.room(&carls).await.unwrap().unwrap();
    let found = (&room.owner_id, room.member_count, room.settings.payer);
    assert_eq!(found, (&carl.id, 3, RoomPayer::Asker));
    let left = store.member(&carls, &ada.id).await.unwrap().unwrap();
    assert_eq!((left.state, left.role), (MemberState::Left, MemberRole::Member));
    assert!(store.changes_since(&carls, owner.last_seq(), 9).await.unwrap().members);
    while store.erase(&ada.id).await.unwrap() {}
    assert!(store.user(&ada.id).await.unwrap().is_none());
    assert_eq!(store.messages_back(&carls, None, 9).await.unwrap().len(), 1, "what she wrote in it stays");
    assert!(store.standing(&ada.id, &alone.id).await.unwrap().is_none());
    assert!(store.listed_room(&bob.id, &alone.id).await.unwrap().is_none());
    // Then the member who is there longest.
    store.close_account(&carl.id, None).await.unwrap().done().unwrap();
    let bobs = own(store, &bob, &shared).await;
    let member = store.member(&bobs, &bob.id).await.unwrap().unwrap();
    assert_eq!(member.role, MemberRole::Moderator);
}
