//! Entries of the server file that lead to one database of one PostgreSQL: what a session defines through one of them, the
//! sessions of the others read, so they know of it together.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::keeper::Request;
use crate::session::live::Shared;

/// All databases of the service, by what PostgreSQL itself says that they are ([`crate::relay::own::identity`]).
#[derive(Default)]
pub struct Neighbourhoods(Mutex<BTreeMap<String, Arc<Neighbours>>>);

/// What the entries of one database have together.
#[derive(Default)]
pub struct Neighbours {
    pub shared: Arc<Shared>,
    /// Weak, so that the keeper of an entry that is no more ends.
    keepers: Mutex<Vec<mpsc::WeakSender<Request>>>,
}

impl Neighbourhoods {
    pub fn of(&self, identity: String) -> Arc<Neighbours> {
        self.0.lock().entry(identity).or_default().clone()
    }
}

impl Neighbours {
    /// A keeper moves in.
    pub fn join(&self, keeper: &mpsc::Sender<Request>) {
        self.keepers.lock().push(keeper.downgrade());
    }

    /// Has every keeper see that its snapshot shows the catalog of the moment of the call; whether nobody judges by an older one.
    pub async fn look(&self) -> bool {
        let keepers: Vec<_> = {
            let mut keepers = self.keepers.lock();
            keepers.retain(|keeper| keeper.strong_count() > 0);
            keepers.iter().filter_map(mpsc::WeakSender::upgrade).collect()
        };
        let looks = keepers.iter().map(|keeper| async {
            let (done, wait) = oneshot::channel();
            keeper.send(Request::Catalog(done)).await.is_err() || wait.await.unwrap_or(false)
        });
        join_all(looks).await.into_iter().all(|shows| shows)
    }
}
