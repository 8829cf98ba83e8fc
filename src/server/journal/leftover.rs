//! What a process that died left in its journal.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::server::{ops::disk, store::Chunk};

use super::{LOCK, record::Record};

/// The folder of a dead process.
pub struct Leftover {
    dir: PathBuf,
    /// Which process it was.
    pub instance: String,
    pub answers: Vec<RecoveredAnswer>,
    _lock: fs::File,
}

/// All that may have been seen of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveredAnswer {
    pub message_id: String,
    /// Its text in parts. Where one does not begin at the end of the one before, the journal could not
    /// be written, and what is missing went to the store.
    pub chunks: Vec<Chunk>,
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
    let lock = disk::private().create(true).append(true).open(dir.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    disk::narrow(dir);
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?.flatten().map(|entry| entry.path()).collect();
    files.iter().for_each(|file| disk::narrow(file));
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    let mut answers = Answers::default();
    for file in files {
        // The last line may be cut off; it was shown to nobody.
        fs::read(file)?.split(|byte| *byte == b'\n').filter_map(Record::read).for_each(|it| answers.add(it));
    }
    let instance = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let answers = answers.seen.into_values().collect();
    Ok(Some(Leftover { dir: dir.to_owned(), instance, answers, _lock: lock }))
}

/// The records of a journal, put together.
#[derive(Default)]
struct Answers {
    /// The message of each number.
    named: HashMap<u32, String>,
    /// By message: one that was continued has several numbers.
    seen: HashMap<String, RecoveredAnswer>,
}

impl Answers {
    fn add(&mut self, record: Record<'_>) {
        let message_id = match record.message_id {
            Some(message_id) => {
                self.named.insert(record.answer, message_id.to_string());
                message_id.into_owned()
            }
            // Of a version that named it once.
            None => match self.named.get(&record.answer) {
                Some(message_id) => message_id.clone(),
                None => return,
            },
        };
        let seen = self.seen.entry(message_id).or_insert_with_key(|message_id| RecoveredAnswer {
            message_id: message_id.clone(),
            ..RecoveredAnswer::default()
        });
        seen.seq = seen.seq.max(record.seq);
        if record.text.is_empty() && record.reasoning.is_empty() {
            return;
        }
        let (text_end, reasoning_end) = seen.chunks.last().map(ends).unwrap_or_default();
        let text_at = record.text_at.unwrap_or(text_end);
        let reasoning_at = record.reasoning_at.unwrap_or(reasoning_end);
        match seen.chunks.last_mut() {
            Some(last) if (text_at, reasoning_at) == (text_end, reasoning_end) => {
                last.text.push_str(&record.text);
                last.reasoning.push_str(&record.reasoning);
            }
            _ => seen.chunks.push(Chunk {
                text_at,
                text: record.text.into_owned(),
                reasoning_at,
                reasoning: record.reasoning.into_owned(),
                ..Chunk::default()
            }),
        }
    }
}

fn ends(chunk: &Chunk) -> (u64, u64) {
    (chunk.text_at + chunk.text.len() as u64, chunk.reasoning_at + chunk.reasoning.len() as u64)
}
