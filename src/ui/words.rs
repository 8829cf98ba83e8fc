//! What views say, in the reader's language, on the server and in the browser.
//!
//! A view writes `t("sign-in")`, or `t_with(Reason::new("tokens").with("count", 12))` where the sentence has
//! parameters. Both look for a [`Speaker`] in the context, which the server gives to every page. The files of
//! sentences are on the server only: the island gets the few that it may need as one property, [`Phrases`], and
//! gives them to its own views with [`speaker_or`].
//!
//! A handler has no context: it keeps the [`Speaker`], as `Shared` does, and calls [`Speaker::say`].

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::{provide_context, use_context};
use serde::{Deserialize, Serialize};

use crate::domain::reason::{Reason, Value, grouped};

/// Whatever words sentences: the files on the server, [`Phrases`] in a browser.
pub trait Speaks: Send + Sync + 'static {
    fn words(&self, reason: &Reason) -> String;
    /// What stands between groups of three digits.
    fn group_sign(&self) -> String;
}

/// The one who speaks on this page. Cheap to clone.
#[derive(Clone)]
pub struct Speaker(Arc<dyn Speaks>);

impl Speaker {
    pub fn new(speaks: impl Speaks) -> Self {
        Self(Arc::new(speaks))
    }

    pub fn words(&self, reason: &Reason) -> String {
        self.0.words(reason)
    }

    /// [`Self::words`] of a sentence without parameters.
    pub fn say(&self, key: &'static str) -> String {
        self.words(&Reason::new(key))
    }

    /// The speaker of the page; a view that none was given to shows the keys.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self::new(Phrases::default()))
    }
}

/// The text of a key, in the reader's language. Only while a view is made.
pub fn t(key: &'static str) -> String {
    Speaker::current().say(key)
}

/// The text of a key with its parameters, in the reader's language. Only while a view is made.
pub fn t_with(reason: Reason) -> String {
    Speaker::current().words(&reason)
}

/// The text before and after the parameter `name` of a sentence, for a parameter that is an element of its own. Only while
/// a view is made.
pub fn around(key: &'static str, name: &'static str) -> (String, String) {
    // Stands for an object within text, and in no sentence of ours.
    const OBJECT: &str = "\u{fffc}";
    let text = t_with(Reason::new(key).with(name, OBJECT));
    text.split_once(OBJECT)
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .unwrap_or((text, String::new()))
}

/// The speaker of the page, or the phrases, which then speak for all views below. In the browser there are only the
/// phrases; on the server the island's children may need more.
pub fn speaker_or(phrases: Phrases) -> Speaker {
    use_context().unwrap_or_else(|| {
        let speaker = Speaker::new(phrases);
        provide_context(speaker.clone());
        speaker
    })
}

/// The sentences that a browser may need, taken from the files when the page is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrases {
    group_sign: String,
    texts: BTreeMap<String, String>,
}

impl Phrases {
    /// The phrases of some keys, as the speaker of the page says them; each key with the names of its
    /// parameters, which stand in braces in the text until they are known. A sentence that has several plural forms
    /// comes in the form that is the general one.
    pub fn of(keys: &[(&'static str, &[&'static str])]) -> Self {
        let speaker = Speaker::current();
        let text = |key, names: &[&'static str]| {
            let open =
                names.iter().fold(Reason::new(key), |open, name| open.with(name, format!("{{{name}}}")));
            speaker.words(&open)
        };
        let texts = keys.iter().map(|(key, names)| ((*key).to_owned(), text(key, names))).collect();
        Self { group_sign: speaker.0.group_sign(), texts }
    }
}

impl Speaks for Phrases {
    fn words(&self, reason: &Reason) -> String {
        let Some(text) = self.texts.get(reason.key()) else { return reason.key().to_owned() };
        reason.parameters().fold(text.clone(), |text, (name, value)| {
            let value = match value {
                Value::Number(number) => grouped(*number, &self.group_sign),
                Value::Text(text) => text.clone(),
                Value::Reason(reason) => self.words(reason),
            };
            text.replace(&format!("{{{name}}}"), &value)
        })
    }

    fn group_sign(&self) -> String {
        self.group_sign.clone()
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::Owner;

    use super::*;

    struct Loud;

    impl Speaks for Loud {
        fn words(&self, reason: &Reason) -> String {
            let values = reason.parameters().map(|(name, value)| match value {
                Value::Text(text) => format!(" {name} {text}"),
                _ => format!(" {name}"),
            });
            reason.key().to_uppercase() + &values.collect::<String>()
        }

        fn group_sign(&self) -> String {
            ".".into()
        }
    }

    #[test]
    fn phrases_say_in_a_browser_what_the_server_says() {
        Owner::new().with(|| {
            assert_eq!(t("send"), "send", "nobody speaks");
            provide_context(Speaker::new(Loud));
            assert_eq!(t("send"), "SEND");
            let phrases = Phrases::of(&[("send", &[]), ("tokens", &["count", "model"])]);
            let text = serde_json::to_string(&phrases).unwrap();
            let phrases: Phrases = serde_json::from_str(&text).unwrap();
            assert_eq!(speaker_or(phrases.clone()).say("stop"), "STOP", "the page's own goes first");
            Owner::new_root(None).with(|| {
                let speaker = speaker_or(phrases);
                assert_eq!(t("send"), "SEND");
                assert_eq!(speaker.say("stop"), "stop", "what it was not given it cannot say");
                let tokens = Reason::new("tokens").with("count", 1234).with("model", "a");
                assert_eq!(t_with(tokens), "TOKENS count 1.234 model a");
            });
        });
    }
}
