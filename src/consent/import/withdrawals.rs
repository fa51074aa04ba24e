//! What the withdrawals of a file mean, among the file's other choices and those on record.

use crate::consent::fault::Fault;
use crate::engine::catalog::{quote_ident, quote_literal};

use super::merge::{Merge, STAGE};
use crate::consent::choice::Act;

impl Merge<'_> {
    /// Lines that take one channel out of a consent for all channels that was given before and goes on to allow it: no
    /// later no for all channels stands behind it in the file or, of a ledger, on record. A union of two semi-joins:
    /// PostgreSQL runs an OR of EXISTS line by line when it does not fit into memory.
    pub fn withdrawn_from_general(&self) -> Result<Option<String>, Fault> {
        let source = self.target.source;
        let Some(channel) = &source.channel else { return Ok(None) };
        let yes = |row: &str| {
            format!("{row}.{}::pg_catalog.text IN ({})", quote_ident(&source.status), self.target.granted_list())
        };
        let general = |row: &str| {
            Ok::<_, Fault>(format!(
                "{row}.{subject} = {key} AND {row}.{purpose}::pg_catalog.text = s.purpose AND {row}.{channel} IS NULL",
                subject = quote_ident(&source.subject),
                key = self.value("subject")?,
                purpose = quote_ident(&source.purpose),
                channel = quote_ident(channel),
            ))
        };
        let (table, said) = (self.target.table(), self.said_at("t")?);
        let ended_on_record = match &source.recorded_at {
            Some(_) => format!(
                "AND NOT EXISTS (SELECT FROM {table} AS n WHERE {} AND ({}) IS NOT TRUE AND {} >= {said})",
                general("n")?,
                yes("n"),
                self.said_at("n")?
            ),
            // Of a state table's rows that stand side by side, one yes is enough.
            None => String::new(),
        };
        Ok(Some(format!(
            "WITH ended AS (SELECT subject, purpose, pg_catalog.max(time) AS time FROM {STAGE}
                             WHERE channel IS NULL AND NOT grants GROUP BY subject, purpose),
                  s AS (SELECT w.line, w.subject, w.purpose, w.time, ended.time AS ended
                          FROM {STAGE} AS w LEFT JOIN ended ON ended.subject = w.subject AND ended.purpose = w.purpose
                         WHERE w.withdraws AND w.channel IS NOT NULL)
             SELECT s.line FROM s WHERE EXISTS (SELECT FROM {STAGE} AS o
                WHERE o.grants AND o.channel IS NULL AND o.subject = s.subject AND o.purpose = s.purpose
                  AND o.time <= s.time AND (s.ended IS NULL OR s.ended < o.time))
              UNION
             SELECT s.line FROM s WHERE EXISTS (SELECT FROM {table} AS t
                WHERE {of_all} AND {yes} AND (s.ended IS NULL OR s.ended < {said})
                  AND ({said} > s.time AND {said} <= statement_timestamp()) IS NOT TRUE {ended_on_record})
              ORDER BY 1",
            of_all = general("t")?,
            yes = yes("t"),
        )))
    }

    /// A withdrawal without channel is one of every channel on record or in the file.
    pub fn spread_withdrawals(&self) -> Result<Option<String>, Fault> {
        let source = self.target.source;
        let Some(channel) = &source.channel else { return Ok(None) };
        Ok(Some(format!(
            "INSERT INTO {STAGE}
             SELECT s.line, s.subject, s.purpose, c.channel, s.status, s.grants, s.withdraws, s.time, s.expires,
                    s.notice, s.source, s.recipient, s.event
               FROM {STAGE} AS s JOIN (
                    SELECT o.subject, o.purpose, o.channel FROM {STAGE} AS o WHERE o.channel IS NOT NULL
                    UNION
                    SELECT s.subject, s.purpose, t.{channel}::pg_catalog.text
                      FROM {STAGE} AS s JOIN {table} AS t ON t.{subject} = {key} AND t.{purpose}::pg_catalog.text = s.purpose
                     WHERE s.withdraws AND s.channel IS NULL AND t.{channel} IS NOT NULL
                    ) AS c ON c.subject = s.subject AND c.purpose = s.purpose
              WHERE s.withdraws AND s.channel IS NULL",
            channel = quote_ident(channel),
            table = self.target.table(),
            subject = quote_ident(&source.subject),
            key = self.value("subject")?,
            purpose = quote_ident(&source.purpose),
        )))
    }

    /// Whoever has objected and withdraws says no twice, which lifts nothing: the withdrawal is an objection too, as that of
    /// `Choice::plan` is. `None`: nothing on record or in the file can be an objection.
    pub fn keep_objections(&self) -> Result<Option<String>, Fault> {
        let source = self.target.source;
        if source.objected.is_empty() {
            return Ok(None);
        }
        let status = format!("t.{}::pg_catalog.text", quote_ident(&source.status));
        Ok(Some(format!(
            "WITH said AS (
                 SELECT s.ctid AS place, s.subject, s.purpose, s.channel, s.time, s.grants, s.withdraws FROM {STAGE} AS s
                  UNION ALL
                 SELECT NULL, s.subject, s.purpose, s.channel, COALESCE({at}, '-infinity'),
                        {status} IN ({granted}), {status} NOT IN ({objected})
                   FROM (SELECT DISTINCT subject, purpose, channel FROM {STAGE} WHERE withdraws) AS s
                   JOIN {table} AS t ON {same} AND {status} IN ({granted}, {objected})
             ), last AS (
                 SELECT place, withdraws, pg_catalog.max(time) FILTER (WHERE NOT grants AND NOT withdraws) OVER before AS objected,
                        pg_catalog.max(time) FILTER (WHERE grants) OVER before AS granted
                   FROM said WINDOW before AS (PARTITION BY subject, purpose, channel ORDER BY time)
             )
             UPDATE {STAGE} AS s SET status = {objection}, withdraws = false
               FROM last WHERE last.place = s.ctid AND last.withdraws
                AND last.objected >= COALESCE(last.granted, '-infinity')",
            at = self.said_at("t")?,
            granted = self.target.granted_list(),
            objected = self.target.objected_list(),
            objection = quote_literal(&self.target.status_for(Act::Object)?),
            table = self.target.table(),
            same = self.same("t")?,
        )))
    }

    /// When the row `row` of the table was said; null where nothing tells.
    fn said_at(&self, row: &str) -> Result<String, Fault> {
        match &self.target.source.recorded_at {
            Some(recorded) => self.target.instant_of(row, recorded),
            None => self.target.last_said(row),
        }
    }
}
