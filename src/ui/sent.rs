//! [`Sent`]: the idempotency key of what is being sent. A key names one text, never a page: pages come back
//! out of a browser's cache, and what is asked from them then is another question.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent(Option<(String, String)>);

impl Sent {
    /// The key for `what`: that of the last try where it was the same, otherwise a `fresh` one.
    pub fn key(&mut self, what: &str, fresh: impl FnOnce() -> String) -> String {
        if let Some((_, key)) = self.0.as_ref().filter(|(sent, _)| sent == what) {
            return key.clone();
        }
        let key = fresh();
        self.0 = Some((what.to_owned(), key.clone()));
        key
    }

    /// The server has it: the same again is meant as another one.
    pub fn arrived(&mut self) {
        self.0 = None;
    }

    /// [`Self::arrived`], if `what` is what is being sent; whether it is.
    pub fn was(&mut self, what: &str) -> bool {
        self.0.take_if(|(sent, _)| sent == what).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_text_until_it_has_arrived() {
        let mut sent = Sent::default();
        let mut count = 0;
        let mut key = |sent: &mut Sent, what: &str| {
            sent.key(what, || {
                count += 1;
                count.to_string()
            })
        };
        assert_eq!(key(&mut sent, "Why?"), "1");
        assert_eq!(key(&mut sent, "Why?"), "1", "the reply was lost, and it is sent again");
        assert_eq!(key(&mut sent, "Why not?"), "2", "the reply was lost, and the text corrected");
        assert_eq!(key(&mut sent, "Why?"), "3");
        sent.arrived();
        assert_eq!(key(&mut sent, "Why?"), "4", "asked once more");
        assert!(!sent.was("Why not?"));
        assert_eq!(key(&mut sent, "Why?"), "4");
        assert!(sent.was("Why?") && !sent.was("Why?"));
        assert_eq!(key(&mut sent, "Why?"), "5");
    }
}
