//! Numbers written as text, handed out as the bytes that a binary file would have.

use super::datatype::Datatype;
use std::io::{BufRead, Error, ErrorKind, Read};

/// Longest text of one number; longer ones are no numbers.
const MAX_NUMBER: usize = 64;
/// Bytes made at a time.
const PIECE: usize = 16 * 1024;

/// Reads decimal numbers, apart by white space or commas, as little-endian numbers of a datatype.
pub(crate) struct TextNumbers<R> {
    reader: R,
    datatype: Datatype,
    token: Vec<u8>,
    made: Vec<u8>,
    given: usize,
}

impl<R: BufRead> TextNumbers<R> {
    pub fn new(reader: R, datatype: Datatype) -> Self {
        Self { reader, datatype, token: Vec::new(), made: Vec::new(), given: 0 }
    }

    /// Makes the next piece; nothing is made at the end.
    fn refill(&mut self) -> std::io::Result<()> {
        self.made.clear();
        self.given = 0;
        while self.made.len() < PIECE {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return self.end_of_token();
            }
            let separator = |b: &u8| b.is_ascii_whitespace() || *b == b',';
            let end = buffer.iter().position(separator);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let room = (MAX_NUMBER + 1).saturating_sub(self.token.len());
            self.token.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() || self.token.len() > MAX_NUMBER {
                self.end_of_token()?;
            }
        }
        Ok(())
    }

    fn end_of_token(&mut self) -> std::io::Result<()> {
        if self.token.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&self.token).into_owned();
        self.token.clear();
        append(&text, self.datatype, &mut self.made).ok_or_else(|| {
            let words = format!("\"{}\" is no {}", text.escape_debug(), self.datatype.name());
            Error::new(ErrorKind::InvalidData, words)
        })
    }
}

/// Appends the bytes of one number, if the text is one.
fn append(text: &str, datatype: Datatype, out: &mut Vec<u8>) -> Option<()> {
    macro_rules! number {
        ($type:ty) => {
            out.extend_from_slice(&text.parse::<$type>().ok()?.to_le_bytes())
        };
    }
    match datatype {
        Datatype::U8 => number!(u8),
        Datatype::I8 => number!(i8),
        Datatype::U16 => number!(u16),
        Datatype::I16 => number!(i16),
        Datatype::U32 => number!(u32),
        Datatype::I32 => number!(i32),
        Datatype::U64 => number!(u64),
        Datatype::I64 => number!(i64),
        Datatype::F32 => number!(f32),
        Datatype::F64 => number!(f64),
    }
    Some(())
}

impl<R: BufRead> Read for TextNumbers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.made.len() {
            self.refill()?;
        }
        let rest = &self.made[self.given..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.given += n;
        Ok(n)
    }
}
