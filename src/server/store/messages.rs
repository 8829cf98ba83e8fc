//! Messages, and the ends of answers, as a trait.

use async_trait::async_trait;

use super::{
    AddOutcome, BeginOutcome, Changes, Chunk, Grant, Key, Mark, NewAnswer, NewMessage, Opening, Orphans,
    Outline, Recovered, Result, Run, Texts,
};
use crate::domain::{Failure, Message, Status, Timings, Usage};

/// How an answer ended.
#[derive(Clone, Debug)]
pub struct Finish {
    pub content: String,
    pub reasoning: String,
    pub status: Status,
    pub usage: Option<Usage>,
    pub failure: Option<Failure>,
    pub length_limited: bool,
    pub timings: Timings,
    /// The highest event number issued for the answer.
    pub seq: u64,
    /// The marks of the answer's last events, which no stored chunk has yet, or only a chunk that was stored just now.
    pub marks: Vec<Mark>,
}

/// What an answer took of its model's context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// [`Message::usage`]; `None` of a continued answer, because the usage of all its runs together says nothing of that.
    pub usage: Option<Usage>,
    /// [`Message::left_out`].
    pub left_out: u32,
}

#[async_trait]
pub trait Messages: Send + Sync {
    /// Stores a person's message; no answer begins.
    async fn add_message(&self, grant: &Grant, new: &NewMessage) -> Result<AddOutcome>;
    /// What [`Self::add_message`] would answer because of this key alone; `None`: the key was not used in the conversation.
    async fn added_with(&self, grant: &Grant, key: &Key, now: i64) -> Result<Option<AddOutcome>>;
    /// Stores the empty answer, with its question if there is one. At most one answer per conversation is being written
    /// at a time.
    async fn begin_answer(&self, new: &NewAnswer) -> Result<BeginOutcome>;
    /// A message of the conversation.
    async fn message(&self, grant: &Grant, id: &str) -> Result<Option<Message>>;
    /// What a message of the conversation took; its texts stay in the database.
    async fn spent(&self, grant: &Grant, id: &str) -> Result<Option<Spent>>;
    /// The outlines of up to `limit` messages of a conversation, newest first and of all branches, with ids up to and
    /// including `upto` (`None`: from the newest). No text is read.
    async fn outlines_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Outline>>;
    /// How the questions among the messages of a conversation with these ids begin, oldest first, each with at most
    /// `chars` characters. No answer is read.
    async fn openings(&self, grant: &Grant, ids: &[String], chars: u32) -> Result<Vec<Opening>>;
    /// The messages of a conversation with these ids, newest first. The caller has checked by their outlines that they
    /// fit into memory.
    async fn messages_of(&self, grant: &Grant, ids: &[String], texts: Texts) -> Result<Vec<Message>>;
    /// Reads outlines and texts together, however long the texts are.
    #[cfg(test)]
    async fn messages_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Message>> {
        let outlines = self.outlines_back(grant, upto, limit).await?;
        let ids: Vec<String> = outlines.into_iter().map(|outline| outline.id).collect();
        self.messages_of(grant, &ids, Texts::All).await
    }
    /// What changed since the event number `seq`, for a listener that has seen everything up to it. At most `limit`
    /// messages and `limit` removed messages.
    async fn changes_since(&self, grant: &Grant, seq: u64, limit: u32) -> Result<Changes>;
    /// Stores chunks of answers that this process writes, in one write. Drops a chunk of an answer that this process
    /// does not write (any more), and keeps a chunk that is stored already as it is.
    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()>;
    /// Stores how many messages the prompt of a continued answer has no room for.
    async fn set_left_out(&self, message_id: &str, left_out: u32) -> Result<()>;
    /// Stores the end of an answer that this process writes and drops its chunks, in one step. Everything that changed
    /// in the conversation since the answer began gets the revision of its end. `false` when the message is gone or
    /// this process no longer writes it: the store leaves it as it is.
    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool>;
    /// Interrupts the orphans: answers that are still `generating` although their writer is gone. Each gets its chunks
    /// as content and the status `interrupted`, and its conversation a `last_seq` beyond every number that was issued.
    /// Answers how many were interrupted.
    async fn interrupt_unfinished(&self, orphans: Orphans<'_>) -> Result<u64>;
    /// Stores the recovered text of an answer whose writer is gone. An answer that is still `generating` gets the text
    /// that its stored chunks and the recovered ones make together, and the status `interrupted`. An answer that is
    /// `interrupted` already gets the recovered text if that extends its own and no message follows it. `false`: the
    /// message is left as it is.
    async fn recover_message(&self, recovered: &Recovered) -> Result<bool>;
    /// How many answers of the person are being written, in all conversations and by all processes.
    async fn running_answers(&self, user_id: &str) -> Result<u32>;
    /// The runs that the store has as being written by this process.
    async fn own_runs(&self) -> Result<Vec<Run>>;
    /// Forgets idempotency keys that are no longer valid at `now`; answers how many.
    async fn forget_keys(&self, now: i64) -> Result<u64>;
}
