//! [`checked`]: MathML with listed elements and attributes only, and without styles.

use std::borrow::Cow;
use std::fmt::Write;

use super::{BOX_STYLE, DEPTH, ELEMENTS};

/// The widest space, in em.
const WIDEST: f32 = 20.0;

/// The text without marks that change the direction of the text around it.
pub(super) fn unhidden(text: &str) -> Cow<'_, str> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(turns) { text.replace(turns, "").into() } else { text.into() }
}

const ELEMENT_NAMES: &[&str] = &[
    "annotation",
    "math",
    "menclose",
    "merror",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
    "semantics",
];

/// The attributes that are kept, if their values consist of letters, digits and little else.
const ATTRIBUTES: &[&str] = &[
    "accent",
    "accentunder",
    "columnspan",
    "display",
    "displaystyle",
    "encoding",
    "form",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "notation",
    "rspace",
    "scriptlevel",
    "stretchy",
    "symmetric",
    "width",
];

/// The classes that declarations of style attributes become.
const CLASSES: &[(&str, &str)] = &[
    ("text-align:left", "l"),
    ("text-align:right", "r"),
    ("padding-left:0", "y"),
    ("padding-right:0", "x"),
    ("padding-left:1em", "z"),
    ("border-top:", "t"),
    ("border-bottom:", "b"),
    ("border-right:", "e"),
    ("border-left:", "w"),
    ("margin-left:-0.", "n"),
];

/// The MathML and the number of its elements; `None` if it contains anything that is not listed.
pub(super) fn checked(math: &str) -> Option<(String, usize)> {
    let mut out = String::with_capacity(math.len());
    let (mut depth, mut elements) = (0usize, 0);
    let mut rest = math;
    while let Some(at) = rest.find('<') {
        out.push_str(&unhidden(&rest[..at]));
        let (tag, after) = rest[at + 1..].split_once('>')?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            ELEMENT_NAMES.contains(&name).then_some(())?;
            depth = depth.checked_sub(1)?;
            let _ = write!(out, "</{name}>");
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        ELEMENT_NAMES.contains(&name).then_some(())?;
        elements += 1;
        depth += usize::from(!empty);
        if depth > 2 * DEPTH || elements > ELEMENTS {
            return None;
        }
        out.push('<');
        out.push_str(name);
        write_attributes(attributes, &mut out)?;
        out.push_str(if empty { "/>" } else { ">" });
    }
    (depth == 0 && rest.is_empty()).then_some((out, elements))
}

fn write_attributes(attributes: &str, out: &mut String) -> Option<()> {
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        rest = after.trim_start();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '%' | ' ' | '/' | '#');
        if name == "style" {
            write_style(value, out);
        } else if ATTRIBUTES.contains(&name) && value.chars().all(plain) && value.len() < 60 {
            let _ = write!(out, " {name}=\"{}\"", narrow(value));
        }
    }
    Some(())
}

fn write_style(style: &str, out: &mut String) {
    let mut classes = Vec::new();
    for declaration in style.split(';') {
        let declaration = declaration.replace(": ", ":");
        if declaration.trim().eq_ignore_ascii_case(BOX_STYLE) {
            classes.push("box");
        } else if let Some(colour) = declaration.trim().strip_prefix("color:#")
            && colour.len() <= 8
            && colour.bytes().all(|b| b.is_ascii_hexdigit())
        {
            let _ = write!(out, " mathcolor=\"#{colour}\"");
        }
        let class = CLASSES.iter().find(|(start, _)| {
            let exact = start.ends_with(['0', 'm', 't']);
            if exact { declaration.trim() == *start } else { declaration.trim().starts_with(start) }
        });
        classes.extend(class.map(|(_, class)| *class));
    }
    if !classes.is_empty() {
        let _ = write!(out, " class=\"{}\"", classes.join(" "));
    }
}

/// A length within limits, so that nothing is pushed out of sight.
fn narrow(value: &str) -> Cow<'_, str> {
    let length = value.strip_suffix("em").and_then(|number| number.parse::<f32>().ok());
    match length {
        Some(length) if length.abs() > WIDEST => Cow::Owned(format!("{}em", WIDEST.copysign(length))),
        _ => Cow::Borrowed(value),
    }
}
