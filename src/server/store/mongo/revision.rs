//! The revision of a conversation says who changed it last, and what kind of change that was.

use crate::server::store::What;

const WORDS: [(What, &str); 4] =
    [(What::Begun, "begun"), (What::Ended, "ended"), (What::Title, "title"), (What::Tree, "tree")];

pub(super) fn word(what: What) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == what).map_or("tree", |(_, word)| word)
}

/// What a revision says, unless it is by `instance`. A word of a newer version is a change of something.
pub(super) fn foreign(revision: &str, instance: &str) -> Option<What> {
    let (writer, rest) = revision.split_once(':')?;
    let word = rest.split_once(':')?.1;
    let what = WORDS.iter().find(|(_, known)| *known == word).map_or(What::Tree, |(what, _)| *what);
    (writer != instance).then_some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_says_who_and_what() {
        for (what, word) in WORDS {
            assert_eq!(foreign(&format!("A:7:{word}"), "B"), Some(what));
            assert_eq!(foreign(&format!("A:7:{word}"), "A"), None);
        }
        assert_eq!(foreign("A:7:folder", "B"), Some(What::Tree));
        assert_eq!(foreign("", "B"), None);
    }
}
