//! What it costs PostgreSQL's scanner to read a text, found out before the scanner sees it.
//!
//! At each operator and at each `/*` the scanner runs to the end of the operator characters that follow, and takes back
//! all but the token itself. So `/**//**//**/…` and `++++…` take it the square of their length. Here the same tokens are
//! found with the steps counted, and too many are refused: the work here is bounded by what is allowed, and so is the
//! scanner's behind it.
//!
//! Strings, quoted names and comments are cut as PostgreSQL's scan.l cuts them (`standard_conforming_strings = on`). What
//! it takes for an error ends its reading; here reading goes on, which only counts more.

use super::refusal::{Refusal, SqlState};

/// Steps beyond the text's length that are allowed for each of its bytes, and in all.
const STEPS_PER_BYTE: usize = 4;
const FREE_STEPS: usize = 1 << 20;
/// Deepest nesting of comments.
const MAX_COMMENT_DEPTH: usize = 1_000;

/// Refuses a text whose comments nest too deeply, or whose operators would take the scanner too long.
pub fn check(text: &str) -> Result<(), Refusal> {
    let steps = FREE_STEPS + STEPS_PER_BYTE * text.len();
    Scan { text: text.as_bytes(), at: 0, steps, comments: Vec::new() }.run().map(|_| ())
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    /// Those that are left.
    steps: usize,
    /// Where comments of the form `/* … */` stand.
    comments: Vec<(usize, usize)>,
}

impl Scan<'_> {
    fn run(mut self) -> Result<Vec<(usize, usize)>, Refusal> {
        while let Some(byte) = self.byte(0) {
            match byte {
                b'-' if self.byte(1) == Some(b'-') => self.line_comment(),
                b'/' if self.byte(1) == Some(b'*') => self.comment()?,
                b'\'' => self.quoted(b'\''),
                b'"' => self.quoted(b'"'),
                b'$' => self.dollar(),
                b if is_name_start(b) => self.name(),
                b if is_operator(b) => self.operator()?,
                _ => self.at += 1,
            }
        }
        Ok(self.comments)
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn skip_while(&mut self, goes_on: impl Fn(u8) -> bool) {
        while self.byte(0).is_some_and(&goes_on) {
            self.at += 1;
        }
    }

    /// How far the scanner runs from here: the operator characters that follow, each a step.
    fn reach(&mut self) -> Result<&[u8], Refusal> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().take(self.steps + 1).take_while(|b| is_operator(**b)).count();
        self.steps = self.steps.checked_sub(length).ok_or_else(too_many_steps)?;
        Ok(&rest[..length])
    }

    fn line_comment(&mut self) {
        self.skip_while(|b| !matches!(b, b'\n' | b'\r'));
    }

    /// From `/*` to the `*/` that ends it, with those inside.
    fn comment(&mut self) -> Result<(), Refusal> {
        let (start, mut depth) = (self.at, 0);
        loop {
            match (self.byte(0), self.byte(1)) {
                (Some(b'/'), Some(b'*')) => {
                    self.reach()?;
                    depth += 1;
                    if depth > MAX_COMMENT_DEPTH {
                        return Err(too_deep());
                    }
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        self.comments.push((start, self.at));
                        return Ok(());
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Ok(()),
            }
        }
    }

    /// An operator ends before a comment, and where it holds no special character before `+` and `-` at its end.
    fn operator(&mut self) -> Result<(), Refusal> {
        let run = self.reach()?;
        let is_comment = |two: &[u8]| matches!(two, b"/*" | b"--");
        let cut = run.windows(2).position(is_comment).map_or(run, |at| &run[..at]);
        let sign = |b: &u8| matches!(b, b'+' | b'-');
        let ends_in_sign = cut.len() > 1 && cut.last().is_some_and(sign);
        let length = match ends_in_sign && !cut[..cut.len() - 1].iter().any(|b| b"~!@#^&|`?%".contains(b)) {
            true => cut.iter().rposition(|b| !sign(b)).map_or(1, |last| last + 1),
            false => cut.len(),
        };
        self.at += length.max(1);
        Ok(())
    }

    /// A name, or a string of the kind that its first letters say.
    fn name(&mut self) {
        match (self.byte(0), self.byte(1), self.byte(2)) {
            (Some(b'e' | b'E'), Some(b'\''), _) => {
                self.at += 1;
                self.escaped();
            }
            (Some(b'b' | b'B' | b'x' | b'X' | b'n' | b'N'), Some(b'\''), _) => {
                self.at += 1;
                self.quoted(b'\'');
            }
            (Some(b'u' | b'U'), Some(b'&'), Some(quote @ (b'\'' | b'"'))) => {
                self.at += 2;
                self.quoted(quote);
            }
            _ => self.skip_while(|b| is_name_start(b) || b.is_ascii_digit() || b == b'$'),
        }
    }

    /// To the next quote: a doubled one begins what is as good as another string.
    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        self.skip_while(|b| b != quote);
        self.at += 1;
    }

    /// `E'…'`, with all that continues it on further lines.
    fn escaped(&mut self) {
        loop {
            self.at += 1;
            loop {
                match (self.byte(0), self.byte(1)) {
                    (Some(b'\\'), _) | (Some(b'\''), Some(b'\'')) => self.at += 2,
                    (Some(b'\''), _) | (None, _) => break,
                    (Some(_), _) => self.at += 1,
                }
            }
            self.at += 1;
            let end = self.at;
            if !self.goes_on_with_quote() {
                self.at = end;
                return;
            }
        }
    }

    /// Goes to a quote behind white space with a line end, and comments to the end of a line.
    fn goes_on_with_quote(&mut self) -> bool {
        let start = self.at;
        loop {
            self.skip_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c'));
            match (self.byte(0), self.byte(1)) {
                (Some(b'-'), Some(b'-')) => self.line_comment(),
                (Some(b'\''), _) => break self.text[start..self.at].iter().any(|b| matches!(b, b'\n' | b'\r')),
                _ => break false,
            }
        }
    }

    /// `$tag$ … $tag$`, a parameter, or a dollar.
    fn dollar(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let tag = rest.iter().skip(1).take_while(|b| is_name_start(**b) || b.is_ascii_digit()).count();
        let is_tag = rest.get(tag + 1) == Some(&b'$') && !rest.get(1).is_some_and(u8::is_ascii_digit);
        if !is_tag {
            self.at += 1;
            return;
        }
        let (quote, inside) = rest.split_at(tag + 2);
        let end = find(inside, quote).map_or(inside.len(), |at| at + quote.len());
        self.at += quote.len() + end;
    }
}

/// In steps that the lengths add up to: a part begins with the only dollar before its last byte.
fn find(inside: &[u8], quote: &[u8]) -> Option<usize> {
    let mut dollars = inside.iter().enumerate().filter(|(_, b)| **b == b'$').map(|(at, _)| at).peekable();
    while let Some(at) = dollars.next() {
        let ends = dollars.peek().is_some_and(|next| next + 1 - at == quote.len());
        if ends && inside[at..].starts_with(quote) {
            return Some(at);
        }
    }
    None
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn is_operator(b: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&b)
}

fn too_deep() -> Refusal {
    Refusal::new(
        "comments-too-deep",
        SqlState::STATEMENT_TOO_COMPLEX,
        "comments are nested too deeply",
        format!("rule comments-too-deep: at most {MAX_COMMENT_DEPTH} comments may stand in one another"),
        "leave the comments out",
    )
}

fn too_many_steps() -> Refusal {
    Refusal::new(
        "operators-too-long",
        SqlState::STATEMENT_TOO_COMPLEX,
        "too many operators and comments stand side by side",
        "rule operators-too-long: it would take PostgreSQL the square of their length to read them",
        "put spaces between them",
    )
}

#[cfg(test)]
mod tests {
    use pg_query::protobuf::Token;

    use super::*;

    fn rule(text: &str) -> &'static str {
        check(text).map_or_else(|r| r.rule, |()| "ok")
    }

    #[test]
    fn what_would_take_the_scanner_the_square_is_refused() {
        let n = 20_000;
        assert_eq!(rule(&("/*".repeat(n) + &"*/".repeat(n))), "operators-too-long");
        assert_eq!(rule(&("/* ".repeat(1_001) + &"*/".repeat(1_001))), "comments-too-deep");
        assert_eq!(rule(&("/* ".repeat(1_000) + &"*/".repeat(1_000))), "ok");
        for square in ["/**/", "+", "+/**/", "/*+*/-", "*/*/**/*/"] {
            assert_eq!(rule(&format!("SELECT 1 {}", square.repeat(n))), "operators-too-long", "{square}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        let (many, plus) = ("/*".repeat(20_000), "+".repeat(20_000));
        for (open, close) in [("'", "'"), ("E'\\'", "'"), ("\"", "\""), ("$$", "$$"), ("$a$", "$a$"), ("--", "\n")] {
            assert_eq!(rule(&format!("SELECT {open}{many}{plus}{close}")), "ok", "{open}");
        }
        assert_eq!(rule(&format!("SELECT E'a' -- b\n '\\'{many}'")), "ok");
        assert_eq!(rule(&format!("SELECT 1 /*{}*/ --{}", "=".repeat(20_000), "-".repeat(20_000))), "ok");
        assert_eq!(rule(&"SELECT 1 /* a */ + /* b */ -1, ".repeat(20_000)), "ok");
        // These are what they look like.
        for text in ["SELECT '\\'", "SELECT E'a' '\\'", "SELECT a$$ ", "SELECT $1", "SELECT $1$", "SELECT 'a''"] {
            let hidden = text == "SELECT 'a''";
            assert_eq!(rule(&format!("{text}{many}")), if hidden { "ok" } else { "operators-too-long" }, "{text}");
        }
    }

    /// Random texts of all that strings, names and comments are made of: PostgreSQL's scanner finds the same comments.
    #[test]
    fn comments_are_where_postgresql_finds_them() {
        const PARTS: [&str; 34] = [
            "'", "'", "''", "\"", "\\", "$", "$$", "$a$", "$b$", "$1", "/*", "/*", "*/", "*/", "--", "\n", "\r", " ",
            "e'", "E'", "U&'", "u&\"", "B'1'", "n'", "a", "e", "é", "_", "1", "+", "-", "|", "*", "/",
        ];
        // Knuth's MMIX generator: the engine is pure, its tests too.
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut compared = 0;
        for _ in 0..400_000 {
            let text: String = (0..1 + random(23)).map(|_| PARTS[random(PARTS.len())]).collect();
            let Ok(tokens) = pg_query::scan_tokens(&format!("a {text}")) else { continue };
            let found: Vec<_> = tokens
                .iter()
                .filter(|t| t.token == Token::CComment as i32)
                .map(|t| (t.start as usize - 2, t.end as usize - 2))
                .collect();
            let steps = 1 << 20;
            let ours = Scan { text: text.as_bytes(), at: 0, steps, comments: Vec::new() }.run().unwrap();
            assert_eq!(ours, found, "{text:?}");
            compared += usize::from(!found.is_empty());
        }
        assert!(compared > 5_000, "{compared}");
    }
}
