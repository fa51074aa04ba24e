//! Which operator or function PostgreSQL takes for values of these types, held against what the engine makes of the snapshot:
//! thousands of expressions, each parsed by the server.
//!
//! Where the server takes one that it does not bring, the engine must have said that it may be meant; where the engine says
//! a type, it is the server's. And where extensions are in the way of PostgreSQL's own operators only by name, it says so.

mod common;

use std::collections::BTreeMap;

use common::judged::{JUDGED, answers};
use common::postgres::{Database, shared};
use consentry::engine::catalog::{Catalog, Operand, Signature};
use consentry::relay::catalog::load;

const WORLD: &str = "
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION cube; CREATE EXTENSION seg;
    CREATE EXTENSION isn; CREATE EXTENSION intarray; CREATE EXTENSION pg_trgm;
    CREATE DOMAIN word AS text; CREATE DOMAIN login AS citext; CREATE DOMAIN codes AS text[]; CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TYPE span AS RANGE (subtype = float8);
    -- As PostGIS has it: texts become one where none is asked for.
    CREATE TYPE geo AS (wkt text);
    CREATE FUNCTION geo(text) RETURNS geo LANGUAGE sql AS 'SELECT ROW($1)::geo';
    CREATE CAST (text AS geo) WITH FUNCTION geo(text) AS IMPLICIT;
    CREATE FUNCTION same(geo, geo) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR = (LEFTARG = geo, RIGHTARG = geo, FUNCTION = same);
    CREATE FUNCTION max_of(geo, geo) RETURNS geo LANGUAGE sql AS 'SELECT $1';
    CREATE AGGREGATE max (geo) (SFUNC = max_of, STYPE = geo);
    CREATE FUNCTION lower(geo) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
    -- What takes the place of PostgreSQL's own, a little here and there.
    CREATE SCHEMA hostile;
    CREATE FUNCTION hostile.v(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR hostile.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.v);
    CREATE OPERATOR hostile.~~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hostile.v);
    CREATE FUNCTION hostile.w(word, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR hostile.|| (LEFTARG = word, RIGHTARG = text, FUNCTION = hostile.w);
    CREATE FUNCTION hostile.m(int8, mood) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR hostile.- (LEFTARG = int8, RIGHTARG = mood, FUNCTION = hostile.m);
    CREATE FUNCTION hostile.n(int2, numeric) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR hostile.- (LEFTARG = int2, RIGHTARG = numeric, FUNCTION = hostile.n);
    CREATE FUNCTION hostile.b(int2) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR hostile.- (RIGHTARG = int2, FUNCTION = hostile.b);
    CREATE FUNCTION hostile.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
    CREATE FUNCTION hostile.round(int4, int4 DEFAULT 1) RETURNS int4 LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION hostile.concat(VARIADIC text[]) RETURNS int4 LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION hostile.strpos(word[], text[]) RETURNS int4 LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION hostile.similarity(varchar[], text) RETURNS int4 LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION hostile.substr(anyelement, int4) RETURNS int4 LANGUAGE sql AS 'SELECT 1';
    CREATE SCHEMA greedy;
    CREATE FUNCTION greedy.any(anyelement, anyelement) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR greedy.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = greedy.any);
    CREATE FUNCTION greedy.text(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR greedy.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = greedy.text);
";

const TYPES: &[&str] = &[
    "text", "varchar", "bpchar", "name", "int2", "int4", "int8", "numeric", "bool", "date", "jsonb", "text[]",
    "int4[]", "citext", "hstore", "ltree", "word", "login", "mood", "word[]", "codes",
];
const OPERATORS: &[&str] = &["=", "||", "-", "~~", "->"];
/// By how many they take.
const FUNCTIONS: [&[&str]; 3] = [
    &[
        "max",
        "lower",
        "length",
        "round",
        "sum",
        "count",
        "upper",
        "abs",
        "array_agg",
        "date",
        "text",
        "sort",
        "min",
        "unnest",
        "bit_and",
    ],
    &["round", "concat", "substr", "date_trunc", "strpos", "similarity", "array_fill", "mod"],
    &["replace", "split_part"],
];

/// What stands in the text, and what the engine knows of it. A literal has no type.
fn operands(catalog: &Catalog, db: &Database<'_>) -> Vec<(String, Operand)> {
    let of = |ty: &&str| {
        let oid: u32 = db.psql(&format!("SELECT '{ty}'::regtype::oid")).parse().unwrap();
        (format!("NULL::{ty}"), catalog.operand_of(oid))
    };
    let mut all: Vec<(String, Operand)> = TYPES.iter().map(of).collect();
    let word = all.iter().find(|(said, _)| said == "NULL::word").map_or(Operand::Any, |(_, word)| *word);
    all.push(("ARRAY[NULL::word]".to_owned(), catalog.array_of(word)));
    all.push(("NULL".to_owned(), Operand::Literal));
    all
}

/// An expression: its text, the name in it, what it is given, and whether that is an operator's name.
type Asked = (String, &'static str, Vec<Operand>, bool);

struct Tally {
    asked: usize,
    spared: usize,
    feared: Vec<String>,
}

/// One expression: what the server takes against what the engine says.
fn hold(
    said: &str,
    own: &[(u32, bool)],
    result: Option<u32>,
    found: &BTreeMap<String, (Vec<u32>, u32)>,
    tally: &mut Tally,
) {
    let Some((taken, ty)) = found.get(said) else { return };
    tally.asked += 1;
    for (oid, may) in own {
        assert!(*may || !taken.contains(oid), "PostgreSQL takes {oid} for {said}, and the engine does not expect it");
    }
    if let Some(result) = result {
        assert_eq!(result, *ty, "the type of {said}");
    }
    let theirs = own.iter().any(|(oid, _)| taken.contains(oid));
    match own.iter().any(|(_, may)| *may) {
        false if !own.is_empty() => tally.spared += 1,
        true if !theirs => tally.feared.push(said.to_owned()),
        _ => {}
    }
}

#[tokio::test]
async fn the_choice_is_the_servers() {
    let db = shared().database("overloads", &format!("{WORLD}{JUDGED}"));
    let catalog = load(&db.superuser().await).await.unwrap();
    let operands = operands(&catalog, &db);
    assert!(operands.iter().all(|(said, o)| *o != Operand::Any && (*o != Operand::Literal || said == "NULL")));
    for path in ["public", "public, hostile", "public, hostile, greedy"] {
        let on = |schema: &str| path.split(", ").any(|s| s == schema);
        let mut tally = Tally { asked: 0, spared: 0, feared: Vec::new() };
        let pairs = operands.iter().flat_map(|a| operands.iter().map(move |b| (a, b)));
        let mut asked: Vec<Asked> = Vec::new();
        for ((a, one), (b, other)) in pairs {
            asked.extend(OPERATORS.iter().map(|op| (format!("{a} {op} {b}"), *op, vec![*one, *other], true)));
            let of_two = FUNCTIONS[1].iter().map(|f| (format!("{f}({a}, {b})"), *f, vec![*one, *other], false));
            asked.extend(of_two);
            // The third is a literal.
            let three = vec![*one, *other, Operand::Literal];
            asked.extend(FUNCTIONS[2].iter().map(|f| (format!("{f}({a}, {b}, NULL)"), *f, three.clone(), false)));
        }
        for (a, one) in &operands {
            asked.push((format!("- {a}"), "-", vec![*one], true));
            asked.extend(FUNCTIONS[0].iter().map(|f| (format!("{f}({a})"), *f, vec![*one], false)));
        }
        // Where there are more candidates, those only that have more.
        let more = |name: &str, is_operator: bool| match is_operator {
            true => catalog.operators_named(name).any(|o| o.name.schema != "public" && on(&o.name.schema)),
            false => catalog.functions_named(name).any(|f| f.name.schema != "public" && on(&f.name.schema)),
        };
        asked.retain(|(_, name, _, is_operator)| path == "public" || more(name, *is_operator));
        let said: Vec<String> = asked.iter().map(|(said, ..)| said.clone()).collect();
        let found = answers(&db, path, &said);
        for (said, name, operands, is_operator) in &asked {
            let (oids, signatures): (Vec<u32>, Vec<Option<&Signature>>) = match is_operator {
                true => catalog
                    .operators_named(name)
                    .filter(|o| on(&o.name.schema))
                    .map(|o| (o.oid, o.signature.as_ref()))
                    .unzip(),
                false => catalog
                    .functions_named(name)
                    .filter(|f| on(&f.name.schema))
                    .map(|f| (f.oid, f.signature.as_ref()))
                    .unzip(),
            };
            let meaning = match is_operator {
                true => catalog.operator_meaning(name, &signatures, operands),
                false => catalog.function_meaning(name, &signatures, operands),
            };
            let own: Vec<(u32, bool)> = oids.into_iter().zip(meaning.own).collect();
            hold(said, &own, meaning.result.ty(), &found, &mut tally);
        }
        println!("{path}: {} of {} spared, feared {:?}", tally.spared, tally.asked, tally.feared);
        assert!(
            tally.asked > if path == "public" { 1_000 } else { 300 },
            "{path}: only {} were understood",
            tally.asked
        );
        // What is feared for nothing: candidates of pseudo-types and domains.
        assert!(path != "public" || tally.feared.is_empty(), "{path}: {:?}", tally.feared);
        assert!(tally.spared > 100, "{path}: {}", tally.spared);
    }
}

/// `date(x)` is a call or a cast: of PostgreSQL's own with one argument each gives what its name says.
#[test]
fn functions_called_like_types_give_these() {
    let db = shared().database("overloads_names", "");
    let others = "SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_type t ON t.typname = p.proname AND t.oid < 16384
        WHERE p.pronargs = 1 AND p.prorettype <> t.oid AND t.typtype <> 'p'";
    assert_eq!(db.psql(others), "");
}
