//! Cancel keys: what a client was told, and what PostgreSQL has to be told.
//!
//! A client sees its backend's real process id (it may use it in SQL) with a secret of ours: the real secret never
//! leaves, so a request must come through the proxy.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use rand::RngCore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::dial::{Dialer, Unreachable};

/// A session has so long to say whether it has ended the statement itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// All running sessions' keys.
#[derive(Default)]
pub struct CancelKeys(Mutex<HashMap<(i32, [u8; 4]), Registered>>);

/// Whose statement is to be cancelled.
#[derive(Clone)]
pub struct Registered {
    target: Target,
    session: mpsc::Sender<Request>,
}

/// To a session: to be answered with whether it has ended the statement itself, which had not left.
pub type Request = oneshot::Sender<bool>;

/// A backend.
#[derive(Clone)]
pub struct Target {
    pub dialer: Arc<Dialer>,
    pub pid: i32,
    pub secret: Vec<u8>,
}

/// Registered for as long as it lives.
pub struct Registration {
    keys: Arc<CancelKeys>,
    key: (i32, [u8; 4]),
    requests: mpsc::Receiver<Request>,
}

impl Registration {
    /// What the client is told.
    pub fn client_key(&self) -> (i32, [u8; 4]) {
        self.key
    }

    pub fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        self.requests.poll_recv(cx)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.keys.0.lock().remove(&self.key);
    }
}

impl CancelKeys {
    pub fn register(self: &Arc<Self>, target: Target) -> Registration {
        let (session, requests) = mpsc::channel(1);
        let mut map = self.0.lock();
        loop {
            let mut secret = [0; 4];
            rand::rngs::OsRng.fill_bytes(&mut secret);
            let key = (target.pid, secret);
            if let std::collections::hash_map::Entry::Vacant(e) = map.entry(key) {
                e.insert(Registered { target, session });
                return Registration { keys: self.clone(), key, requests };
            }
        }
    }

    /// The session behind a client's key. `None`: a guess, or one that has ended; nothing is said about it.
    pub fn find(&self, pid: i32, secret: &[u8]) -> Option<Registered> {
        let secret = secret.try_into().ok()?;
        self.0.lock().get(&(pid, secret)).cloned()
    }
}

impl Registered {
    pub async fn cancel(&self) -> Result<(), Unreachable> {
        let (request, answer) = oneshot::channel();
        let asked = self.session.try_send(request).is_ok();
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(true)) if asked => Ok(()),
            _ => self.target.cancel().await,
        }
    }
}

impl Target {
    /// Sends the request and waits for PostgreSQL to close, so that a caller who waits knows it was taken.
    async fn cancel(&self) -> Result<(), Unreachable> {
        let mut stream = self.dialer.connect().await?;
        let length = i32::try_from(12 + self.secret.len()).unwrap_or(16);
        let mut packet = length.to_be_bytes().to_vec();
        packet.extend_from_slice(&80_877_102i32.to_be_bytes());
        packet.extend_from_slice(&self.pid.to_be_bytes());
        packet.extend_from_slice(&self.secret);
        stream.write_all(&packet).await?;
        stream.flush().await?;
        // PostgreSQL answers nothing and closes; a reset says the same.
        let _ = stream.read_u8().await;
        Ok(())
    }
}
