//! COPY: out of visible tables, into listed columns; never files or programs.

use pg_query::protobuf as pb;
use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::super::relations::{Named, Protection};
use super::super::scope::{Columns, Item, Scope};
use super::super::statement::Judged;
use super::super::{Analyser, At, Part, Replacement, inner, kind_of, names, placeholder};
use super::target::{Kind, Reach};
use crate::engine::catalog::{Relation, RelationKind, quote_ident};
use crate::engine::cleared::{Effect, Usage};
use crate::engine::parse;
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal, SqlState};

impl<'e> Analyser<'e> {
    pub fn copy(&mut self, c: &mut pb::CopyStmt) -> Result<Judged, Refusal> {
        if c.is_program || !c.filename.is_empty() {
            let why = "PostgreSQL's own files and programs are out of reach: use STDIN or STDOUT";
            return Err(refusal::not_supported("COPY with a file or a program", why));
        }
        if c.is_from {
            return self.copy_in(c).map_err(nowhere);
        }
        match c.query.as_mut() {
            Some(query) => self.copy_query(query)?,
            None => self.copy_table(c).map_err(nowhere)?,
        }
        Ok(Judged { kind: "copy_to", effect: Effect::CopyOut })
    }

    fn copy_query(&mut self, query: &mut Node) -> Result<(), Refusal> {
        match inner(query)? {
            NodeEnum::SelectStmt(select) if select.into_clause.is_none() => {
                self.output = self.select(select, &Scope::EMPTY, At::OUTPUT)?;
                Ok(())
            }
            other => {
                let why = "only a query can be copied out: run the write itself";
                Err(refusal::not_supported(&format!("COPY ({})", kind_of(other)), why))
            }
        }
    }

    /// `COPY table [(columns)] TO STDOUT` of a protected table is a COPY of the same columns of its visible table.
    fn copy_table(&mut self, c: &mut pb::CopyStmt) -> Result<(), Refusal> {
        let var = c.relation.as_mut().ok_or_else(|| refusal::not_supported("COPY", "it names no table"))?;
        let relation = match self.resolve_pinned(var)? {
            Named::Relation(relation) => relation,
            Named::Created(_) => return Ok(()),
            Named::Temporary(purpose) => return self.read_temporary(var, purpose),
        };
        let (protected_by, nulled): (_, &[&'static str]) = match self.protection(relation, true)? {
            Protection::Open => {
                self.qualify(var, relation);
                return Ok(());
            }
            Protection::View => {
                return Err(refusal::cannot_copy_from("view", &relation.name.name));
            }
            Protection::Protected(table) => (Some(table), &[]),
            Protection::Nulled(columns) => (None, columns),
        };
        if relation.kind == RelationKind::PartitionedTable {
            return Err(refusal::cannot_copy_from("partitioned table", &relation.name.name));
        }
        // COPY takes the named table's own rows, not its children's.
        let (occurrence, all) = self.occurrence(relation, protected_by, true, nulled)?;
        let columns = copied(relation, &names(&c.attlist))?;
        self.output = Columns::known(columns.iter().filter_map(|i| all.list().get(*i).cloned()).collect());
        for &i in &columns {
            let at = At { usage: Usage::Shown, ..At::OUTPUT };
            self.note(&[(occurrence, i)], at);
        }
        let alias = pb::Alias { aliasname: var.relname.clone(), colnames: Vec::new() };
        let (start, end) = (self.range_var_span(var)?.0, self.after_columns(var, !c.attlist.is_empty())?);
        let list: Vec<String> = columns
            .iter()
            .filter_map(|i| relation.columns.get(*i))
            .map(|c| format!("{}.{}", quote_ident(&alias.aliasname), quote_ident(&c.name)))
            .collect();
        let head = format!("SELECT {} FROM ", list.join(", "));
        let injection = self.inject(Part::Guard(occurrence), Some(alias.clone()), false);
        self.edit(start, start, Replacement::Text(format!("({head}")));
        self.edit(start, end, Replacement::Injected(injection, format!(" AS {})", quote_ident(&alias.aliasname))));
        c.query = Some(Box::new(query_of(&head, injection)?));
        c.relation = None;
        c.attlist.clear();
        Ok(())
    }

    /// End of `table` or `table (columns)` in the text.
    fn after_columns(&self, var: &pb::RangeVar, listed: bool) -> Result<usize, Refusal> {
        let (_, end) = self.range_var_span(var)?;
        if !listed {
            return Ok(end);
        }
        let lost = || refusal::not_faithful("a column list was not found in the text");
        let tokens = self.tokens();
        let name = tokens.list.iter().position(|t| t.end == end).ok_or_else(lost)?;
        let close = self.clause_end(name + 2, &[]);
        match (tokens.kind(name + 1), tokens.list.get(close)) {
            (Some(Token::Ascii40), Some(close)) if close.kind == Token::Ascii41 => Ok(close.end),
            _ => Err(lost()),
        }
    }

    fn copy_in(&mut self, c: &mut pb::CopyStmt) -> Result<Judged, Refusal> {
        let var = c.relation.as_mut().ok_or_else(|| refusal::not_supported("COPY", "it names no table"))?;
        let target = self.write_target(var, &[Right::CopyIn], Reach::AddsOnly)?;
        self.not_through(&target, "COPY into")?;
        match target.judged() {
            Some((relation, after)) if c.attlist.is_empty() => {
                // Without a list all columns are filled, except computed ones.
                let all = copied(relation, &[])?;
                c.attlist = self.name_columns(relation, after, &all)?.map(super::super::string_node).collect();
            }
            Some(_) | None => {}
        }
        let filled = self.filled(&target, &c.attlist, None)?;
        if let Some(condition) = c.where_clause.as_mut() {
            if target.protected().is_some() {
                let why = "leave out the rows before they are sent";
                return Err(refusal::not_supported("COPY FROM … WHERE into a protected table", why));
            }
            let columns = match &target.kind {
                Kind::Temporary { .. } | Kind::Created { .. } => target.item.columns.clone(),
                Kind::Open { relation: r, .. } | Kind::Unread { relation: r, .. } => self.plain_columns(r),
                Kind::Protected(p) => self.plain_columns(p.relation),
            };
            // The rows that come in: the client's own.
            let items = [Item { occurrence: None, columns, ..target.item.clone() }];
            self.expr(condition, &Scope { items: &items, parent: None }, At::OPERAND)?;
        }
        self.check_copied(&target, &filled, c)?;
        Ok(Judged { kind: "copy_in", effect: Effect::CopyIn })
    }
}

/// The columns that COPY takes: the named ones, or all that are not computed (`GENERATED … STORED`).
fn copied(relation: &Relation, named: &[&str]) -> Result<Vec<usize>, Refusal> {
    let place = |name: &str| relation.columns.iter().position(|c| c.name == name);
    if named.is_empty() {
        // An identity column is generated too, but stored by the client's leave: it has no expression.
        let stored = |i: &usize| relation.columns.get(*i).is_some_and(|c| !c.computed);
        return Ok((0..relation.columns.len()).filter(stored).collect());
    }
    let mut columns = Vec::new();
    for name in named {
        let column = place(name).ok_or_else(|| refusal::undefined_column_of(&relation.name.name, name))?;
        if columns.contains(&column) {
            return Err(refusal::duplicate_column(name));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// `SELECT … FROM <injection>` as a tree.
fn query_of(head: &str, injection: usize) -> Result<Node, Refusal> {
    let lost = || refusal::not_faithful("a query of ours cannot be read");
    let parsed = parse::parse(&format!("{head}x")).map_err(|_| lost())?;
    let [one] = <[pb::RawStmt; 1]>::try_from(parsed.statements).map_err(|_| lost())?;
    let mut node = *one.stmt.ok_or_else(lost)?;
    match &mut node.node {
        Some(NodeEnum::SelectStmt(select)) => {
            select.from_clause = vec![Node { node: Some(placeholder(injection)) }];
            Ok(node)
        }
        _ => Err(lost()),
    }
}

/// COPY looks its table up when it runs: PostgreSQL does not say where a missing one stands.
fn nowhere(refusal: Refusal) -> Refusal {
    let missing = refusal.sqlstate == SqlState::UNDEFINED_TABLE;
    Refusal { position: refusal.position.filter(|_| !missing), ..refusal }
}
