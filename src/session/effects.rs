//! What a statement does to the session: which ones the next message must wait for, and what happens when one completes.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use super::core::Core;
use super::expect::SettingChange;
use super::plans::{ContextId, Judged};
use super::prepared::{Origin, Portal, PortalKind, Prepared, Progress};
use super::record::Named;
use super::settings::Lifetime;
use crate::audit::Event;
use crate::audit::event::PurposeChange;
use crate::engine::cleared::{Argument, Effect, SetConfigCall, Tracked};
use crate::engine::context::{Filled, Protocol};
use crate::engine::refusal::{Refusal, SqlState};
use crate::wire::frontend::{Bind, Parameter};

/// Whether what comes behind the statement can only be judged when its outcome is known. `dirty`: settings have changed
/// in this transaction, so its end changes them again.
pub(super) fn is_barrier(effect: &Effect, dirty: bool) -> bool {
    match effect {
        Effect::None
        | Effect::Begin
        | Effect::Savepoint(_)
        | Effect::Release(_)
        | Effect::Execute { .. }
        | Effect::ExplainExecute { .. }
        | Effect::Fetch { .. }
        | Effect::CopyOut => false,
        Effect::Commit { .. } | Effect::Rollback { .. } | Effect::RollbackTo(_) | Effect::PrepareTransaction => dirty,
        Effect::Set { .. }
        | Effect::ResetAll
        | Effect::DiscardAll
        | Effect::DiscardPlans
        | Effect::DiscardTemp
        | Effect::SetConfig(_)
        | Effect::Prepare { .. }
        | Effect::Deallocate(_)
        | Effect::DeclareCursor { .. }
        | Effect::CloseCursor(_)
        | Effect::CreateTemporary { .. }
        | Effect::AlterTemporary { .. }
        | Effect::DropRelations(_)
        | Effect::CatalogChanged
        | Effect::CodeRan
        | Effect::CopyIn => true,
    }
}

/// Whether `search_path` may be another one after the statement, or go back at the end of its transaction.
fn may_change_path(effect: &Effect) -> bool {
    match effect {
        Effect::Set { setting, .. } => *setting == Tracked::SearchPath,
        Effect::SetConfig(_) | Effect::ResetAll | Effect::DiscardAll => true,
        // Ends of transactions and savepoints only undo what one of the above has done, in the same transaction.
        Effect::None
        | Effect::Begin
        | Effect::Savepoint(_)
        | Effect::Release(_)
        | Effect::Commit { .. }
        | Effect::Rollback { .. }
        | Effect::RollbackTo(_)
        | Effect::PrepareTransaction
        | Effect::DiscardPlans
        | Effect::DiscardTemp
        | Effect::Prepare { .. }
        | Effect::Execute { .. }
        | Effect::ExplainExecute { .. }
        | Effect::Deallocate(_)
        | Effect::DeclareCursor { .. }
        | Effect::Fetch { .. }
        | Effect::CloseCursor(_)
        | Effect::CreateTemporary { .. }
        | Effect::AlterTemporary { .. }
        | Effect::DropRelations(_)
        | Effect::CatalogChanged
        | Effect::CodeRan
        | Effect::CopyIn
        | Effect::CopyOut => false,
    }
}

/// A statement that has completed.
pub(super) struct Completed<'a> {
    pub judged: &'a Arc<Judged>,
    pub index: usize,
    /// The context it was judged in.
    pub context: ContextId,
    pub settings: &'a [SettingChange],
    /// PostgreSQL's command tag: a COMMIT of a failed transaction says `ROLLBACK`.
    pub tag: &'a str,
}

impl Core {
    /// Does to the session's state what the statement has done in PostgreSQL.
    pub(super) fn apply(&mut self, completed: &Completed<'_>) {
        let Some(statement) = completed.judged.cleared.statements.get(completed.index) else {
            return;
        };
        let before = self.settings.now().purpose.clone();
        self.path_touched |= may_change_path(&statement.effect);
        self.settings.define(&statement.defined);
        match &statement.effect {
            Effect::None
            | Effect::DiscardPlans
            | Effect::Execute { .. }
            | Effect::ExplainExecute { .. }
            | Effect::Fetch { .. }
            | Effect::CopyIn
            | Effect::CopyOut => {}
            Effect::Begin => self.in_block = true,
            // Outside of a block PostgreSQL warns, says ROLLBACK, and commits the implicit transaction
            // (PrepareTransactionBlock in access/transam/xact.c; a transaction command ends it, tcop/postgres.c).
            Effect::PrepareTransaction if completed.tag.starts_with("ROLLBACK") && !self.in_block => {
                self.committed(false)
            }
            Effect::Commit { chain } if completed.tag.starts_with("ROLLBACK") => self.rolled_back(*chain),
            Effect::PrepareTransaction if completed.tag.starts_with("ROLLBACK") => self.rolled_back(false),
            Effect::Rollback { chain } => self.rolled_back(*chain),
            Effect::Commit { chain } => self.committed(*chain),
            Effect::PrepareTransaction => self.committed(false),
            Effect::Savepoint(name) => self.settings.savepoint(name),
            Effect::RollbackTo(name) => self.settings.rollback_to(name),
            Effect::Release(name) => self.settings.release(name),
            Effect::Set { setting, value, local } => self.settings.set(*setting, value, Lifetime::of(*local)),
            Effect::SetConfig(_) => {
                for change in completed.settings {
                    self.settings.set(change.setting, &change.value, change.lifetime);
                }
            }
            Effect::ResetAll => self.settings.reset_all(),
            Effect::DiscardAll => {
                self.discard_all();
                // It runs by itself, and is committed at once, whatever comes behind it in the batch.
                self.committed(false);
            }
            Effect::DiscardTemp => self.settings.change_temporary(|t| t.clear()),
            Effect::Prepare { name, fills } => {
                self.remember_prepared(name, completed);
                // Whenever it is run: it may be by now that it will.
                if let Some(Filled { relation, made }) = fills {
                    self.settings.change_temporary(|t| t.entry(relation.clone()).or_default().add(made));
                }
            }
            Effect::Deallocate(Some(name)) => drop(self.statements.remove(name)),
            Effect::Deallocate(None) => self.statements.clear_named(),
            Effect::DeclareCursor { name, hold, .. } => self.remember_cursor(name, *hold, completed),
            Effect::CloseCursor(Some(name)) => {
                let closed = self.portals.remove(name);
                self.finish_portals(closed);
            }
            Effect::CloseCursor(None) => {
                let closed = self.portals.retain(|_| false);
                self.finish_portals(closed);
            }
            Effect::CreateTemporary { name, made, on_commit_drop } => {
                let lifetime = Lifetime::of(*on_commit_drop);
                self.settings.change_temporary_for(lifetime, |t| t.entry(name.clone()).or_default().add(made));
            }
            Effect::AlterTemporary { name, shape } => {
                self.settings.change_temporary(|t| {
                    t.entry(name.clone()).and_modify(|known| known.shape.clone_from(shape));
                });
                self.catalog_changed = true;
            }
            Effect::DropRelations(names) => {
                self.settings.change_temporary(|t| t.retain(|known, _| !names.contains(known)));
                self.catalog_changed = true;
            }
            Effect::CatalogChanged => self.catalog_changed = true,
            Effect::CodeRan => {
                self.settings.change_temporary(|t| t.values_mut().for_each(|known| known.shape = None));
                self.catalog_changed = true;
            }
        }
        self.note_purpose(before);
    }

    /// Puts a change of purpose on record.
    pub(super) fn note_purpose(&self, before: Option<String>) {
        let now = self.settings.now();
        if now.purpose != before {
            self.clerk.note(Event::PurposeChange(PurposeChange {
                session: self.clerk.who.session.clone(),
                user: self.clerk.who.user.clone(),
                role: self.clerk.who.role.clone(),
                database: self.clerk.who.database.clone(),
                from: before,
                to: now.purpose.clone(),
                set_by: now.purpose_set_by.as_str(),
            }));
        }
    }

    fn discard_all(&mut self) {
        self.settings.reset_all();
        self.settings.change_temporary(|t| t.clear());
        self.statements.clear_named();
        let closed = self.portals.retain(|_| false);
        self.finish_portals(closed);
    }

    fn rolled_back(&mut self, chain: bool) {
        self.settings.rollback();
        self.in_block = chain;
        self.age_anew(chain);
        self.transaction_has_ended();
    }

    fn committed(&mut self, chain: bool) {
        self.settings.commit();
        self.in_block = chain;
        self.age_anew(chain);
        self.transaction_has_ended();
    }

    /// Portals and cursors of a transaction go with it.
    pub(super) fn transaction_has_ended(&mut self) {
        // What was sent ahead belongs to the next one.
        self.lingering = self.queue.iter().any(|e| e.protected);
        let closed = self.portals.retain(|p| p.kind == PortalKind::Held);
        self.finish_portals(closed);
    }

    fn remember_prepared(&mut self, name: &str, completed: &Completed<'_>) {
        let alone = completed.judged.cleared.statements.len() == 1;
        let judged = if alone {
            Some((completed.judged.clone(), completed.context))
        } else {
            // Out of several: what may be prepared again is this one alone, and it is before its first use, because
            // a SET in the same message may have given it a context of its own.
            let source = completed.judged.cleared.statements[completed.index].source.clone();
            self.judge(Protocol::Simple, &source).ok().map(|judged| (judged, ContextId::NONE))
        };
        match judged {
            Some((judged, context)) => {
                let prepared = Prepared { judged, context, origin: Origin::Sql, types: OnceLock::new() };
                self.statements.put(name, Arc::new(prepared));
            }
            // It cannot be judged alone: then it cannot be used either.
            None => drop(self.statements.remove(name)),
        }
    }

    fn remember_cursor(&mut self, name: &str, hold: bool, completed: &Completed<'_>) {
        let portal = Portal {
            judged: completed.judged.clone(),
            bound: None,
            index: completed.index,
            context: completed.context,
            kind: if hold { PortalKind::Held } else { PortalKind::Cursor },
            protected: completed.judged.cleared.statements[completed.index].protected,
            settings: Vec::new(),
            named: Named::default(),
            behind: None,
            progress: Progress::Bound.into(),
            applied: AtomicBool::new(false),
        };
        self.portals.put(name, Arc::new(portal));
    }

    // === set_config ===

    /// Judges the settings that `set_config` calls make, with the values of `bind` for parameters.
    pub(super) fn judge_set_config(
        &mut self,
        calls: &[SetConfigCall],
        bind: Option<&Bind<'_>>,
    ) -> Result<Vec<SettingChange>, Refusal> {
        let bound = bind.map(Bind::parameters).unwrap_or_default();
        let mut changes = Vec::new();
        for call in calls {
            // A null name is an error in PostgreSQL; a null value is the default.
            let Some(name) = argument(&call.name, &bound)? else {
                continue;
            };
            let value = argument(&call.value, &bound)?;
            let local = argument_is_true(&call.is_local, &bound)?;
            if let Some((setting, value)) = self.judge_setting(&name, value.as_deref())? {
                changes.push(SettingChange { setting, value, lifetime: Lifetime::of(local) });
            }
        }
        Ok(changes)
    }
}

/// `text`, `varchar` and the types that PostgreSQL takes for not given (`unknown`, 0): their values reach `set_config`
/// unchanged (pg_type.dat). `bpchar` and `name` would be cut.
const TEXT_TYPES: [u32; 4] = [0, 25, 705, 1043];
const BOOL_TYPES: [u32; 3] = [0, 16, 705];

/// Refuses parameters of `set_config` whose declared types may change what it is told. `types`: as in Parse, a count and
/// that many OIDs.
pub(super) fn check_parameter_types(calls: &[SetConfigCall], types: &[u8]) -> Result<(), Refusal> {
    let declared = |n: u16| {
        let at = 2 + 4 * usize::from(n).checked_sub(1)?;
        Some(types.get(at..at + 4).map_or(0, |oid| u32::from_be_bytes([oid[0], oid[1], oid[2], oid[3]])))
    };
    let is_of = |n: u16, allowed: &[u32]| declared(n).is_some_and(|oid| allowed.contains(&oid));
    let (mut texts, mut truths) = (BTreeSet::new(), BTreeSet::new());
    for call in calls {
        for text in [&call.name, &call.value] {
            if let Argument::Parameter(n) = text {
                texts.insert(*n);
            }
        }
        if let Argument::Parameter(n) = call.is_local {
            truths.insert(n);
        }
    }
    // As both, it is one of them changed into the other.
    let sound = texts.iter().all(|n| is_of(*n, &TEXT_TYPES) && !truths.contains(n))
        && truths.iter().all(|n| is_of(*n, &BOOL_TYPES));
    if sound { Ok(()) } else { Err(unreadable()) }
}

/// An argument's text; `None` is NULL.
fn argument(argument: &Argument, bound: &[Parameter<'_>]) -> Result<Option<String>, Refusal> {
    match argument {
        Argument::Literal(text) => Ok(Some(text.clone())),
        Argument::Null => Ok(None),
        Argument::Parameter(n) => match parameter(*n, bound)?.value {
            None => Ok(None),
            // Text has the same bytes in both formats.
            Some(bytes) => String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| unreadable()),
        },
    }
}

fn argument_is_true(argument: &Argument, bound: &[Parameter<'_>]) -> Result<bool, Refusal> {
    let text = match argument {
        Argument::Literal(text) => text.clone(),
        Argument::Null => return Ok(false),
        Argument::Parameter(n) => match parameter(*n, bound)? {
            Parameter { value: None, .. } => return Ok(false),
            Parameter { binary: true, value: Some([0]) } => return Ok(false),
            Parameter { binary: true, value: Some([1]) } => return Ok(true),
            Parameter { binary: true, value: Some(_) } => return Err(unreadable()),
            Parameter { binary: false, value: Some(bytes) } => {
                String::from_utf8(bytes.to_vec()).map_err(|_| unreadable())?
            }
        },
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Ok(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Ok(false),
        _ => Err(unreadable()),
    }
}

fn parameter<'a>(n: u16, bound: &[Parameter<'a>]) -> Result<Parameter<'a>, Refusal> {
    usize::from(n).checked_sub(1).and_then(|index| bound.get(index)).copied().ok_or_else(unreadable)
}

fn unreadable() -> Refusal {
    Refusal::new(
        "set-config-argument",
        SqlState::FEATURE_NOT_SUPPORTED,
        "an argument of set_config cannot be read",
        "The proxy must know which setting changes, to what, and for how long.",
        "Use literals or text parameters.",
    )
}
