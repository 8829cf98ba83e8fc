//! Conversations that have a running answer or a listener, each with its [`Channel`].

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{broadcast, watch};

use super::channel::{Channel, StopReason};
use crate::error::AppError;

/// One per server.
pub struct Live {
    channels: Mutex<HashMap<String, Arc<Channel>>>,
    ended_sessions: broadcast::Sender<Arc<Vec<String>>>,
    draining: watch::Sender<bool>,
    /// Answers being written.
    jobs: Arc<AtomicUsize>,
    /// Open streams by user.
    streams: Arc<Mutex<HashMap<String, usize>>>,
    /// Changes whenever an answer ends or the server begins to stop.
    changed: watch::Sender<()>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            channels: Mutex::default(),
            ended_sessions: broadcast::channel(64).0,
            draining: watch::channel(false).0,
            jobs: Arc::default(),
            streams: Arc::default(),
            changed: watch::channel(()).0,
        }
    }
}

impl Live {
    /// The channel of a conversation, made when there is none. `last_seq` is the store's.
    pub fn channel(&self, conversation_id: &str, last_seq: u64) -> Arc<Channel> {
        let mut channels = self.lock();
        if let Some(channel) = channels.get(conversation_id) {
            return channel.clone();
        }
        // Those that nobody holds any more have neither a job nor a listener.
        if channels.len() >= 64 && channels.len().is_power_of_two() {
            channels.retain(|_, channel| Arc::strong_count(channel) > 1);
        }
        let channel = Arc::new(Channel::new(last_seq));
        channels.insert(conversation_id.to_owned(), channel.clone());
        channel
    }

    /// The channel, if anybody uses it.
    pub fn get(&self, conversation_id: &str) -> Option<Arc<Channel>> {
        self.lock().get(conversation_id).cloned()
    }

    /// Drops the channel when this is its last use.
    pub fn release(&self, conversation_id: &str, channel: Arc<Channel>) {
        let mut channels = self.lock();
        drop(channel);
        if channels.get(conversation_id).is_some_and(|channel| Arc::strong_count(channel) == 1) {
            channels.remove(conversation_id);
        }
        drop(channels);
        self.changed.send_replace(());
    }

    /// A place among a user's open streams; 429 when all are taken.
    pub fn admit(&self, user_id: &str, most: usize) -> Result<StreamPermit, AppError> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.entry(user_id.to_owned()).or_default();
        if *open >= most {
            return Err(AppError::TooMany { seconds: 5 });
        }
        *open += 1;
        Ok(StreamPermit { streams: self.streams.clone(), user_id: user_id.to_owned() })
    }

    /// Counts an answer among those that are being written, until the value is dropped.
    pub fn count_job(&self) -> Counted {
        self.jobs.fetch_add(1, Ordering::Relaxed);
        Counted(self.jobs.clone())
    }

    pub fn jobs(&self) -> usize {
        self.jobs.load(Ordering::Relaxed)
    }

    pub fn running(&self) -> usize {
        self.lock().values().filter(|channel| channel.is_running()).count()
    }

    /// The conversations that anybody uses.
    pub fn conversations(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Tells an answer to stop, if this process writes it.
    pub fn stop_answer(&self, answer_id: &str) {
        for channel in self.lock().values() {
            channel.stop(Some(answer_id), StopReason::Person);
        }
    }

    /// Tells open streams of these sessions to end.
    pub fn end_sessions(&self, ids: Vec<String>) {
        let _ = self.ended_sessions.send(Arc::new(ids));
    }

    pub fn session_ends(&self) -> broadcast::Receiver<Arc<Vec<String>>> {
        self.ended_sessions.subscribe()
    }

    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Takes no new answers and ends the listeners' streams once their answer has ended.
    pub fn drain(&self) {
        self.draining.send_replace(true);
        self.changed.send_replace(());
    }

    /// Becomes `true` once the server begins to stop.
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    pub fn stop_all(&self, reason: StopReason) {
        for channel in self.lock().values() {
            channel.stop(None, reason);
        }
    }

    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the answers being written.
pub struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One open stream; gives its place back when it is dropped.
pub struct StreamPermit {
    streams: Arc<Mutex<HashMap<String, usize>>>,
    user_id: String,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = streams.get_mut(&self.user_id) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_channel_is_forgotten() {
        let live = Live::default();
        let one = live.channel("c", 0);
        let two = live.channel("c", 0);
        live.release("c", one);
        assert!(live.get("c").is_some());
        live.release("c", two);
        assert!(live.get("c").is_none());
    }
}
