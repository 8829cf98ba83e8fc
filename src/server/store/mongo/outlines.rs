//! Outlines of messages, which are read before their texts, in MongoDB.

use mongodb::bson::{Document, doc};
use serde::Deserialize;

use crate::{
    domain::Usage,
    server::store::{Opening, Outline, Spent},
};

use super::documents::is_continued;

/// The fields of a message that are read before its texts.
#[derive(Debug, Deserialize)]
pub(super) struct OutlineDoc {
    #[serde(rename = "_id")]
    id: String,
    parent_id: Option<String>,
    #[serde(default)]
    revision: i64,
    content_bytes: i64,
    reasoning_bytes: i64,
    created_at: i64,
}

impl From<OutlineDoc> for Outline {
    fn from(doc: OutlineDoc) -> Self {
        Self {
            id: doc.id,
            parent_id: doc.parent_id,
            revision: doc.revision.unsigned_abs(),
            content_bytes: doc.content_bytes.unsigned_abs(),
            reasoning_bytes: doc.reasoning_bytes.unsigned_abs(),
            created_at: doc.created_at,
        }
    }
}

/// The step of a pipeline that reduces a message to an [`OutlineDoc`].
pub(super) fn outline() -> Document {
    doc! { "$project": {
        "parent_id": 1,
        "revision": 1,
        "created_at": 1,
        "content_bytes": { "$strLenBytes": "$content" },
        "reasoning_bytes": { "$strLenBytes": "$reasoning" },
    } }
}

/// The fields of a message that say what it took.
#[derive(Debug, Deserialize)]
pub(super) struct SpentDoc {
    #[serde(rename = "_id")]
    id: String,
    run: Option<String>,
    usage: Option<Usage>,
    #[serde(default)]
    left_out: u32,
}

impl From<SpentDoc> for Spent {
    fn from(doc: SpentDoc) -> Self {
        let usage = doc.usage.filter(|_| !is_continued(&doc.id, doc.run.as_deref()));
        Self { usage, left_out: doc.left_out }
    }
}

/// How a question begins.
#[derive(Debug, Deserialize)]
pub(super) struct OpeningDoc {
    #[serde(rename = "_id")]
    id: String,
    text: String,
    created_at: i64,
}

impl From<OpeningDoc> for Opening {
    fn from(doc: OpeningDoc) -> Self {
        Self { id: doc.id, text: doc.text, created_at: doc.created_at }
    }
}

/// The step of a pipeline that reduces a message to an [`OpeningDoc`].
pub(super) fn opening(chars: u32) -> Document {
    doc! { "$project": { "text": { "$substrCP": ["$content", 0, i64::from(chars)] }, "created_at": 1 } }
}
