//! When people had a page open, in MongoDB.

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use mongodb::{
    Collection,
    bson::{Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::server::store::{Presences, Result, StoredPresence};

use super::{Mongo, error::is_duplicate};

/// How many documents are written at a time.
const AT_A_TIME: usize = 8;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PresenceDoc {
    #[serde(rename = "_id")]
    user_id: String,
    #[serde(default)]
    active_until: i64,
    #[serde(default)]
    connected_until: i64,
    #[serde(default)]
    seen_at: i64,
    /// The person lets nobody know. Such a document has no times.
    #[serde(default)]
    hidden: bool,
}

impl From<PresenceDoc> for StoredPresence {
    fn from(doc: PresenceDoc) -> Self {
        let PresenceDoc { user_id, active_until, connected_until, seen_at, .. } = doc;
        Self { user_id, active_until, connected_until, seen_at }
    }
}

impl Mongo {
    pub(super) fn presence_docs(&self) -> Collection<PresenceDoc> {
        self.db.collection("presences")
    }

    async fn note_seen(&self, one: &StoredPresence) -> error::Result<()> {
        let which = doc! { "_id": &one.user_id, "hidden": { "$ne": true } };
        let later = doc! { "$max": {
            "active_until": one.active_until, "connected_until": one.connected_until, "seen_at": one.seen_at,
        } };
        match self.presence_docs().update_one(which, later).upsert(true).await {
            Ok(_) => Ok(()),
            // The person lets nobody know, or another server was faster to make the document.
            Err(error) if is_duplicate(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn seen_where(&self, which: Document, most: Option<i64>) -> Result<Vec<StoredPresence>> {
        let found: Vec<PresenceDoc> = self
            .call(async {
                self.presence_docs()
                    .find(which)
                    .sort(doc! { "_id": 1 })
                    .limit(most.unwrap_or_default())
                    .await?
                    .try_collect()
                    .await
            })
            .await?;
        Ok(found.into_iter().map(StoredPresence::from).collect())
    }
}

#[async_trait]
impl Presences for Mongo {
    async fn note_presences(&self, seen: &[StoredPresence]) -> Result<()> {
        let ids: Vec<&str> = seen.iter().map(|one| one.user_id.as_str()).collect();
        let there = doc! { "_id": { "$in": ids }, "state": { "$ne": "deleted" } };
        self.call(async {
            let there: Vec<Document> = self
                .db
                .collection::<Document>("users")
                .find(there)
                .projection(doc! { "_id": 1 })
                .await?
                .try_collect()
                .await?;
            let is_there = |one: &&StoredPresence| {
                there.iter().any(|user| user.get_str("_id").is_ok_and(|id| id == one.user_id))
            };
            let those: Vec<StoredPresence> = seen.iter().filter(is_there).cloned().collect();
            let noted = stream::iter(those).map(|one| async move { self.note_seen(&one).await });
            noted.buffer_unordered(AT_A_TIME).try_collect::<()>().await
        })
        .await
    }

    async fn presences(&self, user_ids: &[String]) -> Result<Vec<StoredPresence>> {
        self.seen_where(doc! { "_id": { "$in": user_ids }, "hidden": { "$ne": true } }, None).await
    }

    async fn present(&self, now: i64, most: u32) -> Result<Vec<StoredPresence>> {
        let active = doc! { "active_until": { "$gt": now } };
        let mut first = self.seen_where(active, Some(i64::from(most))).await?;
        let left = i64::from(most) - i64::try_from(first.len()).unwrap_or(i64::MAX);
        if left > 0 {
            let away = doc! { "connected_until": { "$gt": now }, "active_until": { "$lte": now } };
            first.extend(self.seen_where(away, Some(left)).await?);
        }
        Ok(first)
    }

    async fn shows_presence(&self, user_id: &str) -> Result<bool> {
        let hidden = doc! { "_id": user_id, "hidden": true };
        let found = self.call(async { self.presence_docs().find_one(hidden).await }).await?;
        Ok(found.is_none())
    }

    async fn show_presence(&self, user_id: &str, shows: bool) -> Result<()> {
        self.call(async {
            if shows {
                let hidden = doc! { "_id": user_id, "hidden": true };
                return self.presence_docs().delete_one(hidden).await.map(|_| ());
            }
            let hide = doc! {
                "$set": { "hidden": true },
                "$unset": { "active_until": "", "connected_until": "", "seen_at": "" },
            };
            self.presence_docs().update_one(doc! { "_id": user_id }, hide).upsert(true).await.map(|_| ())
        })
        .await
    }
}
