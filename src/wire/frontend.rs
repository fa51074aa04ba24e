//! Client messages, checked and borrowed from their frame. Anything that is not in [`Message`] is refused.

use super::frame::{Malformed, Reader};

/// A message that a client may send in a session (PostgreSQL manual, "Message Formats").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    Query(&'a str),
    Parse(Parse<'a>),
    Bind(Bind<'a>),
    Describe(Target, &'a str),
    Execute {
        portal: &'a str,
        limit: i32,
    },
    Close(Target, &'a str),
    Flush,
    Sync,
    Terminate,
    CopyData,
    CopyDone,
    CopyFail,
    /// `F`: calls a function by OID with no SQL to judge. Known only so that it can be refused by name.
    FunctionCall,
}

impl<'a> Message<'a> {
    /// The names of prepared statements and portals in it.
    pub fn names(&self) -> [&'a str; 2] {
        match self {
            Message::Parse(parse) => [parse.name, ""],
            Message::Bind(bind) => [bind.portal, bind.statement],
            Message::Describe(_, name) | Message::Close(_, name) => [name, ""],
            Message::Execute { portal, .. } => [portal, ""],
            Message::Query(_)
            | Message::Flush
            | Message::Sync
            | Message::Terminate
            | Message::CopyData
            | Message::CopyDone
            | Message::CopyFail
            | Message::FunctionCall => ["", ""],
        }
    }
}

/// What Describe and Close name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Statement,
    Portal,
}

impl Target {
    fn read(byte: u8) -> Result<Self, Malformed> {
        match byte {
            b'S' => Ok(Target::Statement),
            b'P' => Ok(Target::Portal),
            _ => Err(Malformed::Count),
        }
    }

    pub fn byte(self) -> u8 {
        match self {
            Target::Statement => b'S',
            Target::Portal => b'P',
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parse<'a> {
    pub name: &'a str,
    pub sql: &'a str,
    /// Int16 count and that many Int32 OIDs, as they arrived.
    pub types: &'a [u8],
}

impl Parse<'_> {
    /// The OIDs of the declared parameter types; 0 where the server is to find out.
    pub fn type_oids(&self) -> impl Iterator<Item = u32> {
        type_oids(self.types)
    }
}

/// The OIDs in what [`Parse::types`] holds.
pub fn type_oids(types: &[u8]) -> impl Iterator<Item = u32> {
    let oids = types.get(2..).unwrap_or_default().chunks_exact(4);
    oids.map(|oid| oid.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind<'a> {
    pub portal: &'a str,
    pub statement: &'a str,
    /// Everything behind the two names: formats, values, result formats; lengths are checked.
    pub rest: &'a [u8],
}

/// [`Bind::rest`] with no form asked for any results.
pub fn without_results(rest: &[u8]) -> Vec<u8> {
    let mut r = Reader(rest);
    let kept = match (Bind { portal: "", statement: "", rest }).read_parameters(&mut r) {
        Ok(_) => rest.get(..rest.len() - r.0.len()).unwrap_or(rest),
        Err(_) => return rest.to_vec(),
    };
    [kept, &[0, 0]].concat()
}

/// A parameter value of a Bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'a> {
    pub binary: bool,
    /// `None` is NULL.
    pub value: Option<&'a [u8]>,
}

impl<'a> Bind<'a> {
    /// The parameters in their order: all at once, for each stands behind those before it.
    pub fn parameters(&self) -> Vec<Parameter<'a>> {
        self.read_parameters(&mut Reader(self.rest)).unwrap_or_default()
    }

    /// In which form the results are asked for.
    pub fn result_formats(&self) -> Formats<'a> {
        let mut r = Reader(self.rest);
        let formats = self.read_parameters(&mut r).and_then(|_| Formats::read(&mut r));
        formats.unwrap_or(Formats(&[]))
    }

    fn read_parameters(&self, r: &mut Reader<'a>) -> Result<Vec<Parameter<'a>>, Malformed> {
        let formats = Formats::read(r)?;
        let count = r.count()?;
        (0..count).map(|index| Ok(Parameter { binary: formats.is_binary(index), value: r.value()? })).collect()
    }
}

/// Format codes: none (text), one for all, or one for each.
#[derive(Debug, Clone, Copy)]
pub struct Formats<'a>(&'a [u8]);

impl<'a> Formats<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = r.count()?;
        r.bytes(count * 2).map(Self)
    }

    /// Of the value or column `index`, from 0.
    pub fn is_binary(&self, index: usize) -> bool {
        let at = if self.0.len() == 2 { 0 } else { index * 2 };
        self.0.get(at..at + 2) == Some(&[0, 1])
    }
}

/// Reads one message. `Err(Type)` for a tag that no client message has.
pub fn read(tag: u8, body: &[u8]) -> Result<Message<'_>, Malformed> {
    let mut r = Reader(body);
    let message = match tag {
        b'Q' => Message::Query(r.string()?),
        b'P' => Message::Parse(read_parse(&mut r)?),
        b'B' => Message::Bind(read_bind(&mut r)?),
        b'D' => Message::Describe(Target::read(r.u8()?)?, r.string()?),
        b'E' => Message::Execute { portal: r.string()?, limit: r.i32()? },
        b'C' => Message::Close(Target::read(r.u8()?)?, r.string()?),
        b'H' => Message::Flush,
        b'S' => Message::Sync,
        // psycopg2 and others send no body, some old clients did; PostgreSQL does not look.
        b'X' => return Ok(Message::Terminate),
        b'd' => return Ok(Message::CopyData),
        b'c' => Message::CopyDone,
        // Its words are PostgreSQL's to read.
        b'f' => {
            r.terminated()?;
            Message::CopyFail
        }
        b'F' => return Ok(Message::FunctionCall),
        other => return Err(Malformed::Type(other)),
    };
    r.end()?;
    Ok(message)
}

fn read_parse<'a>(r: &mut Reader<'a>) -> Result<Parse<'a>, Malformed> {
    let name = r.string()?;
    let sql = r.string()?;
    let types = r.0;
    let count = r.count()?;
    r.bytes(count * 4)?;
    Ok(Parse { name, sql, types })
}

fn read_bind<'a>(r: &mut Reader<'a>) -> Result<Bind<'a>, Malformed> {
    let portal = r.string()?;
    let statement = r.string()?;
    let rest = r.0;
    let formats = r.count()?;
    read_formats(r, formats)?;
    let values = r.count()?;
    if formats > 1 && formats != values {
        return Err(Malformed::Count);
    }
    for _ in 0..values {
        r.value()?;
    }
    let results = r.count()?;
    read_formats(r, results)?;
    Ok(Bind { portal, statement, rest })
}

/// Format codes are 0 (text) or 1 (binary); PostgreSQL refuses others too (22023).
fn read_formats(r: &mut Reader<'_>, count: usize) -> Result<(), Malformed> {
    let codes = r.bytes(count * 2)?;
    match codes.chunks_exact(2).all(|c| matches!(c, [0, 0 | 1])) {
        true => Ok(()),
        false => Err(Malformed::Count),
    }
}
