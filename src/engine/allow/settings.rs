//! Settings (GUCs) by name, for `SET`, `set_config`, `ALTER … SET` and start-up alike.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::cleared::Tracked;
use super::list::sections;

/// What a client may do with a setting. `RESET` and `SET … TO DEFAULT` are fine for all but the refused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingRule {
    /// Any value that PostgreSQL takes.
    Free,
    /// Any value; the session keeps account of it.
    Tracked(Tracked),
    /// Only these values, compared with [`accepts`](SettingRule::accepts).
    Pinned(&'static [&'static str]),
    /// Not at all, and why.
    Refused(&'static str),
}

impl SettingRule {
    /// Whether the rule lets the setting have `value` (as it is meant, without SQL quotes).
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            SettingRule::Free | SettingRule::Tracked(_) => true,
            SettingRule::Pinned(values) => {
                let value = value.trim().trim_matches('\'').to_ascii_lowercase();
                values.contains(&value.as_str()) || (value.is_empty() && values.contains(&"''"))
            }
            SettingRule::Refused(_) => false,
        }
    }
}

static SETTINGS: LazyLock<HashMap<&'static str, SettingRule>> = LazyLock::new(|| {
    let mut settings = HashMap::new();
    for section in sections(include_str!("settings.list")) {
        let rule = match section.kind {
            "free" => SettingRule::Free,
            // Built once and kept for the life of the process, like the text that the values are in.
            "pinned" => SettingRule::Pinned(section.detail.split(' ').collect::<Vec<_>>().leak()),
            "refused" => SettingRule::Refused(section.detail),
            _ => continue,
        };
        settings.extend(section.words.iter().map(|word| (word.name, rule)));
    }
    settings
});

/// Prefixes of extensions' settings that make the server tell or log statements and plans.
const REFUSED_PREFIXES: &[&str] = &["auto_explain", "pg_stat_statements", "pgaudit", "plpgsql", "plperl", "pltcl"];

/// The rule for a setting; names are case-insensitive, as PostgreSQL's are. `SET NAMES` is `client_encoding`, `SET TIME
/// ZONE` is `timezone`, `SET SCHEMA` is `search_path`, `SET XML OPTION` is `xmloption`.
pub fn setting(name: &str) -> SettingRule {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "search_path" => return SettingRule::Tracked(Tracked::SearchPath),
        "consentry.purpose" => return SettingRule::Tracked(Tracked::Purpose),
        "consentry.reason" => return SettingRule::Tracked(Tracked::Reason),
        _ => {}
    }
    if let Some(rule) = SETTINGS.get(name.as_str()) {
        return *rule;
    }
    match name.split_once('.') {
        Some(("consentry", "role" | "user")) => SettingRule::Refused("is given by the login"),
        Some(("consentry", _)) => SettingRule::Refused("is no setting of the proxy"),
        Some((prefix, _)) if REFUSED_PREFIXES.contains(&prefix) => {
            SettingRule::Refused("steers what the server logs or how its languages run")
        }
        // An application's own: PostgreSQL gives such names no meaning.
        Some(_) => SettingRule::Free,
        None => SettingRule::Refused("is not on the reviewed list"),
    }
}

/// What the proxy itself goes by: how PostgreSQL reads the client's text, what it sends, and whom it takes the session for.
const GONE_BY: &[&str] = &[
    "client_encoding",
    "standard_conforming_strings",
    "backslash_quote",
    "client_min_messages",
    "role",
    "session_authorization",
];

/// The rule for a role that may do what the upstream role may: others may not steer plans, or what PostgreSQL tells, because
/// of rows that are hidden from them.
pub fn setting_of_unrestricted(name: &str) -> SettingRule {
    let name = name.to_ascii_lowercase();
    match setting(&name) {
        SettingRule::Pinned(_) | SettingRule::Refused(_)
            if !GONE_BY.contains(&name.as_str()) && !name.starts_with("consentry.") =>
        {
            SettingRule::Free
        }
        rule => rule,
    }
}
