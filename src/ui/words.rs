//! What views say, in the reader's language, on the server and in the browser.
//!
//! A view writes `t("sign-in")`, or `t_with(Reason::new("tokens").with("count", 12))` where the sentence has
//! parameters. Both look for a [`Localizer`] in the reactive context, where the server puts one for each page. The files
//! of sentences are on the server only: the island gets the few sentences that it may need as a property, [`Phrases`],
//! and gives them to its own views with [`localizer_or`].
//!
//! An event handler has no reactive context: the island keeps the [`Localizer`], and its handlers call
//! [`Localizer::say`].

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::{provide_context, use_context};
use serde::{Deserialize, Serialize};

use crate::domain::reason::{Reason, Value, grouped};

/// Whatever words reasons in the reader's language: the files on the server, [`Phrases`] in a browser.
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

/// The localizer of the page; where there is none, one that words `phrases` and is provided to all views below. In the
/// browser only the phrases are there. On the server the page's own localizer goes first, because the island's children
/// may say more than the phrases.
pub fn localizer_or(phrases: Phrases, category: PluralCategory) -> Localizer {
    use_context().unwrap_or_else(|| {
        let localizer = Localizer::new(PhraseBook { phrases, category });
        provide_context(localizer.clone());
        localizer
    })
}

/// The plural category (CLDR's `zero`, `one`, `two`, `few`, `many` or `other`) of a number in a language, given by its
/// tag.
pub type PluralCategory = fn(language: &str, number: i64) -> String;

/// The sentences that a browser may need, taken from the files when the page is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrases {
    /// The language's tag (BCP 47).
    pub language: String,
    /// What stands between groups of three digits.
    pub group_sign: String,
    /// Each sentence by its key.
    pub texts: BTreeMap<String, Phrase>,
}

/// A sentence in which each parameter is its name in braces: `{model} · {count} tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Phrase {
    Text(String),
    /// The forms of a sentence in which a number chooses the plural, by plural category. `other` is always there, and
    /// stands for each category that is not.
    Plural(BTreeMap<String, String>),
}

/// Words reasons by [`Phrases`]. A sentence that is not among them is said as its key.
struct PhraseBook {
    phrases: Phrases,
    category: PluralCategory,
}

impl PhraseBook {
    /// The sentence of a reason before its parameters are filled in.
    fn open(&self, reason: &Reason) -> Option<&str> {
        let forms = match self.phrases.texts.get(reason.key())? {
            Phrase::Text(text) => return Some(text),
            Phrase::Plural(forms) => forms,
        };
        // A phrase has one number at most: tests/words.rs looks.
        let number = reason.parameters().find_map(|(_, value)| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        });
        let form = number.and_then(|number| forms.get(&(self.category)(&self.phrases.language, number)));
        form.or_else(|| forms.get("other")).map(String::as_str)
    }
}

impl Localize for PhraseBook {
    fn text(&self, reason: &Reason) -> String {
        let Some(open) = self.open(reason) else { return reason.key().to_owned() };
        complete(open, |name| {
            let (_, value) = reason.parameters().find(|(parameter, _)| *parameter == name)?;
            Some(match value {
                Value::Number(number) => grouped(*number, &self.phrases.group_sign),
                Value::Text(text) => text.clone(),
                Value::Reason(reason) => self.text(reason),
            })
        })
    }
}

/// Fills in the parameters of a sentence. A name that has no value stays as it is, braces included.
fn complete(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('{') {
        done.push_str(before);
        let filled = after.split_once('}').and_then(|(name, after)| Some((value(name)?, after)));
        let (value, after) = filled.unwrap_or_else(|| ("{".to_owned(), after));
        done.push_str(&value);
        rest = after;
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use leptos::prelude::Owner;

    use super::*;

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

    fn english(_: &str, number: i64) -> String {
        String::from(if number == 1 { "one" } else { "other" })
    }

    fn phrases() -> Phrases {
        serde_json::from_str(
            r#"{"language":"en","group_sign":".","texts":{"send":"Send",
                "tokens":{"one":"{model}: {count} token","other":"{model}: {count} tokens"}}}"#,
        )
        .unwrap()
    }

    fn tokens(count: i64, model: &str) -> String {
        t_with(Reason::new("tokens").with("count", count).with("model", model))
    }

    #[test]
    fn a_view_says_what_the_localizer_of_its_page_says() {
        Owner::new().with(|| {
            assert_eq!(t("send"), "send", "there is none");
            provide_context(Localizer::new(Loud));
            assert_eq!(t("send"), "SEND");
            assert_eq!(around("welcome", "name"), ("WELCOME name ".to_owned(), String::new()));
            let own = localizer_or(phrases(), english);
            assert_eq!(own.say("stop"), "STOP", "the page's own goes first");
        });
    }

    #[test]
    fn phrases_say_in_a_browser_what_the_server_says() {
        Owner::new_root(None).with(|| {
            let localizer = localizer_or(phrases(), english);
            assert_eq!(t("send"), "Send");
            assert_eq!(localizer.say("stop"), "stop", "not among the phrases");
            assert_eq!(tokens(1234, "a"), "a: 1.234 tokens");
        });
    }

    #[test]
    fn a_number_chooses_the_plural_form_of_a_phrase() {
        Owner::new_root(None).with(|| {
            localizer_or(phrases(), english);
            assert_eq!(tokens(1, "a"), "a: 1 token");
            assert_eq!(tokens(0, "a"), "a: 0 tokens");
        });
        Owner::new_root(None).with(|| {
            localizer_or(phrases(), |_, _| "few".to_owned());
            assert_eq!(tokens(3, "a"), "a: 3 tokens", "the language has no such form");
        });
    }

    #[test]
    fn what_a_parameter_holds_is_not_filled_in_once_more() {
        Owner::new_root(None).with(|| {
            localizer_or(phrases(), english);
            assert_eq!(tokens(2, "{count}{model}{"), "{count}{model}{: 2 tokens");
            assert_eq!(
                t("tokens"),
                "{model}: {count} tokens",
                "parameters that are missing leave their names"
            );
        });
    }
}
