//! What views say, in the reader's language.
//!
//! A view writes `t("sign-in")`, or `t_with(Reason::new("tokens").with("count", 12))` where the sentence has
//! parameters. Both look for a [`Localizer`] in the reactive context, where the server puts one for each page. The files
//! of sentences are on the server only: the browser's part says the few sentences that it needs by the page's
//! [`PHRASES`](crate::ui::islands::PHRASES).

use std::sync::Arc;

use leptos::prelude::use_context;

use crate::domain::Reason;

/// Whatever words reasons in the reader's language: the files of sentences, on the server.
pub trait Localize: Send + Sync + 'static {
    fn text(&self, reason: &Reason) -> String;
}

/// The [`Localize`] of a page. Cheap to clone.
#[derive(Clone)]
pub struct Localizer(Arc<dyn Localize>);

impl Localizer {
    pub fn new(localize: impl Localize) -> Self {
        Self(Arc::new(localize))
    }

    pub fn text(&self, reason: &Reason) -> String {
        self.0.text(reason)
    }

    /// [`Self::text`] of a sentence without parameters.
    pub fn say(&self, key: &'static str) -> String {
        self.text(&Reason::new(key))
    }

    /// The localizer of the page. Where there is none, a view shows the keys of its sentences.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self::new(Keys))
    }
}

/// Says each sentence as its key.
struct Keys;

impl Localize for Keys {
    fn text(&self, reason: &Reason) -> String {
        reason.key().to_owned()
    }
}

/// The text of a key, in the reader's language. Works only while a view is made, because it needs the reactive context.
pub fn t(key: &'static str) -> String {
    Localizer::current().say(key)
}

/// The text of a key with its parameters, in the reader's language. Works only while a view is made.
pub fn t_with(reason: Reason) -> String {
    Localizer::current().text(&reason)
}

/// The text before and after the parameter `name` of a sentence, for a parameter that is an element of its own. Works
/// only while a view is made.
pub fn around(key: &'static str, name: &'static str) -> (String, String) {
    // The character that stands for an object within text; no sentence contains it.
    const OBJECT: &str = "\u{fffc}";
    let text = t_with(Reason::new(key).with(name, OBJECT));
    text.split_once(OBJECT)
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .unwrap_or((text, String::new()))
}

#[cfg(test)]
mod tests {
    use leptos::prelude::{Owner, provide_context};

    use super::*;
    use crate::domain::reason::Value;

    struct Loud;

    impl Localize for Loud {
        fn text(&self, reason: &Reason) -> String {
            let values = reason.parameters().map(|(name, value)| match value {
                Value::Text(text) => format!(" {name} {text}"),
                _ => format!(" {name}"),
            });
            reason.key().to_uppercase() + &values.collect::<String>()
        }
    }

    #[test]
    fn a_view_says_what_the_localizer_of_its_page_says() {
        Owner::new().with(|| {
            assert_eq!(t("send"), "send", "there is none");
            provide_context(Localizer::new(Loud));
            assert_eq!(t("send"), "SEND");
            assert_eq!(around("welcome", "name"), ("WELCOME name ".to_owned(), String::new()));
        });
    }
}
