//! The consent table's side: what people chose, how long their data may stay, and what they may ask for.
//!
//! `init` makes tables for those who have none (`made` knows them again); `target` says how a policy's own consent table is
//! written; `choice` plans and `record` writes a grant, a withdrawal or an objection (`held_up` says who keeps it from that, `taken` whether it is there);
//! `history` reads and `standing` judges what holds now; `import` takes many choices from CSV. `sweep` is the one place that erases rows, for `retention` and for `erasure`
//! (Art. 17) alike (`carry_out`: whole or not at all; `places`: where its rows are; `rules` and `emptying`: column by column;
//! `circles`: what can only go together; `cut_off` and `refusals`: what must stay; `kept`: what becomes of that; `left`: what emptied rows keep; `meanwhile`: others write
//! too); `commit` tells of each change before it is made and of what came of it; `export` gives a person all that leads to them
//! (Art. 15, 20).
//!
//! Libraries over a [`Policy`](crate::engine::policy::Policy), a [`Catalog`](crate::engine::catalog::Catalog) and a PostgreSQL client;
//! they know nothing of sessions, of the wire or of the command line. Values travel as parameters, never in SQL text.

pub mod carry_out;
pub mod choice;
mod circles;
pub mod commit;
mod cut_off;
pub mod emptying;
pub mod erasure;
pub mod export;
pub mod fault;
pub mod foreign_keys;
mod held_up;
pub mod history;
pub mod import;
pub mod init;
pub mod kept;
pub mod key;
pub mod left;
pub mod made;
mod meanwhile;
pub mod path;
mod places;
pub mod record;
mod refusals;
pub mod retention;
pub mod rules;
pub mod standing;
pub mod sweep;
mod taken;
pub mod target;
