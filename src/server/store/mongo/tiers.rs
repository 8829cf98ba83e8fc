//! Tiers and what people used of them, in MongoDB. The document of the default tier is made when it is first changed.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession, Collection,
    bson::{Bson, Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{ModelSpending, PersonSpending, Spending, Tier},
    server::store::{Budgets, Result, TierOutcome, Tiers},
};

use super::{
    Mongo,
    codes::live_of_tier,
    error::is_duplicate,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TierDoc {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    /// Unique. The default tier has none while it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name_lower: Option<String>,
    models: Option<Vec<String>>,
    messages_per_day: Option<u32>,
    tokens_per_day: Option<i64>,
    rooms: Option<u32>,
    upload_bytes: Option<i64>,
    /// Counts whatever gives the tier to somebody, so that it collides with deleting the tier.
    #[serde(default)]
    given: i64,
}

impl From<&Tier> for TierDoc {
    fn from(tier: &Tier) -> Self {
        let large = |number: Option<u64>| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        Self {
            id: tier.id.clone(),
            name: tier.name.clone(),
            name_lower: Some(tier.name.to_lowercase()).filter(|name| !name.is_empty()),
            models: tier.models.clone(),
            messages_per_day: tier.messages_per_day,
            tokens_per_day: large(tier.tokens_per_day),
            rooms: tier.rooms,
            upload_bytes: large(tier.upload_bytes),
            given: 0,
        }
    }
}

impl From<TierDoc> for Tier {
    fn from(doc: TierDoc) -> Self {
        Self {
            id: doc.id,
            name: doc.name,
            models: doc.models,
            messages_per_day: doc.messages_per_day,
            tokens_per_day: doc.tokens_per_day.map(i64::unsigned_abs),
            rooms: doc.rooms,
            upload_bytes: doc.upload_bytes.map(i64::unsigned_abs),
        }
    }
}

/// `_id`: the person `u`, the day `d` and the model `m`, which is not there in what was counted before models were; `day`
/// again, for the index by which old ones are forgotten.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BudgetDoc {
    messages: i64,
    tokens: i64,
}

impl Mongo {
    pub(super) fn tier_docs(&self) -> Collection<TierDoc> {
        self.db.collection("tiers")
    }

    pub(super) fn budget_docs(&self) -> Collection<BudgetDoc> {
        self.db.collection("budgets")
    }

    /// Notes that the transaction gives the tier to somebody; `false`: there is no such tier.
    pub(super) async fn give_tier(&self, tx: &mut ClientSession, id: &str) -> error::Result<bool> {
        let given = doc! { "$inc": { "given": 1_i64 } };
        let noted = self.tier_docs().update_one(doc! { "_id": id }, given).session(tx).await?;
        Ok(noted.matched_count == 1)
    }
}

/// Deletes a tier that nobody has.
struct DeleteTier<'a> {
    id: &'a str,
    now: i64,
}

#[async_trait]
impl Transaction for DeleteTier<'_> {
    type Answer = TierOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<TierOutcome>> {
        let has = doc! {
            "tier": self.id,
            "$or": [{ "tier_until": null }, { "tier_until": { "$gt": self.now } }],
        };
        let people = mongo.users().count_documents(has).session(&mut *tx).await?;
        let live = live_of_tier(self.id, self.now);
        let codes = mongo.code_docs().count_documents(live).session(&mut *tx).await?;
        if people > 0 || codes > 0 {
            return Ok(Outcome::Abort(TierOutcome::InUse { people, codes }));
        }
        let gone = mongo.tier_docs().delete_one(doc! { "_id": self.id }).session(&mut *tx).await?;
        Ok(match gone.deleted_count {
            0 => Outcome::Abort(TierOutcome::Missing),
            _ => Outcome::Commit(TierOutcome::Done),
        })
    }
}

#[async_trait]
impl Tiers for Mongo {
    async fn tiers(&self) -> Result<Vec<Tier>> {
        let order = doc! { "name_lower": 1, "_id": 1 };
        let found: Vec<TierDoc> = self
            .call(async { self.tier_docs().find(doc! {}).sort(order).await?.try_collect().await })
            .await?;
        let (mut first, others): (Vec<_>, Vec<_>) =
            found.into_iter().map(Tier::from).partition(Tier::is_default);
        if first.is_empty() {
            first.push(Tier::standard());
        }
        Ok(first.into_iter().chain(others).collect())
    }

    async fn tier(&self, id: &str) -> Result<Option<Tier>> {
        let found = self.call(async { self.tier_docs().find_one(doc! { "_id": id }).await }).await?;
        Ok(found.map(Tier::from).or_else(|| (id == Tier::DEFAULT).then(Tier::standard)))
    }

    async fn create_tier(&self, tier: &Tier) -> Result<TierOutcome> {
        self.call(async {
            match self.tier_docs().insert_one(TierDoc::from(tier)).await {
                Ok(_) => Ok(TierOutcome::Done),
                Err(error) if is_duplicate(&error) => Ok(TierOutcome::NameTaken),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn update_tier(&self, tier: &Tier) -> Result<TierOutcome> {
        let TierDoc {
            name, name_lower, models, messages_per_day, tokens_per_day, rooms, upload_bytes, ..
        } = tier.into();
        let mut set = doc! {
            "name": name, "models": models, "messages_per_day": messages_per_day,
            "tokens_per_day": tokens_per_day, "rooms": rooms, "upload_bytes": upload_bytes,
        };
        let mut change = Document::new();
        match name_lower {
            Some(name) => {
                set.insert("name_lower", name);
            }
            None => {
                change.insert("$unset", doc! { "name_lower": "" });
            }
        }
        change.insert("$set", set);
        self.call(async {
            let which = doc! { "_id": &tier.id };
            match self.tier_docs().update_one(which, change).upsert(tier.is_default()).await {
                Ok(done) if done.matched_count == 0 && done.upserted_id.is_none() => Ok(TierOutcome::Missing),
                Ok(_) => Ok(TierOutcome::Done),
                Err(error) if is_duplicate(&error) => Ok(TierOutcome::NameTaken),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn delete_tier(&self, id: &str, now: i64) -> Result<TierOutcome> {
        if id == Tier::DEFAULT {
            return Ok(TierOutcome::Missing);
        }
        self.call(self.transaction(&DeleteTier { id, now })).await
    }
}

/// The documents of a person on a day, of all models.
fn budgets_of(user_id: &str, day: i64) -> Document {
    let (from, to) = (doc! { "u": user_id, "d": day }, doc! { "u": user_id, "d": day.saturating_add(1) });
    doc! { "_id": { "$gte": from, "$lt": to } }
}

/// The sums, and what they belong to as `_id`; most tokens first.
fn sums(which: Document, of: impl Into<Bson>) -> [Document; 3] {
    let sums =
        doc! { "_id": of.into(), "messages": { "$sum": "$messages" }, "tokens": { "$sum": "$tokens" } };
    let order = doc! { "tokens": -1, "messages": -1, "_id": 1 };
    [doc! { "$match": which }, doc! { "$group": sums }, doc! { "$sort": order }]
}

/// The sums of a model or of a person.
#[derive(Debug, Deserialize)]
struct SumDoc {
    #[serde(rename = "_id")]
    of: String,
    name: Option<String>,
    messages: i64,
    tokens: i64,
}

impl SumDoc {
    fn spending(&self) -> Spending {
        Spending { messages: self.messages.unsigned_abs(), tokens: self.tokens.unsigned_abs() }
    }
}

#[async_trait]
impl Budgets for Mongo {
    async fn spending(&self, user_id: &str, day: i64) -> Result<Spending> {
        let which = budgets_of(user_id, day);
        let found: Vec<BudgetDoc> =
            self.call(async { self.budget_docs().find(which).await?.try_collect().await }).await?;
        Ok(found.into_iter().fold(Spending::default(), |sum, doc| Spending {
            messages: sum.messages.saturating_add(doc.messages.unsigned_abs()),
            tokens: sum.tokens.saturating_add(doc.tokens.unsigned_abs()),
        }))
    }

    async fn spend(&self, user_id: &str, day: i64, model: &str, spending: Spending) -> Result<()> {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let more = doc! { "messages": signed(spending.messages), "tokens": signed(spending.tokens) };
        let change = doc! { "$inc": more, "$set": { "day": day } };
        self.call(async {
            let which = || doc! { "_id": { "u": user_id, "d": day, "m": model } };
            let added = self.budget_docs().update_one(which(), change.clone()).upsert(true).await;
            match added {
                // Two that are the first at once both insert; the second one finds the other's then.
                Err(error) if is_duplicate(&error) => {
                    self.budget_docs().update_one(which(), change).await.map(|_| ())
                }
                other => other.map(|_| ()),
            }
        })
        .await
    }

    async fn spending_by_model(&self, since_day: i64, user_id: Option<&str>) -> Result<Vec<ModelSpending>> {
        let mut which = doc! { "day": { "$gte": since_day } };
        if let Some(user_id) = user_id {
            let (from, to) = (doc! { "u": user_id, "d": since_day }, doc! { "u": user_id, "d": i64::MAX });
            which.insert("_id", doc! { "$gte": from, "$lt": to });
        }
        let steps = sums(which, doc! { "$ifNull": ["$_id.m", ""] });
        let found: Vec<SumDoc> = self
            .call(async {
                self.budget_docs().aggregate(steps).with_type::<SumDoc>().await?.try_collect().await
            })
            .await?;
        let found = found.into_iter();
        Ok(found.map(|sum| ModelSpending { spending: sum.spending(), model: sum.of }).collect())
    }

    async fn spending_by_person(&self, since_day: i64, most: u32) -> Result<(Vec<PersonSpending>, u64)> {
        let which = || doc! { "day": { "$gte": since_day } };
        let person = doc! { "from": "users", "localField": "_id", "foreignField": "_id", "as": "user",
        "pipeline": [{ "$match": { "state": { "$ne": "deleted" } } }, { "$project": { "name": 1 } }] };
        let named = doc! { "name": { "$first": "$user.name" } };
        let mut steps = sums(which(), "$_id.u").to_vec();
        steps.extend([
            doc! { "$limit": i64::from(most) },
            doc! { "$lookup": person },
            doc! { "$set": named },
        ]);
        let count =
            [doc! { "$match": which() }, doc! { "$group": { "_id": "$_id.u" } }, doc! { "$count": "count" }];
        let (found, count): (Vec<SumDoc>, Option<Document>) = self
            .call(async {
                let found = self.budget_docs().aggregate(steps).with_type::<SumDoc>().await?;
                let mut counts = self.budget_docs().aggregate(count).await?;
                Ok((found.try_collect().await?, counts.try_next().await?))
            })
            .await?;
        let count = count.and_then(|count| count.get_i32("count").ok()).unwrap_or_default();
        let found = found.into_iter().map(|sum| PersonSpending {
            spending: sum.spending(),
            user_id: sum.of,
            name: sum.name,
        });
        Ok((found.collect(), u64::from(count.unsigned_abs())))
    }

    async fn forget_spending(&self, before_day: i64) -> Result<u64> {
        let old = doc! { "day": { "$lt": before_day } };
        self.call(async { Ok(self.budget_docs().delete_many(old).await?.deleted_count) }).await
    }
}
