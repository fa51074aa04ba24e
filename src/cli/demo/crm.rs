//! The demo's CRM: the files of `docker/demo`, as they are in the repository.

/// Name and SQL of each file, in the order of loading, for an empty database and its superuser.
pub const SCRIPTS: [(&str, &str); 4] = [
    ("1-schema.sql", include_str!("../../../docker/demo/1-schema.sql")),
    ("2-people.sql", include_str!("../../../docker/demo/2-people.sql")),
    ("3-activity.sql", include_str!("../../../docker/demo/3-activity.sql")),
    ("4-rights.sql", include_str!("../../../docker/demo/4-rights.sql")),
];

/// Name and text of each file of `policies/crm`.
pub const POLICY: [(&str, &str); 4] = [
    ("purposes.toml", include_str!("../../../policies/crm/purposes.toml")),
    ("roles.toml", include_str!("../../../policies/crm/roles.toml")),
    ("subjects.toml", include_str!("../../../policies/crm/subjects.toml")),
    ("tables.toml", include_str!("../../../policies/crm/tables.toml")),
];
