//! What hides a person's rows stays as long as there are such rows: their objections, withdrawals and other no, and a
//! restriction (GDPR Art. 18, 21). Erasing them alone would show the rest to those who did not see it before.

use std::collections::BTreeSet;

use tokio_postgres::Transaction;

use crate::engine::catalog::{Column, Oid, quote_ident};
use crate::engine::policy::erasing::{counts_as, holds_choices};
use crate::engine::policy::{SubjectKind, SubjectPath, TablePolicy};
use crate::engine::visible::sql::{as_text, op, same_key};

use super::fault::Fault;
use super::path::{leads_to_key, tables_of};
use super::sweep::{Reason, Sweep, is, keep, not_marked};
use super::target::{Target, column, relation_of_kind};

/// Rows that hide others.
struct Hiding {
    /// The table as which they are marked.
    root: Oid,
    /// Their table as SQL.
    from: String,
    /// Which of its rows, behind the alias `c`, do.
    which: String,
    /// Where they hold the person's key.
    key: Column,
}

impl Sweep<'_> {
    /// Takes the mark off rows that hide rows that stay.
    pub(super) async fn unmark_hiding(&self, tx: &Transaction<'_>, tables: &BTreeSet<Oid>) -> Result<u64, Fault> {
        let mut kept = 0;
        for kind in self.rules.policy.subjects.values() {
            for hiding in self.hiding(kind)?.iter().filter(|h| tables.contains(&h.root)) {
                for (table, stays) in self.person_stays(kind, &hiding.key)? {
                    let which = format!("{} AND {} AND {stays}", is("d", "c"), hiding.which);
                    kept += keep(tx, &format!("{} AS c", hiding.from), &which, table, Reason::Hides).await?;
                }
            }
        }
        Ok(kept)
    }

    /// Takes the mark off rows of a ledger, where the newest counts, as long as an older one stays: that would count again,
    /// though what followed it is over. One for all channels and one for a single channel bear on each other.
    pub(super) async fn unmark_newer(&self, tx: &Transaction<'_>, tables: &BTreeSet<Oid>) -> Result<u64, Fault> {
        let mut kept = 0;
        for kind in self.rules.policy.subjects.values().filter(|kind| kind.consent.is_some()) {
            let target = Target::of(self.rules.policy, self.rules.catalog, &kind.name)?;
            let source = target.source;
            let root = counts_as(self.rules.catalog, self.rules.policy, source.table);
            let Some(recorded) = source.recorded_at.as_ref().filter(|_| tables.contains(&root)) else { continue };
            let subject = target.column(&source.subject)?;
            let same_text = |of: &Column| op(&as_text("o", of), "=", &as_text("c", of));
            let mut tests = vec![same_key(("o", subject), ("c", subject)), same_text(target.column(&source.purpose)?)];
            if let Some(channel) = &source.channel {
                let (same, name) = (same_text(target.column(channel)?), quote_ident(channel));
                tests.push(format!("({same} OR o.{name} IS NULL OR c.{name} IS NULL)"));
            }
            // Of the same moment, or of none: either may be the older.
            tests.push(format!("(o.{0} > c.{0}) IS NOT TRUE", quote_ident(recorded)));
            let from = target.table();
            let which = format!(
                "{} AND EXISTS (SELECT FROM {from} AS o WHERE {} AND {})",
                is("d", "c"),
                tests.join(" AND "),
                not_marked("o", "'d', 'n'")
            );
            kept += keep(tx, &format!("{from} AS c"), &which, root, Reason::Older).await?;
        }
        Ok(kept)
    }

    fn hiding(&self, kind: &SubjectKind) -> Result<Vec<Hiding>, Fault> {
        let mut all = Vec::new();
        if kind.consent.is_some() {
            let target = Target::of(self.rules.policy, self.rules.catalog, &kind.name)?;
            all.push(Hiding {
                root: counts_as(self.rules.catalog, self.rules.policy, target.source.table),
                from: target.table(),
                which: format!("NOT {}", says_yes(&target, "c")?),
                key: target.column(&target.source.subject)?.clone(),
            });
        }
        if let Some(restricted_when) = &kind.restricted_when {
            let restricted = restricted_when.to_sql(|name| format!("c.{}", quote_ident(name)), "");
            all.push(Hiding {
                root: counts_as(self.rules.catalog, self.rules.policy, kind.table),
                from: kind.table_name.to_sql(),
                which: format!("{restricted} IS NOT FALSE"),
                key: column(relation_of_kind(self.rules.catalog, kind)?, &kind.key)?.clone(),
            });
        }
        Ok(all)
    }

    /// For each table with rows about people of this kind: that one of the person whose key is in `c` stays.
    pub(super) fn person_stays(&self, kind: &SubjectKind, key: &Column) -> Result<Vec<(Oid, String)>, Fault> {
        let tables = tables_of(self.rules.policy, kind, &self.unfilled).into_iter();
        let others = tables.filter(|(table, _)| !holds_choices(self.rules.catalog, self.rules.policy, table.relation));
        others
            .map(|(table, path)| {
                let leads = leads_to_key(self.rules.catalog, table, path, &|holder, alias| {
                    same_key((alias, holder), ("c", key))
                })?;
                let gone = if self.loses_person(table, path)? { "'d', 'n'" } else { "'d'" };
                let (name, stays) = (table.name.to_sql(), not_marked("t", gone));
                let stays = format!("EXISTS (SELECT FROM {name} AS t WHERE {leads} AND {stays})");
                Ok((table.relation, stays))
            })
            .collect()
    }

    /// Whether a row of the table, once it is emptied, leads to nobody.
    fn loses_person(&self, table: &TablePolicy, path: &SubjectPath) -> Result<bool, Fault> {
        let link = path.hops.first().map_or(&path.column, |hop| &hop.from);
        Ok(self.rules.emptied_columns(table)?.iter().any(|emptied| emptied.name == *link && !emptied.not_null))
    }
}

/// The record behind `row` is a consent that was not withdrawn. Whether it has begun, or is over, is no matter.
fn says_yes(target: &Target<'_>, row: &str) -> Result<String, Fault> {
    let source = target.source;
    let (status, yes) = (quote_ident(&source.status), target.granted_list());
    let mut tests = vec![format!("{row}.{status}::pg_catalog.text IN ({yes})")];
    if let Some(withdrawn) = &source.withdrawn_at {
        let withdrawn = target.instant_of(row, withdrawn)?;
        let granted = match &source.granted_at {
            Some(granted) => target.instant_of(row, granted)?,
            None => "NULL::timestamptz".to_owned(),
        };
        tests.push(format!("({withdrawn} IS NULL OR {granted} > {withdrawn})"));
    }
    Ok(format!("COALESCE({}, false)", tests.join(" AND ")))
}
