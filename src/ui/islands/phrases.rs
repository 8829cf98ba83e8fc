//! [`PHRASES`]: the sentences that the browser may say, and saying them.

use js_sys::{Array, Intl, Object};
use leptos::prelude::document;

use super::{OPENED, json::Json};
use crate::domain::reason::grouped;

/// Each key with the names of its parameters. The page words them for the browser, which has no files of sentences. A
/// number is always called `count`, because it chooses the plural form. What says something new adds its key; a test
/// finds what is missing.
pub const PHRASES: [(&str, &[&str]); 20] = [
    ("answer-complete", &["count"]),
    ("answering", &[]),
    ("conversation-busy", &[]),
    ("conversation-deleted", &[]),
    ("copied", &[]),
    ("error-signed-out", &[]),
    ("error-unreachable", &[]),
    ("files-not-yet", &[]),
    ("message-deleted", &[]),
    ("model-is", &["model"]),
    ("pasted-text", &["count"]),
    ("question-not-sent", &[]),
    ("retry-in", &["count"]),
    ("room-over", &[]),
    ("typing-many", &["count"]),
    ("typing-one", &["name"]),
    ("typing-two", &["name", "other"]),
    ("unseen-messages", &["count"]),
    ("waiting-for", &["model", "count"]),
    ("waits-for-network", &[]),
];

/// What the page was opened with.
pub(super) fn opened() -> Option<Json> {
    Json::parse(&document().get_element_by_id(OPENED)?.text_content()?)
}

/// A sentence without parameters.
pub(super) fn say(key: &'static str) -> String {
    say_with(key, None, &[])
}

/// A sentence with its parameters; `count` is written with digit groups. A key that is not among the phrases is said as it
/// is.
pub(super) fn say_with(key: &'static str, count: Option<u32>, texts: &[(&str, &str)]) -> String {
    worded(key, count, texts).unwrap_or_else(|| key.to_owned())
}

fn worded(key: &str, count: Option<u32>, texts: &[(&str, &str)]) -> Option<String> {
    let phrases = opened()?.get("phrases")?;
    let phrase = phrases.get("texts")?.get(key)?;
    let form = || phrase.text(&plural_category(&phrases.text("language")?, count?));
    let sentence = phrase.as_text().or_else(form).or_else(|| phrase.text("other"))?;
    let sign = phrases.text("group_sign").unwrap_or_default();
    let count = count.map(|count| grouped(count.into(), &sign)).unwrap_or_default();
    Some(complete(&sentence, |name| match name {
        "count" => Some(&*count),
        name => texts.iter().find(|(known, _)| *known == name).map(|(_, text)| *text),
    }))
}

/// The plural category of a number (CLDR's `zero`, `one`, `two`, `few`, `many` or `other`) in a language, given by its
/// tag.
fn plural_category(language: &str, number: u32) -> String {
    let rules = Intl::PluralRules::new(&Array::of1(&language.into()), &Object::new());
    rules.select(number.into()).into()
}

/// Fills in the parameters of a sentence, each of which is its name in braces. A name that has no value stays as it is,
/// braces included.
fn complete<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('{') {
        done.push_str(before);
        let filled = after.split_once('}').and_then(|(name, after)| Some((value(name)?, after)));
        let (value, after) = filled.unwrap_or(("{", after));
        done.push_str(value);
        rest = after;
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::complete;

    #[test]
    fn parameters_are_filled_in_once() {
        let value = |name: &str| match name {
            "count" => Some("1,234"),
            "model" => Some("{count}{model}{"),
            _ => None,
        };
        for (sentence, said) in [
            ("Nothing.", "Nothing."),
            ("{count} words", "1,234 words"),
            ("{model}: {count}", "{count}{model}{: 1,234"),
            ("{other} of {count", "{other} of {count"),
        ] {
            assert_eq!(complete(sentence, value), said);
        }
    }
}
