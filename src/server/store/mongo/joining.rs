//! How somebody comes into a room, in MongoDB, and what each change of its members writes.

use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
    options::ReturnDocument,
};

use crate::{
    domain::{Code, ConversationKind, Member, MemberRole, MemberState, Notify, RoomPayer},
    server::store::{
        ChangeKind, Entry, Join, JoinOutcome,
        members::{FreeName, again},
    },
};

use super::{Mongo, access::id, documents::ConversationDoc};

/// What follows every text that begins with another one.
pub(super) const END: char = char::MAX;

/// What a change of a member means for what the room shows.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    /// What the person wrote is hidden or shown again.
    pub reread: bool,
    /// Questions left the queue.
    pub unqueued: bool,
}

impl Mongo {
    /// Lets somebody into a room, if their code leads there, or without one if it is listed, or the board. `tried`: an earlier try may have done so.
    pub(super) async fn enter(
        &self,
        tx: &mut ClientSession,
        join: &Join<'_>,
        code: Option<&Code>,
        tried: bool,
    ) -> error::Result<JoinOutcome> {
        let room_id = join.conversation_id;
        let conversation_id = room_id.to_owned();
        let room = self.room_doc(tx, room_id).await?.filter(|room| room.kind.is_room());
        let Some(room) = room else { return Ok(JoinOutcome::Refused) };
        let old = self.member_in(tx, room_id, join.user_id).await?;
        let was = |state| old.as_ref().is_some_and(|old| old.state == state);
        if was(MemberState::Active) {
            let revision = room.members_seq.unsigned_abs();
            return Ok(match old.filter(|_| tried) {
                Some(member) => JoinOutcome::Joined { conversation_id, member, revision },
                None => JoinOutcome::Already { conversation_id },
            });
        }
        let is_board = room.kind == ConversationKind::Board;
        let settings = room.room.unwrap_or_default();
        if settings.board.is_some_and(|board| !board.on) {
            return Ok(JoinOutcome::Refused);
        }
        let known = doc! { "_id": join.user_id, "state": "active" };
        let known = self.users().find_one(known).session(&mut *tx).await?.is_some();
        let open = code.is_some() || (join.entry == Entry::Listed && (is_board || settings.settings.listed));
        if !open || !known {
            return Ok(JoinOutcome::Refused);
        }
        if was(MemberState::Banned) {
            return Ok(JoinOutcome::Banned);
        }
        if settings.member_count >= join.most && !is_board {
            return Ok(JoinOutcome::Full);
        }
        let role = old.map_or(MemberRole::Member, |old| again(old.role));
        let revision = self.members_changed(tx, room_id, 1, None, Shown::default()).await?;
        let member = self.put_member(tx, join, role).await?;
        if let Some(code) = code {
            self.use_room_code(tx, code, join.user_id, join.now).await?;
        }
        Ok(JoinOutcome::Joined { conversation_id, member, revision })
    }

    /// Stores a new member under a name that is free.
    pub(super) async fn put_member(
        &self,
        tx: &mut ClientSession,
        join: &Join<'_>,
        role: MemberRole,
    ) -> error::Result<Member> {
        let (room_id, members) = (join.conversation_id, self.member_docs());
        let mut search = FreeName::of(join.name);
        let (name, key) = loop {
            let taken = doc! { "_id.c": room_id, "state": "active", "name_key": search.key() };
            if let Some(found) = search.tell(members.find_one(taken).session(&mut *tx).await?.is_some()) {
                break found;
            }
        };
        let newest = doc! { "conversation_id": room_id };
        let messages = self.messages().clone_with_type::<Document>();
        let newest = messages.find_one(newest).sort(doc! { "_id": -1 }).projection(doc! { "_id": 1 });
        let newest = newest.session(&mut *tx).await?;
        let set = doc! {
            "name": name, "name_key": key, "role": role.into_str(), "state": "active", "hidden": false,
            "joined_at": join.now,
            // Whoever comes has seen what was written before.
            "read_id": newest.as_ref().and_then(|newest| newest.get_str("_id").ok()),
        };
        let put = doc! { "$set": set, "$setOnInsert": { "notify": Notify::All.into_str() } };
        let put = members.find_one_and_update(id(room_id, join.user_id), put).upsert(true);
        let put = put.return_document(ReturnDocument::After).session(tx).await?;
        put.map(Member::from).ok_or_else(|| error::Error::custom("an upsert answers no document"))
    }

    pub(super) async fn room_doc(
        &self,
        tx: &mut ClientSession,
        id: &str,
    ) -> error::Result<Option<ConversationDoc>> {
        let found = self.conversation_docs().find_one(doc! { "_id": id }).session(tx).await?;
        Ok(found.filter(|found| found.kind != ConversationKind::Private && found.room.is_some()))
    }

    pub(super) async fn member_in(
        &self,
        tx: &mut ClientSession,
        room_id: &str,
        user_id: &str,
    ) -> error::Result<Option<Member>> {
        Ok(self.member_docs().find_one(id(room_id, user_id)).session(tx).await?.map(Member::from))
    }

    pub(super) async fn set_member_in(
        &self,
        tx: &mut ClientSession,
        room_id: &str,
        member: &Member,
    ) -> error::Result<()> {
        let set = doc! {
            "role": to_bson(&member.role)?, "state": to_bson(&member.state)?, "hidden": member.hidden,
        };
        let which = id(room_id, &member.user_id);
        self.member_docs().update_one(which, doc! { "$set": set }).session(tx).await.map(|_| ())
    }

    /// Removes the questions of somebody who takes no part any more, and, if what they wrote is hidden, those about it.
    /// Answers whether there were any.
    async fn unqueue(&self, tx: &mut ClientSession, room_id: &str, gone: &Member) -> error::Result<bool> {
        let of = doc! { "conversation_id": room_id };
        let mut whose = vec![doc! { "author_id": &gone.user_id }];
        if gone.hidden {
            let about = self.queued_docs().distinct("message_id", of.clone()).session(&mut *tx).await?;
            let wrote = doc! { "_id": { "$in": about }, "user_id": &gone.user_id };
            let wrote = self.messages().distinct("_id", wrote).session(&mut *tx).await?;
            whose.push(doc! { "message_id": { "$in": wrote } });
        }
        let which = doc! { "$and": [of, { "$or": whose }] };
        Ok(self.queued_docs().delete_many(which).session(tx).await?.deleted_count > 0)
    }

    /// Stores what became of a member, and gives the room the number of the change, and perhaps another owner.
    pub(super) async fn change_member_in(
        &self,
        tx: &mut ClientSession,
        room_id: &str,
        (before, after): (&Member, &Member),
        owner: Option<&str>,
    ) -> error::Result<u64> {
        self.set_member_in(tx, room_id, after).await?;
        let (took_part, takes_part) =
            (before.state == MemberState::Active, after.state == MemberState::Active);
        let unqueued = !takes_part && self.unqueue(tx, room_id, after).await?;
        let shown = Shown { reread: before.hidden != after.hidden, unqueued };
        self.members_changed(tx, room_id, i32::from(takes_part) - i32::from(took_part), owner, shown).await
    }

    /// Gives the room the number of a change of its members, of whom there are `more`, and perhaps another owner, who pays
    /// for nobody without having said so.
    pub(super) async fn members_changed(
        &self,
        tx: &mut ClientSession,
        room_id: &str,
        more: i32,
        owner: Option<&str>,
        shown: Shown,
    ) -> error::Result<u64> {
        let next = doc! { "$add": ["$last_seq", 1_i64] };
        let mut set = doc! {
            "last_seq": &next, "members_seq": &next,
            "room.member_count": { "$add": ["$room.member_count", i64::from(more)] },
            "revision": { "$literal": self.revision(ChangeKind::Members) },
        };
        if shown.reread {
            set.insert("hidden_seq", next.clone());
        }
        if shown.unqueued {
            set.insert("queue_seq", next);
        }
        if let Some(owner) = owner {
            set.insert("user_id", doc! { "$literal": owner });
            set.insert("room.payer", RoomPayer::Asker.into_str());
        }
        let mut changed = None;
        // The account of a member may also end while the room is in the bin.
        for docs in [self.conversation_docs(), self.bin_docs()] {
            let change =
                docs.find_one_and_update(doc! { "_id": room_id }, vec![doc! { "$set": set.clone() }]);
            changed = change.return_document(ReturnDocument::After).session(&mut *tx).await?;
            if changed.is_some() {
                break;
            }
        }
        Ok(changed.map_or(0, |room| room.last_seq.unsigned_abs()))
    }
}
