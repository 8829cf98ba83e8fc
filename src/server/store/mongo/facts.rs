//! What administrators set for the whole site, in MongoDB.

use async_trait::async_trait;
use mongodb::bson::doc;

use crate::server::store::{Facts, Result};

use super::{Mongo, error::store_error};

/// Apart from what the store itself notes in this collection.
fn id(name: &str) -> String {
    format!("set:{name}")
}

#[async_trait]
impl Facts for Mongo {
    async fn fact(&self, name: &str) -> Result<Option<String>> {
        let found = self.meta().find_one(doc! { "_id": id(name) }).await.map_err(store_error)?;
        Ok(found.and_then(|found| found.get_str("value").ok().map(str::to_owned)))
    }

    async fn set_fact(&self, name: &str, value: &str) -> Result<()> {
        let set = doc! { "$set": { "value": value } };
        let done = self.meta().update_one(doc! { "_id": id(name) }, set).upsert(true).await;
        done.map(|_| ()).map_err(store_error)
    }
}
