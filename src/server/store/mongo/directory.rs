//! The people of the site as other people find them, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    bson::doc,
    options::{Collation, CollationStrength},
};

use crate::{
    domain::{CommonRoom, User},
    server::store::{Directory, DirectoryQuery, Result},
};

use super::{
    Mongo,
    access::MemberDoc,
    documents::{ConversationDoc, UserDoc},
};

/// Names in any case stand together.
fn any_case() -> Collation {
    Collation::builder().locale("en").strength(CollationStrength::Secondary).build()
}

#[async_trait]
impl Directory for Mongo {
    async fn listed_people(&self, query: &DirectoryQuery) -> Result<Vec<User>> {
        if query.limit == 0 {
            return Ok(Vec::new()); // MongoDB takes a limit of 0 for "no limit".
        }
        let mut which = doc! { "state": "active", "preferences.listed": { "$ne": false } };
        let mut all = Vec::new();
        if !query.search.is_empty() {
            all.push(doc! { "name": { "$regex": regex::escape(&query.search), "$options": "i" } });
        }
        if let Some(only) = &query.only {
            all.push(doc! { "_id": { "$in": only } });
        }
        if !query.without.is_empty() {
            all.push(doc! { "_id": { "$nin": &query.without } });
        }
        if let Some(after) = &query.after {
            let later = [
                doc! { "name": { "$gt": &after.name } },
                doc! { "name": &after.name, "_id": { "$gt": &after.id } },
            ];
            all.push(doc! { "$or": later.to_vec() });
        }
        if !all.is_empty() {
            which.insert("$and", all);
        }
        let found: Vec<UserDoc> = self
            .call(async {
                let users = self.users();
                let found = users.find(which).sort(doc! { "name": 1, "_id": 1 }).collation(any_case());
                found.limit(query.limit.into()).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    async fn common_rooms(&self, user_id: &str, other_id: &str, limit: u32) -> Result<Vec<CommonRoom>> {
        let found: Vec<ConversationDoc> = self
            .call(async {
                let active = doc! { "_id.u": user_id, "state": "active" };
                let own: Vec<MemberDoc> = self.member_docs().find(active).await?.try_collect().await?;
                let both = own.iter().map(|member| doc! { "c": &member.id.c, "u": other_id });
                let both = doc! { "_id": { "$in": both.collect::<Vec<_>>() }, "state": "active" };
                let both: Vec<MemberDoc> = self.member_docs().find(both).await?.try_collect().await?;
                let ids: Vec<&str> = both.iter().map(|member| &*member.id.c).collect();
                let rooms = doc! {
                    "_id": { "$in": ids }, "kind": { "$in": ["room", "board"] }, "room.board.on": { "$ne": false },
                };
                let docs = self.conversation_docs();
                let found = docs.find(rooms).sort(doc! { "updated_at": -1, "_id": -1 });
                found.limit(limit.max(1).into()).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(|room| CommonRoom { id: room.id, name: room.title }).collect())
    }
}
