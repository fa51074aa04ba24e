//! What PostgreSQL itself says of constraints and of values that a type does not take, without the values: an allow-list
//! of its messages, and of the files of its source that say them. PURE.

use crate::wire::error::{FILE, Fields, MESSAGE};

/// PostgreSQL's sources (base names) whose messages are told apart here, and whose fields name what the catalog names.
/// RAISE says `pl_exec.c`, and whatever it likes in the other fields.
const SOURCES: &[&str] = &[
    // Constraints and definitions.
    "nbtinsert.c",
    "execIndexing.c",
    "tuplesort.c",
    "tuplesortvariants.c",
    "ri_triggers.c",
    "execMain.c",
    "execPartition.c",
    "execExprInterp.c",
    "domains.c",
    "tablecmds.c",
    "typecmds.c",
    // Statements.
    "createas.c",
    "plancache.c",
    "heap.c",
    "rewriteHandler.c",
    "nodeLimit.c",
    "copyfromparse.c",
    "windowfuncs.c",
    "regexp.c",
    // Types.
    "numutils.c",
    "int.c",
    "int8.c",
    "numeric.c",
    "float.c",
    "bool.c",
    "uuid.c",
    "json.c",
    "jsonfuncs.c",
    "datetime.c",
    "date.c",
    "timestamp.c",
    "network.c",
    "mac.c",
    "mac8.c",
    "geo_ops.c",
    "cash.c",
    "oid.c",
    "enum.c",
    "varchar.c",
    "varlena.c",
    "varbit.c",
    "tid.c",
    "pg_lsn.c",
    "formatting.c",
];

/// PostgreSQL's messages, and what is said of each (the empty text: the same). A gap is filled by a name of the catalog
/// (`a`, `b`, `c`), a type of PostgreSQL's own (`type`), a number of a type's definition (`n`) or a value (`v`), which
/// goes. From the sources of 14 to 18.
const WORDS: &[(&str, &str)] = &[
    ("duplicate key value violates unique constraint \"{a}\"", ""),
    ("could not create unique index \"{a}\"", ""),
    ("conflicting key value violates exclusion constraint \"{a}\"", ""),
    ("could not create exclusion constraint \"{a}\"", ""),
    ("insert or update on table \"{a}\" violates foreign key constraint \"{b}\"", ""),
    ("update or delete on table \"{a}\" violates foreign key constraint \"{b}\" on table \"{c}\"", ""),
    (
        "update or delete on table \"{a}\" violates RESTRICT setting of foreign key constraint \"{b}\" on table \"{c}\"",
        "",
    ),
    ("removing partition \"{a}\" violates foreign key constraint \"{b}\"", ""),
    ("null value in column \"{a}\" of relation \"{b}\" violates not-null constraint", ""),
    ("column \"{a}\" of relation \"{b}\" contains null values", ""),
    ("new row for relation \"{a}\" violates check constraint \"{b}\"", ""),
    ("check constraint \"{a}\" of relation \"{b}\" is violated by some row", ""),
    ("new row for relation \"{a}\" violates partition constraint", ""),
    ("partition constraint of relation \"{a}\" is violated by some row", ""),
    ("no partition of relation \"{a}\" found for row", ""),
    ("new row violates check option for view \"{a}\"", ""),
    ("value for domain {a} violates check constraint \"{b}\"", ""),
    ("domain {a} does not allow null values", ""),
    ("invalid input syntax for type {type}: \"{v}\"", "invalid input syntax for type {type}"),
    ("invalid input syntax for type {type}", ""),
    ("invalid input value for enum {a}: \"{v}\"", "invalid input value for enum {a}"),
    ("value \"{v}\" is out of range for type {type}", "value is out of range for type {type}"),
    ("\"{v}\" is out of range for type {type}", "value is out of range for type {type}"),
    ("value too long for type character({n})", ""),
    ("value too long for type character varying({n})", ""),
    ("bit string too long for type bit varying({n})", ""),
    ("date/time field value out of range: \"{v}\"", "date/time field value out of range"),
    ("interval field value out of range: \"{v}\"", "interval field value out of range"),
    ("time zone displacement out of range: \"{v}\"", "time zone displacement out of range"),
    ("date out of range: \"{v}\"", "date out of range"),
    ("timestamp out of range: \"{v}\"", "timestamp out of range"),
    ("date out of range", ""),
    ("timestamp out of range", ""),
    ("interval out of range", ""),
    ("integer out of range", ""),
    ("bigint out of range", ""),
    ("smallint out of range", ""),
    ("money out of range", ""),
    ("negative substring length not allowed", ""),
    ("field position must not be zero", ""),
    ("count must be greater than zero", ""),
    ("step size cannot equal zero", ""),
    ("cannot take square root of a negative number", ""),
    ("cannot take logarithm of zero", ""),
    ("cannot take logarithm of a negative number", ""),
    ("zero raised to a negative power is undefined", ""),
    ("a negative number raised to a non-integer power yields a complex result", ""),
    ("input is out of range", ""),
    ("invalid regular expression: {v}", "invalid regular expression"),
    ("LIMIT must not be negative", ""),
    ("OFFSET must not be negative", ""),
    ("argument of ntile must be greater than zero", ""),
    ("argument of nth_value must be greater than zero", ""),
    ("missing data for column \"{a}\"", ""),
    ("extra data after last expected column", ""),
    ("relation \"{a}\" already exists", ""),
    ("cannot insert a non-DEFAULT value into column \"{a}\"", ""),
    ("column \"{a}\" can only be updated to DEFAULT", ""),
    ("cached plan must not change result type", ""),
    ("numeric field overflow", ""),
    ("value overflows numeric format", ""),
];

/// As the messages write them.
const TYPES: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
    "boolean",
    "uuid",
    "json",
    "bytea",
    "money",
    "oid",
    "date",
    "time",
    "time with time zone",
    "timestamp",
    "timestamp with time zone",
    "interval",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "point",
    "lseg",
    "path",
    "box",
    "line",
    "polygon",
    "circle",
    "tid",
    "pg_lsn",
];

/// Whether names in the fields of an error are the catalog's.
pub fn names_are_true(fields: &Fields) -> bool {
    fields.field(FILE).is_some_and(|file| SOURCES.contains(&file))
}

/// PostgreSQL's message with its values left out; `None`: it is not one of those known here.
pub fn without_values(fields: &Fields) -> Option<String> {
    let message = fields.field(MESSAGE).filter(|_| names_are_true(fields))?;
    WORDS.iter().find_map(|(words, said)| {
        let gaps = gaps(message, words)?;
        Some(if said.is_empty() { message.to_owned() } else { fill(said, &gaps) })
    })
}

/// What fills the gaps of `words` in `message`, by their kinds.
fn gaps<'m>(message: &'m str, words: &'static str) -> Option<Vec<(&'static str, &'m str)>> {
    let pieces: Vec<&'static str> = words.split(['{', '}']).collect();
    let (first, others) = pieces.split_first()?;
    let mut rest = message.strip_prefix(first)?;
    let mut found = Vec::new();
    for (i, pair) in others.chunks_exact(2).enumerate() {
        let (kind, behind) = (pair[0], pair[1]);
        // A value may hold anything: the last one ends where the message does, a name before it as soon as it can.
        let end = match 2 * (i + 1) == others.len() {
            true => rest.strip_suffix(behind)?.len(),
            false => rest.find(behind)?,
        };
        let (filled, after) = rest.split_at(end);
        fits(kind, filled).then(|| found.push((kind, filled)))?;
        rest = after.strip_prefix(behind)?;
    }
    rest.is_empty().then_some(found)
}

fn fits(kind: &str, filled: &str) -> bool {
    match kind {
        "type" => TYPES.contains(&filled),
        "n" => !filled.is_empty() && filled.bytes().all(|b| b.is_ascii_digit()),
        _ => !filled.is_empty() || kind == "v",
    }
}

fn fill(said: &str, gaps: &[(&str, &str)]) -> String {
    let filled = |kind: &str| gaps.iter().find(|(k, _)| *k == kind).map_or("", |(_, filled)| *filled);
    said.split(['{', '}']).enumerate().map(|(i, piece)| if i % 2 == 0 { piece } else { filled(piece) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(file: &str, message: &str) -> Option<String> {
        without_values(&Fields(vec![(MESSAGE, message.to_owned()), (FILE, file.to_owned())]))
    }

    #[test]
    fn names_stay_and_values_go() {
        for (message, wanted) in [
            ("invalid input syntax for type integer: \"Ada\"", "invalid input syntax for type integer"),
            ("invalid input syntax for type integer: \"A\": \"d\"a\"", "invalid input syntax for type integer"),
            ("invalid input syntax for type integer: \"\"", "invalid input syntax for type integer"),
            ("invalid input value for enum mood: \"Ada: \"x\"", "invalid input value for enum mood"),
            ("value \"99999\" is out of range for type smallint", "value is out of range for type smallint"),
            ("new row for relation \"t\" violates check constraint \"c\"", ""),
            ("update or delete on table \"t\" violates foreign key constraint \"c\" on table \"u\"", ""),
            ("value for domain \"my domain\" violates check constraint \"c\"", ""),
            ("value too long for type character varying(5)", ""),
        ] {
            let wanted = if wanted.is_empty() { message } else { wanted };
            assert_eq!(said("numutils.c", message).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        for message in [
            "invalid input syntax for type Ada: \"x\"",
            "value \"x\" is out of range for type Ada\" is out of range for type integer",
            "value too long for type character varying(Ada)",
            "duplicate key value violates unique constraint \"k\": Ada",
            "Ada",
        ] {
            assert_eq!(said("numutils.c", message), None, "{message}");
        }
        // A function's own words, in whatever form.
        assert_eq!(said("pl_exec.c", "duplicate key value violates unique constraint \"Ada\""), None);
    }
}
