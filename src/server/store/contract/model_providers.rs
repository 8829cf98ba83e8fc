//! Cases about the model providers of administrators.

use crate::{
    domain::ModelAccess,
    server::store::{ProviderOutcome, Store, StoredProvider},
};

use super::fixtures::id;

/// A provider with every field.
fn provider(name: &str) -> StoredProvider {
    StoredProvider {
        id: id(),
        name: name.to_owned(),
        label: "模型".to_owned(),
        base_url: "http://localhost:11434/v1".to_owned(),
        sealed_key: Some("sealed".to_owned()),
        models: vec!["a".to_owned(), "b/c".to_owned()],
        context: Some(8192),
    }
}

pub(super) async fn providers_are_added_changed_and_removed(store: &dyn Store) {
    assert_eq!(store.model_providers().await.unwrap(), []);
    let (one, mut two) = (provider("one"), provider("two"));
    for new in [&one, &two] {
        assert_eq!(store.add_model_provider(new).await.unwrap(), ProviderOutcome::Done);
    }
    assert_eq!(store.add_model_provider(&provider("one")).await.unwrap(), ProviderOutcome::NameTaken);
    assert_eq!(store.model_providers().await.unwrap(), [one.clone(), two.clone()]);
    let taken = StoredProvider { name: "one".to_owned(), ..two.clone() };
    assert_eq!(store.change_model_provider(&taken).await.unwrap(), ProviderOutcome::NameTaken);
    two = StoredProvider {
        name: "zwei".to_owned(),
        label: String::new(),
        base_url: "https://zwei.example/v1".to_owned(),
        sealed_key: None,
        models: Vec::new(),
        context: None,
        ..two
    };
    assert_eq!(store.change_model_provider(&two).await.unwrap(), ProviderOutcome::Done);
    assert_eq!(store.change_model_provider(&provider("none")).await.unwrap(), ProviderOutcome::Missing);
    assert_eq!(store.model_providers().await.unwrap(), [one.clone(), two.clone()]);
    assert!(store.remove_model_provider(&one.id).await.unwrap());
    assert!(!store.remove_model_provider(&one.id).await.unwrap());
    assert_eq!(store.model_providers().await.unwrap(), [two]);
}

pub(super) async fn providers_are_put_in_an_order(store: &dyn Store) {
    let all = [provider("c"), provider("a"), provider("b")];
    for new in &all {
        store.add_model_provider(new).await.unwrap();
    }
    let names = async || -> Vec<String> {
        store.model_providers().await.unwrap().into_iter().map(|it| it.name).collect()
    };
    assert_eq!(names().await, ["c", "a", "b"]);
    let ids = [&all[2], &all[0], &all[1]].map(|it| it.id.clone());
    store.order_model_providers(&ids).await.unwrap();
    assert_eq!(names().await, ["b", "c", "a"]);
    store.order_model_providers(&["nobody".to_owned()]).await.unwrap();
    store.add_model_provider(&provider("new")).await.unwrap();
    assert_eq!(names().await, ["b", "c", "a", "new"], "a new one is the last");
}

pub(super) async fn who_may_ask_a_model_is_kept(store: &dyn Store) {
    assert!(store.model_access().await.unwrap().is_empty());
    store.set_model_access("a/x", ModelAccess::Admins).await.unwrap();
    store.set_model_access("a/org/y", ModelAccess::Admins).await.unwrap();
    store.set_model_access("a/org/y", ModelAccess::Nobody).await.unwrap();
    let access = store.model_access().await.unwrap();
    assert_eq!(access.len(), 2);
    assert_eq!((access["a/x"], access["a/org/y"]), (ModelAccess::Admins, ModelAccess::Nobody));
    store.set_model_access("a/x", ModelAccess::Everybody).await.unwrap();
    store.set_model_access("a/z", ModelAccess::Everybody).await.unwrap();
    assert_eq!(store.model_access().await.unwrap().len(), 1);
}
