//! Cases about messages, and about the stored pieces of running answers.

use crate::{
    domain::{Failure, FailureCode, Message, Reason, Status, Timings, Usage},
    server::store::{Chunk, Finish, Store, Texts},
};

use super::fixtures::{
    Asking, NewTurn, begin, chunk, finish, first_turn, interrupt, talk, turn, unnumbered, user,
};

async fn begun(store: &dyn Store) -> NewTurn {
    let turn = first_turn(&user(store).await);
    begin(store, &turn).await;
    turn
}

async fn answer(store: &dyn Store, turn: &NewTurn) -> Message {
    store.stored(&turn.user_id, &turn.answer.id).await.unwrap().unwrap()
}

pub(super) async fn messages_are_paged_back(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "0").await;
    let mut ids = vec![first.question.clone().unwrap().id, first.answer.id.clone()];
    for number in 1..5 {
        let next = turn(&ada, &first.conversation, ids.last().map(String::as_str));
        talk(store, &next, &number.to_string()).await;
        ids.extend([next.question.unwrap().id, next.answer.id]);
    }
    talk(store, &first_turn(&ada), "elsewhere").await;
    ids.reverse();
    let grant = store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    let back = async |upto, limit| {
        let page = store.messages_back(&grant, upto, limit).await.unwrap();
        page.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!(back(None, 100).await, ids);
    assert_eq!(back(None, 3).await, ids[..3]);
    assert_eq!(back(Some(&ids[3]), 4).await, ids[3..7]);
    assert_eq!(back(Some(&ids[8]), 100).await, ids[8..]);
    assert_eq!(back(Some("0"), 100).await, [""; 0]);
    assert_eq!(back(None, 0).await, [""; 0]);
}

pub(super) async fn a_foreign_message_looks_missing(store: &dyn Store) {
    let turn = begun(store).await;
    let bob = user(store).await;
    assert!(store.stored(&bob.id, &turn.answer.id).await.unwrap().is_none());
    assert!(store.stored(&turn.user_id, "none").await.unwrap().is_none());
}

pub(super) async fn finishing_stores_the_end_once(store: &dyn Store) {
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 2, 0, "A program ")]).await.unwrap();
    let end = Finish {
        content: "A program that prints itself.".to_owned(),
        reasoning: "Hm.".to_owned(),
        status: Status::Complete,
        usage: Some(Usage { prompt_tokens: 12, completion_tokens: u32::MAX }),
        failure: None,
        length_limited: true,
        timings: Timings { first_token_ms: Some(0), duration_ms: Some(u32::MAX), reasoning_ms: None },
        seq: 9,
        marks: Vec::new(),
    };
    assert!(store.finish_message(&turn.answer.id, &end).await.unwrap());
    let expected = Message {
        content: end.content.clone(),
        reasoning: "Hm.".to_owned(),
        status: Status::Complete,
        usage: end.usage,
        length_limited: true,
        timings: end.timings,
        ..turn.answer.clone()
    };
    assert_eq!(unnumbered(answer(store, &turn).await), expected);
    assert!(!store.finish_message(&turn.answer.id, &finish("Other.", 99)).await.unwrap());
    assert!(!store.finish_message("none", &finish("Other.", 99)).await.unwrap());
    let grant = store.grant(&turn.user_id, &turn.conversation.id).await.unwrap().unwrap();
    let read = store
        .messages_of(&grant, std::slice::from_ref(&turn.answer.id), Texts::WithoutReasoning)
        .await
        .unwrap();
    assert_eq!(read[0].timings, end.timings);
    let question = &turn.question.as_ref().unwrap().id;
    assert!(!store.finish_message(question, &finish("Other.", 99)).await.unwrap());
    assert_eq!(unnumbered(answer(store, &turn).await), expected);
    assert_eq!(store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap(), 9);
    assert_eq!(interrupt(store).await, 0);
    assert_eq!(unnumbered(answer(store, &turn).await), expected);
}

pub(super) async fn a_failure_is_kept(store: &dyn Store) {
    let turn = begun(store).await;
    // The reason has all kinds of parameters, and a key that only a newer version may know.
    let reason = Reason::new("later-key")
        .with("provider", "Über “acme”")
        .with("limit", 262_144)
        .with("wait", Reason::new("duration-seconds").with("count", -7));
    let failure = Failure { code: FailureCode::Overloaded, reason, retryable: true };
    let end = Finish { status: Status::Failed, failure: Some(failure.clone()), ..finish("Hal", 3) };
    assert!(store.finish_message(&turn.answer.id, &end).await.unwrap());
    let stored = answer(store, &turn).await;
    assert_eq!((stored.status, stored.failure, stored.usage), (Status::Failed, Some(failure), None));
}

pub(super) async fn the_number_of_left_out_messages_is_stored(store: &dyn Store) {
    let mut turn = first_turn(&user(store).await);
    turn.answer.left_out = 37;
    begin(store, &turn).await;
    assert_eq!(unnumbered(answer(store, &turn).await), turn.answer);
    store.set_left_out(&turn.answer.id, 38).await.unwrap();
    store.set_left_out("none", 1).await.unwrap();
    assert!(store.finish_message(&turn.answer.id, &finish("Yes.", 5)).await.unwrap());
    assert_eq!(answer(store, &turn).await.left_out, 38);
    let question = turn.question.as_ref().unwrap();
    let ids = [turn.answer.id.clone(), question.id.clone()];
    let grant = store.grant(&turn.user_id, &turn.conversation.id).await.unwrap().unwrap();
    for texts in [Texts::All, Texts::WithoutReasoning] {
        let read = store.messages_of(&grant, &ids, texts).await.unwrap();
        assert_eq!(read.iter().map(|message| message.left_out).collect::<Vec<_>>(), [38, 0]);
    }
}

pub(super) async fn chunks_without_an_answer_leave_nothing(store: &dyn Store) {
    let turn = begun(store).await;
    let nobody = Chunk { message_id: "none".to_owned(), ..chunk(&turn, 1, 0, "lost") };
    store.append_chunks(&[nobody]).await.unwrap();
    assert!(store.finish_message(&turn.answer.id, &finish("Yes.", 5)).await.unwrap());
    store.append_chunks(&[chunk(&turn, 6, 4, "too late")]).await.unwrap();
    assert_eq!(interrupt(store).await, 0);
    assert_eq!(answer(store, &turn).await.content, "Yes.");
    assert_eq!(store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap(), 5);
}

pub(super) async fn unfinished_answers_are_interrupted(store: &dyn Store) {
    let (one, two, silent) = (begun(store).await, begun(store).await, begun(store).await);
    let done = first_turn(&user(store).await);
    talk(store, &done, "Done.").await;
    // The numbers have several digits and come in no order, because the store must sort them as numbers.
    for (seq, at, text) in [(9, 1, "b"), (2, 0, "a"), (100, 3, "d\0"), (20, 2, "c")] {
        store.append_chunks(&[chunk(&one, seq, at, text)]).await.unwrap();
    }
    store.append_chunks(&[chunk(&two, 1, 0, "öl 🛢")]).await.unwrap();
    assert_eq!(interrupt(store).await, 3);
    for (turn, content) in [(&one, "abcd\0"), (&two, "öl 🛢"), (&silent, "")] {
        let stored = answer(store, turn).await;
        assert_eq!((stored.content.as_str(), stored.status), (content, Status::Interrupted));
    }
    assert_eq!(answer(store, &done).await.status, Status::Complete);
    assert_eq!(store.last_seq(&done.user_id, &done.conversation.id).await.unwrap(), 1);
    assert_eq!(interrupt(store).await, 0);
    assert!(!store.finish_message(&one.answer.id, &finish("no", 7)).await.unwrap());
}

pub(super) async fn interrupting_moves_beyond_every_known_seq(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    begin(store, &first).await;
    store.finish_message(&first.answer.id, &finish("Yes.", 40)).await.unwrap();
    let second = turn(&ada, &first.conversation, Some(&first.answer.id));
    begin(store, &second).await;
    store.append_chunks(&[chunk(&second, 57, 0, "x")]).await.unwrap();
    interrupt(store).await;
    let last_seq = async || store.last_seq(&first.user_id, &first.conversation.id).await.unwrap();
    let one = last_seq().await;
    assert!(one >= 1_000_057, "{one}");
    begin(store, &turn(&ada, &first.conversation, Some(&second.answer.id))).await;
    interrupt(store).await;
    let two = last_seq().await;
    assert!(two >= one + 1_000_000, "{two}");
    // A lower number does not lower the conversation's number.
    let last = turn(&ada, &first.conversation, Some(&second.answer.id));
    begin(store, &last).await;
    store.finish_message(&last.answer.id, &finish("Yes.", 3)).await.unwrap();
    assert!(last_seq().await >= two);
}

pub(super) async fn a_chunk_sent_twice_is_stored_once(store: &dyn Store) {
    let turn = begun(store).await;
    // Chunks overlap when a process does not know whether the one before arrived, and sends its text again.
    let chunks = [(1, 0, "a"), (1, 0, "a"), (2, 1, "b"), (4, 1, "bc")];
    for (seq, at, text) in chunks {
        store.append_chunks(&[chunk(&turn, seq, at, text)]).await.unwrap();
    }
    let again: Vec<_> = chunks.iter().map(|(seq, at, text)| chunk(&turn, *seq, *at, text)).collect();
    store.append_chunks(&again).await.unwrap();
    interrupt(store).await;
    assert_eq!(answer(store, &turn).await.content, "abc");
}

pub(super) async fn any_text_round_trips(store: &dyn Store) {
    let texts = [
        "nul \0 inside, and at the end \0".to_owned(),
        "مرحبا בעולם \u{202e}rtl\u{202c}".to_owned(),
        "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301} \u{feff}bom \u{10ffff}".to_owned(),
        "$set {\"a\": 1} '; DROP TABLE messages; -- \r\n\t".to_owned(),
        "long ä ".repeat(1024 * 1024 / 8),
    ];
    for text in texts {
        let mut turn = first_turn(&user(store).await);
        turn.question.as_mut().unwrap().content.clone_from(&text);
        begin(store, &turn).await;
        store.append_chunks(&[chunk(&turn, 1, 0, &text)]).await.unwrap();
        interrupt(store).await;
        let thread = store.back(&turn.user_id, &turn.conversation.id, None, 10).await.unwrap();
        assert!(thread.len() == 2 && thread.iter().all(|message| message.content == text));
        let again = super::fixtures::turn(&user(store).await, &turn.conversation, Some(&turn.answer.id));
        let again = NewTurn { user_id: turn.user_id.clone(), ..again };
        begin(store, &again).await;
        let end = Finish { reasoning: text.clone(), ..finish(&text, 1) };
        store.finish_message(&again.answer.id, &end).await.unwrap();
        let stored = answer(store, &again).await;
        assert!(stored.content == text && stored.reasoning == text);
    }
}

pub(super) async fn chunks_racing_with_the_end_leave_nothing(store: &dyn Store) {
    let turn = begun(store).await;
    let chunks: Vec<_> = (1..20).map(|seq| [chunk(&turn, seq, seq - 1, "x")]).collect();
    let chunks = futures::future::join_all(chunks.iter().map(|chunk| store.append_chunks(chunk)));
    let end = finish("Yes.", 20);
    let (chunks, finished) = futures::join!(chunks, store.finish_message(&turn.answer.id, &end));
    assert!(chunks.iter().all(Result::is_ok) && finished.unwrap());
    assert_eq!(answer(store, &turn).await.content, "Yes.");
    assert_eq!(interrupt(store).await, 0);
    assert_eq!(store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap(), 20);
}
