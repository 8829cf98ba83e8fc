//! The tail of a running answer: [`Chunk`]s that the store has besides the message, and how they become its text when
//! no process writes the answer any more.

/// A part of a running answer. Positions are byte offsets in the whole answer, so a chunk that is written twice, or
/// again as part of a longer one, adds its text once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    pub message_id: String,
    /// The highest event number that it covers.
    pub seq: u64,
    /// The offset of `text` in the answer; in a continued answer it counts from the start of the old text.
    pub text_at: u64,
    pub text: String,
    /// The offset of `reasoning` in the reasoning of the whole answer.
    pub reasoning_at: u64,
    pub reasoning: String,
    /// The events of this chunk that added something, oldest first. With them another process can serve a listener that
    /// comes from the writing process, from the listener's position on.
    pub marks: Vec<Mark>,
}

/// How long the answer was after the event `seq`, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub seq: u64,
    pub text_end: u64,
    pub reasoning_end: u64,
}

/// What is known, besides the store's data, of an answer whose writer is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub message_id: String,
    /// The process that wrote it.
    pub instance: String,
    /// Parts of its text; the store may have the text between them.
    pub chunks: Vec<Chunk>,
    /// The highest event number issued for it.
    pub seq: u64,
}

impl Recovered {
    /// A whole answer as one chunk.
    pub fn whole(message_id: &str, instance: &str, content: &str, reasoning: &str, seq: u64) -> Self {
        let chunk = Chunk {
            message_id: message_id.to_owned(),
            seq,
            text: content.to_owned(),
            reasoning: reasoning.to_owned(),
            ..Chunk::default()
        };
        let (message_id, instance) = (message_id.to_owned(), instance.to_owned());
        Self { message_id, instance, chunks: vec![chunk], seq }
    }

    /// The answer that the stored and the recovered parts make together: its text, its reasoning and its highest event
    /// number. It is never shorter than the stored one.
    pub(super) fn over(&self, content: &str, reasoning: &str, stored: &[Chunk]) -> (String, String, u64) {
        let (mut content, mut reasoning) = (content.to_owned(), reasoning.to_owned());
        let seq = fold(&mut content, &mut reasoning, stored).max(self.seq);
        // Folds the stored chunks again, because a recovered chunk may close a hole before them.
        fold(&mut content, &mut reasoning, stored.iter().chain(&self.chunks));
        (content, reasoning, seq)
    }
}

/// One run of the job that writes an answer. The first run has the answer's id, each continuation a new id, so that
/// nothing said of a failed run applies to a later one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    pub message_id: String,
    pub conversation_id: String,
    pub run: String,
}

/// Which orphans are meant: running answers that no process writes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans<'a> {
    /// The orphans of the named process, which is gone.
    Of(&'a str),
    /// One run of the process that has the store open, which does not write it after all. A later run of the same
    /// answer is left alone.
    Run(&'a Run),
    /// The answers of no known process. An SQLite store knows only the process that opened it.
    Ownerless,
}

/// Adds chunks to their answer, in the order of their offsets; answers the highest of their event numbers. The text
/// ends at the first hole, so it is a part that somebody saw and never one with a hole. A chunk that contradicts the
/// text before it adds nothing.
pub fn fold<'a>(
    content: &mut String,
    reasoning: &mut String,
    chunks: impl IntoIterator<Item = &'a Chunk>,
) -> u64 {
    let mut chunks: Vec<&Chunk> = chunks.into_iter().collect();
    chunks.sort_by_key(|chunk| chunk.text_at);
    for chunk in &chunks {
        append(content, chunk.text_at, &chunk.text);
    }
    chunks.sort_by_key(|chunk| chunk.reasoning_at);
    for chunk in &chunks {
        append(reasoning, chunk.reasoning_at, &chunk.reasoning);
    }
    chunks.iter().map(|chunk| chunk.seq).max().unwrap_or_default()
}

fn append(whole: &mut String, at: u64, more: &str) {
    let known = usize::try_from(at).ok().and_then(|at| whole.get(at..));
    if let Some(new) = known.and_then(|known| more.strip_prefix(known)) {
        whole.push_str(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(seq: u64, text_at: u64, text: &str) -> Chunk {
        Chunk { seq, text_at, text: text.to_owned(), ..Chunk::default() }
    }

    fn folded(content: &str, chunks: &[Chunk]) -> String {
        let mut content = content.to_owned();
        fold(&mut content, &mut String::new(), chunks);
        content
    }

    #[test]
    fn text_that_is_stored_twice_is_folded_once() {
        let chunks = [chunk(3, 0, "ab"), chunk(3, 0, "ab"), chunk(7, 0, "abö"), chunk(9, 2, "öc")];
        assert_eq!(folded("", &chunks), "aböc");
        assert_eq!(folded("old ", &[chunk(1, 4, "new"), chunk(2, 2, "d ")]), "old new");
    }

    #[test]
    fn a_hole_ends_the_text() {
        assert_eq!(folded("", &[chunk(1, 0, "ab"), chunk(5, 4, "ef")]), "ab");
        assert_eq!(folded("", &[chunk(1, 0, "ab"), chunk(5, 4, "ef"), chunk(6, 2, "cdef")]), "abcdef");
        assert_eq!(folded("ab", &[chunk(1, 1, "öx")]), "ab", "in the middle of a character");
        assert_eq!(folded("", &[chunk(1, u64::MAX, "x")]), "");
    }

    fn recovered(chunks: Vec<Chunk>) -> Recovered {
        Recovered { message_id: String::new(), instance: String::new(), chunks, seq: 5 }
    }

    #[test]
    fn a_chunk_that_contradicts_the_text_adds_nothing() {
        for (stored, found, whole) in [
            ("a", "ab", "ab"),
            ("ab", "ab", "ab"),
            ("b", "ab", "b"),
            ("abc", "ab", "abc"),
            ("ab", "aXcd", "ab"),
        ] {
            let found = recovered(vec![chunk(1, 0, found)]);
            assert_eq!(found.over(stored, "", &[]).0, whole, "{stored:?} {found:?}");
        }
    }

    #[test]
    fn recovered_and_stored_chunks_close_holes_of_each_other() {
        let found = recovered(vec![chunk(1, 0, "ab"), chunk(4, 6, "gh")]);
        assert_eq!(
            found.over("", "", &[chunk(2, 2, "cd"), chunk(9, 4, "ef")]),
            ("abcdefgh".into(), "".into(), 9)
        );
        assert_eq!(found.over("", "", &[chunk(2, 4, "ef")]).0, "ab");
        // If the recovered text skips a hole without saying so, the stored text counts.
        let found = recovered(vec![chunk(1, 0, "abEF")]);
        assert_eq!(found.over("", "", &[chunk(1, 0, "ab"), chunk(2, 2, "cd")]).0, "abcd");
        assert_eq!(found.over("", "", &[]).0, "abEF");
    }
}
