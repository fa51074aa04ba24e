//! Prepared statements have one set of names, in the protocol and in SQL.

use super::raw::{bind, close, describe, execute, parse, query, sync};
use super::session;

#[test]
fn execute_runs_what_parse_has_prepared_judged_anew() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("p", "SELECT count(*) FROM customers"), sync()]), "1 Z:I");
    assert_eq!(c.ask("EXECUTE p"), "T D:2 C:SELECT 1 Z:I");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.ask("EXECUTE p"), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.exchange(&[bind("", "p", &[]), execute("", 0), sync()]), "2 D:1 C:SELECT 1 Z:I");
}

#[test]
fn bind_takes_what_prepare_has_prepared_judged_anew() {
    let mut c = session("ana");
    assert_eq!(c.ask("PREPARE q (int) AS SELECT count(*) FROM customers WHERE id >= $1"), "C:PREPARE Z:I");
    assert_eq!(c.ask("EXECUTE q (1)"), "T D:2 C:SELECT 1 Z:I");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.ask("EXECUTE q (1)"), "T D:1 C:SELECT 1 Z:I");
    c.ask("SET consentry.purpose = 'service'");
    assert_eq!(c.exchange(&[bind("", "q", &["2"]), execute("", 0), sync()]), "2 D:1 C:SELECT 1 Z:I");
    let sent = [parse("", "EXECUTE q (1)"), bind("", "", &[]), execute("", 0), sync()];
    assert_eq!(c.exchange(&sent), "1 2 D:2 C:SELECT 1 Z:I");
}

#[test]
fn in_a_transaction_too() {
    let mut c = session("ana");
    assert_eq!(c.ask("PREPARE q AS SELECT count(*) FROM customers"), "C:PREPARE Z:I");
    c.ask("BEGIN");
    c.ask("SET LOCAL consentry.purpose = 'marketing'");
    assert_eq!(c.ask("EXECUTE q"), "T D:1 C:SELECT 1 Z:T");
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
    assert_eq!(c.ask("EXECUTE q"), "T D:2 C:SELECT 1 Z:I");
}

#[test]
fn in_one_transaction_several_times() {
    let mut c = session("ana");
    for name in ["q", "r"] {
        c.ask(&format!("PREPARE {name} AS SELECT count(*) FROM customers"));
    }
    c.ask("BEGIN");
    for (purpose, count) in [("marketing", 1), ("service", 2), ("marketing", 1)] {
        c.ask(&format!("SET LOCAL consentry.purpose = '{purpose}'"));
        for name in ["q", "r"] {
            assert_eq!(
                c.ask(&format!("EXECUTE {name}")),
                format!("T D:{count} C:SELECT 1 Z:T"),
                "{name} for {purpose}"
            );
        }
    }
}

#[test]
fn deallocate_and_discard_forget() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("p", "SELECT 1"), sync()]), "1 Z:I");
    assert_eq!(c.ask("DEALLOCATE p"), "C:DEALLOCATE Z:I");
    assert_eq!(c.exchange(&[bind("", "p", &[]), sync()]), "E:26000 Z:I");
    assert_eq!(c.exchange(&[parse("p", "SELECT 2"), sync()]), "1 Z:I");
    assert_eq!(c.ask("DEALLOCATE ALL"), "C:DEALLOCATE ALL Z:I");
    assert_eq!(c.ask("EXECUTE p"), "E:26000 Z:I");
    assert_eq!(c.exchange(&[parse("p", "SELECT 3"), sync()]), "1 Z:I");
    assert_eq!(c.ask("DISCARD ALL"), "C:DISCARD ALL Z:I");
    assert_eq!(c.exchange(&[bind("", "p", &[]), sync()]), "E:26000 Z:I");
}

#[test]
fn a_name_that_is_taken_is_an_error_and_the_first_statement_stays() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("p", "SELECT 1"), sync()]), "1 Z:I");
    assert_eq!(c.exchange(&[parse("p", "SELECT 2"), bind("", "p", &[]), execute("", 0), sync()]), "E:42P05 Z:I");
    assert_eq!(c.exchange(&[bind("", "p", &[]), execute("", 0), sync()]), "2 D:1 C:SELECT 1 Z:I");
}

#[test]
fn the_proxy_s_own_name_is_nobody_s() {
    let mut c = session("ana");
    assert_eq!(c.ask("PREPARE consentry_own AS SELECT 1"), "E:0A000 Z:I");
    assert_eq!(c.ask("EXECUTE consentry_own"), "E:26000 Z:I");
    // A portal of the proxy's has it too.
    let declare = "DECLARE consentry_own CURSOR WITH HOLD FOR SELECT 1";
    assert_eq!(c.ask(declare), "E:0A000 Z:I");
    assert_eq!(c.exchange(&[parse("", declare), bind("", "", &[]), execute("", 0), sync()]), "1 E:0A000 Z:I");
    assert_eq!(c.exchange(&[parse("consentry_own", "SELECT 1"), sync()]), "E:0A000 Z:I");
    let bound = [parse("", "SELECT 1"), bind("consentry_own", "", &[]), execute("consentry_own", 0), sync()];
    assert_eq!(c.exchange(&bound), "1 E:0A000 Z:I");
    assert_eq!(c.exchange(&[bind("", "consentry_own", &[]), execute("", 0), sync()]), "E:26000 Z:I");
    for kind in ['S', 'P'] {
        assert_eq!(c.exchange(&[close(kind, "consentry_own"), sync()]), "E:0A000 Z:I");
        assert!(c.exchange(&[describe(kind, "consentry_own"), sync()]).starts_with("E:"));
    }
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
}

/// As EXPLAIN of the statement itself: nothing tells of hidden rows, and the role must have the right.
#[test]
fn explain_of_execute_is_judged_as_explain_of_what_it_executes() {
    let (mut ana, mut bea) = (session("ana"), session("bea"));
    for c in [&mut ana, &mut bea] {
        c.ask("PREPARE q (int) AS SELECT name FROM customers WHERE id = $1");
        c.exchange(&[parse("open", "SELECT name FROM things WHERE id > $1::int"), sync()]);
        let open = c.ask("EXPLAIN EXECUTE open (1)");
        assert!(open.starts_with("T D:") && open.contains("cost=") && open.ends_with("C:EXPLAIN Z:I"), "{open}");
        let open = c.ask("EXPLAIN (ANALYZE, COSTS off, TIMING off) EXECUTE open (1)");
        assert!(open.contains("(actual rows=2 loops=1)"), "{open}");
    }
    assert_eq!(ana.ask("EXPLAIN EXECUTE q (1)"), "E:42501 Z:I");
    let steps = |sql: &str| [parse("", sql), bind("", "", &[]), execute("", 0), sync()];
    let plain = [bea.ask("EXPLAIN EXECUTE q (1)"), bea.exchange(&steps("EXPLAIN (FORMAT text) EXECUTE q (1)"))];
    for plan in plain {
        assert!(plan.contains("customers") && !plan.contains("cost=") && plan.ends_with("C:EXPLAIN Z:I"), "{plan}");
    }
    for told in [
        "ANALYZE EXECUTE q (1)",
        "(ANALYZE, COSTS off) EXECUTE q (1)",
        "VERBOSE EXECUTE q (1)",
        "(COSTS) EXECUTE q (1)",
    ] {
        assert_eq!(bea.ask(&format!("EXPLAIN {told}")), "E:0A000 Z:I", "{told}");
        assert_eq!(bea.exchange(&steps(&format!("EXPLAIN {told}"))), "E:0A000 Z:I", "{told}");
    }
    assert_eq!(bea.ask("EXPLAIN EXECUTE nothing"), "E:26000 Z:I");
    // What was judged when the name meant another statement.
    assert_eq!(bea.exchange(&[parse("e", "EXPLAIN EXECUTE open (1)"), sync()]), "1 Z:I");
    assert_eq!(bea.ask("DEALLOCATE open"), "C:DEALLOCATE Z:I");
    assert_eq!(bea.exchange(&[parse("open", "SELECT name FROM customers WHERE id > $1::int"), sync()]), "1 Z:I");
    assert_eq!(bea.exchange(&[bind("", "e", &[]), execute("", 0), sync()]), "E:0A000 Z:I");
    let together = "PREPARE r AS SELECT name FROM customers; EXPLAIN EXECUTE r";
    assert_eq!(bea.ask(together), "C:PREPARE E:0A000 Z:I");
}

#[test]
fn together_they_have_a_bound_in_bytes() {
    let mut c = session("ana");
    let long = |n: usize| format!("SELECT '{}', {n}", "x".repeat(1 << 20));
    let mut told = String::new();
    let prepared = (0..64).take_while(|n| {
        told = match n % 2 {
            0 => c.exchange(&[parse(&n.to_string(), &long(*n)), sync()]),
            _ => c.ask(&format!("PREPARE \"{n}\" AS {}", long(*n))),
        };
        !told.starts_with("E:")
    });
    assert!((10..60).contains(&prepared.count()), "{told}");
    assert_eq!(told, "E:54000 Z:I");
    for again in [parse("more", &long(0)), query(&format!("PREPARE more AS {}", long(0)))] {
        assert!(c.exchange(&[again, sync()]).starts_with("E:54000 Z:I"));
        assert!(c.said('M').contains("64 MB"), "{}", c.said('M'));
    }
    assert_eq!(c.exchange(&[parse("", &long(1)), sync()]), "1 Z:I");
    assert_eq!(c.ask("DEALLOCATE \"2\""), "C:DEALLOCATE Z:I");
    assert_eq!(c.exchange(&[parse("more", &long(0)), sync()]), "1 Z:I");
}

/// PostgreSQL knows them at once, the catalog that others see does not yet.
#[test]
fn types_may_be_named_in_the_transaction_that_makes_them() {
    let mut c = session("bea");
    for end in ["ROLLBACK", "COMMIT"] {
        for sent in [
            "BEGIN",
            "CREATE TYPE feeling AS ENUM ('happy', 'sad')",
            "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
            "CREATE TYPE pair AS (a feeling, b short)",
            "SELECT 'happy'::feeling, 'x'::public.short, '(sad,y)'::pair",
            "CREATE TABLE felt (a feeling DEFAULT 'sad', b short[])",
        ] {
            let answer = c.ask(sent);
            assert!(answer.ends_with("Z:T") && !answer.contains("E:"), "{sent}: {answer} {}", c.said('M'));
        }
        c.ask("SAVEPOINT s");
        assert_eq!(c.ask("CREATE TYPE later AS ENUM ('x')"), "C:CREATE TYPE Z:T");
        c.ask("ROLLBACK TO s");
        assert_eq!(c.ask("SELECT 'x'::later"), "E:42704 Z:E");
        assert!(c.ask("ROLLBACK TO s").ends_with("Z:T"));
        assert_eq!(session("ana").ask("SELECT 'happy'::feeling"), "E:42704 Z:I");
        c.ask(end);
        let there = if end == "COMMIT" { "T D:happy C:SELECT 1 Z:I" } else { "E:42704 Z:I" };
        assert_eq!(c.ask("SELECT 'happy'::feeling"), there);
    }
    c.ask("DROP TABLE felt; DROP TYPE pair; DROP TYPE feeling; DROP DOMAIN short");
}

/// What stands in one message is judged before any of it runs: the statement must not keep a purpose that it was
/// prepared under for one that is set later, nor run under one that was set in between.
#[test]
fn several_statements_in_a_message_do_not_mix_purposes() {
    let mut c = session("ana");
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
    let sent = "SET consentry.purpose = 'service'; PREPARE p AS SELECT count(*) FROM customers";
    assert_eq!(c.ask(sent), "C:SET C:PREPARE Z:I");
    assert_eq!(c.ask("EXECUTE p"), "T D:2 C:SELECT 1 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
    assert_eq!(c.ask("EXECUTE p"), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'service'; EXECUTE p"), "C:SET E:0A000 Z:I");
    assert_eq!(c.ask("PREPARE r AS SELECT 1; EXECUTE r"), "C:PREPARE T D:1 C:SELECT 1 Z:I");
}

/// PostgreSQL looks at the first 63 bytes of a name: of two that differ behind them one would be judged and recorded, and
/// the other would run.
#[test]
fn a_name_that_postgresql_would_cut_is_refused() {
    let mut c = session("ana");
    let [longest, one, other] = ["", "1", "2"].map(|end| "n".repeat(63) + end);
    let sent = [parse(&longest, "SELECT 1"), bind(&longest, &longest, &[]), execute(&longest, 0), sync()];
    assert_eq!(c.exchange(&sent), "1 2 D:1 C:SELECT 1 Z:I");
    assert_eq!(c.exchange(&[parse(&one, "SELECT 1"), sync()]), "E:42622 Z:I");
    assert_eq!(c.exchange(&[close('S', &other), sync()]), "E:42622 Z:I");
    assert_eq!(c.exchange(&[parse(&other, "SELECT count(*) FROM customers"), sync()]), "E:42622 Z:I");
    assert_eq!(c.exchange(&[bind("", &one, &[]), execute("", 0), sync()]), "E:42622 Z:I");
    assert_eq!(c.exchange(&[describe('S', &one), describe('P', &one), sync()]), "E:42622 Z:I");
    assert_eq!(c.exchange(&[parse("", "SELECT 2"), bind(&one, "", &[]), execute(&one, 0), sync()]), "1 E:42622 Z:I");
    assert_eq!(c.exchange(&[bind("", &longest, &[]), execute("", 0), sync()]), "2 D:1 C:SELECT 1 Z:I");
}
