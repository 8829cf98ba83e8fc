//! Cases about messages of a room: one line, whoever writes; changed and deleted with a mark; questions for the model.

use futures::future::join_all;

use crate::{
    domain::{
        Conversation, ConversationKind, MemberRole, Message, Role, RoomSettings, Talk, User, Version,
        talk::MOST_EDITS,
    },
    server::store::{
        AddOutcome, AskedModel, BeginOutcome, Destination, Entry, Finish, Grant, Join, JoinOutcome,
        MemberChange, MemberOutcome, Need, NewAnswer, NewMessage, NewRoom, RoomOutcome, Store, TalkOutcome,
        VersionQuery,
    },
};

use super::fixtures::{Asking, NOW, conversation, finish, first_turn, id, key, message, talk, user};

/// A room with its owner, a moderator, a member and a reader.
pub(super) struct Room {
    pub owner: Grant,
    pub moderator: Grant,
    pub member: Grant,
    pub reader: Grant,
}

pub(super) async fn room(store: &dyn Store, settings: RoomSettings) -> Room {
    let owner = user(store).await;
    let it = Conversation {
        kind: ConversationKind::Room,
        model: Some("demo/room".into()),
        ..conversation("Room")
    };
    let settings = RoomSettings { listed: true, ..settings };
    let new = NewRoom {
        owner_id: &owner.id,
        owner_name: "Owner",
        conversation: &it,
        settings: &settings,
        board: None,
        copied: None,
        key: None,
        most: None,
    };
    assert_eq!(store.create_room(&new).await.unwrap(), RoomOutcome::Made);
    let owner = grant(store, &owner, &it.id).await;
    let moderator = come(store, &owner, MemberRole::Moderator).await;
    let member = come(store, &owner, MemberRole::Member).await;
    let reader = come(store, &owner, MemberRole::Reader).await;
    Room { owner, moderator, member, reader }
}

async fn grant(store: &dyn Store, user: &User, id: &str) -> Grant {
    store.grant(&user.id, id).await.unwrap().unwrap()
}

/// Somebody joins the room and is given a role.
pub(super) async fn come(store: &dyn Store, owner: &Grant, role: MemberRole) -> Grant {
    let person = user(store).await;
    let join = Join {
        conversation_id: owner.conversation_id(),
        user_id: &person.id,
        name: &format!("P{}", person.id),
        entry: Entry::Listed,
        most: 100,
        now: NOW,
    };
    assert!(matches!(store.join(&join).await.unwrap(), JoinOutcome::Joined { .. }));
    if role != MemberRole::Member {
        let changed = store.change_member(owner, &person.id, MemberChange::Role(role)).await.unwrap();
        assert!(matches!(changed, MemberOutcome::Changed { .. }), "{changed:?}");
    }
    grant(store, &person, owner.conversation_id()).await
}

pub(super) fn says(grant: &Grant, text: &str) -> NewMessage {
    let message = message(grant.user_id(), grant.conversation_id(), None, Role::User, text);
    NewMessage { message, key: None, asks: None, now: NOW + 5 }
}

pub(super) async fn add(store: &dyn Store, grant: &Grant, new: &NewMessage) -> Message {
    let added = store.add_message(grant, new).await.unwrap();
    assert!(matches!(added, AddOutcome::Added(_)), "{added:?}");
    stored(store, grant, &new.message.id).await
}

pub(super) async fn stored(store: &dyn Store, grant: &Grant, id: &str) -> Message {
    store.message(grant, id).await.unwrap().unwrap()
}

/// The room as it is now.
pub(super) async fn now(store: &dyn Store, grant: &Grant) -> Grant {
    store.grant(grant.user_id(), grant.conversation_id()).await.unwrap().unwrap()
}

pub(super) async fn fifty_messages_at_once_are_one_line(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let people = [&room.owner, &room.moderator, &room.member];
    let tell = async |at: usize| {
        let grant = people[at % 3];
        let mut new = says(grant, &at.to_string());
        // Whatever the caller says of the parent.
        new.message.parent_id = Some("none".into());
        loop {
            match store.add_message(grant, &new).await.unwrap() {
                AddOutcome::Added(changed) => return (new.message.id, changed.revision),
                AddOutcome::Behind { leaf_id } => {
                    assert!(leaf_id >= new.message.id);
                    new.message.id = id();
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let told = join_all((0..50).map(tell)).await;
    let mut line = store.messages_back(&room.reader, None, 99).await.unwrap();
    line.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(line.len(), 50);
    assert_eq!(line[0].parent_id, None);
    assert!(line.windows(2).all(|two| two[1].parent_id.as_ref() == Some(&two[0].id)));
    assert!(line.windows(2).all(|two| two[1].revision > two[0].revision));
    assert!(line.iter().all(|one| told.contains(&(one.id.clone(), one.revision))));
    let newest = line.last().map(|newest| newest.id.clone());
    assert_eq!(now(store, &room.reader).await.conversation().leaf_id, newest);
    // Who wrote has seen it.
    let own = line.iter().rev().find(|one| one.author_id == room.member.user_id()).unwrap();
    assert_eq!(store.own_part(&room.member).await.unwrap().unwrap().read_id.as_ref(), Some(&own.id));
    assert_eq!(store.own_part(&room.reader).await.unwrap().unwrap().read_id, None);
    let refused = store.add_message(&room.reader, &says(&room.reader, "No")).await.unwrap();
    assert_eq!(refused, AddOutcome::NoConversation);
}

pub(super) async fn a_key_adds_one_message_of_a_room(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let keyed = |name: &str, request: &str| NewMessage {
        key: Some(key(name, request)),
        asks: Some(AskedModel { model: None, most: 9, most_own: 9 }),
        ..says(&room.member, request)
    };
    let first = add(store, &room.member, &keyed("k", "Hello")).await;
    let again = store.add_message(&room.member, &keyed("k", "Hello")).await.unwrap();
    assert_eq!(again, AddOutcome::Repeated { message_id: first.id.clone() });
    let other = store.add_message(&room.member, &keyed("k", "Goodbye")).await.unwrap();
    assert_eq!(other, AddOutcome::KeyReused);
    assert_eq!(store.messages_back(&room.member, None, 9).await.unwrap(), [first]);
    assert_eq!(store.queued(&room.member).await.unwrap().len(), 1);
}

pub(super) async fn a_slow_room_keeps_its_members_waiting(store: &dyn Store) {
    let room = room(store, RoomSettings { slow_seconds: 30, ..RoomSettings::default() }).await;
    let at = |grant: &Grant, now| NewMessage { now, ..says(grant, "Hello") };
    for (grant, waits) in [(&room.member, true), (&room.moderator, false), (&room.owner, false)] {
        add(store, grant, &at(grant, NOW)).await;
        let soon = store.add_message(grant, &at(grant, NOW + 29_999)).await.unwrap();
        match waits {
            true => assert_eq!(soon, AddOutcome::TooSoon { until: NOW + 30_000 }),
            false => assert!(matches!(soon, AddOutcome::Added(_)), "{soon:?}"),
        }
        add(store, grant, &at(grant, NOW + 30_000)).await;
    }
    let other = come(store, &room.owner, MemberRole::Member).await;
    add(store, &other, &at(&other, NOW + 30_001)).await;
}

/// The answer to the question of a room whose turn it is.
pub(super) async fn answers(store: &dyn Store, grant: &Grant) -> NewAnswer {
    let next = store.next_queued(grant.conversation_id(), &[]).await.unwrap().unwrap();
    assert!(next.is_shared);
    let to = Destination::There(now(store, grant).await);
    let answer = message(grant.user_id(), grant.conversation_id(), next.after, Role::Assistant, "");
    NewAnswer {
        to,
        question: None,
        answer,
        key: None,
        queued: Some(next.queued.id),
        most_running: 9,
        now: NOW,
    }
}

pub(super) async fn begins(store: &dyn Store, new: &NewAnswer) -> u64 {
    match store.begin_answer(new).await.unwrap() {
        BeginOutcome::Begun { after, .. } => after,
        other => panic!("{other:?}"),
    }
}

pub(super) fn asks(grant: &Grant, text: &str) -> NewMessage {
    NewMessage {
        asks: Some(AskedModel { model: Some("demo/other".into()), most: 2, most_own: 1 }),
        ..says(grant, text)
    }
}

async fn versions(store: &dyn Store, grant: &Grant, id: &str) -> Vec<Version> {
    store.versions(grant, id, VersionQuery { before: None, bytes: usize::MAX }).await.unwrap().items
}

pub(super) async fn every_version_stays_and_there_are_only_so_many(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let old = add(store, &room.member, &says(&room.member, "0")).await;
    for at in 1..=MOST_EDITS {
        edit(store, &room.member, &old.id, &at.to_string()).await;
    }
    let more = store.edit_message(&room.member, &old.id, "more", &[], NOW).await.unwrap();
    assert_eq!(more, TalkOutcome::Full);
    let kept = versions(store, &room.owner, &old.id).await;
    let texts: Vec<String> = kept.iter().map(|version| version.content.clone()).collect();
    assert_eq!(texts, (0..MOST_EDITS).rev().map(|at| at.to_string()).collect::<Vec<_>>());
    // Pages end where their bytes do, and lead on.
    let (mut before, mut paged) = (None, Vec::new());
    loop {
        let page = store.versions(&room.owner, &old.id, VersionQuery { before, bytes: 40 }).await.unwrap();
        assert!(page.items.len() <= 40);
        paged.extend(page.items);
        before = page.before;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, kept);
    let one = store.versions(&room.owner, &old.id, VersionQuery { before: None, bytes: 0 }).await.unwrap();
    assert_eq!(one.items, kept[..1]);
}

async fn edit(store: &dyn Store, grant: &Grant, id: &str, text: &str) -> TalkOutcome {
    store.edit_message(grant, id, text, &[], NOW + 9).await.unwrap()
}

pub(super) async fn a_message_is_changed_by_its_author_alone(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let mut new = asks(&room.member, "Helo");
    new.message.talk.mentions = vec![room.owner.user_id().to_owned()];
    let old = add(store, &room.member, &new).await;
    assert_eq!(old.talk, new.message.talk);
    for grant in [&room.owner, &room.moderator, &room.reader] {
        assert_eq!(edit(store, grant, &old.id, "Mine").await, TalkOutcome::Missing);
    }
    for id in ["none", &*old.id] {
        let other = self::room(store, RoomSettings::default()).await;
        assert_eq!(edit(store, &other.member, id, "Mine").await, TalkOutcome::Missing);
    }
    let mentions = [room.moderator.user_id().to_owned()];
    let before = now(store, &room.member).await.last_seq();
    let outcome = store.edit_message(&room.member, &old.id, "Hello", &mentions, NOW + 9).await.unwrap();
    let TalkOutcome::Changed { message, changed, waited } = outcome else { panic!("{outcome:?}") };
    assert_eq!((message.content.as_str(), changed.revision, waited), ("Hello", before + 1, true));
    let talk = Talk { mentions: mentions.to_vec(), edited_at: Some(NOW + 9), ..old.talk.clone() };
    assert_eq!((&message.talk, message.revision), (&talk, before + 1));
    assert_eq!(stored(store, &room.reader, &old.id).await, message);
    assert_eq!(now(store, &room.member).await.last_seq(), before + 2);
    assert_eq!(store.queued(&room.owner).await.unwrap()[0].text, "Hello", "it waits with the new text");
    let same = store.edit_message(&room.member, &old.id, "Hello", &mentions, NOW + 10).await.unwrap();
    assert_eq!(same, TalkOutcome::Same(message));
    assert!(matches!(edit(store, &room.member, &old.id, "Hello!").await, TalkOutcome::Changed { .. }));
    let versions = versions(store, &room.moderator, &old.id).await;
    let texts: Vec<_> = versions.iter().map(|one| (&*one.content, &*one.changed_by, one.until)).collect();
    let by = room.member.user_id();
    assert_eq!(texts, [("Hello", by, NOW + 9), ("Helo", by, NOW + 9)]);
    for grant in [&room.member, &room.reader] {
        assert!(self::versions(store, grant, &old.id).await.is_empty());
    }
    let other = self::room(store, RoomSettings::default()).await;
    assert!(self::versions(store, &other.owner, &old.id).await.is_empty());
}

pub(super) async fn a_deleted_message_leaves_a_mark(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let mut new = asks(&room.member, "Secret");
    new.message.talk.mentions = vec![room.owner.user_id().to_owned()];
    let own = add(store, &room.member, &new).await;
    let others = add(store, &room.owner, &says(&room.owner, "Stays")).await;
    let erase = async |grant: &Grant, id: &str| store.erase_message(grant, id, NOW + 9).await.unwrap();
    for (grant, id) in [(&room.reader, &own.id), (&room.member, &others.id), (&room.reader, &others.id)] {
        assert_eq!(erase(grant, id).await, TalkOutcome::Missing);
    }
    let outcome = erase(&room.member, &own.id).await;
    let TalkOutcome::Changed { message, waited: true, .. } = outcome else { panic!("{outcome:?}") };
    let talk = Talk { deleted_at: Some(NOW + 9), ..Talk::default() };
    assert_eq!((message.content.as_str(), &message.talk, &message.parent_id), ("", &talk, &own.parent_id));
    assert_eq!(stored(store, &room.reader, &own.id).await, message);
    assert!(store.queued(&room.owner).await.unwrap().is_empty(), "nobody asks what was deleted");
    assert_eq!(erase(&room.member, &own.id).await, TalkOutcome::Same(message));
    assert_eq!(edit(store, &room.member, &own.id, "Back").await, TalkOutcome::Missing);
    assert_eq!(versions(store, &room.owner, &own.id).await[0].content, "Secret");
    // The line is as it was.
    let line = store.messages_back(&room.reader, None, 9).await.unwrap();
    assert_eq!((line.len(), line[0].parent_id.as_ref()), (2, Some(&own.id)));
    assert!(matches!(erase(&room.moderator, &others.id).await, TalkOutcome::Changed { waited: false, .. }));
    // An answer is the message of the person who asked for it.
    add(store, &room.member, &asks(&room.member, "What?")).await;
    let new = answers(store, &room.member).await;
    begins(store, &new).await;
    assert_eq!(erase(&room.owner, &new.answer.id).await, TalkOutcome::Busy);
    let ended = Finish { reasoning: "Hm.".into(), ..finish("That.", 9) };
    assert!(store.finish_message(&new.answer.id, &ended).await.unwrap());
    assert_eq!(edit(store, &room.member, &new.answer.id, "Mine").await, TalkOutcome::Missing);
    let outcome = erase(&room.member, &new.answer.id).await;
    let TalkOutcome::Changed { message, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((&*message.content, &*message.reasoning), ("", ""));
    assert_eq!(versions(store, &room.owner, &new.answer.id).await[0].content, "That.");
}

pub(super) async fn changes_tell_what_was_changed_and_deleted(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let first = add(store, &room.member, &says(&room.member, "One")).await;
    let second = add(store, &room.member, &says(&room.member, "Two")).await;
    let since = async |seq| {
        let changes = store.changes_since(&room.reader, seq, 9).await.unwrap();
        let ids: Vec<String> = changes.messages.into_iter().map(|one| one.id).collect();
        (ids, changes.conversation.is_some())
    };
    let seen = now(store, &room.reader).await.last_seq();
    assert!(matches!(edit(store, &room.member, &first.id, "Uno").await, TalkOutcome::Changed { .. }));
    assert_eq!(since(seen).await, (vec![first.id.clone()], false));
    store.erase_message(&room.owner, &second.id, NOW).await.unwrap();
    assert_eq!(since(seen).await, (vec![first.id.clone(), second.id.clone()], false));
    assert_eq!(since(seen + 1).await, (vec![second.id.clone()], false));
    // While an answer is written, and after its end, too.
    add(store, &room.member, &asks(&room.member, "What?")).await;
    let new = answers(store, &room.member).await;
    let began = begins(store, &new).await;
    assert!(matches!(edit(store, &room.member, &first.id, "Eins").await, TalkOutcome::Changed { .. }));
    assert!(since(began + 100).await.0.contains(&first.id), "numbers of an answer come before its end");
    assert!(store.finish_message(&new.answer.id, &finish("That.", began + 50)).await.unwrap());
    assert!(since(began + 50).await.0.contains(&first.id));
    let last = now(store, &room.reader).await.last_seq();
    assert!(last > began + 50);
    assert!(since(last).await.0.is_empty());
}

pub(super) async fn a_private_conversation_changes_no_messages(store: &dyn Store) {
    let ada = user(store).await;
    let turn = first_turn(&ada);
    talk(store, &turn, "Yes.").await;
    let grant = store.access(&ada.id, &turn.conversation.id, Need::Own).await.unwrap();
    for id in [&turn.question.as_ref().unwrap().id, &turn.answer.id] {
        let before = stored(store, &grant, id).await;
        assert_eq!(edit(store, &grant, id, "Mine").await, TalkOutcome::Missing);
        assert_eq!(store.erase_message(&grant, id, NOW).await.unwrap(), TalkOutcome::Missing);
        assert!(versions(store, &grant, id).await.is_empty());
        assert_eq!(stored(store, &grant, id).await, before);
    }
    assert_eq!(now(store, &grant).await, grant);
    assert_eq!(
        add(store, &grant, &says(&grant, "Beside")).await.parent_id,
        None,
        "a tree has several first messages"
    );
}
