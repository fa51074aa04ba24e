//! A statement in words that sqlparser knows, for the second opinion alone: it never leaves.
//!
//! Constructs of PostgreSQL that sqlparser cannot read get a stand-in, token by token. Why none can hide a relation, a
//! sub-select or a call from it:
//! - a token that goes is a keyword, the name of a column, a type, an output or an item of FROM, a constant, or a comma or bracket between
//!   such; what stands in brackets with an expression in it stays to the letter, in its brackets or in a SELECT of its own;
//! - where a list of plain names and types goes, none of its tokens may begin or belong to a query ([`QUERIES`]);
//! - and if a name that goes were a relation's after all, the second parser would miss it: a refusal.

use pg_query::protobuf::Token;

use crate::engine::parse::{self, Tok};

/// Words that every query or write holds at least one of.
const QUERIES: [&str; 8] = ["SELECT", "TABLE", "VALUES", "FROM", "INTO", "SET", "USING", "WITH"];

/// `text` with stand-ins; `None`: there is nothing to stand in for.
pub fn simpler(text: &str) -> Option<String> {
    let tokens = parse::tokens(text).ok()?.list;
    let mut reading = Reading { text, with: vec![None; tokens.len()], tokens, apart: Vec::new() };
    (0..reading.tokens.len()).for_each(|i| reading.stand_in(i));
    (!reading.apart.is_empty() || reading.with.iter().any(Option::is_some)).then(|| reading.written())
}

struct Reading<'t> {
    text: &'t str,
    tokens: Vec<Tok>,
    /// What stands in for a token.
    with: Vec<Option<&'static str>>,
    /// Brackets, from the one that opens to the one that closes, whose insides are read in front of the statement.
    apart: Vec<(usize, usize)>,
}

impl Reading<'_> {
    fn word(&self, i: usize) -> &str {
        self.tokens.get(i).and_then(|t| self.text.get(t.start..t.end)).unwrap_or("")
    }

    /// Whether the tokens from `i` on are these words.
    fn are(&self, i: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(n, word)| self.word(i + n).eq_ignore_ascii_case(word))
    }

    fn is_any(&self, i: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.are(i, &[word]))
    }

    /// An identifier or keyword.
    fn is_name(&self, i: usize) -> bool {
        self.word(i).starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"')
            && !matches!(self.tokens.get(i).map(|t| t.kind), Some(Token::Sconst | Token::Bconst | Token::Xconst))
    }

    fn is_constant(&self, i: usize) -> bool {
        use Token as T;
        let kind = self.tokens.get(i).map(|t| t.kind);
        matches!(kind, Some(T::Sconst | T::Iconst | T::Fconst | T::Param | T::TrueP | T::FalseP | T::NullP))
    }

    fn drop(&mut self, from: usize, to: usize) {
        for with in self.with.iter_mut().take(to).skip(from) {
            *with = Some("");
        }
    }

    fn put(&mut self, i: usize, word: &'static str) {
        if let Some(with) = self.with.get_mut(i) {
            *with = Some(word);
        }
    }

    fn stand_in(&mut self, i: usize) {
        match self.word(i).to_ascii_uppercase().as_str() {
            // `row.*` and `(row).*` are some field of it.
            "*" if i > 0 && self.are(i - 1, &["."]) => self.put(i, "x"),
            "TO" if self.is_any(i + 1, &["STDOUT", "STDIN"]) => self.copy_options(i + 1),
            "VARIADIC" => self.drop(i, i + 1),
            "CURSOR" => self.cursor_options(i),
            "FETCH" | "MOVE" | "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT"
            | "RELEASE" | "LISTEN" | "UNLISTEN" | "NOTIFY" | "DISCARD" | "DEALLOCATE" | "CLOSE" | "SHOW"
                if self.begins(i) =>
            {
                self.of_names(i);
            }
            "PREPARE" if self.are(i + 1, &["TRANSACTION"]) && self.begins(i) => self.of_names(i),
            "COLLATION" if self.are(i + 1, &["FOR", "("]) => self.drop(i, i + 2),
            "SET" if self.is_any(i + 1, &["CONSTRAINTS", "TRANSACTION", "SESSION"]) && self.begins(i) => {
                self.of_names(i)
            }
            ")" if self.are(i + 1, &["AS", "("]) => self.column_definitions(i + 2),
            "SEARCH" | "CYCLE" => {
                if let Some(end) = self.search(i).or_else(|| self.cycle(i)) {
                    self.drop(i, end);
                }
            }
            "EXCLUDE" => {
                let kinds: [&[&str]; 4] = [&["CURRENT", "ROW"], &["NO", "OTHERS"], &["GROUP"], &["TIES"]];
                if let Some(kind) = kinds.iter().find(|kind| self.are(i + 1, kind)) {
                    self.drop(i, i + 1 + kind.len());
                }
            }
            "ROWS" if self.are(i + 1, &["FROM", "("]) => {
                self.drop(i, i + 2);
                self.put(i + 2, "(SELECT ");
            }
            "WITH" if self.are(i + 1, &["ORDINALITY"]) => self.drop(i, i + 2),
            "FOR" => self.row_lock(i),
            "SYMMETRIC" => self.drop(i, i + 1),
            // The one row that a cursor stands at.
            "CURRENT" if self.are(i + 1, &["OF"]) && i > 0 && self.are(i - 1, &["WHERE"]) && self.is_name(i + 2) => {
                self.put(i, "TRUE");
                self.drop(i + 1, i + 3);
            }
            // Sets of keys, one in another, as if each were a call.
            "ROLLUP" | "CUBE" if self.are(i + 1, &["("]) => self.put(i, "GROUPING"),
            "SETS" if i > 0 && self.are(i - 1, &["GROUPING"]) && self.are(i + 1, &["("]) => self.drop(i, i + 1),
            "(" if i > 0 && self.is_any(i - 1, &["(", ","]) && self.are(i + 1, &[")"]) => self.put(i, "(0"),
            "DISTINCT" | "ALL" if i > 1 && self.are(i - 2, &["GROUP", "BY"]) => self.drop(i, i + 1),
            "[" => self.subscript(i),
            "PRECEDING" | "FOLLOWING" if i > 0 => self.frame_bound(i),
            "DOCUMENT" if i > 0 && self.is_any(i - 1, &["IS", "NOT"]) => self.put(i, "NULL"),
            name if name.starts_with("XML") && self.are(i + 1, &["("]) => self.xml(i),
            _ => {}
        }
    }

    /// `FOR {[NO KEY] UPDATE | [KEY] SHARE} [OF names]`: sqlparser knows no KEY, and one name.
    fn row_lock(&mut self, i: usize) {
        let keys = [&["NO", "KEY", "UPDATE"][..], &["KEY", "SHARE"]].into_iter().find(|words| self.are(i + 1, words));
        let strength = i + keys.map_or(1, <[_]>::len);
        if !self.is_any(strength, &["UPDATE", "SHARE"]) {
            return;
        }
        self.drop(i + 1, strength);
        let names = self.are(strength + 1, &["OF"]).then(|| self.names(strength + 2)).flatten();
        if let Some(end) = names {
            self.drop(strength + 1, end);
        }
    }

    /// `COPY … TO STDOUT options`: words, constants, names of columns.
    fn copy_options(&mut self, place: usize) {
        let start = (0..place).rev().find(|i| self.are(*i, &[";"])).map_or(0, |i| i + 1);
        let end = (place..self.tokens.len()).find(|i| self.are(*i, &[";"])).unwrap_or(self.tokens.len());
        let opens = |i: &usize| self.is_any(*i, &["WITH", "USING"]);
        let first = (place + 1..end).find(|i| !opens(i)).unwrap_or(end);
        let plain = |i: usize| {
            let word = opens(&i) || self.only_names_and_types(i, i + 1);
            word || self.is_any(i, &["*", "+", "-"])
        };
        if self.are(start, &["COPY"]) && first <= place + 2 && (first..end).all(plain) {
            self.drop(place + 1, end);
            self.put(place, "STDOUT");
        }
    }

    /// `DECLARE name options CURSOR`, in whatever order.
    fn cursor_options(&mut self, cursor: usize) {
        let mut first = cursor;
        while first > 0 && self.is_any(first - 1, &["BINARY", "ASENSITIVE", "INSENSITIVE", "NO", "SCROLL"]) {
            first -= 1;
        }
        if first > 1 && self.is_name(first - 1) && self.are(first - 2, &["DECLARE"]) {
            self.drop(first, cursor);
        }
    }

    /// Whether a statement begins here.
    fn begins(&self, i: usize) -> bool {
        i == 0 || self.are(i - 1, &[";"])
    }

    /// Statements of words, constants and names of cursors, savepoints, constraints and the like alone.
    fn of_names(&mut self, first: usize) {
        let end = (first..self.tokens.len()).find(|i| self.are(*i, &[";"])).unwrap_or(self.tokens.len());
        let plain = |i: usize| self.is_name(i) || self.is_constant(i) || self.is_any(i, &["+", "-", ",", "."]);
        if (first + 1..end).all(plain) {
            self.drop(first + 1, end);
            self.put(first, "SELECT 1");
        }
    }

    /// After `name, name`: the token behind.
    fn names(&self, mut i: usize) -> Option<usize> {
        loop {
            if !self.is_name(i) {
                return None;
            }
            if !self.are(i + 1, &[","]) {
                return Some(i + 1);
            }
            i += 2;
        }
    }

    /// `SEARCH DEPTH FIRST BY names SET name`.
    fn search(&self, i: usize) -> Option<usize> {
        let first = self.are(i, &["SEARCH"]) && self.is_any(i + 1, &["DEPTH", "BREADTH"]);
        let set = first.then_some(i + 2).filter(|i| self.are(*i, &["FIRST", "BY"])).and_then(|i| self.names(i + 2))?;
        (self.are(set, &["SET"]) && self.is_name(set + 1)).then_some(set + 2)
    }

    /// `CYCLE names SET name [TO constant DEFAULT constant] USING name`.
    fn cycle(&self, i: usize) -> Option<usize> {
        let set = self.are(i, &["CYCLE"]).then(|| self.names(i + 1)).flatten()?;
        if !self.are(set, &["SET"]) || !self.is_name(set + 1) {
            return None;
        }
        let marks = self.are(set + 2, &["TO"])
            && self.is_constant(set + 3)
            && self.are(set + 4, &["DEFAULT"])
            && self.is_constant(set + 5);
        let using = if marks { set + 6 } else { set + 2 };
        (self.are(using, &["USING"]) && self.is_name(using + 1)).then_some(using + 2)
    }

    /// The bracket that closes the one at `open`.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for i in open..self.tokens.len() {
            match self.word(i) {
                "(" | "[" => depth += 1,
                ")" | "]" => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(i);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the tokens hold names, types and their modifiers only.
    fn only_names_and_types(&self, from: usize, to: usize) -> bool {
        (from..to).all(|i| {
            let plain = self.is_name(i) && !self.is_any(i, &QUERIES);
            plain || self.is_constant(i) || self.is_any(i, &[",", ".", "(", ")", "[", "]"])
        })
    }

    /// `f() AS (a int, b text)`: a name in place of the list.
    fn column_definitions(&mut self, open: usize) {
        let Some(close) = self.closing(open) else { return };
        if self.is_name(open + 1) && self.only_names_and_types(open + 1, close) {
            self.drop(open + 1, close + 1);
            self.put(open, "x");
        }
    }

    /// `SET a[1] = …`, `INTO t (a[f(b)])`: the column alone, and `SELECT (f(b))` in front.
    fn subscript(&mut self, open: usize) {
        let Some(close) = self.closing(open) else { return };
        if open == 0 || self.are(open - 1, &["ARRAY"]) || !(self.is_name(open - 1) || self.are(open - 1, &["]"])) {
            return;
        }
        let bound = |i: usize| self.is_constant(i) || self.is_any(i, &[":", "-"]);
        let named = close == open + 2 && self.is_name(open + 1) && !self.is_any(open + 1, &QUERIES);
        if named || (open + 1..close).all(bound) {
            return self.drop(open, close + 1);
        }
        for colon in self.between(open, close, ":") {
            self.put(
                colon,
                match (colon == open + 1, colon + 1 == close) {
                    (true, _) => "0,",
                    (_, true) => ", 0",
                    _ => ",",
                },
            );
        }
        self.apart.push((open, close));
    }

    /// `'1 year'::interval PRECEDING`: some number of them.
    fn frame_bound(&mut self, end: usize) {
        let is_text = |i: usize| self.tokens.get(i).is_some_and(|t| t.kind == Token::Sconst);
        let cast = end > 2 && self.is_name(end - 1) && self.are(end - 2, &["::"]) && is_text(end - 3);
        let from = if cast { end - 3 } else { end - 1 };
        if is_text(from) {
            self.drop(from, end);
            self.put(from, "1");
        }
    }

    /// SQL/XML's own words between arguments; the arguments stay.
    fn xml(&mut self, call: usize) {
        let Some(close) = self.closing(call + 1) else { return };
        let first = call + 2;
        match self.word(call).to_ascii_uppercase().as_str() {
            "XMLELEMENT" | "XMLPI" if self.are(first, &["NAME"]) && self.is_name(first + 1) => {
                self.drop(first, first + 1);
                self.put(first + 1, "0");
            }
            "XMLATTRIBUTES" | "XMLFOREST" => {
                for i in
                    self.between(call + 1, close, "AS").into_iter().filter(|i| self.is_name(i + 1)).collect::<Vec<_>>()
                {
                    self.drop(i, i + 2);
                }
            }
            "XMLPARSE" if self.is_any(close - 2, &["PRESERVE", "STRIP"]) && self.are(close - 1, &["WHITESPACE"]) => {
                self.drop(close - 2, close);
            }
            "XMLSERIALIZE" if self.is_any(first, &["CONTENT", "DOCUMENT"]) => {
                self.put(call, "CAST");
                self.drop(first, first + 1);
            }
            "XMLEXISTS" => {
                for i in self.between(call + 1, close, "PASSING") {
                    self.put(i, ",");
                    if self.are(i + 1, &["BY"]) && self.is_any(i + 2, &["REF", "VALUE"]) {
                        self.drop(i + 1, i + 3);
                    }
                }
            }
            "XMLROOT" => self.xml_root(call + 1, close),
            _ => {}
        }
    }

    /// `XMLROOT (…, VERSION … [, STANDALONE …])`.
    fn xml_root(&mut self, open: usize, close: usize) {
        for comma in self.between(open, close, ",") {
            let is_value = self.are(comma + 2, &["NO", "VALUE"]);
            if self.are(comma + 1, &["VERSION"]) && !is_value {
                self.drop(comma + 1, comma + 2);
            } else if self.is_any(comma + 1, &["VERSION", "STANDALONE"]) {
                self.put(comma + 1, "0");
                self.drop(comma + 2, comma + if is_value { 4 } else { 3 });
            }
        }
    }

    /// Places of `word` directly inside of the brackets.
    fn between(&self, open: usize, close: usize, word: &str) -> Vec<usize> {
        let (mut found, mut i) = (Vec::new(), open + 1);
        while i < close {
            match self.word(i) {
                "(" | "[" => i = self.closing(i).unwrap_or(close),
                other if other.eq_ignore_ascii_case(word) => found.push(i),
                _ => {}
            }
            i += 1;
        }
        found
    }

    fn written(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        for (open, close) in &self.apart {
            out.push_str("SELECT (");
            self.write(open + 1, *close, &mut out);
            out.push_str(") ; ");
        }
        self.write(0, self.tokens.len(), &mut out);
        out
    }

    /// The tokens from `first` on, up to the one at `end`, but for what is read apart.
    fn write(&self, first: usize, end: usize, out: &mut String) {
        let place = |i: usize| self.tokens.get(i).map_or(self.text.len(), |t| t.start);
        let (mut at, mut i) = (if first == 0 { 0 } else { place(first) }, first);
        while let Some(token) = self.tokens.get(i).filter(|_| i < end) {
            let apart = self.apart.iter().find(|(open, _)| *open == i).map(|(_, close)| *close);
            if let Some(with) = self.with.get(i).copied().flatten().or(apart.map(|_| "")) {
                out.push_str(self.text.get(at..token.start).unwrap_or(""));
                // What stood on both sides stays apart.
                out.push(' ');
                out.push_str(with);
                out.push(' ');
                at = apart.map_or(token.end, |close| self.tokens.get(close).map_or(token.end, |t| t.end));
            }
            i = apart.unwrap_or(i) + 1;
        }
        out.push_str(self.text.get(at..place(end)).unwrap_or(""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands_in(text: &str) -> String {
        simpler(text).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_holds_a_query_or_a_call_stays() {
        for text in [
            "WITH x(a) AS (TABLE t) SELECT 1",
            "WITH x(a) AS (DELETE FROM t) SELECT 1",
            "WITH x(a) AS (INSERT INTO t DEFAULT VALUES) SELECT 1",
            "WITH RECURSIVE x AS (SELECT 1) CYCLE a SET b TO (SELECT 1) DEFAULT 2 USING c SELECT 1",
            "SELECT f(a) AS (SELECT b FROM t)",
        ] {
            assert_eq!(stands_in(text), "", "{text}");
        }
        for (text, wanted) in [
            (
                "UPDATE t SET a['b'][0] = 1, c[:2][-3:-1] = 2, d[e] = 3, f[1].g = 4",
                "UPDATE t SET a = 1, c = 2, d = 3, f .g = 4",
            ),
            ("UPDATE u SET a[(SELECT b FROM t)] = 1", "SELECT ((SELECT b FROM t)) ; UPDATE u SET a = 1"),
            (
                "UPDATE u SET (a[f(1):], b) = (1, 2), c[:d[g(d[h()])] + 1][2] = 3 -- c",
                "SELECT (f(1) , 0 ) ; SELECT ( 0, d + 1) ; SELECT (g(d )) ; SELECT (h()) ; UPDATE u SET (a , b) = (1, 2), c = 3 -- c",
            ),
            ("INSERT INTO t (a[1:2], b[-2]) VALUES (ARRAY[1], 2)", "INSERT INTO t (a , b ) VALUES (ARRAY[1], 2)"),
            (
                "SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN '1 year'::interval PRECEDING AND (SELECT c FROM u)::interval FOLLOWING) FROM t",
                "SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN 1 PRECEDING AND (SELECT c FROM u)::interval FOLLOWING) FROM t",
            ),
        ] {
            assert_eq!(stands_in(text), wanted);
        }
        let sets = "SELECT 1 FROM t GROUP BY GROUPING SETS ((), GROUPING SETS (((a, b)), ((SELECT c FROM u))))";
        let wanted = "SELECT 1 FROM t GROUP BY GROUPING ( (0 ), GROUPING (((a, b)), ((SELECT c FROM u))))";
        assert_eq!(stands_in(sets), wanted);
        let sets = "SELECT 1 FROM t GROUP BY ROLLUP ((a + 1) / 2, (SELECT c FROM u)), cube(b)";
        let wanted = "SELECT 1 FROM t GROUP BY GROUPING ((a + 1) / 2, (SELECT c FROM u)), GROUPING (b)";
        assert_eq!(stands_in(sets), wanted);
        assert_eq!(stands_in("DELETE FROM t WHERE CURRENT OF c"), "DELETE FROM t WHERE TRUE");
        let xml = "SELECT xmlelement(name p, xmlattributes((SELECT a FROM t) AS b, f(a AS c)), (SELECT d FROM u))";
        let wanted = "SELECT xmlelement( 0 , xmlattributes((SELECT a FROM t) , f(a AS c)), (SELECT d FROM u))";
        assert_eq!(stands_in(xml), wanted);
        let rows = "SELECT 1 FROM ROWS FROM (f((SELECT a FROM t)) AS (b int), g(2)) WITH ORDINALITY AS r";
        assert_eq!(stands_in(rows), "SELECT 1 FROM (SELECT f((SELECT a FROM t)) AS x , g(2)) AS r");
        assert_eq!(stands_in("SELECT xmlexists((SELECT a FROM t) PASSING BY REF f(b))"), {
            "SELECT xmlexists((SELECT a FROM t) , f(b))"
        });
    }
}
