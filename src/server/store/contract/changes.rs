//! Cases about the changes that a listener gets after it was away.

use crate::{
    domain::{ConversationPatch, Role, Status, User},
    server::store::{AddOutcome, Changes, Finish, Grant, NewMessage, Recovered, Store},
};

use super::fixtures::{
    Asking, NOW, NewTurn, begin, chunk, finish, first_turn, interrupt, message, talk, turn, user,
};

async fn grant_of(store: &dyn Store, turn: &NewTurn) -> Grant {
    store.grant(&turn.user_id, &turn.conversation.id).await.unwrap().unwrap()
}

async fn since(store: &dyn Store, grant: &Grant, seq: u64) -> Changes {
    store.changes_since(grant, seq, 100).await.unwrap()
}

fn ids(changes: &Changes) -> Vec<&str> {
    let mut ids: Vec<_> = changes.messages.iter().map(|outline| &*outline.id).collect();
    ids.sort_unstable();
    ids
}

fn both(turn: &NewTurn) -> [&str; 2] {
    [&turn.question.as_ref().unwrap().id, &turn.answer.id]
}

async fn add(store: &dyn Store, grant: &Grant, parent: &str) -> (String, u64) {
    let message =
        message(grant.user_id(), grant.conversation_id(), Some(parent.to_owned()), Role::User, "Meanwhile");
    let new = NewMessage { message, key: None, asks: None, now: NOW };
    match store.add_message(grant, &new).await.unwrap() {
        AddOutcome::Added(changed) => (new.message.id, changed.revision),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn changes_have_what_changed_and_nothing_else(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    talk(store, &first_turn(&ada), "elsewhere").await;
    let grant = grant_of(store, &first).await;
    let all = since(store, &grant, 0).await;
    assert_eq!(ids(&all), both(&first));
    assert_eq!(all.conversation.as_ref().and_then(|it| it.leaf_id.as_ref()), Some(&first.answer.id));
    assert_eq!((all.seq, all.more), (grant.last_seq(), false));
    assert!(all.messages.iter().all(|outline| outline.revision <= all.seq));
    // There is nothing new.
    let none = since(store, &grant, all.seq).await;
    assert_eq!(none, Changes { seq: all.seq, ..none.clone() });
    assert!(none.messages.is_empty() && none.removed.is_empty() && none.conversation.is_none());
    // First a setting changes, then there are a question and its answer, then a title that the server gives.
    let pin = ConversationPatch { pinned: Some(true), ..Default::default() };
    let pinned = store.update_conversation(&grant, &pin).await.unwrap().unwrap();
    let changes = since(store, &grant, all.seq).await;
    assert_eq!((changes.conversation, changes.seq), (Some(pinned.conversation), pinned.revision));
    assert!(changes.messages.is_empty());
    let second = turn(&ada, &first.conversation, Some(&first.answer.id));
    talk(store, &second, "2").await;
    assert_eq!(ids(&since(store, &grant, pinned.revision).await), both(&second));
    let seq = since(store, &grant, pinned.revision).await.seq;
    let titled = store.replace_title(grant.conversation_id(), "", "Quines").await.unwrap().unwrap();
    let changes = since(store, &grant, seq).await;
    assert_eq!((changes.conversation.unwrap().title.as_str(), changes.seq), ("Quines", titled));
    // An empty patch is no change.
    let nothing = ConversationPatch::default();
    assert_eq!(store.update_conversation(&grant, &nothing).await.unwrap().unwrap().revision, titled);
    // Another branch is chosen: that changes the conversation and no message.
    let question = both(&first)[0];
    let again = super::fixtures::another_answer(&ada, &first.conversation, Some(question));
    talk(store, &again, "1b").await;
    let seq = since(store, &grant, titled).await.seq;
    store.select_branch(&grant, both(&second)[0]).await.unwrap();
    let changes = since(store, &grant, seq).await;
    assert!(changes.messages.is_empty());
    assert_eq!(changes.conversation.unwrap().leaf_id.as_ref(), Some(&second.answer.id));
}

pub(super) async fn changes_name_removed_messages(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let second = turn(&ada, &first.conversation, Some(&first.answer.id));
    talk(store, &second, "2").await;
    let grant = grant_of(store, &first).await;
    let before = since(store, &grant, 0).await.seq;
    store.delete_message(&grant, &first.answer.id, NOW).await.unwrap();
    let changes = since(store, &grant, before).await;
    assert_eq!(changes.removed, std::slice::from_ref(&first.answer.id));
    // The question below the deleted answer has another parent now.
    let [question, _] = both(&second);
    assert_eq!(ids(&changes), [question]);
    assert_eq!(changes.messages[0].parent_id.as_deref(), Some(both(&first)[0]));
    assert!(since(store, &grant, changes.seq).await.removed.is_empty());
    // A conversation that is gone has no changes.
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    assert_eq!(
        since(store, &grant, 3).await,
        Changes {
            removed: Vec::new(),
            messages: Vec::new(),
            conversation: None,
            queue: false,
            members: false,
            reread: false,
            seq: 3,
            more: false
        }
    );
}

/// While an answer is being written, the process that writes it numbers the events of changes, and the store does not
/// know these numbers. So the end of the answer gives these changes a revision beyond all of the numbers.
pub(super) async fn the_end_of_an_answer_raises_the_revisions_of_changes_made_meanwhile(store: &dyn Store) {
    for crash in [false, true] {
        let ada = user(store).await;
        let first = first_turn(&ada);
        talk(store, &first, "1").await;
        let grant = grant_of(store, &first).await;
        let old = store.message(&grant, &first.answer.id).await.unwrap().unwrap().revision;
        let second = turn(&ada, &first.conversation, Some(&first.answer.id));
        begin(store, &second).await;
        let began = grant_of(store, &first).await.last_seq();
        let (meanwhile, revision) = add(store, &grant, &second.answer.id).await;
        assert_eq!(revision, began + 1);
        // The process publishes the added message as the event `began + 50`. A listener leaves after `began + 60`,
        // before the end.
        let listened = began + 60;
        let end = began + 90;
        if crash {
            store.append_chunks(&[chunk(&second, end, 0, "2")]).await.unwrap();
            assert_eq!(interrupt(store).await, 1);
        } else {
            assert!(store.finish_message(&second.answer.id, &finish("2", end)).await.unwrap());
        }
        let changes = since(store, &grant, listened).await;
        let [question, answer] = both(&second);
        let mut expected = vec![question, answer, &*meanwhile];
        expected.sort_unstable();
        assert_eq!(ids(&changes), expected, "crash: {crash}");
        assert!(
            changes.conversation.is_some() && changes.seq > end,
            "the last one may be told after the end"
        );
        assert!(changes.messages.iter().all(|outline| outline.revision == changes.seq));
        let kept = store.message(&grant, &first.answer.id).await.unwrap().unwrap();
        assert_eq!(kept.revision, old, "what did not change keeps its number");
        assert!(since(store, &grant, changes.seq).await.messages.is_empty());
    }
}

pub(super) async fn positions_in_a_running_answer_count_as_the_position_before_it(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let grant = grant_of(store, &first).await;
    let before = grant.last_seq();
    let second = turn(&ada, &first.conversation, Some(&first.answer.id));
    begin(store, &second).await;
    let began = grant_of(store, &first).await.last_seq();
    for seq in [before, began, began + 1, began + 1_000, u64::from(u32::MAX)] {
        let changes = since(store, &grant, seq).await;
        assert_eq!(ids(&changes), both(&second), "{seq}");
        assert_eq!(changes.seq, began);
    }
    let (meanwhile, _) = add(store, &grant, &second.answer.id).await;
    let changes = since(store, &grant, began + 500).await;
    assert!(ids(&changes).contains(&&*meanwhile) && changes.seq == began);
    // A continued answer is running again.
    assert!(store.finish_message(&second.answer.id, &finish("2", began + 9)).await.unwrap());
    store.delete_message(&grant, &meanwhile, NOW).await.unwrap();
    let stopped = turn(&ada, &first.conversation, Some(&second.answer.id));
    begin(store, &stopped).await;
    let end = Finish { status: Status::Stopped, ..finish("3", 5_000) };
    assert!(store.finish_message(&stopped.answer.id, &end).await.unwrap());
    let before = grant_of(store, &first).await.last_seq();
    let outcome = store.go_on(&ada.id, &stopped.answer.id, None, "run", 9, NOW).await.unwrap();
    let crate::server::store::ContinueOutcome::Begun { after, answer, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(answer.revision, after);
    for seq in [before, after, after + 70] {
        let changes = since(store, &grant, seq).await;
        assert_eq!((ids(&changes), changes.seq), (vec![&*stopped.answer.id], after), "{seq}");
    }
}

pub(super) async fn an_unknown_position_gets_everything(store: &dyn Store) {
    let ada: User = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let grant = grant_of(store, &first).await;
    for seq in [grant.last_seq() + 1, i64::MAX.unsigned_abs(), u64::MAX] {
        let changes = since(store, &grant, seq).await;
        assert_eq!((ids(&changes), changes.seq), (both(&first).to_vec(), grant.last_seq()), "{seq}");
    }
}

pub(super) async fn changes_beyond_the_limit_are_reported(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    talk(store, &first, "1").await;
    let grant = grant_of(store, &first).await;
    let mut parent = first.answer.id.clone();
    let mut all = vec![];
    for _ in 0..5 {
        let (id, revision) = add(store, &grant, &parent).await;
        all.push((id.clone(), revision));
        parent = id;
    }
    let changes = store.changes_since(&grant, grant.last_seq(), 5).await.unwrap();
    let told: Vec<_> =
        changes.messages.iter().map(|outline| (outline.id.clone(), outline.revision)).collect();
    assert_eq!((told, changes.more), (all.clone(), false));
    let changes = store.changes_since(&grant, grant.last_seq(), 4).await.unwrap();
    assert_eq!((changes.messages.len(), changes.more), (4, true));
    for (id, _) in all.iter().rev().take(3) {
        store.delete_message(&grant, id, NOW).await.unwrap();
    }
    let changes = store.changes_since(&grant, grant.last_seq(), 2).await.unwrap();
    assert_eq!((changes.messages.len(), changes.removed.len(), changes.more), (2, 2, true));
}

pub(super) async fn a_lengthened_answer_is_a_change(store: &dyn Store) {
    let turn = first_turn(&user(store).await);
    begin(store, &turn).await;
    store.append_chunks(&[chunk(&turn, 4, 0, "What was ")]).await.unwrap();
    interrupt(store).await;
    let grant = grant_of(store, &turn).await;
    let found = Recovered::whole(&turn.answer.id, store.instance(), "What was seen", "", 9);
    assert!(store.recover_message(&found).await.unwrap());
    let changes = since(store, &grant, grant.last_seq()).await;
    assert_eq!(ids(&changes), [&*turn.answer.id]);
    assert!(changes.seq > grant.last_seq());
}
