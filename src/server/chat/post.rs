//! Messages of a room: a member's words become a message that everybody sees, and a question for the model where the room's
//! settings say so.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Chat,
    ask::valid_text,
    keys,
    queue::queue_full,
    room::{only_in_shared, only_own},
    turn::no_id,
};
use crate::{
    domain::{
        ChatEvent, CurrentUser, MemberState, Message, Reason, Role, RoomAnswers,
        amount::duration,
        queued::{MOST_QUEUED, MOST_QUEUED_OWN},
        talk::{MOST_EDITS, MOST_MENTIONS},
    },
    error::AppError,
    server::{
        accounts::attempts::Limit,
        store::{AddOutcome, AskedModel, Destination, Grant, Need, NewMessage, TalkOutcome},
    },
};

/// How many messages a person may write into one room within [`POSTS_WINDOW`].
const POSTS: u32 = 20;
const POSTS_WINDOW: Duration = Duration::from_secs(10);
/// How often the server makes another id for a message, because another one was faster.
const BEHIND: u32 = 20;
/// What asks the model in a room that answers to mentions.
const MENTION: &str = "@model";

pub(super) fn limit() -> Limit {
    Limit::new(POSTS, POSTS_WINDOW)
}

/// A message of a member.
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'a> {
    pub conversation_id: &'a str,
    pub text: &'a str,
    /// A message of the room that this one answers.
    pub reply_to: Option<&'a str>,
    /// The ids of the members whom it mentions, whose names stand in the text.
    pub mentions: &'a [String],
    /// The server found the mentions in the text, so they are no part of the request that a key belongs to.
    pub finds_mentions: bool,
    /// The model to ask, where the message is a question for it; `None`: the room's.
    pub model: Option<&'a str>,
    /// A repeated key with the same message answers the message that is stored, and nothing is asked again.
    pub key: Option<&'a str>,
    /// It is a question for the model, where the room has a button for that.
    pub asks: bool,
}

/// A message that is stored.
#[derive(Clone, Debug)]
pub struct Posted {
    pub message: Message,
    /// It waits as a question for the model. `false`, too, when the key was used before.
    pub asks: bool,
}

impl Chat {
    /// Stores a message of a room, tells everybody, and asks the model where the message is a question.
    pub async fn post(self: &Arc<Self>, current: &CurrentUser, post: Post<'_>) -> Result<Posted, AppError> {
        let text = valid_text(post.text, self.limits.message_bytes)?;
        let model = post.model.map(str::trim).filter(|model| !model.is_empty());
        let asks = if post.asks { "asks" } else { "" };
        let mut parts = vec![post.reply_to.unwrap_or_default(), model.unwrap_or_default(), asks, text];
        if !post.finds_mentions {
            parts.extend(post.mentions.iter().map(String::as_str));
        }
        let key = keys::of(post.key, keys::Request { what: "post", parts: &parts })?;
        let grant = self.may_post(current.id(), post.conversation_id).await?;
        if let Some(key) = &key
            && let Some(outcome) = self.store.added_with(&grant, key, self.clock.now()).await?
        {
            // Who is mentioned may have left meanwhile, and whoever sends again is not in a hurry.
            return self.posted_before(&grant, outcome).await;
        }
        self.not_too_fast(&grant)?;
        let mentions = self.mentioned(&grant, post.mentions).await?;
        let reply_to = self.replied(&grant, post.reply_to).await?;
        let answers = self.settings_of(&grant).await?.0.answers;
        let asks = self.asked_by(current, &grant, answers, (text, model, post.asks)).await?;
        let leaf_id = grant.conversation().leaf_id.as_deref();
        let id = leaf_id.map_or_else(|| Some(self.ids.next()), |leaf_id| self.ids.next_after(leaf_id));
        let to = Destination::There(grant);
        let mut message = self.message(&to, id.ok_or_else(no_id)?, None, Role::User);
        message.content = text.to_owned();
        (message.talk.reply_to, message.talk.mentions) = (reply_to, mentions);
        let Destination::There(grant) = to else { return Err(AppError::Internal) };
        let new = NewMessage { message, key, asks, now: self.clock.now() };
        self.add_post(&grant, new, answers == RoomAnswers::Always).await
    }

    /// `always`: the message is stored also if it cannot wait as a question.
    async fn add_post(
        self: &Arc<Self>,
        grant: &Grant,
        mut new: NewMessage,
        always: bool,
    ) -> Result<Posted, AppError> {
        for _ in 0..BEHIND {
            match self.store.add_message(grant, &new).await? {
                AddOutcome::Added(added) => {
                    let asks = new.asks.is_some();
                    let stored = self.store.message(grant, &new.message.id).await?;
                    let message = stored.ok_or(AppError::NotFound)?;
                    self.tell_message(&message, added.revision, asks);
                    if asks {
                        self.go_on(grant.conversation_id());
                    }
                    return Ok(Posted { message, asks });
                }
                AddOutcome::Behind { leaf_id } => {
                    new.message.id = self.ids.next_after(&leaf_id).ok_or_else(no_id)?;
                    continue;
                }
                outcome @ (AddOutcome::Repeated { .. } | AddOutcome::KeyReused) => {
                    return self.posted_before(grant, outcome).await;
                }
                AddOutcome::NoConversation | AddOutcome::NoParent => return Err(AppError::NotFound),
                AddOutcome::TooSoon { until } => return Err(too_fast("room-slow", until - new.now)),
                // Where every message is a question, nobody is kept from writing.
                AddOutcome::QueueFull(_) if always => {
                    new.asks = None;
                    continue;
                }
                AddOutcome::QueueFull(full) => return Err(queue_full(full)),
            }
        }
        Err(AppError::Unavailable)
    }

    /// The message that was stored with the key of this request.
    async fn posted_before(&self, grant: &Grant, outcome: AddOutcome) -> Result<Posted, AppError> {
        let AddOutcome::Repeated { message_id } = outcome else { return Err(AppError::IdempotencyKeyReused) };
        let message = self.store.message(grant, &message_id).await?.ok_or(AppError::NotFound)?;
        Ok(Posted { message, asks: false })
    }

    /// Tells listeners of a message that was stored with this number. `queue`: the queue changed, too, with the next one.
    fn tell_message(&self, message: &Message, revision: u64, queue: bool) {
        if let Some(log) = self.live.get(&message.conversation_id) {
            log.publish(ChatEvent::Message(message.into()), revision);
        }
        if queue {
            self.tell_queue(&message.conversation_id, revision + 1);
        }
    }

    pub(super) fn not_too_fast(&self, grant: &Grant) -> Result<(), AppError> {
        match self.posts.take((grant.user_id(), grant.conversation_id()), Instant::now()) {
            Ok(_) => Ok(()),
            Err(AppError::TooMany { seconds }) => {
                let seconds = seconds.max(1);
                Err(AppError::TooFast { reason: waiting("room-flood", seconds), seconds })
            }
            Err(error) => Err(error),
        }
    }

    /// The members whom a message mentions, each once.
    async fn mentioned(&self, grant: &Grant, ids: &[String]) -> Result<Vec<String>, AppError> {
        if ids.len() > MOST_MENTIONS {
            let reason = Reason::new("mentions-too-many").with("most", MOST_MENTIONS);
            return Err(AppError::invalid("mentions", reason));
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(ids);
        }
        let members = self.store.members_of(grant, &ids).await?;
        let takes_part = |id: &String| {
            members.iter().any(|member| member.user_id == *id && member.state == MemberState::Active)
        };
        if ids.iter().all(takes_part) {
            return Ok(ids);
        }
        Err(AppError::invalid("mentions", Reason::new("mention-unknown")))
    }

    async fn replied(&self, grant: &Grant, id: Option<&str>) -> Result<Option<String>, AppError> {
        let Some(id) = id.map(str::trim).filter(|id| !id.is_empty()) else { return Ok(None) };
        let found = self.store.message(grant, id).await?;
        if let Some(message) = found.filter(|message| message.talk.deleted_at.is_none())
            && !self.hides(grant, &message).await?
        {
            return Ok(Some(message.id));
        }
        Err(AppError::invalid("reply_to", Reason::new("reply-unknown")))
    }

    /// The model that a message is a question for.
    async fn asked_by(
        &self,
        current: &CurrentUser,
        grant: &Grant,
        answers: RoomAnswers,
        (text, model, button): (&str, Option<&str>, bool),
    ) -> Result<Option<AskedModel>, AppError> {
        let asks = match answers {
            RoomAnswers::Mention => mentions_model(text),
            RoomAnswers::Always => true,
            RoomAnswers::Asked => button,
        };
        if !asks {
            return Ok(None);
        }
        let of_room = grant.conversation().model.as_deref();
        match self.choose_model(&current.user, model, of_room).await {
            Ok(_) => Ok(Some(AskedModel {
                model: model.map(str::to_owned),
                most: MOST_QUEUED,
                most_own: MOST_QUEUED_OWN,
            })),
            // Where every message is a question, those may write, too, whom no model answers.
            Err(_) if answers == RoomAnswers::Always => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes the text of an own message in a room, and whom it mentions.
    pub async fn edit_post(
        self: &Arc<Self>,
        current: &CurrentUser,
        message_id: &str,
        text: &str,
        mentions: &[String],
    ) -> Result<Message, AppError> {
        let text = valid_text(text, self.limits.message_bytes)?;
        let (grant, old) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        only_in_shared(&grant)?;
        if old.role != Role::User || old.author_id != current.id() {
            return Err(AppError::Forbidden { reason: Reason::new("room-edit-others") });
        }
        self.not_too_fast(&grant)?;
        let mentions = self.mentioned(&grant, mentions).await?;
        let now = self.clock.now();
        self.talked(&grant, self.store.edit_message(&grant, message_id, text, &mentions, now).await?)
    }

    /// Deletes a message of a room; a mark stays in its place. Members delete their own and the answers that they asked for,
    /// moderators any.
    pub async fn erase_post(
        self: &Arc<Self>,
        current: &CurrentUser,
        message_id: &str,
    ) -> Result<Message, AppError> {
        let (grant, old) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        only_in_shared(&grant)?;
        only_own(&grant, &old.author_id, "room-delete-others")?;
        self.talked(&grant, self.store.erase_message(&grant, message_id, self.clock.now()).await?)
    }

    fn talked(self: &Arc<Self>, grant: &Grant, outcome: TalkOutcome) -> Result<Message, AppError> {
        match outcome {
            TalkOutcome::Changed { message, changed, waited } => {
                self.tell_message(&message, changed.revision, waited);
                if waited {
                    self.go_on(grant.conversation_id());
                }
                Ok(message)
            }
            TalkOutcome::Same(message) => Ok(message),
            TalkOutcome::Missing => Err(AppError::NotFound),
            TalkOutcome::Full => {
                Err(AppError::Conflict { reason: Reason::new("edits-too-many").with("most", MOST_EDITS) })
            }
            TalkOutcome::Busy => Err(AppError::Conflict { reason: Reason::new("room-delete-running") }),
        }
    }
}

/// Whether a text mentions the model, as a word of its own.
fn mentions_model(text: &str) -> bool {
    // Other scripts write words without blanks between them.
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@');
    let text = text.to_lowercase();
    text.match_indices(MENTION).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + found.len()..].chars();
        let next = after.next();
        // The dot of an address or a domain, and not that of a sentence.
        let is_address = next == Some('.') && after.next().is_some_and(char::is_alphanumeric);
        !before.is_some_and(is_part) && !next.is_some_and(is_part) && !is_address
    })
}

fn too_fast(key: &'static str, milliseconds: i64) -> AppError {
    let seconds = milliseconds.max(0).unsigned_abs().div_ceil(1000).max(1);
    AppError::TooFast { reason: waiting(key, seconds), seconds }
}

pub(super) fn waiting(key: &'static str, seconds: u64) -> Reason {
    Reason::new(key).with("wait", duration(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_mentioned_as_a_word() {
        for text in [
            "@model",
            "Hello @Model, what is 2+2?",
            "(@MODEL)",
            "so\n@model.",
            "说一下@model？",
            "@model: hi",
        ] {
            assert!(mentions_model(text), "{text}");
        }
        for text in
            ["", "model", "@models", "me@model.example", "@model.example", "@@model", "@model-x", "a@model"]
        {
            assert!(!mentions_model(text), "{text}");
        }
    }

    #[test]
    fn a_pause_is_told_in_whole_seconds() {
        for (milliseconds, expected) in [(-5, 1), (0, 1), (1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            let AppError::TooFast { seconds, .. } = too_fast("room-slow", milliseconds) else { panic!() };
            assert_eq!(seconds, expected);
        }
    }
}
