//! [`Words::phrases`]: sentences for a browser, which fills in the parameters and chooses the plural form.

use std::{collections::BTreeMap, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use serde::Serialize;

use super::{FILES, Language, Words, bundle};

/// The sentences that a browser may need, taken from the files when the page is made.
#[derive(Clone, Debug, Serialize)]
pub struct Phrases {
    /// The language's tag (BCP 47).
    language: String,
    /// What stands between groups of three digits.
    group_sign: String,
    /// Each sentence by its key.
    texts: BTreeMap<String, Phrase>,
}

/// A sentence in which each parameter is its name in braces: `{model} · {count} tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Phrase {
    Text(String),
    /// The forms of a sentence in which a number chooses the plural, by plural category. `other` is always there, and
    /// stands for each category that is not.
    Plural(BTreeMap<String, String>),
}

/// The plural categories of CLDR, `other` first.
const CATEGORIES: [&str; 6] = ["other", "zero", "one", "two", "few", "many"];

/// Stands in a sentence for the number that chose its form; no sentence contains this character.
const NUMBER: &str = "\u{fffc}";

/// The bundle of each file, in the order of [`FILES`]. Fluent takes the name of a category in place of a number for a
/// number of that category; these bundles write such a name as [`NUMBER`].
static OPEN: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| {
    let open = |(tag, text): &(&str, &str)| {
        let mut bundle = bundle(tag, text);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::String(text) if CATEGORIES.contains(&&**text) => Some(NUMBER.to_owned()),
            _ => None,
        }));
        bundle
    };
    FILES.iter().map(open).collect()
});

impl Words {
    /// The sentences of some keys, each given with the names of its parameters. A sentence that this language's file
    /// lacks is there in English, and one that no file has is left out.
    pub fn phrases(self, keys: &[(&str, &[&str])]) -> Phrases {
        let phrase = |key, names| {
            phrase(self.language, key, names).or_else(|| phrase(Language::default(), key, names))
        };
        let texts = keys.iter().filter_map(|(key, names)| Some(((*key).to_owned(), phrase(key, names)?)));
        Phrases {
            language: self.language.tag().to_owned(),
            group_sign: self.language.group_sign().to_owned(),
            texts: texts.collect(),
        }
    }
}

fn phrase(language: Language, key: &str, names: &[&str]) -> Option<Phrase> {
    for number in names {
        let mut forms = BTreeMap::new();
        for category in CATEGORIES {
            forms.insert(category.to_owned(), text(language, key, names, Some((number, category)))?);
        }
        let other = forms.get("other").cloned();
        forms.retain(|category, text| category == "other" || other.as_ref() != Some(text));
        if forms.len() > 1 {
            return Some(Phrase::Plural(forms));
        }
    }
    text(language, key, names, None).map(Phrase::Text)
}

/// A sentence with each parameter as its name in braces, in the plural form that a number of a category chooses.
fn text(
    language: Language,
    key: &str,
    names: &[&str],
    number: Option<(&str, &'static str)>,
) -> Option<String> {
    let bundle = OPEN.get(language.index())?;
    let pattern = bundle.get_message(key)?.value()?;
    let mut args = FluentArgs::new();
    for name in names {
        args.set(*name, format!("{{{name}}}"));
    }
    if let Some((name, category)) = number {
        args.set(name, category);
    }
    let text = bundle.format_pattern(pattern, Some(&args), &mut Vec::new());
    Some(text.replace(NUMBER, &number.map(|(name, _)| format!("{{{name}}}")).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_every_plural_form_of_a_sentence() {
        let keys: [(&str, &[&str]); 4] =
            [("answer-tokens", &["count"]), ("send", &[]), ("size-bytes", &["count"]), ("none", &[])];
        let english = serde_json::to_value(Words::english().phrases(&keys)).unwrap();
        let forms = serde_json::json!({ "one": "{count} token", "other": "{count} tokens" });
        assert_eq!(english["texts"]["answer-tokens"], forms);
        assert_eq!(english["texts"]["send"], "Send");
        assert_eq!(english["texts"]["size-bytes"], "{count} bytes");
        assert_eq!(english["texts"]["none"], serde_json::Value::Null);
        assert_eq!((&english["language"], &english["group_sign"]), (&"en".into(), &",".into()));
        let chinese = Words::new(Language::exactly("zh-CN").unwrap()).phrases(&keys);
        assert_eq!(chinese.texts["answer-tokens"], Phrase::Text("{count} 个 token".to_owned()));
    }
}
