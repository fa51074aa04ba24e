//! Valid consent and objection (contract, section 3) as conditions on one record of a consent source.
//!
//! Written so that PostgreSQL can use an index on (subject, purpose, …): stored columns are compared as stored where
//! that equals comparing them as text.

use crate::engine::catalog::{Catalog, Column, Relation, quote_literal};
use crate::engine::policy::{Channel, ConsentSource};
use crate::engine::refusal::Refusal;

use super::constant;
use super::moment::Moment;
use super::sql::{Names, all, any, as_text, column, is_domain, op, same_key, type_sql};
use super::{column_of, relation_of, stale};

/// Which records of a purpose are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// Of whatever channel, or none.
    AnyChannel,
    /// Of this channel, or with a null channel.
    For(Channel),
    /// Of this channel alone.
    Only(Channel),
    /// With a null channel alone.
    WithoutChannel,
}

/// A consent source with its live columns.
pub struct Choices<'a> {
    catalog: &'a Catalog,
    source: &'a ConsentSource,
    relation: &'a Relation,
    names: &'a Names,
    subject: &'a Column,
    purpose: &'a Column,
    status: &'a Column,
    channel: Option<&'a Column>,
}

impl<'a> Choices<'a> {
    pub fn new(catalog: &'a Catalog, source: &'a ConsentSource, names: &'a Names) -> Result<Self, Refusal> {
        let relation = relation_of(catalog, source.table)?;
        Ok(Self {
            catalog,
            source,
            relation,
            names,
            subject: column_of(relation, &source.subject)?,
            purpose: column_of(relation, &source.purpose)?,
            status: column_of(relation, &source.status)?,
            channel: source.channel.as_deref().map(|name| column_of(relation, name)).transpose()?,
        })
    }

    /// `schema.consents alias`, for a FROM list.
    pub fn from(&self, alias: &str) -> String {
        format!("{} {alias}", self.relation.name.to_sql())
    }

    pub fn subject(&self) -> &'a Column {
        self.subject
    }

    /// Conditions under which the record behind `c` is a valid consent for the purpose, on whatever channel, under one of
    /// `notices` (`None`: any); about whom is the caller's to add.
    pub fn valid(&self, c: &str, purpose: &str, notices: Option<&[String]>) -> Result<Vec<String>, Refusal> {
        let mut tests = vec![self.purpose_is(c, purpose)];
        tests.extend(self.of_some_channel_or_none(c));
        tests.extend(self.granted(c, notices)?);
        tests.extend(self.newest(c, purpose, notices)?);
        if !self.source.objected.is_empty() {
            let o = self.names.alias("against");
            let mut contradicts = vec![same_key((&o, self.subject), (c, self.subject)), self.purpose_is(&o, purpose)];
            contradicts.extend(self.contradicting_channel(&o, c));
            contradicts.extend(self.objected(&o, purpose)?);
            tests.push(self.no_record(&o, &contradicts));
        }
        Ok(tests)
    }

    /// Conditions under which the record behind `o` is an objection for the purpose, on whatever channel.
    pub fn objection(&self, o: &str, purpose: &str) -> Result<Vec<String>, Refusal> {
        let mut tests = vec![self.purpose_is(o, purpose)];
        tests.extend(self.of_some_channel_or_none(o));
        tests.extend(self.objected(o, purpose)?);
        Ok(tests)
    }

    /// The record behind `c` is one of `records`. `None`: every record is.
    pub fn is_of(&self, c: &str, records: Records) -> Option<String> {
        match (self.channel, records) {
            (_, Records::AnyChannel) => None,
            // Without a channel column every record's channel is null.
            (None, Records::For(_) | Records::WithoutChannel) => None,
            (None, Records::Only(_)) => Some("false".to_owned()),
            (Some(of), Records::WithoutChannel) => Some(format!("{} IS NULL", column(c, &of.name))),
            (Some(of), Records::Only(channel)) => Some(self.is_one_of(c, of, &[channel.as_str()])),
            (Some(of), Records::For(channel)) if of.not_null => Some(self.is_one_of(c, of, &[channel.as_str()])),
            (Some(of), Records::For(channel)) => {
                Some(any(&[self.is_one_of(c, of, &[channel.as_str()]), format!("{} IS NULL", column(c, &of.name))]))
            }
        }
    }

    /// True of every record, and said so that partial indexes serve where no other does: two of them, of the records with a
    /// channel and of those without, are what keeps choices unique where the channel may be null.
    fn of_some_channel_or_none(&self, c: &str) -> Option<String> {
        let of = self.channel.filter(|of| !of.not_null && !self.relation.indexed.contains(&self.subject.name))?;
        Some(format!("({0} IS NULL OR {0} IS NOT NULL)", column(c, &of.name)))
    }

    fn purpose_is(&self, c: &str, purpose: &str) -> String {
        self.is_one_of(c, self.purpose, &[purpose])
    }

    /// Granted, not withdrawn, not expired, not of the future, under an accepted notice.
    fn granted(&self, c: &str, notices: Option<&[String]>) -> Result<Vec<String>, Refusal> {
        let s = self.source;
        let mut tests = vec![self.status_in(c, &s.granted)];
        let granted_at = self.moment(c, s.granted_at.as_deref())?;
        if let Some(withdrawn_at) = self.moment(c, s.withdrawn_at.as_deref())? {
            let later = granted_at.as_ref().map(|granted_at| granted_at.compared(">", &withdrawn_at));
            tests.push(match later {
                Some(later) => any(&[withdrawn_at.is_null(), later]),
                None => withdrawn_at.is_null(),
            });
        }
        tests.extend(self.moment(c, s.expires_at.as_deref())?.map(|at| at.still_to_come()));
        tests.extend(granted_at.map(|at| at.not_in_future()));
        tests.extend(self.moment(c, s.recorded_at.as_deref())?.map(|at| at.not_in_future()));
        tests.extend(match (notices, s.notice.as_deref()) {
            (None, _) => None,
            // No notice on record is none of the accepted ones.
            (Some(_), None) => Some("false".to_owned()),
            (Some(accepted), Some(name)) => {
                let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
                Some(self.is_one_of(c, column_of(self.relation, name)?, &accepted))
            }
        });
        Ok(tests)
    }

    /// In a ledger: nothing newer about the same choice, and nothing equally new (or of unknown age) that is no grant.
    fn newest(&self, c: &str, purpose: &str, notices: Option<&[String]>) -> Result<Option<String>, Refusal> {
        let n = self.names.alias("newer");
        let (Some(mine), Some(its)) = self.recorded(c, &n)? else { return Ok(None) };
        let grant = all(&self.granted(&n, notices)?);
        let tie = if its.not_null {
            its.compared("=", &mine)
        } else {
            format!("({}) IS NOT TRUE", its.compared("<>", &mine))
        };
        let refusal = format!("({tie} AND ({grant}) IS NOT TRUE)");
        let mut tests = self.same_choice(&n, c, purpose);
        tests.push(any(&[its.compared(">", &mine), refusal]));
        Ok(Some(self.no_record(&n, &tests)))
    }

    /// Status, and in a ledger: nothing newer about the same choice (of two equally new ones the refusal counts).
    fn objected(&self, o: &str, purpose: &str) -> Result<Vec<String>, Refusal> {
        let mut tests = vec![self.status_in(o, &self.source.objected)];
        let n = self.names.alias("after_objection");
        if let (Some(mine), Some(its)) = self.recorded(o, &n)? {
            let mut newer = self.same_choice(&n, o, purpose);
            newer.push(its.compared(">", &mine));
            tests.push(self.no_record(&n, &newer));
        }
        Ok(tests)
    }

    fn recorded(&self, mine: &str, its: &str) -> Result<(Option<Moment>, Option<Moment>), Refusal> {
        let name = self.source.recorded_at.as_deref();
        Ok((self.moment(mine, name)?, self.moment(its, name)?))
    }

    /// The record behind `n` is of the same subject, purpose and channel as the one behind `c`.
    fn same_choice(&self, n: &str, c: &str, purpose: &str) -> Vec<String> {
        let mut tests = vec![same_key((n, self.subject), (c, self.subject)), self.purpose_is(n, purpose)];
        tests.extend(self.channel.map(|of| {
            let equal = op(&as_text(n, of), "=", &as_text(c, of));
            if of.not_null {
                return equal;
            }
            format!("({equal} OR ({} IS NULL AND {} IS NULL))", column(n, &of.name), column(c, &of.name))
        }));
        tests
    }

    /// The objection behind `o` is for the channel of the record behind `c`, or has a null channel.
    fn contradicting_channel(&self, o: &str, c: &str) -> Option<String> {
        let of = self.channel?;
        let equal = op(&as_text(o, of), "=", &as_text(c, of));
        Some(any(&[format!("{} IS NULL", column(o, &of.name)), equal]))
    }

    fn no_record(&self, alias: &str, tests: &[String]) -> String {
        format!("NOT EXISTS (SELECT 1 FROM {} WHERE {})", self.from(alias), tests.join(" AND "))
    }

    fn status_in(&self, c: &str, values: &[String]) -> String {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        self.is_one_of(c, self.status, &values)
    }

    fn moment(&self, c: &str, name: Option<&str>) -> Result<Option<Moment>, Refusal> {
        let Some(name) = name else { return Ok(None) };
        let of = column_of(self.relation, name)?;
        Moment::of(c, of)
            .map(Some)
            .ok_or_else(|| stale(format!("{}.{name} holds no point in time", self.relation.name)))
    }

    /// The column, read as text, is one of `values`. (A date's text is as the session's `DateStyle` wants it: it is none.)
    fn is_one_of(&self, c: &str, of: &Column, values: &[&str]) -> String {
        let is_date = of.ty.base == "date";
        let (value, ty) = match self.is_enum_with(of, values) {
            true => (column(c, &of.name), type_sql(&of.ty)),
            false if is_date => (column(c, &of.name), "pg_catalog.date".to_owned()),
            false => (as_text(c, of), "pg_catalog.text".to_owned()),
        };
        let readable = values.iter().filter(|v| !is_date || constant::is_date(v));
        let literals: Vec<String> = readable.map(|v| format!("{}::{ty}", quote_literal(v))).collect();
        match literals.as_slice() {
            [] => "false".to_owned(),
            [one] => op(&value, "=", one),
            many => format!("{value} OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::{ty}[])", many.join(", ")),
        }
    }

    /// An enum that has all of `values` as labels can be compared as stored, so that indexes serve. One without them
    /// is compared as text: they may be added to it at any time.
    fn is_enum_with(&self, of: &Column, values: &[&str]) -> bool {
        let is_enum = of.ty.kind == 'e' && !is_domain(&of.ty);
        let labels = self.catalog.data().types.iter().find(|t| is_enum && t.oid == of.ty.oid).map(|t| &t.labels);
        labels.is_some_and(|labels| values.iter().all(|v| labels.iter().any(|l| l == v)))
    }
}
