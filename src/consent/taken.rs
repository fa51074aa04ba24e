//! What a consent table has made of a choice that was written to it.

use tokio_postgres::Transaction;

use crate::engine::catalog::QualifiedName;
use crate::engine::policy::Channel;

use super::choice::{Act, Choice, Write};
use super::fault::Fault;
use super::record::{is_text, standing};
use super::standing::{Record, objection};
use super::target::{Shape, Target};

/// A trigger or rule of the table may drop a row, put back the old one or say something else: then nothing is recorded.
pub(super) async fn is_taken(
    tx: &Transaction<'_>,
    (target, written_to): (&Target<'_>, &Target<'_>),
    key: &str,
    (choice, writes): (&Choice, &[Write]),
    before: &[Record],
) -> Result<(), Fault> {
    let (_, after) = standing(tx, written_to, key, &choice.purpose).await?;
    // What is told late may have been taken back since.
    let still = match (choice.act, choice.at) {
        (Act::Withdraw, None) => {
            let (standing, _) = standing(tx, target, key, &choice.purpose).await?;
            match choice.channel {
                None => standing.any.is_ok(),
                Some(channel) => standing.channels.iter().any(|(on, verdict)| *on == channel && verdict.is_ok()),
            }
        }
        _ => false,
    };
    let taken = !still && writes.iter().all(|write| is_there(write, written_to, before, &after));
    if taken { Ok(()) } else { Err(not_held(&written_to.source.table_name)) }
}

/// Whether the table has the row, or for all channels one for each, and it says what was said. In a ledger it is a row that
/// was not there before; in a state table a no leaves no yes in its place, and a yes is under the notice that was shown.
fn is_there(write: &Write, table: &Target<'_>, before: &[Record], after: &[Record]) -> bool {
    let source = table.source;
    let granted = |r: &Record| source.granted.contains(&r.status);
    let says = |r: &Record| match write.act {
        Act::Grant => granted(r),
        Act::Withdraw => !granted(r),
        Act::Object => objection(source, r),
    };
    let notice = source.notice.as_ref().filter(|column| table.column(column).is_ok_and(is_text));
    let shown = notice.and(write.provenance.notice.as_ref()).filter(|_| write.act == Act::Grant);
    let is_under = |r: &Record| shown.is_none() || r.notice.as_ref() == shown;
    let times = |all: &[Record], one: &Record| all.iter().filter(|r| facts(r) == facts(one)).count();
    let is_new = |r: &Record| table.shape() == Shape::State || times(after, r) > times(before, r);
    let on = |channel: Option<&str>| {
        let rows = || after.iter().filter(|r| r.purpose == write.purpose && r.channel.as_deref() == channel);
        let left = table.shape() == Shape::State && write.act != Act::Grant && rows().any(granted);
        !left && rows().any(|r| says(r) && is_under(r) && is_new(r))
    };
    on(write.channel.as_deref()) || (write.channel.is_none() && Channel::ALL.iter().all(|c| on(Some(c.as_str()))))
}

/// What a row says, and not what time makes of it.
fn facts(r: &Record) -> [Option<&str>; 10] {
    let times = [&r.granted_at, &r.withdrawn_at, &r.expires_at, &r.recorded_at].map(Option::as_deref);
    let texts = [&r.channel, &r.notice, &r.source, &r.recipient, &r.event].map(Option::as_deref);
    let [granted, withdrawn, expires, recorded] = times;
    let [channel, notice, origin, recipient, event] = texts;
    [channel, Some(&r.status), granted, withdrawn, expires, recorded, notice, origin, recipient, event]
}

pub(super) fn not_held(table: &QualifiedName) -> Fault {
    Fault::new(format!("nothing was recorded: {table} does not hold what was written to it"))
        .hint("a trigger or rule of the table has dropped or changed the row: let it take choices as they are said")
}
