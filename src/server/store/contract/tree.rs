//! Cases about the tree of messages: siblings, the branch on screen, deleting, continuing.

use futures::future::join_all;

use crate::{
    domain::{Conversation, Failure, FailureCode, Reason, Status},
    server::store::{Child, ContinueOutcome, Finish, Orphans, Run, Store, TreeOutcome},
};

use super::fixtures::{
    Asking, LATER, NewTurn, TurnOutcome, another_answer, begin, chunk, finish, first_run, first_turn, id,
    interrupt, key, talk, turn, user,
};

fn question(turn: &NewTurn) -> &str {
    &turn.question.as_ref().unwrap().id
}

async fn stored(store: &dyn Store, turn: &NewTurn) -> Conversation {
    store.conversation(&turn.user_id, &turn.conversation.id).await.unwrap().unwrap()
}

async fn leaf(store: &dyn Store, turn: &NewTurn) -> Option<String> {
    stored(store, turn).await.leaf_id
}

async fn select(store: &dyn Store, turn: &NewTurn, id: &str) -> Option<String> {
    match store.select(&turn.user_id, id).await.unwrap() {
        TreeOutcome::Changed(changed) => changed.conversation.leaf_id,
        other => panic!("{other:?}"),
    }
}

async fn delete(store: &dyn Store, turn: &NewTurn, id: &str) -> Option<String> {
    match store.remove(&turn.user_id, id).await.unwrap() {
        TreeOutcome::Changed(changed) => changed.conversation.leaf_id,
        other => panic!("{other:?}"),
    }
}

async fn parent(store: &dyn Store, turn: &NewTurn, id: &str) -> Option<String> {
    store.stored(&turn.user_id, id).await.unwrap().unwrap().parent_id
}

/// A stopped answer to a first question.
async fn stopped(store: &dyn Store) -> NewTurn {
    stopped_of(store, &user(store).await).await
}

async fn stopped_of(store: &dyn Store, user: &crate::domain::User) -> NewTurn {
    let turn = first_turn(user);
    begin(store, &turn).await;
    let end = Finish { status: Status::Stopped, ..finish("A program that", 7) };
    assert!(store.finish_message(&turn.answer.id, &end).await.unwrap());
    turn
}

async fn go_on(store: &dyn Store, turn: &NewTurn, name: Option<&str>) -> ContinueOutcome {
    let key = name.map(|name| key(name, &turn.answer.id));
    store.go_on(&turn.user_id, &turn.answer.id, key.as_ref(), &id(), 1000, LATER).await.unwrap()
}

pub(super) async fn children_come_with_their_parents(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let second = another_answer(&ada, &first.conversation, Some(question(&first)));
    talk(store, &second, "2").await;
    let root = turn(&ada, &first.conversation, None);
    talk(store, &root, "3").await;
    talk(store, &first_turn(&ada), "elsewhere").await;
    let child =
        |parent: Option<&str>, id: &str| Child { parent_id: parent.map(str::to_owned), id: id.to_owned() };
    let grant = store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    let ask = async |parents: &[Option<&str>]| {
        let parents: Vec<_> = parents.iter().map(|parent| parent.map(str::to_owned)).collect();
        store.children(&grant, &parents).await.unwrap()
    };
    let answers = [&first, &second].map(|turn| child(Some(question(&first)), &turn.answer.id));
    let roots = [&first, &root].map(|turn| child(None, question(turn)));
    assert_eq!(ask(&[Some(question(&first))]).await, answers);
    assert_eq!(ask(&[None]).await, roots);
    let mut all = [answers.to_vec(), roots.to_vec()].concat();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    // The children of a parent come once, however often the parent is named.
    assert_eq!(ask(&[None, Some(question(&first)), Some("none"), None, Some(question(&first))]).await, all);
    assert!(ask(&[]).await.is_empty() && ask(&[Some("\"'],")]).await.is_empty());
}

pub(super) async fn a_branch_is_shown_down_to_its_newest_message(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let below = turn(&ada, &first.conversation, Some(&first.answer.id));
    talk(store, &below, "1.1").await;
    let again = another_answer(&ada, &first.conversation, Some(question(&below)));
    talk(store, &again, "1.2").await;
    let edited = turn(&ada, &first.conversation, None);
    talk(store, &edited, "2").await;
    assert_eq!(leaf(store, &first).await.as_ref(), Some(&edited.answer.id));
    let before = stored(store, &first).await;
    let seq = store.last_seq(&first.user_id, &first.conversation.id).await.unwrap();
    for (chosen, leaf) in [
        (question(&first), &again.answer.id),
        (question(&edited), &edited.answer.id),
        (&*first.answer.id, &again.answer.id),
        (&*below.answer.id, &below.answer.id),
        (question(&below), &again.answer.id),
    ] {
        assert_eq!(select(store, &first, chosen).await.as_ref(), Some(leaf));
    }
    // The store remembers the branch and changes nothing else: the conversation keeps its position in the list.
    let after = Conversation { leaf_id: before.leaf_id.clone(), ..stored(store, &first).await };
    assert_eq!(after, before);
    assert_eq!(leaf(store, &first).await, Some(again.answer.id));
    // Each change has taken a number, which is that of its event.
    assert_eq!(store.last_seq(&first.user_id, &first.conversation.id).await.unwrap(), seq + 5);
}

pub(super) async fn foreign_and_missing_messages_are_left_alone(store: &dyn Store) {
    let turn = stopped(store).await;
    let bob = user(store).await;
    for (user, message) in [(&bob.id, &*turn.answer.id), (&turn.user_id, "none")] {
        assert_eq!(store.select(user, message).await.unwrap(), TreeOutcome::Missing);
        assert_eq!(store.remove(user, message).await.unwrap(), TreeOutcome::Missing);
        let key = key("k", message);
        let outcome = store.go_on(user, message, Some(&key), &id(), 1000, LATER).await.unwrap();
        assert_eq!(outcome, ContinueOutcome::Missing);
    }
    assert_eq!(store.back(&turn.user_id, &turn.conversation.id, None, 10).await.unwrap().len(), 2);
    assert!(matches!(go_on(store, &turn, Some("k")).await, ContinueOutcome::Begun { .. }));
}

pub(super) async fn messages_below_a_deleted_message_stay(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let second = turn(&ada, &first.conversation, Some(&first.answer.id));
    talk(store, &second, "2").await;
    let last = Some(second.answer.id.clone());
    assert_eq!(delete(store, &first, &first.answer.id).await, last);
    assert_eq!(parent(store, &first, question(&second)).await.as_deref(), Some(question(&first)));
    assert_eq!(delete(store, &first, question(&first)).await, last);
    assert_eq!(parent(store, &first, question(&second)).await, None);
    let outcome = store.remove(&ada.id, question(&first)).await.unwrap();
    assert_eq!(outcome, TreeOutcome::Missing);
    // The leaf moves up with each deletion, until there is none.
    assert_eq!(delete(store, &first, &second.answer.id).await.as_deref(), Some(question(&second)));
    assert_eq!(delete(store, &first, question(&second)).await, None);
    assert!(store.back(&first.user_id, &first.conversation.id, None, 10).await.unwrap().is_empty());
    begin(store, &turn(&ada, &first.conversation, None)).await;
}

pub(super) async fn a_deleted_leaf_gives_way_to_its_sibling(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let below = turn(&ada, &first.conversation, Some(&first.answer.id));
    talk(store, &below, "1.1").await;
    let again = another_answer(&ada, &first.conversation, Some(question(&first)));
    talk(store, &again, "2").await;
    assert_eq!(delete(store, &first, &again.answer.id).await.as_ref(), Some(&below.answer.id));
    let edited = turn(&ada, &first.conversation, None);
    talk(store, &edited, "3").await;
    delete(store, &first, &edited.answer.id).await;
    assert_eq!(delete(store, &first, question(&edited)).await.as_ref(), Some(&below.answer.id));
    // A deletion in another branch does not move the leaf.
    assert_eq!(select(store, &first, question(&first)).await.as_ref(), Some(&below.answer.id));
    assert_eq!(delete(store, &first, &first.answer.id).await.as_ref(), Some(&below.answer.id));
}

pub(super) async fn nothing_is_changed_while_an_answer_is_written(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let running = turn(&ada, &first.conversation, Some(&first.answer.id));
    begin(store, &running).await;
    let seq = store.last_seq(&first.user_id, &first.conversation.id).await.unwrap();
    for message in [question(&first), &first.answer.id, question(&running), &running.answer.id] {
        assert_eq!(store.select(&ada.id, message).await.unwrap(), TreeOutcome::Busy);
        assert_eq!(store.remove(&ada.id, message).await.unwrap(), TreeOutcome::Busy);
    }
    assert_eq!(leaf(store, &first).await.as_ref(), Some(&running.answer.id));
    assert_eq!(store.last_seq(&first.user_id, &first.conversation.id).await.unwrap(), seq);
    // Another conversation can be changed meanwhile.
    let other = first_turn(&ada);
    talk(store, &other, "1").await;
    delete(store, &other, &other.answer.id).await;
}

pub(super) async fn an_answer_is_continued_with_its_text(store: &dyn Store) {
    let turn = stopped(store).await;
    let ContinueOutcome::Begun { grant, answer, .. } = go_on(store, &turn, None).await else { panic!() };
    let conversation = grant.into_conversation();
    assert_eq!((answer.status, answer.content.as_str()), (Status::Generating, "A program that"));
    assert!(answer.continued);
    assert_eq!(conversation, stored(store, &turn).await);
    assert_eq!((conversation.updated_at, conversation.leaf_id), (LATER, Some(turn.answer.id.clone())));
    assert_eq!(store.stored(&turn.user_id, &turn.answer.id).await.unwrap(), Some(answer));
    // A crash keeps the old text and the added text, and the answer can be continued again.
    store.append_chunks(&[chunk(&turn, 9, 14, " prints itself")]).await.unwrap();
    assert_eq!(interrupt(store).await, 1);
    let ContinueOutcome::Begun { answer, .. } = go_on(store, &turn, None).await else { panic!() };
    assert_eq!(answer.content, "A program that prints itself");
    let end = Finish { length_limited: true, ..finish("A program that prints itself, and", 1_000_020) };
    assert!(store.finish_message(&turn.answer.id, &end).await.unwrap());
    let ContinueOutcome::Begun { answer, .. } = go_on(store, &turn, None).await else { panic!() };
    assert!(!answer.length_limited);
    assert!(store.finish_message(&turn.answer.id, &finish("Whole.", 2_000_000)).await.unwrap());
    assert_eq!(go_on(store, &turn, None).await, ContinueOutcome::Ended);
}

pub(super) async fn only_an_incomplete_leaf_can_be_continued(store: &dyn Store) {
    let turn = stopped(store).await;
    let ada = crate::domain::User { id: turn.user_id.clone(), ..user(store).await };
    let asked = store.go_on(&ada.id, question(&turn), None, &id(), 1000, LATER).await.unwrap();
    assert_eq!(asked, ContinueOutcome::Ended);
    let next = super::fixtures::turn(&ada, &turn.conversation, Some(&turn.answer.id));
    begin(store, &next).await;
    assert_eq!(go_on(store, &turn, None).await, ContinueOutcome::Busy);
    assert!(store.finish_message(&next.answer.id, &finish("Yes.", 9)).await.unwrap());
    assert_eq!(go_on(store, &turn, None).await, ContinueOutcome::NotLeaf);
}

/// An answer that failed after its first words can be continued, and its failure is forgotten. An answer without words
/// cannot.
pub(super) async fn an_answer_that_failed_in_the_middle_can_be_continued(store: &dyn Store) {
    let turn = stopped(store).await;
    let ada = crate::domain::User { id: turn.user_id.clone(), ..user(store).await };
    for (text, goes_on) in [("Half", true), ("", false)] {
        let failed = another_answer(&ada, &turn.conversation, Some(question(&turn)));
        begin(store, &failed).await;
        let reason = Reason::new("provider-late-middle").with("provider", "acme");
        let failure = Failure { code: FailureCode::Timeout, reason, retryable: true };
        let reasoning = "What is half?".to_owned();
        let end = Finish { status: Status::Failed, failure: Some(failure), reasoning, ..finish(text, 12) };
        assert!(store.finish_message(&failed.answer.id, &end).await.unwrap());
        match go_on(store, &failed, None).await {
            ContinueOutcome::Begun { answer, .. } => {
                assert!(goes_on, "{text:?}");
                assert_eq!(
                    (answer.status, answer.failure, &*answer.content),
                    (Status::Generating, None, text)
                );
                // If the server dies now, the answer counts as interrupted and not as failed.
                assert_eq!(interrupt(store).await, 1);
                let stored = store.stored(&ada.id, &failed.answer.id).await.unwrap().unwrap();
                assert_eq!((stored.status, stored.failure), (Status::Interrupted, None));
            }
            outcome => assert_eq!((outcome, goes_on), (ContinueOutcome::Ended, false), "{text:?}"),
        }
    }
}

pub(super) async fn of_many_continuations_one_begins(store: &dyn Store) {
    let turn = stopped(store).await;
    let all = join_all((0..20).map(|_| go_on(store, &turn, None))).await;
    let begun = all.iter().filter(|outcome| matches!(outcome, ContinueOutcome::Begun { .. })).count();
    let busy = all.iter().filter(|outcome| **outcome == ContinueOutcome::Busy).count();
    assert_eq!((begun, busy), (1, 19), "{all:?}");
}

pub(super) async fn a_key_continues_once(store: &dyn Store) {
    let turn = stopped(store).await;
    let all = join_all((0..20).map(|_| go_on(store, &turn, Some("k")))).await;
    let begun = all.iter().filter(|outcome| matches!(outcome, ContinueOutcome::Begun { .. })).count();
    let repeated = all.iter().filter(|outcome| matches!(outcome, ContinueOutcome::Repeated(_))).count();
    assert_eq!((begun, repeated), (1, 19), "{all:?}");
    // The key counts after the continuation has ended, too, and after other keys.
    for key in ["k2", "k3"] {
        interrupt(store).await;
        assert!(matches!(go_on(store, &turn, Some(key)).await, ContinueOutcome::Begun { .. }));
    }
    interrupt(store).await;
    for key in ["k", "k2", "k3"] {
        let ContinueOutcome::Repeated(answer) = go_on(store, &turn, Some(key)).await else { panic!("{key}") };
        assert_eq!((answer.id, answer.status), (turn.answer.id.clone(), Status::Interrupted));
    }
    // A key that was used for another request in the same conversation is refused. In another conversation it is a new
    // key.
    let ada = crate::domain::User { id: turn.user_id.clone(), ..user(store).await };
    let again = another_answer(&ada, &turn.conversation, Some(question(&turn)));
    let again = NewTurn { key: Some(key("t", "again")), now: LATER, ..again };
    begin(store, &again).await;
    interrupt(store).await;
    assert_eq!(go_on(store, &turn, Some("t")).await, ContinueOutcome::KeyReused);
    assert_eq!(go_on(store, &again, Some("k")).await, ContinueOutcome::KeyReused);
    let asked = NewTurn { key: Some(key("k2", "again")), now: LATER, ..again.clone() };
    assert_eq!(store.begin_turn(&asked).await.unwrap(), TurnOutcome::KeyReused);
    let elsewhere = stopped_of(store, &ada).await;
    assert!(matches!(go_on(store, &elsewhere, Some("k")).await, ContinueOutcome::Begun { .. }));
    // Another person may use a key of the same name.
    let other = stopped(store).await;
    assert!(matches!(go_on(store, &other, Some("k")).await, ContinueOutcome::Begun { .. }));
}

/// Interrupting a run that may or may not have begun does not interrupt the next run.
pub(super) async fn interrupting_a_lost_run_leaves_the_next_alone(store: &dyn Store) {
    let turn = stopped(store).await;
    let run = |run: &str| Run { run: run.to_owned(), ..first_run(&turn) };
    let go_on =
        async |run: &str| store.go_on(&turn.user_id, &turn.answer.id, None, run, 1000, LATER).await.unwrap();
    let forsake = async |run: Run| store.interrupt_unfinished(Orphans::Run(&run)).await.unwrap();
    assert!(store.own_runs().await.unwrap().is_empty());
    // The first run never began, and the second one did.
    assert_eq!(forsake(run("one")).await, 0);
    assert!(matches!(go_on("two").await, ContinueOutcome::Begun { .. }));
    assert_eq!(store.own_runs().await.unwrap(), [run("two")]);
    assert_eq!((forsake(run("one")).await, forsake(first_run(&turn)).await), (0, 0));
    assert_eq!(store.own_runs().await.unwrap(), [run("two")]);
    // A run began without its caller's knowledge, and its caller tries a second time.
    assert_eq!(forsake(run("two")).await, 1);
    assert!(matches!(go_on("three").await, ContinueOutcome::Begun { .. }));
    assert_eq!(forsake(run("two")).await, 0);
    let stored = store.stored(&turn.user_id, &turn.answer.id).await.unwrap().unwrap();
    assert_eq!(stored.status, Status::Generating);
    assert!(
        store.finish_message(&turn.answer.id, &finish("A program that prints itself.", 9)).await.unwrap()
    );
    assert!(store.own_runs().await.unwrap().is_empty());
}

pub(super) async fn deleting_takes_the_keys_along(store: &dyn Store) {
    let turn = stopped(store).await;
    assert!(matches!(go_on(store, &turn, Some("k")).await, ContinueOutcome::Begun { .. }));
    interrupt(store).await;
    delete(store, &turn, &turn.answer.id).await;
    let ada = crate::domain::User { id: turn.user_id.clone(), ..user(store).await };
    let again = another_answer(&ada, &turn.conversation, Some(question(&turn)));
    begin(store, &again).await;
    store.append_chunks(&[chunk(&again, 9, 0, "Half")]).await.unwrap();
    interrupt(store).await;
    assert!(matches!(go_on(store, &again, Some("k")).await, ContinueOutcome::Begun { .. }));
    store.delete(&ada.id, &turn.conversation.id).await.unwrap();
    let other = NewTurn { user_id: ada.id.clone(), ..first_turn(&ada) };
    begin(store, &other).await;
    store.append_chunks(&[chunk(&other, 9, 0, "Half")]).await.unwrap();
    interrupt(store).await;
    assert!(matches!(go_on(store, &other, Some("k")).await, ContinueOutcome::Begun { .. }));
}

/// Whichever call is first, the tree is valid: it has the parent of each message, and the leaf.
pub(super) async fn deleting_races_with_asking(store: &dyn Store) {
    for _ in 0..8 {
        let ada = user(store).await;
        let first = first_turn(&ada);
        talk(store, &first, "1").await;
        let next = turn(&ada, &first.conversation, Some(&first.answer.id));
        let (asked, deleted) =
            futures::join!(store.begin_turn(&next), store.remove(&ada.id, &first.answer.id));
        match (asked.unwrap(), deleted.unwrap()) {
            (TurnOutcome::Begun, TreeOutcome::Busy) | (TurnOutcome::NoParent, TreeOutcome::Changed(_)) => {}
            other => panic!("{other:?}"),
        }
        let all = store.back(&first.user_id, &first.conversation.id, None, 10).await.unwrap();
        let there = |id: &str| all.iter().any(|message| message.id == id);
        assert!(all.iter().all(|message| message.parent_id.as_deref().is_none_or(there)));
        assert!(leaf(store, &first).await.as_deref().is_some_and(there));
    }
}
