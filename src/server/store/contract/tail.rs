//! Cases about running answers whose writer is gone, and about the recovery of their text.

use crate::{
    domain::{Message, Status},
    server::store::{Chunk, Orphans, Recovered, Run, Store},
};

use super::fixtures::{Asking, NewTurn, begin, chunk, finish, first_run, first_turn, interrupt, turn, user};

async fn begun(store: &dyn Store) -> NewTurn {
    let turn = first_turn(&user(store).await);
    begin(store, &turn).await;
    turn
}

async fn answer(store: &dyn Store, turn: &NewTurn) -> Message {
    store.stored(&turn.user_id, &turn.answer.id).await.unwrap().unwrap()
}

fn recovered(store: &dyn Store, turn: &NewTurn, content: &str, seq: u64) -> Recovered {
    Recovered::whole(&turn.answer.id, store.instance(), content, "", seq)
}

pub(super) async fn many_answers_go_in_one_write(store: &dyn Store) {
    let turns = futures::future::join_all((0..30).map(|_| begun(store))).await;
    let done = begun(store).await;
    assert!(store.finish_message(&done.answer.id, &finish("Done.", 2)).await.unwrap());
    for seq in 1..=20 {
        let mut chunks: Vec<Chunk> =
            turns.iter().map(|turn| chunk(turn, seq, (seq - 1) * 3, &format!("{seq:02} "))).collect();
        chunks.push(chunk(&done, seq, 0, "late"));
        store.append_chunks(&chunks).await.unwrap();
    }
    store.append_chunks(&[]).await.unwrap();
    assert_eq!(interrupt(store).await, 30);
    let expected: String = (1..=20).map(|seq| format!("{seq:02} ")).collect();
    for turn in &turns {
        assert_eq!(answer(store, turn).await.content, expected);
    }
    assert_eq!(answer(store, &done).await.content, "Done.");
}

pub(super) async fn reasoning_is_kept_too(store: &dyn Store) {
    let turn = begun(store).await;
    let thought = |seq, at, text: &str| Chunk {
        reasoning_at: at,
        reasoning: text.to_owned(),
        ..chunk(&turn, seq, 0, "")
    };
    store.append_chunks(&[thought(3, 0, "Hm, "), thought(5, 4, "well.")]).await.unwrap();
    store.append_chunks(&[chunk(&turn, 7, 0, "Yes.")]).await.unwrap();
    interrupt(store).await;
    let stored = answer(store, &turn).await;
    assert_eq!((stored.content.as_str(), stored.reasoning.as_str()), ("Yes.", "Hm, well."));
}

pub(super) async fn a_gap_ends_the_kept_text(store: &dyn Store) {
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 1, 0, "ab"), chunk(&turn, 4, 6, "gh")]).await.unwrap();
    interrupt(store).await;
    assert_eq!(answer(store, &turn).await.content, "ab");
}

pub(super) async fn only_the_named_process_is_interrupted(store: &dyn Store) {
    let turn = begun(store).await;
    assert_eq!(store.interrupt_unfinished(Orphans::Of("another")).await.unwrap(), 0);
    assert_eq!(store.interrupt_unfinished(Orphans::Ownerless).await.unwrap(), 0);
    assert_eq!(answer(store, &turn).await.status, Status::Generating);
    assert_eq!(interrupt(store).await, 1);
    assert_eq!(answer(store, &turn).await.status, Status::Interrupted);
}

pub(super) async fn an_answer_that_nobody_writes_is_interrupted_alone(store: &dyn Store) {
    let (one, other) = (begun(store).await, begun(store).await);
    let (run, unknown) = (first_run(&one), Run { message_id: "none".to_owned(), ..first_run(&one) });
    let only = Orphans::Run(&run);
    assert_eq!(store.interrupt_unfinished(Orphans::Run(&unknown)).await.unwrap(), 0);
    assert_eq!(store.interrupt_unfinished(only).await.unwrap(), 1);
    assert_eq!(store.interrupt_unfinished(only).await.unwrap(), 0);
    assert_eq!(answer(store, &one).await.status, Status::Interrupted);
    assert_eq!(answer(store, &other).await.status, Status::Generating);
}

pub(super) async fn answers_of_another_process_are_left_alone(store: &dyn Store) {
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 1, 0, "ours")]).await.unwrap();
    let foreign = Recovered { instance: "another".to_owned(), ..recovered(store, &turn, "theirs", 9) };
    assert!(!store.recover_message(&foreign).await.unwrap());
    assert_eq!(answer(store, &turn).await.status, Status::Generating);
    interrupt(store).await;
    assert_eq!(answer(store, &turn).await.content, "ours");
}

pub(super) async fn a_running_answer_is_recovered(store: &dyn Store) {
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 4, 0, "What was ")]).await.unwrap();
    let found = Recovered::whole(&turn.answer.id, store.instance(), "What was seen", "Hm.", 9);
    assert!(store.recover_message(&found).await.unwrap());
    let stored = answer(store, &turn).await;
    assert_eq!(
        (stored.content.as_str(), stored.reasoning.as_str(), stored.status),
        ("What was seen", "Hm.", Status::Interrupted)
    );
    assert_eq!(store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap(), 9);
    // A second recovery changes nothing, and no answer is left to interrupt.
    assert!(!store.recover_message(&found).await.unwrap());
    assert_eq!(interrupt(store).await, 0);
    assert_eq!(answer(store, &turn).await, stored);
}

pub(super) async fn an_interrupted_answer_gets_its_missing_text(store: &dyn Store) {
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 4, 0, "What was ")]).await.unwrap();
    interrupt(store).await;
    let seq = store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap();
    // Any process may find the text and recover the answer.
    let found = Recovered { instance: "another".to_owned(), ..recovered(store, &turn, "What was seen", 9) };
    assert!(store.recover_message(&found).await.unwrap());
    let stored = answer(store, &turn).await;
    assert_eq!((stored.content.as_str(), stored.status), ("What was seen", Status::Interrupted));
    // The recovery is a change with a number of its own.
    assert_eq!(store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap(), seq + 1);
    assert!(!store.recover_message(&found).await.unwrap());
}

pub(super) async fn only_a_continuation_of_the_stored_text_is_recovered(store: &dyn Store) {
    let interrupted = begun(store).await;
    store.append_chunks(&[chunk(&interrupted, 4, 0, "What was seen")]).await.unwrap();
    interrupt(store).await;
    for other in ["What was", "What was seen", "What is seen and more", ""] {
        let found = recovered(store, &interrupted, other, 99);
        assert!(!store.recover_message(&found).await.unwrap(), "{other:?}");
    }
    let longer = recovered(store, &interrupted, "What was seen, and more", 99);
    let ada = crate::domain::User { id: interrupted.user_id.clone(), ..user(store).await };
    begin(store, &turn(&ada, &interrupted.conversation, Some(&interrupted.answer.id))).await;
    assert!(!store.recover_message(&longer).await.unwrap(), "there is a question below it");
    assert_eq!(answer(store, &interrupted).await.content, "What was seen");
    assert!(store.last_seq(&interrupted.user_id, &interrupted.conversation.id).await.unwrap() > 99);

    let done = begun(store).await;
    assert!(store.finish_message(&done.answer.id, &finish("Yes.", 2)).await.unwrap());
    assert!(!store.recover_message(&recovered(store, &done, "Yes. And no.", 9)).await.unwrap());
    let question = &done.question.as_ref().unwrap().id;
    let other = Recovered { message_id: question.clone(), ..recovered(store, &done, "no", 9) };
    assert!(!store.recover_message(&other).await.unwrap());
    let nobody = Recovered { message_id: "none".to_owned(), ..recovered(store, &done, "no", 9) };
    assert!(!store.recover_message(&nobody).await.unwrap());
    assert_eq!(answer(store, &done).await.content, "Yes.");
}

pub(super) async fn concurrent_recoveries_leave_the_longest_text(store: &dyn Store) {
    let turn = begun(store).await;
    let found: Vec<_> = (1..8).map(|long| recovered(store, &turn, &"x".repeat(long), 9)).collect();
    let (_, recovered) = futures::join!(
        interrupt(store),
        futures::future::join_all(found.iter().map(|it| store.recover_message(it)))
    );
    assert!(recovered.into_iter().all(|it| it.is_ok()));
    // Whatever the order was, the longest text is stored, or this call stores it.
    store.recover_message(&found[6]).await.unwrap();
    assert_eq!(answer(store, &turn).await.content, "x".repeat(7));
}

/// The writer lost either its journal or the store first, so that each may have text that the other lacks.
pub(super) async fn stored_text_beyond_the_found_text_stays(store: &dyn Store) {
    for (found, stored) in
        [("", "What was stored"), ("What was", "What was stored"), ("What is", "What was stored")]
    {
        let turn = begun(store).await;
        let parts = [chunk(&turn, 4, 0, "What was "), chunk(&turn, 30, 9, "stored")];
        store.append_chunks(&parts).await.unwrap();
        assert!(store.recover_message(&recovered(store, &turn, found, 9)).await.unwrap());
        let kept = answer(store, &turn).await;
        assert_eq!((kept.content.as_str(), kept.status), (stored, Status::Interrupted), "{found:?}");
        assert!(store.last_seq(&turn.user_id, &turn.conversation.id).await.unwrap() >= 30);
    }
}

pub(super) async fn gaps_in_the_found_text_are_filled_from_the_store(store: &dyn Store) {
    let turn = begun(store).await;
    let thought = |seq, at, text: &str| Chunk {
        reasoning_at: at,
        reasoning: text.to_owned(),
        ..chunk(&turn, seq, 0, "")
    };
    store.append_chunks(&[thought(1, 4, "hm, "), chunk(&turn, 3, 4, "two three ")]).await.unwrap();
    let part = |at, text: &str, reasoning_at, reasoning: &str| Chunk {
        text_at: at,
        text: text.to_owned(),
        reasoning_at,
        reasoning: reasoning.to_owned(),
        ..Chunk::default()
    };
    let chunks = vec![part(0, "one ", 0, "Well"), part(14, "four", 8, "yes.")];
    let found = Recovered { chunks, ..recovered(store, &turn, "", 9) };
    assert!(store.recover_message(&found).await.unwrap());
    let kept = answer(store, &turn).await;
    assert_eq!((&*kept.content, &*kept.reasoning), ("one two three four", "Wellhm, yes."));
    // A gap that neither the journal nor the store fills ends the text.
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 3, 9, "more")]).await.unwrap();
    let found = Recovered {
        chunks: vec![part(0, "one ", 0, ""), part(13, "end", 0, "")],
        ..recovered(store, &turn, "", 9)
    };
    assert!(store.recover_message(&found).await.unwrap());
    assert_eq!(answer(store, &turn).await.content, "one ");
}

pub(super) async fn a_continued_answer_is_recovered_behind_its_old_text(store: &dyn Store) {
    let turn = begun(store).await;
    store.append_chunks(&[chunk(&turn, 2, 0, "Old text")]).await.unwrap();
    interrupt(store).await;
    store.go_on(&turn.user_id, &turn.answer.id, None, "again", 1000, 7).await.unwrap();
    store.append_chunks(&[chunk(&turn, 2_000_000, 8, " and new")]).await.unwrap();
    // The journal has lost the beginning of the continuation.
    let more = Chunk { text_at: 12, text: " new text".to_owned(), ..Chunk::default() };
    let found = Recovered { chunks: vec![more], ..recovered(store, &turn, "", 9) };
    assert!(store.recover_message(&found).await.unwrap());
    assert_eq!(answer(store, &turn).await.content, "Old text and new text");
}
