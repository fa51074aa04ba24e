//! Random numbers that a seed repeats, and inputs made of others.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub struct Random(StdRng);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0.gen_range(0..n.max(1))
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub fn byte(&mut self) -> u8 {
        self.0.r#gen()
    }
}

/// Bytes with some changed, cut out, doubled or put in.
pub fn bytes(random: &mut Random, seed: &[u8]) -> Vec<u8> {
    let mut out = seed.to_vec();
    for _ in 0..random.below(6) {
        let at = random.below(out.len() + 1);
        match random.below(5) {
            0 if at < out.len() => out[at] = random.byte(),
            1 if at < out.len() => out[at] ^= 1 << random.below(8),
            2 => out.truncate(at),
            3 => out.insert(at, random.pick(&[&0_u8, &0xff, &0x7f, &b'Q'][..]).to_owned()),
            _ => {
                let end = (at + random.below(9)).min(out.len());
                let piece = out[at..end].to_vec();
                out.splice(at..at, piece);
            }
        }
    }
    out
}

/// What goes into statements: names, words and signs that change how the rest is read.
const WORDS: &[&str] = &[
    "customers",
    "public.customers",
    "crm.public.customers",
    "consents",
    "orders",
    "customer_contacts",
    "\"customers\"",
    "U&\"c\\0075stomers\"",
    "email",
    "internal_note",
    "consentry_w",
    "consentry_t",
    "ctid",
    "tableoid",
    "*",
    "c.*",
    "(",
    ")",
    ",",
    ".",
    ";",
    "::text",
    "::regclass",
    "--",
    "/*",
    "*/",
    "'",
    "''",
    "E'\\''",
    "$$",
    "$a$",
    "\"",
    "||",
    "@-",
    "- -",
    "=",
    "SELECT",
    "FROM",
    "WHERE",
    "ONLY",
    "LATERAL",
    "WITH",
    "RECURSIVE",
    "AS",
    "UNION ALL",
    "JOIN",
    "NATURAL",
    "USING",
    "ON",
    "IN",
    "EXISTS",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "ARRAY[",
    "ROW(",
    "OVER (",
    "FILTER (WHERE",
    "WITHIN GROUP (",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "FOR UPDATE",
    "TABLE",
    "VALUES (",
    "RETURNING *",
    "INSERT INTO",
    "UPDATE",
    "SET",
    "DELETE FROM",
    "MERGE INTO",
    "WHEN MATCHED THEN DELETE",
    "COPY",
    "TO STDOUT",
    "EXPLAIN",
    "PREPARE p AS",
    "DECLARE c CURSOR FOR",
    "CREATE TEMP TABLE x AS",
    "INTO",
    "query_to_xml(",
    "count(*)",
    "NULL",
    "1",
    "0x1F",
    "1_000",
    "$1",
    "\r",
    "\u{b}",
];

/// A statement made of another: cut into words, some of them replaced, doubled, dropped, or taken from a seed.
pub fn statement(random: &mut Random, text: &str, seeds: &[String]) -> String {
    let mut words = split(text);
    for _ in 0..random.below(4) {
        let at = random.below(words.len() + 1);
        match random.below(6) {
            0 | 1 => words.insert(at, random.pick(WORDS).to_owned()),
            2 if at < words.len() => words[at] = random.pick(WORDS).to_owned(),
            3 if at < words.len() => drop(words.remove(at)),
            4 => {
                let other = split(&seeds[random.below(seeds.len())]);
                let from = random.below(other.len());
                let to = (from + 1 + random.below(12)).min(other.len());
                words.splice(at..at, other[from.min(to)..to].iter().cloned());
            }
            _ => {
                let end = (at + random.below(6)).min(words.len());
                let piece = words[at..end].to_vec();
                words.splice(at..at, piece);
            }
        }
    }
    words.join(if random.one_in(9) { "" } else { " " })
}

/// Words, literals, operators, and every other character by itself.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut kind = None;
    for c in text.chars() {
        let next = match c {
            _ if kind == Some(c) && (c == '\'' || c == '"') => {
                words.last_mut().expect("it was begun").push(c);
                kind = None;
                continue;
            }
            _ if kind == Some('\'') || kind == Some('"') => kind,
            '\'' | '"' => Some(c),
            c if c.is_alphanumeric() || c == '_' => Some('w'),
            ':' | '<' | '>' | '=' | '|' | '-' | '!' | '~' | '@' => Some('o'),
            _ => None,
        };
        match words.last_mut() {
            Some(last) if next.is_some() && next == kind => last.push(c),
            _ if c.is_whitespace() => {}
            _ => words.push(c.to_string()),
        }
        kind = next;
    }
    words
}
