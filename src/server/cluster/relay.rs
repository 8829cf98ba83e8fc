//! Answers that another process on the same database writes: their events are brought to the listeners
//! here, with the numbers they have there.
//!
//! What the database tells of changes is a reason to look, and what is looked at is the stored state. So
//! a change that is told twice, late or never costs time and nothing else.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use tokio::sync::watch;

use crate::{
    domain::{ChatEvent, Message, event::AskedQuestion},
    server::{
        app::AppState,
        live::{
            channel::{Channel, Running},
            entry::end_of,
        },
        store::{Ended, Result, Seen, StoreChange, What, fold},
    },
};

/// After what another process did could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Which answers of other processes are followed here.
pub struct Relay {
    /// The conversation of each.
    followed: Mutex<HashMap<String, String>>,
    texts: watch::Sender<Arc<HashSet<String>>>,
}

impl Default for Relay {
    fn default() -> Self {
        Self { followed: Mutex::default(), texts: watch::channel(Arc::default()).0 }
    }
}

impl Relay {
    fn follow(&self, answer_id: &str, conversation_id: &str) {
        let mut followed = self.lock();
        if followed.insert(answer_id.to_owned(), conversation_id.to_owned()).is_none() {
            self.tell(&followed);
        }
    }

    fn leave(&self, answer_id: &str) {
        let mut followed = self.lock();
        if followed.remove(answer_id).is_some() {
            self.tell(&followed);
        }
    }

    fn conversation(&self, answer_id: &str) -> Option<String> {
        self.lock().get(answer_id).cloned()
    }

    fn tell(&self, followed: &HashMap<String, String>) {
        self.texts.send_replace(Arc::new(followed.keys().cloned().collect()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings what other processes do to the listeners here, as long as the server runs.
pub async fn run(state: &AppState) {
    let mut changes = state.store.watch(state.relay.texts.subscribe());
    // What could not be read is looked for with the next change, or soon.
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
        match take(state, change).await {
            Ok(()) => unread &= !everything,
            Err(error) => {
                tracing::warn!(%error, "what another server did cannot be read");
                unread = true;
            }
        }
    }
}

async fn take(state: &AppState, change: StoreChange) -> Result<()> {
    match change {
        StoreChange::Conversation { id, what } => {
            if state.live.get(&id).is_some() {
                look(state, &[id], Some(what)).await?;
            }
        }
        StoreChange::Deleted { conversation_id } => close(state, &conversation_id),
        StoreChange::Stop { message_id } => state.live.stop_answer(&message_id),
        StoreChange::SessionEnded { session_id } => state.live.end_sessions(&[session_id]),
        StoreChange::TextsFrom { message_ids } => {
            for message_id in message_ids {
                catch_up(state, &message_id).await?;
            }
        }
        StoreChange::Text(chunk) => {
            let added = with_channel(state, &chunk.message_id, |channel| channel.add_remote(&chunk));
            if added == Some(false) {
                catch_up(state, &chunk.message_id).await?;
            }
        }
        StoreChange::Missed => {
            look_at_all(state).await?;
            for message_id in state.store.stops().await? {
                state.live.stop_answer(&message_id);
            }
            end_stale_sessions(state).await?;
        }
    }
    Ok(())
}

/// Ends the open streams of sessions that let nobody in any more: signed out, disabled or expired.
pub async fn end_stale_sessions(state: &AppState) -> Result<()> {
    let open = state.live.sessions();
    if open.is_empty() {
        return Ok(());
    }
    let valid = state.store.valid_sessions(&open, state.clock.now()).await?;
    state.live.end_sessions(open.iter().filter(|session| !valid.contains(session)));
    Ok(())
}

/// Looks at every conversation that somebody listens to.
pub async fn look_at_all(state: &AppState) -> Result<()> {
    let ids = state.live.conversations();
    if state.store.is_alone() {
        // Only this process knows more of them, and those who listen to one that rests read it anew.
        for channel in ids.iter().filter_map(|id| state.live.get(id)).filter(|it| !it.is_running()) {
            channel.publish(ChatEvent::Changed {});
        }
        return Ok(());
    }
    let followed: Vec<String> = state.relay.lock().keys().cloned().collect();
    for answer_id in followed {
        catch_up(state, &answer_id).await?;
    }
    look(state, &ids, None).await
}

/// The state of these conversations, told to those who listen. `told`: what is said to have changed.
async fn look(state: &AppState, ids: &[String], told: Option<What>) -> Result<()> {
    let mut missing: HashSet<&String> = ids.iter().collect();
    for seen in state.store.seen(ids).await? {
        missing.remove(&seen.conversation_id);
        let Some(channel) = state.live.get(&seen.conversation_id) else { continue };
        show(state, &channel, &seen, told).await?;
    }
    for gone in missing {
        close(state, gone);
    }
    Ok(())
}

fn close(state: &AppState, conversation_id: &str) {
    if let Some(channel) = state.live.get(conversation_id) {
        channel.close();
    }
}

async fn show(state: &AppState, channel: &Channel, seen: &Seen, told: Option<What>) -> Result<()> {
    let new = channel.look(&seen.revision);
    let mut shown = seen.running.is_some();
    let running = seen.running.as_ref().map(|answer| &answer.id);
    if let Some((old, _)) = channel.remote().filter(|(old, _)| running != Some(old)) {
        state.relay.leave(&old);
        end(state, channel, seen, &old).await?;
        shown = true;
    }
    if let Some(answer) = &seen.running {
        begin(state, channel, seen, answer, seen.last_seq).await?;
        state.relay.follow(&answer.id, &seen.conversation_id);
        catch_up(state, &answer.id).await?;
    }
    let unseen =
        |ended: &&Ended| seen.foreign.is_some() && !channel.has_ended(&ended.message_id, ended.after);
    if let Some(ended) = seen.ended.as_ref().filter(unseen).filter(|_| seen.running.is_none() && !shown)
        && let Some(answer) = state.store.message(&seen.user_id, &ended.message_id).await?
    {
        // It began and ended between two looks.
        let empty = Message { content: String::new(), reasoning: String::new(), ..answer };
        if begin(state, channel, seen, &empty, ended.after).await? {
            end(state, channel, seen, &ended.message_id).await?;
            shown = true;
        }
    }
    match told.or(seen.foreign.filter(|_| new)) {
        Some(What::Title) if !seen.title.is_empty() => {
            channel.publish(ChatEvent::Title { title: seen.title.clone() });
        }
        Some(What::Tree) => {
            channel.publish(ChatEvent::Changed {});
        }
        Some(What::Begun | What::Ended) if new && !shown && !channel.is_running() => {
            channel.publish(ChatEvent::Changed {});
        }
        _ => {}
    }
    Ok(())
}

async fn begin(
    state: &AppState,
    channel: &Channel,
    seen: &Seen,
    answer: &Message,
    after: u64,
) -> Result<bool> {
    let question = match &seen.question_id {
        Some(id) => state.store.message(&seen.user_id, id).await?,
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
    };
    Ok(channel.begin_remote(started, answer, after))
}

/// Tells the end of an answer that ran elsewhere.
async fn end(state: &AppState, channel: &Channel, seen: &Seen, answer_id: &str) -> Result<()> {
    let Some(message) = state.store.message(&seen.user_id, answer_id).await? else {
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
async fn catch_up(state: &AppState, answer_id: &str) -> Result<()> {
    let known = with_channel(state, answer_id, Channel::remote).flatten();
    let Some((_, seq)) = known.filter(|(remote, _)| remote == answer_id) else { return Ok(()) };
    // A chunk may begin before what is known of it.
    for chunk in state.store.chunks(answer_id, seq).await? {
        with_channel(state, answer_id, |channel| channel.add_remote(&chunk));
    }
    Ok(())
}

/// The channel of a followed answer; one that nobody listens to any more is followed no longer.
fn with_channel<T>(state: &AppState, answer_id: &str, work: impl FnOnce(&Channel) -> T) -> Option<T> {
    let conversation_id = state.relay.conversation(answer_id)?;
    let Some(channel) = state.live.get(&conversation_id) else {
        state.relay.leave(answer_id);
        return None;
    };
    Some(work(&channel))
}

/// Before a listener reads: should another process be writing an answer, it is in the channel then.
pub async fn attach(state: &AppState, conversation_id: &str, channel: &Channel) -> Result<()> {
    if state.store.is_alone() || channel.running_id().is_some() {
        return Ok(());
    }
    let seen = state.store.seen(&[conversation_id.to_owned()]).await?;
    let Some(seen) = seen.first() else { return Ok(()) };
    channel.look(&seen.revision);
    if let Some(answer) = &seen.running {
        begin(state, channel, seen, answer, seen.last_seq).await?;
        state.relay.follow(&answer.id, conversation_id);
        catch_up(state, &answer.id).await?;
    }
    Ok(())
}

/// The answer being written in a conversation, by whichever process, with all of its text so far.
pub async fn running(state: &AppState, conversation_id: &str) -> Result<Option<Running>> {
    let here = state.live.get(conversation_id).and_then(|channel| channel.running());
    if here.is_some() || state.store.is_alone() {
        return Ok(here);
    }
    let seen = state.store.seen(&[conversation_id.to_owned()]).await?.pop();
    let Some((place, answer)) = seen.and_then(|seen| Some((seen.last_seq, seen.running?))) else {
        return Ok(None);
    };
    let Message { id: answer_id, content: mut text, mut reasoning, .. } = answer;
    fold(&mut text, &mut reasoning, &state.store.chunks(&answer_id, 0).await?);
    Ok(Some(Running { answer_id, text, reasoning, place }))
}
