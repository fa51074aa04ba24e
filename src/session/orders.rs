//! What the service tells its sessions: that it stops, and who may still be there after the server file changed.

use std::sync::Arc;

use tokio::sync::watch;

use super::house::Doors;
use super::live::Live;

/// Whether the service goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Running,
    /// Sessions end when they are idle.
    Draining,
    /// Sessions end now.
    Stopping,
}

/// The newest word of the service to all sessions.
#[derive(Clone)]
pub struct Orders {
    pub phase: Phase,
    pub doors: Arc<Doors>,
}

/// Who a session was let in as.
pub struct Pass {
    pub user: String,
    pub role: String,
    pub database: String,
    pub live: Arc<Live>,
}

/// When a session has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Stay,
    /// Between transactions.
    WhenIdle,
    /// The server file no longer lets it in as it came: no further statement, in an open transaction either.
    AfterStatement,
    Now,
}

impl Orders {
    /// When the holder of `pass` has to go.
    pub fn leave(&self, pass: &Pass) -> Leave {
        match self.phase {
            Phase::Stopping => Leave::Now,
            _ if !self.doors.still_admit(pass) => Leave::AfterStatement,
            Phase::Draining => Leave::WhenIdle,
            Phase::Running => Leave::Stay,
        }
    }
}

impl Doors {
    /// Whether the user is still there with the same role, for the same database, reached in the same way.
    fn still_admit(&self, pass: &Pass) -> bool {
        let user = self.users.get(&pass.user);
        let admitted = user.is_some_and(|u| {
            u.role == pass.role && u.databases.as_ref().is_none_or(|list| list.contains(&pass.database))
        });
        admitted && self.databases.get(&pass.database).is_some_and(|d| Arc::ptr_eq(&d.live, &pass.live))
    }
}

/// Waits until `pass` is to go otherwise than `now`. A service that is gone wants nobody.
pub async fn told(orders: &mut watch::Receiver<Orders>, pass: &Pass, now: Leave) {
    drop(orders.wait_for(|o| o.leave(pass) != now).await);
}
