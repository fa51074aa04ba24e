//! What the record may say of a statement's text: literals replaced by `$n`, comments dropped.

use std::collections::HashSet;

use pg_query::protobuf::Token;
use sha2::{Digest, Sha256};

use super::allow::{self, SettingRule};
use super::catalog::Catalog;
use super::parse::{Tok, Tokens};
use super::policy::Policy;

/// Tokens of a text, to be read as words.
pub struct Words<'t> {
    pub text: &'t str,
    pub list: &'t [Tok],
}

/// The part `start..end` of `text`, normalised: constants become `$n` (after the statement's own parameters), comments
/// and runs of white space become one space. Names are kept that `known` knows, or that the statement gives itself.
pub fn normalised(text: &str, tokens: &Tokens, start: usize, end: usize, known: &dyn Fn(&str) -> bool) -> String {
    let list = tokens.within(start, end);
    let words = Words { text, list };
    let given: HashSet<&str> =
        (0..list.len()).filter(|at| words.is_given(*at)).map(|at| words.word(&list[at])).collect();
    words.written(&|at| {
        let word = words.word(&list[at]);
        given.contains(word) || known(word)
    })
}

impl<'t> Words<'t> {
    pub fn word(&self, token: &Tok) -> &'t str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    /// Whether a name is given here: `… AS x`, `customers x`, `(…) x`, `WITH x AS (…)`, `CREATE TABLE x`; a value without
    /// its quotes never stands so in a statement that is well-formed.
    fn is_given(&self, at: usize) -> bool {
        let kind = |at: Option<usize>| at.and_then(|at| self.list.get(at)).map_or(Token::Nul, |t| t.kind);
        match kind(at.checked_sub(1)) {
            Token::As | Token::Ident | Token::Uident | Token::Ascii41 => true,
            Token::Table | Token::View | Token::Index | Token::Schema | Token::Sequence | Token::Column => true,
            Token::Prepare | Token::Execute | Token::Savepoint => true,
            Token::With | Token::Recursive | Token::Ascii44 => kind(Some(at + 1)) == Token::As,
            _ => false,
        }
    }

    /// The words, normalised; of names, by their place, only those that are plain and that `keep` keeps.
    pub fn written(&self, keep: &dyn Fn(usize) -> bool) -> String {
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
                // PostgreSQL takes 65535 parameters; a longer number is none, and may be anything.
                Token::Param if word.len() > "$65535".len() => out.push_str("$…"),
                Token::Ident | Token::Uident if !is_plain_name(word) || !keep(at) => out.push_str("\"…\""),
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
        assert_eq!(normalised(text, &tokens, 0, text.len(), &|_| true), expected);
    }

    #[test]
    fn a_name_that_nobody_has_given_is_left_out() {
        let text = "WITH recent AS (SELECT id AS who FROM t) SELECT sum(x) total, recent.who FROM recent, t AS people \
                    WHERE a = Ana AND b IN (Bo, people.id) ORDER BY total";
        let tokens = parse(text).unwrap().tokens;
        let expected = text.replace("Ana", "\"…\"").replace("Bo", "\"…\"");
        let known = |name: &str| ["id", "t", "a", "b", "x", "sum"].contains(&name);
        assert_eq!(normalised(text, &tokens, 0, text.len(), &known), expected);
    }

    #[test]
    fn no_value_of_the_text_is_left() {
        let text = "SELECT /* Anna */ * FROM t -- Ben\n WHERE a = 'Clara' AND b=$2 AND c IN (1, 2.5, E'x', $$y$$);";
        let tokens = parse(text).unwrap().tokens;
        let expected = "SELECT * FROM t WHERE a = $3 AND b=$2 AND c IN ($4, $5, $6, $7);";
        assert_eq!(normalised(text, &tokens, 0, text.len(), &|_| true), expected);
    }
}
