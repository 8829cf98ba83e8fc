//! Counts the bytes that the server writes to the store, from outside.
//!
//! SQLite: every frame of the write-ahead log (a page of 4 KiB and its header), generation by generation, and the
//! pages that a checkpoint copied into the database when the next generation began. Journal: the growth of the other
//! files in the data folder. MongoDB: the bytes sent to it, all commands with their framing, and the bytes of its own
//! journal.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::Duration,
};

use mongodb::{
    Client,
    bson::{Bson, Document, doc},
};

use crate::procfs;

/// The bytes written so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Bytes to the store: the write-ahead log, or what was sent to MongoDB.
    pub store: u64,
    /// Bytes that the store writes besides: pages copied by checkpoints, or MongoDB's own journal.
    pub behind: u64,
    pub journal: u64,
}

impl Written {
    pub fn since(self, earlier: Self) -> Self {
        Self {
            store: self.store - earlier.store,
            behind: self.behind - earlier.behind,
            journal: self.journal - earlier.journal,
        }
    }
}

pub struct Counter {
    folder: PathBuf,
    wal: Wal,
    sizes: HashMap<String, u64>,
    journal: u64,
    mongo: Option<Client>,
}

impl Counter {
    pub fn new(data: &Path, mongo: Option<Client>) -> Self {
        let wal = Wal { path: data.join("inglenook.db-wal"), ..Wal::default() };
        Self { folder: data.to_owned(), wal, sizes: HashMap::new(), journal: 0, mongo }
    }

    /// Reads the counters. To be called often, because frames that come and go between two calls are not counted.
    pub fn look(&mut self) {
        self.wal.look();
        for (path, size) in procfs::files(&self.folder) {
            if path.contains("inglenook.db") {
                continue;
            }
            let before = self.sizes.insert(path, size).unwrap_or(0);
            self.journal += size.saturating_sub(before);
        }
    }

    pub async fn written(&mut self) -> Result<Written, String> {
        self.look();
        let Some(client) = &self.mongo else {
            return Ok(Written {
                store: self.wal.frames * self.wal.frame_bytes(),
                behind: self.wal.copied * self.wal.page,
                journal: self.journal,
            });
        };
        let status = status(client).await?;
        Ok(Written {
            store: number(&status, &["network", "bytesIn"]),
            behind: number(&status, &["wiredTiger", "log", "log bytes written"]),
            journal: self.journal,
        })
    }
}

async fn status(client: &Client) -> Result<Document, String> {
    let status = client.database("admin").run_command(doc! { "serverStatus": 1 }).await;
    status.map_err(|error| error.to_string())
}

/// The CPU time of the database server.
pub async fn cpu(mongo: Option<&Client>) -> Result<Duration, String> {
    let Some(client) = mongo else { return Ok(Duration::ZERO) };
    let status = status(client).await?;
    let micros = |name| number(&status, &["extra_info", name]);
    Ok(Duration::from_micros(micros("user_time_us") + micros("system_time_us")))
}

fn number(document: &Document, path: &[&str]) -> u64 {
    let (last, way) = path.split_last().unwrap_or((&"", &[]));
    let inner = way.iter().try_fold(document, |inner, name| inner.get_document(name).ok());
    match inner.and_then(|inner| inner.get(last)) {
        Some(Bson::Int64(n)) => n.unsigned_abs(),
        Some(Bson::Int32(n)) => u64::from(n.unsigned_abs()),
        Some(Bson::Double(n)) => *n as u64,
        _ => 0,
    }
}

/// SQLite's write-ahead log, read by its published format.
#[derive(Default)]
struct Wal {
    path: PathBuf,
    page: u64,
    /// Checkpoint number and salts of the current generation.
    generation: [u8; 12],
    at: u64,
    pages: HashSet<u32>,
    /// The frames of all generations.
    frames: u64,
    copied: u64,
}

impl Wal {
    const HEAD: u64 = 32;
    const FRAME_HEAD: u64 = 24;

    fn frame_bytes(&self) -> u64 {
        self.page + Self::FRAME_HEAD
    }

    fn look(&mut self) {
        let Ok(file) = File::open(&self.path) else { return };
        let mut head = [0; 32];
        if file.read_exact_at(&mut head, 0).is_err() {
            return;
        }
        if head[12..24] != self.generation {
            self.generation.copy_from_slice(&head[12..24]);
            self.page = u64::from(u32::from_be_bytes([head[8], head[9], head[10], head[11]]));
            self.at = 0;
            self.copied += self.pages.drain().count() as u64;
        }
        let mut frame = [0; 24];
        while file.read_exact_at(&mut frame, Self::HEAD + self.at * self.frame_bytes()).is_ok()
            && frame[8..16] == head[16..24]
        {
            self.pages.insert(u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]));
            self.at += 1;
            self.frames += 1;
        }
    }
}
