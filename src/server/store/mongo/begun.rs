//! The sessions in which this process runs its transactions, written down beside its sign of life.
//!
//! What a killed process had begun to change stays locked in MongoDB for up to a minute. Whoever finds
//! its sessions can end them, and with them the locks, at once.

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

/// A session that was idle for so long has nothing locked: MongoDB ends a transaction after one minute.
const IDLE: Duration = Duration::from_secs(10 * 60);

#[derive(Default)]
pub(super) struct Begun {
    /// The ids of those that are written down, and when each was used last.
    sessions: Mutex<Vec<(Document, Instant)>>,
    /// Held while they are written, so that the last one to write has them all.
    writing: tokio::sync::Mutex<()>,
}

impl Begun {
    fn lock(&self) -> MutexGuard<'_, Vec<(Document, Instant)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false`: it is not written down.
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
    /// Before a session is used: sees to it that others could end it.
    pub(super) async fn record_session(&self, session: &Document) -> Result<()> {
        if self.begun.touch(session) {
            return Ok(());
        }
        let _writing = self.begun.writing.lock().await;
        let mut all = self.begun.ids();
        all.push(session.clone());
        // No majority: a primary that is lost takes its transactions along.
        self.instances()
            .update_one(doc! { "_id": &self.instance }, doc! { "$set": { "sessions": all } })
            .write_concern(WriteConcern::builder().w(Some(1.into())).build())
            .await?;
        self.begun.lock().push((session.clone(), Instant::now()));
        Ok(())
    }

    /// The sign of life; it brings the sessions along, should others have taken this process for lost.
    pub(super) async fn write_heartbeat(&self) -> Result<()> {
        let _writing = self.begun.writing.lock().await;
        self.begun.lock().retain(|(_, used)| used.elapsed() < IDLE);
        let more = doc! { "$inc": { "beats": 1_i64 }, "$set": { "sessions": self.begun.ids() } };
        self.instances().update_one(doc! { "_id": &self.instance }, more).upsert(true).await.map(|_| ())
    }

    /// Ends what a lost process had begun. Should it only be slow, it begins that again.
    pub(super) async fn end_sessions(&self, instance: &str) -> Result<()> {
        // Not what a majority has: the last session is the one that matters.
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
