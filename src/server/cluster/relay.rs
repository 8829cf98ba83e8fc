//! [`Relay`]: brings the answers that another process on the same database writes to the listeners here, with the event
//! numbers that they have there.
//!
//! A change that the database reports is only a reason to look; the relay then reads the stored state. So a change that
//! is reported twice, late or never costs time and nothing else.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;

use super::followed::Followed;
use crate::{
    domain::{ChatEvent, Message, Role},
    server::{
        live::{
            Live,
            elsewhere::Elsewhere,
            log::{Log, Running, Writing},
        },
        ops::clock::Clock,
        store::{ChangeKind, Chats, ConversationState, Ended, Result, Sessions, StoreChange, fold},
    },
};

/// So many changes of another process are told one by one.
const MOST_TOLD: u32 = 20;
/// The pause before another try, when the changes of another process could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Brings the changes of other processes to the listeners here. One per server.
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

    /// Brings the changes of other processes to the listeners here, as long as the server runs.
    pub async fn run(&self) {
        let mut changes = self.chats.watch(self.followed.texts());
        // Changes that could not be read are looked for with the next change, or soon.
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
            StoreChange::Writing { conversation_id, user_id, name } => {
                if let Some(log) = self.live.get(&conversation_id) {
                    log.hint(Writing { user_id, name });
                }
            }
            StoreChange::TextsFrom { message_ids } => {
                for message_id in message_ids {
                    self.catch_up(&message_id).await?;
                }
            }
            StoreChange::Text(chunk) => {
                let added = self.with_log(&chunk.message_id, |log| log.add_chunk(&chunk));
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

    /// Ends the open streams of sessions that are no longer valid: signed out, disabled or expired.
    pub async fn end_stale_sessions(&self) -> Result<()> {
        let open = self.live.sessions();
        if open.is_empty() {
            return Ok(());
        }
        let valid = self.sessions.valid_sessions(&open, self.clock.now()).await?;
        self.live.end_sessions(open.iter().filter(|session| !valid.contains(session)));
        Ok(())
    }

    /// Looks at every conversation that has listeners.
    pub async fn look_at_all(&self) -> Result<()> {
        let ids = self.live.conversations();
        if self.chats.is_alone() {
            // Only this process publishes events here, so the log of a running answer is complete; listeners of a
            // conversation without one read it anew.
            for log in ids.iter().filter_map(|id| self.live.get(id)).filter(|it| !it.is_running()) {
                log.reread();
            }
            return Ok(());
        }
        let followed = self.followed.answers();
        for answer_id in followed {
            self.catch_up(&answer_id).await?;
        }
        self.look(&ids, None).await
    }

    /// Publishes the state of these conversations to their listeners. `told` is the reported kind of change, if any.
    async fn look(&self, ids: &[String], told: Option<ChangeKind>) -> Result<()> {
        let mut missing: HashSet<&String> = ids.iter().collect();
        for seen in self.chats.conversation_states(ids).await? {
            missing.remove(&seen.conversation_id);
            let Some(log) = self.live.get(&seen.conversation_id) else { continue };
            self.show(&log, &seen, told).await?;
        }
        for gone in missing {
            self.close(gone);
        }
        Ok(())
    }

    fn close(&self, conversation_id: &str) {
        if let Some(log) = self.live.get(conversation_id) {
            log.close();
        }
    }

    async fn show(&self, log: &Log, seen: &ConversationState, told: Option<ChangeKind>) -> Result<()> {
        // It may have been deleted and restored.
        log.open_again();
        let new = log.look(&seen.revision);
        let mut shown = seen.running.is_some();
        let running = seen.running.as_ref().map(|answer| &answer.id);
        if let Some((old, _)) = log.mirror().filter(|(old, _)| running != Some(old)) {
            self.followed.leave(&old);
            self.end(log, seen, &old).await?;
            shown = true;
        }
        if let Some(answer) = &seen.running {
            self.follow(log, seen, answer).await?;
        }
        let unseen =
            |ended: &&Ended| seen.foreign.is_some() && !log.has_ended(&ended.message_id, ended.after);
        if let Some(ended) = seen.ended.as_ref().filter(unseen).filter(|_| seen.running.is_none() && !shown)
            && let Some(answer) = self.chats.message_for_listeners(&ended.message_id).await?
        {
            // The answer began and ended between two looks.
            let empty = Message { content: String::new(), reasoning: String::new(), ..answer };
            if self.begin(log, seen, &empty, ended.after).await? {
                self.end(log, seen, &ended.message_id).await?;
                shown = true;
            }
        }
        if new && told.is_none() {
            // Only the last change is known, and one before it may have taken somebody's access.
            log.doubt();
        }
        match told.or(seen.foreign.filter(|_| new)) {
            Some(ChangeKind::Title) if !seen.title.is_empty() => {
                log.publish_foreign(ChatEvent::Title { title: seen.title.clone() }, seen.last_seq);
            }
            Some(ChangeKind::Members) => members(log, seen),
            Some(ChangeKind::Queue) => log.publish_foreign(ChatEvent::Queue {}, seen.last_seq),
            Some(ChangeKind::Tree) => self.changed(log, seen).await?,
            Some(ChangeKind::Begun | ChangeKind::Ended) if new && !shown && !log.is_running() => log.reread(),
            _ => {}
        }
        Ok(())
    }

    /// Tells of changed messages: of a room's one by one if nothing but them and the queue changed since the log's newest
    /// event, otherwise that the conversation is to be read anew.
    async fn changed(&self, log: &Log, seen: &ConversationState) -> Result<()> {
        let is_near = |at: &u64| (1..=u64::from(MOST_TOLD)).contains(&seen.last_seq.saturating_sub(*at));
        let known = log.quiet_at().filter(|at| seen.is_shared && is_near(at));
        let Some(known) = known else {
            log.publish_foreign(ChatEvent::Changed {}, seen.last_seq);
            return Ok(());
        };
        let messages = self.chats.changed_for_listeners(&seen.conversation_id, known, MOST_TOLD).await?;
        let mut events: Vec<(u64, ChatEvent)> =
            messages.iter().map(|message| (message.revision, ChatEvent::Message(message.into()))).collect();
        if seen.queue_seq > known {
            events.push((seen.queue_seq, ChatEvent::Queue {}));
        }
        events.sort_by_key(|(revision, _)| *revision);
        let are_told = |message: &Message| message.role == Role::User || message.talk.deleted_at.is_some();
        let are_all = events.iter().map(|(revision, _)| *revision).eq(known + 1..=seen.last_seq);
        if seen.hidden_seq > known {
            let reread = ChatEvent::Members { gone: Vec::new(), title: None, reread: true };
            events = vec![(seen.last_seq, reread)];
        } else if !(are_all && messages.iter().all(are_told)) {
            events = vec![(seen.last_seq, ChatEvent::Changed {})];
        }
        for (revision, event) in events {
            log.publish_foreign(event, revision);
        }
        Ok(())
    }

    /// Follows the answer that another process writes, if the log shows it.
    async fn follow(&self, log: &Log, seen: &ConversationState, answer: &Message) -> Result<()> {
        self.begin(log, seen, answer, seen.last_seq).await?;
        if log.mirror().is_some_and(|(shown, _)| shown == answer.id) {
            self.followed.follow(&answer.id, &seen.conversation_id);
            self.catch_up(&answer.id).await?;
        }
        Ok(())
    }

    async fn begin(&self, log: &Log, seen: &ConversationState, answer: &Message, after: u64) -> Result<bool> {
        let question = match &seen.question_id {
            Some(id) => self.chats.message_for_listeners(id).await?,
            None => None,
        };
        let started = ChatEvent::started(answer, question.as_ref());
        let begun = log.begin_mirror(started, answer, after);
        if begun && seen.queue_seq >= after {
            // The question left the queue.
            log.publish_foreign(ChatEvent::Queue {}, after);
        }
        Ok(begun)
    }

    /// Publishes the end of an answer that another process wrote.
    async fn end(&self, log: &Log, seen: &ConversationState, answer_id: &str) -> Result<()> {
        let Some(message) = self.chats.message_for_listeners(answer_id).await? else {
            log.forget_mirror();
            log.reread();
            return Ok(());
        };
        let event = ChatEvent::ended(&message);
        let ended = seen.ended.as_ref().filter(|ended| ended.message_id == answer_id);
        let seq = ended.map_or(0, |ended| ended.seq);
        log.end_mirror(&message, ended.map_or(&[], |ended| &ended.marks), event, seq);
        Ok(())
    }

    /// Reads the stored text of a followed answer that the log does not have yet.
    async fn catch_up(&self, answer_id: &str) -> Result<()> {
        let known = self.with_log(answer_id, Log::mirror).flatten();
        let Some((_, seq)) = known.filter(|(remote, _)| remote == answer_id) else { return Ok(()) };
        // A chunk may begin before the end of the text that the log has.
        for chunk in self.chats.chunks(answer_id, seq).await? {
            self.with_log(answer_id, |log| log.add_chunk(&chunk));
        }
        Ok(())
    }

    /// Runs `work` on the log of a followed answer; without a listener the answer is no longer followed.
    fn with_log<T>(&self, answer_id: &str, work: impl FnOnce(&Log) -> T) -> Option<T> {
        let conversation_id = self.followed.conversation(answer_id)?;
        let Some(log) = self.live.get(&conversation_id) else {
            self.followed.leave(answer_id);
            return None;
        };
        Some(work(&log))
    }
}

#[async_trait]
impl Elsewhere for Relay {
    async fn attach(&self, conversation_id: &str, log: &Log) -> Result<()> {
        if self.chats.is_alone() || !log.running_ids().is_empty() {
            return Ok(());
        }
        let seen = self.chats.conversation_states(&[conversation_id.to_owned()]).await?;
        let Some(seen) = seen.first() else { return Ok(()) };
        if let Some(answer) = &seen.running {
            self.follow(log, seen, answer).await?;
        }
        Ok(())
    }

    async fn running(&self, conversation_id: &str) -> Result<Option<Running>> {
        if self.chats.is_alone() {
            return Ok(None);
        }
        let seen = self.chats.conversation_states(&[conversation_id.to_owned()]).await?.pop();
        let Some((after, answer)) = seen.and_then(|seen| Some((seen.last_seq, seen.running?))) else {
            return Ok(None);
        };
        let Message { id: answer_id, mut content, mut reasoning, .. } = answer;
        fold(&mut content, &mut reasoning, &self.chats.chunks(&answer_id, 0).await?);
        Ok(Some(Running { answer_id, content, reasoning, after }))
    }
}

/// Tells of other members and settings; who is gone is not known here.
fn members(log: &Log, seen: &ConversationState) {
    log.doubt();
    // While an answer is being written, `last_seq` is the number with which it began.
    let before = seen.last_seq.saturating_sub(u64::from(seen.running.is_none()));
    let known = log.quiet_at().unwrap_or(before);
    let title = Some(seen.title.clone()).filter(|title| !title.is_empty());
    let members = ChatEvent::Members { gone: Vec::new(), title, reread: seen.hidden_seq > known };
    log.publish_foreign(members, seen.last_seq);
}
