//! What a statement touches, and how: scopes and names, every relation, column, function, operator and type.
//!
//! Works on PostgreSQL's own tree. Each place that must change is remembered twice: as an edit of the text, and as a
//! placeholder in the tree (`tree.rs`), so that `clear.rs` can hold one against the other.

mod aggregates;
mod alone;
mod built_in;
mod calls;
mod casts;
mod colname;
mod compare;
mod constant;
mod copies;
mod define;
mod expr;
mod fallible;
mod from;
mod from_function;
mod given;
mod grouping;
mod guess;
mod introduced;
mod join;
mod keys;
mod kind;
mod known;
mod late_keys;
mod levels;
mod lockers;
mod moments;
mod new_words;
mod operand;
mod order;
mod ours;
mod outward;
mod polymorphic;
mod reach;
mod readings;
mod relations;
mod rows;
mod scope;
mod select;
mod session;
mod set_config;
mod settings;
mod statement;
mod strict;
mod subjects;
mod temporary;
mod total;
mod twins;
mod two_phase;
mod types;
mod undefined;
mod ungrouped;
mod unrestricted;
mod uses;
mod vary;
mod void;
mod with;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::catalog::{Oid, QualifiedName};
use super::clear::Engine;
use super::cleared::{NamedSubject, Raise, TouchedTable};
use super::context::{Context, Defined, ParameterTypes};
use super::parse::Tokens;
use super::policy::{Purpose, Role};
use super::refusal::{self, Refusal};

pub use calls::runs_for;
pub use copies::Conjunct;
pub use kind::kind_of;
use scope::Columns;
pub use session::{moves_session_only, moves_the_session};
pub use settings::{judge as judge_setting, purpose};
pub use statement::Judged;
pub use subjects::{NamedBy, Naming, name_once};
pub use two_phase::mark_of;
use uses::ColumnUses;
pub use uses::{At, Place};
pub use writes::{Aim, Called, Help, Moment, Pending, TARGET, What};

/// Deepest nesting of views in views.
const MAX_VIEW_DEPTH: usize = 32;
/// Most protected relations in one statement, views expanded.
const MAX_OCCURRENCES: usize = 500;
/// Most views in one statement, those in views among them: a few that each read one twice make thousands.
const MAX_VIEWS: usize = 1_000;

/// A text that is being judged: the client's (index 0), or a view's definition.
pub struct Source {
    pub text: String,
    pub tokens: Tokens,
    pub edits: Vec<Edit>,
}

/// Bytes `start..end` of a source become `with`.
#[derive(Debug, Clone)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub with: Replacement,
}

#[derive(Debug, Clone)]
pub enum Replacement {
    Text(String),
    /// An injected part, followed by fixed text (an alias that the client did not write).
    Injected(usize, String),
}

/// What a placeholder stands for: injection `n` is `ParamRef { number: -(n + 1) }` in the tree.
#[derive(Debug, Clone)]
pub struct Injection {
    pub part: Part,
    /// The range-table alias in the tree; `None` where the part is not a FROM item.
    pub alias: Option<pb::Alias>,
    pub lateral: bool,
}

#[derive(Debug, Clone)]
pub enum Part {
    /// A protected relation's visible table.
    Guard(usize),
    /// A view's definition: source and its tree.
    View { source: usize, tree: Box<Node> },
    /// A condition of a view that is written through: the source `SELECT condition`, and the condition's tree.
    Condition { source: usize, tree: Box<Node> },
    /// SQL text of one expression.
    Expression(String),
}

/// One place where a statement reads (or writes) a relation whose stored rows it must not see.
#[derive(Debug, Clone)]
pub struct Occurrence {
    pub relation: Oid,
    /// The policy's table (an ancestor of `relation`, or itself); `None`: a system relation with nulled columns.
    pub protected_by: Option<Oid>,
    pub only: bool,
    /// Per column of the relation.
    pub uses: Vec<ColumnUses>,
    /// Conjuncts of the same query level that may be tested on stored values inside too.
    pub inside: Vec<Conjunct>,
    pub nulled: Vec<&'static str>,
    /// System columns of a system relation that the statement names.
    pub system: BTreeSet<&'static str>,
    /// All columns of it are used at once: there is no room for more.
    pub all_at_once: bool,
    /// The table that a write changes: stays as it is, and every reference to it is replaced.
    pub target: Option<Aim>,
    /// The write chooses among rows that are there: how many it finds tells of them.
    pub chosen: bool,
    /// Columns that are clear in every row that the write changes, where its subject chose that.
    pub clear: Vec<usize>,
    /// The query level that reads it; `None`: a write itself does.
    pub level: Option<usize>,
    /// It leaves by its name: nothing of it is used that must be null.
    pub as_it_is: bool,
    /// Nothing that could fail comes to its rows, whatever else of the statement could.
    pub unfenced: bool,
    /// PostgreSQL runs the query that reads it by itself; whether something in that could fail while rows are chosen.
    pub alone: bool,
    pub fails: bool,
    /// What could fail does not on its hidden rows.
    pub spared: bool,
}

/// The state of judging one message.
pub struct Analyser<'e> {
    pub engine: &'e Engine,
    /// The session as this statement finds it.
    pub context: Context,
    pub role: &'e Role,
    pub purpose: Option<&'e Purpose>,
    /// Where this statement's own entries begin, and its text.
    pub first_occurrence: usize,
    pub statement_start: usize,
    first_edit: usize,
    pub first_injection: usize,
    /// The declared types of its parameters.
    pub parameters: ParameterTypes,
    /// It comes in a Parse message, which holds one statement and no more.
    pub one_by_one: bool,
    /// It may have parameters: it is prepared.
    pub takes_parameters: bool,
    /// This statement cannot leave as it was written.
    pub must_rewrite: bool,
    /// It names relations whose names others bear too: it leaves with their schemas written out.
    pub pinned: bool,
    /// Some column's way could not be followed: every column is guarded.
    pub guard_all: bool,
    /// Something that could fail is evaluated where rows are still chosen (`fallible.rs`).
    pub may_fail: bool,
    /// Something could, but not on hidden rows of these (`strict.rs`).
    pub spared: strict::Spared,
    /// In WITH and FROM of a write: what could fail in them by itself (`writes/apart.rs`).
    pub apart: Option<writes::Apart>,
    /// The next lock of a subquery does not count as what could fail (`writes/queue.rs`).
    pub spares_lock: bool,
    /// The query of the `column IN (SELECT …)` or `= (SELECT …)` that was walked last; `None`: one of another shape was.
    pub last_query: Option<writes::AskedQuery>,
    /// The comparison that the walk is in is one of two columns.
    pub joins_columns: bool,
    /// A relation that the statement reads has columns of a collation of their own.
    pub collated: bool,
    /// System columns that it names, and of what.
    pub lockers: lockers::Lockers,
    /// The walk is in a query inside of another, all of which may become part of that one's conditions.
    pub within: bool,
    /// The walk is in what a query computes of rows that are chosen.
    pub late: bool,
    late_keys: late_keys::LateKeys,
    /// How PostgreSQL runs the query that the walk is in.
    pub running: alone::Running,
    /// The items of the select list that the walk is in, which a sort may need; `None`: all.
    pub keys: Option<BTreeSet<usize>>,
    /// It locks rows (FOR UPDATE, FOR SHARE) at some level.
    pub locks: bool,
    /// It calls functions that tell sizes: it leaves with their arguments nulled.
    pub nulls_sizes: bool,
    /// What it says is kept for later: a definition.
    pub defining: bool,
    /// It is only explained: secrets stay out of its text.
    pub explaining: bool,
    pub writes_protected: bool,
    /// The statement holds a write; a query of WITH is read before it is walked.
    pub writes: bool,
    /// It calls what may do more than compute: functions of the database's own, sequences, notifications.
    pub acts: session::Acts,
    pub reads_ahead: bool,
    /// The write moves rows of other tables to another subject (`writes/moves.rs`).
    pub moves: bool,
    /// What the values that a SET list assigns are made of (`writes/derive.rs`).
    pub drawn: writes::Drawn,
    /// References to the targets of writes, and conditions on them, that are written once all uses are known.
    pub pending: Vec<Pending>,
    /// Which row a reference to a write's target means just now.
    pub moment: Moment,
    /// A temporary table that this statement fills with what it reads from protected ones.
    pub tainted: Option<String>,
    /// Errors that the statement raises on purpose.
    pub raises: Vec<Raise>,
    /// The write that was walked last returns rows that the client did not ask for.
    pub silent: bool,
    /// The statements of ours that it leaves between.
    pub help: Option<Help>,
    /// Relations whose names leave as they are, for PostgreSQL to look up.
    pub left: relations::Left,
    /// What this statement makes of relations' names.
    pub defines: Vec<(QualifiedName, Defined)>,
    /// What a top-level query puts out.
    pub output: Columns,
    /// What the record says that no occurrence tells.
    pub for_the_record: unrestricted::ForTheRecord,
    pub sources: Vec<Source>,
    /// The source that the walk is in.
    pub source: usize,
    pub occurrences: Vec<Occurrence>,
    pub injections: Vec<Injection>,
    /// Queries in expressions of this statement.
    pub subqueries: twins::Subqueries,
    pub levels: Vec<levels::Level>,
    /// The query level that the walk is in.
    pub level: Option<usize>,
    /// Common table expressions in scope, innermost last.
    ctes: Vec<with::Cte>,
    /// The query of WITH that is to be walked next, if it may read itself.
    recursive: Option<with::Recursive>,
    view_depth: usize,
    /// A reference to what no FROM holds: where nothing protected is in the statement, PostgreSQL says what is wrong with it.
    missing: Option<Refusal>,
    /// Why a view's text may not leave: on the session's path a name in it may mean what the role may not call.
    shadowed: Option<Refusal>,
    /// `search_path` that unqualified names are looked up in: the session's, or nothing inside a view.
    pub search_path: Vec<String>,
    pub subjects: Vec<NamedSubject>,
    /// Temporary tables read that were derived from protected ones.
    pub reads_derived: bool,
    /// What was read for them.
    pub read_before: Vec<TouchedTable>,
    /// Temporary relations read, whatever is in them now.
    pub reads_temporary: bool,
    /// What the columns of temporary tables that are read were made of ([`Shape::of`]).
    pub shapes_read: BTreeMap<Oid, u64>,
    /// Views, or relations that the transaction has created, are read: they may come to be other ones.
    pub reads_changeable: bool,
    pub held: polymorphic::Held,
    /// Calls of `set_config` outside of plain `SELECT set_config(…)` are refused; inside they land here.
    pub set_config: Vec<super::cleared::SetConfigCall>,
    pub set_config_allowed: bool,
    /// Calls of `set_config`, by location, that were judged already and need no following.
    pub free_calls: Vec<i32>,
    /// Occurrences of which a whole row is used as one value.
    pub whole_rows: BTreeSet<usize>,
    /// Literals of the client's text, by first byte, whose values nothing looks at (`alike.rs`).
    pub varying: BTreeSet<usize>,
    /// Literals and parameters that name subjects.
    pub namings: subjects::Namings,
    /// Some constant means more than a value: no other statement may be judged by this one.
    pub unlike_others: bool,
    pub outward: outward::Outward,
    known: known::Known,
    guesses: guess::Guesses,
    /// The text that is judged stays where it is: its names were looked up when it was stored.
    stays_stored: bool,
    groups: grouping::Groups,
}

impl<'e> Analyser<'e> {
    pub fn new(engine: &'e Engine, context: &Context, role: &'e Role, text: String, tokens: Tokens) -> Self {
        Self {
            engine,
            context: context.clone(),
            role,
            purpose: None,
            first_occurrence: 0,
            statement_start: 0,
            first_edit: 0,
            first_injection: 0,
            parameters: ParameterTypes::default(),
            one_by_one: false,
            takes_parameters: false,
            must_rewrite: false,
            pinned: false,
            guard_all: false,
            may_fail: false,
            spared: None,
            joins_columns: false,
            apart: None,
            spares_lock: false,
            last_query: None,
            collated: false,
            lockers: lockers::Lockers::default(),
            within: false,
            late: false,
            late_keys: late_keys::LateKeys::default(),
            running: alone::Running::default(),
            keys: Some(BTreeSet::new()),
            locks: false,
            nulls_sizes: false,
            defining: false,
            explaining: false,
            writes_protected: false,
            writes: false,
            acts: Default::default(),
            reads_ahead: false,
            moves: false,
            drawn: writes::Drawn::default(),
            pending: Vec::new(),
            moment: Moment::Old,
            tainted: None,
            raises: Vec::new(),
            silent: false,
            help: None,
            left: relations::Left::default(),
            defines: Vec::new(),
            output: Columns::known(Vec::new()),
            for_the_record: unrestricted::ForTheRecord::default(),
            sources: vec![Source { text, tokens, edits: Vec::new() }],
            source: 0,
            occurrences: Vec::new(),
            injections: Vec::new(),
            subqueries: twins::Subqueries::default(),
            levels: Vec::new(),
            level: None,
            ctes: Vec::new(),
            recursive: None,
            view_depth: 0,
            missing: None,
            shadowed: None,
            search_path: context.search_path.clone(),
            subjects: Vec::new(),
            reads_derived: false,
            read_before: Vec::new(),
            reads_temporary: false,
            shapes_read: BTreeMap::new(),
            reads_changeable: false,
            held: polymorphic::Held::default(),
            set_config: Vec::new(),
            set_config_allowed: false,
            free_calls: Vec::new(),
            whole_rows: BTreeSet::new(),
            varying: BTreeSet::new(),
            namings: subjects::Namings::default(),
            unlike_others: false,
            outward: outward::Outward::default(),
            known: known::Known::default(),
            guesses: guess::Guesses::default(),
            stays_stored: false,
            groups: grouping::Groups::default(),
        }
    }

    pub fn tokens(&self) -> &Tokens {
        &self.sources[self.source].tokens
    }

    pub fn edit(&mut self, start: usize, end: usize, with: Replacement) {
        self.sources[self.source].edits.push(Edit { start, end, with });
    }

    /// Remembers an injected part; returns its index.
    pub fn inject(&mut self, part: Part, alias: Option<pb::Alias>, lateral: bool) -> usize {
        self.must_rewrite = true;
        self.injections.push(Injection { part, alias, lateral });
        self.injections.len() - 1
    }
}

/// The tree's stand-in for injection `index`.
pub fn placeholder(index: usize) -> NodeEnum {
    NodeEnum::ParamRef(pb::ParamRef { number: -(index as i32) - 1, location: -1 })
}

/// The injection that a node of the tree stands for.
pub fn injection_of(node: &Node) -> Option<usize> {
    match &node.node {
        Some(NodeEnum::ParamRef(p)) => usize::try_from(-i64::from(p.number) - 1).ok(),
        _ => None,
    }
}

/// The strings of a name list.
pub fn names(nodes: &[Node]) -> Vec<&str> {
    nodes
        .iter()
        .filter_map(|n| match &n.node {
            Some(NodeEnum::String(s)) => Some(s.sval.as_str()),
            _ => None,
        })
        .collect()
}

/// A String node.
pub fn string_node(text: &str) -> Node {
    Node { node: Some(NodeEnum::String(pb::String { sval: text.to_owned() })) }
}

/// The node inside, or a refusal: an absent node where the grammar always has one.
pub fn inner(node: &mut Node) -> Result<&mut NodeEnum, Refusal> {
    node.node.as_mut().ok_or_else(|| refusal::not_supported("this construct", "a part of it is empty"))
}
