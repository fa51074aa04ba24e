//! Two databases that differ in hidden values alone, a proxy before them, and the tokens that are hidden in the first.

use std::collections::BTreeMap;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rand::Rng;

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::common::proxy::{Proxy, Served};
use super::raw::Raw;

const USERS: [(&str, &str); 5] =
    [("ana", "app"), ("rea", "reader"), ("cal", "caller"), ("cle", "clerk"), ("tri", "tester")];

/// The databases, as the proxy calls them.
pub const DATABASES: [&str; 2] = ["app", "twin"];

pub struct World {
    pub proxy: Proxy,
    /// Name of the placeholder, and what it is.
    tokens: BTreeMap<String, String>,
}

/// Who asks, and past what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way<'a> {
    /// Through the proxy, as this user.
    Proxy(&'a str),
    /// Past the proxy, with its own role: unqualified names mean this schema first.
    Direct(&'a str),
    /// Past the proxy, as superuser.
    Superuser,
}

impl World {
    pub fn start() -> Self {
        let template = include_str!("world.sql");
        let tokens = placeholders(template).into_iter().filter(|p| !["port", "database"].contains(&p.as_str()));
        let tokens: BTreeMap<_, _> = tokens.map(|name| (name, token())).collect();
        let port = shared().port().to_string();
        let fill = |database: &str, tokens: &BTreeMap<String, String>| {
            let mut all = tokens.clone();
            all.insert("port".into(), port.clone());
            all.insert("database".into(), database.to_owned());
            filled(template, &all)
        };
        let others: BTreeMap<_, _> = tokens.keys().map(|name| (name.clone(), token())).collect();
        let first = shared().database("leaks_app", &fill("leaks_app", &tokens));
        let twin = shared().database("leaks_twin", &fill("leaks_twin", &others));
        twin.psql(include_str!("twin.sql"));
        for database in [&first, &twin] {
            database.grant_to_upstream();
        }
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/leaks/policy.toml");
        let served = [&first, &twin].into_iter().zip(DATABASES);
        let served: Vec<_> = served.map(|(database, name)| Served { name, database, policy: &policy }).collect();
        Self { proxy: Proxy::start(&served, &USERS, ""), tokens }
    }

    /// A session on one of the databases.
    pub fn session(&self, way: Way<'_>, database: &str) -> Raw {
        let (port, user, password, name) = match way {
            Way::Proxy(user) => (self.proxy.port(), user, super::password_of(user), database.to_owned()),
            Way::Direct(_) => {
                (shared().port(), UPSTREAM_ROLE, UPSTREAM_PASSWORD.to_owned(), format!("leaks_{database}"))
            }
            Way::Superuser => (shared().port(), "postgres", "postgres".to_owned(), format!("leaks_{database}")),
        };
        let mut raw = Raw::open(port);
        let answer = raw.try_log_in(user, &password, &[("database", &name)]);
        assert_eq!(answer, "Z:I", "{:?}", raw.error);
        if let Way::Direct(schema) = way {
            raw.ask(&format!("SET search_path = {schema}, public"));
        }
        raw
    }

    /// `text` with its placeholders filled in.
    pub fn filled(&self, text: &str) -> String {
        filled(text, &self.tokens)
    }

    /// The first token in `bytes`, in whatever spelling, that the client did not send itself.
    pub fn canary(&self, bytes: &[u8], sent: &str) -> Option<&str> {
        let heard = String::from_utf8_lossy(bytes).to_lowercase();
        let sent = sent.to_lowercase();
        let found = self.tokens.iter().find(|(_, token)| {
            let reversed: String = token.chars().rev().collect();
            let base64 = BASE64_STANDARD.encode(&token[3..]).to_lowercase();
            let spellings = [(*token).clone(), reversed, hex::encode(token), base64[..base64.len() - 2].to_owned()];
            spellings.iter().any(|s| heard.contains(s) && !sent.contains(s))
        });
        found.map(|(name, _)| name.as_str())
    }
}

/// 60 bits, in letters that no cast takes for a number.
fn token() -> String {
    let mut random = rand::thread_rng();
    (0..15).map(|_| char::from(b'g' + random.gen_range(0..16))).collect()
}

fn placeholders(text: &str) -> Vec<String> {
    let inside = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let mut names: Vec<_> =
        inside.filter(|n| !n.is_empty() && n.chars().all(char::is_alphanumeric)).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn filled(text: &str, tokens: &BTreeMap<String, String>) -> String {
    tokens.iter().fold(text.to_owned(), |text, (name, token)| text.replace(&format!("{{{name}}}"), token))
}
