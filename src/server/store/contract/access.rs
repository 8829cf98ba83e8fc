//! Cases about access: an owner, a moderator, a member, a reader and a stranger at every call that takes a grant.

use crate::{
    domain::{
        Conversation, ConversationPatch, Member, MemberRole, Message, Role, Room as RoomValue, RoomPatch,
        Status, User,
    },
    server::store::{
        AccessLevel, AddOutcome, BeginOutcome, Continuation, ContinueOutcome, Destination, Entry, Finish,
        Grant, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, Need, NewMessage, NoAccess, Store,
        Texts, TreeOutcome,
    },
};

use super::{
    fixtures::{
        Asking, NOW, NewTurn, TurnOutcome, another_answer, begin, finish, first_turn, id, interrupt, key,
        message, talk, turn, user,
    },
    members::{all_members, come, open_room, room_code, wants},
};

const LEVELS: [AccessLevel; 4] =
    [AccessLevel::Reader, AccessLevel::Member, AccessLevel::Moderator, AccessLevel::Owner];

fn role(level: AccessLevel) -> Option<MemberRole> {
    match level {
        AccessLevel::Reader => Some(MemberRole::Reader),
        AccessLevel::Member => Some(MemberRole::Member),
        AccessLevel::Moderator => Some(MemberRole::Moderator),
        AccessLevel::Owner => None,
    }
}

/// Gives a member another role.
async fn set_role(store: &dyn Store, by: &Grant, person: &User, role: MemberRole) {
    let changed = store.change_member(by, &person.id, MemberChange::Role(role)).await.unwrap();
    assert!(matches!(changed, MemberOutcome::Changed { .. } | MemberOutcome::Same(_)), "{changed:?}");
}

/// A room with a question and a stopped answer in it, and a person with one access level in the room.
struct Room {
    owner: User,
    person: User,
    it: Conversation,
    asked: NewTurn,
    /// The person's grant for reading.
    grant: Grant,
}

async fn room(store: &dyn Store, level: AccessLevel) -> Room {
    let owner = user(store).await;
    let it = open_room(store, &owner).await;
    let asked = turn(&owner, &it, None);
    begin(store, &asked).await;
    let end = Finish { status: Status::Stopped, ..finish("Half", 4) };
    assert!(store.finish_message(&asked.answer.id, &end).await.unwrap());
    let person = match role(level) {
        Some(role) => {
            let person = user(store).await;
            let owner = store.grant(&owner.id, &it.id).await.unwrap().unwrap();
            come(store, &it, &person).await;
            set_role(store, &owner, &person, role).await;
            person
        }
        None => owner.clone(),
    };
    let grant = store.access(&person.id, &it.id, Need::Read).await.unwrap();
    assert_eq!((grant.level(), grant.user_id(), grant.conversation_id()), (level, &*person.id, &*it.id));
    Room { owner, person, it, asked, grant }
}

#[derive(Debug, PartialEq)]
struct State {
    grant: Grant,
    messages: Vec<Message>,
    members: Vec<Member>,
    room: Option<RoomValue>,
}

/// Everything that a person may do in a room.
#[derive(Clone, Copy, Debug)]
enum Act {
    Add,
    Ask,
    Again,
    Continue,
    Select,
    Stop,
    Update,
    DeleteMessage,
    UpdateRoom,
    SetRole,
    Remove,
    Ban,
    Codes,
    EndCode,
    HandOver,
    Delete,
}

const ACTS: [(Act, Need); 16] = [
    (Act::Add, Need::Write),
    (Act::Ask, Need::Write),
    (Act::Again, Need::Write),
    (Act::Continue, Need::Write),
    (Act::Select, Need::Write),
    (Act::Stop, Need::Write),
    (Act::Update, Need::Manage),
    (Act::DeleteMessage, Need::Manage),
    (Act::UpdateRoom, Need::Manage),
    (Act::SetRole, Need::Manage),
    (Act::Remove, Need::Manage),
    (Act::Ban, Need::Manage),
    (Act::Codes, Need::Manage),
    (Act::EndCode, Need::Manage),
    (Act::HandOver, Need::Own),
    (Act::Delete, Need::Own),
];

impl Room {
    fn answer(&self) -> &str {
        &self.asked.answer.id
    }

    async fn begin(&self, store: &dyn Store, turn: &NewTurn) -> bool {
        let begun = store.begin_answer(&turn.to(Destination::There(self.grant.clone()))).await.unwrap();
        match begun {
            BeginOutcome::Begun { grant, .. } => {
                assert_eq!((grant.level(), grant.user_id()), (self.grant.level(), &*self.person.id));
                true
            }
            BeginOutcome::NoConversation => false,
            other => panic!("{other:?}"),
        }
    }

    async fn change(&self, store: &dyn Store, person: &User, change: MemberChange) -> bool {
        match store.change_member(&self.grant, &person.id, change).await.unwrap() {
            MemberOutcome::Changed { .. } => true,
            MemberOutcome::Denied | MemberOutcome::Missing => false,
            other => panic!("{other:?}"),
        }
    }

    async fn tree(&self, outcome: TreeOutcome) -> bool {
        match outcome {
            TreeOutcome::Changed(_) => true,
            TreeOutcome::Missing => false,
            TreeOutcome::Busy => panic!("nothing runs"),
        }
    }

    /// Does `act` with the person's grant, and says whether the store did it. Only acts on members concern the
    /// bystander.
    async fn act(&self, store: &dyn Store, act: Act, bystander: &User) -> bool {
        let grant = &self.grant;
        match act {
            Act::Add => {
                let message = message(
                    &self.person.id,
                    &self.it.id,
                    Some(self.answer().to_owned()),
                    Role::User,
                    "Hello",
                );
                match store
                    .add_message(grant, &NewMessage { message, key: None, asks: None, now: NOW })
                    .await
                    .unwrap()
                {
                    AddOutcome::Added(_) => true,
                    AddOutcome::NoConversation => false,
                    other => panic!("{other:?}"),
                }
            }
            Act::Ask => self.begin(store, &turn(&self.person, &self.it, Some(self.answer()))).await,
            Act::Again => {
                let question = self.asked.question.as_ref().unwrap();
                self.begin(store, &another_answer(&self.person, &self.it, Some(&question.id))).await
            }
            Act::Continue => {
                let run = id();
                let how = Continuation {
                    message_id: self.answer(),
                    key: None,
                    run: &run,
                    most_running: 9,
                    now: NOW,
                };
                match store.continue_answer(grant, &how).await.unwrap() {
                    ContinueOutcome::Begun { grant, answer, .. } => {
                        assert_eq!((grant.level(), &answer.author_id), (self.grant.level(), &self.person.id));
                        true
                    }
                    ContinueOutcome::Missing => false,
                    other => panic!("{other:?}"),
                }
            }
            Act::Select => self.tree(store.select_branch(grant, self.answer()).await.unwrap()).await,
            Act::Stop => {
                let running = turn(&self.owner, &self.it, Some(self.answer()));
                begin(store, &running).await;
                let asked = store.request_stop(grant, &running.answer.id).await.unwrap();
                // A process that has the store for itself sends no request to stop, because there is no other process.
                asked || (store.is_alone() && grant.level() >= AccessLevel::Member)
            }
            Act::Update => {
                let patch = ConversationPatch { title: Some("Changed".into()), ..Default::default() };
                store.update_conversation(grant, &patch).await.unwrap().is_some()
            }
            Act::DeleteMessage => {
                self.tree(store.delete_message(grant, self.answer(), NOW).await.unwrap()).await
            }
            Act::UpdateRoom => {
                let patch = RoomPatch { topic: Some("Changed".into()), ..Default::default() };
                store.update_room(grant, &patch).await.unwrap().is_some()
            }
            Act::SetRole => self.change(store, bystander, MemberChange::Role(MemberRole::Reader)).await,
            Act::Remove => self.change(store, bystander, MemberChange::Remove).await,
            Act::Ban => self.change(store, bystander, MemberChange::Ban { hide: true }).await,
            Act::HandOver => self.change(store, bystander, MemberChange::HandOver { most: None }).await,
            Act::Codes => {
                room_code(store, &self.it.id, 3).await;
                store.room_codes(grant, 9, NOW).await.unwrap().len() == 1
            }
            Act::EndCode => {
                let code = room_code(store, &self.it.id, 3).await;
                store.end_room_code(grant, &code.code.id, NOW).await.unwrap()
            }
            Act::Delete => store.delete_conversation(grant, NOW).await.unwrap(),
        }
    }

    /// The whole room as its owner sees it; `None` if the room is gone.
    async fn state(&self, store: &dyn Store) -> Option<State> {
        let grant = store.grant(&self.owner.id, &self.it.id).await.unwrap()?;
        let (messages, room) = (store.messages_back(&grant, None, 100).await, store.room(&grant).await);
        Some(State {
            messages: messages.unwrap(),
            members: all_members(store, &grant).await,
            room: room.unwrap(),
            grant,
        })
    }

    async fn reads(&self, store: &dyn Store) {
        let grant = &self.grant;
        let ids = [self.answer().to_owned()];
        assert_eq!(store.messages_of(grant, &ids, Texts::All).await.unwrap().len(), 1);
        assert_eq!(store.outlines_back(grant, None, 9).await.unwrap().len(), 2);
        assert_eq!(store.children(grant, &[None]).await.unwrap().len(), 1);
        assert_eq!(store.message(grant, self.answer()).await.unwrap().unwrap().content, "Half");
        assert_eq!(store.changes_since(grant, 0, 9).await.unwrap().messages.len(), 2);
        let (read, message) = store.message_access(&self.person.id, self.answer(), Need::Read).await.unwrap();
        assert_eq!((&read, &*message.id), (grant, self.answer()));
    }
}

pub(super) async fn each_level_may_do_what_it_needs_and_nothing_more(store: &dyn Store) {
    for level in LEVELS {
        for (act, need) in ACTS {
            let room = room(store, level).await;
            room.reads(store).await;
            let bystander = user(store).await;
            come(store, &room.it, &bystander).await;
            let may = level >= need.least();
            // The services ask for access before they call the store.
            let access = store.access(&room.person.id, &room.it.id, need).await;
            assert_eq!(access.is_ok(), may, "{level:?} {act:?}: {access:?}");
            let of_message = store.message_access(&room.person.id, room.answer(), need).await;
            assert!(if may { of_message.is_ok() } else { matches!(of_message, Err(NoAccess::Denied)) });
            // The store checks access again, whatever the grant was given for.
            let before = room.state(store).await;
            assert_eq!(room.act(store, act, &bystander).await, may, "{level:?} {act:?}");
            if !may && !matches!(act, Act::Stop) {
                assert_eq!(room.state(store).await, before, "{level:?} {act:?}");
            }
            interrupt(store).await;
        }
    }
}

pub(super) async fn a_stranger_has_no_grant_and_a_private_conversation_no_members(store: &dyn Store) {
    let stranger = user(store).await;
    let room = room(store, AccessLevel::Owner).await;
    let private = first_turn(&room.owner);
    talk(store, &private, "Yes.").await;
    // The owner is alone in a private conversation, also if a code leads there.
    let code = room_code(store, &private.conversation.id, 9).await;
    for entry in [Entry::Listed, Entry::Code(&code.hash)] {
        let refused = store.join(&wants(&private.conversation.id, &stranger, entry)).await.unwrap();
        assert_eq!(refused, JoinOutcome::Refused);
    }
    let owner = store.grant(&room.owner.id, &private.conversation.id).await.unwrap().unwrap();
    assert_eq!(store.room(&owner).await.unwrap(), None);
    let patch = RoomPatch { name: Some("A room".into()), ..Default::default() };
    assert_eq!(store.update_room(&owner, &patch).await.unwrap(), None);
    let handed =
        store.change_member(&owner, &stranger.id, MemberChange::HandOver { most: None }).await.unwrap();
    assert_eq!(handed, MemberOutcome::Denied);
    assert_eq!(store.leave(&owner).await.unwrap(), LeaveOutcome::Missing);
    assert_eq!(store.grant(&room.owner.id, &private.conversation.id).await.unwrap().as_ref(), Some(&owner));
    for (conversation, answer) in
        [(&*room.it.id, room.answer()), (&*private.conversation.id, &*private.answer.id), ("none", "none")]
    {
        assert!(store.standing(&stranger.id, conversation).await.unwrap().is_none());
        assert!(store.standing_of_message(&stranger.id, answer).await.unwrap().is_none());
        for need in [Need::Read, Need::Write, Need::Manage, Need::Own] {
            let access = store.access(&stranger.id, conversation, need).await;
            assert!(matches!(access, Err(NoAccess::Missing)), "{conversation}: {access:?}");
            let access = store.message_access(&stranger.id, answer, need).await;
            assert!(matches!(access, Err(NoAccess::Missing)), "{conversation}: {access:?}");
        }
    }
    // The list has only private conversations of the person.
    let listed = crate::server::store::ConversationQuery { limit: 9, ..Default::default() };
    assert!(store.conversations(&stranger.id, &listed).await.unwrap().is_empty());
    let own = store.conversations(&room.owner.id, &listed).await.unwrap();
    assert_eq!(own.iter().map(|it| &*it.id).collect::<Vec<_>>(), [&*private.conversation.id]);
}

pub(super) async fn a_removed_member_writes_nothing(store: &dyn Store) {
    for (act, _) in ACTS {
        let room = room(store, AccessLevel::Moderator).await;
        let bystander = user(store).await;
        let owner = store.grant(&room.owner.id, &room.it.id).await.unwrap().unwrap();
        let gone = store.change_member(&owner, &room.person.id, MemberChange::Remove).await.unwrap();
        assert!(matches!(gone, MemberOutcome::Changed { .. }), "{gone:?}");
        let again = store.change_member(&owner, &room.person.id, MemberChange::Remove).await.unwrap();
        assert!(matches!(again, MemberOutcome::Same(_)), "{again:?}");
        let before = room.state(store).await;
        if matches!(act, Act::Stop) && store.is_alone() {
            continue; // The store sends no request to stop, because there is no other process.
        }
        assert!(!room.act(store, act, &bystander).await, "{act:?}");
        if !matches!(act, Act::Stop) {
            assert_eq!(room.state(store).await, before, "{act:?}");
        }
        interrupt(store).await;
    }
}

pub(super) async fn a_member_with_a_lower_role_does_only_what_that_role_may(store: &dyn Store) {
    let room = room(store, AccessLevel::Moderator).await;
    let bystander = user(store).await;
    let owner = store.grant(&room.owner.id, &room.it.id).await.unwrap().unwrap();
    come(store, &room.it, &bystander).await;
    set_role(store, &owner, &room.person, MemberRole::Member).await;
    let before = room.state(store).await;
    for (act, _) in ACTS.into_iter().filter(|(_, need)| matches!(need, Need::Manage | Need::Own)) {
        assert!(!room.act(store, act, &bystander).await, "{act:?}");
    }
    assert_eq!(room.state(store).await, before);
    assert!(room.act(store, Act::Add, &bystander).await);
    set_role(store, &owner, &room.person, MemberRole::Reader).await;
    assert!(!room.act(store, Act::Add, &bystander).await);
    // The store refuses every act in a conversation that is gone.
    assert!(store.delete_conversation(&owner, NOW).await.unwrap());
    for (act, _) in ACTS.into_iter().filter(|(act, _)| !matches!(act, Act::Stop)) {
        let gone = Room { grant: owner.clone(), person: room.owner.clone(), ..copy(&room) };
        assert!(!gone.act(store, act, &bystander).await, "{act:?}");
    }
}

fn copy(room: &Room) -> Room {
    Room {
        owner: room.owner.clone(),
        person: room.person.clone(),
        it: room.it.clone(),
        asked: room.asked.clone(),
        grant: room.grant.clone(),
    }
}

pub(super) async fn keys_and_running_answers_are_counted_by_author(store: &dyn Store) {
    let room = room(store, AccessLevel::Member).await;
    let owner = store.grant(&room.owner.id, &room.it.id).await.unwrap().unwrap();
    let ask = async |who: &User, grant: &Grant, most_running| {
        let asked = turn(who, &room.it, Some(room.answer()));
        let asked = NewTurn { key: Some(key("k", "the same")), most_running, ..asked };
        (asked.clone(), store.begin_answer(&asked.to(Destination::There(grant.clone()))).await.unwrap())
    };
    let (first, begun) = ask(&room.owner, &owner, 1).await;
    assert!(matches!(begun, BeginOutcome::Begun { .. }));
    assert!(store.finish_message(&first.answer.id, &finish("Yes.", 9)).await.unwrap());
    // A key of the same name is another key if it belongs to another person.
    let (second, begun) = ask(&room.person, &room.grant, 1).await;
    assert!(matches!(begun, BeginOutcome::Begun { .. }), "{begun:?}");
    assert!(
        matches!(ask(&room.owner, &owner, 1).await.1, BeginOutcome::Repeated { answer_id, .. } if answer_id == first.answer.id)
    );
    let stored = store.message(&owner, &second.answer.id).await.unwrap().unwrap();
    assert_eq!(stored.author_id, room.person.id);
    // A running answer counts for the person who asked, whoever owns the conversation.
    let own = |who: &User| NewTurn { most_running: 1, ..first_turn(who) };
    assert_eq!(store.begin_turn(&own(&room.person)).await.unwrap(), TurnOutcome::TooMany);
    assert_eq!(store.begin_turn(&own(&room.owner)).await.unwrap(), TurnOutcome::Begun);
}
