//! Relations of `pg_catalog`, `information_schema` and `pg_toast`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::list::sections;

/// How a system relation is seen by a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemRelation {
    /// As it is.
    Open,
    /// As it is, but these columns are null in every row; a name that this server's relation lacks is no matter.
    Nulled(&'static [&'static str]),
    /// Not at all, and why.
    Refused(&'static str),
}

static RELATIONS: LazyLock<HashMap<(&'static str, &'static str), SystemRelation>> = LazyLock::new(|| {
    let mut relations = HashMap::new();
    let mut schema = "";
    for section in sections(include_str!("relations.list")) {
        let names = section.words.iter().map(|word| word.name);
        match section.kind {
            "schema" => schema = section.detail,
            "open" => relations.extend(names.map(|name| ((schema, name), SystemRelation::Open))),
            "refused" => {
                relations.extend(names.map(|name| ((schema, name), SystemRelation::Refused(section.detail))));
            }
            "nulled" => {
                // Built once and kept for the life of the process, like the text that the names are in.
                let columns: &'static [&'static str] = names.collect::<Vec<_>>().leak();
                for name in section.detail.split(' ') {
                    relations.insert((schema, name), SystemRelation::Nulled(columns));
                }
            }
            _ => {}
        }
    }
    relations
});

/// How `schema.name` is seen, for `schema` one of `pg_catalog`, `information_schema` and `pg_toast`. A relation that is not
/// on the list is refused.
pub fn system_relation(schema: &str, name: &str) -> SystemRelation {
    if schema == "pg_toast" {
        return SystemRelation::Refused("holds the stored values of other tables");
    }
    RELATIONS.get(&(schema, name)).copied().unwrap_or(SystemRelation::Refused("is not on the reviewed list"))
}
