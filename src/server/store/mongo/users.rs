//! People, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
    options::ReturnDocument,
};

use crate::{
    domain::{Preferences, PreferencesPatch, User, UserRole, UserState},
    server::store::{Admission, Credentials, First, NewUser, Registered, Result, Updated, UserPatch, Users},
};

use super::{
    Mongo,
    documents::UserDoc,
    identities::IdentityDoc,
    transaction::{Outcome, Transaction},
};

/// The document of `meta` with the hash of the first person's code.
const FIRST_CODE: &str = "first-code";

/// Registers a person. The first person becomes the administrator: of several at once, only one can insert the document
/// that says so, and the others begin again and find it.
struct CreateUser<'a> {
    new: &'a NewUser,
    admission: Admission<'a>,
}

#[async_trait]
impl Transaction for CreateUser<'_> {
    type Answer = Registered;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Registered>> {
        let new = self.new;
        let Admission { others, first } = self.admission;
        if !others && mongo.users().find_one(doc! {}).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(Registered::Closed));
        }
        if mongo.users().find_one(doc! { "email": &new.login }).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(Registered::LoginTaken));
        }
        let known = mongo.meta().find_one(doc! { "_id": "administrator" }).session(&mut *tx).await?;
        if !others && known.is_some() {
            return Ok(Outcome::Abort(Registered::Closed));
        }
        if known.is_none() {
            // Of several who bring the same code at once, one deletes it, and the others begin again without it.
            let may_be_first = match first {
                First::Anybody => true,
                First::Nobody => false,
                First::Code(hash) => {
                    let code = doc! { "_id": FIRST_CODE, "hash": hash };
                    mongo.meta().delete_one(code).session(&mut *tx).await?.deleted_count == 1
                }
            };
            if !may_be_first {
                return Ok(Outcome::Abort(Registered::NotFirst));
            }
            let first = doc! { "_id": "administrator", "user_id": &new.id };
            mongo.meta().insert_one(first).session(&mut *tx).await?;
        }
        let user = UserDoc {
            id: new.id.clone(),
            login: new.login.clone(),
            name: new.name.clone(),
            password_hash: new.password_hash.clone(),
            role: if known.is_none() { UserRole::Admin } else { UserRole::Member },
            state: UserState::Active,
            language: None,
            preferences: Preferences::default(),
            created_at: new.created_at,
            email_verified: new.email_verified,
            tier: None,
            tier_until: None,
            seen_at: None,
            deletes_at: None,
        };
        mongo.users().insert_one(&user).session(&mut *tx).await?;
        if let Some(identity) = &new.identity {
            mongo.identity_docs().insert_one(IdentityDoc::from(identity)).session(&mut *tx).await?;
        }
        Ok(Outcome::Commit(Registered::Made(user.into())))
    }
}

/// Stores the code of the first person. It collides with the registration that uses one up.
struct SetFirstCode<'a>(&'a str);

#[async_trait]
impl Transaction for SetFirstCode<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        let meta = mongo.meta();
        let administrator = meta.find_one(doc! { "_id": "administrator" }).session(&mut *tx).await?;
        if administrator.is_some() || mongo.users().find_one(doc! {}).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(false));
        }
        let change = doc! { "$set": { "hash": self.0 } };
        meta.update_one(doc! { "_id": FIRST_CODE }, change).upsert(true).session(&mut *tx).await?;
        Ok(Outcome::Commit(true))
    }
}

/// Changes an account and ends its sessions where the change requires it. Signing in writes to the account, too, so
/// that it collides with this transaction.
struct ChangeUser<'a> {
    id: &'a str,
    changes: Document,
    preferences: Option<&'a PreferencesPatch>,
    login: Option<&'a str>,
    /// Whether the change sets a password.
    sets_password: bool,
    old_hash: Option<&'a str>,
    old_login: Option<&'a str>,
    /// The change may leave the site without an active administrator.
    may_end_an_admin: bool,
    /// Whether the change ends the sessions of browsers; all of them except `keep`.
    ends: bool,
    /// It ends the API keys, too.
    ends_keys: bool,
    keep: Option<&'a str>,
}

#[async_trait]
impl Transaction for ChangeUser<'_> {
    type Answer = Updated;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Self::Answer>> {
        let mut which = open(self.id);
        if let Some(hash) = self.old_hash {
            which.insert("password_hash", hash);
        }
        if let Some(login) = self.old_login {
            which.insert("email", login);
        }
        if !self.may_set_password(mongo, tx).await? {
            return Ok(Outcome::Abort(Updated::Missing));
        }
        let mut changes = self.changes.clone();
        if let Some(change) = self.preferences {
            // A change at the same time collides with this transaction, which begins again then.
            let found = mongo.users().find_one(which.clone()).session(&mut *tx).await?;
            let mut preferences = found.map(|doc| doc.preferences).unwrap_or_default();
            change.apply(&mut preferences);
            changes.insert("preferences", to_bson(&preferences)?);
        }
        if let Some(login) = self.login {
            let other = doc! { "email": login, "_id": { "$ne": self.id } };
            if mongo.users().find_one(other).session(&mut *tx).await?.is_some() {
                return Ok(Outcome::Abort(Updated::LoginTaken));
            }
        }
        let change = doc! { "$set": changes };
        let changed = mongo
            .users()
            .find_one_and_update(which, change)
            .return_document(ReturnDocument::After)
            .session(&mut *tx)
            .await?;
        let Some(user) = changed.map(User::from) else { return Ok(Outcome::Abort(Updated::Missing)) };
        if self.may_end_an_admin && !mongo.any_admin(tx).await? {
            return Ok(Outcome::Abort(Updated::LastAdmin));
        }
        if self.sets_password {
            mongo.resets().delete_one(doc! { "_id": self.id }).session(&mut *tx).await?;
        }
        let mut ended = Vec::new();
        if self.ends {
            ended = mongo.end_sessions_of(tx, self.id, self.keep, self.ends_keys).await?;
        }
        Ok(Outcome::Commit(Updated::Done(user, ended)))
    }
}

impl ChangeUser<'_> {
    /// Whether the session from which a password is set is still there. The transaction writes to it, so that it collides
    /// with the end of the session.
    async fn may_set_password(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<bool> {
        let Some(keep) = self.keep.filter(|_| self.sets_password) else { return Ok(true) };
        let which = doc! { "_id": keep, "user_id": self.id };
        let counted = doc! { "$inc": { "passwords": 1_i64 } };
        Ok(mongo.sessions().update_one(which, counted).session(tx).await?.matched_count == 1)
    }
}

impl Mongo {
    /// Whether there is an active administrator. The transaction writes to the document that says that there is one, so
    /// that two administrators who end each other at once collide.
    pub(super) async fn any_admin(&self, tx: &mut ClientSession) -> error::Result<bool> {
        let changed = doc! { "$inc": { "changes": 1_i64 } };
        let which = doc! { "_id": "administrator" };
        self.meta().update_one(which, changed).upsert(true).session(&mut *tx).await?;
        let active = doc! { "role": "admin", "state": "active" };
        Ok(self.users().find_one(active).session(tx).await?.is_some())
    }
}

#[async_trait]
impl Users for Mongo {
    async fn create_user(&self, new: &NewUser, admission: Admission<'_>) -> Result<Registered> {
        self.call(self.transaction(&CreateUser { new, admission })).await
    }

    async fn set_first_code(&self, hash: &str) -> Result<bool> {
        self.call(self.transaction(&SetFirstCode(hash))).await
    }

    async fn is_first_code(&self, hash: &str) -> Result<bool> {
        self.call(async {
            let code = doc! { "_id": FIRST_CODE, "hash": hash };
            Ok(self.meta().find_one(code).await?.is_some() && self.users().find_one(doc! {}).await?.is_none())
        })
        .await
    }

    async fn user(&self, id: &str) -> Result<Option<User>> {
        let found = self.call(async { self.users().find_one(doc! { "_id": id }).await }).await?;
        Ok(found.map(User::from))
    }

    async fn users_of(&self, ids: &[String]) -> Result<Vec<User>> {
        let which = doc! { "_id": { "$in": ids } };
        let found: Vec<_> = self.call(async { self.users().find(which).await?.try_collect().await }).await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    async fn credentials(&self, login: &str) -> Result<Option<Credentials>> {
        let found = self.call(async { self.users().find_one(doc! { "email": login }).await }).await?;
        Ok(found.map(|doc| Credentials { password_hash: doc.password_hash.clone(), user: doc.into() }))
    }

    async fn update_user(&self, id: &str, patch: &UserPatch, keep: Option<&str>) -> Result<Updated> {
        self.call(async {
            let changes = changes(patch)?;
            let preferences = patch.preferences.as_ref();
            if changes.is_empty() && preferences.is_none() {
                let user = self.users().find_one(open(id)).await?;
                return Ok(user.map_or(Updated::Missing, |doc| Updated::Done(doc.into(), Vec::new())));
            }
            let disabled = patch.state == Some(UserState::Disabled);
            let ends = disabled || patch.password_hash.is_some();
            let keep = keep.filter(|_| !disabled);
            let may_end_an_admin = disabled || patch.role == Some(UserRole::Member);
            let login = patch.login.as_deref();
            let change = ChangeUser {
                id,
                changes,
                preferences,
                login,
                sets_password: patch.password_hash.is_some(),
                old_hash: patch.old_hash.as_deref(),
                old_login: patch.old_login.as_deref(),
                may_end_an_admin,
                ends,
                ends_keys: disabled,
                keep,
            };
            self.transaction(&change).await
        })
        .await
    }

    async fn any_user(&self) -> Result<bool> {
        let found = self.call(async { self.users().find_one(doc! {}).await }).await?;
        Ok(found.is_some())
    }
}

/// The account, unless it was closed.
pub(super) fn open(id: &str) -> Document {
    doc! { "_id": id, "state": { "$ne": "deleted" } }
}

fn changes(patch: &UserPatch) -> error::Result<Document> {
    let mut changes = Document::new();
    if let Some(login) = &patch.login {
        changes.insert("email", login);
    }
    if let Some(verified) = patch.email_verified {
        changes.insert("email_verified", verified);
    }
    if let Some(tier) = patch.tier.clone() {
        let (tier, until) = tier.unzip();
        changes.insert("tier", tier);
        changes.insert("tier_until", until.flatten());
    }
    if let Some(at) = patch.deletes_at {
        changes.insert("deletes_at", at);
    }
    if let Some(name) = &patch.name {
        changes.insert("name", name);
    }
    if let Some(password_hash) = &patch.password_hash {
        changes.insert("password_hash", password_hash);
    }
    if let Some(role) = patch.role {
        changes.insert("role", to_bson(&role)?);
    }
    if let Some(state) = patch.state {
        changes.insert("state", to_bson(&state)?);
    }
    if let Some(language) = &patch.language {
        changes.insert("language", language.clone());
    }
    Ok(changes)
}
