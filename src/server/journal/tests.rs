//! A journal in a folder of its own, killed by being dropped.

use std::sync::atomic::AtomicU8;

use crate::server::store::Chunk;

use super::*;

fn open(root: &Path, instance: &str) -> (Journal, Vec<Leftover>) {
    Journal::open(root, instance).unwrap()
}

fn files(dir: &Path) -> Vec<(String, u64)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().len()))
        .filter(|(name, _)| name != LOCK)
        .collect();
    files.sort();
    files
}

fn part(text_at: u64, text: &str, reasoning_at: u64, reasoning: &str) -> Chunk {
    Chunk { text_at, text: text.into(), reasoning_at, reasoning: reasoning.into(), ..Chunk::default() }
}

/// The text of an answer without gaps.
fn text_of(seen: &RecoveredAnswer) -> &str {
    match &seen.chunks[..] {
        [] => "",
        [chunk] => &chunk.text,
        chunks => panic!("{chunks:?}"),
    }
}

/// The answers in the folders of dead processes.
fn left(root: &Path) -> Vec<RecoveredAnswer> {
    leftover::find(root).into_iter().flat_map(|mut leftover| std::mem::take(&mut leftover.answers)).collect()
}

async fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it did not come to that");
}

#[tokio::test]
async fn what_was_appended_is_found_after_the_process_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let (journal, leftovers) = open(root.path(), "one");
    assert!(leftovers.is_empty());
    let first = journal.begin("m1", "", "");
    let second = journal.begin("m2", "so far ", "thought");
    first.append(3, "a \"b\"\n", "").await.unwrap();
    second.append(9, "and more", "").await.unwrap();
    first.append(4, "c", "hm 😀").await.unwrap();
    // A folder is not taken while its process lives.
    assert!(open(root.path(), "two").1.is_empty());
    drop(journal);

    let (_, mut leftovers) = open(root.path(), "three");
    leftovers.retain(|leftover| !leftover.answers.is_empty());
    let mut answers = leftovers.remove(0).answers;
    answers.sort_by(|a, b| a.message_id.cmp(&b.message_id));
    let seen = |message_id: &str, content: &str, reasoning: &str, seq| RecoveredAnswer {
        message_id: message_id.into(),
        chunks: vec![part(0, content, 0, reasoning)],
        seq,
    };
    assert_eq!(answers, [seen("m1", "a \"b\"\nc", "hm 😀", 4), seen("m2", "so far and more", "thought", 9)]);
    assert!(first.append(5, "late", "").await.is_err());
}

#[tokio::test]
async fn a_line_that_was_cut_off_hides_nothing_before_it() {
    let root = tempfile::tempdir().unwrap();
    let (journal, _) = open(root.path(), "one");
    journal.begin("m", "", "").append(1, "whole", "").await.unwrap();
    drop(journal);
    let file = root.path().join("one/0000000000.jsonl");
    let text = fs::read(&file).unwrap();
    for cut in 0..text.len() {
        fs::write(&file, &text[..cut]).unwrap();
        let leftovers = leftover::find(root.path());
        let content: Vec<&str> = leftovers[0].answers.iter().map(text_of).collect();
        assert!(content == ["whole"] || content == [""] || content.is_empty(), "{cut}: {content:?}");
        assert!(cut + 1 < text.len() || content == ["whole"]);
    }
}

#[tokio::test]
async fn what_is_stored_takes_no_room() {
    let root = tempfile::tempdir().unwrap();
    let (journal, _) = open(root.path(), "one");
    let dir = root.path().join("one");
    let long = "x".repeat(1 << 20);
    let (one, other) = (journal.begin("m1", "", ""), journal.begin("m2", "", ""));
    for seq in 0..20 {
        one.append(seq, &long, "").await.unwrap();
    }
    other.append(1, "short", "").await.unwrap();
    assert_eq!(files(&dir).len(), 3);
    one.stored();
    // The second file has the last records of one answer, the first its beginning.
    until(|| files(&dir).len() == 2).await;
    other.stored();
    until(|| files(&dir).iter().map(|(_, bytes)| bytes).sum::<u64>() == 0).await;
    journal.begin("m3", "", "").append(1, "goes on", "").await.unwrap();
    drop(journal);
    let leftovers = leftover::find(root.path());
    assert_eq!(leftovers[0].answers.iter().filter(|seen| text_of(seen) == "goes on").count(), 1);
    leftovers.into_iter().for_each(Leftover::remove);
    assert!(!dir.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_answers_at_once_keep_their_texts_apart() {
    let root = tempfile::tempdir().unwrap();
    let (journal, _) = open(root.path(), "one");
    let writers = (0..50).map(|answer| {
        let entry = journal.begin(&format!("m{answer}"), "", "");
        tokio::spawn(async move {
            for seq in 0..40 {
                entry.append(seq, &format!("{answer}:{seq} "), "").await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(journal);
    let leftovers = leftover::find(root.path());
    assert_eq!(leftovers[0].answers.len(), 50);
    for seen in &leftovers[0].answers {
        let answer = &seen.message_id[1..];
        let whole: String = (0..40).map(|seq| format!("{answer}:{seq} ")).collect();
        assert_eq!(text_of(seen), whole);
    }
}

const WORKS: u8 = 0;
const FAILS: u8 = 1;
const PANICS: u8 = 2;

/// A journal with a disk that fails as the number says.
fn faulty(root: &Path) -> (Journal, Arc<AtomicU8>) {
    struct Faulty(Segments, Arc<AtomicU8>);
    impl Sink for Faulty {
        fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()> {
            match self.1.load(Ordering::Relaxed) {
                FAILS => Err(io::ErrorKind::StorageFull.into()),
                PANICS => panic!("as told"),
                _ => self.0.append(bytes, touched),
            }
        }
        fn end(&mut self, answers: &[u32]) {
            self.0.end(answers);
        }
    }
    let (dir, state) = (root.join("faulty"), Arc::<AtomicU8>::default());
    disk::make_dir(&dir).unwrap();
    let lock = disk::private().create(true).append(true).open(dir.join(LOCK)).unwrap();
    lock.try_lock().unwrap();
    let sink = Faulty(Segments::new(dir.clone()).unwrap(), state.clone());
    (Journal::start(dir, lock, sink).unwrap(), state)
}

#[tokio::test]
async fn what_could_not_be_written_leaves_a_hole_that_is_seen() {
    let root = tempfile::tempdir().unwrap();
    let (journal, disk) = faulty(root.path());
    let entry = journal.begin("m", "old ", "");
    entry.append(1, "one ", "hm").await.unwrap();
    disk.store(FAILS, Ordering::Relaxed);
    entry.append(2, "two ", "h").await.unwrap_err();
    entry.append(3, "three ", "").await.unwrap_err();
    disk.store(WORKS, Ordering::Relaxed);
    entry.append(5, "four ", "m!").await.unwrap();
    entry.append(6, "five", "").await.unwrap();
    drop(journal);
    let seen = RecoveredAnswer {
        message_id: "m".into(),
        chunks: vec![part(0, "old one ", 0, "hm"), part(18, "four five", 3, "m!")],
        seq: 6,
    };
    assert_eq!(left(root.path()), [seen]);
}

/// The first record of an answer is lost, and the later ones are found all the same.
#[tokio::test]
async fn no_record_needs_another_one() {
    let root = tempfile::tempdir().unwrap();
    let (journal, disk) = faulty(root.path());
    disk.store(FAILS, Ordering::Relaxed);
    let entry = journal.begin("m", "", "");
    entry.append(1, "lost ", "").await.unwrap_err();
    disk.store(WORKS, Ordering::Relaxed);
    entry.append(2, "kept", "").await.unwrap();
    drop(journal);
    assert_eq!(
        left(root.path()),
        [RecoveredAnswer { message_id: "m".into(), chunks: vec![part(5, "kept", 0, "")], seq: 2 }]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_thread_that_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let (journal, disk) = faulty(root.path());
    let entry = journal.begin("m", "", "");
    entry.append(1, "safe", "").await.unwrap();
    disk.store(PANICS, Ordering::Relaxed);
    let patience = std::time::Duration::from_secs(10);
    let waiting = (0..20).map(|seq| tokio::time::timeout(patience, entry.append(seq, "lost", "")));
    for answer in futures::future::join_all(waiting).await {
        answer.expect("it is answered").unwrap_err();
    }
    tokio::time::timeout(patience, entry.append(3, "late", "")).await.expect("it is answered").unwrap_err();
    entry.stored();
    journal.close();
}

/// A write meets a size limit in the middle of a record.
#[test]
fn half_a_record_hides_nothing_after_it() {
    let root = tempfile::tempdir().unwrap();
    let mut segments = Segments::new(root.path().to_owned()).unwrap();
    let line = |seq| {
        let mut line = Vec::new();
        Record { seq, message_id: Some("m".into()), text: "x".into(), ..Record::default() }.write(&mut line);
        line
    };
    segments.append(&line(1), &[0]).unwrap();
    segments.tear(&line(2)[..9]);
    segments.append(&line(3), &[0]).unwrap();
    let text = fs::read(root.path().join("0000000000.jsonl")).unwrap();
    assert_eq!(text, [line(1), line(3)].concat());
}

#[cfg(unix)]
#[tokio::test]
async fn text_is_not_safe_in_a_file_that_was_deleted() {
    let root = tempfile::tempdir().unwrap();
    let (journal, _) = open(root.path(), "one");
    let entry = journal.begin("m", "", "");
    entry.append(1, "safe", "").await.unwrap();
    fs::remove_dir_all(root.path()).unwrap();
    entry.append(2, "not safe", "").await.unwrap_err();
}

#[cfg(unix)]
#[test]
fn folders_and_files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let journal_dir = root.path().join("journal");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // As an earlier version left its files.
    let old = journal_dir.join("old");
    fs::create_dir_all(&old).unwrap();
    let record = old.join("0000000000.jsonl");
    fs::write(&record, "").unwrap();
    for (path, wide) in [(&journal_dir, 0o777), (&old, 0o755), (&record, 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(wide)).unwrap();
    }
    let (_journal, leftovers) = open(&journal_dir, "new");
    assert_eq!(leftovers.len(), 1);
    for dir in [&journal_dir, &old, &journal_dir.join("new")] {
        assert_eq!(mode(dir), 0o700, "{}", dir.display());
    }
    for file in [&record, &journal_dir.join("new/lock"), &journal_dir.join("new/0000000000.jsonl")] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}

/// Earlier versions named the message once and wrote no offsets.
#[test]
fn an_old_journal_is_read() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("old");
    fs::create_dir(&dir).unwrap();
    let lines = [
        r#"{"a":0,"m":"m1"}"#,
        r#"{"a":1,"m":"m2"}"#,
        r#"{"a":1,"s":0,"t":"so far ","r":"thought"}"#,
        r#"{"a":0,"s":3,"t":"a \"b\"\n"}"#,
        r#"{"a":1,"s":9,"t":"and more","r":" twice"}"#,
        r#"{"a":0,"s":4,"t":"c"}"#,
        r#"{"a":7,"s":4,"t":"of nobody"}"#,
        r#"{"a":0,"s":5,"t":"cut"#,
    ];
    fs::write(dir.join("0000000000.jsonl"), lines.join("\n")).unwrap();
    let mut seen = left(root.path());
    seen.sort_by(|a, b| a.message_id.cmp(&b.message_id));
    let expected = |message_id: &str, chunk, seq| RecoveredAnswer {
        message_id: message_id.into(),
        chunks: vec![chunk],
        seq,
    };
    assert_eq!(
        seen,
        [
            expected("m1", part(0, "a \"b\"\nc", 0, ""), 4),
            expected("m2", part(0, "so far and more", 0, "thought twice"), 9)
        ]
    );
}
