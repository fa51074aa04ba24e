//! SQL laid out for people to read: in explanations only, never on the way to PostgreSQL.

/// `sql` over several lines; `None` where libpg_query cannot print it.
pub fn pretty(sql: &str) -> Option<String> {
    let parsed = pg_query::parse(sql, 0).ok()?;
    let options = pg_query::DeparseOptions { pretty_print: true, max_line_length: 110, ..Default::default() };
    parsed.deparse(options).ok()
}
