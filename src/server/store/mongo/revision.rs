//! The revision of a conversation: which process changed it last, and what kind of change that was.

use crate::server::store::ChangeKind;

const WORDS: [(ChangeKind, &str); 6] = [
    (ChangeKind::Begun, "begun"),
    (ChangeKind::Ended, "ended"),
    (ChangeKind::Title, "title"),
    (ChangeKind::Tree, "tree"),
    (ChangeKind::Queue, "queue"),
    (ChangeKind::Members, "members"),
];

pub(super) fn word(kind: ChangeKind) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == kind).map_or("tree", |(_, word)| word)
}

/// The kind of change in a revision, unless the change was made by `instance`. An unknown kind, of a newer version,
/// counts as a change of the tree.
pub(super) fn foreign(revision: &str, instance: &str) -> Option<ChangeKind> {
    let (writer, rest) = revision.split_once(':')?;
    let word = rest.split_once(':')?.1;
    let kind = WORDS.iter().find(|(_, known)| *known == word).map_or(ChangeKind::Tree, |(kind, _)| *kind);
    (writer != instance).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_names_the_process_and_the_kind_of_change() {
        for (kind, word) in WORDS {
            assert_eq!(foreign(&format!("A:7:{word}"), "B"), Some(kind));
            assert_eq!(foreign(&format!("A:7:{word}"), "A"), None);
        }
        assert_eq!(foreign("A:7:folder", "B"), Some(ChangeKind::Tree));
        assert_eq!(foreign("", "B"), None);
    }
}
