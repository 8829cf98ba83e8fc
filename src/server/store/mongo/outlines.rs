//! Outlines of messages, which are read before their texts, in MongoDB.

use mongodb::bson::{Document, doc};
use serde::Deserialize;

use crate::server::store::Outline;

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
}

impl From<OutlineDoc> for Outline {
    fn from(doc: OutlineDoc) -> Self {
        Self {
            id: doc.id,
            parent_id: doc.parent_id,
            revision: doc.revision.unsigned_abs(),
            content_bytes: doc.content_bytes.unsigned_abs(),
            reasoning_bytes: doc.reasoning_bytes.unsigned_abs(),
        }
    }
}

/// The step of a pipeline that reduces a message to an [`OutlineDoc`].
pub(super) fn outline() -> Document {
    doc! { "$project": {
        "parent_id": 1,
        "revision": 1,
        "content_bytes": { "$strLenBytes": "$content" },
        "reasoning_bytes": { "$strLenBytes": "$reasoning" },
    } }
}
