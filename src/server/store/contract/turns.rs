//! Cases about the beginning of a turn, alone and with many others at once.

use futures::future::join_all;

use crate::{
    domain::{Conversation, Status, User},
    server::store::{ContinueOutcome, KEY_LIFE, Store, StoreError},
};

use super::fixtures::{
    Asking, NewTurn, TurnOutcome, another_answer, begin, conversation, finish, first_turn, id, key, talk,
    turn, unnumbered, user,
};

async fn opened(store: &dyn Store) -> (User, Conversation) {
    let (ada, it) = (user(store).await, conversation(""));
    store.create_conversation(&ada.id, &it).await.unwrap();
    (ada, it)
}

fn repeated(turn: &NewTurn) -> TurnOutcome {
    TurnOutcome::Repeated {
        conversation_id: turn.conversation.id.clone(),
        question_id: turn.question.as_ref().map(|question| question.id.clone()),
        answer_id: turn.answer.id.clone(),
    }
}

fn keyed(turn: NewTurn, key: &str) -> NewTurn {
    NewTurn { key: Some(super::fixtures::key(key, "the same")), ..turn }
}

async fn at_once(store: &dyn Store, turns: &[NewTurn]) -> Vec<TurnOutcome> {
    join_all(turns.iter().map(|turn| store.begin_turn(turn))).await.into_iter().map(Result::unwrap).collect()
}

/// The only turn that began.
fn the_one_that_began<'a>(turns: &'a [NewTurn], outcomes: &[TurnOutcome]) -> &'a NewTurn {
    let begun: Vec<_> = outcomes.iter().enumerate().filter(|(_, it)| **it == TurnOutcome::Begun).collect();
    assert_eq!(begun.len(), 1, "{outcomes:?}");
    &turns[begun[0].0]
}

pub(super) async fn a_turn_is_stored_and_moves_the_conversation(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    begin(store, &first).await;
    let question = first.question.clone().unwrap();
    assert_eq!(store.stored(&ada.id, &question.id).await.unwrap().map(unnumbered), Some(question));
    let stored = store.stored(&ada.id, &first.answer.id).await.unwrap();
    assert_eq!(stored.map(unnumbered), Some(first.answer.clone()));
    let stored = store.conversation(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    let expected = Conversation {
        leaf_id: Some(first.answer.id.clone()),
        updated_at: first.now,
        model: first.answer.model.clone(),
        running: true,
        ..first.conversation.clone()
    };
    assert_eq!(stored, expected);
    store.finish_message(&first.answer.id, &finish("Yes.", 1)).await.unwrap();

    // The model of the question becomes the conversation's model; nothing else of the conversation is stored with a
    // turn.
    let mut second =
        turn(&ada, &Conversation { title: "not stored".to_owned(), ..stored }, Some(&first.answer.id));
    second.now += 10;
    second.answer.model = Some("demo/other".to_owned());
    begin(store, &second).await;
    let stored = store.conversation(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    assert_eq!(stored.leaf_id, Some(second.answer.id.clone()));
    assert_eq!((stored.updated_at, stored.model.as_deref()), (second.now, Some("demo/other")));
    assert_eq!(stored.title, "");
}

pub(super) async fn a_repeated_key_answers_the_stored_ids(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let first = keyed(turn(&ada, &it, None), "k");
    begin(store, &first).await;
    assert_eq!(store.begin_turn(&first).await.unwrap(), repeated(&first));
    let again = keyed(turn(&ada, &it, None), "k");
    assert_eq!(store.begin_turn(&again).await.unwrap(), repeated(&first));
    store.finish_message(&first.answer.id, &finish("Yes.", 1)).await.unwrap();
    assert_eq!(store.begin_turn(&again).await.unwrap(), repeated(&first));
    assert_eq!(store.back(&ada.id, &it.id, None, 10).await.unwrap().len(), 2);

    let question = &first.question.as_ref().unwrap().id;
    let further = keyed(another_answer(&ada, &it, Some(question)), "k2");
    begin(store, &further).await;
    assert_eq!(store.begin_turn(&further).await.unwrap(), repeated(&further));
}

pub(super) async fn a_key_counts_in_one_conversation(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let other = conversation("");
    store.create_conversation(&ada.id, &other).await.unwrap();
    let turns =
        [turn(&ada, &it, None), turn(&ada, &other, None), first_turn(&ada)].map(|turn| keyed(turn, "1"));
    for turn in &turns {
        begin(store, turn).await;
    }
    for turn in &turns {
        assert_eq!(store.begin_turn(turn).await.unwrap(), repeated(turn));
    }
    // A second new conversation with the same key is the first one, repeated.
    assert_eq!(store.begin_turn(&keyed(first_turn(&ada), "1")).await.unwrap(), repeated(&turns[2]));
}

pub(super) async fn a_key_belongs_to_one_request(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let first = keyed(turn(&ada, &it, None), "k");
    begin(store, &first).await;
    let asks = |turn: NewTurn, request: &str| NewTurn { key: Some(key("k", request)), ..turn };
    for running in [true, false] {
        let other = asks(turn(&ada, &it, None), "another");
        assert_eq!(store.begin_turn(&other).await.unwrap(), TurnOutcome::KeyReused, "{running}");
        let further = asks(another_answer(&ada, &it, Some(&first.question.as_ref().unwrap().id)), "further");
        assert_eq!(store.begin_turn(&further).await.unwrap(), TurnOutcome::KeyReused, "{running}");
        assert_eq!(
            store.begin_turn(&asks(turn(&ada, &it, None), "the same")).await.unwrap(),
            repeated(&first)
        );
        store.finish_message(&first.answer.id, &finish("Yes.", 1)).await.unwrap();
    }
    assert_eq!(store.back(&ada.id, &it.id, None, 10).await.unwrap().len(), 2, "nothing of it was stored");
    let new = keyed(first_turn(&ada), "k");
    begin(store, &new).await;
    assert_eq!(store.begin_turn(&asks(first_turn(&ada), "another")).await.unwrap(), TurnOutcome::KeyReused);
}

pub(super) async fn fifty_that_ask_two_things_with_one_key_begin_once(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    for new in [false, true] {
        let turns: Vec<_> = (0..50)
            .map(|at| {
                let turn = if new { first_turn(&ada) } else { turn(&ada, &it, None) };
                NewTurn { key: Some(key("k", ["this", "that"][at % 2])), ..turn }
            })
            .collect();
        let outcomes = at_once(store, &turns).await;
        let begun = the_one_that_began(&turns, &outcomes);
        for (turn, outcome) in turns.iter().zip(&outcomes).filter(|(_, it)| **it != TurnOutcome::Begun) {
            let expected = if turn.key == begun.key { repeated(begun) } else { TurnOutcome::KeyReused };
            assert_eq!(*outcome, expected);
        }
    }
}

pub(super) async fn a_key_counts_for_a_day(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let first = keyed(turn(&ada, &it, None), "k");
    talk(store, &first, "Yes.").await;
    let at = |now: i64, request: &str| NewTurn {
        key: Some(key("k", request)),
        now,
        ..turn(&ada, &it, Some(&first.answer.id))
    };
    let last = first.now + KEY_LIFE - 1;
    assert_eq!(store.begin_turn(&at(last, "the same")).await.unwrap(), repeated(&first));
    assert_eq!(store.forget_keys(last).await.unwrap(), 0);
    assert_eq!(store.begin_turn(&at(last, "another")).await.unwrap(), TurnOutcome::KeyReused);
    // After a day the key is a new key, whether or not the old row was removed.
    let anew = at(last + 1, "another");
    talk(store, &anew, "No.").await;
    assert_eq!(store.begin_turn(&at(last + 2, "another")).await.unwrap(), repeated(&anew));
    assert_eq!(store.forget_keys(last + 1).await.unwrap(), 0, "the new one has taken its place");
    assert_eq!(store.forget_keys(last + 1 + KEY_LIFE).await.unwrap(), 1);
    begin(store, &at(last + 2, "the same")).await;
}

pub(super) async fn a_key_belongs_to_one_user(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    begin(store, &keyed(first_turn(&ada), "k")).await;
    begin(store, &keyed(first_turn(&bob), "k")).await;
    begin(store, &first_turn(&ada)).await;
    begin(store, &first_turn(&ada)).await;
}

pub(super) async fn fifty_with_one_key_begin_once(store: &dyn Store) {
    let ada = user(store).await;
    let turns: Vec<_> = (0..50).map(|_| keyed(first_turn(&ada), "k")).collect();
    let outcomes = at_once(store, &turns).await;
    let begun = the_one_that_began(&turns, &outcomes);
    for outcome in outcomes.iter().filter(|outcome| **outcome != TurnOutcome::Begun) {
        assert_eq!(*outcome, repeated(begun));
    }
    for turn in &turns {
        let there = store.conversation(&ada.id, &turn.conversation.id).await.unwrap().is_some();
        assert_eq!(there, turn.conversation.id == begun.conversation.id);
    }
}

pub(super) async fn fifty_with_one_key_in_one_conversation_begin_once(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let turns: Vec<_> = (0..50).map(|_| keyed(turn(&ada, &it, None), "k")).collect();
    let outcomes = at_once(store, &turns).await;
    let begun = the_one_that_began(&turns, &outcomes);
    for outcome in outcomes.iter().filter(|outcome| **outcome != TurnOutcome::Begun) {
        assert_eq!(*outcome, repeated(begun));
    }
    assert_eq!(store.back(&ada.id, &it.id, None, 100).await.unwrap().len(), 2);
}

pub(super) async fn twenty_in_one_conversation_begin_once(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let turns: Vec<_> = (0..20).map(|_| turn(&ada, &it, None)).collect();
    let outcomes = at_once(store, &turns).await;
    let begun = the_one_that_began(&turns, &outcomes);
    let busy = TurnOutcome::Busy { answer_id: begun.answer.id.clone() };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == busy).count(), 19, "{outcomes:?}");
    assert_eq!(store.back(&ada.id, &it.id, None, 100).await.unwrap().len(), 2);
    let stored = store.conversation(&ada.id, &it.id).await.unwrap().unwrap();
    assert_eq!(stored.leaf_id.as_ref(), Some(&begun.answer.id));
}

pub(super) async fn turns_in_many_conversations_do_not_hinder_each_other(store: &dyn Store) {
    let ada = user(store).await;
    let turns: Vec<_> = (0..20).map(|number| keyed(first_turn(&ada), &number.to_string())).collect();
    assert!(at_once(store, &turns).await.iter().all(|outcome| *outcome == TurnOutcome::Begun));
}

pub(super) async fn a_foreign_or_missing_conversation_is_refused(store: &dyn Store) {
    let (owner, hers) = opened(store).await;
    let bob = user(store).await;
    assert_eq!(store.begin_turn(&turn(&bob, &hers, None)).await.unwrap(), TurnOutcome::NoConversation);
    let missing = turn(&bob, &conversation(""), None);
    assert_eq!(store.begin_turn(&missing).await.unwrap(), TurnOutcome::NoConversation);
    assert!(store.back(&owner.id, &hers.id, None, 10).await.unwrap().is_empty());
}

pub(super) async fn a_foreign_or_missing_parent_is_refused(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let elsewhere = first_turn(&ada);
    talk(store, &elsewhere, "Yes.").await;
    for parent in [elsewhere.answer.id.as_str(), "none"] {
        let outcome = store.begin_turn(&turn(&ada, &it, Some(parent))).await.unwrap();
        assert_eq!(outcome, TurnOutcome::NoParent);
        let outcome = store.begin_turn(&another_answer(&ada, &it, Some(parent))).await.unwrap();
        assert_eq!(outcome, TurnOutcome::NoParent);
    }
    assert_eq!(store.begin_turn(&another_answer(&ada, &it, None)).await.unwrap(), TurnOutcome::NoParent);
}

pub(super) async fn a_refused_turn_leaves_nothing_behind(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let refused = keyed(turn(&ada, &it, Some("none")), "k");
    assert_eq!(store.begin_turn(&refused).await.unwrap(), TurnOutcome::NoParent);
    assert_eq!(store.conversation(&ada.id, &it.id).await.unwrap(), Some(it.clone()));
    let mut new = first_turn(&ada);
    new.question.as_mut().unwrap().parent_id = Some("none".to_owned());
    assert_eq!(store.begin_turn(&new).await.unwrap(), TurnOutcome::NoParent);
    assert!(store.conversation(&ada.id, &new.conversation.id).await.unwrap().is_none());
    // The key is free, since nothing was stored for it.
    begin(store, &keyed(turn(&ada, &it, None), "k")).await;
}

pub(super) async fn a_second_answer_needs_an_old_question(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let first = turn(&ada, &it, None);
    talk(store, &first, "Yes.").await;
    let question = &first.question.as_ref().unwrap().id;
    let second = another_answer(&ada, &it, Some(question));
    begin(store, &second).await;
    let stored = store.stored(&ada.id, &second.answer.id).await.unwrap().unwrap();
    assert_eq!(stored.parent_id.as_ref(), Some(question));
    let stored = store.conversation(&ada.id, &it.id).await.unwrap().unwrap();
    assert_eq!(stored.leaf_id, Some(second.answer.id));
}

pub(super) async fn a_running_answer_is_busy_until_it_ends(store: &dyn Store) {
    let (ada, it) = opened(store).await;
    let first = turn(&ada, &it, None);
    begin(store, &first).await;
    let next = keyed(turn(&ada, &it, Some(&first.answer.id)), "k");
    let busy = TurnOutcome::Busy { answer_id: first.answer.id.clone() };
    assert_eq!(store.begin_turn(&next).await.unwrap(), busy);
    let stored = store.conversation(&ada.id, &it.id).await.unwrap().unwrap();
    assert_eq!(stored.leaf_id.as_ref(), Some(&first.answer.id));
    let stopped = crate::server::store::Finish { status: Status::Stopped, ..finish("Ye", 4) };
    assert!(store.finish_message(&first.answer.id, &stopped).await.unwrap());
    begin(store, &next).await;
}

pub(super) async fn no_more_answers_run_than_the_limit(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let of = |who: &User| NewTurn { most_running: 2, ..first_turn(who) };
    let first = keyed(of(&ada), "first");
    begin(store, &first).await;
    begin(store, &of(&ada)).await;
    let third = keyed(of(&ada), "third");
    assert_eq!(store.begin_turn(&third).await.unwrap(), TurnOutcome::TooMany);
    assert!(store.conversation(&ada.id, &third.conversation.id).await.unwrap().is_none());
    // A repeated request still gets the first outcome, and the answers of other people do not count.
    assert_eq!(store.begin_turn(&first).await.unwrap(), repeated(&first));
    begin(store, &of(&bob)).await;
    // The limit counts further answers and continued answers, too.
    let stopped = crate::server::store::Finish { status: Status::Stopped, ..finish("Ye", 4) };
    assert!(store.finish_message(&first.answer.id, &stopped).await.unwrap());
    begin(store, &third).await;
    let question = first.question.as_ref().map(|question| question.id.as_str());
    let further = NewTurn { most_running: 2, ..another_answer(&ada, &first.conversation, question) };
    assert_eq!(store.begin_turn(&further).await.unwrap(), TurnOutcome::TooMany);
    let on = key("on", "continue");
    let go_on =
        async || store.go_on(&ada.id, &first.answer.id, Some(&on), &id(), 2, first.now).await.unwrap();
    assert_eq!(go_on().await, ContinueOutcome::TooMany);
    assert!(store.finish_message(&third.answer.id, &stopped).await.unwrap());
    assert!(matches!(go_on().await, ContinueOutcome::Begun { .. }));
    assert!(matches!(go_on().await, ContinueOutcome::Repeated(_)), "the key is known at the limit too");
}

/// The answer's id is taken, so its insert fails after the other writes.
pub(super) async fn a_failing_turn_leaves_nothing_behind(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "Yes.").await;
    let mut broken = first_turn(&ada);
    broken.answer.id = first.answer.id.clone();
    broken.key = Some(key(&id(), "broken"));
    assert!(matches!(store.begin_turn(&broken).await, Err(StoreError::Broken(_))));
    assert!(store.conversation(&ada.id, &broken.conversation.id).await.unwrap().is_none());
    let question = &broken.question.as_ref().unwrap().id;
    assert!(store.stored(&ada.id, question).await.unwrap().is_none());
    begin(store, &first_turn(&ada)).await;
}
