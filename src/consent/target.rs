//! How the consent table of one kind of subject is read and written: the policy's mapping joined with its columns' types.
//!
//! Every value is a text parameter, cast in the statement to the column's own type (`$1::text::bigint`), so enums,
//! uuids and numbers need no code of their own.

use crate::engine::catalog::{Catalog, Column, Relation, quote_ident, quote_literal};
use crate::engine::policy::{ConsentSource, Policy, SubjectKind};

use super::choice::Act;
use super::fault::Fault;
use super::init::SCHEMA;
use super::key::{Key, is_exact};
use super::made::Kind;

/// A consent table, ready to be read and written.
pub struct Target<'a> {
    pub policy: &'a Policy,
    pub kind: &'a SubjectKind,
    pub source: &'a ConsentSource,
    catalog: &'a Catalog,
    relation: &'a Relation,
    key: &'a Column,
}

/// What a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A choice: a new one is a new row, the newest counts.
    Ledger,
    /// The state of things: a new choice changes the row.
    State,
}

impl<'a> Target<'a> {
    /// The consent table of `kind`; refuses a kind that the policy does not declare or that has no consent table.
    pub fn of(policy: &'a Policy, catalog: &'a Catalog, kind: &str) -> Result<Self, Fault> {
        let kind = subject_kind(policy, kind)?;
        let source = kind.consent.as_ref().ok_or_else(|| {
            Fault::new(format!("subject kind \"{}\" has no consent table in the policy", kind.name))
                .hint(format!("map one in [subject.{}.consent], or make one with `consentry consent init`", kind.name))
        })?;
        let relation = relation(catalog, source.table, &source.table_name.to_string())?;
        let subject_table = relation_of_kind(catalog, kind)?;
        let key = column(subject_table, &kind.key)?;
        Ok(Self { policy, kind, source, catalog, relation, key })
    }

    /// The same people's choices in another table.
    pub fn over<'s>(&'s self, source: &'s ConsentSource) -> Result<Target<'s>, Fault> {
        let relation = relation(self.catalog, source.table, &source.table_name.to_string())?;
        Ok(Target { source, relation, ..*self })
    }

    /// The ledger that `consent init` made with this state table, mapped as that is.
    pub fn ledger_beside(&self) -> Option<ConsentSource> {
        let state = &self.source.table_name;
        let kind = Kind::of(state).filter(|kind| state.name == kind.state())?;
        let ledger = self.catalog.relation_named(SCHEMA, &kind.ledger())?;
        let source = ConsentSource {
            table: ledger.oid,
            table_name: ledger.name.clone(),
            recorded_at: Some("event_time".to_owned()),
            granted_at: None,
            withdrawn_at: None,
            ..self.source.clone()
        };
        (self.shape() == Shape::State).then_some(source)
    }

    /// The name as SQL of the state table that `consent init` made with this ledger.
    pub fn state_beside(&self) -> Result<String, Fault> {
        let name = Kind::of(&self.source.table_name).map(Kind::state).unwrap_or_default();
        let state = self.catalog.relation_named(SCHEMA, &name);
        state.map(|s| s.name.to_sql()).ok_or_else(|| Fault::new(format!("table {SCHEMA}.{name} is no longer there")))
    }

    pub fn shape(&self) -> Shape {
        match self.source.recorded_at {
            Some(_) => Shape::Ledger,
            None => Shape::State,
        }
    }

    /// The table's name as SQL.
    pub fn table(&self) -> String {
        self.source.table_name.to_sql()
    }

    pub fn column(&self, name: &str) -> Result<&'a Column, Fault> {
        column(self.relation, name)
    }

    /// The subject's key in the subject's own table.
    pub fn key(&self) -> &'a Column {
        self.key
    }

    /// The same, for keys that somebody gives.
    pub fn given(&self) -> Key<'a> {
        Key { table: &self.kind.table_name, column: self.key }
    }

    /// SQL type of the subject's key in the subject's own table.
    pub fn key_type(&self) -> &'a str {
        &self.key.ty.sql
    }

    /// Name of the key's type, below domains.
    pub fn key_base(&self) -> &'a str {
        &self.key.ty.base
    }

    /// Parameter `$n` as a value of `column`'s type.
    pub fn parameter(&self, n: usize, name: &str) -> Result<String, Fault> {
        Ok(format!("${n}::pg_catalog.text::{}", self.column(name)?.ty.sql))
    }

    /// Whether the column `name` holds the text `given` as it is: cut or rounded, it would be another choice.
    pub fn holds(&self, given: &str, name: &str) -> Result<String, Fault> {
        Ok(is_exact(given, &self.column(name)?.ty))
    }

    /// What is to be done about a column that does not.
    pub fn too_small(&self, name: &str) -> Result<Fault, Fault> {
        let (table, column) = (&self.source.table_name, self.column(name)?);
        let what = format!("{table}.{name} is of type {}, which would cut or round what it is to hold", column.ty.sql);
        Ok(Fault::new(format!("nothing was recorded: {what}")).hint(format!(
            "ALTER TABLE {} ALTER COLUMN {} TYPE text, or say it as the column can hold it",
            table.to_sql(),
            quote_ident(name)
        )))
    }

    /// Parameter `$n`, a time as text or null, as a value of the time column `name`.
    pub fn time_parameter(&self, n: usize, name: &str) -> Result<String, Fault> {
        from_instant(self.column(name)?, &format!("${n}::pg_catalog.text::timestamptz"))
    }

    /// The time column `name` as a `timestamptz` (contract, section 3: dates and bare timestamps read as UTC).
    pub fn instant(&self, name: &str) -> Result<String, Fault> {
        to_instant(self.column(name)?, &quote_ident(name))
    }

    /// The policy's words for yes, as SQL literals (they come from the policy, not from people).
    pub fn granted_list(&self) -> String {
        word_list(&self.source.granted)
    }

    /// Its words for an objection.
    pub fn objected_list(&self) -> String {
        word_list(&self.source.objected)
    }

    /// Of a row of a state table: when it was last said something, as SQL that may be null. A consent that was to begin
    /// later and has become a no says nothing of its time.
    pub fn last_said(&self, row: &str) -> Result<String, Fault> {
        let mut times = Vec::new();
        if let Some(name) = &self.source.granted_at {
            let granted = self.instant_of(row, name)?;
            let (status, yes) = (quote_ident(&self.source.status), self.granted_list());
            times.push(format!(
                "CASE WHEN {row}.{status}::pg_catalog.text IN ({yes}) OR {granted} <= statement_timestamp() THEN {granted} END"
            ));
        }
        if let Some(name) = &self.source.withdrawn_at {
            times.push(self.instant_of(row, name)?);
        }
        let none = times.is_empty();
        Ok(if none { "NULL::timestamptz".to_owned() } else { format!("GREATEST({})", times.join(", ")) })
    }

    /// The same for a no, to which a consent that begins later is nothing newer.
    pub fn last_said_to_a_no(&self, row: &str) -> Result<String, Fault> {
        let withdrawn = match &self.source.withdrawn_at {
            Some(name) => self.instant_of(row, name)?,
            None => "NULL::timestamptz".to_owned(),
        };
        Ok(format!("CASE WHEN {} THEN {withdrawn} ELSE {} END", self.begins_later(row)?, self.last_said(row)?))
    }

    /// Of a row of a state table: whether it is a consent that begins later. Any no is newer than that.
    pub fn begins_later(&self, row: &str) -> Result<String, Fault> {
        let Some(name) = &self.source.granted_at else { return Ok("false".to_owned()) };
        let (granted, status) = (self.instant_of(row, name)?, quote_ident(&self.source.status));
        let yes = self.granted_list();
        Ok(format!("{row}.{status}::pg_catalog.text IN ({yes}) AND {granted} > statement_timestamp()"))
    }

    /// The time column `name` of the row `row`, as a `timestamptz`.
    pub fn instant_of(&self, row: &str, name: &str) -> Result<String, Fault> {
        to_instant(self.column(name)?, &format!("{row}.{}", quote_ident(name)))
    }

    /// Refusals of PostgreSQL whose remedy is in the policy: an enum without the label, a column that must have a value
    /// and gets none.
    pub fn explain(&self, fault: Fault) -> Fault {
        match (fault.sqlstate.as_deref(), fault.column.as_deref()) {
            (Some("22P02"), _) => {
                Fault { message: format!("{}: {}", self.source.table_name, fault.message), ..fault }.hint(format!(
                    "the status, purpose, channel, notice or another of its texts is no value of its column's type; see these columns, \
                     `withdrawn` and `objected` in [subject.{}.consent]",
                    self.kind.name
                ))
            }
            (Some("23502"), Some(column)) => {
                let hint = self.how_to_fill(column);
                let message = format!("{}.{column} must have a value, and gets none (SQLSTATE 23502)", self.source.table_name);
                Fault { message, ..fault }.hint(hint)
            }
            _ => fault,
        }
    }

    /// What to do about a NOT NULL column that is left empty.
    fn how_to_fill(&self, column: &str) -> String {
        let mapped = self.optional_keys().into_iter().find(|(_, of)| of.as_deref() == Some(column));
        if let Some((key, _)) = mapped {
            let option = if key == "expires_at" { "expires" } else { key };
            return format!("say it with --{option}, or give the column a default");
        }
        let unmapped: Vec<&str> =
            self.optional_keys().into_iter().filter(|(_, of)| of.is_none()).map(|(key, _)| key).collect();
        let section = format!("[subject.{}.consent]", self.kind.name);
        match unmapped.iter().find(|key| column.contains(*key)) {
            Some(key) => format!("map it in {section}: {key} = {column:?}; or give the column a default"),
            None if unmapped.is_empty() => "give the column a default: no key of the policy maps it".to_owned(),
            None => format!(
                "map it in {section} by the key that fits ({}), or give the column a default",
                unmapped.join(", ")
            ),
        }
    }

    /// The keys of [subject.X.consent] that need not be there, with their columns.
    fn optional_keys(&self) -> [(&'static str, &'a Option<String>); 9] {
        let s = self.source;
        [
            ("channel", &s.channel),
            ("granted_at", &s.granted_at),
            ("withdrawn_at", &s.withdrawn_at),
            ("expires_at", &s.expires_at),
            ("recorded_at", &s.recorded_at),
            ("notice", &s.notice),
            ("source", &s.source),
            ("recipient", &s.recipient),
            ("event", &s.event),
        ]
    }

    /// The value of the status column that stands for `act`.
    pub fn status_for(&self, act: Act) -> Result<String, Fault> {
        let section = format!("[subject.{}.consent]", self.kind.name);
        match act {
            Act::Grant => self.source.granted.first().cloned().ok_or_else(|| {
                Fault::new("no value of the status column means a consent").hint(format!("say `granted` in {section}"))
            }),
            Act::Object => self.source.objected.first().cloned().ok_or_else(|| {
                Fault::new("no value of the status column means an objection")
                    .hint(format!("say `objected` in {section}"))
            }),
            Act::Withdraw => self.withdrawn_value(),
        }
    }

    /// `withdrawn` of the policy; else the other one of two booleans, else the word `withdrawn` (which an enum
    /// without that label refuses, and nothing is written). Never a value that means yes.
    fn withdrawn_value(&self) -> Result<String, Fault> {
        let yes = |value: &str| self.source.granted.iter().any(|g| g == value);
        let boolean = self.column(&self.source.status)?.ty.base == "bool";
        let value = match &self.source.withdrawn {
            Some(value) => value.clone(),
            None if boolean => if yes("true") { "false" } else { "true" }.to_owned(),
            None => "withdrawn".to_owned(),
        };
        if yes(&value) {
            return Err(Fault::new(format!("status \"{value}\" means a consent and cannot stand for a withdrawal"))
                .hint(format!("say `withdrawn` in [subject.{}.consent]", self.kind.name)));
        }
        Ok(value)
    }
}

fn word_list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quote_literal(word)).collect();
    if words.is_empty() { "NULL".to_owned() } else { words.join(", ") }
}

/// A kind of subject that the policy declares.
pub fn subject_kind<'a>(policy: &'a Policy, kind: &str) -> Result<&'a SubjectKind, Fault> {
    policy.subjects.get(kind).ok_or_else(|| {
        let known: Vec<&str> = policy.subjects.keys().map(String::as_str).collect();
        Fault::new(format!("the policy has no subject kind \"{kind}\"")).hint(format!("it has: {}", known.join(", ")))
    })
}

/// The table that a kind of subject lives in.
pub fn relation_of_kind<'a>(catalog: &'a Catalog, kind: &SubjectKind) -> Result<&'a Relation, Fault> {
    relation(catalog, kind.table, &kind.table_name.to_string())
}

/// A relation that the policy found when it was resolved; gone only when the table has been dropped since.
pub fn relation<'a>(catalog: &'a Catalog, oid: u32, name: &str) -> Result<&'a Relation, Fault> {
    catalog.relation(oid).ok_or_else(|| Fault::new(format!("table {name} is no longer there")))
}

/// A column that the policy found when it was resolved.
pub fn column<'a>(relation: &'a Relation, name: &str) -> Result<&'a Column, Fault> {
    relation.column(name).ok_or_else(|| Fault::new(format!("column {name} of {} is no longer there", relation.name)))
}

/// `sql`, a value of the time column `column`, as a `timestamptz`.
pub fn to_instant(column: &Column, sql: &str) -> Result<String, Fault> {
    match column.ty.base.as_str() {
        "timestamptz" => Ok(sql.to_owned()),
        "timestamp" => Ok(format!("({sql} AT TIME ZONE 'UTC')")),
        "date" => Ok(format!("({sql}::pg_catalog.timestamp AT TIME ZONE 'UTC')")),
        _ => Err(not_a_time(column)),
    }
}

/// `sql`, a `timestamptz`, as a value for the time column `column`.
pub fn from_instant(column: &Column, sql: &str) -> Result<String, Fault> {
    match column.ty.base.as_str() {
        "timestamptz" => Ok(sql.to_owned()),
        "timestamp" => Ok(format!("({sql} AT TIME ZONE 'UTC')")),
        "date" => Ok(format!("({sql} AT TIME ZONE 'UTC')::pg_catalog.date")),
        _ => Err(not_a_time(column)),
    }
}

fn not_a_time(column: &Column) -> Fault {
    Fault::new(format!("column {} is of type {}, which is no time", column.name, column.ty.sql))
        .hint("map a column of type timestamptz, timestamp or date")
}
