//! The one maker of [`Cleared`] (with `alike.rs`): judge, rewrite, and read the result again before it may leave.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use pg_query::Node;
use pg_query::protobuf::RawStmt;

use super::alike::{self, Pieces, Template};
use super::analyse::{Analyser, Help, Judged};
use super::catalog::{Catalog, FIRST_NORMAL_OID, Oid, QualifiedName, quote_ident};
use super::cleared::{
    Cleared, Described, Effect, NOT_LOOKED_INTO, Outcome, RowShape, SetValue, Statement, TouchedTable, Tracked,
    add_table,
};
use super::context::{Context, Defined, Filled, Protocol, PurposeSource};
use super::meaning::Meaning;
use super::parse::{self, Parsed, Tokens};
use super::policy::{Policy, Purpose, Role, is_closed};
use super::refusal::{self, Place, Refusal, SqlState};
use super::rewrite::{self, Injected, guard::Guard, second};
use super::standing::Standing;
use super::{analyse, comment, record, tree};

/// Keys that go into emitted SQL. Never logged.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Master key of the `pseudonym` mask; the key of a purpose is derived from it.
    pub pseudonym: Vec<u8>,
}

/// What the engine reads again and again, kept by whoever owns the engine. It may forget.
pub trait Memory {
    /// The tree that was kept for a text of ours, as bytes (`tree.rs`).
    fn tree(&self, text: &str) -> Option<Arc<[u8]>>;
    fn keep_tree(&self, text: &str, tree: &Arc<[u8]>);
}

/// What is left to a session whose role the policy has no more: the way out of its transaction.
static NOBODY: LazyLock<Role> = LazyLock::new(Role::default);

/// Remembers nothing.
pub struct NoMemory;

impl Memory for NoMemory {
    fn tree(&self, _: &str) -> Option<Arc<[u8]>> {
        None
    }
    fn keep_tree(&self, _: &str, _: &Arc<[u8]>) {}
}

/// One database's policy and catalog, ready to judge statements. Immutable: a reload makes a new one.
pub struct Engine {
    pub catalog: Arc<Catalog>,
    pub policy: Arc<Policy>,
    pub secrets: Secrets,
    /// Nobody can tell whether the catalog is still this one.
    unseen: bool,
}

impl Engine {
    pub fn new(catalog: Arc<Catalog>, policy: Arc<Policy>, secrets: Secrets) -> Self {
        Self { catalog, policy, secrets, unseen: false }
    }

    /// The same for a catalog that has not been seen for too long: nothing is judged by it any more.
    pub fn unseen(self) -> Self {
        Self { unseen: true, ..self }
    }

    /// Judges `text` for `context`. The result is the same for equal arguments, so it may be cached.
    pub fn clear(&self, text: &str, context: &Context, protocol: Protocol) -> Result<Cleared, Refusal> {
        self.clear_and_learn(text, context, protocol, &NoMemory).map(|(cleared, _)| cleared)
    }

    /// [`Engine::clear`], with a memory for what is read again and again; and what clears statements that are like this
    /// one, in an equal context and protocol.
    pub fn clear_and_learn(
        &self,
        text: &str,
        context: &Context,
        protocol: Protocol,
        memory: &dyn Memory,
    ) -> Result<(Cleared, Option<Template>), Refusal> {
        let parsed = match parse::parse(text) {
            Ok(parsed) => parsed,
            Err(refusal) => {
                let Some(at) = reserved_setting(text, &refusal) else { return Err(refusal) };
                return self.clear_quoted(text, at, context, protocol).map(|cleared| (cleared, None));
            }
        };
        if protocol != Protocol::Simple && parsed.statements.len() > 1 {
            return Err(parse::syntax_error("cannot insert multiple commands into a prepared statement"));
        }
        parse::on_roomy_stack(parsed.depth, || self.judge(text, parsed, context, protocol, memory))
    }

    /// Clears a text with the word at `at` in quotes.
    fn clear_quoted(
        &self,
        text: &str,
        (start, end): (usize, usize),
        context: &Context,
        protocol: Protocol,
    ) -> Result<Cleared, Refusal> {
        let lost = || refusal::not_faithful("a word was not found in the text");
        let (Some(before), Some(word), Some(after)) = (text.get(..start), text.get(start..end), text.get(end..)) else {
            return Err(lost());
        };
        let quoted = quote_ident(&word.to_ascii_lowercase());
        let cleared = self.clear(&format!("{before}{quoted}{after}"), context, protocol)?;
        Ok(cleared.for_text(text, (start, end - start), quoted.len()))
    }

    /// Judges a setting whose name or value came as a parameter (`set_config($1, $2, $3)`); `value` is `None` for the
    /// default. Returns what the session must track, if anything.
    pub fn judge_setting(
        &self,
        name: &str,
        value: Option<&str>,
        context: &Context,
    ) -> Result<Option<(Tracked, SetValue)>, Refusal> {
        analyse::judge_setting(&self.policy, self.role(context)?, name, value)
    }

    /// Judges the types, by OID, that a client declares for its parameters: reading a value runs a domain's checks.
    pub fn judge_parameter_types(&self, types: impl Iterator<Item = Oid>, context: &Context) -> Result<(), Refusal> {
        let known = &self.catalog.data().type_functions;
        if known.is_empty() {
            return Ok(());
        }
        let role = self.role(context)?;
        let mut runs = types.flat_map(|oid| known.iter().filter(move |t| t.oid == oid));
        runs.try_for_each(|t| analyse::runs_for(role, t))
    }

    /// What PostgreSQL has in front of the names that a user gives prepared transactions.
    pub fn mark_of(user: &str) -> String {
        analyse::mark_of(user)
    }

    /// Whether an error about a row of this relation may tell a role of protected data.
    pub fn is_closed_to(&self, role: &str, schema: &str, table: &str) -> bool {
        let relation = self.catalog.relation_named(schema, table).filter(|r| r.oid >= FIRST_NORMAL_OID);
        let unrestricted = self.policy.roles.get(role).is_some_and(|role| role.unrestricted);
        !unrestricted && relation.is_some_and(|r| is_closed(&self.catalog, &self.policy, r))
    }

    /// Whether what leaves for `text` holds a secret, which must not be shown: what leaves with another one differs then.
    pub fn tells_secrets(&self, text: &str, context: &Context, protocol: Protocol) -> bool {
        let secrets = Secrets { pseudonym: b"not the key".to_vec() };
        let other = Self::new(self.catalog.clone(), self.policy.clone(), secrets);
        match (self.clear(text, context, protocol), other.clear(text, context, protocol)) {
            (Ok(mine), Ok(others)) => mine.wire_text() != others.wire_text(),
            _ => true,
        }
    }

    fn role(&self, context: &Context) -> Result<&Role, Refusal> {
        self.policy.roles.get(&context.role).ok_or_else(|| {
            Refusal::new(
                "role-unknown",
                SqlState::INSUFFICIENT_PRIVILEGE,
                format!("role \"{}\" is not in the policy", context.role),
                "rule role-unknown: the policy no longer declares the role of this user",
                "ask for a role in consentry.toml that the policy declares",
            )
        })
    }

    fn judge(
        &self,
        text: &str,
        parsed: Parsed,
        context: &Context,
        protocol: Protocol,
        memory: &dyn Memory,
    ) -> Result<(Cleared, Option<Template>), Refusal> {
        let Parsed { statements, tokens, depth: _ } = parsed;
        let moves_the_session = |s: &RawStmt| s.stmt.as_deref().is_some_and(analyse::moves_the_session);
        let spans: Vec<_> = statements.iter().map(|raw| span(raw, text.len())).collect();
        let first = statements.iter().position(|s| !moves_the_session(s));
        let at_first = |r: Refusal| r.behind_others(first.and_then(|index| Place::of(&spans, index)));
        let role = match self.role(context) {
            Err(_) if first.is_none() => &NOBODY,
            role => role.map_err(at_first)?,
        };
        if self.unseen && !role.unrestricted && first.is_some() {
            return Err(at_first(refusal::catalog_unseen()));
        }
        let only_one = statements.len() == 1;
        let mut now = Standing::new(context);
        let mut a = Analyser::new(self, context, role, text.to_owned(), tokens.clone());
        let mut all = Drafts::default();
        for (index, raw) in statements.into_iter().enumerate() {
            let (first_token, end) = spans[index];
            let placed = |r: Refusal| r.behind_others(Place::of(&spans, index));
            let comments = if only_one { (0, text.len()) } else { comment::around(text, &spans, index) };
            let span = if only_one { (first_token, end) } else { comments };
            let purpose = self.purpose(text, &tokens, comments, role, &now.context, moves_the_session(&raw));
            let purpose = purpose.map_err(placed)?;
            a.begin_statement(now.context.clone(), purpose.purpose, first_token);
            a.parameters = protocol.parameter_types();
            a.one_by_one = protocol != Protocol::Simple;
            a.takes_parameters = a.one_by_one;
            let draft = self.draft(&mut a, raw, span, purpose, role, &now).map_err(placed)?;
            now.follow(self, role, &draft.judged.effect);
            now.changed |= !draft.defined.is_empty();
            now.context.defined.extend(draft.defined.iter().cloned());
            all.0.push(draft);
        }
        self.mint(text, &tokens, a, all, memory)
    }

    /// The purpose of a statement: a comment's, or the session's. What only moves the session needs none: it leads out of a
    /// purpose that the role has lost.
    fn purpose<'p>(
        &'p self,
        text: &str,
        tokens: &Tokens,
        within: (usize, usize),
        role: &Role,
        context: &Context,
        session_only: bool,
    ) -> Result<Asked<'p>, Refusal> {
        let (name, source) = match comment::purpose(text, tokens, within)? {
            Some(name) => (Some(analyse::purpose(&self.policy, role, &name)?), PurposeSource::Comment),
            None => (context.purpose.clone(), context.purpose_set_by),
        };
        let purpose = match name {
            None => None,
            Some(name) => match self.policy.purposes.get(&name) {
                Some(p) if role.purposes.contains(&name) => Some(p),
                _ if session_only => None,
                Some(_) => return Err(refusal::purpose_not_allowed(&name, &role.name, &role.purposes)),
                None => return Err(refusal::purpose_unknown(&name)),
            },
        };
        Ok(Asked { purpose, source })
    }

    fn draft<'e>(
        &'e self,
        a: &mut Analyser<'e>,
        raw: RawStmt,
        span: (usize, usize),
        asked: Asked<'e>,
        role: &Role,
        now: &Standing,
    ) -> Result<Draft<'e>, Refusal> {
        let Some(mut tree) = raw.stmt.map(|n| *n) else {
            return Err(refusal::not_supported("an empty statement", "it has no meaning"));
        };
        // A FETCH gives rows like any other statement, of a cursor that outlives the reason that it was opened with too.
        if role.reason_required && !now.context.has_reason && !analyse::moves_the_session(&tree) {
            return Err(refusal::reason_required(&role.name));
        }
        let mut judged = if role.unrestricted { a.unrestricted(&mut tree)? } else { a.statement(&mut tree)? };
        if now.uncertain && !analyse::moves_session_only(judged.kind) {
            return Err(refusal::depends_on_reset());
        }
        let (lasts, at_once) = (a.lasts(judged.kind), a.is_at_once(judged.kind));
        let changed = a.changes();
        a.leave_as_they_are();
        a.write_targets()?;
        a.settle_spared();
        a.liken_twins();
        let mut guards = a.write_guards()?;
        if !changed {
            a.forget_edits();
            guards.iter_mut().for_each(|g| g.words.clear());
        }
        let recorded = std::mem::take(&mut a.for_the_record);
        let mut tables = recorded.tables;
        let read = std::mem::take(&mut a.read_before);
        guards.iter().filter_map(|g| g.touched.clone()).chain(read).for_each(|table| add_table(&mut tables, table));
        if let Effect::CreateTemporary { made, .. } | Effect::Prepare { fills: Some(Filled { made, .. }), .. } =
            &mut judged.effect
            && (made.purpose.is_some() || role.unrestricted)
        {
            tables.iter().filter_map(TouchedTable::as_read).for_each(|table| add_table(&mut made.from, table));
        }
        Ok(Draft {
            only_named: changed && a.only_names(),
            protected: a.touches_protected(),
            subjects: std::mem::take(&mut a.subjects),
            subject_columns: if role.unrestricted { recorded.subject_columns } else { a.subject_columns() },
            described: if changed { a.described() } else { Arc::default() },
            row_shape: a.row_shape(),
            lasts,
            at_once,
            raises: std::mem::take(&mut a.raises),
            silent: std::mem::take(&mut a.silent) && !a.explaining,
            help: a.help.take(),
            tables,
            hidden: recorded.hidden,
            judged,
            tree: changed.then_some(tree),
            span,
            asked,
            guards,
            defined: std::mem::take(&mut a.defines),
            meaning: a.meaning(),
            reads_defined: a.left.made_here,
            defines_view: a.left.in_a_view,
        })
    }

    fn mint(
        &self,
        text: &str,
        tokens: &Tokens,
        a: Analyser<'_>,
        all: Drafts<'_>,
        memory: &dyn Memory,
    ) -> Result<(Cleared, Option<Template>), Refusal> {
        let injected = if all.changed() { rewrite::injected(&a, &all.guards(), memory)? } else { Injected::default() };
        let pieces = Pieces::of(&a, &injected.texts)?;
        let (out, places) = pieces
            .around(text, &alike::literals(text, tokens))
            .ok_or_else(|| refusal::not_faithful("two edits of the text overlap"))?;
        if all.changed() {
            self.read_back(&out, &a, &all, &injected)?;
        }
        let span = all.0.first().map_or((0, 0), |d| d.span);
        let statements = all.0.into_iter().map(|d| d.statement(text, tokens, &a)).collect();
        let cleared = Cleared::mint(out, statements, places);
        let template = Template::of(&a, pieces, &cleared, span);
        Ok((cleared, template))
    }

    /// Shows the outgoing text to be the judged tree with the injected parts in their places, by PostgreSQL's grammar and
    /// by a second parser.
    fn read_back(&self, out: &str, a: &Analyser<'_>, all: &Drafts<'_>, injected: &Injected) -> Result<(), Refusal> {
        let again = parse::parse(out).map_err(|r| match r.sqlstate {
            SqlState::STATEMENT_TOO_LONG | SqlState::STATEMENT_TOO_COMPLEX => r,
            _ => refusal::not_faithful("PostgreSQL's grammar does not accept what it became"),
        })?;
        let originals = all.originals(a)?;
        let mut meant: Vec<&Node> = Vec::with_capacity(all.0.len());
        for (draft, original) in all.0.iter().zip(&originals) {
            let missing = || refusal::not_faithful("a statement is missing");
            meant.extend(draft.help.as_ref().map(|help| &help.make));
            meant.push(draft.tree.as_ref().or(original.as_ref()).ok_or_else(missing)?);
            meant.extend(draft.help.as_ref().map(|help| &help.drop));
        }
        let read: Vec<&Node> = again.statements.iter().filter_map(|s| s.stmt.as_deref()).collect();
        let bytes = |nodes: &[&Node], injected: &[Arc<[u8]>]| {
            tree::canonical(&nodes, injected).map_err(|e| refusal::not_faithful(&e.to_string()))
        };
        if bytes(&meant, &injected.trees)? != bytes(&read, &[])? {
            return Err(refusal::not_faithful("what it became does not mean what was judged"));
        }
        if all.mixed() { second_opinion(a, &meant) } else { Ok(()) }
    }
}

/// Another parser reads the client's part, with a stub for each injected one, and must find the same relations.
fn second_opinion(a: &Analyser<'_>, meant: &[&Node]) -> Result<(), Refusal> {
    let text = rewrite::copy_in::readable(rewrite::render(a, 0, &rewrite::stubs(a)?)?, meant)?;
    let named = tree::relations(&meant).map_err(|e| refusal::not_faithful(&e.to_string()))?;
    let guarded = a
        .occurrences
        .iter()
        .filter(|o| o.target.is_none())
        .filter_map(|o| a.engine.catalog.relation(o.relation))
        .map(|r| r.name.name.clone());
    let relations: BTreeSet<String> = named.into_iter().chain(guarded).collect();
    second::agree(&text, || pg_query::parse(&text, 0).ok()?.deparse(Default::default()).ok(), &relations)
}

/// A statement's purpose and where it came from.
#[derive(Clone, Copy)]
struct Asked<'e> {
    purpose: Option<&'e Purpose>,
    source: PurposeSource,
}

/// A judged statement that is not written yet.
struct Draft<'e> {
    judged: Judged,
    /// The judged tree, with placeholders; `None`: it leaves as it was written.
    tree: Option<Node>,
    /// Nothing but schemas was written before its names.
    only_named: bool,
    protected: bool,
    span: (usize, usize),
    asked: Asked<'e>,
    guards: Vec<Guard>,
    defined: Vec<(QualifiedName, Defined)>,
    meaning: Option<Arc<Meaning>>,
    reads_defined: bool,
    defines_view: bool,
    subjects: Vec<super::cleared::NamedSubject>,
    subject_columns: Vec<(u16, String)>,
    described: Arc<[Described]>,
    row_shape: Option<RowShape>,
    lasts: bool,
    at_once: bool,
    raises: Vec<super::cleared::Raise>,
    silent: bool,
    help: Option<Help>,
    tables: Vec<TouchedTable>,
    hidden: Vec<String>,
}

#[derive(Default)]
struct Drafts<'e>(Vec<Draft<'e>>);

impl Drafts<'_> {
    fn changed(&self) -> bool {
        self.0.iter().any(|d| d.tree.is_some())
    }

    /// Whether anything of ours, more than schemas before names, is among the client's words.
    fn mixed(&self) -> bool {
        self.0.iter().any(|d| d.tree.is_some() && !d.only_named)
    }

    fn guards(&self) -> Vec<&str> {
        self.0.iter().flat_map(|d| &d.guards).map(|g| g.text.as_str()).collect()
    }

    /// The trees of statements that leave as they were written, each at its place.
    fn originals(&self, a: &Analyser<'_>) -> Result<Vec<Option<Node>>, Refusal> {
        if self.0.iter().all(|d| d.tree.is_some()) {
            return Ok(vec![None; self.0.len()]);
        }
        let text = a.sources.first().map_or("", |s| s.text.as_str());
        Ok(parse::parse(text)?.statements.into_iter().map(|s| s.stmt.map(|n| *n)).collect())
    }
}

impl Draft<'_> {
    fn statement(self, text: &str, tokens: &Tokens, a: &Analyser<'_>) -> Statement {
        let (start, end) = self.span;
        let source = text.get(start..end).unwrap_or(text).to_owned();
        let known = |name: &str| record::is_known(&a.engine.catalog, &a.engine.policy, name);
        let sql = record::normalised(text, tokens, start, end, &known);
        let hidden = Some(self.hidden.join(", ")).filter(|names| !names.is_empty());
        let mut rules: Vec<String> = hidden.into_iter().map(|names| format!("{NOT_LOOKED_INTO}{names}")).collect();
        for guard in self.guards {
            rules.extend(guard.words.into_iter().filter(|w| !rules.contains(w)).collect::<Vec<_>>());
        }
        Statement {
            kind: self.judged.kind,
            outcome: if self.tree.is_some() { Outcome::Changed } else { Outcome::Allowed },
            protected: self.protected,
            // Rows that come in are the client's own.
            meaning: self.meaning.filter(|_| self.judged.effect != Effect::CopyIn),
            reads_defined: self.reads_defined,
            defines_view: self.defines_view,
            effect: self.judged.effect,
            defined: self.defined,
            purpose: self.asked.purpose.map(|p| p.name.clone()),
            purpose_set_by: self.asked.source,
            basis: self.asked.purpose.filter(|_| self.protected).map(|p| p.basis.as_str()),
            recipient: a.role.recipient.clone(),
            tables: self.tables,
            rules,
            raises: self.raises,
            silent: self.silent,
            helped: self.help.map(|help| Box::new(help.not_allowed)),
            subjects: self.subjects,
            subject_columns: self.subject_columns,
            described: self.described,
            row_shape: self.row_shape,
            lasts: self.lasts,
            at_once: self.at_once,
            fingerprint: record::fingerprint(&sql),
            sql,
            source,
            at: start,
        }
    }
}

/// `SHOW consentry.user` and `RESET consentry.user` as a whole text: what is to stand in quotes. The contract promises the
/// name, and PostgreSQL's grammar reserves the word.
fn reserved_setting(text: &str, refusal: &Refusal) -> Option<(usize, usize)> {
    if refusal.sqlstate != SqlState::SYNTAX_ERROR {
        return None;
    }
    let tokens = parse::tokens(text).ok()?.list;
    let word = |i: usize| tokens.get(i).and_then(|t| text.get(t.start..t.end)).unwrap_or("");
    let is = |i: usize, wanted: &str| word(i).eq_ignore_ascii_case(wanted);
    let named = (is(0, "SHOW") || is(0, "RESET")) && is(1, "consentry") && is(2, ".") && is(3, "user");
    let ends = tokens.len() == 4 || (tokens.len() == 5 && is(4, ";"));
    (named && ends).then(|| tokens.get(3).map(|t| (t.start, t.end))).flatten()
}

/// Byte range of a statement in its text.
fn span(raw: &RawStmt, len: usize) -> (usize, usize) {
    let start = usize::try_from(raw.stmt_location).unwrap_or(0);
    let length = usize::try_from(raw.stmt_len).unwrap_or(0);
    (start, if length == 0 { len } else { start + length })
}
