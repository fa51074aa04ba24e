//! Consentry: a PostgreSQL proxy that enforces consent.
//!
//! # The journey of a query
//!
//! ```text
//!  client ─bytes─▶ wire ─message─▶ session ─sql, context─▶ engine ─Cleared─▶ relay ─bytes─▶ postgres
//!                                     │    parse ▸ analyse ▸ visible ▸ rewrite ▸ clear        │
//!   ErrorResponse ◀── wire ◀──────────┴────────── Refusal ◀──┘            rows, untouched ◀────┘
//!                                     └── Event ──▶ audit     (every path: pass, change, refusal, failure)
//! ```
//!
//! | folder | what is in it |
//! |---|---|
//! | [`wire`] | bytes ⇄ messages, start-up, SCRAM, TLS; knows no SQL |
//! | [`session`] | one client connection: a pure state machine for statements, portals, transactions and settings |
//! | [`engine`] | PURE: from SQL text and a context to a `Cleared` or a `Refusal` |
//! | [`engine::allow`] | the reviewed lists: functions, operators, types, settings, system relations |
//! | [`engine::policy`] | raw (the file) ▸ resolve (against the catalog, all problems at once) ▸ `Policy` |
//! | [`engine::visible`] | contract section 3 as SQL: which rows are there, what each cell shows |
//! | [`relay`] | to PostgreSQL and back; takes only `Cleared`; catalog loading; cancel |
//! | [`audit`] | the record: events, group commit, Merkle tree, checkpoints, verification, reports |
//! | [`consent`] | people's choices, retention, the subject's rights |
//! | [`config`] | `consentry.toml` |
//! | [`cli`], [`serve`] | on top |
//!
//! # How a statement is judged and rewritten
//!
//! PostgreSQL's own grammar (libpg_query) reads the client's text. The engine walks *that* tree with PostgreSQL's scoping
//! rules. What must change is changed twice: as a splice of the client's text at the place where the grammar found the
//! name, and as a placeholder in the tree. The spliced text is read by the grammar again, and must be the judged tree
//! with each placeholder replaced by the tree of what was put there; then sqlparser, which shares no code with
//! PostgreSQL, must find the same relations. So whatever the client wrote and we did not touch leaves to the letter, no
//! printer can change its meaning, and a mistake of ours is a refusal and not a leak. (`engine/clear.rs`, `engine/tree.rs`.)
//! A COPY into a table with `store_requires` leaves between two statements of ours, which are held against their trees too.
//! A text that differs from one judged before only in literals that nothing looks at leaves as that one did, around its
//! own literals. (`engine/alike.rs` says why that is sound.)
//!
//! # Invariants
//!
//! - What is sent is either the client's own text, shown to touch nothing protected, or text that was read again and
//!   found to be what was judged (but for literals, see above). [`relay`] has no function that takes SQL as text.
//! - A statement, expression, function, operator, relation, type or setting that the engine does not know is refused.
//! - In a rewritten statement every relation is schema-qualified (a temporary one as `pg_temp`), and so is every function
//!   and operator in text that we add. A function of the client's that was judged to be PostgreSQL's own leaves as such
//!   (`pg_catalog.lower`) where anything else bears its name.
//! - A column of a row-filtered table leaves bare only where no use of it could run on a hidden row and tell of it.
//! - The purpose is proxy state with PostgreSQL's transaction rules, never read from a setting that the server stores.
//! - Rows are relayed as frames, never decoded; PostgreSQL's messages are looked into only where the contract needs it.
//! - A view over nothing protected leaves by its name; nothing of an answer leaves before PostgreSQL has said that this name
//!   means what was judged. Protected tables need no question: they leave with their rules around their names. Open tables
//!   are open by their names.
//! - No byte of a result leaves before its decision event is on disk (`durability = "strict"`).
//! - The record, logs and metrics hold names, never values.
//!
//! # Words
//!
//! *Subject*: the person that a row is about. *Purpose*: why data is used; a session has exactly one at a time. *Legal
//! basis*: what makes a purpose lawful (GDPR Art. 6). *Category*: a kind of personal data. *Mask*: what is shown in place
//! of a value. *Visible table*: what a session sees instead of a stored table. *Upstream*: the PostgreSQL behind.

pub mod audit;
pub mod cli;
pub mod config;
pub mod consent;
pub mod engine;
pub mod relay;
pub mod serve;
pub mod session;
pub mod wire;
