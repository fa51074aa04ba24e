//! One database as it is now: policy and catalog in a snapshot that is replaced as a whole, and what was judged by it.
//!
//! Sessions load the snapshot without a lock for each statement; whoever finds a change replaces it.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::plans::{ContextId, Judged, Plans};
use super::record;
use crate::engine::alike::Shape;
use crate::engine::catalog::QualifiedName;
use crate::engine::clear::Engine;
use crate::engine::context::{Context, Protocol};
use crate::engine::meaning::Meaning;
use crate::engine::refusal::Refusal;
use crate::relay::dial::Dialer;

/// Contexts remembered for a snapshot. A client that makes up endless search paths has them all forgotten, which costs the
/// others one judging.
const MAX_CONTEXTS: usize = 10_000;

/// Texts from this length on may take long to read and to judge: other sessions do not wait for them.
const LONG: usize = 4 * 1024;

/// An engine, and names for the contexts it has judged in.
pub struct Snapshot {
    pub engine: Engine,
    contexts: Mutex<HashMap<Context, ContextId>>,
}

/// Ids are never used twice, so that a plan of an old snapshot can never be found.
static NEXT_CONTEXT: AtomicU64 = AtomicU64::new(1);

impl Snapshot {
    pub fn new(engine: Engine) -> Self {
        Self { engine, contexts: Mutex::default() }
    }

    pub fn context_id(&self, context: &Context) -> ContextId {
        let mut known = self.contexts.lock();
        if let Some(id) = known.get(context) {
            return *id;
        }
        let id = ContextId(NEXT_CONTEXT.fetch_add(1, Ordering::Relaxed));
        // What a session has made for itself is no other's context, and may be large.
        if context.temporary.is_empty() && context.defined.is_empty() {
            if known.len() >= MAX_CONTEXTS {
                known.clear();
            }
            known.insert(context.clone(), id);
        }
        id
    }
}

/// Reads catalog and policy again; sessions ask for it when they have changed the catalog.
pub trait Refresh: Send + Sync {
    /// Whether the snapshots of all entries of this database show at least the catalog of the moment of the call now, or nothing
    /// is judged by them; false when one could not be renewed.
    fn refresh(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;

    /// Whether names mean what they did, by a question that is put to PostgreSQL after the call.
    fn ask(&self, about: Vec<Arc<Meaning>>) -> Pin<Box<dyn Future<Output = Standing> + Send + '_>>;
}

/// What became of a [`Meaning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Same,
    Changed,
    /// PostgreSQL did not say.
    Unknown,
}

pub struct Live {
    /// The name that clients connect to.
    pub name: String,
    pub dialer: Arc<Dialer>,
    /// The longest a transaction may stay open: a snapshot is no older.
    pub max_transaction: Duration,
    snapshot: ArcSwap<Snapshot>,
    plans: Plans,
    shared: Arc<Shared>,
    /// Whether its policy has been counted among [`Shared::definers`].
    defines: AtomicBool,
}

/// What all entries of the server file that lead to one database of PostgreSQL have together: what a session of one defines,
/// those of the others read.
#[derive(Default)]
pub struct Shared {
    doubts: Doubts,
    /// How many of them let a restricted role define.
    definers: AtomicUsize,
}

/// Names that sessions define anew just now, or have since the snapshots were read: whoever else reads one of them would be
/// judged by what it was.
#[derive(Default)]
pub struct Doubts {
    /// By how many sessions.
    names: Mutex<BTreeMap<QualifiedName, usize>>,
    version: AtomicU64,
}

impl Doubts {
    /// Changes whenever the names do.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub fn add(&self, name: &QualifiedName) {
        *self.names.lock().entry(name.clone()).or_default() += 1;
        self.version.fetch_add(1, Ordering::Release);
    }

    pub fn settle(&self, names: &[QualifiedName]) {
        let mut all = self.names.lock();
        for name in names {
            match all.get_mut(name) {
                Some(sessions) if *sessions > 1 => *sessions -= 1,
                Some(_) | None => drop(all.remove(name)),
            }
        }
        self.version.fetch_add(1, Ordering::Release);
    }

    /// What is in doubt by other sessions than the one that doubts `mine`.
    pub fn of_others(&self, mine: &[QualifiedName]) -> Vec<QualifiedName> {
        let all = self.names.lock();
        all.iter()
            .filter(|(name, sessions)| **sessions > usize::from(mine.contains(name)))
            .map(|(n, _)| n.clone())
            .collect()
    }
}

impl Live {
    /// `shared`: the same for every entry of that database.
    pub fn new(
        name: String,
        dialer: Arc<Dialer>,
        max_transaction: Duration,
        engine: Engine,
        shared: Arc<Shared>,
    ) -> Self {
        let defines = engine.policy.lets_define();
        shared.definers.fetch_add(usize::from(defines), Ordering::AcqRel);
        Self {
            name,
            dialer,
            max_transaction,
            snapshot: ArcSwap::from_pointee(Snapshot::new(engine)),
            plans: Plans::default(),
            shared,
            defines: defines.into(),
        }
    }

    pub fn doubts(&self) -> &Doubts {
        &self.shared.doubts
    }

    /// Whether a restricted role may define relations of this database, by this entry of the server file or another.
    pub fn lets_define(&self) -> bool {
        self.shared.definers.load(Ordering::Acquire) > 0
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Whether `held` is still the running one; no lock, no reference count.
    pub fn is_current(&self, held: &Arc<Snapshot>) -> bool {
        Arc::as_ptr(&self.snapshot.load()) == Arc::as_ptr(held)
    }

    /// Puts a new engine in place: it judges every statement from now on.
    pub fn replace(&self, engine: Engine) {
        self.counts_as_defining(engine.policy.lets_define());
        self.snapshot.store(Arc::new(Snapshot::new(engine)));
        self.plans.clear();
    }

    fn counts_as_defining(&self, defines: bool) {
        match (self.defines.swap(defines, Ordering::AcqRel), defines) {
            (false, true) => drop(self.shared.definers.fetch_add(1, Ordering::AcqRel)),
            (true, false) => drop(self.shared.definers.fetch_sub(1, Ordering::AcqRel)),
            _ => {}
        }
    }

    /// Judges `text`, or finds that it, or one that is like it, was judged before in an equal context.
    pub fn judge(
        &self,
        snapshot: &Snapshot,
        context: &Context,
        id: ContextId,
        protocol: Protocol,
        text: &str,
    ) -> Result<Arc<Judged>, Refusal> {
        if let Some(judged) = self.plans.find(id, protocol, text) {
            return Ok(judged);
        }
        beside_others(text, || {
            let shape = Shape::of(text);
            if let Some(judged) = shape.as_ref().and_then(|shape| self.plans.alike(id, protocol, text, shape)) {
                return Ok(judged);
            }
            let (cleared, template) = snapshot.engine.clear_and_learn(text, context, protocol, &self.plans)?;
            let what = |s| Arc::new(record::what(s, context, &snapshot.engine.policy));
            let on_record: Vec<_> = cleared.statements.iter().map(what).collect();
            if let (Some(shape), Some(template)) = (shape, template) {
                self.plans.learn(id, protocol, &shape, template, &on_record);
            }
            let judged = Arc::new(Judged { source: text.into(), cleared, on_record });
            self.plans.keep(id, protocol, &judged);
            Ok(judged)
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.counts_as_defining(false);
    }
}

/// Does `work` on `text`, all that goes through a client's text: where that is long, on another thread than the sessions of
/// this one, which go on.
pub(super) fn beside_others<T>(text: &str, work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    if text.len() < LONG {
        return work();
    }
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
