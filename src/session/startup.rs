//! What a client may ask for in its start-up packet, and what of it PostgreSQL is told: what SET may change, by the same
//! allow-list. PURE.

use crate::engine::allow::{SettingRule, setting, setting_of_unrestricted};
use crate::engine::cleared::Tracked;
use crate::engine::refusal::{Refusal, SqlState};
use crate::relay::login::PINNED;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// For PostgreSQL, in order.
    pub passed: Vec<(String, String)>,
    /// What only an unrestricted role may have passed, and why another may not.
    withheld: Vec<(String, String, Refusal)>,
    pub search_path: Option<String>,
    pub purpose: Option<String>,
    pub reason: Option<String>,
    pub application_name: Option<String>,
}

/// Reads the parameters besides `user` and `database`.
pub fn read(parameters: &[(String, String)]) -> Result<Asked, Refusal> {
    let mut asked = Asked::default();
    for (name, value) in parameters {
        match name.as_str() {
            "user" | "database" => {}
            "replication" => match value.as_str() {
                "false" | "off" | "no" | "0" => {}
                _ => return Err(no_replication()),
            },
            "options" => {
                for (name, value) in options(value)? {
                    asked.take(&name, &value)?;
                }
            }
            _ => asked.take(name, value)?,
        }
    }
    Ok(asked)
}

impl Asked {
    /// What is left of it when it is known who asks.
    pub fn by(mut self, unrestricted: bool) -> Result<Self, Refusal> {
        for (name, value, refusal) in std::mem::take(&mut self.withheld) {
            if !unrestricted {
                return Err(refusal);
            }
            self.passed.push((name, value));
        }
        Ok(self)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let folded = name.to_ascii_lowercase();
        match folded.as_str() {
            "client_encoding" if is_utf8(value) => return Ok(()),
            "client_encoding" => return Err(other_encoding()),
            "consentry.purpose" => self.purpose = Some(value.to_owned()),
            "consentry.reason" => self.reason = Some(value.to_owned()),
            "search_path" => self.search_path = Some(value.to_owned()),
            "application_name" => self.application_name = Some(printable(value)),
            _ => {}
        }
        let rule = setting(&folded);
        match rule {
            SettingRule::Tracked(Tracked::Purpose | Tracked::Reason) => Ok(()),
            // The session has them as they must be.
            SettingRule::Pinned(_) if is_as_pinned(&folded, rule, value) => Ok(()),
            SettingRule::Free if folded.contains('.') && !is_custom_name(&folded) => Err(unknown(name)),
            SettingRule::Free | SettingRule::Tracked(Tracked::SearchPath) => self.pass(folded, value),
            SettingRule::Pinned(_) if rule.accepts(value) => self.pass(folded, value),
            SettingRule::Pinned(_) if folded == "client_min_messages" => Err(debug_messages()),
            SettingRule::Pinned(_) | SettingRule::Refused(_) => match setting_of_unrestricted(&folded) {
                SettingRule::Free => {
                    self.withheld.push((folded, value.to_owned(), unknown(name)));
                    Ok(())
                }
                SettingRule::Tracked(_) | SettingRule::Pinned(_) | SettingRule::Refused(_) => Err(unknown(name)),
            },
        }
    }

    fn pass(&mut self, name: String, value: &str) -> Result<(), Refusal> {
        self.passed.push((name, value.to_owned()));
        Ok(())
    }
}

/// Whether the session has the setting so already. (`row_security` may be switched off too, as pg_dump does.)
fn is_as_pinned(name: &str, rule: SettingRule, value: &str) -> bool {
    let off = name == "row_security" && setting("synchronize_seqscans").accepts(value);
    rule.accepts(value) && !off && PINNED.iter().any(|(pinned, _)| *pinned == name)
}

/// Whether PostgreSQL takes it for the name of a setting of somebody's own (`valid_custom_variable_name` of its source), in
/// ASCII.
fn is_custom_name(name: &str) -> bool {
    let starts = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    name.split('.').all(|part| starts(part) && goes_on(part))
}

/// PostgreSQL's names for UTF-8, in any spelling (`'utf-8'` with quotes: asyncpg; `UNICODE`: pgloader).
fn is_utf8(value: &str) -> bool {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    ["utf8", "unicode"].contains(&plain.to_ascii_lowercase().as_str())
}

/// As PostgreSQL shows it: 63 bytes of printable ASCII.
pub fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(63).collect()
}

/// The `options` parameter: words separated by white space, a backslash takes the next character as it is; each word is
/// `-c name=value`, `-cname=value` or `--name=value` (PostgreSQL manual, "options").
fn options(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut words = words(text).into_iter();
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let assignment = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(long), _) => long.to_owned(),
            (None, Some("")) => words.next().ok_or_else(|| bad_option(&word))?,
            (None, Some(short)) => short.to_owned(),
            (None, None) => return Err(bad_option(&word)),
        };
        let (name, value) = assignment.split_once('=').ok_or_else(|| bad_option(&word))?;
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn unknown(name: &str) -> Refusal {
    let shown: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(63).collect();
    Refusal::new(
        "startup-setting",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("start-up parameter \"{shown}\" is not supported behind the proxy"),
        "What SET may not change may not be given at start-up either.",
        "Leave it out of the connection string, or ask the administrator to set it for the upstream role.",
    )
}

fn debug_messages() -> Refusal {
    Refusal::new(
        "client-min-messages",
        SqlState::INVALID_PARAMETER_VALUE,
        "client_min_messages can be notice, warning or error behind the proxy",
        "Debugging and log messages of PostgreSQL tell of stored rows.",
        "Use notice.",
    )
}

fn bad_option(word: &str) -> Refusal {
    let shown: String = word.chars().filter(char::is_ascii_graphic).take(20).collect();
    Refusal::new(
        "startup-options",
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("\"{shown}\" in the start-up parameter \"options\" is not supported behind the proxy"),
        "Of options, -c name=value and --name=value are understood.",
        "Use options='-c name=value'.",
    )
}

fn no_replication() -> Refusal {
    Refusal::new(
        "replication",
        SqlState::FEATURE_NOT_SUPPORTED,
        "replication connections are not supported behind the proxy",
        "A replication stream holds stored rows, which no purpose may see.",
        "Connect replication clients to PostgreSQL directly.",
    )
}

fn other_encoding() -> Refusal {
    Refusal::new(
        "client-encoding",
        SqlState::FEATURE_NOT_SUPPORTED,
        "client_encoding must be UTF8 behind the proxy",
        "In other encodings a text can mean one thing to the proxy and another to PostgreSQL.",
        "Set client_encoding to UTF8 (PGCLIENTENCODING=UTF8), and convert in the client.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(pairs: &[(&str, &str)]) -> Result<Asked, Refusal> {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        read(&pairs)?.by(false)
    }

    #[test]
    fn options_are_words_with_backslashes() {
        let asked =
            ask(&[("options", "-c search_path=a,b -cTimeZone=Europe/Madrid\t--application-name=my\\ app")]).unwrap();
        assert_eq!(asked.search_path.as_deref(), Some("a,b"));
        assert_eq!(asked.application_name.as_deref(), Some("my app"));
        assert_eq!(asked.passed[1], ("timezone".to_owned(), "Europe/Madrid".to_owned()));
    }

    #[test]
    fn purpose_comes_both_ways() {
        assert_eq!(ask(&[("options", "-c consentry.purpose=x")]).unwrap().purpose.as_deref(), Some("x"));
        assert_eq!(ask(&[("consentry.purpose", "y")]).unwrap().purpose.as_deref(), Some("y"));
    }

    #[test]
    fn utf8_in_every_spelling_and_nothing_else() {
        for spelling in ["UTF8", "utf-8", "'utf-8'", "UNICODE", "Utf_8"] {
            assert!(ask(&[("client_encoding", spelling)]).unwrap().passed.is_empty(), "{spelling}");
        }
        assert_eq!(ask(&[("client_encoding", "latin1")]).unwrap_err().rule, "client-encoding");
    }

    #[test]
    fn what_set_may_change_may_be_given() {
        let asked =
            ask(&[("options", "-c work_mem=64MB -c App.tenant=7 -c enable_seqscan=on"), ("Seed", "0.5")]).unwrap();
        let passed: Vec<_> = asked.passed.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(passed, ["work_mem=64MB", "app.tenant=7", "enable_seqscan=on", "seed=0.5"]);
        let as_it_is = [("row_security", "on"), ("standard_conforming_strings", "on"), ("xmloption", "content")];
        assert!(ask(&as_it_is).unwrap().passed.is_empty());
        let off = [("row_security".to_owned(), "off".to_owned())];
        assert_eq!(ask(&[("options", "-c row_security=off")]).unwrap().passed, off);
    }

    #[test]
    fn who_is_unrestricted_steers_plans() {
        let ask = |name: &str, value: &str| read(&[(name.to_owned(), value.to_owned())])?.by(true);
        let passed = ask("options", "-c enable_seqscan=off -c random_page_cost=1").unwrap().passed;
        assert_eq!(passed.len(), 2);
        for (name, value) in [("standard_conforming_strings", "off"), ("role", "postgres"), ("consentry.role", "dba")] {
            assert!(ask(name, value).is_err(), "{name}={value}");
        }
    }

    #[test]
    fn what_is_pinned_or_unknown_is_refused() {
        for (name, value) in [
            ("row_security", "maybe"),
            ("a b.c", "x"),
            ("a..b", "x"),
            ("a.-b=c", "x"),
            ("enable_seqscan", "off"),
            ("array_nulls", "off"),
            ("shared_buffers", "1GB"),
            ("options", "-c session_replication_role=replica"),
            ("options", "--standard-conforming-strings=off"),
            ("options", "-W 10"),
            ("options", "-c"),
            ("consentry.role", "dba"),
            ("role", "postgres"),
            ("replication", "database"),
        ] {
            assert!(ask(&[(name, value)]).is_err(), "{name}={value}");
        }
    }
}
