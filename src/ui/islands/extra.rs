//! [`Extra`]: what a question has besides the text that is typed: a quote of an answer, or a long text that was pasted.

use js_sys::{Array, JSON};

use super::json::Json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extra {
    /// Whether it is a quote; otherwise it was pasted.
    pub quote: bool,
    pub text: String,
}

impl Extra {
    /// As markdown.
    fn markdown(&self) -> String {
        if self.quote {
            let lines = self.text.lines().map(|line| format!("> {line}"));
            return lines.collect::<Vec<_>>().join("\n");
        }
        let fence = fence(&self.text, 3);
        format!("{fence}\n{}\n{fence}", self.text.trim_end_matches('\n'))
    }
}

/// Backticks around code: more than stand together in it, and `least` of them.
pub(super) fn fence(code: &str, least: usize) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

/// A question as it is sent: quotes before the text, what was pasted after it.
pub(super) fn with_extras(text: &str, extras: &[Extra]) -> String {
    let quotes = extras.iter().filter(|extra| extra.quote).map(Extra::markdown);
    let pasted = extras.iter().filter(|extra| !extra.quote).map(Extra::markdown);
    let text = (!text.trim().is_empty()).then(|| text.to_owned());
    quotes.chain(text).chain(pasted).collect::<Vec<_>>().join("\n\n")
}

/// As JSON: an array of arrays of `quote` or `paste`, and the text.
pub(super) fn written(extras: &[Extra]) -> String {
    let all: Array = extras
        .iter()
        .map(|extra| {
            Array::of2(&(if extra.quote { "quote" } else { "paste" }).into(), &(&*extra.text).into())
        })
        .collect();
    JSON::stringify(&all).map(String::from).unwrap_or_default()
}

pub(super) fn read(text: &str) -> Vec<Extra> {
    let all = Json::parse(text).map(|json| json.items()).unwrap_or_default();
    all.iter()
        .filter_map(|pair| {
            let [kind, text]: [String; 2] =
                pair.items().iter().filter_map(Json::as_text).collect::<Vec<_>>().try_into().ok()?;
            Some(Extra { quote: kind == "quote", text })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extra(quote: bool, text: &str) -> Extra {
        Extra { quote, text: text.to_owned() }
    }

    #[test]
    fn quotes_come_first_and_what_was_pasted_last() {
        let extras = [extra(false, "long\n"), extra(true, "one\n\ntwo"), extra(true, "three")];
        assert_eq!(with_extras("Why?", &extras), "> one\n> \n> two\n\n> three\n\nWhy?\n\n```\nlong\n```");
        assert_eq!(with_extras(" ", &extras[1..2]), "> one\n> \n> two");
        assert_eq!(with_extras("Why?", &[]), "Why?");
    }

    #[test]
    fn a_fence_is_longer_than_those_in_the_text() {
        assert_eq!(extra(false, "a ```` b").markdown(), "`````\na ```` b\n`````");
    }
}
