//! Conversations, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    bson::{Document, doc},
    options::ReturnDocument,
};

use crate::{
    domain::{Conversation, ConversationPatch},
    server::store::{ConversationQuery, Conversations, Result, What},
};

use super::{Mongo, documents::ConversationDoc, purge::Unlink};

#[async_trait]
impl Conversations for Mongo {
    async fn create_conversation(&self, user_id: &str, conversation: &Conversation) -> Result<()> {
        let doc = ConversationDoc::new(user_id, conversation);
        self.call(async { self.conversation_docs().insert_one(doc).await.map(|_| ()) }).await
    }

    async fn conversation(&self, user_id: &str, id: &str) -> Result<Option<Conversation>> {
        let which = doc! { "_id": id, "user_id": user_id };
        let found = self.call(async { self.conversation_docs().find_one(which).await }).await?;
        Ok(found.map(Conversation::from))
    }

    async fn conversations(&self, user_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        if query.limit == 0 {
            return Ok(Vec::new()); // which MongoDB takes for "no limit"
        }
        let found: Vec<ConversationDoc> = self
            .call(async {
                self.conversation_docs()
                    .find(filter(user_id, query))
                    .sort(doc! { "updated_at": -1, "_id": -1 })
                    .limit(query.limit.into())
                    .await?
                    .try_collect()
                    .await
            })
            .await?;
        Ok(found.into_iter().map(Conversation::from).collect())
    }

    async fn update_conversation(
        &self,
        user_id: &str,
        id: &str,
        patch: &ConversationPatch,
    ) -> Result<Option<Conversation>> {
        let mut changes = changes(patch);
        if changes.is_empty() {
            return self.conversation(user_id, id).await;
        }
        if patch.title.is_some() {
            changes.insert("revision", self.revision(What::Title));
        }
        let which = doc! { "_id": id, "user_id": user_id };
        let found = self
            .call(async {
                self.conversation_docs()
                    .find_one_and_update(which, doc! { "$set": changes })
                    .return_document(ReturnDocument::After)
                    .await
            })
            .await?;
        Ok(found.map(Conversation::from))
    }

    async fn set_title_if_empty(&self, user_id: &str, id: &str, title: &str) -> Result<bool> {
        let which = doc! { "_id": id, "user_id": user_id, "title": "" };
        let revision = self.revision(What::Title);
        let change = doc! { "$set": {
            "title": title, "title_lower": title.to_lowercase(), "revision": revision
        } };
        self.call(async { Ok(self.conversation_docs().update_one(which, change).await?.matched_count == 1) })
            .await
    }

    async fn delete_conversation(&self, user_id: &str, id: &str) -> Result<bool> {
        if !self.call(self.transaction(&Unlink { user_id, id })).await? {
            return Ok(false);
        }
        // It is gone; what it leaves now is only waste.
        if let Err(error) = self.purge().await {
            tracing::warn!(%error, "messages of a deleted conversation are removed later");
        }
        Ok(true)
    }

    async fn purge(&self) -> Result<bool> {
        self.call(self.purge_some()).await
    }

    async fn last_seq(&self, conversation_id: &str) -> Result<u64> {
        let which = doc! { "_id": conversation_id };
        let found = self.call(async { self.conversation_docs().find_one(which).await }).await?;
        Ok(found.map_or(0, |doc| doc.last_seq.unsigned_abs()))
    }
}

fn filter(user_id: &str, query: &ConversationQuery) -> Document {
    let mut filter = doc! { "user_id": user_id, "archived": query.archived };
    if let Some(place) = &query.after {
        // The first bound lets the index start at the right place, the second leaves out what was seen.
        filter.insert("updated_at", doc! { "$lte": place.updated_at });
        filter.insert(
            "$or",
            [
                doc! { "updated_at": { "$lt": place.updated_at } },
                doc! { "updated_at": place.updated_at, "_id": { "$lt": &place.id } },
            ]
            .to_vec(),
        );
    }
    if let Some(text) = query.title_contains.as_deref().filter(|text| !text.is_empty()) {
        // Not a regular expression: nothing in the text has a meaning.
        let place = doc! { "$indexOfBytes": ["$title_lower", { "$literal": text.to_lowercase() }] };
        filter.insert("$expr", doc! { "$gte": [place, 0] });
    }
    filter
}

fn changes(patch: &ConversationPatch) -> Document {
    let mut changes = Document::new();
    if let Some(title) = &patch.title {
        changes.insert("title", title);
        changes.insert("title_lower", title.to_lowercase());
    }
    if let Some(model) = &patch.model {
        changes.insert("model", model.clone());
    }
    if let Some(system_prompt) = &patch.system_prompt {
        changes.insert("system_prompt", system_prompt.clone());
    }
    if let Some(pinned) = patch.pinned {
        changes.insert("pinned", pinned);
    }
    if let Some(archived) = patch.archived {
        changes.insert("archived", archived);
    }
    changes
}
