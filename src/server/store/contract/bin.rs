//! What was deleted can be restored for a while, and is then gone.

use crate::{
    domain::{Conversation, Message, Role, Status, User},
    server::store::{
        AddOutcome, BIN_LIFE, BinPosition, ConversationQuery, Grant, NewMessage, Store, TreeOutcome,
    },
};

use super::fixtures::{Asking, NOW, begin, conversation, finish, first_turn, message, talk, turn, user};

/// A conversation of a person, with what the person may do in it.
struct Owned {
    ada: User,
    grant: Grant,
}

impl Owned {
    async fn new(store: &dyn Store) -> Self {
        let (ada, it) = (user(store).await, conversation("Quines"));
        store.create_conversation(&ada.id, &it).await.unwrap();
        let grant = store.grant(&ada.id, &it.id).await.unwrap().unwrap();
        Self { ada, grant }
    }

    fn id(&self) -> &str {
        self.grant.conversation_id()
    }

    /// Adds a message below another one.
    async fn say(&self, store: &dyn Store, parent: Option<&str>, text: &str) -> String {
        let message = message(&self.ada.id, self.id(), parent.map(str::to_owned), Role::User, text);
        let new = NewMessage { message: message.clone(), key: None, asks: None, now: NOW };
        assert!(matches!(store.add_message(&self.grant, &new).await.unwrap(), AddOutcome::Added(_)));
        message.id
    }

    /// Messages that follow one another.
    async fn chain<const N: usize>(&self, store: &dyn Store) -> [String; N] {
        let mut ids: Vec<String> = Vec::new();
        for at in 0..N {
            ids.push(self.say(store, ids.last().map(String::as_str), &format!("No. {at}")).await);
        }
        ids.try_into().unwrap()
    }

    /// Each message with its parent, and the leaf.
    async fn tree(&self, store: &dyn Store) -> (Vec<(String, Option<String>)>, Option<String>) {
        let all = store.messages_back(&self.grant, None, 100).await.unwrap();
        let tree = all.into_iter().map(|message| (message.id, message.parent_id)).collect();
        (tree, self.now(store).await.leaf_id)
    }

    async fn now(&self, store: &dyn Store) -> Conversation {
        store.grant(&self.ada.id, self.id()).await.unwrap().unwrap().into_conversation()
    }

    async fn delete(&self, store: &dyn Store, id: &str) {
        let outcome = store.delete_message(&self.grant, id, NOW).await.unwrap();
        assert!(matches!(outcome, TreeOutcome::Changed(_)), "{outcome:?}");
    }

    async fn restore(&self, store: &dyn Store, id: &str) {
        assert_eq!(store.conversation_of_deleted(id).await.unwrap().as_deref(), Some(self.id()));
        let outcome = store.restore_message(&self.grant, id).await.unwrap();
        let TreeOutcome::Changed(changed) = outcome else { panic!("{outcome:?}") };
        assert_eq!(changed.conversation, self.now(store).await);
    }
}

async fn listed(store: &dyn Store, user: &User) -> Vec<Conversation> {
    store.conversations(&user.id, &ConversationQuery { limit: 10, ..Default::default() }).await.unwrap()
}

pub(super) async fn a_deleted_conversation_is_missing_and_comes_back_whole(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let eve = user(store).await;
    let ids: [String; 3] = owned.chain(store).await;
    owned.delete(store, &ids[1]).await;
    let (now, tree) = (owned.now(store).await, owned.tree(store).await);
    let messages = store.messages_back(&owned.grant, None, 100).await.unwrap();
    assert!(store.delete_conversation(&owned.grant, NOW).await.unwrap());
    assert!(store.grant(&owned.ada.id, owned.id()).await.unwrap().is_none());
    assert!(listed(store, &owned.ada).await.is_empty());
    assert!(store.standing_of_message(&owned.ada.id, &ids[0]).await.unwrap().is_none());
    let bin = store.bin(&owned.ada.id, None, 10).await.unwrap();
    assert_eq!(bin.iter().map(|it| (&it.conversation, it.deleted_at)).collect::<Vec<_>>(), [(&now, NOW)]);
    assert!(store.bin(&eve.id, None, 10).await.unwrap().is_empty());
    assert_eq!(store.restore_conversation(&eve.id, owned.id(), None).await.unwrap().back(), None);
    for _ in 0..2 {
        let restored = store.restore_conversation(&owned.ada.id, owned.id(), None).await.unwrap().back();
        assert_eq!(restored.as_ref(), Some(&now));
    }
    assert_eq!(listed(store, &owned.ada).await, [now]);
    assert!(store.bin(&owned.ada.id, None, 10).await.unwrap().is_empty());
    assert_eq!(store.messages_back(&owned.grant, None, 100).await.unwrap(), messages);
    assert_eq!(owned.tree(store).await, tree);
    owned.restore(store, &ids[1]).await;
}

pub(super) async fn the_bin_is_listed_page_by_page(store: &dyn Store) {
    let ada = user(store).await;
    let mut made = Vec::new();
    // Two of them are deleted at the same moment.
    for deleted_at in [NOW, NOW + 1, NOW + 1, NOW + 2, NOW + 3] {
        let conversation = conversation("Quines");
        store.create_conversation(&ada.id, &conversation).await.unwrap();
        let grant = store.grant(&ada.id, &conversation.id).await.unwrap().unwrap();
        assert!(store.delete_conversation(&grant, deleted_at).await.unwrap());
        made.push((deleted_at, conversation.id));
    }
    made.sort_unstable_by(|a, b| b.cmp(a));
    let (mut listed, mut after) = (Vec::new(), None);
    for _ in 0..3 {
        let page = store.bin(&ada.id, after.as_ref(), 2).await.unwrap();
        listed.extend(page.iter().map(|binned| (binned.deleted_at, binned.conversation.id.clone())));
        let last = page.last().map(|last| (last.deleted_at, last.conversation.id.clone()));
        after = last.map(|(deleted_at, id)| BinPosition { deleted_at, id });
    }
    assert_eq!(listed, made);
    assert!(store.bin(&ada.id, after.as_ref(), 2).await.unwrap().is_empty());
}

pub(super) async fn a_conversation_leaves_the_bin_after_its_time(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let ids: [String; 3] = owned.chain(store).await;
    owned.delete(store, &ids[1]).await;
    assert!(store.delete_conversation(&owned.grant, NOW + 1).await.unwrap());
    while store.purge(NOW + BIN_LIFE).await.unwrap() {}
    assert!(store.restore_conversation(&owned.ada.id, owned.id(), None).await.unwrap().back().is_some());
    assert!(store.delete_conversation(&owned.grant, NOW + 1).await.unwrap());
    while store.purge(NOW + 1 + BIN_LIFE).await.unwrap() {}
    assert_eq!(store.restore_conversation(&owned.ada.id, owned.id(), None).await.unwrap().back(), None);
    assert!(store.message_for_listeners(&ids[0]).await.unwrap().is_none());
    assert_eq!(store.conversation_of_deleted(&ids[1]).await.unwrap(), None);
}

pub(super) async fn an_answer_ends_in_a_deleted_conversation(store: &dyn Store) {
    let ada = user(store).await;
    let turn = first_turn(&ada);
    begin(store, &turn).await;
    let id = &turn.conversation.id;
    let grant = store.grant(&ada.id, id).await.unwrap().unwrap();
    assert!(store.delete_conversation(&grant, NOW).await.unwrap());
    assert!(store.finish_message(&turn.answer.id, &finish("So far", 50)).await.unwrap());
    let restored = store.restore_conversation(&ada.id, id, None).await.unwrap().back().unwrap();
    assert!(!restored.running && restored.unread);
    let grant = store.grant(&ada.id, id).await.unwrap().unwrap();
    assert!(grant.last_seq() >= 50);
    let answer: Message = store.message(&grant, &turn.answer.id).await.unwrap().unwrap();
    assert_eq!((&*answer.content, answer.status), ("So far", Status::Complete));
    assert_eq!(answer.revision, grant.last_seq(), "a listener that left before the end is told of it");
}

pub(super) async fn a_message_comes_back_to_its_place(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let ids: [String; 4] = owned.chain(store).await;
    let before = owned.tree(store).await;
    for id in &ids {
        let message = store.message(&owned.grant, id).await.unwrap().unwrap();
        owned.delete(store, id).await;
        let seen = store.grant(&owned.ada.id, owned.id()).await.unwrap().unwrap().last_seq();
        owned.restore(store, id).await;
        assert_eq!(owned.tree(store).await, before);
        let restored = store.message(&owned.grant, id).await.unwrap().unwrap();
        assert_eq!(Message { revision: message.revision, ..restored }, message);
        let changes = store.changes_since(&owned.grant, seen, 10).await.unwrap();
        assert!(changes.removed.is_empty() && changes.messages.iter().any(|outline| outline.id == *id));
        assert_eq!(store.restore_message(&owned.grant, id).await.unwrap(), TreeOutcome::Missing);
    }
}

pub(super) async fn messages_come_back_to_the_same_tree_in_any_order(store: &dyn Store) {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for back in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let owned = Owned::new(store).await;
            let ids: [String; 4] = owned.chain(store).await;
            let before = owned.tree(store).await;
            for at in order {
                owned.delete(store, &ids[at]).await;
            }
            for at in back {
                owned.restore(store, &ids[at]).await;
            }
            assert_eq!(owned.tree(store).await, before, "deleted {order:?}, restored {back:?}");
        }
    }
}

pub(super) async fn a_message_whose_children_moved_on_comes_back_without_them(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let ids: [String; 3] = owned.chain(store).await;
    let beside = owned.say(store, Some(&ids[0]), "Beside").await;
    owned.delete(store, &ids[1]).await;
    owned.delete(store, &ids[2]).await;
    owned.restore(store, &ids[1]).await;
    let (tree, _) = owned.tree(store).await;
    let parent = |id: &str| tree.iter().find(|(it, _)| it == id).and_then(|(_, parent)| parent.clone());
    assert_eq!(parent(&ids[1]).as_ref(), Some(&ids[0]));
    assert_eq!(parent(&beside).as_ref(), Some(&ids[0]), "what never followed it stays");
    assert!(tree.iter().all(|(id, _)| *id != ids[2]), "what was deleted stays deleted");
}

pub(super) async fn only_a_message_that_was_on_screen_is_shown_again(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let first = owned.say(store, None, "First").await;
    let old = owned.say(store, Some(&first), "Old").await;
    let new = owned.say(store, Some(&first), "New").await;
    owned.delete(store, &old).await;
    owned.restore(store, &old).await;
    assert_eq!(owned.now(store).await.leaf_id.as_ref(), Some(&new));
    owned.delete(store, &new).await;
    assert_eq!(owned.now(store).await.leaf_id.as_ref(), Some(&old));
    owned.restore(store, &new).await;
    assert_eq!(owned.now(store).await.leaf_id.as_ref(), Some(&new));
    for id in [&old, &new, &first] {
        owned.delete(store, id).await;
    }
    assert_eq!(owned.now(store).await.leaf_id, None);
    owned.restore(store, &old).await;
    assert_eq!(owned.now(store).await.leaf_id.as_ref(), Some(&old), "nothing else is there to show");
}

pub(super) async fn a_deleted_message_is_forgotten_after_its_time(store: &dyn Store) {
    let owned = Owned::new(store).await;
    let ids: [String; 2] = owned.chain(store).await;
    owned.delete(store, &ids[1]).await;
    while store.purge(NOW + BIN_LIFE - 1).await.unwrap() {}
    assert!(store.conversation_of_deleted(&ids[1]).await.unwrap().is_some());
    while store.purge(NOW + BIN_LIFE).await.unwrap() {}
    assert!(store.conversation_of_deleted(&ids[1]).await.unwrap().is_none());
    assert_eq!(store.restore_message(&owned.grant, &ids[1]).await.unwrap(), TreeOutcome::Missing);
}

pub(super) async fn a_conversation_tells_that_an_answer_runs_and_that_one_is_unread(store: &dyn Store) {
    let ada = user(store).await;
    let first = first_turn(&ada);
    let state = async || {
        let listed = listed(store, &ada).await;
        (listed[0].running, listed[0].unread)
    };
    begin(store, &first).await;
    assert_eq!(state().await, (true, false));
    assert!(store.finish_message(&first.answer.id, &finish("Done", 9)).await.unwrap());
    assert_eq!(state().await, (false, true));
    let grant = store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    for _ in 0..2 {
        assert!(store.mark_seen(&grant).await.unwrap());
        assert_eq!(state().await, (false, false));
    }
    talk(store, &turn(&ada, &first.conversation, Some(&first.answer.id)), "Again").await;
    assert_eq!(state().await, (false, true));
    let last = store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    assert!(store.mark_seen(&last).await.unwrap());
    begin(store, &turn(&ada, &first.conversation, Some(&first.answer.id))).await;
    super::fixtures::interrupt(store).await;
    assert_eq!(state().await, (false, true));
}

/// Adds a message below another one.
pub(super) async fn say_below(store: &dyn Store, grant: &Grant, author: &User, parent: &str) {
    let owned = Owned { ada: author.clone(), grant: grant.clone() };
    owned.say(store, Some(parent), "Meanwhile").await;
}
