//! The changes of a conversation since an event number, in MongoDB; and the numbers for what earlier versions stored
//! without one.

use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error::Result,
    options::ReturnDocument,
};
use serde::{Deserialize, Serialize};

use crate::server::store::{Changed, Changes, Grant, Outline};

use super::{
    Mongo,
    documents::ConversationDoc,
    outlines::{OutlineDoc, outline},
};

/// A deleted message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RemovedDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub conversation_id: String,
    pub revision: i64,
}

#[derive(Debug, Deserialize)]
struct BeganDoc {
    began_seq: Option<i64>,
}

impl Mongo {
    pub(super) async fn changes(&self, grant: &Grant, seq: u64, limit: u32) -> Result<Changes> {
        let id = grant.conversation_id();
        let running = doc! { "conversation_id": id, "status": "generating" };
        let (messages, began) = (self.messages(), doc! { "began_seq": 1 });
        let running = messages.clone_with_type::<BeganDoc>().find_one(running).projection(began).await?;
        // A change made after this query may be reported now, and once more to a listener that asks after the number
        // read here.
        let Some(now) = self.conversation_docs().find_one(doc! { "_id": id }).await? else {
            return Ok(Changes::nothing(seq));
        };
        let last_seq = now.last_seq.unsigned_abs();
        let began = running.map(|running| running.began_seq.map_or(last_seq, i64::unsigned_abs));
        let (from, seq) = Changes::between(seq, last_seq, began);
        let later = doc! { "$gt": from.cast_signed() };
        let steps = [
            // A server of the previous version, which may run beside this one, stores no revisions.
            doc! { "$match": { "conversation_id": id, "$or": [{ "revision": &later }, { "revision": null }] } },
            doc! { "$sort": { "revision": 1, "_id": 1 } },
            doc! { "$limit": i64::from(limit) + 1 },
            outline(),
        ];
        let messages = messages.aggregate(steps).with_type::<OutlineDoc>().await?;
        let messages: Vec<OutlineDoc> = messages.try_collect().await?;
        let of = doc! { "conversation_id": id, "revision": &later };
        let of_removed = self.removed();
        let removed = of_removed.find(of).sort(doc! { "revision": 1 }).limit(i64::from(limit) + 1);
        let removed: Vec<RemovedDoc> = removed.await?.try_collect().await?;
        Ok(Changes {
            messages: messages.into_iter().map(Outline::from).collect(),
            removed: removed.into_iter().map(|removed| removed.id).collect(),
            members: now.members_seq.unsigned_abs() > from,
            reread: now.hidden_seq.unsigned_abs() > from,
            queue: now.queue_seq.unsigned_abs() > from,
            conversation: (now.changed_seq.unsigned_abs() > from).then(|| now.into()),
            seq,
            more: false,
        }
        .limited(limit))
    }

    /// Gives numbers to documents of earlier versions. A second run changes nothing.
    pub(super) async fn number_old(&self) -> Result<()> {
        let nothing = || doc! { "$exists": false };
        let all_of_it = vec![doc! { "$set": { "changed_seq": "$last_seq" } }];
        self.conversation_docs().update_many(doc! { "changed_seq": nothing() }, all_of_it).await?;
        let steps = [
            doc! { "$match": { "revision": nothing() } },
            doc! { "$lookup": {
                "from": "conversations", "localField": "conversation_id", "foreignField": "_id", "as": "of"
            } },
            doc! { "$project": { "revision": { "$ifNull": [{ "$first": "$of.last_seq" }, 0_i64] } } },
            doc! { "$merge": { "into": "messages", "whenNotMatched": "discard", "whenMatched": [
                { "$set": { "revision": { "$ifNull": ["$revision", "$$new.revision"] } } }
            ] } },
        ];
        self.messages().clone_with_type::<Document>().aggregate(steps).await?;
        let running = doc! { "status": "generating", "began_seq": nothing() };
        let began = vec![doc! { "$set": { "began_seq": "$revision" } }];
        self.messages().update_many(running, began).await.map(|_| ())
    }
}

/// An update that sets these fields of a conversation, raises its number by `by` and stores that as the number of the
/// change.
pub(super) fn numbered(set: Document, by: i64) -> Vec<Document> {
    let mut literal: Document =
        set.into_iter().map(|(field, value)| (field, doc! { "$literal": value }.into())).collect();
    literal.insert("last_seq", doc! { "$add": ["$last_seq", by] });
    vec![doc! { "$set": literal }, doc! { "$set": { "changed_seq": "$last_seq" } }]
}

/// The conversation after a change that has this number.
pub(super) fn changed_as(conversation: ConversationDoc, revision: i64) -> Changed {
    Changed { conversation: conversation.into(), revision: revision.unsigned_abs() }
}

/// Updates the conversation; answers its document after the change.
pub(super) async fn update(
    mongo: &Mongo,
    tx: &mut ClientSession,
    which: Document,
    change: Vec<Document>,
) -> Result<Option<ConversationDoc>> {
    let conversations = mongo.conversation_docs();
    let update = conversations.find_one_and_update(which, change);
    update.return_document(ReturnDocument::After).session(tx).await
}
