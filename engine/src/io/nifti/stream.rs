//! A file's bytes in order, plain or decoded, and a second thread that fetches them ahead.

use super::datatype::Datatype;
use super::text::TextNumbers;
use crate::io::Problem;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// deflate cannot shrink further: 258 bytes for two bits.
const MAX_DEFLATE_RATIO: u64 = 1032;
/// A number of text takes at least a digit and a space, and becomes at most eight bytes.
const MAX_TEXT_RATIO: u64 = 8;
/// Bytes per piece: fits the second-level cache together with what it is converted to. A multiple
/// of every datatype's size, so that no number is cut.
pub(crate) const CHUNK_BYTES: usize = 512 * 1024;
/// Bytes after the declared end that are still decoded to reach the checksum.
const MAX_SURPLUS_BYTES: u64 = 64 * 1024 * 1024;
/// Pieces on their way between the threads.
const CHUNKS_AHEAD: usize = 4;

/// A file read from its start.
pub(crate) struct ByteSource {
    inner: Inner,
    file_bytes: u64,
    position: u64,
}

enum Inner {
    Plain(BufReader<File>),
    Gzip(Box<GzipMembers>),
    Zlib(Box<ZlibDecoder<BufReader<File>>>),
    Text(Box<TextNumbers<BufReader<File>>>),
}

/// How voxels are stored from some byte of a file on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
    Zlib,
    /// Numbers in decimal, apart by white space; handed out as little-endian numbers of the datatype.
    Text(Datatype),
}

impl ByteSource {
    /// Opens a file; gzip is recognised by content, not by name.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let file = File::open(path).map_err(Problem::Read)?;
        let metadata = file.metadata().map_err(Problem::Read)?;
        if metadata.is_dir() {
            return Err(Problem::Folder);
        }
        let mut reader = BufReader::with_capacity(256 * 1024, file);
        let gzip = reader.fill_buf().map_err(Problem::Read)?.starts_with(&[0x1f, 0x8b]);
        let inner = if gzip { Inner::Gzip(Box::new(GzipMembers::new(reader))) } else { Inner::Plain(reader) };
        Ok(Self { inner, file_bytes: metadata.len(), position: 0 })
    }

    /// Opens a file whose content from byte `offset` on is coded. Positions count decoded bytes from there on; those
    /// of a plain file count from its start.
    pub fn open_at(path: &Path, offset: u64, coding: Coding) -> Result<Self, Problem> {
        let file = File::open(path).map_err(Problem::Read)?;
        let metadata = file.metadata().map_err(Problem::Read)?;
        if metadata.is_dir() {
            return Err(Problem::Folder);
        }
        let mut reader = BufReader::with_capacity(256 * 1024, file);
        reader.seek(SeekFrom::Start(offset)).map_err(Problem::Read)?;
        let inner = match coding {
            Coding::Plain => Inner::Plain(reader),
            Coding::Gzip => Inner::Gzip(Box::new(GzipMembers::new(reader))),
            Coding::Zlib => Inner::Zlib(Box::new(ZlibDecoder::new(reader))),
            Coding::Text(datatype) => Inner::Text(Box::new(TextNumbers::new(reader, datatype))),
        };
        let position = if coding == Coding::Plain { offset } else { 0 };
        Ok(Self { inner, file_bytes: metadata.len(), position })
    }

    /// Whether the content is gzip.
    pub fn is_gzip(&self) -> bool {
        matches!(self.inner, Inner::Gzip(_))
    }

    /// Refuses a promise of `end` bytes (from the start) that the file cannot keep, before anything
    /// is allocated: exactly for a plain file, by deflate's best ratio for gzip.
    pub fn check_holds(&self, start: u64, end: u64) -> Result<(), Problem> {
        let ratio = match &self.inner {
            Inner::Plain(_) if end > self.file_bytes => {
                let found = self.file_bytes.saturating_sub(start);
                return Err(Problem::Truncated { expected: end.saturating_sub(start), found });
            }
            Inner::Plain(_) => return Ok(()),
            Inner::Gzip(_) | Inner::Zlib(_) => MAX_DEFLATE_RATIO,
            Inner::Text(_) => MAX_TEXT_RATIO,
        };
        if end > self.file_bytes.saturating_mul(ratio) {
            return Err(Problem::ImpossibleRatio { declared: end, compressed: self.file_bytes, ratio });
        }
        Ok(())
    }

    /// Fills `buffer` as far as the file reaches; returns the bytes read.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.inner.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.inner.problem(e)),
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }

    /// Up to `limit` bytes from here on.
    pub fn take_up_to(&mut self, limit: usize) -> Result<Vec<u8>, Problem> {
        let mut bytes = vec![0; limit];
        let filled = self.fill(&mut bytes)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Goes forward to `position` bytes from the start.
    pub fn skip_to(&mut self, position: u64) -> Result<(), Problem> {
        if let Inner::Plain(reader) = &mut self.inner {
            reader.seek(SeekFrom::Start(position)).map_err(Problem::Read)?;
            self.position = position;
            return Ok(());
        }
        let mut piece = vec![0; CHUNK_BYTES];
        while self.position < position {
            let want = (position - self.position).min(CHUNK_BYTES as u64) as usize;
            if self.fill(&mut piece[..want])? < want {
                return Err(Problem::Truncated { expected: position, found: self.position });
            }
        }
        Ok(())
    }

    /// Hands the next `total` bytes to `consume` in pieces of [`CHUNK_BYTES`] (the last one shorter).
    ///
    /// Fetching and decoding run on a thread of their own, `consume` on this one. A gzip file is decoded
    /// to its end (`declared_end` bytes by its header), so that its checksum is always verified.
    pub fn for_each_chunk(
        mut self,
        total: u64,
        declared_end: u64,
        mut consume: impl FnMut(&[u8]) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if total <= CHUNK_BYTES as u64 {
            let mut piece = vec![0; total as usize];
            self.next_chunk(&mut piece, total, 0)?;
            consume(&piece)?;
            return self.finish(declared_end);
        }
        let (full_tx, full_rx) = sync_channel::<Result<Vec<u8>, Problem>>(CHUNKS_AHEAD);
        let (empty_tx, empty_rx) = sync_channel::<Vec<u8>>(CHUNKS_AHEAD + 2);
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("read ahead".into())
                .spawn_scoped(scope, move || self.produce(total, declared_end, &full_tx, &empty_rx))
                .map_err(Problem::Read)?;
            for piece in full_rx {
                let piece = piece?;
                consume(&piece)?;
                // The other side is gone when it has read everything.
                let _ = empty_tx.try_send(piece);
            }
            Ok(())
        })
    }

    /// The fetching thread. It ends early when the other side has stopped listening.
    fn produce(
        mut self,
        total: u64,
        declared_end: u64,
        full: &SyncSender<Result<Vec<u8>, Problem>>,
        empty: &Receiver<Vec<u8>>,
    ) {
        let mut done = 0;
        while done < total {
            let want = (total - done).min(CHUNK_BYTES as u64) as usize;
            let mut piece = empty.try_recv().unwrap_or_default();
            piece.resize(want, 0);
            let outcome = self.next_chunk(&mut piece, total, done).map(|()| piece);
            let failed = outcome.is_err();
            if full.send(outcome).is_err() || failed {
                return;
            }
            done += want as u64;
        }
        if let Err(problem) = self.finish(declared_end) {
            // Nobody listens: then the outcome does not matter either.
            let _ = full.send(Err(problem));
        }
    }

    fn next_chunk(&mut self, piece: &mut [u8], total: u64, done: u64) -> Result<(), Problem> {
        let filled = match self.fill(piece) {
            Err(Problem::Gzip(e) | Problem::Zlib(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => 0,
            other => other?,
        };
        if filled < piece.len() {
            return Err(Problem::Truncated { expected: total, found: done + filled as u64 });
        }
        Ok(())
    }

    /// Decodes the rest of a compressed file: its checksum stands at its end, and damage can make more bytes
    /// than there were. A reasonable surplus is no error; after an unreasonable one nothing is verified.
    fn finish(&mut self, declared_end: u64) -> Result<(), Problem> {
        if !matches!(self.inner, Inner::Gzip(_) | Inner::Zlib(_)) {
            return Ok(());
        }
        let mut rest = vec![0; 64 * 1024];
        let enough = declared_end.saturating_add(MAX_SURPLUS_BYTES);
        while self.position < enough && self.fill(&mut rest)? == rest.len() {}
        Ok(())
    }
}

impl Read for Inner {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(members) => members.read(buffer),
            Self::Zlib(decoder) => decoder.read(buffer),
            Self::Text(numbers) => numbers.read(buffer),
        }
    }
}

impl Inner {
    /// What a failure to read means.
    fn problem(&self, error: std::io::Error) -> Problem {
        match self {
            Self::Gzip(_) => Problem::Gzip(error),
            Self::Zlib(_) => Problem::Zlib(error),
            Self::Text(_) if error.kind() == std::io::ErrorKind::InvalidData => Problem::Text(error),
            Self::Plain(_) | Self::Text(_) => Problem::Read(error),
        }
    }
}

/// gzip members one after the other (bgzip, pigz and `cat a.gz b.gz` make such files). What follows
/// the last member and is none is left alone, as gzip does.
struct GzipMembers {
    current: Option<GzDecoder<BufReader<File>>>,
}

impl GzipMembers {
    fn new(reader: BufReader<File>) -> Self {
        Self { current: Some(GzDecoder::new(reader)) }
    }
}

impl Read for GzipMembers {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.current else { return Ok(0) };
            let n = decoder.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let Some(mut rest) = self.current.take().map(GzDecoder::into_inner) else { return Ok(0) };
            let next = rest.fill_buf()?;
            if next.first() == Some(&0x1f) && next.get(1).is_none_or(|&b| b == 0x8b) {
                self.current = Some(GzDecoder::new(rest));
            }
        }
    }
}
