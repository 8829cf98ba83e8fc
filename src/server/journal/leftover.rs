//! [`Leftover`]: the journal folder of a process that died, and the answers found in it.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::server::{ops::disk, store::Chunk};

use super::{LOCK, record::Record};

/// The journal folder of a process that is dead, locked by this process while the value lives.
pub struct Leftover {
    dir: PathBuf,
    /// The id of that process, as the folder is named.
    pub instance: String,
    pub answers: Vec<RecoveredAnswer>,
    _lock: fs::File,
}

/// All of an answer that its listeners may have been shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveredAnswer {
    pub message_id: String,
    /// The text in parts, by offset. A gap between two parts is what the journal failed to write; the process sent
    /// that text to the store instead.
    pub chunks: Vec<Chunk>,
    /// The highest event number that a record of the answer covers.
    pub seq: u64,
}

impl Leftover {
    /// Deletes the folder. To be called once the store has every answer in it.
    pub fn remove(self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(%error, dir = %self.dir.display(), "a journal that is not needed any more could not be removed");
        }
    }
}

/// The journal folders below `root` whose processes are dead: nobody holds their lock.
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

/// Reads one folder; `None` while its process lives, because the process holds the lock.
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
        // The last line may be cut off, which loses nothing: listeners are shown a piece only after its line is
        // written whole.
        fs::read(file)?.split(|byte| *byte == b'\n').filter_map(Record::read).for_each(|it| answers.add(it));
    }
    let instance = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let answers = answers.seen.into_values().collect();
    Ok(Some(Leftover { dir: dir.to_owned(), instance, answers, _lock: lock }))
}

/// Folds the records of a journal into answers.
#[derive(Default)]
struct Answers {
    /// Message ids by the answer's number, for records of earlier versions, which name the message only once.
    named: HashMap<u32, String>,
    /// Answers by message id, because an answer that was continued has several numbers.
    seen: HashMap<String, RecoveredAnswer>,
}

impl Answers {
    fn add(&mut self, record: Record<'_>) {
        let message_id = match record.message_id {
            Some(message_id) => {
                self.named.insert(record.answer, message_id.to_string());
                message_id.into_owned()
            }
            // A record without a name, from an earlier version.
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
