//! A relation's visible table as a derived table.
//!
//! A row filter alone is no barrier: PostgreSQL may run the client's conditions first. So a column of a row-filtered
//! table leaves bare only where every use of it is harmless on hidden rows; else it leaves as
//! `CASE WHEN <row is there> THEN … END`, which a condition cannot look behind. And where anything in the statement could
//! fail, which harmless conditions decide to run or not, the derived table ends in `OFFSET 0`: a fence (`fallible.rs`).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::engine::analyse::{Aim, Analyser, Conjunct, Occurrence};
use crate::engine::catalog::{Catalog, Oid, Relation, quote_ident};
use crate::engine::clear::Secrets;
use crate::engine::cleared::{TouchedColumn, TouchedTable, Treatment, Usage};
use crate::engine::policy::{Purpose, TablePolicy};
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible::{self, Cell, CellKind, Form, Look, STARS, Sight, StandIn, VisibleTable};

/// How stored columns are named inside a guard.
pub const ALIAS: &str = "\"consentry_t\"";

/// What stands for the secrets in a plan: plans print expressions.
static NO_SECRETS: LazyLock<Secrets> = LazyLock::new(|| Secrets { pseudonym: b"not the key".to_vec() });

/// An occurrence, written.
pub struct Guard {
    pub text: String,
    pub touched: Option<TouchedTable>,
    pub words: Vec<String>,
}

/// Writes the query of one occurrence's visible table.
pub fn write(a: &Analyser<'_>, o: &Occurrence) -> Result<Guard, Refusal> {
    let relation = a.engine.catalog.relation(o.relation).ok_or_else(|| refusal::not_faithful("a table is gone"))?;
    match o.protected_by {
        Some(_) if o.target.is_some() => target(a, o, relation),
        Some(_) => protected(a, o, relation),
        None => nulled(a, o, relation),
    }
}

/// The policy's table and the purpose that hold where an occurrence stands.
fn rules_of<'a>(a: &Analyser<'a>, o: &Occurrence) -> Result<(&'a TablePolicy, &'a Purpose), Refusal> {
    let written = o.protected_by.filter(|_| o.target == Some(Aim::Consent));
    let records = written.and_then(|oid| a.engine.policy.records.get(&oid)).zip(a.purpose);
    rules(a, o.protected_by).or(records).ok_or_else(|| refusal::not_faithful("a protected table without a purpose"))
}

fn rules<'a>(a: &Analyser<'a>, table: Option<Oid>) -> Option<(&'a TablePolicy, &'a Purpose)> {
    table.and_then(|oid| a.engine.policy.tables.get(&oid)).zip(a.purpose)
}

fn sight<'a>(a: &Analyser<'a>, purpose: &'a Purpose) -> Sight<'a> {
    let secrets = if a.explaining { &NO_SECRETS } else { &a.engine.secrets };
    Sight { catalog: &a.engine.catalog, policy: &a.engine.policy, secrets, role: a.role, purpose }
}

/// The visible table of an occurrence under the purpose that holds where it stands.
pub fn visible_of<'a>(
    a: &Analyser<'a>,
    form: Form,
    o: &Occurrence,
    relation: &Relation,
    alias: &str,
) -> Result<(VisibleTable, &'a Purpose), Refusal> {
    let (table, purpose) = rules_of(a, o)?;
    let make = match o.target {
        Some(Aim::Consent) => visible::visible_records_as,
        Some(Aim::Rows | Aim::Added | Aim::Emptied) | None => visible::visible_table_as,
    };
    let v = make(form, sight(a, purpose), table, relation, alias)?;
    match o.target {
        // Who may record choices reaches every row; what goes with a table that was named nobody named.
        Some(Aim::Consent | Aim::Emptied) => {}
        Some(Aim::Rows | Aim::Added) | None => tells_nothing_by_place(a, relation, &v)?,
    }
    Ok((v, purpose))
}

/// Whether a table under the rules of `table` may be named where nothing of its rows is read.
pub fn may_be_named(a: &Analyser<'_>, relation: &Relation, table: Oid) -> Result<(), Refusal> {
    let Some((table, purpose)) = rules(a, Some(table)) else { return Ok(()) };
    if a.engine.catalog.placed_by(relation.oid).is_empty() {
        return Ok(());
    }
    tells_nothing_by_place(a, relation, &rows_for(a, relation, table, purpose)?)
}

/// In which partition a row lies, the columns say that it was found by: whoever names one must see these in every row.
fn tells_nothing_by_place(a: &Analyser<'_>, relation: &Relation, v: &VisibleTable) -> Result<(), Refusal> {
    match hidden_place(&a.engine.catalog, relation, v) {
        None => Ok(()),
        Some((whole, column)) => {
            Err(refusal::partition_tells(&relation.name.to_string(), column, &whole.name.to_string()))
        }
    }
}

/// A column by which rows come to lie in `part`, with its table, that is not clear in every row.
pub fn hidden_place<'c>(catalog: &'c Catalog, part: &Relation, v: &VisibleTable) -> Option<(&'c Relation, &'c str)> {
    catalog.placed_by(part.oid).into_iter().find(|(_, column)| !v.is_clear(column))
}

/// What a purpose sees of a table that no occurrence stands for.
pub fn rows_for<'a>(
    a: &Analyser<'a>,
    relation: &Relation,
    table: &TablePolicy,
    purpose: &'a Purpose,
) -> Result<VisibleTable, Refusal> {
    visible::visible_table(sight(a, purpose), table, relation, ALIAS)
}

/// What must be true of a row for rows that lead through it to move with it.
pub fn movable(a: &Analyser<'_>, o: &Occurrence, relation: &Relation, alias: &str) -> Result<Vec<String>, Refusal> {
    let (table, purpose) = rules_of(a, o)?;
    visible::movable(sight(a, purpose), table, relation, alias)
}

fn protected(a: &Analyser<'_>, o: &Occurrence, relation: &Relation) -> Result<Guard, Refusal> {
    // A row lock would reach into a join's aggregate, which PostgreSQL refuses; and what is locked is tested again.
    let once = a.reads_all(o, a.may_fail_on(o)) && is_large(a, o);
    let in_scan = a.tested_in_scan(o) && !once;
    let may_fail = a.may_fail_on(o) || (a.late_keys_fail() && !in_scan && !o.alone);
    let form = match a.locks {
        true => Form::Exists,
        false => Form::Joined(if once { Look::Grouped } else { Look::Lateral }),
    };
    let (v, _) = visible_of(a, form, o, relation, ALIAS)?;
    // Behind a fence nothing of the client's runs on a hidden row (a subquery with OFFSET is neither pulled up nor are
    // conditions pushed into it), and what does run there cannot fail.
    // The guard stays: of a bare column PostgreSQL would try the client's comparison on its statistics, when it plans.
    let guard = visible::guard(&v);
    let fenced = may_fail && guard.is_some();
    let (mut columns, mut guarded, mut joins) = (Vec::with_capacity(v.cells.len()), Vec::new(), BTreeSet::new());
    for (i, (column, cell)) in relation.columns.iter().zip(&v.cells).enumerate() {
        let used = a.guard_all || o.uses.get(i).is_none_or(|u| u.any());
        // Of a bare column PostgreSQL would expect what its statistics say, of hidden rows' values too.
        let uses = o.uses.get(i);
        let early = a.guard_all
            || cell.computes
            || uses.is_some_and(|u| {
                u.early || (u.in_late_key && !in_scan) || (fenced && u.compared) || (o.spared && u.weighed)
            });
        // A NULL or a constant mask tells nothing of a hidden row; whatever holds the stored value might.
        let guard = guard.as_ref().filter(|_| early && !matches!(cell.kind, CellKind::Hidden));
        let text = match guard {
            // Nothing reads it: PostgreSQL need not plan it.
            _ if !used => visible::null_of(&column.ty),
            Some((flag, asked)) => {
                joins.extend(asked.iter().chain(&cell.joins));
                let sql = visible::cell_sql(cell, column, ALIAS);
                format!("CASE WHEN {flag} THEN {sql} ELSE {} END", visible::null_of(&column.ty))
            }
            None => {
                joins.extend(&cell.joins);
                visible::cell_sql(cell, column, ALIAS)
            }
        };
        columns.push(format!("{text} AS {}", quote_ident(&column.name)));
        guarded.push(guard.is_some() || fenced);
    }
    // In the client's order: of two constants that are none of their columns' types, PostgreSQL tells of the first.
    let inside = o.inside.iter().filter_map(|conjunct| {
        let (column, cell) = (relation.columns.get(conjunct.column)?, v.cells.get(conjunct.column)?);
        let stored = format!("{ALIAS}.{}", quote_ident(&column.name));
        stored_condition(may_fail || o.spared, conjunct, cell, &stored, *guarded.get(conjunct.column)?)
    });
    let only = if o.only { "ONLY " } else { "" };
    let rows = match a.locks {
        true if a.reads_all(o, may_fail) => visible::rechecked_row_sql(&v),
        true => visible::row_by_row_sql(&v),
        false if in_scan => visible::rechecked_row_sql(&v),
        false => visible::row_sql_with(&v, &joins),
    };
    let conditions: Vec<String> = inside.chain(rows).collect();
    let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let joins: String = joins.iter().filter_map(|n| v.joins.get(*n)).map(String::as_str).collect();
    let (columns, name) = (columns.join(", "), relation.name.to_sql());
    let fence = if fenced && !o.unfenced { " OFFSET 0" } else { "" };
    let text = format!("SELECT {columns} FROM {only}{name} AS {ALIAS}{joins}{filter}{fence}");
    Ok(Guard { text, touched: Some(touched(o, relation, &v)), words: v.words.clone() })
}

/// Whether a table has a good part of as many rows as what is known of its subjects: reading all of that at once then costs
/// less than looking up each row's subject. (Measured on 20 000 people with 100 000 choices: a look-up costs twelve times as
/// much as a row that is read in passing, and more where only partial indexes serve it.)
fn is_large(a: &Analyser<'_>, o: &Occurrence) -> bool {
    let (catalog, policy) = (&a.engine.catalog, &a.engine.policy);
    let subject = o.protected_by.and_then(|oid| policy.tables.get(&oid)).and_then(|t| t.subject.as_ref());
    let kind = subject.and_then(|path| policy.subjects.get(&path.kind));
    let asked = kind.into_iter().flat_map(|k| k.consent.as_ref().map(|c| c.table).into_iter().chain([k.table]));
    let most = asked.map(|oid| catalog.rows(oid)).max().unwrap_or(0);
    catalog.rows(o.relation).saturating_mul(12) >= most
}

/// A condition on the stored column that every row satisfies whose cell satisfies the client's: an index can serve it.
///
/// Of a masked cell it drops the rows in which the stored value is another one, before anything else of the client's runs:
/// an error there would tell. `may_fail`: something could fail on its rows.
pub fn stored_condition(may_fail: bool, c: &Conjunct, cell: &Cell, stored: &str, guarded: bool) -> Option<String> {
    match (&cell.kind, cell.stand_in) {
        (CellKind::PerRow { .. }, _) if may_fail => None,
        (CellKind::Clear, _) if may_fail => c.unseen.as_ref().map(|condition| format!("({stored} {condition})")),
        // Where it leaves bare, PostgreSQL brings the condition here itself.
        (CellKind::Clear, _) if guarded => Some(format!("({stored} {})", c.condition)),
        (CellKind::Clear | CellKind::Masked { .. } | CellKind::Hidden, _) => None,
        (CellKind::PerRow { .. }, StandIn::Any) => None,
        (CellKind::PerRow { .. }, StandIn::Null) => c.equals.as_ref().map(|_| format!("({stored} {})", c.condition)),
        // A constant without stars is met by stored values only. PostgreSQL folds the second half before it plans.
        (CellKind::PerRow { .. }, StandIn::Starred) => c.equals.as_ref().map(|constant| {
            format!(
                "({stored} {} OR pg_catalog.strpos({constant}::pg_catalog.text, '{STARS}') OPERATOR(pg_catalog.>) 0)",
                c.condition
            )
        }),
    }
}

/// A write's target stays in the statement as it is (`target.rs`): only what the record says of it.
fn target(a: &Analyser<'_>, o: &Occurrence, relation: &Relation) -> Result<Guard, Refusal> {
    let (v, _) = visible_of(a, Form::Exists, o, relation, ALIAS)?;
    let words = if matches!(o.target, Some(Aim::Added | Aim::Emptied)) { Vec::new() } else { v.words.clone() };
    Ok(Guard { text: String::new(), touched: Some(touched(o, relation, &v)), words })
}

/// What the record says of an occurrence: the columns that the statement names or shows.
pub fn touched(o: &Occurrence, relation: &Relation, v: &VisibleTable) -> TouchedTable {
    let columns = relation
        .columns
        .iter()
        .zip(&v.cells)
        .zip(&o.uses)
        .flat_map(|((column, cell), uses)| {
            let read = if uses.shown { Some(Usage::Shown) } else { uses.compared.then_some(Usage::Compared) };
            let all = read.into_iter().chain(uses.written.then_some(Usage::Written));
            all.map(move |usage| (column, cell, usage))
        })
        .map(|(column, cell, usage)| TouchedColumn {
            name: column.name.clone(),
            category: cell.category.clone(),
            usage,
            treatment: match cell.kind {
                // Whoever asks later who got it in clear must not be told nobody.
                CellKind::Clear | CellKind::PerRow { .. } => Treatment::Clear,
                CellKind::Masked { .. } => Treatment::Masked,
                CellKind::Hidden => Treatment::Hidden,
            },
        })
        .collect();
    TouchedTable { table: relation.name.to_string(), columns }
}

/// A system relation with some columns read as null.
fn nulled(a: &Analyser<'_>, o: &Occurrence, relation: &Relation) -> Result<Guard, Refusal> {
    if let (Some(name), true) = (o.system.first(), o.all_at_once) {
        return Err(refusal::system_column(name));
    }
    let own = a.own_prepared(relation, ALIAS)?;
    let mut columns: Vec<String> = relation
        .columns
        .iter()
        .map(|c| {
            let name = quote_ident(&c.name);
            match (o.nulled.contains(&c.name.as_str()), &own) {
                (true, Some(own)) if own.named_by == c.name => format!("{} AS {name}", own.name),
                (true, _) => format!("{} AS {name}", visible::null_of(&c.ty)),
                (false, _) => format!("{ALIAS}.{name} AS {name}"),
            }
        })
        .collect();
    columns.extend(o.system.iter().map(|name| format!("{ALIAS}.{name} AS {name}")));
    let (filter, words) = match own {
        Some(own) => (format!(" WHERE {}", own.condition), format!("{}: the user's own", relation.name)),
        None => (String::new(), nulled_words(o, relation)),
    };
    let text = format!("SELECT {} FROM {} AS {ALIAS}{filter}", columns.join(", "), relation.name.to_sql());
    Ok(Guard { text, touched: None, words: vec![words] })
}

fn nulled_words(o: &Occurrence, relation: &Relation) -> String {
    format!(
        "{}: {} read as null, they could tell stored values or other sessions' statements",
        relation.name,
        o.nulled.join(", ")
    )
}
