//! Cases about conversations and their listing.

use crate::{
    domain::{Conversation, ConversationPatch, Params, User, params::ReasoningEffort},
    server::store::{BIN_LIFE, ConversationPosition, ConversationQuery, Store},
};

use super::fixtures::{Asking, NOW, begin, chunk, conversation, interrupt, talk, turn, user};

async fn add(store: &dyn Store, user: &User, conversation: Conversation) -> Conversation {
    store.create_conversation(&user.id, &conversation).await.unwrap();
    conversation
}

fn some_params() -> Params {
    Params {
        temperature: Some(0.7),
        top_p: Some(0.9),
        max_tokens: Some(1_000_000),
        reasoning_effort: Some(ReasoningEffort::Minimal),
        turns: Some(3),
    }
}

async fn titles(store: &dyn Store, user: &User, query: ConversationQuery) -> Vec<String> {
    let query = ConversationQuery { limit: 100, ..query };
    store.conversations(&user.id, &query).await.unwrap().into_iter().map(|it| it.title).collect()
}

async fn search(store: &dyn Store, user: &User, text: &str) -> Vec<String> {
    let query = ConversationQuery { title_contains: Some(text.to_owned()), ..Default::default() };
    titles(store, user, query).await
}

pub(super) async fn a_conversation_round_trips(store: &dyn Store) {
    let ada = user(store).await;
    let full = Conversation {
        model: Some("demo/echo".to_owned()),
        system_prompt: Some("Be brief.".to_owned()),
        params: some_params(),
        pinned: true,
        archived: true,
        leaf_id: Some("leaf".to_owned()),
        updated_at: NOW + 7,
        ..conversation("Grüße, 世界 🎉")
    };
    for it in [full, conversation("")] {
        let it = add(store, &ada, it).await;
        assert_eq!(store.conversation(&ada.id, &it.id).await.unwrap(), Some(it.clone()));
        assert_eq!(store.last_seq(&ada.id, &it.id).await.unwrap(), 0);
    }
    assert!(store.conversation(&ada.id, "none").await.unwrap().is_none());
    assert_eq!(store.last_seq(&ada.id, "none").await.unwrap(), 0);
}

pub(super) async fn a_foreign_conversation_looks_missing(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let hers = add(store, &ada, conversation("")).await;
    let patch = ConversationPatch { title: Some("mine now".to_owned()), ..Default::default() };
    assert!(store.conversation(&bob.id, &hers.id).await.unwrap().is_none());
    assert!(titles(store, &bob, ConversationQuery::default()).await.is_empty());
    assert!(store.update(&bob.id, &hers.id, &patch).await.unwrap().is_none());
    assert!(store.update(&bob.id, &hers.id, &Default::default()).await.unwrap().is_none());
    assert!(!store.delete(&bob.id, &hers.id).await.unwrap());
    assert_eq!(store.conversation(&ada.id, &hers.id).await.unwrap(), Some(hers));
}

pub(super) async fn listing_is_newest_first_and_archived_apart(store: &dyn Store) {
    let ada = user(store).await;
    for (title, archived, age) in [("a", false, 3), ("b", true, 1), ("c", false, 1), ("d", false, 2)] {
        let it = Conversation { archived, updated_at: NOW - age, ..conversation(title) };
        add(store, &ada, it).await;
    }
    assert_eq!(titles(store, &ada, ConversationQuery::default()).await, ["c", "d", "a"]);
    let archived = ConversationQuery { archived: true, ..Default::default() };
    assert_eq!(titles(store, &ada, archived).await, ["b"]);
    let none = ConversationQuery::default();
    assert!(store.conversations(&ada.id, &none).await.unwrap().is_empty(), "a limit of 0 lists nothing");
}

pub(super) async fn pinned_ones_are_listed_apart(store: &dyn Store) {
    let (ada, bob) = (user(store).await, user(store).await);
    let rows = [("a", true, false, 3), ("b", false, false, 1), ("c", true, true, 2), ("d", true, false, 0)];
    for (title, pinned, archived, age) in rows {
        let it = Conversation { pinned, archived, updated_at: NOW - age, ..conversation(title) };
        add(store, &ada, it).await;
    }
    add(store, &bob, Conversation { pinned: true, ..conversation("his") }).await;
    let listed = async |pinned, archived| {
        titles(store, &ada, ConversationQuery { pinned, archived, ..Default::default() }).await
    };
    assert_eq!(listed(Some(true), false).await, ["d", "a"]);
    assert_eq!(listed(Some(false), false).await, ["b"]);
    assert_eq!(listed(None, false).await, ["d", "b", "a"]);
    assert_eq!(listed(Some(true), true).await, ["c"]);
    assert!(listed(Some(false), true).await.is_empty());
    // A change moves one, and a deleted one is in no list.
    let all =
        store.conversations(&ada.id, &ConversationQuery { limit: 9, ..Default::default() }).await.unwrap();
    let unpin = ConversationPatch { pinned: Some(false), ..Default::default() };
    store.update(&ada.id, &all[0].id, &unpin).await.unwrap().unwrap();
    assert_eq!(listed(Some(true), false).await, ["a"]);
    assert_eq!(listed(Some(false), false).await, ["d", "b"]);
    assert!(store.delete(&ada.id, &all[2].id).await.unwrap());
    assert!(listed(Some(true), false).await.is_empty());
}

pub(super) async fn paging_gives_each_once_also_with_equal_times(store: &dyn Store) {
    let ada = user(store).await;
    let mut expected = Vec::new();
    for number in 0..23 {
        let it = Conversation { updated_at: NOW + number / 10, ..conversation(&number.to_string()) };
        expected.push(add(store, &ada, it).await);
    }
    expected.sort_by(|a, b| (b.updated_at, &b.id).cmp(&(a.updated_at, &a.id)));
    let mut query = ConversationQuery { limit: 4, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = store.conversations(&ada.id, &query).await.unwrap();
        assert!(page.len() <= 4);
        let Some(last) = page.last() else { break };
        query.after = Some(ConversationPosition { updated_at: last.updated_at, id: last.id.clone() });
        seen.extend(page);
    }
    assert_eq!(seen, expected);
}

pub(super) async fn a_title_is_found_regardless_of_case(store: &dyn Store) {
    let ada = user(store).await;
    for title in ["Über Öl", "Rust lifetimes", "日本語の文法", "ΑΘΗΝΑ"] {
        add(store, &ada, conversation(title)).await;
    }
    assert_eq!(search(store, &ada, "RUST").await, ["Rust lifetimes"]);
    assert_eq!(search(store, &ada, "über ö").await, ["Über Öl"]);
    assert_eq!(search(store, &ada, "ÖL").await, ["Über Öl"]);
    assert_eq!(search(store, &ada, "本語の").await, ["日本語の文法"]);
    assert_eq!(search(store, &ada, "αθη").await, ["ΑΘΗΝΑ"]);
    assert_eq!(search(store, &ada, "").await.len(), 4);
    let it = add(store, &ada, conversation("before")).await;
    let patch = ConversationPatch { title: Some("Später".to_owned()), ..Default::default() };
    store.update(&ada.id, &it.id, &patch).await.unwrap();
    assert_eq!(search(store, &ada, "SPÄTER").await, ["Später"]);
    assert!(search(store, &ada, "before").await.is_empty());
}

pub(super) async fn nothing_in_a_title_search_has_a_meaning(store: &dyn Store) {
    let ada = user(store).await;
    let odd =
        ["100% sure", "snake_case", "a.*b", r"back\slash", "$title_lower", "[x](y)", "it's \"so\"", "a\0b"];
    for title in odd {
        add(store, &ada, conversation(title)).await;
    }
    for (text, title) in [
        ("%", odd[0]),
        ("_c", odd[1]),
        (".*", odd[2]),
        ("\\", odd[3]),
        ("$title", odd[4]),
        ("](", odd[5]),
        ("'", odd[6]),
        ("\0", odd[7]),
    ] {
        assert_eq!(search(store, &ada, text).await, [title], "{text:?}");
    }
    assert!(search(store, &ada, "s%e").await.is_empty());
    assert!(search(store, &ada, "x.y").await.is_empty());
}

pub(super) async fn a_patch_sets_and_clears(store: &dyn Store) {
    let ada = user(store).await;
    let mut it = add(store, &ada, conversation("old")).await;
    let other = add(store, &ada, conversation("other")).await;
    let patch = ConversationPatch {
        title: Some("new".to_owned()),
        model: Some(Some("demo/echo".to_owned())),
        system_prompt: Some(Some("Be brief.".to_owned())),
        pinned: Some(true),
        archived: Some(true),
        params: Some(Some(some_params())),
    };
    it.params = some_params();
    it.title = "new".to_owned();
    it.model = Some("demo/echo".to_owned());
    it.system_prompt = Some("Be brief.".to_owned());
    (it.pinned, it.archived) = (true, true);
    assert_eq!(store.update(&ada.id, &it.id, &patch).await.unwrap(), Some(it.clone()));
    let nothing = ConversationPatch::default();
    assert_eq!(store.update(&ada.id, &it.id, &nothing).await.unwrap(), Some(it.clone()));
    let clear = ConversationPatch {
        model: Some(None),
        system_prompt: Some(None),
        params: Some(None),
        ..Default::default()
    };
    (it.model, it.system_prompt, it.params) = (None, None, Params::default());
    assert_eq!(store.update(&ada.id, &it.id, &clear).await.unwrap(), Some(it.clone()));
    let back = ConversationPatch { pinned: Some(false), archived: Some(false), ..Default::default() };
    (it.pinned, it.archived) = (false, false);
    assert_eq!(store.update(&ada.id, &it.id, &back).await.unwrap(), Some(it.clone()));
    assert_eq!(store.conversation(&ada.id, &it.id).await.unwrap(), Some(it));
    assert_eq!(store.conversation(&ada.id, &other.id).await.unwrap(), Some(other));
    assert!(store.update(&ada.id, "none", &back).await.unwrap().is_none());
}

pub(super) async fn a_title_is_replaced_only_while_it_is_the_named_one(store: &dyn Store) {
    let ada = user(store).await;
    let it = add(store, &ada, conversation("")).await;
    assert!(store.replace_title(&it.id, "", "First").await.unwrap().is_some());
    assert!(store.replace_title(&it.id, "", "Second").await.unwrap().is_none());
    assert!(store.replace_title("none", "", "First").await.unwrap().is_none());
    assert!(store.replace_title(&it.id, "Another", "Third").await.unwrap().is_none());
    assert!(store.replace_title(&it.id, "First", "Third").await.unwrap().is_some());
    let found = store.conversation(&ada.id, &it.id).await.unwrap().unwrap();
    assert_eq!((found.title.as_str(), found.updated_at), ("Third", NOW));
    assert_eq!(search(store, &ada, "THIRD").await, ["Third"]);
}

pub(super) async fn deleting_takes_everything_along(store: &dyn Store) {
    let ada = user(store).await;
    let (it, other) = (add(store, &ada, conversation("")).await, add(store, &ada, conversation("")).await);
    let done = turn(&ada, &it, None);
    talk(store, &done, "Yes.").await;
    let running = turn(&ada, &it, Some(&done.answer.id));
    begin(store, &running).await;
    store.append_chunks(&[chunk(&running, 3, 0, "half")]).await.unwrap();
    let kept = turn(&ada, &other, None);
    talk(store, &kept, "Kept.").await;
    let grant = store.grant(&ada.id, &it.id).await.unwrap().unwrap();
    assert!(store.delete(&ada.id, &it.id).await.unwrap());
    assert!(!store.delete_conversation(&grant, NOW).await.unwrap());
    assert!(store.conversation(&ada.id, &it.id).await.unwrap().is_none());
    while store.purge(NOW + BIN_LIFE).await.unwrap() {}
    assert!(store.messages_back(&grant, None, 10).await.unwrap().is_empty());
    for gone in [&done.answer.id, &running.answer.id] {
        assert!(store.stored(&ada.id, gone).await.unwrap().is_none());
    }
    assert_eq!(store.back(&ada.id, &other.id, None, 10).await.unwrap().len(), 2);
    assert_eq!(interrupt(store).await, 0);
}

pub(super) async fn the_store_answers_a_ping(store: &dyn Store) {
    for _ in 0..3 {
        store.ping().await.unwrap();
        store.probe().await.unwrap();
    }
}
