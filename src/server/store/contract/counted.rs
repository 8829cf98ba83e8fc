//! How much of a conversation is read: the case counts what goes through the store.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::{
    domain::{Message, Role, Status},
    server::store::{
        AddOutcome, BeginOutcome, Branch, Changes, Chunk, Finish, Grant, Key, Messages, NewAnswer,
        NewMessage, Opening, Orphans, Outline, Reach, Recovered, Result, Run, Spent, Store, Texts,
    },
};

use super::fixtures::{Asking, conversation, message, user};

/// Counts the outlines that are read; nothing else is.
struct Counted<'a>(&'a dyn Store, AtomicUsize);

#[async_trait]
impl Messages for Counted<'_> {
    async fn outlines_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Outline>> {
        let found = self.0.outlines_back(grant, upto, limit).await;
        found.inspect(|found| {
            self.1.fetch_add(found.len(), Ordering::Relaxed);
        })
    }

    async fn add_message(&self, _: &Grant, _: &NewMessage) -> Result<AddOutcome> {
        unreachable!()
    }

    async fn added_with(&self, _: &Grant, _: &Key, _: i64) -> Result<Option<AddOutcome>> {
        unreachable!()
    }

    async fn begin_answer(&self, _: &NewAnswer) -> Result<BeginOutcome> {
        unreachable!()
    }

    async fn message(&self, _: &Grant, _: &str) -> Result<Option<Message>> {
        unreachable!()
    }

    async fn spent(&self, _: &Grant, _: &str) -> Result<Option<Spent>> {
        unreachable!()
    }

    async fn openings(&self, _: &Grant, _: &[String], _: u32) -> Result<Vec<Opening>> {
        unreachable!()
    }

    async fn messages_of(&self, _: &Grant, _: &[String], _: Texts) -> Result<Vec<Message>> {
        unreachable!()
    }

    async fn changes_since(&self, _: &Grant, _: u64, _: u32) -> Result<Changes> {
        unreachable!()
    }

    async fn append_chunks(&self, _: &[Chunk]) -> Result<()> {
        unreachable!()
    }

    async fn set_left_out(&self, _: &str, _: u32) -> Result<()> {
        unreachable!()
    }

    async fn finish_message(&self, _: &str, _: &Finish) -> Result<bool> {
        unreachable!()
    }

    async fn interrupt_unfinished(&self, _: Orphans<'_>) -> Result<u64> {
        unreachable!()
    }

    async fn recover_message(&self, _: &Recovered) -> Result<bool> {
        unreachable!()
    }

    async fn running_answers(&self, _: &str) -> Result<u32> {
        unreachable!()
    }

    async fn own_runs(&self) -> Result<Vec<Run>> {
        unreachable!()
    }

    async fn forget_keys(&self, _: i64) -> Result<u64> {
        unreachable!()
    }
}

pub(super) async fn what_lies_far_before_a_message_is_not_read(store: &dyn Store) {
    let ada = user(store).await;
    let mut it = conversation("Long");
    let mut all: Vec<Message> = Vec::new();
    for number in 0..600 {
        let role = if number % 2 == 0 { Role::User } else { Role::Assistant };
        let parent = all.last().map(|last| last.id.clone());
        let message = message(&ada.id, &it.id, parent, role, "words");
        all.push(Message { status: Status::Complete, created_at: number, ..message });
    }
    it.leaf_id = all.last().map(|last| last.id.clone());
    store.create_with_messages(&ada.id, &it, &all, None).await.unwrap();
    let grant = store.grant(&ada.id, &it.id).await.unwrap().unwrap();
    let reach = Reach { messages: 4_000, bytes: u64::MAX, texts: Texts::All };
    for (shown, most) in [(1, 32), (20, 32), (32, 33), (50, 96), (300, 700), (599, 1_100), (600, 1_100)] {
        let counted = Counted(store, AtomicUsize::new(0));
        let (leaf, oldest) = (&all[599].id, &all[600 - shown]);
        let branch = Branch::find_back_to(&counted, &grant, (leaf, &oldest.id), reach).await.unwrap();
        assert_eq!(branch.outlines().len(), shown);
        let before = i64::try_from(600 - shown).unwrap().checked_sub(1).filter(|before| *before >= 0);
        assert_eq!((branch.more, branch.created_before), (before.is_some(), before), "{shown}");
        let read = counted.1.into_inner();
        assert!((shown..=most).contains(&read), "{read} are read to show {shown}");
    }
}
