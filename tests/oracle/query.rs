//! The files of queries. `--! title [ordered] [or refused]` begins one (both marks are optional); `--$ value` lines under it are its parameters `$1`, `$2` …
//! (`--$ NULL` is null; such a query is asked by the extended protocol alone); `--@ path` sets `search_path` for the file.

use std::fs;
use std::path::Path;

/// Whether the rows' order is part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Any,
    Given,
}

/// Whether the contract's "refused where not understood" (0A000) is as good an answer as the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    Required,
    OrRefused,
}

#[derive(Debug, Clone)]
pub struct Query {
    pub title: String,
    pub sql: String,
    pub parameters: Vec<Option<String>>,
    pub order: Order,
    pub support: Support,
}

#[derive(Debug, Clone)]
pub struct QueryFile {
    pub name: String,
    pub search_path: Option<String>,
    pub queries: Vec<Query>,
}

impl Query {
    fn titled(title: &str) -> Self {
        let (title, support) = match title.strip_suffix(" [or refused]") {
            Some(title) => (title, Support::OrRefused),
            None => (title, Support::Required),
        };
        let (title, order) = match title.strip_suffix(" [ordered]") {
            Some(title) => (title, Order::Given),
            None => (title, Order::Any),
        };
        Self { title: title.to_owned(), sql: String::new(), parameters: Vec::new(), order, support }
    }
}

impl QueryFile {
    pub fn parse(name: &str, text: &str) -> Self {
        let mut file = Self { name: name.to_owned(), search_path: None, queries: Vec::new() };
        for line in text.lines() {
            assert!(!line.starts_with("---"), "{name}: this would be a comment of the query before: {line}");
            if let Some(path) = line.strip_prefix("--@ ") {
                file.search_path = Some(path.to_owned());
            } else if let Some(title) = line.strip_prefix("--! ") {
                file.queries.push(Query::titled(title));
            } else if let Some(query) = file.queries.last_mut() {
                match line.strip_prefix("--$ ") {
                    Some("NULL") => query.parameters.push(None),
                    Some(value) => query.parameters.push(Some(value.to_owned())),
                    None => query.sql.push_str(&format!("{line}\n")),
                }
            }
        }
        for query in &mut file.queries {
            query.sql = query.sql.trim_end().to_owned();
            assert!(!query.sql.is_empty(), "{name}: `{}` has no query", query.title);
        }
        assert!(!file.queries.is_empty(), "{name}: no query");
        file
    }
}

/// All files of a folder, by name.
pub fn read_folder(folder: &Path) -> Vec<QueryFile> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|e| e.expect("a readable entry").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        QueryFile::parse(&name, &fs::read_to_string(path).expect("a query file is text"))
    };
    paths.iter().map(read).collect()
}
