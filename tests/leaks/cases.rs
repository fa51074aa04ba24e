//! Cases as data: `tests/leaks/cases/*.sql`, one file a class.
//!
//! ```text
//! --! row of the catalogue; another row
//! --: ana | 42501, 22012 | naive twins
//! -- words
//! a message of one or more statements
//!
//! the next message, after an empty line
//! ;;
//! ```
//! The line `--:` says who asks; which errors come through the proxy, in their order (`answered`: none); and what shows
//! that the case can fail: `naive` (a view that filters and masks tells a canary), `naive twins` (it tells the databases
//! apart), `stored` (the stored tables, with the proxy's role), `flag`, `barrier` (other views), `superuser`, each with
//! `twins` or without; or `nothing` (it does not work on this PostgreSQL; words say why it is refused all the same). A
//! fourth part `oracle` says that the contract lets the twins answer differently; the words say where.
//! `{email7}` and the like stand for hidden values that an attacker guesses.

use std::collections::BTreeSet;
use std::path::Path;

use libtest_mimic::Failed;

use super::raw::Raw;
use super::world::{DATABASES, Way, World};

pub struct Case {
    pub name: String,
    pub rows: Vec<String>,
    user: String,
    errors: Vec<String>,
    tells: String,
    oracle: bool,
    messages: Vec<String>,
}

pub fn read() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/leaks/cases");
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("cases").map(|e| e.expect("case").path()).collect();
    files.sort();
    files.iter().flat_map(|file| in_file(file)).collect()
}

fn in_file(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).expect("readable case file");
    let class = file.file_stem().expect("name").to_string_lossy().into_owned();
    let blocks = text.split("\n;;\n").map(str::trim).filter(|b| !b.is_empty()).enumerate();
    blocks.map(|(i, block)| case(&class, i + 1, block)).collect()
}

fn case(class: &str, number: usize, block: &str) -> Case {
    let head = |mark: &str| {
        let line = block.lines().find_map(|l| l.strip_prefix(mark));
        line.unwrap_or_else(|| panic!("{class} {number} has no `{mark}`")).trim()
    };
    let rows: Vec<String> = head("--!").split("; ").map(str::to_owned).collect();
    let mut parts = head("--:").split(" | ");
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (user, errors, tells, oracle) = (part(), part(), part(), part());
    let body: Vec<&str> = block.lines().filter(|l| !l.starts_with("--")).collect();
    let messages = body.join("\n").split("\n\n").map(|m| m.trim().to_owned()).filter(|m| !m.is_empty()).collect();
    let errors = errors.split(", ").filter(|e| *e != "answered").map(str::to_owned).collect();
    let name = format!("{class}::{number:02} {}", rows[0]);
    Case { name, rows, user, errors, tells, oracle: oracle == "oracle", messages }
}

/// What a client heard.
struct Heard {
    bytes: Vec<u8>,
    told: Vec<String>,
    errors: Vec<String>,
}

impl Case {
    pub fn run(&self, world: &World) -> Result<(), Failed> {
        let messages: Vec<String> = self.messages.iter().map(|m| world.filled(m)).collect();
        let sent = messages.join("\n");
        let hear = |way, database| hear(&mut world.session(way, database), &messages);
        let [ours, twin] = DATABASES.map(|d| hear(Way::Proxy(&self.user), d));
        if let Some(canary) = world.canary(&ours.bytes, &sent) {
            return Err(format!("tells {canary}: {:#?}", ours.told).into());
        }
        if ours.errors != self.errors {
            return Err(format!("expected {:?}: {:#?}", self.errors, ours.told).into());
        }
        if (ours.told == twin.told) == self.oracle {
            return Err(format!("twins: oracle {}, but\n{:#?}\n{:#?}", self.oracle, ours.told, twin.told).into());
        }
        let (path, twins) = self.tells.strip_suffix(" twins").map_or((self.tells.as_str(), false), |p| (p, true));
        let way = match path {
            "nothing" => return Ok(()),
            "naive" | "flag" | "barrier" => Way::Direct(path),
            "stored" => Way::Direct("public"),
            "superuser" => Way::Superuser,
            other => return Err(format!("unknown way {other}").into()),
        };
        let theirs = hear(way, DATABASES[0]);
        let tells = match twins {
            false => world.canary(&theirs.bytes, &sent).is_some(),
            true => theirs.told != hear(way, DATABASES[1]).told,
        };
        match tells {
            true => Ok(()),
            false => Err(format!("cannot fail: {path} tells nothing either: {:#?}", theirs.told).into()),
        }
    }
}

fn hear(session: &mut Raw, messages: &[String]) -> Heard {
    let before = session.heard.len();
    let mut told = Vec::new();
    let mut errors = Vec::new();
    for message in messages {
        session.error.clear();
        let answer = session.ask(message);
        errors.extend(answer.split(' ').filter_map(|a| a.strip_prefix("E:")).map(str::to_owned));
        // The place in the server's own source, and whole-number differences of no meaning, are not compared.
        let said: Vec<_> = session.error.iter().filter(|(l, _)| !"FLR".contains(*l)).collect();
        told.push(format!("{answer} {said:?}"));
    }
    Heard { bytes: session.heard[before..].to_vec(), told, errors }
}

/// Every row of the catalogue is named by a case.
pub fn complete(covered: &BTreeSet<String>) -> Result<(), Failed> {
    let rows: BTreeSet<String> =
        include_str!("rows.txt").lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect();
    let missing: Vec<_> = rows.difference(covered).collect();
    let unknown: Vec<_> = covered.difference(&rows).collect();
    match missing.is_empty() && unknown.is_empty() {
        true => Ok(()),
        false => Err(format!("without a case: {missing:#?}; not in the catalogue: {unknown:#?}").into()),
    }
}
