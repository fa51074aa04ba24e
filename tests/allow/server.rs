//! The reviewed lists of `engine::allow` against the catalogs of the PostgreSQL that is installed: nothing that it has is
//! missing, nothing on the lists is made up.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::postgres::{Database, shared};
use consentry::engine::allow::{
    ExtensionFunction, FunctionClass, SettingRule, SystemRelation, builtin_function, builtin_operator, builtin_type,
    extension_function, is_information_schema_function, is_scalar, leakproof_between, setting, system_relation,
};

fn db() -> Database<'static> {
    shared().in_database("postgres")
}

/// Rows of `sql`, split at `|`.
pub fn rows(sql: &str) -> Vec<Vec<String>> {
    db().psql(sql).lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

pub fn server_version() -> u32 {
    db().psql("SELECT current_setting('server_version_num')::int / 10000").parse().unwrap()
}

/// Words of a list whose versions include this server's, without `/n`; and those whose versions do not.
fn listed(list: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let version = server_version();
    let words = list.lines().filter(|line| !line.starts_with(['#', '['])).flat_map(str::split_whitespace);
    let (mut here, mut elsewhere) = (BTreeSet::new(), BTreeSet::new());
    for word in words {
        let (name, range) = word.split_once('@').unwrap_or((word, "14+"));
        // It came with a minor release: it may be there, or not.
        if range.contains('.') {
            continue;
        }
        let there = match (range.strip_suffix('+'), range.strip_prefix('-')) {
            (Some(first), _) => first.parse::<u32>().unwrap() <= version,
            (_, Some(last)) => version <= last.parse().unwrap(),
            _ => {
                let (first, last) = range.split_once('-').unwrap();
                (first.parse::<u32>().unwrap()..=last.parse().unwrap()).contains(&version)
            }
        };
        let name = name.split('/').next().unwrap_or(name).to_owned();
        if there {
            here.insert(name)
        } else {
            elsewhere.insert(name)
        };
    }
    (here, elsewhere)
}

/// The newest minor release of each major version that the lists were reviewed with. A newer one may bring names that
/// nobody has looked at: they are refused, and that is right.
const REVIEWED: [u32; 1] = [150020];

/// Whether everything that this server has must be on the lists.
fn is_reviewed() -> bool {
    let version: u32 = db().psql("SELECT current_setting('server_version_num')").parse().unwrap();
    REVIEWED.iter().any(|reviewed| reviewed / 10000 == version / 10000 && version <= *reviewed)
}

const FUNCTIONS: &str = "SELECT proname, pronargs, prokind, provolatile, prorettype::regtype,
        'internal'::regtype = ANY (proargtypes) FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace AND oid < 16384";

#[test]
fn every_function_is_classed_and_none_is_made_up() {
    let missing: Vec<_> = rows(FUNCTIONS)
        .into_iter()
        .filter(|row| builtin_function(&row[0], row[1].parse().unwrap()).is_none())
        .map(|row| format!("{}/{}", row[0], row[1]))
        .collect();
    assert!(missing.is_empty() || !is_reviewed(), "not in functions.list: {missing:?}");
    let server: BTreeSet<_> = rows(FUNCTIONS).into_iter().map(|row| row[0].clone()).collect();
    let (here, elsewhere) = listed(include_str!("../../src/engine/allow/functions.list"));
    assert_eq!(here.difference(&server).collect::<Vec<_>>(), Vec::<&String>::new(), "listed, but not on the server");
    assert_eq!(elsewhere.intersection(&server).collect::<Vec<_>>(), Vec::<&String>::new(), "listed for others only");
}

#[test]
fn classes_agree_with_what_the_server_says_of_its_functions() {
    for row in rows(FUNCTIONS) {
        let (name, kind, volatility, internal) = (&row[0], row[2].as_str(), row[3].as_str(), row[5] == "t");
        let Some(class) = builtin_function(name, row[1].parse().unwrap()) else { continue };
        match class {
            FunctionClass::Aggregate => assert_eq!(kind, "a", "{name}"),
            FunctionClass::Window => assert!(kind == "w" || kind == "a", "{name}"),
            _ => assert!(kind == "f" || kind == "p", "{name} is {class:?}, the server says {kind}"),
        }
        if class == FunctionClass::Pure {
            assert_ne!(volatility, "v", "{name} is volatile: it does more than compute");
            assert!(!internal, "{name} takes what no client can have");
        }
    }
}

#[test]
fn every_operator_is_known_and_computes_only() {
    let sql = "SELECT oprname, p.proname, p.pronargs FROM pg_operator o JOIN pg_proc p ON p.oid = oprcode
               WHERE oprnamespace = 'pg_catalog'::regnamespace AND o.oid < 16384";
    let mut server = BTreeSet::new();
    for row in rows(&sql.replace("SELECT oprname, ", "SELECT encode(oprname::text::bytea, 'hex'), ")) {
        // In hex, because `|` is an operator.
        let name = String::from_utf8(hex::decode(&row[0]).unwrap()).unwrap();
        assert!(builtin_operator(&name), "{name} is not in operators.list");
        let class = builtin_function(&row[1], row[2].parse().unwrap());
        assert_eq!(class, Some(FunctionClass::Pure), "{name} is {}", row[1]);
        server.insert(name);
    }
    assert!(!builtin_operator("===") && !builtin_operator(""));
    let list = include_str!("../../src/engine/allow/operators.list");
    let names = list.split_once("[names]").unwrap().1.split_once("[leakproof").unwrap().0;
    for name in names.split_whitespace() {
        assert!(server.contains(name), "{name} is listed, but not on the server");
    }
}

#[test]
fn leakproof_is_what_the_server_says() {
    let sql = "SELECT encode(oprname::text::bytea, 'hex'), l.typname, r.typname FROM pg_operator o
               JOIN pg_proc p ON p.oid = oprcode JOIN pg_type l ON l.oid = oprleft JOIN pg_type r ON r.oid = oprright
               WHERE oprnamespace = 'pg_catalog'::regnamespace AND p.proleakproof AND o.oid < 16384";
    let mut server: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in rows(sql) {
        let name = String::from_utf8(hex::decode(&row[0]).unwrap()).unwrap();
        server.entry(name).or_default().insert((row[1].clone(), row[2].clone()));
    }
    let types: Vec<String> = rows("SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm', 'p')")
        .into_iter()
        .map(|row| row[0].clone())
        .filter(|t| t != "varchar" && t != "cidr")
        .collect();
    let all = rows("SELECT DISTINCT encode(oprname::text::bytea, 'hex') FROM pg_operator");
    for name in all.iter().map(|row| String::from_utf8(hex::decode(&row[0]).unwrap()).unwrap()) {
        let on_server = server.remove(&name).unwrap_or_default();
        for (left, right) in types.iter().flat_map(|l| types.iter().map(move |r| (l, r))) {
            // What these compare, areas and lengths, overflows: PostgreSQL is wrong about them.
            let sound = !["circle", "lseg"].contains(&left.as_str());
            let expected = sound && on_server.contains(&(left.clone(), right.clone()));
            assert_eq!(leakproof_between(&name, left, right), expected, "{left} {name} {right}");
        }
    }
}

#[test]
fn types_are_the_servers() {
    let left_out = ["gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list"];
    for row in
        rows("SELECT typname, typtype FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND oid < 16384")
    {
        let known = builtin_type(&row[0]).is_some();
        let array = row[0].starts_with('_');
        let expected = match row[1].as_str() {
            "b" if array => builtin_type(&row[0][1..]).is_some(),
            "b" => !left_out.contains(&row[0].as_str()) && !row[0].starts_with("pg_brin_"),
            "r" | "m" => true,
            "p" => ["record", "_record", "unknown"].contains(&row[0].as_str()),
            _ => false,
        };
        assert_eq!(known, expected, "{}", row[0]);
    }
    let (listed, _) = listed(include_str!("../../src/engine/allow/types.list"));
    let server: BTreeSet<_> = rows("SELECT typname FROM pg_type").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(listed.difference(&server).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_system_relation_is_listed_with_columns_that_are_there() {
    let sql = "SELECT nspname, relname, string_agg(attname, ',') FROM pg_class c
               JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
               WHERE nspname IN ('pg_catalog', 'information_schema') AND relkind IN ('r', 'v', 'm', 'p', 'f') GROUP BY 1, 2";
    let mut server = BTreeSet::new();
    let (words, _) = listed(include_str!("../../src/engine/allow/relations.list"));
    for row in rows(sql) {
        let name = format!("{}.{}", row[0], row[1]);
        match system_relation(&row[0], &row[1]) {
            SystemRelation::Refused(why) => assert_ne!(why, "is not on the reviewed list", "{name}"),
            SystemRelation::Nulled(columns) => {
                let there: Vec<&str> = row[2].split(',').collect();
                for column in columns.iter().filter(|c| words.contains(**c)) {
                    // One list of columns may serve two relations; a column that neither has is a mistake.
                    let shared = ["pg_stats_ext_exprs", "pg_cursors", "pg_user_mapping"].contains(&row[1].as_str());
                    assert!(there.contains(column) || shared, "{name} has no column {column}");
                }
            }
            SystemRelation::Open => {}
        }
        server.insert(row[1].clone());
    }
    let open = include_str!("../../src/engine/allow/relations.list").split("[open]").skip(1);
    let open: BTreeSet<_> = open.flat_map(|part| listed(part.split("\n[").next().unwrap_or(part)).0).collect();
    assert_eq!(open.difference(&server).collect::<Vec<_>>(), Vec::<&String>::new(), "open, but not on the server");
    assert!(matches!(system_relation("pg_toast", "pg_toast_1"), SystemRelation::Refused(_)));
    assert!(matches!(system_relation("pg_catalog", "pg_nothing"), SystemRelation::Refused(_)));
}

#[test]
fn every_function_of_information_schema_is_known() {
    let all = rows("SELECT proname FROM pg_proc WHERE pronamespace = 'information_schema'::regnamespace");
    assert!(all.len() > 8, "{all:?}");
    assert!(all.iter().all(|row| is_information_schema_function(&row[0])), "{all:?}");
}

#[test]
fn every_setting_that_a_session_may_change_is_judged() {
    let sql = "SELECT name, coalesce(boot_val, ''), coalesce(reset_val, '') FROM pg_settings
               WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend') AND name !~ '[.]'";
    for row in rows(sql) {
        let rule = setting(&row[0]);
        let listed = rule != SettingRule::Refused("is not on the reviewed list");
        assert!(listed || !is_reviewed(), "{} is not in settings.list", row[0]);
        // The proxy sets these two itself.
        if matches!(rule, SettingRule::Pinned(_))
            && !["client_encoding", "synchronize_seqscans"].contains(&row[0].as_str())
        {
            assert!(rule.accepts(&row[1]), "{} does not take its own default {:?}", row[0], row[1]);
        }
    }
}

/// Extension, function, volatility, and whether an argument names a relation.
const BROUGHT: &str = "SELECT DISTINCT extname, proname, provolatile, 'regclass'::regtype = ANY (proargtypes) FROM pg_proc p
     JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
     JOIN pg_extension e ON e.oid = d.refobjid WHERE NOT 'internal'::regtype = ANY (proargtypes) AND prorettype::regtype::text
     NOT IN ('trigger', 'language_handler', 'fdw_handler', 'index_am_handler', 'tsm_handler')";

/// A database with all extensions that are both on the list and on the server.
fn with_extensions(name: &str) -> Database<'static> {
    let there = rows("SELECT name FROM pg_available_extensions").into_iter().map(|row| row[0].clone());
    let there: BTreeSet<String> = there.collect();
    let listed: Vec<_> = of_extensions().into_keys().filter(|e| there.contains(e)).collect();
    let create = listed.iter().map(|e| format!("CREATE EXTENSION IF NOT EXISTS \"{e}\" CASCADE;"));
    shared().database(name, &create.collect::<String>())
}

/// What `extensions.list` names, by extension.
fn of_extensions() -> BTreeMap<String, BTreeSet<String>> {
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let list = include_str!("../../src/engine/allow/extensions.list");
    for section in list.split("\n[").skip(1) {
        let (head, words) = section.split_once(']').unwrap();
        let extension = head.split(' ').next().unwrap().to_owned();
        listed.entry(extension).or_default().extend(words.split_whitespace().map(str::to_owned));
    }
    listed
}

#[test]
fn functions_of_extensions_are_the_servers() {
    let db = with_extensions("brought");
    let mut server: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in db.psql("SELECT extname FROM pg_extension").lines() {
        server.insert(name.to_owned(), BTreeSet::new());
    }
    for row in db.psql(BROUGHT).lines() {
        let row: Vec<&str> = row.split('|').collect();
        let (extension, name, volatility, of_relation) = (row[0], row[1], row[2], row[3] == "t");
        server.get_mut(extension).unwrap().insert(name.to_owned());
        if extension_function(extension, name) == ExtensionFunction::Pure {
            let random = ["gen_", "pgp_", "uuid_generate_", "normal_rand"].iter().any(|r| name.starts_with(r));
            assert!(volatility != "v" || random, "{name} of {extension} is volatile: it does more than compute");
            assert!(!of_relation, "{name} of {extension} takes a relation");
        }
    }
    for (extension, names) in of_extensions() {
        // An extension may have gone, and one that is built without its library is not there.
        let Some(there) = server.get(&extension) else { continue };
        if is_reviewed() {
            assert_eq!(&names, there, "{extension}");
        }
    }
    assert!(server.len() > 30 || !is_reviewed(), "contrib is there: {:?}", server.keys());
}

#[test]
fn operators_of_extensions_run_what_computes_only() {
    let db = with_extensions("brought_operators");
    let sql = "SELECT DISTINCT extname, proname FROM pg_operator o JOIN pg_proc p ON p.oid = oprcode
               JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
               JOIN pg_extension e ON e.oid = d.refobjid";
    let mut operators = 0;
    for row in db.psql(sql).lines() {
        let (extension, function) = row.split_once('|').unwrap();
        assert_eq!(extension_function(extension, function), ExtensionFunction::Pure, "{function} of {extension}");
        operators += 1;
    }
    assert!(operators > 100, "{operators}");
}

#[test]
fn scalars_return_no_sets() {
    let sql = "SELECT proname, pronargs, prokind, proretset FROM pg_proc
               WHERE pronamespace = 'pg_catalog'::regnamespace AND oid < 16384";
    let (mut scalars, mut sets) = (0, BTreeSet::new());
    for row in rows(sql) {
        let (name, arguments, kind, set) = (&row[0], row[1].parse().unwrap(), row[2].as_str(), row[3] == "t");
        if is_scalar(name, arguments) {
            assert!(kind == "f" && !set, "{name}/{arguments} is no scalar");
            scalars += 1;
        }
        if set {
            sets.insert(name.clone());
        }
    }
    assert!(scalars > 1500, "{scalars}");
    let list = include_str!("../../src/engine/allow/functions.list").split_once("\n[sets]\n").unwrap().1;
    for name in list.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        assert!(sets.contains(name), "{name} returns no set");
    }
}
