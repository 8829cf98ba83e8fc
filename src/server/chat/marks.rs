//! Reactions to messages of a room, and pins.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{
    Chat,
    emoji::valid_emoji,
    post::waiting,
    room::{only_in_shared, only_own},
};
use crate::{
    domain::{
        ChatEvent, CurrentUser, Message, Partner, Reacted, Reason, Role,
        talk::{MOST_PINS, MOST_REACTIONS},
    },
    error::AppError,
    server::{
        accounts::attempts::Limit,
        store::{Grant, Need, NewPin, NewReaction, TalkOutcome, is_hidden},
    },
};

/// How many reactions and pins a person may change within [`MARKS_WINDOW`].
const MARKS: u32 = 10;
const MARKS_WINDOW: Duration = Duration::from_secs(2);
/// So many reactions to one message are listed.
const MOST_LISTED: u32 = 1_000;

pub(super) fn limit() -> Limit {
    Limit::new(MARKS, MARKS_WINDOW)
}

/// A reaction with the name of whoever reacted.
#[derive(Clone, Debug)]
pub struct NamedReaction {
    pub reacted: Reacted,
    /// `None`: nothing is known of them any more.
    pub name: Option<String>,
}

impl Chat {
    /// Reacts to a message of a room with an emoji, or takes that back. Readers may not.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`]; [`AppError::Invalid`] of `emoji`; [`AppError::Conflict`]: the answer is
    /// being written, or the message has as many kinds of reactions as it may have; [`AppError::TooFast`].
    pub async fn react(
        &self,
        current: &CurrentUser,
        message_id: &str,
        emoji: &str,
        on: bool,
    ) -> Result<Message, AppError> {
        let emoji = valid_emoji(emoji)?;
        let (grant, old) = self.markable(current, message_id).await?;
        let hidden = self.shown_if(on, &grant, &old).await?;
        let reaction = NewReaction { message_id, emoji, on, now: self.clock.now() };
        match self.store.react(&grant, &reaction).await? {
            TalkOutcome::Changed { message, changed, .. } => {
                if let Some(log) = self.live.get(&message.conversation_id) {
                    let reactions = message.talk.reactions.clone();
                    let event = ChatEvent::Reactions { message_id: message.id.clone(), reactions };
                    log.publish(event, changed.revision);
                }
                Ok(said(message, hidden))
            }
            TalkOutcome::Full => {
                let reason = Reason::new("reactions-too-many").with("most", MOST_REACTIONS);
                Err(AppError::Conflict { reason })
            }
            other => unmarked(other, hidden),
        }
    }

    /// Who reacted to a message with what, oldest first.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn reactions(
        &self,
        current: &CurrentUser,
        message_id: &str,
    ) -> Result<Vec<NamedReaction>, AppError> {
        let (grant, _) = self.store.message_access(current.id(), message_id, Need::Read).await?;
        only_in_shared(&grant)?;
        let all = self.store.reactions(&grant, message_id, MOST_LISTED).await?;
        let mut ids: Vec<String> = all.iter().map(|reacted| reacted.user_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let members = self.store.members_of(&grant, &ids).await?;
        let mut names: HashMap<String, String> =
            members.into_iter().map(|it| (it.user_id, it.name)).collect();
        // One of two people is called as their account is.
        if let Some(Partner { id, name, .. }) = self.store.partner(&grant).await? {
            names.insert(id, name);
        }
        let named = |reacted: Reacted| {
            let name = names.get(&reacted.user_id).cloned();
            NamedReaction { reacted, name }
        };
        Ok(all.into_iter().map(named).collect())
    }

    /// Pins a message of a room, which everybody may who writes there; or takes a pin away: one's own, as a moderator any.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`]; [`AppError::Conflict`]: the answer is being written, or the room has as
    /// many pins as it may have; [`AppError::TooFast`].
    pub async fn pin(&self, current: &CurrentUser, message_id: &str, on: bool) -> Result<Message, AppError> {
        let (grant, old) = self.markable(current, message_id).await?;
        let hidden = self.shown_if(on, &grant, &old).await?;
        if let Some(pinned) = old.talk.pinned.filter(|_| !on) {
            only_own(&grant, &pinned.by, "unpin-others")?;
        }
        match self.store.pin(&grant, &NewPin { message_id, on, now: self.clock.now() }).await? {
            TalkOutcome::Changed { message, changed, .. } => {
                let message = said(message, hidden);
                if let Some(log) = self.live.get(&message.conversation_id) {
                    // An answer is not told as a message.
                    let event = match message.role {
                        Role::User => ChatEvent::Message((&message).into()),
                        _ => ChatEvent::Changed {},
                    };
                    log.publish(event, changed.revision);
                }
                Ok(message)
            }
            TalkOutcome::Full => {
                let reason = Reason::new("pins-too-many").with("most", MOST_PINS);
                Err(AppError::Conflict { reason })
            }
            other => unmarked(other, hidden),
        }
    }

    /// Whether the room shows nothing of what whoever wrote this message wrote.
    pub(super) async fn hides(&self, grant: &Grant, message: &Message) -> Result<bool, AppError> {
        let author = self.store.members_of(grant, std::slice::from_ref(&message.author_id)).await?;
        Ok(is_hidden(&author, message))
    }

    /// Whether the message is hidden. Nobody marks it then; a mark can be taken away.
    async fn shown_if(&self, on: bool, grant: &Grant, message: &Message) -> Result<bool, AppError> {
        let hidden = self.hides(grant, message).await?;
        if on && hidden { Err(AppError::NotFound) } else { Ok(hidden) }
    }

    /// A message of a room in which the person writes.
    async fn markable(&self, current: &CurrentUser, message_id: &str) -> Result<(Grant, Message), AppError> {
        let (grant, message) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        only_in_shared(&grant)?;
        match self.marks.take(current.id(), Instant::now()) {
            Ok(_) => Ok((grant, message)),
            Err(AppError::TooMany { seconds }) => {
                let seconds = seconds.max(1);
                Err(AppError::TooFast { reason: waiting("room-marks-flood", seconds), seconds })
            }
            Err(error) => Err(error),
        }
    }
}

/// The message and the emoji of a form: with a button, whose value is both with a blank between, or with two fields.
pub fn typed_reaction(
    button: Option<String>,
    message_id: Option<String>,
    emoji: Option<String>,
) -> (String, String) {
    match button.as_deref().and_then(|button| button.split_once(' ')) {
        Some((id, emoji)) => (id.to_owned(), emoji.to_owned()),
        None => (message_id.unwrap_or_default(), emoji.unwrap_or_default()),
    }
}

/// The message as the room shows it.
fn said(message: Message, hidden: bool) -> Message {
    let content = if hidden { String::new() } else { message.content };
    Message { content, ..message }
}

/// What is answered where nothing changed.
fn unmarked(outcome: TalkOutcome, hidden: bool) -> Result<Message, AppError> {
    match outcome {
        TalkOutcome::Changed { message, .. } | TalkOutcome::Same(message) => Ok(said(message, hidden)),
        TalkOutcome::Busy => Err(AppError::Conflict { reason: Reason::new("room-mark-running") }),
        TalkOutcome::Missing | TalkOutcome::Full => Err(AppError::NotFound),
    }
}
