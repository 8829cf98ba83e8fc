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
    ("a", &["picture"]),
    ("blockquote", &["note", "tip", "important", "warning", "caution"]),
    ("div", &["scroll", "table", "tools", "foot"]),
    ("figure", &["code"]),
    ("i", &["s", "c", "n", "t", "f", "h", "i", "d", "icon", "copy", "download", "fold", "wrap", "picture"]),
    ("input", &["fold", "wrap"]),
    ("p", &["raw", "label"]),
    ("pre", &["plain"]),
    ("span", &["box"]),
    ("td", &["center", "right"]),
    ("th", &["center", "right"]),
];

/// What a button asks a script to do: the values of its `data-act`.
pub(super) const ACTS: &[&str] = &["copy", "download", "copy-table", "csv"];

/// The attributes of a box that scrolls sideways: keys reach it, and it has a name. It is a group and no region, because
/// a long answer would fill the list of a page's landmarks with boxes of one name. Of a code block and of a table.
pub(super) const CODE_BOX: &str = " tabindex=\"0\" role=\"group\" aria-label=\"Code\"";
pub(super) const TABLE_BOX: &str = " class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"";

/// Whether a value may be the `start` of a list.
pub(super) fn is_start(value: &str) -> bool {
    value.len() < 10 && value.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an element may have these classes, with one space between them.
pub(super) fn has_classes(element: &str, classes: &str) -> bool {
    let known = CLASSES.iter().find(|(tag, _)| *tag == element);
    known.is_some_and(|(_, known)| classes.split(' ').all(|class| known.contains(&class)))
}
