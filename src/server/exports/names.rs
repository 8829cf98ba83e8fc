//! Names of files in an archive, which every system can unpack.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// The longest name without its ending, in characters and in bytes: systems allow 255 bytes.
const MAX_CHARS: usize = 80;
const MAX_BYTES: usize = 200;

/// What Windows takes for a device, with any ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The names that an archive has so far, each with the last number that was tried behind it, so that a thousand equal titles
/// do not try each other's numbers.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, u32>);

impl Names {
    /// The name of a file in `folder` for what people call `title`, with its ending. No two names differ in case alone.
    pub(super) fn of(&mut self, folder: &str, title: &str, otherwise: &str, ending: &str) -> String {
        let name = safe(title).or_else(|| safe(otherwise)).unwrap_or_else(|| "_".to_owned());
        let plain = format!("{folder}{name}{ending}");
        let key = plain.to_lowercase();
        let Some(last) = self.0.get(&key).copied() else {
            self.0.insert(key, 1);
            return plain;
        };
        let mut number = last;
        let path = loop {
            number = number.saturating_add(1);
            let path = format!("{folder}{name} ({number}){ending}");
            if !self.0.contains_key(&path.to_lowercase()) {
                break path;
            }
        };
        self.0.insert(path.to_lowercase(), 1);
        self.0.insert(key, number);
        path
    }
}

/// A title as the name of a file; `None` where nothing of it is left.
fn safe(title: &str) -> Option<String> {
    let plain = |sign: char| match sign {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => ' ',
        // Marks that turn the direction of a text could make a name look like another one.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => ' ',
        sign if sign.is_control() || sign.is_whitespace() => ' ',
        sign => sign,
    };
    let title: String = title.chars().take(4 * MAX_CHARS).map(plain).nfc().collect();
    let words: Vec<&str> = title.split_whitespace().collect();
    let mut name: String = words.join(" ").chars().take(MAX_CHARS).collect();
    name.truncate(name.floor_char_boundary(MAX_BYTES));
    // Windows drops dots and blanks at the end; one at the beginning hides a file elsewhere.
    let name = name.trim_matches(|sign: char| sign == '.' || sign == ' ');
    if name.is_empty() {
        return None;
    }
    let stem = name.split('.').next().unwrap_or(name).trim().to_lowercase();
    let port = |kind: &str| {
        stem.strip_prefix(kind).is_some_and(|rest| {
            let mut rest = rest.chars();
            rest.next().is_some_and(|sign| matches!(sign, '0'..='9' | '¹' | '²' | '³'))
                && rest.next().is_none()
        })
    };
    let is_device = DEVICES.contains(&&*stem) || port("com") || port("lpt");
    Some(if is_device { format!("_{name}") } else { name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_every_system_takes() {
        for (title, name) in [
            ("Plain", "Plain"),
            ("../../etc/passwd", "etc passwd"),
            ("..\\..\\windows\\system32", "windows system32"),
            ("C:\\x", "C x"),
            ("/absolute", "absolute"),
            ("a\0b\nc\u{202e}txt", "a b c txt"),
            ("What? \"This\" <b>|*", "What This b"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            ("com1 ", "_com1"),
            ("LPT¹.x", "_LPT¹.x"),
            ("Conrad", "Conrad"),
            ("company", "company"),
            (" .hidden. ", "hidden"),
            ("早上好／你好", "早上好／你好"),
            ("e\u{301}", "é"),
        ] {
            assert_eq!(safe(title).as_deref(), Some(name), "{title:?}");
        }
        for empty in ["", " ", "...", "///", "\u{0}", ". ."] {
            assert_eq!(safe(empty), None, "{empty:?}");
        }
        for long in ["x".repeat(5000), "长".repeat(500), "👩‍👩‍👧".repeat(300)] {
            let name = safe(&long).unwrap();
            assert!(name.len() <= MAX_BYTES && name.chars().count() <= MAX_CHARS, "{name}");
        }
    }

    #[test]
    fn no_two_names_are_the_same_for_any_system() {
        let mut names = Names::default();
        let all: Vec<String> = ["Trip", "trip", "Trip (2)", "", "", "TRIP"]
            .iter()
            .map(|title| names.of("a/", title, "Untitled", ".md"))
            .collect();
        let expected = [
            "a/Trip.md",
            "a/trip (2).md",
            "a/Trip (2) (2).md",
            "a/Untitled.md",
            "a/Untitled (2).md",
            "a/TRIP (3).md",
        ];
        assert_eq!(all, expected);
        assert_eq!(names.of("b/", "Trip", "", ".md"), "b/Trip.md");
        // The last number of a name is known, so that this does not count up to it each time.
        let last = (0..100_000).map(|_| names.of("c/", "Trip", "", ".md")).last();
        assert_eq!(last.as_deref(), Some("c/Trip (100000).md"));
    }
}
