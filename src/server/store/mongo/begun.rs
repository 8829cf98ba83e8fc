//! The sessions in which this process runs its transactions, stored with its heartbeat.
//!
//! The changes of a killed process stay locked in MongoDB for up to a minute. A process that finds the sessions can end
//! them, and their locks with them, at once.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mongodb::{
    bson::{Document, doc},
    error::Result,
    options::{ReadConcern, WriteConcern},
};

use super::Mongo;

/// A session that was idle for this long has no locks, because MongoDB ends a transaction after one minute.
const IDLE: Duration = Duration::from_secs(10 * 60);

#[derive(Default)]
pub(super) struct Begun {
    /// The ids of the stored sessions, and when each was used last.
    sessions: Mutex<Vec<(Document, Instant)>>,
    /// Held while they are stored, so that the last write contains all of them.
    writing: tokio::sync::Mutex<()>,
}

impl Begun {
    fn lock(&self) -> MutexGuard<'_, Vec<(Document, Instant)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a session as just used; `false` when it is not stored yet.
    fn touch(&self, session: &Document) -> bool {
        let mut sessions = self.lock();
        let known = sessions.iter_mut().find(|(id, _)| id == session);
        known.map(|(_, used)| *used = Instant::now()).is_some()
    }

    fn ids(&self) -> Vec<Document> {
        self.lock().iter().map(|(id, _)| id.clone()).collect()
    }
}

impl Mongo {
    /// Stores a session before its first use, so that other processes can end it.
    pub(super) async fn record_session(&self, session: &Document) -> Result<()> {
        if self.begun.touch(session) {
            return Ok(());
        }
        let _writing = self.begun.writing.lock().await;
        let mut all = self.begun.ids();
        all.push(session.clone());
        // The write does not wait for a majority, because a lost primary takes its transactions with it.
        self.instances()
            .update_one(doc! { "_id": &self.instance }, doc! { "$set": { "sessions": all } })
            .write_concern(WriteConcern::builder().w(Some(1.into())).build())
            .await?;
        self.begun.lock().push((session.clone(), Instant::now()));
        Ok(())
    }

    /// Stores a heartbeat. It contains the sessions, in case other processes took this one for lost and removed its
    /// document.
    pub(super) async fn write_heartbeat(&self) -> Result<()> {
        let _writing = self.begun.writing.lock().await;
        self.begun.lock().retain(|(_, used)| used.elapsed() < IDLE);
        let more = doc! { "$inc": { "beats": 1_i64 }, "$set": { "sessions": self.begun.ids() } };
        self.instances().update_one(doc! { "_id": &self.instance }, more).upsert(true).await.map(|_| ())
    }

    /// Ends the transactions of a lost process. If the process is only slow, it begins them again.
    pub(super) async fn end_sessions(&self, instance: &str) -> Result<()> {
        // The read does not wait for a majority, because the newest session is the one that matters.
        let lost =
            self.instances().find_one(doc! { "_id": instance }).read_concern(ReadConcern::local()).await?;
        let Some(sessions) = lost.as_ref().and_then(|lost| lost.get_array("sessions").ok()) else {
            return Ok(());
        };
        if !sessions.is_empty() {
            self.client.database("admin").run_command(doc! { "killSessions": sessions }).await?;
        }
        Ok(())
    }
}
