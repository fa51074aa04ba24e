//! Notifications: who sends them, and about whom, PostgreSQL does not say.

use super::core::{Core, End};
use super::server::{OUT_OF_ORDER, Verdict};

impl Core {
    /// What clients of the proxy notify of was judged; what functions of the database's own do (a trigger that tells of each
    /// changed row, say) was not, and comes without a word of who wrote it. Where there are such functions that the role does not
    /// trust (`functions`), it hears that there was something, and not what.
    pub(super) fn notification(&self, body: &[u8]) -> Result<Verdict, End> {
        // The newest: the session may have been idle for long.
        let engine = &self.live.snapshot().engine;
        let trusts_all = engine.policy.roles.get(&self.context.role).is_some_and(|role| {
            let mut functions = engine.catalog.functions();
            role.unrestricted
                || !engine.catalog.data().notifies && functions.all(|f| !f.notifies || role.functions.contains(&f.name))
        });
        if trusts_all {
            return Ok(Verdict::Pass);
        }
        // Process number, channel, payload.
        let (head, rest) = body.split_at_checked(4).ok_or(OUT_OF_ORDER)?;
        let channel = rest.split_inclusive(|b| *b == 0).next().filter(|c| c.ends_with(&[0])).ok_or(OUT_OF_ORDER)?;
        Ok(Verdict::Notification([head, channel, &[0]].concat()))
    }
}
