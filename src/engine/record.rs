//! What the record may say of a statement's text: literals replaced by `$n`, comments dropped.

use pg_query::protobuf::Token;
use sha2::{Digest, Sha256};

use super::parse::{Tok, Tokens};

/// Tokens of a text, to be read as words.
pub struct Words<'t> {
    pub text: &'t str,
    pub list: &'t [Tok],
}

impl<'t> Words<'t> {
    pub fn word(&self, token: &Tok) -> &'t str {
        self.text.get(token.start..token.end).unwrap_or("")
    }
}

/// The part `start..end` of `text`, normalised: constants become `$n` (after the statement's own parameters), comments
/// and runs of white space become one space.
pub fn normalised(text: &str, tokens: &Tokens, start: usize, end: usize) -> String {
    let list: Vec<_> = tokens.list.iter().filter(|t| t.start >= start && t.end <= end).copied().collect();
    written(text, &list, &|_| true)
}

/// The tokens of `list`, normalised; of names only those that are plain and that `keep` keeps.
pub fn written(text: &str, list: &[Tok], keep: &dyn Fn(&str) -> bool) -> String {
    let words = Words { text, list };
    let own =
        list.iter().filter(|t| t.kind == Token::Param).filter_map(|t| words.word(t).get(1..)?.parse::<u16>().ok()).max();
    let mut next = own.map_or(0, u32::from);
    let mut out = String::new();
    let mut after = list.first().map_or(0, |t| t.start);
    for token in list {
        if token.start > after && !out.is_empty() {
            out.push(' ');
        }
        let word = words.word(token);
        match token.kind {
            Token::Sconst | Token::Usconst | Token::Bconst | Token::Xconst | Token::Iconst | Token::Fconst => {
                next += 1;
                out.push_str(&format!("${next}"));
            }
            // PostgreSQL takes 65535 parameters; a longer number is none, and may be anything.
            Token::Param if word.len() > "$65535".len() => out.push_str("$…"),
            Token::Ident | Token::Uident if !is_plain_name(word) || !keep(word) => out.push_str("\"…\""),
            _ => out.push_str(word),
        }
        after = token.end;
    }
    out
}

/// A quoted name that is more than letters, digits and `_ $ . -` may be a value in the wrong quotes, as in
/// `WHERE email = "ana@example.com"`.
fn is_plain_name(word: &str) -> bool {
    let name = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')).unwrap_or(word);
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-'))
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
        assert_eq!(normalised(text, &tokens, 0, text.len()), expected);
    }

    #[test]
    fn no_value_of_the_text_is_left() {
        let text = "SELECT /* Anna */ * FROM t -- Ben\n WHERE a = 'Clara' AND b=$2 AND c IN (1, 2.5, E'x', $$y$$);";
        let tokens = parse(text).unwrap().tokens;
        let expected = "SELECT * FROM t WHERE a = $3 AND b=$2 AND c IN ($4, $5, $6, $7);";
        assert_eq!(normalised(text, &tokens, 0, text.len()), expected);
    }
}
