//! The files of a journal: one is appended to; each is removed when all answers in it are stored.

use std::{
    collections::{HashSet, VecDeque},
    fs, io,
    io::Write,
    path::PathBuf,
};

use crate::server::ops::disk;

use super::Sink;

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
    /// A part of a record may stand behind these bytes.
    torn: bool,
    /// Answers in it that the store has not got.
    open: HashSet<u32>,
}

impl Segments {
    pub(super) fn new(dir: PathBuf) -> io::Result<Self> {
        let current = Segment::new(&dir, 0)?;
        Ok(Self { dir, number: 0, current, full: VecDeque::new() })
    }
}

impl Sink for Segments {
    fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.current.bytes > SEGMENT_BYTES {
            let next = Segment::new(&self.dir, self.number + 1)?;
            self.number += 1;
            self.full.push_back(std::mem::replace(&mut self.current, next));
        }
        self.current.append(bytes)?;
        self.current.open.extend(touched);
        Ok(())
    }

    fn end(&mut self, answers: &[u32]) {
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
        let file = disk::private().create(true).append(true).open(&path)?;
        Ok(Self { path, file, bytes: 0, torn: false, open: HashSet::new() })
    }

    /// All of it, or nothing: half a record would hide what comes after it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if is_deleted(&self.file)? {
            return Err(io::Error::other("the file of the journal was deleted"));
        }
        if self.torn {
            self.file.set_len(self.bytes)?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(bytes) {
            self.torn = self.file.set_len(self.bytes).is_err();
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
impl Segments {
    /// Leaves a part of a record, as a write that met a limit does where it cannot be taken back.
    pub(super) fn tear(&mut self, part: &[u8]) {
        self.current.torn = self.current.file.write_all(part).is_ok();
    }
}

/// What is written to a file without a name survives nobody.
#[cfg(unix)]
fn is_deleted(file: &fs::File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() == 0)
}

#[cfg(not(unix))]
fn is_deleted(_: &fs::File) -> io::Result<bool> {
    Ok(false)
}
