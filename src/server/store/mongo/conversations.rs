//! Conversations, in MongoDB.

use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
    options::ReturnDocument,
};

use crate::{
    domain::{Binned, Conversation, ConversationPatch, Message},
    server::store::{
        AccessLevel, BinPosition, ChangeKind, Changed, ConversationQuery, Conversations, Created, Grant, Key,
        Need, Restored, Result,
    },
};

use super::{
    Mongo,
    bin::{BringBack, Hide},
    changes::numbered,
    documents::{ConversationDoc, MessageDoc},
    transaction::{Outcome, Transaction},
};

#[async_trait]
impl Conversations for Mongo {
    async fn create_conversation(&self, owner_id: &str, conversation: &Conversation) -> Result<()> {
        let doc = ConversationDoc::new(owner_id, conversation);
        self.call(async { self.conversation_docs().insert_one(doc).await.map(|_| ()) }).await
    }

    async fn create_with_messages(
        &self,
        owner_id: &str,
        conversation: &Conversation,
        messages: &[Message],
        key: Option<&Key>,
    ) -> Result<Created> {
        self.call(self.transaction(&Copy { owner_id, conversation, messages, key })).await
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

    async fn replace_title(&self, conversation_id: &str, from: &str, title: &str) -> Result<Option<u64>> {
        let which = doc! { "_id": conversation_id, "title": from };
        let revision = self.revision(ChangeKind::Title);
        let set = doc! { "title": title, "title_lower": title.to_lowercase(), "revision": revision };
        let update = async {
            let conversations = self.conversation_docs();
            let update = conversations.find_one_and_update(which, numbered(set, 1));
            update.return_document(ReturnDocument::After).await
        };
        Ok(self.call(update).await?.map(|changed| changed.last_seq.unsigned_abs()))
    }

    async fn delete_conversation(&self, grant: &Grant, now: i64) -> Result<bool> {
        let hide = Hide { grant, now, tried: AtomicBool::default() };
        self.call(self.transaction(&hide)).await
    }

    async fn restore_conversation(&self, owner_id: &str, id: &str, rooms: Option<u32>) -> Result<Restored> {
        self.call(self.transaction(&BringBack { owner_id, id, rooms })).await
    }

    async fn bin(&self, owner_id: &str, after: Option<&BinPosition>, limit: u32) -> Result<Vec<Binned>> {
        self.call(self.in_bin(owner_id, after, limit)).await
    }

    async fn purge(&self, now: i64) -> Result<bool> {
        self.call(async {
            self.empty_bin(now).await?;
            if self.purge_some().await? {
                return Ok(true);
            }
            // Last, because it looks at every owner.
            self.remove_ownerless().await?;
            self.purge_some().await
        })
        .await
    }

    async fn mark_seen(&self, grant: &Grant) -> Result<bool> {
        if grant.level() != AccessLevel::Owner {
            return Ok(false);
        }
        if grant.conversation().unread {
            let which = doc! { "_id": grant.conversation_id(), "user_id": grant.user_id() };
            let seen = doc! { "$set": { "unread": false } };
            self.call(async { self.conversation_docs().update_one(which, seen).await }).await?;
        }
        Ok(true)
    }
}

struct Copy<'a> {
    owner_id: &'a str,
    conversation: &'a Conversation,
    messages: &'a [Message],
    key: Option<&'a Key>,
}

#[async_trait]
impl Transaction for Copy<'_> {
    type Answer = Created;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Created>> {
        let Copy { owner_id, conversation, messages, key } = self;
        let docs = mongo.conversation_docs();
        if docs.find_one(doc! { "_id": &conversation.id }).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(Created::New)); // An earlier try has committed.
        }
        let now = conversation.created_at;
        if let (Some(key), Some(first)) = (key, messages.first()) {
            if let Some((used, message)) = mongo.used(tx, (owner_id, ""), key, now).await? {
                let same = used.request.as_ref() == Some(&key.request);
                let repeated = Created::Repeated { conversation_id: message.conversation_id };
                return Ok(Outcome::Abort(if same { repeated } else { Created::KeyReused }));
            }
            mongo.use_key(tx, (owner_id, ""), key, &first.id, now).await?;
        }
        let mut doc = ConversationDoc::new(owner_id, conversation);
        (doc.last_seq, doc.changed_seq) = (1, 1);
        docs.insert_one(doc).session(&mut *tx).await?;
        let docs = messages.iter().map(|message| MessageDoc::new(owner_id, &conversation.id, message, 1));
        mongo.messages().insert_many(docs).session(tx).await?;
        Ok(Outcome::Commit(Created::New))
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
        let mut set = changes(self.patch)?;
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
    // Earlier versions stored no kind.
    let kind = doc! { "$in": [null, "private"] };
    let mut filter = doc! { "user_id": owner_id, "archived": query.archived, "kind": kind };
    if let Some(pinned) = query.pinned {
        filter.insert("pinned", pinned);
    }
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

fn changes(patch: &ConversationPatch) -> error::Result<Document> {
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
    if let Some(params) = &patch.params {
        changes.insert("params", to_bson(&params.clone().unwrap_or_default())?);
    }
    Ok(changes)
}
