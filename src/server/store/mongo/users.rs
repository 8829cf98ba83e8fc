//! People, in MongoDB.

use async_trait::async_trait;
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
    options::ReturnDocument,
};

use crate::{
    domain::{User, UserRole, UserState},
    server::store::{Credentials, NewUser, Result, UserPatch, Users},
};

use super::{
    Mongo,
    documents::UserDoc,
    transaction::{Step, Work},
};

/// The first person to register becomes the administrator: of several at once only one can insert the
/// document that says so, and the others begin again and find it.
struct CreateUser<'a>(&'a NewUser);

#[async_trait]
impl Work for CreateUser<'_> {
    type Answer = Option<User>;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Step<Option<User>>> {
        let new = self.0;
        if mongo.users().find_one(doc! { "email": &new.email }).session(&mut *tx).await?.is_some() {
            return Ok(Step::Abort(None));
        }
        let known = mongo.meta().find_one(doc! { "_id": "administrator" }).session(&mut *tx).await?;
        if known.is_none() {
            let first = doc! { "_id": "administrator", "user_id": &new.id };
            mongo.meta().insert_one(first).session(&mut *tx).await?;
        }
        let user = UserDoc {
            id: new.id.clone(),
            email: new.email.clone(),
            name: new.name.clone(),
            password_hash: new.password_hash.clone(),
            role: if known.is_none() { UserRole::Admin } else { UserRole::Member },
            state: UserState::Active,
            created_at: new.created_at,
        };
        mongo.users().insert_one(&user).session(&mut *tx).await?;
        Ok(Step::Commit(Some(user.into())))
    }
}

#[async_trait]
impl Users for Mongo {
    async fn create_user(&self, user: &NewUser) -> Result<Option<User>> {
        self.call(self.transaction(&CreateUser(user))).await
    }

    async fn user(&self, id: &str) -> Result<Option<User>> {
        let found = self.call(async { self.users().find_one(doc! { "_id": id }).await }).await?;
        Ok(found.map(User::from))
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>> {
        let found = self.call(async { self.users().find_one(doc! { "email": email }).await }).await?;
        Ok(found.map(|doc| Credentials { password_hash: doc.password_hash.clone(), user: doc.into() }))
    }

    async fn update_user(&self, id: &str, patch: &UserPatch) -> Result<Option<User>> {
        let found = self
            .call(async {
                let changes = changes(patch)?;
                if changes.is_empty() {
                    return self.users().find_one(doc! { "_id": id }).await;
                }
                self.users()
                    .find_one_and_update(doc! { "_id": id }, doc! { "$set": changes })
                    .return_document(ReturnDocument::After)
                    .await
            })
            .await?;
        Ok(found.map(User::from))
    }

    async fn any_user(&self) -> Result<bool> {
        let found = self.call(async { self.users().find_one(doc! {}).await }).await?;
        Ok(found.is_some())
    }
}

fn changes(patch: &UserPatch) -> error::Result<Document> {
    let mut changes = Document::new();
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
    Ok(changes)
}
