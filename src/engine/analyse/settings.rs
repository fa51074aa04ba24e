//! SET, RESET and set_config: which settings a client may change, and which ones the session must follow.

use pg_query::NodeEnum;
use pg_query::protobuf::{self as pb, VariableSetKind as K};

use super::Analyser;
use super::statement::Judged;
use crate::engine::allow::{SettingRule, setting, setting_of_unrestricted};
use crate::engine::cleared::{Effect, SetValue, Tracked};
use crate::engine::names;
use crate::engine::policy::{Policy, Role};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn set(&mut self, s: &mut pb::VariableSetStmt) -> Result<Judged, Refusal> {
        let done = |effect| Ok(Judged { kind: "set", effect });
        let name = s.name.to_ascii_lowercase();
        match s.kind() {
            K::VarResetAll => done(Effect::ResetAll),
            K::VarSetMulti => match name.as_str() {
                "transaction" | "session characteristics" => done(Effect::None),
                "transaction snapshot" if self.role.unrestricted => done(Effect::None),
                _ => Err(refusal::setting_pinned(&name, "a transaction may not see another one's snapshot")),
            },
            K::VarSetCurrent => Err(refusal::setting_pinned(&name, "SET … FROM CURRENT belongs to functions")),
            K::VarReset | K::VarSetDefault => {
                let tracked = judge(&self.engine.policy, self.role, &name, None)?;
                done(effect(tracked, s.is_local))
            }
            K::VarSetValue => {
                let value = value(&name, &s.args).ok_or_else(|| refusal::setting_value(&name, "…"))?;
                let tracked = judge(&self.engine.policy, self.role, &name, Some(&value))?;
                done(effect(tracked, s.is_local))
            }
            K::Undefined => Err(refusal::not_supported("this form of SET", "it is not known")),
        }
    }
}

fn effect(tracked: Option<(Tracked, SetValue)>, local: bool) -> Effect {
    match tracked {
        Some((setting, value)) => Effect::Set { setting, value, local },
        None => Effect::None,
    }
}

/// The arguments of SET as one text, as PostgreSQL makes it (`flatten_set_variable_args`, utils/misc/guc.c): each string
/// of `search_path` is one name, quoted where it must be, also when it stands alone: `SET search_path = 'a,b'` is the
/// schema `"a,b"`.
fn value(name: &str, args: &[pg_query::Node]) -> Option<String> {
    let one = |node: &pg_query::Node| match &node.node {
        // SET TIME ZONE INTERVAL '…', the only cast that the grammar has here: free, its value does not matter.
        Some(NodeEnum::TypeCast(c)) => constant(c.arg.as_deref()?),
        Some(NodeEnum::AConst(c)) if name == "search_path" => match &c.val {
            Some(pb::a_const::Val::Sval(s)) => Some(names::quote_as_shown(&s.sval)),
            _ => constant(node),
        },
        _ => constant(node),
    };
    args.iter().map(one).collect::<Option<Vec<_>>>().map(|all| all.join(", "))
}

fn constant(node: &pg_query::Node) -> Option<String> {
    use pb::a_const::Val;
    let Some(NodeEnum::AConst(c)) = &node.node else { return None };
    match c.val.as_ref()? {
        Val::Sval(s) => Some(s.sval.clone()),
        Val::Ival(i) => Some(i.ival.to_string()),
        Val::Fval(f) => Some(f.fval.clone()),
        Val::Boolval(b) => Some(b.boolval.to_string()),
        Val::Bsval(_) => None,
    }
}

/// Whether `name` may be set to `value` (`None`: its default) by `role`; what the session must follow.
pub fn judge(
    policy: &Policy,
    role: &Role,
    name: &str,
    value: Option<&str>,
) -> Result<Option<(Tracked, SetValue)>, Refusal> {
    let name = name.to_ascii_lowercase();
    let rule = if role.unrestricted { setting_of_unrestricted(&name) } else { setting(&name) };
    match rule {
        SettingRule::Free => Ok(None),
        SettingRule::Tracked(tracked) => {
            let Some(value) = value else { return Ok(Some((tracked, SetValue::Default))) };
            let value = match tracked {
                Tracked::Purpose => purpose(policy, role, value)?,
                Tracked::SearchPath => {
                    let path = names::split_path(value).ok_or_else(|| refusal::setting_value(&name, value))?;
                    if !role.unrestricted && !names::is_searchable(&path) {
                        return Err(refusal::temporary_first(value));
                    }
                    value.to_owned()
                }
                Tracked::Reason => value.to_owned(),
            };
            Ok(Some((tracked, SetValue::Value(value))))
        }
        rule @ SettingRule::Pinned(_) => match value {
            Some(v) if !rule.accepts(v.trim_matches('\'')) => Err(refusal::setting_value(&name, v)),
            _ => Ok(None),
        },
        SettingRule::Refused(why) => Err(refusal::setting_pinned(&name, why)),
    }
}

/// A purpose that exists and that the role has.
pub fn purpose(policy: &Policy, role: &Role, name: &str) -> Result<String, Refusal> {
    if !policy.purposes.contains_key(name) {
        return Err(refusal::purpose_unknown(name));
    }
    if !role.purposes.iter().any(|p| p == name) {
        return Err(refusal::purpose_not_allowed(name, &role.name, &role.purposes));
    }
    Ok(name.to_owned())
}
