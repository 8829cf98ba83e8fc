//! [`is_clean`]: recognizes HTML that is exactly what the writer makes, so that only other HTML must be parsed and
//! cleaned, which takes twice as long as everything else together.
//!
//! It accepts or refuses and changes nothing, and it accepts less than is safe: each tag letter for letter, each
//! element in its place and closed, each character reference as a serializer writes it. So an HTML parser has nothing
//! to repair in it, and cleaning it would give the same bytes; tests prove that.

use super::allowed::{ACTS, CODE_BOX, DEPTH, TABLE_BOX, has_classes, is_start};
use super::{files, links};

/// The end of a link's tag, after its address and title.
const LINK_END: &str = "\" target=\"_blank\" rel=\"noopener noreferrer nofollow";

/// The deepest nesting, because HTML parsers limit it too.
const DEEPEST: usize = DEPTH + 8;

/// What an element may contain directly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Blocks and text.
    Flow,
    /// Text and phrasing elements, no blocks.
    Phrasing,
    /// Only these elements, and no text.
    Only(&'static [&'static str]),
    Nothing,
}

/// The elements that may stand among text.
const PHRASING: &[&str] =
    &["a", "b", "br", "code", "del", "em", "i", "img", "kbd", "mark", "span", "strong", "sub", "sup"];
const BLOCKS: &[&str] =
    &["blockquote", "details", "div", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "table", "ul"];

fn content(name: &str) -> Option<Content> {
    Some(match name {
        "blockquote" | "details" | "div" | "li" => Content::Flow,
        "a" | "b" | "code" | "del" | "em" | "h2" | "h3" | "h4" | "h5" | "h6" | "i" | "kbd" | "mark" | "p"
        | "span" | "strong" | "sub" | "summary" | "sup" | "td" | "th" | "button" => Content::Phrasing,
        "ul" | "ol" => Content::Only(&["li"]),
        "table" => Content::Only(&["thead", "tbody"]),
        "thead" | "tbody" => Content::Only(&["tr"]),
        "tr" => Content::Only(&["td", "th"]),
        "figure" => Content::Only(&["header", "pre"]),
        "header" => Content::Only(&["span", "label", "button"]),
        "pre" => Content::Only(&["code"]),
        "label" => Content::Phrasing,
        "br" | "hr" | "img" | "input" => Content::Nothing,
        _ => return None,
    })
}

/// Whether cleaning `html` would change nothing.
pub(super) fn is_clean(html: &str) -> bool {
    let mut open: Vec<Open> = Vec::new();
    let mut rest = html;
    loop {
        let (text, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        let kept = text.is_empty() || may_hold_text(&open) && is_text(text);
        if !kept {
            return false;
        }
        if tag.is_empty() {
            return open.is_empty();
        }
        let Some(end) = tag.find('>') else { return false };
        let inner = &tag[1..end];
        rest = &tag[end + 1..];
        let kept = match inner.strip_prefix('/') {
            Some(name) => open.pop().is_some_and(|open| open.name == name),
            None => begin(inner, &mut open),
        };
        if !kept || open.len() > DEEPEST {
            return false;
        }
    }
}

struct Open<'a> {
    name: &'a str,
    content: Content,
}

fn may_hold_text(open: &[Open<'_>]) -> bool {
    open.last().is_none_or(|open| matches!(open.content, Content::Flow | Content::Phrasing))
}

/// Opens an element, if it is allowed here.
fn begin<'a>(tag: &'a str, open: &mut Vec<Open<'a>>) -> bool {
    let (name, attributes) = tag.split_at(tag.find(' ').unwrap_or(tag.len()));
    let Some(content) = content(name) else { return false };
    let fits = match open.last() {
        None => PHRASING.contains(&name) || BLOCKS.contains(&name),
        Some(around) => match around.content {
            Content::Flow => {
                PHRASING.contains(&name)
                    || BLOCKS.contains(&name)
                    || matches!((name, around.name), ("summary", "details") | ("button", "div"))
            }
            Content::Phrasing => PHRASING.contains(&name) || (name, around.name) == ("input", "label"),
            Content::Only(names) => names.contains(&name),
            Content::Nothing => false,
        },
    };
    // A parser ends a link where another begins, and moves a formatting element within another of its name.
    let like = matches!(name, "a" | "b" | "code" | "em" | "i" | "strong")
        && open.iter().any(|open| open.name == name);
    let kept = fits && !like && has_form(name, attributes);
    if kept && content != Content::Nothing {
        open.push(Open { name, content });
    }
    kept
}

/// Whether text is written as a serializer writes it.
fn is_text(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '>', '\0', '\r', '\u{c}', '\u{a0}']) {
        let Some(reference) = ["&amp;", "&lt;", "&gt;"].iter().find(|name| rest[at..].starts_with(**name))
        else {
            return false;
        };
        rest = &rest[at + reference.len()..];
    }
    true
}

/// Whether the attributes of an element have the writer's wording and order.
fn has_form(name: &str, attributes: &str) -> bool {
    if attributes.is_empty() {
        return !matches!(name, "a" | "img" | "input");
    }
    let whole = attributes;
    let Some(attributes) = attributes.strip_suffix('"') else { return false };
    let part = |prefix: &str| attributes.strip_prefix(prefix).filter(|rest| !rest.contains('"'));
    match name {
        "a" => is_link(attributes),
        "ol" => part(" start=\"").is_some_and(is_start),
        "img" => {
            let Some((src, alt)) =
                attributes.strip_prefix(" src=\"").and_then(|rest| rest.split_once("\" alt=\""))
            else {
                return false;
            };
            links::is_raster(src) && is_value(alt)
        }
        "input" => {
            let classes = attributes.strip_prefix(" type=\"checkbox\" class=\"");
            attributes == " type=\"checkbox" || classes.is_some_and(|classes| has_classes(name, classes))
        }
        "button" => attributes.strip_prefix(" data-act=\"").is_some_and(|rest| {
            match rest.split_once("\" data-file=\"") {
                Some((act, file)) => ACTS.contains(&act) && files::is_name(file),
                None => ACTS.contains(&rest),
            }
        }),
        "pre" if whole == CODE_BOX => true,
        "div" if whole == TABLE_BOX => true,
        _ => part(" class=\"").is_some_and(|classes| has_classes(name, classes)),
    }
}

fn is_link(attributes: &str) -> bool {
    let Some(rest) = attributes.strip_prefix(" href=\"") else { return false };
    let Some(rest) = rest.strip_suffix(LINK_END) else { return false };
    // No value holds a quote, so each of these is the end of one.
    let (rest, host) =
        rest.split_once("\" data-host=\"").map_or((rest, None), |(rest, host)| (rest, Some(host)));
    let rest = rest.strip_suffix("\" class=\"picture").unwrap_or(rest);
    let (address, title) = rest.split_once("\" title=\"").unwrap_or((rest, ""));
    let plain = is_value(address) && !address.contains("&quot;");
    let url = links::address(&address.replace("&amp;", "&")).filter(|_| plain && is_value(title));
    url.is_some_and(|url| host.is_none_or(|host| links::host(&url) == Some(host)))
}

/// Whether the value of an attribute is written as a serializer writes it.
fn is_value(value: &str) -> bool {
    let mut rest = value;
    while let Some(at) = rest.find(|c: char| c.is_control() || matches!(c, '&' | '"' | '<' | '>' | '\u{a0}'))
    {
        let Some(reference) = ["&amp;", "&quot;"].iter().find(|name| rest[at..].starts_with(**name)) else {
            return false;
        };
        rest = &rest[at + reference.len()..];
    }
    true
}
