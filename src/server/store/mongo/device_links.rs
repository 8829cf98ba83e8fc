//! Sign-in on another device, in MongoDB.

use async_trait::async_trait;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::server::store::{AskingDevice, DeviceLink, DeviceLinks, Result, Session};

use super::{
    Mongo,
    sessions::Begin,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeviceLinkDoc {
    #[serde(rename = "_id")]
    session_id: String,
    code_hash: String,
    code: String,
    expires_at: i64,
    asked: Option<AskedDoc>,
    confirmed: bool,
    done: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct AskedDoc {
    secret_hash: String,
    number: u32,
    user_agent: String,
    address: String,
}

impl From<DeviceLinkDoc> for DeviceLink {
    fn from(doc: DeviceLinkDoc) -> Self {
        let asked = |asked: AskedDoc| AskingDevice {
            secret_hash: asked.secret_hash,
            number: asked.number,
            user_agent: asked.user_agent,
            address: asked.address,
        };
        Self {
            session_id: doc.session_id,
            code_hash: doc.code_hash,
            code: doc.code,
            expires_at: doc.expires_at,
            asked: doc.asked.map(asked),
            confirmed: doc.confirmed,
            done: doc.done,
        }
    }
}

/// Uses a link up and begins the session.
struct Claim<'a> {
    code_hash: &'a str,
    secret_hash: &'a str,
    session: &'a Session,
    now: i64,
}

#[async_trait]
impl Transaction for Claim<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        let which = doc! {
            "code_hash": self.code_hash, "asked.secret_hash": self.secret_hash, "confirmed": true, "done": false,
            "expires_at": { "$gt": self.now },
        };
        let done = doc! { "$set": { "done": true } };
        let claimed = mongo.device_link_docs().find_one_and_update(which, done).session(&mut *tx).await?;
        let Some(link) = claimed else { return Ok(Outcome::Abort(false)) };
        // The transaction writes to the session, so that it collides with a sign-out.
        let maker = doc! {
            "_id": link.session_id, "user_id": &self.session.user_id, "expires_at": { "$gt": self.now },
        };
        let counted = doc! { "$inc": { "signed_in": 1_i64 } };
        if mongo.sessions().update_one(maker, counted).session(&mut *tx).await?.matched_count == 0 {
            return Ok(Outcome::Abort(false));
        }
        Begin { session: self.session, password_hash: None }.run(mongo, tx).await
    }
}

impl Mongo {
    /// The link, if its session is still there at `now`.
    async fn counting(&self, which: Document, now: i64) -> error::Result<Option<DeviceLink>> {
        let mut which = which;
        which.insert("expires_at", doc! { "$gt": now });
        let Some(link) = self.device_link_docs().find_one(which).await? else { return Ok(None) };
        let session = doc! { "_id": &link.session_id, "expires_at": { "$gt": now } };
        Ok(self.sessions().find_one(session).await?.map(|_| link.into()))
    }
}

#[async_trait]
impl DeviceLinks for Mongo {
    async fn put_device_link(&self, link: &DeviceLink, now: i64) -> Result<bool> {
        let document = DeviceLinkDoc {
            session_id: link.session_id.clone(),
            code_hash: link.code_hash.clone(),
            code: link.code.clone(),
            expires_at: link.expires_at,
            asked: None,
            confirmed: false,
            done: false,
        };
        self.call(async {
            // Nobody looks at those of others again.
            self.device_link_docs().delete_many(doc! { "expires_at": { "$lte": now } }).await?;
            if self.sessions().find_one(doc! { "_id": &link.session_id }).await?.is_none() {
                return Ok(false);
            }
            let which = doc! { "_id": &link.session_id };
            self.device_link_docs().replace_one(which, &document).upsert(true).await?;
            Ok(true)
        })
        .await
    }

    async fn device_link_of(&self, session_id: &str, now: i64) -> Result<Option<DeviceLink>> {
        self.call(self.counting(doc! { "_id": session_id }, now)).await
    }

    async fn device_link(&self, code_hash: &str, now: i64) -> Result<Option<DeviceLink>> {
        self.call(self.counting(doc! { "code_hash": code_hash }, now)).await
    }

    async fn ask_by_device_link(&self, code_hash: &str, asking: &AskingDevice, now: i64) -> Result<bool> {
        let asked = doc! { "$set": { "asked": {
            "secret_hash": &asking.secret_hash, "number": asking.number, "user_agent": &asking.user_agent,
            "address": &asking.address,
        } } };
        self.call(async {
            if self.counting(doc! { "code_hash": code_hash }, now).await?.is_none() {
                return Ok(false);
            }
            let which = doc! { "code_hash": code_hash, "asked": Bson::Null };
            Ok(self.device_link_docs().update_one(which, asked).await?.matched_count == 1)
        })
        .await
    }

    async fn confirm_device(&self, session_id: &str, number: u32, now: i64) -> Result<bool> {
        self.call(async {
            if self.counting(doc! { "_id": session_id }, now).await?.is_none() {
                return Ok(false);
            }
            let which = doc! { "_id": session_id, "asked.number": number, "confirmed": false };
            let change = doc! { "$set": { "confirmed": true } };
            Ok(self.device_link_docs().update_one(which, change).await?.matched_count == 1)
        })
        .await
    }

    async fn remove_device_link(&self, session_id: &str) -> Result<bool> {
        self.call(async {
            Ok(self.device_link_docs().delete_one(doc! { "_id": session_id }).await?.deleted_count == 1)
        })
        .await
    }

    async fn claim_device_link(
        &self,
        code_hash: &str,
        secret_hash: &str,
        session: &Session,
        now: i64,
    ) -> Result<bool> {
        self.call(self.transaction(&Claim { code_hash, secret_hash, session, now })).await
    }
}
