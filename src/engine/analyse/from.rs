//! The FROM clause: tables, views, subqueries, functions and joins become items in scope; protected ones become
//! occurrences with a placeholder in their stead.

use std::collections::BTreeSet;
use std::rc::Rc;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::relations::{Named, Protection};
use super::scope::{Base, Col, Columns, Item, Lasts, Scope};
use super::writes::runs_in_from;
use super::{
    Analyser, At, ColumnUses, Occurrence, Part, Replacement, Source, TARGET, inner, kind_of, names, placeholder,
};
use crate::engine::catalog::{Column, Operand, QualifiedName, Relation, RelationKind, quote_ident};
use crate::engine::parse::{self, Tok, Tokens};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// All items of a FROM list, left to right.
    #[expect(clippy::wrong_self_convention, reason = "FROM is SQL's word")]
    pub fn from_clause(&mut self, list: &mut [Node], outer: &Scope<'_>) -> Result<Vec<Item>, Refusal> {
        let mut items = Vec::new();
        for node in list {
            let more = self.from_item(node, &items, outer)?;
            items.extend(more);
        }
        Ok(items)
    }

    /// One FROM item; `left` is what a lateral reference may see.
    #[expect(clippy::wrong_self_convention, reason = "FROM is SQL's word")]
    pub fn from_item(&mut self, node: &mut Node, left: &[Item], outer: &Scope<'_>) -> Result<Vec<Item>, Refusal> {
        let items = match inner(node)? {
            NodeEnum::RangeVar(var) => {
                let (item, index) = self.range_var(var)?;
                if let Some(index) = index {
                    node.node = Some(placeholder(index));
                }
                vec![item]
            }
            NodeEnum::RangeSubselect(sub) => {
                let runs = runs_in_from(sub.subquery.as_deref());
                vec![self.apart(runs, |a| a.range_subselect(sub, left, outer))?]
            }
            NodeEnum::RangeFunction(function) => {
                let runs = self.runs_function(function, &outer.child(left));
                vec![self.apart(runs, |a| a.range_function(function, left, outer))?]
            }
            NodeEnum::RangeTableFunc(table) => vec![self.range_table_func(table, left, outer)?],
            NodeEnum::JoinExpr(join) => self.join(join, left, outer)?,
            NodeEnum::RangeTableSample(sample) => self.table_sample(sample, left, outer)?,
            other => return Err(refusal::not_supported(&kind_of(other), "it is not one of the known FROM items")),
        };
        // What stands in place of a write's target's cells would mean it.
        if items.iter().any(|i| i.alias.as_deref() == Some(TARGET)) {
            let what = format!("the name \"{TARGET}\" in FROM");
            return Err(refusal::not_supported(&what, "the proxy uses it: take another alias"));
        }
        Ok(items)
    }

    /// A table, view or CTE name. With an injection index when it must be replaced.
    fn range_var(&mut self, var: &mut pb::RangeVar) -> Result<(Item, Option<usize>), Refusal> {
        let alias = var.alias.clone();
        let alias_name: Rc<str> = alias.as_ref().map_or(var.relname.as_str(), |a| a.aliasname.as_str()).into();
        let item = |columns: Columns| Item {
            alias: Some(alias_name.clone()),
            qualified: true,
            ..aliased(alias.as_ref(), columns)
        };
        if let Some(columns) = self.common_table(var)? {
            return Ok((item(columns), None));
        }
        match self.resolve_pinned(var)? {
            Named::Relation(relation) => {
                self.holds_checked(relation);
                let name = alias.is_none().then(|| relation.name.clone());
                let (seen, index) = self.seen(var, relation, item)?;
                Ok((Item { relation: name, ..seen }, index))
            }
            Named::Temporary(purpose) => {
                self.beside_few();
                self.read_temporary(var, purpose)?;
                let columns = self.columns_of_temporary(&var.relname);
                // A table, then, and no view.
                let stored = matches!(columns, Columns::Known(_));
                if !stored {
                    self.reads_unknown();
                }
                Ok((Item { stored, ..item(columns) }, None))
            }
            Named::Created(created) => {
                self.reads_as_before(&created.made).map_err(|r| r.at(var.location))?;
                self.beside_few();
                self.reads_unknown();
                self.reads_changeable = true;
                self.left.made_here = true;
                self.outward.call();
                self.acts_at_once_where(true);
                let relation = alias.is_none().then(|| QualifiedName::new(created.schema, var.relname.as_str()));
                Ok((Item { relation, ..item(Columns::Unknown) }, None))
            }
        }
    }

    /// The columns of the CTE that a bare name means, if there is one.
    fn common_table(&mut self, var: &pb::RangeVar) -> Result<Option<Columns>, Refusal> {
        if !var.schemaname.is_empty() || !var.catalogname.is_empty() {
            return Ok(None);
        }
        let Some(at) = self.ctes.iter().rposition(|c| c.name == var.relname) else { return Ok(None) };
        self.reads_cte(at);
        let Some(cte) = self.ctes.get(at) else { return Ok(None) };
        if cte.silent {
            return Err(refusal::returns_nothing(&cte.name).at(var.location));
        }
        let (columns, ahead, unread) = (cte.columns.clone(), cte.ahead, cte.unread);
        self.reads_ahead |= ahead;
        self.in_order().map_err(|r| r.at(var.location))?;
        // What a query not yet read puts out cannot be followed: nothing leaves bare then.
        self.guard_all |= unread || matches!(columns, Columns::Unknown);
        self.beside_few();
        Ok(Some(columns))
    }

    /// A table or view as the session sees it; `item` makes one of its columns.
    fn seen(
        &mut self,
        var: &mut pb::RangeVar,
        relation: &'e Relation,
        item: impl Fn(Columns) -> Item,
    ) -> Result<(Item, Option<usize>), Refusal> {
        let own_type = || Some(relation.name.name.as_str().into());
        let protection = self.protection(relation, !var.inh).map_err(|r| r.at(var.location))?;
        let (protected_by, nulled): (_, &[&'static str]) = match protection {
            Protection::Open => {
                self.read_relation(relation, !var.inh);
                self.leaves_by_name(var, relation);
                self.qualify(var, relation);
                let stored = relation.kind != RelationKind::View;
                return Ok((Item { stored, row: own_type(), ..item(self.plain_columns(relation)) }, None));
            }
            Protection::View => {
                let (columns, index) = self.view(var, relation)?;
                let replaced = index.is_some();
                let row = if replaced { None } else { own_type() };
                return Ok((Item { replaced, row, ..item(columns) }, index));
            }
            Protection::Protected(table) => (Some(table), &[]),
            Protection::Nulled(columns) => (None, columns),
        };
        let (occurrence, columns) = self.occurrence(relation, protected_by, !var.inh, nulled)?;
        let index = self.replace_range_var(var, Part::Guard(occurrence))?;
        let item =
            Item { replaced: true, occurrence: Some(occurrence), stored: true, whole: Operand::Row, ..item(columns) };
        Ok((item, Some(index)))
    }

    /// A new occurrence and the columns that it puts out.
    pub fn occurrence(
        &mut self,
        relation: &Relation,
        protected_by: Option<u32>,
        only: bool,
        nulled: &[&'static str],
    ) -> Result<(usize, Columns), Refusal> {
        self.enough()?;
        self.read_relation(relation, only);
        let index = self.occurrences.len();
        self.occurrences.push(Occurrence {
            relation: relation.oid,
            protected_by,
            only,
            uses: vec![ColumnUses::default(); relation.columns.len()],
            inside: Vec::new(),
            nulled: nulled.to_vec(),
            system: BTreeSet::new(),
            all_at_once: false,
            target: None,
            chosen: false,
            clear: Vec::new(),
            level: self.level,
            as_it_is: false,
            unfenced: false,
            alone: false,
            spared: false,
            fails: false,
        });
        let columns = relation.columns.iter().enumerate();
        let columns = columns.map(|(i, c)| self.column_at(&c.name, (index, i), c)).collect();
        Ok((index, Columns::known(columns).of_relation(relation)))
    }

    /// The columns of a relation that is read as it is stored.
    pub fn plain_columns(&self, relation: &Relation) -> Columns {
        let total = relation.kind != RelationKind::View;
        let columns = relation.columns.iter().map(|c| Col { total, ..self.stored_column(c) });
        Columns::known(columns.collect()).of_relation(relation)
    }

    /// The bare value of a stored column, under a name.
    pub fn column_at(&self, name: &str, base: Base, c: &Column) -> Col {
        let origin: Rc<[Base]> = Rc::from([base]);
        let (made_of, key) = (Some(origin.clone()), Some(base));
        Col { name: name.into(), origin, made_of, key, ..self.stored_column(c) }
    }

    /// A column's name and type.
    fn stored_column(&self, c: &Column) -> Col {
        Col {
            ty: Some(self.engine.catalog.class_of(&c.ty).into()),
            operand: self.engine.catalog.operand_of(c.ty.oid),
            collation: c.ty.collation,
            lasts: Lasts::of(c),
            made_of: Some(Rc::from([])),
            total: true,
            ..Col::computed(&c.name)
        }
    }

    /// Puts an injection in place of a range variable's name in the text.
    fn replace_range_var(&mut self, var: &pb::RangeVar, part: Part) -> Result<usize, Refusal> {
        let (start, end) = self.range_var_span(var)?;
        self.spell_out_table(start);
        let written = var.alias.is_some();
        let alias = var.alias.clone().unwrap_or_else(|| pb::Alias { aliasname: var.relname.clone(), colnames: vec![] });
        let index = self.inject(part, Some(alias), false);
        let suffix = if written { String::new() } else { format!(" AS {}", quote_ident(&var.relname)) };
        self.edit(start, end, Replacement::Injected(index, suffix));
        Ok(index)
    }

    /// `TABLE name` is short for `SELECT * FROM name`, and takes nothing but a name.
    fn spell_out_table(&mut self, name_start: usize) {
        let tokens = self.tokens();
        let before = tokens.at(name_start).and_then(|i| i.checked_sub(1)).and_then(|i| tokens.list.get(i)).copied();
        if let Some(table) = before.filter(|t| t.kind == pg_query::protobuf::Token::Table) {
            self.edit(table.start, table.end, Replacement::Text("SELECT * FROM".to_owned()));
        }
    }

    /// Byte range of `[ONLY] name [*]` as written.
    pub fn range_var_span(&self, var: &pb::RangeVar) -> Result<(usize, usize), Refusal> {
        use pg_query::protobuf::Token as T;
        let lost = || refusal::not_faithful("a table's name was not found in the text");
        let tokens = self.tokens();
        let first = usize::try_from(var.location).ok().and_then(|at| tokens.at(at)).ok_or_else(lost)?;
        let (mut from, mut to) = (first, first);
        while tokens.kind(to + 1) == Some(T::Ascii46) {
            to += 2;
        }
        if !var.inh {
            let kind = |i: Option<usize>| i.and_then(|i| tokens.kind(i));
            if kind(from.checked_sub(1)) == Some(T::Only) {
                from -= 1;
            } else if kind(from.checked_sub(2)) == Some(T::Only)
                && kind(from.checked_sub(1)) == Some(T::Ascii40)
                && tokens.kind(to + 1) == Some(T::Ascii41)
            {
                (from, to) = (from - 2, to + 1);
            } else {
                return Err(lost());
            }
        } else if tokens.kind(to + 1) == Some(T::Ascii42) {
            to += 1;
        }
        let (Some(a), Some(b)) = (tokens.list.get(from), tokens.list.get(to)) else { return Err(lost()) };
        Ok((a.start, b.end))
    }

    /// An open relation in a statement that may be rewritten: name its schema, so that nothing can slip in between.
    pub fn qualify(&mut self, var: &mut pb::RangeVar, relation: &Relation) {
        if var.schemaname.is_empty()
            && let Ok(at) = usize::try_from(var.location)
        {
            self.edit(at, at, Replacement::Text(format!("{}.", quote_ident(&relation.name.schema))));
            var.schemaname = relation.name.schema.clone();
        }
    }

    /// A view is its definition, over visible tables, in the reader's context.
    pub fn view(&mut self, var: &mut pb::RangeVar, relation: &Relation) -> Result<(Columns, Option<usize>), Refusal> {
        let name = relation.name.to_string();
        let definition = relation.definition.as_deref().ok_or_else(|| refusal::view_locked(&name))?;
        self.reads_changeable = true;
        if self.view_depth >= super::MAX_VIEW_DEPTH {
            return Err(refusal::not_supported(&format!("view {name}"), "it reads too many views inside each other"));
        }
        if self.sources.len() > super::MAX_VIEWS {
            return Err(too_many(super::MAX_VIEWS, "views"));
        }
        let text = definition.trim().trim_end_matches(';').to_owned();
        let parsed = parse::parse(&text)?;
        let [statement] = <[pb::RawStmt; 1]>::try_from(parsed.statements)
            .map_err(|_| refusal::not_supported(&format!("view {name}"), "its definition is not one statement"))?;
        let mut tree = statement.stmt.ok_or_else(|| refusal::undefined_table(&name))?;
        self.sources.push(Source { text, tokens: parsed.tokens, edits: Vec::new() });
        let source = self.sources.len() - 1;
        let (occurrences, injections) = (self.occurrences.len(), self.injections.len());

        // A view's names mean what they meant to its author: fully qualified, no CTE of the reader's.
        let outside = (
            std::mem::replace(&mut self.source, source),
            std::mem::take(&mut self.ctes),
            std::mem::take(&mut self.search_path),
        );
        let (shadowed, pinned) = (self.shadowed.take(), self.pinned);
        let nulls_sizes = std::mem::take(&mut self.nulls_sizes);
        self.view_depth += 1;
        let columns = match inner(&mut tree)? {
            NodeEnum::SelectStmt(select) => self.select(select, &Scope::EMPTY, At::ITEM),
            other => Err(refusal::not_supported(&format!("view {name}"), &kind_of(other))),
        };
        self.view_depth -= 1;
        (self.source, self.ctes, self.search_path) = outside;
        let columns = columns.map_err(|r| Refusal { position: None, ..r }.at(var.location))?;
        let tells_sizes = self.nulls_sizes;
        self.nulls_sizes |= nulls_sizes;
        let money = self.sources.get(source).is_some_and(|s| holds_money(&s.text, &s.tokens));
        // What has no schema in it is PostgreSQL's own.
        let hides_own = self.search_path.iter().skip(1).any(|s| s == "pg_catalog");
        let looked_up = self.sources.get(source).is_some_and(|s| hides_own && holds_constant(&s.text, &s.tokens, &REG));
        if self.occurrences.len() == occurrences && !tells_sizes {
            // It reads nothing protected: PostgreSQL may expand it itself.
            self.injections.truncate(injections);
            (self.shadowed, self.pinned) = (shadowed, pinned);
            self.leaves_by_name(var, relation);
            self.qualify(var, relation);
            return Ok((self.plain_columns(relation), None));
        }
        self.not_shadowed().map_err(|r| r.at(var.location))?;
        if money {
            return Err(refusal::view_holds_money(&name).at(var.location));
        }
        if looked_up {
            let why = "it names a text search configuration, type or the like, which another schema of search_path may have too";
            return Err(refusal::not_supported(&format!("view {name}"), why).at(var.location));
        }
        self.shadowed = shadowed;
        let named: Vec<&str> = relation.columns.iter().map(|c| c.name.as_str()).collect();
        let index = self.replace_range_var(var, Part::View { source, tree })?;
        Ok((columns.renamed(&named).of_relation(relation), Some(index)))
    }

    fn range_subselect(
        &mut self,
        sub: &mut pb::RangeSubselect,
        left: &[Item],
        outer: &Scope<'_>,
    ) -> Result<Item, Refusal> {
        let pb::RangeSubselect { lateral, subquery, alias } = sub;
        let scope = if *lateral { outer.child(left) } else { *outer };
        let query = subquery.as_mut().ok_or_else(|| refusal::not_supported("a subquery", "it is empty"))?;
        let level = self.levels.len();
        let columns = self.query(query, &scope, At::ITEM)?;
        self.beside_level(level);
        Ok(aliased(alias.as_ref(), columns))
    }

    fn table_sample(
        &mut self,
        s: &mut pb::RangeTableSample,
        left: &[Item],
        outer: &Scope<'_>,
    ) -> Result<Vec<Item>, Refusal> {
        let pb::RangeTableSample { relation, method, args, repeatable, location } = s;
        let at = *location;
        if !matches!(names(method).as_slice(), ["system" | "bernoulli"] | ["pg_catalog", "system" | "bernoulli"]) {
            return Err(refusal::not_supported("this sampling method", "only SYSTEM and BERNOULLI are known").at(at));
        }
        // A percentage may be none.
        self.can_fail_here();
        self.exprs(args, outer, At::OPERAND)?;
        if let Some(seed) = repeatable {
            self.expr(seed, outer, At::OPERAND)?;
        }
        let relation = relation.as_mut().ok_or_else(|| refusal::not_supported("TABLESAMPLE", "it samples nothing"))?;
        let items = self.from_item(relation, left, outer)?;
        if matches!(relation.node, Some(NodeEnum::ParamRef(_))) {
            let why = "a sample of the stored rows would tell how many of them are hidden";
            return Err(refusal::not_supported("TABLESAMPLE of a protected table", why).at(at));
        }
        Ok(items)
    }
}

pub fn aliased(alias: Option<&pb::Alias>, columns: Columns) -> Item {
    let renames = alias.map_or(Vec::new(), |a| names(&a.colnames));
    Item {
        alias: alias.map(|a| a.aliasname.as_str().into()),
        relation: None,
        replaced: false,
        occurrence: None,
        stored: false,
        whole: Operand::Row,
        row: None,
        columns: columns.renamed(&renames),
        unqualified: true,
        qualified: alias.is_some(),
    }
}

/// The columns that `*` would show of these items; `None` when one is unknown.
pub fn visible_columns(items: &[Item]) -> Option<Vec<Col>> {
    let mut all = Vec::new();
    for item in items.iter().filter(|i| i.unqualified) {
        match &item.columns {
            Columns::Known(cols) => all.extend(cols.iter().cloned()),
            Columns::Unknown => return None,
        }
    }
    Some(all)
}

/// Types whose constants are names, looked up where they are read.
const REG: [&str; 10] = [
    "regconfig",
    "regdictionary",
    "regclass",
    "regtype",
    "regproc",
    "regprocedure",
    "regoper",
    "regoperator",
    "regcollation",
    "regnamespace",
];

/// Whether a view's text holds a constant of `money`, as PostgreSQL prints one: what it says is a matter of `lc_monetary`, which
/// may be another where the text is read again.
pub fn holds_money(text: &str, tokens: &Tokens) -> bool {
    holds_constant(text, tokens, &["money"])
}

fn holds_constant(text: &str, tokens: &Tokens, types: &[&str]) -> bool {
    use pg_query::protobuf::Token as T;
    let named = |t: &Tok| text.get(t.start..t.end).is_some_and(|name| types.contains(&name));
    tokens.list.windows(3).any(|t| t[0].kind == T::Sconst && t[1].kind == T::Typecast && named(&t[2]))
}

impl Analyser<'_> {
    fn enough(&self) -> Result<(), Refusal> {
        match self.occurrences.len() < super::MAX_OCCURRENCES {
            true => Ok(()),
            false => Err(too_many(super::MAX_OCCURRENCES, "protected relations")),
        }
    }
}

fn too_many(most: usize, what: &str) -> Refusal {
    Refusal::new(
        "too-many-relations",
        refusal::SqlState::STATEMENT_TOO_COMPLEX,
        format!("statement reads more than {most} {what}"),
        "rule too-many-relations: views are counted with what they read",
        "split the statement",
    )
}
