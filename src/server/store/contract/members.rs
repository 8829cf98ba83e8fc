//! Cases about the people of a room: who comes, goes, and does what to whom.

use futures::future::join_all;

use crate::{
    domain::{
        Conversation, ConversationKind, Member, MemberRole, MemberState, Notify, OwnPart, Role, RoomPatch,
        RoomPayer, RoomSettings, User,
    },
    server::store::{
        AddOutcome, Entry, Grant, Join, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome,
        MemberPosition, MemberQuery, Need, NewCode, NewMessage, NewRoom, RoomOutcome, Store, UserPatch,
        name_key,
    },
};

use super::{
    codes::{code, made},
    fixtures::{NOW, conversation, message, user},
};

/// A listed room.
pub(super) async fn open_room(store: &dyn Store, owner: &User) -> Conversation {
    let it = Conversation { kind: ConversationKind::Room, ..conversation("Room") };
    let settings = RoomSettings { listed: true, ..RoomSettings::default() };
    let new = NewRoom {
        owner_id: &owner.id,
        owner_name: &owner.name,
        conversation: &it,
        settings: &settings,
        board: None,
        copied: None,
        key: None,
        most: None,
    };
    assert_eq!(store.create_room(&new).await.unwrap(), RoomOutcome::Made);
    it
}

pub(super) fn wants<'a>(room: &'a str, person: &'a User, entry: Entry<'a>) -> Join<'a> {
    Join { conversation_id: room, user_id: &person.id, name: &person.name, entry, most: 100, now: NOW }
}

/// Somebody joins a listed room.
pub(super) async fn come(store: &dyn Store, room: &Conversation, person: &User) -> (Member, u64) {
    match store.join(&wants(&room.id, person, Entry::Listed)).await.unwrap() {
        JoinOutcome::Joined { conversation_id, member, revision } if conversation_id == room.id => {
            (member, revision)
        }
        other => panic!("{other:?}"),
    }
}

/// A new person who has joined.
pub(super) async fn comer(store: &dyn Store, room: &Conversation) -> (User, Grant) {
    let person = user(store).await;
    come(store, room, &person).await;
    let grant = store.access(&person.id, &room.id, Need::Read).await.unwrap();
    (person, grant)
}

pub(super) async fn room_code(store: &dyn Store, room: &str, uses: u32) -> NewCode {
    let new = code(|code| (code.room_id, code.uses, code.registers) = (Some(room.to_owned()), uses, true));
    made(store, &new).await;
    new
}

pub(super) async fn all_members(store: &dyn Store, grant: &Grant) -> Vec<Member> {
    store.members(grant, &MemberQuery { limit: 99, ..MemberQuery::default() }).await.unwrap()
}

pub(super) async fn own(store: &dyn Store, owner: &User, room: &Conversation) -> Grant {
    store.access(&owner.id, &room.id, Need::Own).await.unwrap()
}

/// A room with its owner, and how many the room itself counts.
pub(super) async fn count(store: &dyn Store, grant: &Grant) -> u32 {
    let counted = store.room(grant).await.unwrap().unwrap().member_count;
    assert_eq!(all_members(store, grant).await.len(), counted as usize);
    counted
}

fn changed(outcome: MemberOutcome) -> (Member, u64) {
    match outcome {
        MemberOutcome::Changed { member, revision, .. } => (member, revision),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn somebody_joins_leaves_and_comes_again(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let room = open_room(store, &ada).await;
    let owner = own(store, &ada, &room).await;
    assert!(store.standing(&bob.id, &room.id).await.unwrap().is_none());
    let (member, revision) = come(store, &room, &bob).await;
    let expected = Member {
        user_id: bob.id.clone(),
        name: "Ada 2".into(),
        role: MemberRole::Member,
        state: MemberState::Active,
        joined_at: NOW,
        hidden: false,
    };
    assert_eq!((&member, revision), (&expected, owner.last_seq() + 1));
    let again = store.join(&wants(&room.id, &bob, Entry::Listed)).await.unwrap();
    assert_eq!(again, JoinOutcome::Already { conversation_id: room.id.clone() });
    assert_eq!(count(store, &owner).await, 2);
    let grant = store.access(&bob.id, &room.id, Need::Write).await.unwrap();
    assert_eq!(grant.last_seq(), revision);
    assert_eq!(store.leave(&grant).await.unwrap(), LeaveOutcome::Left { revision: revision + 1 });
    assert_eq!(store.leave(&grant).await.unwrap(), LeaveOutcome::Missing);
    assert!(store.standing(&bob.id, &room.id).await.unwrap().is_none());
    assert_eq!(count(store, &owner).await, 1);
    // Others still see what somebody was called who left.
    let left = store.member(&owner, &bob.id).await.unwrap().unwrap();
    assert_eq!(left, Member { state: MemberState::Left, ..expected.clone() });
    // A reader who comes again is one still, and a moderator is none any more.
    for (role, then) in
        [(MemberRole::Reader, MemberRole::Reader), (MemberRole::Moderator, MemberRole::Member)]
    {
        come(store, &room, &bob).await;
        changed(store.change_member(&owner, &bob.id, MemberChange::Role(role)).await.unwrap());
        store.leave(&grant).await.unwrap();
        assert_eq!(come(store, &room, &bob).await.0.role, then);
        store.leave(&grant).await.unwrap();
    }
    assert_eq!(store.leave(&owner).await.unwrap(), LeaveOutcome::Owner);
    for (room, person) in [("none", &bob), (&*room.id, &User { id: "nobody".into(), ..bob.clone() })] {
        assert_eq!(store.join(&wants(room, person, Entry::Listed)).await.unwrap(), JoinOutcome::Refused);
    }
    let disabled = UserPatch { state: Some(crate::domain::UserState::Disabled), ..UserPatch::default() };
    store.update_user(&bob.id, &disabled, None).await.unwrap().done().unwrap();
    assert_eq!(store.join(&wants(&room.id, &bob, Entry::Listed)).await.unwrap(), JoinOutcome::Refused);
}

pub(super) async fn names_that_look_the_same_get_numbers(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let people = join_all((0..8).map(|_| user(store))).await;
    // Cyrillic, full width, capitals: all look like the owner's.
    let names = ["Ada", "Аda", "ＡＤＡ", "ada", "A d a", "ADA", "Adа", "Ada"];
    let named = people.iter().zip(names).map(|(person, name)| User { name: name.into(), ..person.clone() });
    let named: Vec<User> = named.collect();
    let joined = join_all(named.iter().map(|person| come(store, &room, person))).await;
    let mut revisions: Vec<u64> = joined.iter().map(|(_, revision)| *revision).collect();
    revisions.sort_unstable();
    assert!(revisions.windows(2).all(|pair| pair[0] < pair[1]), "{revisions:?}");
    let owner = own(store, &ada, &room).await;
    let all = all_members(store, &owner).await;
    let mut keys: Vec<String> = all.iter().map(|member| name_key(&member.name)).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 9, "{all:?}");
    let mut numbers: Vec<&str> =
        joined.iter().filter_map(|(member, _)| member.name.rsplit(' ').next()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["2", "3", "4", "5", "6", "7", "8", "9"]);
    // A name is free again when somebody goes, and whoever comes again gets another one then.
    let third = joined.iter().position(|(member, _)| member.name.ends_with(" 3")).unwrap();
    let grant = store.access(&named[third].id, &room.id, Need::Read).await.unwrap();
    store.leave(&grant).await.unwrap();
    let (carl, _) = comer(store, &room).await;
    assert_eq!(store.member(&owner, &carl.id).await.unwrap().unwrap().name, "Ada 3");
    assert!(come(store, &room, &named[third]).await.0.name.ends_with(" 10"));
}

pub(super) async fn of_twenty_who_join_for_the_last_places_no_more_come_in(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let people = join_all((0..20).map(|_| user(store))).await;
    let joins = people.iter().map(|it| Join { most: 4, ..wants(&room.id, it, Entry::Listed) });
    let joins: Vec<Join<'_>> = joins.collect();
    let outcomes = join_all(joins.iter().map(|it| store.join(it))).await;
    let joined = outcomes.iter().filter(|it| matches!(it, Ok(JoinOutcome::Joined { .. }))).count();
    let full = outcomes.iter().filter(|it| matches!(it, Ok(JoinOutcome::Full))).count();
    assert_eq!((joined, full), (3, 17));
    assert_eq!(count(store, &own(store, &ada, &room).await).await, 4);
}

pub(super) async fn who_is_banned_stays_out_until_that_ends(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let (owner, new) = (own(store, &ada, &room).await, room_code(store, &room.id, 9).await);
    let (bob, grant) = comer(store, &room).await;
    let ban = |hide| store.change_member(&owner, &bob.id, MemberChange::Ban { hide });
    let (banned, revision) = changed(ban(false).await.unwrap());
    assert_eq!((banned.state, banned.hidden), (MemberState::Banned, false));
    assert_eq!(revision, grant.last_seq() + 1);
    assert!(matches!(ban(false).await.unwrap(), MemberOutcome::Same(_)));
    assert_eq!(own(store, &ada, &room).await.hidden_seq(), 0);
    let hidden = ban(true).await.unwrap();
    assert!(matches!(hidden, MemberOutcome::Changed { reread: true, .. }), "{hidden:?}");
    let (banned, revision) = changed(hidden);
    assert!(banned.hidden);
    assert_eq!(own(store, &ada, &room).await.hidden_seq(), revision);
    for (since, reread) in [(revision - 1, true), (revision, false)] {
        let changes = store.changes_since(&owner, since, 9).await.unwrap();
        assert_eq!((changes.reread, changes.members), (reread, reread), "{since}");
    }
    for entry in [Entry::Listed, Entry::Code(&new.hash)] {
        assert_eq!(store.join(&wants(&room.id, &bob, entry)).await.unwrap(), JoinOutcome::Banned);
    }
    assert_eq!(store.listed_room(&bob.id, &room.id).await.unwrap(), None);
    assert_eq!(store.leave(&grant).await.unwrap(), LeaveOutcome::Missing);
    let query = MemberQuery { banned: true, limit: 9, ..MemberQuery::default() };
    assert_eq!(store.members(&owner, &query).await.unwrap().len(), 1);
    assert_eq!(count(store, &owner).await, 1);
    let unban = || store.change_member(&owner, &bob.id, MemberChange::Unban);
    let (free, revision) = changed(unban().await.unwrap());
    assert_eq!((free.state, free.hidden), (MemberState::Removed, false));
    assert_eq!(own(store, &ada, &room).await.hidden_seq(), revision, "what was hidden is shown again");
    assert_eq!(unban().await.unwrap(), MemberOutcome::Missing);
    assert!(store.standing(&bob.id, &room.id).await.unwrap().is_none());
    come(store, &room, &bob).await;
    // Also somebody who left can be banned, but nobody who never came.
    store.leave(&grant).await.unwrap();
    assert_eq!(changed(ban(true).await.unwrap()).0.state, MemberState::Banned);
    let stranger = user(store).await;
    let never = store.change_member(&owner, &stranger.id, MemberChange::Ban { hide: true }).await.unwrap();
    assert_eq!(never, MemberOutcome::Missing);
}

pub(super) async fn nobody_changes_somebody_of_the_own_level(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let owner = own(store, &ada, &room).await;
    let ((bob, first), (carl, second)) = (comer(store, &room).await, comer(store, &room).await);
    let plain = comer(store, &room).await.0;
    let promote = MemberChange::Role(MemberRole::Moderator);
    for person in [&bob, &carl] {
        changed(store.change_member(&owner, &person.id, promote).await.unwrap());
    }
    for (by, target) in [(&first, &carl), (&second, &bob), (&first, &bob), (&first, &ada), (&owner, &ada)] {
        for change in
            [MemberChange::Role(MemberRole::Reader), MemberChange::Remove, MemberChange::Ban { hide: false }]
        {
            let outcome = store.change_member(by, &target.id, change).await.unwrap();
            assert_eq!(outcome, MemberOutcome::Denied, "{change:?}");
        }
    }
    assert_eq!(store.change_member(&first, &plain.id, promote).await.unwrap(), MemberOutcome::Denied);
    assert_eq!(count(store, &owner).await, 4);
    // Two moderators whose roles end at once cannot act any more, whatever their grants say.
    changed(store.change_member(&owner, &bob.id, MemberChange::Role(MemberRole::Member)).await.unwrap());
    let late = store.change_member(&first, &plain.id, MemberChange::Remove).await.unwrap();
    assert_eq!(late, MemberOutcome::Denied);
    changed(store.change_member(&second, &plain.id, MemberChange::Remove).await.unwrap());
}

pub(super) async fn a_room_is_handed_over(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let owner = own(store, &ada, &room).await;
    let (bob, bobs) = comer(store, &room).await;
    let pays = RoomPatch { payer: Some(RoomPayer::Owner), ..RoomPatch::default() };
    assert!(store.update_room(&owner, &pays).await.unwrap().is_some());
    let hand_over = |by: Grant, to: String| async move {
        store.change_member(&by, &to, MemberChange::HandOver { most: None }).await.unwrap()
    };
    assert_eq!(hand_over(bobs.clone(), bob.id.clone()).await, MemberOutcome::Denied);
    assert!(matches!(hand_over(owner.clone(), ada.id.clone()).await, MemberOutcome::Same(_)));
    let (carl, carls) = comer(store, &room).await;
    store.leave(&carls).await.unwrap();
    for to in [carl.id, "nobody".to_owned()] {
        assert_eq!(hand_over(owner.clone(), to).await, MemberOutcome::Missing);
    }
    let full = MemberChange::HandOver { most: Some(0) };
    assert_eq!(store.change_member(&owner, &bob.id, full).await.unwrap(), MemberOutcome::Full);
    let (member, revision) = changed(hand_over(owner.clone(), bob.id.clone()).await);
    assert_eq!((member.role, member.state), (MemberRole::Moderator, MemberState::Active));
    let now = own(store, &bob, &room).await;
    assert_eq!(now.last_seq(), revision);
    // Nobody pays for others without having said so.
    let handed = store.room(&now).await.unwrap().unwrap();
    assert_eq!((handed.owner_id, handed.settings.payer), (bob.id.clone(), RoomPayer::Asker));
    // Who owned it stays a moderator, and may leave.
    let old = store.access(&ada.id, &room.id, Need::Read).await.unwrap();
    assert_eq!(old.level(), crate::server::store::AccessLevel::Moderator);
    assert!(store.update_room(&old, &pays).await.unwrap().is_none());
    assert_eq!(hand_over(owner.clone(), ada.id.clone()).await, MemberOutcome::Denied);
    assert!(!store.delete_conversation(&owner, NOW).await.unwrap());
    assert!(matches!(store.leave(&old).await.unwrap(), LeaveOutcome::Left { .. }));
    assert_eq!(count(store, &now).await, 1);
}

pub(super) async fn handing_over_races_with_leaving_and_removing(store: &dyn Store) {
    for _ in 0..6 {
        let ada = user(store).await;
        let room = open_room(store, &ada).await;
        let owner = own(store, &ada, &room).await;
        let ((bob, bobs), (carl, carls)) = (comer(store, &room).await, comer(store, &room).await);
        let promote = MemberChange::Role(MemberRole::Moderator);
        changed(store.change_member(&owner, &carl.id, promote).await.unwrap());
        let (handed, left, removed) = futures::join!(
            store.change_member(&owner, &bob.id, MemberChange::HandOver { most: None }),
            store.leave(&bobs),
            store.change_member(&carls, &bob.id, MemberChange::Remove),
        );
        let (handed, left, removed) = (handed.unwrap(), left.unwrap(), removed.unwrap());
        let happened = (
            matches!(handed, MemberOutcome::Changed { .. }),
            matches!(left, LeaveOutcome::Left { .. }),
            matches!(removed, MemberOutcome::Changed { .. }),
        );
        let seen = store.access(&carl.id, &room.id, Need::Read).await.unwrap();
        let owner_id = store.room(&seen).await.unwrap().unwrap().owner_id;
        let there = store.standing(&bob.id, &room.id).await.unwrap().is_some();
        // Whoever owns the room takes part in it.
        match happened {
            (true, false, false) => assert!(owner_id == bob.id && there, "{handed:?} {left:?} {removed:?}"),
            (false, true, false) | (false, false, true) => {
                assert!(owner_id == ada.id && !there, "{handed:?} {left:?} {removed:?}");
            }
            _ => panic!("{handed:?} {left:?} {removed:?}"),
        }
        assert_eq!(count(store, &seen).await, if there { 3 } else { 2 });
    }
}

pub(super) async fn members_are_listed_by_name_page_by_page(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let owner = own(store, &ada, &room).await;
    let names = ["Zoe", "Вера", "bob", "Bobby", "小明", "Carl"];
    let mut people = Vec::new();
    for name in names {
        let person = User { name: name.into(), ..user(store).await };
        come(store, &room, &person).await;
        people.push(person);
    }
    let mut expected: Vec<&str> = names.into_iter().chain(["Ada"]).collect();
    expected.sort_by_key(|name| name_key(name));
    let mut query = MemberQuery { limit: 2, ..MemberQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = store.members(&owner, &query).await.unwrap();
        let Some(last) = page.last() else { break };
        let position = MemberPosition { name_key: name_key(&last.name), user_id: last.user_id.clone() };
        query.after = Some(position);
        seen.extend(page.into_iter().map(|member| member.name));
    }
    assert_eq!(seen, expected);
    let begins = async |text: &str| {
        let query = MemberQuery { begins: Some(name_key(text)), limit: 9, ..MemberQuery::default() };
        let found = store.members(&owner, &query).await.unwrap();
        found.into_iter().map(|member| member.name).collect::<Vec<_>>()
    };
    assert_eq!(begins("BO").await, ["bob", "Bobby"]);
    assert_eq!(begins("小").await, ["小明"]);
    assert!(begins("x").await.is_empty());
    let mut ids: Vec<String> = people.iter().take(2).map(|person| person.id.clone()).collect();
    ids.push("nobody".into());
    let left = store.access(&people[0].id, &room.id, Need::Read).await.unwrap();
    store.leave(&left).await.unwrap();
    let mut found = store.members_of(&owner, &ids).await.unwrap();
    found.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    let found: Vec<_> = found.iter().map(|member| (&*member.name, member.state)).collect();
    assert_eq!(found, [("Zoe", MemberState::Left), ("Вера", MemberState::Active)]);
    let none = store.members(&owner, &MemberQuery::default()).await.unwrap();
    assert!(none.is_empty(), "a limit of 0 lists nobody");
}

pub(super) async fn a_member_has_a_read_mark_and_a_choice(store: &dyn Store) {
    let ada = user(store).await;
    let (room, other) = (open_room(store, &ada).await, open_room(store, &ada).await);
    let owner = own(store, &ada, &room).await;
    let mut said = Vec::new();
    for place in [&room, &room, &other] {
        let grant = own(store, &ada, place).await;
        let message = message(&ada.id, &place.id, None, Role::User, "Hello");
        said.push(message.id.clone());
        let new = NewMessage { message, key: None, asks: None, now: NOW };
        assert!(matches!(store.add_message(&grant, &new).await.unwrap(), AddOutcome::Added(_)));
    }
    let (_, bobs) = comer(store, &room).await;
    let before = own(store, &ada, &room).await.last_seq();
    let part = async |grant: &Grant| store.own_part(grant).await.unwrap();
    let has = |read: &str, notify| Some(OwnPart { read_id: Some(read.to_owned()), notify });
    assert_eq!(part(&bobs).await, has(&said[1], Notify::All));
    assert!(!store.set_read(&bobs, &said[0]).await.unwrap(), "the mark never goes back");
    assert!(!store.set_read(&bobs, &said[2]).await.unwrap(), "it is of another room");
    let message = message(&ada.id, &room.id, None, Role::User, "More");
    let more = message.id.clone();
    store.add_message(&owner, &NewMessage { message, key: None, asks: None, now: NOW }).await.unwrap();
    assert!(store.set_read(&bobs, &more).await.unwrap());
    assert!(!store.set_read(&bobs, &more).await.unwrap());
    assert!(store.set_notify(&bobs, Notify::Mentions).await.unwrap());
    assert!(store.set_notify(&bobs, Notify::Mentions).await.unwrap());
    assert_eq!(part(&bobs).await, has(&more, Notify::Mentions));
    assert_eq!(part(&owner).await, has(&more, Notify::All));
    assert_eq!(own(store, &ada, &room).await.last_seq(), before + 1, "nobody else hears of it");
    store.leave(&bobs).await.unwrap();
    assert_eq!(part(&bobs).await, None);
    assert!(!store.set_notify(&bobs, Notify::All).await.unwrap());
    assert!(!store.set_read(&bobs, &said[1]).await.unwrap());
}
