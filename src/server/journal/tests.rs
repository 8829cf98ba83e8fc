//! A journal in a folder of its own, killed by being dropped.

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
    // While it lives nobody takes it for dead.
    assert!(open(root.path(), "two").1.is_empty());
    drop(journal);

    let (_, mut leftovers) = open(root.path(), "three");
    leftovers.retain(|leftover| !leftover.answers.is_empty());
    let mut answers = leftovers.remove(0).answers;
    answers.sort_by(|a, b| a.message_id.cmp(&b.message_id));
    let seen = |message_id: &str, content: &str, reasoning: &str, seq| Seen {
        message_id: message_id.into(),
        content: content.into(),
        reasoning: reasoning.into(),
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
        let content: Vec<&str> = leftovers[0].answers.iter().map(|seen| seen.content.as_str()).collect();
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
    // The last has the other one's text, the first its name.
    until(|| files(&dir).len() == 2).await;
    other.stored();
    until(|| files(&dir).iter().map(|(_, bytes)| bytes).sum::<u64>() == 0).await;
    journal.begin("m3", "", "").append(1, "goes on", "").await.unwrap();
    drop(journal);
    let leftovers = leftover::find(root.path());
    assert_eq!(leftovers[0].answers.iter().filter(|seen| seen.content == "goes on").count(), 1);
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
        assert_eq!(seen.content, whole);
    }
}
