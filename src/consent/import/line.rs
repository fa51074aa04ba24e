//! One line of an import: read, checked, and written in COPY's text format. PURE.
//!
//! A complaint says what is wrong with which column, and never quotes a value that may be personal.

use csv::{ByteRecord, StringRecord};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::consent::choice::Act;
use crate::consent::fault::Fault;
use crate::consent::target::Target;
use crate::engine::policy::Channel;

/// The columns that a file may have; the first three it must have.
pub const COLUMNS: [&str; 10] =
    ["subject", "purpose", "choice", "channel", "time", "expires", "notice", "source", "recipient", "event"];
const REQUIRED: usize = 3;

/// Where each of [`COLUMNS`] stands in the file.
#[derive(Debug, Clone, Default)]
pub struct Header {
    at: [Option<usize>; COLUMNS.len()],
    width: usize,
}

impl Header {
    /// Refuses columns that are unknown, double, missing, or that the policy maps nowhere.
    pub fn read(header: &StringRecord, target: &Target<'_>) -> Result<Self, Fault> {
        let mut read = Self { width: header.len(), ..Self::default() };
        for (i, name) in header.iter().enumerate() {
            let known = COLUMNS.iter().position(|c| *c == name.trim());
            let Some(column) = known else {
                return Err(Fault::new(format!("column {} of the file's first line is not known", i + 1))
                    .hint(format!("the columns are: {}", COLUMNS.join(", "))));
            };
            if read.at[column].replace(i).is_some() {
                return Err(Fault::new(format!("the file has two columns \"{}\"", COLUMNS[column])));
            }
        }
        if let Some(missing) = (0..REQUIRED).find(|c| read.at[*c].is_none()) {
            return Err(Fault::new(format!("the file has no column \"{}\"", COLUMNS[missing]))
                .hint("its first line names the columns: subject,purpose,choice and, as needed, the others"));
        }
        read.check_mapped(target)?;
        Ok(read)
    }

    fn check_mapped(&self, target: &Target<'_>) -> Result<(), Fault> {
        for (name, column) in mapped(target) {
            let given = COLUMNS.iter().position(|c| *c == name).is_some_and(|c| self.at[c].is_some());
            if given && column.is_none() {
                return Err(Fault::new(format!(
                    "the file has a column \"{name}\", and the policy maps none in {}: it would be lost",
                    target.source.table_name
                ))
                .hint(format!("map it in [subject.{}.consent], or leave it out of the file", target.kind.name)));
            }
        }
        Ok(())
    }
}

/// The optional fields of a file, each with the column of the consent table that keeps it.
fn mapped<'t>(target: &'t Target<'_>) -> [(&'static str, Option<&'t String>); 6] {
    let source = target.source;
    [
        ("channel", source.channel.as_ref()),
        ("expires", source.expires_at.as_ref()),
        ("notice", source.notice.as_ref()),
        ("source", source.source.as_ref()),
        ("recipient", source.recipient.as_ref()),
        ("event", source.event.as_ref()),
    ]
}

/// What lines are checked against, worked out once.
pub struct Checker<'a> {
    target: &'a Target<'a>,
    header: Header,
    now: Timestamp,
    key: Key,
    statuses: [(Act, Option<String>); 3],
}

/// How a subject's key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Integer {
        min: i64,
        max: i64,
    },
    Uuid,
    /// Compared as text.
    Text,
}

impl Key {
    pub fn of(base: &str) -> Self {
        match base {
            "int2" => Key::Integer { min: i16::MIN.into(), max: i16::MAX.into() },
            "int4" => Key::Integer { min: i32::MIN.into(), max: i32::MAX.into() },
            "int8" => Key::Integer { min: i64::MIN, max: i64::MAX },
            "uuid" => Key::Uuid,
            _ => Key::Text,
        }
    }

    /// The key as PostgreSQL prints it.
    fn canonical(self, text: &str) -> Option<String> {
        match self {
            Key::Integer { min, max } => {
                text.trim().parse::<i64>().ok().filter(|n| (min..=max).contains(n)).map(|n| n.to_string())
            }
            Key::Uuid => canonical_uuid(text.trim()),
            Key::Text => (!text.is_empty()).then(|| text.to_owned()),
        }
    }
}

/// Only the standard form: PostgreSQL's other spellings (braces, odd hyphens) are rare and easily rewritten.
fn canonical_uuid(text: &str) -> Option<String> {
    let hyphens = [8, 13, 18, 23];
    let fits = text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| if hyphens.contains(&i) { b == b'-' } else { b.is_ascii_hexdigit() });
    fits.then(|| text.to_ascii_lowercase())
}

/// A line that is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub subject: String,
    pub purpose: String,
    pub act: Act,
    pub status: String,
    pub channel: Option<Channel>,
    pub time: Timestamp,
    pub expires: Option<Timestamp>,
    /// notice, source, recipient, event
    pub texts: [Option<String>; 4],
}

impl<'a> Checker<'a> {
    /// `now` stands for lines without a time.
    pub fn new(target: &'a Target<'a>, header: Header, now: Timestamp) -> Self {
        let status = |act| (act, target.status_for(act).ok());
        Self {
            statuses: [status(Act::Grant), status(Act::Withdraw), status(Act::Object)],
            target,
            header,
            now,
            key: Key::of(target.key_base()),
        }
    }

    /// Checks one line; else everything that is wrong with it.
    pub fn check(&self, record: ByteRecord) -> Result<Line, Vec<String>> {
        if record.len() != self.header.width {
            return Err(vec![format!("has {} fields instead of {}", record.len(), self.header.width)]);
        }
        let Ok(record) = StringRecord::from_byte_record(record) else {
            return Err(vec!["is not UTF-8".to_owned()]);
        };
        let mut wrong = Vec::new();
        let line = self.read(&record, &mut wrong);
        match line {
            Some(line) if wrong.is_empty() => Ok(line),
            Some(_) | None => Err(wrong),
        }
    }

    fn read(&self, record: &StringRecord, wrong: &mut Vec<String>) -> Option<Line> {
        let field = |name: &str| {
            let column = COLUMNS.iter().position(|c| *c == name)?;
            record.get(self.header.at[column]?).filter(|v| !v.is_empty())
        };
        self.check_texts(record, wrong);
        let subject = self.subject(field("subject"), wrong);
        let purpose = self.purpose(field("purpose"), wrong);
        let choice = self.choice(field("choice"), wrong);
        let channel = field("channel").map(|c| channel(c.trim(), wrong));
        let time = field("time").map_or(Some(self.now), |t| time("time", t, wrong));
        let expires = field("expires").map(|t| time_after("expires", t, time, wrong));
        if time.is_some_and(|t| t > self.now) {
            wrong.push("time is in the future".to_owned());
        }
        let texts = ["notice", "source", "recipient", "event"].map(|n| field(n).map(str::to_owned));
        if let (Some((Act::Grant, _)), Some(p), None) = (&choice, &purpose, &texts[0]) {
            self.check_notice(p, wrong);
        }
        let (act, status) = choice?;
        Some(Line {
            subject: subject?,
            purpose: purpose?,
            act,
            status,
            channel: optional(channel)?,
            time: time?,
            expires: optional(expires)?,
            texts,
        })
    }

    fn check_texts(&self, record: &StringRecord, wrong: &mut Vec<String>) {
        for (column, at) in self.header.at.iter().enumerate() {
            let Some(value) = at.and_then(|i| record.get(i)) else { continue };
            if value.contains('\0') {
                wrong.push(format!("{} holds a NUL character", COLUMNS[column]));
            }
            // An open quote takes the lines behind it for its own, and their people's choices would be lost.
            let breaks = value.bytes().filter(|b| *b == b'\n').count();
            if breaks > 0 || value.contains('\r') {
                let (name, lines) = (COLUMNS[column], breaks + 1);
                wrong.push(format!("{name} goes over {lines} lines of the file: is a quote in it not closed?"));
            }
        }
    }

    fn subject(&self, value: Option<&str>, wrong: &mut Vec<String>) -> Option<String> {
        let key = value.and_then(|v| self.key.canonical(v));
        if key.is_none() {
            wrong.push(format!("subject is no {}", self.target.key_type()));
        }
        key
    }

    fn purpose(&self, value: Option<&str>, wrong: &mut Vec<String>) -> Option<String> {
        let known = value.map(str::trim).filter(|p| self.target.policy.purposes.contains_key(*p));
        if known.is_none() {
            wrong.push("purpose is not in the policy".to_owned());
        }
        known.map(str::to_owned)
    }

    /// `grant`, `withdraw`, `object`, or a value of the table's own status column.
    fn choice(&self, value: Option<&str>, wrong: &mut Vec<String>) -> Option<(Act, String)> {
        let found = value.map(str::trim).and_then(|v| self.known_choice(v));
        if found.is_none() {
            wrong.push("choice is none of grant, withdraw, object or the table's own words for them".to_owned());
        }
        found
    }

    fn known_choice(&self, value: &str) -> Option<(Act, String)> {
        let source = self.target.source;
        let own = |act| Some((act, value.to_owned()));
        if source.granted.iter().any(|g| g == value) {
            return own(Act::Grant);
        }
        if source.objected.iter().any(|o| o == value) {
            return own(Act::Object);
        }
        let word = |act| match act {
            Act::Grant => "grant",
            Act::Withdraw => "withdraw",
            Act::Object => "object",
        };
        self.statuses.iter().find_map(|(act, status)| {
            let status = status.as_ref()?;
            (value == word(*act) || value == status).then(|| (*act, status.clone()))
        })
    }

    fn check_notice(&self, purpose: &str, wrong: &mut Vec<String>) {
        let needed = self.target.policy.purposes.get(purpose).is_some_and(|p| p.notices.is_some());
        if needed {
            wrong.push("notice is empty, and this purpose counts consent only under one".to_owned());
        }
    }
}

/// An optional field: absent is well, present it must have been understood.
fn optional<T>(field: Option<Option<T>>) -> Option<Option<T>> {
    match field {
        None => Some(None),
        Some(understood) => understood.map(Some),
    }
}

fn channel(value: &str, wrong: &mut Vec<String>) -> Option<Channel> {
    let found = Channel::ALL.into_iter().find(|c| c.as_str() == value);
    if found.is_none() {
        wrong.push("channel is none of email, sms, phone, post".to_owned());
    }
    found
}

/// A time with its offset; a date or a bare time is UTC, as in the policy.
pub fn parse_time(value: &str) -> Option<Timestamp> {
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    let value = value.trim();
    if let Ok(time) = value.parse::<Timestamp>() {
        return Some(time);
    }
    // A place without an offset ([Europe/Madrid]): UTC is not what is meant.
    if value.contains('[') {
        return None;
    }
    if let Ok(civil) = value.parse::<DateTime>() {
        return utc(civil);
    }
    value.parse::<Date>().ok().and_then(|d| utc(d.to_datetime(jiff::civil::Time::midnight())))
}

fn time(name: &str, value: &str, wrong: &mut Vec<String>) -> Option<Timestamp> {
    let found = parse_time(value);
    if found.is_none() {
        wrong.push(format!("{name} is no time (2025-03-01, or 2025-03-01T12:00:00Z)"));
    }
    found
}

fn time_after(name: &str, value: &str, begin: Option<Timestamp>, wrong: &mut Vec<String>) -> Option<Timestamp> {
    let found = time(name, value, wrong);
    if let (Some(end), Some(begin)) = (found, begin)
        && end <= begin
    {
        wrong.push(format!("{name} is not after time"));
    }
    found
}

impl Line {
    /// Appends the line as a row of the staging table (COPY's text format: PostgreSQL manual, "COPY", File Formats).
    pub fn copy_into(&self, number: u64, out: &mut bytes::BytesMut) {
        let grants = if self.act == Act::Grant { "t" } else { "f" };
        let withdraws = if self.act == Act::Withdraw { "t" } else { "f" };
        let (number, time) = (number.to_string(), self.time.to_string());
        let expires = self.expires.map(|t| t.to_string());
        let [notice, source, recipient, event] = &self.texts;
        let fields = [
            Some(number.as_str()),
            Some(self.subject.as_str()),
            Some(self.purpose.as_str()),
            self.channel.map(Channel::as_str),
            Some(self.status.as_str()),
            Some(grants),
            Some(withdraws),
            Some(time.as_str()),
            expires.as_deref(),
            notice.as_deref(),
            source.as_deref(),
            recipient.as_deref(),
            event.as_deref(),
        ];
        for (i, field) in fields.into_iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(b"\t");
            }
            match field {
                None => out.extend_from_slice(b"\\N"),
                Some(text) => escape_into(text, out),
            }
        }
        out.extend_from_slice(b"\n");
    }
}

fn escape_into(text: &str, out: &mut bytes::BytesMut) {
    for byte in text.bytes() {
        let escaped: &[u8] = match byte {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => &[byte],
        };
        out.extend_from_slice(escaped);
    }
}
