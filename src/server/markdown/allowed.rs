//! The elements, attributes and classes that an answer may consist of: the writer makes no others, and the sanitizer
//! lets no others pass.

/// Elements nested deeper are left out and their text is kept, because the sanitizer is quadratic in depth.
pub(super) const DEPTH: usize = 90;

/// The elements.
pub(super) const TAGS: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "button",
    "code",
    "del",
    "details",
    "div",
    "em",
    "figure",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "input",
    "kbd",
    "label",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// The classes that each element may have.
pub(super) const CLASSES: &[(&str, &[&str])] = &[
    ("blockquote", &["note", "tip", "important", "warning", "caution"]),
    ("div", &["scroll", "foot"]),
    ("figure", &["code"]),
    ("i", &["s", "c", "n", "t", "f", "h", "i", "d"]),
    ("input", &["fold"]),
    ("p", &["raw", "label"]),
    ("pre", &["plain"]),
    ("span", &["box"]),
    ("td", &["center", "right"]),
    ("th", &["center", "right"]),
];

/// Whether a value may be the `start` of a list.
pub(super) fn is_start(value: &str) -> bool {
    value.len() < 10 && value.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an element may have this class.
pub(super) fn has_class(element: &str, class: &str) -> bool {
    CLASSES.iter().any(|(tag, classes)| *tag == element && classes.contains(&class))
}
