//! The files of a journal: one is appended to; each is removed when all answers in it are stored.

use std::{
    collections::{HashSet, VecDeque},
    fs, io,
    io::Write,
    path::PathBuf,
};

/// A file that is longer is followed by a new one.
const SEGMENT_BYTES: u64 = 8 << 20;
/// The only file is emptied beyond this, when nothing in it is needed.
const TIDY_BYTES: u64 = 256 << 10;

pub(super) struct Segments {
    dir: PathBuf,
    number: u32,
    current: Segment,
    /// Full ones, oldest first.
    full: VecDeque<Segment>,
}

struct Segment {
    path: PathBuf,
    file: fs::File,
    bytes: u64,
    /// Answers in it that the store has not got.
    open: HashSet<u32>,
}

impl Segments {
    pub(super) fn new(dir: PathBuf) -> io::Result<Self> {
        let current = Segment::new(&dir, 0)?;
        Ok(Self { dir, number: 0, current, full: VecDeque::new() })
    }

    /// One write for all of `bytes`, which are whole records of the `touched` answers.
    pub(super) fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.current.bytes > SEGMENT_BYTES {
            self.number += 1;
            let next = Segment::new(&self.dir, self.number)?;
            self.full.push_back(std::mem::replace(&mut self.current, next));
        }
        if let Err(error) = self.current.file.write_all(bytes) {
            // Half a record would hide what comes after it.
            let _ = self.current.file.set_len(self.current.bytes);
            return Err(error);
        }
        self.current.bytes += bytes.len() as u64;
        self.current.open.extend(touched);
        Ok(())
    }

    /// These answers are stored.
    pub(super) fn end(&mut self, answers: &[u32]) {
        if answers.is_empty() {
            return;
        }
        for segment in self.full.iter_mut().chain([&mut self.current]) {
            for answer in answers {
                segment.open.remove(answer);
            }
        }
        self.full.retain(|segment| {
            let needed = !segment.open.is_empty();
            if !needed && let Err(error) = fs::remove_file(&segment.path) {
                tracing::warn!(%error, "a part of the journal could not be removed");
            }
            needed
        });
        let current = &mut self.current;
        if current.open.is_empty() && current.bytes > TIDY_BYTES && current.file.set_len(0).is_ok() {
            current.bytes = 0;
        }
    }
}

impl Segment {
    fn new(dir: &std::path::Path, number: u32) -> io::Result<Self> {
        let path = dir.join(format!("{number:010}.jsonl"));
        let file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self { path, file, bytes: 0, open: HashSet::new() })
    }
}
