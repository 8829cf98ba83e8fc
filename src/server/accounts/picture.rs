//! A person's picture: which initial one may choose, and what stands there for somebody who chose none.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    domain::{Picture, PictureColour, Reason, Room, User},
    error::AppError,
};

/// The longest emoji has ten characters: two people of two skin colours who kiss.
const MAX_CHARS: usize = 10;

/// The picture of a person.
pub fn of(user: &User) -> Picture {
    let preferences = &user.preferences;
    let of_name = || first_letter(&user.name);
    Picture {
        initial: preferences.picture_initial.clone().unwrap_or_else(of_name),
        colour: preferences.picture_colour.unwrap_or_else(|| PictureColour::of_id(&user.id)),
    }
}

/// The picture of somebody of whom nothing is known but the name and the id, and of a room that chose none.
pub fn made_of(name: &str, id: &str) -> Picture {
    Picture { initial: first_letter(name), colour: PictureColour::of_id(id) }
}

/// The picture of a room.
pub fn of_room(room: &Room) -> Picture {
    let made = made_of(&room.name, &room.id);
    Picture {
        initial: room.settings.initial.clone().unwrap_or(made.initial),
        colour: room.settings.colour.unwrap_or(made.colour),
    }
}

/// The first letter of a name that can be seen, in upper case.
fn first_letter(name: &str) -> String {
    let first = name.graphemes(true).find(|letter| letter.chars().count() <= MAX_CHARS && is_shown(letter));
    first.map(str::to_uppercase).unwrap_or_default()
}

/// The initial as it is stored; `None` for an empty one.
///
/// # Errors
///
/// [`AppError::Invalid`] of `field`: it is neither one or two letters nor a single sign, or it cannot be seen.
pub fn valid_initial(field: &str, text: &str) -> Result<Option<String>, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || AppError::invalid(field, Reason::new("picture-initial-not-valid"));
    // A character has at most four bytes, so that a long text is not looked through.
    if text.len() > MAX_CHARS * 4 {
        return Err(refused());
    }
    let text: String = text.nfc().collect();
    let signs: Vec<&str> = text.graphemes(true).collect();
    let is_letter = |sign: &&str| sign.chars().next().is_some_and(char::is_alphanumeric);
    let fits = match signs.len() {
        1 => true,
        2 => signs.iter().all(is_letter),
        _ => false,
    };
    let taken = fits && text.chars().count() <= MAX_CHARS && signs.iter().all(|sign| is_shown(sign));
    if taken { Ok(Some(text)) } else { Err(refused()) }
}

/// Whether a sign can be seen, and has nothing in it that acts on the text around it. Emoji are joined by characters that
/// cannot be seen themselves.
fn is_shown(sign: &str) -> bool {
    let mut chars = sign.chars();
    let Some(first) = chars.next() else { return false };
    let joins = |c: char| !first.is_alphabetic() && matches!(c, '\u{200d}' | '\u{e0020}'..='\u{e007f}');
    let begins = !first.is_whitespace() && !is_combining_mark(first) && !is_hidden(first);
    begins && chars.all(|c| c == '\u{fe0f}' || joins(c) || !c.is_whitespace() && !is_hidden(c))
}

/// What Unicode calls controls, ignorable and private, and the two blanks that are no white space.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{10ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_initial_is_one_or_two_letters_or_a_single_sign() {
        for (typed, kept) in [
            (" A ", "A"),
            ("ab", "ab"),
            ("A1", "A1"),
            ("e\u{301}", "\u{e9}"),
            ("林", "林"),
            ("小明", "小明"),
            ("★", "★"),
            ("🦊", "🦊"),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("👨\u{200d}👩\u{200d}👧\u{200d}👦", "👨\u{200d}👩\u{200d}👧\u{200d}👦"),
            ("🇨🇳", "🇨🇳"),
        ] {
            assert_eq!(valid_initial("x", typed), Ok(Some(kept.to_owned())), "{typed:?}");
        }
        assert_eq!(valid_initial("x", " \t"), Ok(None));
        let stacked = format!("a{}", "\u{35c}".repeat(12));
        for bad in [
            "abc",
            "🦊🦊",
            "A🦊",
            "a\0",
            "\0",
            "a\nb",
            "\u{202e}",
            "\u{202e}a",
            "a\u{202e}",
            "\u{2066}a",
            "a\u{200d}",
            "\u{200b}",
            "\u{301}",
            "\u{3164}",
            "\u{2800}",
            "\u{feff}",
            "\u{e000}",
            "\u{e0041}",
            "a b",
            "--",
            &stacked,
            &"x".repeat(1_000_000),
        ] {
            let refused = valid_initial("x", bad);
            assert!(matches!(&refused, Err(AppError::Invalid { field, .. }) if field == "x"), "{refused:?}");
        }
    }

    #[test]
    fn a_name_begins_with_what_can_be_seen() {
        for (name, letter) in
            [("lin", "L"), ("林", "林"), ("\u{202e}\u{200b} eve", "E"), ("e\u{301}a", "E\u{301}"), ("", "")]
        {
            assert_eq!(first_letter(name), letter, "{name:?}");
        }
    }
}
