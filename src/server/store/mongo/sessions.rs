//! Sessions, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::{DateTime, Document, doc, from_document};
use serde::Deserialize;

use crate::{
    domain::User,
    server::store::{Result, Session, Sessions},
};

use super::{
    Mongo,
    documents::{SessionDoc, UserDoc},
};

/// A session joined with its user.
#[derive(Deserialize)]
struct Joined {
    #[serde(flatten)]
    session: SessionDoc,
    user: UserDoc,
}

#[async_trait]
impl Sessions for Mongo {
    async fn create_session(&self, session: &Session) -> Result<()> {
        let doc = SessionDoc::from(session);
        self.call(async { self.sessions().insert_one(doc).await.map(|_| ()) }).await
    }

    async fn session(&self, id: &str) -> Result<Option<(Session, User)>> {
        let pipeline = [
            doc! { "$match": { "_id": id } },
            doc! { "$lookup": {
                "from": "users", "localField": "user_id", "foreignField": "_id", "as": "user"
            } },
            // Without a user there is no answer.
            doc! { "$unwind": "$user" },
        ];
        let found = self
            .call(async {
                let found: Option<Document> = self.sessions().aggregate(pipeline).await?.try_next().await?;
                let joined: Option<Joined> = found.map(from_document).transpose()?;
                Ok(joined)
            })
            .await?;
        Ok(found.map(|joined| (joined.session.into(), joined.user.into())))
    }

    async fn touch_session(&self, id: &str, last_seen_at: i64, expires_at: i64) -> Result<bool> {
        let expires = DateTime::from_millis(expires_at);
        let change =
            doc! { "$set": { "last_seen_at": last_seen_at, "expires_at": expires_at, "expires": expires } };
        self.call(async {
            Ok(self.sessions().update_one(doc! { "_id": id }, change).await?.matched_count == 1)
        })
        .await
    }

    async fn delete_session(&self, id: &str) -> Result<bool> {
        self.call(async { Ok(self.sessions().delete_one(doc! { "_id": id }).await?.deleted_count == 1) })
            .await
    }

    async fn delete_sessions(&self, user_id: &str, keep: Option<&str>) -> Result<Vec<String>> {
        let mut which = doc! { "user_id": user_id };
        if let Some(keep) = keep {
            which.insert("_id", doc! { "$ne": keep });
        }
        self.call(async {
            let sessions: Vec<SessionDoc> = self.sessions().find(which).await?.try_collect().await?;
            let ids: Vec<String> = sessions.into_iter().map(|session| session.id).collect();
            self.sessions().delete_many(doc! { "_id": { "$in": &ids } }).await?;
            Ok(ids)
        })
        .await
    }

    async fn delete_expired_sessions(&self, now: i64) -> Result<u64> {
        let expired = doc! { "expires": { "$lte": DateTime::from_millis(now) } };
        self.call(async { Ok(self.sessions().delete_many(expired).await?.deleted_count) }).await
    }
}
