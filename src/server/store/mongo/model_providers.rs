//! Model providers of administrators, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{ClientSession, Collection, bson::doc, error};
use serde::{Deserialize, Serialize};

use crate::server::store::{ModelProviders, ProviderOutcome, Result, StoredProvider};

use super::{
    Mongo,
    error::is_duplicate,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ProviderDoc {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    label: String,
    base_url: String,
    api_key: Option<String>,
    models: Vec<String>,
    context: Option<u32>,
    position: i64,
}

impl From<ProviderDoc> for StoredProvider {
    fn from(doc: ProviderDoc) -> Self {
        let ProviderDoc { id, name, label, base_url, api_key, models, context, position: _ } = doc;
        Self { id, name, label, base_url, sealed_key: api_key, models, context }
    }
}

impl Mongo {
    pub(super) fn provider_docs(&self) -> Collection<ProviderDoc> {
        self.db.collection("model_providers")
    }
}

/// Puts providers in an order.
struct Place<'a>(&'a [String]);

#[async_trait]
impl Transaction for Place<'_> {
    type Answer = ();

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<()>> {
        for (id, place) in self.0.iter().zip(1_i64..) {
            let change = doc! { "$set": { "position": place } };
            mongo.provider_docs().update_one(doc! { "_id": id }, change).session(&mut *tx).await?;
        }
        Ok(Outcome::Commit(()))
    }
}

#[async_trait]
impl ModelProviders for Mongo {
    async fn model_providers(&self) -> Result<Vec<StoredProvider>> {
        let order = doc! { "position": 1, "_id": 1 };
        let found: Vec<ProviderDoc> = self
            .call(async { self.provider_docs().find(doc! {}).sort(order).await?.try_collect().await })
            .await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    async fn add_model_provider(&self, provider: &StoredProvider) -> Result<ProviderOutcome> {
        self.call(async {
            let last = self.provider_docs().find_one(doc! {}).sort(doc! { "position": -1 }).await?;
            let StoredProvider { id, name, label, base_url, sealed_key, models, context } = provider.clone();
            let position = last.map_or(1, |last| last.position.saturating_add(1));
            let new =
                ProviderDoc { id, name, label, base_url, api_key: sealed_key, models, context, position };
            match self.provider_docs().insert_one(new).await {
                Ok(_) => Ok(ProviderOutcome::Done),
                Err(error) if is_duplicate(&error) => Ok(ProviderOutcome::NameTaken),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn change_model_provider(&self, provider: &StoredProvider) -> Result<ProviderOutcome> {
        let change = doc! { "$set": {
            "name": &provider.name, "label": &provider.label, "base_url": &provider.base_url,
            "api_key": &provider.sealed_key, "models": &provider.models, "context": provider.context,
        } };
        self.call(async {
            match self.provider_docs().update_one(doc! { "_id": &provider.id }, change).await {
                Ok(done) if done.matched_count == 0 => Ok(ProviderOutcome::Missing),
                Ok(_) => Ok(ProviderOutcome::Done),
                Err(error) if is_duplicate(&error) => Ok(ProviderOutcome::NameTaken),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn remove_model_provider(&self, id: &str) -> Result<bool> {
        let gone = self.call(async { self.provider_docs().delete_one(doc! { "_id": id }).await }).await?;
        Ok(gone.deleted_count > 0)
    }

    async fn order_model_providers(&self, ids: &[String]) -> Result<()> {
        self.call(self.transaction(&Place(ids))).await
    }
}
