//! The files of a journal: the last is appended to, and each is deleted once the store has all answers in it.

use std::{
    collections::{HashSet, VecDeque},
    fs, io,
    io::Write,
    path::PathBuf,
};

use crate::server::ops::disk;

use super::Sink;

/// A file longer than this is followed by a new one.
const SEGMENT_BYTES: u64 = 8 << 20;
/// The last file is emptied when it is longer than this and none of its records are needed.
const TIDY_BYTES: u64 = 256 << 10;

pub(super) struct Segments {
    dir: PathBuf,
    number: u32,
    current: Segment,
    /// Files that nothing is appended to any more, oldest first.
    full: VecDeque<Segment>,
}

struct Segment {
    path: PathBuf,
    file: fs::File,
    bytes: u64,
    /// A failed write may have left a part of a record after `len` bytes.
    torn: bool,
    /// Answers with records in the file that the store does not have in full.
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

    /// Appends all of `bytes` or nothing, because half a record would hide the one after it.
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
    /// Leaves a part of a record, as a write that met a limit does when the file cannot be cut back.
    pub(super) fn tear(&mut self, part: &[u8]) {
        self.current.torn = self.current.file.write_all(part).is_ok();
    }
}

/// Whether the file has no name any more, in which case nothing in it would be found at the next start.
#[cfg(unix)]
fn is_deleted(file: &fs::File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() == 0)
}

#[cfg(not(unix))]
fn is_deleted(_: &fs::File) -> io::Result<bool> {
    Ok(false)
}
