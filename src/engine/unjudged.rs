//! What the record may say of a text that was refused: its kind, and its words as far as they are nobody's data.

use pg_query::protobuf::Token;

use super::clear::Engine;
use super::parse::{self, Tok};
use super::record::{self, LEFT_OUT, Words};

/// A refused text, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// As of a judged statement; `unknown` when its first word begins none, `several` for more than one statement.
    pub kind: &'static str,
    /// Normalised; empty when it is not even a row of tokens.
    pub sql: String,
    /// Empty with `sql`.
    pub fingerprint: String,
}

impl Engine {
    /// Describes a text that was refused.
    pub fn describe(&self, text: &str) -> Unjudged {
        let Ok(tokens) = parse::tokens(text) else {
            return Unjudged { kind: kind_of_word(first_word(text)), sql: String::new(), fingerprint: String::new() };
        };
        let words = Words { text, list: &tokens.list };
        let known = |word: &str| record::is_known(&self.catalog, &self.policy, word);
        let sql = words.written(&|word| if known(word) { word.into() } else { LEFT_OUT.into() });
        let fingerprint = if sql.is_empty() { String::new() } else { record::fingerprint(&sql) };
        Unjudged { kind: kind(&words), sql, fingerprint }
    }
}

/// The kind of a text's first statement that is not empty, told as [`Engine::describe`] tells kinds.
pub fn first_kind(text: &str) -> &'static str {
    let Ok(tokens) = parse::tokens(text) else { return kind_of_word(first_word(text)) };
    let is_end = |t: &Tok| t.kind == Token::Ascii59;
    let begins = tokens.list.iter().position(|t| !is_end(t)).unwrap_or(tokens.list.len());
    let list = &tokens.list[begins..];
    let ends = outside(list).into_iter().find(|t| is_end(t)).map_or(text.len(), |t| t.start);
    let list = &list[..list.partition_point(|t| t.start < ends)];
    kind(&Words { text, list })
}

// === kind ===

/// By the words outside of parentheses, which hold no expression's inside.
fn kind(words: &Words<'_>) -> &'static str {
    let outer = outside(words.list);
    let several = outer.iter().position(|t| t.kind == Token::Ascii59).is_some_and(|end| end + 1 < outer.len());
    let has = |kind: Token| outer.iter().any(|t| t.kind == kind);
    let at = |i: usize| outer.get(i).map_or("", |t| words.word(t));
    let is = |i: usize, wanted: &str| at(i).eq_ignore_ascii_case(wanted);
    if several {
        return "several";
    }
    match kind_of_word(at(0)) {
        "with" => {
            let main = outer.iter().map(|t| words.word(t)).find(|w| is_main_verb(w));
            main.map_or("select", kind_of_word)
        }
        "select" if has(Token::Into) => "create_table_as",
        "copy" if has(Token::From) => "copy_in",
        "copy" => "copy_to",
        "ddl" if is(0, "CREATE") && (1..5).any(|i| is(i, "TABLE")) && has(Token::As) => "create_table_as",
        "prepare" if is(1, "TRANSACTION") => "prepare_transaction",
        "commit" if is(1, "PREPARED") => "commit_prepared",
        "rollback" if is(1, "PREPARED") => "rollback_prepared",
        "rollback" if has(Token::To) => "rollback_to",
        "set" if is(1, "CONSTRAINTS") => "set_constraints",
        kind => kind,
    }
}

fn is_main_verb(word: &str) -> bool {
    ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
}

fn outside(list: &[Tok]) -> Vec<Tok> {
    let mut depth = 0_usize;
    let mut outer = Vec::new();
    for token in list {
        match token.kind {
            Token::Ascii40 => depth += 1,
            Token::Ascii41 => depth = depth.saturating_sub(1),
            // Parentheses around a whole query do not hide its verb.
            _ if depth == 0 || (outer.is_empty() && is_verb(token.kind)) => outer.push(*token),
            _ => {}
        }
    }
    outer
}

fn is_verb(kind: Token) -> bool {
    matches!(kind, Token::Select | Token::Values | Token::With | Token::Table)
}

/// The kind of statement that begins with `word`.
fn kind_of_word(word: &str) -> &'static str {
    const KINDS: &[(&str, &[&str])] = &[
        ("select", &["SELECT", "VALUES", "TABLE"]),
        ("with", &["WITH"]),
        ("insert", &["INSERT"]),
        ("update", &["UPDATE"]),
        ("delete", &["DELETE"]),
        ("merge", &["MERGE"]),
        ("copy", &["COPY"]),
        ("truncate", &["TRUNCATE"]),
        ("prepare", &["PREPARE"]),
        ("execute", &["EXECUTE"]),
        ("declare_cursor", &["DECLARE"]),
        ("fetch", &["FETCH"]),
        ("move", &["MOVE"]),
        ("close", &["CLOSE"]),
        ("deallocate", &["DEALLOCATE"]),
        ("discard", &["DISCARD"]),
        ("explain", &["EXPLAIN"]),
        ("set", &["SET", "RESET"]),
        ("show", &["SHOW"]),
        ("begin", &["BEGIN", "START"]),
        ("commit", &["COMMIT", "END"]),
        ("rollback", &["ROLLBACK", "ABORT"]),
        ("savepoint", &["SAVEPOINT"]),
        ("release", &["RELEASE"]),
        ("lock", &["LOCK"]),
        ("listen", &["LISTEN"]),
        ("unlisten", &["UNLISTEN"]),
        ("notify", &["NOTIFY"]),
        ("call", &["CALL"]),
        ("do", &["DO"]),
        ("refresh", &["REFRESH"]),
        ("vacuum", &["VACUUM", "ANALYZE", "ANALYSE"]),
        ("ddl", &["CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "SECURITY", "REASSIGN", "IMPORT"]),
        ("maintenance", &["CLUSTER", "REINDEX", "CHECKPOINT", "LOAD"]),
    ];
    let named = |(_, words): &&(&str, &[&str])| words.iter().any(|w| w.eq_ignore_ascii_case(word));
    KINDS.iter().find(named).map_or("unknown", |(kind, _)| kind)
}

/// The first word behind white space, comments and parentheses; empty: there is none.
fn first_word(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '(');
        let comment = rest.strip_prefix("--").map(|c| c.split_once('\n').map_or("", |(_, after)| after));
        match comment.or_else(|| rest.strip_prefix("/*").map(behind_comment)) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// What follows a comment whose beginning has been read; comments nest.
fn behind_comment(mut rest: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        let (found, after) = rest[at..].split_at(1);
        let closes = found == "*" && after.starts_with('/');
        let opens = found == "/" && after.starts_with('*');
        rest = if closes || opens { &after[1..] } else { after };
        depth = if closes { depth - 1 } else { depth + usize::from(opens) };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::parse::tokens;

    #[test]
    fn a_refused_text_has_the_kind_of_its_verb() {
        for (text, expected) in [
            ("SELECT 1", "select"),
            ("((SELECT 1) UNION SELECT 2)", "select"),
            ("WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a", "select"),
            ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "insert"),
            ("SELECT 1 INTO t", "create_table_as"),
            ("CREATE TEMP TABLE t AS SELECT 1", "create_table_as"),
            ("CREATE VIEW v AS SELECT 1", "ddl"),
            ("COPY t FROM STDIN", "copy_in"),
            ("COPY (SELECT a FROM t) TO STDOUT", "copy_to"),
            ("SELECT 1; DROP TABLE t", "several"),
            ("DROP TABLE t;", "ddl"),
            ("rollback to savepoint x", "rollback_to"),
            ("PREPARE TRANSACTION 'x'", "prepare_transaction"),
            ("SELEC 1", "unknown"),
            ("", "unknown"),
        ] {
            let tokens = tokens(text).unwrap();
            assert_eq!(kind(&Words { text, list: &tokens.list }), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_row_of_tokens_has_the_kind_of_its_first_word() {
        for (text, expected) in [
            ("SELECT 'never closed", "select"),
            (" -- note\n /* a /* b */ c */ (update t SET a = 'x", "update"),
            ("/* never closed", "unknown"),
            ("'SELECT", "unknown"),
            ("selected 'x", "unknown"),
        ] {
            assert!(tokens(text).is_err(), "{text}");
            assert_eq!(kind_of_word(first_word(text)), expected, "{text}");
        }
    }
}
