//! Answers that another process on the same database writes: their events are brought to the listeners
//! here, with the numbers they have there.
//!
//! ChangeKind the database tells of changes is a reason to look, and what is looked at is the stored state. So
//! a change that is told twice, late or never costs time and nothing else.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;

use super::followed::Followed;
use crate::{
    domain::{ChatEvent, Message, event::AskedQuestion},
    server::{
        live::{
            Live,
            channel::{Channel, Running},
            elsewhere::Elsewhere,
            entry::end_of,
        },
        ops::clock::Clock,
        store::{ChangeKind, Chats, ConversationState, Ended, Result, Sessions, StoreChange, fold},
    },
};

/// After what another process did could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Brings what other processes do to the listeners here. One per server.
pub struct Relay {
    live: Arc<Live>,
    chats: Arc<dyn Chats>,
    sessions: Arc<dyn Sessions>,
    clock: Clock,
    followed: Followed,
}

impl Relay {
    pub fn new(live: Arc<Live>, chats: Arc<dyn Chats>, sessions: Arc<dyn Sessions>, clock: Clock) -> Self {
        Self { live, chats, sessions, clock, followed: Followed::default() }
    }

    /// Brings what other processes do to the listeners here, as long as the server runs.
    pub async fn run(&self) {
        let mut changes = self.chats.watch(self.followed.texts());
        // ChangeKind could not be read is looked for with the next change, or soon.
        let mut unread = false;
        loop {
            let pause = if unread { LOOK_AGAIN } else { Duration::MAX };
            let change = match tokio::time::timeout(pause, changes.next()).await {
                Ok(Some(change)) => change,
                Ok(None) => return,
                Err(_) => StoreChange::Missed,
            };
            fail::fail_point!("relay");
            let everything = change == StoreChange::Missed;
            match self.take(change).await {
                Ok(()) => unread &= !everything,
                Err(error) => {
                    tracing::warn!(%error, "what another server did cannot be read");
                    unread = true;
                }
            }
        }
    }

    async fn take(&self, change: StoreChange) -> Result<()> {
        match change {
            StoreChange::Conversation { id, kind } => {
                if self.live.get(&id).is_some() {
                    self.look(&[id], Some(kind)).await?;
                }
            }
            StoreChange::Deleted { conversation_id } => self.close(&conversation_id),
            StoreChange::Stop { message_id } => self.live.stop_answer(&message_id),
            StoreChange::SessionEnded { session_id } => self.live.end_sessions(&[session_id]),
            StoreChange::TextsFrom { message_ids } => {
                for message_id in message_ids {
                    self.catch_up(&message_id).await?;
                }
            }
            StoreChange::Text(chunk) => {
                let added = self.with_channel(&chunk.message_id, |channel| channel.add_remote(&chunk));
                if added == Some(false) {
                    self.catch_up(&chunk.message_id).await?;
                }
            }
            StoreChange::Missed => {
                self.look_at_all().await?;
                for message_id in self.chats.stops().await? {
                    self.live.stop_answer(&message_id);
                }
                self.end_stale_sessions().await?;
            }
        }
        Ok(())
    }

    /// Ends the open streams of sessions that let nobody in any more: signed out, disabled or expired.
    pub async fn end_stale_sessions(&self) -> Result<()> {
        let open = self.live.sessions();
        if open.is_empty() {
            return Ok(());
        }
        let valid = self.sessions.valid_sessions(&open, self.clock.now()).await?;
        self.live.end_sessions(open.iter().filter(|session| !valid.contains(session)));
        Ok(())
    }

    /// Looks at every conversation that somebody listens to.
    pub async fn look_at_all(&self) -> Result<()> {
        let ids = self.live.conversations();
        if self.chats.is_alone() {
            // Only this process knows more of them, and those who listen to one that rests read it anew.
            for channel in ids.iter().filter_map(|id| self.live.get(id)).filter(|it| !it.is_running()) {
                channel.publish(ChatEvent::Changed {});
            }
            return Ok(());
        }
        let followed = self.followed.answers();
        for answer_id in followed {
            self.catch_up(&answer_id).await?;
        }
        self.look(&ids, None).await
    }

    /// The state of these conversations, told to those who listen. `told`: what is said to have changed.
    async fn look(&self, ids: &[String], told: Option<ChangeKind>) -> Result<()> {
        let mut missing: HashSet<&String> = ids.iter().collect();
        for seen in self.chats.conversation_states(ids).await? {
            missing.remove(&seen.conversation_id);
            let Some(channel) = self.live.get(&seen.conversation_id) else { continue };
            self.show(&channel, &seen, told).await?;
        }
        for gone in missing {
            self.close(gone);
        }
        Ok(())
    }

    fn close(&self, conversation_id: &str) {
        if let Some(channel) = self.live.get(conversation_id) {
            channel.close();
        }
    }

    async fn show(
        &self,
        channel: &Channel,
        seen: &ConversationState,
        told: Option<ChangeKind>,
    ) -> Result<()> {
        let new = channel.look(&seen.revision);
        let mut shown = seen.running.is_some();
        let running = seen.running.as_ref().map(|answer| &answer.id);
        if let Some((old, _)) = channel.remote().filter(|(old, _)| running != Some(old)) {
            self.followed.leave(&old);
            self.end(channel, seen, &old).await?;
            shown = true;
        }
        if let Some(answer) = &seen.running {
            self.begin(channel, seen, answer, seen.last_seq).await?;
            self.followed.follow(&answer.id, &seen.conversation_id);
            self.catch_up(&answer.id).await?;
        }
        let unseen =
            |ended: &&Ended| seen.foreign.is_some() && !channel.has_ended(&ended.message_id, ended.after);
        if let Some(ended) = seen.ended.as_ref().filter(unseen).filter(|_| seen.running.is_none() && !shown)
            && let Some(answer) = self.chats.message_for_listeners(&ended.message_id).await?
        {
            // It began and ended between two looks.
            let empty = Message { content: String::new(), reasoning: String::new(), ..answer };
            if self.begin(channel, seen, &empty, ended.after).await? {
                self.end(channel, seen, &ended.message_id).await?;
                shown = true;
            }
        }
        match told.or(seen.foreign.filter(|_| new)) {
            Some(ChangeKind::Title) if !seen.title.is_empty() => {
                channel.publish(ChatEvent::Title { title: seen.title.clone() });
            }
            Some(ChangeKind::Tree) => {
                channel.publish(ChatEvent::Changed {});
            }
            Some(ChangeKind::Begun | ChangeKind::Ended) if new && !shown && !channel.is_running() => {
                channel.publish(ChatEvent::Changed {});
            }
            _ => {}
        }
        Ok(())
    }

    async fn begin(
        &self,
        channel: &Channel,
        seen: &ConversationState,
        answer: &Message,
        after: u64,
    ) -> Result<bool> {
        let question = match &seen.question_id {
            Some(id) => self.chats.message_for_listeners(id).await?,
            None => None,
        };
        let started = ChatEvent::Started {
            message_id: answer.id.clone(),
            model: answer.model.clone().unwrap_or_default(),
            parent_id: answer.parent_id.clone(),
            question: question.map(|question| AskedQuestion {
                id: question.id,
                parent_id: question.parent_id,
                content: question.content,
            }),
            left_out: answer.left_out,
        };
        Ok(channel.begin_remote(started, answer, after))
    }

    /// Tells the end of an answer that ran elsewhere.
    async fn end(&self, channel: &Channel, seen: &ConversationState, answer_id: &str) -> Result<()> {
        let Some(message) = self.chats.message_for_listeners(answer_id).await? else {
            channel.forget_remote();
            channel.publish(ChatEvent::Changed {});
            return Ok(());
        };
        let event = end_of(&message);
        let ended = seen.ended.as_ref().filter(|ended| ended.message_id == answer_id);
        // After the event that tells the end there is a number for the title.
        let seq = ended.map_or(0, |ended| ended.seq.saturating_sub(1));
        channel.end_remote(&message, ended.map_or(&[], |ended| &ended.marks), event, seq);
        Ok(())
    }

    /// Takes the text of a followed answer that is stored and not here yet.
    async fn catch_up(&self, answer_id: &str) -> Result<()> {
        let known = self.with_channel(answer_id, Channel::remote).flatten();
        let Some((_, seq)) = known.filter(|(remote, _)| remote == answer_id) else { return Ok(()) };
        // A chunk may begin before what is known of it.
        for chunk in self.chats.chunks(answer_id, seq).await? {
            self.with_channel(answer_id, |channel| channel.add_remote(&chunk));
        }
        Ok(())
    }

    /// The channel of a followed answer; one that nobody listens to any more is followed no longer.
    fn with_channel<T>(&self, answer_id: &str, work: impl FnOnce(&Channel) -> T) -> Option<T> {
        let conversation_id = self.followed.conversation(answer_id)?;
        let Some(channel) = self.live.get(&conversation_id) else {
            self.followed.leave(answer_id);
            return None;
        };
        Some(work(&channel))
    }
}

#[async_trait]
impl Elsewhere for Relay {
    async fn attach(&self, conversation_id: &str, channel: &Channel) -> Result<()> {
        if self.chats.is_alone() || channel.running_id().is_some() {
            return Ok(());
        }
        let seen = self.chats.conversation_states(&[conversation_id.to_owned()]).await?;
        let Some(seen) = seen.first() else { return Ok(()) };
        channel.look(&seen.revision);
        if let Some(answer) = &seen.running {
            self.begin(channel, seen, answer, seen.last_seq).await?;
            self.followed.follow(&answer.id, conversation_id);
            self.catch_up(&answer.id).await?;
        }
        Ok(())
    }

    async fn running(&self, conversation_id: &str) -> Result<Option<Running>> {
        if self.chats.is_alone() {
            return Ok(None);
        }
        let seen = self.chats.conversation_states(&[conversation_id.to_owned()]).await?.pop();
        let Some((place, answer)) = seen.and_then(|seen| Some((seen.last_seq, seen.running?))) else {
            return Ok(None);
        };
        let Message { id: answer_id, content: mut text, mut reasoning, .. } = answer;
        fold(&mut text, &mut reasoning, &self.chats.chunks(&answer_id, 0).await?);
        Ok(Some(Running { answer_id, text, reasoning, place }))
    }
}
