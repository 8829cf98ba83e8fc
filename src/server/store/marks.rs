//! What people do to messages of a room without a word, as a trait: reactions and pins. Each change gives the message the
//! conversation's next number as its revision.

use async_trait::async_trait;

use super::{Grant, Outline, Result, TalkOutcome};
use crate::domain::{Message, Reacted};

/// A reaction of the person behind a grant.
#[derive(Clone, Copy, Debug)]
pub struct NewReaction<'a> {
    pub message_id: &'a str,
    pub emoji: &'a str,
    /// `false`: it is taken back.
    pub on: bool,
    pub now: i64,
}

/// A pin of the person behind a grant.
#[derive(Clone, Copy, Debug)]
pub struct NewPin<'a> {
    pub message_id: &'a str,
    /// `false`: it is pinned no more.
    pub on: bool,
    pub now: i64,
}

#[async_trait]
pub trait Marks: Send + Sync {
    /// Needs [`super::Need::Write`]. A message has at most [`MOST_REACTIONS`](crate::domain::talk::MOST_REACTIONS) kinds of
    /// reactions.
    async fn react(&self, grant: &Grant, reaction: &NewReaction<'_>) -> Result<TalkOutcome>;
    /// The reactions to one message, oldest first.
    async fn reactions(&self, grant: &Grant, message_id: &str, limit: u32) -> Result<Vec<Reacted>>;
    /// With which emoji the person behind the grant reacted to these messages: ids and emoji.
    async fn own_reactions(&self, grant: &Grant, ids: &[String]) -> Result<Vec<(String, String)>>;
    /// Pins a message, which needs [`super::Need::Write`]; or takes a pin away, which needs [`super::Need::Manage`] of others'
    /// pins. A room has at most [`MOST_PINS`](crate::domain::talk::MOST_PINS) of them.
    async fn pin(&self, grant: &Grant, pin: &NewPin<'_>) -> Result<TalkOutcome>;
    /// The pinned messages, the newest pin first.
    async fn pinned(&self, grant: &Grant) -> Result<Vec<Outline>>;
    /// These messages of the conversation, newest first, each with at most `chars` characters of its text and without
    /// reasoning.
    async fn beginnings(&self, grant: &Grant, ids: &[String], chars: u32) -> Result<Vec<Message>>;
}
