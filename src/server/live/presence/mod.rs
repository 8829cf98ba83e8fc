//! [`Presences`]: who has a page open. Each server notes the people of its own pages in the store, once a minute at most for
//! each of them, and all servers read the same rows.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    domain::{CurrentUser, Presence, PresenceState},
    error::AppError,
    server::{
        ops::{clock::Clock, tasks::Tasks},
        store::{self, StoredPresence},
    },
};

/// How often a person is noted again, in milliseconds.
const RENEWED_MS: i64 = 60_000;
/// How long a note counts: until the next one, and a little longer, so that nobody seems to leave who opens another page.
const COUNTS_MS: i64 = 90_000;
/// How often the server looks whom to note again.
pub const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How many people are noted in one write.
const AT_A_TIME: usize = 200;

/// The service that knows who is here. One per server.
pub struct Presences {
    store: Arc<dyn store::Presences>,
    clock: Clock,
    tasks: Tasks,
    here: Mutex<HashMap<String, Here>>,
}

/// The pages that a person has open on this server.
#[derive(Default)]
struct Here {
    /// Those that somebody looks at, and the others.
    active: usize,
    away: usize,
    /// When the person was noted last, and whether as active.
    noted: Option<(i64, bool)>,
}

impl Here {
    fn pages(&mut self, active: bool) -> &mut usize {
        if active { &mut self.active } else { &mut self.away }
    }

    fn is_due(&self, now: i64) -> bool {
        let is_active = self.active > 0;
        match self.noted {
            _ if self.active + self.away == 0 => false,
            None => true,
            Some((at, as_active)) => now - at >= RENEWED_MS || (is_active && !as_active),
        }
    }

    /// What to note now.
    fn note(&mut self, user_id: &str, now: i64) -> StoredPresence {
        let is_active = self.active > 0;
        self.noted = Some((now, is_active));
        let until = now + COUNTS_MS;
        let active_until = if is_active { until } else { 0 };
        StoredPresence { user_id: user_id.to_owned(), active_until, connected_until: until, seen_at: now }
    }
}

impl Presences {
    pub fn new(store: Arc<dyn store::Presences>, clock: Clock, tasks: Tasks) -> Arc<Self> {
        Arc::new(Self { store, clock, tasks, here: Mutex::default() })
    }

    /// What others are told of these people. Whoever is not in the answer was never seen, or lets nobody know: that is
    /// [`Presence::default`].
    pub async fn of(&self, user_ids: &[String]) -> Result<HashMap<String, Presence>, AppError> {
        let now = self.clock.now();
        let found = self.store.presences(user_ids).await?;
        Ok(found.into_iter().map(|stored| (stored.user_id.clone(), presence(&stored, now))).collect())
    }

    /// The people who are here and let others know: those who are online first, then by their ids.
    pub async fn present(&self, most: u32) -> Result<Vec<(String, Presence)>, AppError> {
        let now = self.clock.now();
        let found = self.store.present(now, most).await?;
        Ok(found.into_iter().map(|stored| (stored.user_id.clone(), presence(&stored, now))).collect())
    }

    /// Whether others are told of the person.
    pub async fn shows(&self, current: &CurrentUser) -> Result<bool, AppError> {
        Ok(self.store.shows_presence(current.id()).await?)
    }

    /// Decides whether others are told of the person.
    pub async fn show(&self, current: &CurrentUser, shows: bool) -> Result<(), AppError> {
        self.store.show_presence(current.id(), shows).await?;
        if let Some(here) = self.lock().get_mut(current.id()) {
            here.noted = None;
        }
        Ok(())
    }

    /// A page of the person is open as long as the value is kept.
    pub fn enter(self: &Arc<Self>, user_id: &str, active: bool) -> OpenPage {
        *self.lock().entry(user_id.to_owned()).or_default().pages(active) += 1;
        self.note_if_due(user_id);
        OpenPage { presences: self.clone(), user_id: user_id.to_owned(), active }
    }

    /// Notes those again whose note is old, and forgets who is not here any more.
    pub async fn renew(&self) {
        let now = self.clock.now();
        let due: Vec<StoredPresence> = {
            let mut here = self.lock();
            here.retain(|_, one| {
                one.active + one.away > 0 || one.noted.is_some_and(|(at, _)| now - at < RENEWED_MS)
            });
            let due = here.iter_mut().filter(|(_, one)| one.is_due(now));
            due.map(|(user_id, one)| one.note(user_id, now)).collect()
        };
        for some in due.chunks(AT_A_TIME) {
            self.write(some).await;
        }
    }

    /// In a task of its own, because nobody who opens a page waits for it.
    fn note_if_due(self: &Arc<Self>, user_id: &str) {
        let now = self.clock.now();
        let mut here = self.lock();
        let Some(one) = here.get_mut(user_id).filter(|one| one.is_due(now)) else { return };
        let seen = one.note(user_id, now);
        drop(here);
        let presences = self.clone();
        self.tasks.spawn("note presence", async move { presences.write(&[seen]).await });
    }

    /// What cannot be noted now is noted with the next look.
    async fn write(&self, seen: &[StoredPresence]) {
        if let Err(error) = self.store.note_presences(seen).await {
            tracing::warn!(%error, people = seen.len(), "who is here cannot be noted");
            let mut here = self.lock();
            for one in seen {
                if let Some(here) = here.get_mut(&one.user_id) {
                    here.noted = None;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Here>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn presence(stored: &StoredPresence, now: i64) -> Presence {
    let state = match stored {
        _ if stored.active_until > now => PresenceState::Online,
        _ if stored.connected_until > now => PresenceState::Away,
        _ => PresenceState::Offline,
    };
    Presence { state, last_seen_at: Some(stored.seen_at).filter(|at| *at > 0) }
}

/// A page that is open; when it is dropped, it is closed.
pub struct OpenPage {
    presences: Arc<Presences>,
    user_id: String,
    active: bool,
}

impl OpenPage {
    /// Whether somebody looks at the page.
    pub fn set_active(&mut self, active: bool) {
        if self.active == active {
            return;
        }
        {
            let mut here = self.presences.lock();
            if let Some(one) = here.get_mut(&self.user_id) {
                *one.pages(self.active) -= 1;
                *one.pages(active) += 1;
            }
        }
        self.active = active;
        self.presences.note_if_due(&self.user_id);
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        let mut here = self.presences.lock();
        // The entry stays for a while, so that a page that is opened next is no reason to write.
        if let Some(one) = here.get_mut(&self.user_id) {
            *one.pages(self.active) -= 1;
        }
    }
}
