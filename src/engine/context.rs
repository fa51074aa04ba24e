//! Who asks, why, and in which session state: everything besides policy and catalog that a decision depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalog::{Catalog, Oid, QualifiedName};
use super::cleared::{TouchedTable, add_table};
use super::names;
use super::policy::{Policy, Purpose};
use super::shape::Shape;

/// Where a session's purpose came from (`purpose_set_by` in the record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PurposeSource {
    Default,
    Startup,
    Set,
    Comment,
}

impl PurposeSource {
    pub fn as_str(self) -> &'static str {
        match self {
            PurposeSource::Default => "default",
            PurposeSource::Startup => "startup",
            PurposeSource::Set => "set",
            PurposeSource::Comment => "comment",
        }
    }
}

/// A session's state as one statement sees it. Part of the plan cache's key, so it is `Eq + Hash`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Context {
    pub role: String,
    /// The session's purpose; `None` only for an unrestricted role that names none.
    pub purpose: Option<String>,
    pub purpose_set_by: PurposeSource,
    /// Whether `consentry.reason` is set to something.
    pub has_reason: bool,
    /// `search_path` as a list of schema names ([`effective_path`]), without the implicit `pg_catalog` and
    /// `pg_temp`. Schemas that the snapshot does not know are in it: the session may make one of that name.
    pub search_path: Vec<String>,
    /// This session's temporary relations by name.
    pub temporary: BTreeMap<String, Derived>,
    /// What the open transaction, or the message so far, has defined: the catalog snapshot cannot show it yet.
    pub defined: BTreeMap<QualifiedName, Defined>,
    /// The user, where what leaves bears a mark of it ([`super::refusal::USER_NEEDED`]): any other statement leaves in the
    /// same way for all users of a role.
    pub user: Option<String>,
    /// What an `EXPLAIN EXECUTE` in it explains is protected.
    pub explains_protected: bool,
    /// Where it matters what a reset does ([`super::refusal::DEPENDS_ON_RESET`]): what is known of that.
    pub resets: Resets,
}

/// What a statement of a message may reset without any change to how those behind it are judged. Of nothing else is it known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Resets {
    /// All is as at the start of the session.
    pub to_defaults: bool,
    /// The open transaction has changed nothing.
    pub by_rollback: bool,
}

/// A `search_path` value as the list that names are looked up in: `"$user"` resolved; schemas that the upstream role may
/// not look into dropped, and those that stand in front already. What is not there (yet) holds no name.
pub fn effective_path(catalog: &Catalog, value: &str) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    for schema in names::split_path(value).unwrap_or_default() {
        let schema = match schema.as_str() {
            "$user" => catalog.data().user.clone(),
            temporary if names::is_temporary_schema(temporary) => "pg_temp".to_owned(),
            _ => schema,
        };
        if !catalog.is_closed_schema(&schema) && !path.contains(&schema) {
            path.push(schema);
        }
    }
    path
}

/// What a temporary relation holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Derived {
    /// That it was derived under; `None`: it holds nothing protected.
    pub purpose: Option<String>,
    /// And the digest of the policy that was in force.
    pub policy: Option<String>,
    /// What it was derived from: whoever reads it reads that.
    pub from: Vec<TouchedTable>,
    /// It is a view, of these: they are read whenever it is.
    pub view: Option<BTreeSet<ReadAsStored>>,
    /// It is a table, with these columns; `None`: it is none, or they are not known.
    pub shape: Option<Arc<Shape>>,
}

impl Derived {
    pub fn under(purpose: &Purpose, policy: &Policy) -> Self {
        Self { purpose: Some(purpose.name.clone()), policy: Some(policy.digest.clone()), ..Self::default() }
    }

    /// Something is derived into it once more, or the view is replaced.
    pub fn add(&mut self, made: &Derived) {
        self.shape.clone_from(&made.shape);
        self.purpose.clone_from(&made.purpose);
        self.policy.clone_from(&made.policy);
        made.from.iter().for_each(|table| add_table(&mut self.from, table.clone()));
        if let Some(reads) = &made.view {
            self.view.get_or_insert_default().extend(reads);
        }
    }
}

/// What a prepared statement of an unrestricted role puts into a temporary relation, whenever it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub relation: String,
    pub made: Derived,
}

/// A relation that is read as it is stored: whether the policy opens it is asked at every use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadAsStored {
    pub relation: Oid,
    /// Without its children.
    pub only: bool,
}

/// What a definition made of a relation's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Defined {
    /// A new table that holds nothing protected; its columns are not known.
    New,
    /// A new view of open tables.
    View(BTreeSet<ReadAsStored>),
    /// A new view of more than open tables: not to be read yet, but it may take another name.
    UnreadView,
    /// An open table of the snapshot, of this OID, with other columns or under another name.
    Changed(Oid),
    /// As the snapshot says, or gone by a CASCADE of this transaction.
    PerhapsGone,
    /// Gone, or other than the snapshot says.
    Doubtful,
    /// A type, whose parts and checks the role may use; no relation.
    Type,
    /// A schema, under [`QualifiedName::schema_alone`].
    Schema,
    /// Whatever an unrestricted role, or code that it ran, may have defined, under [`QualifiedName::NONE`].
    Unseen,
}

/// How the statement arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A Query message: any number of statements, no parameters.
    Simple,
    /// A Parse message: at most one statement, parameters `$n` of types that PostgreSQL is to find out.
    Extended,
    /// A Parse message that declares types of its parameters.
    Declared(ParameterTypes),
}

impl Protocol {
    /// That of a Parse message with these OIDs of parameter types.
    pub fn of_parse(types: impl Iterator<Item = Oid>) -> Self {
        match ParameterTypes::of(types.map(ParameterType::of)) {
            none if none == ParameterTypes::default() => Protocol::Extended,
            types => Protocol::Declared(types),
        }
    }

    pub fn parameter_types(self) -> ParameterTypes {
        match self {
            Protocol::Simple | Protocol::Extended => ParameterTypes::default(),
            Protocol::Declared(types) => types,
        }
    }
}

/// What a judgement depends on of a parameter's declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ParameterType {
    /// Not declared: it takes the type of the first place where it stands.
    #[default]
    Inferred,
    /// `text`, `varchar` or `bpchar`.
    Text,
    Int2,
    Int4,
    Int8,
    Float,
    Numeric,
    Bool,
    Uuid,
    Date,
    Timestamp,
    Timestamptz,
    Interval,
    TextArray,
    Int2Array,
    Int4Array,
    Int8Array,
    UuidArray,
    Void,
    /// Any other built-in type without a collation of its own.
    BuiltIn,
    /// Whatever has a collation of its own (`name`, domains) or casts of its own.
    Other,
}

impl ParameterType {
    /// By OID (PostgreSQL, pg_type.dat).
    pub fn of(oid: Oid) -> Self {
        match oid {
            // `unknown` counts as not declared.
            0 | 705 => Self::Inferred,
            25 | 1042 | 1043 => Self::Text,
            21 => Self::Int2,
            23 => Self::Int4,
            20 => Self::Int8,
            700 | 701 => Self::Float,
            1700 => Self::Numeric,
            16 => Self::Bool,
            2950 => Self::Uuid,
            1082 => Self::Date,
            1114 => Self::Timestamp,
            1184 => Self::Timestamptz,
            1186 => Self::Interval,
            1009 | 1014 | 1015 => Self::TextArray,
            1005 => Self::Int2Array,
            1007 => Self::Int4Array,
            1016 => Self::Int8Array,
            2951 => Self::UuidArray,
            2278 => Self::Void,
            // `name`, its array; the domains of information_schema begin at 10000.
            19 | 1003 | 10_000.. => Self::Other,
            _ => Self::BuiltIn,
        }
    }

    /// The name of the one built-in type that it is.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Text => "text",
            Self::Int2 => "int2",
            Self::Int4 => "int4",
            Self::Int8 => "int8",
            Self::Numeric => "numeric",
            Self::Bool => "bool",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::Interval => "interval",
            Self::TextArray => "_text",
            Self::Int2Array => "_int2",
            Self::Int4Array => "_int4",
            Self::Int8Array => "_int8",
            Self::UuidArray => "_uuid",
            Self::Inferred | Self::Float | Self::Void | Self::BuiltIn | Self::Other => return None,
        })
    }

    /// Of an array, what its elements are.
    pub fn element(self) -> Option<Self> {
        match self {
            Self::TextArray => Some(Self::Text),
            Self::Int2Array => Some(Self::Int2),
            Self::Int4Array => Some(Self::Int4),
            Self::Int8Array => Some(Self::Int8),
            Self::UuidArray => Some(Self::Uuid),
            _ => None,
        }
    }

    /// By the name of a built-in type.
    pub fn named(name: &str) -> Self {
        match name {
            "text" | "varchar" | "bpchar" => Self::Text,
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "float4" | "float8" => Self::Float,
            "numeric" => Self::Numeric,
            "bool" => Self::Bool,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Timestamptz,
            "interval" => Self::Interval,
            "_text" | "_varchar" | "_bpchar" => Self::TextArray,
            "_int2" => Self::Int2Array,
            "_int4" => Self::Int4Array,
            "_int8" => Self::Int8Array,
            "_uuid" => Self::UuidArray,
            _ => Self::Other,
        }
    }
}

/// Declared types by parameter; of more than so many nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ParameterTypes {
    first: [ParameterType; Self::KEPT],
    more: bool,
    /// One of those of which nothing is known is `void`.
    more_void: bool,
}

impl ParameterTypes {
    const KEPT: usize = 32;

    pub fn of(types: impl Iterator<Item = ParameterType>) -> Self {
        let mut all = Self::default();
        for (i, ty) in types.enumerate().filter(|(_, ty)| *ty != ParameterType::Inferred) {
            match all.first.get_mut(i) {
                Some(kept) => *kept = ty,
                None => {
                    all.more = true;
                    all.more_void |= ty == ParameterType::Void;
                }
            }
        }
        all
    }

    /// Whether `$number` is one of which it is not known that it is not `void`.
    pub fn may_be_void(self, number: usize) -> bool {
        number > Self::KEPT && self.more_void
    }

    /// Whether somebody has surely declared `$number` to be of a type of its own.
    pub fn is_declared(self, number: usize) -> bool {
        number <= Self::KEPT && !matches!(self.get(number), ParameterType::Inferred | ParameterType::Other)
    }

    /// The type of `$number`.
    pub fn get(self, number: usize) -> ParameterType {
        match number.checked_sub(1).and_then(|i| self.first.get(i)) {
            Some(ty) => *ty,
            None if self.more => ParameterType::Other,
            None => ParameterType::Inferred,
        }
    }
}
