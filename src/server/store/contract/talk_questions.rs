//! Cases about questions for the model in a room: each is a message, and waits for its turn.

use crate::{
    domain::{PromptRead, Reason, RoomPayer, RoomSettings, Status},
    server::store::{
        AddOutcome, BeginOutcome, Finish, Grant, MemberChange, NewAnswer, NewQueued, QueueChange, QueueFull,
        QueueOutcome, Store,
    },
};

use super::{
    fixtures::{NOW, finish, id},
    talks::{add, answers, asks, begins, now, room, says, stored},
};

pub(super) async fn a_question_of_a_room_is_a_message_and_waits(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let before = now(store, &room.member).await.last_seq();
    let first = add(store, &room.member, &asks(&room.member, "One?")).await;
    let number = first.revision;
    assert_eq!((number, now(store, &room.member).await.last_seq()), (before + 1, before + 2));
    // Somebody who has seen the message is still told of the queue.
    let changes = store.changes_since(&room.member, number, 9).await.unwrap();
    assert!(changes.queue && changes.messages.is_empty());
    let second = add(store, &room.moderator, &asks(&room.moderator, "Two?")).await;
    let full = store.add_message(&room.owner, &asks(&room.owner, "Three?")).await.unwrap();
    assert_eq!(full, AddOutcome::QueueFull(QueueFull::All));
    assert_eq!(now(store, &room.owner).await.conversation().leaf_id.as_ref(), Some(&second.id));
    let queue = store.queued(&room.reader).await.unwrap();
    let of = |at: usize| {
        let one = &queue[at];
        (one.message_id.clone(), one.author_id.clone(), one.text.clone(), one.model.clone())
    };
    let model = Some("demo/other".to_owned());
    assert_eq!(of(0), (Some(first.id.clone()), room.member.user_id().into(), "One?".into(), model.clone()));
    assert_eq!(of(1).0.as_ref(), Some(&second.id));
    let late = answers(store, &room.member).await;
    let between = add(store, &room.moderator, &says(&room.moderator, "By the way")).await;
    assert_eq!(
        store.begin_answer(&late).await.unwrap(),
        BeginOutcome::Behind { leaf_id: between.id.clone() }
    );
    let mut new = answers(store, &room.member).await;
    let read = PromptRead {
        messages: 2,
        first_id: first.id.clone(),
        last_id: second.id.clone(),
        since: NOW,
        payer: RoomPayer::Owner,
        pins: vec![first.id.clone()],
    };
    new.answer.talk.read = Some(read.clone());
    let mut tells = new.clone();
    // Whichever message the caller names, the answer follows the newest.
    tells.answer.parent_id = Some(first.id.clone());
    begins(store, &tells).await;
    let answer = stored(store, &room.reader, &new.answer.id).await;
    let (all, of) = ([between.id.clone(), answer.id.clone()], [first.id.clone(), second.id.clone()]);
    let replies = async |ids| store.replies_among(&room.reader, ids, &of).await.unwrap();
    assert_eq!((replies(&all).await, replies(&all[..1]).await), (vec![answer.id.clone()], Vec::new()));
    assert_eq!((answer.parent_id, answer.talk.reply_to), (Some(between.id), Some(first.id)));
    assert_eq!((answer.talk.read, answer.author_id), (Some(read), room.member.user_id().to_owned()));
    let room_now = now(store, &room.member).await;
    assert_eq!(room_now.conversation().model.as_deref(), Some("demo/room"), "a room keeps its model");
    assert_eq!(room_now.conversation().leaf_id.as_ref(), Some(&new.answer.id));
    assert!(store.next_queued(room.owner.conversation_id(), &[]).await.unwrap().is_none(), "one at a time");
    assert_eq!(
        store.begin_answer(&new).await.unwrap(),
        BeginOutcome::Busy { answer_id: new.answer.id.clone() }
    );
    // The next one is asked however the answer ends, and whoever writes meanwhile.
    add(store, &room.owner, &says(&room.owner, "Meanwhile")).await;
    let stopped = Finish { status: Status::Stopped, ..finish("Half", 9) };
    assert!(store.finish_message(&new.answer.id, &stopped).await.unwrap());
    let next = answers(store, &room.moderator).await;
    let gone = NewAnswer { queued: Some(queue[0].id.clone()), ..next.clone() };
    assert_eq!(store.begin_answer(&gone).await.unwrap(), BeginOutcome::NotQueued);
    begins(store, &next).await;
    assert!(store.queued(&room.owner).await.unwrap().is_empty());
}

pub(super) async fn questions_of_whoever_is_gone_leave_the_queue(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let said = add(store, &room.member, &says(&room.member, "Mine")).await;
    add(store, &room.member, &asks(&room.member, "One?")).await;
    let kept = add(store, &room.moderator, &asks(&room.moderator, "Two?")).await;
    let about = NewQueued {
        id: &id(),
        text: &said.content,
        message_id: Some(&said.id),
        most: 9,
        most_own: Some(9),
        now: NOW,
        ..NewQueued::default()
    };
    assert!(matches!(store.add_queued(&room.owner, &about).await.unwrap(), QueueOutcome::Changed { .. }));
    let waits = async || {
        let queued = store.queued(&room.owner).await.unwrap();
        queued.into_iter().filter_map(|one| one.message_id).collect::<Vec<_>>()
    };
    let ban = async |hide| {
        let change = MemberChange::Ban { hide };
        store.change_member(&room.owner, room.member.user_id(), change).await.unwrap()
    };
    ban(false).await;
    assert_eq!(waits().await, [kept.id.clone(), said.id.clone()]);
    let before = now(store, &room.owner).await.last_seq();
    ban(true).await;
    assert_eq!(waits().await, [kept.id]);
    assert!(store.changes_since(&room.owner, before, 9).await.unwrap().queue);
}

pub(super) async fn what_is_refused_in_a_room_holds_nobody_else_up(store: &dyn Store) {
    let room = room(store, RoomSettings::default()).await;
    let first = add(store, &room.member, &asks(&room.member, "One?")).await;
    let second = add(store, &room.moderator, &asks(&room.moderator, "Two?")).await;
    let next_without = async |passed_over: &[&Grant]| {
        let passed_over: Vec<_> = passed_over.iter().map(|one| one.user_id().to_owned()).collect();
        let next = store.next_queued(room.owner.conversation_id(), &passed_over).await.unwrap();
        next.and_then(|next| next.queued.message_id)
    };
    let next = async || next_without(&[]).await;
    assert_eq!(next().await.as_ref(), Some(&first.id));
    assert_eq!(next_without(&[&room.member]).await.as_ref(), Some(&second.id));
    assert_eq!(next_without(&[&room.moderator, &room.member]).await, None);
    let reason = Reason::new("model-none");
    for (change, after) in [
        (QueueChange::Delay(NOW), Some(&second.id)),
        (QueueChange::Refuse(&reason), Some(&second.id)),
        (QueueChange::Send, Some(&first.id)),
    ] {
        let id = &store.queued(&room.owner).await.unwrap()[0].id;
        let changed = store.change_queued(&room.owner, id, change).await.unwrap();
        assert!(matches!(changed, QueueOutcome::Changed { .. }));
        assert_eq!(next().await.as_ref(), after, "{change:?}");
        if change != QueueChange::Send {
            // It keeps a place of its author, and none of the room.
            let own = store.add_message(&room.member, &asks(&room.member, "Mine?")).await.unwrap();
            assert_eq!(own, AddOutcome::QueueFull(QueueFull::Own), "{change:?}");
            let other = asks(&room.owner, "Three?");
            let three = add(store, &room.owner, &other).await;
            assert!(store.erase_message(&room.owner, &three.id, NOW).await.is_ok());
        }
    }
    // Who may not ask any more holds nobody up, either.
    let before = now(store, &room.owner).await.last_seq();
    let id = room.owner.conversation_id();
    let queued = store.queued(&room.owner).await.unwrap();
    assert_eq!(store.forget_queued(id, &queued[0].id).await.unwrap(), Some(before + 1));
    assert_eq!(store.forget_queued(id, &queued[0].id).await.unwrap(), None);
    assert!(store.changes_since(&room.owner, before, 9).await.unwrap().queue);
    assert_eq!(next().await.as_ref(), Some(&second.id));
    // A message can be asked about once more.
    let again = NewQueued {
        id: &self::id(),
        text: "One?",
        message_id: Some(&first.id),
        most: 9,
        now: NOW,
        ..NewQueued::default()
    };
    assert!(matches!(store.add_queued(&room.owner, &again).await.unwrap(), QueueOutcome::Changed { .. }));
    assert_eq!(store.queued(&room.owner).await.unwrap()[1].message_id.as_ref(), Some(&first.id));
}
