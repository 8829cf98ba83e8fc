//! Questions that wait for the end of an answer: each is asked once, when it is its turn.

use futures::future::join_all;

use crate::{
    domain::{Reason, Role, Status, User},
    server::store::{
        ConversationQuery, Created, Finish, Grant, KEY_LIFE, Key, NewQueued, QueueChange, QueueFull,
        QueueOutcome, Spent, Store,
    },
};

use super::{
    asking::NewTurn,
    fixtures::{
        Asking, LATER, NOW, TurnOutcome, begin, conversation, finish, first_turn, id, key, message, talk,
        turn, user,
    },
};

/// A person's conversation with one complete answer.
struct Owned {
    ada: User,
    first: NewTurn,
    grant: Grant,
}

impl Owned {
    async fn new(store: &dyn Store) -> Self {
        let ada = user(store).await;
        let first = first_turn(&ada);
        talk(store, &first, "Yes.").await;
        let grant = store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
        Self { ada, first, grant }
    }

    async fn add(&self, store: &dyn Store, text: &str) -> String {
        let id = id();
        let new =
            NewQueued { id: &id, text, model: Some("demo/echo"), most: 20, now: NOW, ..NewQueued::default() };
        assert!(matches!(store.add_queued(&self.grant, &new).await.unwrap(), QueueOutcome::Changed { .. }));
        id
    }

    async fn change(&self, store: &dyn Store, id: &str, change: QueueChange<'_>) {
        let outcome = store.change_queued(&self.grant, id, change).await.unwrap();
        let now = store.grant(&self.ada.id, self.grant.conversation_id()).await.unwrap().unwrap();
        assert_eq!(outcome, QueueOutcome::Changed { revision: now.last_seq() });
    }

    async fn texts(&self, store: &dyn Store) -> Vec<String> {
        let queued = store.queued(&self.grant).await.unwrap();
        assert!(queued.iter().enumerate().all(|(at, one)| one.position as usize == at));
        queued.into_iter().map(|one| one.text).collect()
    }

    async fn next(&self, store: &dyn Store) -> Option<String> {
        let next = store.next_queued(self.grant.conversation_id(), &[]).await.unwrap()?;
        let now = store.grant(&self.ada.id, self.grant.conversation_id()).await.unwrap().unwrap();
        assert_eq!(next.after, now.conversation().leaf_id);
        Some(next.queued.text)
    }

    /// The turn of the next question in the queue.
    async fn turn(&self, store: &dyn Store) -> NewTurn {
        let next = store.next_queued(self.grant.conversation_id(), &[]).await.unwrap().unwrap();
        let mut turn = turn(&self.ada, &self.first.conversation, next.after.as_deref());
        turn.question.as_mut().unwrap().content = next.queued.text;
        NewTurn { queued: Some(next.queued.id), ..turn }
    }
}

pub(super) async fn questions_wait_in_their_order(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let seen = store.grant(&owned.ada.id, owned.grant.conversation_id()).await.unwrap().unwrap();
    assert!(!store.changes_since(&owned.grant, seen.last_seq(), 9).await.unwrap().queue);
    let mut ids = Vec::new();
    for text in ["A", "B", "C"] {
        ids.push(owned.add(store, text).await);
    }
    let changes = store.changes_since(&owned.grant, seen.last_seq(), 9).await.unwrap();
    assert!(changes.queue && changes.conversation.is_none() && changes.messages.is_empty());
    assert_eq!(owned.texts(store).await, ["A", "B", "C"]);
    let first = &store.queued(&owned.grant).await.unwrap()[0];
    assert_eq!((&first.id, &first.author_id, first.created_at), (&ids[0], &owned.ada.id, NOW));
    assert_eq!((first.model.as_deref(), &first.refused), (Some("demo/echo"), &None));
    for (which, to, order) in
        [(2, 0, "C A B"), (2, 1, "A C B"), (0, 99, "C B A"), (1, 1, "C B A"), (1, 0, "B C A")]
    {
        owned.change(store, &ids[which], QueueChange::Move(to)).await;
        assert_eq!(owned.texts(store).await.join(" "), order);
    }
    owned.change(store, &ids[2], QueueChange::TextAt("C, good", 0)).await;
    assert_eq!(owned.texts(store).await, ["C, good", "B", "A"]);
    owned.change(store, &ids[2], QueueChange::TextAt("C", 1)).await;
    owned.change(store, &ids[2], QueueChange::Text("C, better")).await;
    owned.change(store, &ids[1], QueueChange::Remove).await;
    assert_eq!(owned.texts(store).await, ["C, better", "A"]);
    assert_eq!(owned.add(store, "D").await.len(), 26);
    assert_eq!(owned.texts(store).await, ["C, better", "A", "D"]);
    let other = Owned::new(store).await;
    for change in [
        QueueChange::Text("x"),
        QueueChange::Move(0),
        QueueChange::TextAt("x", 0),
        QueueChange::Remove,
        QueueChange::Send,
    ] {
        for id in [&ids[1], "none"] {
            let outcome = store.change_queued(&owned.grant, id, change).await.unwrap();
            assert_eq!(outcome, QueueOutcome::Missing);
        }
        let outcome = store.change_queued(&other.grant, &ids[0], change).await.unwrap();
        assert_eq!(outcome, QueueOutcome::Missing, "a question of another conversation");
    }
}

pub(super) async fn a_question_that_waits_for_a_day_stays_next(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let (first, second) = (owned.add(store, "A").await, owned.add(store, "B").await);
    let waits = async || {
        let queued = store.queued(&owned.grant).await.unwrap();
        queued.into_iter().map(|one| (one.text, one.waits_until)).collect::<Vec<_>>()
    };
    let said = |text: &str, until| (text.to_owned(), until);
    owned.change(store, &first, QueueChange::Delay(LATER)).await;
    assert_eq!(waits().await, [said("A", Some(LATER)), said("B", None)]);
    let next = store.next_queued(owned.grant.conversation_id(), &[]).await.unwrap().unwrap().queued;
    assert_eq!((&*next.text, next.waits_until), ("A", Some(LATER)), "it is tried again");
    // Whoever changes, moves or sends it asks anew.
    let reason = Reason::new("late");
    for change in [
        QueueChange::Text("A"),
        QueueChange::Move(0),
        QueueChange::TextAt("A", 0),
        QueueChange::Send,
        QueueChange::Refuse(&reason),
    ] {
        owned.change(store, &first, QueueChange::Delay(LATER)).await;
        owned.change(store, &first, change).await;
        assert_eq!(waits().await, [said("A", None), said("B", None)], "{change:?}");
    }
    owned.change(store, &second, QueueChange::Delay(LATER)).await;
    owned.change(store, &first, QueueChange::Move(1)).await;
    assert_eq!(waits().await, [said("B", Some(LATER)), said("A", None)]);
    assert_eq!(
        store.change_queued(&owned.grant, "none", QueueChange::Delay(LATER)).await.unwrap(),
        QueueOutcome::Missing
    );
}

pub(super) async fn no_more_questions_wait_than_the_limit(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let add = async || {
        let new = NewQueued { id: &id(), text: "A", most: 3, now: NOW, ..NewQueued::default() };
        store.add_queued(&owned.grant, &new).await.unwrap()
    };
    let outcomes = join_all((0..8).map(|_| add())).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == QueueOutcome::Full(QueueFull::All)).count(), 5);
    assert_eq!(owned.texts(store).await.len(), 3);
}

pub(super) async fn a_question_with_a_key_is_added_once(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let add = async |grant: &Grant, request: &str, most: u32, now: i64| {
        let (key, id) = (key("k", request), id());
        let new = NewQueued { id: &id, text: "A", key: Some(&key), most, now, ..NewQueued::default() };
        (store.add_queued(grant, &new).await.unwrap(), id)
    };
    let changed = |outcome| matches!(outcome, QueueOutcome::Changed { .. });
    assert_eq!(
        add(&owned.grant, "A", 0, NOW).await.0,
        QueueOutcome::Full(QueueFull::All),
        "the key stays unused"
    );
    let outcomes = join_all((0..5).map(|_| add(&owned.grant, "A", 9, NOW))).await;
    assert_eq!(outcomes.iter().filter(|(outcome, _)| *outcome == QueueOutcome::Repeated).count(), 4);
    let seen = store.grant(&owned.ada.id, owned.grant.conversation_id()).await.unwrap().unwrap().last_seq();
    assert_eq!(add(&owned.grant, "A", 0, NOW).await.0, QueueOutcome::Repeated, "the queue is full by now");
    assert_eq!(add(&owned.grant, "B", 9, NOW).await.0, QueueOutcome::KeyReused);
    assert_eq!(owned.texts(store).await, ["A"]);
    assert!(!store.changes_since(&owned.grant, seen, 9).await.unwrap().queue, "nothing has changed");
    // Also when it does not wait any more.
    let queued = store.queued(&owned.grant).await.unwrap().remove(0).id;
    owned.change(store, &queued, QueueChange::Remove).await;
    assert_eq!(add(&owned.grant, "A", 9, NOW + KEY_LIFE - 1).await.0, QueueOutcome::Repeated);
    assert!(changed(add(&owned.grant, "A", 9, NOW + KEY_LIFE).await.0), "a key counts for a day");
    assert!(changed(add(&Owned::new(store).await.grant, "B", 9, NOW).await.0), "another conversation");
}

pub(super) async fn a_question_is_next_when_the_newest_answer_is_complete(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let id = owned.grant.conversation_id();
    assert_eq!(owned.next(store).await, None);
    let queued = owned.add(store, "A").await;
    assert!(store.conversations_with_queued("").await.unwrap().contains(&id.to_owned()));
    assert!(!store.conversations_with_queued(id).await.unwrap().contains(&id.to_owned()), "after it");
    assert_eq!(owned.next(store).await.as_deref(), Some("A"));
    for (status, next) in [
        (Status::Stopped, None),
        (Status::Failed, None),
        (Status::Interrupted, None),
        (Status::Complete, Some("A")),
    ] {
        let now = store.grant(&owned.ada.id, id).await.unwrap().unwrap();
        let another = turn(&owned.ada, now.conversation(), now.conversation().leaf_id.as_deref());
        begin(store, &another).await;
        assert_eq!(owned.next(store).await, None, "an answer is being written");
        let end = Finish { status, ..finish("Yes.", now.last_seq() + 5) };
        assert!(store.finish_message(&another.answer.id, &end).await.unwrap());
        assert_eq!(owned.next(store).await.as_deref(), next, "{status:?}");
    }
    store.select_branch(&owned.grant, &owned.first.answer.id).await.unwrap();
    assert_eq!(owned.next(store).await.as_deref(), Some("A"));
    let beside = turn(&owned.ada, owned.grant.conversation(), None);
    begin(store, &beside).await;
    let end = Finish { status: Status::Stopped, ..finish("Half", 5) };
    assert!(store.finish_message(&beside.answer.id, &end).await.unwrap());
    store.select_branch(&owned.grant, &owned.first.answer.id).await.unwrap();
    assert_eq!(owned.next(store).await, None, "the answer that was stopped is not on screen");
    owned.change(store, &queued, QueueChange::Remove).await;
    let empty = conversation("");
    store.create_conversation(&owned.ada.id, &empty).await.unwrap();
    let grant = store.grant(&owned.ada.id, &empty.id).await.unwrap().unwrap();
    let new =
        NewQueued { id: &super::fixtures::id(), text: "First", most: 3, now: NOW, ..NewQueued::default() };
    store.add_queued(&grant, &new).await.unwrap();
    assert!(store.next_queued(&empty.id, &[]).await.unwrap().is_some_and(|next| next.after.is_none()));
}

pub(super) async fn a_question_that_was_sent_is_next_however_the_answer_ended(store: &dyn Store) {
    let owned = Owned::new(store).await;
    owned.add(store, "A").await;
    let sent = owned.add(store, "B").await;
    let stopped = turn(&owned.ada, &owned.first.conversation, Some(&owned.first.answer.id));
    begin(store, &stopped).await;
    owned.change(store, &sent, QueueChange::Send).await;
    assert_eq!(owned.next(store).await, None);
    let end = Finish { status: Status::Stopped, ..finish("Half", 5) };
    assert!(store.finish_message(&stopped.answer.id, &end).await.unwrap());
    assert_eq!(owned.next(store).await.as_deref(), Some("B"));
    owned.change(store, &sent, QueueChange::Remove).await;
    assert_eq!(owned.next(store).await, None, "the others wait");
}

pub(super) async fn a_refused_question_waits_until_it_is_changed(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let refused = owned.add(store, "A").await;
    owned.add(store, "B").await;
    let reason = Reason::new("error-internal").with("most", 3);
    for change in [
        QueueChange::Text("A, shorter"),
        QueueChange::Move(0),
        QueueChange::TextAt("A, short", 0),
        QueueChange::Send,
    ] {
        owned.change(store, &refused, QueueChange::Refuse(&reason)).await;
        assert_eq!(store.queued(&owned.grant).await.unwrap()[0].refused, Some(reason.clone()));
        assert_eq!(owned.next(store).await, None, "the order is kept");
        owned.change(store, &refused, change).await;
        assert_eq!(store.queued(&owned.grant).await.unwrap()[0].refused, None);
        assert!(owned.next(store).await.is_some());
    }
}

pub(super) async fn a_question_leaves_the_queue_as_its_answer_begins(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let asked = owned.add(store, "A").await;
    owned.add(store, "B").await;
    let stale = owned.turn(store).await;
    owned.change(store, &asked, QueueChange::Text("A, better")).await;
    assert_eq!(store.begin_turn(&stale).await.unwrap(), TurnOutcome::NotQueued, "its text is another one");
    let turn = owned.turn(store).await;
    let elsewhere = store.grant(&owned.ada.id, owned.grant.conversation_id()).await.unwrap().unwrap();
    let before = elsewhere.last_seq();
    begin(store, &turn).await;
    assert_eq!(owned.texts(store).await, ["B"]);
    assert!(store.changes_since(&owned.grant, before, 9).await.unwrap().queue);
    assert!(store.finish_message(&turn.answer.id, &finish("Yes.", before + 9)).await.unwrap());
    assert_eq!(store.begin_turn(&turn_again(&turn)).await.unwrap(), TurnOutcome::NotQueued, "it is gone");
    let late = owned.turn(store).await;
    super::bin::say_below(store, &owned.grant, &owned.ada, &turn.answer.id).await;
    assert_eq!(store.begin_turn(&late).await.unwrap(), TurnOutcome::NotQueued, "another message is the leaf");
    assert_eq!(owned.texts(store).await, ["B"]);
}

/// The same question with other ids.
fn turn_again(turn: &NewTurn) -> NewTurn {
    let mut again = turn.clone();
    let question = again.question.as_mut().unwrap();
    (question.id, again.answer.id) = (id(), id());
    again.answer.parent_id = Some(question.id.clone());
    again
}

pub(super) async fn of_twenty_that_ask_the_same_question_one_begins(store: &dyn Store) {
    let owned = Owned::new(store).await;
    owned.add(store, "A").await;
    let turn = owned.turn(store).await;
    let turns: Vec<NewTurn> = (0..20).map(|_| turn_again(&turn)).collect();
    let outcomes = join_all(turns.iter().map(|turn| store.begin_turn(turn))).await;
    let begun = outcomes.iter().filter(|outcome| matches!(outcome, Ok(TurnOutcome::Begun))).count();
    assert_eq!(begun, 1, "{outcomes:?}");
    assert!(owned.texts(store).await.is_empty());
    assert_eq!(store.back(&owned.ada.id, owned.grant.conversation_id(), None, 99).await.unwrap().len(), 4);
}

pub(super) async fn a_queue_goes_with_its_conversation(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let id = owned.grant.conversation_id();
    owned.add(store, "A").await;
    assert!(store.delete_conversation(&owned.grant, NOW).await.unwrap());
    assert_eq!(store.next_queued(id, &[]).await.unwrap(), None);
    let new = NewQueued { id: &super::fixtures::id(), text: "B", most: 9, now: NOW, ..NewQueued::default() };
    assert_eq!(store.add_queued(&owned.grant, &new).await.unwrap(), QueueOutcome::Missing);
    store.restore_conversation(&owned.ada.id, id, None).await.unwrap().back().unwrap();
    assert_eq!(owned.texts(store).await, ["A"]);
    assert!(store.delete_conversation(&owned.grant, NOW).await.unwrap());
    while store.purge(NOW + crate::server::store::BIN_LIFE).await.unwrap() {}
    assert!(!store.conversations_with_queued("").await.unwrap().contains(&id.to_owned()));
}

pub(super) async fn a_conversation_is_made_with_its_messages(store: &dyn Store) {
    let ada = user(store).await;
    let mut it = conversation("Copied");
    let question = message(&ada.id, &it.id, None, Role::User, "Why?");
    let mut answer = message(&ada.id, &it.id, Some(question.id.clone()), Role::Assistant, "Because.");
    (answer.status, answer.length_limited, answer.left_out) = (Status::Complete, true, 2);
    answer.reasoning = "Hm".to_owned();
    answer.timings =
        crate::domain::Timings { first_token_ms: Some(1), duration_ms: Some(2), reasoning_ms: Some(3) };
    answer.usage = Some(crate::domain::Usage { prompt_tokens: 1, completion_tokens: 2 });
    it.leaf_id = Some(answer.id.clone());
    let messages = [question, answer];
    let (asked, other) = (key("k", "keep"), key("k", "another"));
    let made = store.create_with_messages(&ada.id, &it, &messages, Some(&asked)).await.unwrap();
    assert_eq!(made, Created::New);
    let grant = store.grant(&ada.id, &it.id).await.unwrap().unwrap();
    assert_eq!(grant.conversation(), &it);
    let mut stored = store.back(&ada.id, &it.id, None, 9).await.unwrap();
    stored.reverse();
    assert_eq!(stored.iter().map(|one| one.revision).collect::<Vec<_>>(), [grant.last_seq(); 2]);
    assert_eq!(stored.into_iter().map(super::fixtures::unnumbered).collect::<Vec<_>>(), messages);
    let changes = store.changes_since(&grant, 0, 9).await.unwrap();
    assert_eq!((changes.messages.len(), changes.conversation.is_some()), (2, true));
    // What an answer took is read without it.
    let spent = store.spent(&grant, &messages[1].id).await.unwrap();
    assert_eq!(spent, Some(Spent { usage: messages[1].usage, left_out: 2 }));
    let spent = store.spent(&grant, &messages[0].id).await.unwrap();
    assert_eq!(spent, Some(Spent { usage: None, left_out: 0 }));
    assert_eq!(store.spent(&grant, "none").await.unwrap(), None);
    // The runs of a continued answer together say nothing of the context.
    let mut later = message(&ada.id, &it.id, Some(messages[1].id.clone()), Role::Assistant, "Later.");
    (later.status, later.continued, later.usage) = (Status::Complete, true, messages[1].usage);
    let mut copy = conversation("Continued");
    copy.leaf_id = Some(later.id.clone());
    (later.parent_id, later.conversation_id) = (None, copy.id.clone());
    assert_eq!(
        store.create_with_messages(&ada.id, &copy, &[later.clone()], None).await.unwrap(),
        Created::New
    );
    let of = store.grant(&ada.id, &copy.id).await.unwrap().unwrap();
    assert_eq!(store.spent(&of, &later.id).await.unwrap(), Some(Spent { usage: None, left_out: 0 }));
    let stored = store.message(&of, &later.id).await.unwrap().map(super::fixtures::unnumbered);
    assert_eq!(stored.as_ref(), Some(&later));
    assert!(store.delete_conversation(&of, NOW).await.unwrap());
    // The same request with the same key makes nothing more, until what it made is gone.
    let again = async |person: &User, key: &Key| {
        let it = conversation("Copied");
        let first = message(&person.id, &it.id, None, Role::User, "Why?");
        let made = store.create_with_messages(&person.id, &it, &[first], Some(key)).await.unwrap();
        (made, it.id)
    };
    assert_eq!(again(&ada, &asked).await.0, Created::Repeated { conversation_id: it.id.clone() });
    assert_eq!(again(&ada, &other).await.0, Created::KeyReused);
    assert_eq!(again(&user(store).await, &asked).await.0, Created::New);
    let all = ConversationQuery { limit: 9, ..Default::default() };
    assert_eq!(store.conversations(&ada.id, &all).await.unwrap().len(), 1);
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    let (made, id) = again(&ada, &other).await;
    assert_eq!(made, Created::New);
    assert_eq!(again(&ada, &other).await.0, Created::Repeated { conversation_id: id });
}
