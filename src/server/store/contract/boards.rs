//! Cases about the board: there is one, levels on it are others than in a room, and its notes are read without a grant.

use futures::future::join_all;

use crate::{
    domain::{
        BoardPatch, BoardSettings, BoardWriters, Conversation, ConversationKind, MemberRole, Role, RoomPatch,
        RoomSettings, User, UserRole,
    },
    server::store::{
        AccessLevel, AddOutcome, Entry, Grant, Join, JoinOutcome, LeaveOutcome, ListedQuery, MemberChange,
        MemberOutcome, Need, NewMessage, NewRoom, NoteQuery, RoomOutcome, Store, UserPatch,
    },
};

use super::{
    fixtures::{NOW, another_answer, begin, conversation, finish, message, user},
    members::{own, wants},
};

async fn make(store: &dyn Store, owner: &User, settings: BoardSettings) -> (Conversation, RoomOutcome) {
    let it = Conversation { kind: ConversationKind::Board, ..conversation("Board") };
    let new = NewRoom {
        owner_id: &owner.id,
        owner_name: &owner.name,
        conversation: &it,
        settings: &RoomSettings { listed: true, ..RoomSettings::default() },
        board: Some(&settings),
        copied: None,
        key: None,
        most: None,
    };
    let outcome = store.create_room(&new).await.unwrap();
    (it, outcome)
}

async fn set(store: &dyn Store, patch: BoardPatch) -> u64 {
    store.set_board(&patch).await.unwrap().unwrap()
}

async fn say(store: &dyn Store, grant: &Grant, text: &str) -> String {
    let message = message(grant.user_id(), grant.conversation_id(), None, Role::User, text);
    let new = NewMessage { message: message.clone(), key: None, asks: None, now: NOW };
    let added = store.add_message(grant, &new).await.unwrap();
    assert!(matches!(added, AddOutcome::Added(_)), "{added:?}");
    message.id
}

async fn level(store: &dyn Store, person: &User, board: &Conversation) -> Option<AccessLevel> {
    let standing = store.standing(&person.id, &board.id).await.unwrap();
    standing.map(|standing| standing.grant(Need::Read).unwrap().level())
}

async fn come(store: &dyn Store, board: &Conversation, person: &User) -> JoinOutcome {
    store.join(&Join { most: 1, ..wants(&board.id, person, Entry::Listed) }).await.unwrap()
}

pub(super) async fn there_is_one_board(store: &dyn Store) {
    let boss = user(store).await;
    assert_eq!(store.board().await.unwrap(), None);
    assert_eq!(store.set_board(&BoardPatch::default()).await.unwrap(), None);
    let all = join_all((0..6).map(|_| make(store, &boss, BoardSettings::default()))).await;
    let made: Vec<_> = all.iter().filter(|(_, outcome)| *outcome == RoomOutcome::Made).collect();
    let [(it, _)] = &*made else { panic!("{all:?}") };
    assert_eq!(all.iter().filter(|(_, outcome)| *outcome == RoomOutcome::Exists).count(), 5);
    let board = store.board().await.unwrap().unwrap();
    assert_eq!((&board.id, &*board.name, board.settings), (&it.id, "Board", BoardSettings::default()));
    let grant = own(store, &boss, it).await;
    let patch = BoardPatch {
        name: Some("News $1".into()),
        writers: Some(BoardWriters::Moderators),
        guests: Some(true),
        on_start: Some(4),
        on: None,
    };
    let revision = set(store, patch).await;
    assert_eq!(revision, grant.last_seq() + 1);
    let board = store.board().await.unwrap().unwrap();
    let expected = BoardSettings { on: true, writers: BoardWriters::Moderators, guests: true, on_start: 4 };
    assert_eq!((&*board.name, board.settings), ("News $1", expected));
    let since = store.changes_since(&grant, grant.last_seq(), 9).await.unwrap();
    assert!(since.members && since.conversation.is_some() && since.seq == revision, "{since:?}");
    // It is none of the rooms that a tier lets somebody own.
    assert_eq!(store.rooms_owned(&boss.id).await.unwrap(), 0);
    assert_eq!(store.rooms_of(&boss.id, None, 9).await.unwrap()[0].room.kind, ConversationKind::Board);
}

pub(super) async fn levels_on_the_board_follow_its_settings(store: &dyn Store) {
    let (boss, ada, bob) = (user(store).await, user(store).await, user(store).await);
    let (board, _) = make(store, &boss, BoardSettings::default()).await;
    // As many take part as want to.
    for person in [&ada, &bob] {
        assert!(matches!(come(store, &board, person).await, JoinOutcome::Joined { .. }));
    }
    let levels = async || {
        let (boss, ada) = (level(store, &boss, &board).await, level(store, &ada, &board).await);
        (boss, ada, level(store, &bob, &board).await)
    };
    let (owner, member) = (Some(AccessLevel::Owner), Some(AccessLevel::Member));
    assert_eq!(levels().await, (owner, member, member));
    let bosses = own(store, &boss, &board).await;
    let promoted = MemberChange::Role(MemberRole::Moderator);
    store.change_member(&bosses, &ada.id, promoted).await.unwrap();
    let bobs = store.access(&bob.id, &board.id, Need::Write).await.unwrap();
    set(store, BoardPatch { writers: Some(BoardWriters::Moderators), ..BoardPatch::default() }).await;
    assert_eq!(levels().await, (owner, Some(AccessLevel::Moderator), Some(AccessLevel::Reader)));
    assert_eq!(store.rooms_of(&bob.id, None, 9).await.unwrap()[0].role, MemberRole::Reader);
    // A grant of before counts no more.
    let late = message(&bob.id, &board.id, None, Role::User, "Late");
    let late = NewMessage { message: late, key: None, asks: None, now: NOW };
    let refused = store.add_message(&bobs, &late).await.unwrap();
    assert!(matches!(refused, AddOutcome::NoConversation), "{refused:?}");
    // Nobody is above an administrator, and who is one no more is a member.
    let adas = store.access(&ada.id, &board.id, Need::Manage).await.unwrap();
    let ban = MemberChange::Ban { hide: true };
    assert_eq!(store.change_member(&adas, &boss.id, ban).await.unwrap(), MemberOutcome::Denied);
    let role = |role| UserPatch { role: Some(role), ..UserPatch::default() };
    store.update_user(&bob.id, &role(UserRole::Admin), None).await.unwrap();
    assert_eq!(level(store, &bob, &board).await, owner);
    assert_eq!(store.change_member(&adas, &bob.id, ban).await.unwrap(), MemberOutcome::Denied);
    let bobs = store.access(&bob.id, &board.id, Need::Manage).await.unwrap();
    assert_eq!(store.rooms_of(&bob.id, None, 9).await.unwrap()[0].role, MemberRole::Moderator);
    let slow = RoomPatch { slow_seconds: Some(60), ..RoomPatch::default() };
    store.update_room(&bosses, &slow).await.unwrap();
    for _ in 0..2 {
        say(store, &bobs, "As an administrator").await;
    }
    store.update_user(&bob.id, &role(UserRole::Member), None).await.unwrap();
    let banned = store.change_member(&adas, &bob.id, ban).await.unwrap();
    assert!(matches!(banned, MemberOutcome::Changed { .. }), "{banned:?}");
    assert_eq!(
        (level(store, &bob, &board).await, come(store, &board, &bob).await),
        (None, JoinOutcome::Banned)
    );
    assert!(store.is_banned_from_board(&bob.id).await.unwrap());
    assert!(!store.is_banned_from_board(&ada.id).await.unwrap());
    // So is whoever made the board.
    let carl = user(store).await;
    store.update_user(&carl.id, &role(UserRole::Admin), None).await.unwrap();
    come(store, &board, &carl).await;
    store.update_user(&boss.id, &role(UserRole::Member), None).await.unwrap();
    let carls = own(store, &carl, &board).await;
    assert_eq!(store.leave(&carls).await.unwrap(), LeaveOutcome::Owner);
    let banned = store.change_member(&carls, &boss.id, ban).await.unwrap();
    assert!(matches!(banned, MemberOutcome::Changed { .. }), "{banned:?}");
}

pub(super) async fn a_board_that_is_switched_off_is_missing_and_comes_back(store: &dyn Store) {
    let (boss, ada, carl) = (user(store).await, user(store).await, user(store).await);
    let (board, _) = make(store, &boss, BoardSettings::default()).await;
    come(store, &board, &ada).await;
    say(store, &own(store, &boss, &board).await, "News").await;
    let switch = async |on| set(store, BoardPatch { on: Some(on), ..BoardPatch::default() }).await;
    let seen = async || {
        let listed = ListedQuery { limit: 9, ..ListedQuery::default() };
        let notes = NoteQuery { before: None, limit: 9, chars: 9 };
        (
            level(store, &boss, &board).await.is_some() && level(store, &ada, &board).await.is_some(),
            store.rooms_of(&ada.id, None, 9).await.unwrap().len(),
            store.common_rooms(&ada.id, &boss.id, 9).await.unwrap().len(),
            store.listed_rooms(&carl.id, &listed).await.unwrap().len(),
            store.listed_room(&carl.id, &board.id).await.unwrap().is_some(),
            store.board_notes(&notes).await.unwrap().len(),
        )
    };
    assert_eq!(seen().await, (true, 1, 1, 1, true, 1));
    switch(false).await;
    assert_eq!(seen().await, (false, 0, 0, 0, false, 0));
    assert_eq!(come(store, &board, &carl).await, JoinOutcome::Refused);
    assert!(!store.board().await.unwrap().unwrap().settings.on);
    switch(true).await;
    assert_eq!(seen().await, (true, 1, 1, 1, true, 1));
}

pub(super) async fn notes_are_read_without_what_is_gone(store: &dyn Store) {
    let (boss, ada) = (user(store).await, user(store).await);
    let (board, _) = make(store, &boss, BoardSettings::default()).await;
    come(store, &board, &ada).await;
    let bosses = own(store, &boss, &board).await;
    let adas = store.access(&ada.id, &board.id, Need::Write).await.unwrap();
    let first = say(store, &bosses, "第一条 news").await;
    let second = say(store, &adas, "Hers").await;
    let gone = say(store, &bosses, "Gone").await;
    store.erase_message(&bosses, &gone, NOW).await.unwrap();
    store.edit_message(&bosses, &first, "第一条 edited", &[], NOW + 5).await.unwrap();
    let answer = another_answer(&boss, &board, Some(&gone));
    begin(store, &answer).await;
    let notes = async |before: Option<&str>, limit, chars| {
        let query = NoteQuery { before: before.map(str::to_owned), limit, chars };
        store.board_notes(&query).await.unwrap()
    };
    let ids = async |before: Option<&str>, limit| {
        notes(before, limit, 99).await.into_iter().map(|note| note.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 9).await, [&*second, &first], "an answer that is being written is none yet");
    assert!(store.finish_message(&answer.answer.id, &finish("Yes.", 9)).await.unwrap());
    let all = notes(None, 9, 3).await;
    let seen: Vec<_> = all.iter().map(|it| (&*it.id, it.role, &*it.text, it.cut)).collect();
    let expected = [
        (&*answer.answer.id, Role::Assistant, "Yes", true),
        (&*second, Role::User, "Her", true),
        (&*first, Role::User, "第一条", true),
    ];
    assert_eq!(seen, expected);
    assert_eq!((all[2].edited_at, all[1].edited_at, &all[2].author), (Some(NOW + 5), None, &Some(boss.name)));
    assert!(!notes(None, 9, 10).await[1].cut);
    assert_eq!((ids(Some(&second), 9).await, ids(None, 1).await.len()), (vec![first.clone()], 1));
    assert_eq!(ids(Some(&format!("{second}~")), 9).await, [&*second, &first]);
    store.change_member(&bosses, &ada.id, MemberChange::Ban { hide: true }).await.unwrap();
    assert_eq!(ids(None, 9).await, [&*answer.answer.id, &*first]);
}

pub(super) async fn the_board_passes_to_another_administrator(store: &dyn Store) {
    let (boss, ada, bob) = (user(store).await, user(store).await, user(store).await);
    let (board, _) = make(store, &boss, BoardSettings::default()).await;
    come(store, &board, &ada).await;
    // Somebody who has not opened it yet.
    let admin = UserPatch { role: Some(UserRole::Admin), ..UserPatch::default() };
    store.update_user(&bob.id, &admin, None).await.unwrap();
    store.close_account(&boss.id, None).await.unwrap().done().unwrap();
    while store.erase(&boss.id).await.unwrap() {}
    assert_eq!(store.board().await.unwrap().unwrap().id, board.id);
    assert_eq!(level(store, &ada, &board).await, Some(AccessLevel::Member));
    assert!(matches!(come(store, &board, &bob).await, JoinOutcome::Joined { .. }));
    let bobs = own(store, &bob, &board).await;
    let room = store.room(&bobs).await.unwrap().unwrap();
    assert_eq!((room.owner_id, room.member_count), (bob.id, 2));
}
