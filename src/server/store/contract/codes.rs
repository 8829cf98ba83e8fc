//! Cases about invitations and activation codes.

use std::slice;

use futures::future::join_all;

use crate::{
    domain::{Code, User, UserRole, UserState},
    server::store::{Invited, NewCode, Redeemed, Store, UserPatch, WhichCodes},
};

use super::{
    fixtures::{NOW, id, new_user, user},
    tiers::made_tier,
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// An invitation for one person, changed by `change`.
pub(super) fn code(change: impl FnOnce(&mut Code)) -> NewCode {
    let mut code = Code {
        id: id(),
        batch_id: id(),
        label: "Class 7b 🎓".to_owned(),
        registers: true,
        role: UserRole::Member,
        tier: None,
        tier_days: None,
        room_id: None,
        uses: 1,
        used: 0,
        expires_at: None,
        created_by: None,
        created_at: NOW,
        ended_at: None,
    };
    change(&mut code);
    NewCode { hash: format!("hash of {}", code.id), code }
}

pub(super) async fn made(store: &dyn Store, new: &NewCode) {
    assert!(store.create_codes(slice::from_ref(new)).await.unwrap());
}

async fn register(store: &dyn Store, hash: &str, now: i64) -> Invited {
    let new = new_user(&format!("{}@example.com", id().to_lowercase()));
    store.register_with_code(&new, hash, 9, now).await.unwrap()
}

async fn used(store: &dyn Store, new: &NewCode) -> u32 {
    store.code_by_hash(&new.hash).await.unwrap().unwrap().used
}

async fn now_of(store: &dyn Store, user: &User) -> User {
    store.user(&user.id).await.unwrap().unwrap()
}

pub(super) async fn codes_are_stored_and_listed(store: &dyn Store) {
    let gold = made_tier(store, "Gold").await;
    let batch = id();
    let all: Vec<NewCode> = (0..5)
        .map(|number| {
            code(|code| {
                code.batch_id = batch.clone();
                code.tier = Some(gold.id.clone());
                (code.tier_days, code.uses) = (Some(number), number + 1);
                (code.expires_at, code.created_by) = (Some(NOW + DAY), Some("admin".to_owned()));
                (code.role, code.registers) = (UserRole::Admin, number > 2);
            })
        })
        .collect();
    assert!(store.create_codes(&all).await.unwrap());
    let newest_first: Vec<Code> = all.iter().rev().map(|new| new.code.clone()).collect();
    assert_eq!(store.codes(None, 10).await.unwrap(), newest_first);
    assert_eq!(store.codes(None, 2).await.unwrap(), newest_first[..2]);
    assert_eq!(store.codes(Some(&newest_first[1].id), 2).await.unwrap(), newest_first[2..4]);
    assert_eq!(store.code_by_hash(&all[0].hash).await.unwrap(), Some(all[0].code.clone()));
    assert_eq!(store.code_by_hash("none").await.unwrap(), None);
    let found = async |which| store.code(which).await.unwrap();
    assert_eq!(found(WhichCodes::One(&all[2].code.id)).await, Some(all[2].code.clone()));
    assert_eq!(found(WhichCodes::Batch(&batch)).await, Some(all[0].code.clone()));
    assert_eq!((found(WhichCodes::One(&batch)).await, found(WhichCodes::Batch("none")).await), (None, None));
    let unknown = code(|code| code.tier = Some("none".to_owned()));
    assert!(!store.create_codes(slice::from_ref(&unknown)).await.unwrap());
    assert_eq!(store.code_by_hash(&unknown.hash).await.unwrap(), None);
    // One ends, and then those of its batch that are left.
    assert_eq!(store.end_codes(WhichCodes::One(&all[0].code.id), NOW + 1).await.unwrap(), 1);
    assert_eq!(store.end_codes(WhichCodes::One(&all[0].code.id), NOW + 2).await.unwrap(), 0);
    assert_eq!(store.end_codes(WhichCodes::Batch(&batch), NOW + 3).await.unwrap(), 4);
    assert_eq!(store.end_codes(WhichCodes::One("none"), NOW).await.unwrap(), 0);
    let ended: Vec<_> = store.codes(None, 10).await.unwrap().iter().map(|code| code.ended_at).collect();
    assert_eq!(ended, [Some(NOW + 3), Some(NOW + 3), Some(NOW + 3), Some(NOW + 3), Some(NOW + 1)]);
}

pub(super) async fn an_invitation_gives_its_role_and_its_tier(store: &dyn Store) {
    user(store).await;
    let gold = made_tier(store, "Gold").await;
    let new = code(|code| {
        (code.uses, code.role) = (2, UserRole::Admin);
        (code.tier, code.tier_days) = (Some(gold.id.clone()), Some(30));
    });
    made(store, &new).await;
    let Invited::Made(ada) = register(store, &new.hash, NOW + 5).await else { panic!("it counts") };
    assert_eq!(
        (ada.role, &ada.tier, ada.tier_until),
        (UserRole::Admin, &Some(gold.id), Some(NOW + 5 + 30 * DAY))
    );
    assert_eq!(now_of(store, &ada).await, ada);
    // Somebody has that address: the code is not used.
    let taken = new_user(&ada.login);
    assert_eq!(store.register_with_code(&taken, &new.hash, 9, NOW).await.unwrap(), Invited::LoginTaken);
    assert_eq!(used(store, &new).await, 1);
    // Without a tier and days a member is made.
    let plain = code(|_| {});
    made(store, &plain).await;
    let Invited::Made(bob) = register(store, &plain.hash, NOW).await else { panic!("it counts") };
    assert_eq!((bob.role, bob.tier, bob.tier_until), (UserRole::Member, None, None));
    let uses =
        store.code_uses(&[new.code.id.clone(), plain.code.id.clone(), "none".to_owned()], 9).await.unwrap();
    let uses: Vec<_> =
        uses.into_iter().map(|used| (used.code_id, used.user_id, used.login, used.at)).collect();
    assert_eq!(
        uses,
        [(new.code.id, ada.id, Some(ada.login), NOW + 5), (plain.code.id, bob.id, Some(bob.login), NOW)]
    );
}

pub(super) async fn of_each_code_the_newest_uses_are_read(store: &dyn Store) {
    user(store).await;
    let [many, few, unused] = [code(|code| code.uses = 50), code(|code| code.uses = 3), code(|_| {})];
    for new in [&many, &few, &unused] {
        made(store, new).await;
    }
    let mut people = Vec::new();
    for at in 0..30 {
        let Invited::Made(person) = register(store, &many.hash, NOW + at / 2).await else { panic!("{at}") };
        people.push(person);
    }
    let Invited::Made(other) = register(store, &few.hash, NOW + 3).await else { panic!("it counts") };
    let ids = [unused.code.id, few.code.id.clone(), many.code.id.clone()];
    let uses = store.code_uses(&ids, 4).await.unwrap();
    // Of those who came at once, the later account is the newer one.
    let mut newest: Vec<_> = people.iter().zip(0..).map(|(person, at)| (NOW + at / 2, &*person.id)).collect();
    newest.sort_unstable();
    let newest: Vec<_> = newest.iter().rev().take(4).map(|(_, id)| *id).collect();
    let of = |code: &str| {
        let of_code = uses.iter().filter(|used| used.code_id == code);
        of_code.map(|used| used.user_id.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((of(&many.code.id), of(&few.code.id)), (newest, vec![other.id.as_str()]));
    assert!(uses.is_sorted_by_key(|used| -used.at) && uses.iter().all(|used| used.login.is_some()));
    assert_eq!(uses.len(), 5);
    assert_eq!(store.code_uses(&ids, 100).await.unwrap().len(), 31);
    assert_eq!(store.code_uses(&[], 100).await.unwrap(), []);
}

pub(super) async fn nobody_is_the_first_by_an_invitation(store: &dyn Store) {
    let new = code(|code| code.role = UserRole::Admin);
    made(store, &new).await;
    assert_eq!(register(store, &new.hash, NOW).await, Invited::Refused);
    assert!(!store.any_user().await.unwrap());
    assert_eq!(used(store, &new).await, 0);
}

pub(super) async fn codes_that_do_not_count_register_nobody(store: &dyn Store) {
    let ada = user(store).await;
    let activation = code(|code| code.registers = false);
    let expired = code(|code| code.expires_at = Some(NOW));
    let (ended, used_up) = (code(|_| {}), code(|_| {}));
    for new in [&activation, &expired, &ended, &used_up] {
        made(store, new).await;
    }
    assert!(matches!(register(store, &used_up.hash, NOW).await, Invited::Made(_)));
    store.end_codes(WhichCodes::One(&ended.code.id), NOW).await.unwrap();
    for hash in [&activation.hash, &expired.hash, &ended.hash, &used_up.hash, "unknown"] {
        assert_eq!(register(store, hash, NOW).await, Invited::Refused, "{hash}");
        if hash != activation.hash {
            let redeemed = store.redeem_code(&ada.id, hash, true, NOW).await.unwrap();
            assert_eq!(redeemed, Redeemed::Refused, "{hash}");
        }
    }
    assert!(matches!(register(store, &expired.hash, NOW - 1).await, Invited::Made(_)));
}

pub(super) async fn fifty_at_once_use_a_code_once(store: &dyn Store) {
    let first = user(store).await;
    let new = code(|_| {});
    made(store, &new).await;
    let all = join_all((0..50).map(|_| register(store, &new.hash, NOW))).await;
    let made_users: Vec<_> = all.iter().filter(|made| matches!(made, Invited::Made(_))).collect();
    assert_eq!(made_users.len(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|made| **made == Invited::Refused).count(), 49);
    assert_eq!(used(store, &new).await, 1);
    assert_eq!(store.code_uses(slice::from_ref(&new.code.id), 9).await.unwrap().len(), 1);
    // One person fifty times, and then fifty people once.
    let gold = made_tier(store, "Gold").await;
    let activation = code(|code| {
        code.tier = Some(gold.id.clone());
        code.tier_days = Some(1);
        code.uses = 2;
    });
    made(store, &activation).await;
    let redeem = |id: String| {
        let hash = activation.hash.clone();
        async move { store.redeem_code(&id, &hash, false, NOW).await.unwrap() }
    };
    let same = join_all((0..50).map(|_| redeem(first.id.clone()))).await;
    assert_eq!(same.iter().filter(|outcome| matches!(outcome, Redeemed::Done(..))).count(), 1, "{same:?}");
    assert_eq!(same.iter().filter(|outcome| **outcome == Redeemed::Again).count(), 49);
    assert_eq!(now_of(store, &first).await.tier_until, Some(NOW + DAY));
    let mut people = Vec::new();
    for _ in 0..50 {
        people.push(user(store).await);
    }
    let others = join_all(people.iter().map(|person| redeem(person.id.clone()))).await;
    assert_eq!(others.iter().filter(|outcome| matches!(outcome, Redeemed::Done(..))).count(), 1);
    assert_eq!(others.iter().filter(|outcome| **outcome == Redeemed::Refused).count(), 49, "{others:?}");
    let mut have = 0;
    for person in &people {
        have += usize::from(now_of(store, person).await.tier.is_some());
    }
    assert_eq!((have, used(store, &activation).await), (1, 2));
}

pub(super) async fn redeeming_extends_the_same_tier_and_replaces_another(store: &dyn Store) {
    let ada = user(store).await;
    let (silver, gold) = (made_tier(store, "Silver").await, made_tier(store, "Gold").await);
    let of = |tier: &str, days| {
        code(|code| {
            (code.registers, code.tier, code.tier_days) = (false, Some(tier.to_owned()), days);
        })
    };
    let [first, second, late, other, for_good, more] = [
        of(&silver.id, Some(10)),
        of(&silver.id, Some(5)),
        of(&silver.id, Some(1)),
        of(&gold.id, Some(3)),
        of(&gold.id, None),
        of(&gold.id, Some(1)),
    ];
    for new in [&first, &second, &late, &other, &for_good, &more] {
        made(store, new).await;
    }
    let redeem = async |new: &NewCode, replace, now| {
        store.redeem_code(&ada.id, &new.hash, replace, now).await.unwrap()
    };
    let has = async || {
        let user = now_of(store, &ada).await;
        (user.tier.unwrap_or_default(), user.tier_until)
    };
    let Redeemed::Done(ada_now, code_now) = redeem(&first, false, NOW).await else { panic!("it counts") };
    assert_eq!((ada_now, code_now.used), (now_of(store, &ada).await, 1));
    assert_eq!(has().await, (silver.id.clone(), Some(NOW + 10 * DAY)));
    assert!(matches!(redeem(&second, false, NOW + DAY).await, Redeemed::Done(..)));
    assert_eq!(has().await, (silver.id.clone(), Some(NOW + 15 * DAY)), "from the present end");
    // Another tier takes the place of one that counts only where that is wanted.
    let Redeemed::Replaces(asked, offered) = redeem(&other, false, NOW + DAY).await else {
        panic!("it asks")
    };
    assert_eq!((asked.id, offered.tier, offered.used), (ada.id.clone(), Some(gold.id.clone()), 0));
    assert_eq!(has().await, (silver.id.clone(), Some(NOW + 15 * DAY)));
    // A tier that is over is not extended from its end, and not asked about.
    let later = NOW + 20 * DAY;
    assert!(matches!(redeem(&late, false, later).await, Redeemed::Done(..)));
    assert_eq!(has().await, (silver.id.clone(), Some(later + DAY)));
    assert!(matches!(redeem(&other, true, later).await, Redeemed::Done(..)));
    assert_eq!(has().await, (gold.id.clone(), Some(later + 3 * DAY)));
    assert!(matches!(redeem(&for_good, false, later).await, Redeemed::Done(..)));
    assert_eq!(has().await, (gold.id.clone(), None));
    assert!(matches!(redeem(&more, false, later).await, Redeemed::Already(_)));
    assert_eq!(redeem(&for_good, true, later).await, Redeemed::Again);
    let nothing = code(|_| {});
    made(store, &nothing).await;
    assert_eq!(redeem(&nothing, true, later).await, Redeemed::Nothing);
    assert_eq!((used(store, &more).await, used(store, &nothing).await), (0, 0));
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    let bob = user(store).await;
    store.update_user(&bob.id, &disabled, None).await.unwrap().done().unwrap();
    let redeemed = store.redeem_code(&bob.id, &more.hash, true, later).await.unwrap();
    assert_eq!(redeemed, Redeemed::Refused);
}
