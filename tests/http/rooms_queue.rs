//! Questions that wait in a room: whose turn it is, and who may change what.

use std::time::{Duration, Instant};

use inglenook::{
    domain::{RoomAnswers, RoomSettings, Status},
    server::store::Need,
};
use serde_json::json;

use super::rooms_chat::{Room, reason};

#[tokio::test(flavor = "multi_thread")]
async fn questions_of_a_room_wait_and_go_on_after_one_that_was_stopped() {
    let room =
        Room::open("held", RoomSettings { answers: RoomAnswers::Always, ..RoomSettings::default() }).await;
    let (ada, ben, chat) = (&room.ada.1, &room.ben.1, &room.app.state.chat);
    room.post(ada, "One").await;
    let answer = room.until(2, Status::Generating).await.pop().unwrap();
    let two = room.post(ben, "Two").await;
    room.post(ada, "Three").await;
    assert_eq!(room.queue().await, ["Two", "Three"]);
    assert_eq!(reason(chat.stop(ben, &answer.id).await), (403, "room-stop-others".into()));
    let waits = chat.queue(ben, &room.id).await.unwrap().items;
    let of_ada = (room.id.as_str(), waits[1].id.as_str());
    assert_eq!(reason(chat.queue_remove(ben, of_ada).await), (403, "room-queue-others".into()));
    assert_eq!(reason(chat.queue_send(ben, of_ada).await), (403, "room-queue-moderators".into()));
    let edited = chat.queue_edit(ada, of_ada, (Some("Mine"), None)).await;
    assert_eq!(reason(edited), (409, "room-edit".into()));
    chat.queue_remove(ada, of_ada).await.unwrap();
    chat.stop(ada, &answer.id).await.unwrap();
    let line = room.until(5, Status::Generating).await;
    let second = &line[4];
    assert_eq!((&second.parent_id, &second.author_id), (&Some(line[3].id.clone()), &ben.user.id));
    assert_eq!(second.talk.reply_to.as_ref(), Some(&two.message.id));
    // The question is the last message that the model reads, although others have written since.
    let begun = Instant::now();
    while room.model.asked.lock().unwrap().len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the model is not asked");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let request = room.model.asked.lock().unwrap()[1].clone();
    let last = request.messages.last().unwrap();
    assert!(last.content.ends_with("Ada: Three\n\nBen: Two"), "{request:?}");
    chat.stop(ben, &second.id).await.unwrap();
    let line = room.until(5, Status::Stopped).await;
    assert_eq!(
        reason(chat.continue_answer(ada, &line[4].id, None).await),
        (403, "room-continue-others".into())
    );
    let queue = chat.ask_again(ada, &line[4].id, None, Some("k")).await.unwrap();
    assert!(queue.items.is_empty(), "nothing is in the way");
    let line = room.until(6, Status::Generating).await;
    assert_eq!(line[5].talk.reply_to.as_ref(), Some(&two.message.id));
    room.let_end();
    room.until(6, Status::Complete).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_somebody_who_left_is_not_asked() {
    let room =
        Room::open("held", RoomSettings { answers: RoomAnswers::Always, ..RoomSettings::default() }).await;
    let (ada, ben) = (&room.ada.1, &room.ben.1);
    room.post(ada, "One").await;
    room.until(2, Status::Generating).await;
    room.post(ben, "Two").await;
    room.post(ada, "Three").await;
    let grant = room.app.state.store.access(ben.id(), &room.id, Need::Read).await.unwrap();
    room.app.state.store.leave(&grant).await.unwrap();
    room.let_end();
    let line = room.until(5, Status::Generating).await;
    assert_eq!(line[4].talk.reply_to.as_ref(), Some(&line[3].id));
    assert!(room.queue().await.is_empty());
    room.let_end();
    room.until(5, Status::Complete).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_every_message_is_a_question_a_full_queue_keeps_nobody_from_writing() {
    let room = Room::open("held", RoomSettings { answers: RoomAnswers::Always, ..Default::default() }).await;
    room.post(&room.ada.1, "One").await;
    room.until(2, Status::Generating).await;
    for at in 0..6 {
        assert_eq!(room.post(&room.ada.1, "More").await.asks, at < 5);
    }
    assert!(room.post(&room.ben.1, "Mine").await.asks);
    room.model.open.add_permits(7);
    room.until(15, Status::Complete).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_too_many_answers_holds_nobody_up() {
    let room = Room::open("held", RoomSettings { answers: RoomAnswers::Always, ..Default::default() }).await;
    let (ada, ben, chat) = (&room.ada.1, &room.ben.1, &room.app.state.chat);
    room.post(ada, "One").await;
    let first = room.until(2, Status::Generating).await.pop().unwrap();
    let mut elsewhere = Vec::new();
    loop {
        let new = json!({ "model": "acme/held" });
        let id = room.ben.0.post("/api/v1/conversations", &new).await.is(201).id();
        let path = format!("/api/v1/conversations/{id}/messages");
        let asked = room.ben.0.post(&path, &json!({ "content": "Wait" })).await;
        if asked.status == 429 {
            break;
        }
        elsewhere.push(asked.is(202).json()["assistant_message"]["id"].as_str().unwrap().to_owned());
    }
    room.post(ben, "Two").await;
    room.post(ben, "Three").await;
    let four = room.post(ada, "Four").await;
    chat.stop(ada, &first.id).await.unwrap();
    let line = room.until(6, Status::Generating).await;
    assert_eq!(line[5].talk.reply_to.as_ref(), Some(&four.message.id), "Ada is next");
    assert_eq!(room.queue().await, ["Two", "Three"]);
    chat.stop(ben, &elsewhere[0]).await.unwrap();
    chat.stop(ada, &line[5].id).await.unwrap();
    let line = room.until(7, Status::Generating).await;
    assert_eq!(line[6].author_id, ben.user.id);
    for answer in &elsewhere[1..] {
        chat.stop(ben, answer).await.unwrap();
    }
    room.model.open.add_permits(2);
    room.until(8, Status::Complete).await;
}
