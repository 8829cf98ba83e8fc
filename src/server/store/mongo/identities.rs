//! Identities at providers, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{ClientSession, bson::doc, error};
use serde::{Deserialize, Serialize};

use crate::{
    domain::Identity,
    server::store::{Identities, Result},
};

use super::{
    Mongo,
    error::is_duplicate,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct IdentityDoc {
    #[serde(rename = "_id")]
    id: String,
    user_id: String,
    provider: String,
    subject: String,
    made_at: i64,
    used_at: i64,
}

/// A visit to a provider that ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EndedVisitDoc {
    #[serde(rename = "_id")]
    hash: String,
    until: i64,
}

impl From<&Identity> for IdentityDoc {
    fn from(identity: &Identity) -> Self {
        let Identity { id, user_id, provider, subject, made_at, used_at } = identity.clone();
        Self { id, user_id, provider, subject, made_at, used_at }
    }
}

impl From<IdentityDoc> for Identity {
    fn from(doc: IdentityDoc) -> Self {
        let IdentityDoc { id, user_id, provider, subject, made_at, used_at } = doc;
        Self { id, user_id, provider, subject, made_at, used_at }
    }
}

/// Stores an identity of a person. It writes to the account, so that it collides with the account's end.
struct Connect<'a>(&'a Identity);

#[async_trait]
impl Transaction for Connect<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        let identity = self.0;
        let person = doc! { "_id": &identity.user_id, "state": "active" };
        let touched = doc! { "$inc": { "identities": 1 } };
        let person = mongo.users().update_one(person, touched).session(&mut *tx).await?;
        let same = doc! { "provider": &identity.provider, "subject": &identity.subject };
        let taken = mongo.identity_docs().find_one(same).session(&mut *tx).await?.is_some();
        if person.matched_count == 0 || taken {
            return Ok(Outcome::Abort(false));
        }
        mongo.identity_docs().insert_one(IdentityDoc::from(identity)).session(tx).await?;
        Ok(Outcome::Commit(true))
    }
}

/// Removes an identity. It writes to the account, so that two at the same time collide.
struct Disconnect<'a> {
    user_id: &'a str,
    id: &'a str,
    others: Option<&'a [String]>,
}

#[async_trait]
impl Transaction for Disconnect<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        let touched = doc! { "$inc": { "identities": 1 } };
        mongo.users().update_one(doc! { "_id": self.user_id }, touched).session(&mut *tx).await?;
        if let Some(providers) = self.others {
            let other = doc! {
                "user_id": self.user_id, "_id": { "$ne": self.id }, "provider": { "$in": providers },
            };
            if mongo.identity_docs().find_one(other).session(&mut *tx).await?.is_none() {
                return Ok(Outcome::Abort(false));
            }
        }
        let which = doc! { "_id": self.id, "user_id": self.user_id };
        let gone = mongo.identity_docs().delete_one(which).session(tx).await?;
        Ok(match gone.deleted_count {
            1 => Outcome::Commit(true),
            _ => Outcome::Abort(false),
        })
    }
}

#[async_trait]
impl Identities for Mongo {
    async fn identity(&self, provider: &str, subject: &str) -> Result<Option<Identity>> {
        let which = doc! { "provider": provider, "subject": subject };
        let found = self.call(async { self.identity_docs().find_one(which).await }).await?;
        Ok(found.map(Into::into))
    }

    async fn identities(&self, user_id: &str) -> Result<Vec<Identity>> {
        self.call(async {
            let docs = self.identity_docs();
            let found = docs.find(doc! { "user_id": user_id }).sort(doc! { "_id": 1 }).await?;
            found.map_ok(Into::into).try_collect().await
        })
        .await
    }

    async fn connect_identity(&self, identity: &Identity) -> Result<bool> {
        self.call(async {
            match self.transaction(&Connect(identity)).await {
                Err(error) if is_duplicate(&error) => Ok(false),
                other => other,
            }
        })
        .await
    }

    async fn use_identity(&self, id: &str, at: i64) -> Result<()> {
        let change = doc! { "$set": { "used_at": at } };
        self.call(async { self.identity_docs().update_one(doc! { "_id": id }, change).await.map(|_| ()) })
            .await
    }

    async fn disconnect_identity(&self, user_id: &str, id: &str, others: Option<&[String]>) -> Result<bool> {
        self.call(self.transaction(&Disconnect { user_id, id, others })).await
    }

    async fn end_visit(&self, hash: &str, until: i64, now: i64) -> Result<bool> {
        self.call(async {
            let visits = self.ended_visit_docs();
            visits.delete_many(doc! { "until": { "$lte": now } }).await?;
            match visits.insert_one(EndedVisitDoc { hash: hash.to_owned(), until }).await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }
}
