//! Whatever happens, and whatever position a listener left at: its copy with the changes since then is equal to the
//! whole.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{prelude::*, test_runner::Config};

use crate::{
    domain::{Conversation, ConversationPatch, Message, Queued, Role, Status, User},
    server::store::{AddOutcome, Finish, Grant, NewMessage, NewQueued, Store, Texts, TreeOutcome},
};

use super::fixtures::{
    Asking, Fresh, LATER, NOW, TurnOutcome, another_answer, conversation, finish, id, interrupt, memory,
    message, mongo, turn, user,
};

/// What a person does. A number chooses one of the messages that exist.
#[derive(Clone, Debug)]
enum Act {
    Say(usize),
    Ask(usize),
    Retry(usize),
    Select(usize),
    Delete(usize),
    /// Restores one of the deleted messages.
    Restore(usize),
    Continue(usize),
    /// Puts a question into the queue.
    Queue,
    /// Asks the next question of the queue.
    AskQueued,
    Title(String),
    FirstTitle,
    Pin(bool),
    /// Publishes this many events of the running answer.
    Tell(u64),
    End(Status),
    Crash,
    /// A listener leaves, and comes back at the end.
    Leave,
}

fn act() -> impl Strategy<Value = Act> {
    let ends = [Status::Complete, Status::Stopped, Status::Interrupted];
    prop_oneof![
        3 => any::<usize>().prop_map(Act::Say),
        4 => any::<usize>().prop_map(Act::Ask),
        2 => any::<usize>().prop_map(Act::Retry),
        2 => any::<usize>().prop_map(Act::Select),
        3 => any::<usize>().prop_map(Act::Delete),
        3 => any::<usize>().prop_map(Act::Restore),
        2 => any::<usize>().prop_map(Act::Continue),
        2 => Just(Act::Queue),
        2 => Just(Act::AskQueued),
        1 => "[a-z]{1,3}".prop_map(Act::Title),
        1 => Just(Act::FirstTitle),
        1 => any::<bool>().prop_map(Act::Pin),
        3 => (1..40_u64).prop_map(Act::Tell),
        5 => (0..ends.len()).prop_map(move |at| Act::End(ends[at])),
        1 => Just(Act::Crash),
        5 => Just(Act::Leave),
    ]
}

/// The copy that a listener has: the conversation and its messages as they were at the position `place`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Copy {
    conversation: Conversation,
    messages: BTreeMap<String, Message>,
    queue: Vec<Queued>,
    place: u64,
}

struct World {
    store: Arc<dyn Store>,
    ada: User,
    grant: Grant,
    /// The position of the process that publishes the events; it is never lower than the store's number.
    told: u64,
    left: Vec<Copy>,
    deleted: Vec<String>,
}

impl World {
    async fn new(fresh: &Fresh) -> Self {
        let store = fresh.store.clone();
        let (ada, it) = (user(&*store).await, conversation(""));
        store.create_conversation(&ada.id, &it).await.unwrap();
        let grant = store.grant(&ada.id, &it.id).await.unwrap().unwrap();
        Self { store, ada, grant, told: 0, left: Vec::new(), deleted: Vec::new() }
    }

    async fn copy(&self) -> Copy {
        let grant = self.store.grant(&self.ada.id, self.grant.conversation_id()).await.unwrap().unwrap();
        let all = self.store.messages_back(&grant, None, 1_000).await.unwrap();
        let messages = all.into_iter().map(|message| (message.id.clone(), message)).collect();
        let queue = self.store.queued(&grant).await.unwrap();
        Copy { conversation: grant.into_conversation(), messages, queue, place: self.told }
    }

    /// Publishes a change: while an answer runs, with the next number of the process that writes the answer, else with
    /// the number that the store gave.
    async fn tell(&mut self, runs: bool) {
        let grant = self.store.grant(&self.ada.id, self.grant.conversation_id()).await.unwrap().unwrap();
        self.told = if runs { self.told + 1 } else { grant.last_seq() };
    }

    async fn act(&mut self, act: Act) {
        let store = self.store.clone();
        let copy = self.copy().await;
        let all: Vec<&Message> = copy.messages.values().collect();
        let running = all.iter().find(|message| message.status == Status::Generating).copied();
        let runs = running.is_some();
        let chosen = |at: usize| all.get(at.checked_rem(all.len()).unwrap_or_default()).copied();
        let it = &copy.conversation;
        match act {
            Act::Say(at) => {
                let parent = chosen(at).map(|message| message.id.clone());
                let message = message(&self.ada.id, &it.id, parent, Role::User, "Said");
                let new = NewMessage { message, key: None, asks: None, now: NOW };
                let added = store.add_message(&self.grant, &new).await.unwrap();
                assert!(matches!(added, AddOutcome::Added(_)), "{added:?}");
                self.tell(runs).await;
            }
            Act::Ask(at) => {
                let parent = chosen(at).map(|message| &*message.id);
                let begun = store.begin_turn(&turn(&self.ada, it, parent)).await.unwrap();
                self.began(begun == TurnOutcome::Begun).await;
            }
            Act::Retry(at) => {
                let Some(parent) = chosen(at).and_then(|message| message.parent_id.as_deref()) else {
                    return;
                };
                let begun = store.begin_turn(&another_answer(&self.ada, it, Some(parent))).await.unwrap();
                self.began(begun == TurnOutcome::Begun).await;
            }
            Act::Continue(at) => {
                let Some(message) = chosen(at) else { return };
                let outcome = store.go_on(&self.ada.id, &message.id, None, &id(), 1000, LATER).await.unwrap();
                self.began(matches!(outcome, crate::server::store::ContinueOutcome::Begun { .. })).await;
            }
            Act::Queue => {
                let new = NewQueued { id: &id(), text: "Later", most: 20, now: NOW, ..NewQueued::default() };
                store.add_queued(&self.grant, &new).await.unwrap();
                self.tell(runs).await;
            }
            Act::AskQueued => {
                let Some(next) = store.next_queued(&it.id, &[]).await.unwrap() else { return };
                let mut asked = turn(&self.ada, it, next.after.as_deref());
                asked.queued = Some(next.queued.id);
                if let Some(question) = &mut asked.question {
                    question.content = next.queued.text;
                }
                assert_eq!(store.begin_turn(&asked).await.unwrap(), TurnOutcome::Begun);
                self.began(true).await;
            }
            Act::Select(at) => {
                let Some(message) = chosen(at) else { return };
                store.select_branch(&self.grant, &message.id).await.unwrap();
                self.tell(runs).await;
            }
            Act::Delete(at) => {
                let Some(message) = chosen(at) else { return };
                let outcome = store.delete_message(&self.grant, &message.id, NOW).await.unwrap();
                if matches!(outcome, TreeOutcome::Changed(_)) {
                    self.deleted.push(message.id.clone());
                }
                self.tell(runs).await;
            }
            Act::Restore(at) => {
                let Some(at) = at.checked_rem(self.deleted.len()) else { return };
                let outcome = store.restore_message(&self.grant, &self.deleted[at]).await.unwrap();
                if matches!(outcome, TreeOutcome::Changed(_)) {
                    self.deleted.remove(at);
                }
                self.tell(runs).await;
            }
            Act::Title(title) => {
                self.patch(ConversationPatch { title: Some(title), ..Default::default() }, runs).await
            }
            Act::Pin(pinned) => {
                self.patch(ConversationPatch { pinned: Some(pinned), ..Default::default() }, runs).await
            }
            Act::FirstTitle => {
                if store.replace_title(&it.id, "", "First").await.unwrap().is_some() {
                    self.tell(runs).await;
                }
            }
            Act::Tell(events) => self.told += if runs { events } else { 0 },
            Act::End(status) => {
                let Some(running) = running else { return };
                self.told += 1;
                let text = format!("{}more ", running.content);
                let end = Finish { status, ..finish(&text, self.told) };
                assert!(store.finish_message(&running.id, &end).await.unwrap());
            }
            Act::Crash => {
                interrupt(&*store).await;
                self.tell(false).await;
            }
            Act::Leave => {
                let mut copy = copy.clone();
                // The text of a running answer is published, but stored only at its end.
                copy.messages.values_mut().for_each(|message| message.left_out = 0);
                self.left.push(copy);
            }
        }
    }

    async fn patch(&mut self, patch: ConversationPatch, runs: bool) {
        self.store.update_conversation(&self.grant, &patch).await.unwrap().unwrap();
        self.tell(runs).await;
    }

    async fn began(&mut self, begun: bool) {
        if begun {
            self.tell(false).await;
            self.told += 1;
        }
    }

    /// Brings a listener's copy up to date with the changes since its position.
    async fn catch_up(&self, copy: &mut Copy) {
        let changes = self.store.changes_since(&self.grant, copy.place, 1_000).await.unwrap();
        assert!(!changes.more);
        for outline in &changes.messages {
            let read =
                self.store.messages_of(&self.grant, std::slice::from_ref(&outline.id), Texts::All).await;
            let message = read.unwrap().pop().unwrap();
            assert_eq!((message.revision, &message.parent_id), (outline.revision, &outline.parent_id));
            copy.messages.insert(message.id.clone(), message);
        }
        for gone in &changes.removed {
            copy.messages.remove(gone);
        }
        if let Some(conversation) = changes.conversation {
            copy.conversation = conversation;
        }
        if changes.queue {
            copy.queue = self.store.queued(&self.grant).await.unwrap();
        }
        copy.place = changes.seq;
    }

    async fn all_who_left_come_back(&mut self) {
        let mut whole = self.copy().await;
        for mut copy in std::mem::take(&mut self.left) {
            let from = copy.place;
            self.catch_up(&mut copy).await;
            whole.place = copy.place;
            assert_eq!(copy, whole, "from {from}");
            // Coming back once more, from the new position, changes nothing.
            self.catch_up(&mut copy).await;
            assert_eq!(copy, whole);
        }
    }
}

async fn holds(fresh: Fresh, acts: Vec<Act>) {
    let mut world = World::new(&fresh).await;
    let half = acts.len() / 2;
    for (at, act) in acts.into_iter().enumerate() {
        world.act(act).await;
        if at == half {
            let left = world.left.clone();
            world.all_who_left_come_back().await;
            world.left = left;
        }
    }
    world.all_who_left_come_back().await;
    fresh.store.close().await;
}

fn with_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_copy_is_like_the_whole_in_sqlite(acts in prop::collection::vec(act(), 1..60)) {
        with_runtime(async { holds(memory().await, acts).await });
    }
}

proptest! {
    #![proptest_config(Config { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_copy_is_like_the_whole_in_mongodb(acts in prop::collection::vec(act(), 1..40)) {
        with_runtime(async { holds(mongo().await, acts).await });
    }
}
