//! Cases about tiers and about what people used of them.

use futures::future::join_all;

use crate::{
    domain::{ModelSpending, PersonSpending, Spending, Tier},
    server::store::{Store, TierOutcome, UserPatch},
};

use super::{
    codes::{code, made},
    fixtures::{NOW, id, user},
};

/// A tier with every field.
pub(super) fn tier(name: &str) -> Tier {
    Tier {
        id: id(),
        name: name.to_owned(),
        models: Some(vec!["demo/echo".to_owned(), "acme/模型".to_owned()]),
        messages_per_day: Some(20),
        tokens_per_day: Some(5_000_000_000),
        rooms: Some(0),
        upload_bytes: Some(1 << 40),
    }
}

pub(super) async fn made_tier(store: &dyn Store, name: &str) -> Tier {
    let tier = tier(name);
    assert_eq!(store.create_tier(&tier).await.unwrap(), TierOutcome::Done);
    tier
}

pub(super) async fn the_default_tier_is_always_there(store: &dyn Store) {
    assert_eq!(store.tiers().await.unwrap(), [Tier::standard()]);
    assert_eq!(store.tier(Tier::DEFAULT).await.unwrap(), Some(Tier::standard()));
    let renamed = Tier { id: Tier::DEFAULT.to_owned(), ..tier("Everybody") };
    assert_eq!(store.update_tier(&renamed).await.unwrap(), TierOutcome::Done);
    assert_eq!(store.tier(Tier::DEFAULT).await.unwrap(), Some(renamed.clone()));
    assert_eq!(store.update_tier(&Tier::standard()).await.unwrap(), TierOutcome::Done);
    assert_eq!(store.delete_tier(Tier::DEFAULT, NOW).await.unwrap(), TierOutcome::Missing);
    assert_eq!(store.tiers().await.unwrap(), [Tier::standard()]);
}

pub(super) async fn tiers_are_made_changed_and_deleted(store: &dyn Store) {
    let (silver, mut gold) = (made_tier(store, "silver").await, made_tier(store, "Gold").await);
    assert_eq!(store.tiers().await.unwrap(), [Tier::standard(), gold.clone(), silver.clone()]);
    gold.models = None;
    (gold.messages_per_day, gold.tokens_per_day, gold.rooms, gold.upload_bytes) = (None, None, None, None);
    assert_eq!(store.update_tier(&gold).await.unwrap(), TierOutcome::Done);
    assert_eq!(store.tier(&gold.id).await.unwrap(), Some(gold.clone()));
    assert_eq!(store.tier(&silver.id).await.unwrap(), Some(silver.clone()));
    let taken = Tier { name: "SILVER".to_owned(), ..gold.clone() };
    assert_eq!(store.update_tier(&taken).await.unwrap(), TierOutcome::NameTaken);
    assert_eq!(store.create_tier(&tier("gold")).await.unwrap(), TierOutcome::NameTaken);
    assert_eq!(store.delete_tier(&silver.id, NOW).await.unwrap(), TierOutcome::Done);
    assert_eq!(store.delete_tier(&silver.id, NOW).await.unwrap(), TierOutcome::Missing);
    assert_eq!(store.update_tier(&silver).await.unwrap(), TierOutcome::Missing);
    assert_eq!(store.tier(&silver.id).await.unwrap(), None);
    assert_eq!(store.tiers().await.unwrap(), [Tier::standard(), gold]);
}

pub(super) async fn a_tier_in_use_stays(store: &dyn Store) {
    let gold = made_tier(store, "Gold").await;
    let (ada, bob) = (user(store).await, user(store).await);
    let has = async |user: &str, until| {
        let patch = UserPatch { tier: Some(Some((gold.id.clone(), until))), ..UserPatch::default() };
        store.update_user(user, &patch, None).await.unwrap().done().unwrap();
    };
    has(&ada.id, None).await;
    has(&bob.id, Some(NOW + 10)).await;
    let used_up = code(|code| code.tier = Some(gold.id.clone()));
    let expired = code(|code| {
        code.tier = Some(gold.id.clone());
        code.expires_at = Some(NOW + 5);
    });
    for new in [&used_up, &expired] {
        made(store, new).await;
    }
    assert_eq!(store.delete_tier(&gold.id, NOW).await.unwrap(), TierOutcome::InUse { people: 2, codes: 2 });
    // The tier of one person and one of the codes are over.
    let in_use = store.delete_tier(&gold.id, NOW + 10).await.unwrap();
    assert_eq!(in_use, TierOutcome::InUse { people: 1, codes: 1 });
    let none = UserPatch { tier: Some(None), ..UserPatch::default() };
    store.update_user(&ada.id, &none, None).await.unwrap().done().unwrap();
    store.redeem_code(&ada.id, &used_up.hash, false, NOW + 10).await.unwrap();
    store.update_user(&ada.id, &none, None).await.unwrap().done().unwrap();
    assert_eq!(store.delete_tier(&gold.id, NOW + 10).await.unwrap(), TierOutcome::Done);
}

pub(super) async fn deleting_a_tier_races_with_giving_it(store: &dyn Store) {
    for round in 0..10 {
        let gold = made_tier(store, &format!("Gold {round}")).await;
        let ada = user(store).await;
        let new = code(|code| code.tier = Some(gold.id.clone()));
        let making = store.create_codes(std::slice::from_ref(&new));
        let (made, deleted) = tokio::join!(making, store.delete_tier(&gold.id, NOW));
        let (made, deleted) = (made.unwrap(), deleted.unwrap());
        assert_eq!(made, deleted != TierOutcome::Done, "{made} {deleted:?}");
        let redeemed = store.redeem_code(&ada.id, &new.hash, false, NOW).await.unwrap();
        let has = store.user(&ada.id).await.unwrap().unwrap().tier;
        assert_eq!(has.is_some(), made, "{redeemed:?}");
    }
}

pub(super) async fn spending_adds_up_for_each_person_and_day(store: &dyn Store) {
    assert_eq!(store.spending("ada", 20_000).await.unwrap(), Spending::default());
    let one = Spending { messages: 1, tokens: 3_000_000_000 };
    let spend = || store.spend("ada", 20_000, "a/x", one);
    join_all((0..20).map(|_| spend())).await.into_iter().for_each(|spent| spent.unwrap());
    store.spend("ada", 20_001, "a/y", one).await.unwrap();
    store.spend("bob", 20_000, "a/x", Spending { messages: 0, tokens: 7 }).await.unwrap();
    let all = Spending { messages: 20, tokens: 60_000_000_000 };
    assert_eq!(store.spending("ada", 20_000).await.unwrap(), all);
    assert_eq!(store.spending("bob", 20_000).await.unwrap(), Spending { messages: 0, tokens: 7 });
    let of_model = |model: &str, messages, tokens| ModelSpending {
        model: model.to_owned(),
        spending: Spending { messages, tokens },
    };
    let both = [of_model("a/x", 20, 60_000_000_007), of_model("a/y", 1, 3_000_000_000)];
    assert_eq!(store.spending_by_model(20_000, None).await.unwrap(), both);
    assert_eq!(store.spending_by_model(20_001, None).await.unwrap(), both[1..]);
    let ada = [of_model("a/x", 20, 60_000_000_000), of_model("a/y", 1, 3_000_000_000)];
    assert_eq!(store.spending_by_model(20_000, Some("ada")).await.unwrap(), ada);
    assert_eq!(store.spending_by_model(20_000, Some("ad")).await.unwrap(), []);
    let of_person = |id: &str, messages, tokens| PersonSpending {
        user_id: id.to_owned(),
        name: None,
        spending: Spending { messages, tokens },
    };
    let people = vec![of_person("ada", 21, 63_000_000_000), of_person("bob", 0, 7)];
    assert_eq!(store.spending_by_person(20_000, 9).await.unwrap(), (people.clone(), 2));
    assert_eq!(store.spending_by_person(20_000, 1).await.unwrap(), (people[..1].to_vec(), 2));
    assert_eq!(store.spending_by_person(20_002, 9).await.unwrap(), (Vec::new(), 0));
    let cleo = user(store).await;
    store.spend(&cleo.id, 20_002, "a/x", one).await.unwrap();
    let (named, _) = store.spending_by_person(20_002, 9).await.unwrap();
    assert_eq!(named.first().and_then(|first| first.name.clone()), Some(cleo.name));
    assert_eq!(store.forget_spending(20_001).await.unwrap(), 2);
    assert_eq!(store.spending("ada", 20_000).await.unwrap(), Spending::default());
    assert_eq!(store.spending("ada", 20_001).await.unwrap(), one);
}
