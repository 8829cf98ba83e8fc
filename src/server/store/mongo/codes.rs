//! Invitations and activation codes, in MongoDB. Whoever uses a code writes to its document, so that two who use it at once
//! collide.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession, Collection,
    bson::{Document, doc},
    error,
    options::ReturnDocument,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Code, CodeState, CodeUse, Gain, Preferences, User, UserRole, UserState},
    server::store::{Codes, Entry, Grant, Invited, Join, NewCode, NewUser, Redeemed, Result, WhichCodes},
};

use super::{
    Mongo,
    documents::UserDoc,
    identities::IdentityDoc,
    room_codes::{EndOfRoom, live},
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CodeDoc {
    #[serde(rename = "_id")]
    id: String,
    batch_id: String,
    hash: String,
    label: String,
    registers: bool,
    role: UserRole,
    tier: Option<String>,
    tier_days: Option<u32>,
    #[serde(default)]
    room_id: Option<String>,
    uses: u32,
    used: u32,
    expires_at: Option<i64>,
    created_by: Option<String>,
    created_at: i64,
    ended_at: Option<i64>,
}

impl From<&NewCode> for CodeDoc {
    fn from(NewCode { code, hash }: &NewCode) -> Self {
        let code = code.clone();
        Self {
            id: code.id,
            batch_id: code.batch_id,
            hash: hash.clone(),
            label: code.label,
            registers: code.registers,
            role: code.role,
            tier: code.tier,
            tier_days: code.tier_days,
            room_id: code.room_id,
            uses: code.uses,
            used: 0,
            expires_at: code.expires_at,
            created_by: code.created_by,
            created_at: code.created_at,
            ended_at: None,
        }
    }
}

impl From<CodeDoc> for Code {
    fn from(doc: CodeDoc) -> Self {
        Self {
            id: doc.id,
            batch_id: doc.batch_id,
            label: doc.label,
            registers: doc.registers,
            role: doc.role,
            tier: doc.tier,
            tier_days: doc.tier_days,
            room_id: doc.room_id,
            uses: doc.uses,
            used: doc.used,
            expires_at: doc.expires_at,
            created_by: doc.created_by,
            created_at: doc.created_at,
            ended_at: doc.ended_at,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UseDoc {
    #[serde(rename = "_id")]
    id: UseId,
    at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct UseId {
    /// The code.
    c: String,
    /// The person.
    u: String,
}

/// The codes that give a tier and can be used.
pub(super) fn live_of_tier(tier: &str, now: i64) -> Document {
    live(doc! { "tier": tier }, now)
}

impl Mongo {
    pub(super) fn code_docs(&self) -> Collection<CodeDoc> {
        self.db.collection("codes")
    }

    pub(super) fn use_docs(&self) -> Collection<UseDoc> {
        self.db.collection("code_uses")
    }

    /// The code that can be used now.
    pub(super) async fn live_code(
        &self,
        tx: &mut ClientSession,
        hash: &str,
        now: i64,
    ) -> error::Result<Option<Code>> {
        let found = self.code_docs().find_one(doc! { "hash": hash }).session(tx).await?;
        Ok(found.map(Code::from).filter(|code| code.state(now) == CodeState::Live))
    }

    /// Uses the code that [`Self::live_code`] found in the same transaction.
    pub(super) async fn use_code(
        &self,
        tx: &mut ClientSession,
        code: &Code,
        user_id: &str,
        now: i64,
    ) -> error::Result<()> {
        let used = doc! { "$inc": { "used": 1 } };
        self.code_docs().update_one(doc! { "_id": &code.id }, used).session(&mut *tx).await?;
        if let Some(tier) = &code.tier {
            self.give_tier(tx, tier).await?;
        }
        let id = UseId { c: code.id.clone(), u: user_id.to_owned() };
        self.use_docs().insert_one(UseDoc { id, at: now }).session(tx).await.map(|_| ())
    }
}

struct CreateCodes<'a>(&'a [NewCode]);

#[async_trait]
impl Transaction for CreateCodes<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        let tier = self.0.first().and_then(|new| new.code.tier.as_deref());
        if let Some(tier) = tier
            && !mongo.give_tier(tx, tier).await?
        {
            return Ok(Outcome::Abort(false));
        }
        mongo.code_docs().insert_many(self.0.iter().map(CodeDoc::from)).session(tx).await?;
        Ok(Outcome::Commit(true))
    }
}

struct RegisterInvited<'a> {
    new: &'a NewUser,
    hash: &'a str,
    /// How many people may take part in a room.
    most: u32,
    now: i64,
}

#[async_trait]
impl Transaction for RegisterInvited<'_> {
    type Answer = Invited;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Invited>> {
        let new = self.new;
        let anybody = mongo.users().find_one(doc! {}).session(&mut *tx).await?.is_some();
        let code = mongo.live_code(tx, self.hash, self.now).await?;
        let Some(code) = code.filter(|code| anybody && code.registers) else {
            return Ok(Outcome::Abort(Invited::Refused));
        };
        if mongo.users().find_one(doc! { "email": &new.login }).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(Invited::LoginTaken));
        }
        let user = UserDoc {
            id: new.id.clone(),
            login: new.login.clone(),
            name: new.name.clone(),
            password_hash: new.password_hash.clone(),
            role: code.role,
            state: UserState::Active,
            language: None,
            preferences: Preferences::default(),
            created_at: new.created_at,
            email_verified: new.email_verified,
            tier_until: code.tier.as_ref().and_then(|_| code.lasts_until(self.now)),
            tier: code.tier.clone(),
            seen_at: None,
            deletes_at: None,
        };
        mongo.users().insert_one(&user).session(&mut *tx).await?;
        if let Some(identity) = &new.identity {
            mongo.identity_docs().insert_one(IdentityDoc::from(identity)).session(&mut *tx).await?;
        }
        mongo.use_code(tx, &code, &user.id, self.now).await?;
        if let Some(room) = &code.room_id {
            let (name, entry, most, now) = (&*user.name, Entry::Code(self.hash), self.most, self.now);
            let join = Join { conversation_id: room, user_id: &user.id, name, entry, most, now };
            mongo.enter(tx, &join, Some(&code), false).await?;
        }
        Ok(Outcome::Commit(Invited::Made(user.into())))
    }
}

struct RedeemCode<'a> {
    user_id: &'a str,
    hash: &'a str,
    replace: bool,
    now: i64,
}

#[async_trait]
impl Transaction for RedeemCode<'_> {
    type Answer = Redeemed;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Redeemed>> {
        let &Self { user_id, hash, replace, now } = self;
        let known = mongo.code_docs().find_one(doc! { "hash": hash }).session(&mut *tx).await?;
        if let Some(known) = &known {
            let id = doc! { "_id": { "c": &known.id, "u": user_id } };
            if mongo.use_docs().find_one(id).session(&mut *tx).await?.is_some() {
                return Ok(Outcome::Abort(Redeemed::Again));
            }
        }
        let which = doc! { "_id": user_id, "state": "active" };
        let user = mongo.users().find_one(which.clone()).session(&mut *tx).await?.map(User::from);
        let (Some(user), Some(mut code)) = (user, mongo.live_code(tx, hash, now).await?) else {
            return Ok(Outcome::Abort(Redeemed::Refused));
        };
        if code.room_id.is_some() {
            return Ok(Outcome::Abort(Redeemed::Nothing));
        }
        let until = match code.gain(&user, now) {
            Gain::Nothing => return Ok(Outcome::Abort(Redeemed::Nothing)),
            Gain::Already => return Ok(Outcome::Abort(Redeemed::Already(code))),
            Gain::Tier { replaces: true, .. } if !replace => {
                return Ok(Outcome::Abort(Redeemed::Replaces(user, code)));
            }
            Gain::Tier { until, .. } => until,
        };
        mongo.use_code(tx, &code, user_id, now).await?;
        code.used += 1;
        let change = doc! { "$set": { "tier": &code.tier, "tier_until": until } };
        let changed = mongo
            .users()
            .find_one_and_update(which, change)
            .return_document(ReturnDocument::After)
            .session(tx)
            .await?;
        let user = changed.map_or(user, User::from);
        Ok(Outcome::Commit(Redeemed::Done(user, code)))
    }
}

#[async_trait]
impl Codes for Mongo {
    async fn create_codes(&self, codes: &[NewCode]) -> Result<bool> {
        self.call(self.transaction(&CreateCodes(codes))).await
    }

    async fn codes(&self, before: Option<&str>, most: u32) -> Result<Vec<Code>> {
        let which = before.map_or(doc! {}, |before| doc! { "_id": { "$lt": before } });
        let order = doc! { "_id": -1 };
        let found: Vec<CodeDoc> = self
            .call(async {
                self.code_docs().find(which).sort(order).limit(i64::from(most)).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Code::from).collect())
    }

    async fn code_by_hash(&self, hash: &str) -> Result<Option<Code>> {
        let found = self.call(async { self.code_docs().find_one(doc! { "hash": hash }).await }).await?;
        Ok(found.map(Code::from))
    }

    async fn code(&self, which: WhichCodes<'_>) -> Result<Option<Code>> {
        let which = match which {
            WhichCodes::One(id) => doc! { "_id": id },
            WhichCodes::Batch(id) => doc! { "batch_id": id },
        };
        let first = doc! { "_id": 1 };
        let found = self.call(async { self.code_docs().find_one(which).sort(first).await }).await?;
        Ok(found.map(Code::from))
    }

    async fn code_uses(&self, code_ids: &[String], most: u32) -> Result<Vec<CodeUse>> {
        self.call(async {
            let newest_first = doc! { "at": -1, "_id.u": -1 };
            let newest = doc! {
                "from": self.use_docs().name(),
                "localField": "_id",
                "foreignField": "_id.c",
                "pipeline": [{ "$sort": &newest_first }, { "$limit": i64::from(most) }],
                "as": "used",
            };
            let pipeline = [
                doc! { "$match": { "_id": { "$in": code_ids } } },
                doc! { "$project": { "_id": 1 } },
                doc! { "$lookup": newest },
                doc! { "$unwind": "$used" },
                doc! { "$replaceRoot": { "newRoot": "$used" } },
                doc! { "$sort": newest_first },
            ];
            let found = self.code_docs().aggregate(pipeline).with_type::<UseDoc>().await?;
            let uses: Vec<UseDoc> = found.try_collect().await?;
            let people: Vec<&str> = uses.iter().map(|used| &*used.id.u).collect();
            let there = doc! { "_id": { "$in": people }, "state": { "$ne": "deleted" } };
            let people = self.users().find(there).await?;
            let people: Vec<UserDoc> = people.try_collect().await?;
            let logins: HashMap<String, String> =
                people.into_iter().map(|user| (user.id, user.login)).collect();
            let read = |used: UseDoc| CodeUse {
                login: logins.get(&used.id.u).cloned(),
                code_id: used.id.c,
                user_id: used.id.u,
                at: used.at,
            };
            Ok(uses.into_iter().map(read).collect())
        })
        .await
    }

    async fn end_codes(&self, which: WhichCodes<'_>, now: i64) -> Result<u64> {
        let which = match which {
            WhichCodes::One(id) => doc! { "_id": id, "ended_at": null },
            WhichCodes::Batch(id) => doc! { "batch_id": id, "ended_at": null },
        };
        let end = doc! { "$set": { "ended_at": now } };
        self.call(async { Ok(self.code_docs().update_many(which, end).await?.modified_count) }).await
    }

    async fn room_codes(&self, grant: &Grant, most: u32, now: i64) -> Result<Vec<Code>> {
        self.call(self.codes_of_room(grant, most, now)).await
    }

    async fn end_room_code(&self, grant: &Grant, code_id: &str, now: i64) -> Result<bool> {
        self.call(self.transaction(&EndOfRoom::new(grant, code_id, now))).await
    }

    async fn register_with_code(&self, new: &NewUser, hash: &str, most: u32, now: i64) -> Result<Invited> {
        self.call(self.transaction(&RegisterInvited { new, hash, most, now })).await
    }

    async fn redeem_code(&self, user_id: &str, hash: &str, replace: bool, now: i64) -> Result<Redeemed> {
        self.call(self.transaction(&RedeemCode { user_id, hash, replace, now })).await
    }
}
