//! What a client may ask for in its start-up packet, and what of it PostgreSQL is told. An allow-list. PURE.

use crate::engine::refusal::{Refusal, SqlState};

/// Settings that change the form of output, or a client's own limits. Passed on as they are; PostgreSQL checks values.
const PASSED: &[&str] = &[
    "application_name",
    "datestyle",
    "intervalstyle",
    "timezone",
    "extra_float_digits",
    "bytea_output",
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
    "client_min_messages",
    "search_path",
    "jit",
    "geqo",
];

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// For PostgreSQL, in order.
    pub passed: Vec<(String, String)>,
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
    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let folded = name.to_ascii_lowercase();
        match folded.as_str() {
            "client_encoding" if is_utf8(value) => return Ok(()),
            "client_encoding" => return Err(other_encoding()),
            "standard_conforming_strings" if matches!(value, "on" | "true" | "1" | "yes") => return Ok(()),
            "consentry.purpose" => self.purpose = Some(value.to_owned()),
            "consentry.reason" => self.reason = Some(value.to_owned()),
            "search_path" => self.search_path = Some(value.to_owned()),
            "application_name" => self.application_name = Some(printable(value)),
            _ => {}
        }
        match folded.as_str() {
            "consentry.purpose" | "consentry.reason" => Ok(()),
            "client_min_messages" if !matches!(value, "notice" | "warning" | "error") => Err(debug_messages()),
            known if PASSED.contains(&known) => {
                self.passed.push((folded, value.to_owned()));
                Ok(())
            }
            _ => Err(unknown(name)),
        }
    }
}

/// PostgreSQL's names for UTF-8, in any spelling (`'utf-8'` with quotes: asyncpg; `UNICODE`: pgloader).
fn is_utf8(value: &str) -> bool {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    ["utf8", "unicode"].contains(&plain.to_ascii_lowercase().as_str())
}

/// As PostgreSQL shows it: 63 bytes of printable ASCII.
fn printable(name: &str) -> String {
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
        "Only settings that change the form of output or a session's own limits may be given at start-up.",
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
        read(&pairs)
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
    fn what_is_pinned_or_unknown_is_refused() {
        for (name, value) in [
            ("row_security", "off"),
            ("options", "-c row_security=off"),
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
