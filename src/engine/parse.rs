//! SQL text to PostgreSQL's own syntax tree and tokens, behind limits. The only caller of libpg_query's parser.
//!
//! What is read here is what PostgreSQL reads: UTF-8, `standard_conforming_strings = on` (both pinned by the session).
//! Tokens whose meaning depends on the server's version are refused.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pg_query::protobuf::{self as pb, Token};

use super::refusal::{Refusal, SqlState};
use super::scanning;

/// Longest text in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// Longest text that is read a few times over to say where it is wrong.
const MAX_BYTES_SEARCHED: usize = 64 << 10;
/// Most tokens in a text.
pub const MAX_TOKENS: usize = 400_000;
/// Most statements in a text: each is an event of the record, and what is known of it is kept until it is answered.
pub const MAX_STATEMENTS: usize = 20_000;
/// Deepest nesting, in nodes, that a text can possibly have (see [`depth_bound`]).
pub const MAX_DEPTH: usize = 6_000;
/// What a bracket makes of nodes, one inside of the other: `(SELECT 1)` is a sub-link, a query and an item of its list. CASE
/// and its WHEN are no more.
const BRACKET: usize = 4;
/// So many ANDs and ORs need the stack of one node: they are read in a loop, and only looked at and dropped one in the other.
const CHAIN: usize = 16;
/// Stack for one node. Reading one takes 29 KB without optimisation (`prost`), judging it less.
const NODE_STACK: usize = 40 << 10;
/// Stack for what does not grow with the text.
const SPARE_STACK: usize = 512 << 10;

/// A token without comments: byte range and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tok {
    pub start: usize,
    pub end: usize,
    pub kind: Token,
}

/// A text's tokens in order; comments apart.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    pub list: Vec<Tok>,
    pub comments: Vec<Tok>,
    /// Numbers of the parameters that stand in it more than once.
    pub repeated: BTreeSet<u64>,
}

impl Tokens {
    /// Index of the token that starts at byte `at`.
    pub fn at(&self, at: usize) -> Option<usize> {
        self.list.binary_search_by_key(&at, |t| t.start).ok()
    }

    /// Those that stand in bytes `start..end`, comments apart.
    pub fn within(&self, start: usize, end: usize) -> &[Tok] {
        within(&self.list, start, end)
    }

    pub fn comments_within(&self, start: usize, end: usize) -> &[Tok] {
        within(&self.comments, start, end)
    }

    pub fn kind(&self, index: usize) -> Option<Token> {
        self.list.get(index).map(|t| t.kind)
    }
}

/// A text may hold as many statements as tokens: what is asked of each does not go through all.
fn within(list: &[Tok], start: usize, end: usize) -> &[Tok] {
    let (from, to) = (list.partition_point(|t| t.start < start), list.partition_point(|t| t.end <= end));
    list.get(from..to).unwrap_or_default()
}

/// A text as PostgreSQL reads it.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub statements: Vec<pb::RawStmt>,
    pub tokens: Tokens,
    /// An upper bound of the trees' depth, for [`on_roomy_stack`].
    pub depth: usize,
}

/// Reads `text`. Errors: too long, too deep, a syntax error with PostgreSQL's own words, a doubtful token.
pub fn parse(text: &str) -> Result<Parsed, Refusal> {
    let tokens = tokens(text)?;
    let ends = tokens.list.iter().filter(|t| t.kind == Token::Ascii59).count();
    if ends > MAX_STATEMENTS {
        return Err(too_many(ends));
    }
    let depth = depth_bound(&tokens);
    if depth > MAX_DEPTH {
        return Err(too_deep(&format!("it may nest {depth} nodes; the limit is {MAX_DEPTH}")));
    }
    let statements = on_roomy_stack(depth, || {
        read(text).map_err(|refusal| match stopped_at(&refusal.message, text, &tokens.list) {
            Some(at) => refusal.at(at as i32),
            None => refusal,
        })
    })?;
    Ok(Parsed { statements, tokens, depth })
}

/// Only the tokens of `text`. Errors: too long, too long to read, an unfinished token, a doubtful one.
pub fn tokens(text: &str) -> Result<Tokens, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(too_long(format!("{} bytes; the limit is {MAX_BYTES}", text.len())));
    }
    if let Some(at) = text.find('\0') {
        return Err(syntax_error("NUL in the statement").at(at as i32));
    }
    scanning::check(text)?;
    scan(text)
}

/// Runs `work` where the stack holds recursion over a syntax tree of `depth` nodes: here, or on a stack of its own.
pub fn on_roomy_stack<T>(depth: usize, work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(needed_stack(depth), needed_stack(depth), work)
}

fn needed_stack(depth: usize) -> usize {
    SPARE_STACK + depth.min(MAX_DEPTH) * NODE_STACK
}

fn read(text: &str) -> Result<Vec<pb::RawStmt>, Refusal> {
    // The crate's own summary of a tree asserts shapes that odd utility statements do not have.
    let parsed = catch_unwind(AssertUnwindSafe(|| pg_query::parse(text, 0)))
        .map_err(|_| not_understood("statement is not supported", "PostgreSQL's parser library cannot describe it"))?;
    match parsed {
        Ok(result) => Ok(result.protobuf.stmts),
        // That is no fault of the text: direct PostgreSQL reads it.
        Err(pg_query::Error::Parse(message)) if message.contains("nested too deeply") => {
            Err(too_deep("its tree is too deep to be handed over by PostgreSQL's parser library"))
        }
        Err(pg_query::Error::Parse(message)) => Err(syntax_error(&message)),
        Err(other) => Err(not_understood("statement is not supported", &other.to_string())),
    }
}

fn too_deep(why: &str) -> Refusal {
    Refusal::new(
        "statement-too-deep",
        SqlState::STATEMENT_TOO_COMPLEX,
        "statement is nested too deeply",
        why,
        "split the statement, or use IN lists and VALUES instead of long chains of operators",
    )
}

/// Where PostgreSQL's grammar stopped, which the library does not say: at the first of the tokens that read as its words
/// have it behind which it makes no difference what follows.
fn stopped_at(message: &str, text: &str, tokens: &[Tok]) -> Option<usize> {
    if message == "syntax error at end of input" {
        return Some(text.len());
    }
    let near = message.strip_prefix("syntax error at or near \"")?.strip_suffix('"')?;
    let alike: Vec<&Tok> = tokens.iter().filter(|t| text.get(t.start..t.end) == Some(near)).collect();
    // PostgreSQL reads these together with the word behind them; and it is not worth reading a long text many times.
    let together = ["not", "nulls", "with", "without", "format"].iter().any(|word| near.eq_ignore_ascii_case(word));
    if alike.len() > 1 && (together || text.len() > MAX_BYTES_SEARCHED) {
        return None;
    }
    let stops = |t: &Tok| text.get(..t.end).is_some_and(|t| matches!(read(t), Err(r) if r.message == message));
    let first = if alike.len() > 1 { alike.partition_point(|t| !stops(t)) } else { 0 };
    alike.get(first).map(|t| t.start)
}

/// Where a token begins that does not end: PostgreSQL's words quote the text from there.
fn unfinished_at(message: &str, text: &str) -> Option<usize> {
    let near = message.strip_prefix("unterminated ")?.split_once(" at or near \"")?.1.strip_suffix('"')?;
    text.len().checked_sub(near.len()).filter(|_| text.ends_with(near))
}

fn scan(text: &str) -> Result<Tokens, Refusal> {
    // The crate reads through a null pointer when there is no token at all (clients ping with empty queries). Here all that
    // its scanner skips counts, whatever other versions do: what of it is doubtful is refused as a gap.
    if text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')) {
        check_gap(text, 0)?;
        return Ok(Tokens::default());
    }
    let scanned = pg_query::scan_tokens(text).map_err(|e| match e {
        pg_query::Error::Scan(message) | pg_query::Error::Parse(message) => {
            let refusal = syntax_error(&message);
            match unfinished_at(&message, text) {
                Some(at) => refusal.at(at as i32),
                None => refusal,
            }
        }
        other => not_understood("statement is not supported", &other.to_string()),
    })?;
    if scanned.len() > MAX_TOKENS {
        return Err(too_long(format!("{} tokens; the limit is {MAX_TOKENS}", scanned.len())));
    }
    let mut tokens = Tokens { list: Vec::with_capacity(scanned.len()), ..Tokens::default() };
    let (mut after, mut parameters) = (0, BTreeSet::new());
    for t in scanned {
        let kind = Token::try_from(t.token)
            .map_err(|_| not_understood("statement is not supported", "it holds a token of an unknown kind"))?;
        let tok = Tok { start: t.start as usize, end: t.end as usize, kind };
        let (Some(gap), Some(word)) = (text.get(after..tok.start), text.get(tok.start..tok.end)) else {
            return Err(not_understood("statement is not supported", "its tokens do not follow each other"));
        };
        check_gap(gap, after)?;
        check_number(kind, word).map_err(|r| r.at(t.start))?;
        if kind == Token::SystemUser && tokens.list.last().is_none_or(|before| before.kind != Token::Ascii46) {
            return Err(doubtful_word("system_user").at(t.start));
        }
        after = tok.end;
        if let Some(number) = parameter(kind, word)
            && !parameters.insert(number)
        {
            tokens.repeated.insert(number);
        }
        match kind {
            Token::SqlComment | Token::CComment => tokens.comments.push(tok),
            _ => tokens.list.push(tok),
        }
    }
    check_gap(text.get(after..).unwrap_or(""), after)?;
    Ok(tokens)
}

/// The number of `$n`.
pub fn parameter(kind: Token, word: &str) -> Option<u64> {
    if kind == Token::Param { word.strip_prefix('$')?.parse().ok() } else { None }
}

/// Between tokens only what every PostgreSQL version reads as white space.
fn check_gap(gap: &str, at: usize) -> Result<(), Refusal> {
    match gap.find(|c| !matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')) {
        None => Ok(()),
        Some(i) => Err(doubtful("white space").at((at + i) as i32)),
    }
}

/// `0x1F` and `1_000` are numbers since PostgreSQL 16, and something else before.
fn check_number(kind: Token, word: &str) -> Result<(), Refusal> {
    let plain = match kind {
        Token::Iconst => word.bytes().all(|b| b.is_ascii_digit()),
        Token::Fconst => word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')),
        // A number that is too large becomes another one (`atol` in PostgreSQL's scanner).
        Token::Param => word.bytes().skip(1).all(|b| b.is_ascii_digit()) && word[1..].parse::<i32>().is_ok(),
        _ => true,
    };
    if plain { Ok(()) } else { Err(doubtful("a number")) }
}

/// An upper bound of the syntax tree's depth in nodes.
///
/// What stands in brackets may be the innermost operand of all operators around them (`((1) + 1) + 1`), and a query's
/// whole text that of the set operations behind it; only what commas part is side by side. So the depth of a level is the
/// most that one of its parts has, of operators and the deepest brackets in it, and all its set operations.
fn depth_bound(tokens: &Tokens) -> usize {
    let mut open = vec![Level::default()];
    for t in &tokens.list {
        match t.kind {
            Token::Ascii40 | Token::Ascii91 | Token::Case => open.push(Level::default()),
            Token::Ascii41 | Token::Ascii93 | Token::EndP if open.len() > 1 => close(&mut open),
            Token::Ascii44 => on_top(&mut open, Level::end_part),
            Token::Ascii59 => on_top(&mut open, Level::end_statement),
            Token::And | Token::Or => on_top(&mut open, |level| level.chained += 1),
            Token::Union | Token::Intersect | Token::Except => on_top(&mut open, |level| level.set_operations += 1),
            kind if nests(kind) => on_top(&mut open, |level| level.operators += 1),
            _ => {}
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().map_or(0, Level::depth)
}

fn on_top(open: &mut [Level], change: impl FnOnce(&mut Level)) {
    if let Some(top) = open.last_mut() {
        change(top);
    }
}

fn close(open: &mut Vec<Level>) {
    let inside = open.pop().map_or(0, Level::depth);
    on_top(open, |level| level.deepest = level.deepest.max(inside + BRACKET));
}

/// What stands between two brackets, read so far.
#[derive(Default)]
struct Level {
    /// Of the part since the last comma.
    operators: usize,
    /// ANDs and ORs of the part: a list to PostgreSQL's grammar, and one inside of the other to the second parser.
    chained: usize,
    /// The deepest brackets in that part.
    deepest: usize,
    /// The most that a part has come to.
    most: usize,
    /// A comma does not end these: it may part the select lists between them.
    set_operations: usize,
    /// The most that a statement before has come to.
    statements: usize,
}

impl Level {
    fn end_part(&mut self) {
        self.most = self.most.max(self.operators + self.chained / CHAIN + self.deepest);
        (self.operators, self.chained, self.deepest) = (0, 0, 0);
    }

    fn end_statement(&mut self) {
        self.end_part();
        self.statements = self.statements.max(self.most + self.set_operations);
        (self.most, self.set_operations) = (0, 0);
    }

    fn depth(mut self) -> usize {
        self.end_statement();
        self.statements
    }
}

/// Tokens that take an expression (or a query) as an operand of a new node. Names are leaves.
fn nests(kind: Token) -> bool {
    use Token as T;
    matches!(
        kind,
        T::Ascii42
            | T::Ascii43
            | T::Ascii45
            | T::Ascii47
            | T::Ascii37
            | T::Ascii94
            | T::Ascii60
            | T::Ascii61
            | T::Ascii62
            | T::Op
            | T::Typecast
            | T::LessEquals
            | T::GreaterEquals
            | T::NotEquals
            | T::Not
            | T::NotLa
            | T::Is
            | T::Isnull
            | T::Notnull
            | T::Collate
            | T::At
            | T::Like
            | T::Ilike
            | T::Similar
            | T::InP
            | T::Between
            | T::Operator
            | T::Join
            | T::Explain
            | T::Over
    )
}

fn too_long(detail: String) -> Refusal {
    Refusal::new(
        "statement-too-long",
        SqlState::STATEMENT_TOO_LONG,
        "statement is too long",
        detail,
        "send data with COPY, or in several statements",
    )
}

fn too_many(statements: usize) -> Refusal {
    Refusal::new(
        "too-many-statements",
        SqlState::STATEMENT_TOO_LONG,
        "message holds too many statements",
        format!("{statements} statements; the limit is {MAX_STATEMENTS}"),
        "send them in several messages, rows with COPY or with one INSERT of many",
    )
}

/// PostgreSQL's grammar does not accept the text: its own message.
pub fn syntax_error(message: &str) -> Refusal {
    Refusal::new("syntax-error", SqlState::SYNTAX_ERROR, message, "", "")
}

fn doubtful(what: &str) -> Refusal {
    Refusal::new(
        "doubtful-token",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("{what} is written in a way that PostgreSQL versions read differently"),
        "rule doubtful-token: only what every supported version reads alike is sent",
        "use plain decimal numbers, and spaces, tabs and line ends",
    )
}

/// A word that is a name to some versions, and more than that to others.
pub fn doubtful_word(word: &str) -> Refusal {
    Refusal {
        hint: format!("write \"{word}\", in quotes, where it is a name"),
        ..doubtful(&format!("the word {word}"))
    }
}

fn not_understood(message: &str, detail: &str) -> Refusal {
    Refusal::new("not-understood", SqlState::FEATURE_NOT_SUPPORTED, message, detail, "rewrite the statement")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> &'static str {
        parse(text).map(|_| "ok").unwrap_or_else(|r| r.rule)
    }

    #[test]
    fn limits_are_errors_and_not_crashes() {
        assert_eq!(rule(&format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000))), "statement-too-deep");
        assert_eq!(rule(&format!("SELECT 1{}", " + 1".repeat(40_000))), "statement-too-deep");
        assert_eq!(rule(&format!("SELECT {}", "- ".repeat(40_000))), "statement-too-deep");
        assert_eq!(rule(&format!("SELECT 1{}", " + 1".repeat(2_000))), "ok");
        assert_eq!(rule(&format!("SELECT {}1{}", "(SELECT ".repeat(800), ")".repeat(800))), "ok");
        assert_eq!(rule(&format!("SELECT {}1{}", "ARRAY[".repeat(1_400), "]".repeat(1_400))), "ok");
        assert_eq!(rule(&format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(2_500))), "ok");
        assert_eq!(rule(&format!("SELECT {} 1 {}", "CASE WHEN true THEN ".repeat(1_400), "END ".repeat(1_400))), "ok");
        assert_eq!(rule(&format!("SELECT 1 -- {}", "x".repeat(MAX_BYTES))), "statement-too-long");
        assert_eq!(rule(&"select;".repeat(MAX_STATEMENTS)), "ok");
        assert_eq!(rule(&"select;".repeat(MAX_STATEMENTS + 1)), "too-many-statements");
    }

    /// The first operand of a chain may hold a chain itself, and commas do not part set operations.
    #[test]
    fn depth_adds_up_behind_brackets_and_commas() {
        let chain = " + 1".repeat(400);
        let chains = format!("SELECT {}1{}", "(".repeat(400), format!("{chain})").repeat(400));
        assert_eq!(rule(&chains), "statement-too-deep");
        assert_eq!(rule(&format!("SELECT 1, 2 {}", "UNION ALL SELECT 1, 2 ".repeat(60_000))), "statement-too-deep");
        assert_eq!(
            rule(&format!("VALUES (1), (2) {}", "EXCEPT VALUES (1), (2) ".repeat(20_000))),
            "statement-too-deep"
        );
        assert_eq!(rule(&format!("SELECT {}", "(1 + 1) * (2 - 1), ".repeat(20_000) + "1")), "ok");
        assert_eq!(rule(&format!("SELECT 1 WHERE 1 IN ({}1)", "(1 + 1), ".repeat(20_000))), "ok");
    }

    #[test]
    fn doubtful_tokens_are_refused() {
        for text in ["SELECT 0x1F", "SELECT 1_000", "SELECT\x0b1", "SELECT 0b11", "SELECT 1_0.5", "\x0b", " \x0b\n"] {
            assert_eq!(rule(text), "doubtful-token", "{text:?}");
        }
        assert_eq!(rule("SELECT 1.5e-3, .5, '0x1F', \"0x1F\", 1 \u{c} -- \u{b}"), "ok");
    }

    #[test]
    fn every_newline_that_postgresql_knows_ends_a_comment() {
        assert_eq!(parse("select 1 -- \r; select 2").map(|p| p.statements.len()), Ok(2));
        assert_eq!(parse("select ''||-- '\n ssn FROM customers -- '").map(|p| p.statements.len()), Ok(1));
    }
}
