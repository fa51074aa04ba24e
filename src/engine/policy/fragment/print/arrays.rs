//! What is asked of an array, in SQL's three-valued logic.

use pg_query::NodeEnum;
use pg_query::protobuf::{AArrayExpr, AExpr, AExprKind, Node};

use super::kinds::Kind;
use super::{Done, Printer};

/// What is replaced in an array: the element by null, nulls by the element, or it by itself.
#[derive(PartialEq, Eq)]
enum Replaces {
    It,
    Nulls,
    Nothing,
}

impl Printer<'_> {
    /// `x = ANY (ARRAY[…])`, written out; of other arrays only whether an element is among them.
    pub(super) fn any_of_array(&mut self, e: &AExpr, operator: &str) -> Done {
        let word = if e.kind() == AExprKind::AexprOpAny { " OR " } else { " AND " };
        if let Kind::Array(of) = self.kind_of_operand(&e.rexpr)
            && (of.is_moment() || of.is_opaque())
            && *of != self.kind_of_operand(&e.lexpr)
            && !matches!(e.rexpr.as_deref(), Some(Node { node: Some(NodeEnum::AArrayExpr(_)) }))
        {
            return Err("cast what is looked for to the type of the array's elements".into());
        }
        match (e.rexpr.as_deref(), e.kind(), operator) {
            (Some(Node { node: Some(NodeEnum::AArrayExpr(AArrayExpr { elements, .. })) }), _, _)
                if !elements.is_empty() =>
            {
                self.compare_each(e, operator, elements, word)
            }
            (_, AExprKind::AexprOpAny, "=") => self.among(e),
            (_, AExprKind::AexprOpAll, "<>") => {
                self.sql("(NOT ");
                self.among(e)?;
                self.sql(")");
                Ok(())
            }
            _ => Err("of arrays that are not written out, it may only ask `= ANY` and `<> ALL`".into()),
        }
    }

    /// `x = ANY (array)` in SQL's three-valued logic: false for an empty array, null where a null could be the element. Found
    /// by what replacing it changes, which arrays of any dimensions bear (`array_position` fails on several of them).
    fn among(&mut self, e: &AExpr) -> Done {
        self.sql("(CASE WHEN \"pg_catalog\".\"cardinality\"(");
        self.operand(&e.rexpr)?;
        self.sql(") OPERATOR(pg_catalog.=) 0 THEN false WHEN (");
        self.operand(&e.lexpr)?;
        self.sql(" IS NULL OR ");
        self.operand(&e.rexpr)?;
        self.sql(" IS NULL) THEN NULL WHEN ");
        self.replaced(e, Replaces::It)?;
        self.sql(" OPERATOR(pg_catalog.<>) ");
        self.replaced(e, Replaces::Nothing)?;
        self.sql(" THEN true WHEN ");
        self.replaced(e, Replaces::Nulls)?;
        self.sql(" OPERATOR(pg_catalog.<>) ");
        self.replaced(e, Replaces::Nothing)?;
        self.sql(" THEN NULL ELSE false END)");
        Ok(())
    }

    fn replaced(&mut self, e: &AExpr, what: Replaces) -> Done {
        self.sql("\"pg_catalog\".\"array_replace\"(");
        self.operand(&e.rexpr)?;
        for is_null in [what == Replaces::Nulls, what == Replaces::It] {
            self.sql(", ");
            if is_null { self.sql("NULL") } else { self.operand(&e.lexpr)? }
        }
        self.sql(")");
        Ok(())
    }
}
