//! The few tags of raw HTML that are read: phrasing elements in a line, and details. All of them without attributes.

/// The phrasing elements: name, opening tag, closing tag.
const MARKS: &[(&str, &str, &str)] = &[
    ("kbd", "<kbd>", "</kbd>"),
    ("mark", "<mark>", "</mark>"),
    ("sub", "<sub>", "</sub>"),
    ("sup", "<sup>", "</sup>"),
];

pub(super) const DETAILS: (&str, &str) = ("<details>", "</details>");

/// A tag in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inline {
    Break,
    Start(&'static str, &'static str),
    End(&'static str),
}

/// The tag, if it is one that is read.
pub(super) fn inline(html: &str) -> Option<Inline> {
    let name = html.strip_prefix('<')?.strip_suffix('>')?;
    let (name, ends) = name.strip_prefix('/').map_or((name, false), |name| (name, true));
    if !ends && name.trim_end_matches(['/', ' ']).eq_ignore_ascii_case("br") {
        return Some(Inline::Break);
    }
    let &(_, start, end) = MARKS.iter().find(|(mark, ..)| name.trim_end().eq_ignore_ascii_case(mark))?;
    Some(if ends { Inline::End(end) } else { Inline::Start(start, end) })
}

/// A part of an HTML block that is about details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Open,
    Summary(&'a str),
    Close,
    Text(&'a str),
}

const TAGS: &[&str] = &["<details>", "<details open>", "<summary>", "</details>"];

/// Whether an HTML block begins with a tag of details; all other HTML blocks are text.
pub(super) fn is_fold(html: &str) -> bool {
    let html = html.trim_start();
    TAGS.iter().any(|tag| starts(html, tag))
}

/// The parts of such a block.
pub(super) fn parts(html: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        if let Some(tag) = TAGS.iter().find(|tag| starts(rest, tag)) {
            let after = &rest[tag.len()..];
            match *tag {
                "</details>" => {
                    rest = after;
                    return Some(Part::Close);
                }
                "<summary>" => {
                    if let Some(end) = find(after, "</summary>") {
                        rest = &after[end + "</summary>".len()..];
                        return Some(Part::Summary(after[..end].trim()));
                    }
                }
                _ => {
                    rest = after;
                    return Some(Part::Open);
                }
            }
        }
        // Up to the next tag; the first character is not a tag's.
        let mut places = rest.match_indices('<').map(|(at, _)| at).filter(|&at| at > 0);
        let end = places.find(|&at| TAGS.iter().any(|tag| starts(&rest[at..], tag))).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text.trim_end()))
    })
}

/// The beginning of the comment that masks a line of such tags.
pub(super) const MASKED: &str = "<!--\u{1}";

/// What a line with nothing but such tags opens (`+`) and closes (`c`), in order.
pub(super) fn folds(line: &str) -> Option<String> {
    if !is_fold(line) {
        return None;
    }
    let part = |part| match part {
        Part::Open => Some("+"),
        Part::Close => Some("c"),
        Part::Summary(_) => Some(""),
        Part::Text(_) => None,
    };
    parts(line).map(part).collect()
}

/// How many details are open after an HTML block, if `open` were open before it.
pub(super) fn folds_after(html: &str, open: usize) -> usize {
    if let Some(folds) = html.trim_start().strip_prefix(MASKED) {
        return folds.bytes().fold(open, |open, fold| match fold {
            b'+' => open + 1,
            b'c' => open.saturating_sub(1),
            _ => open,
        });
    }
    if !is_fold(html) {
        return open;
    }
    parts(html).fold(open, |open, part| match part {
        Part::Open => open + 1,
        Part::Close => open.saturating_sub(1),
        Part::Summary(_) | Part::Text(_) => open,
    })
}

/// Whether a tag in a line ends details.
pub(super) fn is_fold_end(html: &str) -> bool {
    html.eq_ignore_ascii_case(DETAILS.1)
}

/// The text of a summary, without the phrasing elements in it, because a summary has a look of its own.
pub(super) fn said(summary: &str) -> String {
    let mut text = summary.to_owned();
    for name in ["b", "strong", "i", "em", "code", "u", "span"] {
        for tag in [format!("<{name}>"), format!("</{name}>")] {
            text = text.replace(&tag, "");
        }
    }
    for (name, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        text = text.replace(name, c);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn find(text: &str, tag: &str) -> Option<usize> {
    text.match_indices('<').map(|(at, _)| at).find(|&at| starts(&text[at..], tag))
}

/// Whether a text may contain such tags.
pub(super) fn is_in(text: &str) -> bool {
    ["<details", "<summary>", "</details>"].iter().any(|tag| find(text, tag).is_some())
}

fn starts(text: &str, tag: &str) -> bool {
    text.as_bytes().get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
}
