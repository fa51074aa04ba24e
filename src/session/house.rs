//! What all sessions share: who may come in, to which databases, and the record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::live::{Live, Refresh};
use super::meters::Meters;
use super::orders::Orders;
use crate::audit::Recorder;
use crate::relay::cancel::CancelKeys;
use crate::wire::scram::Verifier;
use crate::wire::tls::ClientTls;

pub struct House {
    pub tls: ArcSwap<Option<ClientTls>>,
    pub recorder: Recorder,
    pub cancel_keys: Arc<CancelKeys>,
    /// Makes the same mock salt for the same unknown user.
    pub mock_key: [u8; 32],
    /// Replaced as a whole when the server file changes, or the service stops.
    pub orders: watch::Receiver<Orders>,
    pub meters: Meters,
}

impl House {
    pub fn doors(&self) -> Arc<Doors> {
        self.orders.borrow().doors.clone()
    }
}

#[derive(Default)]
pub struct Doors {
    pub users: BTreeMap<String, User>,
    pub databases: BTreeMap<String, Database>,
}

#[derive(Clone)]
pub struct User {
    pub role: String,
    pub verifier: Verifier,
    /// `None`: all databases.
    pub databases: Option<BTreeSet<String>>,
}

#[derive(Clone)]
pub struct Database {
    pub live: Arc<Live>,
    pub refresh: Arc<dyn Refresh>,
}
