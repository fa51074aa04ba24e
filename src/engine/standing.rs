//! What the statements of one message do to the session's state, before PostgreSQL has run any of them.

use super::analyse;
use super::clear::Engine;
use super::cleared::{Argument, Effect, SetValue, Tracked};
use super::context::{Context, Filled, PurposeSource, effective_path};
use super::policy::Role;

/// The session's state between the statements of one message.
pub struct Standing {
    pub context: Context,
    /// A tracked setting went back to a value that only the session knows.
    pub uncertain: bool,
    /// A tracked setting goes back to such a value when the transaction ends.
    pub local: bool,
    /// Something has changed that a rollback may take back.
    pub changed: bool,
}

impl Standing {
    pub fn new(context: &Context) -> Self {
        Self { context: context.clone(), uncertain: false, local: false, changed: false }
    }

    /// What the statement will have done, once it has run.
    pub fn follow(&mut self, engine: &Engine, role: &Role, effect: &Effect) {
        let resets = self.context.resets;
        match effect {
            Effect::Set { value: SetValue::Default, .. } | Effect::ResetAll if resets.to_defaults && !self.changed => {}
            Effect::Rollback { .. } | Effect::RollbackTo(_) if resets.by_rollback && !self.changed => {}
            _ => self.reset_or_set(engine, role, effect),
        }
        self.changed |= changes(effect);
    }

    fn reset_or_set(&mut self, engine: &Engine, role: &Role, effect: &Effect) {
        match effect {
            Effect::Set { setting, value: SetValue::Value(value), local } => {
                self.local |= *local;
                self.set(engine, *setting, value);
            }
            Effect::SetConfig(calls) => {
                for call in calls {
                    use Argument::Literal;
                    let (Literal(name), Literal(value)) = (&call.name, &call.value) else {
                        self.uncertain = true;
                        continue;
                    };
                    if let Ok(Some((setting, SetValue::Value(value)))) =
                        analyse::judge_setting(&engine.policy, role, name, Some(value))
                    {
                        self.local |= !matches!(&call.is_local, Literal(local) if local == "false");
                        self.set(engine, setting, &value)
                    }
                }
            }
            Effect::Set { value: SetValue::Default, .. }
            | Effect::ResetAll
            | Effect::DiscardAll
            | Effect::Rollback { .. }
            | Effect::RollbackTo(_) => self.uncertain = true,
            Effect::Commit { .. } | Effect::PrepareTransaction => self.uncertain |= self.local,
            Effect::CreateTemporary { name, made, .. }
            | Effect::Prepare { fills: Some(Filled { relation: name, made }), .. } => {
                self.context.temporary.entry(name.clone()).or_default().add(made);
            }
            Effect::AlterTemporary { name, shape } => {
                self.context.temporary.entry(name.clone()).and_modify(|known| known.shape.clone_from(shape));
            }
            Effect::CodeRan => self.context.temporary.values_mut().for_each(|known| known.shape = None),
            _ => {}
        }
    }

    fn set(&mut self, engine: &Engine, setting: Tracked, value: &str) {
        match setting {
            Tracked::Purpose => {
                self.context.purpose = Some(value.to_owned());
                self.context.purpose_set_by = PurposeSource::Set;
            }
            Tracked::Reason => self.context.has_reason = !value.trim().is_empty(),
            Tracked::SearchPath => self.context.search_path = effective_path(&engine.catalog, value),
        }
    }
}

/// Whether a statement may have changed what those behind it are judged by, other than by a reset.
fn changes(effect: &Effect) -> bool {
    let resets = matches!(
        effect,
        Effect::Commit { .. }
            | Effect::Rollback { .. }
            | Effect::RollbackTo(_)
            | Effect::PrepareTransaction
            | Effect::Set { value: SetValue::Default, .. }
            | Effect::ResetAll
    );
    effect.may_change_context() && !resets
}
