//! Second factors, in MongoDB.

use async_trait::async_trait;
use mongodb::{
    bson::{Document, doc},
    options::ReturnDocument,
};
use serde::{Deserialize, Serialize};

use crate::server::store::{Result, SecondFactor, SecondFactors};

use super::{Mongo, error::is_duplicate};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SecondFactorDoc {
    /// The person's id.
    #[serde(rename = "_id")]
    user_id: String,
    seed: String,
    confirmed: bool,
    last_step: i64,
    /// The hashes of the recovery codes that are left.
    recovery: Vec<String>,
}

impl SecondFactorDoc {
    fn recovery_left(&self) -> u32 {
        u32::try_from(self.recovery.len()).unwrap_or(u32::MAX)
    }
}

impl Mongo {
    /// Changes the person's document, if it is as `which` says.
    async fn change_factor(&self, user_id: &str, mut which: Document, change: Document) -> Result<bool> {
        which.insert("_id", user_id);
        self.call(async { Ok(self.second_factor_docs().update_one(which, change).await?.matched_count == 1) })
            .await
    }
}

#[async_trait]
impl SecondFactors for Mongo {
    async fn second_factor(&self, user_id: &str) -> Result<Option<SecondFactor>> {
        let found =
            self.call(async { self.second_factor_docs().find_one(doc! { "_id": user_id }).await }).await?;
        Ok(found.map(|doc| SecondFactor {
            recovery_left: doc.recovery_left(),
            seed: doc.seed,
            confirmed: doc.confirmed,
            last_step: doc.last_step,
        }))
    }

    async fn begin_second_factor(&self, user_id: &str, seed: &str) -> Result<bool> {
        if self.call(async { self.users().find_one(doc! { "_id": user_id }).await }).await?.is_none() {
            return Ok(false);
        }
        let which = doc! { "_id": user_id, "confirmed": false };
        let change = doc! {
            "$set": { "seed": seed },
            "$setOnInsert": { "last_step": 0_i64, "recovery": Vec::<String>::new() },
        };
        self.call(async {
            match self.second_factor_docs().update_one(which, change).upsert(true).await {
                Ok(_) => Ok(true),
                // The document is there, and confirmed.
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn confirm_second_factor(
        &self,
        user_id: &str,
        seed: &str,
        step: i64,
        recovery: &[String],
    ) -> Result<bool> {
        let change = doc! { "$set": { "confirmed": true, "last_step": step, "recovery": recovery } };
        self.change_factor(user_id, doc! { "seed": seed, "confirmed": false }, change).await
    }

    async fn use_step(&self, user_id: &str, step: i64) -> Result<bool> {
        let which = doc! { "confirmed": true, "last_step": { "$lt": step } };
        self.change_factor(user_id, which, doc! { "$set": { "last_step": step } }).await
    }

    async fn use_recovery_code(&self, user_id: &str, hash: &str) -> Result<Option<u32>> {
        let which = doc! { "_id": user_id, "confirmed": true, "recovery": hash };
        let change = doc! { "$pull": { "recovery": hash } };
        let used = self
            .call(async {
                let docs = self.second_factor_docs();
                docs.find_one_and_update(which, change).return_document(ReturnDocument::After).await
            })
            .await?;
        Ok(used.map(|doc| doc.recovery_left()))
    }

    async fn replace_recovery_codes(&self, user_id: &str, recovery: &[String]) -> Result<bool> {
        let change = doc! { "$set": { "recovery": recovery } };
        self.change_factor(user_id, doc! { "confirmed": true }, change).await
    }

    async fn remove_second_factor(&self, user_id: &str) -> Result<bool> {
        self.call(async {
            Ok(self.second_factor_docs().delete_one(doc! { "_id": user_id }).await?.deleted_count == 1)
        })
        .await
    }
}
