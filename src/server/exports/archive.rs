//! Writes the archive, off the async threads: files come in as pieces of text, and parts of a zip go out.

use std::io::{self, Write};

use tokio::sync::mpsc::{Receiver, Sender};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::forms::{self, Form, Other};
use crate::{
    domain::Message,
    server::{store::MOST_PART_BYTES, words::Words},
};

/// From this size of its texts on a file gets the numbers of 64 bits, which very old programs cannot read.
const LARGE: u64 = 1 << 30;

/// What the reader hands over.
#[derive(Debug)]
pub(super) enum Piece {
    /// A file begins: its name, when it changed in UTC milliseconds, and how long its texts are, roughly.
    File {
        name: String,
        at: i64,
        size: u64,
    },
    Text(String),
    /// Messages of the file, oldest first; `first`: none of it came before.
    Messages {
        form: Form,
        messages: Vec<Message>,
        first: bool,
        other: Option<Other>,
        words: Words,
    },
    /// So many conversations are done.
    Done(u32),
    /// There is no more. Without it the archive is not whole.
    End,
}

/// What comes of it.
#[derive(Debug)]
pub(super) enum Out {
    Part(Vec<u8>),
    Done(u32),
    /// All parts were handed over.
    End,
}

/// Writes until the end. When one of the others goes away, it ends without [`Out::End`].
pub(super) fn write(mut pieces: Receiver<Piece>, out: Sender<Out>) -> io::Result<()> {
    let mut zip = ZipWriter::new_stream(Parts { buffer: Vec::new(), out: out.clone() });
    loop {
        match pieces.blocking_recv() {
            Some(Piece::File { name, at, size }) => {
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .unix_permissions(0o600)
                    .last_modified_time(date(at))
                    .large_file(size >= LARGE);
                zip.start_file(name, options)?;
            }
            Some(Piece::Text(text)) => zip.write_all(text.as_bytes())?,
            Some(Piece::Messages { form, messages, first, other, words }) => {
                let text = forms::messages(form, &messages, first, (other.as_ref(), &words));
                zip.write_all(text.as_bytes())?;
            }
            Some(Piece::Done(done)) => send(&out, Out::Done(done))?,
            Some(Piece::End) => break,
            None => return Err(gone()),
        }
    }
    let mut parts = zip.finish()?.into_inner();
    parts.send()?;
    send(&out, Out::End)
}

/// Cuts what is written into parts.
struct Parts {
    buffer: Vec<u8>,
    out: Sender<Out>,
}

impl Parts {
    fn send(&mut self) -> io::Result<()> {
        match self.buffer.is_empty() {
            true => Ok(()),
            false => send(&self.out, Out::Part(std::mem::take(&mut self.buffer))),
        }
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MOST_PART_BYTES - self.buffer.len();
        let (now, _) = bytes.split_at(bytes.len().min(room));
        self.buffer.extend_from_slice(now);
        if self.buffer.len() == MOST_PART_BYTES {
            self.send()?;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn send(to: &Sender<Out>, out: Out) -> io::Result<()> {
    to.blocking_send(out).map_err(|_| gone())
}

fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// The time as archives have it, to two seconds and from 1980 on.
fn date(at: i64) -> DateTime {
    let found = time::OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)).ok().and_then(|time| {
        let year = u16::try_from(time.year()).ok()?;
        let (month, day) = (time.month().into(), time.day());
        DateTime::from_date_and_time(year, month, day, time.hour(), time.minute(), time.second()).ok()
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use tokio::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_reader_finds_what_was_written() {
        let (give, pieces) = channel(8);
        let (out, mut parts) = channel(8);
        let writer = std::thread::spawn(move || write(pieces, out));
        // Text that does not become smaller, so that there are several parts.
        let noise: String = (0..200_000_u64)
            .map(|at| format!("{:x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)))
            .collect();
        let said = noise.clone();
        let reader = std::thread::spawn(move || {
            let file = |name: &str, size| Piece::File { name: name.to_owned(), at: 1_790_000_000_000, size };
            let pieces = [
                file("早上好.md", 3),
                Piece::Text("Hi ".into()),
                Piece::Text("👋".into()),
                Piece::Done(1),
                file("large.json", LARGE),
                Piece::Text(said),
                file("empty.md", 0),
                Piece::End,
            ];
            pieces.into_iter().for_each(|piece| give.blocking_send(piece).unwrap());
        });
        let (mut bytes, mut sizes, mut done, mut ended) = (Vec::new(), Vec::new(), 0, false);
        while let Some(out) = parts.blocking_recv() {
            match out {
                Out::Part(part) => {
                    sizes.push(part.len());
                    bytes.extend(part);
                }
                Out::Done(number) => done = number,
                Out::End => ended = true,
            }
        }
        writer.join().unwrap().unwrap();
        reader.join().unwrap();
        assert!(ended && done == 1 && sizes.len() > 2, "{sizes:?}");
        assert!(sizes.iter().rev().skip(1).all(|size| *size == MOST_PART_BYTES), "{sizes:?}");
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for (name, expected) in [("早上好.md", "Hi 👋"), ("large.json", &*noise), ("empty.md", "")] {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            assert!(text == expected, "{name}");
        }
        assert_eq!(zip.len(), 3);
    }

    #[test]
    fn what_its_reader_leaves_is_no_archive() {
        let (give, pieces) = channel(1);
        let (out, mut parts) = channel(1);
        drop(give);
        assert!(write(pieces, out).is_err());
        assert!(parts.blocking_recv().is_none());
        let (give, pieces) = channel(1);
        let (out, parts) = channel(1);
        drop(parts);
        give.blocking_send(Piece::End).unwrap();
        assert!(write(pieces, out).is_err());
    }
}
