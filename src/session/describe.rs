//! RowDescription: when it leaves, and which columns of tables and views it names.
//!
//! Drivers look columns up by the table's OID and the column's number in it (the manual's `RowDescription`): pgjdbc for
//! `isNullable` and updatable result sets, pgAdmin for its grid, PHP for `getColumnMeta`. To PostgreSQL a masked cell is an
//! expression, of no table, and a view that was spelled out is its tables.

use super::core::{Core, End};
use super::expect::{Audience, Expect, Kind};
use super::server::{OUT_OF_ORDER, Verdict};
use crate::wire::backend::set_origins;
use crate::wire::frame::HEADER;

impl Core {
    /// Whether the description that comes is of a statement that PostgreSQL runs to its end before it tells of its rows: what
    /// it says meanwhile comes first, as it does where no steps were asked for (`ChoosePortalStrategy` of its source).
    pub(super) fn description_waits(&self) -> bool {
        let Some(Expect { kind: Kind::Query(query), judged: Some(judged), .. }) = self.queue.front() else {
            return false;
        };
        let kind = judged.cleared.statements.get(query.done).map(|s| s.kind);
        query.in_steps && !query.is_silent() && kind.is_some_and(|kind| kind != "select")
    }

    /// Whether the description that comes would say less of its columns than PostgreSQL says of the client's own text.
    pub(super) fn is_redescribed(&self) -> bool {
        self.queue.front().is_some_and(|expect| !expect.is_silent() && !expect.described().is_empty())
    }

    /// A description that is looked into: it leaves with the columns as the client's own text has them, at once or with the
    /// first row.
    pub(super) fn describe(&mut self, message: &[u8]) -> Result<(), End> {
        let mut message = message.to_vec();
        let named = self.queue.front().map_or(&[][..], Expect::described);
        set_origins(&mut message[HEADER..], named.iter().map(|d| (d.column, d.relation, d.number)));
        if self.description_waits() {
            if let Some(Expect { kind: Kind::Query(query), .. }) = self.queue.front_mut() {
                query.description = Some(message);
            }
        } else if self.streamed(b'T', message.len() - HEADER)? == Audience::Client {
            self.to_client.tail().extend(message);
        }
        Ok(())
    }

    /// The description that goes in front of a message with this tag. Nobody hears one of rows that do not come.
    pub(super) fn described(&mut self, tag: u8) -> Option<Vec<u8>> {
        let heard = self.withheld.is_none() && !self.is_condemned();
        let Some(Expect { kind: Kind::Query(query), audience, .. }) = self.queue.front_mut() else { return None };
        let description = matches!(tag, b'D' | b'C' | b'E').then(|| query.description.take()).flatten();
        description.filter(|_| heard && tag != b'E' && *audience == Audience::Client)
    }

    /// Rows that are ours, and what describes them, nobody hears of; whoever asks for their description, that there are none.
    pub(super) fn silenced(&mut self, tag: u8) -> Result<Verdict, End> {
        match (tag, self.queue.front().map(|e| &e.kind)) {
            (b'T', Some(Kind::DescribeStatement(..) | Kind::DescribePortal(_))) => {
                self.queue.pop_front();
                Ok(Verdict::NoData)
            }
            (b'T', Some(Kind::Query(_))) | (b'D', Some(Kind::Query(_) | Kind::Execute(_))) => Ok(Verdict::Drop),
            _ => Err(OUT_OF_ORDER),
        }
    }
}
