//! Whatever a test program sends through a proxy: no stored value and no literal may be left in record or log. Each proxy
//! is looked at when it is dropped, and those that live as long as the program when it ends.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, Once};
use std::time::Duration;

use super::postgres::{Database, run_psql};

/// Values shorter than this may stand somewhere by accident.
const SHORTEST: usize = 7;

/// Stored texts, one a line, that no word of the record can be equal to: a bare lower-case word may be one.
const VALUES: &str = "
    SELECT format('SELECT DISTINCT v FROM (SELECT replace(%I::text COLLATE \"C\", E''\\n'', '' '') AS v FROM %I.%I) x
                   WHERE length(v) BETWEEN 7 AND 200 AND v ~ ''[[:upper:][:digit:][:space:]@]'' AND v ~ ''[[:alpha:]]'';',
                  a.attname, n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory IN ('S', 'U') AND t.typname <> 'bytea'
    \\gexec";

/// Names, which may be on record although they are somebody's data in a table beside.
const NAMES: &str = "
    SELECT nspname FROM pg_namespace UNION SELECT relname FROM pg_class UNION SELECT attname FROM pg_attribute
    UNION SELECT proname FROM pg_proc UNION SELECT typname FROM pg_type UNION SELECT rolname FROM pg_roles
    UNION SELECT datname FROM pg_database";

/// A proxy whose traces are to be looked at.
#[derive(Clone)]
pub struct Traces {
    folder: PathBuf,
    bin: PathBuf,
    /// Superuser's connection strings.
    databases: Vec<String>,
    policies: Vec<PathBuf>,
}

static RUNNING: Mutex<Vec<Traces>> = Mutex::new(Vec::new());

/// From now on: looked at in the end, or by [`look_at`].
pub fn watch<'a>(folder: &Path, served: impl Iterator<Item = (&'a Database<'a>, &'a Path)>, bin: &Path) {
    let (databases, policies) = served.map(|(d, policy)| (d.superuser_string(), policy.to_owned())).unzip();
    RUNNING.lock().unwrap().push(Traces { folder: folder.to_owned(), bin: bin.to_owned(), databases, policies });
    static AT_EXIT: Once = Once::new();
    // SAFETY: the function takes nothing and never unwinds.
    AT_EXIT.call_once(|| assert_eq!(unsafe { libc::atexit(at_exit) }, 0));
}

/// The proxy in `folder` has ended. Panics with what is left of the data.
pub fn look_at(folder: &Path) {
    let traces = {
        let mut running = RUNNING.lock().unwrap();
        let at = running.iter().position(|t| t.folder == folder);
        at.map(|at| running.swap_remove(at))
    };
    let found = traces.map(|t| t.found()).unwrap_or_default();
    assert!(found.is_empty() || std::thread::panicking(), "data in the record or the log:\n{}", found.join("\n"));
}

extern "C" fn at_exit() {
    let running = RUNNING.lock().map(|mut r| std::mem::take(&mut *r)).unwrap_or_default();
    if running.is_empty() {
        return;
    }
    // Events for which nobody waits are written a little later.
    std::thread::sleep(Duration::from_millis(400));
    let found: Vec<String> = running.iter().flat_map(Traces::found).collect();
    if !found.is_empty() {
        eprintln!("data in the record or the log:\n{}", found.join("\n"));
        // SAFETY: ends the process, with nothing run any more.
        unsafe { libc::_exit(101) }
    }
}

impl Traces {
    /// Lines of record and log with data in them. What could not be looked at counts as found.
    fn found(&self) -> Vec<String> {
        self.look().unwrap_or_else(|why| vec![format!("nobody knows, {}: {why}", self.folder.display())])
    }

    fn look(&self) -> Result<Vec<String>, String> {
        let files = self.files()?;
        let mut found: Vec<String> = files.iter().filter(|p| is_segment(p)).flat_map(|p| literals(p)).collect();
        let hits = grep(&self.values()?, &files)?;
        if !hits.is_empty() {
            let known = self.known()?;
            found.extend(hits.into_iter().filter(|hit| !known.contains(hit)).map(|hit| format!("stored value: {hit}")));
        }
        Ok(found)
    }

    /// The record, which has at least its first line, and the log.
    fn files(&self) -> Result<Vec<PathBuf>, String> {
        let folder = self.folder.join("audit");
        let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
        if !files.iter().any(|p| is_segment(p) && p.metadata().is_ok_and(|m| m.len() > 0)) {
            return Err(format!("{}: no event is on record", folder.display()));
        }
        files.push(self.folder.join("log"));
        Ok(files)
    }

    /// Stored values that must not be seen; there are some in every world.
    fn values(&self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        for database in &self.databases {
            let of_this = self.ask(database, VALUES)?;
            values.extend(of_this.lines().filter(|v| v.len() >= SHORTEST).map(str::to_owned));
        }
        if values.is_empty() { Err("the databases hold no value to look for".into()) } else { Ok(values) }
    }

    /// What policies, server file and catalogs say anyway.
    fn known(&self) -> Result<String, String> {
        let mut known = fs::read_to_string(self.folder.join("consentry.toml")).unwrap_or_default();
        for policy in &self.policies {
            let folder = fs::read_dir(policy).into_iter().flatten().map(|e| e.unwrap().path());
            let files = folder.chain([policy.clone()]).filter(|p| p.is_file());
            known.extend(files.filter_map(|p| fs::read_to_string(p).ok()));
        }
        for database in &self.databases {
            known += &self.ask(database, NAMES)?;
        }
        Ok(known)
    }

    /// Asked again when another test drops a table in the middle of it.
    fn ask(&self, database: &str, script: &str) -> Result<String, String> {
        let mut said = String::new();
        for _ in 0..3 {
            let output = run_psql(&self.bin, database, &["-qAt", "-v", "ON_ERROR_STOP=1"], script);
            if output.status.success() {
                return String::from_utf8(output.stdout).map_err(|e| e.to_string());
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        Err(format!("psql in {database}: {said}"))
    }
}

/// Values that stand in the files.
fn grep(values: &[String], files: &[PathBuf]) -> Result<BTreeSet<String>, String> {
    let mut patterns = tempfile::NamedTempFile::new().unwrap();
    patterns.write_all(values.join("\n").as_bytes()).unwrap();
    let found = Command::new("grep").args(["-ahoF", "-f"]).arg(patterns.path()).arg("--").args(files).output().unwrap();
    match found.status.code() {
        // Nothing was found.
        Some(0 | 1) => Ok(String::from_utf8_lossy(&found.stdout).lines().map(str::to_owned).collect()),
        _ => Err(format!("grep: {}", String::from_utf8_lossy(&found.stderr))),
    }
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "jsonl")
}

/// Statements on record in which a literal is left.
fn literals(segment: &Path) -> Vec<String> {
    let text = fs::read_to_string(segment).unwrap();
    let events = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let statements = events.filter_map(|e| Some(e["sql"].as_str()?.to_owned()));
    statements.filter(|sql| has_literal(sql)).map(|sql| format!("literal: {sql}")).collect()
}

/// A quote, or a digit that begins a number, outside of a quoted name.
fn has_literal(sql: &str) -> bool {
    let outside = sql.split('"').step_by(2);
    outside.into_iter().any(|part| {
        let mut before = ' ';
        part.chars().any(|c| {
            let begins = c.is_ascii_digit() && !(before.is_alphanumeric() || matches!(before, '_' | '$'));
            before = c;
            c == '\'' || begins
        })
    })
}

#[test]
fn what_is_looked_for_is_seen() {
    for sql in ["SELECT 'Ana'", "SELECT 7", "SELECT a+7", "SELECT $1, .5", "SELECT E'x'", "SELECT $$x$$ || '1'"] {
        assert!(has_literal(sql), "{sql}");
    }
    for sql in ["SELECT $1, t1.a2 FROM \"2nd\" AS t1", "SELECT c.\"it's\" + $12", "CAST($1 AS int4)"] {
        assert!(!has_literal(sql), "{sql}");
    }
}

#[test]
fn what_cannot_be_looked_at_counts_as_found() {
    let folder = tempfile::tempdir().unwrap();
    let bin = super::postgres::shared().bin().to_owned();
    let found = |databases: &[&str]| {
        let databases = databases.iter().map(|d| (*d).to_owned()).collect();
        Traces { folder: folder.path().to_owned(), bin: bin.clone(), databases, policies: Vec::new() }
            .found()
            .join("\n")
    };
    assert!(found(&[]).contains("No such file"), "{}", found(&[]));
    fs::create_dir(folder.path().join("audit")).unwrap();
    fs::write(folder.path().join("log"), "").unwrap();
    let record = folder.path().join("audit/1.jsonl");
    fs::write(&record, "").unwrap();
    assert!(found(&[]).contains("no event is on record"), "{}", found(&[]));
    fs::write(&record, "{}\n").unwrap();
    assert!(found(&[]).contains("no value to look for"), "{}", found(&[]));
    assert!(found(&["host=/nowhere"]).contains("psql in host=/nowhere"), "{}", found(&["host=/nowhere"]));
    let database = super::postgres::shared().database("spotless", "CREATE TABLE t AS SELECT 'Ann Asked' AS v");
    assert_eq!(found(&[&database.superuser_string()]), "");
    fs::write(&record, "{\"user\":\"Ann Asked\"}\n").unwrap();
    assert_eq!(found(&[&database.superuser_string()]), "stored value: Ann Asked");
    fs::remove_file(folder.path().join("log")).unwrap();
    assert!(found(&[&database.superuser_string()]).contains("grep:"));
}
