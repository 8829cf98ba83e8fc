//! [`PendingRequest`]: the idempotency key of the request that a page is sending.
//!
//! A key belongs to one content, never to a page: a browser may bring a page back out of its cache, and what is sent
//! from it then is another request.

/// The content that was sent last, with its key, until the server is known to have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingRequest(Option<(String, String)>);

impl PendingRequest {
    /// The key for `content`: that of the last try if the content is the same, otherwise a `fresh` one.
    pub fn key(&mut self, content: &str, fresh: impl FnOnce() -> String) -> String {
        if let Some((_, key)) = self.0.as_ref().filter(|(sent, _)| sent == content) {
            return key.clone();
        }
        let key = fresh();
        self.0 = Some((content.to_owned(), key.clone()));
        key
    }

    /// Takes over a request that an earlier page sent.
    pub fn resume(&mut self, content: &str, key: String) {
        self.0 = Some((content.to_owned(), key));
    }

    /// The server has the request, so the same content sent again is meant as another request.
    pub fn confirm(&mut self) {
        self.0 = None;
    }

    /// [`Self::confirm`] if `content` is what is pending; answers whether it was.
    pub fn confirm_if(&mut self, content: &str) -> bool {
        self.0.take_if(|(sent, _)| sent == content).is_some()
    }
}

/// What is being sent from each of several conversations, by the names of their drafts: a page may be at another one by the
/// time that a reply comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingRequests(Vec<(String, PendingRequest)>);

impl PendingRequests {
    /// What is being sent from the conversation whose draft has this name.
    pub fn of(&mut self, draft: &str) -> &mut PendingRequest {
        self.0.retain(|(of, pending)| of == draft || pending.0.is_some());
        let at = self.0.iter().position(|(of, _)| of == draft).unwrap_or_else(|| {
            self.0.push((draft.to_owned(), PendingRequest::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_one_content_until_the_server_has_it() {
        let mut pending = PendingRequest::default();
        let mut count = 0;
        let mut key = |pending: &mut PendingRequest, content: &str| {
            pending.key(content, || {
                count += 1;
                count.to_string()
            })
        };
        assert_eq!(key(&mut pending, "Why?"), "1");
        assert_eq!(key(&mut pending, "Why?"), "1", "the reply was lost, and the same is sent again");
        assert_eq!(key(&mut pending, "Why not?"), "2", "the reply was lost, and the text corrected");
        assert_eq!(key(&mut pending, "Why?"), "3");
        pending.confirm();
        assert_eq!(key(&mut pending, "Why?"), "4", "asked once more");
        assert!(!pending.confirm_if("Why not?"));
        assert_eq!(key(&mut pending, "Why?"), "4");
        assert!(pending.confirm_if("Why?") && !pending.confirm_if("Why?"));
        assert_eq!(key(&mut pending, "Why?"), "5", "the server has it");
        pending.resume("Why?", "of an earlier page".to_owned());
        assert_eq!(key(&mut pending, "Why?"), "of an earlier page");
    }

    #[test]
    fn each_conversation_has_a_request_of_its_own() {
        let mut all = PendingRequests::default();
        assert_eq!(all.of("a").key("Why?", || "1".to_owned()), "1");
        assert_eq!(all.of("b").key("Why?", || "2".to_owned()), "2");
        assert_eq!(all.of("a").key("Why?", || "3".to_owned()), "1");
        all.of("b").confirm();
        assert_eq!(all.of("a").key("Why?", || "4".to_owned()), "1");
        assert_eq!(all.of("b").key("Why?", || "5".to_owned()), "5");
    }
}
