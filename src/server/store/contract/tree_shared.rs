//! Two processes on one MongoDB: each gets the changes that the other makes in the tree.

use crate::{
    domain::Status,
    server::store::{ChangeKind, ContinueOutcome, Finish, OpenOptions, open},
};

use super::{
    fixtures::{Asking, LATER, begin, finish, first_turn, user},
    mongod::{fresh_database, shared},
};

#[tokio::test(flavor = "multi_thread")]
async fn another_process_gets_changes_of_the_tree() {
    let url = shared().await.url(&fresh_database());
    let a = open(&url, &OpenOptions::default()).await.unwrap();
    let b = open(&url, &OpenOptions::default()).await.unwrap();
    let turn = first_turn(&user(&*a).await);
    begin(&*a, &turn).await;
    let end = Finish { status: Status::Stopped, ..finish("Half", 4) };
    a.finish_message(&turn.answer.id, &end).await.unwrap();
    let (ada, answer) = (&turn.user_id, &turn.answer.id);
    let question = &turn.question.as_ref().unwrap().id;
    let seen = async || {
        let ids = [turn.conversation.id.clone()];
        let mut seen = b.conversation_states(&ids).await.unwrap();
        seen.pop().unwrap()
    };
    let before = seen().await;
    a.select(ada, question).await.unwrap();
    let chosen = seen().await;
    assert_eq!((chosen.foreign, chosen.last_seq), (Some(ChangeKind::Tree), before.last_seq + 1));
    assert_ne!(chosen.revision, before.revision);
    let outcome = a.go_on(ada, answer, None, "run", 1000, LATER).await.unwrap();
    assert!(matches!(outcome, ContinueOutcome::Begun { .. }));
    let running = seen().await;
    assert_eq!(running.foreign, Some(ChangeKind::Begun));
    assert_eq!(running.running.map(|answer| answer.content), Some("Half".to_owned()));
    a.finish_message(answer, &finish("Half and half", 9)).await.unwrap();
    let before = seen().await;
    a.remove(ada, answer).await.unwrap();
    let deleted = seen().await;
    assert_eq!((deleted.foreign, deleted.last_seq), (Some(ChangeKind::Tree), before.last_seq + 1));
    a.close().await;
    b.close().await;
}
