//! Statements that differ in literals only: what was judged for one of them clears the others.
//!
//! Clients that write values into the text themselves (psycopg2, Django, Rails in the simple protocol, psql) never send
//! the same text twice. Such a text is cut into tokens, and if it is, *byte for byte outside of literals*, a text that
//! was judged before in the same context, then what left for that one leaves for this one, around its own literals.
//!
//! Why that is sound:
//! - Only literals that the analysis has marked may differ ([`Analyser::vary`]): operands of operators, values to be
//!   stored, limits. Nothing in the engine looks at their values, and each is a constant in the tree whatever its value;
//!   a subject's key, which the record wants, is worked out anew. All other literals must be the same.
//! - A literal takes the place of one of the same token kind. PostgreSQL's grammar sees tokens, so it makes the same tree
//!   with another constant in that place; and the scanner, because each literal stands between characters that cannot
//!   join with it ([`stands_alone`]), cuts the outgoing text into the same tokens as the one that was read back.
//! - The first text of a kind goes the whole way (`clear.rs`): it is put together by the very function that puts the
//!   others together, and is then read again and compared.

use std::collections::BTreeSet;

use pg_query::protobuf::Token;

use super::analyse::{Analyser, NamedBy, Naming, Replacement, name_once};
use super::cleared::{Argument, Cleared, Copied, Effect, NamedSubject, Places, Splice, Statement};
use super::parse::{self, Tok, Tokens};
use super::refusal::{self, Refusal};

/// Statements with more literals (bulk inserts) are not remembered.
const MAX_LITERALS: usize = 2_000;

/// In text of ours, a copy of the client's literal at byte `at` of its text. NUL is in no text that is read.
pub fn copy_of(at: usize) -> String {
    format!("\0{at}\0")
}

/// The same of words of the client's that are no literal of [`literals`], nor hold one. They are the same in all that is
/// alike, but for where they stand.
pub fn copy_of_words(start: usize, end: usize) -> String {
    format!("\0{start}-{end}\0")
}

/// Whether a text of ours has a copy of a literal in it.
pub fn copies_literals(ours: &str) -> bool {
    ours.split('\0').skip(1).step_by(2).any(|copy| !copy.contains('-'))
}

/// A pattern of LIKE with so many `%` at most is matched in as few steps into each other.
pub const FEW_WILDCARDS: usize = 100;

/// Whether a token is a literal that another may stand for: plain numbers and `'…'`, not `E'…'`, `$$…$$`, `B'…'`. Nor one
/// with a backslash, or many wildcards: as a pattern of LIKE it may fail.
pub fn is_literal(token: &Tok, text: &str) -> bool {
    let first = text.as_bytes().get(token.start);
    matches!(token.kind, Token::Sconst | Token::Iconst | Token::Fconst)
        && text
            .get(token.start..token.end)
            .is_some_and(|t| !t.contains('\\') && t.matches('%').count() <= FEW_WILDCARDS)
        && first.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'\'' | b'.'))
}

/// Byte ranges of the literals of a text, in order.
pub fn literals(text: &str, tokens: &Tokens) -> Vec<(usize, usize)> {
    tokens.list.iter().filter(|t| is_literal(t, text)).map(|t| (t.start, t.end)).collect()
}

/// A text without its literals: equal for texts that are alike.
pub struct Shape {
    key: String,
    literals: Vec<(usize, usize)>,
}

impl Shape {
    /// `None`: the text holds no literal, or is none that could be judged.
    pub fn of(text: &str) -> Option<Self> {
        let tokens = parse::tokens(text).ok()?;
        let (mut key, mut literals, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
        for token in tokens.list.iter().filter(|t| is_literal(t, text)) {
            key.push_str(text.get(at..token.start)?);
            key.push_str(match token.kind {
                Token::Sconst => "\0s",
                Token::Iconst => "\0i",
                _ => "\0f",
            });
            at = token.end;
            literals.push((token.start, token.end));
        }
        key.push_str(text.get(at..)?);
        (!literals.is_empty()).then_some(Self { key, literals })
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Byte ranges of the literals, in order.
    pub fn literals(&self) -> &[(usize, usize)] {
        &self.literals
    }
}

/// A piece of what leaves.
#[derive(Debug, Clone)]
enum Piece {
    /// So many bytes of the client's text, as they are.
    Kept(usize),
    /// The client's literal of this index, which may be another.
    Literal(usize),
    /// So many bytes of the client's text become ours.
    Put(usize, Vec<Part>),
}

#[derive(Debug, Clone)]
enum Part {
    Ours(String),
    /// The client's literal of this index.
    Copy(usize),
    /// So many bytes of the client's text, which begin `skip` bytes behind the first so many literals.
    Words {
        behind: usize,
        skip: usize,
        len: usize,
    },
}

impl Part {
    /// Which bytes of the client's text it is.
    fn copied(&self, literals: &[(usize, usize)]) -> Option<(usize, usize)> {
        match self {
            Self::Ours(_) => None,
            Self::Copy(index) => literals.get(*index).copied(),
            Self::Words { behind, skip, len } => {
                let start = end_of(literals, *behind)? + skip;
                Some((start, start + len))
            }
        }
    }
}

/// Where the first so many literals end.
fn end_of(literals: &[(usize, usize)], count: usize) -> Option<usize> {
    count.checked_sub(1).map_or(Some(0), |last| literals.get(last).map(|(_, end)| *end))
}

/// What leaves, in pieces.
#[derive(Debug, Clone)]
pub struct Pieces(Vec<Piece>);

impl Pieces {
    /// The client's text with its edits; `injected` are texts of ours, with [`copy_of`] in them.
    pub fn of(a: &Analyser<'_>, injected: &[String]) -> Result<Self, Refusal> {
        let overlapping = || refusal::not_faithful("two edits of the text overlap");
        let source = a.sources.first().ok_or_else(|| refusal::not_faithful("a text is missing"))?;
        let literals = literals(&source.text, &source.tokens);
        let mut edits: Vec<_> = source.edits.iter().collect();
        edits.sort_by_key(|e| (e.start, e.end));
        let (mut pieces, mut at) = (Vec::new(), 0);
        for edit in edits {
            keep(&mut pieces, at, edit.start, &literals, a).ok_or_else(overlapping)?;
            let mut parts = Vec::new();
            match &edit.with {
                Replacement::Text(text) => parts.push(Part::Ours(text.clone())),
                Replacement::Injected(index, suffix) => {
                    parts = cut(injected.get(*index).ok_or_else(overlapping)?, &literals).ok_or_else(overlapping)?;
                    parts.push(Part::Ours(suffix.clone()));
                }
            }
            pieces.push(Piece::Put(edit.end.checked_sub(edit.start).ok_or_else(overlapping)?, parts));
            at = edit.end;
        }
        keep(&mut pieces, at, source.text.len(), &literals, a).ok_or_else(overlapping)?;
        Ok(Self(pieces))
    }

    /// What leaves for `text`, and where each of our parts went.
    pub fn around(&self, text: &str, literals: &[(usize, usize)]) -> Option<(String, Places)> {
        let (mut out, mut places, mut at) = (String::with_capacity(text.len() * 2), Places::default(), 0);
        for piece in &self.0 {
            match piece {
                Piece::Kept(length) => {
                    out.push_str(text.get(at..at + length)?);
                    at += length;
                }
                Piece::Literal(index) => {
                    let (start, end) = *literals.get(*index)?;
                    out.push_str(text.get(start..end).filter(|_| start == at)?);
                    at = end;
                }
                Piece::Put(len_in, parts) => {
                    let at_out = out.len();
                    put(&mut out, parts, text, literals, &mut places.copies)?;
                    places.splices.push(Splice { at_in: at, len_in: *len_in, at_out, len_out: out.len() - at_out });
                    at += len_in;
                }
            }
        }
        (at == text.len()).then_some((out, places))
    }

    /// The literals that may not be another: those that do not leave where they stand. By index.
    fn fixed(&self, count: usize) -> Vec<usize> {
        let varying: BTreeSet<usize> =
            self.0.iter().filter_map(|p| if let Piece::Literal(i) = p { Some(*i) } else { None }).collect();
        (0..count).filter(|i| !varying.contains(i)).collect()
    }

    /// Whether every literal that may be another is surely a token of its own in `out`, for any value.
    fn stand_alone(&self, literals: &[(usize, usize)], out: &str) -> bool {
        let mut at = 0;
        let mut alone = |length: usize, literal: Option<usize>| {
            let (start, end) = literal.and_then(|i| literals.get(i)).copied().unwrap_or((0, length));
            let from = at;
            at += end - start;
            literal.is_none() || stands_alone(out.as_bytes(), from, at)
        };
        self.0.iter().all(|piece| match piece {
            Piece::Kept(length) => alone(*length, None),
            Piece::Literal(index) => alone(0, Some(*index)),
            Piece::Put(_, parts) => parts.iter().all(|part| match part {
                Part::Ours(ours) => alone(ours.len(), None),
                Part::Copy(index) => alone(0, Some(*index)),
                Part::Words { len, .. } => alone(*len, None),
            }),
        })
    }
}

fn keep(pieces: &mut Vec<Piece>, from: usize, to: usize, literals: &[(usize, usize)], a: &Analyser<'_>) -> Option<()> {
    let mut at = from;
    let first = literals.partition_point(|(start, _)| *start < from);
    for (index, (start, end)) in literals.iter().enumerate().skip(first).take_while(|(_, (_, end))| *end <= to) {
        if a.varying.contains(start) {
            pieces.push(Piece::Kept(start.checked_sub(at)?));
            pieces.push(Piece::Literal(index));
            at = *end;
        }
    }
    pieces.push(Piece::Kept(to.checked_sub(at)?));
    Some(())
}

/// A text of ours at its copies of the client's literals and words.
fn cut(text: &str, literals: &[(usize, usize)]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for (i, part) in text.split('\0').enumerate() {
        parts.push(match (i % 2, part.split_once('-')) {
            (0, _) => Part::Ours(part.to_owned()),
            (_, None) => {
                let at: usize = part.parse().ok()?;
                Part::Copy(literals.binary_search_by_key(&at, |(start, _)| *start).ok()?)
            }
            (_, Some((start, end))) => {
                let (start, end): (usize, usize) = (start.parse().ok()?, end.parse().ok()?);
                let behind = literals.partition_point(|(_, end)| *end <= start);
                let skip = start.checked_sub(end_of(literals, behind)?)?;
                let holds_none = literals.get(behind).is_none_or(|(next, _)| *next >= end);
                holds_none.then_some(Part::Words { behind, skip, len: end.checked_sub(start)? })?
            }
        });
    }
    Some(parts)
}

fn put(
    out: &mut String,
    parts: &[Part],
    text: &str,
    literals: &[(usize, usize)],
    copies: &mut Vec<Copied>,
) -> Option<()> {
    for part in parts {
        match part {
            Part::Ours(ours) => out.push_str(ours),
            Part::Copy(_) | Part::Words { .. } => {
                let (start, end) = part.copied(literals)?;
                copies.push(Copied { at_in: start, at_out: out.len(), len: end - start });
                out.push_str(text.get(start..end)?);
            }
        }
    }
    Some(())
}

/// A text of ours with the client's own literals and words in place of their copies.
pub fn filled(ours: &str, text: &str, literals: &[(usize, usize)]) -> Result<String, Refusal> {
    let mut out = String::with_capacity(ours.len());
    let parts = cut(ours, literals).and_then(|parts| put(&mut out, &parts, text, literals, &mut Vec::new()));
    parts.map(|()| out).ok_or_else(|| refusal::not_faithful("a literal was not found in the text"))
}

/// Whether the characters around `from..to` can never be one token with a literal between them: white space, brackets,
/// commas, semicolons and operators that no digit or quote continues.
fn stands_alone(out: &[u8], from: usize, to: usize) -> bool {
    let parts = |b: &u8| b" \t\r\n(),;=<>+-*/%[]|~!@#^".contains(b);
    from.checked_sub(1).and_then(|i| out.get(i)).is_none_or(parts) && out.get(to).is_none_or(|b| parts(b) || *b == b':')
}

/// What leaves for every statement that is like one that was judged.
#[derive(Debug, Clone)]
pub struct Template {
    pieces: Pieces,
    /// Literals that must be the same, by index.
    fixed: Vec<(usize, String)>,
    statement: Statement,
    /// Where the statement begins in its text, and how many bytes follow it.
    start: usize,
    behind: usize,
    /// What names subjects, by index of the literal instead of its place.
    namings: Vec<Naming>,
}

impl Template {
    /// `None` where another statement may not be judged by this one.
    pub fn of(a: &Analyser<'_>, pieces: Pieces, cleared: &Cleared, span: (usize, usize)) -> Option<Self> {
        let [statement] = cleared.statements.as_slice() else { return None };
        let source = a.sources.first()?;
        let literals = literals(&source.text, &source.tokens);
        let fixed = pieces.fixed(literals.len());
        let plain = statement.effect == Effect::None && statement.defined.is_empty() && !a.unlike_others;
        if !plain
            || literals.len() > MAX_LITERALS
            || fixed.len() == literals.len()
            || !pieces.stand_alone(&literals, cleared.wire_text())
        {
            return None;
        }
        let index = |at: usize| literals.binary_search_by_key(&at, |(start, _)| *start).ok();
        let text_of = |i: usize| literals.get(i).and_then(|(s, e)| source.text.get(*s..*e));
        let template = Self {
            fixed: fixed.into_iter().map(|i| Some((i, text_of(i)?.to_owned()))).collect::<Option<_>>()?,
            pieces,
            statement: Statement { subjects: Vec::new(), ..statement.clone() },
            start: span.0,
            behind: source.text.len().checked_sub(span.1)?,
            namings: a
                .namings
                .list
                .iter()
                .map(|naming| {
                    let by = match naming.by {
                        NamedBy::Literal { at, negative } => NamedBy::Literal { at: index(at)?, negative },
                        other @ (NamedBy::Parameter(_) | NamedBy::Untold) => other,
                    };
                    Some(Naming { by, ..naming.clone() })
                })
                .collect::<Option<_>>()?,
        };
        // It must say of its own text what was judged.
        let again = template.fill(&source.text, &literals)?;
        let same = again.wire_text() == cleared.wire_text()
            && again
                .statements
                .first()
                .is_some_and(|s| s.source == statement.source && s.subjects == statement.subjects);
        same.then_some(template)
    }

    /// What leaves for a text of this shape; `None` when that must be judged anew.
    pub fn clears(&self, text: &str, shape: &Shape) -> Option<Cleared> {
        let literal = |i: usize| shape.literals.get(i).and_then(|(start, end)| text.get(*start..*end));
        if self.fixed.iter().any(|(i, fixed)| literal(*i) != Some(fixed)) {
            return None;
        }
        self.fill(text, &shape.literals)
    }

    fn fill(&self, text: &str, literals: &[(usize, usize)]) -> Option<Cleared> {
        let (out, places) = self.pieces.around(text, literals)?;
        if out.len() > parse::MAX_BYTES {
            return None;
        }
        let mut statement = self.statement.clone();
        for naming in &self.namings {
            let key = match naming.by {
                NamedBy::Literal { at, negative } => {
                    let (start, end) = *literals.get(at)?;
                    let value = value(text.get(start..end)?)?;
                    Some(Argument::Literal(if negative && value != "0" { format!("-{value}") } else { value }))
                }
                NamedBy::Parameter(number) => Some(Argument::Parameter(number)),
                NamedBy::Untold => None,
            };
            let (kind, reading) = (naming.kind.clone(), naming.reading.clone());
            name_once(&mut statement.subjects, NamedSubject { key, kind, reading });
        }
        statement.source = text.get(self.start..text.len().checked_sub(self.behind)?)?.to_owned();
        Some(Cleared::mint(out, vec![statement], places))
    }

    /// A rough count of the bytes that it takes.
    pub fn weight(&self) -> usize {
        let ours = |p: &Piece| match p {
            Piece::Kept(_) | Piece::Literal(_) => 16,
            Piece::Put(_, parts) => parts.iter().map(|p| if let Part::Ours(t) = p { t.len() + 32 } else { 32 }).sum(),
        };
        1024 + self.pieces.0.iter().map(ours).sum::<usize>() + 2 * self.statement.sql.len() + 64 * self.namings.len()
    }
}

/// The value of a literal as the grammar reads it; `None` where it is not plain.
fn value(literal: &str) -> Option<String> {
    let Some(inside) = literal.strip_prefix('\'').and_then(|l| l.strip_suffix('\'')) else {
        return Some(literal.parse::<i32>().map_or_else(|_| literal.to_owned(), |number| number.to_string()));
    };
    // A quote that is not doubled stands between two pieces (`'a' ⏎ 'b'`).
    let one_piece = !inside.replace("''", "").contains('\'');
    one_piece.then(|| inside.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        Shape::of(text).map(|s| s.key)
    }

    #[test]
    fn texts_are_alike_that_differ_in_literals_of_a_kind() {
        assert_eq!(key("SELECT 1 WHERE a = 'x'"), key("SELECT 22 WHERE a = 'it''s; -- '"));
        for other in [
            "SELECT 1.0 WHERE a = 'x'",
            "SELECT 1  WHERE a = 'x'",
            "SELECT 1 WHERE b = 'x'",
            "SELECT 1 WHERE a = E'x'",
            "SELECT 1 WHERE a = $$x$$",
            "SELECT 1 WHERE a = B'1'",
            "SELECT 1 WHERE a = 'x' /* 'x' */",
            "SELECT 99999999999 WHERE a = 'x'",
            "SELECT '1' WHERE a = 'x'",
        ] {
            assert_ne!(key("SELECT 1 WHERE a = 'x'"), key(other), "{other}");
        }
        assert_eq!(key("SELECT a"), None);
        assert_eq!(key("SELECT 'open"), None);
        assert_eq!(key("SELECT 0x1F"), None);
    }

    #[test]
    fn values_are_read_as_the_grammar_reads_them() {
        for (literal, wanted) in [
            ("007", Some("7")),
            ("99999999999", Some("99999999999")),
            (".5", Some(".5")),
            ("'it''s'", Some("it's")),
            ("''", Some("")),
            ("''''", Some("'")),
            ("'a'\n'b'", None),
        ] {
            assert_eq!(value(literal).as_deref(), wanted, "{literal}");
        }
    }

    #[test]
    fn a_literal_stands_alone_between_what_cannot_join_with_it() {
        let alone = |out: &str| {
            let from = out.find('1').unwrap_or_default();
            stands_alone(out.as_bytes(), from, from + 1)
        };
        for out in ["1", "a=1", "(1)", "a||1::text", "x -1;", "[1]"] {
            assert!(alone(out), "{out}");
        }
        for out in ["a1", "1a", "$1", "x.1", "1.x", "'1", "\"1", "é1", "1é", "U&1", "1_"] {
            assert!(!alone(out), "{out}");
        }
    }
}
