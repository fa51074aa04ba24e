//! What the withdrawals of a file mean, among the file's other choices and those on record.

use crate::consent::fault::Fault;
use crate::engine::catalog::{quote_ident, quote_literal};

use super::merge::{Merge, STAGE};
use crate::consent::choice::Act;
use crate::engine::policy::Channel;

impl Merge<'_> {
    /// Lines that take one channel out of a consent for all channels that is on record and begins later: what would be
    /// carried over to the other channels cannot begin when the line was said.
    pub fn withdrawn_from_what_lies_ahead(&self) -> Result<Option<String>, Fault> {
        let Some(channel) = &self.target.source.channel else { return Ok(None) };
        Ok(Some(format!(
            "SELECT s.line FROM {STAGE} AS s
              WHERE s.withdraws AND s.channel IS NOT NULL AND EXISTS (
                    SELECT FROM {table} AS t WHERE {of} AND t.{channel} IS NULL AND {yes} AND {said} > statement_timestamp())
              ORDER BY 1",
            table = self.target.table(),
            of = self.of_same_purpose("t")?,
            channel = quote_ident(channel),
            yes = self.yes("t")?,
            said = self.said_at("t")?,
        )))
    }

    /// A channel that is withdrawn from a consent for all channels, in the file or on record, splits that as
    /// `Choice::plan` does: it ends, and goes on for each of the other channels of which nothing was said since, at the time
    /// of that withdrawal. What `spread_withdrawals` adds must be staged.
    pub fn split_generals(&self) -> Result<Option<String>, Fault> {
        let source = self.target.source;
        let (Some(channel), Ok(no)) = (&source.channel, self.target.status_for(Act::Withdraw)) else { return Ok(None) };
        let text = |column: &Option<String>| match column {
            Some(column) => format!("t.{}::pg_catalog.text", quote_ident(column)),
            None => "NULL".to_owned(),
        };
        let expires = match &source.expires_at {
            Some(column) => self.target.instant_of("t", column)?,
            None => "NULL::timestamptz".to_owned(),
        };
        Ok(Some(format!(
            "WITH who AS (SELECT DISTINCT subject, purpose FROM {STAGE}
                           WHERE withdraws AND channel IS NOT NULL OR grants AND channel IS NULL),
             said AS (
                 SELECT s.line, s.subject, s.purpose, s.channel, s.grants, s.withdraws, s.time, s.expires, s.notice, s.source,
                        s.recipient, s.event
                   FROM {STAGE} AS s JOIN who ON who.subject = s.subject AND who.purpose = s.purpose
                  UNION ALL
                 SELECT NULL, s.subject, s.purpose, t.{channel}::pg_catalog.text, {yes}, NOT {yes} AND {objects} IS NOT TRUE,
                        COALESCE({at}, CASE WHEN {yes} THEN '-infinity' ELSE 'infinity' END::timestamptz),
                        {expires}, {notice}, {said_by}, {recipient}, {event}
                   FROM who AS s JOIN {table} AS t ON {of} AND NOT ({yes} AND {at} IS NOT NULL AND {at} > statement_timestamp())
             ), general AS (
                 SELECT DISTINCT ON (subject, purpose) * FROM said WHERE grants AND channel IS NULL
                  ORDER BY subject, purpose, time DESC, line
             ), ended AS (
                 SELECT subject, purpose, pg_catalog.max(time) AS time FROM said WHERE NOT grants AND channel IS NULL
                  GROUP BY subject, purpose
             ), split AS (
                 SELECT DISTINCT ON (g.subject, g.purpose) g.*, COALESCE(o.line, g.line) AS at_line, o.source AS split_by,
                        CASE WHEN pg_catalog.isfinite(o.time) THEN o.time ELSE g.time END AS split_at
                   FROM general AS g JOIN said AS o ON o.subject = g.subject AND o.purpose = g.purpose
                   LEFT JOIN ended AS e ON e.subject = g.subject AND e.purpose = g.purpose
                  WHERE o.withdraws AND o.channel IS NOT NULL AND o.time >= g.time AND (o.line IS NOT NULL OR g.line IS NOT NULL)
                    AND (e.time IS NULL OR e.time < g.time)
                  ORDER BY g.subject, g.purpose, o.time, o.line
             ), agreed AS (
                 SELECT subject, purpose, channel, pg_catalog.max(time) FILTER (WHERE grants) AS time,
                        pg_catalog.max(time) FILTER (WHERE NOT grants AND NOT withdraws) AS objected, pg_catalog.max(time) AS last
                   FROM said WHERE channel IS NOT NULL GROUP BY subject, purpose, channel
             )
             INSERT INTO {STAGE}
             SELECT at_line, subject, purpose, NULL, {no}, false, true, split_at, NULL, NULL, split_by, NULL, NULL FROM split
              UNION ALL
             SELECT s.at_line, s.subject, s.purpose, c.channel, {yes_word}, true, false, s.split_at, s.expires, s.notice, s.source,
                    s.recipient, s.event
               FROM split AS s CROSS JOIN pg_catalog.unnest(ARRAY[{channels}]) AS c (channel)
               LEFT JOIN agreed AS a ON a.subject = s.subject AND a.purpose = s.purpose AND a.channel = c.channel
              WHERE (a.last >= s.time OR a.objected >= COALESCE(a.time, '-infinity')) IS NOT TRUE",
            channel = quote_ident(channel),
            yes = self.yes("t")?,
            objects = self.objects("t"),
            at = self.said_at("t")?,
            notice = text(&source.notice),
            said_by = text(&source.source),
            recipient = text(&source.recipient),
            event = text(&source.event),
            table = self.target.table(),
            of = self.of_same_purpose("t")?,
            no = quote_literal(&no),
            yes_word = quote_literal(&self.target.status_for(Act::Grant)?),
            channels = Channel::ALL.map(|c| quote_literal(c.as_str())).join(", "),
        )))
    }

    /// A withdrawal that is told after its consent for all channels was split by another one: what was carried over to its
    /// channel, as it stands beside the end of that consent, is taken back.
    pub fn take_back_what_was_carried_over(&self) -> Result<Option<String>, Fault> {
        let source = self.target.source;
        let Some(channel) = &source.channel else { return Ok(None) };
        let given_before = match (&source.recorded_at, &source.granted_at) {
            (Some(_), _) => format!(
                "EXISTS (SELECT FROM {} AS g WHERE {} AND g.{} IS NULL AND {} AND {} <= s.time)",
                self.target.table(),
                self.of_same_purpose("g")?,
                quote_ident(channel),
                self.yes("g")?,
                self.said_at("g")?
            ),
            (None, Some(granted)) => format!("({} > s.time) IS NOT TRUE", self.target.instant_of("e", granted)?),
            (None, None) => return Ok(None),
        };
        Ok(Some(format!(
            "INSERT INTO {STAGE}
             SELECT s.line, s.subject, s.purpose, s.channel, s.status, s.grants, s.withdraws, {at}, NULL, NULL, s.source, NULL, NULL
               FROM {STAGE} AS s JOIN {table} AS t ON {same} AND {yes} AND {at} > s.time
               JOIN {table} AS e ON {of} AND e.{channel} IS NULL AND NOT {ended} AND {end} = {at}
              WHERE s.withdraws AND s.channel IS NOT NULL AND {given_before}",
            at = self.said_at("t")?,
            table = self.target.table(),
            same = self.same("t")?,
            yes = self.yes("t")?,
            of = self.of_same_purpose("e")?,
            channel = quote_ident(channel),
            ended = self.yes("e")?,
            end = self.said_at("e")?,
        )))
    }

    /// The row is an objection.
    fn objects(&self, row: &str) -> String {
        let status = quote_ident(&self.target.source.status);
        format!("{row}.{status}::pg_catalog.text IN ({})", self.target.objected_list())
    }

    /// The row says yes, and that was not withdrawn.
    fn yes(&self, row: &str) -> Result<String, Fault> {
        let source = self.target.source;
        let stands = match (&source.withdrawn_at, &source.granted_at) {
            (None, _) => String::new(),
            (Some(withdrawn), None) => format!(" AND {row}.{} IS NULL", quote_ident(withdrawn)),
            (Some(withdrawn), Some(granted)) => {
                let (withdrawn, granted) =
                    (self.target.instant_of(row, withdrawn)?, self.target.instant_of(row, granted)?);
                format!(" AND ({withdrawn} IS NULL OR {granted} > {withdrawn})")
            }
        };
        let status = quote_ident(&source.status);
        Ok(format!("({row}.{status}::pg_catalog.text IN ({}){stands}) IS TRUE", self.target.granted_list()))
    }

    /// The row is of the staged subject and purpose, whatever its channel.
    fn of_same_purpose(&self, row: &str) -> Result<String, Fault> {
        let source = self.target.source;
        Ok(format!("{} AND {row}.{}::pg_catalog.text = s.purpose", self.is_about(row)?, quote_ident(&source.purpose)))
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
                      FROM {STAGE} AS s JOIN {table} AS t ON {of}
                     WHERE s.withdraws AND s.channel IS NULL AND t.{channel} IS NOT NULL
                    ) AS c ON c.subject = s.subject AND c.purpose = s.purpose
              WHERE s.withdraws AND s.channel IS NULL",
            channel = quote_ident(channel),
            table = self.target.table(),
            of = self.of_same_purpose("t")?,
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
