//! The request behind an idempotency key, so that the server can tell another request with the same key apart.

use sha2::{Digest, Sha256};

use crate::{domain::Reason, error::AppError, server::store::Key};

/// The longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 200;

/// A request with a key, in a form that can be compared later.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// "ask", "again", "continue", "queue", "keep", "post" or "ask again".
    pub what: &'static str,
    /// The position, the model and the text as the caller sent them, in this order.
    pub parts: &'a [&'a str],
}

/// The caller's key with its request. A blank key counts as none.
pub fn of(name: Option<&str>, request: Request<'_>) -> Result<Option<Key>, AppError> {
    let Some(name) = valid(name)? else { return Ok(None) };
    let parts = [request.what].into_iter().chain(request.parts.iter().copied());
    Ok(Some(Key { name: name.to_owned(), request: digest(parts) }))
}

/// The key of a request from a page. A page has one key for everything it sends, so the content becomes part of the
/// key: the same content sent twice is one request, and other content, such as a corrected text, is never lost.
pub fn of_page(key: Option<&str>, what: &str, parts: &[&str]) -> Result<Option<String>, AppError> {
    let of = |key| format!("page {}", digest([key, what].into_iter().chain(parts.iter().copied())));
    Ok(valid(key)?.map(of))
}

fn valid(key: Option<&str>) -> Result<Option<&str>, AppError> {
    let key = key.map(str::trim).filter(|key| !key.is_empty());
    if key.is_some_and(|key| key.len() > MAX_KEY_BYTES) {
        let reason = Reason::new("idempotency-key-too-long").with("most", MAX_KEY_BYTES);
        return Err(AppError::invalid("Idempotency-Key", reason));
    }
    Ok(key)
}

/// A hash of the parts and of their lengths.
fn digest<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(what: &'static str, parts: &[&str]) -> String {
        of(Some("k"), Request { what, parts }).unwrap().unwrap().request
    }

    #[test]
    fn other_requests_have_other_hashes() {
        let all = [
            request("ask", &["", "", "Why?"]),
            request("ask", &["", "", "Why? "]),
            request("ask", &["", "Why?", ""]),
            request("ask", &["", "", "Why", "?"]),
            request("again", &["", "", "Why?"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one) && one.len() == 64, "{all:?}");
        }
        assert_eq!(request("ask", &["", "", "Why?"]), all[0]);
    }

    #[test]
    fn a_key_of_a_page_differs_for_each_text_and_is_always_short() {
        let key = |key: &str, text: &str| of_page(Some(key), "ask", &[text]).unwrap();
        assert_eq!(key("k", "Why?"), key(" k ", "Why?"));
        assert_ne!(key("k", "Why?"), key("k", "What?"));
        assert_ne!(key("k", "Why?"), key("l", "Why?"));
        assert_eq!(key(" ", "Why?"), None);
        assert!(key(&"k".repeat(200), &"x".repeat(1000)).is_some_and(|key| key.len() < MAX_KEY_BYTES));
        assert!(of_page(Some(&"k".repeat(201)), "ask", &[]).is_err());
    }

    #[test]
    fn a_blank_key_is_none_and_a_long_one_is_refused() {
        let parts = Request { what: "ask", parts: &[] };
        assert_eq!(of(Some(" \t"), parts).unwrap(), None);
        assert!(of(Some(&"k".repeat(200)), parts).unwrap().is_some());
        assert!(matches!(of(Some(&"k".repeat(201)), parts), Err(AppError::Invalid { .. })));
    }
}
