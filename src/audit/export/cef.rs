//! Events in ArcSight's Common Event Format, version 0 (CEF).

use super::Told;
use crate::audit::recorded::{Recorded, Text};
use crate::audit::show::{safe, table_words};

/// The event as a CEF line; `None` for the record's own housekeeping.
pub fn event(told: &Told) -> Option<String> {
    let Told { event: e, completion, .. } = *told;
    let (id, name, severity) = signature(e, completion)?;
    let mut out =
        format!("CEF:0|Consentry|Consentry|{}|{}|{}|{severity}|", env!("CARGO_PKG_VERSION"), header(&id), header(name));
    let mut first = true;
    for (key, value) in fields(e, completion).into_iter().chain(persons(told)) {
        if let Some(value) = value {
            if !std::mem::take(&mut first) {
                out.push(' ');
            }
            out += key;
            out.push('=');
            out += &extension(&value);
        }
    }
    // A client's words may hold what steers whoever looks at the line; those of its own are escaped by now.
    Some(safe(&out).into_owned())
}

/// Signature id, name and severity (0 to 10).
fn signature(e: &Recorded, completion: Option<&Recorded>) -> Option<(String, &'static str, u8)> {
    let plain = |name, severity| Some((e.event.to_string(), name, severity));
    match &*e.event {
        "decision" => match &e.refusal {
            Some(refusal) => Some((refusal.rule.to_string(), "Statement refused", 5)),
            None if e.unrestricted => plain("Statement under unrestricted access", 4),
            None => plain("Statement let through", 1),
        },
        "login" => plain("Login", 1),
        "login_refused" => plain("Login refused", 5),
        "session_end" => plain("Session ended", 0),
        "purpose_change" => plain("Purpose changed", 1),
        "upkeep" => match completion.and_then(|end| end.outcome.as_deref()) {
            Some("ok") => plain("Stored data changed or exported by a command", 3),
            Some(_) => plain("Command that would change or export stored data failed", 3),
            None => plain("Command that changes or exports stored data, of unknown end", 4),
        },
        "policy_reload" | "server_reload" if e.problems > 0 => plain("Reload refused", 5),
        "policy_reload" => plain("Policy reloaded", 3),
        "server_reload" => plain("Server file reloaded", 3),
        "start" => plain("Proxy started", 2),
        "stop" => plain("Proxy stopped", 3),
        _ => None,
    }
}

fn fields(e: &Recorded, completion: Option<&Recorded>) -> Vec<(&'static str, Option<String>)> {
    let text = |t: &Option<Text>| t.as_deref().map(str::to_owned);
    let labelled = |value: Option<String>, label: &str| value.is_some().then(|| label.to_owned());
    let tables = e.tables.iter().map(table_words).collect::<Vec<_>>().join(" ");
    let tables = if e.action.is_some() { e.counts_in_words(completion) } else { tables };
    let moved = e.event == "purpose_change";
    let (purpose, before) = if moved { (text(&e.to), text(&e.from)) } else { (text(&e.purpose), None) };
    let tables = before.or((!tables.is_empty()).then_some(tables));
    let sqlstate = completion.and_then(|c| text(&c.sqlstate)).or(text(&e.sqlstate));
    // A statement's name begins with its session's.
    let own = text(&e.statement).or(text(&e.deed));
    let id = own.clone().or(text(&e.session));
    let address = e.client.as_ref().map(|c| c.address.to_string());
    let is_ip = address.as_ref().is_some_and(|a| a.parse::<std::net::IpAddr>().is_ok());
    vec![
        ("rt", Some(e.time.as_millisecond().to_string())),
        ("externalId", Some(e.seq.to_string())),
        ("suser", text(&e.user)),
        ("spriv", text(&e.role)),
        (if is_ip { "src" } else { "shost" }, address),
        ("requestClientApplication", e.client.as_ref().and_then(|c| c.application_name.as_deref().map(str::to_owned))),
        ("act", text(&e.outcome).or(text(&e.action))),
        ("outcome", completion.and_then(|c| c.outcome.as_deref().map(str::to_owned))),
        ("reason", e.refusal.as_ref().map(|r| format!("{} {}", r.sqlstate, r.message)).or(text(&e.reason))),
        ("cs1Label", labelled(purpose.clone(), "purpose")),
        ("cs1", purpose),
        ("cs2Label", labelled(text(&e.basis), "legalBasis")),
        ("cs2", text(&e.basis)),
        ("cs3Label", labelled(text(&e.recipient), "recipient")),
        ("cs3", text(&e.recipient)),
        ("cs4Label", labelled(tables.clone(), if moved { "purposeBefore" } else { "tables" })),
        ("cs4", tables),
        ("cs5Label", labelled(text(&e.policy), "policy")),
        ("cs5", text(&e.policy)),
        ("cs6Label", labelled(text(&e.database), "database")),
        ("cs6", text(&e.database)),
        ("flexString1Label", labelled(sqlstate.clone(), "SQLSTATE")),
        ("flexString1", sqlstate),
        (
            "flexString2Label",
            labelled(id.clone(), if e.session.is_some() && own.is_none() { "session" } else { "statement" }),
        ),
        ("flexString2", id),
        ("cn1Label", completion.and_then(|c| c.rows).map(|_| "rows".to_owned())),
        ("cn1", completion.and_then(|c| c.rows).map(|n| n.to_string())),
        ("out", completion.and_then(|c| c.bytes).map(|n| n.to_string())),
        ("msg", text(&e.sql).filter(|sql| !sql.is_empty())),
    ]
}

/// Whose data it was. The format has no key for that; one of a vendor begins with the vendor and the product.
fn persons(told: &Told) -> [(&'static str, Option<String>); 3] {
    let listed = |all: Vec<&str>| (!all.is_empty()).then(|| all.join(","));
    [
        ("ConsentryConsentrySubjects", listed(told.event.subjects.iter().map(|s| &**s).collect())),
        ("ConsentryConsentrySubjectsSeen", listed(told.seen.subjects.iter().map(String::as_str).collect())),
        ("ConsentryConsentrySubjectsMore", (told.seen.more > 0).then(|| told.seen.more.to_string())),
    ]
}

/// In the header, `|` and `\` are escaped, and there are no line breaks.
fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// In the extension, `=`, `\` and line breaks are escaped.
fn extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n").replace('\r', "\\r")
}
