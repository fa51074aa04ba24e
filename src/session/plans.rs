//! The caches of what was judged: a text need not be judged twice in equal contexts, nor one that is like it but for its
//! literals.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use moka::Equivalent;
use moka::sync::Cache;

use crate::audit::event::What;
use crate::engine::alike::{Shape, Template};
use crate::engine::clear::Memory;
use crate::engine::cleared::Cleared;
use crate::engine::context::Protocol;

/// Bytes of statements kept, by a rough count.
const CAPACITY: u64 = 64 << 20;
/// Bytes of statements kept without their literals.
const TEMPLATES: u64 = 32 << 20;
/// Bytes of trees of the engine's own texts.
const TREES: u64 = 16 << 20;

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

/// What clears every statement of a shape, and what the record says of each.
struct Known {
    template: Template,
    on_record: Vec<Arc<What>>,
}

pub struct Plans {
    judged: Cache<Key, Arc<Judged>>,
    /// By the text without its literals.
    templates: Cache<Key, Arc<Known>>,
    trees: Cache<String, Arc<[u8]>>,
}

impl Default for Plans {
    fn default() -> Self {
        Self {
            judged: Cache::builder().max_capacity(CAPACITY).weigher(weight).build(),
            templates: Cache::builder()
                .max_capacity(TEMPLATES)
                .weigher(|key: &Key, known: &Arc<Known>| size(key.text.len() + known.template.weight()))
                .build(),
            trees: Cache::builder()
                .max_capacity(TREES)
                .weigher(|text: &String, tree: &Arc<[u8]>| size(text.len() + tree.len()))
                .build(),
        }
    }
}

/// A text's tree is the same for every policy and context: these are never out of date.
impl Memory for Plans {
    fn tree(&self, text: &str) -> Option<Arc<[u8]>> {
        self.trees.get(text)
    }
    fn keep_tree(&self, text: &str, tree: &Arc<[u8]>) {
        self.trees.insert(text.to_owned(), tree.clone());
    }
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes + 256).unwrap_or(u32::MAX)
}

fn weight(_: &Key, judged: &Arc<Judged>) -> u32 {
    size(judged.weight())
}

impl Judged {
    /// A rough count of the bytes that it takes.
    pub fn weight(&self) -> usize {
        let recorded: usize = self.cleared.statements.iter().map(|s| 512 + 2 * s.sql.len() + s.source.len()).sum();
        self.source.len() + self.cleared.wire_text().len() + recorded
    }
}

impl Plans {
    pub fn find(&self, context: ContextId, protocol: Protocol, text: &str) -> Option<Arc<Judged>> {
        self.judged.get(&Wanted { context, protocol, text })
    }

    pub fn keep(&self, context: ContextId, protocol: Protocol, judged: &Arc<Judged>) {
        self.judged.insert(Key { context, protocol, text: judged.source.clone() }, judged.clone());
    }

    /// What a text was judged to be that is like one that was judged. Not kept: it will hardly come again.
    pub fn alike(&self, context: ContextId, protocol: Protocol, text: &str, shape: &Shape) -> Option<Arc<Judged>> {
        let known = self.templates.get(&Wanted { context, protocol, text: shape.key() })?;
        let cleared = known.template.clears(text, shape)?;
        Some(Arc::new(Judged { source: text.into(), cleared, on_record: known.on_record.clone() }))
    }

    pub fn learn(
        &self,
        context: ContextId,
        protocol: Protocol,
        shape: &Shape,
        template: Template,
        on_record: &[Arc<What>],
    ) {
        let known = Arc::new(Known { template, on_record: on_record.to_vec() });
        self.templates.insert(Key { context, protocol, text: shape.key().into() }, known);
    }

    /// A new snapshot: nothing that was judged before counts any more.
    pub fn clear(&self) {
        self.judged.invalidate_all();
        self.templates.invalidate_all();
    }
}
