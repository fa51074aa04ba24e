//! Which columns of a row a trigger may assign before the row is updated: what its PL/pgSQL text assigns to `NEW`, or what
//! its arguments name. The text is the administrator's own, and read for what is plainly there; where that is not plain,
//! it may assign all of them.

use std::collections::BTreeSet;

use tokio_postgres::Row;

use super::CatalogError;
use crate::engine::catalog::Relation;

/// The columns of `relation` that the trigger in `row` may assign.
pub(super) fn assigned(row: &Row, relation: &Relation) -> Result<BTreeSet<String>, CatalogError> {
    let language: &str = row.try_get("language")?;
    let names = match language {
        "plpgsql" => assigned_by(row.try_get("source")?),
        _ => {
            let arguments: &[u8] = row.try_get("arguments")?;
            let named = arguments.split(|byte| *byte == 0).filter(|a| !a.is_empty());
            let named: BTreeSet<String> = named.map(|a| String::from_utf8_lossy(a).into_owned()).collect();
            // PostgreSQL's own that names no column assigns none.
            (row.try_get("built_in")? || !named.is_empty()).then_some(named)
        }
    };
    let columns = relation.columns.iter().map(|c| c.name.clone());
    Ok(columns.filter(|c| names.as_ref().is_none_or(|names| names.contains(c))).collect())
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(char),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(own) if own == word)
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }
}

/// The columns that a text assigns to `NEW`; `None`: any.
fn assigned_by(text: &str) -> Option<BTreeSet<String>> {
    let tokens = tokens(text)?;
    let is = |i: usize, word: &str| tokens.get(i).is_some_and(|t| t.is(word));
    let symbol = |i: usize, c: char| tokens.get(i) == Some(&Token::Symbol(c));
    let mut names = BTreeSet::new();
    // Where a statement starts, and where words name what takes a value. All of what is called with may take one.
    let (mut starts, mut takes, mut calls) = (true, false, false);
    for (i, token) in tokens.iter().enumerate() {
        // `block.NEW.name`, where the trigger's function is such a block.
        if token.is("new") && i.checked_sub(1).is_some_and(|before| symbol(before, '.')) {
            return None;
        }
        let into = i.checked_sub(1).is_some_and(|before| is(before, "into"));
        if token.is("new") && (starts || takes || calls || into) {
            match (symbol(i + 1, '.'), tokens.get(i + 2)) {
                (true, Some(Token::Word(name))) => names.insert(name.clone()),
                _ => return None,
            };
        }
        if token.is("return") && !returns_it(tokens.get(i + 1..).unwrap_or_default()) {
            return None;
        }
        let inserts = i.checked_sub(1).is_some_and(|before| is(before, "insert") || is(before, "merge"));
        takes = match token {
            Token::Symbol(';') => false,
            _ if token.is_one_of(&["from", "where", "using", "in", "values", "loop"]) => false,
            _ if token.is_one_of(&["into", "for", "foreach", "diagnostics"]) => takes || !inserts,
            _ => takes,
        };
        calls = token.is("call") || calls && *token != Token::Symbol(';');
        let labelled = symbol(i, '>') && i.checked_sub(1).is_some_and(|before| symbol(before, '>'));
        let begins = token.is_one_of(&["begin", "then", "else", "loop"]);
        starts = labelled || begins || *token == Token::Symbol(';');
    }
    Some(names)
}

/// Whether `RETURN` gives the row as it is: `NEW`, `OLD`, null, or the first of them that is there.
fn returns_it(rest: &[Token]) -> bool {
    let plain = |t: &Token| match t {
        Token::Word(_) => t.is_one_of(&["new", "old", "null", "coalesce"]),
        Token::Symbol(c) => matches!(c, '(' | ')' | ','),
    };
    rest.iter().take_while(|t| **t != Token::Symbol(';')).all(plain)
}

/// Words and symbols, without comments and literals. `None`: where one of these ends takes more than a glance to see (`\'`,
/// `""`, `$tag$`, a comment in a comment), and what follows might be read for what it is not.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii();
        let end = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                let inside = rest.get(2..)?.split_once("*/")?.0;
                (!inside.contains("/*")).then_some(inside.len() + 4)?
            }
            // A backslash is one, but in E'…' (`standard_conforming_strings`).
            '\'' => match (quoted(rest, c)?, found.last()) {
                (literal, Some(Token::Word(e))) if e == "e" && literal.contains('\\') => return None,
                (literal, _) => literal.len() + 2,
            },
            '"' => {
                let name =
                    quoted(rest, c).filter(|name| !rest.get(name.len() + 2..).is_some_and(|r| r.starts_with(c)))?;
                found.push(Token::Word(name.to_owned()));
                name.len() + 2
            }
            '$' if !rest.get(1..)?.starts_with(|c: char| c.is_ascii_digit()) => return None,
            _ if word(c) => {
                let end = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
                found.push(Token::Word(rest.get(..end).unwrap_or_default().to_lowercase()));
                end
            }
            _ => {
                if !c.is_whitespace() {
                    found.push(Token::Symbol(c));
                }
                c.len_utf8()
            }
        };
        rest = rest.get(end..)?;
    }
    Some(found)
}

/// What stands between the quotes at the beginning of a text. (Of `'it''s'`, the first half: the second follows.)
fn quoted(text: &str, quote: char) -> Option<&str> {
    text.get(1..)?.split_once(quote).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::assigned_by;

    #[test]
    fn what_a_text_assigns() {
        for (text, expected) in [
            ("BEGIN NEW.updated_at := now(); RETURN NEW; END", Some("updated_at")),
            ("begin new.updated_at = now(); -- a new value;\n return new; end;", Some("updated_at")),
            (
                "BEGIN IF NEW.title <> OLD.title THEN NEW.name := lower(NEW.title); END IF; RETURN NEW; END",
                Some("name"),
            ),
            ("BEGIN SELECT slug INTO NEW.name FROM slugs WHERE id = NEW.id; RETURN NEW; END", Some("name")),
            ("BEGIN INSERT INTO audit VALUES (NEW.id, to_jsonb(NEW)); RETURN COALESCE(NEW, OLD); END", Some("")),
            (
                "BEGIN IF OLD.* IS DISTINCT FROM NEW.* THEN RAISE 'a new ; NEW.id := 1'; END IF; RETURN NULL; END",
                Some(""),
            ),
            ("BEGIN IF OLD.id <> NEW.id THEN RAISE 'no'; END IF; <<l>> NEW.name := 1; RETURN NEW; END", Some("name")),
            ("BEGIN NEW.\"Name\"[1] := 'x'; RETURN NEW; END", Some("Name")),
            ("BEGIN CALL fill(NEW.name); RETURN NEW; END", Some("name")),
            ("BEGIN CALL fill(substring(t from 1), NEW.name); RAISE '%', NEW.id; RETURN NEW; END", Some("name")),
            ("BEGIN CALL fill(1 IN (2), NEW.name); RETURN NEW; END", Some("name")),
            ("BEGIN FOREACH NEW.name IN ARRAY NEW.all LOOP EXIT; END LOOP; RETURN NEW; END", Some("name")),
            ("BEGIN SELECT 1 AS insert INTO NEW.name FROM t WHERE t.id = NEW.id; RETURN NEW; END", Some("name")),
            ("BEGIN RAISE 'it''s'; NEW.name := 'a''b'; RAISE 'x'; RETURN NEW; END", Some("name")),
            ("BEGIN /*/ NEW.id := 1; */ NEW.name := $1; RETURN NEW; END", Some("name")),
            ("BEGIN set_name.NEW.name := 1; RETURN NEW; END", None),
            (r"BEGIN NEW.phone := regexp_replace(NEW.phone, '\D', '', 'g'); RETURN NEW; END", Some("phone")),
            (r"BEGIN RAISE E'it\'s'; NEW.name := 1; RAISE 'x'; RETURN NEW; END", None),
            ("BEGIN RAISE $q$it's$q$; NEW.name := 1; RAISE 'x'; RETURN NEW; END", None),
            ("BEGIN /* /* */ ' */ NEW.name := 1; RAISE 'x'; RETURN NEW; END", None),
            ("BEGIN NEW.\"a\"\"b\" := 1; RETURN NEW; END", None),
            ("BEGIN NEW := jsonb_populate_record(NEW, x); RETURN NEW; END", None),
            ("BEGIN RETURN NEW #= h; END", None),
            ("DECLARE r record; BEGIN r := NEW; r.id := 1; RETURN r; END", None),
            ("DECLARE n ALIAS FOR NEW; BEGIN n.id := 1; RETURN n; END", None),
        ] {
            let found = assigned_by(text).map(|names| names.into_iter().collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
