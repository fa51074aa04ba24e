//! What the record may say of a statement's text: literals replaced by `$n`, comments dropped.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use pg_query::protobuf::Token;
use sha2::{Digest, Sha256};

use super::allow::{self, SettingRule};
use super::catalog::Catalog;
use super::names;
use super::parse::{Tok, Tokens};
use super::policy::Policy;

/// Tokens of a text, to be read as words.
pub struct Words<'t> {
    pub text: &'t str,
    pub list: &'t [Tok],
}

/// The part `start..end` of `text`, normalised: constants become `$n` (after the statement's own parameters), comments
/// and runs of white space become one space. Names are kept that `known` knows, or that the statement gives what lasts. Those
/// that it gives for itself (aliases, temporary tables, savepoints, …) are numbered: a client may put anything there.
pub fn normalised(text: &str, tokens: &Tokens, start: usize, end: usize, known: &dyn Fn(&str) -> bool) -> String {
    let list = tokens.within(start, end);
    let words = Words { text, list };
    let (mut lasting, mut numbers) = (HashSet::new(), HashMap::new());
    for (at, token) in list.iter().enumerate().filter(|(_, t)| is_name(t)) {
        let word = words.word(token);
        match words.given(at) {
            Some(Given::ToWhatLasts) if is_plain_name(word) => drop(lasting.insert(word)),
            Some(_) if !known(word) => {
                let next = numbers.len() + 1;
                numbers.entry(folded(word)).or_insert(next);
            }
            _ => {}
        }
    }
    words.written(&|word| match numbers.get(&folded(word)) {
        _ if known(word) || lasting.contains(word) => word.into(),
        Some(number) => format!("\"…{number}\"").into(),
        None => LEFT_OUT.into(),
    })
}

/// Stands for a name that is not kept.
pub const LEFT_OUT: &str = "\"…\"";

/// What a name is given to where it stands.
enum Given {
    ToWhatLasts,
    ToWhatDoesNot,
}

fn is_name(token: &Tok) -> bool {
    matches!(token.kind, Token::Ident | Token::Uident)
}

impl<'t> Words<'t> {
    pub fn word(&self, token: &Tok) -> &'t str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    /// Whether a name is given here: `… AS x`, `customers x`, `(…) x`, `WITH x AS (…)`, `CREATE TABLE x`; a value without
    /// its quotes never stands so in a statement that is well-formed.
    fn given(&self, at: usize) -> Option<Given> {
        if self.is_of_what_lasts(at) {
            return Some(Given::ToWhatLasts);
        }
        match self.kind(at.checked_sub(1)) {
            Token::As | Token::Ident | Token::Uident | Token::Ascii41 => Some(Given::ToWhatDoesNot),
            Token::Table | Token::View | Token::Index | Token::Schema | Token::Sequence
                if self.kind(Some(0)) == Token::Create =>
            {
                Some(Given::ToWhatDoesNot)
            }
            Token::Prepare | Token::Execute | Token::Savepoint => Some(Given::ToWhatDoesNot),
            Token::With | Token::Recursive | Token::Ascii44 if self.kind(Some(at + 1)) == Token::As => {
                Some(Given::ToWhatDoesNot)
            }
            _ => None,
        }
    }

    /// Whether a name is that of an object which lasts, or of a role: what a definition makes, renames or grants.
    fn is_of_what_lasts(&self, at: usize) -> bool {
        // `schema.name`, `IF NOT EXISTS name`.
        let mut first = at;
        while self.kind(first.checked_sub(1)) == Token::Ascii46 && first >= 2 {
            first -= 2;
        }
        let temporary = |at: usize| matches!(self.kind(Some(at)), Token::Temp | Token::Temporary);
        if (0..4).any(temporary)
            || self.list.get(first).is_some_and(|t| names::is_temporary_schema(&folded(self.word(t))))
        {
            return false;
        }
        // The words before it, from the last; those of a text that is no statement may be any.
        let before = |n: usize| self.kind(first.checked_sub(n));
        let (last, one_before) = match (before(3), before(2), before(1)) {
            (Token::IfP, Token::Not, Token::Exists) => (before(4), before(5)),
            (_, Token::IfP, Token::Exists) => (before(3), before(4)),
            (_, one_before, last) => (last, one_before),
        };
        match self.kind(Some(0)) {
            Token::Create => matches!(
                last,
                Token::Table | Token::View | Token::Index | Token::Schema | Token::Sequence | Token::Role | Token::User
            ),
            Token::Alter => {
                matches!(last, Token::Role | Token::User | Token::Schema)
                    // `SET name TO value` is none.
                    || last == Token::To && self.list.iter().any(|t| matches!(t.kind, Token::Rename | Token::Owner))
                    || (last, one_before) == (Token::Column, Token::AddP)
            }
            Token::Drop => matches!(last, Token::Role | Token::User),
            Token::Grant | Token::Revoke => true,
            Token::Set => last == Token::Role,
            Token::Select | Token::With => last == Token::Into,
            _ => false,
        }
    }

    fn kind(&self, at: Option<usize>) -> Token {
        at.and_then(|at| self.list.get(at)).map_or(Token::Nul, |t| t.kind)
    }

    /// Whether `true`, `false` or `null` is a value here, and no part of `IS NOT NULL`, `NOT NULL` or `ON DELETE SET NULL`.
    fn is_value(&self, at: usize) -> bool {
        let (before, last) = (self.kind(at.checked_sub(2)), self.kind(at.checked_sub(1)));
        let is_null = self.kind(Some(at)) == Token::NullP;
        match last {
            Token::Is => false,
            Token::Not => !is_null && before != Token::Is,
            Token::Set => !is_null,
            _ => true,
        }
    }

    /// The words, normalised; names as `shown` shows them.
    pub fn written(&self, shown: &dyn Fn(&'t str) -> Cow<'t, str>) -> String {
        let parameters = self.list.iter().filter(|t| t.kind == Token::Param);
        let own = parameters.filter_map(|t| self.word(t).get(1..)?.parse::<u16>().ok()).max();
        let mut next = own.map_or(0, u32::from);
        let mut out = String::new();
        let mut after = self.list.first().map_or(0, |t| t.start);
        for (at, token) in self.list.iter().enumerate() {
            if token.start > after && !out.is_empty() {
                out.push(' ');
            }
            let word = self.word(token);
            match token.kind {
                Token::Sconst | Token::Usconst | Token::Bconst | Token::Xconst | Token::Iconst | Token::Fconst => {
                    next += 1;
                    out.push_str(&format!("${next}"));
                }
                Token::TrueP | Token::FalseP | Token::NullP if self.is_value(at) => {
                    next += 1;
                    out.push_str(&format!("${next}"));
                }
                // PostgreSQL takes 65535 parameters; a longer number is none, and may be anything.
                Token::Param if word.len() > "$65535".len() => out.push_str("$…"),
                Token::Ident | Token::Uident => out.push_str(&shown(word)),
                _ => out.push_str(word),
            }
            after = token.end;
        }
        out
    }
}

/// A quoted name that is more than letters, digits and `_ $ . -` may be a value in the wrong quotes, as in
/// `WHERE email = "ana@example.com"`.
fn is_plain_name(word: &str) -> bool {
    let name = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')).unwrap_or(word);
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-'))
}

/// Whether a name in a text was given by somebody else than the client. Any other may be a value that lacks its quotes,
/// as in `WHERE full_name = Ana`.
pub fn is_known(catalog: &Catalog, policy: &Policy, word: &str) -> bool {
    let name = &folded(word);
    is_short_alias(name)
        || matches!(name.as_str(), "consentry" | "purpose" | "reason")
        || catalog.knows(name)
        || allow::is_builtin_function(name)
        || allow::builtin_type(name).is_some()
        || (!name.contains('.') && !matches!(allow::setting(name), SettingRule::Refused(_)))
        || policy.purposes.contains_key(name)
}

/// `c`, `t1`: nobody's name.
fn is_short_alias(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.as_str().len() < 2
        && chars.all(|c| c.is_ascii_digit())
}

/// A name as PostgreSQL stores it.
fn folded(word: &str) -> String {
    match word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => word.to_ascii_lowercase(),
    }
}

/// What equal statements have in common: the first 16 hex digits of the SHA-256 of the normalised text.
pub fn fingerprint(normalised: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(normalised.as_bytes()));
    digest.truncate(16);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::parse::parse;

    #[test]
    fn a_value_in_the_wrong_quotes_is_left_out_and_a_name_is_not() {
        let text = r#"SELECT "userId", U&"d\0061t" FROM "public"."t" WHERE a = "ana@example.com" OR a = "Ana Banana""#;
        let tokens = parse(text).unwrap().tokens;
        let expected = r#"SELECT "userId", "…" FROM "public"."t" WHERE a = "…" OR a = "…""#;
        let known = |name: &str| [r#""userId""#, r#""public""#, r#""t""#, "a"].contains(&name);
        assert_eq!(normalised(text, &tokens, 0, text.len(), &known), expected);
    }

    #[test]
    fn a_name_that_nobody_has_given_is_left_out() {
        let text = "WITH recent AS (SELECT id AS who FROM t) SELECT sum(x) total, recent.who FROM recent, t AS people \
                    WHERE a = Ana AND b IN (Bo, people.id) ORDER BY total";
        let tokens = parse(text).unwrap().tokens;
        let made_up = ["recent", "who", "total", "people"].into_iter().enumerate();
        let numbered = made_up.fold(text.to_owned(), |sql, (n, name)| sql.replace(name, &format!("\"…{}\"", n + 1)));
        let expected = numbered.replace("Ana", "\"…\"").replace("Bo", "\"…\"");
        let known = |name: &str| ["id", "t", "a", "b", "x", "sum"].contains(&name);
        assert_eq!(normalised(text, &tokens, 0, text.len(), &known), expected);
    }

    #[test]
    fn names_that_clients_make_up_are_numbered() {
        let known = |name: &str| ["id", "t", "public"].contains(&name);
        for (text, expected) in [
            (r#"SELECT id AS "ana@example.com", id ana FROM t Ana"#, r#"SELECT id AS "…1", id "…2" FROM t "…2""#),
            ("SAVEPOINT ana", "SAVEPOINT \"…1\""),
            ("PREPARE ana AS SELECT id FROM t", "PREPARE \"…1\" AS SELECT id FROM t"),
            ("DECLARE ana CURSOR FOR SELECT id FROM t", "DECLARE \"…\" CURSOR FOR SELECT id FROM t"),
            ("CREATE TEMP TABLE ana (id int)", "CREATE TEMP TABLE \"…1\" (id int)"),
            ("CREATE TABLE orders_2026 (id int)", "CREATE TABLE orders_2026 (id int)"),
            (r#"CREATE TABLE "Ana Banana" (id int)"#, r#"CREATE TABLE "…1" (id int)"#),
            ("DROP TABLE ana", "DROP TABLE \"…\""),
            ("ALTER TABLE t ADD COLUMN ana int", "ALTER TABLE t ADD COLUMN ana int"),
            ("TABLE ana", "TABLE \"…\""),
            ("CREATE TABLE public.ana AS SELECT id FROM t", "CREATE TABLE public.ana AS SELECT id FROM t"),
            ("CREATE TABLE IF NOT EXISTS ana (id int)", "CREATE TABLE IF NOT EXISTS ana (id int)"),
            ("CREATE TABLE pg_temp.ana (id int)", "CREATE TABLE \"…1\".\"…\" (id int)"),
            ("CREATE TEMP TABLE IF NOT EXISTS ana (id int)", "CREATE TEMP TABLE IF NOT EXISTS \"…\" (id int)"),
            ("SELECT id INTO ana FROM t", "SELECT id INTO ana FROM t"),
            ("SELECT id INTO TEMP ana FROM t", "SELECT id INTO TEMP \"…\" FROM t"),
            ("ALTER TABLE t RENAME TO ana", "ALTER TABLE t RENAME TO ana"),
            ("ALTER TABLE t RENAME COLUMN id TO ana", "ALTER TABLE t RENAME COLUMN id TO ana"),
            ("ALTER TABLE t OWNER TO ana", "ALTER TABLE t OWNER TO ana"),
            ("GRANT SELECT ON t TO ana", "GRANT SELECT ON t TO ana"),
            ("CREATE ROLE ana", "CREATE ROLE ana"),
            ("SET ROLE ana", "SET ROLE ana"),
            ("ALTER ROLE id SET search_path TO ana", "ALTER ROLE id SET \"…\" TO \"…\""),
            ("CREATE SCHEMA IF NOT EXISTS ana", "CREATE SCHEMA IF NOT EXISTS ana"),
        ] {
            let tokens = parse(text).unwrap().tokens;
            assert_eq!(normalised(text, &tokens, 0, text.len(), &known), expected);
        }
    }

    #[test]
    fn a_truth_is_a_value_and_what_is_asked_of_one_is_none() {
        for (text, expected) in [
            ("UPDATE t SET a = true, b = NULL WHERE id = 1", "UPDATE t SET a = $1, b = $2 WHERE id = $3"),
            ("INSERT INTO t VALUES (FALSE, NULL, $2)", "INSERT INTO t VALUES ($3, $4, $2)"),
            (
                "SELECT a IS NOT TRUE, a IS true, NOT true, b IS NULL, b IS NOT NULL FROM t",
                "SELECT a IS NOT TRUE, a IS true, NOT $1, b IS NULL, b IS NOT NULL FROM t",
            ),
            ("EXECUTE a(true, null)", "EXECUTE a($1, $2)"),
            (
                "CREATE TABLE t (a int NOT NULL REFERENCES t ON DELETE SET NULL, b bool DEFAULT false)",
                "CREATE TABLE t (a int NOT NULL REFERENCES t ON DELETE SET NULL, b bool DEFAULT $1)",
            ),
        ] {
            let tokens = parse(text).unwrap().tokens;
            let known = |name: &str| ["id", "t", "a", "b", "int", "bool"].contains(&name);
            assert_eq!(normalised(text, &tokens, 0, text.len(), &known), expected);
        }
    }

    #[test]
    fn no_value_of_the_text_is_left() {
        let text = "SELECT /* Anna */ * FROM t -- Ben\n WHERE a = 'Clara' AND b=$2 AND c IN (1, 2.5, E'x', $$y$$);";
        let tokens = parse(text).unwrap().tokens;
        let expected = "SELECT * FROM t WHERE a = $3 AND b=$2 AND c IN ($4, $5, $6, $7);";
        assert_eq!(normalised(text, &tokens, 0, text.len(), &|_| true), expected);
    }
}
