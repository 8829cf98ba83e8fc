//! The tail of a running answer: [`Chunk`]s on their way to the message, and what becomes of them when
//! nobody writes on.

/// More of a running answer. Places are bytes of the whole answer, so a chunk that was written twice, or
/// again as a part of a longer one, adds its text once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    pub message_id: String,
    /// The highest event number that it covers.
    pub seq: u64,
    /// Where `text` begins in the answer; a continued answer counts from the start of its old text.
    pub text_at: u64,
    pub text: String,
    /// The same for what a reasoning model thinks.
    pub reasoning_at: u64,
    pub reasoning: String,
    /// The events of this chunk that added something, oldest first. A listener that comes from the
    /// process that writes the answer to another one is given the rest from its place on.
    pub marks: Vec<Mark>,
}

/// How far the answer went with the event `seq`, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub seq: u64,
    pub text_end: u64,
    pub reasoning_end: u64,
}

/// What is known of an answer whose writer is gone, beyond what the store has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub message_id: String,
    /// The process that wrote it.
    pub instance: String,
    /// Its text, in parts; what lies between them is perhaps in the store.
    pub chunks: Vec<Chunk>,
    /// The highest event number given out for it.
    pub seq: u64,
}

impl Recovered {
    /// All of an answer.
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

    /// The answer that comes of this and of what the store has: its text, reasoning and highest number.
    /// It is never less than the store's own.
    pub(super) fn over(&self, content: &str, reasoning: &str, stored: &[Chunk]) -> (String, String, u64) {
        let (mut content, mut reasoning) = (content.to_owned(), reasoning.to_owned());
        let seq = fold(&mut content, &mut reasoning, stored).max(self.seq);
        // The stored ones again: a recovered part may close a hole before them.
        fold(&mut content, &mut reasoning, stored.iter().chain(&self.chunks));
        (content, reasoning, seq)
    }
}

/// One time that an answer is written. A turn's answer has the run of its own id, each continuation a new one: so
/// what is said of a try that failed is not said of the next one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    pub message_id: String,
    pub conversation_id: String,
    pub run: String,
}

/// Which running answers nobody writes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans<'a> {
    /// Those of this process, which is gone.
    Of(&'a str),
    /// This run of this process, which does not write it after all. A later run of the same answer is left alone.
    Run(&'a Run),
    /// Those of no known process. An SQLite store knows only the one that opened it.
    Ownerless,
}

/// Adds the chunks to the answer that they belong to, by where they begin; the highest of their numbers.
/// What is not there up to where a chunk begins ends the text: a part that was seen, never one with a
/// hole. A chunk that does not agree with what is there already adds nothing.
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
    fn what_is_there_twice_is_folded_once() {
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
    fn only_what_agrees_is_added() {
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
    fn what_is_recovered_and_what_is_stored_close_the_holes_of_each_other() {
        let found = recovered(vec![chunk(1, 0, "ab"), chunk(4, 6, "gh")]);
        assert_eq!(
            found.over("", "", &[chunk(2, 2, "cd"), chunk(9, 4, "ef")]),
            ("abcdefgh".into(), "".into(), 9)
        );
        assert_eq!(found.over("", "", &[chunk(2, 4, "ef")]).0, "ab");
        // Of a hole that was not noted, what the store has is right.
        let found = recovered(vec![chunk(1, 0, "abEF")]);
        assert_eq!(found.over("", "", &[chunk(1, 0, "ab"), chunk(2, 2, "cd")]).0, "abcd");
        assert_eq!(found.over("", "", &[]).0, "abEF");
    }
}
