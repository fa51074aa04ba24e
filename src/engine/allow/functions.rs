//! Functions of `pg_catalog` by name.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::list::sections;

/// What it means to let a client call a built-in function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionClass {
    /// Computes from its arguments only.
    Pure,
    /// Computes from its arguments over the rows of a group.
    Aggregate,
    /// Needs `OVER`. `rank`, `dense_rank`, `percent_rank` and `cume_dist` are this one, and aggregates with `WITHIN GROUP`.
    Window,
    /// Tells about the session itself, the clock or the server's identity, or is random.
    Session,
    /// Reads system catalogs about objects: definitions, names, privileges; no rows, no statistics.
    Metadata,
    /// Bytes on disk and statistics of relations and databases, which tell how many hidden rows there are.
    Size,
    /// Reads or moves a sequence.
    Sequence,
    /// `current_setting`, `set_config`: judged by the setting.
    Setting,
    /// Advisory locks.
    Advisory,
    /// `pg_notify`.
    Notify,
    /// `age` of a moment computes only, that of a transaction tells when there were others.
    Moment,
    /// PostgreSQL's own machinery, never called by people.
    Internal,
    /// Why it is never called through the proxy.
    Refused(&'static str),
}

#[derive(Default)]
struct Entry {
    any_count: Option<FunctionClass>,
    by_count: Vec<(usize, FunctionClass)>,
}

static FUNCTIONS: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let mut functions: HashMap<&'static str, Entry> = HashMap::new();
    for section in sections(include_str!("functions.list")) {
        let Some(class) = class(section.kind, section.detail) else { continue };
        for word in section.words {
            let entry = functions.entry(word.name).or_default();
            match word.arguments {
                Some(count) => entry.by_count.push((count, class)),
                None => entry.any_count = Some(class),
            }
        }
    }
    functions
});

fn class(kind: &str, detail: &'static str) -> Option<FunctionClass> {
    Some(match kind {
        "pure" => FunctionClass::Pure,
        "aggregate" => FunctionClass::Aggregate,
        "window" => FunctionClass::Window,
        "session" => FunctionClass::Session,
        "metadata" => FunctionClass::Metadata,
        "size" => FunctionClass::Size,
        "sequence" => FunctionClass::Sequence,
        "setting" => FunctionClass::Setting,
        "advisory" => FunctionClass::Advisory,
        "notify" => FunctionClass::Notify,
        "moment" => FunctionClass::Moment,
        "internal" => FunctionClass::Internal,
        "refused" => FunctionClass::Refused(detail),
        _ => return None,
    })
}

static SETS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let sections = sections(include_str!("functions.list"));
    sections.into_iter().filter(|s| s.kind == "sets").flat_map(|s| s.words).map(|word| word.name).collect()
});

/// Whether a call of `pg_catalog.name` with `nargs` arguments, and no clause of an aggregate or window, is one value, worked
/// out wherever it stands.
pub fn is_scalar(name: &str, nargs: usize) -> bool {
    use FunctionClass::{Advisory, Metadata, Notify, Pure, Sequence, Session, Setting, Size};
    let class = builtin_function(name, nargs);
    matches!(class, Some(Pure | Session | Metadata | Size | Sequence | Setting | Advisory | Notify))
        && !SETS.contains(name)
}

/// Whether `pg_catalog` has a function of this name, whatever it means to call it.
pub fn is_builtin_function(name: &str) -> bool {
    FUNCTIONS.contains_key(name)
}

/// The class of the function `pg_catalog.name` called with `nargs` arguments, for all its overloads of that many;
/// `None`: unknown, to be refused. The name is as PostgreSQL stores it (folded).
pub fn builtin_function(name: &str, nargs: usize) -> Option<FunctionClass> {
    let entry = FUNCTIONS.get(name)?;
    let exact = entry.by_count.iter().find(|(count, _)| *count == nargs).map(|(_, class)| *class);
    exact.or(entry.any_count)
}

/// Whether a function of `pg_catalog` may run where no statement calls it, in the check of a domain: it gives what it computes,
/// and tells nobody. (Of a setting that a check reads the session is told its own.)
pub fn may_run_unseen(name: &str, nargs: usize, takes_transactions: bool) -> bool {
    use FunctionClass::{Metadata, Moment, Pure, Session, Setting};
    match builtin_function(name, nargs) {
        Some(Pure | Session | Metadata) => true,
        Some(Moment) => !takes_transactions,
        Some(Setting) => name == "current_setting",
        _ => false,
    }
}

/// Whether a function of `pg_catalog`, however many its arguments are, is one that a client may be let call: what it does
/// is known.
pub fn is_known_through(name: &str) -> bool {
    let known = |class: &FunctionClass| !matches!(class, FunctionClass::Internal | FunctionClass::Refused(_));
    let classes =
        |entry: &Entry| entry.any_count.iter().all(known) && entry.by_count.iter().all(|(_, class)| known(class));
    FUNCTIONS.get(name).is_some_and(classes)
}

/// The functions behind the views of `information_schema`, PostgreSQL 14 to 18, which drivers call too (pgjdbc's
/// `getPrimaryKeys`): they compute from their arguments, or look a type or an index up.
pub fn is_information_schema_function(name: &str) -> bool {
    const KNOWN: [&str; 12] = [
        "_pg_char_max_length",
        "_pg_char_octet_length",
        "_pg_datetime_precision",
        "_pg_expandarray",
        "_pg_index_position",
        "_pg_interval_type",
        "_pg_keysequal",
        "_pg_numeric_precision",
        "_pg_numeric_precision_radix",
        "_pg_numeric_scale",
        "_pg_truetypid",
        "_pg_truetypmod",
    ];
    KNOWN.contains(&name)
}
