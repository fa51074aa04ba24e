//! Names in scope, as PostgreSQL's parser resolves them: range-table items, their columns, and where each column's
//! value comes from.

use std::rc::Rc;

use crate::engine::catalog::{Oid, QualifiedName};

/// System columns of a stored table (PostgreSQL manual, 5.5).
pub const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// A stored column's place: occurrence of a table in the statement, index of the column in the relation.
pub type Base = (usize, usize);

/// A column that a range-table item or a query puts out.
#[derive(Debug, Clone)]
pub struct Col {
    pub name: Rc<str>,
    /// The stored columns whose bare value this is (several after a set operation or `USING`); empty when computed.
    pub origin: Rc<[Base]>,
    /// It may hold other values besides those of `origin`.
    pub mixed: bool,
    /// `ColumnType::base`, where known.
    pub ty: Option<Rc<str>>,
    /// `ColumnType::collation`, where known.
    pub collation: Oid,
    /// Of a computed column, whose type is not said: any two of its values compare.
    pub ordered: bool,
    /// Of a column of constants and parameters: its values are as long as a client likes.
    pub given: bool,
    /// The stored column that PostgreSQL takes it for when it looks for a primary key in GROUP BY: of a column merged by
    /// `USING` one side's, or none.
    pub key: Option<Base>,
    /// For a column that reads as null though PostgreSQL would give its value: that null.
    pub nulled: Option<Rc<str>>,
}

impl Col {
    /// Whether what this column is merged with `other` into may hold values of neither's origin.
    pub fn mixes(&self, other: &Self) -> bool {
        self.mixed || other.mixed || self.origin.is_empty() || other.origin.is_empty()
    }

    pub fn computed(name: &str) -> Self {
        Self {
            name: name.into(),
            origin: Rc::from([]),
            mixed: false,
            ty: None,
            collation: 0,
            ordered: false,
            given: false,
            key: None,
            nulled: None,
        }
    }
}

/// The columns of an item: all known, or not (a function's row, say).
#[derive(Debug, Clone)]
pub enum Columns {
    Known(Rc<[Col]>),
    Unknown,
}

impl Columns {
    pub fn known(cols: Vec<Col>) -> Self {
        Columns::Known(cols.into())
    }

    pub fn list(&self) -> &[Col] {
        match self {
            Columns::Known(cols) => cols,
            Columns::Unknown => &[],
        }
    }

    /// The columns under the names of an alias list; more columns than names keep theirs.
    pub fn renamed(&self, names: &[&str]) -> Self {
        match self {
            _ if names.is_empty() => self.clone(),
            Columns::Unknown => Columns::Unknown,
            Columns::Known(cols) => Columns::known(
                cols.iter()
                    .enumerate()
                    .map(|(i, c)| match names.get(i) {
                        Some(name) => Col { name: (*name).into(), ..c.clone() },
                        None => c.clone(),
                    })
                    .collect(),
            ),
        }
    }
}

/// One range-table item.
#[derive(Debug, Clone)]
pub struct Item {
    /// What qualifies its columns; `None`: nothing does (a join without alias).
    pub alias: Option<Rc<str>>,
    /// For a relation without alias: `schema.table.column` works too.
    pub relation: Option<QualifiedName>,
    /// It became a subquery: `schema.table.column` no longer works.
    pub replaced: bool,
    /// For a protected relation: its occurrence.
    pub occurrence: Option<usize>,
    /// It is a relation's name: where that is a table, it has system columns too.
    pub stored: bool,
    pub columns: Columns,
    /// `column` alone finds it (not inside a join that merges or renames).
    pub unqualified: bool,
    /// `alias.column` finds it (not inside a join with an alias).
    pub qualified: bool,
}

/// The items of one query level, and the levels around it.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    pub items: &'s [Item],
    pub parent: Option<&'s Scope<'s>>,
}

impl<'s> Scope<'s> {
    pub const EMPTY: Scope<'static> = Scope { items: &[], parent: None };

    pub fn child(&'s self, items: &'s [Item]) -> Scope<'s> {
        Scope { items, parent: Some(self) }
    }
}

/// What a column reference means.
#[derive(Debug, Clone)]
pub enum Found {
    /// A column; `level` 0 is the innermost query. `occurrence` is that of the item it was found in.
    Column { col: Col, level: usize, occurrence: Option<usize> },
    /// A whole row of an item.
    Row { item: Item },
    /// Not to be told for sure: any of these may be meant.
    Doubtful(Vec<Base>),
    /// Nothing has that name.
    Nothing,
}

/// Resolves `column`: the innermost level that has it wins; then a whole row.
pub fn column(scope: &Scope<'_>, name: &str) -> Found {
    let mut level = 0;
    let mut at = Some(scope);
    while let Some(s) = at {
        let visible = || s.items.iter().filter(|i| i.unqualified);
        let hits: Vec<(&Item, &Col)> = visible()
            .flat_map(|i| i.columns.list().iter().map(move |c| (i, c)))
            .filter(|(_, c)| &*c.name == name)
            .collect();
        let unknown = visible().any(|i| matches!(i.columns, Columns::Unknown));
        match hits.as_slice() {
            // PostgreSQL finds a table's system columns level by level, like others (`scanNSItemForColumn`).
            [] if !unknown && SYSTEM_COLUMNS.contains(&name) && visible().any(|i| i.stored) => {
                let others = everywhere(scope, name);
                return if others.is_empty() { Found::Nothing } else { Found::Doubtful(others) };
            }
            [] if !unknown => {}
            [(item, col)] if !unknown => {
                return Found::Column { col: (*col).clone(), level, occurrence: item.occurrence };
            }
            _ => return Found::Doubtful(everywhere(scope, name)),
        }
        level += 1;
        at = s.parent;
    }
    row(scope, name)
}

/// The items of the innermost level that has any with system columns.
pub fn with_system_columns<'s>(scope: &Scope<'s>) -> &'s [Item] {
    let mut at = Some(*scope);
    while let Some(s) = at {
        if s.items.iter().any(|i| i.stored && i.unqualified) {
            return s.items;
        }
        at = s.parent.copied();
    }
    &[]
}

/// Resolves `alias` as a whole row.
pub fn row(scope: &Scope<'_>, alias: &str) -> Found {
    let mut at = Some(scope);
    while let Some(s) = at {
        let mut hits = s.items.iter().filter(|i| i.qualified && i.alias.as_deref() == Some(alias));
        if let Some(item) = hits.next() {
            return Found::Row { item: item.clone() };
        }
        at = s.parent;
    }
    Found::Nothing
}

/// Resolves the item that `alias` (or `schema.alias`) names, with its level.
pub fn item<'s>(scope: &Scope<'s>, schema: Option<&str>, alias: &str) -> Option<(&'s Item, usize)> {
    let mut level = 0;
    let mut at = Some(*scope);
    while let Some(s) = at {
        let hit = s.items.iter().find(|i| {
            i.qualified
                && match schema {
                    None => i.alias.as_deref() == Some(alias),
                    Some(schema) => i.relation.as_ref().is_some_and(|r| r.schema == schema && r.name == alias),
                }
        });
        if let Some(hit) = hit {
            return Some((hit, level));
        }
        level += 1;
        at = s.parent.copied();
    }
    None
}

/// Every stored column that `name` could mean on any level, as a column or as a whole row.
pub fn everywhere(scope: &Scope<'_>, name: &str) -> Vec<Base> {
    let mut all = Vec::new();
    let mut at = Some(scope);
    while let Some(s) = at {
        for item in s.items {
            let whole = item.alias.as_deref() == Some(name);
            for col in item.columns.list().iter().filter(|c| whole || &*c.name == name) {
                all.extend_from_slice(&col.origin);
            }
        }
        at = s.parent;
    }
    all
}
