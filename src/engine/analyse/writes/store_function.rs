//! `store_requires` of `INSERT … SELECT * FROM unnest($1, $2)`, in which Django writes many rows: its columns are given names,
//! and the select list is spelled out, so that the value which leads to the subject can be tested.

use pg_query::protobuf as pb;
use pg_query::protobuf::Token;
use pg_query::{Node, NodeEnum};

use super::super::scope::Columns;
use super::super::{Analyser, Replacement, ours};
use super::store::{Test, plainly};
use super::target::Protected;
use crate::engine::catalog::Operand;
use crate::engine::refusal::Refusal;

/// What the function's row is called.
const ALIAS: &str = "\"consentry_f\"";

/// Whether a query is `SELECT * FROM function(…)` and nothing else, without any names of the client's.
pub fn only_function(select: &pb::SelectStmt) -> bool {
    let pb::SelectStmt { target_list, from_clause, .. } = select;
    let [item] = target_list.as_slice() else { return false };
    let star = match &item.node {
        Some(NodeEnum::ResTarget(t)) => match t.val.as_ref().and_then(|v| v.node.as_ref()) {
            Some(NodeEnum::ColumnRef(r)) => matches!(r.fields.as_slice(), [Node { node: Some(NodeEnum::AStar(_)) }]),
            _ => false,
        },
        _ => false,
    };
    let [Node { node: Some(NodeEnum::RangeFunction(f)) }] = from_clause.as_slice() else { return false };
    let unnamed = f.alias.is_none() && f.coldeflist.is_empty() && !f.is_rowsfrom && !f.ordinality && !f.lateral;
    let alone = pb::SelectStmt {
        target_list: target_list.clone(),
        from_clause: from_clause.clone(),
        limit_option: select.limit_option,
        op: select.op,
        ..pb::SelectStmt::default()
    };
    star && unnamed && *select == alone
}

impl<'e> Analyser<'e> {
    /// Tests the value at `place` of such a query, which puts out these columns and stands somewhere after token `from`.
    pub fn check_function(
        &mut self,
        select: &mut pb::SelectStmt,
        p: &Protected<'e>,
        (place, given): (usize, &Columns),
        test: &Test,
    ) -> Result<(), Refusal> {
        let Columns::Known(given) = given else { return Err(plainly()) };
        let (star, end) = self.star_and_end(p.after)?;
        let names: Vec<String> = (0..given.len()).map(|i| format!("c{i}")).collect();
        let column = |name: &String| format!("{ALIAS}.\"{name}\"");
        let (before, behind) = names.split_at_checked(place).ok_or_else(plainly)?;
        let (tested, behind) = behind.split_first().ok_or_else(plainly)?;
        let before: String = before.iter().map(|name| format!("{}, ", column(name))).collect();
        let behind: String = behind.iter().map(|name| format!(", {}", column(name))).collect();

        let mut list = Vec::with_capacity(names.len());
        for name in &names {
            list.push(Node { node: Some(ours::filled(&column(name), [])?) });
        }
        // What is wrong with the value is so where the star stands.
        self.edit(star.0, star.0, Replacement::Text(before));
        let value = list.get_mut(place).ok_or_else(plainly)?;
        let test = self.test_of(value, given.get(place).map_or(Operand::Any, |c| c.operand), p, test);
        self.surround(value, (star.0, star.0), &column(tested), &test)?;
        self.edit(star.0, star.1, Replacement::Text(behind));
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        self.edit(end, end, Replacement::Text(format!(" AS {ALIAS}({})", quoted.join(", "))));

        select.target_list = list.into_iter().map(item).collect();
        if let [Node { node: Some(NodeEnum::RangeFunction(f)) }] = select.from_clause.as_mut_slice() {
            let string = |name: String| Node { node: Some(NodeEnum::String(pb::String { sval: name })) };
            let aliasname = ALIAS.trim_matches('"').to_owned();
            f.alias = Some(pb::Alias { aliasname, colnames: names.into_iter().map(string).collect() });
        }
        Ok(())
    }

    /// The bytes of the star, and where the function's call ends.
    fn star_and_end(&self, from: usize) -> Result<((usize, usize), usize), Refusal> {
        let select = self.clause_end(from, &[Token::Select]);
        let begin = self.clause_end(select + 1, &[Token::From]);
        let end = self.clause_end(begin + 1, &[Token::On, Token::Returning]);
        let kinds = [select, select + 1, begin, end.saturating_sub(1)].map(|i| self.tokens().kind(i));
        match kinds == [Token::Select, Token::Ascii42, Token::From, Token::Ascii41].map(Some) && begin == select + 2 {
            true => Ok((self.token_span(select + 1, select + 2)?, self.token_span(begin, end)?.1)),
            false => Err(plainly()),
        }
    }
}

fn item(value: Node) -> Node {
    let target = pb::ResTarget { val: Some(Box::new(value)), ..pb::ResTarget::default() };
    Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }
}
