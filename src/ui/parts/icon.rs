//! [`Icon`]: an icon by its name. The style sheet draws it, so that no page carries the drawing.

use leptos::prelude::*;

/// The names of all icons, which are their classes in `style/icons.css`.
const NAMES: [&str; 46] = [
    "again",
    "archive",
    "arrow-down",
    "bin",
    "brain",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "clock",
    "close",
    "copy",
    "download",
    "drag",
    "edit",
    "external",
    "eye",
    "flame",
    "fold",
    "fork",
    "ghost",
    "keyboard",
    "leave",
    "list",
    "moon",
    "more",
    "offline",
    "people",
    "picture",
    "pin",
    "play",
    "plus",
    "quote",
    "search",
    "settings",
    "shield",
    "side",
    "square",
    "star",
    "star-filled",
    "sun",
    "table",
    "undo",
    "up",
    "warning",
    "wrap",
];

/// One of [`NAMES`]. The element around the icon has the label.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    debug_assert!(NAMES.contains(&name), "there is no icon {name}");
    view! { <i class=format!("icon {name}")></i> }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::NAMES;

    #[test]
    fn each_name_is_drawn_and_each_drawing_has_a_name() {
        let sheet = include_str!("../../../style/icons.css");
        let drawn: BTreeSet<&str> =
            sheet.lines().filter_map(|line| line.strip_prefix(".icon.")?.strip_suffix(" {")).collect();
        assert_eq!(drawn, BTreeSet::from(NAMES));
        let shape = |line: &&str| line.contains("--shape: url(");
        assert_eq!(sheet.lines().filter(shape).count(), NAMES.len());
    }
}
