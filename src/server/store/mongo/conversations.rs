//! Conversations, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
    options::ReturnDocument,
};

use crate::{
    domain::{Conversation, ConversationPatch},
    server::store::{ChangeKind, Changed, ConversationQuery, Conversations, Grant, Need, Result},
};

use super::{
    Mongo,
    changes::numbered,
    documents::ConversationDoc,
    purge::Unlink,
    transaction::{Outcome, Transaction},
};

#[async_trait]
impl Conversations for Mongo {
    async fn create_conversation(&self, owner_id: &str, conversation: &Conversation) -> Result<()> {
        let doc = ConversationDoc::new(owner_id, conversation);
        self.call(async { self.conversation_docs().insert_one(doc).await.map(|_| ()) }).await
    }

    async fn conversations(&self, owner_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        if query.limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        let found: Vec<ConversationDoc> = self
            .call(async {
                self.conversation_docs()
                    .find(filter(owner_id, query))
                    .sort(doc! { "updated_at": -1, "_id": -1 })
                    .limit(query.limit.into())
                    .await?
                    .try_collect()
                    .await
            })
            .await?;
        Ok(found.into_iter().map(Conversation::from).collect())
    }

    async fn update_conversation(&self, grant: &Grant, patch: &ConversationPatch) -> Result<Option<Changed>> {
        self.call(self.transaction(&Update { grant, patch })).await
    }

    async fn set_title_if_empty(&self, conversation_id: &str, title: &str) -> Result<Option<u64>> {
        let which = doc! { "_id": conversation_id, "title": "" };
        let revision = self.revision(ChangeKind::Title);
        let set = doc! { "title": title, "title_lower": title.to_lowercase(), "revision": revision };
        let update = async {
            let conversations = self.conversation_docs();
            let update = conversations.find_one_and_update(which, numbered(set, 1));
            update.return_document(ReturnDocument::After).await
        };
        Ok(self.call(update).await?.map(|changed| changed.last_seq.unsigned_abs()))
    }

    async fn delete_conversation(&self, grant: &Grant) -> Result<bool> {
        if !self.call(self.transaction(&Unlink(grant))).await? {
            return Ok(false);
        }
        // The conversation is gone; what purging leaves behind now only takes space.
        if let Err(error) = self.purge().await {
            tracing::warn!(%error, "messages of a deleted conversation are removed later");
        }
        Ok(true)
    }

    async fn purge(&self) -> Result<bool> {
        self.call(self.purge_some()).await
    }
}

struct Update<'a> {
    grant: &'a Grant,
    patch: &'a ConversationPatch,
}

#[async_trait]
impl Transaction for Update<'_> {
    type Answer = Option<Changed>;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Option<Changed>>> {
        let Some(which) = mongo.granted(tx, self.grant, Need::Manage).await? else {
            return Ok(Outcome::Abort(None));
        };
        let mut set = changes(self.patch);
        if set.is_empty() {
            let found = mongo.conversation_docs().find_one(which).session(tx).await?;
            return Ok(Outcome::Abort(found.map(ConversationDoc::changed)));
        }
        if self.patch.title.is_some() {
            set.insert("revision", mongo.revision(ChangeKind::Title));
        }
        let changed = mongo
            .conversation_docs()
            .find_one_and_update(which, numbered(set, 1))
            .return_document(ReturnDocument::After)
            .session(tx)
            .await?;
        Ok(Outcome::Commit(changed.map(ConversationDoc::changed)))
    }
}

fn filter(owner_id: &str, query: &ConversationQuery) -> Document {
    let mut filter = doc! { "user_id": owner_id, "archived": query.archived };
    if let Some(position) = &query.after {
        // The first bound lets the search of the index start at the position, the second leaves out conversations that
        // the reader has seen.
        filter.insert("updated_at", doc! { "$lte": position.updated_at });
        filter.insert(
            "$or",
            [
                doc! { "updated_at": { "$lt": position.updated_at } },
                doc! { "updated_at": position.updated_at, "_id": { "$lt": &position.id } },
            ]
            .to_vec(),
        );
    }
    if let Some(text) = query.title_contains.as_deref().filter(|text| !text.is_empty()) {
        // The search uses no regular expression, because characters of the text would have a meaning in it.
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
