//! The demo's CRM: the files of `docker/demo`, as they are in the repository.

/// Name and SQL of each file, in the order of loading, for an empty database and its superuser.
pub const SCRIPTS: [(&str, &str); 4] = [
    ("1-schema.sql", include_str!("../../../docker/demo/1-schema.sql")),
    ("2-people.sql", include_str!("../../../docker/demo/2-people.sql")),
    ("3-activity.sql", include_str!("../../../docker/demo/3-activity.sql")),
    ("4-rights.sql", include_str!("../../../docker/demo/4-rights.sql")),
];
