//! `search_path` as PostgreSQL reads it: a comma-separated list of identifiers. PURE.

/// Schema names in `path`, folded and unquoted; `"$user"` becomes the upstream user; `pg_temp` is left out, because the
/// engine asks for temporary relations first in any case. `None`: not a list of identifiers.
pub fn schemas(path: &str, user: &str) -> Option<Vec<String>> {
    let names = split(path)?;
    Some(
        names
            .into_iter()
            .map(|name| if name == "$user" { user.to_owned() } else { name })
            .filter(|name| name != "pg_temp")
            .collect(),
    )
}

/// `SplitIdentifierString` of PostgreSQL: unquoted names are folded, quoted ones keep their case.
fn split(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = path.trim_start();
    if rest.is_empty() {
        return Some(names);
    }
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_name(quoted)?,
            None => bare_name(rest)?,
        };
        names.push(name);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => return Some(names),
            None => return None,
        }
    }
}

fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((truncate(name), rest)),
        }
    }
}

fn bare_name(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() { None } else { Some((truncate(name.to_ascii_lowercase()), rest)) }
}

/// PostgreSQL cuts names to 63 bytes, at a character's border.
fn truncate(mut name: String) -> String {
    while name.len() > 63 {
        name.pop();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_postgresql_reads_them() {
        let read = |path| schemas(path, "app");
        assert_eq!(read("\"$user\", public").unwrap(), ["app", "public"]);
        assert_eq!(read("").unwrap(), Vec::<String>::new());
        assert_eq!(read("Public,\"We \"\"b\" , x").unwrap(), ["public", "We \"b", "x"]);
        assert_eq!(read("pg_temp, a").unwrap(), ["a"]);
        assert_eq!(read("\"\"").unwrap(), [""]);
        assert_eq!(read("a b"), None);
        assert_eq!(read("a,"), None);
        assert_eq!(read("\"open"), None);
    }
}
