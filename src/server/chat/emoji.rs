//! What a reaction may be: one emoji that Unicode knows.

use crate::{domain::Reason, error::AppError};

/// What is offered for a reaction without looking further.
pub const USUAL: [&str; 6] = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
/// No emoji is longer, in bytes.
const MAX_BYTES: usize = 64;

/// The emoji in the form in which Unicode shows it, so that two ways to write it are one.
///
/// # Errors
///
/// [`AppError::Invalid`] of `emoji`: it is no emoji, or several.
pub(super) fn valid_emoji(typed: &str) -> Result<&'static str, AppError> {
    let typed = typed.trim();
    let known = Some(typed).filter(|typed| typed.len() <= MAX_BYTES).and_then(emojis::get);
    known.map(emojis::Emoji::as_str).ok_or_else(|| AppError::invalid("emoji", Reason::new("emoji-not-one")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_taken_and_nothing_else() {
        for typed in [" 👍 ", "👍🏽", "🇨🇳", "👨\u{200d}👩\u{200d}👧\u{200d}👦", "1\u{fe0f}\u{20e3}", "❤️"]
        {
            assert_eq!(valid_emoji(typed).unwrap(), typed.trim(), "{typed:?}");
        }
        assert_eq!(valid_emoji("❤").unwrap(), "❤️", "one form of two");
        for usual in USUAL {
            assert_eq!(valid_emoji(usual).unwrap(), usual);
        }
        let long = "👍".repeat(10_000);
        for typed in
            ["", "a", "👍👍", "👍a", "1", "<b>", "\u{200d}", "\u{202e}", "👍\u{200d}👍", ":smile:", &long]
        {
            assert!(valid_emoji(typed).is_err(), "{typed:?}");
        }
    }
}
