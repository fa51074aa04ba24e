//! Two-phase commit (XA, JTA): a prepared transaction is its user's, and nobody else's.
//!
//! It outlives its session, and whatever has prepared it: so its name itself says whose it is. Before the client's name
//! PostgreSQL gets a mark of the user, which no client can leave out or write for another; a client ends, and sees, those
//! that bear its own. The mark is short: PostgreSQL takes 199 bytes, and drivers of XA need up to 189 of them.

use pg_query::protobuf as pb;
use sha2::{Digest, Sha256};

use super::{Analyser, Replacement};
use crate::engine::catalog::{QualifiedName, Relation, quote_literal};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};

const WRITES: [Right; 8] = [
    Right::Insert,
    Right::Update,
    Right::Delete,
    Right::Truncate,
    Right::CopyIn,
    Right::Call,
    Right::Ddl,
    Right::RecordConsent,
];

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a client sees of a system relation that lists what users have: its own rows, by the names that it gave them.
pub struct Own {
    pub named_by: &'static str,
    pub name: String,
    pub condition: String,
}

/// The mark of a user.
pub fn mark_of(user: &str) -> String {
    let digest = Sha256::digest(user.as_bytes());
    let letters = digest.iter().take(9).map(|byte| char::from(LETTERS[usize::from(byte & 63)]));
    letters.chain([':']).collect()
}

impl Analyser<'_> {
    /// A prepared transaction is nobody's by the time that it is committed: that it defines something, others must know until
    /// then, and nobody here would.
    pub fn prepares_no_definition(&self, t: &pb::TransactionStmt) -> Result<(), Refusal> {
        let defined = || self.context.defined.keys().any(|name| *name != QualifiedName::NONE);
        if t.kind() != pb::TransactionStmtKind::TransStmtPrepare || !defined() {
            return Ok(());
        }
        let why = "what a prepared transaction has defined is not followed";
        let hint = "COMMIT definitions in a transaction of their own".to_owned();
        Err(Refusal { hint, ..refusal::not_supported("PREPARE TRANSACTION behind a definition", why) })
    }

    /// PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED.
    pub fn two_phase(&mut self, t: &mut pb::TransactionStmt) -> Result<(), Refusal> {
        if !WRITES.iter().any(|right| self.role.may(*right)) {
            return Err(refusal::right_missing("update", "two-phase commit, which is for writes"));
        }
        let lost = || refusal::not_faithful("a transaction's name was not found in the text");
        let tokens = self.tokens();
        let at = usize::try_from(t.location).ok().and_then(|at| tokens.at(at)).ok_or_else(lost)?;
        let (start, end) = tokens.list.get(at).map(|token| (token.start, token.end)).ok_or_else(lost)?;
        t.gid = format!("{}{}", self.mark()?, t.gid);
        self.edit(start, end, Replacement::Text(quote_literal(&t.gid)));
        self.pinned = true;
        Ok(())
    }

    /// What the names of this user's prepared transactions begin with.
    fn mark(&self) -> Result<String, Refusal> {
        self.context.user.as_deref().map(mark_of).ok_or_else(refusal::user_needed)
    }

    /// The client's part of PostgreSQL's list of prepared transactions; `None` for any other relation.
    pub fn own_prepared(&self, relation: &Relation, alias: &str) -> Result<Option<Own>, Refusal> {
        if relation.name.schema != "pg_catalog" || relation.name.name != "pg_prepared_xacts" {
            return Ok(None);
        }
        let mark = self.mark()?;
        Ok(Some(Own {
            named_by: "gid",
            name: format!("pg_catalog.substr({alias}.gid, {})", mark.len() + 1),
            condition: format!("pg_catalog.starts_with({alias}.gid, {})", quote_literal(&mark)),
        }))
    }
}
