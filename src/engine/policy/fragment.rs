//! SQL fragments of a policy (`rows`, `restricted_when`, `hold_when`, `{ sql = … }`): one expression over allow-listed
//! parts, printed anew so that no name in it depends on a session's `search_path`.
//!
//! PostgreSQL's grammar reads the fragment; this file walks its tree, and what it does not know is refused. Constructs
//! whose operator cannot be qualified (`IN`, `BETWEEN`, `LIKE`, `CASE x WHEN`) are printed as what they stand for.

mod print;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::super::catalog::{Catalog, ColumnType, Relation, quote_ident};
use super::super::parse as parser;
use super::{Piece, SqlFragment};

/// Longest fragment, in bytes: a policy's condition is a line, not a program.
const MAX_BYTES: usize = 4096;
/// What `{}` becomes while PostgreSQL's grammar reads a mask: a word of its own, whatever stands next to it.
const VALUE_MARK: &str = " $1 ";

/// What names a fragment may use.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Columns of this table.
    Table(&'a Relation),
    /// Columns of a table that was not found: any.
    SomeTable,
    /// `{}`, the stored value; its type, where it is known yet.
    Value(Option<&'a ColumnType>),
}

impl SqlFragment {
    /// A condition over `table`'s columns (unqualified names). The error says what is wrong, for people.
    pub fn condition(text: &str, table: &Relation, catalog: &Catalog) -> Result<Self, String> {
        Self::read(text, text, Scope::Table(table), catalog)
    }

    /// What is wrong with a condition whatever the columns of its table are, which was not found.
    pub fn condition_somewhere(text: &str, catalog: &Catalog) -> Result<(), String> {
        Self::read(text, text, Scope::SomeTable, catalog).map(|_| ())
    }

    /// A domain's check, over the one column of `word`; whether it may fail on a value that is none of the domain's.
    pub fn check(text: &str, word: &Relation, catalog: &Catalog) -> Result<(Self, bool), String> {
        parser::on_roomy_stack(usize::MAX, || {
            let mut printer = print::Printer::new(Scope::Table(word), catalog).trying();
            printer.expression(&parse(text)?)?;
            let (_, may_fail) = printer.into_parts();
            Ok((Self::condition(text, word, catalog)?, may_fail))
        })
    }

    /// A mask over the stored value `{}` of some type: what depends on it is told by [`SqlFragment::over`].
    pub fn mask(text: &str, catalog: &Catalog) -> Result<Self, String> {
        if !text.contains("{}") {
            return Err("the stored value `{}` does not stand in it".into());
        }
        if text.contains('$') {
            return Err("`$` cannot be used in a mask".into());
        }
        Self::read(text, &text.replace("{}", VALUE_MARK), Scope::Value(None), catalog)
    }

    /// The same mask over a column of this type, so that no setting of a client changes it. The error says why it cannot be.
    pub fn over(&self, ty: &ColumnType, catalog: &Catalog) -> Result<Self, String> {
        Self::read(&self.text, &self.text.replace("{}", VALUE_MARK), Scope::Value(Some(ty)), catalog)
    }

    fn read(text: &str, sql: &str, scope: Scope<'_>, catalog: &Catalog) -> Result<Self, String> {
        // Whatever the depth of what PostgreSQL's grammar hands over, reading and dropping it must not overflow.
        parser::on_roomy_stack(usize::MAX, || Self::read_on_this_stack(text, sql, scope, catalog))
    }

    fn read_on_this_stack(text: &str, sql: &str, scope: Scope<'_>, catalog: &Catalog) -> Result<Self, String> {
        let expression = parse(sql)?;
        let mut printer = print::Printer::new(scope, catalog);
        match scope {
            Scope::Value(Some(ty)) => printer.result(&expression, ty)?,
            Scope::Value(None) | Scope::Table(_) | Scope::SomeTable => printer.expression(&expression)?,
        }
        let (pieces, computes) = printer.into_parts();
        let mut fragment = Self { text: text.to_owned(), pieces, computes };
        fragment.pieces.retain(|p| !matches!(p, Piece::Sql(sql) if sql.is_empty()));
        match scope {
            Scope::Value(_) if !fragment.pieces.contains(&Piece::Value) => {
                Err("the stored value `{}` stands only inside of a literal".into())
            }
            _ => fragment.read_by_the_second_parser(),
        }
    }

    /// What is printed must be readable by both parsers, or no statement that it is put into could leave.
    fn read_by_the_second_parser(self) -> Result<Self, String> {
        let sql = self.to_sql(quote_ident, "\"value\"");
        let mut parser = Parser::new(&PostgreSqlDialect {})
            .try_with_sql(&sql)
            .map_err(|_| "it has parts that are not supported behind the proxy")?;
        match parser.parse_expr() {
            Ok(_) if parser.peek_token().token == sqlparser::tokenizer::Token::EOF => Ok(self),
            Ok(_) | Err(_) => Err("it has parts that are not supported behind the proxy".into()),
        }
    }
}

/// The one expression that `sql` is.
fn parse(sql: &str) -> Result<Node, String> {
    if sql.len() > MAX_BYTES {
        return Err(format!("it is longer than {MAX_BYTES} bytes"));
    }
    let expression = only_target(&format!("SELECT ({sql}\n)"))?;
    // Blanks in the place of the parentheses: where all stands as it stood, equal trees are equal with their positions.
    match only_target(&format!("SELECT  {sql}\n ")) {
        Ok(bare) if bare == expression => Ok(expression),
        Ok(_) | Err(_) => Err(format!("{NOT_ONE} by itself: its parentheses do not pair")),
    }
}

/// The one expression that a statement selects.
fn only_target(sql: &str) -> Result<Node, String> {
    let mut targets = select_targets(sql)?;
    match (targets.pop(), targets.is_empty()) {
        (Some(Node { node: Some(NodeEnum::ResTarget(target)) }), true)
            if target.name.is_empty() && target.indirection.is_empty() =>
        {
            target.val.map(|value| *value).ok_or_else(|| "it is empty".into())
        }
        _ => Err(NOT_ONE.into()),
    }
}

const NOT_ONE: &str = "it is not one expression";

/// The targets of a statement that must be nothing but `SELECT <targets>`.
fn select_targets(sql: &str) -> Result<Vec<Node>, String> {
    let mut select = select(sql)?;
    let targets = std::mem::take(&mut select.target_list);
    let mut nothing_else = self::select("SELECT 1")?;
    nothing_else.target_list.clear();
    if select == nothing_else { Ok(targets) } else { Err(NOT_ONE.into()) }
}

fn select(sql: &str) -> Result<SelectStmt, String> {
    let mut parsed = parser::parse(sql).map_err(|refusal| refusal.message)?;
    if !parsed.tokens.comments.is_empty() {
        return Err("comments are not allowed in it".into());
    }
    let statement = parsed.statements.pop().and_then(|s| s.stmt).and_then(|s| s.node);
    match (statement, parsed.statements.is_empty()) {
        (Some(NodeEnum::SelectStmt(select)), true) => Ok(*select),
        _ => Err(NOT_ONE.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::catalog::{CatalogData, Column, ColumnType, QualifiedName, RelationKind};
    use super::*;

    fn column(name: &str) -> Column {
        let ty = ColumnType {
            sql: "text".into(),
            name: "text".into(),
            base: "text".into(),
            kind: 'b',
            length: None,
            oid: 25,
            typmod: -1,
            deterministic: true,
            collation: 100,
        };
        Column {
            name: name.into(),
            number: 1,
            ty,
            not_null: false,
            generated: false,
            computed: false,
            computed_from: vec![],
            has_default: false,
        }
    }

    fn table() -> Relation {
        Relation {
            oid: 20000,
            name: QualifiedName::new("public", "t"),
            kind: RelationKind::Table,
            columns: vec![column("a"), column("Odd")],
            primary_key: vec![],
            unique_keys: vec![],
            arbiters: vec![],
            indexed: vec![],
            indexes: vec![],
            serves: vec![],
            rows: 0,
            foreign_keys: vec![],
            together: vec![],
            partition_key: vec![],
            parents: vec![],
            definition: None,
            check_option: None,
            extension: None,
            has_triggers: false,
            has_own_triggers: false,
            set_where_it_comes: Vec::new(),
            set_by_triggers: vec![],
            has_rules: false,
            row_security: false,
            version: 0,
        }
    }

    fn condition(text: &str) -> Result<String, String> {
        let fragment = SqlFragment::condition(text, &table(), &Catalog::new(CatalogData::default()))?;
        Ok(fragment.to_sql(|c| format!("r.{c}"), ""))
    }

    fn mask(text: &str) -> Result<String, String> {
        Ok(SqlFragment::mask(text, &Catalog::new(CatalogData::default()))?.to_sql(str::to_owned, "v"))
    }

    #[test]
    fn every_operator_and_function_is_qualified() {
        assert_eq!(condition("a = 'x'").unwrap(), "((r.a OPERATOR(pg_catalog.=) 'x'))");
        assert_eq!(
            condition("lower(a) LIKE 'x%'").unwrap(),
            "((\"pg_catalog\".\"lower\"(r.a) OPERATOR(pg_catalog.~~) 'x%'))"
        );
        assert_eq!(
            condition("a IN ('x', 'y') AND \"Odd\" IS NOT NULL").unwrap(),
            "((((r.a OPERATOR(pg_catalog.=) 'x') OR (r.a OPERATOR(pg_catalog.=) 'y')) AND (r.Odd IS NOT NULL)))"
        );
        assert_eq!(
            condition("a NOT IN ('x', 'y')").unwrap(),
            "(((r.a OPERATOR(pg_catalog.<>) 'x') AND (r.a OPERATOR(pg_catalog.<>) 'y')))"
        );
        assert_eq!(
            condition("a::int > -1").unwrap(),
            "((CAST(r.a AS \"pg_catalog\".\"int4\") OPERATOR(pg_catalog.>) (-1)))"
        );
    }

    /// In SQL's three-valued logic; that PostgreSQL agrees is tested in `tests/policies/fragments.rs`.
    #[test]
    fn arrays_that_are_not_written_out() {
        assert!(condition("'x' = ANY (\"Odd\")").unwrap().contains("array_replace"));
        assert!(condition("a <> ALL (\"Odd\")").unwrap().starts_with("((NOT (CASE"));
        assert!(condition("a > ANY (\"Odd\")").is_err());
    }

    #[test]
    fn masks_know_the_value_only() {
        assert_eq!(mask("left({}, 2)").unwrap(), "(\"pg_catalog\".\"left\"((v), 2))");
        assert_eq!(mask("{} || '{}'").unwrap(), "(((v) OPERATOR(pg_catalog.||) '{}'))", "a literal stays as it is");
        assert!(mask("left(a, 2)").is_err());
        assert!(mask("'{}'").is_err(), "only inside of a literal");
        assert!(mask("$1 || {}").is_err());
        for text in ["{}{}", "{}2", "left({}1, 2)", "lower{}", "{} {}", "{}) || ({}", "left({}, 2)) || ({}", "{} -- x"]
        {
            assert!(mask(text).is_err(), "{text}");
        }
        assert_eq!(mask("-{}").unwrap(), "((0 OPERATOR(pg_catalog.-) (v)))");
    }

    #[test]
    fn not_one_expression() {
        for text in [
            "",
            "a, a",
            "a; SELECT 1",
            "a) , (a",
            "a = 'x') OR (true",
            "a = 'x') IS NULL OR (true",
            "(a = 'x')) OR ((true",
            "a = 'x') OR (true -- x",
            "a = 'x') OR (true;",
            "a) FROM t WHERE (true",
            "a -- x",
            "a /* x */",
            "a) UNION SELECT (1",
            "a IN (SELECT 1)",
            "EXISTS (SELECT 1)",
            "(SELECT 1)",
            "count(*) > 1",
            "count(a) OVER () > 1",
            "sum(a) > 1",
            "b = 1",
            "t.a = 'x'",
            "$1",
            "pg_sleep(1) IS NULL",
            "a::regclass IS NULL",
            "(a, a)",
            "public.f(a)",
            "current_user = 'x'",
            "a COLLATE \"C\" = 'x'",
            "a = ",
            "* = 1",
        ] {
            assert!(condition(text).is_err(), "{text}");
        }
    }

    #[test]
    fn too_deep_is_an_error() {
        assert!(condition(&format!("{}true", "NOT ".repeat(900))).is_err());
        assert!(condition(&format!("a = '{}'", "x".repeat(5000))).is_err());
    }
}
