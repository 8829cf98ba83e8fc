//! Cases about reactions, pins and reports of messages in rooms.

use crate::{
    domain::{MemberRole, Message, ReportEnd, RoomSettings, talk::MOST_REACTIONS},
    server::store::{
        Grant, MemberChange, NewPin, NewReaction, NewReport, ReportOutcome, ReportQuery, Store, TalkOutcome,
    },
};

use super::{
    fixtures::{NOW, id},
    talks::{add, come, now, room, says, stored},
};

async fn react(store: &dyn Store, grant: &Grant, message_id: &str, emoji: &str, on: bool) -> TalkOutcome {
    store.react(grant, &NewReaction { message_id, emoji, on, now: NOW }).await.unwrap()
}

fn counts(message: &Message) -> Vec<(&str, u32)> {
    message.talk.reactions.iter().map(|reaction| (&*reaction.emoji, reaction.count)).collect()
}

fn changed(outcome: TalkOutcome) -> (Message, u64) {
    match outcome {
        TalkOutcome::Changed { message, changed, .. } => (message, changed.revision),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn reactions_are_counted_and_taken_back(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let said = add(store, &room.member, &says(&room.member, "Hi")).await;
    let (first, one) = changed(react(store, &room.member, &said.id, "👍", true).await);
    assert!(first.revision == one && one > said.revision, "the next number");
    let again = react(store, &room.member, &said.id, "👍", true).await;
    assert!(matches!(again, TalkOutcome::Same(_)), "{again:?}");
    changed(react(store, &room.owner, &said.id, "🎉", true).await);
    let (both, two) = changed(react(store, &room.owner, &said.id, "👍", true).await);
    assert_eq!(counts(&both), [("👍", 2), ("🎉", 1)]);
    assert_eq!(both.talk.reactions[0].first.len(), 2);
    assert_eq!(stored(store, &room.reader, &said.id).await, both);
    // Whoever comes back with a position is told of the message once.
    let grant = now(store, &room.reader).await;
    let changes = store.changes_since(&grant, said.revision, 9).await.unwrap();
    assert_eq!(
        changes.messages.iter().map(|it| (&it.id, it.revision)).collect::<Vec<_>>(),
        [(&said.id, two)]
    );
    let mut own = store.own_reactions(&room.owner, std::slice::from_ref(&said.id)).await.unwrap();
    own.sort();
    assert_eq!(own, [(said.id.clone(), "🎉".to_owned()), (said.id.clone(), "👍".to_owned())]);
    assert_eq!(store.reactions(&room.reader, &said.id, 9).await.unwrap().len(), 3);
    // Readers and strangers do not react.
    let other = super::talks::room(store, RoomSettings::default()).await;
    for grant in [&room.reader, &other.owner] {
        assert_eq!(react(store, grant, &said.id, "👍", true).await, TalkOutcome::Missing);
    }
    assert!(store.reactions(&other.owner, &said.id, 9).await.unwrap().is_empty());
    let (gone, _) = changed(react(store, &room.owner, &said.id, "🎉", false).await);
    assert_eq!(counts(&gone), [("👍", 2)]);
    let none = react(store, &room.owner, &said.id, "🎉", false).await;
    assert!(matches!(none, TalkOutcome::Same(_)), "{none:?}");
    // A deleted message has none, and gets none.
    changed(store.erase_message(&room.member, &said.id, NOW).await.unwrap());
    assert!(store.reactions(&room.owner, &said.id, 9).await.unwrap().is_empty());
    assert!(counts(&stored(store, &room.owner, &said.id).await).is_empty());
    assert_eq!(react(store, &room.owner, &said.id, "👍", true).await, TalkOutcome::Missing);
}

pub(super) async fn a_message_has_so_many_kinds_of_reactions(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let said = add(store, &room.member, &says(&room.member, "Hi")).await;
    for kind in 0..MOST_REACTIONS {
        changed(react(store, &room.member, &said.id, &format!("e{kind}"), true).await);
    }
    assert_eq!(react(store, &room.owner, &said.id, "more", true).await, TalkOutcome::Full);
    let (joined, _) = changed(react(store, &room.owner, &said.id, "e3", true).await);
    assert_eq!(counts(&joined)[3], ("e3", 2), "one of those that are there");
    assert_eq!(store.reactions(&room.owner, &said.id, 99).await.unwrap().len(), MOST_REACTIONS + 1);
}

pub(super) async fn a_closed_account_leaves_no_reactions(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let person = come(store, &room.owner, MemberRole::Member).await;
    let said = add(store, &room.member, &says(&room.member, "Hi")).await;
    changed(react(store, &room.owner, &said.id, "👍", true).await);
    for emoji in ["👍", "🎉"] {
        changed(react(store, &person, &said.id, emoji, true).await);
    }
    // So many that they are not taken back in one step.
    let mut more = Vec::new();
    for at in 0..60 {
        let said = add(store, &room.member, &says(&room.member, &at.to_string())).await;
        changed(react(store, &person, &said.id, "👍", true).await);
        more.push(said.id);
    }
    let before = stored(store, &room.owner, &said.id).await;
    store.close_account(person.user_id(), None).await.unwrap().done().unwrap();
    let after = stored(store, &room.owner, &said.id).await;
    assert_eq!(counts(&after), [("👍", 1)]);
    assert_eq!(after.talk.reactions[0].first, [room.owner.user_id()]);
    assert!(after.revision > before.revision, "listeners are told");
    for id in more {
        assert_eq!(counts(&stored(store, &room.owner, &id).await), []);
    }
}

pub(super) async fn messages_are_pinned_and_the_pins_listed(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let pin = async |grant: &Grant, message_id: &str, on: bool, at: i64| {
        store.pin(grant, &NewPin { message_id, on, now: NOW + at }).await.unwrap()
    };
    let one = add(store, &room.member, &says(&room.member, "One")).await;
    let two = add(store, &room.member, &says(&room.member, "Two and more")).await;
    changed(pin(&room.owner, &two.id, true, 1).await);
    let (pinned, revision) = changed(pin(&room.member, &one.id, true, 2).await);
    assert_eq!(pinned.talk.pinned.as_ref().unwrap().by, room.member.user_id());
    assert_eq!(pinned.revision, revision);
    assert!(matches!(pin(&room.owner, &one.id, true, 3).await, TalkOutcome::Same(_)));
    assert_eq!(pin(&room.reader, &one.id, true, 3).await, TalkOutcome::Missing);
    let ids = async || -> Vec<String> {
        store.pinned(&room.reader).await.unwrap().into_iter().map(|it| it.id).collect()
    };
    assert_eq!(ids().await, [one.id.clone(), two.id.clone()], "the newest pin first");
    let short = store.beginnings(&room.reader, &ids().await, 3).await.unwrap();
    assert_eq!(short.iter().map(|it| &*it.content).collect::<Vec<_>>(), ["Two", "One"]);
    // A member takes the own pin away, a moderator any.
    assert_eq!(pin(&room.member, &two.id, false, 4).await, TalkOutcome::Missing);
    changed(pin(&room.moderator, &two.id, false, 4).await);
    assert!(matches!(pin(&room.moderator, &two.id, false, 5).await, TalkOutcome::Same(_)));
    store.erase_message(&room.member, &one.id, NOW).await.unwrap();
    assert!(ids().await.is_empty(), "a deleted message is not pinned");
    // An own pin of somebody who may only read now stays.
    changed(pin(&room.member, &two.id, true, 6).await);
    let reader = MemberChange::Role(MemberRole::Reader);
    store.change_member(&room.owner, room.member.user_id(), reader).await.unwrap();
    assert_eq!(pin(&room.member, &two.id, false, 7).await, TalkOutcome::Missing);
}

pub(super) async fn reports_are_made_listed_and_settled(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let report = async |grant: &Grant, message_id: &str, reason: &str| {
        let report_id = id();
        let new = NewReport { id: &report_id, message_id, reason, now: NOW };
        store.report(grant, &new).await.unwrap()
    };
    let list = async |grant: &Grant, settled: bool| {
        store.reports(grant, ReportQuery { settled, before: None, limit: 9 }).await.unwrap()
    };
    let one = add(store, &room.member, &says(&room.member, "One")).await;
    let two = add(store, &room.member, &says(&room.member, "Two")).await;
    assert_eq!(report(&room.reader, &one.id, "rude").await, ReportOutcome::Made);
    assert_eq!(report(&room.reader, &one.id, "very rude").await, ReportOutcome::Same);
    assert_eq!(report(&room.owner, &two.id, "").await, ReportOutcome::Made);
    assert_eq!(report(&room.reader, &two.id, "").await, ReportOutcome::Made);
    let other = super::talks::room(store, RoomSettings::default()).await;
    assert_eq!(report(&other.owner, &one.id, "").await, ReportOutcome::Missing);
    assert!(list(&room.member, false).await.is_empty() && list(&other.owner, false).await.is_empty());
    assert_eq!(
        (store.open_reports(&room.member).await.unwrap(), store.open_reports(&room.moderator).await.unwrap()),
        (0, 3)
    );
    let open = list(&room.moderator, false).await;
    let first = open.last().unwrap();
    assert_eq!((&first.message_id, &*first.reason), (&one.id, "rude"));
    assert_eq!(first.reporter_id.as_deref(), Some(room.reader.user_id()));
    let later = ReportQuery { settled: false, before: Some(&open[1].id), limit: 9 };
    assert_eq!(store.reports(&room.moderator, later).await.unwrap(), std::slice::from_ref(first));
    // Only who manages settles it, once.
    assert!(!store.dismiss_report(&room.member, &first.id, NOW + 1).await.unwrap());
    assert!(!store.dismiss_report(&other.owner, &first.id, NOW + 1).await.unwrap());
    assert!(store.one_report(&other.owner, &first.id).await.unwrap().is_none());
    assert!(store.dismiss_report(&room.moderator, &first.id, NOW + 1).await.unwrap());
    assert!(!store.dismiss_report(&room.owner, &first.id, NOW + 2).await.unwrap());
    let settled = store.one_report(&room.owner, &first.id).await.unwrap().unwrap().settled.unwrap();
    assert_eq!((&*settled.by, settled.how), (room.moderator.user_id(), ReportEnd::Dismissed));
    // Deleting a message settles its reports.
    changed(store.erase_message(&room.moderator, &two.id, NOW + 3).await.unwrap());
    assert_eq!(store.open_reports(&room.owner).await.unwrap(), 0);
    let ends: Vec<_> =
        list(&room.owner, true).await.into_iter().filter_map(|it| Some(it.settled?.how)).collect();
    assert_eq!(ends, [ReportEnd::Deleted, ReportEnd::Deleted, ReportEnd::Dismissed]);
    assert_eq!(report(&room.reader, &two.id, "").await, ReportOutcome::Missing, "it is deleted");
}
