//! Idempotency keys, in MongoDB: one document for each key that was used within the last day.

use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error::Result,
};
use serde::{Deserialize, Serialize};

use crate::server::store::{KEY_LIFE, Key, keys::Used};

use super::{Mongo, documents::MessageDoc};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyDoc {
    #[serde(rename = "_id")]
    id: KeyId,
    /// [`Used::request`].
    request: Option<String>,
    answer_id: String,
    created_at: i64,
}

/// User, conversation (empty for a key that began one), and the key itself.
#[derive(Debug, Serialize, Deserialize)]
struct KeyId {
    u: String,
    c: String,
    k: String,
}

fn id(user_id: &str, scope: &str, key: &Key) -> Document {
    doc! { "u": user_id, "c": scope, "k": &key.name }
}

impl Mongo {
    /// What the key was used for in this scope, and the answer that the request led to. Deleting the answer frees its
    /// key.
    pub(super) async fn used(
        &self,
        tx: &mut ClientSession,
        (user_id, scope): (&str, &str),
        key: &Key,
        now: i64,
    ) -> Result<Option<(Used, MessageDoc)>> {
        let Some(found) = self.valid_key(tx, (user_id, scope), key, now).await? else { return Ok(None) };
        let message = async |tx: &mut ClientSession, id: &str| {
            self.messages().find_one(doc! { "_id": id }).session(tx).await
        };
        let Some(answer) = message(tx, &found.answer_id).await? else { return Ok(None) };
        let bin = self.bin_docs();
        if bin.find_one(doc! { "_id": &answer.conversation_id }).session(&mut *tx).await?.is_some() {
            return Ok(None);
        }
        // The text of the question distinguishes only keys of versions that stored no requests.
        let asked = match (&found.request, &answer.question_id) {
            (None, Some(question)) => message(tx, question).await?.map(|question| question.content),
            _ => None,
        };
        Ok(Some((Used { request: found.request, asked, parent_id: answer.parent_id.clone() }, answer)))
    }

    /// What the key was used for in this scope, whatever became of it: [`Key::request`].
    pub(super) async fn used_for(
        &self,
        tx: &mut ClientSession,
        scope: (&str, &str),
        key: &Key,
        now: i64,
    ) -> Result<Option<Option<String>>> {
        Ok(self.valid_key(tx, scope, key, now).await?.map(|found| found.request))
    }

    /// The same, and what the request made.
    pub(super) async fn led_to(
        &self,
        tx: &mut ClientSession,
        scope: (&str, &str),
        key: &Key,
        now: i64,
    ) -> Result<Option<(Option<String>, String)>> {
        Ok(self.valid_key(tx, scope, key, now).await?.map(|found| (found.request, found.answer_id)))
    }

    async fn valid_key(
        &self,
        tx: &mut ClientSession,
        (user_id, scope): (&str, &str),
        key: &Key,
        now: i64,
    ) -> Result<Option<KeyDoc>> {
        let which = doc! { "_id": id(user_id, scope, key), "created_at": { "$gt": now - KEY_LIFE } };
        self.keys().find_one(which).session(tx).await
    }

    /// Remembers what a key was used for. If two transactions use the same key at once, one collides here and begins
    /// again.
    pub(super) async fn use_key(
        &self,
        tx: &mut ClientSession,
        (user_id, scope): (&str, &str),
        key: &Key,
        answer_id: &str,
        now: i64,
    ) -> Result<()> {
        let used = KeyDoc {
            id: KeyId { u: user_id.to_owned(), c: scope.to_owned(), k: key.name.clone() },
            request: Some(key.request.clone()),
            answer_id: answer_id.to_owned(),
            created_at: now,
        };
        let which = doc! { "_id": id(user_id, scope, key) };
        self.keys().replace_one(which, used).upsert(true).session(tx).await.map(|_| ())
    }

    pub(super) async fn drop_keys(&self, now: i64) -> Result<u64> {
        let old = doc! { "created_at": { "$lte": now - KEY_LIFE } };
        Ok(self.keys().delete_many(old).await?.deleted_count)
    }

    /// Moves the keys of versions that stored them on the answers, where a key counted in all conversations.
    pub(super) async fn move_old_keys(&self) -> Result<()> {
        let day_ago = doc! { "$subtract": [{ "$toLong": "$$NOW" }, KEY_LIFE] };
        let turns = |scope: &str| {
            let recent = doc! { "$gt": ["$created_at", &day_ago] };
            let id = doc! { "u": "$user_id", "c": scope, "k": "$key" };
            vec![
                doc! { "$match": { "key": { "$exists": true }, "$expr": recent } },
                doc! { "$project": { "_id": id, "request": nothing(), "answer_id": "$_id", "created_at": 1 } },
            ]
        };
        let id = doc! { "u": "$user_id", "c": "$conversation_id", "k": "$continue_keys" };
        let continued = vec![
            doc! { "$match": { "continue_keys": { "$exists": true } } },
            doc! { "$unwind": "$continue_keys" },
            doc! { "$project": {
                "_id": id, "request": { "$literal": "" }, "answer_id": "$_id", "created_at": { "$toLong": "$$NOW" }
            } },
        ];
        for mut pipeline in [turns("$conversation_id"), turns(""), continued] {
            pipeline.push(doc! { "$merge": { "into": "keys", "whenMatched": "keepExisting" } });
            self.messages().aggregate(pipeline).await?;
        }
        Ok(())
    }
}

/// A bare `null` would leave the field out of a projection.
fn nothing() -> Document {
    doc! { "$literal": null }
}
