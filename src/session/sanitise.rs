//! What PostgreSQL's errors may say about a statement on protected data: an allow-list of texts, and names.
//!
//! Detail, context, hints, internal queries and quoted values can carry a stored value (`Key (email)=(…) already exists`,
//! `invalid input syntax for type integer: "…"`), so they go; SQLSTATE and names of constraints, tables, columns stay, in
//! PostgreSQL's own words where these are known (`own_words`). PURE.

use super::own_words;
use super::plans::Judged;
use crate::engine::cleared::RAISED;
use crate::engine::refusal::Refusal;
use crate::wire::error::{
    COLUMN, CONSTRAINT, DATA_TYPE, DETAIL, FILE, Fields, HINT, INTERNAL_POSITION, INTERNAL_QUERY, MESSAGE, POSITION,
    SCHEMA, Severity, TABLE, WHERE, byte_offset, character_position, from_refusal,
};

/// PostgreSQL's sources that cancel a statement in the midst of a function, in words of their own: not in those that a
/// RAISE with the same SQLSTATE has.
const CORE: [&str; 7] =
    ["postgres.c", "proc.c", "deadlock.c", "predicate.c", "heapam.c", "execMain.c", "nodeModifyTable.c"];

/// PostgreSQL's sources that read a statement and nothing else, some of whose errors point nowhere. (Others find a type, or a
/// relation, by a text that may be a stored value.)
const READERS: [&str; 8] = [
    "analyze.c",
    "parse_agg.c",
    "parse_clause.c",
    "parse_cte.c",
    "parse_relation.c",
    "parse_target.c",
    "plancat.c",
    "rewriteHandler.c",
];

/// PostgreSQL's hints to who wrote a statement that it cannot read, of those that name nothing: `Perhaps you meant to reference
/// the column …` may name one that the policy does not list.
const ADVICE: [&str; 14] = [
    "Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
    "Could not choose a best candidate function. You might need to add explicit type casts.",
    "Could not choose a best candidate operator. You might need to add explicit type casts.",
    "No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear \
     after all regular arguments of the aggregate.",
    "No function matches the given name and argument types. You might need to add explicit type casts.",
    "No operator matches the given name and argument type. You might need to add an explicit type cast.",
    "No operator matches the given name and argument types. You might need to add explicit type casts.",
    "To call a procedure, use CALL.",
    "Use OVERRIDING SYSTEM VALUE to override.",
    "Use WITH RECURSIVE, or re-order the WITH items to remove forward references.",
    "Use an explicit ordering operator or modify the query.",
    "Use the COLLATE clause to set the collation explicitly.",
    "Use the COLLATE clause to set the collation of the non-recursive term.",
    "You will need to rewrite or cast the expression.",
];

/// How much of an error or notice may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Nothing protected is involved: as PostgreSQL said it.
    Open,
    /// The statement is not about protected data, but its transaction has been: deferred constraints and triggers may
    /// still speak of it.
    Lingering,
    Protected,
}

/// Points `P` into the client's text, and takes out what could carry a stored value. `is_whole`: whether a relation of this
/// name is known, and no partition or child of another one: in which of them a row lies, its values decide.
pub fn error(fields: &mut Fields, judged: Option<&Judged>, sensitivity: Sensitivity, is_whole: &dyn Fn(&str) -> bool) {
    let in_text = fields.field(POSITION).is_some() || fields.field(FILE).is_some_and(|f| READERS.contains(&f));
    if let Some(judged) = judged {
        if let Some(refusal) = raised(fields, judged) {
            *fields = from_refusal(refusal, Severity::Error, &judged.source);
            return;
        }
        map_position(fields, judged);
    }
    let strip = match sensitivity {
        Sensitivity::Open => false,
        // What a function or trigger says bears a context, and any SQLSTATE that it likes.
        Sensitivity::Lingering => {
            fields.field(WHERE).is_some() || matches!(fields.sqlstate().get(..2), Some("23" | "P0" | "22" | "XX"))
        }
        Sensitivity::Protected => true,
    };
    if !strip {
        return;
    }
    let said_by_a_function = fields.field(WHERE).is_some() && !fields.field(FILE).is_some_and(|f| CORE.contains(&f));
    let gone: &[u8] = &[DETAIL, HINT, WHERE, INTERNAL_POSITION, INTERNAL_QUERY];
    // RAISE names constraints, columns and tables as it likes.
    let named: &[u8] = &[SCHEMA, TABLE, COLUMN, DATA_TYPE, CONSTRAINT];
    let advises = in_text && fields.field(HINT).is_some_and(|hint| ADVICE.contains(&hint));
    gone.iter().filter(|letter| **letter != HINT || !advises).for_each(|letter| fields.remove(*letter));
    let tells_part = !in_text && names_a_part(fields, is_whole);
    if tells_part || !own_words::names_are_true(fields) {
        named.iter().for_each(|letter| fields.remove(*letter));
    }
    match own_words::without_values(fields) {
        _ if tells_part => fields.set(MESSAGE, neutral_message(fields)),
        Some(own) => fields.set(MESSAGE, own),
        None if said_by_a_function || !message_is_safe(fields.sqlstate(), in_text) => {
            let neutral = neutral_message(fields);
            fields.set(MESSAGE, neutral);
        }
        None => {}
    }
}

/// Takes the mark of the user out of the name of a prepared transaction, which is not the client's.
pub fn unmark(fields: &mut Fields, mark: impl FnOnce() -> String) {
    const WORDS: [&str; 2] = ["transaction identifier \"", "prepared transaction with identifier \""];
    let message = fields.field(MESSAGE).unwrap_or_default();
    let Some((words, name)) = WORDS.iter().find_map(|w| Some((*w, message.strip_prefix(w)?))) else { return };
    if let Some(own) = name.strip_prefix(&mark()) {
        let said = format!("{words}{own}");
        fields.set(MESSAGE, said);
    }
}

fn names_a_part(fields: &Fields, is_whole: &dyn Fn(&str) -> bool) -> bool {
    let message = fields.field(MESSAGE).unwrap_or_default();
    // The other table's name is in no field: the one whose row is referred to, or that is locked.
    let other = message.strip_prefix("update or delete on table \"").and_then(|m| m.split("\" violates ").next());
    let locked = message.strip_prefix("could not obtain lock on row in relation \"").and_then(|m| m.strip_suffix('"'));
    [other, locked, fields.field(TABLE)].into_iter().flatten().any(|name| !is_whole(name))
}

/// The refusal that a statement's own test stands for, when it is what failed.
pub fn raised<'j>(fields: &Fields, judged: &'j Judged) -> Option<&'j Refusal> {
    if fields.sqlstate() != RAISED {
        return None;
    }
    let message = fields.field(MESSAGE)?;
    let mut raises = judged.cleared.statements.iter().flat_map(|s| &s.raises);
    raises.find(|r| message.contains(&r.marker)).map(|r| &r.refusal)
}

fn map_position(fields: &mut Fields, judged: &Judged) {
    if *judged.source == *judged.cleared.wire_text() {
        return;
    }
    let Some(position) = fields.field(POSITION).and_then(|p| p.parse::<usize>().ok()) else {
        return;
    };
    let out = byte_offset(judged.cleared.wire_text(), position);
    let at = judged.cleared.client_offset(out).min(judged.source.len());
    fields.set(POSITION, character_position(&judged.source, at).to_string());
}

/// Whether a message of this SQLSTATE can only name what stands in the client's own text, in the catalog's names, or
/// is a fixed phrase. `in_text`: it comes from reading the statement, not from running it: it points into it, or is of a source
/// that does nothing else. `'…'::regclass` of a stored value raises 42P01 too, but points nowhere.
fn message_is_safe(sqlstate: &str, in_text: bool) -> bool {
    match sqlstate {
        // Fixed phrases, or names of statements, cursors, savepoints, privileges on tables.
        "54001" | "22012" | "21000" | "42501" | "42P03" | "42P05" | "42P11" | "42809" | "34000" | "26000" => true,
        // Not able to read or plan it.
        _ => match sqlstate.get(..2) {
            Some("42" | "3F" | "0A") => in_text,
            // Transaction state, serialisation, resources, intervention, object state, connection. (Limits tell sizes.)
            Some("25" | "40" | "53" | "55" | "57" | "08" | "2D" | "3B" | "0B") => true,
            _ => false,
        },
    }
}

/// What is said instead: the condition's meaning.
fn neutral_message(fields: &Fields) -> String {
    match fields.sqlstate() {
        "23505" => "duplicate key value violates a unique constraint".to_owned(),
        "23503" => "a row violates a foreign key constraint".to_owned(),
        "23502" => "a null value violates a not-null constraint".to_owned(),
        "23514" => "a value violates a check constraint".to_owned(),
        "23P01" => "conflicting key value violates an exclusion constraint".to_owned(),
        "22P02" => "invalid input syntax for a type".to_owned(),
        "22007" => "invalid datetime format".to_owned(),
        "22008" => "datetime field overflow".to_owned(),
        "22003" => "numeric value out of range".to_owned(),
        "22001" => "value too long for its type".to_owned(),
        "22021" => "character not in repertoire".to_owned(),
        "P0001" => "a function raised an exception".to_owned(),
        other => format!("the statement failed with SQLSTATE {other}; values of protected tables are not shown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(code: &str, message: &str, more: &[(u8, &str)]) -> Fields {
        let mut all = vec![(b'C', code.to_owned()), (MESSAGE, message.to_owned())];
        all.extend(more.iter().map(|(l, t)| (*l, (*t).to_owned())));
        Fields(all)
    }

    fn text_after(sensitivity: Sensitivity, mut f: Fields) -> String {
        error(&mut f, None, sensitivity, &|name| ["customers", "orders"].contains(&name));
        f.0.into_iter().map(|(_, t)| t).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn a_value_in_any_field_goes() {
        let secret = "user7@example.com";
        let quoted = format!("invalid input syntax for type integer: \"{secret}\"");
        for (code, more) in [
            ("22P02", vec![]),
            ("42P01", vec![]),
            ("42704", vec![]),
            ("3F000", vec![]),
            ("XX000", vec![(WHERE, secret)]),
            ("23505", vec![(DETAIL, secret), (CONSTRAINT, "customers_email_key"), (FILE, "nbtinsert.c")]),
            ("23514", vec![(CONSTRAINT, secret), (TABLE, secret), (COLUMN, secret), (FILE, "pl_exec.c")]),
            ("23514", vec![(DATA_TYPE, secret), (SCHEMA, secret)]),
            ("P0001", vec![(HINT, secret), (INTERNAL_QUERY, secret)]),
            ("57014", vec![(WHERE, secret), (FILE, "postgres.c")]),
        ] {
            let message = if code == "57014" { "canceling statement due to user request" } else { &quoted };
            let said = text_after(Sensitivity::Protected, fields(code, message, &more));
            assert!(!said.contains(secret), "{code}: {said}");
        }
    }

    #[test]
    fn a_mark_is_not_told() {
        let said = |message: &str| {
            let mut f = fields("42710", message, &[]);
            unmark(&mut f, || "abc:".to_owned());
            f.field(MESSAGE).map(str::to_owned)
        };
        let busy = "prepared transaction with identifier \"x\" is busy".to_owned();
        assert_eq!(said("prepared transaction with identifier \"abc:x\" is busy"), Some(busy));
        let taken = said("transaction identifier \"abc:abc:x\" is already in use");
        assert_eq!(taken, Some("transaction identifier \"abc:x\" is already in use".to_owned()));
        assert_eq!(said("role \"abc:x\""), Some("role \"abc:x\"".to_owned()));
    }

    #[test]
    fn a_trigger_does_not_borrow_an_sqlstate() {
        for code in ["42501", "55000", "40001", "57014", "53000", "25001", "08006", "22012"] {
            let raised = [(WHERE, "PL/pgSQL function deny() line 3 at RAISE"), (FILE, "pl_exec.c")];
            let said = text_after(Sensitivity::Protected, fields(code, "row of Ada may not be x", &raised));
            assert!(!said.contains("Ada"), "{code}: {said}");
        }
        let limit = fields("54000", "index row size 2712 exceeds btree version 4 maximum 2704", &[]);
        assert!(!text_after(Sensitivity::Protected, limit).contains("2712"));
        let deadlock = fields("40P01", "deadlock detected", &[(WHERE, "while updating tuple"), (FILE, "deadlock.c")]);
        assert!(text_after(Sensitivity::Protected, deadlock).contains("deadlock detected"));
    }

    #[test]
    fn a_deferred_trigger_does_not_either() {
        for code in ["42501", "55000", "40001", "01004"] {
            let raised = [(WHERE, "PL/pgSQL function deny() line 3 at RAISE"), (FILE, "pl_exec.c"), (DETAIL, "Ada")];
            let said = text_after(Sensitivity::Lingering, fields(code, "row of Ada may not be x", &raised));
            assert!(!said.contains("Ada"), "{code}: {said}");
        }
    }

    #[test]
    fn names_from_the_statement_stay() {
        let f = fields("42703", "column \"emial\" does not exist", &[(POSITION, "8"), (HINT, "hidden_column")]);
        assert_eq!(text_after(Sensitivity::Protected, f), "42703|column \"emial\" does not exist|8");
        let hint = "No operator matches the given name and argument types. You might need to add explicit type casts.";
        let told = |hint: &str| {
            let said = "operator does not exist: integer @@@ integer";
            text_after(Sensitivity::Protected, fields("42883", said, &[(POSITION, "8"), (HINT, hint)]))
        };
        assert!(told(hint).ends_with(hint));
        assert!(!told(&format!("{hint} hidden_column")).contains("hidden_column"));
        let said = "duplicate key value violates unique constraint \"customers_email_key\"";
        let f = fields("23505", said, &[(FILE, "nbtinsert.c"), (CONSTRAINT, "customers_email_key")]);
        let said = format!("23505|{said}|nbtinsert.c|customers_email_key");
        assert_eq!(text_after(Sensitivity::Protected, f), said);
    }

    #[test]
    fn a_partition_is_not_told() {
        let of = [(TABLE, "visits_north"), (CONSTRAINT, "visits_north_check"), (FILE, "execMain.c")];
        for (code, said) in [
            ("23514", "new row for relation \"visits_north\" violates check constraint \"visits_check\""),
            ("23505", "duplicate key value violates unique constraint \"visits_north_pkey\""),
        ] {
            let said = text_after(Sensitivity::Protected, fields(code, said, &of));
            assert!(!said.contains("north"), "{said}");
        }
        // Of one whose name has a quote, which PostgreSQL does not write twice, too.
        for (code, said) in [
            ("55P03", "could not obtain lock on row in relation \"visits\"north\""),
            (
                "23503",
                "update or delete on table \"visits\"north\" violates foreign key constraint \"a\" on table \"orders\"",
            ),
        ] {
            let said =
                text_after(Sensitivity::Protected, fields(code, said, &[(TABLE, "orders"), (FILE, "ri_triggers.c")]));
            assert!(!said.contains("north"), "{said}");
        }
        let said = "update or delete on table \"customers\" violates foreign key constraint \"c\" on table \"orders\"";
        let f = fields("23503", said, &[(TABLE, "orders"), (FILE, "ri_triggers.c")]);
        assert!(text_after(Sensitivity::Protected, f).contains(said));
    }

    #[test]
    fn nothing_is_lost_without_protected_data() {
        let f = fields("22P02", "invalid input syntax for type integer: \"x\"", &[(WHERE, "here")]);
        assert_eq!(text_after(Sensitivity::Open, f), "22P02|invalid input syntax for type integer: \"x\"|here");
    }

    #[test]
    fn a_deferred_constraint_at_commit_is_stripped() {
        let f = fields("23503", "…", &[(DETAIL, "Key (email)=(x@y) is not present")]);
        assert!(!text_after(Sensitivity::Lingering, f).contains("x@y"));
    }
}
