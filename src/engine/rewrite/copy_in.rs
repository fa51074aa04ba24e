//! `COPY … FROM STDIN` for the second opinion alone: sqlparser takes what stands on the lines behind it for its data, and
//! does not know all of its options.

use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use crate::engine::parse::{self, Tok};
use crate::engine::refusal::{self, Refusal};

/// A text of these statements, for the second parser to read.
pub fn readable(text: String, statements: &[&Node]) -> Result<String, Refusal> {
    let copies_in = |n: &&Node| matches!(&n.node, Some(NodeEnum::CopyStmt(copy)) if copy.is_from);
    match statements.iter().any(copies_in) {
        true => as_copy_out(&text).ok_or_else(|| refusal::not_faithful("a COPY cannot be read")),
        false => Ok(text),
    }
}

/// `text` with every `COPY table (columns) FROM STDIN …` as a COPY of the same columns to STDOUT. Options hold no relation,
/// and were a condition to hold one, the second parser would miss it: a refusal.
fn as_copy_out(text: &str) -> Option<String> {
    let tokens = parse::tokens(text).ok()?.list;
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for statement in tokens.split(|t| t.kind == Token::Ascii59) {
        if let Some((start, end)) = source(statement) {
            out.push_str(text.get(at..start)?);
            out.push_str("TO STDOUT");
            at = end;
        }
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Bytes of a COPY from FROM to its end.
fn source(statement: &[Tok]) -> Option<(usize, usize)> {
    if statement.first()?.kind != Token::Copy {
        return None;
    }
    let from = statement.iter().position(|t| t.kind == Token::From)?;
    matches!(statement.get(from + 1)?.kind, Token::Stdin | Token::Stdout).then_some(())?;
    Some((statement.get(from)?.start, statement.last()?.end))
}

#[cfg(test)]
mod tests {
    use super::as_copy_out;

    #[test]
    fn options_and_conditions_go_and_names_stay() {
        for (text, wanted) in [
            ("COPY t FROM STDIN", "COPY t TO STDOUT"),
            (
                "COPY s.t (\"from\", b) FROM STDIN WITH (FORMAT csv, HEADER MATCH);\nCOPY u FROM STDIN WHERE a > 1; SELECT 1 FROM v",
                "COPY s.t (\"from\", b) TO STDOUT;\nCOPY u TO STDOUT; SELECT 1 FROM v",
            ),
            ("COPY (SELECT a FROM t) TO STDOUT", "COPY (SELECT a FROM t) TO STDOUT"),
            ("SELECT 1 FROM stdin", "SELECT 1 FROM stdin"),
        ] {
            assert_eq!(as_copy_out(text).as_deref(), Some(wanted), "{text}");
        }
    }
}
