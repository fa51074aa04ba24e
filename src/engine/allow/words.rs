//! Words of PostgreSQL's grammar that are younger than PostgreSQL 14.

/// Words that may not be functions or types since this version, with the version (`kwlist.h` of PostgreSQL's source: those of
/// the categories `COL_NAME_KEYWORD` and `TYPE_FUNC_NAME_KEYWORD`). The grammar makes what is PostgreSQL's own of them.
const NEW_WORDS: [(&str, u32); 12] = [
    ("json", 16),
    ("json_array", 16),
    ("json_arrayagg", 16),
    ("json_exists", 17),
    ("json_object", 16),
    ("json_objectagg", 16),
    ("json_query", 17),
    ("json_scalar", 17),
    ("json_serialize", 17),
    ("json_table", 17),
    ("json_value", 17),
    ("merge_action", 17),
];

/// The major version of PostgreSQL that first had this word as more than a name; `None`: all have it, or none.
pub fn word_since(word: &str) -> Option<u32> {
    NEW_WORDS.iter().find(|(new, _)| *new == word).map(|(_, since)| *since)
}
