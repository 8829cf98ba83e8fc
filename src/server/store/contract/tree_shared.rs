//! Two processes on one MongoDB: what one changes of the tree, the other is told.

use crate::{
    domain::Status,
    server::store::{ContinueOutcome, Finish, OpenOptions, What, open},
};

use super::{
    fixtures::{LATER, begin, finish, first_turn, user},
    mongod::{fresh_database, shared},
};

#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_told_of_the_tree() {
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
        let mut seen = b.seen(&ids).await.unwrap();
        seen.pop().unwrap()
    };
    let before = seen().await;
    a.select_branch(ada, question).await.unwrap();
    let chosen = seen().await;
    assert_eq!((chosen.foreign, chosen.last_seq), (Some(What::Tree), before.last_seq + 1));
    assert_ne!(chosen.revision, before.revision);
    let outcome = a.continue_answer(ada, answer, None, "run", 1000, LATER).await.unwrap();
    assert!(matches!(outcome, ContinueOutcome::Begun(..)));
    let running = seen().await;
    assert_eq!(running.foreign, Some(What::Begun));
    assert_eq!(running.running.map(|answer| answer.content), Some("Half".to_owned()));
    a.finish_message(answer, &finish("Half and half", 9)).await.unwrap();
    let before = seen().await;
    a.delete_message(ada, answer).await.unwrap();
    let deleted = seen().await;
    assert_eq!((deleted.foreign, deleted.last_seq), (Some(What::Tree), before.last_seq + 1));
    a.close().await;
    b.close().await;
}
