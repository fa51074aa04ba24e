//! The cache of cleared statements: what was judged once for a text and a context need not be judged again.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use moka::Equivalent;
use moka::sync::Cache;

use crate::audit::event::What;
use crate::engine::cleared::Cleared;
use crate::engine::context::Protocol;

/// Bytes of statements kept, by a rough count.
const CAPACITY: u64 = 64 << 20;

/// A statement text that may leave, with what is needed around it.
#[derive(Debug)]
pub struct Judged {
    /// The client's text; error positions point into it, and it is judged again when the context changes.
    pub source: Arc<str>,
    pub cleared: Cleared,
    /// One for each statement: what the record says of it.
    pub on_record: Vec<Arc<What>>,
}

/// A context (with its snapshot) as a number: two are equal only if everything a decision depends on is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContextId(pub u64);

impl ContextId {
    /// No context has it.
    pub const NONE: Self = Self(0);
}

struct Key {
    context: ContextId,
    protocol: Protocol,
    text: Arc<str>,
}

/// A key that borrows its text, so that a look-up allocates nothing.
struct Wanted<'a> {
    context: ContextId,
    protocol: Protocol,
    text: &'a str,
}

impl Wanted<'_> {
    fn is(&self, key: &Key) -> bool {
        self.context == key.context && self.protocol == key.protocol && *self.text == *key.text
    }
}

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.context.hash(state);
        self.protocol.hash(state);
        self.text.hash(state);
    }
}

impl Key {
    fn as_wanted(&self) -> Wanted<'_> {
        Wanted { context: self.context, protocol: self.protocol, text: &self.text }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_wanted().hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_wanted().is(other)
    }
}

impl Eq for Key {}

impl Equivalent<Key> for Wanted<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.is(key)
    }
}

pub struct Plans(Cache<Key, Arc<Judged>>);

impl Default for Plans {
    fn default() -> Self {
        let cache =
            Cache::builder().max_capacity(CAPACITY).weigher(|key: &Key, judged: &Arc<Judged>| weight(key, judged));
        Self(cache.build())
    }
}

fn weight(key: &Key, judged: &Judged) -> u32 {
    let recorded: usize = judged.cleared.statements.iter().map(|s| 512 + 2 * s.sql.len() + s.source.len()).sum();
    u32::try_from(key.text.len() + judged.cleared.wire_text().len() + recorded + 256).unwrap_or(u32::MAX)
}

impl Plans {
    pub fn find(&self, context: ContextId, protocol: Protocol, text: &str) -> Option<Arc<Judged>> {
        self.0.get(&Wanted { context, protocol, text })
    }

    pub fn keep(&self, context: ContextId, protocol: Protocol, judged: &Arc<Judged>) {
        self.0.insert(Key { context, protocol, text: judged.source.clone() }, judged.clone());
    }

    /// A new snapshot: nothing that was judged before counts any more.
    pub fn clear(&self) {
        self.0.invalidate_all();
    }
}
