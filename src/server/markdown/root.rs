//! [`finish`]: gives the root element of a sanitized block its attributes: a heading its name, a block of
//! right-to-left text its direction.

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
/// among `used`.
pub(super) fn finish(html: &mut String, used: &Anchors, keeps: Option<&str>) -> Option<Anchor> {
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
    if is_right_to_left(html) {
        attributes.push_str(" dir=\"rtl\"");
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
    if html.is_ascii() || html.starts_with("<figure") || html.starts_with("<pre") {
        return false;
    }
    let letter = shown(html).find(|c| c.is_alphabetic());
    letter.is_some_and(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(html: &str, used: &[&str]) -> String {
        let mut html = html.to_owned();
        finish(&mut html, &used.iter().map(|name| (name.to_string(), 2)).collect(), None);
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
