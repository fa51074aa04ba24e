//! What a refusal calls a construct: the words of its command, as near as PostgreSQL's names of nodes come to them.

use heck::ToShoutySnakeCase;
use pg_query::NodeEnum;

/// Parts of nodes' names that are no words of SQL.
const SHORT: &[(&str, &str)] = &[
    ("TRIG", "TRIGGER"),
    ("FDW", "FOREIGN DATA WRAPPER"),
    ("AM", "ACCESS METHOD"),
    ("STATS", "STATISTICS"),
    ("EXPR", "expression"),
    ("CREATEDB", "CREATE DATABASE"),
    ("DROPDB", "DROP DATABASE"),
    ("DEFINE", "CREATE"),
    ("RULE", "CREATE RULE"),
    ("PLANG", "LANGUAGE"),
    ("SEQ", "SEQUENCE"),
    ("MAT", "MATERIALIZED"),
    ("COLL", "COLLATION"),
    ("TSDICTIONARY", "TEXT SEARCH DICTIONARY"),
    ("TSCONFIGURATION", "TEXT SEARCH CONFIGURATION"),
    ("OP", "OPERATOR"),
    ("SEC", "SECURITY"),
];

/// The kind of a node in words: `CREATE FUNCTION`, `DO`, `JSON TABLE`.
pub fn kind_of(node: &NodeEnum) -> String {
    let debug = format!("{node:?}");
    let name = debug.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("construct");
    let words = name.strip_suffix("Stmt").unwrap_or(name).to_shouty_snake_case();
    let long = |word| SHORT.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| *long);
    words.split('_').map(long).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::kind_of;
    use crate::engine::parse::parse;

    #[test]
    fn commands_are_called_by_their_words() {
        for (sql, words) in [
            ("DO 'BEGIN END'", "DO"),
            ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION"),
            ("CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()", "CREATE TRIGGER"),
            ("CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION f()", "CREATE EVENT TRIGGER"),
            ("CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"),
            ("CREATE STATISTICS s ON a, b FROM t", "CREATE STATISTICS"),
            ("ALTER SYSTEM SET a = 1", "ALTER SYSTEM"),
            ("CREATE DATABASE d", "CREATE DATABASE"),
            ("CREATE LANGUAGE l HANDLER h", "CREATE LANGUAGE"),
            ("CREATE AGGREGATE a (int) (sfunc = f, stype = int)", "CREATE"),
            ("CREATE RULE r AS ON INSERT TO t DO NOTHING", "CREATE RULE"),
            ("ALTER TEXT SEARCH DICTIONARY d (a = b)", "ALTER TEXT SEARCH DICTIONARY"),
            ("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW"),
            ("IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", "IMPORT FOREIGN SCHEMA"),
            ("REASSIGN OWNED BY a TO b", "REASSIGN OWNED"),
        ] {
            let parsed = parse(sql).expect(sql);
            let node = parsed.statements[0].stmt.as_ref().and_then(|s| s.node.as_ref()).expect(sql);
            assert_eq!(kind_of(node), words);
        }
    }
}
