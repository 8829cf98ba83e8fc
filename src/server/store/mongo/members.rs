//! The people of a room, in MongoDB. Each change is a transaction that writes the conversation, so that two changes of one
//! room collide: nobody comes or goes between what it reads and what it writes.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
};

use crate::{
    domain::{ConversationKind, Member, MemberRole, MemberState, Notify, OwnPart},
    server::store::{
        AccessLevel, Entry, Grant, Join, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, MemberQuery,
        Members, Result,
        members::{Step, again},
    },
};

use super::{
    Mongo,
    access::{MemberDoc, MemberId, id},
    documents::ConversationDoc,
    joining::END,
    transaction::{Outcome, Transaction},
};

struct Enter<'a> {
    join: &'a Join<'a>,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Enter<'_> {
    type Answer = JoinOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<JoinOutcome>> {
        let join = self.join;
        let code = match join.entry {
            Entry::Listed => None,
            Entry::Code(hash) => mongo
                .live_code(tx, hash, join.now)
                .await?
                .filter(|code| code.room_id.as_deref() == Some(join.conversation_id)),
        };
        let tried = self.tried.load(Ordering::Relaxed);
        let outcome = mongo.enter(tx, join, code.as_ref(), tried).await?;
        if !matches!(outcome, JoinOutcome::Joined { .. }) || tried {
            return Ok(match outcome {
                joined @ JoinOutcome::Joined { .. } => Outcome::Commit(joined),
                other => Outcome::Abort(other),
            });
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(outcome))
    }
}

struct Leave<'a> {
    grant: &'a Grant,
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Leave<'_> {
    type Answer = LeaveOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<LeaveOutcome>> {
        let (room_id, user_id) = (self.grant.conversation_id(), self.grant.user_id());
        let room = mongo.room_doc(tx, room_id).await?.filter(|room| room.kind.is_room());
        let Some(room) = room else {
            return Ok(Outcome::Abort(LeaveOutcome::Missing));
        };
        let member = mongo.member_in(tx, room_id, user_id).await?;
        let Some(member) = member.filter(|member| member.state == MemberState::Active) else {
            let left = LeaveOutcome::Left { revision: room.members_seq.unsigned_abs() };
            let tried = self.tried.load(Ordering::Relaxed);
            return Ok(Outcome::Abort(if tried { left } else { LeaveOutcome::Missing }));
        };
        if mongo.owns(tx, &room, user_id).await? {
            return Ok(Outcome::Abort(LeaveOutcome::Owner));
        }
        let revision = mongo.go(tx, room_id, member, None).await?;
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(LeaveOutcome::Left { revision }))
    }
}

struct ChangeMember<'a> {
    grant: &'a Grant,
    user_id: &'a str,
    change: MemberChange,
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for ChangeMember<'_> {
    type Answer = MemberOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<MemberOutcome>> {
        let (room_id, by) = (self.grant.conversation_id(), self.grant.user_id());
        let denied = Ok(Outcome::Abort(MemberOutcome::Denied));
        let room = mongo.room_doc(tx, room_id).await?.filter(|room| room.kind.is_room());
        let Some(room) = room else { return denied };
        let is_board = room.kind == ConversationKind::Board;
        let level = if is_board {
            mongo.level_on_board(Some(tx), &room, by).await?
        } else if room.owner_id == by {
            Some(AccessLevel::Owner)
        } else {
            let acting = mongo.member_in(tx, room_id, by).await?;
            acting.filter(|acting| acting.state == MemberState::Active).map(|acting| acting.role.into())
        };
        let member = mongo.member_in(tx, room_id, self.user_id).await?;
        let owns = mongo.owns(tx, &room, self.user_id).await?;
        let known = room.members_seq.unsigned_abs();
        let tried = self.tried.load(Ordering::Relaxed);
        // Who acted has no power over the room any more, if the earlier try handed it over.
        if let Some(member) =
            member.as_ref().filter(|_| tried && owns && matches!(self.change, MemberChange::HandOver { .. }))
        {
            let changed = MemberOutcome::Changed { member: member.clone(), revision: known, reread: false };
            return Ok(Outcome::Abort(changed));
        }
        let Some(level) = level else { return denied };
        let Some(member) = member else {
            return Ok(Outcome::Abort(MemberOutcome::Missing));
        };
        let (then, owner) = match self.change.of(&member, owns, level) {
            Step::Becomes(then) => (then, None),
            Step::Owns(then) => {
                let active = doc! { "_id": self.user_id, "state": "active" };
                if mongo.users().find_one(active).session(&mut *tx).await?.is_none() {
                    return Ok(Outcome::Abort(MemberOutcome::Missing));
                }
                (then, Some(self.user_id))
            }
            Step::Same if tried => {
                let reread = room.hidden_seq == room.members_seq;
                return Ok(Outcome::Abort(MemberOutcome::Changed { member, revision: known, reread }));
            }
            // Somebody whom the earlier try let in again is banned no more.
            Step::Missing if tried && self.change == MemberChange::Unban => {
                let reread = room.hidden_seq == room.members_seq;
                return Ok(Outcome::Abort(MemberOutcome::Changed { member, revision: known, reread }));
            }
            Step::Same => return Ok(Outcome::Abort(MemberOutcome::Same(member))),
            Step::Missing => return Ok(Outcome::Abort(MemberOutcome::Missing)),
            Step::Denied => return denied,
        };
        if let (Some(owner), MemberChange::HandOver { most: Some(most) }) = (owner, self.change)
            && mongo.owns_as_many(tx, (owner, room_id), most).await?
        {
            return Ok(Outcome::Abort(MemberOutcome::Full));
        }
        let revision = mongo.change_member_in(tx, room_id, (&member, &then), owner).await?;
        self.tried.store(true, Ordering::Relaxed);
        let reread = member.hidden != then.hidden;
        Ok(Outcome::Commit(MemberOutcome::Changed { member: then, revision, reread }))
    }
}

#[async_trait]
impl Members for Mongo {
    async fn join(&self, join: &Join<'_>) -> Result<JoinOutcome> {
        self.call(self.transaction(&Enter { join, tried: AtomicBool::default() })).await
    }

    async fn leave(&self, grant: &Grant) -> Result<LeaveOutcome> {
        self.call(self.transaction(&Leave { grant, tried: AtomicBool::default() })).await
    }

    async fn change_member(
        &self,
        grant: &Grant,
        user_id: &str,
        change: MemberChange,
    ) -> Result<MemberOutcome> {
        let change = ChangeMember { grant, user_id, change, tried: AtomicBool::default() };
        self.call(self.transaction(&change)).await
    }

    async fn member(&self, grant: &Grant, user_id: &str) -> Result<Option<Member>> {
        let which = id(grant.conversation_id(), user_id);
        let found = self.call(async { self.member_docs().find_one(which).await }).await?;
        Ok(found.map(Member::from))
    }

    async fn members(&self, grant: &Grant, query: &MemberQuery) -> Result<Vec<Member>> {
        if query.limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        let state = if query.banned { MemberState::Banned } else { MemberState::Active };
        let mut which = doc! { "_id.c": grant.conversation_id(), "state": state.into_str() };
        if let Some(begins) = query.begins.as_deref().filter(|begins| !begins.is_empty()) {
            which.insert("name_key", doc! { "$gte": begins, "$lt": format!("{begins}{END}") });
        }
        if let Some(after) = &query.after {
            let later = [
                doc! { "name_key": { "$gt": &after.name_key } },
                doc! { "name_key": &after.name_key, "_id.u": { "$gt": &after.user_id } },
            ];
            which.insert("$or", later.to_vec());
        }
        let order = doc! { "name_key": 1, "_id.u": 1 };
        let found: Vec<MemberDoc> = self
            .call(async {
                let members = self.member_docs();
                members.find(which).sort(order).limit(query.limit.into()).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Member::from).collect())
    }

    async fn members_of(&self, grant: &Grant, user_ids: &[String]) -> Result<Vec<Member>> {
        let room_id = grant.conversation_id();
        let ids: Vec<Document> = user_ids.iter().map(|user_id| doc! { "c": room_id, "u": user_id }).collect();
        let found: Vec<MemberDoc> = self
            .call(async {
                self.member_docs().find(doc! { "_id": { "$in": ids } }).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Member::from).collect())
    }

    async fn own_part(&self, grant: &Grant) -> Result<Option<OwnPart>> {
        let which = active(grant.conversation_id(), grant.user_id());
        let found = self.call(async { self.member_docs().find_one(which).await }).await?;
        Ok(found.map(|member| OwnPart { read_id: member.read_id, notify: member.notify }))
    }

    async fn set_notify(&self, grant: &Grant, notify: Notify) -> Result<bool> {
        let which = active(grant.conversation_id(), grant.user_id());
        let set = doc! { "$set": { "notify": notify.into_str() } };
        let done = self.call(async { self.member_docs().update_one(which, set).await }).await?;
        Ok(done.matched_count == 1)
    }

    async fn set_read(&self, grant: &Grant, message_id: &str) -> Result<bool> {
        let mut which = active(grant.conversation_id(), grant.user_id());
        let earlier = [doc! { "read_id": null }, doc! { "read_id": { "$lt": message_id } }];
        which.insert("$or", earlier.to_vec());
        let message = doc! { "_id": message_id, "conversation_id": grant.conversation_id() };
        let set = doc! { "$set": { "read_id": message_id } };
        self.call(async {
            let messages = self.messages().clone_with_type::<Document>();
            if messages.find_one(message).projection(doc! { "_id": 1 }).await?.is_none() {
                return Ok(false);
            }
            Ok(self.member_docs().update_one(which, set).await?.matched_count == 1)
        })
        .await
    }
}

impl Mongo {
    /// Takes somebody whose account ends out of all rooms. Rooms of theirs in which others take part get another owner: the
    /// moderator who is there longest, else the member; the board another administrator.
    pub(super) async fn part(&self, tx: &mut ClientSession, user_id: &str) -> error::Result<()> {
        let own = doc! { "_id.u": user_id, "state": "active" };
        let mut own = self.member_docs().find(own).session(&mut *tx).await?;
        let own: Vec<MemberDoc> = own.stream(&mut *tx).try_collect().await?;
        for member in own {
            let room_id = member.id.c.clone();
            let room = self.room_doc(tx, &room_id).await?.filter(|room| room.owner_id == user_id);
            let heir = match room.map(|room| room.kind) {
                Some(ConversationKind::Board) => match self.heir_of_board(tx, user_id).await? {
                    None => self.heir(tx, &room_id, user_id).await?,
                    heir => heir,
                },
                Some(_) => self.heir(tx, &room_id, user_id).await?,
                None => None,
            };
            if let Some(heir) = &heir {
                let moderator = doc! { "$set": { "role": MemberRole::Moderator.into_str() } };
                let heir = id(&room_id, heir);
                self.member_docs().update_one(heir, moderator).session(&mut *tx).await?;
            }
            self.go(tx, &room_id, member.into(), heir.as_deref()).await?;
        }
        Ok(())
    }

    /// Whether nobody is above this person in the room: on the board an administrator, whoever made it.
    async fn owns(
        &self,
        tx: &mut ClientSession,
        room: &ConversationDoc,
        user_id: &str,
    ) -> error::Result<bool> {
        match room.kind {
            ConversationKind::Board => self.is_admin(Some(tx), user_id).await,
            _ => Ok(room.owner_id == user_id),
        }
    }

    async fn heir(
        &self,
        tx: &mut ClientSession,
        room_id: &str,
        user_id: &str,
    ) -> error::Result<Option<String>> {
        let steps = [
            doc! { "$match": { "_id.c": room_id, "state": "active", "_id.u": { "$ne": user_id } } },
            doc! { "$set": { "moderates": { "$eq": ["$role", "moderator"] } } },
            doc! { "$lookup": {
                "from": self.users().name(), "localField": "_id.u", "foreignField": "_id", "as": "account"
            } },
            doc! { "$match": { "account.state": "active" } },
            doc! { "$sort": { "moderates": -1, "joined_at": 1, "_id.u": 1 } },
            doc! { "$limit": 1 },
        ];
        let mut found =
            self.member_docs().aggregate(steps).session(&mut *tx).with_type::<MemberKey>().await?;
        Ok(found.stream(tx).try_next().await?.map(|heir| heir.id.u))
    }

    /// A member goes of their own accord.
    async fn go(
        &self,
        tx: &mut ClientSession,
        room_id: &str,
        member: Member,
        heir: Option<&str>,
    ) -> error::Result<u64> {
        let gone = Member { role: again(member.role), state: MemberState::Left, ..member.clone() };
        self.change_member_in(tx, room_id, (&member, &gone), heir).await
    }
}

#[derive(serde::Deserialize)]
struct MemberKey {
    #[serde(rename = "_id")]
    id: MemberId,
}

fn active(room_id: &str, user_id: &str) -> Document {
    let mut which = id(room_id, user_id);
    which.insert("state", MemberState::Active.into_str());
    which
}

#[cfg(test)]
impl Mongo {
    /// Joins, and runs the same work once more, as after a commit whose outcome is not known. So do the next two.
    pub(in crate::server::store) async fn join_twice(&self, join: &Join<'_>) -> Result<[JoinOutcome; 2]> {
        let enter = Enter { join, tried: AtomicBool::default() };
        Ok([self.call(self.transaction(&enter)).await?, self.call(self.transaction(&enter)).await?])
    }

    pub(in crate::server::store) async fn leave_twice(&self, grant: &Grant) -> Result<[LeaveOutcome; 2]> {
        let leave = Leave { grant, tried: AtomicBool::default() };
        Ok([self.call(self.transaction(&leave)).await?, self.call(self.transaction(&leave)).await?])
    }

    pub(in crate::server::store) async fn change_member_twice(
        &self,
        grant: &Grant,
        user_id: &str,
        change: MemberChange,
    ) -> Result<[MemberOutcome; 2]> {
        let change = ChangeMember { grant, user_id, change, tried: AtomicBool::default() };
        Ok([self.call(self.transaction(&change)).await?, self.call(self.transaction(&change)).await?])
    }
}
