//! People as administrators see them, and the end of an account, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
    error,
    options::ReturnDocument,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::User,
    server::store::{People, PeopleQuery, Reset, Result, Updated},
};

use super::{
    Mongo,
    documents::UserDoc,
    transaction::{Outcome, Transaction},
    users::open,
};

/// A one-time link for a new password.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ResetDoc {
    /// The person, who has one of them at the most.
    #[serde(rename = "_id")]
    user_id: String,
    hash: String,
    expires_at: i64,
}

fn sought(search: &str) -> Document {
    let mut which = doc! { "state": { "$ne": "deleted" } };
    if !search.is_empty() {
        let any_case = doc! { "$regex": regex::escape(search), "$options": "i" };
        which.insert("$or", vec![doc! { "email": &any_case }, doc! { "name": &any_case }]);
    }
    which
}

/// Ends an account and its sessions.
struct Close<'a> {
    id: &'a str,
    erase_at: Option<i64>,
    /// The account must be due at this time.
    due_at: Option<i64>,
}

#[async_trait]
impl Transaction for Close<'_> {
    type Answer = Updated;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Updated>> {
        let mut closed = doc! {
            "state": "deleted", "role": "member", "password_hash": "",
            // One that nobody can choose.
            "email": format!("deleted:{}", self.id),
        };
        if let Some(at) = self.erase_at {
            closed.insert("deletes_at", at);
        }
        let mut which = open(self.id);
        if let Some(at) = self.due_at {
            which.insert("deletes_at", doc! { "$gt": 0_i64, "$lte": at });
        }
        let users = mongo.users();
        let closed = users.find_one_and_update(which, doc! { "$set": closed });
        let closed = closed.return_document(ReturnDocument::After).session(&mut *tx).await?;
        let Some(user) = closed.map(User::from) else { return Ok(Outcome::Abort(Updated::Missing)) };
        if !mongo.any_admin(tx).await? {
            return Ok(Outcome::Abort(Updated::LastAdmin));
        }
        mongo.part(tx, self.id).await?;
        mongo.keep_name(tx, &user).await?;
        mongo.forget_person(tx, self.id).await?;
        let which = doc! { "_id": self.id };
        let ended = mongo.end_sessions_of(tx, self.id, None, true).await?;
        let links = doc! { "_id": { "$in": &ended } };
        mongo.device_link_docs().delete_many(links).session(&mut *tx).await?;
        mongo.resets().delete_one(which.clone()).session(&mut *tx).await?;
        mongo.second_factor_docs().delete_one(which.clone()).session(&mut *tx).await?;
        mongo.export_docs().delete_one(which.clone()).session(&mut *tx).await?;
        mongo.presence_docs().delete_one(which).session(&mut *tx).await?;
        mongo.identity_docs().delete_many(doc! { "user_id": self.id }).session(tx).await?;
        Ok(Outcome::Commit(Updated::Done(user, ended)))
    }
}

/// Uses a link for a new password up.
struct UseReset<'a> {
    hash: &'a str,
    password_hash: &'a str,
    now: i64,
}

#[async_trait]
impl Transaction for UseReset<'_> {
    type Answer = Updated;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Updated>> {
        let which = doc! { "hash": self.hash, "expires_at": { "$gt": self.now } };
        let Some(reset) = mongo.resets().find_one_and_delete(which).session(&mut *tx).await? else {
            return Ok(Outcome::Abort(Updated::Missing));
        };
        let account = doc! { "_id": &reset.user_id, "state": "active" };
        let change = doc! { "$set": { "password_hash": self.password_hash } };
        let users = mongo.users();
        let changed = users.find_one_and_update(account, change);
        let changed = changed.return_document(ReturnDocument::After).session(&mut *tx).await?;
        let Some(user) = changed.map(User::from) else { return Ok(Outcome::Abort(Updated::Missing)) };
        let ended = mongo.end_sessions_of(tx, &user.id, None, false).await?;
        Ok(Outcome::Commit(Updated::Done(user, ended)))
    }
}

#[async_trait]
impl People for Mongo {
    async fn people(&self, query: &PeopleQuery) -> Result<Vec<User>> {
        let mut which = sought(&query.search);
        if let Some(after) = &query.after {
            which.insert("_id", doc! { "$lt": after });
        }
        let found: Vec<UserDoc> = self
            .call(async {
                let users = self.users();
                let found = users.find(which).sort(doc! { "_id": -1 });
                found.limit(query.limit.max(1).into()).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    async fn count_people(&self, search: &str) -> Result<u64> {
        self.call(async { self.users().count_documents(sought(search)).await }).await
    }

    async fn any_other_admin(&self, id: &str) -> Result<bool> {
        let other =
            doc! { "role": "admin", "state": "active", "deletes_at": Bson::Null, "_id": { "$ne": id } };
        Ok(self.call(async { self.users().find_one(other).await }).await?.is_some())
    }

    async fn close_account(&self, id: &str, erase_at: Option<i64>) -> Result<Updated> {
        let closed = self.call(self.transaction(&Close { id, erase_at, due_at: None })).await?;
        self.withdraw_after(&closed, id).await;
        Ok(closed)
    }

    async fn close_due_account(&self, id: &str, now: i64) -> Result<Updated> {
        let close = Close { id, erase_at: Some(now), due_at: Some(now) };
        let closed = self.call(self.transaction(&close)).await?;
        self.withdraw_after(&closed, id).await;
        Ok(closed)
    }

    async fn accounts_to_delete(&self, now: i64) -> Result<Vec<User>> {
        let due = doc! { "deletes_at": { "$gt": 0_i64, "$lte": now } };
        let found: Vec<UserDoc> =
            self.call(async { self.users().find(due).limit(50).await?.try_collect().await }).await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    async fn erase(&self, id: &str) -> Result<bool> {
        // What a server left that ended while it closed the account.
        self.withdraw(id).await?;
        self.call(self.erase_some(id)).await
    }

    async fn put_reset(&self, reset: &Reset) -> Result<bool> {
        let document = ResetDoc {
            user_id: reset.user_id.clone(),
            hash: reset.hash.clone(),
            expires_at: reset.expires_at,
        };
        self.call(async {
            let active = doc! { "_id": &reset.user_id, "state": "active" };
            if self.users().find_one(active).await?.is_none() {
                return Ok(false);
            }
            let which = doc! { "_id": &reset.user_id };
            self.resets().replace_one(which, &document).upsert(true).await?;
            Ok(true)
        })
        .await
    }

    async fn reset(&self, hash: &str, now: i64) -> Result<Option<User>> {
        let which = doc! { "hash": hash, "expires_at": { "$gt": now } };
        let found = self.call(async { self.resets().find_one(which).await }).await?;
        let Some(reset) = found else { return Ok(None) };
        let account = doc! { "_id": reset.user_id, "state": "active" };
        let user = self.call(async { self.users().find_one(account).await }).await?;
        Ok(user.map(User::from))
    }

    async fn use_reset(&self, hash: &str, password_hash: &str, now: i64) -> Result<Updated> {
        self.call(self.transaction(&UseReset { hash, password_hash, now })).await
    }
}

/// How many conversations one call begins to remove.
const SOME: i64 = 200;

impl Mongo {
    /// Takes back the reactions of somebody whose account was closed, which it is also when that fails.
    async fn withdraw_after(&self, closed: &Updated, id: &str) {
        if matches!(closed, Updated::Done(..))
            && let Err(error) = self.withdraw(id).await
        {
            tracing::warn!(%error, user = %id, "reactions of a closed account stay");
        }
    }

    async fn erase_some(&self, id: &str) -> error::Result<bool> {
        let closed = doc! { "_id": id, "state": "deleted" };
        if self.users().find_one(closed.clone()).await?.is_none() {
            return Ok(false);
        }
        let own = doc! { "user_id": id };
        self.remove_conversations_of(id).await?;
        if self.purge_some().await? || self.conversation_docs().find_one(own).await?.is_some() {
            return Ok(true);
        }
        self.remove_rows_of(id).await?;
        self.users().delete_one(closed).await?;
        Ok(false)
    }

    /// Begins to remove some conversations of an account.
    async fn remove_conversations_of(&self, id: &str) -> error::Result<()> {
        for place in
            [self.conversation_docs().clone_with_type::<Document>(), self.bin_docs().clone_with_type()]
        {
            let some = place.find(doc! { "user_id": id }).projection(doc! { "_id": 1 }).limit(SOME).await?;
            let some: Vec<Document> = some.try_collect().await?;
            for conversation in some.iter().filter_map(|found| found.get_str("_id").ok()) {
                // First the note that its messages are to be removed, because without it they would stay for ever when
                // this process ends here.
                let which = doc! { "_id": conversation };
                let note = doc! { "$setOnInsert": { "_id": conversation } };
                self.deleted().update_one(which.clone(), note).upsert(true).await?;
                place.delete_one(which).await?;
            }
        }
        Ok(())
    }

    /// Removes everything but conversations, also what was written in the moment in which the account was closed.
    async fn remove_rows_of(&self, id: &str) -> error::Result<()> {
        let compound = doc! { "_id.u": id };
        self.member_docs().delete_many(compound.clone()).await?;
        // Their ids begin with the person, so that this reads no others.
        let own_ids = || doc! { "_id": { "$gte": { "u": id }, "$lt": { "u": format!("{id}\0") } } };
        self.keys().delete_many(own_ids()).await?;
        self.budget_docs().delete_many(own_ids()).await?;
        self.use_docs().delete_many(compound).await?;
        self.report_docs().delete_many(doc! { "reporter_id": id }).await?;
        let own = doc! { "user_id": id };
        self.identity_docs().delete_many(own.clone()).await?;
        self.sessions().delete_many(own).await?;
        let one = doc! { "_id": id };
        self.resets().delete_one(one.clone()).await?;
        self.second_factor_docs().delete_one(one.clone()).await?;
        self.export_docs().delete_one(one).await?;
        Ok(())
    }

    /// Removes conversations that were begun in the moment in which their owner was erased: a transaction that begins one
    /// does not write to the account, so that a person may begin several at once.
    pub(super) async fn remove_ownerless(&self) -> error::Result<()> {
        let pipeline = [
            // With the index of the listing this reads one key of each owner.
            doc! { "$sort": { "user_id": 1 } },
            doc! { "$group": { "_id": "$user_id" } },
            doc! { "$lookup": { "from": "users", "localField": "_id", "foreignField": "_id", "as": "owner" } },
            doc! { "$match": { "owner": [] } },
            doc! { "$limit": 50 },
        ];
        let gone: Vec<Document> = self.conversation_docs().aggregate(pipeline).await?.try_collect().await?;
        for owner in gone.iter().filter_map(|gone| gone.get_str("_id").ok()) {
            self.remove_conversations_of(owner).await?;
        }
        Ok(())
    }
}
