//! What a process that died left in its journal.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{LOCK, record::Record};

/// The folder of a dead process.
pub struct Leftover {
    dir: PathBuf,
    /// Which process it was.
    pub instance: String,
    pub answers: Vec<Seen>,
    _lock: fs::File,
}

/// All that may have been seen of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub message_id: String,
    pub content: String,
    pub reasoning: String,
    /// The highest event number.
    pub seq: u64,
}

impl Leftover {
    /// Everything in it is stored.
    pub fn remove(self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(%error, dir = %self.dir.display(), "a journal that is not needed any more could not be removed");
        }
    }
}

/// The folders below `root` that no process holds.
pub(super) fn find(root: &Path) -> Vec<Leftover> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let mut found = Vec::new();
    for dir in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        match read(&dir) {
            Ok(leftover) => found.extend(leftover),
            Err(error) => {
                tracing::warn!(%error, dir = %dir.display(), "the journal of an earlier run cannot be read");
            }
        }
    }
    found
}

/// `None`: its process lives.
fn read(dir: &Path) -> io::Result<Option<Leftover>> {
    let lock = fs::OpenOptions::new().create(true).append(true).open(dir.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    let mut answers: HashMap<u32, Seen> = HashMap::new();
    for file in files {
        for line in fs::read(file)?.split(|byte| *byte == b'\n') {
            match Record::read(line) {
                Some(Record::Begin { answer, message_id }) => {
                    answers.insert(answer, Seen { message_id: message_id.into_owned(), ..Seen::default() });
                }
                Some(Record::Text { answer, seq, text, reasoning }) => {
                    if let Some(seen) = answers.get_mut(&answer) {
                        seen.content.push_str(&text);
                        seen.reasoning.push_str(&reasoning);
                        seen.seq = seen.seq.max(seq);
                    }
                }
                // The last line may be cut off; it was shown to nobody.
                None => {}
            }
        }
    }
    let answers = answers.into_values().collect();
    let instance = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Leftover { dir: dir.to_owned(), instance, answers, _lock: lock }))
}
