//! What the reviewed lists say of the things that matter: known ways around a proxy are shut, and what every client needs
//! is open.

use consentry::engine::allow::{
    ExtensionFunction, FunctionClass, SettingRule, SystemRelation, TypeClass, builtin_function, builtin_type,
    extension_function, leakproof, leakproof_between, setting, setting_of_unrestricted, system_relation,
};
use consentry::engine::cleared::Tracked;

fn refused(name: &str, nargs: usize) -> bool {
    matches!(builtin_function(name, nargs), Some(FunctionClass::Refused(_)))
}

#[test]
fn functions_that_reach_around_the_statement_are_refused() {
    for (name, nargs) in [
        ("query_to_xml", 4),
        ("table_to_xml", 4),
        ("schema_to_xml", 4),
        ("database_to_xml_and_xmlschema", 3),
        ("cursor_to_xml", 5),
        ("ts_stat", 1),
        ("ts_stat", 2),
        ("ts_rewrite", 2),
        ("lo_get", 1),
        ("lo_import", 1),
        ("loread", 2),
        ("pg_read_file", 1),
        ("pg_ls_dir", 1),
        ("pg_stat_file", 1),
        ("pg_sleep", 1),
        ("pg_sleep_for", 1),
        ("pg_cancel_backend", 1),
        ("pg_terminate_backend", 2),
        ("pg_stat_get_activity", 1),
        ("pg_stat_get_backend_activity", 1),
        ("pg_stat_get_db_tuples_returned", 1),
        ("pg_logical_slot_get_changes", 4),
        ("pg_logical_emit_message", 3),
        ("pg_export_snapshot", 0),
        ("pg_xact_commit_timestamp", 1),
        ("txid_current", 0),
        ("currtid2", 2),
        ("current_query", 0),
        ("pg_mcv_list_items", 1),
        ("pg_reload_conf", 0),
        ("pg_input_is_valid", 2),
    ] {
        assert!(refused(name, nargs), "{name}/{nargs}");
    }
}

#[test]
fn functions_of_extensions_that_reach_around_the_statement_are_withheld() {
    let withheld = |e, f| matches!(extension_function(e, f), ExtensionFunction::Withheld(_));
    for (extension, function) in [
        ("tablefunc", "crosstab"),
        ("tablefunc", "crosstab4"),
        ("tablefunc", "connectby"),
        ("xml2", "xpath_table"),
        ("dblink", "dblink"),
        ("dblink", "dblink_get_pkey"),
        ("pgrowlocks", "pgrowlocks"),
        ("pg_stat_statements", "pg_stat_statements"),
        ("pageinspect", "get_raw_page"),
        ("pgstattuple", "pgstattuple"),
        ("adminpack", "pg_file_write"),
        ("pg_trgm", "set_limit"),
        // Of a version that nobody has seen.
        ("tablefunc", "crosstab5"),
    ] {
        assert!(withheld(extension, function), "{function} of {extension}");
    }
    for (extension, function) in
        [("tablefunc", "normal_rand"), ("hstore", "each"), ("xml2", "xpath_string"), ("uuid-ossp", "uuid_generate_v4")]
    {
        assert_eq!(extension_function(extension, function), ExtensionFunction::Pure, "{function} of {extension}");
    }
    assert_eq!(extension_function("vector", "l2_distance"), ExtensionFunction::Unreviewed);
    assert!(withheld("autoinc", "autoinc"), "all of it are triggers");
}

#[test]
fn functions_that_clients_live_on_are_open() {
    use FunctionClass::*;
    for (name, nargs, class) in [
        ("lower", 1, Pure),
        ("ts_rewrite", 3, Pure),
        ("int4", 1, Pure),
        ("date", 1, Pure),
        ("generate_series", 2, Pure),
        ("hashtext", 1, Pure),
        ("json_build_object", 2, Pure),
        ("count", 0, Aggregate),
        ("json_agg", 1, Aggregate),
        ("row_number", 0, Window),
        ("rank", 0, Window),
        ("now", 0, Session),
        ("pg_backend_pid", 0, Session),
        ("version", 0, Session),
        ("pg_get_viewdef", 2, Metadata),
        ("format_type", 2, Metadata),
        ("has_table_privilege", 2, Metadata),
        ("pg_table_is_visible", 1, Metadata),
        ("obj_description", 2, Metadata),
        ("to_regclass", 1, Metadata),
        ("pg_relation_size", 1, Size),
        ("pg_stat_get_live_tuples", 1, Size),
        ("nextval", 1, Sequence),
        ("set_config", 3, Setting),
        ("pg_try_advisory_lock", 1, Advisory),
        ("pg_notify", 2, Notify),
        ("array_in", 3, Internal),
        ("domain_in", 3, Internal),
        ("int4_sum", 2, Pure),
    ] {
        assert_eq!(builtin_function(name, nargs), Some(class), "{name}/{nargs}");
    }
    assert_eq!(builtin_function("no_such_function", 0), None);
    assert_eq!(builtin_function("LOWER", 1), None, "names are compared as PostgreSQL stores them");
}

#[test]
fn leakproof_follows_the_type() {
    for t in ["int4", "text", "varchar", "uuid", "date", "timestamptz", "bool", "bytea", "inet", "cidr", "bpchar"] {
        for op in ["=", "<>", "!=", "<", "<=", ">", ">="] {
            assert!(leakproof(op, t), "{t} {op}");
        }
    }
    for t in ["numeric", "jsonb", "json", "mood", "_text", "int4range", "tsvector"] {
        assert!(!leakproof("=", t), "{t}");
    }
    for op in ["~~", "!~~", "~", "||", "+", "&", "->", ""] {
        assert!(!leakproof(op, "text") && !leakproof(op, "int4"), "{op}");
    }
    assert!(leakproof_between("=", "int8", "int4") && !leakproof_between("=", "int4", "numeric"));
}

#[test]
fn system_relations() {
    let refused = |name| matches!(system_relation("pg_catalog", name), SystemRelation::Refused(_));
    for name in
        ["pg_statistic", "pg_statistic_ext_data", "pg_authid", "pg_shadow", "pg_largeobject", "pg_hba_file_rules"]
    {
        assert!(refused(name), "{name}");
    }
    let nulled = |name, column: &str| match system_relation("pg_catalog", name) {
        SystemRelation::Nulled(columns) => columns.contains(&column),
        _ => false,
    };
    assert!(nulled("pg_stats", "histogram_bounds") && nulled("pg_stats", "most_common_vals"));
    assert!(nulled("pg_stat_activity", "query") && !nulled("pg_stat_activity", "pid"));
    assert!(nulled("pg_prepared_statements", "statement") && nulled("pg_cursors", "statement"));
    assert!(nulled("pg_class", "reltuples") && !nulled("pg_class", "relname"));
    assert!(nulled("pg_stat_user_tables", "n_live_tup") && !nulled("pg_stat_user_tables", "relname"));
    assert!(
        nulled("pg_sequences", "last_value")
            && matches!(system_relation("pg_catalog", "pg_locks"), SystemRelation::Refused(_))
    );
    for name in ["pg_index", "pg_type", "pg_constraint", "pg_views", "pg_roles"] {
        assert_eq!(system_relation("pg_catalog", name), SystemRelation::Open, "{name}");
    }
    assert_eq!(system_relation("information_schema", "columns"), SystemRelation::Open);
    assert!(matches!(system_relation("information_schema", "pg_class"), SystemRelation::Refused(_)));
}

#[test]
fn types() {
    assert_eq!(builtin_type("int4"), Some(TypeClass::Pure));
    assert_eq!(builtin_type("_varchar"), Some(TypeClass::Pure));
    assert_eq!(builtin_type("regclass"), Some(TypeClass::Metadata));
    for name in ["pg_node_tree", "pg_mcv_list", "cstring", "internal", "anyelement", "pg_class", "mood", "_", "__int4"]
    {
        assert_eq!(builtin_type(name), None, "{name}");
    }
}

#[test]
fn settings() {
    let tracked = |name| match setting(name) {
        SettingRule::Tracked(tracked) => Some(tracked),
        _ => None,
    };
    assert_eq!(tracked("Search_Path"), Some(Tracked::SearchPath));
    assert_eq!(tracked("consentry.purpose"), Some(Tracked::Purpose));
    assert_eq!(tracked("CONSENTRY.REASON"), Some(Tracked::Reason));
    for name in
        ["DateStyle", "TimeZone", "statement_timeout", "application_name", "transaction_isolation", "myapp.user"]
    {
        assert_eq!(setting(name), SettingRule::Free, "{name}");
    }
    for name in [
        "role",
        "session_authorization",
        "consentry.role",
        "consentry.user",
        "consentry.other",
        "local_preload_libraries",
        "debug_print_plan",
        "log_statement",
        "auto_explain.log_min_duration",
        "geqo_threshold",
        "no_such_setting",
        "",
    ] {
        assert!(!setting(name).accepts("on"), "{name}");
    }
    for (name, value, accepted) in [
        ("client_encoding", "UTF8", true),
        ("client_encoding", "'utf-8'", true),
        ("client_encoding", "UNICODE", true),
        ("client_encoding", "SJIS", false),
        ("client_encoding", "SQL_ASCII", false),
        ("client_encoding", "latin1", false),
        ("standard_conforming_strings", "on", true),
        ("standard_conforming_strings", "off", false),
        ("backslash_quote", "on", false),
        ("transform_null_equals", "on", false),
        ("array_nulls", "off", false),
        ("xmloption", "content", true),
        ("xmloption", "document", false),
        ("client_min_messages", "WARNING", true),
        ("client_min_messages", "debug1", false),
        ("client_min_messages", "log", false),
        ("enable_seqscan", "off", false),
        ("session_replication_role", "replica", false),
        ("default_tablespace", "", true),
        ("default_tablespace", "''", true),
        ("default_tablespace", "fast", false),
        ("row_security", "off", true),
        ("jit", "off", true),
    ] {
        assert_eq!(setting(name).accepts(value), accepted, "{name} = {value}");
    }
    for (name, value, accepted) in [
        ("enable_seqscan", "off", true),
        ("default_statistics_target", "50", true),
        ("array_nulls", "off", true),
        ("log_statement", "all", true),
        ("client_encoding", "latin1", false),
        ("standard_conforming_strings", "off", false),
        ("session_authorization", "postgres", false),
        ("role", "postgres", false),
        ("consentry.role", "dba", false),
    ] {
        assert_eq!(setting_of_unrestricted(name).accepts(value), accepted, "{name} = {value}");
    }
}
