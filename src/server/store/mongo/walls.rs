//! The notes on people's profiles, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{ClientSession, bson::doc, error};
use serde::{Deserialize, Serialize};

use crate::{
    domain::Note,
    server::store::{NoteOutcome, NotesOf, Result, Walls},
};

use super::{
    Mongo,
    transaction::{Outcome, Transaction},
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NoteDoc {
    #[serde(rename = "_id")]
    id: String,
    wall_id: String,
    author_id: String,
    text: String,
    created_at: i64,
}

impl From<NoteDoc> for Note {
    fn from(doc: NoteDoc) -> Self {
        let NoteDoc { id, wall_id, author_id, text, created_at } = doc;
        Self { id, wall_id, author_id, text, created_at }
    }
}

impl From<&Note> for NoteDoc {
    fn from(note: &Note) -> Self {
        let Note { id, wall_id, author_id, text, created_at } = note.clone();
        Self { id, wall_id, author_id, text, created_at }
    }
}

struct Leave<'a> {
    note: &'a Note,
    most: u32,
}

#[async_trait]
impl Transaction for Leave<'_> {
    type Answer = NoteOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<NoteOutcome>> {
        let (notes, note) = (mongo.note_docs(), self.note);
        if notes.find_one(doc! { "_id": &note.id }).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(NoteOutcome::Left)); // An earlier try has committed.
        }
        let active = mongo.touch(tx, [&note.author_id, &note.wall_id]).await?;
        let owner = mongo.users().find_one(doc! { "_id": &note.wall_id }).session(&mut *tx).await?;
        let has_wall = owner.is_some_and(|owner| owner.preferences.wall);
        let others = std::slice::from_ref(&note.author_id);
        if !active || !has_wall || !mongo.blocked_with(&note.wall_id, others).await?.is_empty() {
            return Ok(Outcome::Abort(NoteOutcome::Refused));
        }
        let count = notes.count_documents(doc! { "wall_id": &note.wall_id }).session(&mut *tx).await?;
        if count >= u64::from(self.most) {
            return Ok(Outcome::Abort(NoteOutcome::Full));
        }
        notes.insert_one(NoteDoc::from(note)).session(tx).await?;
        Ok(Outcome::Commit(NoteOutcome::Left))
    }
}

#[async_trait]
impl Walls for Mongo {
    async fn leave_note(&self, note: &Note, most: u32) -> Result<NoteOutcome> {
        self.call(self.transaction(&Leave { note, most })).await
    }

    async fn note(&self, id: &str) -> Result<Option<Note>> {
        let found = self.call(async { self.note_docs().find_one(doc! { "_id": id }).await }).await?;
        Ok(found.map(Note::from))
    }

    async fn notes(&self, of: NotesOf<'_>, before: Option<&str>, limit: u32) -> Result<Vec<Note>> {
        if limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        let mut which = match of {
            NotesOf::Wall(id) => doc! { "wall_id": id },
            NotesOf::Author(id) => doc! { "author_id": id },
        };
        if let Some(before) = before {
            which.insert("_id", doc! { "$lt": before });
        }
        let found: Vec<NoteDoc> = self
            .call(async {
                let notes = self.note_docs();
                notes.find(which).sort(doc! { "_id": -1 }).limit(limit.into()).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Note::from).collect())
    }

    async fn remove_note(&self, id: &str) -> Result<bool> {
        let gone = async { self.note_docs().delete_one(doc! { "_id": id }).await };
        Ok(self.call(gone).await?.deleted_count == 1)
    }
}

impl Mongo {
    /// What removes the notes that somebody wrote and got, and the blocks of somebody and those of others that concern them.
    pub(super) async fn forget_person(&self, tx: &mut ClientSession, id: &str) -> error::Result<()> {
        let notes = doc! { "$or": [{ "author_id": id }, { "wall_id": id }] };
        self.note_docs().delete_many(notes).session(&mut *tx).await?;
        let blocks = doc! { "$or": [{ "_id.u": id }, { "_id.b": id }] };
        self.block_docs().delete_many(blocks).session(tx).await.map(|_| ())
    }
}
