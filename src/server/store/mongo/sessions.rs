//! Sessions, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Bson, DateTime, Document, doc, from_document},
    error,
};
use serde::Deserialize;

use crate::{
    domain::User,
    server::store::{KeyOutcome, Result, Session, Sessions, Visit},
};

use super::{
    Mongo,
    documents::{SessionDoc, UserDoc},
    transaction::{Outcome, Transaction},
};

/// A session joined with its user.
#[derive(Deserialize)]
struct Joined {
    #[serde(flatten)]
    session: SessionDoc,
    user: UserDoc,
}

/// Creates a session, if the account still has the password with which the person signed in.
pub(super) struct Begin<'a> {
    pub session: &'a Session,
    /// The hash of the password that was checked, if one was.
    pub password_hash: Option<&'a str>,
}

#[async_trait]
impl Transaction for Begin<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        let mut account = doc! { "_id": &self.session.user_id, "state": "active" };
        if let Some(hash) = self.password_hash {
            account.insert("password_hash", hash);
        }
        // The transaction writes to the account and does not only read it, so that it collides with a change of the
        // account that ends its sessions.
        let counted = doc! { "$inc": { "sign_ins": 1_i64 } };
        if mongo.users().update_one(account, counted).session(&mut *tx).await?.matched_count == 0 {
            return Ok(Outcome::Abort(false));
        }
        let session = SessionDoc::from(self.session);
        mongo.sessions().replace_one(doc! { "_id": &session.id }, &session).upsert(true).session(tx).await?;
        Ok(Outcome::Commit(true))
    }
}

/// Creates an API key, if the person has few enough.
struct BeginKey<'a> {
    key: &'a Session,
    most: u32,
}

#[async_trait]
impl Transaction for BeginKey<'_> {
    type Answer = KeyOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<KeyOutcome>> {
        let Self { key, most } = *self;
        let valid = doc! { "user_id": &key.user_id, "kind": "key", "expires_at": { "$gt": key.created_at }, "_id": { "$ne": &key.id } };
        let count = mongo.sessions().count_documents(valid).session(&mut *tx).await?;
        if count >= u64::from(most) {
            return Ok(Outcome::Abort(KeyOutcome::TooMany));
        }
        // It writes to the account, so that two keys at once collide, and the later one counts the other.
        Ok(match (Begin { session: key, password_hash: None }).run(mongo, tx).await? {
            Outcome::Commit(_) => Outcome::Commit(KeyOutcome::Made),
            Outcome::Abort(_) => Outcome::Abort(KeyOutcome::Missing),
        })
    }
}

impl Mongo {
    /// Ends all sessions of browsers of a user except `keep`, and the API keys if `keys` says so; answers the ids of the
    /// ended sessions.
    pub(super) async fn end_sessions_of(
        &self,
        tx: &mut ClientSession,
        user_id: &str,
        keep: Option<&str>,
        keys: bool,
    ) -> error::Result<Vec<String>> {
        let mut found = self.sessions().find(of_user(user_id, keep, keys)).session(&mut *tx).await?;
        let found: Vec<SessionDoc> = found.stream(tx).try_collect().await?;
        let ids: Vec<String> = found.into_iter().map(|session| session.id).collect();
        self.sessions().delete_many(doc! { "_id": { "$in": &ids } }).session(tx).await?;
        Ok(ids)
    }
}

fn of_user(user_id: &str, keep: Option<&str>, keys: bool) -> Document {
    let mut which = doc! { "user_id": user_id };
    if !keys {
        // Sessions of earlier versions have no kind, and are browsers.
        which.insert("kind", doc! { "$ne": "key" });
    }
    if let Some(keep) = keep {
        which.insert("_id", doc! { "$ne": keep });
    }
    which
}

#[async_trait]
impl Sessions for Mongo {
    async fn create_session(&self, session: &Session, password_hash: Option<&str>) -> Result<bool> {
        self.call(self.transaction(&Begin { session, password_hash })).await
    }

    async fn create_key(&self, key: &Session, most: u32) -> Result<KeyOutcome> {
        self.call(self.transaction(&BeginKey { key, most })).await
    }

    async fn session(&self, id: &str) -> Result<Option<(Session, User)>> {
        let pipeline = [
            doc! { "$match": { "_id": id } },
            doc! { "$lookup": {
                "from": "users", "localField": "user_id", "foreignField": "_id", "as": "user"
            } },
            // This step drops a session without a user.
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

    async fn valid_sessions(&self, ids: &[String], now: i64) -> Result<Vec<String>> {
        let found: Vec<SessionDoc> = self
            .call(async {
                let which = doc! { "_id": { "$in": ids }, "expires_at": { "$gt": now } };
                self.sessions().find(which).await?.try_collect().await
            })
            .await?;
        let owners: Vec<&str> = found.iter().map(|session| session.user_id.as_str()).collect();
        let active = doc! { "_id": { "$in": owners }, "state": "active" };
        let active = self.call(async { self.users().distinct("_id", active).await }).await?;
        let is_active = |session: &SessionDoc| active.contains(&Bson::from(session.user_id.as_str()));
        Ok(found.into_iter().filter(is_active).map(|session| session.id).collect())
    }

    async fn touch_session(&self, id: &str, visit: Visit<'_>) -> Result<bool> {
        let expires = DateTime::from_millis(visit.expires_at);
        let change = doc! { "$set": {
            "last_seen_at": visit.at, "expires_at": visit.expires_at, "expires": expires, "address": visit.address,
        } };
        self.call(async {
            // Two writes and no transaction, because nothing depends on when a person was seen last.
            let touched = self.sessions().find_one_and_update(doc! { "_id": id }, change).await?;
            let Some(touched) = touched else { return Ok(false) };
            let seen = doc! { "$max": { "seen_at": visit.at } };
            self.users().update_one(doc! { "_id": touched.user_id }, seen).await?;
            Ok(true)
        })
        .await
    }

    async fn prove_session(&self, id: &str, at: i64) -> Result<bool> {
        let change = doc! { "$set": { "proved_at": at } };
        self.call(async {
            Ok(self.sessions().update_one(doc! { "_id": id }, change).await?.matched_count == 1)
        })
        .await
    }

    async fn sessions_of(&self, user_id: &str, now: i64) -> Result<Vec<Session>> {
        let which = doc! { "user_id": user_id, "expires_at": { "$gt": now } };
        let order = doc! { "last_seen_at": -1, "_id": -1 };
        let found: Vec<SessionDoc> =
            self.call(async { self.sessions().find(which).sort(order).await?.try_collect().await }).await?;
        Ok(found.into_iter().map(Session::from).collect())
    }

    async fn delete_session_of(&self, user_id: &str, id: &str) -> Result<bool> {
        let which = doc! { "_id": id, "user_id": user_id };
        self.call(async { Ok(self.sessions().delete_one(which).await?.deleted_count == 1) }).await
    }

    async fn delete_session(&self, id: &str) -> Result<bool> {
        self.call(async { Ok(self.sessions().delete_one(doc! { "_id": id }).await?.deleted_count == 1) })
            .await
    }

    async fn delete_sessions(&self, user_id: &str, keep: Option<&str>) -> Result<Vec<String>> {
        let which = of_user(user_id, keep, false);
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
