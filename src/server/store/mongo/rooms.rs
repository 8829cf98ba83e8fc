//! Rooms, in MongoDB: a room is a part of the document of its conversation.

use async_trait::async_trait;
use futures::{TryStreamExt, future::try_join_all};
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson, to_document},
    error,
    options::ReturnDocument,
};

use crate::{
    domain::{MemberRole, MemberState, Room, RoomEntry, RoomPatch, room::MOST_UNREAD},
    server::store::{
        ChangeKind, Changed, ConversationPosition, Entry, Grant, Join, ListedQuery, NewRoom, Result,
        RoomOutcome, Rooms,
        rooms::{named, need},
    },
};

use super::{
    Mongo,
    access::{MemberDoc, id},
    boards,
    documents::{ConversationDoc, MessageDoc},
    room_documents::RoomDoc,
    transaction::{Outcome, Transaction},
};

/// The scope of the keys of requests that made a room.
const KEYS: &str = "room";

fn room(doc: ConversationDoc) -> Option<Room> {
    let RoomDoc { settings, member_count, copied_at, copied_by, .. } = doc.room?;
    Some(Room {
        id: doc.id,
        kind: doc.kind,
        name: doc.title,
        settings,
        owner_id: doc.owner_id,
        member_count,
        copied_at,
        copied_by,
        created_at: doc.created_at,
        updated_at: doc.updated_at,
    })
}

/// Rooms behind a position in a list that begins with the newest.
pub(super) fn behind(mut which: Document, after: Option<&ConversationPosition>) -> Document {
    if let Some(after) = after {
        which.insert("updated_at", doc! { "$lte": after.updated_at });
        let older = [
            doc! { "updated_at": { "$lt": after.updated_at } },
            doc! { "updated_at": after.updated_at, "_id": { "$lt": &after.id } },
        ];
        which.insert("$or", older.to_vec());
    }
    which
}

struct Make<'a>(&'a NewRoom<'a>);

#[async_trait]
impl Transaction for Make<'_> {
    type Answer = RoomOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<RoomOutcome>> {
        let new = self.0;
        let (docs, room_id, now) =
            (mongo.conversation_docs(), &*new.conversation.id, new.conversation.created_at);
        if docs.find_one(doc! { "_id": room_id }).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(RoomOutcome::Made)); // An earlier try has committed.
        }
        if let Some(key) = new.key {
            if let Some((request, made)) = mongo.led_to(tx, (new.owner_id, KEYS), key, now).await?
                && docs.find_one(doc! { "_id": &made }).session(&mut *tx).await?.is_some()
            {
                let same = request.as_ref() == Some(&key.request);
                let repeated = RoomOutcome::Repeated { conversation_id: made };
                return Ok(Outcome::Abort(if same { repeated } else { RoomOutcome::KeyReused }));
            }
            mongo.use_key(tx, (new.owner_id, KEYS), key, room_id, now).await?;
        }
        if let Some(most) = new.most
            && mongo.owns_as_many(tx, (new.owner_id, room_id), most).await?
        {
            return Ok(Outcome::Abort(RoomOutcome::TooMany));
        }
        // Of two that are made at once, the index lets one begin anew, which finds the other.
        if new.board.is_some() && docs.find_one(boards::board()).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(RoomOutcome::Exists));
        }
        let mut doc = ConversationDoc::new(new.owner_id, new.conversation);
        let (copied_at, copied_by) = new.copied.map(|_| (now, new.owner_id.to_owned())).unzip();
        let (settings, board) = (new.settings.clone(), new.board.copied());
        doc.room = Some(RoomDoc { settings, member_count: 1, direct: None, board, copied_at, copied_by });
        if let Some(messages) = new.copied.filter(|messages| !messages.is_empty()) {
            let docs = messages.iter().map(|message| MessageDoc::new(new.owner_id, room_id, message, 1));
            mongo.messages().insert_many(docs).session(&mut *tx).await?;
        }
        if new.copied.is_some() {
            (doc.last_seq, doc.changed_seq) = (1, 1);
        }
        docs.insert_one(doc).session(&mut *tx).await?;
        let (name, entry) = (new.owner_name, Entry::Listed);
        let join = Join { conversation_id: room_id, user_id: new.owner_id, name, entry, most: 1, now };
        mongo.put_member(tx, &join, MemberRole::Moderator).await?;
        Ok(Outcome::Commit(RoomOutcome::Made))
    }
}

fn owned(user_id: &str) -> Document {
    doc! { "user_id": user_id, "kind": "room" }
}

struct Update<'a> {
    grant: &'a Grant,
    patch: &'a RoomPatch,
}

#[async_trait]
impl Transaction for Update<'_> {
    type Answer = Option<Changed>;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Option<Changed>>> {
        let (docs, patch) = (mongo.conversation_docs(), self.patch);
        let Some(which) = mongo.granted(tx, self.grant, need(patch)).await? else {
            return Ok(Outcome::Abort(None));
        };
        let Some(found) = docs.find_one(which.clone()).session(&mut *tx).await? else {
            return Ok(Outcome::Abort(None));
        };
        let old = found.room.clone().filter(|_| found.kind.is_room());
        let Some(old) = old else { return Ok(Outcome::Abort(None)) };
        if *patch == RoomPatch::default() {
            return Ok(Outcome::Abort(Some(found.changed())));
        }
        let next = doc! { "$add": ["$last_seq", 1_i64] };
        let mut set = doc! {
            "last_seq": &next, "members_seq": &next,
            "revision": { "$literal": mongo.revision(ChangeKind::Members) },
        };
        for (field, value) in to_document(&old.settings.patched(patch))? {
            set.insert(format!("room.{field}"), doc! { "$literal": value });
        }
        if let Some(name) = &patch.name {
            set.insert("title", doc! { "$literal": name });
            set.insert("title_lower", doc! { "$literal": name.to_lowercase() });
        }
        for (field, value) in [("model", &patch.model), ("system_prompt", &patch.system_prompt)] {
            if let Some(value) = value {
                set.insert(field, doc! { "$literal": to_bson(value)? });
            }
        }
        if patch.name.is_some() || patch.model.is_some() || patch.system_prompt.is_some() {
            set.insert("changed_seq", &next);
        }
        let change = docs.find_one_and_update(which, vec![doc! { "$set": set }]);
        let changed = change.return_document(ReturnDocument::After).session(tx).await?;
        Ok(Outcome::Commit(changed.map(ConversationDoc::changed)))
    }
}

#[async_trait]
impl Rooms for Mongo {
    async fn create_room(&self, new: &NewRoom<'_>) -> Result<RoomOutcome> {
        self.call(self.transaction(&Make(new))).await
    }

    async fn room(&self, grant: &Grant) -> Result<Option<Room>> {
        let which = doc! { "_id": grant.conversation_id() };
        let found = self.call(async { self.conversation_docs().find_one(which).await }).await?;
        Ok(found.and_then(room).map(|room| named(room, grant)))
    }

    async fn listed_room(&self, user_id: &str, room_id: &str) -> Result<Option<Room>> {
        let which = doc! { "_id": room_id, "room.listed": true, "room.board.on": { "$ne": false } };
        let found = self
            .call(async {
                let Some(found) = self.conversation_docs().find_one(which).await? else { return Ok(None) };
                let member = self.member_docs().find_one(id(room_id, user_id)).await?;
                Ok(member.is_none_or(|member| member.state != MemberState::Banned).then_some(found))
            })
            .await?;
        Ok(found.and_then(room))
    }

    async fn update_room(&self, grant: &Grant, patch: &RoomPatch) -> Result<Option<Changed>> {
        self.call(self.transaction(&Update { grant, patch })).await
    }

    async fn rooms_of(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
    ) -> Result<Vec<RoomEntry>> {
        if limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        self.call(self.entries(user_id, after, limit)).await
    }

    async fn listed_rooms(&self, user_id: &str, query: &ListedQuery) -> Result<Vec<Room>> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let found = self.call(async {
            let known = doc! { "_id.u": user_id, "state": { "$in": ["active", "banned"] } };
            let known: Vec<MemberDoc> = self.member_docs().find(known).await?.try_collect().await?;
            let known: Vec<String> = known.into_iter().map(|member| member.id.c).collect();
            let on = doc! { "$ne": false };
            let mut which = doc! { "room.listed": true, "room.board.on": on, "_id": { "$nin": known } };
            if let Some(text) = query.name_contains.as_deref().filter(|text| !text.is_empty()) {
                // The search uses no regular expression, because characters of the text would have a meaning in it.
                let place = doc! { "$indexOfBytes": ["$title_lower", { "$literal": text.to_lowercase() }] };
                which.insert("$expr", doc! { "$gte": [place, 0] });
            }
            let docs = self.conversation_docs();
            let found = docs.find(behind(which, query.after.as_ref()));
            let found = found.sort(doc! { "updated_at": -1, "_id": -1 }).limit(query.limit.into());
            found.await?.try_collect::<Vec<_>>().await
        });
        Ok(found.await?.into_iter().filter_map(room).collect())
    }

    async fn rooms_owned(&self, user_id: &str) -> Result<u32> {
        let owned = async { self.conversation_docs().count_documents(owned(user_id)).await };
        Ok(u32::try_from(self.call(owned).await?).unwrap_or(u32::MAX))
    }
}

impl Mongo {
    /// Whether the person owns as many rooms as they may, before this one is another.
    pub(super) async fn owns_as_many(
        &self,
        tx: &mut ClientSession,
        (owner_id, room_id): (&str, &str),
        most: u32,
    ) -> error::Result<bool> {
        // Two that give the same person a room collide here.
        let gets = doc! { "$set": { "makes_room": room_id } };
        let owner = self.users().clone_with_type::<Document>();
        owner.update_one(doc! { "_id": owner_id }, gets).session(&mut *tx).await?;
        let owned = self.conversation_docs().count_documents(owned(owner_id)).session(tx).await?;
        Ok(owned >= u64::from(most))
    }

    async fn entries(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
    ) -> error::Result<Vec<RoomEntry>> {
        let own = doc! { "_id.u": user_id, "state": "active" };
        let own: Vec<MemberDoc> = self.member_docs().find(own).await?.try_collect().await?;
        let ids: Vec<&str> = own.iter().map(|member| &*member.id.c).collect();
        let docs = self.conversation_docs();
        let which =
            doc! { "_id": { "$in": ids }, "kind": { "$ne": "direct" }, "room.board.on": { "$ne": false } };
        let found = docs.find(behind(which, after));
        let found = found.sort(doc! { "updated_at": -1, "_id": -1 }).limit(limit.into()).await?;
        let found: Vec<ConversationDoc> = found.try_collect().await?;
        let blocked = self.blocked_ids(user_id).await?;
        let entries = found.into_iter().filter_map(|found| {
            let member = own.iter().find(|member| member.id.c == found.id)?;
            Some(self.entry(user_id, found, member, &blocked))
        });
        Ok(try_join_all(entries).await?.into_iter().flatten().collect())
    }

    /// `blocked`: whose mentions do not count.
    pub(super) async fn entry(
        &self,
        user_id: &str,
        found: ConversationDoc,
        member: &MemberDoc,
        blocked: &[String],
    ) -> error::Result<Option<RoomEntry>> {
        let later = doc! { "$gt": member.read_id.as_deref().unwrap_or_default() };
        let others = [doc! { "role": "assistant" }, doc! { "user_id": { "$ne": user_id } }];
        let unread = doc! { "conversation_id": &found.id, "_id": &later, "$or": others.to_vec() };
        let mentions = doc! {
            "conversation_id": &found.id, "_id": &later, "talk.mentions": user_id, "user_id": { "$nin": blocked },
        };
        let count = async |which: Document| {
            let count = self.messages().count_documents(which).limit(u64::from(MOST_UNREAD)).await?;
            error::Result::Ok(u32::try_from(count).unwrap_or(MOST_UNREAD))
        };
        let (unread, mentions) = futures::try_join!(count(unread), count(mentions))?;
        let running = found.running;
        let board = found.room.as_ref().and_then(|room| room.board);
        let role = match board {
            Some(_) if self.is_admin(None, user_id).await? => MemberRole::Moderator,
            board => boards::role(board, member.role),
        };
        let notify = member.notify;
        Ok(room(found).map(|room| RoomEntry { room, role, notify, unread, mentions, running }))
    }
}
