//! Messages, and the ends of answers, as a trait.

use async_trait::async_trait;

use super::{
    AddOutcome, BeginOutcome, Changes, Chunk, Grant, Mark, NewAnswer, NewMessage, Orphans, Outline,
    Recovered, Result, Run, Texts,
};
use crate::domain::{Failure, Message, Status, Usage};

/// How an answer ended.
#[derive(Clone, Debug)]
pub struct Finish {
    pub content: String,
    pub reasoning: String,
    pub status: Status,
    pub usage: Option<Usage>,
    pub failure: Option<Failure>,
    pub length_limited: bool,
    /// The highest event number given out for it.
    pub seq: u64,
    /// Of its last events, which no chunk brought to the store, or just now.
    pub marks: Vec<Mark>,
}

#[async_trait]
pub trait Messages: Send + Sync {
    /// Stores a person's message; no answer begins.
    async fn add_message(&self, grant: &Grant, new: &NewMessage) -> Result<AddOutcome>;
    /// Stores the empty answer, with its question where one is asked. Of each conversation one answer is being written.
    async fn begin_answer(&self, new: &NewAnswer) -> Result<BeginOutcome>;
    /// A message of the conversation.
    async fn message(&self, grant: &Grant, id: &str) -> Result<Option<Message>>;
    /// The outlines of up to `limit` messages of a conversation with ids up to and including `upto` (or
    /// all), newest first, whatever their branch; no text is read.
    async fn outlines_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Outline>>;
    /// Those of a conversation's messages that are named, newest first. The caller has checked by their outlines that
    /// they fit into memory.
    async fn messages_of(&self, grant: &Grant, ids: &[String], texts: Texts) -> Result<Vec<Message>>;
    /// Outlines and texts at once, however long they are.
    #[cfg(test)]
    async fn messages_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Message>> {
        let outlines = self.outlines_back(grant, upto, limit).await?;
        let ids: Vec<String> = outlines.into_iter().map(|outline| outline.id).collect();
        self.messages_of(grant, &ids, Texts::All).await
    }
    /// What changed since the event number `seq`, of which a listener has seen all up to there. At most `limit` messages
    /// and `limit` removed ones.
    async fn changes_since(&self, grant: &Grant, seq: u64, limit: u32) -> Result<Changes>;
    /// More of answers that this process writes, in one write. A chunk of an answer that it does not
    /// write (any more) is dropped, one that is there already stays as it is.
    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()>;
    /// Says of an answer that goes on how many messages its prompt has no room for now.
    async fn set_left_out(&self, message_id: &str, left_out: u32) -> Result<()>;
    /// Stores the end of an answer that this process writes and drops its chunks, in one step. Whatever changed since it
    /// began gets the revision of its end. `false` when the message is gone, or is not running here any more: it is left
    /// as it is.
    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool>;
    /// What processes that died left behind: answers still `generating` get their chunks as content and
    /// the status `interrupted`, and their conversation a `last_seq` beyond any that was given out.
    /// How many.
    async fn interrupt_unfinished(&self, orphans: Orphans<'_>) -> Result<u64>;
    /// An answer whose writer is gone, but not what it wrote: one that it left `generating` gets what
    /// its chunks here and the recovered ones make together, and the status `interrupted`; one that is
    /// `interrupted` already gets it when that is more of the same and nothing was said below it.
    /// `false`: the message is left as it is.
    async fn recover_message(&self, recovered: &Recovered) -> Result<bool>;
    /// The answers that this process is stored as writing.
    async fn own_runs(&self) -> Result<Vec<Run>>;
    /// Forgets idempotency keys that do not count any more at `now`; how many.
    async fn forget_keys(&self, now: i64) -> Result<u64>;
}
