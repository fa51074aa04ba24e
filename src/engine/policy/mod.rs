//! What a policy *is*, once read and resolved against a catalog. `raw` is the file, `resolve` the way here.
//!
//! Every name in here exists: relations are OIDs with their names beside them, columns stand in the relation,
//! masks fit their column's type, purposes and categories are declared. Code after `resolve` re-checks only what a changed
//! schema can take from a policy that stays in force (`visible/subject.rs`).

pub mod diagnostics;
pub mod erasing;
pub mod fragment;
mod kinds;
pub mod mask;
pub mod names;
mod openness;
pub mod raw;
pub mod resolve;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::catalog::{Catalog, Column, Oid, QualifiedName, Relation};

pub use openness::{is_closed, is_open, protecting_ancestor};

/// A policy that has passed `resolve`.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// SHA-256 of the files' contents, hex: what the record names as `policy`.
    pub digest: String,
    pub subjects: BTreeMap<String, SubjectKind>,
    pub categories: BTreeMap<String, Category>,
    /// Protected tables, by OID. Partitions and inheritance children are not in here: ask [`protecting_ancestor`].
    pub tables: HashMap<Oid, TablePolicy>,
    /// What writes read of consent tables that are not in `tables`: what [`ConsentSource`] maps, of every row. Nothing else
    /// reads them.
    pub records: HashMap<Oid, TablePolicy>,
    /// Tables declared `open`, resolved; `schema.*` entries are in `open_schemas` too so that new tables are covered.
    pub open: BTreeSet<Oid>,
    pub open_schemas: BTreeSet<String>,
    pub unlisted_tables: Unlisted,
    pub purposes: BTreeMap<String, Purpose>,
    pub roles: BTreeMap<String, Role>,
}

impl Policy {
    /// The protected tables by name: of several that one thing is true of, the same is named always.
    pub fn tables_by_name(&self) -> Vec<&TablePolicy> {
        let mut tables: Vec<&TablePolicy> = self.tables.values().collect();
        tables.sort_by_key(|table| &table.name);
        tables
    }

    /// Where people's choices are recorded, of each kind of subject.
    pub fn consent_sources(&self) -> impl Iterator<Item = &ConsentSource> {
        self.subjects.values().filter_map(|kind| kind.consent.as_ref())
    }

    /// Whether a restricted role may define relations.
    pub fn lets_define(&self) -> bool {
        self.roles.values().any(|role| role.may.contains(&Right::Ddl))
    }

    /// This policy for a catalog that it does not fit any more: what was open in `known` stays open, what came since is
    /// not, even where `open = ["schema.*"]` or `unlisted_tables = "open"` would have it (a protected table that was
    /// made anew has a new OID, and must not pass for a table that nobody thought of).
    pub fn closed_to_the_new(&self, known: &Catalog) -> Policy {
        use super::catalog::RelationKind::{PartitionedTable, Sequence, Table};
        let mut closed = self.clone();
        let unlisted = |r: &Relation| {
            self.unlisted_tables == Unlisted::Open && matches!(r.kind, Table | PartitionedTable | Sequence)
        };
        let open = known.relations().filter(|r| unlisted(r) || self.open_schemas.contains(&r.name.schema));
        closed.open.extend(open.map(|r| r.oid));
        closed.open_schemas.clear();
        closed.unlisted_tables = Unlisted::Refuse;
        closed
    }
}

/// What happens to a table that the policy does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unlisted {
    #[default]
    Refuse,
    Open,
}

/// A kind of person.
#[derive(Debug, Clone)]
pub struct SubjectKind {
    pub name: String,
    pub table: Oid,
    pub table_name: QualifiedName,
    /// The key column of `table`.
    pub key: String,
    /// SQL condition over `table`'s columns.
    pub restricted_when: Option<SqlFragment>,
    pub consent: Option<ConsentSource>,
}

/// Where choices are recorded: column names of `table`.
#[derive(Debug, Clone)]
pub struct ConsentSource {
    pub table: Oid,
    pub table_name: QualifiedName,
    pub subject: String,
    pub purpose: String,
    pub channel: Option<String>,
    pub status: String,
    pub granted: Vec<String>,
    pub objected: Vec<String>,
    pub granted_at: Option<String>,
    pub withdrawn_at: Option<String>,
    pub expires_at: Option<String>,
    pub notice: Option<String>,
    pub recorded_at: Option<String>,
    /// The value of `status` that a withdrawal is written as; `None`: see `consent::target`. TOML key `withdrawn`, as are the
    /// names of the three optional columns below. Only `consentry consent` reads these four: no decision depends on them.
    pub withdrawn: Option<String>,
    /// Column for where a choice came from (`web form`, `call centre`).
    pub source: Option<String>,
    /// Column for the outside organisation that a choice is about.
    pub recipient: Option<String>,
    /// Column for ISO/IEC TS 27560's event type.
    pub event: Option<String>,
}

impl ConsentSource {
    /// The columns that it maps.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let Self { channel, granted_at, withdrawn_at, expires_at, notice, recorded_at, .. } = self;
        let Self { source, recipient, event, .. } = self;
        let optional = [channel, granted_at, withdrawn_at, expires_at, notice, recorded_at, source, recipient, event];
        let optional = optional.into_iter().filter_map(|column| column.as_deref());
        [self.subject.as_str(), &self.purpose, &self.status].into_iter().chain(optional)
    }
}

/// How a subject may be contacted (contract, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Email,
    Sms,
    Phone,
    Post,
}

impl Channel {
    pub const ALL: [Channel; 4] = [Channel::Email, Channel::Sms, Channel::Phone, Channel::Post];

    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
            Channel::Phone => "phone",
            Channel::Post => "post",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Category {
    pub name: String,
    pub mask: Mask,
    pub channel: Option<Channel>,
    /// W3C DPV term, if given.
    pub dpv: Option<String>,
}

/// What is shown in place of a value (contract, section 3 "Masks").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mask {
    Null,
    Redact,
    Email,
    KeepFirst(u32),
    KeepLast(u32),
    Pseudonym,
    /// The `date_trunc` field: `year`, `month`, …
    Truncate(String),
    /// A positive decimal number as written: `100`, `0.5`.
    Round(String),
    /// Prefix length in bits, for `inet`/`cidr`.
    Prefix(u32),
    /// The constant's text; cast to the column's type.
    Constant(String),
    /// SQL with `{}` for the stored value.
    Sql(SqlFragment),
}

/// SQL out of a policy: shown to be one expression of allowed parts when it was read ([`fragment`]), and printed anew
/// with every function, operator and type qualified. Make one with [`SqlFragment::condition`] or [`SqlFragment::mask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFragment {
    /// As written in the policy, for people.
    pub text: String,
    /// What is emitted, in order: ask [`SqlFragment::to_sql`].
    pub(super) pieces: Vec<Piece>,
    /// It does more than compare: for some stored value it may raise an error, which must tell of no hidden row.
    pub computes: bool,
}

/// A part of a [`SqlFragment`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Sql(String),
    /// A column of the fragment's table.
    Column(String),
    /// The stored value (`{}` of a mask).
    Value,
}

impl SqlFragment {
    /// Whether it reads a column of its table.
    pub fn reads(&self, column: &str) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Column(name) if name == column))
    }

    /// The expression in parentheses; `column` gives the SQL for a column's name (`c."status"`), `value` is the SQL for
    /// the stored value (only masks have one).
    pub fn to_sql(&self, column: impl Fn(&str) -> String, value: &str) -> String {
        let body: String = self
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Sql(sql) => sql.clone(),
                Piece::Column(name) => column(name),
                Piece::Value => format!("({value})"),
            })
            .collect();
        format!("({body})")
    }

    /// Names of the columns that it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Column(name) => Some(name.as_str()),
            Piece::Sql(_) | Piece::Value => None,
        })
    }
}

#[derive(Debug, Clone)]
pub struct TablePolicy {
    pub relation: Oid,
    pub name: QualifiedName,
    pub subject: Option<SubjectPath>,
    pub retention: Option<Retention>,
    /// Listed columns by name; a column that is not in here is unlisted.
    pub columns: BTreeMap<String, ColumnUse>,
    /// Storing a row needs its subject's valid consent.
    pub store_requires: Option<StoreRequires>,
    /// SQL condition: rows under legal hold are not touched by `retention apply` and `subject erase`.
    pub hold_when: Option<SqlFragment>,
    /// What `subject erase` and `retention apply` do to this table's rows.
    pub erase: Erase,
    /// Record keys that leave in a bare subject-key column.
    pub record_subjects: bool,
}

impl TablePolicy {
    /// Whether a column holds a category, and values of its own.
    pub fn is_personal(&self, column: &Column) -> bool {
        erasing::is_personal(&self.columns, column)
    }

    /// The categories of its columns, each as often as there are columns of it.
    pub fn categories(&self) -> impl Iterator<Item = &String> + Clone {
        self.columns.values().filter_map(|column| match column {
            ColumnUse::Category(name) => Some(name),
            ColumnUse::Open => None,
        })
    }
}

/// Whose consent storing a row needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreRequires {
    /// `store_requires = "consent"`: consent for the purpose under which it is stored.
    SessionPurpose,
    /// `store_requires = { purpose = "marketing" }`: consent for that purpose.
    Purpose(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Erase {
    #[default]
    Delete,
    /// Set personal columns to NULL, and those that are NOT NULL to their default (`resolve` sees that there is one).
    Null,
}

/// What a listed column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnUse {
    Open,
    Category(String),
}

/// How a row leads to its subject: `column` of this table holds the key of `kind` itself when `hops` is empty;
/// else the hops are followed in order and `column` is the last table's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectPath {
    pub kind: String,
    pub hops: Vec<Hop>,
    pub column: String,
}

/// `this.from = table.to`; `to` is unique in `table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub from: String,
    pub table: Oid,
    pub table_name: QualifiedName,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    pub since: String,
    pub keep: Period,
}

/// A PostgreSQL interval of whole, positive units, as text: `5 years`, `90 days`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period(pub String);

/// Legal basis (GDPR Art. 6(1)(a) to (f)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    Consent,
    Contract,
    LegalObligation,
    VitalInterests,
    PublicTask,
    LegitimateInterests,
}

impl Basis {
    /// Whether people decide: they are asked (GDPR Art. 6(1)(a)), or can object.
    pub fn is_by_choice(self) -> bool {
        self == Basis::Consent || self.can_be_objected_to()
    }

    /// Whether people can object (GDPR Art. 21(1): to processing under Art. 6(1)(e) and (f)).
    pub fn can_be_objected_to(self) -> bool {
        matches!(self, Basis::PublicTask | Basis::LegitimateInterests)
    }

    /// Whether data of restricted people may still be used (GDPR Art. 18(2)).
    pub fn sees_restricted(self) -> bool {
        matches!(self, Basis::LegalObligation | Basis::VitalInterests)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Consent => "consent",
            Basis::Contract => "contract",
            Basis::LegalObligation => "legal_obligation",
            Basis::VitalInterests => "vital_interests",
            Basis::PublicTask => "public_task",
            Basis::LegitimateInterests => "legitimate_interests",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Purpose {
    pub name: String,
    pub description: String,
    pub basis: Basis,
    /// Accepted notice versions; `None`: any.
    pub notices: Option<Vec<String>>,
    pub retention: Option<Period>,
    /// Categories in clear.
    pub shows: BTreeSet<String>,
    /// Categories shown, but masked this way.
    pub masks: BTreeMap<String, Mask>,
    pub without_consent: WithoutConsent,
    pub dpv: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WithoutConsent {
    #[default]
    Hide,
    Mask,
}

/// What a role may do besides the default `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    Read,
    Insert,
    Update,
    Delete,
    Truncate,
    CopyIn,
    Explain,
    Derive,
    Ddl,
    Call,
    RecordConsent,
}

#[derive(Debug, Clone, Default)]
pub struct Role {
    pub name: String,
    /// The first is the default; empty only for an unrestricted role.
    pub purposes: Vec<String>,
    pub may: BTreeSet<Right>,
    pub functions: Trusted,
    pub extensions: BTreeSet<String>,
    /// Further row filters: SQL over the table's columns.
    pub rows: HashMap<Oid, SqlFragment>,
    pub recipient: Option<String>,
    pub also_requires: Vec<String>,
    pub unrestricted: bool,
    pub reason_required: bool,
}

/// User-defined functions that a role may call: named ones, and all that schemas have or will have.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    pub names: BTreeSet<QualifiedName>,
    pub schemas: BTreeSet<String>,
}

impl Trusted {
    pub fn contains(&self, function: &QualifiedName) -> bool {
        self.names.contains(function) || self.schemas.contains(&function.schema)
    }
}

impl Role {
    pub fn may(&self, right: Right) -> bool {
        self.unrestricted || self.may.contains(&right)
    }
}
