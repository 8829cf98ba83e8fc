//! Conversations of two people, in MongoDB. The pair is a part of the conversation's document, and an index keeps one for each.

use async_trait::async_trait;
use futures::{TryStreamExt, future::try_join_all};
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
};

use crate::{
    domain::{DirectState, MemberRole, Partner, RoomSettings, User},
    server::store::{
        AccessLevel, ConversationPosition, DirectOutcome, DirectRow, Directs, Entry, Grant, Join, NewDirect,
        Result, directs::pair,
    },
};

use super::{
    Mongo,
    access::{MemberDoc, id},
    documents::{ConversationDoc, UserDoc},
    room_documents::{DirectDoc, DirectPerson, RoomDoc},
    rooms::behind,
    transaction::{Outcome, Transaction},
};

fn key(one: &str, other: &str) -> String {
    let (low, high) = pair(one, other);
    format!("{low}:{high}")
}

struct Open<'a>(&'a NewDirect<'a>);

#[async_trait]
impl Transaction for Open<'_> {
    type Answer = DirectOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<DirectOutcome>> {
        let NewDirect { user_id, other_id, conversation } = *self.0;
        let (docs, room_id, pair) = (mongo.conversation_docs(), &*conversation.id, key(user_id, other_id));
        let there = docs.find_one(doc! { "room.direct.pair": &pair }).session(&mut *tx).await?;
        if let Some(there) = there {
            if there.id == room_id {
                return Ok(Outcome::Abort(DirectOutcome::Made)); // An earlier try has committed.
            }
            let shown = doc! { "$unset": { "put_away": "" } };
            mongo.member_docs().update_one(id(&there.id, user_id), shown).session(tx).await?;
            return Ok(Outcome::Commit(DirectOutcome::There { conversation_id: there.id }));
        }
        let active = doc! { "_id": { "$in": [user_id, other_id] }, "state": "active" };
        let mut found = mongo.users().find(active).session(&mut *tx).await?;
        let found: Vec<UserDoc> = found.stream(&mut *tx).try_collect().await?;
        let person = |id: &str| {
            let found = found.iter().find(|user| user.id == id)?;
            Some(DirectPerson { id: found.id.clone(), name: found.name.clone() })
        };
        let (Some(own), Some(other), true) = (person(user_id), person(other_id), user_id != other_id) else {
            return Ok(Outcome::Abort(DirectOutcome::Missing));
        };
        if !mongo.blocked_with(user_id, &[other_id.to_owned()]).await?.is_empty() {
            return Ok(Outcome::Abort(DirectOutcome::Blocked));
        }
        let now = conversation.created_at;
        let mut doc = ConversationDoc::new(user_id, conversation);
        let direct = DirectDoc { pair, people: [own.clone(), other.clone()] };
        doc.room = Some(RoomDoc {
            settings: RoomSettings::default(),
            member_count: 2,
            direct: Some(direct),
            ..RoomDoc::default()
        });
        docs.insert_one(doc).session(&mut *tx).await?;
        for DirectPerson { id: user_id, name } in [&own, &other] {
            let join = Join { conversation_id: room_id, user_id, name, entry: Entry::Listed, most: 2, now };
            mongo.put_member(tx, &join, MemberRole::Member).await?;
        }
        // The other person sees it with the first message.
        let hidden = doc! { "$set": { "put_away": "" } };
        mongo.member_docs().update_one(id(room_id, other_id), hidden).session(tx).await?;
        Ok(Outcome::Commit(DirectOutcome::Made))
    }
}

#[async_trait]
impl Directs for Mongo {
    async fn open_direct(&self, new: &NewDirect<'_>) -> Result<DirectOutcome> {
        self.call(self.transaction(&Open(new))).await
    }

    async fn partner(&self, grant: &Grant) -> Result<Option<Partner>> {
        self.call(async {
            let which = doc! { "_id": grant.conversation_id() };
            let Some(found) = self.conversation_docs().find_one(which).await? else { return Ok(None) };
            Ok(self.direct_of(&found, grant.user_id()).await?.map(|(_, partner)| partner))
        })
        .await
    }

    async fn directs_of(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
        away: bool,
    ) -> Result<Vec<DirectRow>> {
        if limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        self.call(self.direct_rows(user_id, after, limit, away)).await
    }

    async fn put_away(&self, grant: &Grant) -> Result<bool> {
        self.call(async {
            let which = doc! { "_id": grant.conversation_id(), "kind": "direct" };
            let Some(found) = self.conversation_docs().find_one(which).await? else { return Ok(false) };
            let put = doc! { "$set": { "put_away": found.leaf_id.unwrap_or_default() } };
            let own = id(grant.conversation_id(), grant.user_id());
            Ok(self.member_docs().update_one(own, put).await?.matched_count == 1)
        })
        .await
    }
}

impl Mongo {
    /// The level of a person in a direct conversation, and the other one; `None` for a stranger.
    pub(super) async fn direct_of(
        &self,
        conversation: &ConversationDoc,
        user_id: &str,
    ) -> error::Result<Option<(AccessLevel, Partner)>> {
        let direct = conversation.room.as_ref().and_then(|room| room.direct.as_ref());
        let Some(other) = direct.and_then(|direct| direct.other(user_id)) else { return Ok(None) };
        let members = [user_id, &*other.id].map(|user_id| doc! { "c": &conversation.id, "u": user_id });
        let members = doc! { "_id": { "$in": members.to_vec() }, "state": "active" };
        let (members, blocks, account) = futures::try_join!(
            async { self.member_docs().find(members).await?.try_collect::<Vec<MemberDoc>>().await },
            self.blocked_with(user_id, std::slice::from_ref(&other.id)),
            async { self.users().find_one(doc! { "_id": &other.id }).await },
        )?;
        if !members.iter().any(|member| member.id.u == user_id) {
            return Ok(None);
        }
        let state = match members.iter().any(|member| member.id.u == other.id) {
            false => DirectState::Closed,
            true if blocks.iter().any(|block| block.id.u == user_id) => DirectState::Blocked,
            true if !blocks.is_empty() => DirectState::Unavailable,
            true => DirectState::Open,
        };
        let level = if state == DirectState::Open { AccessLevel::Member } else { AccessLevel::Reader };
        let name = account.map_or_else(|| other.name.clone(), |account| account.name);
        Ok(Some((level, Partner { id: other.id.clone(), name, state })))
    }

    async fn direct_rows(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
        away: bool,
    ) -> error::Result<Vec<DirectRow>> {
        let own = doc! { "_id.u": user_id, "state": "active" };
        let own: Vec<MemberDoc> = self.member_docs().find(own).await?.try_collect().await?;
        let ids: Vec<&str> = own.iter().map(|member| &*member.id.c).collect();
        let mut which = doc! { "_id": { "$in": ids }, "kind": "direct" };
        let put_away = own.iter().filter_map(|member| {
            let leaf_id = member.put_away.as_deref()?;
            Some(doc! { "_id": &member.id.c, "leaf_id": Some(leaf_id).filter(|id| !id.is_empty()) })
        });
        let put_away: Vec<Document> = put_away.filter(|_| !away).collect();
        if !put_away.is_empty() {
            which.insert("$nor", put_away);
        }
        let docs = self.conversation_docs();
        let found = docs.find(behind(which, after)).sort(doc! { "updated_at": -1, "_id": -1 });
        let found: Vec<ConversationDoc> = found.limit(limit.into()).await?.try_collect().await?;
        let people: Vec<Option<DirectPerson>> =
            found.iter().map(|found| found.room.as_ref()?.direct.as_ref()?.other(user_id).cloned()).collect();
        let ids: Vec<&str> = people.iter().flatten().map(|person| &*person.id).collect();
        let users: Vec<UserDoc> =
            self.users().find(doc! { "_id": { "$in": ids } }).await?.try_collect().await?;
        let users: Vec<User> = users.into_iter().map(User::from).collect();
        let blocked = self.blocked_ids(user_id).await?;
        let rows = found.into_iter().zip(people).filter_map(|(found, person)| {
            let (person, member) = (person?, own.iter().find(|member| member.id.c == found.id)?);
            let other = users.iter().find(|user| user.id == person.id).cloned();
            Some((self.entry(user_id, found, member, &blocked), person, other))
        });
        let rows = rows.map(async |(entry, person, other): (_, DirectPerson, Option<User>)| {
            let Some(mut entry) = entry.await? else { return error::Result::Ok(None) };
            entry.room.name = other.as_ref().map_or(person.name, |user: &User| user.name.clone());
            Ok(Some(DirectRow { entry, other_id: person.id, other }))
        });
        Ok(try_join_all(rows).await?.into_iter().flatten().collect())
    }

    /// Keeps what somebody is called whose account ends, because their direct conversations stay.
    pub(super) async fn keep_name(&self, tx: &mut ClientSession, user: &User) -> error::Result<()> {
        let mut own = self.member_docs().find(doc! { "_id.u": &user.id }).session(&mut *tx).await?;
        let own: Vec<MemberDoc> = own.stream(&mut *tx).try_collect().await?;
        let ids: Vec<&str> = own.iter().map(|member| &*member.id.c).collect();
        let set = doc! { "$set": { "room.direct.people.$[person].name": &user.name } };
        let docs = self.conversation_docs();
        let keep = docs.update_many(doc! { "_id": { "$in": ids }, "kind": "direct" }, set);
        keep.array_filters(vec![doc! { "person.id": &user.id }]).session(tx).await.map(|_| ())
    }
}
