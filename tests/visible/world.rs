//! A small random database with people of every kind, the same in PostgreSQL and in the model's memory.

use std::fmt::Write;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use consentry::engine::catalog::quote_literal;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::model::{Choice, Kind, Meaning, Person, Row, Table};

/// customers: enums, timestamptz, channels, objections. patients: a ledger in text columns with bare timestamps.
/// members: boolean status, dates, no channel, keys as text. guests: no consent source.
pub const SCHEMA: &str = "
    CREATE TYPE why AS ENUM ('service', 'marketing', 'newsletter', 'research', 'census', 'sharing');
    CREATE TYPE how AS ENUM ('email', 'sms', 'phone', 'post');
    CREATE TYPE answer AS ENUM ('granted', 'renewed', 'withdrawn', 'objected');

    CREATE TABLE customers (id bigint PRIMARY KEY, status text, email varchar(40), phone varchar(32), name text, secret text,
                            note text, country char(2), seen timestamptz, ok boolean);
    CREATE TABLE customer_choices (subject_id bigint, purpose why NOT NULL, channel how, status answer NOT NULL,
                            granted_at timestamptz, withdrawn_at timestamptz, expires_at timestamptz, notice text);
    CREATE INDEX ON customer_choices (subject_id, purpose);

    CREATE TABLE patients (id uuid PRIMARY KEY, status text, email varchar(40), phone varchar(32), name text, secret text,
                            note text, country char(2), seen timestamp, ok boolean);
    CREATE TABLE patient_choices (subject uuid, purpose text NOT NULL, channel varchar(10), status text NOT NULL,
                            granted_at timestamp, withdrawn_at timestamp, expires_at timestamp, notice varchar(9),
                            recorded_at timestamp);

    CREATE TABLE members (id int PRIMARY KEY, status text, email varchar(40), phone varchar(32), name text, secret text,
                            note text, country char(2), seen date, ok boolean);
    CREATE TABLE member_choices (subject text, purpose char(20) NOT NULL, status boolean, granted_at date,
                            withdrawn_at timestamptz, expires_at date);

    CREATE TABLE guests (id text PRIMARY KEY, status text, email varchar(40), phone varchar(32), name text, secret text,
                            note text, country char(2), seen timestamptz, ok boolean);

    CREATE TABLE leaflets (id int PRIMARY KEY, email varchar(40), phone varchar(32), name text, secret text, note text,
                            seen timestamptz, ok boolean);
";

pub const KINDS: [&str; 4] = ["customer", "patient", "member", "guest"];
const KEYS: [&str; 4] = ["bigint", "uuid", "int", "text"];
const TEXTS: [&str; 5] = ["email", "phone", "name", "secret", "note"];

pub struct World {
    pub kinds: Vec<Kind>,
    pub tables: Vec<Table>,
    /// Schema and rows as a psql script.
    pub script: String,
}

/// One minute, hour, day, in the model's unit.
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

pub fn random(seed: u64, people: usize) -> World {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World { kinds: Vec::new(), tables: Vec::new(), script: SCHEMA.to_owned() };
    for k in 0..KINDS.len() {
        kind(&mut world, k, people, &mut rng);
    }
    leaflets(&mut world, &mut rng);
    world
}

fn kind(world: &mut World, k: usize, people: usize, rng: &mut StdRng) {
    let name = KINDS[k];
    let mut made = Kind { meaning: meaning(k), ..Kind::default() };
    let keys: Vec<String> = (1..=people).map(|i| key(k, i)).collect();
    let mut own = Table { name: format!("public.{name}s"), kind: Some(k), keep: Some(1000 * DAY), rows: Vec::new() };
    for (i, key) in keys.iter().enumerate() {
        let status = *[Some("active"), Some("active"), Some("active"), Some("blocked"), None].choose(rng).unwrap();
        made.people.push(Person {
            key: key.clone(),
            restricted: if k == 3 { Some(false) } else { status.map(|s| s == "blocked") },
        });
        let mut row = stored(rng, i as i64, Some(key.clone()), k);
        row.cells.push(("status", status.map(str::to_owned)));
        row.cells.push(("id", Some(key.clone())));
        let _ = writeln!(
            world.script,
            "INSERT INTO {name}s (id, status, country, seen, ok, {}) VALUES ({}, {}, 'DE', {}, {}, {});",
            TEXTS.join(", "),
            quote_literal(key),
            literal(status),
            at(row.since, k),
            truth(row.filter),
            texts(&row),
        );
        own.rows.push(row);
    }
    if let Some(meaning) = &made.meaning {
        for _ in 0..people * 9 {
            let choice = choice(rng, k, &keys, meaning);
            world.script += &insert(k, &choice);
            made.choices.push(choice);
        }
    }
    world.tables.push(own);
    followers(world, k, &keys, rng);
    world.kinds.push(made);
}

/// `…_orders` with a nullable key, `…_items` one hop away, `…_parts` two hops away; some lead nowhere.
fn followers(world: &mut World, k: usize, keys: &[String], rng: &mut StdRng) {
    let (name, key) = (KINDS[k], KEYS[k]);
    let columns =
        "email varchar(40), phone varchar(32), name text, secret text, note text, seen timestamptz, ok boolean";
    let _ = writeln!(
        world.script,
        "CREATE TABLE {name}_orders (id bigint PRIMARY KEY, up {key}, {columns});
         CREATE TABLE {name}_items (id bigint PRIMARY KEY, up bigint REFERENCES {name}_orders, {columns});
         CREATE TABLE {name}_parts (id bigint PRIMARY KEY, up int REFERENCES {name}_items, {columns});"
    );
    let mut above: Vec<(String, Option<String>)> = keys.iter().map(|k| (k.clone(), Some(k.clone()))).collect();
    above.push((self::key(k, 999), Some(self::key(k, 999)))); // a person that is not on file
    for suffix in ["orders", "items", "parts"] {
        let keep = (suffix == "items").then_some(500 * DAY);
        let mut table = Table { name: format!("public.{name}_{suffix}"), kind: Some(k), keep, rows: Vec::new() };
        for id in 1..=(keys.len() as i64 * 2) {
            let up = if rng.gen_bool(0.1) { None } else { above.choose(rng).cloned() };
            let row = stored(rng, id, up.as_ref().and_then(|(_, s)| s.clone()), 0);
            let up = up.map(|(id, _)| id);
            let _ = writeln!(
                world.script,
                "INSERT INTO {name}_{suffix} (id, up, seen, ok, {}) VALUES ({id}, {}, {}, {}, {});",
                TEXTS.join(", "),
                literal(up.as_deref()),
                at(row.since, 0),
                truth(row.filter),
                texts(&row),
            );
            table.rows.push(row);
        }
        above = table.rows.iter().map(|r| (r.id.to_string(), r.subject.clone())).collect();
        world.tables.push(table);
    }
}

fn leaflets(world: &mut World, rng: &mut StdRng) {
    let mut table = Table { name: "public.leaflets".into(), kind: None, keep: Some(1000 * DAY), rows: Vec::new() };
    for id in 1..=20 {
        let row = stored(rng, id, None, 0);
        let _ = writeln!(
            world.script,
            "INSERT INTO leaflets (id, seen, ok, {}) VALUES ({id}, {}, {}, {});",
            TEXTS.join(", "),
            at(row.since, 0),
            truth(row.filter),
            texts(&row),
        );
        table.rows.push(row);
    }
    world.tables.push(table);
}

fn meaning(k: usize) -> Option<Meaning> {
    match k {
        0 => Some(Meaning {
            granted: vec!["granted", "renewed"],
            objected: vec!["objected"],
            ledger: false,
            has_notice: true,
        }),
        1 => Some(Meaning {
            granted: vec!["granted"],
            objected: vec!["objected", "never"],
            ledger: true,
            has_notice: true,
        }),
        2 => Some(Meaning { granted: vec!["true"], objected: vec![], ledger: false, has_notice: false }),
        _ => None,
    }
}

fn key(k: usize, i: usize) -> String {
    match k {
        1 => format!("00000000-0000-0000-0000-{i:012}"),
        3 => format!("g'{i}"),
        _ => i.to_string(),
    }
}

fn stored(rng: &mut StdRng, id: i64, subject: Option<String>, k: usize) -> Row {
    let day = if k == 2 { DAY } else { HOUR };
    let since = [Some(-3 * DAY), Some(-100 * DAY), Some(-600 * DAY), Some(-2000 * DAY), None].choose(rng).unwrap();
    let since = since.map(|s| s + if k == 2 { 0 } else { rng.gen_range(0..20) * day });
    let mut cells = vec![("ok", None)];
    for name in TEXTS {
        let value = match (name, rng.gen_range(0..8)) {
            (_, 0) => None,
            ("email", 1) => Some("no address".into()),
            ("email", 2) => Some("@example.org".into()),
            ("email", 3) => Some("\"a@b\"@example.org".into()),
            ("email", _) => Some(format!("é{id}\n@example.org")),
            (_, 1) => Some(String::new()),
            (_, 2) => Some("ü".into()),
            (_, n) => Some(format!("{name}'\\{id}{n}")),
        };
        cells.push((name, value));
    }
    let filter = *[Some(true), Some(true), Some(false), None].choose(rng).unwrap();
    cells[0].1 = filter.map(|f| f.to_string());
    Row { id, subject, since, filter, cells }
}

fn choice(rng: &mut StdRng, k: usize, keys: &[String], meaning: &Meaning) -> Choice {
    // Few different times, so that records tie; close ones where the column can hold them, so that time zones matter.
    let times = match k {
        2 => [None, Some(-400 * DAY), Some(-DAY), Some(0), Some(DAY)],
        _ => [None, Some(-10 * DAY), Some(-2 * HOUR), Some(-2 * HOUR), Some(2 * HOUR)],
    };
    let mut pick = |odds: f64| if rng.gen_bool(odds) { *times.choose(rng).unwrap() } else { None };
    let (granted_at, withdrawn_at, expires_at) = (pick(0.8), pick(0.15), pick(0.15));
    let recorded_at = if meaning.ledger { pick(0.97) } else { None };
    let mut status: Vec<&str> =
        meaning.granted.iter().chain(&meaning.granted).chain(&meaning.objected).copied().collect();
    status.push(match k {
        2 => "false",
        _ => "withdrawn",
    });
    let purposes = ["service", "marketing", "newsletter", "research", "census", "sharing", "marketing", "newsletter"];
    Choice {
        subject: if rng.gen_bool(0.97) { keys.choose(rng).cloned() } else { None },
        purpose: (*purposes.choose(rng).unwrap()).into(),
        channel: if k == 2 {
            None
        } else {
            [None, Some("email"), Some("phone"), Some("post")].choose(rng).unwrap().map(str::to_owned)
        },
        status: (*status.choose(rng).unwrap()).into(),
        granted_at,
        withdrawn_at,
        expires_at,
        notice: [None, Some("v1"), Some("v2"), Some("v2")]
            .choose(rng)
            .unwrap()
            .filter(|_| meaning.has_notice)
            .map(str::to_owned),
        recorded_at,
    }
}

fn insert(k: usize, c: &Choice) -> String {
    let (s, ch, n) = (literal(c.subject.as_deref()), literal(c.channel.as_deref()), literal(c.notice.as_deref()));
    let (p, st) = (quote_literal(&c.purpose), quote_literal(&c.status));
    let (g, w, e, r) = (
        at(c.granted_at, k),
        at(c.withdrawn_at, if k == 2 { ZONED_BESIDE_DATES } else { k }),
        at(c.expires_at, k),
        at(c.recorded_at, k),
    );
    match k {
        0 => format!("INSERT INTO customer_choices VALUES ({s}, {p}, {ch}, {st}, {g}, {w}, {e}, {n});\n"),
        1 => format!("INSERT INTO patient_choices VALUES ({s}, {p}, {ch}, {st}, {g}, {w}, {e}, {n}, {r});\n"),
        _ => format!("INSERT INTO member_choices VALUES ({s}, {p}, {st}, {g}, {w}, {e});\n"),
    }
}

/// A time in the flavour of kind `k`'s columns: with zone, bare in UTC, date in UTC.
fn at(minutes: Option<i64>, k: usize) -> String {
    let Some(minutes) = minutes else { return "NULL".into() };
    let now = NOW.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64 / 60));
    match k {
        1 => format!("timezone('UTC', to_timestamp({}))", (now + minutes) * 60),
        2 => format!("timezone('UTC', to_timestamp({}))::date", (now / DAY * DAY + minutes) * 60),
        // Beside dates: the start of a day.
        ZONED_BESIDE_DATES => format!("to_timestamp({})", (now / DAY * DAY + minutes) * 60),
        _ => format!("to_timestamp({})", (now + minutes) * 60),
    }
}

const ZONED_BESIDE_DATES: usize = 9;
/// In minutes since 1970: one base for all times, so that equal ones are equal in PostgreSQL too.
static NOW: OnceLock<i64> = OnceLock::new();

fn truth(filter: Option<bool>) -> String {
    filter.map_or("NULL".into(), |f| f.to_string())
}

fn literal(text: Option<&str>) -> String {
    text.map_or("NULL".into(), quote_literal)
}

fn texts(row: &Row) -> String {
    let of = |name| literal(row.cells.iter().find(|(n, _)| *n == name).and_then(|(_, v)| v.as_deref()));
    TEXTS.map(of).join(", ")
}
