//! Model providers of administrators, in MongoDB.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{ClientSession, Collection, bson::doc, error};
use serde::{Deserialize, Serialize};

use crate::{
    domain::ModelAccess,
    server::store::{ModelProviders, ProviderOutcome, Result, StoredProvider},
};

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

/// Who may ask a model that not everybody may.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccessDoc {
    #[serde(rename = "_id")]
    model: String,
    access: String,
}

impl From<ProviderDoc> for StoredProvider {
    fn from(doc: ProviderDoc) -> Self {
        let ProviderDoc { id, name, label, base_url, api_key, models, context, position: _ } = doc;
        Self { id, name, label, base_url, sealed_key: api_key, models, context }
    }
}

impl Mongo {
    pub(super) fn access_docs(&self) -> Collection<AccessDoc> {
        self.db.collection("model_access")
    }

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

    async fn model_access(&self) -> Result<HashMap<String, ModelAccess>> {
        let found: Vec<AccessDoc> =
            self.call(async { self.access_docs().find(doc! {}).await?.try_collect().await }).await?;
        // What a newer version stored lets in nobody whom it keeps out.
        let read = |access: String| access.parse().unwrap_or(ModelAccess::Nobody);
        Ok(found.into_iter().map(|doc| (doc.model, read(doc.access))).collect())
    }

    async fn set_model_access(&self, model: &str, access: ModelAccess) -> Result<()> {
        let which = doc! { "_id": model };
        let word: &str = access.into();
        self.call(async {
            match access {
                ModelAccess::Everybody => self.access_docs().delete_one(which).await.map(|_| ()),
                _ => {
                    let change = doc! { "$set": { "access": word } };
                    self.access_docs().update_one(which, change).upsert(true).await.map(|_| ())
                }
            }
        })
        .await
    }

    async fn order_model_providers(&self, ids: &[String]) -> Result<()> {
        self.call(self.transaction(&Place(ids))).await
    }
}
