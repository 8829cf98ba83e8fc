//! [`Words`]: sentences in a language, from the files of `locales/`, which are part of the binary.
//!
//! A new language is one file: its name is the language's tag (`pt-BR.ftl`), and a test tells what it lacks.
//! The syntax is that of <https://projectfluent.org/fluent/guide/>.

mod language;
mod phrases;
mod request;

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

pub use self::{
    language::Language,
    phrases::Phrases,
    request::{current, scope, speak, speak_to_operator},
};
use crate::domain::reason::{Reason, Value, grouped};

/// The text of each file by its language's tag, sorted. The build script lists the files in `locales/`.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// The bundle of each file, in the order of [`FILES`].
static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> =
    LazyLock::new(|| FILES.iter().map(|(tag, text)| bundle(tag, text)).collect());

/// The keys without a sentence that were logged, so that each is logged once.
static NOTED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
/// The most keys that are remembered, because keys come from stored rows too, which the program does not choose.
const MOST_NOTED: usize = 1000;

/// Whether this key was not logged yet; remembers it.
fn is_new(key: &str) -> bool {
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    noted.len() < MOST_NOTED && noted.insert(key.to_owned())
}

/// Makes a file's bundle. It takes all that can be read; a test reports what is wrong with a file.
fn bundle(tag: &str, text: &str) -> FluentBundle<FluentResource> {
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
    let tag: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The isolating marks would end up in mails, in JSON and in what people copy; pages use `dir="auto"` and `<bdi>`.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match sign_of(text) {
        "," => |value, _| digits(value, ","),
        "." => |value, _| digits(value, "."),
        "" => |value, _| digits(value, ""),
        // A narrow no-break space.
        _ => |value, _| digits(value, "\u{202f}"),
    }));
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(?errors, "a file of sentences has a key twice");
    }
    bundle
}

/// The sign between groups of three digits, which the file states in one of its first lines.
fn sign_of(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix("number-group ="));
    line.unwrap_or(",").trim().trim_matches(|c| matches!(c, '{' | '}' | '"' | ' '))
}

fn digits(value: &FluentValue, sign: &str) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    // All numbers of a [`Reason`] are whole.
    Some(grouped(number.value as i64, sign))
}

/// Words sentences in one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub language: Language,
    /// Whether the reader runs the site, and is told what only the operator can mend: where a sentence has an attribute
    /// `.operator`, the reader gets that one.
    pub operator: bool,
}

impl Words {
    /// For people who do not run the site.
    pub fn new(language: Language) -> Self {
        Self { language, operator: false }
    }

    /// English, for the log and for the commands of the operator.
    pub fn english() -> Self {
        Self { operator: true, ..Self::default() }
    }

    pub fn is_english(self) -> bool {
        self.language == Language::default()
    }

    /// The sentence of a reason. A sentence that this language's file lacks is given in English, and one that English
    /// lacks too as its key: a row of a newer version may hold a key that is unknown here.
    pub fn text(self, reason: &Reason) -> String {
        self.find(reason)
            .or_else(|| Self { language: Language::default(), ..self }.find(reason))
            .unwrap_or_else(|| {
                if is_new(reason.key()) {
                    tracing::warn!(key = reason.key(), "no file of sentences has this key");
                }
                reason.key().to_owned()
            })
    }

    /// [`Self::text`] of a sentence without parameters.
    pub fn say(self, key: &'static str) -> String {
        self.text(&Reason::new(key))
    }

    /// A number with the digit groups of the language.
    pub fn number(self, number: i64) -> String {
        grouped(number, self.language.group_sign())
    }

    fn find(self, reason: &Reason) -> Option<String> {
        let bundle = BUNDLES.get(self.language.index())?;
        let message = bundle.get_message(reason.key())?;
        let of_operator = message.get_attribute("operator").filter(|_| self.operator);
        let pattern = of_operator.map(|of_operator| of_operator.value()).or_else(|| message.value())?;
        let mut args = FluentArgs::new();
        for (name, value) in reason.parameters() {
            let value = match value {
                Value::Number(number) => FluentValue::from(*number),
                Value::Text(text) => FluentValue::String(Cow::Borrowed(text)),
                Value::Reason(reason) => FluentValue::String(Cow::Owned(self.text(reason))),
            };
            args.set(name, value);
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        if !errors.is_empty() && is_new(reason.key()) {
            tracing::warn!(key = reason.key(), ?errors, "a sentence lacks something");
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chinese() -> Words {
        Words::new(Language::exactly("zh-CN").unwrap())
    }

    #[test]
    fn a_sentence_is_worded_with_its_parameters_and_without_marks() {
        let reason = Reason::new("provider-late-begin")
            .with("provider", "acme")
            .with("limit", Reason::new("duration-seconds").with("count", 1));
        let english = Words::english().text(&reason);
        assert!(english.starts_with("acme did not begin to answer within 1 second. "), "{english}");
        let said = chinese().text(&reason);
        assert!(said.starts_with("acme 在 1 秒内没有开始回答。"), "{said}");
        assert!(!(english + &said).contains(['\u{2066}', '\u{2068}', '\u{2069}']));
    }

    #[test]
    fn only_who_runs_the_site_reads_what_an_operator_mends() {
        let reason = Reason::new("provider-bad-key").with("provider", "OpenAI");
        for language in Language::all() {
            let operator = Words { language, operator: true }.text(&reason);
            let member = Words::new(language).text(&reason);
            assert!(
                operator != member && operator.contains("OpenAI") && member.contains("OpenAI"),
                "{member}"
            );
        }
        let operators = ["base_url", "HTTP_PROXY", "SSL_CERT_FILE", "NO_PROXY", "models ="];
        for language in Language::all() {
            let bundle = &BUNDLES[language.index()];
            let keys = FILES[language.index()].1.lines().filter_map(|line| line.split_once(" = "));
            for (key, _) in keys.filter(|(key, _)| key.starts_with("provider-")) {
                let text = Words::new(language).say(key.to_owned().leak());
                assert!(operators.iter().all(|word| !text.contains(word)), "{key}: {text}");
                let has = |bundle: &FluentBundle<FluentResource>| {
                    bundle.get_message(key).unwrap().get_attribute("operator").is_some()
                };
                assert_eq!(has(bundle), has(&BUNDLES[Language::default().index()]), "{key}");
            }
        }
    }

    #[test]
    fn numbers_choose_the_plural_form_and_are_written_in_groups() {
        let seconds =
            |count: u64| Words::english().text(&Reason::new("duration-seconds").with("count", count));
        assert_eq!([seconds(0), seconds(1), seconds(2)], ["0 seconds", "1 second", "2 seconds"]);
        assert_eq!(seconds(1_234_567), "1,234,567 seconds");
        let bytes = Reason::new("size-bytes").with("count", 262_144);
        assert_eq!(chinese().text(&bytes), "262,144 字节");
        assert_eq!(chinese().number(-1_000), "-1,000");
    }

    #[test]
    fn what_no_file_has_is_said_as_it_is_and_noted_once() {
        let newer: Reason = serde_json::from_str(r#"{"key":"of-a-newer-version","with":{"x":1}}"#).unwrap();
        assert_eq!(chinese().text(&newer), "of-a-newer-version");
        assert!(!is_new("of-a-newer-version"));
        // A missing parameter shows as its name, because a gap could change what the sentence means.
        assert!(chinese().say("size-bytes").contains("$count"), "{}", chinese().say("size-bytes"));
    }
}
