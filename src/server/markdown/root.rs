//! [`finish`]: gives the root element of a sanitized block its attributes: a heading its name, a block of
//! right-to-left text its direction, one of Chinese, Japanese or Korean its language.

use std::collections::HashMap;

/// The most bytes of a heading's name.
const NAME: usize = 40;

/// How often each name of a heading was wanted.
pub(super) type Anchors = HashMap<String, usize>;

/// The name of a heading.
pub(super) struct Anchor {
    pub(super) name: String,
    /// The name before a number was added to it.
    pub(super) wanted: String,
}

/// Adds the attributes to a sanitized block. Gives the name of its heading: `keeps` if given, else one that is not
/// among `used`. A block that may scroll sideways, because it is `wide`, is reached by keys.
pub(super) fn finish(html: &mut String, used: &Anchors, keeps: Option<&str>, wide: bool) -> Option<Anchor> {
    let (tag, rest) = html.strip_prefix('<')?.split_at_checked(2)?;
    let mut attributes = String::new();
    let mut anchor = None;
    if matches!(tag, "h2" | "h3" | "h4" | "h5" | "h6") && rest.starts_with('>') {
        let inner = &rest[1..rest.len().checked_sub(5)?];
        let Anchor { name, wanted } = match keeps {
            Some(name) => Anchor { name: name.to_owned(), wanted: name.to_owned() },
            None => name(inner, used),
        };
        // A heading that holds links cannot be a link itself, but it has a name.
        let linked = if inner.contains("<a ") || inner.is_empty() {
            inner.to_owned()
        } else {
            format!("<a href=\"#{name}\">{inner}</a>")
        };
        *html = format!("<{tag} id=\"{name}\">{linked}</{tag}>");
        anchor = Some(Anchor { name, wanted });
    }
    if wide && !html.starts_with("<div class=\"table\"") {
        attributes.push_str(" tabindex=\"0\"");
    }
    if !html.is_ascii() && !html.starts_with("<figure") && !html.starts_with("<pre") {
        if is_right_to_left(html) {
            attributes.push_str(" dir=\"rtl\"");
        }
        if let Some(language) = language(html) {
            attributes.push_str(&format!(" lang=\"{language}\""));
        }
    }
    if !attributes.is_empty() {
        let end = html.find([' ', '>'])?;
        html.insert_str(end, &attributes);
    }
    anchor
}

/// A name made of the words of a heading in lower case, with a number if the name is used. It begins with a dash, so
/// that it clashes with no other id of the page.
fn name(inner: &str, used: &Anchors) -> Anchor {
    let mut name = String::from("-");
    for c in shown(inner).flat_map(char::to_lowercase) {
        if name.len() > NAME {
            break;
        }
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let base = name.trim_end_matches('-');
    let base = if base.is_empty() { "-section" } else { base };
    let name = used.get(base).map_or_else(|| base.to_owned(), |number| format!("{base}-{}", number + 1));
    Anchor { name, wanted: base.to_owned() }
}

/// The visible characters of HTML: no tags; a character reference counts as its own letters.
fn shown(html: &str) -> impl Iterator<Item = char> {
    let mut inside = false;
    html.chars().filter(move |&c| {
        let was = inside;
        inside = c == '<' || inside && c != '>';
        !was && !inside
    })
}

/// Whether the first letter with a direction is right-to-left.
fn is_right_to_left(html: &str) -> bool {
    let letter = shown(html).find(|c| c.is_alphabetic());
    letter.is_some_and(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

/// Chinese letters alone may be Japanese too; so many without a syllable between them are not.
const CHINESE: usize = 12;

/// The language of a block that is nearly all Chinese, Japanese or Korean, so that it is read aloud and drawn as such.
fn language(html: &str) -> Option<&'static str> {
    // The first bytes of their letters in UTF-8; most texts have none.
    if !html.bytes().any(|byte| matches!(byte, 0xe1 | 0xe3..=0xed | 0xf0)) {
        return None;
    }
    let (mut han, mut kana, mut hangul, mut others) = (0, 0, 0, 0);
    for c in shown(html) {
        let count = match c {
            '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => &mut kana,
            '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{ac00}'..='\u{d7a3}' => &mut hangul,
            '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => &mut han,
            _ if c.is_alphabetic() => &mut others,
            _ => continue,
        };
        *count += 1;
    }
    let letters = han + kana + hangul + others;
    let nearly_all = |count: usize| count > 0 && count * 5 >= letters * 4;
    if nearly_all(hangul) {
        Some("ko")
    } else if nearly_all(han + kana) && kana * 10 > letters {
        Some("ja")
    } else if nearly_all(han) && kana == 0 && han >= CHINESE {
        Some("zh")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(html: &str, used: &[&str]) -> String {
        let mut html = html.to_owned();
        finish(&mut html, &used.iter().map(|name| (name.to_string(), 2)).collect(), None, false);
        html
    }

    #[test]
    fn headings_have_names() {
        assert_eq!(
            finished("<h2>What <code>it</code> costs!</h2>", &[]),
            "<h2 id=\"-what-it-costs\"><a href=\"#-what-it-costs\">What <code>it</code> costs!</a></h2>"
        );
        assert_eq!(finished("<h3>a</h3>", &["-a"]), "<h3 id=\"-a-3\"><a href=\"#-a-3\">a</a></h3>");
        assert_eq!(finished("<h3>?</h3>", &[]), "<h3 id=\"-section\"><a href=\"#-section\">?</a></h3>");
        assert_eq!(finished("<h3><a href=\"x\">y</a></h3>", &[]), "<h3 id=\"-y\"><a href=\"x\">y</a></h3>");
        assert_eq!(finished("<h2></h2>", &[]), "<h2 id=\"-section\"></h2>");
    }

    #[test]
    fn blocks_have_a_language_where_their_letters_tell_it() {
        for (text, language) in [
            ("日本語も大丈夫です。", Some("ja")),
            ("カタカナ", Some("ja")),
            ("한국어로 답합니다. OK", Some("ko")),
            ("这个答案是用中文写的，而且写得足够长。", Some("zh")),
            ("東京都庁舎", None),
            ("Tokyo is written 東京 in Japanese.", None),
            ("naïve été", None),
        ] {
            assert_eq!(super::language(&format!("<p>{text}</p>")), language, "{text}");
        }
        assert_eq!(finished("<p>ひらがな</p>", &[]), "<p lang=\"ja\">ひらがな</p>");
        assert_eq!(finished("<figure>ひらがな</figure>", &[]), "<figure>ひらがな</figure>");
    }

    #[test]
    fn wide_blocks_are_reached_by_keys() {
        let wide = |html: &str| {
            let mut html = html.to_owned();
            finish(&mut html, &Anchors::new(), None, true);
            html
        };
        assert_eq!(wide("<p>x</p>"), "<p tabindex=\"0\">x</p>");
        assert_eq!(wide("<div class=\"table\">x</div>"), "<div class=\"table\">x</div>");
    }

    #[test]
    fn blocks_have_a_direction() {
        assert_eq!(finished("<p>1. שלום x</p>", &[]), "<p dir=\"rtl\">1. שלום x</p>");
        assert_eq!(
            finished("<ol start=\"2\"><li>مرحبا</li></ol>", &[]),
            "<ol dir=\"rtl\" start=\"2\"><li>مرحبا</li></ol>"
        );
        assert_eq!(finished("<p>x שלום</p>", &[]), "<p>x שלום</p>");
        assert_eq!(finished("<p>日本 שלום</p>", &[]), "<p>日本 שלום</p>");
    }
}
