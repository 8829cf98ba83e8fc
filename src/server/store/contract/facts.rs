//! Cases about what administrators set for the whole site.

use crate::server::store::Store;

pub(super) async fn what_was_set_last_counts(store: &dyn Store) {
    assert_eq!(store.fact("registration").await.unwrap(), None);
    store.set_fact("registration", "closed").await.unwrap();
    store.set_fact("registration", "invite").await.unwrap();
    store.set_fact("e-mail", "长").await.unwrap();
    assert_eq!(store.fact("registration").await.unwrap().as_deref(), Some("invite"));
    assert_eq!(store.fact("e-mail").await.unwrap().as_deref(), Some("长"));
    // What the store notes for itself is nobody's to read.
    assert!(store.set_first_code("abc").await.unwrap());
    for name in ["first-code", "schema", "secret", "$where", ""] {
        assert_eq!(store.fact(name).await.unwrap(), None, "{name}");
    }
}
