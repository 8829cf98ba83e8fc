//! Two processes on one MongoDB: each gets the changes of the other.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use mongodb::{
    Client,
    bson::{Document, doc},
};
use tokio::sync::watch;

use crate::{
    domain::{ConversationPatch, Status},
    server::store::{
        ChangeKind, Chunk, Ended, Finish, Heartbeat, Mark, OpenOptions, Orphans, Recovered, Store,
        StoreChange, open,
    },
};

use super::{
    fixtures::{
        Asking, HASH, NewTurn, TurnOutcome, begin, chunk, finish, first_turn, session, talk, turn,
        unnumbered, user,
    },
    mongod::{fresh_database, shared},
};

struct Two {
    a: Arc<dyn Store>,
    b: Arc<dyn Store>,
}

async fn two() -> Two {
    let url = shared().await.url(&fresh_database());
    let a = open(&url, &OpenOptions::default()).await.unwrap();
    let b = open(&url, &OpenOptions::default()).await.unwrap();
    assert_ne!(a.instance(), b.instance());
    Two { a, b }
}

/// The changes that a process gets from the store while it listens.
struct Told {
    texts: watch::Sender<Arc<HashSet<String>>>,
    changes: BoxStream<'static, StoreChange>,
}

impl Told {
    async fn by(store: &dyn Store) -> Self {
        let (texts, wanted) = watch::channel(Arc::default());
        let mut told = Self { texts, changes: store.watch(wanted) };
        assert_eq!(told.next().await, StoreChange::Missed, "it began");
        told
    }

    async fn next(&mut self) -> StoreChange {
        tokio::time::timeout(Duration::from_secs(30), self.changes.next()).await.unwrap().unwrap()
    }

    async fn conversation(&mut self, id: &str) -> ChangeKind {
        match self.next().await {
            StoreChange::Conversation { id: told, kind } if told == id => kind,
            other => panic!("{other:?}"),
        }
    }

    /// Asks for the text of these answers, and waits until the stream confirms it.
    async fn follow(&mut self, ids: &[&str]) {
        self.texts.send_replace(Arc::new(ids.iter().map(|id| (*id).to_owned()).collect()));
        let StoreChange::TextsFrom { .. } = self.next().await else { panic!("no texts") };
    }
}

fn mark(seq: u64, text_end: u64) -> Mark {
    Mark { seq, text_end, reasoning_end: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_alive_while_its_heartbeat_changes() {
    let Two { a, b } = two().await;
    assert_eq!(a.heartbeats().await.unwrap(), []);
    a.heartbeat().await.unwrap();
    let first = Heartbeat { instance: a.instance().to_owned(), beats: 1 };
    assert_eq!(b.heartbeats().await.unwrap(), std::slice::from_ref(&first));
    a.heartbeat().await.unwrap();
    assert!(!b.forget(&first).await.unwrap(), "it has beaten since");
    b.heartbeat().await.unwrap();
    assert_eq!(b.heartbeats().await.unwrap().len(), 2);
    assert!(b.forget(&Heartbeat { beats: 2, ..first }).await.unwrap());
    b.close().await;
    assert_eq!(a.heartbeats().await.unwrap(), [], "one was forgotten, the other one took itself away");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_answers_of_lost_processes_are_interrupted() {
    let Two { a, b } = two().await;
    a.heartbeat().await.unwrap();
    b.heartbeat().await.unwrap();
    let (ours, theirs) = (first_turn(&user(&*a).await), first_turn(&user(&*b).await));
    begin(&*a, &ours).await;
    begin(&*b, &theirs).await;
    b.append_chunks(&[chunk(&theirs, 3, 0, "seen")]).await.unwrap();
    assert_eq!(a.interrupt_unfinished(Orphans::Ownerless).await.unwrap(), 0);
    assert!(b.forget(&Heartbeat { instance: b.instance().to_owned(), beats: 1 }).await.unwrap());
    assert_eq!(a.interrupt_unfinished(Orphans::Ownerless).await.unwrap(), 1);
    let status = async |turn: &NewTurn| a.stored(&turn.user_id, &turn.answer.id).await.unwrap().unwrap();
    assert_eq!(status(&ours).await.status, Status::Generating);
    let lost = status(&theirs).await;
    assert_eq!((lost.status, lost.content.as_str()), (Status::Interrupted, "seen"));

    // The process `b` was not gone, only slow: its text of the meantime is recovered, and its late writes do no harm.
    b.append_chunks(&[chunk(&theirs, 9, 4, " and more")]).await.unwrap();
    assert!(!b.finish_message(&theirs.answer.id, &finish("seen and more", 9)).await.unwrap());
    let late = Recovered::whole(&theirs.answer.id, b.instance(), "seen and more", "", 9);
    assert!(b.recover_message(&late).await.unwrap());
    assert_eq!(status(&theirs).await.content, "seen and more");
    assert!(a.chunks(&theirs.answer.id, 0).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_touches_only_its_own_answers() {
    let Two { a, b } = two().await;
    let turn = first_turn(&user(&*a).await);
    begin(&*a, &turn).await;
    a.append_chunks(&[chunk(&turn, 2, 0, "ours")]).await.unwrap();
    b.append_chunks(&[chunk(&turn, 2, 0, "no"), chunk(&turn, 3, 4, " no")]).await.unwrap();
    assert!(!b.finish_message(&turn.answer.id, &finish("no", 9)).await.unwrap());
    let chunks = b.chunks(&turn.answer.id, 0).await.unwrap();
    assert!(chunks.iter().all(|chunk| chunk.text == "ours"), "{chunks:?}");
    let again =
        NewTurn { question: None, answer: second_answer(&turn), new_conversation: false, ..turn.clone() };
    let busy = TurnOutcome::Busy { answer_id: turn.answer.id.clone() };
    assert_eq!(b.begin_turn(&again).await.unwrap(), busy);
}

fn second_answer(turn: &NewTurn) -> crate::domain::Message {
    crate::domain::Message { id: super::fixtures::id(), ..turn.answer.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_gets_the_changes_of_others_and_not_its_own() {
    let Two { a, b } = two().await;
    let ada = user(&*a).await;
    let first = first_turn(&ada);
    talk(&*a, &first, "Yes.").await;
    let (mut told, mut own) = (Told::by(&*b).await, Told::by(&*a).await);
    let id = &first.conversation.id;

    let next = turn(&ada, &first.conversation, Some(&first.answer.id));
    begin(&*a, &next).await;
    assert_eq!(told.conversation(id).await, ChangeKind::Begun);
    let grant = b.grant(&ada.id, id).await.unwrap().unwrap();
    assert!(b.request_stop(&grant, &next.answer.id).await.unwrap());
    assert_eq!(a.stops().await.unwrap(), std::slice::from_ref(&next.answer.id));
    assert_eq!(own.next().await, StoreChange::Stop { message_id: next.answer.id.clone() });
    assert!(a.finish_message(&next.answer.id, &finish("Yes.", 2000)).await.unwrap());
    assert_eq!(told.conversation(id).await, ChangeKind::Ended);
    assert!(!b.request_stop(&grant, &next.answer.id).await.unwrap());
    assert!(a.stops().await.unwrap().is_empty());

    assert!(a.replace_title(id, "", "Quines").await.unwrap().is_some());
    assert_eq!(told.conversation(id).await, ChangeKind::Title);
    let rename = ConversationPatch { title: Some("Other".to_owned()), ..Default::default() };
    a.update(&ada.id, id, &rename).await.unwrap();
    assert_eq!(told.conversation(id).await, ChangeKind::Title);
    let pin = ConversationPatch { pinned: Some(true), ..Default::default() };
    a.update(&ada.id, id, &pin).await.unwrap();

    let session = session(&ada);
    a.create_session(&session, Some(HASH)).await.unwrap();
    a.delete_session(&session.id).await.unwrap();
    assert_eq!(told.next().await, StoreChange::SessionEnded { session_id: session.id.clone() });
    assert!(a.delete(&ada.id, id).await.unwrap());
    assert_eq!(told.next().await, StoreChange::Deleted { conversation_id: id.clone() });
    // A process gets deletions even if they are its own, because they do not name the process that made them. It gets
    // no other change of its own.
    assert_eq!(own.next().await, StoreChange::SessionEnded { session_id: session.id });
    assert_eq!(own.next().await, StoreChange::Deleted { conversation_id: id.clone() });
}

#[tokio::test(flavor = "multi_thread")]
async fn only_requested_texts_are_sent() {
    let Two { a, b } = two().await;
    let (one, two) = (first_turn(&user(&*a).await), first_turn(&user(&*a).await));
    begin(&*a, &one).await;
    begin(&*a, &two).await;
    let marked = |turn: &NewTurn, seq, at, text: &str| Chunk {
        marks: vec![mark(seq - 1, at + 1), mark(seq, at + text.len() as u64)],
        ..chunk(turn, seq, at, text)
    };
    let mut told = Told::by(&*b).await;
    told.follow(&[&one.answer.id]).await;
    a.append_chunks(&[marked(&two, 3, 0, "not told"), marked(&one, 3, 0, "told")]).await.unwrap();
    assert_eq!(told.next().await, StoreChange::Text(marked(&one, 3, 0, "told")));
    told.follow(&[&one.answer.id, &two.answer.id]).await;
    a.append_chunks(&[marked(&two, 5, 8, " and told")]).await.unwrap();
    assert_eq!(told.next().await, StoreChange::Text(marked(&two, 5, 8, " and told")));
    let stored = b.chunks(&two.answer.id, 0).await.unwrap();
    assert_eq!(stored, [marked(&two, 3, 0, "not told"), marked(&two, 5, 8, " and told")]);
    assert_eq!(b.chunks(&two.answer.id, 3).await.unwrap(), stored[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_state_has_the_answer_that_runs_elsewhere() {
    let Two { a, b } = two().await;
    let turn = first_turn(&user(&*a).await);
    let ids = [turn.conversation.id.clone(), "none".to_owned()];
    begin(&*a, &turn).await;
    let own = a.conversation_states(&ids).await.unwrap();
    assert!(own.len() == 1 && own[0].running.is_none() && own[0].foreign.is_none());
    let seen = b.conversation_states(&ids).await.unwrap().remove(0);
    assert_eq!(
        (seen.running.clone().map(unnumbered).as_ref(), seen.foreign),
        (Some(&turn.answer), Some(ChangeKind::Begun))
    );
    assert_eq!(seen.question_id, turn.question.as_ref().map(|question| question.id.clone()));
    let end = Finish { marks: vec![mark(1005, 4)], ..finish("Yes.", 1006) };
    a.finish_message(&turn.answer.id, &end).await.unwrap();
    let ended = b.conversation_states(&ids).await.unwrap().remove(0);
    assert!(ended.running.is_none() && ended.revision != seen.revision);
    assert_eq!((ended.foreign, ended.last_seq), (Some(ChangeKind::Ended), 1006));
    let expected =
        Ended { message_id: turn.answer.id.clone(), after: seen.last_seq, seq: 1006, marks: end.marks };
    assert_eq!(ended.ended, Some(expected));
}

/// After a lost connection the stream of changes goes on where it was.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_when_the_stream_breaks() {
    let mongod =
        super::mongod::Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
    let url = mongod.url("inglenook");
    let (a, b) = (
        open(&url, &OpenOptions::default()).await.unwrap(),
        open(&url, &OpenOptions::default()).await.unwrap(),
    );
    let ada = user(&*a).await;
    let mut told = Told::by(&*b).await;
    let admin = Client::with_uri_str(&url).await.unwrap().database("admin");
    let fail = |times: i32, commands: &[&str], how: Document| {
        let mut data = doc! { "failCommands": commands };
        data.extend(how);
        doc! { "configureFailPoint": "failCommand", "mode": { "times": times }, "data": data }
    };
    for (number, how) in
        [doc! { "errorCode": 43 }, doc! { "closeConnection": true }, doc! { "errorCode": 10107 }]
            .into_iter()
            .enumerate()
    {
        admin.run_command(fail(1, &["getMore"], how)).await.unwrap();
        let first = first_turn(&ada);
        talk(&*a, &first, &number.to_string()).await;
        assert_eq!(told.conversation(&first.conversation.id).await, ChangeKind::Ended, "{number}");
    }
    // MongoDB no longer knows the position of the stream. The store tries until it can watch again, and says that it
    // missed changes.
    admin.run_command(fail(4, &["getMore", "aggregate"], doc! { "errorCode": 286 })).await.unwrap();
    assert_eq!(told.next().await, StoreChange::Missed);
    // Each change comes, or the store says that it missed some.
    loop {
        let first = first_turn(&ada);
        talk(&*a, &first, "Yes.").await;
        match told.next().await {
            StoreChange::Missed => {}
            StoreChange::Conversation { kind: ChangeKind::Ended, .. } => break,
            other => panic!("{other:?}"),
        }
    }
}
