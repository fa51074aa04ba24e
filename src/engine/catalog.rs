//! The catalog snapshot: relations, columns, views, functions, operators and types as plain data.
//!
//! Read from PostgreSQL by `relay::catalog`, or from text in a test (every type here is `serde`). The engine never
//! asks PostgreSQL anything; whatever a statement's meaning depends on must be in this snapshot or is refused.

mod behind;
mod expressions;
mod keys;
mod lineage;
mod names;
pub mod operands;
pub mod overloads;
mod parts;
mod types;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use behind::{Behind, How, words};
pub use expressions::{Expression, ExpressionKind};
pub use keys::Unsound;
pub use names::{QualifiedName, quote_ident, quote_literal};
pub use operands::Operand;
pub use overloads::Signature;
pub use types::{Cast, TypeFunction, UserType};

use serde::{Deserialize, Serialize};

/// PostgreSQL object identifier.
pub type Oid = u32;

/// OIDs below this are assigned by initdb: built-in objects (PostgreSQL manual, "System Catalog Initial Data").
pub const FIRST_NORMAL_OID: Oid = 16384;

/// `pg_class.relkind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    Table,
    PartitionedTable,
    View,
    MaterializedView,
    ForeignTable,
    Sequence,
    Composite,
}

/// A column's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// As a cast target, schema-qualified where it is not built in, with its modifier: `character varying(32)`,
    /// `public.iso_country`, `numeric(12,2)` (`format_type` with an empty `search_path`).
    pub sql: String,
    /// `pg_type.typname` of the type itself: `varchar`, `iso_country`, `_text`.
    pub name: String,
    /// `pg_type.typname` below all domains: `bpchar` for a domain over `char(2)`. Equals `name` for other types.
    pub base: String,
    /// `pg_type.typtype` of the type below all domains: `b` base, `e` enum, `c` composite, `r` range, `m` multirange, `p` pseudo.
    pub kind: char,
    /// Declared length of `varchar(n)` / `char(n)`, in characters.
    pub length: Option<u32>,
    pub oid: Oid,
    /// The type modifier, of a domain that of what it is made of; -1 when there is none.
    pub typmod: i32,
    /// Whether the column's collation is deterministic (true for types without collation).
    pub deterministic: bool,
    /// `pg_attribute.attcollation`; 0: none, or one that another version of its library made, which PostgreSQL warns of
    /// when it first compares a row by it.
    #[serde(default)]
    pub collation: Oid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// `pg_attribute.attnum`, from 1.
    pub number: i16,
    #[serde(rename = "type")]
    pub ty: ColumnType,
    pub not_null: bool,
    /// `GENERATED ALWAYS AS (…) STORED`, or an identity column `GENERATED ALWAYS`.
    pub generated: bool,
    /// `GENERATED ALWAYS AS (…) STORED`: computed from the row, never given.
    #[serde(default)]
    pub computed: bool,
    /// Of a computed column: the columns that its expression reads (`pg_depend`).
    #[serde(default)]
    pub computed_from: Vec<String>,
    pub has_default: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    pub columns: Vec<String>,
    pub references: Oid,
    pub referenced_columns: Vec<String>,
    /// A row may lose what it refers to and stay: ON DELETE SET NULL or SET DEFAULT, or a check that waits for COMMIT.
    #[serde(default)]
    pub releases: bool,
    /// The columns that ON DELETE SET NULL or SET DEFAULT assigns.
    #[serde(default)]
    pub released: Vec<String>,
    /// A row goes with what it refers to: ON DELETE CASCADE.
    #[serde(default)]
    pub cascades: bool,
    /// A row is given to the column's default when what it refers to goes: ON DELETE SET DEFAULT.
    #[serde(default)]
    pub defaults: bool,
    /// It holds again at the end of a statement at the latest: ON DELETE NO ACTION.
    #[serde(default)]
    pub waits: bool,
    /// All rows obey it: it is not NOT VALID.
    #[serde(default)]
    pub valid: bool,
    /// A row changes with the key that it refers to: ON UPDATE CASCADE, SET NULL or SET DEFAULT.
    #[serde(default)]
    pub carries: bool,
}

/// A unique index that `ON CONFLICT` may find rows by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arbiter {
    /// The constraint that it belongs to, if any.
    #[serde(default)]
    pub constraint: Option<String>,
    pub columns: Vec<String>,
    /// Only values of the same bytes are equal to it: not `1.0` and `1.00`, not `a` and `A`.
    pub exact: bool,
}

/// Columns that one expression or condition reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    pub columns: Vec<String>,
    /// A part has it of the whole.
    pub inherited: bool,
    /// Whatever the others are, a row passes in which one of them is null.
    pub null_passes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    pub oid: Oid,
    pub name: QualifiedName,
    pub kind: RelationKind,
    /// Live columns in `attnum` order.
    pub columns: Vec<Column>,
    /// Column names of the primary key; empty when there is none.
    pub primary_key: Vec<String>,
    /// Other unique, non-partial, non-expression keys.
    #[serde(default)]
    pub unique_keys: Vec<Vec<String>>,
    /// The indexes of all these keys, and unique ones with a condition or an expression.
    #[serde(default)]
    pub arbiters: Vec<Arbiter>,
    /// Columns that some index over all rows starts with, by which rows are found or sorted.
    #[serde(default)]
    pub indexed: Vec<String>,
    /// Names of its indexes, which are in its schema.
    #[serde(default)]
    pub indexes: Vec<String>,
    /// Of a sequence: the tables that own it, or have columns that it is the default of.
    #[serde(default)]
    pub serves: Vec<Oid>,
    /// About how many rows it had when the snapshot was read; 0: not known. Children are not counted.
    #[serde(default)]
    pub rows: u64,
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    /// One entry for each constraint, partition key, or index that is unique or has an expression or a condition; the
    /// policies of row-level security are one.
    #[serde(default)]
    pub together: Vec<Together>,
    /// Columns by which rows find their partition.
    #[serde(default)]
    pub partition_key: Vec<String>,
    /// Direct parents: the partitioned table, or what it `INHERITS`.
    #[serde(default)]
    pub parents: Vec<Oid>,
    /// A view's `pg_get_viewdef` under an empty `search_path` (every name qualified); `None` for other kinds.
    #[serde(default)]
    pub definition: Option<String>,
    /// A view with `check_option`, if any: `local` or `cascaded`.
    #[serde(default)]
    pub check_option: Option<String>,
    /// Owning extension, if any.
    #[serde(default)]
    pub extension: Option<String>,
    /// Has user triggers, or rules other than a view's own.
    #[serde(default)]
    pub has_triggers: bool,
    /// Has row triggers that it has not of the table that it is a part of.
    #[serde(default)]
    pub has_own_triggers: bool,
    /// Columns that triggers may assign before a row is updated, whatever the statement assigns.
    #[serde(default)]
    pub set_by_triggers: Vec<String>,
    /// Of a part: the same before a row of another part comes to it.
    #[serde(default)]
    pub set_where_it_comes: Vec<String>,
    #[serde(default)]
    pub has_rules: bool,
    /// PostgreSQL itself tests its rows by policies of its own, for the upstream role.
    #[serde(default)]
    pub row_security: bool,
    /// Differs whenever what PostgreSQL reads under this name may be something else: after a change of name, schema, kind,
    /// rules (a view's definition is one) or direct children. 0 for built-in relations, which never change.
    #[serde(default)]
    pub version: i64,
}

impl Relation {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Column names that identify a row: the primary key, else the first unique key whose columns are all NOT NULL.
    pub fn row_key(&self) -> Option<&[String]> {
        if !self.primary_key.is_empty() {
            return Some(&self.primary_key);
        }
        self.unique_keys
            .iter()
            .find(|key| key.iter().all(|c| self.column(c).is_some_and(|c| c.not_null)))
            .map(Vec::as_slice)
    }
}

/// A function, aggregate, window function or procedure outside `pg_catalog` (built-ins are in the reviewed list).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    pub oid: Oid,
    pub name: QualifiedName,
    /// `pg_get_function_identity_arguments`.
    pub arguments: String,
    pub procedure: bool,
    #[serde(default)]
    pub extension: Option<String>,
    /// Relations that it goes with: its body is parsed SQL that reads them, or their rows are of a type of its arguments.
    #[serde(default)]
    pub depends_on: Vec<Oid>,
    /// What it takes and gives, by `pg_type.typname`, of types outside of `pg_catalog`.
    #[serde(default)]
    pub types: Vec<String>,
    /// The names of what it takes, by place; one without a name has an empty one, and none has one where there are none.
    #[serde(default)]
    pub names: Vec<String>,
    /// What it takes; `None`: not known.
    #[serde(default)]
    pub signature: Option<Signature>,
    /// Its text speaks of notifications: it may tell listeners of whatever it reads.
    #[serde(default)]
    pub notifies: bool,
}

impl Function {
    /// Whether PostgreSQL may take it for a call with so many arguments by place and these by name (`MatchNamedCall` of its
    /// source): each name is one of a later argument, and whatever is left out has a default.
    pub fn may_take(&self, by_place: usize, by_name: &[&str]) -> bool {
        let Some(signature) = self.signature.as_ref().filter(|_| !self.procedure) else { return true };
        let first = self.names.len().saturating_sub(usize::from(signature.defaults));
        let given = |(place, name): (usize, &String)| place < by_place || by_name.contains(&name.as_str());
        by_name.iter().all(|name| self.names.iter().skip(by_place).any(|own| own == name))
            && self.names.iter().enumerate().take(first).all(given)
    }
}

/// An operator outside `pg_catalog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub oid: Oid,
    pub name: QualifiedName,
    #[serde(default)]
    pub extension: Option<String>,
    /// The function behind it.
    pub function: QualifiedName,
    /// Its operands; `None`: not known.
    #[serde(default)]
    pub signature: Option<Signature>,
}

/// Everything the engine knows of one database. Build it with [`Catalog::new`]; it is immutable afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "CatalogData", into = "CatalogData")]
pub struct Catalog {
    data: CatalogData,
    relations: HashMap<Oid, usize>,
    relation_names: HashMap<QualifiedName, usize>,
    /// By the name alone, in any schema.
    bare_names: HashMap<String, Vec<usize>>,
    functions: HashMap<String, Vec<usize>>,
    operators: HashMap<String, Vec<usize>>,
    types: HashMap<String, Vec<usize>>,
    type_functions: HashMap<String, Vec<usize>>,
    value_casts: parts::ValueCasts,
    children: HashMap<Oid, Vec<Oid>>,
    /// Names of relations and columns, in any schema.
    names: HashSet<String>,
    typing: overloads::Index,
    types_digest: u64,
}

/// The snapshot as it is read and written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogData {
    /// `current_database()`.
    pub database: String,
    /// `server_version_num`, e.g. 150018.
    pub server_version: u32,
    /// Default `search_path` of the upstream role, as `SHOW search_path` prints it.
    pub search_path: String,
    /// The upstream role's name (what `"$user"` in `search_path` means).
    pub user: String,
    /// A rule, default, check, trigger's condition or policy of row-level security notifies.
    #[serde(default)]
    pub notifies: bool,
    pub schemas: Vec<String>,
    /// Those of them that the upstream role has no USAGE of: PostgreSQL leaves them out of `search_path`.
    #[serde(default)]
    pub closed_schemas: Vec<String>,
    /// Tables, views, … of user schemas, and of `pg_catalog` and `information_schema`.
    pub relations: Vec<Relation>,
    pub functions: Vec<Function>,
    pub operators: Vec<Operator>,
    pub types: Vec<UserType>,
    #[serde(default)]
    pub type_functions: Vec<TypeFunction>,
    #[serde(default)]
    pub casts: Vec<Cast>,
    #[serde(default)]
    pub typing: overloads::Typing,
    #[serde(default)]
    pub expressions: Vec<Expression>,
    /// What PostgreSQL reads on its own behind user relations.
    #[serde(default)]
    pub behind: Vec<Behind>,
    /// Installed extensions and their schemas.
    #[serde(default)]
    pub extensions: BTreeMap<String, String>,
}

impl From<CatalogData> for Catalog {
    fn from(data: CatalogData) -> Self {
        Self::new(data)
    }
}

impl From<Catalog> for CatalogData {
    fn from(catalog: Catalog) -> Self {
        catalog.data
    }
}

fn index_by_name<T>(items: &[T], name: impl Fn(&T) -> &QualifiedName) -> HashMap<String, Vec<usize>> {
    let mut index: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, item) in items.iter().enumerate() {
        index.entry(name(item).name.clone()).or_default().push(i);
    }
    index
}

fn names_of(relation: &Relation) -> impl Iterator<Item = String> {
    std::iter::once(&relation.name.name).chain(relation.columns.iter().map(|c| &c.name)).cloned()
}

impl Catalog {
    /// Indexes a snapshot.
    pub fn new(data: CatalogData) -> Self {
        let mut children: HashMap<Oid, Vec<Oid>> = HashMap::new();
        for r in &data.relations {
            for parent in &r.parents {
                children.entry(*parent).or_default().push(r.oid);
            }
        }
        Self {
            relations: data.relations.iter().enumerate().map(|(i, r)| (r.oid, i)).collect(),
            relation_names: data.relations.iter().enumerate().map(|(i, r)| (r.name.clone(), i)).collect(),
            bare_names: index_by_name(&data.relations, |r| &r.name),
            functions: index_by_name(&data.functions, |f| &f.name),
            operators: index_by_name(&data.operators, |o| &o.name),
            types: index_by_name(&data.types, |t| &t.name),
            type_functions: index_by_name(&data.type_functions, |t| &t.name),
            value_casts: parts::ValueCasts::of(&data),
            children,
            names: data.relations.iter().flat_map(names_of).collect(),
            typing: overloads::Index::of(&data.typing),
            types_digest: types::digest(&data),
            data,
        }
    }

    /// Whether some relation, column, schema, function or type outside of PostgreSQL's own functions and types is called
    /// so.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
            || self.functions.contains_key(name)
            || self.types.contains_key(name)
            || self.has_schema(name)
    }

    pub fn database(&self) -> &str {
        &self.data.database
    }

    pub fn data(&self) -> &CatalogData {
        &self.data
    }

    /// The same for two catalogs in which every expression is of the same type.
    pub fn types_digest(&self) -> u64 {
        self.types_digest
    }

    fn typing_index(&self) -> &overloads::Index {
        &self.typing
    }

    pub fn relation(&self, oid: Oid) -> Option<&Relation> {
        self.relations.get(&oid).map(|i| &self.data.relations[*i])
    }

    pub fn relation_named(&self, schema: &str, name: &str) -> Option<&Relation> {
        self.relation_names.get(&QualifiedName::new(schema, name)).map(|i| &self.data.relations[*i])
    }

    /// The table of an index.
    pub fn indexed_by(&self, schema: &str, index: &str) -> Option<&Relation> {
        self.relations().find(|r| r.name.schema == schema && r.indexes.iter().any(|i| i == index))
    }

    /// Relations with this name, in any schema.
    pub fn relations_named(&self, name: &str) -> impl Iterator<Item = &Relation> {
        self.bare_names.get(name).into_iter().flatten().map(|i| &self.data.relations[*i])
    }

    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.data.relations.iter()
    }

    /// Functions that initdb did not make.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.data.functions.iter()
    }

    /// Functions outside `pg_catalog` with this name, in any schema.
    pub fn functions_named(&self, name: &str) -> impl Iterator<Item = &Function> {
        self.functions.get(name).into_iter().flatten().map(|i| &self.data.functions[*i])
    }

    /// Operators outside `pg_catalog` with this name, in any schema.
    pub fn operators_named(&self, name: &str) -> impl Iterator<Item = &Operator> {
        self.operators.get(name).into_iter().flatten().map(|i| &self.data.operators[*i])
    }

    pub fn has_schema(&self, name: &str) -> bool {
        self.data.schemas.iter().any(|s| s == name)
    }

    /// Whether PostgreSQL leaves the schema out of `search_path`, for want of USAGE.
    pub fn is_closed_schema(&self, name: &str) -> bool {
        self.data.closed_schemas.iter().any(|s| s == name)
    }

    /// Whether relations of several schemas bear this name. Those of `pg_toast` are not in the snapshot.
    pub fn has_namesakes(&self, name: &str) -> bool {
        self.relations_named(name).nth(1).is_some() || name.starts_with("pg_toast")
    }
}
