//! What PostgreSQL itself and its contrib bring along, reviewed: functions, operators, types, system relations and settings by name, and
//! what it means to let a client use each.
//!
//! The lists are data (`*.list`) compiled in; what is not on them is unknown, and the unknown is refused. They must not
//! know of any policy, session or user-defined object. `tests/allow/server.rs` holds them against a real server's catalogs.

mod extensions;
mod functions;
mod list;
mod operators;
mod relations;
mod settings;
mod types;
mod words;

pub use extensions::{ExtensionFunction, extension_function};
pub use functions::{
    FunctionClass, builtin_function, is_builtin_function, is_information_schema_function, is_known_through, is_scalar,
    may_run_unseen,
};
pub use operators::{builtin_operator, leakproof, leakproof_between};
pub use relations::{SystemRelation, system_relation};
pub use settings::{SettingRule, setting, setting_of_unrestricted};
pub use types::{TypeClass, builtin_type, builtin_type_name};
pub use words::word_since;
