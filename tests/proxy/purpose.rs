//! The purpose of a session, with PostgreSQL's rules for settings; and statements that were prepared under another.

use super::raw::{Raw, bind, describe, execute, parse, query, sync};
use super::{session, world};

const COUNT: &str = "SELECT count(*) FROM customers";

fn count(c: &mut Raw) -> String {
    c.ask(COUNT).replace("T D:", "").replace(" C:SELECT 1", "")
}

#[test]
fn set_show_reset() {
    let mut c = session("ana");
    assert_eq!(c.ask("SHOW consentry.purpose"), "T D:service C:SHOW Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
    assert_eq!(c.ask("SHOW consentry.purpose"), "T D:marketing C:SHOW Z:I");
    assert_eq!(count(&mut c), "1 Z:I");
    assert_eq!(c.ask("RESET consentry.purpose"), "C:RESET Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
    assert_eq!(c.ask("SHOW consentry.\"user\""), "T D:ana C:SHOW Z:I");
    assert_eq!(c.ask("SHOW consentry.user"), "T D:ana C:SHOW Z:I");
    assert_eq!(c.ask("SELECT current_setting('consentry.user')"), "T D:ana C:SELECT 1 Z:I");
    assert_eq!(c.ask("SHOW consentry.role"), "T D:app C:SHOW Z:I");
}

#[test]
fn at_start_up_and_what_reset_goes_back_to() {
    let port = world().proxy.port();
    let mut c = Raw::log_in(port, "ana", &[("options", "-c consentry.purpose=marketing")]);
    assert_eq!(count(&mut c), "1 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'service'"), "C:SET Z:I");
    assert_eq!(c.ask("RESET ALL"), "C:RESET Z:I");
    assert_eq!(count(&mut c), "1 Z:I");
    let mut c = Raw::log_in(port, "ana", &[("consentry.purpose", "marketing")]);
    assert_eq!(count(&mut c), "1 Z:I");
}

#[test]
fn a_rolled_back_set_is_undone_and_a_local_one_ends() {
    let mut c = session("ana");
    c.ask("BEGIN");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(count(&mut c), "1 Z:T");
    c.ask("ROLLBACK");
    assert_eq!(count(&mut c), "2 Z:I");
    c.ask("BEGIN");
    c.ask("SET LOCAL consentry.purpose = 'marketing'");
    assert_eq!(count(&mut c), "1 Z:T");
    c.ask("COMMIT");
    assert_eq!(count(&mut c), "2 Z:I");
}

#[test]
fn savepoints_bring_it_back() {
    let mut c = session("ana");
    c.ask("BEGIN");
    c.ask("SAVEPOINT s");
    c.ask("SET LOCAL consentry.purpose = 'marketing'");
    assert_eq!(c.ask("SELECT nothing"), "E:42703 Z:E");
    assert_eq!(c.ask("ROLLBACK TO s"), "C:ROLLBACK Z:T");
    assert_eq!(count(&mut c), "2 Z:T");
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
}

#[test]
fn a_failed_transaction_undoes_it_even_when_committed() {
    let mut c = session("ana");
    c.ask("BEGIN");
    c.ask("SET consentry.purpose = 'marketing'");
    c.ask("SELECT nothing");
    assert_eq!(c.ask("COMMIT"), "C:ROLLBACK Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
}

#[test]
fn an_error_undoes_the_set_of_its_own_query_or_batch() {
    let mut c = session("ana");
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'; SELECT 1/0"), "C:SET E:22012 Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
    let set = "SET consentry.purpose = 'marketing'";
    let sent = [
        parse("", set),
        bind("", "", &[]),
        execute("", 0),
        parse("", "SELECT 1/(id - id) FROM things"),
        bind("", "", &[]),
        execute("", 0),
        sync(),
        query(COUNT),
    ];
    assert_eq!(c.exchange(&sent), "1 2 C:SET 1 2 E:22012 Z:I T D:2 C:SELECT 1 Z:I");
}

#[test]
fn what_follows_a_set_in_a_pipeline_has_the_new_purpose() {
    let mut c = session("ana");
    let sent = [
        query("SET consentry.purpose = 'marketing'"),
        query(COUNT),
        query("SET consentry.purpose = 'service'"),
        query(COUNT),
    ];
    assert_eq!(c.exchange(&sent), "C:SET Z:I T D:1 C:SELECT 1 Z:I C:SET Z:I T D:2 C:SELECT 1 Z:I");
    let set = "SET consentry.purpose = 'marketing'";
    let sent = [
        parse("", set),
        bind("", "", &[]),
        execute("", 0),
        parse("", COUNT),
        bind("", "", &[]),
        execute("", 0),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 2 C:SET 1 2 D:1 C:SELECT 1 Z:I");
}

#[test]
fn set_config_with_parameters() {
    let mut c = session("ana");
    let sent = [
        parse("", "SELECT set_config($1, $2, $3)"),
        bind("", "", &["consentry.purpose", "marketing", "false"]),
        execute("", 0),
        sync(),
        query(COUNT),
    ];
    assert_eq!(c.exchange(&sent), "1 2 D:marketing C:SELECT 1 Z:I T D:1 C:SELECT 1 Z:I");
    let sent = [
        parse("", "SELECT set_config($1, $2, $3)"),
        bind("", "", &["transform_null_equals", "on", "false"]),
        execute("", 0),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 E:22023 Z:I", "a pinned setting");
}

/// A text that PostgreSQL cuts or pads before `set_config` sees it, by type of parameter.
#[test]
fn what_set_config_takes_is_what_it_was_told() {
    let mut c = session("ana");
    let ask = |c: &mut Raw, oid: i32, name: &str| {
        let typed = [&b"\0SELECT set_config($1, 'off', false)\0\0\x01"[..], &oid.to_be_bytes()].concat();
        c.exchange(&[super::raw::message(b'P', &typed), bind("", "", &[name]), execute("", 0), sync()])
    };
    for (oid, name) in [(0, "jit"), (25, "jit"), (1043, "jit"), (705, "jit")] {
        assert_eq!(ask(&mut c, oid, name), "1 2 D:off C:SELECT 1 Z:I", "{oid}");
    }
    // name, bpchar: both are cut before they are text.
    let long = format!("standard_conforming_strings.{}", "x".repeat(40));
    for (oid, name) in [(19, long.as_str()), (1042, "jit  "), (19, "jit")] {
        assert_eq!(ask(&mut c, oid, name), "1 E:0A000 Z:I", "{oid}");
        assert_eq!(c.said('M'), "an argument of set_config cannot be read");
    }
    // As a boolean and as a text: PostgreSQL makes `true` of the `t` that it is told.
    let sent = [
        parse("", "SELECT set_config('jit', 'off', $1), set_config('search_path', $1::text, false)"),
        bind("", "", &["t"]),
        execute("", 0),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 E:0A000 Z:I");
    // Whoever calls it, and wherever it stands.
    let mut dba = session("dan");
    assert_eq!(dba.ask("INSERT INTO things SELECT 9, set_config('jit', 'off', false)"), "E:42501 Z:I");
}

/// A schema's name in SET is a name, not a list, and keeps its capitals: PostgreSQL quotes it.
#[test]
fn a_path_of_set_is_one_name() {
    let mut c = session("ana");
    for path in ["'PUBLIC'", "\"PUBLIC\"", "'harmless, public'"] {
        assert_eq!(c.ask(&format!("SET search_path = {path}")), "C:SET Z:I", "{path}");
        // Both sides look in the same schema: nobody finds the table of that name in another one.
        assert_eq!(c.ask("SELECT * FROM customers"), "E:42P01 Z:I", "{path}");
        assert!(c.said('M').contains("customers"), "{path}");
    }
    assert_eq!(c.ask("SET search_path = harmless, public"), "C:SET Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
    assert_eq!(c.ask("SET search_path = Public"), "C:SET Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
}

/// PostgreSQL says only at the end of a batch whether it still reads strings as it did.
#[test]
fn nothing_is_read_behind_set_config_until_its_batch_has_ended() {
    let mut c = session("ana");
    let set = |name: &str| [parse(name, "SELECT set_config('jit', 'off', false)"), bind("", name, &[]), execute("", 0)];
    let count = [parse("", COUNT), bind("", "", &[]), execute("", 0)];
    let sent = [&set("")[..], &count, &[sync()]].concat();
    assert_eq!(c.exchange(&sent), "1 2 D:off C:SELECT 1 E:0A000 Z:I");
    assert_eq!(c.said('M'), "a statement behind set_config in the same batch is not supported behind the proxy");
    // A Query without Sync, and a statement that has to be prepared again.
    let sent = [&set("")[..], &[query(COUNT)]].concat();
    assert_eq!(c.exchange(&sent), "1 2 D:off C:SELECT 1 E:0A000 Z:I");
    let path = [parse("", "SELECT set_config('search_path', 'public, pg_temp', false)"), bind("", "", &[])];
    let sent =
        [&[parse("n", COUNT)][..], &path, &[execute("", 0), bind("", "n", &[]), execute("", 0), sync()]].concat();
    assert_eq!(c.exchange(&sent), "1 1 2 D:public, pg_temp C:SELECT 1 E:0A000 Z:I");
    // What was read before may run behind it; the next batch is read again.
    let sent = [&[parse("n2", COUNT)][..], &set("s"), &[bind("", "n2", &[]), execute("", 0), sync()]].concat();
    assert_eq!(c.exchange(&sent), "1 1 2 D:off C:SELECT 1 2 D:2 C:SELECT 1 Z:I");
    let sent = [&set("")[..], &[sync()], &count, &[sync()]].concat();
    assert_eq!(c.exchange(&sent), "1 2 D:off C:SELECT 1 Z:I 1 2 D:2 C:SELECT 1 Z:I");
}

#[test]
fn one_statement_by_comment() {
    let mut c = session("ana");
    assert_eq!(c.ask("/*purpose='marketing'*/ SELECT count(*) FROM customers"), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(count(&mut c), "2 Z:I");
}

/// What a statement says of its purpose is what it runs for.
#[test]
fn a_statement_says_the_purpose_of_its_comment() {
    let mut c = session("ana");
    let sql = "SELECT current_setting('consentry.purpose'), current_setting('Consentry.Purpose', true) AS p";
    let both = |c: &mut Raw| c.ask(sql);
    assert_eq!(both(&mut c), "T D:service,service C:SELECT 1 Z:I");
    assert_eq!(c.ask(&format!("{sql} /*purpose='marketing'*/")), "T D:marketing,marketing C:SELECT 1 Z:I");
    assert!(c.heard.windows(16).any(|w| w == b"current_setting\0"), "the column keeps its name");
    assert_eq!(c.ask(&format!("{sql} /*purpose='service'*/")), "T D:service,service C:SELECT 1 Z:I");
    assert_eq!(both(&mut c), "T D:service,service C:SELECT 1 Z:I");
    // Each statement its own, in one transaction and behind one another.
    let of = |purpose: &str| {
        let sql =
            format!("SELECT current_setting('consentry.purpose'), count(*) FROM customers /*purpose='{purpose}'*/");
        [parse("", &sql), bind("", "", &[]), execute("", 0)].concat()
    };
    assert_eq!(c.exchange(&[of("marketing"), of("service"), of("marketing"), sync()]), {
        "1 2 D:marketing,1 C:SELECT 1 1 2 D:service,2 C:SELECT 1 1 2 D:marketing,1 C:SELECT 1 Z:I"
    });
    // In a condition, and in what is kept: a view says what is true when it is read.
    let sql = "SELECT count(*) FROM customers WHERE current_setting('consentry.purpose') = 'marketing'";
    assert_eq!(c.ask(sql), "T D:0 C:SELECT 1 Z:I");
    assert_eq!(c.ask(&format!("{sql} /*purpose='marketing'*/")), "T D:1 C:SELECT 1 Z:I");
    let sql = "CREATE TEMP VIEW says AS SELECT current_setting('consentry.purpose') /*purpose='marketing'*/";
    assert_eq!(c.ask(sql), "C:CREATE VIEW Z:I");
    assert_eq!(c.ask("SELECT * FROM says"), "T D:service C:SELECT 1 Z:I");
    assert_eq!(c.ask("SHOW consentry.purpose"), "T D:service C:SHOW Z:I");
    assert_eq!(c.ask("SHOW consentry.purpose /*purpose='service'*/"), "T D:service C:SHOW Z:I");
    assert_eq!(c.ask("SHOW consentry.purpose /*purpose='marketing'*/"), "E:0A000 Z:I");
    assert!(c.said('H').contains("current_setting"), "{:?}", c.error);
}

#[test]
fn a_purpose_that_the_role_lacks_is_refused() {
    let mut c = session("ana");
    assert_eq!(c.ask("SET consentry.purpose = 'analytics'"), "E:22023 Z:I");
    assert_eq!(c.ask("SET consentry.role = 'dba'").get(..2), Some("E:"));
    assert_eq!(count(&mut c), "2 Z:I");
}

#[test]
fn a_prepared_statement_is_judged_anew() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("p", COUNT), sync()]), "1 Z:I");
    let run = [bind("", "p", &[]), execute("", 0), sync()];
    assert_eq!(c.exchange(&run), "2 D:2 C:SELECT 1 Z:I");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.exchange(&run), "2 D:1 C:SELECT 1 Z:I");
    assert_eq!(c.exchange(&[describe('S', "p"), sync()]), "t T Z:I");
    c.ask("SET consentry.purpose = 'service'");
    assert_eq!(c.exchange(&run), "2 D:2 C:SELECT 1 Z:I");
}

#[test]
fn the_unnamed_statement_is_judged_anew_too() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("", COUNT), sync()]), "1 Z:I");
    let set = [parse("s", "SET consentry.purpose = 'marketing'"), bind("", "s", &[]), execute("", 0), sync()];
    assert_eq!(c.exchange(&set), "1 2 C:SET Z:I");
    assert_eq!(c.exchange(&[bind("", "", &[]), execute("", 0), sync()]), "2 D:1 C:SELECT 1 Z:I");
}

/// A Parse that PostgreSQL skips must not make the proxy take the old unnamed statement for the new one.
#[test]
fn a_skipped_parse_does_not_confuse_statements() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("", COUNT), sync()]), "1 Z:I");
    let set = [parse("s", "SET consentry.purpose = 'marketing'"), bind("", "s", &[]), execute("", 0), sync()];
    assert_eq!(c.exchange(&set), "1 2 C:SET Z:I");
    let sent =
        [parse("bad", "SELECT FROM WHERE"), parse("", "SELECT 7"), sync(), bind("", "", &[]), execute("", 0), sync()];
    // The statement is still the first one, and the purpose is marketing.
    assert_eq!(c.exchange(&sent), "E:42601 Z:I 2 D:1 C:SELECT 1 Z:I");
}

#[test]
fn a_portal_keeps_the_purpose_it_was_executed_under() {
    let mut c = session("ana");
    c.ask("BEGIN");
    let sent = [parse("", "SELECT id FROM customers ORDER BY id"), bind("p", "", &[]), execute("p", 1), sync()];
    assert_eq!(c.exchange(&sent), "1 2 D:1 s Z:T");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.exchange(&[execute("p", 0), sync()]), "D:2 C:SELECT 1 Z:T");
    c.ask("ROLLBACK");
}

/// Bound under one purpose, first executed under another: judged anew.
#[test]
fn a_portal_that_was_only_bound_is_bound_anew() {
    let mut c = session("ana");
    c.ask("BEGIN");
    let sent = [parse("", "SELECT id FROM customers WHERE id >= $1 ORDER BY id"), bind("p", "", &["1"]), sync()];
    assert_eq!(c.exchange(&sent), "1 2 Z:T");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.exchange(&[execute("p", 0), sync()]), "D:1 C:SELECT 1 Z:T");
    c.ask("ROLLBACK");
}

#[test]
fn a_cursor_keeps_its_purpose() {
    let mut c = session("ana");
    c.ask("BEGIN");
    assert_eq!(c.ask("DECLARE k CURSOR FOR SELECT id FROM customers ORDER BY id"), "C:DECLARE CURSOR Z:T");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.ask("FETCH ALL FROM k"), "T D:1 D:2 C:FETCH 2 Z:T");
    c.ask("ROLLBACK");
}

/// A portal that was bound and never executed is no cursor that keeps its purpose: FETCH would open it.
#[test]
fn what_was_only_bound_is_not_fetched_under_another_purpose() {
    let mut c = session("ana");
    for (set, fetched) in
        [(None, "T D:1 D:2 C:FETCH 2 Z:T"), (Some("SET LOCAL consentry.purpose = 'marketing'"), "E:0A000 Z:E")]
    {
        c.ask("BEGIN");
        let sent = [parse("", "SELECT id FROM customers ORDER BY id"), bind("pt", "", &[]), sync()];
        assert_eq!(c.exchange(&sent), "1 2 Z:T");
        set.map(|sql| c.ask(sql));
        assert_eq!(c.ask("FETCH ALL FROM pt"), fetched);
        c.ask("ROLLBACK");
    }
}

/// What EXECUTE and FETCH name runs for the purpose that it was judged for, whatever a comment says.
#[test]
fn a_comment_on_execute_or_fetch_may_say_no_other_purpose() {
    let mut c = session("ana");
    c.ask("PREPARE a AS SELECT count(*) FROM customers");
    assert_eq!(c.ask("EXECUTE a /*purpose='marketing'*/"), "E:22023 Z:I");
    assert_eq!(c.ask("EXECUTE a /*purpose='service'*/"), "T D:2 C:SELECT 1 Z:I");
    let of = |purpose: &str| {
        [parse("", &format!("EXECUTE a /*purpose='{purpose}'*/")), bind("", "", &[]), execute("", 0), sync()]
    };
    assert_eq!(c.exchange(&of("marketing")), "1 2 E:22023 Z:I");
    assert_eq!(c.exchange(&of("service")), "1 2 D:2 C:SELECT 1 Z:I");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.ask("EXECUTE a /*purpose='service'*/"), "E:22023 Z:I");
    c.ask("RESET consentry.purpose");

    c.ask("PREPARE b AS SELECT count(*) FROM customers /*purpose='marketing'*/");
    assert_eq!(c.ask("EXECUTE b"), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.ask("EXECUTE b /*purpose='marketing'*/"), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.ask("EXECUTE b /*purpose='service'*/"), "E:22023 Z:I");
    assert_eq!(
        c.ask("PREPARE d AS SELECT count(*) FROM customers; EXECUTE d /*purpose='marketing'*/"),
        "C:PREPARE E:22023 Z:I"
    );
    c.ask("DEALLOCATE d");

    c.ask("BEGIN; DECLARE c CURSOR FOR SELECT count(*) FROM customers");
    assert_eq!(c.ask("FETCH FROM c /*purpose='service'*/"), "T D:2 C:FETCH 1 Z:T");
    assert_eq!(c.ask("MOVE FROM c /*purpose='marketing'*/"), "E:22023 Z:E");
    c.ask("ROLLBACK");
    let sql = "BEGIN; DECLARE c CURSOR FOR SELECT count(*) FROM customers; FETCH ALL FROM c /*purpose='marketing'*/";
    assert_eq!(c.ask(sql), "C:BEGIN C:DECLARE CURSOR E:22023 Z:E");
}

/// A comment belongs to the statement behind it, the first of several too, and one at the end to the last.
#[test]
fn each_of_several_statements_has_its_own_comment() {
    let mut c = session("ana");
    let marketing = "/*purpose='marketing'*/";
    for (sql, counts) in [
        (format!("{marketing} {COUNT}; {COUNT}"), ["1", "2"]),
        (format!("{COUNT}; {marketing} {COUNT}"), ["2", "1"]),
        (format!("{COUNT}; {COUNT} {marketing}"), ["2", "1"]),
        (format!("{COUNT}; {COUNT}; {marketing}"), ["2", "1"]),
        (format!(" ;; {marketing}\n {COUNT} ;; {COUNT};"), ["1", "2"]),
        (format!("{COUNT} {marketing}; {COUNT}"), ["1", "2"]),
    ] {
        let [a, b] = counts;
        assert_eq!(c.ask(&sql), format!("T D:{a} C:SELECT 1 T D:{b} C:SELECT 1 Z:I"), "{sql}");
    }
    assert_eq!(c.exchange(&[parse("s", COUNT), sync()]), "1 Z:I");
    assert_eq!(c.ask(&format!("{marketing} EXECUTE s; SELECT 7")), "E:22023 Z:I");
    // What was prepared for a purpose runs for it.
    assert_eq!(c.ask(&format!("{marketing} PREPARE m AS {COUNT}; SELECT 7")), "C:PREPARE T D:7 C:SELECT 1 Z:I");
    assert_eq!(c.ask("EXECUTE m"), "T D:1 C:SELECT 1 Z:I");
}

/// `IF EXISTS` skips what another session's schema does not hold; the session's own table of that name stays as it is.
#[test]
fn a_temporary_table_keeps_its_purpose_whatever_is_said_of_others() {
    for forgets in [
        "DROP TABLE IF EXISTS pg_temp_99.kept",
        "DROP VIEW IF EXISTS pg_temp_99.kept",
        "DROP TABLE IF EXISTS pg_temp.other, kept_not",
        "ALTER TABLE IF EXISTS pg_temp_99.kept RENAME COLUMN name TO names",
        "ALTER TABLE IF EXISTS pg_temp_99.kept RENAME TO other",
    ] {
        let mut c = session("ana");
        assert_eq!(c.ask("CREATE TEMP TABLE kept AS SELECT id, name FROM customers"), "C:SELECT 2 Z:I");
        c.ask("SET consentry.purpose = 'marketing'");
        c.ask(forgets);
        c.ask("CREATE TEMP TABLE IF NOT EXISTS kept (id int, name text)");
        assert_eq!(c.ask("SELECT name FROM kept"), "E:42501 Z:I", "{forgets}");
    }
}

/// By a number it may be another session's, which this one does not know.
#[test]
fn a_temporary_relation_is_named_without_a_number() {
    let (mut owner, mut other) = (session("dan"), session("ana"));
    owner.ask("CREATE TEMP VIEW seen AS SELECT id, name FROM customers");
    let schema = owner.ask("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()");
    let schema = schema.strip_prefix("T D:").and_then(|told| told.split(' ').next()).expect("a schema");
    assert!(schema.starts_with("pg_temp_"), "{schema}");
    other.ask("CREATE TEMP TABLE seen (id int, name text)");
    for sql in ["SELECT * FROM {}.seen", "UPDATE {}.seen SET name = 'x'", "DELETE FROM {}.seen", "TABLE {}.seen"] {
        assert_eq!(other.ask(&sql.replace("{}", schema)), "E:0A000 Z:I", "{sql}");
    }
    assert_eq!(other.ask("SELECT * FROM pg_temp.seen"), "T C:SELECT 0 Z:I");
}
