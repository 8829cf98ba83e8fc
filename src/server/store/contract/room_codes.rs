//! Cases about codes that lead into a room.

use futures::future::join_all;

use crate::{
    domain::{MemberState, RoomPatch},
    server::store::{Entry, Invited, Join, JoinOutcome, Need, Redeemed, Store},
};

use super::{
    codes::{code, made},
    fixtures::{NOW, id, new_user, user},
    members::{count, open_room, own, room_code, wants},
};

pub(super) async fn a_code_leads_into_a_room_as_often_as_it_says(store: &dyn Store) {
    let ada = user(store).await;
    let (room, other) = (open_room(store, &ada).await, open_room(store, &ada).await);
    let closed = RoomPatch { listed: Some(false), ..Default::default() };
    store.update_room(&own(store, &ada, &room).await, &closed).await.unwrap().unwrap();
    let new = room_code(store, &room.id, 3).await;
    let people = join_all((0..10).map(|_| user(store))).await;
    let with = Entry::Code(&new.hash);
    for (place, entry) in [(&room, Entry::Listed), (&other, with), (&room, Entry::Code("none"))] {
        assert_eq!(store.join(&wants(&place.id, &people[0], entry)).await.unwrap(), JoinOutcome::Refused);
    }
    // It is used by whoever comes in, and is worth nothing for an account.
    let redeemed = store.redeem_code(&people[0].id, &new.hash, true, NOW).await.unwrap();
    assert_eq!(redeemed, Redeemed::Nothing);
    let joins: Vec<Join<'_>> = people.iter().map(|person| wants(&room.id, person, with)).collect();
    let outcomes = join_all(joins.iter().map(|it| store.join(it))).await;
    let joined: Vec<usize> =
        (0..10).filter(|at| matches!(outcomes[*at], Ok(JoinOutcome::Joined { .. }))).collect();
    let refused = outcomes.iter().filter(|it| matches!(it, Ok(JoinOutcome::Refused))).count();
    assert_eq!((joined.len(), refused), (3, 7));
    let used = store.code_by_hash(&new.hash).await.unwrap().unwrap().used;
    assert_eq!(used, 3);
    let again = store.join(&joins[joined[0]]).await.unwrap();
    assert_eq!(again, JoinOutcome::Already { conversation_id: room.id.clone() });
    // For whoever comes again with it that is the same use.
    let more = room_code(store, &room.id, 2).await;
    let late = wants(&room.id, &people[joined[0]], Entry::Code(&more.hash));
    for _ in 0..3 {
        let grant = store.access(&people[joined[0]].id, &room.id, Need::Read).await.unwrap();
        store.leave(&grant).await.unwrap();
        assert!(matches!(store.join(&late).await.unwrap(), JoinOutcome::Joined { .. }));
        assert_eq!(store.code_by_hash(&more.hash).await.unwrap().unwrap().used, 1);
    }
}

pub(super) async fn codes_of_a_room_are_listed_and_ended(store: &dyn Store) {
    let ada = user(store).await;
    let (room, other) = (open_room(store, &ada).await, open_room(store, &ada).await);
    let owner = own(store, &ada, &room).await;
    let (first, second) = (room_code(store, &room.id, 1).await, room_code(store, &room.id, 1).await);
    let elsewhere = room_code(store, &other.id, 1).await;
    let expired = code(|code| (code.room_id, code.expires_at) = (Some(room.id.clone()), Some(NOW)));
    made(store, &expired).await;
    let ids = async |most| {
        let found = store.room_codes(&owner, most, NOW).await.unwrap();
        found.into_iter().map(|code| code.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(9).await, [second.code.id.clone(), first.code.id.clone()]);
    assert_eq!(ids(1).await, [&*second.code.id]);
    assert!(ids(0).await.is_empty());
    assert!(!store.end_room_code(&owner, &elsewhere.code.id, NOW).await.unwrap(), "it is another room's");
    assert!(store.end_room_code(&owner, &second.code.id, NOW).await.unwrap());
    assert!(!store.end_room_code(&owner, &second.code.id, NOW).await.unwrap());
    assert_eq!(ids(9).await, [&*first.code.id]);
    assert_eq!(store.code_by_hash(&first.hash).await.unwrap().unwrap(), first.code);
}

pub(super) async fn somebody_registers_into_a_room(store: &dyn Store) {
    let ada = user(store).await;
    let room = open_room(store, &ada).await;
    let (owner, new) = (own(store, &ada, &room).await, room_code(store, &room.id, 9).await);
    let register = async || {
        let new_one = new_user(&format!("{}@example.com", id().to_lowercase()));
        match store.register_with_code(&new_one, &new.hash, 2, NOW).await.unwrap() {
            Invited::Made(user) => user,
            other => panic!("{other:?}"),
        }
    };
    let bob = register().await;
    let member = store.member(&owner, &bob.id).await.unwrap().unwrap();
    assert_eq!((&*member.name, member.state), ("Ada 2", MemberState::Active));
    assert_eq!(count(store, &owner).await, 2);
    assert!(store.changes_since(&owner, owner.last_seq(), 9).await.unwrap().members);
    // Without a place, or without the room, an account is made all the same.
    let dora = register().await;
    assert!(store.member(&owner, &dora.id).await.unwrap().is_none());
    assert!(store.delete_conversation(&owner, NOW).await.unwrap());
    let carl = register().await;
    assert!(store.standing(&carl.id, &room.id).await.unwrap().is_none());
    assert_eq!(store.code_by_hash(&new.hash).await.unwrap().unwrap().used, 3);
}
