//! Changes of a room's people in MongoDB whose outcome is not known at first.

use crate::{
    domain::{MemberRole, RoomSettings},
    server::store::{
        Entry, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, Need, NewReaction, OpenOptions,
        TalkOutcome, mongo::Mongo,
    },
};

use super::{
    fixtures::{NOW, user},
    members::{count, open_room, own, room_code, wants},
    mongod::{fresh_database, shared},
    talks,
};

#[tokio::test]
async fn a_change_of_members_that_is_tried_again_says_that_it_was_made() {
    let url = shared().await.url(&fresh_database());
    let mongo = Mongo::open(&url, &OpenOptions::default()).await.unwrap();
    let (ada, bob) = (user(&mongo).await, user(&mongo).await);
    let room = open_room(&mongo, &ada).await;
    let owner = own(&mongo, &ada, &room).await;
    let code = crate::server::store::Codes::code_by_hash;
    let new = room_code(&mongo, &room.id, 1).await;
    let [first, again] = mongo.join_twice(&wants(&room.id, &bob, Entry::Code(&new.hash))).await.unwrap();
    assert!(matches!(first, JoinOutcome::Joined { .. }));
    assert_eq!(first, again);
    assert_eq!(code(&mongo, &new.hash).await.unwrap().unwrap().used, 1);
    assert_eq!(count(&mongo, &owner).await, 2);
    let grant = crate::server::store::Access::access(&mongo, &bob.id, &room.id, Need::Read).await.unwrap();
    let [first, again] = mongo.leave_twice(&grant).await.unwrap();
    assert!(matches!(first, LeaveOutcome::Left { .. }));
    assert_eq!(first, again);
    assert_eq!(count(&mongo, &owner).await, 1);
    mongo.join_twice(&wants(&room.id, &bob, Entry::Listed)).await.unwrap();
    for change in [
        MemberChange::Role(MemberRole::Reader),
        MemberChange::Ban { hide: true },
        MemberChange::Unban,
        MemberChange::Remove,
    ] {
        let [first, again] = mongo.change_member_twice(&owner, &bob.id, change).await.unwrap();
        if change == MemberChange::Remove {
            // Unbanned, the person is removed already.
            assert!(matches!(first, MemberOutcome::Same(_)), "{first:?}");
        } else {
            assert!(matches!(first, MemberOutcome::Changed { .. }), "{change:?}: {first:?}");
            assert_eq!(first, again, "{change:?}");
        }
    }
    mongo.join_twice(&wants(&room.id, &bob, Entry::Listed)).await.unwrap();
    let handed =
        mongo.change_member_twice(&owner, &bob.id, MemberChange::HandOver { most: None }).await.unwrap();
    assert!(matches!(&handed[0], MemberOutcome::Changed { .. }));
    assert_eq!(handed[0], handed[1]);
    assert_eq!(count(&mongo, &own(&mongo, &bob, &room).await).await, 2);
}

#[tokio::test]
async fn a_reaction_that_is_tried_again_counts_once() {
    let url = shared().await.url(&fresh_database());
    let mongo = Mongo::open(&url, &OpenOptions::default()).await.unwrap();
    let room = talks::room(&mongo, RoomSettings::default()).await;
    let said = talks::add(&mongo, &room.member, &talks::says(&room.member, "Hi")).await;
    for on in [true, false] {
        let new = NewReaction { message_id: &said.id, emoji: "👍", on, now: NOW };
        let [first, again] = mongo.react_twice(&room.owner, &new).await.unwrap();
        assert!(matches!(first, TalkOutcome::Changed { .. }), "{first:?}");
        assert_eq!(first, again);
        let counted = talks::stored(&mongo, &room.owner, &said.id).await.talk.reactions;
        assert_eq!(counted.iter().map(|reaction| reaction.count).sum::<u32>(), u32::from(on));
    }
}
