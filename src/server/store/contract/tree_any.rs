//! Whatever people ask, edit, choose, continue and delete, in whatever order: the tree stays a tree.

use std::collections::HashMap;

use proptest::{prelude::*, test_runner::Config};

use crate::{
    domain::{Message, Status, User},
    server::store::{ContinueOutcome, Finish, Store, TreeOutcome},
};

use super::fixtures::{
    Asking, LATER, NewTurn, TurnOutcome, another_answer, conversation, finish, id, interrupt, memory, turn,
    unnumbered, user,
};

/// What a person does. A number chooses one of the messages that exist.
#[derive(Clone, Debug)]
enum Act {
    Ask,
    AskAfter(usize),
    Edit(usize),
    Retry(usize),
    Select(usize),
    Delete(usize),
    Continue(usize),
    /// The running answer, if there is one, ends with this status.
    End(Status),
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    let ends = [Status::Complete, Status::Stopped, Status::Failed, Status::Interrupted];
    prop_oneof![
        4 => Just(Act::Ask),
        1 => any::<usize>().prop_map(Act::AskAfter),
        2 => any::<usize>().prop_map(Act::Edit),
        2 => any::<usize>().prop_map(Act::Retry),
        3 => any::<usize>().prop_map(Act::Select),
        3 => any::<usize>().prop_map(Act::Delete),
        2 => any::<usize>().prop_map(Act::Continue),
        6 => (0..ends.len()).prop_map(move |at| Act::End(ends[at])),
        1 => Just(Act::Crash),
    ]
}

struct World {
    store: std::sync::Arc<dyn Store>,
    ada: User,
    /// The conversation in which everything happens.
    it: crate::domain::Conversation,
}

impl World {
    async fn all(&self) -> Vec<Message> {
        let mut all = self.store.back(&self.ada.id, &self.it.id, None, 1_000).await.unwrap();
        all.reverse();
        all
    }

    async fn leaf(&self) -> Option<String> {
        self.store.conversation(&self.ada.id, &self.it.id).await.unwrap().unwrap().leaf_id
    }

    async fn begin(&self, turn: NewTurn, busy: bool) {
        let outcome = self.store.begin_turn(&turn).await.unwrap();
        let refused = matches!(outcome, TurnOutcome::Busy { .. });
        assert!(refused == busy && (busy || outcome == TurnOutcome::Begun), "{outcome:?}");
    }

    async fn act(&self, act: Act) {
        let all = self.all().await;
        let running = all.iter().find(|message| message.status == Status::Generating);
        let busy = running.is_some();
        let chosen = |at: usize| all.get(at.checked_rem(all.len()).unwrap_or_default());
        match act {
            Act::Ask => self.begin(turn(&self.ada, &self.it, self.leaf().await.as_deref()), busy).await,
            Act::AskAfter(at) => {
                let parent = chosen(at).map(|message| message.id.as_str());
                self.begin(turn(&self.ada, &self.it, parent), busy).await;
            }
            Act::Edit(at) => {
                let parent = chosen(at).and_then(|message| message.parent_id.as_deref());
                self.begin(turn(&self.ada, &self.it, parent), busy).await;
            }
            Act::Retry(at) => {
                let Some(parent) = chosen(at).and_then(|message| message.parent_id.as_deref()) else {
                    return;
                };
                self.begin(another_answer(&self.ada, &self.it, Some(parent)), busy).await;
            }
            Act::Select(at) => {
                let Some(message) = chosen(at) else { return };
                let outcome = self.store.select(&self.ada.id, &message.id).await.unwrap();
                assert_eq!(outcome == TreeOutcome::Busy, busy);
                let leaf = self.leaf().await.unwrap();
                assert!(busy || path(&self.all().await, &leaf).contains(&message.id));
            }
            Act::Delete(at) => {
                let Some(gone) = chosen(at) else { return };
                let outcome = self.store.remove(&self.ada.id, &gone.id).await.unwrap();
                assert_eq!(outcome == TreeOutcome::Busy, busy);
                if !busy {
                    // The deletion loses and changes no other message.
                    let mut expected: Vec<Message> =
                        all.iter().filter(|message| message.id != gone.id).cloned().collect();
                    for child in &mut expected {
                        if child.parent_id.as_ref() == Some(&gone.id) {
                            child.parent_id.clone_from(&gone.parent_id);
                        }
                    }
                    let unnumbered = |all: Vec<Message>| all.into_iter().map(unnumbered).collect::<Vec<_>>();
                    assert_eq!(unnumbered(self.all().await), unnumbered(expected));
                }
            }
            Act::Continue(at) => {
                let Some(message) = chosen(at) else { return };
                let may = !busy && message.can_continue() && self.leaf().await.as_ref() == Some(&message.id);
                let outcome = self.store.go_on(&self.ada.id, &message.id, None, &id(), 1000, LATER).await;
                assert_eq!(matches!(outcome.unwrap(), ContinueOutcome::Begun { .. }), may);
            }
            Act::End(status) => {
                let Some(running) = running else { return };
                let end = Finish { status, ..finish(&format!("{}more ", running.content), 1) };
                assert!(self.store.finish_message(&running.id, &end).await.unwrap());
            }
            Act::Crash => {
                assert_eq!(interrupt(&*self.store).await, u64::from(busy));
            }
        }
    }

    async fn is_a_tree(&self) {
        let all = self.all().await;
        let known: HashMap<&str, &Message> = all.iter().map(|message| (&*message.id, message)).collect();
        for message in &all {
            if let Some(parent) = &message.parent_id {
                let parent = known.get(parent.as_str()).expect("the parent is of the same conversation");
                assert!(parent.id < message.id, "a parent is older");
            }
        }
        let leaf = self.leaf().await;
        assert_eq!(leaf.is_some(), !all.is_empty());
        let Some(leaf) = leaf else { return };
        assert!(all.iter().all(|message| message.parent_id.as_ref() != Some(&leaf)), "it has no children");
        assert!(!path(&all, &leaf).is_empty());
        let running: Vec<_> = all.iter().filter(|message| message.status == Status::Generating).collect();
        assert!(running.len() <= 1 && running.iter().all(|message| message.id == leaf));
    }
}

/// The path from a message to its root. It ends, because each step goes to an older message.
fn path(all: &[Message], leaf: &str) -> Vec<String> {
    let mut path = Vec::new();
    let mut next = Some(leaf.to_owned());
    while let Some(id) = next {
        let message = all.iter().find(|message| message.id == id).expect("each message of a branch is there");
        assert!(path.last().is_none_or(|newer: &String| *newer > message.id));
        path.push(id);
        next = message.parent_id.clone();
    }
    path
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn it_stays_a_tree(acts in prop::collection::vec(act(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fresh = memory().await;
            let ada = user(&*fresh.store).await;
            let it = conversation("");
            fresh.store.create_conversation(&ada.id, &it).await.unwrap();
            let world = World { store: fresh.store.clone(), ada, it };
            for act in acts {
                world.act(act).await;
                world.is_a_tree().await;
            }
            fresh.store.close().await;
        });
    }
}
