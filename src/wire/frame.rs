//! Cutting bytes into frames: a tag, a length, a body. Every number is checked before it is used.
//!
//! Protocol facts: PostgreSQL manual, "Message Formats": a message is one tag byte, an Int32 that counts itself and the
//! body, and the body. The start-up packet has no tag.

/// The longest client message taken, in bytes of body. PostgreSQL itself takes up to 1 GiB; a re-encoder that wraps a
/// length is how CVE-2024-27304 worked.
pub const MAX_CLIENT_BODY: usize = 64 << 20;

/// What PostgreSQL itself takes of the messages that may be long: length and body (`PQ_LARGE_MESSAGE_LIMIT`).
const MAX_LENGTH: usize = 0x3fff_fffe;

/// The longest server message that is held in memory to be looked into (errors, notices, settings). Rows are never held.
pub const MAX_INSPECTED_BODY: usize = 16 << 20;

/// Tag and length in front of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub tag: u8,
    /// Bytes after the header.
    pub body: usize,
}

/// Bytes of tag and length.
pub const HEADER: usize = 5;

/// What is wrong with a frame or a message in it. Shown to the client, so it names no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("invalid message length")]
    Length,
    #[error("message is longer than {MAX_CLIENT_BODY} bytes")]
    TooLong,
    #[error("invalid frontend message type {0}")]
    Type(u8),
    #[error("invalid string in message: no terminator, or more than one")]
    String,
    #[error("invalid byte sequence for encoding \"UTF8\"")]
    Utf8,
    #[error("insufficient data left in message")]
    Short,
    #[error("invalid message format: bytes left over")]
    LeftOver,
    #[error("invalid field length or count in message")]
    Count,
}

/// The header at the start of `bytes`; `None` while it is incomplete.
pub fn header(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let Some((head, _)) = bytes.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let [tag, a, b, c, d] = *head;
    let length = i32::from_be_bytes([a, b, c, d]);
    let body = length.checked_sub(4).and_then(|n| usize::try_from(n).ok()).ok_or(Malformed::Length)?;
    Ok(Some(Header { tag, body }))
}

/// The first complete client frame in `bytes`: its tag and body. `None` while it is incomplete.
pub fn client_frame(bytes: &[u8]) -> Result<Option<(u8, &[u8])>, Malformed> {
    let Some(Header { tag, body }) = header(bytes)? else {
        return Ok(None);
    };
    if body > MAX_CLIENT_BODY {
        return Err(Malformed::TooLong);
    }
    Ok(bytes.get(HEADER..HEADER + body).map(|body| (tag, body)))
}

/// A message at the start of `bytes` that is longer than what is taken: its tag, and its bytes with the header. What
/// PostgreSQL would not take either ends the session, as it does there.
pub fn too_long(bytes: &[u8]) -> Result<Option<(u8, usize)>, Malformed> {
    let Some(Header { tag, body }) = header(bytes)?.filter(|head| head.body > MAX_CLIENT_BODY) else {
        return Ok(None);
    };
    match body + 4 <= MAX_LENGTH && matches!(tag, b'Q' | b'P' | b'B' | b'F' | b'd' | b'f') {
        true => Ok(Some((tag, HEADER + body))),
        false => Err(Malformed::TooLong),
    }
}

/// Appends a frame whose body `write` makes. A body that does not fit an Int32 is left out and reported.
pub fn put_frame(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Malformed> {
    let start = out.len();
    out.push(tag);
    out.extend_from_slice(&[0; 4]);
    write(out);
    match i32::try_from(out.len() - start - 1) {
        Ok(length) => {
            out[start + 1..start + HEADER].copy_from_slice(&length.to_be_bytes());
            Ok(())
        }
        Err(_) => {
            out.truncate(start);
            Err(Malformed::TooLong)
        }
    }
}

/// Appends a frame around bytes that came out of a checked frame of the same length.
pub fn copy_frame(out: &mut Vec<u8>, tag: u8, body: &[u8]) -> Result<(), Malformed> {
    put_frame(out, tag, |out| out.extend_from_slice(body))
}

/// Appends a string and its terminator; a NUL inside ends it early, as PostgreSQL would read it.
pub fn put_string(out: &mut Vec<u8>, text: &str) {
    let text = text.split('\0').next().unwrap_or_default();
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

/// Reads a body from front to back.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(head)
    }

    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.bytes(1)?[0])
    }

    pub fn i16(&mut self) -> Result<i16, Malformed> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(i16::from_be_bytes(*head))
    }

    pub fn i32(&mut self) -> Result<i32, Malformed> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*head))
    }

    /// A count in front of repeated fields. Counts are Int16; PostgreSQL reads them as unsigned.
    pub fn count(&mut self) -> Result<usize, Malformed> {
        Ok(usize::from(self.i16()?.cast_unsigned()))
    }

    /// A terminated string that is UTF-8.
    pub fn string(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.terminated()?).map_err(|_| Malformed::Utf8)
    }

    /// The bytes before a terminator.
    pub fn terminated(&mut self) -> Result<&'a [u8], Malformed> {
        let end = self.0.iter().position(|b| *b == 0).ok_or(Malformed::String)?;
        let text = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Ok(text)
    }

    /// A value with an Int32 length in front; -1 is NULL, any other negative length is an attack or a bug.
    pub fn value(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.i32()? {
            -1 => Ok(None),
            n => Ok(Some(self.bytes(usize::try_from(n).map_err(|_| Malformed::Count)?)?)),
        }
    }

    pub fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::LeftOver) }
    }
}
