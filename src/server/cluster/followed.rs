//! [`Followed`]: the answers of other processes that this process follows.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// The followed answers. One per server.
pub(super) struct Followed {
    /// The conversation of each answer.
    followed: Mutex<HashMap<String, String>>,
    texts: watch::Sender<Arc<HashSet<String>>>,
}

impl Default for Followed {
    fn default() -> Self {
        Self { followed: Mutex::default(), texts: watch::channel(Arc::default()).0 }
    }
}

impl Followed {
    pub fn follow(&self, answer_id: &str, conversation_id: &str) {
        let mut followed = self.lock();
        if followed.insert(answer_id.to_owned(), conversation_id.to_owned()).is_none() {
            self.tell(&followed);
        }
    }

    pub fn leave(&self, answer_id: &str) {
        let mut followed = self.lock();
        if followed.remove(answer_id).is_some() {
            self.tell(&followed);
        }
    }

    pub fn conversation(&self, answer_id: &str) -> Option<String> {
        self.lock().get(answer_id).cloned()
    }

    fn tell(&self, followed: &HashMap<String, String>) {
        self.texts.send_replace(Arc::new(followed.keys().cloned().collect()));
    }

    /// The ids of all followed answers.
    pub fn answers(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// The set of answers whose text is wanted; the receiver sees each change.
    pub fn texts(&self) -> watch::Receiver<Arc<HashSet<String>>> {
        self.texts.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
