//! The board, in MongoDB.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
    options::ReturnDocument,
};
use serde::Deserialize;

use crate::{
    domain::{Board, BoardNote, BoardPatch, BoardSettings, BoardWriters, MemberRole, MemberState, Role},
    server::store::{AccessLevel, Boards, ChangeKind, NoteQuery, Result},
};

use super::{
    Mongo,
    access::{MemberDoc, id},
    documents::ConversationDoc,
    transaction::{Outcome, Transaction},
};

/// The filter for the conversation of the board.
pub(super) fn board() -> Document {
    doc! { "kind": "board" }
}

/// A member's role as it counts: on a board where only moderators write, members read.
pub(super) fn role(board: Option<BoardSettings>, role: MemberRole) -> MemberRole {
    match board.map(|board| board.writers) {
        Some(BoardWriters::Moderators) if role == MemberRole::Member => MemberRole::Reader,
        _ => role,
    }
}

/// A note as it is read: of a long text only the beginning.
#[derive(Deserialize)]
struct NoteDoc {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "user_id")]
    author_id: String,
    role: Role,
    #[serde(default)]
    model: Option<String>,
    content: String,
    cut: bool,
    created_at: i64,
    #[serde(default)]
    talk: TalkDoc,
}

#[derive(Default, Deserialize)]
struct TalkDoc {
    #[serde(default)]
    edited_at: Option<i64>,
}

struct Change<'a>(&'a BoardPatch);

#[async_trait]
impl Transaction for Change<'_> {
    type Answer = Option<u64>;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Option<u64>>> {
        let docs = mongo.conversation_docs();
        let Some(found) = docs.find_one(board()).session(&mut *tx).await? else {
            return Ok(Outcome::Abort(None));
        };
        let settings = found.room.and_then(|room| room.board).unwrap_or_default().patched(self.0);
        let next = doc! { "$add": ["$last_seq", 1_i64] };
        let mut set = doc! {
            "last_seq": &next, "members_seq": &next, "room.board": { "$literal": to_bson(&settings)? },
            "revision": { "$literal": mongo.revision(ChangeKind::Members) },
        };
        if let Some(name) = &self.0.name {
            set.insert("title", doc! { "$literal": name });
            set.insert("title_lower", doc! { "$literal": name.to_lowercase() });
            set.insert("changed_seq", &next);
        }
        let change = docs.find_one_and_update(doc! { "_id": found.id }, vec![doc! { "$set": set }]);
        let changed = change.return_document(ReturnDocument::After).session(tx).await?;
        Ok(Outcome::Commit(changed.map(|changed| changed.last_seq.unsigned_abs())))
    }
}

#[async_trait]
impl Boards for Mongo {
    async fn board(&self) -> Result<Option<Board>> {
        let found = self.call(async { self.conversation_docs().find_one(board()).await }).await?;
        Ok(found.map(|found| Board {
            id: found.id,
            name: found.title,
            settings: found.room.and_then(|room| room.board).unwrap_or_default(),
            created_at: found.created_at,
        }))
    }

    async fn set_board(&self, patch: &BoardPatch) -> Result<Option<u64>> {
        self.call(self.transaction(&Change(patch))).await
    }

    async fn board_notes(&self, query: &NoteQuery) -> Result<Vec<BoardNote>> {
        if query.limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        self.call(self.notes_of_board(query)).await
    }

    async fn is_banned_from_board(&self, user_id: &str) -> Result<bool> {
        self.call(async {
            let Some(board) = self.conversation_docs().find_one(board()).await? else { return Ok(false) };
            let member = self.member_docs().find_one(id(&board.id, user_id)).await?;
            Ok(member.is_some_and(|member| member.state == MemberState::Banned))
        })
        .await
    }
}

impl Mongo {
    async fn notes_of_board(&self, query: &NoteQuery) -> error::Result<Vec<BoardNote>> {
        let on = doc! { "kind": "board", "room.board.on": { "$ne": false } };
        let Some(board) = self.conversation_docs().find_one(on).await? else { return Ok(Vec::new()) };
        let hidden = doc! { "_id.c": &board.id, "hidden": true };
        let hidden: Vec<MemberDoc> = self.member_docs().find(hidden).await?.try_collect().await?;
        let hidden: Vec<String> = hidden.into_iter().map(|member| member.id.u).collect();
        let mut which = doc! {
            "conversation_id": &board.id, "content": { "$ne": "" }, "status": { "$ne": "generating" },
            "talk.deleted_at": null, "user_id": { "$nin": hidden },
        };
        if let Some(before) = query.before.as_deref().filter(|before| !before.is_empty()) {
            which.insert("_id", doc! { "$lt": before });
        }
        let shown = doc! {
            "user_id": 1, "role": 1, "model": 1, "created_at": 1, "talk.edited_at": 1,
            "content": { "$substrCP": ["$content", 0, query.chars] },
            "cut": { "$gt": [{ "$strLenCP": "$content" }, query.chars] },
        };
        let found = self.messages().clone_with_type::<NoteDoc>();
        let found = found.find(which).projection(shown).sort(doc! { "_id": -1 }).limit(query.limit.into());
        let found: Vec<NoteDoc> = found.await?.try_collect().await?;
        let authors = found.iter().map(|note| note.author_id.clone());
        let names = self.names_on_board(&board.id, authors.collect()).await?;
        let notes = found.into_iter().map(|note| BoardNote {
            author: names.get(&note.author_id).cloned(),
            id: note.id,
            author_id: note.author_id,
            role: note.role,
            model: note.model,
            text: note.content,
            cut: note.cut,
            created_at: note.created_at,
            edited_at: note.talk.edited_at,
        });
        Ok(notes.collect())
    }

    async fn names_on_board(
        &self,
        board_id: &str,
        mut user_ids: Vec<String>,
    ) -> error::Result<HashMap<String, String>> {
        user_ids.sort_unstable();
        user_ids.dedup();
        let ids: Vec<Document> =
            user_ids.into_iter().map(|user_id| doc! { "c": board_id, "u": user_id }).collect();
        let docs = self.member_docs();
        let members: Vec<MemberDoc> = docs.find(doc! { "_id": { "$in": ids } }).await?.try_collect().await?;
        Ok(members.into_iter().map(|member| (member.id.u, member.name)).collect())
    }

    /// The level of a person on the board, which no owner has: see [`Boards`].
    pub(super) async fn level_on_board(
        &self,
        mut tx: Option<&mut ClientSession>,
        board: &ConversationDoc,
        user_id: &str,
    ) -> error::Result<Option<AccessLevel>> {
        let settings = board.room.as_ref().and_then(|room| room.board).unwrap_or_default();
        if !settings.on {
            return Ok(None);
        }
        let docs = self.member_docs();
        let member = docs.find_one(id(&board.id, user_id));
        let member = match tx.as_deref_mut() {
            Some(tx) => member.session(tx).await?,
            None => member.await?,
        };
        let Some(member) = member.filter(|member| member.state == MemberState::Active) else {
            return Ok(None);
        };
        if self.is_admin(tx, user_id).await? {
            return Ok(Some(AccessLevel::Owner));
        }
        Ok(Some(role(Some(settings), member.role).into()))
    }

    pub(super) async fn is_admin(
        &self,
        tx: Option<&mut ClientSession>,
        user_id: &str,
    ) -> error::Result<bool> {
        let users = self.users();
        let admin = users.find_one(doc! { "_id": user_id, "role": "admin" });
        let admin = match tx {
            Some(tx) => admin.session(tx).await?,
            None => admin.await?,
        };
        Ok(admin.is_some())
    }

    /// Another administrator, who owns the board when the account of its owner ends.
    pub(super) async fn heir_of_board(
        &self,
        tx: &mut ClientSession,
        user_id: &str,
    ) -> error::Result<Option<String>> {
        let admins = doc! { "role": "admin", "state": "active", "_id": { "$ne": user_id } };
        let users = self.users();
        let first = users.find_one(admins).sort(doc! { "created_at": 1, "_id": 1 });
        Ok(first.session(tx).await?.map(|admin| admin.id))
    }
}
