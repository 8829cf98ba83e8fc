//! [`Language`]: a language that there is a file for, and the choice of the best one for a reader.

use super::{FILES, sign_of};

/// A language of the site. English by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(usize);

/// The most entries of an `Accept-Language` that are read, because a caller may send thousands.
const MAX_ASKED: usize = 32;

impl Default for Language {
    fn default() -> Self {
        Self::exactly("en").unwrap_or(Self(0))
    }
}

impl Language {
    /// All languages, sorted by their tags.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..FILES.len()).map(Self)
    }

    /// The language's tag (BCP 47), as in `<html lang>` and in accounts.
    pub fn tag(self) -> &'static str {
        FILES.get(self.0).map_or("en", |(tag, _)| tag)
    }

    /// The language with this tag in any case; `None` without a file for it.
    pub fn exactly(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The best language for somebody who reads this one: the same, or another variant of it, because a reader of
    /// Chinese from Taiwan is better served with mainland Chinese than with English.
    pub fn for_reader_of(tag: &str) -> Option<Self> {
        let mut shorter = tag;
        loop {
            if let Some(found) = Self::exactly(shorter) {
                return Some(found);
            }
            let Some((rest, _)) = shorter.rsplit_once('-') else { break };
            shorter = rest;
        }
        let first = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Self::all().find(|language| first(language.tag()) == first(tag))
    }

    /// The best language for an `Accept-Language` header (RFC 9110, 12.5.4); `None` if it names none that there is.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut asked: Vec<(&str, f32)> = header.split(',').take(MAX_ASKED).filter_map(range).collect();
        // The sort is stable, so languages of equal weight keep their order.
        asked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        asked.into_iter().filter(|(_, weight)| *weight > 0.0).find_map(|(tag, _)| match tag {
            "*" => Some(Self::default()),
            tag => Self::for_reader_of(tag),
        })
    }

    pub(super) fn index(self) -> usize {
        self.0
    }

    /// The sign between groups of three digits.
    pub fn group_sign(self) -> &'static str {
        FILES.get(self.0).map_or(",", |(_, text)| sign_of(text))
    }
}

/// A language range and its weight from 0 to 1; an invalid weight counts as 0.
fn range(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0_f32));
    Some((tag, if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_likes_best() {
        for (header, tag) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some("zh-CN")),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Some("en")),
            ("en;q=0.5, zh;q=0.8", Some("zh-CN")),
            ("fr-CA, fr;q=0.9, zh;q=0.1", Some("zh-CN")),
            ("zh", Some("zh-CN")),
            ("ZH-cn", Some("zh-CN")),
            ("zh-Hans", Some("zh-CN")),
            ("zh-Hans-SG", Some("zh-CN")),
            ("zh-TW", Some("zh-CN")),
            ("zh-Hant-HK;q=0.7, en;q=0.6", Some("zh-CN")),
            ("en-GB-oxendict", Some("en")),
            ("*", Some("en")),
            ("fr, *;q=0.1", Some("en")),
            ("zh;q=0, *;q=0.5", Some("en")),
            ("zh;q=0", None),
            ("zh;q=1.x, en;q=0.1", Some("en")),
            ("zh;q=NaN", None),
            ("zhuang", None),
            ("fr,de;q=0.9", None),
            (" , ;q=1,,", None),
            ("", None),
        ] {
            assert_eq!(Language::accepted(header).map(Language::tag), tag, "{header}");
        }
        let many = format!("{}zh", "fr,".repeat(MAX_ASKED));
        assert_eq!(Language::accepted(&many), None);
    }

    #[test]
    fn a_tag_is_known_in_any_case_and_nothing_else_is() {
        assert_eq!(Language::exactly("zh-cn").unwrap().tag(), "zh-CN");
        assert_eq!(Language::default().tag(), "en");
        for other in ["zh", "", "en-US", "../en", "zh-CN "] {
            assert_eq!(Language::exactly(other), None, "{other}");
        }
    }
}
