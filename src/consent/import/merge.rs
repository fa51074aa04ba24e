//! The SQL of an import, from the staging table into the consent table.
//!
//! Of a person's choices for one purpose and channel the newest counts, in the file as on record: an old file never
//! undoes a newer choice. Values are never in the text; the staging table holds them.

use std::collections::BTreeMap;

use crate::consent::fault::Fault;
use crate::consent::made::said;
use crate::consent::target::{Target, from_instant};
use crate::engine::catalog::quote_ident;
use crate::engine::visible::sql::{column, same_value, type_sql};

use super::line::Key;

pub const STAGE: &str = "pg_temp.consentry_import";

pub const CREATE_STAGE: &str = "CREATE TEMPORARY TABLE consentry_import (
    line int8 NOT NULL, subject text NOT NULL, purpose text NOT NULL, channel text, status text NOT NULL,
    grants bool NOT NULL, withdraws bool NOT NULL, time timestamptz NOT NULL, expires timestamptz,
    notice text, source text, recipient text, event text) ON COMMIT DROP;
    CREATE TEMPORARY TABLE consentry_import_older (LIKE consentry_import) ON COMMIT DROP;
    CREATE TEMPORARY TABLE consentry_import_nos (staged tid) ON COMMIT DROP";

/// Staged choices that a newer one of the file stands for.
pub const OLDER: &str = "pg_temp.consentry_import_older";

/// Where the nos are staged that a state table is to take.
const NOS: &str = "pg_temp.consentry_import_nos";

/// When the newest record lies ahead, in `insert_beside_what_lies_ahead`.
const AHEAD: &str = "a.\"consentry ahead\"";

pub const COPY_STAGE: &str = "COPY pg_temp.consentry_import FROM STDIN";

/// How staged text and the table's columns meet.
pub struct Merge<'a> {
    pub(super) target: &'a Target<'a>,
    defaults: Defaults,
    /// `s.subject` as a value of the subject table's key, and that key to compare it with.
    subject_key: (String, String),
    /// The table is a ledger that tells what was said from what it carried over.
    tells_said: bool,
}

impl<'a> Merge<'a> {
    pub fn new(target: &'a Target<'a>, key: Key, defaults: Defaults) -> Self {
        let column = format!("p.{}", quote_ident(&target.kind.key));
        let subject_key = match key {
            Key::Integer { .. } | Key::Uuid => (format!("s.subject::{}", target.key_type()), column),
            Key::Text => ("s.subject".to_owned(), format!("{column}::pg_catalog.text")),
        };
        Self { target, defaults, subject_key, tells_said: false }
    }

    /// The same for a ledger of `consent init`: what it carried over is nothing that somebody said.
    pub fn into_said(self) -> Self {
        Self { tells_said: true, ..self }
    }

    /// Lines whose subject is not there.
    pub fn unknown_subjects(&self) -> String {
        let (staged, stored) = &self.subject_key;
        format!(
            "SELECT s.line FROM {STAGE} AS s WHERE NOT EXISTS (SELECT FROM {people} AS p WHERE {stored} = {staged}) ORDER BY 1",
            people = self.target.kind.table_name.to_sql()
        )
    }

    /// Lines whose subject would be somebody else in the consent table.
    pub fn changed_subjects(&self) -> Result<String, Fault> {
        let (key, holder) = (self.target.key(), self.target.column(&self.target.source.subject)?);
        let given = format!("s.subject::{}", type_sql(&key.ty));
        let same = same_value((&self.value("subject")?, &holder.ty), (&given, &key.ty));
        Ok(format!("SELECT s.line FROM {STAGE} AS s WHERE NOT {same} ORDER BY 1"))
    }

    /// For a state table: of each choice only the newest stays staged; of equally new ones the no, and of two of these the
    /// objection. The others go to [`OLDER`].
    pub fn keep_newest(&self) -> String {
        format!(
            "WITH older AS (DELETE FROM {STAGE} AS s USING (
                 SELECT ctid, pg_catalog.row_number() OVER (PARTITION BY subject, purpose, channel
                                                            ORDER BY time DESC, grants, withdraws, line DESC) AS place FROM {STAGE}
             ) AS o WHERE o.ctid = s.ctid AND o.place > 1 RETURNING s.*)
             INSERT INTO {OLDER} SELECT * FROM older"
        )
    }

    /// No other choice comes in between while rows are changed and added; readers go on reading.
    pub fn lock(&self) -> String {
        format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", self.target.table())
    }

    /// Staged choices that change nothing, because a newer one is on record.
    pub fn count_older(&self) -> Result<String, Fault> {
        let (table, same, newer) = (self.target.table(), self.same("t")?, self.newer()?);
        Ok(format!(
            "SELECT pg_catalog.count(*) FROM {STAGE} AS s WHERE EXISTS (SELECT FROM {table} AS t WHERE {same})
                AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same} AND {newer})"
        ))
    }

    pub fn update(&self) -> Result<String, Fault> {
        let cells = self.cells()?;
        let set: Vec<String> = cells.iter().map(|c| format!("{} = {}", quote_ident(&c.column), c.update)).collect();
        Ok(format!(
            "UPDATE {} AS t SET {} FROM {STAGE} AS s WHERE {} AND {}",
            self.target.table(),
            set.join(", "),
            self.same("t")?,
            self.newer()?
        ))
    }

    /// Every staged choice that is not in the ledger yet, or those for which the state table has no row yet.
    pub fn insert(&self) -> Result<String, Fault> {
        self.insert_from(&format!("SELECT * FROM {STAGE}"))
    }

    /// Of a ledger beside the state table: every choice of the file that is not there yet.
    pub fn insert_history(&self) -> Result<String, Fault> {
        self.insert_from(&format!("SELECT * FROM {STAGE} UNION ALL SELECT * FROM {OLDER}"))
    }

    /// A choice that is there twice is one.
    fn insert_from(&self, staged: &str) -> Result<String, Fault> {
        let (names, values) = self.new_row("s.time")?;
        let table = self.target.table();
        let found = match &self.target.source.recorded_at {
            Some(recorded) => self.is_there(recorded, "s.time")?,
            None => self.same("t")?,
        };
        Ok(format!(
            "INSERT INTO {table} ({names}) SELECT {values} FROM (
                 SELECT DISTINCT ON (subject, purpose, channel, time, status) * FROM ({staged}) AS all_of_them
                  ORDER BY subject, purpose, channel, time, status, line DESC) AS s
              WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {found}) ORDER BY s.line"
        ))
    }

    /// Of a state table: remembers in [`NOS`] which staged nos are to be written.
    pub fn remember_nos(&self) -> Result<String, Fault> {
        let (table, same, newer) = (self.target.table(), self.same("t")?, self.newer()?);
        Ok(format!(
            "INSERT INTO {NOS} SELECT s.ctid FROM {STAGE} AS s
              WHERE NOT s.grants AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same} AND NOT {newer})"
        ))
    }

    /// How many staged nos the table does not hold, though they were written: a trigger or rule dropped or changed their rows.
    /// Of a ledger only the newest choice is looked for, and one that is newer still may be in its place.
    pub fn count_not_taken(&self) -> Result<String, Fault> {
        let (table, same) = (self.target.table(), self.same("t")?);
        let status = quote_ident(&self.target.source.status);
        let said = format!("t.{status} = {}", self.value("status")?);
        Ok(match &self.target.source.recorded_at {
            Some(recorded) => {
                let at = self.target.instant_of("t", recorded)?;
                let stored = from_instant(self.target.column(recorded)?, "s.time")?;
                let is_it = format!("t.{} = {stored} AND {said}", quote_ident(recorded));
                format!(
                    "SELECT pg_catalog.count(*) FROM (
                         SELECT DISTINCT ON (subject, purpose, channel) * FROM {STAGE}
                          ORDER BY subject, purpose, channel, time DESC, grants, withdraws, line DESC) AS s
                      WHERE NOT s.grants AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same} AND ({is_it} OR {at} > s.time))"
                )
            }
            None => format!(
                "SELECT pg_catalog.count(*) FROM {STAGE} AS s JOIN {NOS} AS n ON n.staged = s.ctid
                  WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {same} AND {said})
                     OR EXISTS (SELECT FROM {table} AS t WHERE {same} AND t.{status}::pg_catalog.text IN ({}))",
                self.target.granted_list()
            ),
        })
    }

    /// For a ledger, whose newest record counts, also one whose time lies ahead and that would come to count: every
    /// staged no a second time beside that one, unless a yes that came after it counts. See `Choice::beside`.
    pub fn insert_beside_what_lies_ahead(&self) -> Result<Option<String>, Fault> {
        let source = self.target.source;
        let Some(recorded) = &source.recorded_at else { return Ok(None) };
        let identity: Vec<String> = [Some(&source.subject), Some(&source.purpose), source.channel.as_ref()]
            .into_iter()
            .flatten()
            .map(|c| quote_ident(c))
            .collect();
        let (names, values) = self.new_row(AHEAD)?;
        Ok(Some(format!(
            "INSERT INTO {table} ({names})
             SELECT DISTINCT ON (s.subject, s.purpose, s.channel, s.status) {values}
               FROM {STAGE} AS s JOIN (
                    SELECT {identity}, pg_catalog.max({time}) AS {ahead} FROM {table} AS t
                     WHERE {time} > statement_timestamp() GROUP BY {identity}
                    ) AS a ON {same}
              WHERE NOT s.grants
                AND NOT EXISTS (SELECT FROM {table} AS t WHERE {found})
                AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same_yes} AND t.{status}::pg_catalog.text IN ({granted})
                                   AND {time} > s.time AND {time} <= statement_timestamp())
              ORDER BY s.subject, s.purpose, s.channel, s.status, s.time DESC",
            table = self.target.table(),
            identity = identity.join(", "),
            time = self.target.instant_of("t", recorded)?,
            ahead = AHEAD.trim_start_matches("a."),
            same = self.same("a")?,
            found = self.is_there(recorded, AHEAD)?,
            same_yes = self.same("t")?,
            status = quote_ident(&source.status),
            granted = self.target.granted_list(),
        )))
    }

    /// Names and values of a new row's columns; a ledger's row is of the time `recorded`.
    fn new_row(&self, recorded: &str) -> Result<(String, String), Fault> {
        let source = self.target.source;
        let mut columns =
            vec![(source.subject.clone(), self.value("subject")?), (source.purpose.clone(), self.value("purpose")?)];
        if let Some(channel) = &source.channel {
            columns.push((channel.clone(), self.value("channel")?));
        }
        if let Some(column) = &source.recorded_at {
            columns.push((column.clone(), from_instant(self.target.column(column)?, recorded)?));
        }
        columns.extend(self.cells()?.into_iter().map(|c| (c.column, c.insert)));
        let names: Vec<String> = columns.iter().map(|(c, _)| quote_ident(c)).collect();
        let values: Vec<&str> = columns.iter().map(|(_, v)| v.as_str()).collect();
        Ok((names.join(", "), values.join(", ")))
    }

    /// Whether row `t` of a ledger is the staged choice, recorded at the time `at`.
    fn is_there(&self, recorded: &str, at: &str) -> Result<String, Fault> {
        let said = if self.tells_said { format!(" AND {}", said("t")) } else { String::new() };
        Ok(format!(
            "{} AND t.{} = {} AND t.{} = {}{said}",
            self.same("t")?,
            quote_ident(recorded),
            from_instant(self.target.column(recorded)?, at)?,
            quote_ident(&self.target.source.status),
            self.value("status")?
        ))
    }

    /// The staged field `name`, as a value of the column that keeps it.
    pub(super) fn value(&self, name: &str) -> Result<String, Fault> {
        let column = self.keeper(name).ok_or_else(|| Fault::new(format!("no column keeps {name}")))?;
        Ok(format!("s.{name}::{}", self.target.column(column)?.ty.sql))
    }

    /// The column that keeps it.
    fn keeper(&self, name: &str) -> Option<&'a String> {
        let source = self.target.source;
        match name {
            "subject" => Some(&source.subject),
            "purpose" => Some(&source.purpose),
            "channel" => source.channel.as_ref(),
            "status" => Some(&source.status),
            "notice" => source.notice.as_ref(),
            "source" => source.source.as_ref(),
            "recipient" => source.recipient.as_ref(),
            "event" => source.event.as_ref(),
            _ => None,
        }
    }

    /// The columns that keep staged texts, each with its text's name.
    pub(super) fn kept_texts(&self) -> impl Iterator<Item = (&'a String, &'static str)> {
        let texts = ["purpose", "status", "channel", "notice", "source", "recipient", "event"];
        texts.into_iter().filter_map(|name| Some((self.keeper(name)?, name)))
    }

    /// Of each staged text: its column, what it is, and its lines that would be cut or rounded there.
    pub fn cut(&self) -> Result<Vec<(&'a String, &'static str, String)>, Fault> {
        self.kept_texts()
            .map(|(column, name)| {
                let holds = self.target.holds(&format!("s.{name}"), column)?;
                let sql =
                    format!("SELECT s.line FROM {STAGE} AS s WHERE s.{name} IS NOT NULL AND NOT {holds} ORDER BY 1");
                Ok((column, name, sql))
            })
            .collect()
    }

    /// Same subject as row `row`.
    pub(super) fn is_about(&self, row: &str) -> Result<String, Fault> {
        let subject = self.target.column(&self.target.source.subject)?;
        Ok(same_value((&column(row, &subject.name), &subject.ty), (&self.value("subject")?, &subject.ty)))
    }

    /// Same subject, purpose and channel as row `row`.
    pub(super) fn same(&self, row: &str) -> Result<String, Fault> {
        let source = self.target.source;
        let purpose = quote_ident(&source.purpose);
        let mut same = format!("{} AND {row}.{purpose} = {}", self.is_about(row)?, self.value("purpose")?);
        if let Some(channel) = &source.channel {
            let (column, value) = (quote_ident(channel), self.value("channel")?);
            // Not IS NOT DISTINCT FROM: no index serves that.
            same.push_str(&format!(" AND ({row}.{column} = {value} OR {row}.{column} IS NULL AND s.channel IS NULL)"));
        }
        Ok(same)
    }

    /// Whether the staged choice is newer than the row `t`; equally new, whether it is the safer one. A no is newer than a
    /// yes that has not begun. Without a time to compare, only a no changes a row, and a yes one that is a yes already.
    fn newer(&self) -> Result<String, Fault> {
        let is = format!("t.{}::pg_catalog.text", quote_ident(&self.target.source.status));
        let (granted, objected) = (self.target.granted_list(), self.target.objected_list());
        Ok(format!(
            "CASE WHEN NOT s.grants AND {later} THEN true
                  WHEN {stored} IS NULL THEN NOT s.grants OR {is} IN ({granted})
                  WHEN s.time = {stored} THEN NOT s.grants AND ({is} IN ({granted}) OR NOT s.withdraws AND {is} NOT IN ({objected}))
                  ELSE s.time > {stored} END",
            later = self.target.begins_later("t")?,
            stored = self.target.last_said("t")?,
        ))
    }

    /// Columns besides those that find a row. As in `record`: what a line does not say is as in a new row.
    fn cells(&self) -> Result<Vec<Cell>, Fault> {
        let source = self.target.source;
        let mut cells = vec![Cell::same(&source.status, self.value("status")?)];
        let time = |column: &str| from_instant(self.target.column(column)?, "s.time");
        if let Some(column) = &source.granted_at {
            let granted = time(column)?;
            cells.push(Cell {
                column: column.clone(),
                update: format!("CASE WHEN s.grants THEN {granted} ELSE t.{} END", quote_ident(column)),
                insert: format!("CASE WHEN s.grants THEN {granted} ELSE {} END", self.default(column)?),
            });
        }
        if let Some(column) = &source.withdrawn_at {
            // The last no stays known, also when an earlier one ends a yes that has not begun.
            let stored = self.target.instant_of("t", column)?;
            let last = from_instant(self.target.column(column)?, &format!("GREATEST({stored}, s.time)"))?;
            cells.push(Cell {
                column: column.clone(),
                update: format!("CASE WHEN NOT s.grants THEN {last} END"),
                insert: format!("CASE WHEN NOT s.grants THEN {} END", time(column)?),
            });
        }
        if let Some(column) = &source.expires_at {
            let value = from_instant(self.target.column(column)?, "s.expires")?;
            cells.push(self.said_of(column, "s.expires", &value)?);
        }
        let texts = [
            ("notice", &source.notice),
            ("source", &source.source),
            ("recipient", &source.recipient),
            ("event", &source.event),
        ];
        for (name, column) in texts {
            if let Some(column) = column {
                cells.push(self.said_of(column, &format!("s.{name}"), &self.value(name)?)?);
            }
        }
        Ok(cells)
    }

    /// A field that a line may leave away: it then has the table's default, as in a new row. A column that must have a value
    /// and has no default keeps, under a no, what was there.
    fn said_of(&self, column: &str, staged: &str, value: &str) -> Result<Cell, Fault> {
        let insert = format!("CASE WHEN {staged} IS NOT NULL THEN {value} ELSE {} END", self.default(column)?);
        let keeps = self.target.column(column)?.not_null && !self.defaults.contains_key(column);
        let update = match keeps {
            true => {
                format!("CASE WHEN s.grants OR {staged} IS NOT NULL THEN {insert} ELSE t.{} END", quote_ident(column))
            }
            false => insert.clone(),
        };
        Ok(Cell { column: column.to_owned(), update, insert })
    }

    /// What a new row has in the column when nothing is said of it.
    fn default(&self, column: &str) -> Result<String, Fault> {
        let ty = &self.target.column(column)?.ty.sql;
        Ok(self.defaults.get(column).map_or(format!("NULL::{ty}"), |default| format!("({default})::{ty}")))
    }
}

/// Default values of a table's columns, as expressions.
pub type Defaults = BTreeMap<String, String>;

/// Reads them; `$1` is the table. A domain brings its own.
pub const DEFAULTS: &str = "SELECT a.attname::pg_catalog.text,
       COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid), pg_catalog.pg_get_expr(t.typdefaultbin, 0))
  FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   AND (d.oid IS NOT NULL OR t.typdefaultbin IS NOT NULL)";

struct Cell {
    column: String,
    update: String,
    insert: String,
}

impl Cell {
    fn same(column: &str, value: String) -> Self {
        Self { column: column.to_owned(), update: value.clone(), insert: value }
    }
}
